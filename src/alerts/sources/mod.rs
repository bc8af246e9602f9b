//! Sources that have fallen silent: bank statements that do not come, devices that are not seen, gates without a punch.
//!
//! Silence is not a breach: it is why a fact is not known. Few queries look at all projects at once, so that a page may ask.

pub mod table;

use std::collections::BTreeMap;

use super::actions::{self, Noticed};
use super::{Concern, NoticeKind, Words};
use crate::base::id::ProjectId;
use crate::base::{Day, Moment, RegionCode, words};
use crate::projects::{self, Fact, FactKind};
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};

words! {
    /// What is silent.
    pub enum Source, "source" {
        /// The bank's statements of an open wage account.
        Statements = "statements",
        /// A device at a gate.
        Device = "device",
        /// Punches of people who are on the site.
        Punches = "punches",
    }
}
crate::web::openapi::word_schema!(Source);

/// Silent sources that one look gives at most, for each kind.
pub const LATE_MAX: i64 = 1000;

/// A source that is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// Project.
    pub project: ProjectId,
    /// Its name.
    pub project_name: String,
    /// Where it lies.
    pub region: RegionCode,
    /// What is silent.
    pub source: Source,
    /// Which one: number of the account, serial and gate of the device; empty for punches.
    pub which: String,
    /// The last day of which it told; `None` when it never did.
    pub last_on: Option<Day>,
}

/// Every silent source of every project on a day, in order of project.
pub fn late(conn: &mut AnyConn, ctx: &Ctx) -> Result<Vec<Late>, Problem> {
    let upkeep = &ctx.ground.settings.upkeep;
    let mut found = table::late_statements(conn, ctx.today.plus_days(-upkeep.statement_days), LATE_MAX)?;
    found.extend(table::late_devices(conn, ctx.now.plus_seconds(-upkeep.device_hours.saturating_mul(3600)), LATE_MAX)?);
    for one in table::late_punches(conn, ctx.today.plus_days(-upkeep.punch_days), LATE_MAX)? {
        if !is_at_rest(conn, &one, ctx.today)? {
            found.push(one);
        }
    }
    found.sort_by(|a, b| (a.project, a.source, &a.which).cmp(&(b.project, b.source, &b.which)));
    Ok(found)
}

/// Nobody punches where work is suspended or over.
fn is_at_rest(conn: &mut AnyConn, late: &Late, today: Day) -> Result<bool, Problem> {
    let site = projects::site(conn, late.project)?;
    let facts = projects::actions::facts(conn, &site, today, None)?;
    let suspended =
        matches!(facts.get(FactKind::Suspension).map(|record| &record.fact), Some(Fact::Suspension { suspended: true }));
    Ok(suspended || facts.get(FactKind::Finished).is_some())
}

/// Notices what is silent, and that what speaks again is silent no more.
pub fn notice(tx: &mut Tx<'_>, ctx: &Ctx) -> Result<Noticed, Problem> {
    let mut by_project: BTreeMap<ProjectId, Vec<Concern>> = BTreeMap::new();
    for project in super::table::projects_with_standing(tx.conn(), NoticeKind::Silence)? {
        by_project.entry(project).or_default();
    }
    for one in late(tx.conn(), ctx)? {
        by_project.entry(one.project).or_default().push(one.concern());
    }
    let mut total = Noticed::default();
    for (project, concerns) in by_project {
        let site = projects::site(tx.conn(), project)?;
        let noticed = actions::reconcile(tx, ctx, &site, NoticeKind::Silence, &concerns, &[])?;
        total.new += noticed.new;
        total.cured += noticed.cured;
    }
    Ok(total)
}

impl Late {
    /// What is silent, in Chinese and English.
    pub fn title(&self) -> (String, String) {
        let (since_zh, since_en) = match self.last_on {
            Some(day) => (format!("最近一次为 {day}"), format!("last heard of on {day}")),
            None => ("从未收到".to_owned(), "never heard of".to_owned()),
        };
        match self.source {
            Source::Statements => (
                format!("专用账户（尾号 {}）银行流水未按时到达，{since_zh}", self.which),
                format!("No bank statement of the wage account ending in {}, {since_en}", self.which),
            ),
            Source::Device => (
                format!("考勤设备 {} 无信号，{since_zh}", self.which),
                format!("Attendance device {} is silent, {since_en}", self.which),
            ),
            Source::Punches => {
                (format!("在场人员没有考勤记录，{since_zh}"), format!("People on the site and no attendance, {since_en}"))
            }
        }
    }

    /// Who repairs it and how, in Chinese and English.
    pub fn cure(&self) -> (&'static str, &'static str) {
        match self.source {
            Source::Statements => (
                "劳资专管员向开户银行索取并上传流水，或检查银行直连",
                "the labour manager gets the statement from the bank and uploads it, or the bank's feed is checked",
            ),
            Source::Device => {
                ("劳资专管员检查设备电源、网络与时间", "the labour manager checks the device's power, network and clock")
            }
            Source::Punches => (
                "劳资专管员核对是否停工；停工的登记停工，人员离场的办理退场",
                "the labour manager records the suspension or lets the people leave; otherwise the gate is checked",
            ),
        }
    }

    fn concern(&self) -> Concern {
        let ((title_zh, title_en), (cure_zh, cure_en)) = (self.title(), self.cure());
        let words = Words {
            title_zh,
            title_en,
            cure_zh: cure_zh.to_owned(),
            cure_en: cure_en.to_owned(),
            citation: None,
            rule: None,
            day: self.last_on,
        };
        Concern { subject: format!("{} {}", self.source, self.which).trim_end().to_owned(), urgent: false, words }
    }
}

/// The day of a moment that stands for "never".
fn day_of(at: Moment) -> Option<Day> {
    (at.0 > 0).then(|| at.day())
}
