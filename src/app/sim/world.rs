//! Who takes part in a simulated year: projects, their owners' habits, their banks' manners, their people. All of it follows from the
//! seed. Deliberately absent: what happens on which day.

use crate::app::demo::luck::Luck;
use crate::app::demo::people::{self, Person};
use crate::base::{Day, Fen};

/// How a bank answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// A debit of what was paid, with details that prove each line; refusals by report.
    Details,
    /// A debit without details; a report says line by line what became of it.
    Report,
    /// A debit of the full sum with details, and credits for those that failed, days later.
    FullThenBack,
    /// As [`Manner::Report`], but the report comes only when somebody asks, and sometimes never.
    Silent,
    /// What was paid as one sum in the statement, and payment by payment in a notification; refusals by report, refunds as one sum too.
    OneByOne,
}

impl Manner {
    /// Whether its word on a single debit proves that the payee has the money.
    pub fn proves(self) -> bool {
        matches!(self, Manner::Details | Manner::FullThenBack | Manner::OneByOne)
    }
}

/// How an owner pays labour cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// On the day.
    Prompt,
    /// So many days late.
    Late(i64),
    /// So many hundredths of it.
    Short(i64),
    /// Nothing from this month of the run on.
    Stops(i32),
}

/// A project.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Place in the list.
    pub number: usize,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Region.
    pub region: &'static str,
    /// Which of the two owners.
    pub owner: usize,
    /// How that owner pays here.
    pub habit: Habit,
    /// How the bank of its account answers.
    pub manner: Manner,
    /// Contract sum.
    pub sum: Fen,
    /// Labour cost of a month.
    pub monthly: Fen,
    /// Agreed day of pay.
    pub pay_day: u32,
    /// Who may work there.
    pub people: Vec<Person>,
}

impl Plan {
    /// Number of its wage account.
    pub fn account_number(&self) -> String {
        format!("99900000000{:05}", 20_011 + self.number * 41)
    }

    /// Serial number of one of its two gates.
    pub fn serial(&self, gate: usize) -> String {
        format!("SIM{:03}{gate}", self.number + 1)
    }
}

/// Everything.
#[derive(Debug, Clone)]
pub struct World {
    /// Seed of all dice.
    pub seed: u64,
    /// The first day of work.
    pub first: Day,
    /// Days played.
    pub days: i64,
    /// Projects.
    pub projects: Vec<Plan>,
}

/// Regions whose rules differ.
const REGIONS: &[&str] = &["330784", "350500", "650100"];

/// Codes of the companies without their check characters, and names: two owners, the general contractor, the subcontractor.
pub const COMPANIES: &[(&str, &str)] = &[
    ("91119999MA0000501", "青禾置业（模拟）有限公司"),
    ("91119999MA0000502", "泽岚实业（模拟）有限公司"),
    ("91119999MA0000503", "砺川建设（模拟）有限公司"),
    ("91119999MA0000504", "众匠劳务（模拟）有限公司"),
];
/// Place of the general contractor among the companies.
pub const CONTRACTOR: usize = 2;
/// Place of the subcontractor.
pub const SUBCONTRACTOR: usize = 3;

impl World {
    /// The world of a seed.
    pub fn new(seed: u64, first: Day, days: i64) -> Self {
        let mut luck = Luck::of(seed, "world", 0);
        let count = 2 + usize::from(luck.happens(30));
        let mut projects = Vec::with_capacity(count);
        let mut place = 0;
        for number in 0..count {
            let size = 5 + usize::try_from(luck.below(6)).unwrap_or(0);
            let people: Vec<Person> = (0..size).map(|one| people::person(seed, place + one, one)).collect();
            place += size;
            projects.push(plan(&mut luck, number, people));
        }
        Self { seed, first, days, projects }
    }

    /// Dice for one purpose on one day.
    pub fn luck(&self, what: &str, project: usize, day: Day) -> Luck {
        let since = usize::try_from(day.days_since(self.first).max(0)).unwrap_or(0);
        Luck::of(self.seed, what, since.wrapping_mul(16).wrapping_add(project))
    }
}

fn plan(luck: &mut Luck, number: usize, people: Vec<Person>) -> Plan {
    let wages: i64 = people.iter().map(|person| person.day_rate.0 * 27).sum();
    let habit = match luck.below(6) {
        0 => Habit::Late(i64::from(luck.below(14)) + 2),
        1 => Habit::Short(40 + i64::from(luck.below(50))),
        2 => Habit::Stops(i32::try_from(luck.below(9)).unwrap_or(0) + 2),
        _ => Habit::Prompt,
    };
    let manner = match luck.below(5) {
        0 => Manner::Details,
        1 => Manner::Report,
        2 => Manner::FullThenBack,
        3 => Manner::Silent,
        _ => Manner::OneByOne,
    };
    let regions = REGIONS.len();
    Plan {
        number,
        code: format!("SIM-{:03}", number + 1),
        name: format!("模拟工程{}标段", number + 1),
        region: REGIONS.get(number % regions).copied().unwrap_or("330784"),
        owner: number % 2,
        habit,
        manner,
        sum: Fen(i64::from(2000 + luck.below(6000)) * 1_000_000),
        // Rounded up to 10 000 yuan.
        monthly: Fen((wages / 1_000_000 + 1) * 1_000_000),
        pay_day: 12 + luck.below(10),
        people,
    }
}
