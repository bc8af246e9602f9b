-- Notices of signs: what attendance, sheet and bank do not agree on and what the detectors see. A list of allowed words cannot be changed
-- in place on both databases, so the table is made anew; it is locked while its rows are copied, which are the notices of a month.
CREATE TABLE notices_anew (
    project_id    BIGINT NOT NULL,
    id            BIGINT NOT NULL,
    user_id       BIGINT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('finding', 'reminder', 'silence', 'sign')),
    subject       TEXT NOT NULL,
    urgent        BOOLEAN NOT NULL,
    words         TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('open', 'told', 'cured')),
    first_seen_at BIGINT NOT NULL,
    told_at       BIGINT,
    cured_at      BIGINT,
    PRIMARY KEY (project_id, id)
);
INSERT INTO notices_anew (project_id, id, user_id, kind, subject, urgent, words, state, first_seen_at, told_at, cured_at)
SELECT project_id, id, user_id, kind, subject, urgent, words, state, first_seen_at, told_at, cured_at FROM notices;
DROP TABLE notices;
ALTER TABLE notices_anew RENAME TO notices;
CREATE UNIQUE INDEX notices_standing_once ON notices (project_id, user_id, kind, subject) WHERE state <> 'cured';
CREATE INDEX notices_open ON notices (user_id) WHERE state = 'open';
CREATE INDEX notices_cured ON notices (cured_at) WHERE state = 'cured';
