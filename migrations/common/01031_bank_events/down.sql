DROP TABLE card_words;
DROP TABLE bank_words;
DROP TABLE bank_key_marks;
DROP TABLE bank_keys;
DROP TABLE bank_event_ids;
