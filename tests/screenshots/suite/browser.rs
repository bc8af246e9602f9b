//! The browser and the sites of the suite.

#[path = "../../suite/browser/driver.rs"]
pub mod driver;
#[path = "../../suite/browser/site.rs"]
pub mod site;
