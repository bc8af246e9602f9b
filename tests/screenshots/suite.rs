//! What the pictures borrow from the suite: the small demonstration, served, and the browser.

#[path = "../suite/ground.rs"]
pub mod ground;

pub mod browser;
