//! People whom a file leaves out: the gates saw them work, and their row was refused or the file has none. They stay on the sheet with
//! what their days earn, since nobody with work days vanishes from it, and they are told by name until the labour manager confirms them or a
//! mended file has them. Silence is no consent: while one is open the line is not signed and the sheet is not handed in.
//!
//! A word is of the amount that was seen and of the file of then: another amount, or a row refused again, needs another word.
//! Deliberately absent: taking anybody off the sheet here, and telling of people whose line holds something of some file.

pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use self::table::{ConfirmationRow, RefusalRow};
use crate::base::Fen;
use crate::base::id::{InboxId, LineId, RecordId, SheetId};
use crate::payroll::SheetState;
use crate::payroll::actions::{checked_text, open_sheet, require_state};
use crate::payroll::table::{SheetRow, update_sheet};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};
use crate::wire::text::clip;
use crate::workers::roster::without_people;

/// Faults of one refused row that are kept with it.
const FAULTS_OF_ROW: usize = 3;

/// The longest text of why a row was refused, in characters.
const TEXT_MAX: usize = 300;

/// Somebody who stands on the sheet by attendance and not from the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftOut {
    /// The line.
    pub line: LineId,
    /// Whose it is.
    pub enrolment: RecordId,
    /// Name of the worker.
    pub name: String,
    /// Work days by the attendance, in hundredths.
    pub days_hundredths: i32,
    /// What the line comes to.
    pub net: Fen,
    /// Row of the file that was refused, from 1; `null` where the file has no row of the worker.
    pub row: Option<i32>,
    /// The cell of the first fault of that row.
    pub place: Option<String>,
    /// Stable reason of that fault.
    pub reason: Option<String>,
    /// Why the line is not from the file, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Those who stand on a sheet by attendance and not from the file, and wait for the labour manager's word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftOuts {
    /// How many.
    pub count: usize,
    /// What their lines come to.
    pub total: Fen,
    /// Each by name.
    pub people: Vec<LeftOut>,
}

/// Those of a sheet who wait for a word; nobody of a sheet that no file was taken into, or that is handed in.
///
/// # Errors
/// What the store says, and sums beyond 63 bits.
pub fn open_of(conn: &mut AnyConn, site: &Site, sheet: SheetId) -> Result<LeftOuts, Problem> {
    // Most sheets come from no file, and each signature asks.
    if super::table::of_sheet(conn, site.id, sheet)?.is_empty() {
        return Ok(LeftOuts::default());
    }
    let beside = table::beside(conn, site.id, sheet)?;
    let refusals: BTreeMap<RecordId, RefusalRow> =
        table::refusals_of(conn, site.id, sheet)?.into_iter().map(|row| (row.enrolment_id, row)).collect();
    let said: BTreeMap<LineId, ConfirmationRow> =
        table::confirmations_of(conn, site.id, sheet)?.into_iter().map(|row| (row.line_id, row)).collect();
    let mut people = Vec::new();
    for one in beside {
        let refusal = refusals.get(&one.enrolment_id);
        let is_confirmed = said.get(&one.line_id).is_some_and(|word| {
            word.net_fen == one.net_fen && refusal.is_none_or(|refusal| refusal.recorded_seq < word.recorded_seq)
        });
        if is_confirmed {
            continue;
        }
        let (zh, en) = match refusal {
            Some(refusal) => (
                format!("文件第 {} 行未导入（{}），现按考勤列入，不是来自您的文件。", refusal.file_row, refusal.zh),
                format!(
                    "row {} of the file was refused ({}); the line is in the sheet by attendance, not from your file.",
                    refusal.file_row, refusal.en
                ),
            ),
            None => (
                "文件中没有此人，现按考勤列入，不是来自您的文件。".to_owned(),
                "the file has no row of the worker; the line is in the sheet by attendance, not from your file.".to_owned(),
            ),
        };
        people.push(LeftOut {
            line: one.line_id,
            enrolment: one.enrolment_id,
            name: one.name,
            days_hundredths: one.days_hundredths,
            net: one.net_fen,
            row: refusal.map(|refusal| refusal.file_row),
            place: refusal.map(|refusal| refusal.place.clone()),
            reason: refusal.map(|refusal| refusal.reason.clone()),
            zh,
            en,
        });
    }
    let total = Fen::total(people.iter().map(|one| one.net))?;
    Ok(LeftOuts { count: people.len(), total, people })
}

/// Lines of a sheet that wait for a word.
///
/// # Errors
/// As [`open_of`].
pub fn open_lines(conn: &mut AnyConn, site: &Site, sheet: SheetId) -> Result<BTreeSet<LineId>, Problem> {
    Ok(open_of(conn, site, sheet)?.people.into_iter().map(|one| one.line).collect())
}

/// Refuses to hand in a sheet on which somebody waits, each by name.
///
/// # Errors
/// `conflict` with a fault for each.
pub fn require_none(conn: &mut AnyConn, site: &Site, sheet: SheetId) -> Result<(), Problem> {
    let LeftOuts { count, total, people } = open_of(conn, site, sheet)?;
    if people.is_empty() {
        return Ok(());
    }
    let faults = people.iter().map(|one| Fault {
        place: one.line.to_string(),
        reason: "unconfirmed".to_owned(),
        zh: format!("{}（{} 元）：{}", one.name, one.net, one.zh),
        en: format!("{} ({} yuan): {}", one.name, one.net, one.en),
    });
    let problem = Problem::conflict(
        format!(
            "有 {count} 人共 {total} 元按考勤列入、不是来自导入的文件：请改正文件后再次导入，或由劳资专管员逐人确认（…/left-out），然后提交。"
        ),
        format!(
            "{count} workers with {total} yuan are in the sheet by attendance, not from the file: mend the file and take it again, or \
             have the labour manager confirm them (…/left-out), then hand it in."
        ),
    );
    Err(problem.with_faults(faults))
}

/// The labour manager's word that these lines stand as the attendance has them.
///
/// # Errors
/// `invalid` without a note, without a line, or for one that does not wait; `conflict` when the sheet is no draft.
pub fn confirm(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    lines: &[LineId],
    note: &str,
) -> Result<SheetRow, Problem> {
    let note = checked_text(note, "note")?;
    let sheet = open_sheet(tx, site, sheet)?;
    require_state(&sheet, SheetState::Draft)?;
    let open = open_of(tx.conn(), site, sheet.id)?.people;
    let lines: BTreeSet<LineId> = lines.iter().copied().collect();
    if lines.is_empty() {
        let problem = Problem::invalid("请选择要确认的行。", "Name the lines that are confirmed.");
        return Err(problem.at("lines", "missing_field"));
    }
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    for line in lines {
        let Some(one) = open.iter().find(|one| one.line == line) else {
            let (zh, en) = (
                "该行不在待确认之列：已确认、已由文件导入，或不在此工资表中。",
                "The line does not wait for a word: it is confirmed, it came with a file, or it is not on this sheet.",
            );
            return Err(Problem::invalid(zh, en).at(line.to_string(), "unknown_reference"));
        };
        let row = ConfirmationRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            sheet_id: sheet.id,
            line_id: line,
            net_fen: one.net,
            note: note.clone(),
            confirmed_by: ctx.actor().to_owned(),
            recorded_at: ctx.now,
            recorded_seq,
        };
        table::insert_confirmation(tx, &row)?;
    }
    let row = SheetRow { version: sheet.version + 1, recorded_seq, ..sheet };
    update_sheet(tx, &row)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "confirm_left_out", &row.id.to_string())?;
    Ok(row)
}

/// Keeps why rows of a file were refused, by whose they are.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    sheet: &SheetRow,
    inbox: InboxId,
    refused: &BTreeMap<u32, (RecordId, Vec<Fault>)>,
) -> Result<(), Problem> {
    let recorded_seq = tx.seq(Chain::Project(sheet.project_id))?;
    for (row, (enrolment, faults)) in refused {
        let faults: Vec<Fault> = faults.iter().take(FAULTS_OF_ROW).cloned().map(without_people).collect();
        let Some(first) = faults.first() else { continue };
        let texts = |of: fn(&Fault) -> &str, joint: &str| {
            let texts: Vec<&str> = faults.iter().map(|fault| of(fault).trim_end_matches(['。', '.'])).collect();
            clip(&texts.join(joint), TEXT_MAX)
        };
        let row = RefusalRow {
            project_id: sheet.project_id,
            id: RecordId(ctx.id()),
            sheet_id: sheet.id,
            inbox_id: inbox,
            enrolment_id: *enrolment,
            file_row: i32::try_from(*row).unwrap_or(i32::MAX),
            place: first.place.clone(),
            reason: first.reason.clone(),
            zh: texts(|fault| &fault.zh, "；"),
            en: texts(|fault| &fault.en, "; "),
            recorded_seq,
        };
        table::insert_refusal(tx, &row)?;
    }
    Ok(())
}
