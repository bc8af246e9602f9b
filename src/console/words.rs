//! The words of the tables in Chinese, as the field says them. In English a word is itself, its underscores blanks.

mod wage_money;

use std::borrow::Cow;

use crate::web::Lang;

/// Word and Chinese. One word has one meaning (the table of words in the README), so that one list is enough.
const WORDS: &[(&str, &str)] = &[
    // Roles and parties
    ("administrator", "系统管理员"),
    ("labour_manager", "劳资专管员"),
    ("subcontractor", "分包单位"),
    ("subcontractors", "分包单位信息"),
    ("owner", "建设单位"),
    ("general_contractor", "施工总承包单位"),
    ("supervising_engineer", "监理单位"),
    ("labour_authority", "人社部门"),
    ("industry_authority", "行业主管部门"),
    ("grid_officer", "网格员"),
    ("bank", "银行"),
    ("device", "考勤设备"),
    ("enterprise", "企业"),
    ("public_body", "机关事业单位"),
    // Where a role holds
    ("everything", "全部"),
    ("region", "行政区划"),
    ("organisation", "单位"),
    ("project", "项目"),
    ("account", "专用账户"),
    ("case", "案件"),
    ("grid", "网格"),
    // Systems and findings
    ("real_name", "实名制管理"),
    ("labour_split", "人工费用分账"),
    ("payroll", "工资支付表"),
    ("pay_on_behalf", "总包代发"),
    ("deposit", "工资保证金"),
    ("notice_board", "维权信息告示牌"),
    ("payment_bond", "工程款支付担保"),
    ("arrears", "欠薪"),
    ("not_in_force", "不适用"),
    ("kept", "符合"),
    ("not_known", "未知"),
    ("broken", "违反"),
    ("none", "无"),
    ("advice", "提示"),
    ("blue", "蓝色"),
    ("yellow", "黄色"),
    ("orange", "橙色"),
    ("red", "红色"),
    ("in_force", "现行有效"),
    ("unverified", "待核实"),
    ("superseded", "已被替代"),
    // Gates
    ("construction_permit", "施工许可"),
    ("completion_acceptance", "竣工验收"),
    ("property_registration", "产权登记"),
    ("account_closing", "专用账户撤销"),
    ("deposit_return", "保证金返还"),
    ("new_project", "新建项目"),
    ("clear", "放行"),
    ("advise", "提示"),
    ("unknown", "未知"),
    ("restriction_proposed", "建议限制"),
    ("blocked", "不放行"),
    ("national", "国家规定"),
    ("regional", "地方规定"),
    ("policy", "本平台规则"),
    // Facts of gates
    ("open_cases", "未办结案件数"),
    ("pay_dispute_open", "未了结的劳动报酬争议"),
    ("publicity_day", "已公示天数"),
    ("owner_overdue", "建设单位拖欠工程款"),
    ("owner_overdue_led_to_arrears", "因此造成欠薪"),
    ("payment_bond_valid", "工程款支付担保有效"),
    ("government_funded", "政府投资项目"),
    ("price_audited", "工程价款已审核"),
    ("work_finished", "工程已完工"),
    ("promise_given", "已作出书面承诺"),
    ("accepted_on", "竣工验收日期"),
    // Sheets, lines, runs
    ("draft", "草稿"),
    ("submitted", "已提交"),
    ("audited", "已审核"),
    ("published", "已公示"),
    // Items of a line, the slip, a sheet's steps
    ("day_wage", "工日工资"),
    ("hour_wage", "计时工资"),
    ("overtime", "加班工资"),
    ("piece_work", "计件工资"),
    ("allowance", "津贴补贴"),
    ("deduction", "扣款"),
    ("earlier_parts", "与前几部分的差额"),
    ("by_hand", "人工录入"),
    ("imported", "导入"),
    ("crew_confirmed", "班组确认"),
    ("worker_confirmed", "工人确认"),
    ("sent_back", "退回修改"),
    ("by_week", "按周"),
    ("by_day", "按日"),
    ("employer", "用人单位"),
    ("worker", "工人姓名"),
    ("contact", "联系方式"),
    ("working_time", "工作时间"),
    ("items", "工资项目"),
    ("voucher_or_signature", "银行凭证或签字"),
    ("closed", "已关闭"),
    ("signed", "已签字"),
    ("held", "暂缓"),
    ("approved", "可支付"),
    ("reserved", "已列支"),
    ("sent", "已发送"),
    ("accepted", "银行已受理"),
    ("paid", "已支付"),
    ("rejected", "银行拒付"),
    ("returned", "已退回"),
    ("settled", "已结清"),
    ("refused", "已拒绝"),
    ("paper", "纸质签字"),
    ("link_with_second_means", "链接签字并二次验证"),
    ("card_missing", "没有银行卡"),
    ("card_shared", "多人共用一卡"),
    ("card_not_own", "持卡人不符"),
    ("on_hold_list", "在暂缓名单"),
    ("over_bank_limit", "超过银行限额"),
    ("over_month_amount", "当月工资过高"),
    ("over_year_amount", "年工资过高"),
    ("below_minimum_wage", "低于最低工资标准"),
    ("opening_balance", "期初余额"),
    ("only_announced", "仅有通知、对账单未列"),
    ("statements_break", "对账单不连续"),
    ("no_closing_balance", "尚无期末余额"),
    ("unexplained_rest", "未查明差额"),
    ("asked", "已向银行查询"),
    ("sent_again", "已重发同一文件"),
    ("disputed", "有争议"),
    ("no_work_days", "没有出勤"),
    ("contradicted", "银行前后不一"),
    // Bank
    ("statement", "对账单"),
    ("report", "日间报告"),
    ("notification", "动账通知"),
    ("sheet", "表格"),
    ("credit", "收入"),
    ("debit", "支出"),
    ("booked", "已入账"),
    ("pending", "待处理"),
    ("information", "仅供参考"),
    ("labour_cost", "人工费用"),
    ("pay_run", "代发批次"),
    ("pay_return", "代发退回"),
    ("interest", "利息"),
    ("worker_pay", "工资"),
    ("foreign_debit", "非工资支出"),
    ("unexplained", "待查明"),
    // Match and signs
    ("differs", "有差异"),
    ("explained", "已说明"),
    ("not_due", "未到应付日"),
    ("agrees", "一致"),
    ("pursued", "已跟进处理"),
    ("paid_without_attendance", "无考勤发工资"),
    ("attendance_without_pay", "有考勤未发工资"),
    ("paid_less", "少发工资"),
    ("paid_to_someone_else", "工资付给他人"),
    ("unknown_payee", "收款方不明"),
    ("month_open", "月份未结束"),
    ("days_waiting", "打卡待折算"),
    ("no_device", "没有考勤设备"),
    ("gate_silent", "考勤设备无记录"),
    ("no_gate_number", "没有考勤编号"),
    ("incomplete_passages", "打卡不足以计工日"),
    ("in_flight", "银行结果未知"),
    ("contested", "部分有争议"),
    ("shared_phone", "多人登记同一手机号"),
    ("shared_device", "多人由同一台个人设备确认"),
    ("shared_card", "多人登记同一银行卡"),
    ("other_holder", "多人账户户名为同一他人"),
    ("sent_on", "工资大部分转给同一收款方"),
    ("drawn_together", "短时间内在同一终端取款"),
    ("confirmed_together", "数秒内接连确认"),
    ("never_present", "列工资而没有考勤"),
    ("impossible_attendance", "考勤不合常理"),
    ("manager_on_roster", "管理人员列入名册"),
    ("enrolled_at_month_end", "月末集中登记"),
    ("identical_days", "多人考勤完全相同"),
    // Documents
    ("contract", "施工合同"),
    ("account_agreement", "专用账户协议"),
    ("deposit_guarantee", "保证金保函"),
    ("price_audit", "造价审核"),
    ("settlement", "竣工结算"),
    ("permit", "施工许可证"),
    ("funds_commitment", "资金承诺"),
    ("work_paper", "劳动合同或用工书面协议"),
    ("signed_sheet", "签字的工资支付表"),
    ("notice_board_photo", "告示牌照片"),
    ("other", "其他"),
    ("owner_money", "建设单位工程款"),
    ("entrusted_payment", "委托代发协议"),
    ("closing_publicity", "撤销账户前的公示"),
    ("closing_promise", "无拖欠承诺"),
    // Deposits
    ("cash", "现金"),
    ("letter_of_guarantee", "银行保函"),
    ("insurance", "保险"),
    ("bond", "担保"),
    ("lodged", "已存储"),
    ("used", "已动用"),
    ("replenished", "已补足"),
    ("publicity_started", "开始公示"),
    // Workers
    ("id_card", "居民身份证"),
    ("passport", "护照"),
    ("labour_contract", "劳动合同"),
    ("work_agreement", "用工书面协议"),
    ("entered", "进场"),
    ("terms", "约定变更"),
    ("left", "退场"),
    ("id_number", "身份证号"),
    ("phone", "手机号"),
    ("card", "银行卡"),
    ("pin", "考勤编号"),
    ("active_elsewhere", "在其他项目在册"),
    ("card_check_fails", "银行卡号校验不符"),
    ("card_of_another", "与他人同卡"),
    ("no_paper", "没有劳动合同或书面协议"),
    ("not_trained", "未经安全教育"),
    ("no_card", "没有银行卡"),
    // Devices
    ("active", "使用中"),
    ("in", "进"),
    ("out", "出"),
    ("by_state", "按记录"),
    ("zkteco", "中控智慧"),
    ("hikvision", "海康威视"),
    ("dahua", "大华"),
    ("gateway", "网关"),
    ("queued", "排队中"),
    ("done", "已完成"),
    ("failed", "失败"),
    ("dead", "停滞"),
    // Inbox
    ("new", "未处理"),
    ("part", "部分处理"),
    ("quarantined", "已隔离"),
    ("duplicate", "重复"),
    ("open", "未关闭"),
    // Notice board
    ("minimum_wage", "最低工资标准"),
    ("pay_date", "工资支付日期"),
    ("complaint_phones", "投诉举报电话"),
    ("arbitration", "劳动争议仲裁"),
    ("legal_aid", "法律援助"),
    ("legal_hotline", "12348 法律服务热线"),
    ("deposit_status", "保证金缴存情况"),
    // Cases and credit
    ("complaint", "投诉"),
    ("inspection", "检查"),
    ("court", "诉讼"),
    ("serious_list", "失信联合惩戒名单"),
    ("not_listed", "未列入名单"),
    ("clean_since", "无欠薪起算日"),
    // Records that facts come from
    ("pay sheets and bank results", "工资支付表与银行结果"),
    ("pay sheets", "工资支付表"),
    ("bank results", "银行结果"),
    ("work_days", "考勤工日"),
    ("cases", "案件记录"),
    ("deposits", "保证金记录"),
    ("deposit_events", "保证金变动记录"),
    ("devices", "考勤设备记录"),
    ("projects", "项目登记"),
    // Users
    ("suspended", "已停用"),
    ("ended", "已终止"),
    // Amendments and quarantine
    ("law", "国家法规数据"),
    ("proposed", "待批准"),
    ("withdrawn", "已撤回"),
    ("added", "新增"),
    ("changed", "变更"),
    ("removed", "删除"),
    ("replayed", "已重新处理"),
    ("dismissed", "已处理"),
    ("ok", "正常"),
    ("warn", "需留意"),
    ("bad", "需处理"),
];

/// A word in a language; a word that has no Chinese yet shows as itself.
pub fn said(lang: Lang, word: &str) -> Cow<'_, str> {
    let zh = WORDS.iter().chain(wage_money::WORDS).find(|(known, _)| *known == word).map(|(_, zh)| *zh);
    match (lang, zh) {
        (Lang::Zh, Some(zh)) => Cow::Borrowed(zh),
        _ if word.contains('_') => Cow::Owned(word.replace('_', " ")),
        _ => Cow::Borrowed(word),
    }
}

/// The half of `中文 / English` in a language; a text of another shape is itself.
pub fn half(lang: Lang, text: &str) -> &str {
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    match text.split_once(" / ") {
        Some((zh, en)) if zh.chars().any(is_han) && !en.is_empty() && !en.chars().any(is_han) => lang.pick(zh, en),
        _ => text,
    }
}

/// Why a bank did not pay: the codes of ISO 20022 (ExternalStatusReason1Code) that pay runs meet.
const BANK_REASONS: &[(&str, &str, &str)] = &[
    ("AC01", "账号有误", "account number incorrect"),
    ("AC03", "收款账号无效", "creditor account number invalid"),
    ("AC04", "账户已销户", "account closed"),
    ("AC06", "账户被冻结", "account blocked"),
    ("AC07", "收款账户已销户", "creditor account closed"),
    ("AG01", "该账户不允许此类交易", "transaction forbidden on this account"),
    ("AM04", "余额不足", "insufficient funds"),
    ("AM05", "重复付款", "duplicate payment"),
    ("BE01", "户名与账号不符", "name does not fit the account"),
    ("MD07", "账户持有人已故", "account holder deceased"),
    ("MS02", "客户方原因（未说明）", "reason not specified by the customer"),
    ("MS03", "银行方原因（未说明）", "reason not specified by the bank"),
    ("RC01", "开户行代码有误", "bank identifier incorrect"),
];

/// A bank's reason in words beside its code; one that we do not know stands as the bank wrote it.
pub fn bank_reason(lang: Lang, reason: &str) -> String {
    match BANK_REASONS.iter().find(|(code, ..)| *code == reason) {
        Some((code, zh, en)) => format!("{} ({code})", lang.pick(zh, en)),
        None => said(lang, reason).into_owned(),
    }
}

/// What a form did: word, Chinese, English. `{n}` is the number of things.
const TOLD: &[(&str, &str, &str)] = &[
    ("void_asked", "已提交，须由另一人复核。", "Asked for; another person decides."),
    ("void_decided", "决定已记录。", "The decision is on record."),
    ("matter_kept", "事项已记录。", "The step is on record."),
    ("lines_cleared", "已登记 {n} 行工资的支付。", "The payment of {n} lines is on record."),
    ("calendar_revoked", "日历地址已停用。", "The calendar address leads nowhere any more."),
    ("override_asked", "已提交，须由另一人批准后生效。", "Asked for; it holds once another person has approved it."),
    ("override_decided", "决定已记录。", "The decision is on record."),
    ("logged_in", "已登录。", "You are logged in."),
    ("logged_out", "已退出。", "You are logged out."),
    ("logged_out_everywhere", "已在所有设备上退出。", "You are logged out everywhere."),
    ("user_added", "用户已添加；首次登录须修改密码。", "The user is added and changes the password at the first log-in."),
    ("role_given", "角色已授予。", "The role is given."),
    ("role_ended", "角色已收回，立即生效。", "The role is taken back, at once."),
    ("password_reset", "密码已重置，原有会话全部退出。", "The password is reset; every session of the user has ended."),
    ("state_changed", "用户状态已变更。", "The user's state is changed."),
    ("user_logged_out", "该用户已在所有设备上退出。", "The user is logged out everywhere."),
    ("device_bound", "设备已绑定，接收了 {n} 条暂存消息。", "The device is bound; {n} held messages were taken over."),
    ("device_blocked", "设备已停用。", "The device is blocked."),
    ("job_retried", "任务已重新排队。", "The job is in the queue again."),
    ("dead_dismissed", "已了结，原因已记录。", "Dismissed; the reason is on record."),
    ("mail_retried", "邮件将再投递一次。", "The mail gets one more try."),
    ("item_closed", "条目已关闭。", "The item is closed."),
    ("amendment_proposed", "修订已提出，待第二人批准。", "The amendment is proposed and waits for a second person."),
    ("amendment_decided", "已记录。", "It is recorded."),
    ("password_changed", "密码已修改，请用新密码登录。", "Your password has been changed; log in with the new one."),
    // The month
    ("company_registered", "企业已登记。", "The company is registered."),
    (
        "project_registered",
        "项目已登记。请接着记录合同、工资支付日等事实。",
        "The project is registered. Record its contract, pay day and other facts next.",
    ),
    ("company_joined", "参建单位已加入项目。", "The company is on the project."),
    ("crew_added", "班组已添加。", "The crew is added."),
    ("account_opened", "专用账户已登记。", "The wage account is on record."),
    ("account_filed", "账户备案已记录。", "The filing of the account is on record."),
    ("deposit_lodged", "保证金已登记。", "The deposit is lodged."),
    ("deposit_event_recorded", "保证金事项已记录。", "What happened to the deposit is on record."),
    ("device_bound", "设备已绑定。", "The machine is bound."),
    ("enrolled", "已登记 {n} 人。", "{n} enrolled."),
    ("left_site", "退场已记录。", "The worker's leaving is on record."),
    ("terms_changed", "约定已变更。", "The terms are changed."),
    ("paper_kept", "已保存。", "Saved."),
    ("sheet_built", "工资表已编制，共 {n} 人。", "The sheet is built, {n} workers."),
    ("draft_stands", "该月已有草稿，请核对后再重新编制。", "The month has a draft already; look at it, then build it again."),
    ("lines_signed", "已记录 {n} 个签字。", "{n} signatures are on record."),
    ("file_kept", "文件已保存，请确认各列。", "The file is kept; confirm its columns."),
    ("item_added", "项目已保存。", "The item is on record."),
    ("item_said", "已记录。", "It is on record."),
    ("line_opened", "该行已开始新的一版，须重新签字。", "The line has a new version and needs a new signature."),
    ("slip_given", "已记录工资条的交付。", "It is on record that the slip was given."),
    ("sheet_sent_back", "工资表已退回修改。", "The sheet is sent back."),
    ("sheet_published", "已记录公示。", "It is on record where the sheet was shown."),
    ("sheet_closed", "工资表已结清。", "The sheet is closed."),
    ("deducted", "扣款已记录。", "The deduction is on record."),
    ("disputed_line", "争议已记录，无争议部分照常支付。", "The dispute is on record; the rest is paid as usual."),
    ("sheet_submitted", "工资表已提交审核。", "The sheet is handed in for audit."),
    ("sheet_audited", "工资表已审核，可以代发。", "The sheet is audited and may be paid."),
    ("run_ordered", "代发批次已生成，请下载文件交银行。", "The pay run is ordered; download its file for the bank."),
    ("bank_asked", "已记录；同一文件和编号不会重复付款。", "On record; the same file under the same ids never pays twice."),
    ("difference_judged", "核实结果已记录；数字变化后须重新核实。", "On record; it holds while the numbers stay as they are."),
    ("line_released", "该行已放行，下次代发时支付。", "The line is let go; the next run pays it."),
    ("all_held", "没有可以支付的行，{n} 行暂缓，原因见下。", "No line can be paid; {n} are held, for the reasons below."),
];

/// The sentence of a word that [`super::done`] sent; `None` for a word that is not ours.
pub fn told(lang: Lang, word: &str, number: usize) -> Option<String> {
    let (_, zh, en) = TOLD.iter().find(|(known, ..)| *known == word)?;
    Some(lang.pick(zh, en).replace("{n}", &number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounts, attendance, cases, credit, deposits, documents, law, notice_board, parties, payroll, projects, users, workers,
    };

    /// Collects the words of enums that pages show.
    macro_rules! all {
        ($($words:ty),* $(,)?) => {{
            let mut found: Vec<&'static str> = Vec::new();
            $(found.extend(<$words>::ALL.iter().map(|word| word.as_str()));)*
            found
        }};
    }

    #[test]
    fn every_word_that_pages_show_has_its_chinese_once() {
        let shown = all![
            payroll::SheetState,
            payroll::LineState,
            payroll::AttemptState,
            payroll::RunState,
            payroll::Means,
            payroll::items::ItemKind,
            payroll::items::ItemSource,
            payroll::items::ItemStep,
            payroll::life::SheetStep,
            payroll::life::Cycle,
            payroll::pay_run::Hold,
            payroll::pay_run::InquiryKind,
            payroll::pay_run::checks::Caution,
            crate::matching::Difference,
            crate::matching::MatchStanding,
            crate::matching::Unknown,
            crate::matching::Found,
            crate::detectors::rings::Tie,
            crate::detectors::padding::RosterSign,
            projects::PartyRole,
            documents::DocumentKind,
            accounts::StatementKind,
            accounts::reconciling::Cause,
            accounts::Direction,
            accounts::EntryStatus,
            accounts::Purpose,
            attendance::devices::DeviceState,
            attendance::devices::GateDirection,
            attendance::devices::Maker,
            attendance::devices::OrderState,
            deposits::DepositKind,
            deposits::DepositEvent,
            crate::matters::MatterKind,
            crate::matters::Step,
            crate::clearance::Hurdle,
            crate::labour_cost::Basis,
            crate::labour_cost::forecast::Why,
            law::questions::warning::FreezeReason,
            payroll::outside::Payer,
            parties::PartyKind,
            workers::IdKind,
            workers::Paper,
            workers::EventKind,
            workers::SecretField,
            workers::WarningCode,
            cases::CaseKind,
            credit::CreditKind,
            notice_board::BoardItem,
            users::UserState,
            crate::amendments::AmendmentState,
            crate::amendments::AmendmentKind,
            crate::quarantine::ItemState,
            crate::operation::Pulse,
            crate::store::jobs::JobState,
            crate::store::outbox::MailState,
            crate::web::Role,
            law::Gate,
            law::decision::Verdict,
            law::decision::Basis,
            law::finding::System,
            law::finding::State,
        ];
        let all: Vec<&str> = WORDS.iter().chain(wage_money::WORDS).map(|(word, _)| *word).collect();
        for word in shown {
            assert!(all.contains(&word), "`{word}` has no Chinese");
        }
        for (index, word) in all.iter().enumerate() {
            assert!(!all[..index].contains(word), "`{word}` stands twice");
        }
    }

    #[test]
    fn english_is_the_word_itself() {
        assert_eq!(said(Lang::En, "letter_of_guarantee"), "letter of guarantee");
        assert_eq!(said(Lang::Zh, "letter_of_guarantee"), "银行保函");
        assert_eq!(told(Lang::En, "no_such_word", 3), None);
    }

    #[test]
    fn a_text_in_both_languages_shows_its_half() {
        assert_eq!(half(Lang::Zh, "建设单位 / owner"), "建设单位");
        assert_eq!(half(Lang::En, "建设单位 / owner"), "owner");
        for whole in ["甲 / 乙", "owner", "a / b", "建设单位 / ", "fct-0CJ1V8Q2M0001"] {
            assert_eq!(half(Lang::En, whole), whole);
        }
        assert_eq!(bank_reason(Lang::Zh, "AC04"), "账户已销户 (AC04)");
        assert_eq!(bank_reason(Lang::En, "odd"), "odd");
    }
}
