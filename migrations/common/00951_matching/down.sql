DROP TABLE match_decisions;
DROP TABLE entry_payees;
