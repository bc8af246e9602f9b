//! Crews (班组): a crew of a company that takes part in the project. Deliberately absent: the leader's name, telephone and papers, for
//! which crews have no place; they stay in the kept file.

use super::{COMPANY, Column, Kind, Reason, SheetProblem, Table, column, kept, unknown};
use crate::base::Day;
use crate::base::id::{PartyId, RecordId};
use crate::base::person::Uscc;
use crate::parties;
use crate::projects::{self, Site};
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};

pub(super) const COLUMNS: &[Column] = &[
    column("uscc", &["企业统一社会信用代码", "统一社会信用代码", "信用代码"], true),
    COMPANY,
    column("crew", &["班组名称", "班组"], true),
    column("leader", &["责任人姓名", "班组长"], false),
    column("leader_phone", &["责任人电话", "责任人手机"], false),
    column("leader_id", &["责任人证件号码"], false),
    column("from", &["进场时间", "进场日期"], false),
    column("until", &["退场时间", "退场日期"], false),
];

pub(super) struct Crew;

pub(super) struct Row {
    uscc: Uscc,
    crew: String,
    from: Option<Day>,
}

/// The company of a row, where it takes part in the project.
fn employer(conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &Row) -> Result<PartyId, Problem> {
    let party = parties::table::by_uscc(conn, &ctx.scope, row.uscc.as_str())?.map(|party| party.id);
    party.filter(|id| site.present().contains(id)).ok_or_else(|| {
        let en = "The company is not on the project; put it on the project first.";
        unknown("这家企业不在本项目，请先在项目中登记该企业。", en, "uscc", "unknown_reference")
    })
}

impl Kind for Crew {
    type Row = Row;

    const COLUMNS: &'static [Column] = COLUMNS;

    fn row(&self, table: &Table<'_>, row: usize, problems: &mut Vec<SheetProblem>) -> Option<Row> {
        let uscc = kept(table.wanted(row, "uscc"), problems).and_then(|text| match Uscc::parse(&text) {
            Ok(uscc) => Some(uscc),
            Err(_) => {
                let words = ("统一社会信用代码不正确", "the credit code is not right", "请核对 / check it");
                problems.push(table.problem(row, "uscc", Reason::BadFormat, words));
                None
            }
        });
        let crew = kept(table.wanted(row, "crew"), problems);
        let from = kept(table.day(row, "from"), problems);
        Some(Row { uscc: uscc?, crew: crew?, from: from? })
    }

    fn is_total(&self, table: &Table<'_>, row: usize) -> bool {
        table.is_total(row, "uscc")
    }

    fn key(&self, row: &Row) -> (String, &'static str) {
        (row.crew.clone(), "crew")
    }

    fn look(&self, conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &Row) -> Result<Option<String>, Problem> {
        let party = employer(conn, ctx, site, row)?;
        match projects::table::crews_of(conn, site.id)?.iter().find(|crew| crew.name == row.crew) {
            None => Ok(Some(row.crew.clone())),
            Some(crew) if crew.party_id == party => Ok(None),
            Some(_) => {
                let en = "Another company has a crew of this name on the project.";
                Err(unknown("本项目另一企业已有同名班组。", en, "crew", "id_reused"))
            }
        }
    }

    fn take(&self, tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, row: &Row) -> Result<Option<RecordId>, Problem> {
        let party = employer(tx.conn(), ctx, site, row)?;
        projects::actions::add_crew(tx, ctx, site, &row.crew, party, row.from.unwrap_or(ctx.today))?;
        Ok(None)
    }
}
