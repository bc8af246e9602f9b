DELETE FROM bank_keys WHERE kind = 'es256';
ALTER TABLE bank_keys DROP CONSTRAINT bank_keys_kind_check;
ALTER TABLE bank_keys ADD CONSTRAINT bank_keys_kind_check CHECK (kind IN ('hmac', 'ed25519'));
