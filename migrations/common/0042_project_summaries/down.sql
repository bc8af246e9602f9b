DROP TABLE project_summaries;
