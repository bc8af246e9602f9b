//! What an assessment comes to in one line, for lists: how much is owed to how many since when, and how many rules are broken or wait
//! for a fact. Written when a project is assessed, so that a list of a thousand projects computes nothing.

use crate::base::id::ProjectId;
use crate::base::{Day, Fen, Moment, words};
use crate::law::questions::warning::Level;
use crate::law::rules::arrears;
use crate::law::{Assessment, ProjectFacts, State};

words! {
    /// Whether wages are owed, as lists say it.
    pub enum ArrearsWord, "state of arrears" {
        /// Known to be owed.
        Owed = "owed",
        /// Known not to be.
        Clear = "clear",
        /// A sheet, a result or a fact is missing.
        Unknown = "unknown",
    }
}

/// One line about a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The project.
    pub project: ProjectId,
    /// Day of the assessment.
    pub as_of: Day,
    /// Whether wages are owed.
    pub arrears: ArrearsWord,
    /// Known to be owed.
    pub owed: Fen,
    /// Workers known to be owed, summed over the months.
    pub workers: u32,
    /// The earliest pay day that was missed.
    pub oldest_due_on: Option<Day>,
    /// Rules broken.
    pub broken: u32,
    /// Rules that wait for a fact.
    pub not_known: u32,
    /// The highest level.
    pub level: Level,
    /// When it was assessed.
    pub assessed_at: Moment,
}

impl Summary {
    /// The summary of an assessment.
    pub fn of(project: ProjectId, facts: &ProjectFacts, assessment: &Assessment, as_of: Day, assessed_at: Moment) -> Self {
        let owing = arrears::of(&facts.payroll, as_of);
        let count = |state: State| {
            u32::try_from(assessment.findings.iter().filter(|finding| finding.state == state).count()).unwrap_or(u32::MAX)
        };
        let missed = facts.payroll.iter().filter(|month| owing.months.contains(&month.month)).map(|month| month.pay_due_on);
        // A project of which nothing is on record yet has not shown that it owes nothing: the card's finding decides, not the sum.
        let judged = assessment.card.get(&crate::law::System::Arrears).map(|system| system.state);
        let arrears = match owing.state.get() {
            Some(true) => ArrearsWord::Owed,
            Some(false) if judged != Some(State::NotKnown) => ArrearsWord::Clear,
            _ => ArrearsWord::Unknown,
        };
        Self {
            project,
            as_of,
            arrears,
            owed: owing.amount,
            workers: owing.workers,
            oldest_due_on: missed.min(),
            broken: count(State::Broken),
            not_known: count(State::NotKnown),
            level: assessment.findings.iter().map(|finding| finding.level).max().unwrap_or(Level::None),
            assessed_at,
        }
    }

    /// Days since the earliest missed pay day.
    pub fn days_late(&self, today: Day) -> i64 {
        self.oldest_due_on.map_or(0, |due| today.days_since(due).max(0))
    }

    /// The order of lists: money × people × days, owed before unknown before clear. Widened, so that no sum overflows.
    pub fn trouble(&self, today: Day) -> (u8, i128, u32, u32) {
        let rank = match self.arrears {
            ArrearsWord::Owed => 2,
            ArrearsWord::Unknown => 1,
            ArrearsWord::Clear => 0,
        };
        let days = i128::from(self.days_late(today).max(1));
        (rank, i128::from(self.owed.0) * i128::from(self.workers.max(1)) * days, self.broken, self.not_known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(arrears: ArrearsWord, owed: i64, workers: u32, due: Option<Day>) -> Summary {
        let day = Day::of(2026, 3, 1).unwrap();
        Summary {
            project: ProjectId(1),
            as_of: day,
            arrears,
            owed: Fen(owed),
            workers,
            oldest_due_on: due,
            broken: 0,
            not_known: 0,
            level: Level::None,
            assessed_at: Moment(0),
        }
    }

    #[test]
    fn money_times_people_times_days_decides_and_unknown_is_never_below_clear() {
        let today = Day::of(2026, 3, 11).unwrap();
        let due = |days: i64| Some(today.plus_days(-days));
        let much = summary(ArrearsWord::Owed, 10_000, 10, due(10));
        let many = summary(ArrearsWord::Owed, 50_00, 40, due(10));
        let long = summary(ArrearsWord::Owed, 10_00, 10, due(400));
        let unknown = summary(ArrearsWord::Unknown, 0, 0, None);
        let clear = summary(ArrearsWord::Clear, 0, 0, None);
        let mut all = [&clear, &unknown, &much, &many, &long];
        all.sort_by_key(|one| std::cmp::Reverse(one.trouble(today)));
        assert_eq!(all, [&long, &many, &much, &unknown, &clear]);
        let vast = summary(ArrearsWord::Owed, i64::MAX, u32::MAX, due(100_000));
        assert!(vast.trouble(today) > much.trouble(today));
    }
}
