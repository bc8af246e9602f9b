-- Which days were folded by earlier rules. When the rules by which passages become work days change, every project with attendance goes
-- on a list once; its days are folded again, but those that a pay sheet rests on stay as they were paid, each under a keyed seal. Adds
-- tables only.
CREATE TABLE old_rule_projects (
    project_id BIGINT PRIMARY KEY
);
CREATE TABLE old_rule_days (
    project_id BIGINT NOT NULL,
    local_day  INTEGER NOT NULL,
    seal       TEXT NOT NULL,
    PRIMARY KEY (project_id, local_day)
);
