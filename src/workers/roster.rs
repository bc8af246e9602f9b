//! A roster file (花名册) and its rows: what each comes to on a project, with place, reason and remedy where it is refused.
//!
//! A row of somebody who stands on the roll just so is known and changes nothing, so that a file may come twice; one that says something
//! else of them is refused. Taking a file in steps is `attendance::imports`. Deliberately absent: adding crews or companies that a roster names. Who works on a project is not a roster's to say.

use super::enrolling::{self, NewEnrolment};
use super::{IdKind, Paper};
use crate::base::id::{CrewId, InboxId, PartyId, RecordId};
use crate::base::{Day, Fen};
use crate::parties;
use crate::projects::Site;
use crate::projects::table::CrewRow;
use crate::store::inbox::{self, InboxState, Message, Parsed};
use crate::store::{AnyConn, Chain, Tx, Vault};
use crate::web::problem::Fault;
use crate::web::{Code, Ctx, Problem};
use crate::wire::roster::{self, PaperNumber, Roster, RosterRow, WorkPaper};
use crate::wire::sheet::table::SheetProblem;

/// Rows that one transaction takes.
pub const STEP: usize = 200;

/// Rows of a file at most.
pub const ROWS_MAX: usize = 20_000;

/// Digits from which a number may be a person's: a telephone, papers, a card.
const NUMBER_HIDDEN_FROM: usize = 8;

/// The feed under which rosters are kept.
const FEED: &str = "sheet";

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

/// What a row comes to before anything of it is written.
pub enum Fate {
    /// It can be tried.
    New(Box<NewEnrolment>),
    /// The person stands on the roll just so.
    Known(RecordId),
    /// It cannot be taken.
    Refused(Vec<Fault>),
}

/// A problem of the file in the shape of all others.
pub fn fault_of(problem: &SheetProblem) -> Fault {
    let (fix_zh, fix_en) = problem.fix.split_once(" / ").unwrap_or((&problem.fix, &problem.fix));
    without_people(Fault {
        place: problem.place.clone(),
        reason: problem.reason.code().to_owned(),
        zh: format!("{}；{fix_zh}。", problem.zh),
        en: format!("{}; {fix_en}.", problem.en),
    })
}

/// Judges a row by the project's crews and roll.
///
/// # Errors
/// Only what stands in the way of all: a store that fails.
pub fn judge(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    crews: &[CrewRow],
    row: &RosterRow,
    defaults: &Defaults,
) -> Result<Fate, Problem> {
    let crew = match employer(conn, ctx, site, row)? {
        Some(party) => crews.iter().find(|crew| crew.name == row.crew && crew.party_id == party).map(|crew| crew.id),
        None => None,
    };
    let is_known = crews.iter().any(|crew| crew.name == row.crew);
    let new = match crew.ok_or_else(|| no_crew(is_known)).and_then(|crew| command(row, crew, defaults)) {
        Ok(new) => new,
        Err(problem) => return Ok(Fate::Refused(problem.faults)),
    };
    let says = [
        ("day_rate", row.day_rate.is_some()),
        ("entered_on", row.entered_on.is_some()),
        ("paper", row.paper.is_some()),
        ("trained", row.trained.is_some()),
    ];
    let said: Vec<&'static str> = says.into_iter().filter(|(_, said)| *said).map(|(field, _)| field).collect();
    match enrolling::standing(conn, ctx, site, &new, &said) {
        Ok(None) => Ok(Fate::New(Box::new(new))),
        Ok(Some(standing)) if standing.differs.is_empty() => Ok(Fate::Known(standing.row.id)),
        Ok(Some(standing)) => Ok(Fate::Refused(vec![differs(&standing.differs)])),
        Err(problem) => refused(problem).map(Fate::Refused),
    }
}

/// The faults of a problem of one row.
///
/// # Errors
/// The problem itself where it is none of the row's.
pub fn refused(problem: Problem) -> Result<Vec<Fault>, Problem> {
    let is_of_row = matches!(problem.code, Code::Invalid | Code::Conflict) && !problem.faults.is_empty();
    if is_of_row { Ok(problem.faults) } else { Err(problem) }
}

/// Faults of a row with the places that people look for.
pub fn placed(roster: &Roster, row: &RosterRow, faults: Vec<Fault>) -> Vec<Fault> {
    let place = |fault: Fault| without_people(Fault { place: roster.place(row.row, key_of(&fault.place)), ..fault });
    faults.into_iter().map(place).collect()
}

/// Somebody stands on the roll with other data than the row has: a roster changes nobody's terms.
fn differs(fields: &[&'static str]) -> Fault {
    let name = |field: &&'static str| {
        let column = roster::COLUMNS.iter().find(|column| column.key == key_of(field));
        column.and_then(|column| column.names.first()).copied().unwrap_or("?")
    };
    let names: Vec<&str> = fields.iter().map(name).collect();
    let (first, names) = (fields.first().copied().unwrap_or("id_number"), names.join("、"));
    Fault {
        place: if first == "name" { first.to_owned() } else { "id_number".to_owned() },
        reason: if first == "name" { "id_reused" } else { "duplicate" }.to_owned(),
        zh: format!("该证件号码已在本项目登记，且与本行不同：{names}。花名册不改变在册人员，请在该人员页面变更，或改正本行。"),
        en: format!(
            "This number is on the roll with other data ({names}). A roster changes nobody on the roll: change it on the worker's page, or mend the row."
        ),
    }
}

/// The employer that a row names, where it takes part in the project.
fn employer(conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &RosterRow) -> Result<Option<PartyId>, Problem> {
    let party = parties::table::by_uscc(conn, &ctx.scope, row.uscc.as_str())?.map(|party| party.id);
    Ok(party.filter(|id| site.present().contains(id)))
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
        phone: row.phone.as_ref().map(|phone| phone.as_str().to_owned()),
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
pub(super) fn key_of(field: &str) -> &str {
    match field {
        "id_number" => "id",
        "bank_name" => "bank",
        other => other,
    }
}

/// Keeps the file as it came, before any of its rows is taken; gives the message under which it is kept.
pub fn keep_file(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, file: &RosterFile, rows: usize) -> Result<InboxId, Problem> {
    let id = InboxId(ctx.id());
    let message = Message {
        feed: FEED,
        source: ctx.actor().to_owned(),
        project: Some(site.id),
        request: format!("roster {}", file.name.as_deref().unwrap_or("-")),
        content_type: Some(file.content_type.clone()).filter(|text| !text.is_empty()),
        content_encoding: None,
        body: file.bytes.clone(),
        remote: None,
        received_at: ctx.now,
    };
    inbox::keep(tx.conn(), ctx.vault(), id, &message, &parsed(InboxState::New, rows))?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "take_roster", &id.to_string())?;
    Ok(id)
}

/// A kept file; `None` where there is none of that id.
pub fn kept_file(conn: &mut AnyConn, vault: &Vault, id: InboxId) -> Result<Option<Vec<u8>>, Problem> {
    Ok(inbox::kept(conn, vault, FEED, id)?.map(|kept| kept.body))
}

/// Says what became of a file: whoever handed it in is shown every fault and mends it, so that nothing of it waits in the quarantine
/// for an administrator, who could do nothing about it.
pub fn close_file(tx: &mut Tx<'_>, ctx: &Ctx, id: InboxId, (taken, refused): (usize, usize)) -> Result<(), Problem> {
    let state = match (taken, refused) {
        (_, 0) => InboxState::Done,
        (0, _) => InboxState::Quarantined,
        _ => InboxState::Part,
    };
    Ok(inbox::reparsed(tx.conn(), id, &parsed(state, taken.saturating_add(refused)), ctx.now)?)
}

fn parsed(state: InboxState, rows: usize) -> Parsed {
    Parsed { state, parser: PARSER, items: i32::try_from(rows).unwrap_or(i32::MAX), items_digest: String::new() }
}

/// The text with every number of eight digits or more replaced: in a sheet whose columns have shifted, a cell that should hold a word
/// may hold somebody's papers or card. A single blank between digits does not end a number. An amount as we write amounts is none.
fn without_numbers(text: &str) -> String {
    let (mut out, mut number, mut digits) = (String::with_capacity(text.len()), String::new(), 0);
    // One more character than there are, so that a number at the end is looked at too.
    for (at, c) in text.char_indices().map(|(at, c)| (at, Some(c))).chain([(text.len(), None)]) {
        match c {
            Some(c) if c.is_numeric() => {
                number.push(c);
                digits += 1;
            }
            Some(' ') if digits > 0 && !number.ends_with(' ') => number.push(' '),
            other => {
                let is_check_letter = matches!(other, Some('X' | 'x')) && digits >= NUMBER_HIDDEN_FROM;
                if digits >= NUMBER_HIDDEN_FROM && !is_amount(&number, text.get(at..).unwrap_or_default()) {
                    out.push_str("***");
                    out.push_str(if number.ends_with(' ') { " " } else { "" });
                } else {
                    out.push_str(&number);
                }
                number.clear();
                digits = 0;
                out.extend(other.filter(|_| !is_check_letter));
            }
        }
    }
    out
}

/// Digits of the yuan of an amount that is shown; cards and papers have more.
const YUAN_DIGITS_MAX: usize = 14;

/// Whether a number with what follows it is an amount to the fen, as we write amounts, and not a phone's number in the wrong column.
fn is_amount(number: &str, after: &str) -> bool {
    let mut after = after.chars();
    let is_to_the_fen = after.next() == Some('.')
        && after.by_ref().take(2).filter(char::is_ascii_digit).count() == 2
        && after.next().is_none_or(|c| !c.is_numeric() && c != '.');
    let is_phone = number.len() == 11 && number.starts_with('1');
    is_to_the_fen && number.len() <= YUAN_DIGITS_MAX && number.bytes().all(|b| b.is_ascii_digit()) && !is_phone
}

/// A fault as it may be shown and kept.
pub fn without_people(fault: Fault) -> Fault {
    Fault { zh: without_numbers(&fault.zh), en: without_numbers(&fault.en), ..fault }
}

#[cfg(test)]
mod tests {
    use super::without_numbers;

    #[test]
    fn long_numbers_are_hidden_and_days_and_amounts_are_not() {
        for (text, shown) in [
            ("“110101199001011237”不是种类", "“***”不是种类"),
            ("`11010119900101123X` is no kind", "`***` is no kind"),
            ("卡 6222 0212 3456 7890 有误", "卡 *** 有误"),
            ("13900000012", "***"),
            ("第 12345678 行", "第 *** 行"),
            ("１３９０００００", "***"),
            ("2026-02-01 与 1234567 元，320.00", "2026-02-01 与 1234567 元，320.00"),
            ("合计 99999999999999.00 与各行之和 12345678.90 不符", "合计 99999999999999.00 与各行之和 12345678.90 不符"),
            ("13900000012.00 元，622202123456789.00 元", "***.00 元，***.00 元"),
            ("12345678.901 与 12345678.9", "***.901 与 ***.9"),
            ("", ""),
            ("1 2  3", "1 2  3"),
        ] {
            assert_eq!(without_numbers(text), shown, "{text}");
        }
    }
}
