//! What an account's bank is taken to mean: each value of the profile that the account goes by, where it comes from, what follows from it.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::accounts::profiles::{DEFAULT, Profile, actions, table};
use crate::accounts::table::{self as accounts, AccountRow};
use crate::base::Moment;
use crate::base::id::{AccountId, ProjectId};
use crate::base::person::masked;
use crate::console::frame::grouped;
use crate::console::month::can;
use crate::console::{Frame, Shown, done, show};
use crate::projects::enter;
use crate::web::{Access, Form, Lang, Problem, Route, Verb, Visit};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let path = "/projects/{project}/accounts/{account}/profile";
    vec![
        Route::page(path, Access::Holds(Verb::ReadMoney), "What an account's bank is taken to mean", || web::get().to(page)),
        Route::form(path, Access::Holds(Verb::OpenAccounts), "Let an account go by a bank's profile", || web::post().to(choose)),
    ]
}

/// A value of a profile as people read it.
pub(in crate::console) struct Setting {
    pub zh: &'static str,
    pub en: &'static str,
    pub value: String,
    pub effect_zh: &'static str,
    pub effect_en: &'static str,
}

/// Every value of a profile with what follows from it.
pub(in crate::console) fn settings(profile: &Profile, lang: Lang) -> Vec<Setting> {
    let yes = |truth: bool| (if truth { lang.pick("是", "yes") } else { lang.pick("否", "no") }).to_owned();
    let money = |amount: Option<crate::base::Fen>| {
        amount.map_or_else(|| lang.pick("不限", "no limit").to_owned(), |amount| grouped(&amount.to_string()))
    };
    let row = |(zh, en), value, (effect_zh, effect_en)| Setting { zh, en, value, effect_zh, effect_en };
    vec![
        row(
            ("对账单支出明细证明已付", "A booked detail of a debit proves payment"),
            yes(profile.detail_pays),
            (
                "为“是”时，明细列明的工人即记为已发；为“否”时只记资金已出账，等待逐笔结果。",
                "With yes the worker named in it counts as paid; with no the money only left the account, and each result is waited for.",
            ),
        ),
        row(
            ("回执 ACCC（已入收款账户）证明已付", "ACCC (credited) proves payment"),
            yes(profile.accc_pays),
            ("为“是”时该笔记为已发。", "With yes the line counts as paid."),
        ),
        row(
            ("回执 ACSC（付款方已结算）证明已付", "ACSC (settled at the payer's side) proves payment"),
            yes(profile.acsc_pays),
            (
                "为“否”时仍为在途：付款方已扣款，收款方未确认。",
                "With no the line stays in transit: debited, and not yet credited.",
            ),
        ),
        row(
            ("回执 ACSP（结算处理中）证明已付", "ACSP (in process) proves payment"),
            yes(profile.acsp_pays),
            ("为“否”时仍为在途。", "With no the line stays in transit."),
        ),
        row(
            ("无编号退款归入批次的天数", "Days within which refunds without a number belong to a batch"),
            profile.credits_back_days.to_string(),
            (
                "期限内金额相符的退款视为该批退回；之后列为待查明收入。",
                "A refund of a fitting amount within them is the batch's; later it is money that nothing explains.",
            ),
        ),
        row(
            ("银行无答复的天数", "Days of silence"),
            profile.silence_days.to_string(),
            (
                "超过后付款结果记为“未知”，须向银行查询，不会重复支付。",
                "After them a payment counts as unknown and the bank is asked; it is not paid twice.",
            ),
        ),
        row(
            ("每个文件最多行数", "Lines of a file at most"),
            profile.lines_max.to_string(),
            ("超过时自动拆分文件。", "More are cut into several files."),
        ),
        row(
            ("每个文件最高金额（元）", "Sum of a file at most (yuan)"),
            money(profile.file_fen_max),
            ("超过时自动拆分文件。", "More is cut into several files."),
        ),
        row(
            ("单笔最高金额（元）", "Amount of a line at most (yuan)"),
            money(profile.line_fen_max),
            ("超过的行暂缓并列明，不阻止其他行。", "A larger line is held and told; the others go."),
        ),
        row(
            ("收款人姓名最多字数", "Characters of a payee's name at most"),
            profile.limits.name_max.to_string(),
            ("超过的行暂缓并列明，不截断姓名。", "A line with a longer one is held and told; no name is cut."),
        ),
        row(
            ("银行字符集", "Characters that the bank knows"),
            profile.limits.charset.to_string(),
            (
                "姓名含其外的字时该行暂缓；附言中的字以“?”代替并列明。",
                "A line whose name has another character is held; in the text of a payment it becomes ? and is told.",
            ),
        ),
        row(
            ("银行卡号位数", "Places of a card"),
            format!("{}–{}", profile.limits.card_min, profile.limits.card_max),
            ("不符的行暂缓并列明。", "A line with another card is held and told."),
        ),
        row(
            ("卡号须通过校验位（Luhn）", "A card must have the check digit of Luhn's rule"),
            yes(profile.limits.card_luhn),
            ("为“是”时，不符的行暂缓并列明。", "With yes a line whose card has not is held and told."),
        ),
        row(
            ("附言最多字数", "Characters of a payment's text at most"),
            profile.limits.text_max.to_string(),
            ("放不下时附言只写“工资”并列明。", "Where it does not fit, the text is 工资 alone, and that is told."),
        ),
        row(
            ("整批记一笔账", "One booking for the whole file"),
            yes(profile.batch_booking),
            ("决定代发文件要求银行按批或逐笔记账。", "What the order asks the bank for: one booking, or one for each line."),
        ),
        row(
            ("代发文件版本", "Version of the order"),
            profile.order_version.as_str().to_owned(),
            ("银行能读取的 ISO 20022 版本。", "The version of ISO 20022 that the bank reads."),
        ),
    ]
}

#[derive(Template)]
#[template(path = "console/projects/bank_profile.html")]
struct ProfilePage {
    f: Frame,
    head: Head,
    account: AccountRow,
    code: String,
    name: String,
    /// Version with who wrote it and when; none for the built-in one.
    source: Option<(i32, String, Moment)>,
    /// Whether the account named it itself.
    is_chosen: bool,
    settings: Vec<Setting>,
    /// Code and name of those that may be chosen.
    offered: Vec<(String, String)>,
    may_choose: bool,
}

impl ProfilePage {
    fn number(&self) -> String {
        masked(&self.account.number, 4, 4)
    }
}

async fn page(visit: Visit, path: web::Path<(ProjectId, AccountId)>) -> Shown {
    let (id, account) = path.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let account = accounts::find(conn, site.id, account)?.ok_or_else(Problem::not_found)?;
            let choice = table::choice(conn, &account)?;
            let code = choice.clone().unwrap_or_else(|| DEFAULT.to_owned());
            let row = table::latest(conn, &code)?;
            let source = row.as_ref().map(|row| (row.version, row.recorded_by.clone(), row.recorded_at));
            let profile = row.map_or_else(Profile::built_in, Profile::from);
            let mut offered = vec![(DEFAULT.to_owned(), Profile::built_in().name)];
            for row in table::all(conn)? {
                // The last version's name is the one that counts.
                offered.retain(|(known, _)| *known != row.code);
                offered.push((row.code, row.name));
            }
            Ok(ProfilePage {
                may_choose: can(conn, visit, id, Verb::OpenAccounts),
                f: Frame::of(visit),
                head,
                account,
                code,
                name: profile.name.clone(),
                source,
                is_chosen: choice.is_some(),
                settings: settings(&profile, visit.lang),
                offered,
            })
        })
        .await?;
    show(&page)
}

async fn choose(form: Form, path: web::Path<(ProjectId, AccountId)>) -> Shown {
    let (id, account) = path.into_inner();
    let profile = form.required("profile")?.to_owned();
    form.write(Verb::OpenAccounts, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        actions::choose(tx, ctx, &site, account, &profile)
    })
    .await?;
    done(&format!("/projects/{id}/accounts/{account}/profile"), "profile_chosen", 1)
}
