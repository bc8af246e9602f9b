DROP TABLE gate_answers;
DROP TABLE assessments;
