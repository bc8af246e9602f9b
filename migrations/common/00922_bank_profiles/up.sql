-- What a bank is like: what its words prove, how large a file it takes, how long it may be silent. A profile is appended to as versions;
-- an account names the one it goes by. A pay run that does not fit one file becomes several, linked by the first one's id.
-- The tables are new, so nothing in use is locked.
CREATE TABLE bank_profiles (
    code             TEXT NOT NULL,
    version          INTEGER NOT NULL,
    name             TEXT NOT NULL,
    detail_pays      BOOLEAN NOT NULL,
    accc_pays        BOOLEAN NOT NULL,
    acsc_pays        BOOLEAN NOT NULL,
    acsp_pays        BOOLEAN NOT NULL,
    credits_back_days INTEGER NOT NULL,
    lines_max        INTEGER NOT NULL,
    file_fen_max     BIGINT,
    line_fen_max     BIGINT,
    batch_booking    BOOLEAN NOT NULL,
    order_version    TEXT NOT NULL CHECK (order_version IN ('pain.001.001.09', 'pain.001.001.03')),
    silence_days     INTEGER NOT NULL,
    recorded_by      TEXT NOT NULL,
    recorded_at      BIGINT NOT NULL,
    recorded_seq     BIGINT NOT NULL,
    PRIMARY KEY (code, version)
);

CREATE TABLE account_profiles (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    account_id   BIGINT NOT NULL,
    profile      TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, account_id) REFERENCES wage_accounts (project_id, id)
);

CREATE TABLE pay_run_parts (
    project_id   BIGINT NOT NULL,
    run_id       BIGINT NOT NULL,
    first_run_id BIGINT NOT NULL,
    part         INTEGER NOT NULL,
    parts        INTEGER NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, run_id),
    FOREIGN KEY (project_id, run_id) REFERENCES pay_runs (project_id, id)
);
CREATE INDEX pay_run_parts_of_order ON pay_run_parts (project_id, first_run_id);

-- That the bank was asked about a run it is silent on, or was given the same file again: the same ids, so nothing is paid twice.
CREATE TABLE run_inquiries (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    run_id       BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('asked', 'sent_again')),
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, run_id) REFERENCES pay_runs (project_id, id)
);
