DROP TABLE bank_token_ids;
