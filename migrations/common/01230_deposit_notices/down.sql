DROP TABLE notice_lines;
