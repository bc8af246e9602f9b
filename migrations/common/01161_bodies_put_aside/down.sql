DROP INDEX inbox_put_aside;
