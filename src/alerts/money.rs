//! What people are told of a project's wage money before it is too late: a pay day that the money does not reach, an account that is
//! frozen or out of which money was taken for a claim, a step of a matter that somebody must take by a day.

use super::Concern;
use super::reminders::concern;
use crate::accounts;
use crate::labour_cost::forecast::forecast;
use crate::labour_cost::gather;
use crate::law::book::ids::{R53_08A, R53_08B, R53_10, R53_13, R724_03};
use crate::matters::{self, MatterKind};
use crate::projects::Site;
use crate::settlement::doubts::{self, DoubtKind};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};

/// Days before a limit from which people are told of it.
const LIMIT_DAYS: i64 = 5;

/// Concerns of the wage money of a project.
pub(super) fn concerns(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Vec<Concern>, Problem> {
    let (book, today) = (ctx.book(), ctx.today);
    let mut found = Vec::new();
    if let Some(short) = forecast(gather::position(conn, ctx, site, today)?)?.shortfall {
        let title = (
            format!("{} 发薪日资金缺 {} 元", short.on, short.amount),
            format!("The money is short by {} on the pay day {}", short.amount, short.on),
        );
        let cure = ("请建设单位在发薪日前补足人工费用", "the owner adds the labour cost before the pay day");
        found.push(Concern { urgent: true, ..concern(&book, format!("shortfall {}", short.on), R53_13, short.on, title, cure) });
    }
    for doubt in doubts::open(conn, site.id)? {
        let (amount, day) = (doubt.row.amount_fen, doubt.entry.booked_on);
        let is_refund = doubt.row.kind == DoubtKind::RefundWaits;
        let title = if is_refund {
            (
                format!("{amount} 元退回款待核对，所涉工资是否已付不明"),
                format!("A refund of {amount} waits to be matched: whose wage came back is not known"),
            )
        } else {
            (format!("银行扣付与指令不符，涉及 {amount} 元"), format!("The bank moved {amount} yuan otherwise than was ordered"))
        };
        let cure = (
            "在项目的待核对流水页答复，由另一人复核",
            "say what it is on the project's page of entries in doubt; another person agrees",
        );
        let rule = if is_refund { R724_03 } else { R53_08A };
        found.push(concern(&book, format!("doubt {}", doubt.row.id), rule, day, title, cure));
    }
    for (account, closed_on, entries) in accounts::actions::after_closing(conn, site, today)? {
        let Some(last) = entries.last() else { continue };
        let (count, day) = (entries.len(), last.booked_on);
        let title = (
            format!("专户 {closed_on} 已销户，之后银行仍有 {count} 笔入账，最后一笔 {day}"),
            format!("The account was closed on {closed_on}, and the bank booked {count} entries after it, the last on {day}"),
        );
        let cure = (
            "向银行核实：更正销户日，或作废有误的流水文件",
            "ask the bank: put the closing day right, or void the file that is wrong",
        );
        let subject = format!("after_closing {} {}", account.id, last.id);
        found.push(Concern { urgent: true, ..concern(&book, subject, R53_10, day, title, cure) });
    }
    let all = matters::actions::all(conn, ctx, site, today)?;
    for (entry, amount) in matters::freezes::unanswered(conn, site, &all, today)? {
        let title = (
            format!("专户疑被扣划 {amount} 元：银行摘要提到冻结或执行"),
            format!("{amount} yuan may have been taken for a claim: the bank's text speaks of it"),
        );
        let cure = (
            "在项目的事项页登记冻结，由银行提示法院、通知监管部门",
            "begin the matter on the project's page of matters; the bank prompts whoever took it and tells the supervisor",
        );
        let day = entry.booked_on;
        found.push(Concern { urgent: true, ..concern(&book, format!("seizure {}", entry.id), R53_08B, day, title, cure) });
    }
    for matter in all.into_iter().filter(matters::Matter::is_open) {
        let rule = matter.kind.rule();
        if matter.kind == MatterKind::AccountFreeze && matter.transfer_allowed != Some(true) {
            let day = matter.begun().map_or(today, |step| step.happened_on);
            let title = ("专用账户被冻结".to_owned(), "The wage account is frozen".to_owned());
            let cure = (
                "银行提示法院、通知监管部门，监管部门提出异议",
                "the bank prompts whoever froze it, the supervisor is told and objects",
            );
            found.push(Concern { urgent: true, ..concern(&book, format!("freeze {}", matter.id), rule, day, title, cure) });
        } else if let Some(due) = matter.due_on().filter(|due| *due <= today.plus_days(LIMIT_DAYS)) {
            let title = (format!("资金事项最迟 {due} 办理"), format!("A matter of the wage money is to be dealt with by {due}"));
            let cure = ("在项目的事项页办理下一步", "take its next step on the project's page of matters");
            found.push(concern(&book, format!("matter {} {due}", matter.id), rule, due, title, cure));
        }
    }
    Ok(found)
}
