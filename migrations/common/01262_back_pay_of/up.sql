-- What back-pay is for: days, hours, overtime, pieces, an allowance. Only the description of the table is locked.
ALTER TABLE line_corrections ADD COLUMN back_pay_of TEXT;
