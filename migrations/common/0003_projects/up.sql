-- Projects as dated facts with papers, the chain of parties on them, crews, and the people who work there.

CREATE TABLE documents (
    id           BIGINT PRIMARY KEY,
    project_id   BIGINT,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    media_type   TEXT NOT NULL,
    size         BIGINT NOT NULL,
    sha256       TEXT NOT NULL,
    body         BYTEA NOT NULL,
    uploaded_by  TEXT NOT NULL,
    uploaded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);
CREATE INDEX documents_of_project ON documents (project_id, id);

CREATE TABLE projects (
    id           BIGINT PRIMARY KEY,
    code         TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    region       INTEGER NOT NULL,
    created_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);
CREATE INDEX projects_of_region ON projects (region, id);

-- One row says: `kind` of `subject_id` (0 = the project itself) is `value` from `valid_on` on.
CREATE TABLE project_facts (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    subject_id   BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    valid_on     DATE NOT NULL,
    value        TEXT NOT NULL,
    document_id  BIGINT,
    recorded_at  BIGINT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE project_parties (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    party_id     BIGINT NOT NULL REFERENCES parties (id),
    role         TEXT NOT NULL CHECK (role IN ('owner', 'general_contractor', 'subcontractor', 'supervising_engineer')),
    under_id     BIGINT,
    from_on      DATE NOT NULL,
    until_on     DATE,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX project_parties_of_party ON project_parties (party_id, project_id);

CREATE TABLE crews (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    name         TEXT NOT NULL,
    party_id     BIGINT NOT NULL REFERENCES parties (id),
    from_on      DATE NOT NULL,
    until_on     DATE,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, name)
);

-- A person is global; an enrolment belongs to a project.
CREATE TABLE workers (
    id           BIGINT PRIMARY KEY,
    name         TEXT NOT NULL,
    id_kind      TEXT NOT NULL,
    id_number    BYTEA NOT NULL,
    id_index     TEXT NOT NULL UNIQUE,
    phone        BYTEA,
    created_at   BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL
);

CREATE TABLE enrolments (
    project_id        BIGINT NOT NULL REFERENCES projects (id),
    id                BIGINT NOT NULL,
    worker_id         BIGINT NOT NULL REFERENCES workers (id),
    crew_id           BIGINT NOT NULL,
    trade             TEXT NOT NULL,
    pin_index         TEXT,
    paper             TEXT NOT NULL CHECK (paper IN ('labour_contract', 'work_agreement', 'none')),
    paper_document_id BIGINT,
    safety_trained    BOOLEAN NOT NULL,
    card              BYTEA,
    card_index        TEXT,
    bank_name         TEXT,
    day_rate_fen      BIGINT NOT NULL CHECK (day_rate_fen >= 0),
    entered_on        DATE NOT NULL,
    left_on           DATE,
    recorded_seq      BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, crew_id) REFERENCES crews (project_id, id)
);
CREATE UNIQUE INDEX enrolments_active_once ON enrolments (project_id, worker_id) WHERE left_on IS NULL;
CREATE UNIQUE INDEX enrolments_pin_once ON enrolments (project_id, pin_index) WHERE left_on IS NULL;
CREATE INDEX enrolments_of_worker ON enrolments (worker_id, project_id);
CREATE INDEX enrolments_of_card ON enrolments (card_index);

CREATE TABLE notice_boards (
    project_id        BIGINT NOT NULL REFERENCES projects (id),
    id                BIGINT NOT NULL,
    items             TEXT NOT NULL,
    photo_document_id BIGINT,
    photo_on          DATE NOT NULL,
    recorded_seq      BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE deposits (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('cash', 'letter_of_guarantee', 'insurance', 'bond')),
    amount_fen   BIGINT NOT NULL CHECK (amount_fen > 0),
    issuer       TEXT NOT NULL,
    lodged_on    DATE NOT NULL,
    ends_on      DATE,
    document_id  BIGINT,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);

CREATE TABLE deposit_events (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    deposit_id   BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('lodged', 'used', 'replenished', 'publicity_started', 'returned')),
    happened_on  DATE NOT NULL,
    amount_fen   BIGINT NOT NULL,
    document_id  BIGINT,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, deposit_id) REFERENCES deposits (project_id, id)
);

CREATE TABLE cases (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('complaint', 'inspection', 'arbitration', 'court')),
    opened_on    DATE NOT NULL,
    closed_on    DATE,
    workers      INTEGER,
    amount_fen   BIGINT,
    outcome      TEXT,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
