DROP TABLE card_movements;
