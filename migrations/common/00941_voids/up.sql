-- A bank's file that should not have come is voided: asked for by one person, decided by another. Its entries stay and say which file
-- took them back; which statements told an entry beside the first is kept from now on, since the others may have to speak for it again.
ALTER TABLE bank_entries ADD COLUMN told_by TEXT NOT NULL DEFAULT '';
ALTER TABLE bank_entries ADD COLUMN voided_by BIGINT;
ALTER TABLE bank_entries_was ADD COLUMN told_by TEXT NOT NULL DEFAULT '';
ALTER TABLE bank_entries_was ADD COLUMN voided_by BIGINT;

CREATE TABLE void_steps (
    project_id   BIGINT NOT NULL REFERENCES projects (id),
    id           BIGINT NOT NULL,
    inbox_id     BIGINT NOT NULL,
    step         TEXT NOT NULL CHECK (step IN ('asked', 'voided', 'dropped')),
    note         TEXT NOT NULL,
    recorded_by  TEXT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX void_steps_of_file ON void_steps (inbox_id, project_id, id);
