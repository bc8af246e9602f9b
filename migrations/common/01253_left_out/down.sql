DROP TABLE left_out_confirmations;
DROP TABLE sheet_refusals;
