-- What each worker's days of a month come to, kept beside the days by folding: which months hold more than their sheets list is asked at
-- every gate, of every project of an owner and a contractor, and adding up all their days took most of the answer's time.
CREATE TABLE attended_months (
    project_id BIGINT NOT NULL,
    -- YYYY-MM
    month      TEXT NOT NULL,
    worker_id  BIGINT NOT NULL,
    hundredths BIGINT NOT NULL,
    PRIMARY KEY (project_id, month, worker_id)
);
INSERT INTO attended_months (project_id, month, worker_id, hundredths)
SELECT project_id, SUBSTR(CAST(worked_on AS TEXT), 1, 7), worker_id, SUM(hundredths) FROM work_days
GROUP BY project_id, SUBSTR(CAST(worked_on AS TEXT), 1, 7), worker_id;
