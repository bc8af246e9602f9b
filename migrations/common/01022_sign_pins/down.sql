DROP TABLE sign_pins;
