//! What a bank is told about a file that it handed in.

use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::StatementKind;
use crate::accounts::table::AccountRow;
use crate::base::Day;
use crate::base::id::{AccountId, BankEntryId, InboxId, ProjectId, StatementId};
use crate::base::person::numbers_masked;
use crate::store::inbox::{InboxState, Rejected};
use crate::web::problem::FAULTS_MAX;
use crate::web::{Code, Problem};
use crate::wire::bank;

/// Something that was found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileProblem {
    /// Line, row or element.
    pub place: String,
    /// Reason code.
    pub reason: String,
    /// What is wrong and how to mend it, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl FileProblem {
    /// A problem with its place.
    pub fn new(place: &str, reason: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        let (zh, en) = (numbers_masked(&zh.into()), numbers_masked(&en.into()));
        Self { place: numbers_masked(place), reason: reason.to_owned(), zh, en }
    }
}

impl From<&bank::Problem> for FileProblem {
    fn from(problem: &bank::Problem) -> Self {
        // The reader's reason codes are the quarantine's, in the same words.
        let reason = serde_json::to_value(problem.reason).ok().and_then(|word| word.as_str().map(str::to_owned));
        let with = |text: &str, fix: Option<&str>| fix.map_or_else(|| text.to_owned(), |fix| format!("{text}；{fix}"));
        let zh = with(&problem.zh, problem.fix_zh.as_deref());
        let en = with(&problem.en, problem.fix_en.as_deref()).replace('；', "; ");
        FileProblem::new(&problem.place, reason.as_deref().unwrap_or("bad_format"), zh, en)
    }
}

impl From<&Rejected> for FileProblem {
    fn from(item: &Rejected) -> Self {
        Self::new(&item.place, &item.reason, item.zh.clone(), item.en.clone())
    }
}

/// What the reader told of a file: what it could not read, which waits in quarantine, and what it only remarks.
pub(super) fn sorted(problems: &[bank::Problem]) -> (Vec<FileProblem>, Vec<FileProblem>) {
    let (lost, remarks): (Vec<_>, Vec<_>) = problems.iter().partition(|problem| problem.loses);
    let told = |list: Vec<&bank::Problem>| list.into_iter().map(FileProblem::from).collect();
    (told(lost), told(remarks))
}

/// What a telling did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    New,
    Merged,
    Nothing,
    /// Not booked: a person looks at it.
    Doubtful,
}

/// What came of one statement of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementReceipt {
    /// `null` where an earlier message told all of it.
    pub statement_id: Option<StatementId>,
    pub project_id: ProjectId,
    pub account_id: AccountId,
    pub kind: StatementKind,
    /// Entries in it.
    pub entries: usize,
    /// Entries that no message had told before.
    pub new: usize,
    /// Known entries that it booked or added to.
    pub merged: usize,
    /// Known entries to which it added nothing.
    pub duplicates: usize,
    /// Entries in quarantine.
    pub quarantined: usize,
    /// Words on single pay lines that were passed on.
    pub results: usize,
    /// The entry that it told again, where it told nothing else.
    #[serde(skip)]
    pub repeats: Option<BankEntryId>,
    /// Where its entries are listed.
    pub link: String,
}

/// What is told of a marked copy with entries that its original has not.
pub fn copy_with_more(place: &str, new: usize) -> FileProblem {
    FileProblem::new(
        place,
        "id_reused",
        format!("该对账单标明为副本，却有原件没有的明细 {new} 笔，已入账；请向银行核对原件是否完整。"),
        format!(
            "The statement is marked as a copy and has {new} entries that its original has not; they are booked. Ask the bank whether the \
             original was whole."
        ),
    )
}

/// What is told where another file had entries that nothing tells from these: as many as the file with the most of them has are booked.
pub(super) fn taken_as_known(place: &str, count: usize) -> Option<FileProblem> {
    let told = || {
        FileProblem::new(
            place,
            "duplicate",
            format!(
                "有 {count} 笔流水与另一文件中的流水同日、同额、同摘要，且无凭证号、对方或余额可以区分，按已入账的同一笔处理（笔数以单个文件中最多的为准）。银行确有另外的款项的，请上传含凭证号或余额的对账单。"
            ),
            format!(
                "{count} entries are of the day, sum and words of entries of another file, and no reference, other side or balance tells them apart: they are taken for those (as many count as the file with the most of them has). Where the bank moved more, hand in its statement with references or balances."
            ),
        )
    };
    (count > 0).then(told)
}

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// The message under which the bytes are kept.
    #[schema(value_type = String)]
    pub inbox_id: InboxId,
    /// `done`, `part` (some items in quarantine), `quarantined`, or `duplicate` (the same file came before; no effect).
    #[schema(value_type = String)]
    pub state: InboxState,
    /// Format by content.
    pub format: String,
    /// Whether it is a sheet, of which a person may say what its columns mean and whose account it is.
    pub is_sheet: bool,
    pub statements: Vec<StatementReceipt>,
    /// Entries or results in the file.
    pub items: usize,
    /// Items that had an effect.
    pub applied: usize,
    /// The first 100 problems.
    pub problems: Vec<FileProblem>,
    /// How many there are.
    pub problems_total: usize,
}

impl Receipt {
    /// Puts a list of problems into the receipt, the first hundred of them.
    pub fn with_problems(mut self, problems: Vec<FileProblem>) -> Self {
        self.problems_total = problems.len();
        self.problems = problems;
        self.problems.truncate(FAULTS_MAX);
        self
    }
}

/// The answer for a file of which nothing could be taken: it is kept, and the sender learns why.
pub fn refusal(inbox: &str, is_sheet: bool, problems: Vec<FileProblem>) -> Problem {
    let reason = problems.first().map_or_else(|| "bad_format".to_owned(), |problem| problem.reason.clone());
    let (mut zh, mut en) = (
        format!("文件已保存（{inbox}），但未能入账：{reason}。更正后系统可重新处理，无需担心丢失。"),
        format!("The file is kept as {inbox}, but nothing of it was booked: {reason}. It can be read again once that is mended."),
    );
    if is_sheet {
        zh.push_str(&format!(
            "也可以指明所属账户和各列含义：/api/v1/projects/{{project}}/accounts/{{account}}/bank-sheets/{inbox}。"
        ));
        en.push_str(&format!(" Or say whose account it is and what its columns mean: /api/v1/projects/{{project}}/accounts/{{account}}/bank-sheets/{inbox}."));
    }
    let problem = Problem::new(Code::Invalid, zh, en);
    problem.with_faults(problems.into_iter().map(|one| crate::web::problem::Fault {
        place: one.place,
        reason: one.reason,
        zh: one.zh,
        en: one.en,
    }))
}

/// Days by which an entry may lie ahead of today: a bank in another time zone, or one that books tonight's run already.
const AHEAD_DAYS: i64 = 1;

/// An entry dated before its account was opened, after it was closed or in the future: it is booked as the bank dates it, and said.
pub(super) fn far_off(account: &AccountRow, on: Day, today: Day, place: &str) -> Option<FileProblem> {
    let (zh, en) = if on < account.opened_on {
        (format!("记账日期 {on} 早于开户日期 {}", account.opened_on), format!("{on} is before the account was opened"))
    } else if on > today.plus_days(AHEAD_DAYS) {
        (format!("记账日期 {on} 在今天之后"), format!("{on} is in the future"))
    } else if let Some(closed_on) = account.closed_on.filter(|closed_on| on > *closed_on) {
        (
            format!("记账日期 {on} 晚于登记的销户日 {closed_on}"),
            format!("{on} is after {closed_on}, the day of the account's closing"),
        )
    } else {
        return None;
    };
    let (zh, en) = (
        format!("{zh}；已按银行日期入账，请向银行核对日期，有误则作废该文件后重新报送。"),
        format!("{en}; it is booked on the bank's day. Ask the bank, and void the file if the day is wrong."),
    );
    Some(FileProblem::new(place, "time_far", zh, en))
}
