//! `deadline`: when a time limit ends, and `pay_date`: the day by which an agreed pay date obliges.
//!
//! The start day is not counted (C-01); calendar-day limits that end on a rest day move (C-02), a publicity period and the
//! cycle of labour-cost payments do not. A limit that reaches into a year without a calendar is provisional, never guessed.

use serde::Serialize;

use crate::base::{Calendar, Day, RegionCode};
use crate::law::LawBook;
use crate::law::book::ids::*;
use crate::law::book::{Span, SpanUnit, Value};

use super::given::{Given, Refusal, choices};
use super::grounds::{Asking, Grounds};

choices! {
    /// What ends.
    DeadlineKind {
        /// Opening of the wage account, from the contract.
        AccountOpen = "account_open",
        /// Filing of the wage account, from its opening.
        AccountFiling = "account_filing",
        /// Wage deposit, from the permit or the contract.
        Deposit = "deposit",
        /// Payment out of the deposit, from the notice.
        DepositPayOut = "deposit_pay_out",
        /// Replenishing the deposit, from its use.
        DepositReplenish = "deposit_replenish",
        /// Publicity of no arrears.
        Publicity = "publicity",
        /// Decision on return of the deposit, from the application.
        DepositReturnDecision = "deposit_return_decision",
        /// Confirmation of return, from the decision.
        DepositReturnConfirmation = "deposit_return_confirmation",
        /// Notice of arrears found on an application for return.
        ArrearsNotice = "arrears_notice",
        /// Labour inspection, from filing.
        Inspection = "inspection",
        /// Decision on the joint-sanction list, from the end of the payment limit.
        ListingDecision = "listing_decision",
        /// The party's objection to listing.
        ListingObjection = "listing_objection",
        /// Decision on criminal transfer, from the report.
        TransferDecision = "transfer_decision",
        /// Decision of the police, from acceptance.
        PoliceDecision = "police_decision",
        /// Construction permit, from the application.
        PermitDecision = "permit_decision",
        /// Start of construction, from the permit.
        StartAfterPermit = "start_after_permit",
        /// Filing of completion, from acceptance.
        CompletionFiling = "completion_filing",
        /// Arbitration award, from acceptance of the case.
        ArbitrationAward = "arbitration_award",
        /// Decision on legal aid, from the application.
        LegalAidDecision = "legal_aid_decision",
        /// Naming a lawyer, from the decision.
        LegalAidLawyer = "legal_aid_lawyer",
        /// Next labour-cost payment, from the last one.
        LabourCostTransfer = "labour_cost_transfer",
        /// Payment by a public body.
        PublicBodyPayment = "public_body_payment",
        /// Payment by a large company.
        LargeCompanyPayment = "large_company_payment",
    }
}

impl DeadlineKind {
    /// The rule that sets the limit.
    pub fn rule(self) -> &'static str {
        use DeadlineKind as K;
        match self {
            K::AccountOpen => R53_06A,
            K::AccountFiling => R53_06C,
            K::Deposit => R65_08,
            K::DepositPayOut => R65_19,
            K::DepositReplenish => R65_20,
            K::Publicity => R724_27B,
            K::DepositReturnDecision | K::DepositReturnConfirmation => R65_22A,
            K::ArrearsNotice => R65_22B,
            K::Inspection => R423_17,
            K::ListingDecision => R45_08,
            K::ListingObjection => R45_06,
            K::TransferDecision => R310_05,
            K::PoliceDecision => R310_08,
            K::PermitDecision => RGATE_01,
            K::StartAfterPermit => RGATE_05,
            K::CompletionFiling => RGATE_07,
            K::ArbitrationAward => RWK_03,
            K::LegalAidDecision | K::LegalAidLawyer => RWK_04,
            K::LabourCostTransfer => R53_12A,
            K::PublicBodyPayment | K::LargeCompanyPayment => RL_03,
        }
    }

    /// Whether the last day moves off rest days.
    pub fn moves(self) -> bool {
        !matches!(self, DeadlineKind::Publicity | DeadlineKind::LabourCostTransfer)
    }

    fn extends(self) -> bool {
        matches!(self, DeadlineKind::Inspection | DeadlineKind::ListingDecision | DeadlineKind::ArbitrationAward)
    }
}

/// Which limit, from which day.
#[derive(Debug, Clone)]
pub struct DeadlineInput {
    /// What ends.
    pub kind: Option<DeadlineKind>,
    /// The day of the event that starts the limit.
    pub from: Option<Day>,
    /// Extended as the law allows, for the kinds that know an extension.
    pub extended: bool,
    /// Full extensions of the start after a permit.
    pub extensions: u32,
}

/// The end of the limit.
#[derive(Debug, Clone, Serialize)]
pub struct DeadlineAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Last day after rest days were taken into account; `None` where provisional.
    pub due: Option<Day>,
    /// Last day before that.
    pub raw: Option<Day>,
    /// A calendar year that is needed was not published.
    pub provisional: bool,
}

impl DeadlineInput {
    /// A limit without extensions.
    pub fn new(kind: DeadlineKind, from: Day) -> Self {
        DeadlineInput { kind: Some(kind), from: Some(from), extended: false, extensions: 0 }
    }

    pub(super) fn read(given: &mut Given<'_>, book: &LawBook, region: RegionCode, as_of: Day) -> Result<Self, Refusal> {
        let (kind, from) = (given.choice::<DeadlineKind>("kind")?, given.day("from")?);
        let mut input = DeadlineInput { kind, from, extended: false, extensions: 0 };
        if kind.is_none_or(DeadlineKind::extends) {
            input.extended = given.truth("extended")?.unwrap_or(false);
        }
        if kind.is_none_or(|kind| kind == DeadlineKind::StartAfterPermit) {
            input.extensions = given.count("extensions")?.unwrap_or(0);
            let most = book.value("deadline.start_extensions_max", region, as_of).value.and_then(|dated| dated.value.as_count());
            if most.is_some_and(|most| input.extensions > most) {
                let most = most.unwrap_or_default();
                return Err(Refusal::new("extensions", &format!("最多 {most} 次"), &format!("at most {most}")));
            }
        }
        Ok(input)
    }
}

/// Computes the end of the limit.
pub fn ask(book: &LawBook, region: RegionCode, as_of: Day, input: &DeadlineInput) -> DeadlineAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let (kind, from) = (asking.fact("kind", input.kind), asking.fact("from", input.from));
    let end = kind.zip(from).and_then(|(kind, from)| end_of(&mut asking, kind, from, input));
    let Some(end) = end else {
        return DeadlineAnswer { grounds: asking.done(false), due: None, raw: None, provisional: false };
    };
    DeadlineAnswer { grounds: asking.done(true), due: end.due, raw: Some(end.raw), provisional: end.due.is_none() }
}

fn end_of(asking: &mut Asking<'_>, kind: DeadlineKind, from: Day, input: &DeadlineInput) -> Option<End> {
    let key = format!("deadline.{}", kind.as_str());
    let mut span = asking.span(kind.rule(), &key)?;
    if input.extended && kind.extends() {
        let more = asking.span(kind.rule(), &format!("{key}_extension"))?;
        span.count = span.count.saturating_add(more.count);
    }
    if kind == DeadlineKind::StartAfterPermit {
        let most = asking.count(kind.rule(), "deadline.start_extensions_max")?;
        span.count = span.count.saturating_mul(1 + input.extensions.min(most));
    }
    let mut start = from;
    if kind == DeadlineKind::Publicity {
        asking.rule(R65_22A, "the same period for the return of the deposit");
        let counts = asking.find("publicity_counts_first_day").filter(|dated| dated.value == Value::Truth(true));
        let note = if counts.is_some() { "the region counts the first day" } else { "the first day is not counted" };
        asking.rule(C_08, note);
        start = if counts.is_some() { from.plus_days(-1) } else { from };
    }
    let end = End::after(asking.book.calendar(), start, span, kind.moves());
    if end.due.is_some_and(|due| due != end.raw) {
        asking.rule(C_02, &format!("{} is a rest day", end.raw));
    }
    Some(end)
}

/// The end of a limit: the day by the bare count, and the day that holds, where the calendar of its year was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::law) struct End {
    pub(in crate::law) raw: Day,
    pub(in crate::law) due: Option<Day>,
}

impl End {
    pub(in crate::law) fn after(calendar: &Calendar, start: Day, span: Span, moves: bool) -> End {
        let count = i64::from(span.count);
        let raw = match span.unit {
            SpanUnit::Workday => match calendar.plus_workdays(start, span.count) {
                Some(day) => return End { raw: day, due: Some(day) },
                None => return End { raw: estimate(calendar, start, span.count), due: None },
            },
            SpanUnit::Day => start.plus_days(count),
            SpanUnit::Month => start.plus_months(i32::try_from(count).unwrap_or(i32::MAX)),
        };
        End { raw, due: if moves { calendar.on_or_after(raw) } else { Some(raw) } }
    }
}

/// Working days where a year was not published: its weekdays are taken for worked, and the answer is marked as provisional.
fn estimate(calendar: &Calendar, start: Day, count: u32) -> Day {
    let mut day = start;
    let mut left = count;
    while left > 0 {
        day = day.plus_days(1);
        left -= u32::from(calendar.is_workday(day).unwrap_or(!day.is_weekend()));
    }
    day
}

/// The agreed pay date.
#[derive(Debug, Clone)]
pub struct PayDateInput {
    /// The day that was agreed.
    pub agreed_on: Option<Day>,
}

/// The day by which wages must be paid.
#[derive(Debug, Clone, Serialize)]
pub struct PayDateAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// On or before the agreed day: pay dates move backwards off rest days.
    pub pay_by: Option<Day>,
    /// The calendar of the year was not published.
    pub provisional: bool,
}

impl PayDateInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(PayDateInput { agreed_on: given.day("agreed_on")? })
    }
}

/// Moves an agreed pay date off rest days, backwards (R724-14).
pub fn pay_date(book: &LawBook, region: RegionCode, as_of: Day, input: &PayDateInput) -> PayDateAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let agreed = asking.fact("agreed_on", input.agreed_on).filter(|_| asking.in_force(R724_14));
    let Some(agreed_on) = agreed else {
        return PayDateAnswer { grounds: asking.done(false), pay_by: None, provisional: false };
    };
    let pay_by = book.calendar().on_or_before(agreed_on);
    match pay_by {
        Some(day) => asking.rule(R724_14, &format!("{agreed_on} -> {day}")),
        None => asking.need("calendar"),
    }
    PayDateAnswer { grounds: asking.done(pay_by.is_some()), pay_by, provisional: pay_by.is_none() }
}
