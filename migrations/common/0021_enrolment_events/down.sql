DROP TABLE enrolment_events;
