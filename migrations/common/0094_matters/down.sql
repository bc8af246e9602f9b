DROP TABLE calendar_feeds;
DROP TABLE cleared_lines;
DROP TABLE matter_steps;
