-- Banks' sheets that wait for somebody's word are few among all messages, and are listed. Reads the inbox once; writers wait for that time.
CREATE INDEX inbox_sheets_waiting ON inbox (id) WHERE feed = 'bankfile' AND state IN ('new', 'part', 'quarantined');
