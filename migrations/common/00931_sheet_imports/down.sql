DROP TABLE sheet_imports;
DROP TABLE sheet_layouts;
