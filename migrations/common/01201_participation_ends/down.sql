DROP TABLE participation_ends;
