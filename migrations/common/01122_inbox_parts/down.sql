DROP TABLE inbox_parts;
