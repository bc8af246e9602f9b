-- The paper by which a quantity of piece work was confirmed. A column without a default: no row is rewritten, the table is locked for
-- a moment only.
ALTER TABLE item_steps ADD COLUMN document_id BIGINT;
