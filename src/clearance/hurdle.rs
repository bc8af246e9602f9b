//! What stands between a project and its closing, as words.

use crate::base::words;

words! {
    /// What stands in the way.
    pub enum Hurdle, "hurdle of closing" {
        /// Workers are owed wages, due or not.
        UnpaidWorkers = "unpaid_workers",
        /// Payments without a result of the bank.
        PayUnderWay = "pay_under_way",
        /// Workers contest what they are owed.
        DisputedPay = "disputed_pay",
        /// Refunds that fit no single line: whose wage came back nobody knows.
        RefundWaits = "refund_waits",
        /// Payments that the bank debited or gave back otherwise than was ordered, and that nobody has explained.
        BankMismatch = "bank_mismatch",
        /// The bank's balance is not the ledger's.
        LedgerDiffers = "ledger_differs",
        /// Money left the wage account to somebody who is no worker, and nobody has said why (R53-08a).
        ForeignDebit = "foreign_debit",
        /// The bank booked entries after the day on which the account is said to be closed.
        EntriesAfterClosing = "entries_after_closing",
        /// Workers attended and the audited sheet gives them nothing.
        WorkWithoutPay = "attendance_without_pay",
        /// Workers have more work days than their lines list, and the pay day is past.
        DaysOnNoSheet = "days_on_no_sheet",
        /// More was deducted than the law lets be, and no paper shows that the worker agreed.
        DeductedUnconsented = "deduction_unconsented",
        /// Work days that stand on no sheet, of which the pay day is to come: nobody is late with them.
        NotDueYet = "not_due_yet",
        /// Quantities of piece work that not both have confirmed and nobody has given up.
        UnconfirmedPieces = "unconfirmed_pieces",
        /// A sheet is not audited.
        UnsettledSheet = "unsettled_sheet",
        /// A month with work has no sheet.
        MonthWithoutSheet = "month_without_sheet",
        /// Workers are on the roll of a month that has neither attendance nor a sheet.
        MonthWithoutRecord = "month_without_record",
        /// A case is open.
        OpenCase = "open_case",
        /// Workers are in arbitration or court.
        PayDispute = "pay_dispute_open",
        /// A matter of the wage money is open.
        OpenMatter = "open_matter",
        /// The end of work is not on record.
        WorkNotFinished = "work_not_finished",
        /// The contractor's written promise is missing.
        PromiseMissing = "promise_missing",
        /// The publicity has not begun or not ended.
        PublicityOpen = "publicity_open",
        /// A wage account is open.
        AccountOpen = "account_is_open",
        /// By the bank's word somebody else got the wage of a worker, and nobody has said why.
        PaidToSomeoneElse = "paid_to_someone_else",
        /// A wage account, or money on it, is frozen.
        AccountFrozen = "account_is_frozen",
        /// The deposit is still held.
        DepositHeld = "deposit_is_held",
    }
}
crate::web::openapi::word_schema!(Hurdle);

impl Hurdle {
    /// Whether the account cannot be closed while it stands. What is left to do then is closing and giving back themselves.
    pub fn blocks(self) -> bool {
        !matches!(self, Hurdle::AccountOpen | Hurdle::DepositHeld)
    }

    /// Who must act, as a word.
    pub fn by(self) -> &'static str {
        match self {
            Hurdle::PayUnderWay | Hurdle::BankMismatch | Hurdle::LedgerDiffers => "bank",
            Hurdle::OpenCase | Hurdle::PayDispute | Hurdle::DepositHeld | Hurdle::AccountFrozen => "labour_authority",
            _ => "general_contractor",
        }
    }

    /// Whether the gates of closing and giving back ask about it by a question of their own.
    pub fn is_asked_by_gates(self) -> bool {
        matches!(
            self,
            Hurdle::OpenCase | Hurdle::PayDispute | Hurdle::WorkNotFinished | Hurdle::PromiseMissing | Hurdle::PublicityOpen
        )
    }

    /// What it is, in Chinese and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Hurdle::UnpaidWorkers => ("尚有工人未付清", "workers are not paid"),
            Hurdle::PayUnderWay => ("代发结果未明", "payments have no result"),
            Hurdle::DisputedPay => ("工资有争议", "pay is contested"),
            Hurdle::RefundWaits => ("退回款待认定", "refunds fit no line"),
            Hurdle::BankMismatch => ("银行收支与代发不符", "the bank moved other sums than were ordered"),
            Hurdle::LedgerDiffers => ("银行余额与账簿不符", "the bank's balance is not the ledger's"),
            Hurdle::ForeignDebit => (
                "专用账户有非工资支出未说明原因（在三方比对页说明）",
                "money left the wage account for something other than wages, and nobody has said why (say it beside the match)",
            ),
            Hurdle::EntriesAfterClosing => (
                "销户日之后银行仍有入账（请更正销户日，或作废有误的流水文件）",
                "the bank booked entries after the closing day (put the day right, or void the file that is wrong)",
            ),
            Hurdle::WorkWithoutPay => ("有考勤未发工资", "workers attended and got nothing"),
            Hurdle::DaysOnNoSheet => ("有工日未列入工资表", "work days stand on no sheet"),
            Hurdle::DeductedUnconsented => {
                ("扣款超过规定比例而无工人本人同意", "more was deducted than the law lets be, and no worker agreed")
            }
            Hurdle::NotDueYet => ("有工日未列入工资表，发薪日未到", "work days whose pay day is to come stand on no sheet"),
            Hurdle::UnconfirmedPieces => ("计件工程量未经双方确认", "piece work is not confirmed by both"),
            Hurdle::UnsettledSheet => ("工资表未审核", "sheets are not audited"),
            Hurdle::MonthWithoutSheet => ("有出勤而无工资表", "months with work have no sheet"),
            Hurdle::MonthWithoutRecord => ("有人在册而无考勤、无工资表", "months with people on the roll have no record"),
            Hurdle::OpenCase => ("案件未办结", "cases are open"),
            Hurdle::PayDispute => ("工资争议仲裁或者诉讼未结", "arbitration or a lawsuit over pay is open"),
            Hurdle::OpenMatter => ("资金事项未了结", "matters of the wage money are open"),
            Hurdle::WorkNotFinished => ("未登记完工", "the end of work is not on record"),
            Hurdle::PromiseMissing => ("未作无拖欠承诺", "the promise is missing"),
            Hurdle::PublicityOpen => ("公示未满", "the publicity has not ended"),
            Hurdle::AccountOpen => ("专用账户未撤销", "a wage account is open"),
            Hurdle::PaidToSomeoneElse => ("工资付给他人", "wages went to somebody else"),
            Hurdle::AccountFrozen => ("专用账户被冻结", "a wage account is frozen"),
            Hurdle::DepositHeld => ("保证金未返还", "the deposit is held"),
        }
    }
}
