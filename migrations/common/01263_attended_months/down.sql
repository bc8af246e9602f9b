DROP TABLE attended_months;
