-- The schedule's ticks: the primary key lets each run once, however many instances look. New table only; locks nothing.
CREATE TABLE ticks (
    name    TEXT NOT NULL,
    due_at  BIGINT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('begun', 'ran', 'skipped')),
    at      BIGINT NOT NULL,
    PRIMARY KEY (name, due_at)
);
