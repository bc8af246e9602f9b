-- The older service takes all back-pay for pay of days.
ALTER TABLE line_corrections DROP COLUMN back_pay_of;
