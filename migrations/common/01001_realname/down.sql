DROP TABLE realname_errors;
DROP TABLE realname_counts;
DROP TABLE realname_counters;
DROP TABLE realname_nonces;
DROP TABLE realname_requests;
DROP TABLE uploaded_pay;
DROP TABLE realname_records;
DROP TABLE realname_apps;
