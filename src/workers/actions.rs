//! Changing terms, and looking at a plain number on record; entering and leaving stand in `enrolling` and `leaving`.

pub(super) use super::enrolling::faults_of;
pub use super::enrolling::{NewEnrolment, enrol, enrol_all};
use super::enrolling::{card_warnings, event, filled, read_card, short_text};
pub use super::leaving::leave;
use super::{BANK_NAME_MAX, Enrolled, EventKind, SecretField, Warning, card_index, lookups, table};
use crate::base::id::RecordId;
use crate::base::{Day, Fen};
use crate::projects::Site;
use crate::store::vault::Owner;
use crate::store::{Chain, Tx, jobs};
use crate::users;
use crate::web::{Ctx, Problem};

/// New terms from a day on; what is absent stays as it was on that day.
#[derive(Debug, Clone)]
pub struct NewTerms {
    /// From which day.
    pub valid_on: Day,
    /// Wage for a day.
    pub day_rate: Option<Fen>,
    /// Wage card as written.
    pub card: Option<String>,
    /// Bank of the card.
    pub bank_name: Option<String>,
}

/// Changes day rate or card from a day on; the history stays.
///
/// # Errors
/// `invalid` for a day outside the enrolment or ahead, for nothing to change, for a card that cannot be.
pub fn change_terms(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, enrolment: RecordId, new: &NewTerms) -> Result<Enrolled, Problem> {
    let mut row = table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    if !row.holds_on(new.valid_on) || new.valid_on > ctx.today {
        let en = "Terms change on a day of the enrolment, not ahead.";
        return Err(Problem::invalid("生效日应在在场期间内，且不晚于今天。", en).at("valid_on", "bad_time"));
    }
    let card = read_card(new.card.as_deref())?;
    let bank_name = filled(new.bank_name.as_deref()).map(|bank| short_text(bank, BANK_NAME_MAX, "bank_name")).transpose()?;
    if new.day_rate.is_none() && card.is_none() && bank_name.is_none() {
        let en = "Give a day rate, a card or a bank.";
        return Err(Problem::invalid("请至少填写日工资、银行卡或开户行之一。", en).at("day_rate", "missing_field"));
    }
    if new.day_rate.is_some_and(|rate| rate.0 < 0 || !rate.is_bookable()) {
        return Err(Problem::invalid("日工资不能为负数。", "A day rate is not negative.").at("day_rate", "bad_amount"));
    }
    let vault = ctx.vault();
    let events = table::events_of(tx.conn(), site.id, row.id)?;
    let before = lookups::terms_on(&events, new.valid_on).cloned();
    let chain = Chain::Project(site.id);
    row.recorded_seq = tx.seq(chain)?;
    let mut change = event(ctx, &row, EventKind::Terms, new.valid_on);
    if let Some(before) = before {
        (change.day_rate, change.card, change.card_index, change.bank_name) =
            (before.day_rate, before.card, before.card_index, before.bank_name);
    }
    change.day_rate = new.day_rate.unwrap_or(change.day_rate);
    if let Some(card) = &card {
        change.card = Some(vault.seal(tx.conn(), Owner::Project(site.id), card.as_str().as_bytes())?);
        change.card_index = Some(card_index(vault, card.as_str()));
    }
    change.bank_name = bank_name.or(change.bank_name);
    table::insert_event(tx, &change)?;
    // A backdated correction leaves what later events say; only the latest terms are shown by the row.
    let latest = table::events_of(tx.conn(), site.id, row.id)?;
    if let Some(now) = lookups::terms_on(&latest, ctx.today) {
        (row.day_rate, row.card, row.card_index, row.bank_name) =
            (now.day_rate, now.card.clone(), now.card_index.clone(), now.bank_name.clone());
    }
    table::update(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "change_terms", &row.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    let codes = if card.is_some() {
        card_warnings(tx.conn(), card.as_ref(), change.card_index.as_deref(), Some(row.worker_id))?
    } else {
        Vec::new()
    };
    let warnings = codes.into_iter().map(Warning::of).collect();
    Ok(Enrolled { view: lookups::view(tx.conn(), vault, &row)?, warnings })
}

/// Shows one plain number to a person who says why; who, what and why go on record in the same transaction.
///
/// # Errors
/// `not_allowed` for machines and for rehearsals (`dry_run` would keep no record), `not_found` when there is no such number.
pub fn unmask(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    enrolment: RecordId,
    field: SecretField,
    purpose: &str,
) -> Result<String, Problem> {
    let row = table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    // A rehearsal would show the number and keep no record of it.
    if ctx.dry_run {
        let problem = Problem::invalid(
            "查看明文不能演练，请去掉 dry_run。",
            "A look at a plain number cannot be rehearsed; leave dry_run out.",
        );
        return Err(problem.at("dry_run", "bad_format"));
    }
    let worker = table::worker(tx.conn(), row.worker_id)?.ok_or_else(Problem::not_found)?;
    let vault = ctx.vault();
    let plain = match field {
        SecretField::IdNumber => Some(lookups::id_number(tx.conn(), vault, &worker)?),
        SecretField::Phone => lookups::phone(tx.conn(), vault, &worker)?.map(|phone| phone.as_str().to_owned()),
        SecretField::Card => {
            lookups::open_card(tx.conn(), vault, site.id, row.card.as_deref())?.map(|card| card.as_str().to_owned())
        }
        SecretField::Pin => lookups::pin_of(tx.conn(), vault, &row)?,
    };
    let plain = plain.ok_or_else(Problem::not_found)?;
    users::actions::note_unmasking(tx, ctx, &row.id.to_string(), field.as_str(), purpose)?;
    Ok(plain)
}
