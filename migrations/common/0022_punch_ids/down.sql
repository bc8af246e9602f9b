DROP TABLE punch_ids;
