-- What a line is made of, item by item; what was confirmed or withdrawn of an item; when a signed line was opened again for a
-- correction; what people said when a sheet was sent back, published or closed; and the days that a sheet of less than a month covers.
-- All rows are appended only. `signatures` is written anew, since a corrected line is signed again: it is locked for that time.
CREATE TABLE line_items (
    project_id           BIGINT NOT NULL,
    id                   BIGINT NOT NULL,
    sheet_id             BIGINT NOT NULL,
    line_id              BIGINT NOT NULL,
    kind                 TEXT NOT NULL CHECK (kind IN ('day_wage', 'hour_wage', 'overtime', 'piece_work', 'allowance', 'deduction', 'owed_before')),
    label                TEXT NOT NULL,
    quantity_thousandths BIGINT NOT NULL CHECK (quantity_thousandths >= 0),
    unit_price_fen       BIGINT NOT NULL CHECK (unit_price_fen >= 0),
    rate_percent         INTEGER NOT NULL CHECK (rate_percent >= 100),
    amount_fen           BIGINT NOT NULL CHECK (amount_fen >= 0),
    source               TEXT NOT NULL CHECK (source IN ('work_days', 'earlier_parts', 'by_hand', 'imported')),
    inbox_id             BIGINT,
    entered_by           TEXT NOT NULL,
    recorded_seq         BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, line_id) REFERENCES pay_lines (project_id, id)
);
CREATE INDEX line_items_of_sheet ON line_items (project_id, sheet_id, line_id, id);

CREATE TABLE item_steps (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    item_id      BIGINT NOT NULL,
    step         TEXT NOT NULL CHECK (step IN ('crew_confirmed', 'worker_confirmed', 'withdrawn')),
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    happened_on  DATE NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, item_id, step),
    FOREIGN KEY (project_id, item_id) REFERENCES line_items (project_id, id)
);
CREATE INDEX item_steps_of_sheet ON item_steps (project_id, sheet_id);

CREATE TABLE line_versions (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    version      INTEGER NOT NULL CHECK (version >= 2),
    reason       TEXT NOT NULL,
    net_fen      BIGINT NOT NULL,
    opened_by    TEXT NOT NULL,
    opened_on    DATE NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, line_id, version),
    FOREIGN KEY (project_id, line_id) REFERENCES pay_lines (project_id, id)
);

CREATE TABLE sheet_notes (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    step         TEXT NOT NULL CHECK (step IN ('sent_back', 'published', 'closed')),
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    happened_on  DATE NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, sheet_id) REFERENCES pay_sheets (project_id, id)
);
CREATE INDEX sheet_notes_of_sheet ON sheet_notes (project_id, sheet_id, id);

CREATE TABLE sheet_periods (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    cycle        TEXT NOT NULL CHECK (cycle IN ('by_week', 'by_day')),
    from_on      DATE NOT NULL,
    to_on        DATE NOT NULL,
    agreed_in    TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, sheet_id),
    FOREIGN KEY (project_id, sheet_id) REFERENCES pay_sheets (project_id, id)
);

CREATE TABLE signatures_anew (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    means        TEXT NOT NULL CHECK (means IN ('paper', 'device', 'link_with_second_means')),
    device       TEXT,
    evidence     TEXT,
    document_id  BIGINT,
    signed_on    DATE NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, line_id, recorded_seq)
);
INSERT INTO signatures_anew (project_id, id, line_id, means, device, evidence, document_id, signed_on, recorded_by, recorded_seq)
    SELECT project_id, id, line_id, means, device, evidence, document_id, signed_on, recorded_by, recorded_seq FROM signatures;
DROP TABLE signatures;
ALTER TABLE signatures_anew RENAME TO signatures;
