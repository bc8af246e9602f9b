-- A bank may sign its tokens with ES256. The table is small: a few keys for each bank. Down gives up keys of that kind.
ALTER TABLE bank_keys DROP CONSTRAINT bank_keys_kind_check;
ALTER TABLE bank_keys ADD CONSTRAINT bank_keys_kind_check CHECK (kind IN ('hmac', 'ed25519', 'es256'));
