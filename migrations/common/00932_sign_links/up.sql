-- Links by which workers sign their own lines; only the digest of a link's secret is kept. Appended only. A try with a wrong second
-- means is counted beside it, outside the journal: it changes nothing that anybody is owed.
CREATE TABLE sign_links (
    project_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    sheet_id     BIGINT NOT NULL,
    line_id      BIGINT NOT NULL,
    secret_hash  TEXT NOT NULL UNIQUE,
    net_fen      BIGINT NOT NULL,
    until_at     BIGINT NOT NULL,
    made_by      TEXT NOT NULL,
    recorded_seq BIGINT NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, line_id) REFERENCES pay_lines (project_id, id)
);
CREATE INDEX sign_links_of_line ON sign_links (project_id, line_id, id);

CREATE TABLE sign_tries (
    link_id  BIGINT NOT NULL,
    ordinal  INTEGER NOT NULL,
    tried_at BIGINT NOT NULL,
    PRIMARY KEY (link_id, ordinal)
);
