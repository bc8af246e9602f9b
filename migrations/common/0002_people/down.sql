DROP TABLE credit_records;
DROP TABLE parties;
DROP TABLE unmaskings;
DROP TABLE api_keys;
DROP TABLE sessions;
DROP TABLE grants;
DROP TABLE login_throttles;
DROP TABLE users;
