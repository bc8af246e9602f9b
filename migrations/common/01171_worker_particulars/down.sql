DROP TABLE worker_particulars;
