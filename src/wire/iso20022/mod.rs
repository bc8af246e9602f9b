//! ISO 20022: payment orders out (pain.001), status reports (pain.002) and account messages (camt.052/053/054) in.
//!
//! Messages are told apart by the local name of their root, whatever the version, namespace or prefix. Deliberately
//! absent: schema validation at run time; a file that breaks the schema but can be read is read, with problems.

pub mod camt;
mod camt_detail;
mod dates;
pub mod limits;
pub mod pain001;
pub mod pain001_read;
pub mod pain002;
pub mod xml;
mod xml_fault;
pub mod xml_out;

pub use dates::day_of;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod version_tests;
