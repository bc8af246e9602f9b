//! Contracts (合同): somebody on the roll has signed one. Deliberately absent: its term and its unit price, for which enrolments have no
//! place (a day rate changes by new terms, dated); they are checked and stay in the kept file.

use super::wanted_day;
use super::{
    COMPANY, Column, ID, Kind, NAME, Named, Reason, SheetProblem, Table, USCC, column, enrolments, kept, person, unknown,
};
use crate::base::Day;
use crate::base::id::RecordId;
use crate::projects::Site;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};
use crate::workers::table::EnrolmentRow;
use crate::workers::{Paper, papers};

pub(super) const COLUMNS: &[Column] = &[
    USCC,
    COMPANY,
    NAME,
    ID,
    column("term", &["合同期限类型", "期限类型"], true),
    column("from", &["开始日期", "合同开始日期", "起始日期"], true),
    column("until", &["结束日期", "合同结束日期", "截止日期"], true),
    column("unit", &["计量单位"], false),
    column("price", &["计量单价"], false),
];

pub(super) struct Contract {
    pub today: Day,
}

pub(super) struct Row {
    who: Named,
    from: Day,
    until: Day,
}

/// The enrolment that a contract is for: the latest that its days touch.
fn enrolment(conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &Row) -> Result<EnrolmentRow, Problem> {
    let all = enrolments(conn, ctx, site, &row.who)?;
    let touches = |one: &EnrolmentRow| one.entered_on <= row.until && one.left_on.is_none_or(|left| left >= row.from);
    all.into_iter().rev().find(touches).ok_or_else(|| {
        let en = "The worker was not on the project in the contract's time.";
        unknown("合同期限内该工人不在本项目。", en, "from", "bad_time")
    })
}

impl Kind for Contract {
    type Row = Row;

    const COLUMNS: &'static [Column] = COLUMNS;

    fn row(&self, table: &Table<'_>, row: usize, problems: &mut Vec<SheetProblem>) -> Option<Row> {
        let who = person(table, row, self.today, problems);
        let term = kept(table.wanted(row, "term"), problems);
        let from = kept(wanted_day(table, row, "from"), problems);
        let until = kept(wanted_day(table, row, "until"), problems);
        let _ = kept(table.money(row, "price"), problems)?;
        term?;
        let (from, until) = (from?, until?);
        if until < from {
            let words = ("结束日期早于开始日期", "it ends before it begins", "请核对 / check it");
            problems.push(table.problem(row, "until", Reason::BadTime, words));
        }
        Some(Row { who: who?, from, until })
    }

    fn key(&self, row: &Row) -> (String, &'static str) {
        (format!("{} {}", row.who.id, row.from), "id")
    }

    fn look(&self, conn: &mut AnyConn, ctx: &Ctx, site: &Site, row: &Row) -> Result<Option<String>, Problem> {
        let found = enrolment(conn, ctx, site, row)?;
        Ok((found.paper != Paper::LabourContract).then(|| row.who.name.clone()))
    }

    fn take(&self, tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, row: &Row) -> Result<Option<RecordId>, Problem> {
        let found = enrolment(tx.conn(), ctx, site, row)?;
        Ok(Some(papers::sign_paper(tx, ctx, site, found.id, Paper::LabourContract, None)?.id))
    }
}
