//! Putting a record on file, and who may look at a company's file.

use super::CreditKind;
use super::table::{self, CreditRow};
use crate::base::id::{PartyId, RecordId};
use crate::base::{Day, RegionCode};
use crate::parties;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem, Scope, ScopeOn};

/// A record as handed in.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// About whom.
    pub party: PartyId,
    /// What it says.
    pub kind: CreditKind,
    /// For which region it speaks.
    pub region: RegionCode,
    /// From which day.
    pub valid_on: Day,
    /// To which day, where it has ended or will end.
    pub until_on: Option<Day>,
    /// Decision, document number or list that it comes from.
    pub source: String,
}

/// The longest source, in characters.
const SOURCE_MAX: usize = 200;

/// Puts a record on a company's file.
///
/// # Errors
/// `not_found` for no such company or one whose file the asker may not see, `not_allowed` for a region that they do not cover, `invalid` for days that cannot be.
pub fn record(tx: &mut Tx<'_>, ctx: &Ctx, new: &NewRecord) -> Result<CreditRow, Problem> {
    if !may_look(&ctx.scope, new.party) {
        return Err(Problem::not_found());
    }
    parties::table::find(tx.conn(), &ctx.scope, new.party)?.ok_or_else(Problem::not_found)?;
    if !ctx.scope.covers_region(new.region) {
        return Err(Problem::not_allowed());
    }
    let source = new.source.trim();
    if source.is_empty() || source.chars().count() > SOURCE_MAX {
        return Err(Problem::invalid("请写明来源（1 至 200 个字）。", "Name the source in 1 to 200 characters.")
            .at("source", "missing_field"));
    }
    if new.valid_on > ctx.today {
        return Err(
            Problem::invalid("起始日不能晚于今天。", "A record cannot begin on a day to come.").at("valid_on", "bad_time")
        );
    }
    if new.until_on.is_some_and(|end| end < new.valid_on) {
        return Err(Problem::invalid("终止日早于起始日。", "It ends before it begins.").at("until_on", "bad_time"));
    }
    let has_end = matches!(new.kind, CreditKind::SeriousList | CreditKind::Arrears);
    if new.until_on.is_some() && !has_end {
        return Err(
            Problem::invalid("此类记录没有终止日。", "A record of this kind has no last day.").at("until_on", "bad_format")
        );
    }
    let row = CreditRow {
        id: RecordId(ctx.id()),
        party_id: new.party,
        kind: new.kind,
        region: new.region,
        valid_on: new.valid_on,
        until_on: new.until_on,
        value: source.to_owned(),
        document_id: None,
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    table::insert(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "record_credit", &format!("{} {}", row.kind, row.party_id))?;
    Ok(row)
}

/// Authorities look at every company's file, a company at its own.
pub fn may_look(scope: &Scope, party: PartyId) -> bool {
    scope.places.iter().any(|place| match place {
        ScopeOn::Everything | ScopeOn::Region(_) => true,
        ScopeOn::Organisation(own) => *own == party,
        ScopeOn::Project(_) | ScopeOn::Account(_) | ScopeOn::Case(_) | ScopeOn::Grid(_) => false,
    })
}
