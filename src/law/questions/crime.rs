//! `crime_threshold` (数额较大), `crime_leniency`, and `joint_list`: the joint-sanction list with its term and early removal.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::base::{Day, Fen, RegionCode};
use crate::law::LawBook;
use crate::law::book::Span;
use crate::law::book::ids::{R45_05A, R45_11, R45_12, R45_13, RCR_01, RCR_02, RCR_06};

use super::given::{Given, Refusal, choices};
use super::grounds::{Asking, Grounds};

/// Workers who are owed alike.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// How many.
    pub workers: Option<u32>,
    /// Months for which each is owed.
    pub months: Option<Decimal>,
    /// Owed to each.
    pub each: Option<Fen>,
}

choices! {
    /// An answer that may wait for a figure of the province.
    Met {
        /// The standard is met.
        Yes = "yes",
        /// It is not.
        No = "no",
        /// It depends on what is not known.
        Unknown = "unknown",
    }
}

/// Arrears by groups.
#[derive(Debug, Clone, Default)]
pub struct CrimeInput {
    /// Groups of workers; `None` where nothing is known of them.
    pub groups: Option<Vec<Group>>,
    /// Owed in all; the sum of the groups where absent.
    pub total: Option<Fen>,
}

/// Whether the amount is large.
#[derive(Debug, Clone, Serialize)]
pub struct CrimeAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Whether the standard of the crime is met.
    pub met: Met,
}

impl CrimeInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        let groups = match given.tables("groups")? {
            Some(tables) => {
                let mut groups = Vec::new();
                for table in tables {
                    let mut group = Given::new(table);
                    groups.push(Group {
                        workers: group.count("workers")?,
                        months: group.ratio("months")?,
                        each: group.money("each")?,
                    });
                    group.finish()?;
                }
                Some(groups)
            }
            None => None,
        };
        Ok(CrimeInput { groups, total: given.money("total")? })
    }
}

/// Judges by both limbs of the interpretation: one worker three months, or ten workers together (RCR-02).
pub fn ask(book: &LawBook, region: RegionCode, as_of: Day, input: &CrimeInput) -> CrimeAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let met = threshold(&mut asking, input);
    CrimeAnswer { grounds: asking.done(met.is_some()), met: met.unwrap_or(Met::Unknown) }
}

/// `None` where the question cannot be judged at all; the figure of a province missing is an answer of its own.
fn threshold(asking: &mut Asking<'_>, input: &CrimeInput) -> Option<Met> {
    let (low, high) = (asking.money(RCR_02, "crime.single_low")?, asking.money(RCR_02, "crime.single_high")?);
    let many = (asking.money(RCR_02, "crime.many_low")?, asking.money(RCR_02, "crime.many_high")?);
    let (months, workers) = (asking.ratio(RCR_02, "crime.months")?, asking.count(RCR_02, "crime.workers")?);
    let groups = match &input.groups {
        Some(groups) if !groups.is_empty() => groups,
        _ => {
            asking.need("groups");
            return None;
        }
    };
    let known = asking.grounds.needs.len();
    let mut single = Met::No;
    for group in groups.iter().filter(|group| group.workers != Some(0)) {
        let long = group.months.map(|owed| owed >= months);
        let limb = match (long, group.each.map(|each| between(each, low, high))) {
            (Some(false), _) | (_, Some(Met::No)) => Met::No,
            (Some(true), Some(large)) => figure(asking, large),
            (long, each) => {
                if long.is_none() {
                    asking.need("months");
                }
                if each.is_none() {
                    asking.need("each");
                }
                Met::Unknown
            }
        };
        single = either(single, limb);
    }
    let limb = many_limb(asking, groups, input.total, workers, many);
    let met = either(single, limb);
    match met {
        Met::Unknown => {
            let facts = asking.grounds.needs.iter().any(|need| ["months", "each", "workers", "total"].contains(&need.as_str()));
            if facts { None } else { Some(Met::Unknown) }
        }
        _ => {
            asking.grounds.needs.truncate(known);
            Some(met)
        }
    }
}

/// The second limb: so many workers, and so much in all.
fn many_limb(asking: &mut Asking<'_>, groups: &[Group], total: Option<Fen>, workers: u32, (low, high): (Fen, Fen)) -> Met {
    let counts: Option<Vec<u32>> = groups.iter().map(|group| group.workers).collect();
    let at_least: u32 = groups.iter().filter_map(|group| group.workers).fold(0, u32::saturating_add);
    let enough = if at_least >= workers { Some(true) } else { counts.map(|_| false) };
    let each = |group: &Group| Some(group.each?.0.saturating_mul(i64::from(group.workers?)));
    let sum = || groups.iter().map(each).try_fold(0i64, |sum, part| Some(sum.saturating_add(part?))).map(Fen);
    match (enough, total.or_else(sum).map(|total| between(total, low, high))) {
        (Some(false), _) | (_, Some(Met::No)) => Met::No,
        (Some(true), Some(large)) => figure(asking, large),
        (enough, large) => {
            if enough.is_none() {
                asking.need("workers");
            }
            if large.is_none() {
                asking.need("total");
            }
            Met::Unknown
        }
    }
}

/// Below the lower bound no, at the upper bound yes, between them a figure is missing.
fn between(amount: Fen, low: Fen, high: Fen) -> Met {
    if amount >= high {
        Met::Yes
    } else if amount < low {
        Met::No
    } else {
        Met::Unknown
    }
}

/// Notes the figure that is missing where the amount lies between the bounds.
fn figure(asking: &mut Asking<'_>, large: Met) -> Met {
    if large == Met::Unknown {
        asking.need("provincial_figure");
        if asking.find("crime.single_low").is_some_and(|dated| dated.region != RegionCode::NATION) {
            asking.need("city");
        }
    }
    large
}

fn either(one: Met, other: Met) -> Met {
    match (one, other) {
        (Met::Yes, _) | (_, Met::Yes) => Met::Yes,
        (Met::No, Met::No) => Met::No,
        _ => Met::Unknown,
    }
}

choices! {
    /// Before which step wages and compensation were paid.
    PaidBefore {
        /// Before criminal filing.
        Filing = "filing",
        /// Before prosecution.
        Prosecution = "prosecution",
        /// Before the first judgment.
        FirstJudgment = "first_judgment",
    }
}

/// When wages and compensation were paid.
#[derive(Debug, Clone, Default)]
pub struct LeniencyInput {
    /// The step that came after.
    pub paid_before: Option<PaidBefore>,
}

/// What payment does.
#[derive(Debug, Clone, Serialize)]
pub struct LeniencyAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// `no_crime_possible`, `reduced_or_waived` or `lighter`.
    pub effect: Option<&'static str>,
}

impl LeniencyInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(LeniencyInput { paid_before: given.choice("paid_before")? })
    }
}

/// Names the effect of payment with compensation (RCR-06).
pub fn leniency(book: &LawBook, region: RegionCode, as_of: Day, input: &LeniencyInput) -> LeniencyAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let paid = asking.fact("paid_before", input.paid_before).filter(|_| asking.in_force(RCR_06));
    let effect = paid.map(|paid| match paid {
        PaidBefore::Filing => "no_crime_possible",
        PaidBefore::Prosecution => "reduced_or_waived",
        PaidBefore::FirstJudgment => "lighter",
    });
    if let Some(paid) = paid {
        asking.rule(RCR_06, &format!("paid before {}", paid.as_str()));
    }
    LeniencyAnswer { grounds: asking.done(effect.is_some()), effect }
}

/// A payment limit that may have passed, or a party that is listed.
#[derive(Debug, Clone)]
pub struct ListInput {
    /// Arrears.
    pub arrears: CrimeInput,
    /// Last day of the payment limit.
    pub limit_on: Option<Day>,
    /// Day of payment; `None` while unpaid.
    pub paid_on: Option<Day>,
    /// Day of the listing decision.
    pub listed_on: Option<Day>,
    /// Day of correction.
    pub corrected_on: Option<Day>,
    /// Written promise given.
    pub promised: bool,
    /// Day of new arrears.
    pub new_arrears_on: Option<Day>,
}

/// Whether to list, to transfer, and until when the party stays.
#[derive(Debug, Clone, Serialize)]
pub struct ListAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// The conditions of listing are met.
    pub list: Option<bool>,
    /// Suspected crime: transfer to the police.
    pub transfer: Option<bool>,
    /// End of the term.
    pub term_ends_on: Option<Day>,
    /// First day of early removal; `None` where there is none.
    pub removable_from: Option<Day>,
    /// Early removal is possible on the day of asking.
    pub removable: Option<bool>,
}

impl ListInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(ListInput {
            arrears: CrimeInput::read(given)?,
            limit_on: given.day("limit_on")?,
            paid_on: given.day("paid_on")?,
            listed_on: given.day("listed_on")?,
            corrected_on: given.day("corrected_on")?,
            promised: given.truth("promised")?.unwrap_or(true),
            new_arrears_on: given.day("new_arrears_on")?,
        })
    }
}

/// Judges listing (R45-05a), transfer (RCR-01), term (R45-11) and early removal (R45-12, R45-13).
pub fn joint_list(book: &LawBook, region: RegionCode, as_of: Day, input: &ListInput) -> ListAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let mut answer = ListAnswer {
        grounds: Grounds::default(),
        list: None,
        transfer: None,
        term_ends_on: None,
        removable_from: None,
        removable: None,
    };
    if !asking.in_force(R45_05A) {
        return ListAnswer { grounds: asking.done(false), ..answer };
    }
    let asked = input.limit_on.is_some() || input.arrears.groups.is_some() || input.arrears.total.is_some();
    if asked || input.listed_on.is_none() {
        listing(&mut asking, input, &mut answer);
    }
    if let Some(listed_on) = input.listed_on {
        removal(&mut asking, input, listed_on, &mut answer);
    } else if !asked {
        asking.need("listed_on");
    }
    ListAnswer { grounds: asking.done(answer.list.is_some() || answer.term_ends_on.is_some()), ..answer }
}

fn listing(asking: &mut Asking<'_>, input: &ListInput, answer: &mut ListAnswer) {
    let unpaid = input.paid_on.is_none_or(|paid| paid > asking.as_of);
    let passed = input.limit_on.map(|limit| asking.as_of > limit && input.paid_on.is_none_or(|paid| paid > limit));
    if passed == Some(false) {
        asking.rule(R45_05A, "the limit did not pass unpaid");
        (answer.list, answer.transfer) = (Some(false), Some(false));
        return;
    }
    match threshold(asking, &input.arrears) {
        Some(Met::No) => {
            asking.rule(R45_05A, "below the amount of the crime");
            asking.grounds.needs.clear();
            (answer.list, answer.transfer) = (Some(false), Some(false));
        }
        Some(Met::Yes) if passed == Some(true) => {
            asking.rule(R45_05A, "the limit passed unpaid and the amount is reached");
            if unpaid {
                asking.rule(RCR_01, "still unpaid after the order");
            }
            (answer.list, answer.transfer) = (Some(true), Some(unpaid));
        }
        _ => {
            asking.fact("limit_on", input.limit_on);
        }
    }
}

fn removal(asking: &mut Asking<'_>, input: &ListInput, listed_on: Day, answer: &mut ListAnswer) {
    let months = |span: Span| i32::try_from(span.count).unwrap_or(i32::MAX);
    let Some(term) = asking.span(R45_11, "joint_list.term") else { return };
    let ends_on = listed_on.plus_months(months(term));
    answer.term_ends_on = Some(ends_on);
    answer.removable = Some(false);
    let again = input.new_arrears_on.is_some_and(|on| on >= listed_on && on <= ends_on);
    let Some(corrected_on) = input.corrected_on.filter(|_| input.promised) else { return };
    if again {
        asking.rule(R45_13, "new arrears while listed");
        return;
    }
    let Some(wait) = asking.span(R45_12, "joint_list.early_removal") else { return };
    let from = corrected_on.max(listed_on).plus_months(months(wait));
    if from < ends_on && asking.as_of < ends_on {
        answer.removable_from = Some(from);
        answer.removable = Some(asking.as_of >= from);
    }
}
