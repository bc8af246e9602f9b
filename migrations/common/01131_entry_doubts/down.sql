DROP TABLE doubt_steps;
DROP TABLE entry_doubts;
DROP TABLE entry_payments;
