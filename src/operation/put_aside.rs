//! What was put aside of messages that belong to no project: of an unknown account, an unreadable file, an upload of an unknown project.
//!
//! No labour manager sees it, so whoever runs the service is told: a mail to each when items of one feed and source become more than the
//! limit, once until they were worked off, and a sign of the house's health while they stand. Deliberately absent: what a project's own
//! sources send, of which the project's people are told (`alerts::sources`).

use super::table::{self, FullSource};
use crate::store::outbox::{self, NewMail};
use crate::store::{AnyConn, Tx};
use crate::users::contacts;
use crate::users::table as users;
use crate::web::scope::verbs_of;
use crate::web::{Ctx, Problem, Role, Verb};

/// Sources that one look tells apart.
pub const SOURCES_MAX: i64 = 200;

/// The sources of which more stands open than the limit.
pub fn full(conn: &mut AnyConn, ctx: &Ctx) -> Result<Vec<FullSource>, Problem> {
    Ok(table::full_sources(conn, ctx.ground.settings.gates.put_aside_max, SOURCES_MAX)?)
}

/// Brings the alarms in line with what stands open: a new one is told, one that was worked off ends.
///
/// # Errors
/// A store that fails.
pub fn notice(tx: &mut Tx<'_>, ctx: &Ctx) -> Result<(), Problem> {
    let full = full(tx.conn(), ctx)?;
    let standing = table::alarms(tx.conn())?;
    for name in standing.iter().filter(|name| !full.iter().any(|one| alarm_of(one) == **name)) {
        table::end_alarm(tx.conn(), name)?;
    }
    for source in full.iter().filter(|one| !standing.contains(&alarm_of(one))) {
        table::begin_alarm(tx.conn(), &alarm_of(source), ctx.now)?;
        tell(tx, ctx, source)?;
    }
    Ok(())
}

fn alarm_of(source: &FullSource) -> String {
    format!("{}{} {}", table::ALARM, source.feed, source.source)
}

/// Writes to everybody who runs the whole house.
fn tell(tx: &mut Tx<'_>, ctx: &Ctx, source: &FullSource) -> Result<(), Problem> {
    let upkeep = &ctx.ground.settings.upkeep;
    if !upkeep.mail_enabled {
        return Ok(());
    }
    for role in Role::ALL.iter().copied().filter(|role| verbs_of(*role).contains(&Verb::Operate)) {
        for user in users::holders_everywhere(tx.conn(), role, ctx.today)? {
            let contact = contacts::actions::of(tx.conn(), ctx.vault(), user)?;
            if contact.email.is_none() || !contacts::table::is_active(tx.conn(), user)? {
                continue;
            }
            let FullSource { feed, source, open } = source;
            let link = format!("{}/house/quarantine", upkeep.base_url);
            let mail = NewMail {
                user,
                dedupe: format!("put_aside {user} {feed} {source} {}", ctx.now.0),
                language: contact.language.to_string(),
                kind: "urgent",
                subject: contact.language.pick("安薪：有大量内容未能接收", "Anxin: much could not be taken").to_owned(),
                body: match contact.language.pick("zh", "en") {
                    "zh" => format!(
                        "来源 {feed} {source} 有 {open} 条内容未能接收，且不属于任何项目，因此没有项目人员会看到。\n\
                         请在“未能接收的内容”页查看原因，修正后重新读取，或写明原因关闭：\n{link}\n处理完毕前不再重复提醒。\n"
                    ),
                    _ => format!(
                        "{open} items of {feed} {source} could not be taken and belong to no project, so nobody of a project sees them.\n\
                         Read why on the page of what could not be taken, have them read again after a fix, or close them with a note:\n\
                         {link}\nYou are not told again until they were worked off.\n"
                    ),
                },
            };
            outbox::enqueue(tx.conn(), ctx.vault(), ctx.id(), &mail, &upkeep.mail_domain, ctx.now)?;
        }
    }
    Ok(())
}
