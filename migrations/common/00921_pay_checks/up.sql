-- What is looked at row by row before a pay run: who is on the hold list, whom a card belongs to by the bank's word, and which held
-- lines a person let go. All three are appended to, the last word counts. The tables are new, so nothing in use is locked.
CREATE TABLE pay_holds (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    worker_id    BIGINT NOT NULL,
    is_held      BOOLEAN NOT NULL,
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE card_holders (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    enrolment_id BIGINT NOT NULL,
    card_index   TEXT NOT NULL,
    holder       TEXT NOT NULL,
    source       TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE line_releases (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    hold         TEXT NOT NULL,
    card_index   TEXT,
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, line_id) REFERENCES pay_lines (project_id, id)
);
