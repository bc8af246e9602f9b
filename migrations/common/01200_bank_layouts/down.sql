DROP TABLE bank_layout_uses;
DROP TABLE bank_layouts;
