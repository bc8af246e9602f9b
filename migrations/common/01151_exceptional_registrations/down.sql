DROP TABLE exceptional_steps;
DROP TABLE exceptional_registrations;
