//! Signatures: the worker confirms the line. Paper with its scan, a device that knows the worker, or a link with a second means;
//! nothing signs by itself, and time never does (R724-31a). A scan signs one sheet, and nothing that was written after it: the same bytes
//! once more are as old as their first upload. A record of a device signs one line.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::life::table::{VersionRow, last_versions};
use super::results::event_of;
use super::table::{self, EventRow, LineRow, SheetRow, SignatureRow};
use super::{LineState, Means, SheetState, actions, imports};
use crate::attendance::devices::{self, DeviceState};
use crate::base::Day;
use crate::base::id::{DocumentId, LineId, RecordId, SheetId};
use crate::documents::{self, DocumentKind};
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};

/// A signature as handed in.
#[derive(Debug, Clone)]
pub struct NewSignature {
    /// The line that is signed.
    pub line: LineId,
    /// How.
    pub means: Means,
    /// The device, for [`Means::Device`]: its serial number, with or without its gate beside it.
    pub device: Option<String>,
    /// What the device or the second means left behind: `记录 00012`, the kind of second means and its receipt.
    pub evidence: Option<String>,
    /// The scan, for [`Means::Paper`].
    pub document_id: Option<DocumentId>,
    /// When the worker signed.
    pub signed_on: Day,
}

/// What became of one signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SignatureResult)]
pub struct Signed {
    /// The line.
    pub line: LineId,
    /// Whether it stands signed now.
    pub signed: bool,
    /// Stable reason where it does not.
    pub reason: Option<String>,
    /// Why not and how to mend it, in Chinese.
    pub zh: Option<String>,
    /// The same in English.
    pub en: Option<String>,
}

/// A paper that a batch names.
#[derive(Debug, Clone, Copy)]
struct Scan {
    kind: DocumentKind,
    /// Where its bytes first stand in the record, under whichever number.
    first_seq: i64,
    /// Whether it, or the same bytes under another number, signed another sheet.
    signs_another: bool,
}

/// The papers that a batch names; `None` where the project has no such paper.
type Scans = BTreeMap<DocumentId, Option<Scan>>;

/// What signatures of a batch are held against.
struct Proofs {
    scans: Scans,
    /// Serial numbers of the devices that are bound to the project.
    devices: Vec<String>,
    /// Whether the workers' own links bring them.
    by_links: bool,
    /// Records of devices that signed a line: serial number and number of the record.
    records: BTreeSet<(String, String)>,
    /// The present version of each line that was corrected.
    versions: BTreeMap<LineId, VersionRow>,
}

/// Signatures of one request at most.
pub const SIGNATURES_MAX: usize = 5_000;

/// The longest device name or evidence, in characters.
const TEXT_MAX: usize = 200;

/// Records signatures of a draft sheet that somebody of the office brings, on paper or of a device; each item stands or falls alone. That
/// a worker signed by link nobody can state for the worker.
///
/// # Errors
/// `conflict` when the sheet is no draft any more, `too_large` for more than [`SIGNATURES_MAX`] items.
pub fn sign_lines(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    items: &[NewSignature],
) -> Result<Vec<Signed>, Problem> {
    sign_all(tx, ctx, site, sheet, items, false)
}

/// Records what workers signed by their own links, after the second means.
///
/// # Errors
/// As [`sign_lines`].
pub fn sign_by_links(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    items: &[NewSignature],
) -> Result<Vec<Signed>, Problem> {
    sign_all(tx, ctx, site, sheet, items, true)
}

fn sign_all(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    items: &[NewSignature],
    by_links: bool,
) -> Result<Vec<Signed>, Problem> {
    if items.len() > SIGNATURES_MAX {
        return Err(Problem::new(
            crate::web::Code::TooLarge,
            "一次最多提交 5000 个签字。",
            "At most 5,000 signatures come in one request.",
        ));
    }
    let sheet = actions::open_sheet(tx, site, sheet)?;
    actions::require_state(&sheet, SheetState::Draft)?;
    let ids: Vec<LineId> = items.iter().map(|item| item.line).collect();
    let devices = bound_devices(tx, site, items)?;
    let mut proofs = Proofs {
        scans: scans(tx, site, &sheet, items)?,
        records: known_records(tx, site, items, &devices)?,
        devices,
        by_links,
        versions: last_versions(tx.conn(), site.id, &ids)?,
    };
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let mut pile = Pile::of(tx, site, &sheet, items)?;
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        answers.push(match pile.sign(ctx, &sheet, &mut proofs, item, recorded_seq) {
            Ok(()) => Signed { line: item.line, signed: true, reason: None, zh: None, en: None },
            Err(problem) if problem.code == crate::web::Code::Invalid => refused(item.line, problem),
            Err(problem) => return Err(problem),
        });
    }
    table::insert_signatures(tx, &pile.signatures)?;
    table::move_lines(tx, &pile.moved)?;
    table::insert_events(tx, &pile.events)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "sign_lines", &sheet.id.to_string())?;
    Ok(answers)
}

/// The papers that a batch names, each read once: a scan is large and one scan signs many lines.
fn scans(tx: &mut Tx<'_>, site: &Site, sheet: &SheetRow, items: &[NewSignature]) -> Result<Scans, Problem> {
    let mut scans = Scans::new();
    for id in items.iter().filter_map(|item| item.document_id) {
        if scans.contains_key(&id) {
            continue;
        }
        let scan = match documents::table::find(tx.conn(), site.id, id)? {
            Some(document) => {
                let twins = documents::table::same_bytes(tx.conn(), site.id, &document.sha256)?;
                let ids: Vec<DocumentId> = twins.iter().map(|(twin, _)| *twin).collect();
                let signed = table::sheets_signed_by(tx.conn(), site.id, &ids)?;
                Some(Scan {
                    kind: document.kind,
                    first_seq: twins.iter().map(|(_, seq)| *seq).min().unwrap_or(document.recorded_seq),
                    signs_another: signed.iter().any(|other| *other != sheet.id),
                })
            }
            None => None,
        };
        scans.insert(id, scan);
    }
    Ok(scans)
}

/// Records of bound devices that signed a line of the project, where a signature names one.
fn known_records(
    tx: &mut Tx<'_>,
    site: &Site,
    items: &[NewSignature],
    devices: &[String],
) -> Result<BTreeSet<(String, String)>, Problem> {
    if !items.iter().any(|item| item.means == Means::Device) {
        return Ok(BTreeSet::new());
    }
    let told = table::device_records(tx.conn(), site.id)?;
    Ok(told.iter().filter_map(|(device, evidence)| record_of(device.as_deref()?, evidence.as_deref()?, devices)).collect())
}

/// The serial number and the record's number of a signature at a device.
fn record_of(device: &str, evidence: &str, devices: &[String]) -> Option<(String, String)> {
    let serial = device.split_whitespace().find(|word| devices.iter().any(|serial| serial == word))?;
    Some((serial.to_owned(), record_number(evidence).to_owned()))
}

/// Serial numbers of the project's devices, where a signature names one.
fn bound_devices(tx: &mut Tx<'_>, site: &Site, items: &[NewSignature]) -> Result<Vec<String>, Problem> {
    if !items.iter().any(|item| item.means == Means::Device) {
        return Ok(Vec::new());
    }
    let bound = devices::table::of_project(tx.conn(), site.id)?;
    Ok(bound.into_iter().filter(|device| device.state == DeviceState::Active).map(|device| device.serial).collect())
}

fn refused(line: LineId, problem: Problem) -> Signed {
    let reason = problem.faults.first().map(|fault| fault.reason.clone());
    Signed { line, signed: false, reason, zh: Some(problem.zh), en: Some(problem.en) }
}

/// A batch before it is written: many lines are read and written at once.
struct Pile {
    lines: BTreeMap<LineId, LineRow>,
    /// Lines that stand by attendance beside a file, and that the labour manager has not confirmed.
    left_out: BTreeSet<LineId>,
    /// How lines are signed already, those of this batch among them.
    signed: BTreeMap<LineId, (Means, Option<DocumentId>)>,
    signatures: Vec<SignatureRow>,
    moved: Vec<LineRow>,
    events: Vec<EventRow>,
}

impl Pile {
    fn of(tx: &mut Tx<'_>, site: &Site, sheet: &SheetRow, items: &[NewSignature]) -> Result<Pile, Problem> {
        let lines = match items {
            [one] => table::line(tx.conn(), site.id, one.line)?.filter(|line| line.sheet_id == sheet.id).into_iter().collect(),
            _ => table::lines_of(tx.conn(), site.id, sheet.id)?,
        };
        let ids: Vec<LineId> = items.iter().map(|item| item.line).collect();
        let mut signed = BTreeMap::new();
        for one in table::signatures_of(tx.conn(), site.id, &ids)? {
            signed.entry(one.line_id).or_insert((one.means, one.document_id));
        }
        let lines = lines.into_iter().map(|line| (line.id, line)).collect();
        let left_out = imports::left_out::open_lines(tx.conn(), site, sheet.id)?;
        Ok(Pile { lines, left_out, signed, signatures: Vec::new(), moved: Vec::new(), events: Vec::new() })
    }

    /// Checks before it adds: an item that is refused leaves nothing behind.
    fn sign(
        &mut self,
        ctx: &Ctx,
        sheet: &SheetRow,
        proofs: &mut Proofs,
        item: &NewSignature,
        recorded_seq: i64,
    ) -> Result<(), Problem> {
        let line = self.lines.get(&item.line).ok_or_else(|| {
            Problem::invalid("该行不在此工资表中。", "The line is not on this sheet.").at("line", "unknown_reference")
        })?;
        if item.signed_on > ctx.today || item.signed_on < sheet.month.first() {
            return Err(Problem::invalid(
                "签字日应在工资所属月份开始之后、不晚于今天。",
                "A signature lies between the first day of the month that it is for and today.",
            )
            .at("signed_on", "bad_time"));
        }
        if let Some(earlier) = self.signed.get(&item.line) {
            return if *earlier == (item.means, item.document_id) {
                Ok(())
            } else {
                let problem = Problem::invalid("该行已以其他方式签字。", "The line was signed by other means already.");
                Err(problem.at("line", "id_reused"))
            };
        }
        if line.state != LineState::Draft {
            let problem = Problem::invalid("该行没有可签字的工资。", "There is nothing to sign on this line.");
            return Err(problem.at("line", "bad_format"));
        }
        if self.left_out.contains(&item.line) {
            let zh = "该行按考勤列入、不是来自导入的文件；请先改正文件后再次导入，或由劳资专管员确认，再签字。";
            let en = "The line is in the sheet by attendance, not from the file; mend the file and take it again, or have the labour \
                      manager confirm it, before it is signed.";
            return Err(Problem::invalid(zh, en).at("line", "unconfirmed"));
        }
        check_means(item, &proofs.scans, &proofs.devices, proofs.by_links)?;
        check_scan(item, &proofs.scans, line)?;
        if let Some(version) = proofs.versions.get(&item.line) {
            check_version(item, version)?;
        }
        if let (Means::Device, Some(device), Some(evidence)) = (item.means, &item.device, &item.evidence)
            && let Some(record) = record_of(device, evidence, &proofs.devices)
            && !proofs.records.insert(record)
        {
            let zh = "该设备记录已用于另一行的签字；每条记录只签一行。";
            let en = "This record of the device signed another line already; each record signs one line.";
            return Err(Problem::invalid(zh, en).at("evidence", "id_reused"));
        }
        let row = LineRow { state: LineState::Signed, state_reason: None, recorded_seq, ..line.clone() };
        self.signatures.push(SignatureRow {
            project_id: row.project_id,
            id: RecordId(ctx.id()),
            line_id: row.id,
            means: item.means,
            device: item.device.clone(),
            evidence: item.evidence.clone(),
            document_id: item.document_id,
            signed_on: item.signed_on,
            recorded_by: ctx.actor().to_owned(),
            recorded_seq,
        });
        self.events.push(event_of(ctx, &row, item.means.as_str(), item.signed_on));
        self.signed.insert(row.id, (item.means, item.document_id));
        self.moved.push(row);
        Ok(())
    }
}

/// A scan signs one sheet, and a line as it stood when the scan was made: what was written after it was signed by nobody.
fn check_scan(item: &NewSignature, scans: &Scans, line: &LineRow) -> Result<(), Problem> {
    let scan = item.document_id.and_then(|id| scans.get(&id).copied().flatten()).filter(|_| item.means == Means::Paper);
    let Some(scan) = scan else { return Ok(()) };
    if scan.signs_another {
        let zh = "该扫描件（或内容完全相同的文件）已签过另一张工资表；请上传本表的签字。";
        let en = "This scan, or the same bytes, signed another sheet; upload the signatures of this one.";
        return Err(Problem::invalid(zh, en).at("document_id", "id_reused"));
    }
    if scan.first_seq < line.recorded_seq {
        let zh = "该扫描件（或内容完全相同的文件）是本行形成或更正之前上传的，签的是旧版；请上传对现在这一版的签字。";
        let en = "The scan, or the same bytes, was uploaded before the line was written as it stands and signs the earlier version; \
                  upload the signature of the present one.";
        return Err(Problem::invalid(zh, en).at("document_id", "id_reused"));
    }
    Ok(())
}

/// A line that was corrected is signed as it is now: on the day of the correction or later.
fn check_version(item: &NewSignature, version: &VersionRow) -> Result<(), Problem> {
    if item.signed_on >= version.opened_on {
        return Ok(());
    }
    let (number, day) = (version.version, version.opened_on);
    let problem = Problem::invalid(
        format!("该行于 {day} 更正为第 {number} 版，签字日不能早于更正日。"),
        format!("The line was corrected on {day} (version {number}); a signature of it is not of an earlier day."),
    );
    Err(problem.at("signed_on", "bad_time"))
}

/// Whether a text names a bound device: its serial number is one of the words.
fn names_device(text: &str, devices: &[String]) -> bool {
    text.split_whitespace().any(|word| devices.iter().any(|serial| serial == word))
}

/// The longest number of a record, in characters.
const RECORD_MAX: usize = 40;

/// The number of a record without the word for it.
fn record_number(text: &str) -> &str {
    let text = text.trim();
    ["记录", "record", "Record", "No.", "#"].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text).trim()
}

/// Whether a text is a record of a device: its number, with or without the word for it: `记录 00012`, `record 7`, `20260301-004`.
fn is_record(text: &str) -> bool {
    let number = record_number(text);
    number.chars().count() <= RECORD_MAX
        && number.chars().any(|c| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '_'))
}

/// Each means needs what makes it more than a tick.
fn check_means(item: &NewSignature, scans: &Scans, devices: &[String], by_links: bool) -> Result<(), Problem> {
    let given =
        |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty() && text.chars().count() <= TEXT_MAX);
    let paper = item.document_id.map(|id| scans.get(&id).copied().flatten().map(|scan| scan.kind));
    match item.means {
        Means::Paper if paper.flatten() != Some(DocumentKind::SignedSheet) => Err(Problem::invalid(
            "纸质签字须附签字工资表的扫描件（signed_sheet）。",
            "A signature on paper needs the scan of the signed sheet (a document of kind signed_sheet).",
        )
        .at("document_id", "missing_field")),
        Means::Device if !given(&item.device) || !given(&item.evidence) => Err(Problem::invalid(
            "设备签字须写明设备及其留存的记录。",
            "A signature at a device needs the device's name and the evidence that it kept.",
        )
        .at(if given(&item.device) { "evidence" } else { "device" }, "missing_field")),
        Means::Device if !item.device.as_deref().is_some_and(|text| names_device(text, devices)) => Err(Problem::invalid(
            "设备签字须写本项目已绑定设备的序列号。",
            "A signature at a device names the serial number of a device that is bound to the project.",
        )
        .at("device", "unknown_device")),
        Means::Device if !item.evidence.as_deref().is_some_and(is_record) => Err(Problem::invalid(
            "请填写设备留存的记录号，如“记录 00012”。",
            "Give the number of the record that the device kept, like `record 00012`.",
        )
        .at("evidence", "bad_format")),
        Means::LinkWithSecondMeans if !by_links => Err(Problem::invalid(
            "链接签字只能由工人本人打开链接、通过第二种核验后完成，他人不能代为登记；请为其生成签字链接。",
            "Only the worker signs by link, after the second means; nobody records it for the worker. Make a link for the line.",
        )
        .at("means", "not_allowed")),
        Means::LinkWithSecondMeans if !given(&item.evidence) => Err(Problem::invalid(
            "链接签字须有第二种核验方式（如发至本人手机的验证码）的记录。",
            "A signature by link needs the evidence of a second means, such as a code sent to the worker's own phone.",
        )
        .at("evidence", "missing_field")),
        _ if paper == Some(None) => {
            Err(Problem::invalid("引用的文件不属于本项目。", "There is no such document in this project.")
                .at("document_id", "unknown_reference"))
        }
        Means::Paper | Means::Device | Means::LinkWithSecondMeans => Ok(()),
    }
}

#[cfg(test)]
mod tests;
