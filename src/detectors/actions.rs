//! Asking the detectors about a project, and keeping what banks tell of wages after they reached the cards.

use super::claims::{self, Claimed, Comparison};
use super::clocks::{self, Off};
use super::gathering::{self, Gathered};
use super::padding::{self, Suspect};
use super::patterns::{self, Pattern};
use super::rings::{self, Ring};
use super::table::{self, Moved, MovementRow};
use super::tracks;
use crate::base::id::RecordId;
use crate::base::person::{BankCard, IdNumber};
use crate::base::{Fen, Moment, Month};
use crate::matching::gathering::Standing;
use crate::payroll;
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Code, Ctx, Problem};
use crate::workers::{self, IdKind};

/// Names on one list.
pub const CLAIM_MAX: usize = 500;

/// Months that one claim covers at most.
pub const CLAIM_MONTHS_MAX: usize = 24;

/// Movements in one request.
pub const MOVEMENTS_MAX: usize = 1_000;

/// The longest name of a payee or a machine, in characters.
const OTHER_MAX: usize = 100;

/// Signs of a month about people and their cards.
pub struct OfPeople {
    /// What they rest on.
    pub gathered: Gathered,
    /// Cards that seem to be in one hand.
    pub rings: Vec<Ring>,
    /// Names on the payroll that a person should look at.
    pub suspects: Vec<Suspect>,
}

/// Signs of a month.
pub struct Signs {
    /// About people and their cards.
    pub people: OfPeople,
    /// Passages that no people make.
    pub patterns: Vec<Pattern>,
    /// Gate machines whose clocks were off.
    pub clocks: Vec<Off>,
}

/// Looks at a project's month.
///
/// # Errors
/// `invalid` for a month to come.
pub fn signs(conn: &mut AnyConn, ctx: &Ctx, site: &Site, month: Month) -> Result<Signs, Problem> {
    let standing = Standing::read(conn, ctx, site)?;
    let people = of_people(conn, ctx, site, &standing, month)?;
    let policy = &ctx.ground.settings.signs;
    let patterns = patterns::patterns(&tracks::passes(conn, ctx, site, month)?, policy);
    let clocks = clocks::clocks(&tracks::messages(conn, site, month)?, policy);
    Ok(Signs { people, patterns, clocks })
}

/// Looks at the people of a project's month, and at no passage or message: what is done every day for every project.
///
/// # Errors
/// `invalid` for a month to come.
pub fn of_people(conn: &mut AnyConn, ctx: &Ctx, site: &Site, standing: &Standing, month: Month) -> Result<OfPeople, Problem> {
    if month > ctx.today.month() {
        return Err(Problem::invalid("不能查看尚未到来的月份。", "A month to come cannot be looked at.").at("month", "bad_time"));
    }
    let policy = &ctx.ground.settings.signs;
    let gathered = gathering::gather(conn, ctx, site, standing, month)?;
    let rings = rings::rings(&gathered.traces, policy);
    let suspects = padding::look(month, &gathered.roster, policy);
    Ok(OfPeople { gathered, rings, suspects })
}

/// A name of a claim as it comes in.
#[derive(Debug, Clone)]
pub struct NewClaimed {
    /// Name.
    pub name: String,
    /// Identity number, where the list has one.
    pub id_number: Option<String>,
    /// What is claimed.
    pub amount: Fen,
}

/// Compares the list of a claim with the records; keeps nothing.
///
/// # Errors
/// `too_large` beyond [`CLAIM_MAX`] names, `invalid` for months out of order, to come or too many.
pub fn compare_claim(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    (from, until): (Month, Month),
    list: &[NewClaimed],
) -> Result<Comparison, Problem> {
    if list.len() > CLAIM_MAX {
        let (zh, en) = ("一次最多核对 500 人。", "At most 500 names are compared at once.");
        return Err(Problem::new(Code::TooLarge, zh, en));
    }
    let months = from.up_to(until).take(CLAIM_MONTHS_MAX + 1).count();
    if months == 0 || months > CLAIM_MONTHS_MAX || until > ctx.today.month() {
        let (zh, en) = ("起止月份应先后有序、不晚于本月、不超过 24 个月。", "Months in order, up to this one, 24 at most.");
        return Err(Problem::invalid(zh, en).at("until", "bad_time"));
    }
    let mut claim = Vec::with_capacity(list.len());
    for (index, one) in list.iter().enumerate() {
        if !one.amount.is_bookable() || one.amount < Fen::ZERO {
            let (zh, en) = ("金额应为不小于零的金额。", "An amount of nothing or more.");
            return Err(Problem::invalid(zh, en).at(format!("items[{index}].amount"), "bad_amount"));
        }
        let id_index = one.id_number.as_ref().map(|text| {
            // A number that is no citizen's is a passport or another paper: which of them the list does not say.
            let number = IdNumber::parse(text, ctx.today);
            number.map_or_else(
                |_| workers::id_index(ctx.vault(), IdKind::Passport, text.trim()),
                |number| workers::id_index(ctx.vault(), IdKind::IdCard, number.as_str()),
            )
        });
        claim.push(Claimed { name: one.name.clone(), id_index, amount: one.amount });
    }
    let records = gathering::records(conn, ctx, site, (from, until))?;
    Ok(claims::compare(&claim, &records, &ctx.ground.settings.signs)?)
}

/// A movement as a bank tells it.
#[derive(Debug, Clone)]
pub struct NewMovement {
    /// The worker's card.
    pub card: String,
    /// What.
    pub kind: Moved,
    /// The payee's account or name, or the machine.
    pub other: String,
    /// How much.
    pub amount: Fen,
    /// When.
    pub at: Moment,
}

/// Keeps movements; gives how many are new. One of a card that is nobody's on the project is left out, and so is one told before.
///
/// # Errors
/// `too_large` beyond [`MOVEMENTS_MAX`], `invalid` for a card that is none, no other side, or a moment to come.
pub fn keep_movements(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, items: &[NewMovement]) -> Result<usize, Problem> {
    if items.len() > MOVEMENTS_MAX {
        let (zh, en) = ("一次最多报送 1000 条。", "At most 1,000 movements come in one request.");
        return Err(Problem::new(Code::TooLarge, zh, en));
    }
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let by_card: std::collections::BTreeMap<String, _> = workers::table::of_project(tx.conn(), site.id)?
        .into_iter()
        .filter_map(|row| row.card_index.clone().map(|card| (card, row)))
        .collect();
    let mut kept = 0;
    for (index, item) in items.iter().enumerate() {
        let place = |name: &str| format!("items[{index}].{name}");
        let card = BankCard::parse(&item.card).map_err(|error| Problem::unreadable(&place("card"), &error))?;
        let other = item.other.trim();
        if other.is_empty() || other.chars().count() > OTHER_MAX {
            let (zh, en) = ("请写明收款方或取款终端（1 至 100 个字）。", "Name the payee or the machine in 1 to 100 characters.");
            return Err(Problem::invalid(zh, en).at(place("other"), "missing_field"));
        }
        if item.at > ctx.now {
            return Err(Problem::invalid("时刻不能晚于现在。", "A moment to come.").at(place("at"), "bad_time"));
        }
        let Some(enrolment) = by_card.get(&workers::card_index(ctx.vault(), card.as_str())) else { continue };
        let last = payroll::table::lines_of_enrolment(tx.conn(), site.id, enrolment.id)?
            .into_iter()
            .find(|line| line.paid_fen.is_positive());
        let row = MovementRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            enrolment_id: enrolment.id,
            worker_id: enrolment.worker_id,
            kind: item.kind,
            other_index: ctx.vault().index("movement", other),
            is_most: last.is_some_and(|line| item.amount.0.saturating_mul(2) >= line.paid_fen.0),
            happened_at: item.at,
            recorded_by: ctx.actor().to_owned(),
            recorded_seq,
        };
        if !table::stands(tx.conn(), &row)? {
            table::insert(tx, &row)?;
            kept += 1;
        }
    }
    tx.note(chain, ctx.now, ctx.actor(), "keep_movements", &kept.to_string())?;
    Ok(kept)
}
