//! Bodies of more than one piece: each piece encrypted by itself in a row of its own, so that keeping and reading one takes the memory of
//! a piece. Deliberately absent: the state of the message, which is its row's.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Message, Parsed, Whole, insert};
use crate::base::id::InboxId;
use crate::store::spool::{PIECE, Spool};
use crate::store::vault::{Owner, Vault};
use crate::store::{AnyConn, StoreError, schema};

/// As [`super::keep`], of a body that came as a spool; the message's own is not looked at.
pub fn keep_spool(
    conn: &mut AnyConn,
    vault: &Vault,
    id: InboxId,
    message: &Message,
    spool: &Spool,
    parsed: &Parsed,
) -> Result<(), StoreError> {
    let owner = message.project.map_or(Owner::Global, Owner::Project);
    let whole = Whole { sha256: spool.sha256().to_owned(), len: i64::try_from(spool.len()).unwrap_or(i64::MAX) };
    let lost = |error: std::io::Error| StoreError::Unavailable(format!("a temporary file cannot be read: {error}"));
    if spool.pieces() <= 1 {
        let sealed = vault.seal(conn, owner, &spool.piece(0).map_err(lost)?)?;
        return insert(conn, id, message, (sealed, whole, false), parsed);
    }
    insert(conn, id, message, (Vec::new(), whole, false), parsed)?;
    for (part, number) in (0_i32..).zip(0..spool.pieces()) {
        let body = vault.seal(conn, owner, &spool.piece(number).map_err(lost)?)?;
        use schema::inbox_parts as p;
        diesel::insert_into(p::table).values((p::inbox_id.eq(id), p::part.eq(part), p::body.eq(body))).execute(conn)?;
    }
    Ok(())
}

/// The bytes of a message by what its row holds; `None` where they were forgotten.
pub fn opened(
    conn: &mut AnyConn,
    vault: &Vault,
    owner: Owner,
    id: InboxId,
    sealed: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    if !sealed.is_empty() {
        return vault.open(conn, owner, sealed).map(Some);
    }
    use schema::inbox_parts as p;
    let (mut whole, mut part) = (Vec::new(), 0_i32);
    // One after the other: no query brings more than a piece.
    while let Some(sealed) =
        p::table.filter(p::inbox_id.eq(id).and(p::part.eq(part))).select(p::body).get_result::<Vec<u8>>(conn).optional()?
    {
        whole.reserve(PIECE);
        whole.extend_from_slice(&vault.open(conn, owner, &sealed)?);
        part = part.saturating_add(1);
    }
    Ok((part > 0).then_some(whole))
}

/// The first piece of a message by what its row holds; `None` where its bytes were forgotten.
pub fn first(conn: &mut AnyConn, vault: &Vault, owner: Owner, id: InboxId, sealed: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    if !sealed.is_empty() {
        return vault.open(conn, owner, sealed).map(Some);
    }
    use schema::inbox_parts as p;
    let piece: Option<Vec<u8>> =
        p::table.filter(p::inbox_id.eq(id).and(p::part.eq(0))).select(p::body).get_result(conn).optional()?;
    piece.map(|sealed| vault.open(conn, owner, &sealed)).transpose()
}

/// What encryption adds to a piece: nonce and tag.
const SEALED_MORE: i64 = 28;

/// Of each message in pieces: its length, and that of the pieces that are there. For `verify`.
pub fn lengths(conn: &mut AnyConn) -> Result<Vec<(InboxId, i64, i64)>, StoreError> {
    let rows: Vec<LengthRow> = diesel::sql_query(
        "SELECT i.id AS id, i.body_len AS body_len, COUNT(*) AS pieces, CAST(SUM(length(p.body)) AS BIGINT) AS sealed \
         FROM inbox_parts p JOIN inbox i ON i.id = p.inbox_id GROUP BY i.id, i.body_len ORDER BY i.id",
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (InboxId(row.id), row.body_len, row.sealed - row.pieces * SEALED_MORE)).collect())
}

#[derive(QueryableByName)]
struct LengthRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    body_len: i64,
    #[diesel(sql_type = BigInt)]
    pieces: i64,
    #[diesel(sql_type = BigInt)]
    sealed: i64,
}

/// Forgets the pieces of a message.
pub(super) fn forget(conn: &mut AnyConn, id: InboxId) -> Result<(), StoreError> {
    use schema::inbox_parts as p;
    diesel::delete(p::table.filter(p::inbox_id.eq(id))).execute(conn)?;
    Ok(())
}
