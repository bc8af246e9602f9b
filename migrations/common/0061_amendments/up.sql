-- Changes of law data, of a region's rules and of the operator's policy, each by two persons; and what ends sessions at once.
-- A proposal is never edited: what became of it is the one decision beside it. `activation` counts the changes in force, 1, 2, 3 …
CREATE TABLE amendments (
    id              BIGINT PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('law', 'region', 'policy')),
    file            TEXT,
    region          INTEGER,
    wording         TEXT,
    replaces        TEXT,
    permit_gate     BOOLEAN,
    completion_gate BOOLEAN,
    reason          TEXT NOT NULL,
    document        TEXT NOT NULL,
    changes         TEXT NOT NULL,
    seen            BIGINT NOT NULL,
    seen_book       TEXT NOT NULL,
    law_book        TEXT NOT NULL,
    proposed_by     BIGINT NOT NULL REFERENCES users (id),
    proposed_at     BIGINT NOT NULL,
    recorded_seq    BIGINT NOT NULL
);

CREATE TABLE amendment_decisions (
    amendment_id BIGINT PRIMARY KEY REFERENCES amendments (id),
    verdict      TEXT NOT NULL CHECK (verdict IN ('approved', 'rejected', 'withdrawn')),
    note         TEXT NOT NULL,
    decided_by   BIGINT NOT NULL REFERENCES users (id),
    decided_at   BIGINT NOT NULL,
    activation   BIGINT UNIQUE,
    recorded_seq BIGINT NOT NULL
);

-- Access tokens that were issued before this moment are refused.
CREATE TABLE session_ends (
    user_id  BIGINT PRIMARY KEY REFERENCES users (id),
    ended_at BIGINT NOT NULL
);

-- Logins and, as `@address`, peers that failed; a row that nobody touched for a day is swept away.
ALTER TABLE login_throttles ADD COLUMN noted_at BIGINT NOT NULL DEFAULT 0;
