DROP TABLE line_releases;
DROP TABLE card_holders;
DROP TABLE pay_holds;
