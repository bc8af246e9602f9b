DROP INDEX inbox_bank_files;
