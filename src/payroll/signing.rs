//! Signatures: the worker confirms the line. Paper with its scan, a device that knows the worker, or a link with a second means;
//! nothing signs by itself, and time never does (R724-31a).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;

use super::results::event_of;
use super::table::{self, EventRow, LineRow, SheetRow, SignatureRow};
use super::{LineState, Means, SheetState, actions};
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
    /// The device, for [`Means::Device`].
    pub device: Option<String>,
    /// What the device or the second means left behind: a record number, the kind of second means and its receipt.
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

/// The papers that a batch names, by kind; `None` where the project has no such paper.
type Scans = BTreeMap<DocumentId, Option<DocumentKind>>;

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
    let scans = scans(tx, site, items)?;
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let mut pile = Pile::of(tx, site, &sheet, items)?;
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        answers.push(match pile.sign(ctx, &sheet, &scans, item, recorded_seq) {
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
            place.insert(documents::table::find(tx.conn(), site.id, id)?.map(|document| document.kind));
        }
    }
    Ok(scans)
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
        scans: &Scans,
        item: &NewSignature,
        recorded_seq: i64,
    ) -> Result<(), Problem> {
        let line = self.lines.get(&item.line).ok_or_else(|| {
            Problem::invalid("该行不在此工资表中。", "The line is not on this sheet.").at("line", "unknown_reference")
        })?;
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
        check_means(item, scans)?;
        if item.signed_on > ctx.today || item.signed_on < sheet.month.first() {
            return Err(Problem::invalid(
                "签字日应在工资所属月份开始之后、不晚于今天。",
                "A signature lies between the first day of the month that it is for and today.",
            )
            .at("signed_on", "bad_time"));
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

/// Each means needs what makes it more than a tick.
fn check_means(item: &NewSignature, scans: &Scans) -> Result<(), Problem> {
    let given =
        |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty() && text.chars().count() <= TEXT_MAX);
    let paper = item.document_id.map(|id| scans.get(&id).copied().flatten());
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
            (DocumentId(1), Some(DocumentKind::SignedSheet)),
            (DocumentId(2), Some(DocumentKind::Other)),
            (DocumentId(3), None),
        ]);
        for means in Means::ALL {
            assert!(check_means(&item(*means), &scans).is_err(), "{means}");
        }
        let paper = |id| NewSignature { document_id: Some(DocumentId(id)), ..item(Means::Paper) };
        assert!(check_means(&paper(1), &scans).is_ok());
        for wrong in [2, 3, 4] {
            assert!(check_means(&paper(wrong), &scans).is_err(), "document {wrong}");
        }
        let some = |text: &str| Some(text.to_owned());
        let device = NewSignature { device: some("北门 2 号机"), evidence: some("记录 4711"), ..item(Means::Device) };
        assert!(check_means(&device, &scans).is_ok());
        assert!(check_means(&NewSignature { evidence: some("  "), ..device.clone() }, &scans).is_err());
        assert!(check_means(&NewSignature { device: None, ..device.clone() }, &scans).is_err());
        assert!(check_means(&NewSignature { document_id: Some(DocumentId(3)), ..device }, &scans).is_err());
        let link = NewSignature { evidence: some("短信验证码"), ..item(Means::LinkWithSecondMeans) };
        assert!(check_means(&link, &scans).is_ok());
        assert!(check_means(&NewSignature { evidence: Some("长".repeat(TEXT_MAX + 1)), ..link }, &scans).is_err());
    }
}
