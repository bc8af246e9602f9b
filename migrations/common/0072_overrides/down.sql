DROP TABLE gate_override_decisions;
DROP TABLE gate_overrides;
