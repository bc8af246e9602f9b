//! Floor 0: values that every other floor speaks in.
//!
//! Money in fen, ratios with named rounding, civil days of Asia/Shanghai, the official working-day
//! calendar, typed ids, region codes, identifiers of persons and companies, and the clock as a trait.
//! Deliberately absent: databases, the network, files, randomness and the system clock.

pub mod calendar;
pub mod clock;
pub mod day;
pub mod id;
pub mod money;
pub mod person;
pub mod ratio;
pub mod region;

pub use calendar::Calendar;
pub use clock::{Clock, FixedClock};
pub use day::{Day, Moment, Month};
pub use money::Fen;
pub use ratio::Rounding;
pub use region::RegionCode;

/// A piece of text that did not parse into a value of the domain.
///
/// `what` names the kind of value in English (`amount in yuan`), `found` is the text as it came, shortened
/// to 64 characters, and `why` says what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Kind of value that was wanted, in English lower case.
    pub what: &'static str,
    /// The text as it came, at most 64 characters of it.
    pub found: String,
    /// What would have been right.
    pub why: &'static str,
}

impl Unreadable {
    /// Describes text that is not a `what` because of `why`.
    pub fn new(what: &'static str, found: &str, why: &'static str) -> Self {
        Self { what, found: found.chars().take(64).collect(), why }
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is not a {}: {}", self.found, self.what, self.why)
    }
}

impl std::error::Error for Unreadable {}

/// Serialises and deserialises a type through its `Display` and `FromStr`.
macro_rules! serde_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_as_text;

/// Defines an enum whose variants are words: the same in code, tables, URLs and JSON.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// Every word, in the order of the definition.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::base::Unreadable;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok($name::$variant),)*
                    _ => Err($crate::base::Unreadable::new($what, text, concat!("write one of:", $(" ", $word),*))),
                }
            }
        }

        $crate::base::serde_as_text!($name);
    };
}
pub(crate) use words;
