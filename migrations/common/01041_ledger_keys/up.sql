-- Nobody looks for a line of the ledger by its account: sums go by posting. Two entries of an index for each entry of a bank statement.
DROP INDEX posting_lines_of_account;
