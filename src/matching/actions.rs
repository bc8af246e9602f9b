//! Asking for a month's match, and keeping what a person found of a difference.

use std::collections::BTreeMap;

use super::gathering::Standing;
use super::table::{self, DecisionRow};
use super::{Difference, Differs, Facts, Found, MatchStanding, Row, Subject, Unlisted, compare, gathering};
use crate::base::id::{DocumentId, ProjectId, RecordId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen, Month};
use crate::documents;
use crate::payroll::outside::telling::roles_over;
use crate::projects::{self, Site};
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::users::second;
use crate::web::{Code, Ctx, Problem, Role};

/// The longest note, in characters.
pub const NOTE_MAX: usize = 500;

/// A month that was compared, with what people found.
#[derive(Debug, Clone)]
pub struct Matched {
    /// What it was compared from.
    pub facts: Facts,
    /// Rows in the order of their subjects.
    pub rows: Vec<Row>,
    /// The last finding about each difference.
    found: BTreeMap<(String, Difference), DecisionRow>,
}

impl Matched {
    /// What was found of a difference, while its numbers are those that were seen.
    pub fn found(&self, subject: Subject, differs: &Differs) -> Option<&DecisionRow> {
        self.found.get(&(subject.to_string(), differs.kind)).filter(|row| row.basis == differs.basis)
    }

    /// Whether a person has explained a difference, confirmed or not.
    pub fn is_explained(&self, subject: Subject, differs: &Differs) -> bool {
        self.found(subject, differs).is_some_and(|found| found.verdict == Found::Explained)
    }

    /// Whether a difference is explained and keeps nothing open: of wages that did not reach the worker a second person has confirmed it.
    pub fn is_cleared(&self, subject: Subject, differs: &Differs) -> bool {
        let found = self.found(subject, differs).filter(|found| found.verdict == Found::Explained);
        found.is_some_and(|found| found.confirms.is_some() || !differs.kind.is_unpaid_wage())
    }

    /// Work days of a row that stand on no line, unless it is explained why.
    pub fn unlisted(&self, row: &Row) -> Option<Unlisted> {
        row.unlisted.filter(|_| !row.differs.iter().filter(of_wage).any(|one| self.is_cleared(row.subject, one)))
    }

    /// Work days of a row whose lines give nothing for them, all of it deducted, unless it is explained why.
    pub fn given_nothing(&self, row: &Row) -> Option<Unlisted> {
        let days = row.sheet.filter(|sheet| sheet.net == Fen::ZERO && sheet.days > 0)?.days;
        let unpaid = row.differs.iter().find(|one| one.kind == Difference::AttendanceWithoutPay)?;
        (!self.is_cleared(row.subject, unpaid)).then_some(Unlisted { days, amount: unpaid.amount })
    }

    /// What of a row's wage is owed and stands on no line: days that are on none, what was deducted beyond the law's share without the
    /// worker's paper, or all of it where the lines give nothing; unless it is explained why.
    ///
    /// # Errors
    /// Amounts that do not add up within 63 bits.
    pub fn open_work(&self, row: &Row) -> Result<Option<Unlisted>, TooMuch> {
        Ok(match (self.unlisted(row), self.given_nothing(row), self.withheld(row)) {
            (_, Some(all), _) => Some(all),
            (Some(days), None, Some(withheld)) => Some(Unlisted { amount: days.amount.plus(withheld)?, ..days }),
            (days, None, withheld) => days.or_else(|| withheld.map(|amount| Unlisted { days: 0, amount })),
        })
    }

    /// What of a row's wage was deducted beyond the law's share without the worker's paper, beside a wage that is not nothing; unless it is
    /// explained why.
    pub fn withheld(&self, row: &Row) -> Option<Fen> {
        let gives = row.sheet.is_some_and(|sheet| sheet.net.is_positive()) && row.withheld.is_positive() && row.is_due;
        let is_cleared = row.differs.iter().any(|one| of_wage(&one) && self.is_cleared(row.subject, one));
        (gives && !is_cleared).then_some(row.withheld)
    }

    /// What the three say of a row, with what people found.
    pub fn standing(&self, row: &Row) -> MatchStanding {
        let mut open = row.differs.iter().filter(|one| !self.is_cleared(row.subject, one)).peekable();
        if open.peek().is_some() && open.all(|one| self.is_explained(row.subject, one)) {
            return MatchStanding::ExplainedWaits;
        }
        row.standing(row.differs.iter().filter(|one| !self.is_cleared(row.subject, one)).count())
    }
}

/// Whether a difference is about what the days earn.
fn of_wage(one: &&Differs) -> bool {
    matches!(one.kind, Difference::PaidLess | Difference::AttendanceWithoutPay)
}

/// Compares a month.
///
/// # Errors
/// `invalid` for a month to come.
pub fn matched(conn: &mut AnyConn, ctx: &Ctx, site: &Site, month: Month) -> Result<Matched, Problem> {
    let standing = Standing::read(conn, ctx, site)?;
    matched_with(conn, ctx, site, &standing, month)
}

pub(super) fn matched_with(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    standing: &Standing,
    month: Month,
) -> Result<Matched, Problem> {
    if month > ctx.today.month() {
        return Err(Problem::invalid("不能比对尚未到来的月份。", "A month to come cannot be compared.").at("month", "bad_time"));
    }
    let facts = gathering::facts(conn, ctx, site, standing, month)?;
    matched_of(conn, site, facts)
}

/// Workers whose wage somebody else got by the bank's word, and for whom nobody has explained it, confirmed by a second person: by project and month, how many. Their
/// lines are not known paid, whatever the bank's result says.
pub fn paid_elsewhere(
    conn: &mut AnyConn,
    ctx: &Ctx,
    projects: &[ProjectId],
    as_of: Day,
) -> Result<Vec<(ProjectId, Month, u32)>, Problem> {
    let mut found = Vec::new();
    let mut read: Option<(Site, Standing)> = None;
    for (project, month) in table::months_with_others(conn, projects, as_of)? {
        if month > ctx.today.month() {
            continue;
        }
        let (site, standing) = match read.take() {
            Some((site, standing)) if site.id == project => (site, standing),
            _ => {
                let site = projects::site(conn, project)?;
                let standing = Standing::read(conn, ctx, &site)?;
                (site, standing)
            }
        };
        let matched = matched_with(conn, ctx, &site, &standing, month)?;
        read = Some((site, standing));
        let is_open = |row: &&Row| {
            let elsewhere = row.differs.iter().filter(|one| one.kind == Difference::PaidToSomeoneElse);
            elsewhere.into_iter().any(|one| !matched.is_cleared(row.subject, one))
        };
        let count = u32::try_from(matched.rows.iter().filter(is_open).count()).unwrap_or(u32::MAX);
        if count > 0 {
            found.push((project, month, count));
        }
    }
    Ok(found)
}

/// Compares a month whose facts are at hand.
pub fn matched_of(conn: &mut AnyConn, site: &Site, facts: Facts) -> Result<Matched, Problem> {
    let rows = compare(&facts)?;
    let decisions = table::decisions(conn, site.id, facts.month)?;
    let mut found: BTreeMap<(String, Difference), DecisionRow> = BTreeMap::new();
    for row in decisions {
        let key = (row.subject.clone(), row.kind);
        // What two sides have explained stays so while its numbers do: to explain it once more opens nothing.
        let is_once_more = |before: &DecisionRow| {
            before.confirms.is_some() && before.basis == row.basis && row.verdict == Found::Explained && row.confirms.is_none()
        };
        if !found.get(&key).is_some_and(is_once_more) {
            found.insert(key, row);
        }
    }
    Ok(Matched { facts, rows, found })
}

/// What a person found.
#[derive(Debug, Clone)]
pub struct NewDecision {
    /// About whom or what.
    pub subject: Subject,
    /// Which difference.
    pub kind: Difference,
    /// The numbers that the person saw.
    pub basis: String,
    /// What.
    pub found: Found,
    /// Why, in words.
    pub note: String,
    /// A paper that shows it.
    pub document_id: Option<DocumentId>,
}

/// Keeps what a person found of a difference that stands. Of wages that did not reach the worker the labour authority's explanation after
/// another person's confirms that one; the contractor's word alone keeps them open.
///
/// # Errors
/// `version_changed` when there is no such difference or its numbers are others than were seen, `invalid` without a note, with a paper
/// of another project, or for a confirmation of what no paper shows.
pub fn decide(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, month: Month, new: &NewDecision) -> Result<DecisionRow, Problem> {
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let note = new.note.trim();
    if note.is_empty() || note.chars().count() > NOTE_MAX {
        let (zh, en) = ("请写明理由（1 至 500 个字）。", "Give the reason in 1 to 500 characters.");
        return Err(Problem::invalid(zh, en).at("note", "missing_field"));
    }
    if let Some(id) = new.document_id
        && documents::table::find(tx.conn(), site.id, id)?.is_none()
    {
        let problem = Problem::invalid("引用的文件不属于本项目。", "There is no such document in this project.");
        return Err(problem.at("document_id", "unknown_reference"));
    }
    let matched = matched(tx.conn(), ctx, site, month)?;
    let row = matched.rows.iter().find(|row| row.subject == new.subject);
    let stands = row.is_some_and(|row| row.differs.iter().any(|one| one.kind == new.kind && one.basis == new.basis));
    if !stands {
        return Err(Problem::new(
            Code::VersionChanged,
            "该差异已不存在或数字已有变化，请刷新后重新核对。",
            "The difference is gone, or its numbers are others than you saw; look at it again.",
        ));
    }
    let confirms = match row.and_then(|row| row.differs.iter().find(|one| one.kind == new.kind)) {
        Some(differs) if new.found == Found::Explained => confirms(tx, ctx, site, &matched, new, differs)?,
        _ => None,
    };
    let decision = DecisionRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        month,
        subject: new.subject.to_string(),
        kind: new.kind,
        basis: new.basis.clone(),
        verdict: new.found,
        note: note.to_owned(),
        document_id: new.document_id,
        decided_by: ctx.actor().to_owned(),
        decided_at: ctx.now,
        recorded_seq,
        confirms,
    };
    table::insert(tx, &decision)?;
    // What was told of it is told no more where it is explained.
    jobs::enqueue(tx.conn(), ctx.id(), "compare_one", &site.id.to_string(), ctx.now)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "judge_difference", &decision.id.to_string())?;
    Ok(decision)
}

/// The explanation that this one confirms: of wages that did not reach the worker, said by another person, confirmed by the authority,
/// with the paper of either.
fn confirms(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    matched: &Matched,
    new: &NewDecision,
    differs: &Differs,
) -> Result<Option<RecordId>, Problem> {
    let before = matched.found(new.subject, differs).filter(|found| found.verdict == Found::Explained);
    let Some(before) = before.filter(|_| differs.kind.is_unpaid_wage()) else { return Ok(None) };
    let Some(user) = ctx.scope.user else { return Ok(None) };
    let roles = roles_over(tx.conn(), ctx, site, user)?;
    // Whoever manages the contractor's wages stays its labour manager under every other role that they hold.
    let is_other_side = roles.contains(&Role::LabourAuthority) && !roles.contains(&Role::LabourManager);
    if !is_other_side || second::is_asker(tx.conn(), ctx, &before.decided_by)? {
        return Ok(None);
    }
    if new.document_id.or(before.document_id).is_none() {
        let (zh, en) = (
            "确认未付工资的说明须有依据材料：请填写证明该说明的文件编号（document_id）。",
            "Unpaid wages are confirmed as explained with a paper: name the one that shows it (document_id).",
        );
        return Err(Problem::invalid(zh, en).at("document_id", "missing_field"));
    }
    Ok(Some(before.id))
}
