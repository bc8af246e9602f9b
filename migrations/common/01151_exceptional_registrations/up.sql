-- People who cannot be enrolled in the ordinary way: why, how their wage reaches them, what else was looked at, until when; and what a
-- second person said of it. Locks nothing that is in use: the tables are new.
CREATE TABLE exceptional_registrations (
    project_id            BIGINT NOT NULL,
    id                    BIGINT NOT NULL,
    enrolment_id          BIGINT NOT NULL,
    worker_id             BIGINT NOT NULL,
    reason                TEXT NOT NULL CHECK (reason IN ('over_age', 'no_id_card', 'no_bank_card', 'short_stay')),
    note                  TEXT NOT NULL,
    official_text         TEXT,
    pay_route             TEXT NOT NULL CHECK (pay_route IN ('own_card', 'card_of_other_bank', 'cash_in_person')),
    route_reason          TEXT,
    route_document_id     BIGINT,
    medical_document_id   BIGINT,
    insurance_document_id BIGINT,
    second_means          TEXT,
    from_on               DATE NOT NULL,
    until_on              DATE NOT NULL,
    renews_id             BIGINT,
    proposed_by           BIGINT NOT NULL,
    recorded_by           TEXT NOT NULL,
    recorded_at           BIGINT NOT NULL,
    recorded_seq          BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX exceptional_registrations_of ON exceptional_registrations (project_id, enrolment_id);

CREATE TABLE exceptional_steps (
    project_id      BIGINT NOT NULL,
    id              BIGINT NOT NULL,
    registration_id BIGINT NOT NULL,
    step            TEXT NOT NULL CHECK (step IN ('confirmed', 'refused', 'withdrawn', 'ended')),
    note            TEXT NOT NULL,
    decided_on      DATE NOT NULL,
    decided_by      BIGINT NOT NULL,
    recorded_by     TEXT NOT NULL,
    recorded_at     BIGINT NOT NULL,
    recorded_seq    BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX exceptional_steps_of ON exceptional_steps (project_id, registration_id);
