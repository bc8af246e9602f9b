//! The bank feed kit for people: the specification that a bank's engineer builds by, the keys, the last events.
//!
//! Open to everybody, for the specification is no secret; keys are an administrator's, events those of the visitor.

use actix_web::web;
use askama::Template;

use super::{Frame, Shown, done, show};
use crate::bank_feed::report::{Certification, Shown as Seen};
use crate::bank_feed::table::{self, Kept, KeyRow};
use crate::bank_feed::{KeyKind, keys};
use crate::base::id::{RecordId, UserId};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Events that the page lists.
const EVENTS_MAX: i64 = 50;

/// Users whom the form offers.
const USERS_MAX: i64 = 500;

/// Where the page is.
const PATH: &str = "/bank-feed";

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    let manage = Access::Holds(Verb::ManageUsers);
    vec![
        Route::page(PATH, Access::Public, "The bank feed kit: specification, keys, last events", || web::get().to(page)),
        Route::form("/bank-feed/keys", manage, "Make a key for a bank's system", || web::post().to(make)),
        Route::form("/bank-feed/keys/{bank_key}/rotate", manage, "Make the next key", || web::post().to(rotate)),
        Route::form("/bank-feed/keys/{bank_key}/revoke", manage, "End a key", || web::post().to(revoke)),
    ]
}

/// A field of the specification: name, whether it must be there, what it means.
type Field = (&'static str, bool, &'static str, &'static str);

/// A type of event: word, what it is for, fields of its body, an example.
struct Spec {
    word: &'static str,
    zh: &'static str,
    en: &'static str,
    fields: &'static [Field],
    example: &'static str,
}

const ENVELOPE: &[Field] = &[
    (
        "event_id",
        true,
        "发送方编号，1 至 64 个可见 ASCII 字符，永不重复",
        "The sender's id, 1 to 64 visible ASCII characters, unique for ever",
    ),
    ("type", true, "事件类型，见下", "Type of the event, see below"),
    ("occurred_at", true, "银行侧发生时间，RFC 3339 带时区", "When it happened at the bank, RFC 3339 with an offset"),
    ("account", true, "专用账户账号；有子账簿时写“账号-子账簿”", "Number of the wage account; with a sub-ledger `number-sub`"),
    ("body", true, "按类型不同，见下", "Depends on the type, see below"),
];

const SPECS: &[Spec] = &[
    Spec {
        word: "account.opened",
        zh: "账户已开立：与登记的账户资料比对，未给出的字段不比对。",
        en: "The account was opened: compared with what is on record; what is left out is not compared.",
        fields: &[
            ("number", false, "账号（含子账簿）", "Number, with the sub-ledger"),
            ("name", false, "户名", "Name of the account"),
            ("bank_name", false, "开户行", "Bank and branch"),
            ("bank_code", false, "联行号，12 位", "CNAPS code, 12 digits"),
            ("opened_on", false, "开户日", "Day of opening"),
        ],
        example: r#"{"event_id":"b-1","type":"account.opened","occurred_at":"2026-03-02T09:00:00+08:00","account":"330500010001","body":{"name":"某建设有限公司某项目农民工工资专用账户","bank_code":"103338700001"}}"#,
    },
    Spec {
        word: "txn",
        zh: "一笔明细，等同 camt 的一个 Ntry；与对账单中的同一笔合并，不会重复入账。",
        en: "One entry, as one Ntry of camt; merged with the same movement of a statement, never booked twice.",
        fields: &[
            ("amount", true, "金额，文本，最多两位小数，不带符号", "Amount as a text, two decimals at most, no sign"),
            ("currency", false, "币种，缺省 CNY", "Currency, CNY when absent"),
            ("credit_debit_indicator", true, "CRDT 贷（入账）或 DBIT 借（出账）", "CRDT or DBIT, as it moves the balance"),
            ("status", true, "BOOK 已记账、PDNG 待记账、INFO 仅供参考", "BOOK, PDNG or INFO"),
            ("booking_date", true, "记账日", "Booking day"),
            ("value_date", false, "起息日", "Value day"),
            ("reversal_indicator", false, "是否冲正，true 或 false", "Whether it takes back an earlier entry"),
            (
                "account_servicer_reference",
                false,
                "银行流水号，须与对账单一致",
                "The bank's reference, the same as in the statement",
            ),
            ("entry_reference", false, "明细编号", "Reference of the entry"),
            ("bank_transaction_code", false, "交易码", "Bank transaction code"),
            ("additional_entry_information", false, "摘要", "What the bank writes about it"),
            ("balance_after", false, "该笔之后的余额", "Balance after the entry"),
            (
                "batch",
                false,
                "批量：message_id、payment_information_id、number_of_transactions、total_amount",
                "The batch: message_id, payment_information_id, number_of_transactions, total_amount",
            ),
            (
                "details",
                false,
                "逐笔，最多 1000 条：end_to_end_id、amount、currency、credit_debit_indicator、counterparty_name、counterparty_account、remittance_information、additional_information、return_reason、returned、account_servicer_reference、transaction_id、message_id、payment_information_id",
                "Single transactions, at most 1000: end_to_end_id, amount, currency, credit_debit_indicator, counterparty_name, counterparty_account, remittance_information, additional_information, return_reason, returned, account_servicer_reference, transaction_id, message_id, payment_information_id",
            ),
        ],
        example: r#"{"event_id":"b-2","type":"txn","occurred_at":"2026-03-02T10:15:00+08:00","account":"330500010001","body":{"amount":"500000.00","credit_debit_indicator":"CRDT","status":"BOOK","booking_date":"2026-03-02","account_servicer_reference":"20260302000017","details":[{"counterparty_name":"某建设单位","remittance_information":"人工费用"}]}}"#,
    },
    Spec {
        word: "payroll.result",
        zh: "一笔代发的结果，等同 pain.002 的一行。",
        en: "What became of one payment, as one line of pain.002.",
        fields: &[
            ("end_to_end_id", true, "代发文件中的 EndToEndId", "EndToEndId of the payment order"),
            (
                "status",
                true,
                "RCVD、ACTC、ACCP、ACSP、ACSC、ACCC、PDNG、PART、RJCT、CANC",
                "RCVD, ACTC, ACCP, ACSP, ACSC, ACCC, PDNG, PART, RJCT, CANC",
            ),
            ("reason", false, "未付原因：AC04、AM04、RC01 等", "Why it was not paid: AC04, AM04, RC01 …"),
            ("additional_information", false, "原因说明", "The reason in words"),
            ("original_message_id", false, "代发文件的 MsgId，可省略", "MsgId of the order, may be left out"),
            ("amount", false, "金额；给出时须与代发一致", "Amount; where given it must be the ordered one"),
            ("currency", false, "币种", "Currency"),
            ("account_servicer_reference", false, "银行流水号", "The bank's reference"),
        ],
        example: r#"{"event_id":"b-3","type":"payroll.result","occurred_at":"2026-03-15T16:00:00+08:00","account":"330500010001","body":{"end_to_end_id":"P0CJ1V8Q2M0001","status":"RJCT","reason":"AC04"}}"#,
    },
    Spec {
        word: "balance",
        zh: "某日余额：日终余额与本系统逐笔累计比对。",
        en: "The balance of a day: at the day's end it is compared with the entries here.",
        fields: &[
            ("balance_type", false, "CLBD 日终（缺省）或 ITBD 日间", "CLBD at the day's end (when absent) or ITBD within it"),
            ("amount", true, "余额，文本，可为负", "Balance as a text, may be negative"),
            ("currency", false, "币种，缺省 CNY", "Currency, CNY when absent"),
            ("date", true, "余额日", "Day of the balance"),
        ],
        example: r#"{"event_id":"b-4","type":"balance","occurred_at":"2026-03-02T23:59:00+08:00","account":"330500010001","body":{"amount":"500000.00","date":"2026-03-02"}}"#,
    },
    Spec {
        word: "card.status",
        zh: "工人工资卡状态：冻结、挂失、销户的卡在下次代发前提示。",
        en: "State of a worker's card: one that is not in use is a caution before the next pay run.",
        fields: &[
            ("card_number", true, "卡号", "Number of the card"),
            ("status", true, "normal 正常、frozen 冻结、lost 挂失、closed 销户", "normal, frozen, lost or closed"),
        ],
        example: r#"{"event_id":"b-5","type":"card.status","occurred_at":"2026-03-02T11:00:00+08:00","account":"330500010001","body":{"card_number":"6219999999999999994","status":"closed"}}"#,
    },
    Spec {
        word: "account.frozen",
        zh: "账户或部分资金被冻结：登记冻结事项，列出提示、告知与异议的任务（R53-08b）。划走的资金另以 txn 报送。",
        en: "The account or money on it was frozen: a matter begins with the tasks to prompt, tell and object (R53-08b). Money taken is a txn of its own.",
        fields: &[
            (
                "document",
                true,
                "冻结文书文号，最多 100 字；解除时用同一文号",
                "Number of the document, at most 100 characters; the release names it",
            ),
            ("frozen_by", true, "冻结机关", "Who froze"),
            (
                "reason",
                false,
                "this_project_wages 本项目工资、supplier_debt 材料等欠款、other_debt 其他；未给出则待查明",
                "this_project_wages, supplier_debt or other_debt; to be found out when absent",
            ),
            ("amount", false, "冻结金额；缺省为整个账户", "Amount frozen; the whole account when absent"),
            ("frozen_on", true, "冻结日", "Day of the freeze"),
        ],
        example: r#"{"event_id":"b-7","type":"account.frozen","occurred_at":"2026-03-02T15:00:00+08:00","account":"330500010001","body":{"document":"(2026)浙0502执100号","frozen_by":"某人民法院","reason":"supplier_debt","amount":"120000.00","frozen_on":"2026-03-02"}}"#,
    },
    Spec {
        word: "account.released",
        zh: "冻结已解除。",
        en: "A freeze ended.",
        fields: &[
            ("document", true, "account.frozen 中的文号", "The number that account.frozen named"),
            ("released_on", true, "解除日", "Day of the release"),
        ],
        example: r#"{"event_id":"b-8","type":"account.released","occurred_at":"2026-03-09T15:00:00+08:00","account":"330500010001","body":{"document":"(2026)浙0502执100号","released_on":"2026-03-09"}}"#,
    },
    Spec {
        word: "month.proof",
        zh: "月末证明：余额、笔数与散列值同本系统比对，不符即记录并在应答中逐项列出。散列：当月每笔已记账明细一行“日期,CRDT或DBIT,分,银行流水号”（无流水号留空），按字节排序，每行以 LF 结尾，取 UTF-8 的 SHA-256。",
        en: "Proof of a month: balance, count and hash are compared; a difference is put on record and answered field by field. The hash: for each booked entry of the month a line `day,CRDT or DBIT,fen,bank reference` (empty without one), lines sorted by their bytes, each ended by LF; SHA-256 of that as UTF-8.",
        fields: &[
            ("month", true, "月份，如 2026-02", "Month, like 2026-02"),
            ("closing_balance", true, "月末余额", "Balance at the month's end"),
            ("entries", true, "已记账笔数，整数", "Number of booked entries"),
            ("sha256", true, "64 位十六进制", "64 hex digits"),
        ],
        example: r#"{"event_id":"b-6","type":"month.proof","occurred_at":"2026-03-01T01:00:00+08:00","account":"330500010001","body":{"month":"2026-02","closing_balance":"0.00","entries":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}"#,
    },
];

/// Answers of the service: status or reason, what it means, what to do.
const ERRORS: &[(&str, &str, &str)] = &[
    ("202 stored", "已收下", "Taken"),
    (
        "202 merged",
        "与已入账的一笔完全相同且都没有银行流水号，已并入（merged_with）；确为另一笔时附流水号或交易后余额、用新编号重发",
        "Equal to an entry on record, neither with the bank's reference: merged with it (merged_with); if it is another, send it under a new id with the reference or the balance after",
    ),
    ("202 duplicate", "同一事件此前已收下，无需再发", "Taken before; do not send it again"),
    (
        "202 quarantined",
        "已保存但未采用，原因见 reason；改正后用同一 event_id 重发",
        "Kept and not taken, see `reason`; mend it and send it again under the same event_id",
    ),
    ("unknown_account", "账户未登记，或不由您报送", "No account on record that you may feed"),
    ("unknown_reference", "不是该账户的代发明细", "No payment of that account"),
    ("unknown_person", "不是该项目任何工人的工资卡", "No wage card of the project"),
    ("id_reused", "event_id 已用于其他内容，请换新编号", "The event_id was used for other content; take a new one"),
    (
        "missing_field, bad_format, bad_time, bad_amount, precision_lost",
        "字段缺失或无法识别，problems 指明位置与改法",
        "A field is missing or odd; `problems` names it and the remedy",
    ),
    ("400", "请求体不是 JSON；不要重发", "The body is no JSON; do not repeat it"),
    ("401", "签名、时间戳或密钥无效", "Signature, timestamp or key does not hold"),
    ("413", "超过 200 个事件或 4 MiB", "More than 200 events or 4 MiB"),
    (
        "503",
        "未能提交，什么都没有保存；30 秒后原样重发",
        "Nothing could be committed and nothing is kept; repeat it after 30 seconds",
    ),
];

/// A worked example of a signature: secret, timestamp, body.
const SAMPLE: (&str, &str, &str) = ("anxin-sample-secret", "1772413200", r#"{"event_id":"b-4"}"#);

#[derive(Template)]
#[template(path = "console/bank_feed/page.html")]
struct Page {
    f: Frame,
    envelope: &'static [Field],
    specs: &'static [Spec],
    errors: &'static [(&'static str, &'static str, &'static str)],
    sample: (&'static str, &'static str, &'static str, String),
    keys: Option<Vec<(KeyRow, String)>>,
    users: Vec<(UserId, String)>,
    kinds: &'static [KeyKind],
    events: Option<Vec<Kept>>,
    report: Option<Certification>,
}

impl Page {
    fn badge(&self, state: &str) -> &'static str {
        match state {
            "done" => "good",
            "quarantined" | "part" => "bad",
            _ => "unknown",
        }
    }

    fn is_live(&self, key: &KeyRow) -> bool {
        key.is_live(self.f.visit.ctx.now)
    }

    fn seen(&self) -> Vec<&Seen> {
        let report = self.report.as_ref();
        report.into_iter().flat_map(|one| one.events.iter().chain(&one.failures).chain(&one.signatures)).collect()
    }
}

fn sample() -> (&'static str, &'static str, &'static str, String) {
    let (secret, timestamp, body) = SAMPLE;
    (secret, timestamp, body, crate::wire::punch::sign(secret.as_bytes(), timestamp, body.as_bytes()))
}

async fn page(visit: Visit) -> Shown {
    let (keys, users, events, report) = visit
        .read(|conn, visit| {
            let (mut known, mut users) = (None, Vec::new());
            if let Some(ctx) = visit.able(Verb::ManageUsers) {
                known = Some(keys::visible(conn, &ctx)?);
                users = keys::senders(conn, &ctx, USERS_MAX)?;
            }
            let (mut events, mut report) = (None, None);
            if let Some(ctx) = visit.able(Verb::FeedBank) {
                events = Some(table::kept_of(conn, ctx.actor(), EVENTS_MAX)?);
                report = Some(Certification::of(conn, ctx.actor(), ctx.scope.user)?);
            }
            Ok((known, users, events, report))
        })
        .await?;
    show(&Page {
        f: Frame::of(&visit),
        envelope: ENVELOPE,
        specs: SPECS,
        errors: ERRORS,
        sample: sample(),
        keys,
        users,
        kinds: KeyKind::ALL,
        events,
        report,
    })
}

#[derive(Template)]
#[template(path = "console/bank_feed/made.html")]
struct MadePage {
    f: Frame,
    key: RecordId,
    name: String,
    secret: Option<String>,
}

fn made_page(form: &Form, made: keys::Made) -> Shown {
    show(&MadePage { f: Frame::of(&form.visit), key: made.row.id, name: made.row.name, secret: made.secret })
}

async fn make(form: Form) -> Shown {
    let user: UserId = form.parse("user")?;
    let kind: KeyKind = form.parse_opt("kind")?.unwrap_or(KeyKind::Hmac);
    let (name, public_key) = (form.required("name")?.to_owned(), form.text("public_key").map(str::to_owned));
    let made =
        form.write(Verb::ManageUsers, move |tx, ctx| keys::make(tx, ctx, user, &name, kind, public_key.as_deref())).await?;
    made_page(&form, made)
}

async fn rotate(key: web::Path<RecordId>, form: Form) -> Shown {
    let id = key.into_inner();
    let odd =
        || Problem::invalid("重叠期应为 0 至 720 小时。", "The overlap is 0 to 720 hours.").at("overlap_hours", "bad_format");
    let hours: i64 = form.required("overlap_hours")?.parse().map_err(|_| odd())?;
    let public_key = form.text("public_key").map(str::to_owned);
    let made = form.write(Verb::ManageUsers, move |tx, ctx| keys::rotate(tx, ctx, id, hours, public_key.as_deref())).await?;
    made_page(&form, made)
}

async fn revoke(key: web::Path<RecordId>, form: Form) -> Shown {
    let id = key.into_inner();
    form.required("confirm")?;
    form.write(Verb::ManageUsers, move |tx, ctx| keys::revoke(tx, ctx, id)).await?;
    done(PATH, "bank_key_revoked", 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bank::event::{self, EventKind};

    #[test]
    fn the_worked_example_is_what_other_programs_compute() {
        // By Python's hmac module.
        assert_eq!(sample().3, "v1=96ba87a0c2c7ca094e42de94f54ca74d4b0a05de0d8d44cf5b69d34e837edc7c");
    }

    #[test]
    fn every_type_is_specified_and_its_example_reads_without_a_remark() {
        let words: Vec<&str> = SPECS.iter().map(|spec| spec.word).collect();
        assert_eq!(words.len(), EventKind::ALL.len());
        for spec in SPECS {
            let (read, remarks) = event::read(spec.example.as_bytes()).unwrap();
            assert_eq!((read.kind.as_str(), remarks), (spec.word, Vec::new()));
            let body: serde_json::Value = serde_json::from_str(spec.example).unwrap();
            let body = body["body"].as_object().unwrap();
            for (name, is_needed, ..) in spec.fields {
                assert!(!is_needed || body.contains_key(*name), "{}: the example lacks {name}", spec.word);
            }
            for name in body.keys() {
                assert!(spec.fields.iter().any(|(known, ..)| known == name), "{}: {name} is not in the table", spec.word);
            }
        }
    }
}
