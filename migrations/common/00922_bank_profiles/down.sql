DROP TABLE run_inquiries;
DROP TABLE pay_run_parts;
DROP TABLE account_profiles;
DROP TABLE bank_profiles;
