//! What only the records can tell of a row: whose it is, whether that person was here, whose card it names, and amounts that cannot be;
//! and, of rows that are taken all the same, where days and day rate are not those on record.

use std::collections::{BTreeMap, HashMap};

use super::sites::Sites;
use super::{NET_MAX, Proposal, against};
use crate::attendance;
use crate::base::id::{CrewId, PartyId, RecordId, WorkerId};
use crate::base::{Day, Fen, Month};
use crate::parties;
use crate::payroll::basis::{self, Earned};
use crate::projects::{self, PartyRole, Site};
use crate::store::Tx;
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};
use crate::wire::pay_sheet::{self, PayRow};
use crate::wire::sheet::Workbook;
use crate::wire::text::{clip, squeezed};
use crate::workers::table::EnrolmentRow;
use crate::workers::{self, IdKind, TRADE_TABLE, UNKNOWN_TRADE, card_index, id_index};

/// What is known of the project's month.
pub(super) struct Known {
    month: Month,
    /// Enrolments by the index of the identity number, the newest last.
    people: HashMap<String, Vec<(EnrolmentRow, String)>>,
    /// Days on which somebody was on another site as well.
    twice: BTreeMap<WorkerId, Vec<Day>>,
    /// What each enrolment earned by the gates; empty where nobody's days are on record, which says nothing.
    earned: HashMap<RecordId, Earned>,
    lowest_day_wage: Option<Fen>,
    /// Teams by number: name, and credit code of the company that employs them.
    teams: HashMap<CrewId, (String, Option<String>)>,
    /// Credit code of the general contractor.
    contractor: Option<String>,
    pub(super) sites: Sites,
}

/// What became of the rows.
#[derive(Default)]
pub(super) struct Sorted<'a> {
    pub good: Vec<Good<'a>>,
    /// What is wrong, by row.
    pub faults: Vec<(u32, Fault)>,
    /// What is odd in rows that are taken.
    pub warnings: Vec<Fault>,
    pub refused: u32,
    /// Refused rows whose worker is known.
    pub people: Vec<(u32, RecordId)>,
}

/// Rows that were refused, with why and, where the records know, whose they are.
#[derive(Default)]
pub(super) struct Refused {
    faults: BTreeMap<u32, Vec<Fault>>,
    pub people: Vec<(u32, RecordId)>,
}

impl Refused {
    pub(super) fn tell(&mut self, row: u32, fault: Fault) {
        self.faults.entry(row).or_default().push(fault);
    }

    /// Faults by row with whose it is. A row that could not be read is looked at by its number as written, else by a name that one person
    /// only has.
    pub(super) fn by_person(
        mut self,
        ctx: &Ctx,
        known: &Known,
        proposal: &Proposal,
        book: &Workbook,
    ) -> BTreeMap<u32, (RecordId, Vec<Fault>)> {
        let mut people: BTreeMap<u32, RecordId> = std::mem::take(&mut self.people).into_iter().collect();
        let sheet = proposal.in_our_names(book).unwrap_or_default();
        if let Ok(table) = pay_sheet::find(&sheet) {
            for row in self.faults.keys().filter(|row| **row > 0) {
                let place = usize::try_from(row.saturating_sub(1)).unwrap_or(usize::MAX);
                let (id, name) = (table.text(place, "id"), table.text(place, "name"));
                if let Some(found) = known.named(ctx, id.as_deref(), name.as_deref()) {
                    people.entry(*row).or_insert(found);
                }
            }
        }
        self.faults.into_iter().filter_map(|(row, faults)| Some((row, (*people.get(&row)?, faults)))).collect()
    }
}

/// A row that may be taken, with whose it is.
pub(super) struct Good<'a> {
    pub row: &'a PayRow,
    pub enrolment: EnrolmentRow,
}

/// A trade that is in no code table: the row is taken, and somebody looks at it.
fn unknown_trade(ctx: &Ctx, proposal: &Proposal, row: &PayRow) -> Option<Fault> {
    let trade = row.trade.as_deref().filter(|trade| !ctx.ground.settings.platforms.is_listed(TRADE_TABLE, trade, ctx.today))?;
    let ((zh, en), trade) = (UNKNOWN_TRADE, clip(trade, 20));
    let (zh, en) = (format!("{trade}：{zh}"), format!("{trade}: {en}"));
    Some(Fault { place: proposal.place(row.row, "trade"), reason: "unknown_reference".to_owned(), zh, en })
}

impl Known {
    pub(super) fn gather(
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        site: &Site,
        month: Month,
        lowest_day_wage: Option<Fen>,
    ) -> Result<Known, Problem> {
        let earned = basis::earned(tx, ctx, site, month, None)?.into_iter().map(|one| (one.enrolment_id, one)).collect();
        let conn = tx.conn();
        let enrolments = workers::table::of_project(conn, site.id)?;
        let ids: Vec<WorkerId> = enrolments.iter().map(|row| row.worker_id).collect();
        let mut persons = HashMap::new();
        for some in ids.chunks(ASKED_MAX) {
            for worker in workers::table::workers_of(conn, some)? {
                persons.insert(worker.id, (worker.id_index, worker.name));
            }
        }
        let mut people: HashMap<String, Vec<(EnrolmentRow, String)>> = HashMap::new();
        for row in enrolments {
            if let Some((index, name)) = persons.get(&row.worker_id) {
                people.entry(index.clone()).or_default().push((row, name.clone()));
            }
        }
        let mut twice: BTreeMap<WorkerId, Vec<Day>> = BTreeMap::new();
        for (worker, day) in attendance::elsewhere::on_two_sites(conn, site.id, month)? {
            twice.entry(worker).or_default().push(day);
        }
        let crews = projects::table::crews_of(conn, site.id)?;
        let contractor = site.party(PartyRole::GeneralContractor, month.last());
        let mut asked: Vec<PartyId> = crews.iter().map(|crew| crew.party_id).chain(contractor).collect();
        asked.sort_unstable();
        asked.dedup();
        let codes: HashMap<PartyId, String> =
            parties::table::some(conn, &ctx.scope, &asked)?.into_iter().map(|party| (party.id, party.uscc)).collect();
        let teams = crews.into_iter().map(|crew| (crew.id, (crew.name, codes.get(&crew.party_id).cloned()))).collect();
        let sites = Sites::gather(conn, site, contractor)?;
        let contractor = contractor.and_then(|id| codes.get(&id).cloned());
        Ok(Known { month, people, twice, earned, lowest_day_wage, teams, contractor, sites })
    }

    /// Each row whole: every fault of it is told, and it is taken only without any.
    pub(super) fn check<'a>(&self, ctx: &Ctx, proposal: &Proposal, rows: &'a [PayRow]) -> Sorted<'a> {
        let mut sorted = Sorted::default();
        let holders = self.holders(ctx, rows);
        let mut cards: HashMap<String, u32> = HashMap::new();
        for row in rows {
            let mut faults: Vec<Fault> = Vec::new();
            let mut tell = |key: &str, reason: &str, zh: String, en: String| {
                faults.push(Fault { place: proposal.place(row.row, key), reason: reason.to_owned(), zh, en });
            };
            let enrolment = self.whose(ctx, row, &mut tell);
            if let Some(card) = &row.card {
                let index = card_index(ctx.vault(), card.as_str());
                // The row of the one who has the card on record keeps it, wherever in the file it stands.
                let first = *holders.get(&index).or_else(|| cards.get(&index)).unwrap_or(&row.row);
                if first != row.row {
                    let zh = format!("银行卡号与第 {first} 行相同；每人只能用本人的银行卡，请改正卡号。");
                    let en = format!("The card is that of row {first} too; each worker has their own, mend the number.");
                    tell("card", "id_reused", zh, en);
                }
                let registered = enrolment.as_ref().and_then(|one| one.card_index.as_ref());
                if registered.is_some_and(|known| *known != index) {
                    let zh = "银行卡号与登记的工资卡不同；请核对，或先在工人页面登记本人的新卡。".to_owned();
                    let en = "The card is not the one on record; check it, or record the worker's own new card first.".to_owned();
                    tell("card", "unknown_account", zh, en);
                }
                cards.entry(index).or_insert(row.row);
            }
            self.amounts(row, &mut tell);
            self.belongs(row, enrolment.as_ref(), &mut tell);
            self.team(row, &mut tell);
            let odd_site = self.sites.check(row, &mut tell);
            let earned = enrolment.as_ref().and_then(|one| self.earned.get(&one.id));
            against::nothing_for_work(row, earned, &mut tell);
            if let Some(one) = enrolment.as_ref().filter(|_| !faults.is_empty()) {
                sorted.people.push((row.row, one.id));
            }
            match enrolment.filter(|_| faults.is_empty()) {
                Some(enrolment) => {
                    let mut warn = |key: &str, zh: String, en: String| {
                        let place = proposal.place(row.row, key);
                        sorted.warnings.push(Fault { place, reason: "sum_mismatch".to_owned(), zh, en });
                    };
                    against::warn(row, earned, enrolment.day_rate, !self.earned.is_empty(), &mut warn);
                    if let Some((zh, en)) = odd_site {
                        warn("project", zh, en);
                    }
                    sorted.warnings.extend(self.other_team(proposal, row, &enrolment));
                    sorted.warnings.extend(unknown_trade(ctx, proposal, row));
                    sorted.good.push(Good { row, enrolment });
                }
                None => sorted.refused = sorted.refused.saturating_add(1),
            }
            sorted.faults.extend(faults.into_iter().map(|fault| (row.row, fault)));
        }
        sorted
    }

    /// Whom a row that is not read means: by the number as written, else by a name that one person of the month only has.
    fn named(&self, ctx: &Ctx, id: Option<&str>, name: Option<&str>) -> Option<RecordId> {
        let (first, last) = (self.month.first(), self.month.last());
        let here = |one: &EnrolmentRow| one.entered_on <= last && one.left_on.is_none_or(|left| left >= first);
        let by_id = id.and_then(|id| {
            let index = id_index(ctx.vault(), IdKind::IdCard, &id.trim().to_uppercase());
            self.people.get(&index)?.iter().rev().find(|(one, _)| here(one)).map(|(one, _)| one.id)
        });
        let by_name = || {
            let name = squeezed(name?);
            let mut found = self.people.values().filter_map(|all| {
                all.iter().rev().find(|(one, known)| here(one) && squeezed(known) == name).map(|(one, _)| one.id)
            });
            found.next().filter(|_| found.next().is_none())
        };
        by_id.or_else(by_name)
    }

    /// For each card the first row of the one who has it on record.
    fn holders(&self, ctx: &Ctx, rows: &[PayRow]) -> HashMap<String, u32> {
        let mut holders = HashMap::new();
        for row in rows {
            let Some(card) = &row.card else { continue };
            let index = card_index(ctx.vault(), card.as_str());
            let has_it = match &row.id {
                Some(id) => {
                    let known = self.people.get(&id_index(ctx.vault(), IdKind::IdCard, id.as_str()));
                    known.is_some_and(|all| all.iter().any(|(one, _)| one.card_index.as_ref() == Some(&index)))
                }
                None => !self.named_with_card(row, &index).is_empty(),
            };
            if has_it {
                holders.entry(index).or_insert(row.row);
            }
        }
        holders
    }

    fn whose(&self, ctx: &Ctx, row: &PayRow, tell: &mut impl FnMut(&str, &str, String, String)) -> Option<EnrolmentRow> {
        let Some(id) = &row.id else { return self.by_card(ctx, row, tell) };
        let index = id_index(ctx.vault(), IdKind::IdCard, id.as_str());
        let (first, last) = (self.month.first(), self.month.last());
        let Some(known) = self.people.get(&index) else {
            let zh = "本项目没有登记此身份证号的工人；请先登记工人，或核对号码。".to_owned();
            let en = "No worker with this identity number is enrolled; enrol them first, or check the number.".to_owned();
            tell("id", "unknown_person", zh, en);
            return None;
        };
        let here = |one: &EnrolmentRow| one.entered_on <= last && one.left_on.is_none_or(|left| left >= first);
        let Some((one, name)) = known.iter().rev().find(|(one, _)| here(one)) else {
            let zh = "该工人在本月之前已退场或之后才进场；请核对月份，或更正进退场记录。".to_owned();
            let en = "The worker had left before this month or came after it; check the month, or mend the record.".to_owned();
            tell("name", "unknown_person", zh, en);
            return None;
        };
        if *name != row.name {
            let zh = "姓名与登记的不一致；请核对姓名和身份证号是否串行。".to_owned();
            let en = "The name is not the one on record for this number; check whether rows have slipped.".to_owned();
            tell("name", "unknown_person", zh, en);
        }
        self.tell_twice(one, tell);
        Some(one.clone())
    }

    /// Enrolments of the month with the name and the card of a row, within its team where it names one.
    fn named_with_card(&self, row: &PayRow, card: &str) -> Vec<&EnrolmentRow> {
        let (first, last) = (self.month.first(), self.month.last());
        let is_team = |one: &EnrolmentRow| match &row.crew {
            Some(wanted) => self.teams.get(&one.crew_id).is_some_and(|(name, _)| is_same_name(name, wanted)),
            None => true,
        };
        let is_meant = |one: &EnrolmentRow, name: &str| {
            let is_here = one.entered_on <= last && one.left_on.is_none_or(|left| left >= first);
            name == row.name && one.card_index.as_deref() == Some(card) && is_here && is_team(one)
        };
        self.people.values().flatten().filter(|(one, name)| is_meant(one, name)).map(|(one, _)| one).collect()
    }

    /// Whose a row without an identity number is: the one of that name with that card in the team; of two nobody says which.
    fn by_card(&self, ctx: &Ctx, row: &PayRow, tell: &mut impl FnMut(&str, &str, String, String)) -> Option<EnrolmentRow> {
        let index = row.card.as_ref().map(|card| card_index(ctx.vault(), card.as_str()));
        let found = index.map(|index| self.named_with_card(row, &index)).unwrap_or_default();
        match found.as_slice() {
            [one] => {
                self.tell_twice(one, tell);
                Some((*one).clone())
            }
            [] => {
                let zh =
                    "没有证件号码，而班组内没有姓名和工资卡都相符的工人；请填写证件号码，或核对姓名、班组和卡号。".to_owned();
                let en = "There is no identity number, and nobody of the team has this name and this card; write the number, or check \
                          name, team and card."
                    .to_owned();
                tell("name", "unknown_person", zh, en);
                None
            }
            _ => {
                let zh = "没有证件号码，而姓名和工资卡都相符的工人不止一名；请填写证件号码。".to_owned();
                let en =
                    "There is no identity number, and several workers have this name and this card; write the number.".to_owned();
                tell("name", "duplicate", zh, en);
                None
            }
        }
    }

    /// A team that the project has not, and a day of payment before the month begins.
    fn team(&self, row: &PayRow, tell: &mut impl FnMut(&str, &str, String, String)) {
        if let Some(named) = row.crew.as_deref().filter(|named| !self.teams.values().any(|(name, _)| is_same_name(name, named))) {
            let named = clip(named, 20);
            let zh = format!("本项目没有班组“{named}”；请改正班组名称，或先登记班组。");
            let en = format!("The project has no team `{named}`; mend the name, or record the team first.");
            tell("crew", "unknown_reference", zh, en);
        }
        if let Some(on) = row.pay_day.filter(|on| *on < self.month.first()) {
            let zh = format!("发放日期 {on} 早于工资月份 {}；请核对月份和日期。", self.month);
            let en = format!("The day of payment {on} is before the month {} of the wages; check both.", self.month);
            tell("pay_day", "bad_time", zh, en);
        }
    }

    /// Where a row names a team of the project that is not the worker's.
    fn other_team(&self, proposal: &Proposal, row: &PayRow, enrolment: &EnrolmentRow) -> Option<Fault> {
        let (named, (own, _)) = (row.crew.as_deref()?, self.teams.get(&enrolment.crew_id)?);
        if is_same_name(own, named) {
            return None;
        }
        Some(Fault {
            place: proposal.place(row.row, "crew"),
            reason: "unknown_reference".to_owned(),
            zh: format!("表中班组是“{named}”，该工人登记在“{own}”；请核对。"),
            en: format!("The sheet says team `{named}` and the worker is in `{own}`; check it."),
        })
    }

    /// Whether a row is of this month and of the worker's company; back pay of another month is a correction of that month.
    fn belongs(&self, row: &PayRow, enrolment: Option<&EnrolmentRow>, tell: &mut impl FnMut(&str, &str, String, String)) {
        let month = self.month;
        if let Some(said) = row.month.filter(|said| *said != month) {
            let zh = format!("该行的月份是 {said}，而导入的是 {month}；请导入到 {said}，或改正月份。");
            let en = format!("The row is of {said} and the import of {month}; import it for {said}, or mend the month.");
            tell("month", "bad_time", zh, en);
        }
        match (row.back_pay, row.back_month) {
            (Some(true), None) => {
                let (zh, en) = ("补发须填写补发月份。".to_owned(), "Back pay names the month that it is of.".to_owned());
                tell("back_month", "missing_field", zh, en);
            }
            (Some(true), Some(of)) => {
                let zh = format!("补发 {of} 的工资不能列入 {month}；请在 {of} 的该行登记更正（补发），形成新的一行。");
                let en = format!("Back pay of {of} is no wage of {month}; record a correction (back pay) of the line of {of}.");
                tell("back_month", "bad_time", zh, en);
            }
            (_, Some(_)) => {
                let zh = "填写了补发月份，而“是否为补发”不是“是”；请改正其中一项。".to_owned();
                let en = "A month of back pay is given and the row is not said to be back pay; mend one of them.".to_owned();
                tell("back_pay", "bad_format", zh, en);
            }
            (_, None) => {}
        }
        let Some(code) = &row.uscc else { return };
        let employer = enrolment.and_then(|one| self.teams.get(&one.crew_id)).and_then(|(_, code)| code.as_ref());
        let fits = match employer {
            Some(employer) => code == employer || Some(code) == self.contractor.as_ref(),
            None => Some(code) == self.contractor.as_ref() || self.teams.values().any(|(_, own)| own.as_ref() == Some(code)),
        };
        if !fits {
            let zh = "统一社会信用代码不是该工人的用工单位，也不是总包单位；请核对。".to_owned();
            let en = "The credit code is neither the worker's employer's nor the general contractor's; check it.".to_owned();
            tell("uscc", "unknown_reference", zh, en);
        }
    }

    /// Tells of days on which a worker was at another site as well.
    fn tell_twice(&self, one: &EnrolmentRow, tell: &mut impl FnMut(&str, &str, String, String)) {
        if let Some(days) = self.twice.get(&one.worker_id) {
            let (count, named) = (days.len(), days.iter().map(Day::to_string).collect::<Vec<_>>().join("、"));
            let zh = format!("该工人本月有 {count} 天同时在另一个工地有考勤（{named}）；请核对考勤后再列入。");
            let en =
                format!("The worker was at another site on {count} of the same days ({named}); look at the attendance first.");
            tell("name", "id_reused", zh, en);
        }
    }

    fn amounts(&self, row: &PayRow, tell: &mut impl FnMut(&str, &str, String, String)) {
        let negative = [
            ("due", row.due),
            ("overtime", row.overtime),
            ("bonus", row.bonus),
            ("deduction", row.deduction),
            ("advance", row.advance.unwrap_or_default()),
            ("fine", row.fine.unwrap_or_default()),
            ("paid", row.paid),
        ];
        for (key, _) in negative.into_iter().filter(|(_, amount)| *amount < Fen::ZERO) {
            let zh = "金额为负；扣款写在扣款列，金额一律为正。".to_owned();
            let en = "The amount is below nothing; deductions stand in their own column, as positive amounts.".to_owned();
            tell(key, "bad_amount", zh, en);
        }
        if row.paid > NET_MAX {
            let zh = format!("实发超过每人每月 {NET_MAX} 元的核对上限；请核对小数点，确属无误的分次列入。");
            let en = format!("The net wage is above {NET_MAX} for one worker and month; check the decimal point.");
            tell("paid", "over_limit", zh, en);
        }
        let month_days = rust_decimal::Decimal::from(self.month.last().day_of_month());
        if row.days.is_some_and(|days| days.is_sign_negative() && !days.is_zero()) {
            let (zh, en) = ("出勤天数为负；请核对。".to_owned(), "The days are below nothing; check them.".to_owned());
            tell("days", "bad_format", zh, en);
        } else if row.days.is_some_and(|days| days > month_days) {
            let zh = format!("出勤天数超出本月的 {month_days} 天；请核对。");
            let en = format!("The days are more than the {month_days} of the month; check them.");
            tell("days", "bad_format", zh, en);
        }
        if row.days.is_some_and(|days| days.is_sign_positive() && super::super::items::thousandths(days).is_none()) {
            let (zh, en) = ("出勤天数最多三位小数。".to_owned(), "Days have three decimal places at most.".to_owned());
            tell("days", "bad_format", zh, en);
        }
        if row.daily.is_some_and(|daily| daily < Fen::ZERO) {
            let (zh, en) = ("日工资为负；请核对。".to_owned(), "The day rate is below nothing; check it.".to_owned());
            tell("daily", "bad_amount", zh, en);
        }
        let per_day = row.days.filter(|days| days.is_sign_positive() && !days.is_zero()).and_then(|days| {
            let whole = row.due.plus(row.overtime).ok()?.plus(row.bonus).ok()?;
            Fen::from_yuan(whole.yuan().checked_div(days)?, crate::base::Rounding::HalfUp).ok()
        });
        if let Some((lowest, per_day)) = self.lowest_day_wage.zip(per_day)
            && per_day < lowest
        {
            let zh = format!("折合每天 {per_day} 元，低于填写的最低标准 {lowest} 元；请核对天数和金额。");
            let en =
                format!("It comes to {per_day} a day, below the lowest wage {lowest} that was given; check days and amounts.");
            tell("due", "bad_amount", zh, en);
        }
    }
}

/// Whether two names of teams differ in blanks and width at most.
fn is_same_name(one: &str, other: &str) -> bool {
    squeezed(one) == squeezed(other)
}

/// Persons asked for in one query.
const ASKED_MAX: usize = 500;
