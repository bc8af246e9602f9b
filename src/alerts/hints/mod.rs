//! What people are told of a wage month that does not add up: differences of the three-way match and signs of the detectors.
//!
//! A hint is no accusation: the words say what was seen, how often, and that somebody should look. One notice stands for a project, a
//! month and a kind, however many workers it is about; it goes when nothing of the kind is left, be it put right or explained. Of what
//! cannot be known for a while (punches that wait, a payment whose end the bank has not told) a notice stays as it is. What came after a work
//! day was put right and says otherwise is told day by day, with a link to whose it is, until a person answers. Deliberately absent: names, and a rule of the law that somebody would have broken; that is for the assessment.

mod table;

use std::collections::{BTreeMap, BTreeSet};

pub use table::projects_to_compare;

use super::actions::{self, Noticed};
use super::table as notices;
use super::{Concern, NoticeKind, Words};
use crate::attendance::folding::{self, later::Later};
use crate::base::id::{ProjectId, WorkerId};
use crate::base::{Day, Fen, Month};
use crate::detectors;
use crate::detectors::actions::OfPeople;
use crate::detectors::padding::RosterSign;
use crate::matching::actions::{Matched, matched_of};
use crate::matching::gathering::Standing;
use crate::matching::{Difference, Unknown};
use crate::projects::Site;
use crate::store::Tx;
use crate::web::{Ctx, Problem};

/// Months before the running one that are compared each day: wages of a month are due by the end of the next.
pub const MONTHS_BACK: i32 = 3;

/// Months that are looked at in all: older ones only while a notice of them stands.
const MONTHS_MAX: usize = 12;

/// Months back in which a work day that was put right is held against what came after.
const LATER_MONTHS: i32 = 12;

/// Begins the subject of a work day that was put right and of which something came after.
const LATER: &str = "later_evidence:";

/// Notices of such days that stand at once at most; the others come when these are answered.
const LATER_MAX: usize = 100;

/// The first month that is compared by itself.
pub fn first_month(ctx: &Ctx) -> Month {
    ctx.today.month().plus(-MONTHS_BACK)
}

/// Notices what of a project's months does not add up, and that what was put right or explained does.
pub fn notice(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<Noticed, Problem> {
    let standing: BTreeSet<String> =
        notices::standing(tx.conn(), site.id, NoticeKind::Sign)?.into_iter().map(|row| row.subject).collect();
    let of_months = standing.iter().filter(|subject| !subject.starts_with(LATER));
    let mut months: BTreeSet<Month> = of_months.filter_map(|subject| month_of(subject)).collect();
    months.extend(first_month(ctx).up_to(ctx.today.month().plus(-1)));
    let looked: BTreeSet<Month> = months.into_iter().rev().take(MONTHS_MAX).collect();
    let (mut concerns, mut waiting) = (Vec::new(), BTreeSet::new());
    let on_record = Standing::read(tx.conn(), ctx, site)?;
    for month in &looked {
        let signs = detectors::actions::of_people(tx.conn(), ctx, site, &on_record, *month)?;
        let matched = matched_of(tx.conn(), site, signs.gathered.facts.clone())?;
        concerns.extend(concerns_of(site.id, *month, &matched, &signs)?);
        let waits = |unknown: &Unknown| matches!(unknown, Unknown::DaysWaiting | Unknown::InFlight);
        if matched.rows.iter().any(|row| row.unknown.iter().any(waits)) {
            waiting.insert(*month);
        }
    }
    concerns.extend(later(tx, ctx, site)?);
    let is_unsure = |subject: &&String| {
        !subject.starts_with(LATER) && month_of(subject).is_none_or(|month| !looked.contains(&month) || waiting.contains(&month))
    };
    let unsure: Vec<String> = standing.iter().filter(is_unsure).cloned().collect();
    actions::reconcile(tx, ctx, site, NoticeKind::Sign, &concerns, &unsure)
}

/// Work days that two persons put right and of which passages came after that say otherwise.
fn later(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<Vec<Concern>, Problem> {
    let since = ctx.today.month().plus(-LATER_MONTHS).first();
    let found = folding::later::of_days(tx.conn(), ctx.vault(), site.id, (since, ctx.today))?;
    let days = |hundredths: i32| format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let clock = |time: &i32| format!("{:02}:{:02}", time / 3600 % 24, time / 60 % 60);
    let concern_of = |one: &Later| {
        let times: Vec<String> = one.times.iter().take(LATER_TIMES_MAX).map(clock).collect();
        let (times, day) = (times.join(" "), one.worked_on);
        let (said, made) = (days(one.said_hundredths), days(one.made.2));
        let title = (
            format!("{day} 的工日更正（{said} 工日）确认后又收到考勤记录 {times}，按全部记录应为 {made} 工日；更正未变，待核实"),
            format!(
                "After the work day of {day} was corrected ({said} days), passages came ({times}) by which it is {made}; the \
                 correction stays until somebody has looked"
            ),
        );
        let link = format!("/projects/{}/workers/{}?month={}#corrections", site.id, one.enrolment, day.month());
        concern(format!("{LATER}{} {}", one.correction, day.month()), title, LATER_CURE, link, Some(day))
    };
    Ok(found.iter().take(LATER_MAX).map(concern_of).collect())
}

/// A subject is a word and a month.
fn month_of(subject: &str) -> Option<Month> {
    subject.rsplit_once(' ')?.1.parse().ok()
}

fn concerns_of(project: ProjectId, month: Month, matched: &Matched, signs: &OfPeople) -> Result<Vec<Concern>, Problem> {
    let mut found = Vec::new();
    let mut open: BTreeMap<Difference, (usize, Fen)> = BTreeMap::new();
    for row in &matched.rows {
        for one in &row.differs {
            if !matched.is_cleared(row.subject, one) {
                let (count, amount) = open.entry(one.kind).or_default();
                *count += 1;
                *amount = amount.plus(one.amount)?;
            }
        }
    }
    for (kind, (count, amount)) in open {
        let (zh, en) = difference_words(kind);
        let title = (
            format!("{month} 三方比对：{zh} {count} 处，涉及 {amount} 元（待核实的迹象，不是结论）"),
            format!("Match of {month}: {en}, {count} of them, {amount} yuan (a sign to be looked at, no finding)"),
        );
        let link = format!("/projects/{project}/matches?month={month}&kind={kind}");
        found.push(concern(format!("{kind} {month}"), title, MATCH_CURE, link, Some(matched.facts.due_on)));
    }
    let link = format!("/projects/{project}/signs?month={month}");
    if !signs.rings.is_empty() {
        let workers: BTreeSet<WorkerId> = signs.rings.iter().flat_map(|ring| ring.workers.iter().copied()).collect();
        let (rings, workers) = (signs.rings.len(), workers.len());
        let title = (
            format!("{month} 异常迹象：疑似由一人掌握的银行卡 {rings} 组、{workers} 人（待核实，不是结论）"),
            format!("Signs of {month}: cards that seem to be in one hand, {rings} groups of {workers} workers (no finding)"),
        );
        found.push(concern(format!("ring {month}"), title, SIGN_CURE, link.clone(), None));
    }
    let mut names: BTreeMap<RosterSign, usize> = BTreeMap::new();
    for sign in signs.suspects.iter().flat_map(|suspect| &suspect.signs) {
        *names.entry(sign.sign).or_default() += 1;
    }
    for (sign, count) in names {
        // Wages without attendance are told as the difference that they are.
        let Some((zh, en)) = sign_words(sign) else { continue };
        let title = (
            format!("{month} 异常迹象：{zh} {count} 人（待核实，不是结论）"),
            format!("Signs of {month}: {en}, {count} workers (to be looked at, no finding)"),
        );
        found.push(concern(format!("{sign} {month}"), title, SIGN_CURE, link.clone(), None));
    }
    Ok(found)
}

const MATCH_CURE: (&str, &str) =
    ("打开比对页逐条核实：改正数据，或写明理由", "look at each on the match page: put the data right, or say why it is so");

/// Passages that a notice names.
const LATER_TIMES_MAX: usize = 6;

const LATER_CURE: (&str, &str) = (
    "打开该工人页核实后再提一次更正：按记录改正，或写明更正不变的理由，由另一人决定",
    "look at it on the worker's page and propose once more: what the passages say, or why it stays; another person decides",
);

const SIGN_CURE: (&str, &str) = (
    "打开异常迹象页逐人核实；亲属、班组、设备故障都可能是原因",
    "look at each on the page of signs; relatives, a crew together or a faulty machine may be the reason",
);

fn difference_words(kind: Difference) -> (&'static str, &'static str) {
    match kind {
        Difference::PaidWithoutAttendance => ("无考勤列工资或发工资", "paid or listed without attendance"),
        Difference::AttendanceWithoutPay => ("有考勤未发工资", "attendance without pay"),
        Difference::PaidLess => ("少发工资", "paid less"),
        Difference::PaidToSomeoneElse => ("工资付给他人", "paid to somebody else"),
        Difference::UnknownPayee => ("收款方不明", "unknown payees"),
    }
}

fn sign_words(sign: RosterSign) -> Option<(&'static str, &'static str)> {
    match sign {
        RosterSign::NeverPresent => None,
        RosterSign::ImpossibleAttendance => Some(("考勤不合常理", "attendance that one person cannot have")),
        RosterSign::ManagerOnRoster => Some(("管理人员列入工资表", "management on a sheet of workers' wages")),
        RosterSign::EnrolledAtMonthEnd => Some(("月末集中登记", "enrolled together at the end of the month")),
        RosterSign::IdenticalDays => Some(("考勤时间完全相同", "days that are the same to the minute")),
    }
}

fn concern(subject: String, title: (String, String), cure: (&str, &str), link: String, day: Option<Day>) -> Concern {
    Concern { subject, urgent: false, words: Words { link: Some(link), ..Words::said(title, cure, day) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_bears_its_month() {
        let month: Month = "2026-02".parse().unwrap();
        for kind in Difference::ALL {
            assert_eq!(month_of(&format!("{kind} {month}")), Some(month));
        }
        assert_eq!(month_of("ring 2026-02"), Some(month));
        assert_eq!(month_of("ring"), None);
    }

    #[test]
    fn every_kind_has_words_and_wages_without_attendance_are_told_once() {
        for kind in Difference::ALL {
            let (zh, en) = difference_words(*kind);
            assert!(!zh.is_empty() && !en.is_empty());
        }
        let silent: Vec<_> = RosterSign::ALL.iter().filter(|sign| sign_words(**sign).is_none()).collect();
        assert_eq!(silent, [&RosterSign::NeverPresent]);
    }
}
