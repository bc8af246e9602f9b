//! Sheets that were handed in and of which nobody has said yet whose they are or what their columns mean, so that work left lying is found
//! again.
//!
//! A sheet of a project is everybody's who may feed its accounts; one that belongs to no project yet is that of whoever handed it in.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::table;
use crate::accounts::table::AccountRow;
use crate::base::Moment;
use crate::base::id::{InboxId, ProjectId};
use crate::projects;
use crate::store::fixed::fixed;
use crate::store::inbox::InboxState;
use crate::store::schema::inbox;
use crate::store::{AnyConn, StoreError};
use crate::web::{Ctx, Problem};

/// Sheets that a page lists.
const LISTED_MAX: usize = 50;
/// Messages that are looked at for them.
const LOOKED_AT_MAX: i64 = 500;
/// Accounts that are offered for one of them.
const ACCOUNTS_MAX: i64 = 100;

/// A sheet that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Kept as.
    pub id: InboxId,
    /// Name of the file.
    pub name: String,
    /// When it came.
    pub received_at: Moment,
    /// Where it stands.
    pub state: InboxState,
    /// Accounts that it may be of.
    pub accounts: Vec<AccountRow>,
}

type Found = (InboxId, Option<ProjectId>, String, Moment, InboxState);

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: InboxId,
}

fn kept(conn: &mut AnyConn, source: &str, project: Option<ProjectId>) -> Result<Vec<Found>, StoreError> {
    // In the words of the index, so that nobody reads all messages for a page.
    let ids: Vec<InboxId> = fixed(
        "SELECT i.id AS id FROM inbox i WHERE i.feed = 'bankfile' AND i.state IN ('new', 'part', 'quarantined') \
         AND (i.state = 'new' OR EXISTS (SELECT 1 FROM quarantine q WHERE q.inbox_id = i.id AND q.state = 'open')) \
         AND (i.project_id IS NOT NULL OR i.source = $1) ORDER BY i.id DESC LIMIT $2",
    )
    .text(source)
    .big(LOOKED_AT_MAX)
    .load::<Id>(conn)?
    .into_iter()
    .map(|row| row.id)
    .collect();
    let mut rows: Vec<Found> = inbox::table
        .filter(inbox::id.eq_any(ids))
        .order(inbox::id.desc())
        .select((inbox::id, inbox::project_id, inbox::request, inbox::received_at, inbox::state))
        .load(conn)?;
    rows.retain(|(_, of, ..)| project.is_none_or(|project| of.is_none_or(|of| of == project)));
    Ok(rows)
}

/// The sheets that wait for the asker, the newest first; those of one project where it is named.
///
/// # Errors
/// A store that fails.
pub fn of(conn: &mut AnyConn, ctx: &Ctx, project: Option<ProjectId>) -> Result<Vec<Waiting>, Problem> {
    let all = table::accounts(conn, &ctx.scope, None, ACCOUNTS_MAX)?;
    let mut waiting = Vec::new();
    for (id, of, request, received_at, state) in kept(conn, ctx.actor(), project)? {
        if waiting.len() >= LISTED_MAX {
            break;
        }
        if let Some(of) = of
            && projects::enter(conn, &ctx.scope, of).is_err()
        {
            continue;
        }
        let is_of = |row: &&AccountRow| of.or(project).is_none_or(|wanted| row.project_id == wanted);
        let accounts: Vec<AccountRow> = all.iter().filter(is_of).cloned().collect();
        if accounts.is_empty() {
            continue;
        }
        let name = request.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
        waiting.push(Waiting { id, name, received_at, state, accounts });
    }
    Ok(waiting)
}
