DROP TABLE webhook_tries;
DROP TABLE webhook_calls;
DROP TABLE webhooks;
