//! A roster file (花名册) as a whole: good rows are enrolled, bad ones are refused with place, reason and remedy, the file is kept.
//!
//! A large file is taken in steps of [`STEP`] rows, so that the gates' punches never wait for it; a row that was taken stays taken.
//! Deliberately absent: adding crews or companies that a roster names. Who works on a project is not a roster's to say.

use super::actions::{self, NewEnrolment};
use super::{EnrolmentView, IdKind, Paper, Warning};
use crate::base::id::{CrewId, InboxId, PartyId, QuarantineId};
use crate::base::{Day, Fen};
use crate::parties;
use crate::projects::{Site, table as projects};
use crate::store::inbox::{self, InboxState, Message, Parsed, Rejected};
use crate::store::{AnyConn, Chain, Tx};
use crate::web::problem::Fault;
use crate::web::{Code, Ctx, Problem};
use crate::wire::roster::{self, PaperNumber, Roster, RosterRow, WorkPaper};
use crate::wire::sheet;
use crate::wire::sheet::table::SheetProblem;

/// Rows that one transaction takes.
pub const STEP: usize = 200;

/// Rows of a file at most.
pub const ROWS_MAX: usize = 20_000;

/// Faults of one file that are kept and listed one by one.
pub const FAULTS_KEPT_MAX: usize = 2_000;

/// Parser and its version, kept with each file.
const PARSER: &str = "roster/1";

/// A file as handed in.
#[derive(Debug, Clone)]
pub struct RosterFile {
    /// File name, where one came.
    pub name: Option<String>,
    /// Content type as sent.
    pub content_type: String,
    /// Bytes as received.
    pub bytes: Vec<u8>,
}

/// What holds for rows that do not say it.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// Wage for a day.
    pub day_rate: Option<Fen>,
    /// First day on site.
    pub entered_on: Day,
    /// Contract or agreement.
    pub paper: Paper,
    /// Safety training done.
    pub safety_trained: bool,
}

/// A row that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Row in the sheet, from 1.
    pub row: u32,
    /// The enrolment.
    pub view: EnrolmentView,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// What came of rows.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Rows that were taken.
    pub taken: Vec<Taken>,
    /// What is wrong with the others, each fault with its place.
    pub faults: Vec<Fault>,
    /// How many were refused.
    pub refused: u32,
}

/// Reads a file; what cannot be read as a whole is one problem of the roster. It takes a while: not for the event loop.
pub fn read(file: &RosterFile, today: Day) -> Roster {
    match sheet::read(&file.bytes) {
        Ok(book) => roster::parse(&book, today),
        Err(fault) => {
            let problem = SheetProblem {
                place: file.name.clone().unwrap_or_else(|| "file".to_owned()),
                row: 0,
                column: Box::default(),
                reason: fault.reason,
                zh: fault.zh.into(),
                en: fault.en.into(),
                fix: "上传 XLSX、XLS 或 CSV 文件 / upload an XLSX, XLS or CSV file".into(),
            };
            Roster { problems: vec![problem], ..Roster::default() }
        }
    }
}

/// A problem of the file in the shape of all others.
fn fault_of(problem: &SheetProblem) -> Fault {
    let (fix_zh, fix_en) = problem.fix.split_once(" / ").unwrap_or((&problem.fix, &problem.fix));
    Fault {
        place: problem.place.clone(),
        reason: problem.reason.code().to_owned(),
        zh: format!("{}；{fix_zh}。", problem.zh),
        en: format!("{}; {fix_en}.", problem.en),
    }
}

/// What the reading alone refused.
pub fn refused_by_reading(roster: &Roster) -> Outcome {
    Outcome { taken: Vec::new(), faults: roster.problems.iter().map(fault_of).collect(), refused: roster.refused }
}

/// Enrols some of a roster's rows; each stands or falls alone.
///
/// # Errors
/// Only what stands in the way of all: a store that fails.
pub fn enrol_rows(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    roster: &Roster,
    rows: &[RosterRow],
    defaults: &Defaults,
) -> Result<Outcome, Problem> {
    let crews = projects::crews_of(tx.conn(), site.id)?;
    let mut outcome = Outcome::default();
    for row in rows {
        let crew = match employer(tx.conn(), ctx, site, row)? {
            Some(party) => crews.iter().find(|crew| crew.name == row.crew && crew.party_id == party).map(|crew| crew.id),
            None => None,
        };
        let known = crews.iter().any(|crew| crew.name == row.crew);
        let faults = match crew.ok_or_else(|| no_crew(known)).and_then(|crew| command(row, crew, defaults)) {
            Ok(new) => match actions::enrol(tx, ctx, site, &new) {
                Ok(enrolled) => {
                    outcome.taken.push(Taken { row: row.row, view: enrolled.view, warnings: enrolled.warnings });
                    continue;
                }
                Err(problem) if matches!(problem.code, Code::Invalid | Code::Conflict) && !problem.faults.is_empty() => {
                    problem.faults
                }
                Err(problem) => return Err(problem),
            },
            Err(problem) => problem.faults,
        };
        outcome.refused = outcome.refused.saturating_add(1);
        outcome
            .faults
            .extend(faults.into_iter().map(|fault| Fault { place: roster.place(row.row, key_of(&fault.place)), ..fault }));
    }
    Ok(outcome)
}

/// The employer that a row names, where it takes part in the project.
fn employer(conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &RosterRow) -> Result<Option<PartyId>, Problem> {
    let party = parties::table::by_uscc(conn, &ctx.scope, row.uscc.as_str())?.map(|party| party.id);
    Ok(party.filter(|id| site.participations().iter().any(|one| one.party_id == *id)))
}

fn no_crew(is_another_s: bool) -> Problem {
    if is_another_s {
        let zh = "该班组不属于这家企业，或这家企业不在本项目；请核对信用代码，或先在项目中登记该企业。";
        let en = "The crew is not this company's, or the company is not on the project; check the credit code, or put the company on the project first.";
        return Problem::invalid(zh, en).at("uscc", "unknown_reference");
    }
    let zh = "本项目没有该班组，请先在“人员”页添加班组，或改正班组名称。";
    let en = "The project has no such crew; add it on the workers page first, or mend its name.";
    Problem::invalid(zh, en).at("crew", "unknown_reference")
}

fn command(row: &RosterRow, crew: CrewId, defaults: &Defaults) -> Result<NewEnrolment, Problem> {
    let day_rate = row.day_rate.or(defaults.day_rate).ok_or_else(|| {
        let zh = "缺少日工资：在表中加“日工资”列，或在上传页填写统一的日工资。";
        let en = "The day rate is missing: add the column 日工资, or give one rate for all with the upload.";
        Problem::invalid(zh, en).at("day_rate", "missing_field")
    })?;
    let id_kind = match &row.papers {
        PaperNumber::Citizen(_) => IdKind::IdCard,
        PaperNumber::Other(kind, _) if ["02", "护照", "passport"].contains(&kind.as_str()) => IdKind::Passport,
        PaperNumber::Other(..) => IdKind::Other,
    };
    let paper = row.paper.map_or(defaults.paper, |paper| match paper {
        WorkPaper::LabourContract => Paper::LabourContract,
        WorkPaper::WorkAgreement => Paper::WorkAgreement,
        WorkPaper::Nothing => Paper::None,
    });
    Ok(NewEnrolment {
        name: row.name.clone(),
        id_kind,
        id_number: row.papers.as_str().to_owned(),
        phone: Some(row.phone.as_str().to_owned()),
        crew,
        trade: row.trade.clone(),
        pin: row.pin.clone(),
        paper,
        paper_document: None,
        safety_trained: row.trained.unwrap_or(defaults.safety_trained),
        card: row.card.as_ref().map(|card| card.as_str().to_owned()),
        bank_name: row.bank.clone(),
        day_rate,
        entered_on: row.entered_on.unwrap_or(defaults.entered_on),
    })
}

/// The roster's column of an enrolment's field.
fn key_of(field: &str) -> &str {
    match field {
        "id_number" => "id",
        "bank_name" => "bank",
        other => other,
    }
}

/// Keeps the file with what was refused of it, and gives the message under which it is kept.
pub fn keep_file(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, file: &RosterFile, outcome: &Outcome) -> Result<InboxId, Problem> {
    let id = InboxId(ctx.id());
    let message = Message {
        feed: "sheet",
        source: ctx.actor().to_owned(),
        project: Some(site.id),
        request: format!("roster {}", file.name.as_deref().unwrap_or("-")),
        content_type: Some(file.content_type.clone()).filter(|text| !text.is_empty()),
        content_encoding: None,
        body: file.bytes.clone(),
        remote: None,
        received_at: ctx.now,
    };
    let state = match (outcome.taken.is_empty(), outcome.faults.is_empty()) {
        (_, true) => InboxState::Done,
        (true, false) => InboxState::Quarantined,
        (false, false) => InboxState::Part,
    };
    let items = outcome.taken.len().saturating_add(usize::try_from(outcome.refused).unwrap_or(usize::MAX));
    let items = i32::try_from(items).unwrap_or(i32::MAX);
    inbox::keep(tx.conn(), ctx.vault(), id, &message, &Parsed { state, parser: PARSER, items, items_digest: String::new() })?;
    for (item, fault) in (1..).zip(outcome.faults.iter().take(FAULTS_KEPT_MAX)) {
        let Fault { place, reason, zh, en } = fault.clone();
        inbox::quarantine(tx.conn(), QuarantineId(ctx.id()), id, &Rejected { item, place, reason, zh, en }, ctx.now)?;
    }
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "take_roster", &id.to_string())?;
    Ok(id)
}
