//! The wage slip: one line of a sheet as the worker is given it, with the eleven contents that the wage ledger must have (R724-15).
//!
//! What is not on record is named as missing, never left out in silence. Identity number, telephone and card are masked. Deliberately
//! absent: sums of its own. It shows what the line and its items hold.

pub mod http;

use serde::Serialize;

use super::items::{self, Item, ItemKind, labels};
use super::life::Cycle;
use super::table::{self, LineRow, SheetRow};
use super::{LineState, Means, end_to_end_id, life};
use crate::base::id::LineId;
use crate::base::{Day, Fen, Month};
use crate::parties;
use crate::projects::{self, Site};
use crate::store::AnyConn;
use crate::web::{Ctx, Lang, Problem};
use crate::workers;

/// One line of a slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SlipItem {
    /// What for.
    pub kind: ItemKind,
    /// In words: what was made here in both languages, what people wrote as they wrote it.
    pub label: String,
    /// How many, as people write it.
    pub quantity: String,
    /// For each.
    pub unit_price: Fen,
    /// Per cent of the unit price.
    pub rate_percent: i32,
    /// Amount.
    pub amount: Fen,
    /// Whether it waits for a confirmation and is not part of the sums.
    pub waits: bool,
}

/// A wage slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = WageSlip)]
pub struct Slip {
    /// The line.
    pub line: LineId,
    /// Project.
    pub project: String,
    /// 1. Employer.
    pub employer: Option<String>,
    /// 2. Cycle: the month to which the sheet belongs.
    pub month: Month,
    /// The cycle of a sheet of less than a month; `null` for one of the whole month.
    pub cycle: Option<Cycle>,
    /// First day of the cycle.
    pub from_on: Day,
    /// Last day of the cycle.
    pub to_on: Day,
    /// 3. The day by which it is paid.
    pub pay_by: Day,
    /// 4. Worker.
    pub worker: String,
    /// 5. Identity number, masked.
    pub id_number: String,
    /// 6. Telephone, masked.
    pub phone: Option<String>,
    /// 7. Working time in days, as people write it.
    pub days: String,
    /// 8. Items due.
    pub items: Vec<SlipItem>,
    /// Their sum.
    pub gross: Fen,
    /// 9. Items withheld.
    pub withheld: Vec<SlipItem>,
    /// Their sum.
    pub deductions: Fen,
    /// 10. Net wage.
    pub net: Fen,
    /// Of it contested.
    pub disputed: Fen,
    /// Of it paid.
    pub paid: Fen,
    /// Wage card, masked.
    pub card: Option<String>,
    /// 11. The bank's reference of the payment, once there is one.
    pub payment: Option<String>,
    /// When the bank paid.
    pub paid_on: Option<Day>,
    /// How the worker signed.
    pub signed_by: Option<Means>,
    /// When.
    pub signed_on: Option<Day>,
    /// Where the line stands.
    pub state: LineState,
    /// Version of the line; above 1 after corrections.
    pub version: i32,
    /// Contents that the ledger must have and that are not on record: stable words.
    pub missing: Vec<String>,
}

/// The slip of a line.
pub fn slip(conn: &mut AnyConn, ctx: &Ctx, site: &Site, sheet: &SheetRow, line: &LineRow) -> Result<Slip, Problem> {
    let enrolment = workers::table::find(conn, site.id, line.enrolment_id)?.ok_or_else(Problem::not_found)?;
    let view = workers::lookups::view(conn, ctx.vault(), &enrolment)?;
    let crews = projects::table::crews_of(conn, site.id)?;
    let party = crews.iter().find(|crew| crew.id == enrolment.crew_id).map(|crew| crew.party_id);
    let employer = match party {
        Some(id) => parties::table::find(conn, &ctx.scope, id)?.map(|party| party.name),
        None => None,
    };
    let items = items::actions::of_line(conn, site, line)?;
    let (withheld, due): (Vec<&Item>, Vec<&Item>) =
        items.iter().filter(|item| item.stands()).partition(|item| item.row.kind == ItemKind::Deduction);
    let signature = table::signatures_of(conn, site.id, &[line.id])?.pop();
    let versions = life::table::versions_of(conn, site.id, line.id)?;
    let period = life::table::period_of(conn, site.id, sheet.id)?;
    let cycle = period.as_ref().map(|period| period.cycle);
    let (from_on, to_on) = period.map_or((sheet.month.first(), sheet.month.last()), |period| (period.from_on, period.to_on));
    let mut slip = Slip {
        line: line.id,
        project: site.name.clone(),
        employer,
        month: sheet.month,
        cycle,
        from_on,
        to_on,
        pay_by: line.due_on,
        worker: view.name,
        id_number: view.id_number,
        phone: view.phone,
        days: days(line.days_hundredths),
        items: due.into_iter().map(shown).collect(),
        gross: line.gross_fen,
        withheld: withheld.into_iter().map(shown).collect(),
        deductions: line.deductions_fen,
        net: line.net_fen,
        disputed: line.disputed_fen,
        paid: line.paid_fen,
        card: view.card,
        payment: (line.attempt > 0).then(|| end_to_end_id(line.id, line.attempt)),
        paid_on: line.paid_on,
        signed_by: signature.as_ref().map(|one| one.means),
        signed_on: signature.as_ref().map(|one| one.signed_on),
        state: line.state,
        version: versions.last().map_or(1, |last| last.version),
        missing: Vec::new(),
    };
    complete(&mut slip, line)?;
    Ok(slip)
}

fn days(hundredths: i32) -> String {
    rust_decimal::Decimal::new(i64::from(hundredths), 2).normalize().to_string()
}

fn shown(item: &Item) -> SlipItem {
    SlipItem {
        kind: item.row.kind,
        label: item.row.label.clone(),
        quantity: item.quantity().to_string(),
        unit_price: item.row.unit_price_fen,
        rate_percent: item.row.rate_percent,
        amount: item.row.amount_fen,
        waits: item.waits(),
    }
}

/// Adds what a line held before items were kept, so that the items always come to the sums, and names what is missing.
fn complete(slip: &mut Slip, line: &LineRow) -> Result<(), Problem> {
    let sum = |items: &[SlipItem]| Fen::total(items.iter().filter(|item| !item.waits).map(|item| item.amount));
    let rest = slip.gross.minus(sum(&slip.items)?)?;
    if rest != Fen::ZERO {
        slip.items.insert(
            0,
            SlipItem {
                kind: ItemKind::DayWage,
                label: "工日 work days".to_owned(),
                quantity: slip.days.clone(),
                unit_price: line.day_rate_fen,
                rate_percent: items::PLAIN_RATE,
                amount: rest,
                waits: false,
            },
        );
    }
    let rest = slip.deductions.minus(sum(&slip.withheld)?)?;
    if rest != Fen::ZERO {
        let label = line.state_reason.clone().unwrap_or_else(|| "扣款 deduction".to_owned());
        let quantity = "1".to_owned();
        let (unit_price, rate_percent) = (rest, items::PLAIN_RATE);
        slip.withheld.push(SlipItem {
            kind: ItemKind::Deduction,
            label,
            quantity,
            unit_price,
            rate_percent,
            amount: rest,
            waits: false,
        });
    }
    let missing = [
        ("employer", slip.employer.as_ref().is_none_or(String::is_empty)),
        ("worker", slip.worker.is_empty()),
        ("id_number", slip.id_number.is_empty()),
        ("contact", slip.phone.is_none()),
        ("working_time", line.days_hundredths == 0 && slip.items.is_empty()),
        ("items", slip.items.is_empty()),
        ("voucher_or_signature", slip.paid_on.is_none() && slip.signed_by.is_none()),
    ];
    slip.missing = missing.into_iter().filter(|(_, is_missing)| *is_missing).map(|(word, _)| word.to_owned()).collect();
    Ok(())
}

impl Slip {
    /// What the slip is of, in a title: the month, or the days of a shorter cycle.
    pub fn period(&self) -> String {
        match self.cycle {
            None => self.month.to_string(),
            Some(_) => format!("{} – {}", self.from_on, self.to_on),
        }
    }

    /// The cycle as a stable word.
    pub fn cycle_name(&self) -> &'static str {
        self.cycle.map_or("by_month", |cycle| cycle.as_str())
    }

    /// The cycle in words.
    fn cycle_word(&self, lang: Lang) -> &'static str {
        match self.cycle {
            None => lang.pick("按月", "by month"),
            Some(Cycle::Week) => lang.pick("按周", "by week"),
            Some(Cycle::Days) => lang.pick("按日", "by day"),
        }
    }

    /// The slip as lines of plain text, for a message or a small printer.
    pub fn text(&self, lang: Lang) -> String {
        let t = |zh: &'static str, en: &'static str| lang.pick(zh, en);
        let none = t("未登记", "not on record");
        let mut lines = vec![
            format!("{} {} {}", t("工资条", "Wage slip"), self.period(), self.project),
            format!("{}: {}", t("用人单位", "Employer"), self.employer.as_deref().unwrap_or(none)),
            format!("{}: {} {} – {}", t("工资周期", "Cycle"), self.cycle_word(lang), self.from_on, self.to_on),
            format!("{}: {}  {}  {}", t("工人", "Worker"), self.worker, self.id_number, self.phone.as_deref().unwrap_or(none)),
            format!("{}: {} {}", t("工作时间", "Working time"), self.days, t("工日", "days")),
        ];
        for item in self.items.iter().chain(&self.withheld) {
            let sign = if item.kind == ItemKind::Deduction { "−" } else { "+" };
            let rate =
                if item.rate_percent == items::PLAIN_RATE { String::new() } else { format!(" × {} %", item.rate_percent) };
            let waits = if item.waits { t("（待确认，未计入）", " (waits for confirmation, not counted)") } else { "" };
            let label = labels::in_language(&item.label, lang);
            lines.push(format!("{sign} {label}: {} × {}{rate} = {}{waits}", item.quantity, item.unit_price, item.amount));
        }
        lines.push(format!("{} {}  {} {}", t("应发", "Gross"), self.gross, t("扣款", "Deductions"), self.deductions));
        lines.push(format!("{} {}", t("实发（元）", "Net (yuan)"), self.net));
        if self.disputed.is_positive() {
            lines.push(format!("{} {}", t("其中有争议", "Of it contested"), self.disputed));
        }
        lines.push(format!("{} {}", t("应付日", "Paid by"), self.pay_by));
        let payment = match (self.paid_on, &self.payment) {
            (Some(day), Some(reference)) => format!("{day} {reference}"),
            (Some(day), None) => day.to_string(),
            _ => t("尚未支付", "not paid yet").to_owned(),
        };
        lines.push(format!("{}: {payment}", t("银行支付", "Payment")));
        let signed = match (self.signed_by, self.signed_on) {
            (Some(means), Some(day)) => {
                let how = match means {
                    Means::Paper => t("纸质签字", "on paper"),
                    Means::Device => t("现场设备签字", "at a device on site"),
                    Means::LinkWithSecondMeans => t("链接加第二手段签字", "by link with a second means"),
                };
                format!("{day} {how}")
            }
            _ => t("尚未签字；不签字不等于同意", "not signed; silence is no consent").to_owned(),
        };
        lines.push(format!("{}: {signed}", t("签字", "Signature")));
        lines.push(String::new());
        lines.join("\n")
    }
}
