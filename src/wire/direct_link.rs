//! Files of direct bank links (银企直联): markup with the bank's own element names, which are data and not code.
//!
//! Two families are known: OFX with and without closing tags, and the XML of `CMBSDKPGK`. Which element is which field, and which word
//! of the bank means which ISO 20022 status, stands in `config/direct_link/`, each fact that no bank's document confirmed marked so.
//! What is read is what every other bank file gives: statements, entries, details and a status report. Deliberately absent: whether a
//! word proves a payment, which the bank's profile says, and writing orders, for which the line elements of a payroll request and the
//! bank's business codes would have to be known.

mod family;
mod fields;
mod markup;
mod reading;

pub use family::{Families, Family};
pub use markup::{DEPTH_MAX, TEXT_MAX};
pub use reading::{RECORDS_MAX, read};

#[cfg(test)]
mod tests;
