//! Sources that have fallen silent: bank statements that do not come, devices that are not seen, gates without a punch.
//!
//! Silence is not a breach: it is why a fact is not known. A page asks for all projects of a scope with few queries; notices are
//! brought in line one project at a time, each a job of its own. Nobody is expected to punch where work is over or suspended, and where
//! every gate is silent that alone is told: one cause is one notice, to those who can mend it.

pub mod table;

use std::collections::BTreeMap;

use super::actions::{self, Noticed};
use super::{Concern, NoticeKind, Words};
use crate::attendance::silence;
use crate::base::id::{AccountId, DeviceId, PayRunId, ProjectId, RecordId};
use crate::base::{Day, Moment, RegionCode, words};
use crate::payroll::pay_run::silence::ASK_AFTER_MINUTES;
use crate::projects::Site;
use crate::reporting::OUTAGE_MINUTES;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};

use table::{Bounds, Whose};

words! {
    /// What is silent.
    pub enum Source, "source" {
        /// The bank's statements of an open wage account.
        Statements = "statements",
        /// A device at a gate.
        Device = "device",
        /// Punches of people who are on the site.
        Punches = "punches",
        /// The clock of a device, which seems to run in another zone (`clock_offset_suspected`).
        Clock = "clock",
        /// A device that sends more than a device can hold, for ever.
        Stuck = "stuck",
        /// What one source sent and nobody could take.
        PutAside = "put_aside",
        /// A platform that is reported to and takes nothing.
        Platform = "platform",
        /// A bank that has not told the result of a pay run, and was not asked.
        Bank = "bank",
        /// The bank's statements of an open wage account, which do not chain: a number or an amount is missing between two.
        Chain = "statement_chain",
        /// Money that the bank announced and that its statement of the day does not hold.
        Refuted = "refuted_entry",
        /// The bank's balance of a wage account, which does not follow from the entries.
        Balance = "balance_mismatch",
        /// The bank's proof of a month, which differs from what stands here.
        Proof = "month_proof",
        /// A watched folder that is not there: a mount that did not come.
        Folder = "folder",
    }
}
crate::web::openapi::word_schema!(Source);

/// Silent sources of a kind that one look gives at most; one more is read to know that there are more.
pub const LATE_MAX: i64 = 1000;

/// After so many hours without an answer a bank that was asked is asked again.
const ASK_AGAIN_HOURS: i64 = 24;

/// Machines that one notice names.
const NAMED_MAX: usize = 5;

/// Sources that one query gives when all of a project's are wanted.
const PAGE: i64 = 500;

/// A source that is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// Number of the account, the device or, for punches, the project.
    pub id: i64,
    /// Project.
    pub project: ProjectId,
    /// Its name.
    pub project_name: String,
    /// Where it lies.
    pub region: RegionCode,
    /// What is silent.
    pub source: Source,
    /// Which one: last digits of the account's number, serial and gate of the device; empty for punches.
    pub which: String,
    /// The last day of which it told; `None` when it never did.
    pub last_on: Option<Day>,
}

/// Silent sources of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// At most [`LATE_MAX`], in the order of their ids.
    pub sources: Vec<Late>,
    /// Whether there are more.
    pub more: bool,
}

fn bounds(ctx: &Ctx) -> Bounds {
    let upkeep = &ctx.ground.settings.upkeep;
    Bounds {
        statements: ctx.today.plus_days(-upkeep.statement_days),
        devices: silence::cutoffs(ctx.now, &ctx.ground.settings.gates),
        put_aside_max: ctx.ground.settings.gates.put_aside_max,
        platforms: ctx.now.plus_seconds(-60 * OUTAGE_MINUTES),
        punches: ctx.today.plus_days(-upkeep.punch_days),
        given: ctx.now.plus_seconds(-60 * ASK_AFTER_MINUTES),
        asked: ctx.now.plus_seconds(-3600 * ASK_AGAIN_HOURS),
        today: ctx.today,
    }
}

fn page(
    conn: &mut AnyConn,
    source: Source,
    whose: Whose<'_>,
    bounds: &Bounds,
    after: i64,
    limit: i64,
) -> Result<Vec<Late>, Problem> {
    Ok(match source {
        Source::Chain | Source::Refuted | Source::Balance | Source::Proof => {
            return table::odd_accounts(conn, (whose, source, bounds.today), after, limit);
        }
        Source::Statements => table::late_statements(conn, whose, bounds, after, limit),
        Source::Device => table::late_devices(conn, whose, bounds, after, limit),
        Source::Punches => table::late_punches(conn, whose, bounds, after, limit),
        Source::Clock => table::odd_devices(conn, whose, source, "s.suspected_minutes IS NOT NULL", after, limit),
        Source::Stuck => table::odd_devices(conn, whose, source, "s.stuck_at IS NOT NULL", after, limit),
        Source::PutAside => table::put_aside(conn, whose, bounds, after, limit),
        Source::Platform => table::platforms_down(conn, whose, bounds, after, limit),
        Source::Bank => table::unasked_runs(conn, whose, bounds, after, limit),
        Source::Folder => table::missing_folders(conn, whose, after, limit),
    }?)
}

/// The silent sources of a kind on the projects that the asker's scope covers.
pub fn seen(conn: &mut AnyConn, ctx: &Ctx, source: Source) -> Result<Silent, Problem> {
    let mut sources = page(conn, source, Whose::Covered(&ctx.scope), &bounds(ctx), 0, LATE_MAX.saturating_add(1))?;
    let most = usize::try_from(LATE_MAX).unwrap_or(usize::MAX);
    let more = sources.len() > most;
    sources.truncate(most);
    Ok(Silent { sources, more })
}

/// Every silent source of a project: one that is left out would read as one that speaks again.
pub fn of_project(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId) -> Result<Vec<Late>, Problem> {
    let bounds = bounds(ctx);
    let mut found: Vec<Late> = Vec::new();
    for source in Source::ALL {
        let mut after = 0;
        loop {
            let next = page(conn, *source, Whose::Project(project), &bounds, after, PAGE)?;
            let Some(last) = next.last() else { break };
            after = last.id;
            found.extend(next);
        }
    }
    Ok(found)
}

/// Projects after an id that have to be looked at: something is silent there, or was when somebody looked last.
pub fn projects_to_watch(conn: &mut AnyConn, ctx: &Ctx, after: i64, limit: i64) -> Result<Vec<ProjectId>, Problem> {
    Ok(table::projects_to_watch(conn, &bounds(ctx), after, limit)?)
}

/// Notices what is silent on a project, and that what speaks again is silent no more.
pub fn notice(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<Noticed, Problem> {
    let concerns = concerns(&of_project(tx.conn(), ctx, site.id)?);
    // Behind dark gates nobody knows whether people are there: what was told of it stands, and nothing new is told.
    let is_dark = table::is_dark(tx.conn(), site.id, &bounds(ctx))?;
    let unsure: Vec<String> = is_dark.then(|| Source::Punches.to_string()).into_iter().collect();
    actions::reconcile(tx, ctx, site, NoticeKind::Silence, &concerns, &unsure)
}

/// One concern of each source, but one for all machines that fell silent on one day: a cut of power or network is one cause.
fn concerns(late: &[Late]) -> Vec<Concern> {
    let mut days: BTreeMap<Option<Day>, Vec<&Late>> = BTreeMap::new();
    for one in late.iter().filter(|one| one.source == Source::Device) {
        days.entry(one.last_on).or_default().push(one);
    }
    let alone = late.iter().filter(|one| one.source != Source::Device).map(Late::concern);
    alone.chain(days.into_values().filter_map(|devices| together(&devices))).collect()
}

/// The concern of machines that were last heard of on the same day.
fn together(devices: &[&Late]) -> Option<Concern> {
    let first = devices.first()?;
    let named: Vec<&str> = devices.iter().take(NAMED_MAX).map(|one| one.which.as_str()).collect();
    let (rest_zh, rest_en) = match devices.len().saturating_sub(NAMED_MAX) {
        0 => (String::new(), String::new()),
        _ => (format!(" 等 {} 台", devices.len()), format!(" and others, {} in all", devices.len())),
    };
    let all = |between: &str, rest: String| Late { which: named.join(between) + &rest, ..(*first).clone() };
    let title = (all("、", rest_zh).title().0, all(", ", rest_en).title().1);
    let day = first.last_on.map_or_else(|| "never".to_owned(), |day| day.to_string());
    let words = Words::said(title, first.cure(), first.last_on);
    Some(Concern { subject: format!("{} {day}", Source::Device), urgent: false, words })
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
            Source::Chain => {
                let (before_zh, before_en) = match self.last_on {
                    Some(day) => (format!("，缺口在 {day} 之前"), format!("; the break lies before {day}")),
                    None => (String::new(), String::new()),
                };
                (
                    format!("专用账户（尾号 {}）的对账单不连续{before_zh}", self.which),
                    format!("The bank's statements of the wage account ending in {} do not chain{before_en}", self.which),
                )
            }
            Source::Refuted => (
                format!("专用账户（尾号 {}）有款项通知已入账而当日对账单中没有，不计为收到，{}", self.which, self.day_zh()),
                format!(
                    "Money announced on the wage account ending in {} is not in the statement of its day and counts as not received, {}",
                    self.which,
                    self.day_en()
                ),
            ),
            Source::Balance => (
                format!("专用账户（尾号 {}）的银行余额与逐笔流水不符，{}", self.which, self.day_zh()),
                format!(
                    "The bank's balance of the wage account ending in {} differs from its entries, {}",
                    self.which,
                    self.day_en()
                ),
            ),
            Source::Proof => (
                format!("专用账户（尾号 {}）的银行月度核对与系统不符，{}", self.which, self.day_zh()),
                format!("The bank's proof of a month of the wage account ending in {} differs, {}", self.which, self.day_en()),
            ),
            Source::Device => (
                format!("考勤设备 {} 无信号，{since_zh}", self.which),
                format!("Attendance device {} is silent, {since_en}", self.which),
            ),
            Source::Punches => {
                (format!("在场人员没有考勤记录，{since_zh}"), format!("People on the site and no attendance, {since_en}"))
            }
            Source::Clock => (
                format!("考勤设备 {} 的时钟疑似时区错误（clock_offset_suspected）", self.which),
                format!("The clock of attendance device {} seems to run in another zone (clock_offset_suspected)", self.which),
            ),
            Source::Stuck => (
                format!("考勤设备 {} 反复发送超大数据包，可能已卡住", self.which),
                format!("Attendance device {} sends more than a device can hold and is probably stuck", self.which),
            ),
            Source::Folder => (
                format!("监视的文件夹 {} 不存在或无法读取，其中的文件未被接收", self.which),
                format!("The watched folder {} is missing or cannot be read; no file in it is taken", self.which),
            ),
            Source::PutAside => (
                format!("来源 {} 有大量内容未能接收", self.which),
                format!("Much of what {} sends could not be taken", self.which),
            ),
            Source::Bank => (
                format!("代发批次 {} 有支付结果不明，尚未向银行查询；不得重复支付", self.which),
                format!(
                    "The result of payments of run {} is unknown and the bank was not asked; nothing is paid again",
                    self.which
                ),
            ),
            Source::Platform => match self.last_on {
                Some(day) => (
                    format!("上报平台“{}”自 {day} 起不接收上报，恢复后自动补报", self.which),
                    format!("The platform {} takes no reports since {day}; when it does, all goes out by itself", self.which),
                ),
                None => (
                    format!("上报平台“{}”拒绝了请求，上报已停止", self.which),
                    format!("The platform {} refused, and nothing is reported until somebody resumes", self.which),
                ),
            },
        }
    }

    fn day_zh(&self) -> String {
        self.last_on.map_or_else(String::new, |day| format!("自 {day} 起"))
    }

    fn day_en(&self) -> String {
        self.last_on.map_or_else(String::new, |day| format!("since {day}"))
    }

    /// Who repairs it and how, in Chinese and English.
    pub fn cure(&self) -> (&'static str, &'static str) {
        match self.source {
            Source::Statements => (
                "劳资专管员向开户银行索取并上传流水，或检查银行直连",
                "the labour manager gets the statement from the bank and uploads it, or the bank's feed is checked",
            ),
            Source::Chain => (
                "劳资专管员向开户银行索取缺失的对账单并上传",
                "the labour manager gets the missing statement from the bank and uploads it",
            ),
            Source::Refuted | Source::Balance | Source::Proof => (
                "劳资专管员与开户银行逐笔核对，缺的流水补传，有误的由银行更正",
                "the labour manager goes through the entries with the bank: what is missing is uploaded, what is wrong the bank corrects",
            ),
            Source::Device => {
                ("劳资专管员检查设备电源、网络与时间", "the labour manager checks the device's power, network and clock")
            }
            Source::Clock => (
                "劳资专管员在设备上校正时间与时区，或在设备页更正时差",
                "the labour manager sets the machine's clock and zone, or its offset on its page",
            ),
            Source::Stuck => (
                "运维人员检查该设备：备份后清空其缓存，或停用",
                "whoever runs the service looks at the machine: its log is saved and emptied, or it is blocked",
            ),
            Source::Folder => (
                "运维人员检查挂载与文件夹设置；在此之前由劳资专管员在页面上传文件",
                "whoever runs the service looks at the mount and the settings; until then the labour manager uploads the files",
            ),
            Source::PutAside => (
                "运维人员在“未能接收的内容”页按来源查看原因，修正后重新读取",
                "whoever runs the service sees to it on the page of what could not be taken, and has it read again",
            ),
            Source::Platform => (
                "劳资专管员在平台页查看原因，与平台运营方联系；密钥或权限有误的，更改后点“恢复”",
                "the labour manager looks at the platform's page and asks those who run it; a wrong secret is changed and the queue resumed",
            ),
            Source::Bank => (
                "劳资专管员向银行查询该批次，或以同一文件（同一编号）重发，并在批次页登记",
                "the labour manager asks the bank about the run, or hands in the same file under the same ids, and records it on the run's page",
            ),
            Source::Punches => (
                "劳资专管员核对是否停工；停工的登记停工，人员离场的办理退场",
                "the labour manager records the suspension or lets the people leave; otherwise the gate is checked",
            ),
        }
    }

    fn concern(&self) -> Concern {
        let words = Words::said(self.title(), self.cure(), self.last_on);
        // Two accounts may end in the same digits, and a device may be moved to another gate: only an id tells them apart.
        let subject = match self.source {
            Source::Statements | Source::Chain | Source::Refuted | Source::Balance | Source::Proof => {
                format!("{} {}", self.source, AccountId(self.id))
            }
            Source::Device | Source::Clock | Source::Stuck => format!("{} {}", self.source, DeviceId(self.id)),
            Source::PutAside | Source::Folder => format!("{} {}", self.source, self.which),
            Source::Platform => format!("{} {}", self.source, RecordId(self.id)),
            Source::Bank => format!("{} {}", self.source, PayRunId(self.id)),
            Source::Punches => self.source.to_string(),
        };
        let link = (self.source == Source::Bank).then(|| format!("/projects/{}/runs/{}", self.project, PayRunId(self.id)));
        let words = Words { link: link.or(words.link), ..words };
        Concern { subject, urgent: false, words }
    }
}

/// The day of a moment that stands for "never".
fn day_of(at: Moment) -> Option<Day> {
    (at.0 > 0).then(|| at.day())
}
