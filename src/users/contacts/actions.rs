//! Setting where one is reached, and opening it to write there.

use super::table::{self, ContactRow, FormerRow};
use super::{Email, address_index};
use crate::base::id::{RecordId, UserId};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx, Vault};
use crate::users;
use crate::web::{Ctx, Lang, Problem};

/// How a user is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Address, where one was given.
    pub email: Option<Email>,
    /// Lang; Chinese where nothing was chosen.
    pub language: Lang,
}

/// Sets a user's address and language; without an address nothing is mailed to them.
///
/// # Errors
/// `not_found` when there is no such user.
pub fn set(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId, contact: &Contact) -> Result<(), Problem> {
    users::table::find(tx.conn(), user)?.ok_or_else(Problem::not_found)?;
    let email = match &contact.email {
        Some(email) => Some(ctx.vault().seal(tx.conn(), Owner::Global, email.as_str().as_bytes())?),
        None => None,
    };
    let recorded_seq = tx.seq(Chain::Organisation)?;
    // What is taken off an account stays known for a while: two accounts do not become two persons by it.
    if let Some(before) = of(tx.conn(), ctx.vault(), user)?.email.filter(|before| contact.email.as_ref() != Some(before)) {
        let address_index = address_index(ctx.vault(), before.as_str());
        let row = FormerRow { id: RecordId(ctx.id()), user_id: user, address_index, left_at: ctx.now, recorded_seq };
        table::insert_former(tx, &row)?;
    }
    table::put(tx, &ContactRow { user_id: user, email, language: contact.language, changed_at: ctx.now, recorded_seq })?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "set_contact", &user.to_string())?;
    Ok(())
}

/// How a user is reached.
pub fn of(conn: &mut AnyConn, vault: &Vault, user: UserId) -> Result<Contact, Problem> {
    let Some(row) = table::find(conn, user)? else { return Ok(Contact { email: None, language: Lang::Zh }) };
    let email = match row.email {
        Some(sealed) => Some(vault.open_text(conn, Owner::Global, &sealed)?),
        None => None,
    };
    let email = email.map(|text| Email::parse(&text)).transpose().map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(Contact { email, language: row.language })
}
