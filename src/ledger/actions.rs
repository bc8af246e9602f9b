//! Posting, and reading what stands.

use super::Posting;
use super::table::{self, PostingLineRow, PostingRow};
use crate::base::id::PostingId;
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};

/// A posting and its lines as they are written.
fn rows_of(ctx: &Ctx, site: &Site, posting: &Posting, recorded_seq: i64) -> (PostingRow, Vec<PostingLineRow>) {
    let row = PostingRow {
        project_id: site.id,
        id: PostingId(ctx.id()),
        natural_key: posting.natural_key.clone(),
        kind: posting.kind,
        booked_on: posting.booked_on,
        reverses_id: posting.reverses,
        recorded_at: ctx.now,
        recorded_seq,
    };
    let lines = (1..).zip(&posting.lines).map(|(ordinal, (account, amount))| PostingLineRow {
        project_id: site.id,
        posting_id: row.id,
        ordinal,
        account: *account,
        amount_fen: *amount,
        recorded_seq,
    });
    let lines = lines.collect();
    (row, lines)
}

/// Posts once for a natural key. The same key with the same contents gives the posting that stands.
///
/// # Errors
/// `invalid` when it does not balance, `conflict` when the key stands with other contents.
pub fn post(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, posting: &Posting) -> Result<PostingRow, Problem> {
    posting.check()?;
    let chain = Chain::Project(site.id);
    // The chain is locked before the look: of two at once the second sees what the first has posted.
    let recorded_seq = tx.seq(chain)?;
    if let Some(stands) = table::by_key(tx.conn(), site.id, &posting.natural_key)? {
        let lines = table::lines_of(tx.conn(), site.id, &[stands.id])?;
        let same = lines.iter().map(|line| (line.account, line.amount_fen)).eq(posting.lines.iter().copied());
        if same && stands.kind == posting.kind && stands.booked_on == posting.booked_on && stands.reverses_id == posting.reverses
        {
            return Ok(stands);
        }
        let problem = Problem::conflict(
            "同一事项已按不同内容记账，请核对后以更正分录处理。",
            "The same cause was posted with other contents; post a correction instead.",
        );
        return Err(problem.at("natural_key", "id_reused"));
    }
    if let Some(reversed) = posting.reverses
        && table::find(tx.conn(), site.id, reversed)?.is_none()
    {
        return Err(
            Problem::invalid("被冲销的分录不存在。", "There is no posting to take back.").at("reverses", "unknown_reference")
        );
    }
    let (row, lines) = rows_of(ctx, site, posting, recorded_seq);
    table::insert(tx, &row, &lines)?;
    tx.note(chain, ctx.now, ctx.actor(), "post", &format!("{} {}", row.kind, row.id))?;
    Ok(row)
}

/// Posts many causes that nobody can have posted before, since what they name was made in this transaction: entries of a statement.
///
/// # Errors
/// `invalid` when one does not balance. A key that stands all the same fails the transaction.
pub fn post_new(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, postings: &[Posting]) -> Result<(), Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let (mut rows, mut lines) = (Vec::with_capacity(postings.len()), Vec::with_capacity(postings.len().saturating_mul(2)));
    for posting in postings {
        posting.check()?;
        let (row, own) = rows_of(ctx, site, posting, recorded_seq);
        lines.extend(own);
        rows.push(row);
    }
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let subject = format!("{} {} to {}, {}", first.kind, first.id, last.id, rows.len());
    table::insert_many(tx, &rows, &lines)?;
    tx.note(chain, ctx.now, ctx.actor(), "post", &subject)?;
    Ok(())
}
