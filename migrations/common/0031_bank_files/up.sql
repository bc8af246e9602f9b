-- The same bank file is known by its hash. The index is partial, so that punches do not pay for it.
CREATE INDEX inbox_bank_files ON inbox (body_sha256) WHERE feed IN ('camt', 'bankfile', 'mt940', 'pain002');
