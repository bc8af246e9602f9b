-- A machine that sends again what could not be read is told from one that sends something new.
CREATE INDEX inbox_put_aside ON inbox (body_sha256) WHERE state IN ('part', 'quarantined');
