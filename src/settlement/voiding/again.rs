//! A file that two persons have voided and that comes once more, byte for byte: one person's upload does not undo what two decided.
//!
//! Whoever hands it in is told who voided it and when, and books it by giving a reason, which is on record beside the file. What reads
//! kept messages again leaves out what was voided, since nobody is there who could be asked. The same entries in a file with other
//! bytes are news: that is how the right file comes. Deliberately absent: judging the reason.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{self, ReturnRow, StepRow};
use super::{noted, run_given};
use crate::accounts::table::AccountRow;
use crate::base::id::{InboxId, ProjectId, RecordId, UserId};
use crate::projects::Site;
use crate::settlement::HandedIn;
use crate::store::{AnyConn, Chain, StoreError, Tx};
use crate::users;
use crate::web::{Ctx, Problem};

/// Reason code of what is said of such a file.
pub const VOIDED: &str = "voided_file";

/// What is to be done with a file of which these bytes were voided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Again {
    /// It is refused: nobody has said that it is meant.
    #[default]
    Refused,
    /// It is booked, for this reason.
    Because(String),
    /// What was voided of it is left out, the rest is taken.
    LeftOut,
}

impl Again {
    /// As the sender says it; a reason that is not given leaves the question open.
    ///
    /// # Errors
    /// `invalid` for an empty or overlong reason.
    pub fn said(reason: Option<&str>) -> Result<Self, Problem> {
        let Some(reason) = reason else { return Ok(Again::Refused) };
        let place_of = |mut problem: Problem| {
            problem.faults.iter_mut().for_each(|fault| fault.place = "again".to_owned());
            problem
        };
        Ok(Again::Because(noted(reason).map_err(place_of)?))
    }
}

/// Whether a problem says that the file was voided.
pub fn is_told_by(problem: &Problem) -> bool {
    problem.faults.iter().any(|fault| fault.reason == VOIDED)
}

/// The voiding that stands against these bytes: of the messages with them that are meant, the latest was voided.
fn standing(
    conn: &mut AnyConn,
    project: ProjectId,
    sha256: &str,
    mut is_meant: impl FnMut(&mut AnyConn, InboxId) -> Result<bool, Problem>,
) -> Result<Option<StepRow>, Problem> {
    let voided = table::voided_with(conn, project, sha256)?;
    if voided.is_empty() {
        return Ok(None);
    }
    let mut copies: BTreeSet<InboxId> = table::taken_with(conn, sha256)?.into_iter().collect();
    copies.extend(voided.iter().map(|step| step.inbox_id));
    for id in copies.into_iter().rev() {
        if is_meant(conn, id)? {
            return Ok(voided.into_iter().find(|step| step.inbox_id == id));
        }
    }
    Ok(None)
}

/// The voiding that stands against what these bytes say of an account.
///
/// # Errors
/// A store that fails.
pub fn of_account(conn: &mut AnyConn, account: &AccountRow, sha256: &str) -> Result<Option<StepRow>, Problem> {
    standing(conn, account.project_id, sha256, |conn, id| {
        let told = table::statements_of(conn, account.project_id, id)?;
        Ok(told.iter().any(|statement| statement.account_id == account.id))
    })
}

/// The voiding that stands against a report on an order; `own` is the order that the bytes name by themselves.
///
/// # Errors
/// A store that fails.
pub fn of_report(
    conn: &mut AnyConn,
    project: ProjectId,
    sha256: &str,
    (order, own): (&str, Option<&str>),
) -> Result<Option<StepRow>, Problem> {
    standing(conn, project, sha256, |conn, id| {
        let given = run_given(conn, id)?;
        Ok(given.as_deref().or(own) == Some(order))
    })
}

/// What was voided of a file's statements before, by their place in the file.
///
/// # Errors
/// `conflict` where it was voided and nobody has said why it comes again, where nothing else is in it, and for the voided message itself.
pub fn of_statements(
    conn: &mut AnyConn,
    handed: &HandedIn,
    id: InboxId,
    desks: &[Option<(AccountRow, Site)>],
) -> Result<BTreeMap<usize, StepRow>, Problem> {
    let sha256 = handed.sha256();
    let mut found = BTreeMap::new();
    let mut known: BTreeMap<i64, Option<StepRow>> = BTreeMap::new();
    for (number, (account, _)) in desks.iter().enumerate().filter_map(|(number, desk)| Some((number, desk.as_ref()?))) {
        let step = match known.get(&account.id.0) {
            Some(step) => step.clone(),
            None => of_account(conn, account, &sha256)?,
        };
        known.insert(account.id.0, step.clone());
        found.extend(step.map(|step| (number, step)));
    }
    let others = desks.iter().flatten().count() > found.len();
    if let Some(step) = found.values().next() {
        require(conn, handed, id, step, others)?;
    }
    Ok(found)
}

/// Refuses the file unless its sender has said why it comes again, or, read again, it holds something else.
///
/// # Errors
/// `conflict`, naming who voided it and when.
pub fn require(conn: &mut AnyConn, handed: &HandedIn, id: InboxId, step: &StepRow, others: bool) -> Result<(), Problem> {
    let may_pass = match &handed.again {
        Again::Refused => false,
        Again::LeftOut => others,
        // A voided message stays voided: what is booked again stands under a message of its own.
        Again::Because(_) => step.inbox_id != id,
    };
    if may_pass {
        return Ok(());
    }
    let (zh, en) = told(conn, step)?;
    Err(Problem::conflict(
        format!("{zh}未入账。如确需再次入账，请重新报送并写明原因（接口：again，页面上勾选并填写）；要报送更正后的文件，直接报送即可。"),
        format!(
            "{en} Nothing is booked. If it is meant, hand it in once more and say why (`again`, on the page a tick and the reason); a \
             corrected file is simply handed in."
        ),
    )
    .at("file", VOIDED))
}

/// Who voided it, when and why.
///
/// # Errors
/// A store that fails.
pub fn told(conn: &mut AnyConn, step: &StepRow) -> Result<(String, String), StoreError> {
    let name = match step.recorded_by.parse::<UserId>() {
        Ok(id) => users::table::find(conn, id)?.map(|user| user.name),
        Err(_) => None,
    };
    let (who, at) = (name.unwrap_or_else(|| step.recorded_by.clone()), step.recorded_at);
    let (file, note) = (step.inbox_id, step.note.trim_end_matches(['。', '.']));
    Ok((
        format!("内容完全相同的文件 {file} 已于 {at} 由 {who} 作废（{note}）。"),
        format!("A file with the same bytes ({file}) was voided by {who} on {at} ({note})."),
    ))
}

/// Puts on record that a voided file is booked again, and why.
///
/// # Errors
/// A store that fails.
pub fn note<'a>(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    handed: &HandedIn,
    id: InboxId,
    voided: impl Iterator<Item = &'a StepRow>,
) -> Result<(), StoreError> {
    let Again::Because(reason) = &handed.again else { return Ok(()) };
    let files: BTreeSet<(ProjectId, InboxId)> = voided.map(|step| (step.project_id, step.inbox_id)).collect();
    for (project_id, voided_id) in files {
        let chain = Chain::Project(project_id);
        let row = ReturnRow {
            project_id,
            id: RecordId(ctx.id()),
            inbox_id: id,
            voided_id,
            note: reason.clone(),
            recorded_by: ctx.actor().to_owned(),
            recorded_at: ctx.now,
            recorded_seq: tx.seq(chain)?,
        };
        table::insert_return(tx, &row)?;
        tx.note(chain, ctx.now, ctx.actor(), "take_voided_file", &format!("{id} {voided_id}"))?;
    }
    Ok(())
}
