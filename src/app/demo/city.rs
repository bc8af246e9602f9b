//! Who exists in the demonstration: companies, projects and people, and what each project suffers from. All of it follows from the
//! seed, the day on which the city was first filled, and how many people live in it.
//!
//! Companies carry 演示 in their names and invented credit codes. Deliberately absent: what happens on which day (see `story`).

use super::luck::Luck;
use super::people::{self, Person};
use crate::base::{Day, Fen, Month};

/// A company or public body.
#[derive(Debug, Clone)]
pub struct Company {
    /// First 17 characters of its credit code.
    pub body: String,
    /// Full name.
    pub name: String,
}

/// What a project suffers from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing: every month paid, every paper there.
    None,
    /// The owner stopped to transfer labour cost and owes project money.
    LateLabourCost,
    /// The wage account has no three-party agreement, is not filed and bears another name than the prescribed one.
    NoAgreement,
    /// No wage deposit was lodged.
    NoDeposit,
    /// The wage deposit is a tenth of what it should be.
    ShortDeposit,
    /// The letter of guarantee ends soon.
    GuaranteeEnds,
    /// The bank refused wages of the last month due, and workers have complained.
    Arrears,
    /// The last month due has no pay sheet.
    NoSheet,
    /// The device at the gate fell silent, and money left the wage account for materials.
    SilentAndForeign,
    /// Finished, with government money, without a price audit, in its closing publicity.
    Closing,
}

/// A project of the city.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Place in the list, from 0.
    pub number: usize,
    /// Code.
    pub code: String,
    /// Name.
    pub name: &'static str,
    /// Region code.
    pub region: &'static str,
    /// What it suffers from.
    pub trouble: Trouble,
    /// Place of its owner in the list.
    pub owner: usize,
    /// Place of its general contractor.
    pub contractor: usize,
    /// Place of its subcontractor, where it has one.
    pub subcontractor: Option<usize>,
    /// Contract sum.
    pub sum: Fen,
    /// Labour cost of a month.
    pub monthly: Fen,
    /// Word of the law's table of industries.
    pub industry: &'static str,
    /// Labour manager.
    pub manager: String,
    /// Day of the contract.
    pub contract_on: Day,
    /// Day of the start of work.
    pub started_on: Day,
    /// Who works there.
    pub people: Vec<Person>,
    /// Number of the first of them in the city.
    pub first_person: usize,
}

impl Plan {
    /// Serial number of the device at its gate.
    pub fn serial(&self) -> String {
        format!("DEMO{:04}", self.number + 1)
    }

    /// Number of its wage account.
    pub fn account_number(&self) -> String {
        format!("99900000000{:05}", 10_001 + self.number * 37)
    }
}

/// The city.
#[derive(Debug, Clone)]
pub struct City {
    /// Seed of the dice.
    pub seed: u64,
    /// First day of the first month of work.
    pub begin: Day,
    /// The last month whose wages were due when the city was first filled.
    pub last_due: Month,
    /// The day on which it was first filled.
    pub anchor: Day,
    /// Owners.
    pub owners: Vec<Company>,
    /// General contractors.
    pub contractors: Vec<Company>,
    /// Subcontractors.
    pub subcontractors: Vec<Company>,
    /// Projects.
    pub projects: Vec<Plan>,
}

/// Name, region, trouble, owner, contractor, subcontractor, millions of yuan, industry, people of a hundred per cent.
type Sketch = (&'static str, &'static str, Trouble, usize, usize, Option<usize>, i64, &'static str, usize);

const SKETCHES: &[Sketch] = &[
    ("城西安置小区一期", "330784", Trouble::None, 0, 0, Some(0), 86, "building", 66),
    ("海丝研发中心", "350500", Trouble::None, 1, 1, None, 58, "building", 54),
    ("高新区标准厂房", "650100", Trouble::None, 1, 2, Some(2), 42, "building", 52),
    ("五金科创园二标段", "330784", Trouble::LateLabourCost, 2, 3, None, 64, "building", 48),
    ("江南片区学校迁建", "330784", Trouble::NoAgreement, 0, 0, None, 38, "building", 46),
    ("滨海大道改造", "350500", Trouble::NoDeposit, 1, 1, Some(1), 47, "municipal", 44),
    ("棚户区改造三标段", "650100", Trouble::ShortDeposit, 1, 2, None, 72, "building", 50),
    ("电商产业园综合楼", "330784", Trouble::GuaranteeEnds, 0, 0, Some(1), 55, "building", 52),
    ("古山镇卫生院扩建", "330784", Trouble::Arrears, 2, 3, Some(2), 33, "building", 56),
    ("石柱镇工业邻里中心", "330784", Trouble::NoSheet, 2, 3, None, 41, "building", 50),
    ("会展中心地下车库", "330784", Trouble::SilentAndForeign, 0, 1, Some(0), 60, "building", 46),
    ("城东路网完善工程", "330784", Trouble::Closing, 2, 2, None, 12, "municipal", 36),
];

const OWNERS: &[(&str, &str)] = &[
    ("91119999MA", "青禾置业（演示）有限公司"),
    ("91119999MA", "泽岚实业（演示）有限公司"),
    ("12119999MB", "城市建设服务中心（演示）"),
];

const CONTRACTORS: &[&str] =
    &["砺川建设（演示）有限公司", "云椿建工（演示）有限公司", "天枢路桥（演示）有限公司", "拓北建筑（演示）有限公司"];

const SUBCONTRACTORS: &[&str] = &["众匠劳务（演示）有限公司", "同舟劳务（演示）有限公司", "砼成劳务（演示）有限公司"];

/// Days between the contract and the first month of work.
const CONTRACT_BEFORE: i64 = 45;

/// Days after which the expiring guarantee of the demonstration ends.
const GUARANTEE_LEFT: i64 = 20;

impl City {
    /// The city of a seed, first filled on `anchor`; `crowd` is the share of its people in hundredths, 100 for all 600.
    pub fn new(seed: u64, anchor: Day, crowd: u32) -> Self {
        let begin = anchor.plus_days(-89).month().first();
        let back = if anchor.day_of_month() > 15 { -1 } else { -2 };
        let company =
            |kind: &str, number: usize, name: &str| Company { body: format!("{kind}{number:07}"), name: name.to_owned() };
        let enterprises = |offset: usize, names: &[&str]| -> Vec<Company> {
            let numbered = names.iter().enumerate();
            numbered.map(|(number, name)| company("91119999MA", offset + number + 1, name)).collect()
        };
        let owners = OWNERS.iter().enumerate().map(|(number, (kind, name))| company(kind, 101 + number, name));
        let mut city = City {
            seed,
            begin,
            last_due: anchor.month().plus(back),
            anchor,
            owners: owners.collect(),
            contractors: enterprises(200, CONTRACTORS),
            subcontractors: enterprises(300, SUBCONTRACTORS),
            projects: Vec::new(),
        };
        let mut first_person = 0;
        for (number, sketch) in SKETCHES.iter().enumerate() {
            let plan = city.plan(number, sketch, first_person, crowd);
            first_person += plan.people.len();
            city.projects.push(plan);
        }
        city
    }

    fn plan(&self, number: usize, sketch: &Sketch, first_person: usize, crowd: u32) -> Plan {
        let (name, region, trouble, owner, contractor, subcontractor, millions, industry, size) = *sketch;
        let mut luck = Luck::of(self.seed, "project", number);
        let size = (size * usize::try_from(crowd).unwrap_or(100) / 100).max(3);
        let mut people: Vec<Person> = (0..size).map(|place| people::person(self.seed, first_person + place, place)).collect();
        if trouble == Trouble::Arrears
            && let Some(person) = people.first_mut()
        {
            // A worker whose card nobody has asked for: the line is held.
            person.card = None;
        }
        let wages: i64 = people.iter().map(|person| person.day_rate.0 * 27).sum();
        let contract_on = match trouble {
            // The guarantee must be a year old to end soon, so this contract waited long for its start.
            Trouble::GuaranteeEnds => self.anchor.plus_days(GUARANTEE_LEFT).plus_months(-12).plus_days(-12),
            _ => self.begin.plus_days(-CONTRACT_BEFORE + i64::from(luck.below(6))),
        };
        Plan {
            number,
            code: format!("YS-{region}-{:03}", number + 1),
            name,
            region,
            trouble,
            owner,
            contractor,
            subcontractor,
            sum: Fen(millions * 100_000_000 + i64::from(luck.below(900)) * 1_000_000),
            // Rounded up to 10 000 yuan.
            monthly: Fen((wages / 1_000_000 + 1) * 1_000_000),
            industry,
            manager: people::name(&mut luck),
            contract_on,
            started_on: self.begin.plus_days(i64::from(luck.below(3))),
            people,
            first_person,
        }
    }

    /// The first day on which anything happens.
    pub fn first_day(&self) -> Day {
        self.begin.plus_days(-CONTRACT_BEFORE - 1)
    }

    /// The day on which the finished project was finished.
    pub fn finished_on(&self) -> Day {
        self.anchor.plus_days(-20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::person::Uscc;
    use std::collections::BTreeSet;

    #[test]
    fn the_city_has_what_the_demonstration_promises() {
        let city = City::new(1, "2026-03-31".parse().unwrap(), 100);
        assert_eq!((city.owners.len(), city.contractors.len(), city.projects.len()), (3, 4, 12));
        assert_eq!(city.projects.iter().map(|plan| plan.people.len()).sum::<usize>(), 600);
        assert_eq!(city.begin, "2026-01-01".parse().unwrap());
        assert_eq!(city.last_due, "2026-02".parse().unwrap());
        let regions: BTreeSet<&str> = city.projects.iter().map(|plan| plan.region).collect();
        assert_eq!(regions, BTreeSet::from(["330784", "350500", "650100"]));
        let companies = [&city.owners, &city.contractors, &city.subcontractors];
        for company in companies.into_iter().flatten() {
            assert!(Uscc::from_body(&company.body).is_some(), "{}", company.body);
        }
        for plan in &city.projects {
            assert!(plan.contract_on < plan.started_on && plan.started_on.month() == city.begin.month());
            assert!(plan.monthly < plan.sum);
        }
    }

    #[test]
    fn another_seed_is_another_city() {
        let day = "2026-03-31".parse().unwrap();
        let names = |seed| City::new(seed, day, 100).projects.iter().map(|plan| plan.manager.clone()).collect::<Vec<_>>();
        assert_eq!(names(1), names(1));
        assert_ne!(names(1), names(2));
    }
}
