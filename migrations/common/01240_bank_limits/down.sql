ALTER TABLE bank_profiles DROP COLUMN charset;
ALTER TABLE bank_profiles DROP COLUMN text_max;
ALTER TABLE bank_profiles DROP COLUMN card_luhn;
ALTER TABLE bank_profiles DROP COLUMN card_max;
ALTER TABLE bank_profiles DROP COLUMN card_min;
ALTER TABLE bank_profiles DROP COLUMN name_max;
