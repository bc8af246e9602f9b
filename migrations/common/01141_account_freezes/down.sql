DROP TABLE account_freezes;
