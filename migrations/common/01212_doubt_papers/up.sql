-- The bank's own paper behind the answer that a refund is no wage's. A column without a default; locks nothing long.
ALTER TABLE doubt_steps ADD COLUMN document_id BIGINT;
