-- What a bank tells of wages after they reached workers' cards, where it tells it: sent on to somebody, drawn at a machine. The other
-- side is kept as a keyed index alone. Locks nothing that is in use: the table is new.
CREATE TABLE card_movements (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    enrolment_id BIGINT NOT NULL,
    worker_id    BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('sent_on', 'drawn')),
    other_index  TEXT NOT NULL,
    is_most      BOOLEAN NOT NULL,
    happened_at  BIGINT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX card_movements_once ON card_movements (project_id, happened_at, enrolment_id, kind, other_index);
