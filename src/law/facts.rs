//! Facts as the engine takes them: known with a source and a moment, or not known with the name of whoever must supply them.

use serde::{Deserialize, Serialize};

use crate::base::Moment;

/// A fact that is known, or that somebody still has to supply. There is no third state and no default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Fact<T> {
    /// The value, where it comes from and when it was seen there.
    Known {
        /// The value.
        value: T,
        /// The record or feed that says so.
        source: String,
        /// When it was seen, where that is known.
        seen_at: Option<Moment>,
    },
    /// Nobody has said.
    NotKnown {
        /// Who must supply it.
        keeper: String,
    },
}

impl<T> Fact<T> {
    /// A known fact.
    pub fn known(value: T, source: &str) -> Fact<T> {
        Fact::Known { value, source: source.to_owned(), seen_at: None }
    }

    /// A fact that `keeper` must supply.
    pub fn not_known(keeper: &str) -> Fact<T> {
        Fact::NotKnown { keeper: keeper.to_owned() }
    }

    /// The value where it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Fact::Known { value, .. } => Some(value),
            Fact::NotKnown { .. } => None,
        }
    }

    /// The record that says so.
    pub fn source(&self) -> Option<&str> {
        match self {
            Fact::Known { source, .. } => Some(source),
            Fact::NotKnown { .. } => None,
        }
    }

    /// When it was seen.
    pub fn seen_at(&self) -> Option<Moment> {
        match self {
            Fact::Known { seen_at, .. } => *seen_at,
            Fact::NotKnown { .. } => None,
        }
    }

    /// Who must supply it, where it is not known.
    pub fn keeper(&self) -> Option<&str> {
        match self {
            Fact::Known { .. } => None,
            Fact::NotKnown { keeper } => Some(keeper),
        }
    }

    /// The same knowledge about another value.
    pub fn map<U>(&self, read: impl FnOnce(&T) -> U) -> Fact<U> {
        match self {
            Fact::Known { value, source, seen_at } => {
                Fact::Known { value: read(value), source: source.clone(), seen_at: *seen_at }
            }
            Fact::NotKnown { keeper } => Fact::NotKnown { keeper: keeper.clone() },
        }
    }
}

impl<T: Copy> Fact<T> {
    /// A copy of the value where it is known.
    pub fn get(&self) -> Option<T> {
        self.value().copied()
    }
}

mod project;

pub use project::{
    AccountFacts, AgreedLabourCost, ContractFacts, Cycle, Debits, DepositFacts, DepositKind, LabourSplitFacts, MilestoneFacts,
    MonthPay, NoticeBoardFacts, Owed, PaymentBondFacts, ProjectFacts, RealNameFacts, SheetState,
};
