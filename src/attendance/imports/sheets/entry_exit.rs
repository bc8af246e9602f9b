//! Entry and exit (进退场): somebody leaves, or comes back on the terms they left with. Deliberately absent: first entries of people whom
//! nobody enrolled, which take a roster.

use super::{
    COMPANY, CREW, Column, ID, Kind, NAME, Named, Reason, SheetProblem, Table, USCC, column, enrolments, kept, person, unknown,
};
use super::{wanted_day, workers};
use crate::base::Day;
use crate::base::id::RecordId;
use crate::projects::{self, Site};
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};
use crate::workers::actions::{self, NewEnrolment};
use crate::workers::table::EnrolmentRow;
use crate::workers::{leaving, lookups};

pub(super) const COLUMNS: &[Column] = &[
    USCC,
    COMPANY,
    CREW,
    NAME,
    ID,
    column("on", &["进退场日期", "进场日期", "退场日期", "日期"], true),
    column("what", &["类型", "进退场类型", "进退场"], true),
];

pub(super) struct EntryExit {
    pub today: Day,
}

pub(super) struct Row {
    who: Named,
    crew: String,
    on: Day,
    is_entry: bool,
}

impl EntryExit {
    /// The enrolment that a row goes on from, and whether there is nothing to do.
    fn judge(&self, conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &Row) -> Result<(EnrolmentRow, bool), Problem> {
        let crews = projects::table::crews_of(conn, site.id)?;
        let crew = crews
            .iter()
            .find(|crew| crew.name == row.crew)
            .ok_or_else(|| unknown("本项目没有该班组。", "The project has no such crew.", "crew", "unknown_reference"))?;
        if row.on > ctx.today {
            return Err(unknown("日期不能晚于今天。", "The day lies ahead.", "on", "bad_time"));
        }
        let all = enrolments(conn, ctx, site, &row.who)?;
        let done = all.iter().find(|one| if row.is_entry { one.entered_on == row.on } else { one.left_on == Some(row.on) });
        if let Some(done) = done {
            return Ok((done.clone(), true));
        }
        let last = all.last().cloned().ok_or_else(Problem::not_found)?;
        let is_order = match (row.is_entry, last.left_on) {
            (true, Some(left)) => row.on > left,
            (false, None) => row.on >= last.entered_on,
            (true, None) | (false, Some(_)) => false,
        };
        if !is_order {
            let (zh, en) = if row.is_entry {
                ("该工人尚未退场，或进场早于上次退场。", "The worker has not left, or came before they had left.")
            } else {
                ("该工人已退场，或退场早于进场。", "The worker has left already, or left before they came.")
            };
            return Err(unknown(zh, en, "on", "bad_time"));
        }
        if !row.is_entry && last.crew_id != crew.id {
            return Err(unknown("该工人在另一班组。", "The worker is in another crew.", "crew", "unknown_reference"));
        }
        if !row.is_entry {
            leaving::nothing_was_seen_after(conn, ctx, &last, row.on, "on")?;
        }
        Ok((EnrolmentRow { crew_id: crew.id, ..last }, false))
    }
}

impl Kind for EntryExit {
    type Row = Row;

    const COLUMNS: &'static [Column] = COLUMNS;

    fn row(&self, table: &Table<'_>, row: usize, problems: &mut Vec<SheetProblem>) -> Option<Row> {
        let who = person(table, row, self.today, problems);
        let crew = kept(table.wanted(row, "crew"), problems);
        let on = kept(wanted_day(table, row, "on"), problems);
        let what = kept(table.wanted(row, "what"), problems).and_then(|what| match what.as_str() {
            "进场" | "1" | "入场" => Some(true),
            "退场" | "0" | "离场" => Some(false),
            _ => {
                let words =
                    ("类型应为进场或退场", "the kind is neither entry nor exit", "填“进场”或“退场”（1/0） / write 进场 or 退场");
                problems.push(table.problem(row, "what", Reason::BadFormat, words));
                None
            }
        });
        Some(Row { who: who?, crew: crew?, on: on?, is_entry: what? })
    }

    fn key(&self, row: &Row) -> (String, &'static str) {
        (format!("{} {} {}", row.who.id, row.on, row.is_entry), "on")
    }

    fn look(&self, conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &Row) -> Result<Option<String>, Problem> {
        let (_, is_done) = self.judge(conn, ctx, site, row)?;
        Ok((!is_done).then(|| row.who.name.clone()))
    }

    fn take(&self, tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, row: &Row) -> Result<Option<RecordId>, Problem> {
        let (last, _) = self.judge(tx.conn(), ctx, site, row)?;
        if !row.is_entry {
            return Ok(Some(actions::leave(tx, ctx, site, last.id, row.on)?.id));
        }
        let worker = workers::worker(tx.conn(), last.worker_id)?.ok_or_else(Problem::not_found)?;
        let vault = ctx.vault();
        let card = lookups::open_card(tx.conn(), vault, site.id, last.card.as_deref())?;
        let pin = lookups::pin_of(tx.conn(), vault, &last)?;
        // Somebody else may have the number at the gate by now; the identity number counts in any case.
        let free = match &last.pin_index {
            Some(index) => workers::by_pin_index(tx.conn(), site.id, index)?.is_none(),
            None => false,
        };
        let new = NewEnrolment {
            name: worker.name.clone(),
            id_kind: worker.id_kind,
            id_number: row.who.id.clone(),
            phone: None,
            crew: last.crew_id,
            trade: last.trade.clone(),
            pin: pin.filter(|_| free),
            paper: last.paper,
            paper_document: last.paper_document_id,
            safety_trained: last.safety_trained,
            card: card.map(|card| card.as_str().to_owned()),
            bank_name: last.bank_name.clone(),
            day_rate: last.day_rate,
            entered_on: row.on,
        };
        Ok(Some(actions::enrol(tx, ctx, site, &new)?.view.id))
    }
}
