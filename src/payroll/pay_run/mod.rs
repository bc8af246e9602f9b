//! Pay runs (代发批次): one order to the bank for the lines of a sheet, as a pain.001 file that is kept before anybody can fetch it.

pub mod table;
