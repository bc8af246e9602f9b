//! Signatures: the worker confirms the line. Paper with its scan, a device that knows the worker, or a link with a second means;
//! nothing signs by itself, and time never does (R724-31a). What was signed before a line was corrected signs its new version never: the
//! day and the scan are of the present version.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;

use super::life::table::{VersionRow, last_versions};
use super::results::event_of;
use super::table::{self, EventRow, LineRow, SheetRow, SignatureRow};
use super::{LineState, Means, SheetState, actions};
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

/// The papers that a batch names, by kind and place in the record; `None` where the project has no such paper.
type Scans = BTreeMap<DocumentId, Option<(DocumentKind, i64)>>;

/// What signatures of a batch are held against.
struct Proofs {
    scans: Scans,
    /// Serial numbers of the devices that are bound to the project.
    devices: Vec<String>,
    /// The present version of each line that was corrected.
    versions: BTreeMap<LineId, VersionRow>,
}

/// Signatures of one request at most.
pub const SIGNATURES_MAX: usize = 5_000;

/// The longest device name or evidence, in characters.
const TEXT_MAX: usize = 200;

/// Records signatures of a draft sheet; each item stands or falls alone.
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
    let proofs = Proofs {
        scans: scans(tx, site, items)?,
        devices: bound_devices(tx, site, items)?,
        versions: last_versions(tx.conn(), site.id, &ids)?,
    };
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let mut pile = Pile::of(tx, site, &sheet, items)?;
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        answers.push(match pile.sign(ctx, &sheet, &proofs, item, recorded_seq) {
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
fn scans(tx: &mut Tx<'_>, site: &Site, items: &[NewSignature]) -> Result<Scans, Problem> {
    let mut scans = Scans::new();
    for id in items.iter().filter_map(|item| item.document_id) {
        if let Entry::Vacant(place) = scans.entry(id) {
            place.insert(documents::table::find(tx.conn(), site.id, id)?.map(|document| (document.kind, document.recorded_seq)));
        }
    }
    Ok(scans)
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
        Ok(Pile { lines, signed, signatures: Vec::new(), moved: Vec::new(), events: Vec::new() })
    }

    /// Checks before it adds: an item that is refused leaves nothing behind.
    fn sign(
        &mut self,
        ctx: &Ctx,
        sheet: &SheetRow,
        proofs: &Proofs,
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
        check_means(item, &proofs.scans, &proofs.devices)?;
        if let Some(version) = proofs.versions.get(&item.line) {
            check_version(item, &proofs.scans, version)?;
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

/// A line that was corrected is signed as it is now: on the day of the correction or later, and by a scan that came after it.
fn check_version(item: &NewSignature, scans: &Scans, version: &VersionRow) -> Result<(), Problem> {
    if item.signed_on < version.opened_on {
        let (number, day) = (version.version, version.opened_on);
        let problem = Problem::invalid(
            format!("该行于 {day} 更正为第 {number} 版，签字日不能早于更正日。"),
            format!("The line was corrected on {day} (version {number}); a signature of it is not of an earlier day."),
        );
        return Err(problem.at("signed_on", "bad_time"));
    }
    let scanned = item.document_id.and_then(|id| scans.get(&id).copied().flatten());
    if scanned.is_some_and(|(_, recorded_seq)| recorded_seq < version.recorded_seq) {
        let zh = "该扫描件是更正之前上传的，签的是旧版；请上传对现在这一版的签字。";
        let en =
            "The scan was uploaded before the correction and signs the earlier version; upload the signature of the present one.";
        return Err(Problem::invalid(zh, en).at("document_id", "id_reused"));
    }
    Ok(())
}

/// Whether a text names a bound device: its serial number is one of the words.
fn names_device(text: &str, devices: &[String]) -> bool {
    text.split_whitespace().any(|word| devices.iter().any(|serial| serial == word))
}

/// The longest number of a record, in characters.
const RECORD_MAX: usize = 40;

/// Whether a text is a record of a device: its number, with or without the word for it: `记录 00012`, `record 7`, `20260301-004`.
fn is_record(text: &str) -> bool {
    let text = text.trim();
    let number = ["记录", "record", "Record", "No.", "#"].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text).trim();
    number.chars().count() <= RECORD_MAX
        && number.chars().any(|c| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '_'))
}

/// Each means needs what makes it more than a tick.
fn check_means(item: &NewSignature, scans: &Scans, devices: &[String]) -> Result<(), Problem> {
    let given =
        |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty() && text.chars().count() <= TEXT_MAX);
    let paper = item.document_id.map(|id| scans.get(&id).copied().flatten().map(|(kind, _)| kind));
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
mod tests {
    use super::*;

    fn item(means: Means) -> NewSignature {
        NewSignature {
            line: LineId(1),
            means,
            device: None,
            evidence: None,
            document_id: None,
            signed_on: "2026-04-02".parse().unwrap(),
        }
    }

    #[test]
    fn a_bare_tick_signs_nothing() {
        let scans = Scans::from([
            (DocumentId(1), Some((DocumentKind::SignedSheet, 5))),
            (DocumentId(2), Some((DocumentKind::Other, 5))),
            (DocumentId(3), None),
        ]);
        let devices = ["GATE0000001".to_owned()];
        let check = |item: &NewSignature| check_means(item, &scans, &devices);
        for means in Means::ALL {
            assert!(check(&item(*means)).is_err(), "{means}");
        }
        let paper = |id| NewSignature { document_id: Some(DocumentId(id)), ..item(Means::Paper) };
        assert!(check(&paper(1)).is_ok());
        for wrong in [2, 3, 4] {
            assert!(check(&paper(wrong)).is_err(), "document {wrong}");
        }
        let some = |text: &str| Some(text.to_owned());
        let device = NewSignature { device: some("北门 GATE0000001"), evidence: some("记录 4711"), ..item(Means::Device) };
        assert!(check(&device).is_ok());
        assert!(check(&NewSignature { evidence: some("  "), ..device.clone() }).is_err());
        assert!(check(&NewSignature { evidence: some("y"), ..device.clone() }).is_err(), "no record");
        assert!(check(&NewSignature { device: None, ..device.clone() }).is_err());
        assert!(check(&NewSignature { device: some("x"), ..device.clone() }).is_err(), "no device of the project");
        assert!(check(&NewSignature { document_id: Some(DocumentId(3)), ..device }).is_err());
        let link = NewSignature { evidence: some("短信验证码"), ..item(Means::LinkWithSecondMeans) };
        assert!(check(&link).is_ok());
        assert!(check(&NewSignature { evidence: Some("长".repeat(TEXT_MAX + 1)), ..link }).is_err());
    }

    #[test]
    fn a_record_is_a_number_with_or_without_its_word() {
        for good in ["记录 00012", "记录7", "record 12", "20260301-004", "lin-0CJ1V8Q2M0001", "#9"] {
            assert!(is_record(good), "{good}");
        }
        for bad in ["y", "记录", "已签字", "ok", "记录 一二", "", &"1".repeat(RECORD_MAX + 1)] {
            assert!(!is_record(bad), "{bad}");
        }
    }
}
