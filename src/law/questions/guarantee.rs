//! `guarantee`: whether a letter of guarantee stands in for the deposit, and when to remind; `deposit_top_up`: bringing a reduced
//! deposit up after arrears; when the bank's next statement of the deposit is due; `region_file`: checking the numbers of a region's deposit rule.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::base::{Day, Fen, RegionCode, Rounding};
use crate::law::LawBook;
use crate::law::book::Standing;
use crate::law::book::ids::{R65_02, R65_11A, R65_11B, R65_12A, R65_12B, R65_15, R65_17, R65_21};

use super::deadline::End;
use super::given::{Given, Refusal, choices};
use super::grounds::{Asking, Grounds, REGIONAL_RULE};

choices! {
    /// Form in which a deposit is given. National law names money and a bank's letter; bonds of guarantee companies and insurance are
    /// for the region to admit (R65-02).
    Form {
        /// Money.
        Cash = "cash",
        /// A bank's letter of guarantee.
        LetterOfGuarantee = "letter_of_guarantee",
        /// Insurance.
        Insurance = "insurance",
        /// Bond of a guarantee company.
        Bond = "bond",
    }
}

impl Form {
    /// The parameter that admits it.
    pub fn key(self) -> &'static str {
        match self {
            Form::Cash => "deposit.form.cash",
            Form::LetterOfGuarantee => "deposit.form.letter_of_guarantee",
            Form::Insurance => "deposit.form.insurance",
            Form::Bond => "deposit.form.bond",
        }
    }

    /// Whether the law of a place admits it on a day, with where that is written; `None` where its text does not name it, so that a
    /// person has to look.
    pub fn admitted(self, book: &LawBook, region: RegionCode, on: Day) -> Option<(bool, String)> {
        let dated = book.value(self.key(), region, on).value?;
        dated.value.as_truth().map(|truth| (truth, dated.citation.to_string()))
    }
}

/// The letter and the deposit that it stands for.
#[derive(Debug, Clone, Default)]
pub struct GuaranteeInput {
    /// What it is; amount and term alone are judged where it is not told.
    pub form: Option<Form>,
    /// Deposit due.
    pub deposit_due: Option<Fen>,
    /// Amount of the letter.
    pub amount: Option<Fen>,
    /// Term in months.
    pub term_months: Option<u32>,
    /// Contract period in months.
    pub contract_months: Option<u32>,
    /// Last day of the letter.
    pub ends_on: Option<Day>,
    /// No reminder is due any more.
    pub project_finished: bool,
}

/// Whether it is accepted, and when the contractor is reminded.
#[derive(Debug, Clone, Serialize)]
pub struct GuaranteeAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Amount and term are enough; `None` where not known.
    pub accepted: Option<bool>,
    /// `form_not_admitted`, `amount_below_due`, `term_below_one_year`, `term_below_contract`.
    pub reasons: Vec<&'static str>,
    /// One month before the end, while the project is not finished.
    pub remind_on: Option<Day>,
}

impl GuaranteeInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(GuaranteeInput {
            form: given.choice("form")?,
            deposit_due: given.money("deposit_due")?,
            amount: given.money("amount")?,
            term_months: given.count("term_months")?,
            contract_months: given.count("contract_months")?,
            ends_on: given.day("ends_on")?,
            project_finished: given.truth("project_finished")?.unwrap_or(false),
        })
    }
}

/// Judges a letter of guarantee by amount and term (R65-15, R65-17).
pub fn ask(book: &LawBook, region: RegionCode, as_of: Day, input: &GuaranteeInput) -> GuaranteeAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let mut answer = GuaranteeAnswer { grounds: Grounds::default(), accepted: None, reasons: Vec::new(), remind_on: None };
    if !asking.in_force(R65_15) {
        return GuaranteeAnswer { grounds: asking.done(false), ..answer };
    }
    let dated = input.form.map(|form| asking.find(form.key()));
    if let Some(Some(dated)) = dated {
        asking.used(R65_02, dated);
        if dated.value.as_truth() == Some(false) {
            answer.reasons.push("form_not_admitted");
        }
    }
    // A text that does not name the form neither admits nor forbids it.
    let is_unnamed = matches!(dated, Some(None));
    if is_unnamed {
        asking.need(REGIONAL_RULE);
    }
    let amount = input.amount.zip(input.deposit_due).map(|(amount, due)| amount >= due);
    let year = asking.find("guarantee.term_min").and_then(|dated| dated.value.as_span());
    let long = input.term_months.zip(year).map(|(term, least)| term >= least.count);
    let covers = input.term_months.zip(input.contract_months).map(|(term, contract)| term >= contract);
    for (holds, reason) in [(amount, "amount_below_due"), (long, "term_below_one_year"), (covers, "term_below_contract")] {
        if holds == Some(false) {
            answer.reasons.push(reason);
        }
    }
    if amount.is_some() {
        asking.rule(R65_15, "amount against deposit due");
    }
    if let Some(dated) = asking.find("guarantee.term_min").filter(|_| long.is_some() || covers.is_some()) {
        asking.used(R65_17, dated);
    }
    answer.accepted = match (amount, long, covers) {
        _ if !answer.reasons.is_empty() => Some(false),
        (Some(true), Some(true), Some(true)) if !is_unnamed => Some(true),
        _ => None,
    };
    if answer.accepted.is_none() {
        asking.fact("deposit_due", input.deposit_due);
        asking.fact("amount", input.amount);
        asking.fact("term_months", input.term_months);
        asking.fact("contract_months", input.contract_months);
    }
    if let Some(ends_on) = input.ends_on.filter(|_| !input.project_finished)
        && let Some(before) = asking.span(R65_17, "guarantee.remind_before")
    {
        answer.remind_on = Some(ends_on.plus_months(-i32::try_from(before.count).unwrap_or(i32::MAX)));
    }
    GuaranteeAnswer { grounds: asking.done(answer.accepted.is_some() || answer.remind_on.is_some()), ..answer }
}

/// The next statement of a deposit account.
#[derive(Debug, Clone, Serialize)]
pub struct StatementAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// The day by which it is due, counted from the last one; `None` where the law has no rule on the day.
    pub due: Option<Day>,
}

/// When the bank's next statement of a deposit account is due, counted from the last one, else from the lodging (R65-21). The end of a
/// cycle never moves.
pub fn next_statement(book: &LawBook, region: RegionCode, as_of: Day, last: Day) -> StatementAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let span = if asking.in_force(R65_21) { asking.span(R65_21, "deposit.statement_cycle") } else { None };
    let due = span.and_then(|span| End::after(book.calendar(), last, span, false).due);
    StatementAnswer { grounds: asking.done(due.is_some()), due }
}

/// A reduced deposit and the arrears that came.
#[derive(Debug, Clone, Default)]
pub struct TopUpInput {
    /// The amount before history.
    pub standard_amount: Option<Fen>,
    /// What is held.
    pub held: Option<Fen>,
    /// Day of the arrears on the project whose deposit was reduced.
    pub arrears_on: Option<Day>,
}

/// What the deposit must be brought to.
#[derive(Debug, Clone, Serialize)]
pub struct TopUpAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// The deposit in all.
    pub total: Option<Fen>,
    /// What is still to be laid down.
    pub more: Option<Fen>,
    /// By when.
    pub due: Option<Day>,
    /// A calendar year that is needed was not published.
    pub provisional: bool,
}

impl TopUpInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        let (standard_amount, held, arrears_on) =
            (given.money("standard_amount")?, given.money("held")?, given.day("arrears_on")?);
        Ok(TopUpInput { standard_amount, held, arrears_on })
    }
}

/// Computes what a region demands after arrears on a reduced project.
pub fn top_up(book: &LawBook, region: RegionCode, as_of: Day, input: &TopUpInput) -> TopUpAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let mut answer = TopUpAnswer { grounds: Grounds::default(), total: None, more: None, due: None, provisional: false };
    if asking.find("deposit_top_up.multiple").is_none() {
        asking.need(REGIONAL_RULE);
        return TopUpAnswer { grounds: asking.done(false), ..answer };
    }
    if let Some(standard) = asking.fact("standard_amount", input.standard_amount)
        && let Some(multiple) = asking.ratio(R65_12B, "deposit_top_up.multiple")
    {
        answer.total = standard.times(multiple, Rounding::HalfUp).ok();
        let held = asking.fact("held", input.held);
        answer.more = answer.total.zip(held).map(|(total, held)| Fen(total.0.saturating_sub(held.0)).or_zero());
    }
    if let Some(arrears_on) = asking.fact("arrears_on", input.arrears_on)
        && let Some(limit) = asking.span(R65_12B, "deposit_top_up.limit")
    {
        let end = End::after(book.calendar(), arrears_on, limit, true);
        answer.due = end.due;
        answer.provisional = end.due.is_none();
    }
    let given = answer.total.is_some() || answer.due.is_some() || answer.provisional;
    TopUpAnswer { grounds: asking.done(given), ..answer }
}

/// Numbers of a region's deposit rule that are to be checked.
#[derive(Debug, Clone, Default)]
pub struct RegionFileInput {
    /// Base rate.
    pub deposit_rate: Option<Decimal>,
    /// Rate of a further project.
    pub second_project_rate: Option<Decimal>,
    /// Raise after arrears, as a share.
    pub raise_after_arrears: Option<Decimal>,
    /// Raise on the list, as a share.
    pub raise_on_list: Option<Decimal>,
    /// Reduction after two clean years, as a share.
    pub reduce_after_two_years: Option<Decimal>,
}

/// How bad it is.
#[derive(Debug, Clone, Serialize)]
pub struct RegionFileAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// `ok`, `warning` or `error`.
    pub severity: Option<&'static str>,
    /// The keys at fault.
    pub reasons: Vec<&'static str>,
}

impl RegionFileInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(RegionFileInput {
            deposit_rate: given.ratio("deposit_rate")?,
            second_project_rate: given.ratio("second_project_rate")?,
            raise_after_arrears: given.ratio("raise_after_arrears")?,
            raise_on_list: given.ratio("raise_on_list")?,
            reduce_after_two_years: given.ratio("reduce_after_two_years")?,
        })
    }
}

/// Checks numbers against the national frame: below a verified minimum is an error, below one from memory a warning, a base rate
/// outside the frame a warning ("in principle").
pub fn region_file(book: &LawBook, as_of: Day, input: &RegionFileInput) -> RegionFileAnswer {
    let mut asking = Asking::new(book, RegionCode::NATION, as_of);
    let (mut warning, mut error, mut judged) = (false, false, false);
    let mut reasons = Vec::new();
    if let Some(rate) = input.deposit_rate
        && let (Some(low), Some(high)) = (asking.ratio(R65_11A, "deposit.rate_min"), asking.ratio(R65_11A, "deposit.rate_max"))
    {
        judged = true;
        if rate < low || rate > high {
            warning = true;
            reasons.push("deposit_rate");
        }
    }
    let minimums = [
        ("second_project_rate", input.second_project_rate, R65_11B, "deposit.second_project_floor"),
        ("raise_after_arrears", input.raise_after_arrears, R65_12B, "deposit.raise_after_arrears"),
        ("raise_on_list", input.raise_on_list, R65_12B, "deposit.raise_on_list"),
        ("reduce_after_two_years", input.reduce_after_two_years, R65_12A, "deposit.reduce_after_two_years"),
    ];
    for (name, number, rule, key) in minimums {
        let Some((number, dated)) = number.zip(asking.find(key)) else { continue };
        let Some(least) = dated.value.as_ratio() else { continue };
        judged = true;
        asking.used(rule, dated);
        if number < least {
            reasons.push(name);
            match dated.status {
                Standing::InForce => error = true,
                _ => warning = true,
            }
        }
    }
    if !judged {
        for name in ["deposit_rate", "second_project_rate", "raise_after_arrears", "raise_on_list", "reduce_after_two_years"] {
            asking.need(name);
        }
    }
    let severity = judged.then_some(if error {
        "error"
    } else if warning {
        "warning"
    } else {
        "ok"
    });
    RegionFileAnswer { grounds: asking.done(judged), severity, reasons }
}
