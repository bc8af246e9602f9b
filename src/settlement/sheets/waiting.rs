//! Sheets that were handed in and of which nobody has said yet whose they are or what their columns mean, so that work left lying is found
//! again.
//!
//! A sheet of a project is everybody's who may feed its accounts; one that belongs to no project yet is that of whoever handed it in.

use super::table;
use crate::accounts::table::AccountRow;
use crate::base::Moment;
use crate::base::id::{InboxId, ProjectId};
use crate::projects;
use crate::store::AnyConn;
use crate::store::inbox::InboxState;
use crate::web::{Ctx, Problem};
use crate::wire::statement_sheet::begins_like_sheet;

/// Sheets that a page lists.
const LISTED_MAX: usize = 50;
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

/// The sheets that wait for the asker, the newest first; those of one project where it is named.
///
/// # Errors
/// A store that fails.
pub fn of(conn: &mut AnyConn, ctx: &Ctx, project: Option<ProjectId>) -> Result<Vec<Waiting>, Problem> {
    let all = table::accounts(conn, &ctx.scope, None, ACCOUNTS_MAX)?;
    let mut waiting = Vec::new();
    for (id, of, request, received_at, state) in table::waiting(conn, ctx.actor(), project)? {
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
        // By its bytes, whatever whoever sent it called it.
        if !table::head(conn, ctx.vault(), id)?.is_some_and(|head| begins_like_sheet(&head)) {
            continue;
        }
        let name = request.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
        waiting.push(Waiting { id, name, received_at, state, accounts });
    }
    Ok(waiting)
}
