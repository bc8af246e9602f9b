//! One file of a watched folder: read, handed in as an upload would be, and told of.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::note;
use super::{Purpose, Seen, TakeRoster};
use crate::attendance::imports::actions::{self, NewImport};
use crate::attendance::imports::{SheetKind, columns};
use crate::base::Moment;
use crate::base::id::ProjectId;
use crate::projects::enter;
use crate::settlement;
use crate::store::inbox::{self, InboxState};
use crate::store::spool::{Spool, SpoolFault, Writer};
use crate::web::extract::{SPOOL_MAX, UPLOAD_MAX};
use crate::web::{Code, Ctx, Problem};
use crate::workers::Paper;
use crate::workers::roster::{Defaults, RosterFile};

/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;
/// What the inbox keeps as the way of a file.
const PATH: &str = "/watch";

/// What came of a file.
pub(super) struct Outcome {
    pub is_taken: bool,
    pub note: String,
}

impl Outcome {
    pub fn refused(note: String) -> Self {
        Self { is_taken: false, note }
    }
}

/// Hands a file in. What was handed in at `since` or later, by a process that died before it had put the file away, is only told of.
///
/// # Errors
/// A store that fails, a file that cannot be read or is still being written: it is tried again.
pub(super) fn take(ctx: &Ctx, purpose: Purpose, path: &Path, name: &str, since: Moment) -> Result<Outcome, Problem> {
    let limit = match purpose {
        Purpose::Bank(_) => SPOOL_MAX,
        Purpose::Roster(..) => UPLOAD_MAX,
    };
    let spool = match read(ctx, path, u64::try_from(limit).unwrap_or(u64::MAX))? {
        Some(spool) if spool.is_empty() => return Ok(Outcome::refused(note::said("文件为空。", "The file is empty."))),
        Some(spool) => spool,
        None => return Ok(Outcome::refused(note::too_large(limit))),
    };
    let (sha256, actor) = (spool.sha256().to_owned(), ctx.actor().to_owned());
    if let Some((id, state)) = ctx.ground.db.read_blocking(|conn| inbox::came_since(conn, &actor, &sha256, since))? {
        let is_taken = state != InboxState::Quarantined;
        return Ok(Outcome { is_taken, note: note::kept(id, state) });
    }
    let outcome = match purpose {
        Purpose::Bank(_) => bank(ctx, name, spool),
        Purpose::Roster(project, how) => roster(ctx, (project, how), name, &spool),
    };
    match outcome {
        Err(problem) if !matches!(problem.code, Code::Internal | Code::Unavailable) => {
            Ok(Outcome::refused(note::of_problem(&problem)))
        }
        outcome => outcome,
    }
}

fn unreadable(error: &std::io::Error) -> Problem {
    Problem::new(Code::Unavailable, format!("文件无法读取：{error}"), format!("the file cannot be read: {error}"))
}

/// The bytes, or nothing where there are too many.
fn read(ctx: &Ctx, path: &Path, limit: u64) -> Result<Option<Spool>, Problem> {
    let failed = |error: std::io::Error| unreadable(&error);
    let named = std::fs::symlink_metadata(path).map_err(failed)?;
    let mut file = File::open(path).map_err(failed)?;
    let before = Seen::of(&file.metadata().map_err(failed)?);
    // What was opened is what has the name, and that is no link.
    if !named.is_file() || Seen::of(&named).node != before.node {
        return Err(Problem::new(Code::Unavailable, "不是普通文件。", "This is no plain file."));
    }
    if before.len > limit {
        return Ok(None);
    }
    let faulty = |fault: SpoolFault| match fault {
        SpoolFault::TooLarge => Problem::new(Code::Unavailable, "文件仍在增长。", "The file is growing."),
        other => Problem::internal(&format!("{other:?}")),
    };
    let mut writer = Writer::new(ctx.vault().random()?, limit);
    let mut chunk = vec![0_u8; CHUNK];
    loop {
        let count = file.read(&mut chunk).map_err(failed)?;
        let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        writer.take(bytes).map_err(faulty)?;
        writer.store().map_err(faulty)?;
    }
    let spool = writer.finish().map_err(faulty)?;
    if Seen::of(&file.metadata().map_err(failed)?) != before || spool.len() != before.len {
        return Err(Problem::new(Code::Unavailable, "文件仍在写入。", "The file is still being written."));
    }
    Ok(Some(spool))
}

fn bank(ctx: &Ctx, name: &str, spool: Spool) -> Result<Outcome, Problem> {
    let handed = Arc::new(settlement::read_now(ctx, Some(name.to_owned()), String::new(), spool, PATH)?);
    let acting = ctx.clone();
    let receipt = ctx.ground.db.write_blocking(move |tx| settlement::take(tx, &acting, &handed))?;
    Ok(Outcome { is_taken: receipt.state != InboxState::Quarantined, note: note::of_receipt(&receipt) })
}

fn roster(ctx: &Ctx, (project, how): (ProjectId, TakeRoster), name: &str, spool: &Spool) -> Result<Outcome, Problem> {
    let mut bytes = Vec::new();
    spool.reader().read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    let file = Arc::new(RosterFile { name: Some(name.to_owned()), content_type: String::new(), bytes });
    // What a row does not say is not made up: a day rate or a paper is a person's word.
    let defaults = Defaults { day_rate: None, entered_on: ctx.today, paper: Paper::None, safety_trained: false };
    let new = NewImport { kind: SheetKind::Roster, month: None, defaults, columns: None };
    let entering = ctx.clone();
    ctx.ground.db.read_blocking(move |conn| enter(conn, &entering.scope, project).map(drop))?;
    let read = Arc::new(columns::read(ctx, project, &file, &new)?);
    let acting = ctx.clone();
    let (id, good, bad, begun) = ctx.ground.db.write_blocking(move |tx| -> Result<_, Problem> {
        let site = enter(tx.conn(), &acting.scope, project)?;
        // A header that nobody knows: kept, and asked about on its page.
        let row = match read.is_strange {
            true => columns::keep_to_ask(tx, &acting, &site, &file, &new)?,
            false => actions::hand_in(tx, &acting, &site, &file, &read, &new)?,
        };
        let begun = how != TakeRoster::Wait && !row.is_asked_about();
        if begun {
            actions::begin(tx, &acting, &site, row.id, how == TakeRoster::Whole)?;
        }
        Ok((row.id, row.good_rows, row.bad_rows, begun))
    })?;
    Ok(Outcome { is_taken: true, note: note::of_roster(project, id, (good, bad), begun) })
}
