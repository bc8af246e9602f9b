DROP TABLE mail_attempts;
DROP TABLE mails;
DROP TABLE notices;
DROP TABLE user_contacts;
