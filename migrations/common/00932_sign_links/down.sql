DROP TABLE sign_tries;
DROP TABLE sign_links;
