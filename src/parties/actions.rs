//! Registering a party.

use super::table::{self, PartyRow};
use super::{NAME_MAX, PartyKind};
use crate::base::id::PartyId;
use crate::base::person::Uscc;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};

/// A party as registered.
#[derive(Debug, Clone)]
pub struct NewParty {
    /// Unified social credit code.
    pub uscc: Uscc,
    /// Full name.
    pub name: String,
    /// What it is by law.
    pub kind: PartyKind,
    /// The company that it belongs to.
    pub parent: Option<PartyId>,
}

/// Registers a party; the same code and name again gives the party that stands.
///
/// # Errors
/// `conflict` when the code stands under another name, `invalid` for an empty or overlong name or an unknown parent.
pub fn register(tx: &mut Tx<'_>, ctx: &Ctx, new: &NewParty) -> Result<PartyRow, Problem> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX {
        let problem = Problem::invalid("单位名称应为 1 至 140 个字。", "A name has 1 to 140 characters.");
        return Err(problem.at("name", "bad_format"));
    }
    if let Some(known) = table::by_uscc(tx.conn(), &ctx.scope, new.uscc.as_str())? {
        return if known.name == name {
            Ok(known)
        } else {
            Err(Problem::conflict(
                format!("该统一社会信用代码已登记为“{}”。", known.name),
                format!("This credit code is registered as `{}`.", known.name),
            ))
        };
    }
    if let Some(parent) = new.parent
        && table::find(tx.conn(), &ctx.scope, parent)?.is_none()
    {
        return Err(Problem::invalid("上级单位不存在。", "There is no such parent.").at("parent", "unknown_reference"));
    }
    let row = PartyRow {
        id: PartyId(ctx.id()),
        uscc: new.uscc.as_str().to_owned(),
        name: name.to_owned(),
        kind: new.kind,
        parent_id: new.parent,
        created_at: ctx.now,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    table::insert(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "register_party", &row.id.to_string())?;
    Ok(row)
}
