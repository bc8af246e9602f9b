//! A sheet in the form of the printed one (工资支付表), with plain identity and card numbers: what [`super`] reads without a change.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::base::id::{RecordId, SheetId, WorkerId};
use crate::base::money::TooMuch;
use crate::base::person::{BankCard, IdNumber};
use crate::base::{Fen, Month};
use crate::payroll::LineState;
use crate::payroll::actions::checked_text;
use crate::payroll::items::{self, Item, ItemKind};
use crate::payroll::table::{lines_of, sheet};
use crate::projects::{self, Site};
use crate::store::vault::Owner;
use crate::store::{Chain, StoreError, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::pay_sheet::PayRow;
use crate::wire::pay_sheet::form::write_xlsx;
use crate::workers;

/// People asked for in one query.
const ASKED_MAX: usize = 500;

/// A sheet as XLSX in the printed form, and the month that it is of; who asked for what is written down. Lines that are held and
/// people without a citizen's number are left out.
///
/// # Errors
/// `invalid` without a purpose, `not_found` for a sheet that the project has not.
pub fn export(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: SheetId, purpose: &str) -> Result<(Month, Vec<u8>), Problem> {
    let purpose = checked_text(purpose, "purpose")?;
    let head = sheet(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    let lines = lines_of(tx.conn(), site.id, id)?;
    let rows = items::table::of_sheet(tx.conn(), site.id, id)?;
    let mut made_of = items::by_line(rows, items::table::steps_of_sheet(tx.conn(), site.id, id)?);
    let crews = projects::table::crews_of(tx.conn(), site.id)?;
    let enrolments: HashMap<RecordId, _> =
        workers::table::of_project(tx.conn(), site.id)?.into_iter().map(|row| (row.id, row)).collect();
    let ids: Vec<WorkerId> = lines.iter().map(|line| line.worker_id).collect();
    let mut persons = HashMap::with_capacity(ids.len());
    for some in ids.chunks(ASKED_MAX) {
        persons.extend(workers::table::workers_of(tx.conn(), some)?.into_iter().map(|worker| (worker.id, worker)));
    }
    // The keys are looked up once: two numbers of each of thousands of people are opened.
    let numbers = ctx.vault().reader(tx.conn(), Owner::Global)?;
    let cards = ctx.vault().reader(tx.conn(), Owner::Project(site.id))?;
    let card_of =
        |sealed: &[u8]| BankCard::parse(&cards.open_text(sealed)?).map_err(|error| StoreError::Damaged(error.to_string()));
    let mut written = Vec::with_capacity(lines.len());
    for line in lines.iter().filter(|line| line.state != LineState::Held) {
        let Some(enrolment) = enrolments.get(&line.enrolment_id) else { continue };
        let Some(worker) = persons.get(&line.worker_id) else { continue };
        let Ok(number) = IdNumber::parse(&numbers.open_text(&worker.id_number)?, ctx.today) else { continue };
        let parts = made_of.remove(&line.id).unwrap_or_default();
        written.push(PayRow {
            row: 0,
            name: worker.name.clone(),
            sex: None,
            id: Some(number),
            trade: Some(enrolment.trade.clone()),
            crew: crews.iter().find(|crew| crew.id == enrolment.crew_id).map(|crew| crew.name.clone()),
            days: Some(Decimal::new(i64::from(line.days_hundredths), 2)),
            daily: Some(line.day_rate_fen),
            due: line.gross_fen,
            overtime: sum(&parts, ItemKind::Overtime)?,
            bonus: sum(&parts, ItemKind::Allowance)?,
            deduction: line.deductions_fen,
            advance: None,
            fine: None,
            paid: line.net_fen,
            card: enrolment.card.as_deref().map(card_of).transpose()?,
            bank: enrolment.bank_name.clone(),
            note: None,
            month: None,
            back_pay: None,
            back_month: None,
            uscc: None,
            pay_day: None,
            project: None,
        });
    }
    let title = format!("{} {}年{}月工资支付表", site.name, head.month.first().year(), month_number(head.month));
    let bytes = write_xlsx(&title, &written).map_err(|error| Problem::internal(&error.to_string()))?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "export_sheet", &format!("{id} {purpose}"))?;
    Ok((head.month, bytes))
}

fn month_number(month: Month) -> u32 {
    use chrono::Datelike;
    month.first().0.month()
}

fn sum(items: &[Item], kind: ItemKind) -> Result<Fen, TooMuch> {
    Fen::total(items.iter().filter(|item| item.counts() && item.row.kind == kind).map(|item| item.row.amount_fen))
}
