-- Wages paid outside the wage account, as one person told them with a paper; they clear lines once another person has confirmed it.
-- Locks nothing that is in use: the tables are new.
CREATE TABLE told_clearings (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    payer        TEXT NOT NULL CHECK (payer IN ('contractor', 'owner')),
    reference    TEXT NOT NULL,
    paid_on      DATE NOT NULL,
    document_id  BIGINT NOT NULL,
    items        TEXT NOT NULL,
    told_by      BIGINT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE clearing_steps (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    clearing_id  BIGINT NOT NULL,
    step         TEXT NOT NULL CHECK (step IN ('confirmed', 'refused', 'withdrawn')),
    note         TEXT NOT NULL,
    decided_by   BIGINT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, clearing_id)
);
