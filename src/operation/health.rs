//! The health of the house: one sign for each thing that can be late, from one snapshot.

use serde::Serialize;
use utoipa::ToSchema;

use super::table;
use crate::alerts::sources::{self, Silent, Source};
use crate::base::id::ProjectId;
use crate::base::{Day, Moment, words};
use crate::store::{AnyConn, jobs, migrate, outbox, ticks};
use crate::web::{Ctx, Problem};

words! {
    /// How something stands, from good to bad.
    pub enum Pulse, "pulse" {
        /// As it should be.
        Ok = "ok",
        /// Nobody can say yet.
        Unknown = "unknown",
        /// Somebody should look.
        Warn = "warn",
        /// Somebody must act.
        Bad = "bad",
    }
}
crate::web::openapi::word_schema!(Pulse);

/// Seconds for which a job may be due before somebody should look, and must act.
const QUEUE_LATE_SECONDS: (i64, i64) = (120, 3600);

/// Hours since the last nightly assessment after which somebody should look, and must act.
const NIGHTLY_LATE_HOURS: (i64, i64) = (26, 50);

/// Late sources that a sign lists.
const LISTED_MAX: usize = 50;

/// How the house stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
    /// The worst of the signs.
    pub state: Pulse,
    /// When it was looked at.
    pub at: Moment,
    /// One for each thing that can be late.
    pub signs: Vec<Sign>,
}

/// One thing that can be late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sign {
    /// Stable name.
    pub name: &'static str,
    /// How it stands.
    pub state: Pulse,
    /// How many, where it is a count.
    pub count: Option<i64>,
    /// Since when, where that is known.
    pub since: Option<Moment>,
    /// What is late, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// Who repairs it and how, in Chinese; empty where nothing is to be done.
    pub repair_zh: String,
    /// The same in English.
    pub repair_en: String,
    /// The sources that are late, where the sign is about sources; at most 50.
    pub late: Vec<LateSource>,
}

/// A source that is late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LateSource {
    /// Project.
    pub project: ProjectId,
    /// Its name.
    pub project_name: String,
    /// What is silent.
    pub source: Source,
    /// Which one.
    pub which: String,
    /// The last day of which it told; null when it never did.
    pub last_on: Option<Day>,
    /// What is silent, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Sign {
    fn of(name: &'static str, state: Pulse, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            name,
            state,
            count: None,
            since: None,
            zh: zh.into(),
            en: en.into(),
            repair_zh: String::new(),
            repair_en: String::new(),
            late: Vec::new(),
        }
    }

    fn counting(mut self, count: i64) -> Self {
        self.count = Some(count);
        self
    }

    fn since(mut self, since: Option<Moment>) -> Self {
        self.since = since;
        self
    }

    /// What to do, said only where something is to be done.
    fn repaired_by(mut self, zh: &str, en: &str) -> Self {
        if self.state != Pulse::Ok {
            zh.clone_into(&mut self.repair_zh);
            en.clone_into(&mut self.repair_en);
        }
        self
    }
}

/// Looks at everything on one snapshot. Sources are told of projects that the scope covers; the rest is the house's own.
pub fn gather(conn: &mut AnyConn, ctx: &Ctx) -> Result<Health, Problem> {
    let waiting = jobs::counts(conn, ctx.now)?;
    let mut signs = vec![
        migrations(conn)?,
        queue(&waiting, ctx),
        dead_letters(&waiting),
        mails(conn, ctx)?,
        quarantine(conn)?,
        put_aside(conn, ctx)?,
        folders(conn)?,
        nightly(conn, ctx)?,
    ];
    signs.extend([
        silent(
            &sources::seen(conn, ctx, Source::Device)?,
            "devices",
            ("所有考勤设备均有信号。", "Every device is heard of."),
            ("台考勤设备无信号", "devices are silent"),
        ),
        silent(
            &sources::seen(conn, ctx, Source::Statements)?,
            "statements",
            ("银行流水均按时到达。", "Bank statements come in time."),
            ("个专用账户的银行流水未按时到达", "wage accounts wait for a statement"),
        ),
        silent(
            &sources::seen(conn, ctx, Source::Punches)?,
            "punches",
            ("在场项目均有考勤。", "Every site with people has attendance."),
            ("个项目有人在场而无考勤", "sites have people and no attendance"),
        ),
    ]);
    let state = signs.iter().map(|sign| sign.state).max().unwrap_or(Pulse::Unknown);
    Ok(Health { state, at: ctx.now, signs })
}

fn migrations(conn: &mut AnyConn) -> Result<Sign, Problem> {
    let pending = migrate::pending_on(conn)?;
    let count = i64::try_from(pending.len()).unwrap_or(i64::MAX);
    let sign = match count {
        0 => Sign::of("migrations", Pulse::Ok, "数据库结构为最新。", "The tables are up to date."),
        _ => Sign::of(
            "migrations",
            Pulse::Bad,
            format!("有 {count} 个结构升级未执行。"),
            format!("{count} migrations are pending."),
        ),
    };
    Ok(sign
        .counting(count)
        .repaired_by("运维人员停止服务后执行 anxin migrate", "the operator stops the service and runs `anxin migrate`"))
}

fn queue(counts: &jobs::Counts, ctx: &Ctx) -> Sign {
    let waited = counts.oldest_due.map_or(0, |since| ctx.now.unix_seconds().saturating_sub(since.unix_seconds()));
    let state = graded(waited, QUEUE_LATE_SECONDS);
    let (zh, en) = if state == Pulse::Ok {
        (format!("队列中有 {} 个任务，均按时执行。", counts.queued), format!("{} jobs wait, none is late.", counts.queued))
    } else {
        let minutes = waited / 60;
        (
            format!("队列中有 {} 个任务，最早的已迟 {minutes} 分钟。", counts.queued),
            format!("{} jobs wait, the oldest is {minutes} minutes late.", counts.queued),
        )
    };
    let sign = Sign::of("queue", state, zh, en).counting(counts.queued).since(counts.oldest_due);
    sign.repaired_by("运维人员检查服务进程是否在运行及其日志", "the operator checks that the service runs, and its log")
}

fn dead_letters(counts: &jobs::Counts) -> Sign {
    let dead = counts.dead;
    let sign = match dead {
        0 => Sign::of("dead_letters", Pulse::Ok, "没有失败的任务。", "There are no dead letters."),
        _ => Sign::of(
            "dead_letters",
            Pulse::Warn,
            format!("{dead} 个任务多次失败，已停止重试。"),
            format!("{dead} jobs failed too often."),
        ),
    };
    sign.counting(dead).repaired_by(
        "管理员查看原因，修复后重试，或写明原因后了结",
        "an administrator reads why, repairs it and tries again, or dismisses it with a note",
    )
}

fn mails(conn: &mut AnyConn, ctx: &Ctx) -> Result<Sign, Problem> {
    if !ctx.ground.settings.upkeep.mail_enabled {
        let sign = Sign::of("mails", Pulse::Unknown, "未启用邮件，无人收到提醒。", "Mail is switched off: nobody is written to.");
        return Ok(sign.repaired_by(
            "运维人员在 config/service.toml 的 [mail] 中启用",
            "the operator switches it on under [mail] in config/service.toml",
        ));
    }
    let (queued, dead) = outbox::counts(conn)?;
    let state = if dead > 0 { Pulse::Warn } else { Pulse::Ok };
    let (zh, en) =
        (format!("{queued} 封邮件待发，{dead} 封无法投递。"), format!("{queued} mails wait, {dead} could not be delivered."));
    let sign = Sign::of("mails", state, zh, en).counting(queued);
    Ok(sign.repaired_by(
        "管理员查看投递记录，更正收件地址或邮件服务设置后重试，或写明原因后了结",
        "an administrator reads the delivery log, mends the address or the mail settings and tries again, or dismisses it with a note",
    ))
}

fn quarantine(conn: &mut AnyConn) -> Result<Sign, Problem> {
    let open = table::open_quarantine(conn)?;
    let sign = match open {
        0 => Sign::of("quarantine", Pulse::Ok, "隔离区为空。", "The quarantine is empty."),
        _ => {
            Sign::of("quarantine", Pulse::Warn, format!("隔离区有 {open} 条未处理。"), format!("{open} items are in quarantine."))
        }
    };
    Ok(sign.counting(open).repaired_by(
        "管理员查看原因，由报送单位更正后重报",
        "an administrator reads why; whoever sent it sends it again, corrected",
    ))
}

/// What nobody of a project sees.
fn put_aside(conn: &mut AnyConn, ctx: &Ctx) -> Result<Sign, Problem> {
    let full = super::put_aside::full(conn, ctx)?;
    let count = i64::try_from(full.len()).unwrap_or(i64::MAX);
    let named: Vec<String> =
        full.iter().take(LISTED_MAX).map(|one| format!("{} {} ({})", one.feed, one.source, one.open)).collect();
    let sign = match count {
        0 => Sign::of("put_aside", Pulse::Ok, "没有项目之外的来源积压。", "Nothing of no project has piled up."),
        _ => Sign::of(
            "put_aside",
            Pulse::Warn,
            format!("{count} 个来源有大量不属于任何项目的内容未能接收：{}。", named.join("、")),
            format!("Much of what {count} sources sent of no project could not be taken: {}.", named.join(", ")),
        ),
    };
    Ok(sign.counting(count).repaired_by(
        "运维人员在“未能接收的内容”页按来源查看原因，修正后重新读取或关闭",
        "the operator reads why on the page of what could not be taken, has it read again after a fix, or closes it",
    ))
}

/// Watched folders that are not there: a mount that did not come.
fn folders(conn: &mut AnyConn) -> Result<Sign, Problem> {
    let missing = table::missing_folders(conn, i64::try_from(LISTED_MAX).unwrap_or(i64::MAX))?;
    let count = i64::try_from(missing.len()).unwrap_or(i64::MAX);
    let named: Vec<&str> = missing.iter().map(|one| one.path.as_str()).collect();
    let sign = match count {
        0 => Sign::of("folders", Pulse::Ok, "监视的文件夹均可读取。", "Every watched folder can be looked at."),
        _ => Sign::of(
            "folders",
            Pulse::Warn,
            format!("{count} 个监视的文件夹不存在或无法读取：{}。", named.join("、")),
            format!("{count} watched folders are missing or cannot be looked at: {}.", named.join(", ")),
        ),
    };
    Ok(sign.counting(count).since(missing.iter().map(|one| one.since).min()).repaired_by(
        "运维人员检查挂载与 service.toml 的 [[watch.folders]]；文件夹出现后自动恢复读取",
        "the operator looks at the mount and at [[watch.folders]] in service.toml; a folder is taken up by itself when it appears",
    ))
}

fn nightly(conn: &mut AnyConn, ctx: &Ctx) -> Result<Sign, Problem> {
    let Some(last) = ticks::last_ran(conn, "nightly")? else {
        let sign = Sign::of("nightly", Pulse::Unknown, "夜间评估尚未运行过。", "The nightly assessment has not run yet.");
        return Ok(sign.repaired_by(
            "等待首次运行；若已过一日，运维人员查看 anxin schedule",
            "wait for its first run; after a day the operator looks at `anxin schedule`",
        ));
    };
    let hours = ctx.now.unix_seconds().saturating_sub(last.due_at.unix_seconds()) / 3600;
    let state = graded(hours, NIGHTLY_LATE_HOURS);
    let sign = Sign::of(
        "nightly",
        state,
        format!("最近一次夜间评估在 {hours} 小时前。"),
        format!("The last nightly assessment was {hours} hours ago."),
    );
    Ok(sign.since(Some(last.due_at)).repaired_by(
        "运维人员检查服务是否在运行，并查看 anxin schedule",
        "the operator checks that the service runs and looks at `anxin schedule`",
    ))
}

fn graded(late: i64, (warn, bad): (i64, i64)) -> Pulse {
    match late {
        late if late >= bad => Pulse::Bad,
        late if late >= warn => Pulse::Warn,
        _ => Pulse::Ok,
    }
}

fn silent(seen: &Silent, name: &'static str, good: (&str, &str), bad: (&str, &str)) -> Sign {
    let Some(first) = seen.sources.first() else { return Sign::of(name, Pulse::Ok, good.0, good.1).counting(0) };
    let count = i64::try_from(seen.sources.len()).unwrap_or(i64::MAX);
    let (repair_zh, repair_en) = first.cure();
    // Beyond what one look gives the number is not known, and is not made up.
    let (over_zh, over_en) = if seen.more { ("超过 ", "More than ") } else { ("", "") };
    let (zh, en) = (format!("{over_zh}{count} {}。", bad.0), format!("{over_en}{count} {}.", bad.1));
    let mut sign = Sign::of(name, Pulse::Warn, zh, en);
    sign.late = seen
        .sources
        .iter()
        .take(LISTED_MAX)
        .map(|one| {
            let (zh, en) = one.title();
            LateSource {
                project: one.project,
                project_name: one.project_name.clone(),
                source: one.source,
                which: one.which.clone(),
                last_on: one.last_on,
                zh,
                en,
            }
        })
        .collect();
    sign.counting(count).repaired_by(repair_zh, repair_en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_sign_counts_and_unknown_is_not_good() {
        assert!(Pulse::Ok < Pulse::Unknown && Pulse::Unknown < Pulse::Warn && Pulse::Warn < Pulse::Bad);
    }

    #[test]
    fn lateness_is_graded_at_its_limits() {
        for (late, state) in [(0, Pulse::Ok), (119, Pulse::Ok), (120, Pulse::Warn), (3599, Pulse::Warn), (3600, Pulse::Bad)] {
            assert_eq!(graded(late, QUEUE_LATE_SECONDS), state, "{late}");
        }
    }

    #[test]
    fn a_sign_says_who_repairs_it_only_where_something_is_late() {
        let good = Sign::of("x", Pulse::Ok, "好", "good").repaired_by("修", "mend");
        assert!(good.repair_zh.is_empty() && good.repair_en.is_empty());
        let bad = Sign::of("x", Pulse::Bad, "坏", "bad").repaired_by("修", "mend");
        assert_eq!((bad.repair_zh.as_str(), bad.repair_en.as_str()), ("修", "mend"));
    }
}
