//! Workers: announced first, on the roll with their entry, off it with their exit; contracts go on the enrolment.
//!
//! The announcement alone puts nobody on the roll, since the day of entry is what the roll is about; until then it waits, encrypted.

use super::{Applied, Ask, Halt, Team, told};
use crate::base::Fen;
use crate::projects::{Site, table as projects};
use crate::realname::codes::id_kind;
use crate::realname::conduct::is_trained;
use crate::realname::keeping::{self, Fields, NewRecord, Standing};
use crate::realname::table::RecordRow;
use crate::realname::{RecordKind, table};
use crate::store::Tx;
use crate::wire::openapi::answer::Wrong;
use crate::wire::openapi::record::Record;
use crate::workers::actions::{self as workers, NewEnrolment, NewTerms};
use crate::workers::table::{self as roll, EnrolmentRow, WorkerRow};
use crate::workers::{Paper, id_index, papers};

/// The key of a worker in a crew.
pub(super) fn key_of(team: i64, item: &Record) -> String {
    format!("{team} {} {}", item.word("idCardType"), item.word("idCardNumber"))
}

/// A person as the registry and the announcements know them.
pub(super) struct Person {
    /// The person, where they were ever on a roll here.
    pub worker: Option<WorkerRow>,
    /// Their enrolments in the crew, or on the project where the message names no crew; oldest first.
    pub enrolments: Vec<EnrolmentRow>,
    /// The announcement in the crew, where the message names one.
    pub record: Option<RecordRow>,
}

impl Person {
    /// Whether they were announced or are on the roll there.
    pub fn is_known(&self) -> bool {
        self.record.is_some() || !self.enrolments.is_empty()
    }

    fn active(&self) -> Option<&EnrolmentRow> {
        self.enrolments.iter().find(|row| row.left_on.is_none())
    }
}

/// Looks a person up by the papers that an item names.
pub(super) fn person(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site, team: Option<&Team>, item: &Record) -> Result<Person, Halt> {
    let ctx = ask.ctx;
    let index = id_index(ctx.vault(), id_kind(item.word("idCardType")), item.word("idCardNumber"));
    let worker = roll::worker_by_id_index(tx.conn(), &index)?;
    let mut enrolments = match &worker {
        Some(worker) => roll::of_worker(tx.conn(), site.id, worker.id)?,
        None => Vec::new(),
    };
    enrolments.retain(|row| team.is_none_or(|team| team.crew.id == row.crew_id));
    let record = match team {
        Some(team) => keeping::latest(tx.conn(), ctx, RecordKind::Worker, site.id, &key_of(team.number, item))?,
        None => None,
    };
    Ok(Person { worker, enrolments, record })
}

/// Announces workers, or changes what was announced.
pub(super) fn announce(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let site = ask.site(tx)?;
    let team = ask.team_of_corp(tx, &site)?;
    ask.each(|item| if ask.is_update() { change(tx, ask, &site, &team, item) } else { add(tx, ask, &site, &team, item) })?;
    Ok(Applied::default())
}

fn add(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site, team: &Team, item: &Record) -> Result<(), Halt> {
    let (key, content) = (key_of(team.number, item), item.content());
    match keeping::standing(tx.conn(), ask.ctx, RecordKind::Worker, site.id, &key, &content)? {
        Standing::Same(_) => return Ok(()),
        Standing::Differs(record) => {
            // The same announcement after an update is a repeat and no other person.
            let all = table::records_of(tx.conn(), site.id, RecordKind::Worker)?;
            let index = keeping::content_index(ask.ctx, &content);
            let is_first = all.iter().any(|row| row.key_index == record.key_index && row.version == 1 && row.content == index);
            return if is_first { Ok(()) } else { Err(item.fault("idCardNumber", Wrong::Exists).into()) };
        }
        Standing::New => {}
    }
    let known = person(tx, ask, site, None, item)?;
    if known.worker.as_ref().is_some_and(|worker| worker.name != item.word("workerName")) {
        let zh = "该证件号码已以其他姓名登记".to_owned();
        return Err(item.fault("workerName", Wrong::Refused(zh, "the number is on record under another name".to_owned())).into());
    }
    let fields: Fields = item.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let record = NewRecord {
        kind: RecordKind::Worker,
        project: site.id,
        key: &key,
        content: &content,
        fields: &fields,
        number: Some(team.number),
        subject: None,
        person: None,
    };
    keeping::keep(tx, ask.ctx, ask.origin, &record)?;
    Ok(())
}

fn change(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site, team: &Team, item: &Record) -> Result<(), Halt> {
    let known = person(tx, ask, site, Some(team), item)?;
    let Some(record) = &known.record else { return Err(item.fault("idCardNumber", Wrong::Absent("工人")).into()) };
    let before = keeping::fields(tx.conn(), ask.ctx, record)?;
    let is_new = |key: &str| item.text(key).is_some_and(|told| before.get(key).is_none_or(|stands| stands != told));
    if is_new("workerName") {
        let zh = "姓名已登记，不能通过接口修改".to_owned();
        return Err(item.fault("workerName", Wrong::Refused(zh, "a person changes a name".to_owned())).into());
    }
    let is_other_card = is_new("payRollBankCardNumber") || is_new("payRollBankName");
    keeping::amend(tx, ask.ctx, ask.origin, record, item.pairs())?;
    // Of somebody who is on the roll the card changes as a person would change it.
    if let Some(row) = known.active().filter(|_| is_other_card) {
        set_card(tx, ask, site, row, item)?;
    }
    Ok(())
}

/// Records the wage card that an item names for somebody on the roll.
pub(super) fn set_card(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site, row: &EnrolmentRow, item: &Record) -> Result<(), Halt> {
    let today = ask.ctx.today;
    let new = NewTerms {
        valid_on: if row.holds_on(today) { today } else { row.entered_on },
        day_rate: None,
        card: item.text("payRollBankCardNumber").map(str::to_owned),
        bank_name: item.text("payRollBankName").map(str::to_owned),
    };
    told(item, "payRollBankCardNumber", workers::change_terms(tx, ask.ctx, site, row.id, &new)).map(drop)
}

/// Entries and exits.
pub(super) fn pass(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let site = ask.site(tx)?;
    let team = ask.team_of_corp(tx, &site)?;
    ask.each(|item| {
        let known = person(tx, ask, &site, Some(&team), item)?;
        if !known.is_known() {
            return Err(item.fault("idCardNumber", Wrong::Absent("工人")).into());
        }
        match item.word("type") {
            "0" => leave(tx, ask, &site, &known, item),
            "1" => enter(tx, ask, &site, &team, &known, item),
            // An unknown code is neither, whatever the profile makes of unknown codes elsewhere.
            _ => Err(item.fault("type", Wrong::NotInTable).into()),
        }
    })?;
    Ok(Applied::default())
}

fn enter(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site, team: &Team, known: &Person, item: &Record) -> Result<(), Halt> {
    let day = item.day("date").ok_or_else(|| item.fault("date", Wrong::Missing))?;
    if known.enrolments.iter().any(|row| row.entered_on == day && row.crew_id == team.crew.id) {
        return Ok(());
    }
    if known.active().is_some() {
        return Err(item.fault("date", Wrong::Exists).into());
    }
    let Some(record) = &known.record else { return Err(item.fault("idCardNumber", Wrong::Absent("工人")).into()) };
    let announced = keeping::fields(tx.conn(), ask.ctx, record)?;
    let text = |key: &str| announced.get(key).cloned();
    // Whoever was told to have passed the safety training before they came is enrolled as trained.
    let index = id_index(ask.ctx.vault(), id_kind(item.word("idCardType")), item.word("idCardNumber"));
    let new = NewEnrolment {
        name: text("workerName").unwrap_or_default(),
        id_kind: id_kind(item.word("idCardType")),
        id_number: item.word("idCardNumber").to_owned(),
        phone: text("cellPhone"),
        crew: team.crew.id,
        trade: text("workType").unwrap_or_default(),
        pin: None,
        paper: Paper::None,
        paper_document: None,
        safety_trained: is_trained(tx.conn(), ask.ctx, site.id, &index)?,
        card: text("payRollBankCardNumber"),
        bank_name: text("payRollBankName"),
        day_rate: Fen::ZERO,
        entered_on: day,
    };
    told(item, "idCardNumber", workers::enrol(tx, ask.ctx, site, &new)).map(drop)
}

fn leave(tx: &mut Tx<'_>, ask: &Ask<'_>, site: &Site, known: &Person, item: &Record) -> Result<(), Halt> {
    let day = item.day("date").ok_or_else(|| item.fault("date", Wrong::Missing))?;
    if known.enrolments.iter().any(|row| row.left_on == Some(day)) {
        return Ok(());
    }
    let Some(row) = known.active() else { return Err(item.fault("idCardNumber", Wrong::Absent("进场记录")).into()) };
    told(item, "date", workers::leave(tx, ask.ctx, site, row.id, day)).map(drop)
}

/// Labour contracts.
pub(super) fn contract(tx: &mut Tx<'_>, ask: &Ask<'_>) -> Result<Applied, Halt> {
    let site = ask.site(tx)?;
    ask.each(|item| {
        let party = ask.party(tx, item, "corpCode", "corpName")?;
        ask.require_own(&site, party.id, item, "corpCode")?;
        let crews = projects::crews_of(tx.conn(), site.id)?;
        let mut known = person(tx, ask, &site, None, item)?;
        // The contract is with that company, so it goes on an enrolment in one of its crews.
        known.enrolments.retain(|row| crews.iter().any(|crew| crew.id == row.crew_id && crew.party_id == party.id));
        if known.worker.is_none() {
            return Err(item.fault("idCardNumber", Wrong::Absent("工人")).into());
        }
        let (Some(start), Some(end)) = (item.day("startDate"), item.day("endDate")) else {
            return Err(item.fault("startDate", Wrong::Missing).into());
        };
        if end < start {
            return Err(item.fault("endDate", Wrong::BadFormat).into());
        }
        let Some(row) = known.active().or(known.enrolments.last()) else {
            return Err(item.fault("idCardNumber", Wrong::Absent("进场记录")).into());
        };
        let key = format!("{} {} {start}", row.worker_id, party.id);
        match keeping::standing(tx.conn(), ask.ctx, RecordKind::Contract, site.id, &key, &item.content())? {
            Standing::Same(_) => return Ok(()),
            Standing::Differs(_) => return Err(item.fault("startDate", Wrong::Exists).into()),
            Standing::New => {}
        }
        let fields: Fields = item.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let record = NewRecord {
            kind: RecordKind::Contract,
            project: site.id,
            key: &key,
            content: &item.content(),
            fields: &fields,
            number: None,
            subject: Some(row.id.0),
            person: None,
        };
        keeping::keep(tx, ask.ctx, ask.origin, &record)?;
        told(item, "idCardNumber", papers::sign_paper(tx, ask.ctx, &site, row.id, Paper::LabourContract, None)).map(drop)
    })?;
    Ok(Applied::default())
}
