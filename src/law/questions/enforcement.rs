//! `retention`, `penalty`, `inspection_window`, `joint_intervention`, `fled_order`, `award_final`.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::base::{Day, Fen, RegionCode};
use crate::law::LawBook;
use crate::law::book::Span;
use crate::law::book::ids::*;

use super::given::{Given, Refusal, choices};
use super::grounds::{Asking, Grounds};

choices! {
    /// What is kept.
    RecordKind {
        /// 用工管理台账.
        LabourLedger = "labour_ledger",
        /// Images of attendance.
        AttendanceImage = "attendance_image",
    }
}

/// A record and the days that matter to it.
#[derive(Debug, Clone, Default)]
pub struct RetentionInput {
    /// What is kept.
    pub kind: Option<RecordKind>,
    /// Day of recording.
    pub recorded_on: Option<Day>,
    /// Work finished.
    pub finished_on: Option<Day>,
    /// All wages settled.
    pub settled_on: Option<Day>,
    /// The image is part of the labour ledger.
    pub in_labour_ledger: bool,
}

/// Until when it is kept.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Kept until this day or later.
    pub keep_until: Option<Day>,
}

impl RetentionInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        let kind = given.choice("kind")?;
        let mut input = RetentionInput { kind, ..RetentionInput::default() };
        (input.finished_on, input.settled_on) = (given.day("finished_on")?, given.day("settled_on")?);
        if kind != Some(RecordKind::LabourLedger) {
            input.recorded_on = given.day("recorded_on")?;
            input.in_labour_ledger = given.truth("in_labour_ledger")?.unwrap_or(false);
        }
        Ok(input)
    }
}

fn after(day: Day, span: Span) -> Day {
    day.plus_months(i32::try_from(span.count).unwrap_or(i32::MAX))
}

/// Computes the end of keeping (R724-28c, R18-15); an image that belongs to the ledger is kept the longer of the two.
pub fn retention(book: &LawBook, region: RegionCode, as_of: Day, input: &RetentionInput) -> RetentionAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let kind = asking.fact("kind", input.kind);
    let ledger = |asking: &mut Asking<'_>| {
        let days = asking.fact("finished_on", input.finished_on).zip(asking.fact("settled_on", input.settled_on));
        let (finished, settled) = days?;
        Some(after(finished.max(settled), asking.span(R724_28C, "retention.labour_ledger")?))
    };
    let keep_until = match kind {
        Some(RecordKind::LabourLedger) => ledger(&mut asking),
        Some(RecordKind::AttendanceImage) => {
            let recorded = asking.fact("recorded_on", input.recorded_on);
            let image = recorded.and_then(|on| Some(after(on, asking.span(R18_15, "retention.attendance_image")?)));
            if input.in_labour_ledger { image.zip(ledger(&mut asking)).map(|(image, ledger)| image.max(ledger)) } else { image }
        }
        None => None,
    };
    RetentionAnswer { grounds: asking.done(keep_until.is_some()), keep_until }
}

choices! {
    /// A breach that is fined.
    Breach {
        /// Wages paid in goods or securities.
        PaidInGoods = "paid_in_goods",
        /// No payroll ledger or wage slip.
        LedgerMissing = "ledger_missing",
        /// Worker's card held.
        CardHeld = "card_held",
        /// No wage account.
        AccountMissing = "account_missing",
        /// No deposit and no guarantee.
        DepositMissing = "deposit_missing",
        /// No real-name management.
        RealNameMissing = "real_name_missing",
        /// Subcontractor without monthly assessment, sheet or signature.
        NoPayrollProcedure = "no_payroll_procedure",
        /// General contractor does not supervise.
        NoSupervision = "no_supervision",
        /// No notice board.
        NoticeBoardMissing = "notice_board_missing",
        /// Owner without payment bond.
        PaymentBondMissing = "payment_bond_missing",
        /// Labour cost not paid to the account.
        LabourCostUnpaid = "labour_cost_unpaid",
        /// Papers refused.
        PapersRefused = "papers_refused",
    }
}

impl Breach {
    /// The article that fines it and the party it is proposed against.
    pub fn sanction(self) -> (&'static str, &'static str) {
        match self {
            Breach::PaidInGoods | Breach::LedgerMissing | Breach::CardHeld => (R724_54, "employer"),
            Breach::AccountMissing | Breach::DepositMissing | Breach::RealNameMissing => (R724_55, "general_contractor"),
            Breach::NoPayrollProcedure => (R724_56, "subcontractor"),
            Breach::NoSupervision | Breach::NoticeBoardMissing => (R724_56, "general_contractor"),
            Breach::PaymentBondMissing | Breach::LabourCostUnpaid => (R724_57, "owner"),
            Breach::PapersRefused => (R724_57, "general_contractor"),
        }
    }
}

choices! {
    /// A dispute that is raised as a reason.
    Dispute {
        /// Quantity of work.
        Quantity = "quantity",
        /// Quality of work.
        Quality = "quality",
        /// Price.
        Price = "price",
    }
}

/// A breach after an order to correct.
#[derive(Debug, Clone, Default)]
pub struct PenaltyInput {
    /// What was breached.
    pub breach: Option<Breach>,
    /// The order to correct was obeyed in time.
    pub order_obeyed: Option<bool>,
    /// A dispute raised; it changes nothing.
    pub dispute: Option<Dispute>,
}

/// The bracket of a fine.
#[derive(Debug, Clone, Serialize)]
pub struct PenaltyAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// A fine may be proposed.
    pub proposed: Option<bool>,
    /// Against whom.
    pub against: Option<&'static str>,
    /// Lowest fine of the unit.
    pub unit_min: Option<Fen>,
    /// Highest fine of the unit.
    pub unit_max: Option<Fen>,
    /// Lowest fine of each person responsible.
    pub person_min: Option<Fen>,
    /// Highest fine of each person responsible.
    pub person_max: Option<Fen>,
    /// The project is stopped.
    pub stop_work: Option<bool>,
}

impl PenaltyInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(PenaltyInput {
            breach: given.choice("breach")?,
            order_obeyed: given.truth("order_obeyed")?,
            dispute: given.choice("dispute")?,
        })
    }
}

/// Proposes the bracket of a fine; never an amount, and never before the order to correct was missed.
pub fn penalty(book: &LawBook, region: RegionCode, as_of: Day, input: &PenaltyInput) -> PenaltyAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let mut answer = PenaltyAnswer {
        grounds: Grounds::default(),
        proposed: None,
        against: None,
        unit_min: None,
        unit_max: None,
        person_min: None,
        person_max: None,
        stop_work: None,
    };
    let facts = asking.fact("breach", input.breach).zip(asking.fact("order_obeyed", input.order_obeyed));
    let Some((breach, obeyed)) = facts.filter(|(breach, _)| asking.in_force(breach.sanction().0)) else {
        return PenaltyAnswer { grounds: asking.done(false), ..answer };
    };
    let (rule, against) = breach.sanction();
    answer.against = Some(against);
    answer.proposed = Some(!obeyed);
    if obeyed {
        asking.rule(rule, "the order to correct was obeyed");
        answer.stop_work = Some(false);
    } else {
        answer.unit_min = asking.money(rule, &format!("penalty.{rule}.unit_min"));
        answer.unit_max = asking.money(rule, &format!("penalty.{rule}.unit_max"));
        answer.stop_work = asking.truth(rule, &format!("penalty.{rule}.stop_work"));
        if asking.find(&format!("penalty.{rule}.person_min")).is_some() {
            answer.person_min = asking.money(rule, &format!("penalty.{rule}.person_min"));
            answer.person_max = asking.money(rule, &format!("penalty.{rule}.person_max"));
        }
    }
    if let Some(dispute) = input.dispute {
        asking.rule(R724_35, &format!("a dispute about {} changes nothing", dispute.as_str()));
    }
    PenaltyAnswer { grounds: asking.done(true), ..answer }
}

/// A violation and its first complaint.
#[derive(Debug, Clone, Default)]
pub struct WindowInput {
    /// End of the violation; `None` while it goes on.
    pub violation_ended_on: Option<Day>,
    /// First complaint.
    pub complained_on: Option<Day>,
}

/// Whether inspection may still act.
#[derive(Debug, Clone, Serialize)]
pub struct WindowAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Within two years of the end.
    pub possible: Option<bool>,
}

impl WindowInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(WindowInput { violation_ended_on: given.day("violation_ended_on")?, complained_on: given.day("complained_on")? })
    }
}

/// Judges the two years of labour inspection (R423-20).
pub fn inspection_window(book: &LawBook, region: RegionCode, as_of: Day, input: &WindowInput) -> WindowAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let possible = match asking.span(R423_20, "inspection.look_back") {
        None => None,
        Some(back) => match input.violation_ended_on {
            None => Some(true),
            Some(ended) => asking.fact("complained_on", input.complained_on).map(|complained| complained <= after(ended, back)),
        },
    };
    WindowAnswer { grounds: asking.done(possible.is_some()), possible }
}

/// Size of a case.
#[derive(Debug, Clone, Default)]
pub struct JointInput {
    /// Workers concerned.
    pub persons: Option<u32>,
    /// Owed on the project.
    pub project_arrears: Option<Fen>,
    /// Owed by the enterprise.
    pub enterprise_arrears: Option<Fen>,
}

/// Whether departments act together.
#[derive(Debug, Clone, Serialize)]
pub struct JointAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// False where the region has no such rule.
    pub joint: Option<bool>,
}

impl JointInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        let (persons, project) = (given.count("persons")?, given.money("project_arrears")?);
        Ok(JointInput { persons, project_arrears: project, enterprise_arrears: given.money("enterprise_arrears")? })
    }
}

/// Judges local joint handling (RGATE-09).
pub fn joint_intervention(book: &LawBook, region: RegionCode, as_of: Day, input: &JointInput) -> JointAnswer {
    let mut asking = Asking::new(book, region, as_of);
    if asking.find("joint.persons").is_none() {
        return JointAnswer { grounds: asking.done(true), joint: Some(false) };
    }
    let persons = asking.count(RGATE_09, "joint.persons").map(Decimal::from);
    let project = asking.money(RGATE_09, "joint.project_arrears").map(Fen::yuan);
    let enterprise = asking.money(RGATE_09, "joint.enterprise_arrears").map(Fen::yuan);
    let limbs = [
        ("persons", input.persons.map(Decimal::from), persons),
        ("project_arrears", input.project_arrears.map(Fen::yuan), project),
        ("enterprise_arrears", input.enterprise_arrears.map(Fen::yuan), enterprise),
    ];
    let reached = limbs.iter().any(|(_, found, from)| found.zip(*from).is_some_and(|(found, from)| found >= from));
    let missing: Vec<&str> = limbs.iter().filter(|(_, found, _)| found.is_none()).map(|(name, _, _)| *name).collect();
    if !reached {
        missing.iter().for_each(|name| asking.need(name));
    }
    let joint = if reached { Some(true) } else { missing.is_empty().then_some(false) };
    JointAnswer { grounds: asking.done(joint.is_some()), joint }
}

/// An order to an employer who fled.
#[derive(Debug, Clone, Default)]
pub struct FledInput {
    /// Posted at home or on the site.
    pub posted_on_site: Option<bool>,
    /// Recorded by photo or video.
    pub recorded: Option<bool>,
}

/// Whether it counts.
#[derive(Debug, Clone, Serialize)]
pub struct FledAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Counts as an order by the government.
    pub counts_as_ordered: Option<bool>,
}

impl FledInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(FledInput { posted_on_site: given.truth("posted_on_site")?, recorded: given.truth("recorded")? })
    }
}

/// Judges posting instead of service (RCR-04).
pub fn fled_order(book: &LawBook, region: RegionCode, as_of: Day, input: &FledInput) -> FledAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let counts = match (input.posted_on_site, input.recorded) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        (posted, recorded) => {
            asking.fact("posted_on_site", posted);
            asking.fact("recorded", recorded);
            None
        }
    };
    let counts_as_ordered = counts.filter(|_| asking.in_force(RCR_04));
    if counts_as_ordered.is_some() {
        asking.rule(RCR_04, "posting together with a record");
    }
    FledAnswer { grounds: asking.done(counts_as_ordered.is_some()), counts_as_ordered }
}

/// A claim before arbitration.
#[derive(Debug, Clone, Default)]
pub struct AwardInput {
    /// Amount claimed.
    pub claim: Option<Fen>,
    /// Local minimum wage of a month.
    pub minimum_wage: Option<Fen>,
}

/// Whether the award is final for the employer.
#[derive(Debug, Clone, Serialize)]
pub struct AwardAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Up to twelve minimum wages.
    pub r#final: Option<bool>,
}

impl AwardInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(AwardInput { claim: given.money("claim")?, minimum_wage: given.money("minimum_wage")? })
    }
}

/// Judges whether an award on a wage claim is final (RWK-03).
pub fn award_final(book: &LawBook, region: RegionCode, as_of: Day, input: &AwardInput) -> AwardAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let facts = asking.fact("claim", input.claim).zip(asking.fact("minimum_wage", input.minimum_wage));
    let months = facts.and_then(|_| asking.count(RWK_03, "award.final_months"));
    let judged = facts.zip(months).map(|((claim, wage), months)| claim.0 <= wage.0.saturating_mul(i64::from(months)));
    AwardAnswer { grounds: asking.done(judged.is_some()), r#final: judged }
}
