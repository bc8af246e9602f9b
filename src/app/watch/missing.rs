//! Watched folders that are not there, on record: the page of the house's health lists them, and the keeper of the project whose files they
//! hold is told (`alerts::sources`).

use std::sync::Arc;

use super::Purpose;
use crate::operation::table::{self, FolderOf};
use crate::store::{StoreError, jobs};
use crate::web::{Ctx, Ground};

/// Folders that are asked for at once.
const LISTED_MAX: i64 = 1_000;

/// Notes that a folder cannot be looked at, or can again, and has its keeper told.
pub(super) fn note(ground: &Arc<Ground>, path: String, purpose: Purpose, is_missing: bool) -> Result<(), StoreError> {
    let ctx = Ctx::of_the_house(ground, "watch");
    ground.db.write_blocking(move |tx| {
        let of = match purpose {
            Purpose::Bank(account) => FolderOf::Account(account),
            Purpose::Roster(project, _) => FolderOf::Project(project),
        };
        let is_this = |one: &table::MissingFolder| one.path == path;
        let before = table::missing_folders(tx.conn(), LISTED_MAX)?.into_iter().find(is_this);
        if is_missing {
            table::miss_folder(tx.conn(), ctx.id(), &path, of, ctx.now)?;
        } else {
            table::find_folder(tx.conn(), &path)?;
        }
        let now = table::missing_folders(tx.conn(), LISTED_MAX)?.into_iter().find(is_this);
        match before.or(now) {
            Some(one) => jobs::enqueue(tx.conn(), ctx.id(), "watch_one", &one.project_id.to_string(), ctx.now),
            None => Ok(()),
        }
    })
}

/// Forgets folders that are there, or watched no more.
pub(super) fn forget_others(ground: &Arc<Ground>, still: &[String]) -> Result<(), StoreError> {
    let missing = ground.db.read_blocking(|conn| table::missing_folders(conn, LISTED_MAX))?;
    for one in missing.into_iter().filter(|one| !still.contains(&one.path)) {
        ground.db.write_blocking(move |tx| table::find_folder(tx.conn(), &one.path))?;
    }
    Ok(())
}
