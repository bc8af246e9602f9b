//! Pay runs (代发批次): one order to the bank for the lines of an audited sheet, as a pain.001 file that is kept before anybody can
//! fetch it (R724-31b, R53-18).
//!
//! A bad line is held with its reason and the others go; a balance that is short stops the whole run (R53-13). What does not fit one file
//! of the bank becomes several runs of one order. Deliberately absent: paying again what has no final word.

pub mod actions;
pub mod checks;
mod files;
pub mod http;
mod plan;
pub mod silence;
pub mod table;
pub mod under_way;

use serde::Serialize;

use checks::LineCaution;
use checks::attended::DaysBeyond;
use checks::direct::PaidDirect;

use super::LineState;
use super::table::LineRow;
use crate::accounts::freezes::standing::Frozen;
use crate::base::id::{AccountId, LineId};
use crate::base::{Fen, words};
use table::RunHead;

words! {
    /// Why a line does not go with a run.
    pub enum Hold, "reason to hold a line" {
        /// The worker has no wage card on record.
        CardMissing = "card_missing",
        /// No wage card on record, and by an exceptional registration in force the wage goes in cash into the worker's own hand.
        CashInPerson = "cash_in_person",
        /// The card is another worker's as well (R53-19: one card a person).
        CardShared = "card_shared",
        /// By the bank's word the card is somebody else's.
        CardNotOwn = "card_not_own",
        /// The worker is on the project's hold list.
        OnHoldList = "on_hold_list",
        /// More than the bank takes in one line.
        OverBankLimit = "over_bank_limit",
        /// The bank does not take the name: too long, or with a character that it does not know.
        NameBeyondBank = "name_beyond_bank",
        /// The bank does not take the card: of another length, or without the check digit.
        CardBeyondBank = "card_beyond_bank",
        /// All that is open of it is contested.
        Disputed = "disputed",
        /// No work days stand behind it.
        NoWorkDays = "no_work_days",
        /// The sheets of the month list more work days than the attendance saw.
        DaysBeyondAttendance = "days_beyond_attendance",
        /// Money for the month went straight from the wage account to the worker's card and is counted with no line.
        PaidDirect = "paid_direct",
        /// Somebody told that it was paid outside the account, and nobody has decided about that yet.
        ClearingWaits = "clearing_waits",
        /// More is deducted than the law lets be deducted, and no paper shows that the worker agreed.
        DeductionUnconsented = "deduction_unconsented",
        /// A payment notice to the deposit's bank names it: the deposit pays it (R65-19).
        DepositNotice = "deposit_notice",
        /// The bank has said both paid and refused of an earlier attempt; ask the bank.
        Contradicted = "contradicted",
    }
}
crate::web::openapi::word_schema!(Hold);

impl Hold {
    /// Whether a person may let the line go with a note; the others end by a cure only.
    pub fn may_be_released(self) -> bool {
        matches!(
            self,
            Hold::CardShared
                | Hold::CardNotOwn
                | Hold::OnHoldList
                | Hold::NoWorkDays
                | Hold::DaysBeyondAttendance
                | Hold::PaidDirect
        )
    }

    /// What to do about it, in Chinese and English.
    pub fn cure(self) -> (&'static str, &'static str) {
        match self {
            Hold::CardMissing => ("登记工人本人的银行卡后再次代发。", "Record the worker's own card, then order again."),
            Hold::CashInPerson => (
                "该工人有有效的特殊登记，工资以现金交本人，不经专用账户代发：由工人本人签收，凭签收单登记为专用账户之外的支付，另一人确认。",
                "An exceptional registration in force pays this worker in cash, not by the wage account: the worker signs in person, the \
                 payment is told as made outside the account with that paper, and another person confirms it.",
            ),
            Hold::CardShared => (
                "该银行卡登记在多名工人名下，请登记本人的银行卡。",
                "The card is on record for several workers; record the worker's own.",
            ),
            Hold::CardNotOwn => (
                "银行登记的持卡人与工人姓名不符，请核对并登记本人的银行卡。",
                "The bank keeps the card under another name; check it and record the worker's own.",
            ),
            Hold::OnHoldList => (
                "该工人在暂缓名单上，移出名单或由人说明后放行。",
                "The worker is on the hold list; take the worker off it, or let the line go with a note.",
            ),
            Hold::OverBankLimit => (
                "金额超过银行单笔限额，请与银行商定后调整限额。",
                "The amount is beyond the bank's limit of a line; agree on another limit with the bank.",
            ),
            Hold::NameBeyondBank => (
                "银行系统不接受该姓名的写法：请与银行核对该卡登记的姓名写法或调整银行口径，不要代发到其他姓名。",
                "The bank's system does not take the name as written: ask it how it keeps this holder, or adjust the bank's profile; do not \
                 pay to another name.",
            ),
            Hold::CardBeyondBank => (
                "银行系统不接受该卡号，请核对并登记本人的银行卡，或调整银行口径。",
                "The bank's system does not take this card number; check it and record the worker's own card, or adjust the bank's profile.",
            ),
            Hold::Disputed => ("争议解决后再次代发。", "Settle the dispute, then order again."),
            Hold::NoWorkDays => ("没有工日依据，请核对考勤。", "No work days stand behind it; look at the attendance."),
            Hold::DaysBeyondAttendance => (
                "工资表所列工日多于考勤：核对考勤，漏打卡的先登记更正并由另一人确认，或由人说明后放行。",
                "The sheets list more work days than the attendance saw: look at it, record missed days as a correction that another person \
                 confirms, or let the line go with a note.",
            ),
            Hold::PaidDirect => (
                "再次代发会重复支付：该款如为本行工资，以其银行流水号登记为账户外支付（附回单）并由另一人确认；如为其他款项，由人说明后放行。",
                "Another payment would pay it twice: if it was for this line, tell it as paid outside the run under the entry's own voucher, \
                 with its slip, and have another person confirm it; if it was for something else, let the line go with a note.",
            ),
            Hold::ClearingWaits => (
                "该行已有人登记为账户外支付，尚待另一方确认；确认、退回或撤回后再次代发。",
                "The line is told as paid outside the account and waits for a decision; have it confirmed, refused or taken back first.",
            ),
            Hold::DeductionUnconsented => (
                "扣除额超过规定比例，且没有工人本人签字同意的材料：在该行的扣款项目上记录本人确认（worker_confirmed，附 signed_sheet 扫描件），\
                 或更正该行、减少扣款。",
                "More is deducted than the law's share and no paper shows that the worker agreed: record the worker's confirmation on the \
                 deduction of the line (worker_confirmed, with a signed_sheet scan), or correct the line and deduct less.",
            ),
            Hold::DepositNotice => (
                "已向保证金银行送达支付通知书，该行由保证金支付；如改由专用账户支付，先由人社部门在“事项”中撤回通知（withdrawn）。",
                "A payment notice is served on the deposit's bank and names this line. To pay it by the wage account, the labour \
                 authority first takes the notice back (matters, withdrawn).",
            ),
            Hold::Contradicted => (
                "银行对上次支付的答复前后矛盾，请先向银行查询；哪一份文件有误，由两人将其作废，另一份即为准。",
                "The bank contradicts itself on the last attempt: ask it which of its files is wrong, and have two persons void that one.",
            ),
        }
    }
}

/// A line that did not go, with the amount that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HeldLine {
    /// The line.
    pub line: LineId,
    /// What would have been paid.
    pub amount: Fen,
    /// Why not.
    pub reason: Hold,
    /// What to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// Days on the sheets beside days at the gates, where that is the reason.
    pub days: Option<DaysBeyond>,
    /// What went straight to the worker's card, where that is the reason.
    pub direct: Option<PaidDirect>,
}

/// What came of an order. `ordered` + `held_total` + `earlier` + `withheld` is the sheet's total, to the fen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Ordered {
    /// The first run; `null` when every line that was left is held.
    pub run: Option<RunHead>,
    /// Every run of the order: more than one where the bank's limits need several files.
    pub runs: Vec<RunHead>,
    /// Sum of this run.
    pub ordered: Fen,
    /// Sum of lines that are held.
    pub held_total: Fen,
    /// Paid or under way from earlier runs.
    pub earlier: Fen,
    /// Contested parts, not paid until the dispute ends.
    pub withheld: Fen,
    /// Lines that are held.
    pub held: Vec<HeldLine>,
    /// What is out of the ordinary on lines that went.
    pub cautions: Vec<LineCaution>,
    /// The local minimum wage of a month with which they were compared; `null` where it is not known.
    pub minimum_wage: Option<Fen>,
    /// Places of the file where the bank's character set made a text change.
    pub replaced: Vec<String>,
    /// Freezes of the account and what they leave for the order; `null` where nothing is frozen.
    pub frozen: Option<Frozen>,
}

/// What an order would do. `ordered` + `held_total` + `earlier` + `withheld` is the sheet's total, to the fen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PayRunCheck)]
pub struct Checked {
    /// The account that would pay; `null` where the project has none in use (none recorded, or closed), and then nothing goes.
    pub account: Option<AccountId>,
    /// Lines that would go.
    pub lines: usize,
    /// Lines of each file that the bank's limits make of them.
    pub files: Vec<usize>,
    /// Their sum.
    pub ordered: Fen,
    /// Sum of lines that would be held.
    pub held_total: Fen,
    /// Paid or under way from earlier runs.
    pub earlier: Fen,
    /// Contested parts.
    pub withheld: Fen,
    /// Lines that would be held, each with reason and cure.
    pub held: Vec<HeldLine>,
    /// What is out of the ordinary on lines that would go.
    pub cautions: Vec<LineCaution>,
    /// The local minimum wage of a month; `null` where it is not known.
    pub minimum_wage: Option<Fen>,
    /// Balance of the account today; `null` where it is not known, and then nothing goes.
    pub balance: Option<Fen>,
    /// What of it is spoken for: ordered before and not debited by the bank yet.
    pub under_way: Fen,
    /// By how much the rest is short (R53-13); `null` where it is enough or not known.
    pub shortage: Option<Fen>,
    /// Freezes of the account and what they leave for the order; `null` where nothing is frozen.
    pub frozen: Option<Frozen>,
}

words! {
    /// What was done about a bank that is silent.
    pub enum InquiryKind, "kind of inquiry" {
        /// The bank was asked.
        Asked = "asked",
        /// The bank was given the same file again.
        SentAgain = "sent_again",
    }
}
crate::store::types::word_column!(InquiryKind);
crate::web::openapi::word_schema!(InquiryKind);

/// What is known of a line before it is ordered.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The line.
    pub line: &'a LineRow,
    /// Whether a card is on record.
    pub has_card: bool,
    /// Whether an exceptional registration in force says that the wage is handed over in cash.
    pub is_paid_in_cash: bool,
    /// Whether it is another worker's as well.
    pub is_card_shared: bool,
    /// Whether the bank keeps it under another name.
    pub is_anothers_card: bool,
    /// Whether the worker is on the hold list.
    pub is_on_hold_list: bool,
    /// Whether no work days stand behind it, where there should be some.
    pub has_no_days: bool,
    /// Whether the sheets list more days of the worker than were seen.
    pub is_beyond_attendance: bool,
    /// Whether money that is counted with no line went straight to the worker's card.
    pub is_paid_direct: bool,
    /// Whether the bank does not take the name.
    pub is_name_refused: bool,
    /// Whether the bank does not take the card.
    pub is_card_refused: bool,
    /// The most that the bank takes in one line.
    pub line_max: Option<Fen>,
    /// Whether the bank contradicts itself on an earlier attempt.
    pub is_contradicted: bool,
    /// Whether a payment outside the account is told of it and waits.
    pub is_told_as_paid: bool,
    /// Whether a notice to the deposit's bank names it.
    pub is_named_in_notice: bool,
    /// Whether more is deducted than the law's share without the worker's paper.
    pub is_deduction_unconsented: bool,
}

/// What is done with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes with this amount.
    Pay(Fen),
    /// It is held.
    Hold(Hold),
    /// It is not this run's: paid, under way, or nothing to pay.
    Leave,
}

impl Candidate<'_> {
    /// The check before the file.
    pub fn verdict(self) -> Verdict {
        let line = self.line;
        if !line.state.is_orderable() {
            return Verdict::Leave;
        }
        let rest = line.rest();
        if !rest.is_positive() {
            let waits = line.state != LineState::Paid && line.disputed_fen.is_positive();
            return if waits { Verdict::Hold(Hold::Disputed) } else { Verdict::Leave };
        }
        let faults = [
            (self.is_contradicted, Hold::Contradicted),
            (self.is_told_as_paid, Hold::ClearingWaits),
            (self.is_named_in_notice, Hold::DepositNotice),
            (self.is_deduction_unconsented, Hold::DeductionUnconsented),
            (self.is_on_hold_list, Hold::OnHoldList),
            (self.has_no_days, Hold::NoWorkDays),
            (self.is_paid_direct, Hold::PaidDirect),
            (self.is_beyond_attendance, Hold::DaysBeyondAttendance),
            (!self.has_card && self.is_paid_in_cash, Hold::CashInPerson),
            (!self.has_card, Hold::CardMissing),
            (self.is_anothers_card, Hold::CardNotOwn),
            (self.is_card_shared, Hold::CardShared),
            (self.is_name_refused, Hold::NameBeyondBank),
            (self.is_card_refused, Hold::CardBeyondBank),
            (self.line_max.is_some_and(|most| rest > most), Hold::OverBankLimit),
        ];
        faults.iter().find(|(stands, _)| *stands).map_or(Verdict::Pay(rest), |(_, hold)| Verdict::Hold(*hold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::{ProjectId, RecordId, SheetId, WorkerId};

    fn line(state: LineState) -> LineRow {
        LineRow {
            project_id: ProjectId(1),
            id: LineId(1),
            sheet_id: SheetId(1),
            enrolment_id: RecordId(1),
            worker_id: WorkerId(1),
            days_hundredths: 2_000,
            day_rate_fen: Fen(30_000),
            gross_fen: Fen(600_000),
            deductions_fen: Fen::ZERO,
            net_fen: Fen(600_000),
            due_on: "2026-04-10".parse().unwrap(),
            state,
            state_reason: None,
            disputed_fen: Fen::ZERO,
            attempt: 0,
            paid_on: None,
            paid_fen: Fen::ZERO,
            recorded_seq: 1,
        }
    }

    fn sound(line: &LineRow) -> Candidate<'_> {
        Candidate {
            line,
            has_card: true,
            is_paid_in_cash: false,
            is_card_shared: false,
            is_anothers_card: false,
            is_on_hold_list: false,
            has_no_days: false,
            is_beyond_attendance: false,
            is_paid_direct: false,
            is_name_refused: false,
            is_card_refused: false,
            line_max: None,
            is_contradicted: false,
            is_told_as_paid: false,
            is_named_in_notice: false,
            is_deduction_unconsented: false,
        }
    }

    #[test]
    fn only_a_line_with_a_final_word_or_none_is_paid() {
        for state in LineState::ALL {
            let line = line(*state);
            let expected = if state.is_orderable() { Verdict::Pay(Fen(600_000)) } else { Verdict::Leave };
            assert_eq!(sound(&line).verdict(), expected, "{state}");
        }
    }

    #[test]
    fn each_fault_holds_the_line() {
        let line = line(LineState::Approved);
        let held = |candidate: Candidate<'_>| candidate.verdict();
        assert_eq!(held(Candidate { has_card: false, ..sound(&line) }), Verdict::Hold(Hold::CardMissing));
        let in_cash = Candidate { has_card: false, is_paid_in_cash: true, ..sound(&line) };
        assert_eq!(held(in_cash), Verdict::Hold(Hold::CashInPerson));
        assert_eq!(held(Candidate { has_card: true, ..in_cash }), Verdict::Pay(Fen(600_000)), "who has a card again");
        assert_eq!(held(Candidate { is_card_shared: true, ..sound(&line) }), Verdict::Hold(Hold::CardShared));
        assert_eq!(held(Candidate { is_contradicted: true, ..sound(&line) }), Verdict::Hold(Hold::Contradicted));
        assert_eq!(held(Candidate { is_told_as_paid: true, ..sound(&line) }), Verdict::Hold(Hold::ClearingWaits));
        assert_eq!(held(Candidate { is_anothers_card: true, ..sound(&line) }), Verdict::Hold(Hold::CardNotOwn));
        assert_eq!(held(Candidate { is_named_in_notice: true, ..sound(&line) }), Verdict::Hold(Hold::DepositNotice));
        assert_eq!(held(Candidate { is_deduction_unconsented: true, ..sound(&line) }), Verdict::Hold(Hold::DeductionUnconsented));
        assert_eq!(held(Candidate { is_on_hold_list: true, ..sound(&line) }), Verdict::Hold(Hold::OnHoldList));
        assert_eq!(held(Candidate { has_no_days: true, ..sound(&line) }), Verdict::Hold(Hold::NoWorkDays));
        let beyond = Candidate { is_beyond_attendance: true, ..sound(&line) };
        assert_eq!(held(beyond), Verdict::Hold(Hold::DaysBeyondAttendance));
        assert_eq!(held(Candidate { is_paid_direct: true, ..beyond }), Verdict::Hold(Hold::PaidDirect));
        assert_eq!(held(Candidate { is_name_refused: true, ..sound(&line) }), Verdict::Hold(Hold::NameBeyondBank));
        assert_eq!(held(Candidate { is_card_refused: true, ..sound(&line) }), Verdict::Hold(Hold::CardBeyondBank));
        let limited = |most| Candidate { line_max: Some(Fen(most)), ..sound(&line) };
        assert_eq!(held(limited(599_999)), Verdict::Hold(Hold::OverBankLimit));
        assert_eq!(held(limited(600_000)), Verdict::Pay(Fen(600_000)), "just at the bank's limit");
    }

    #[test]
    fn a_person_lets_go_only_what_a_note_can_mend() {
        let released: Vec<Hold> = Hold::ALL.iter().copied().filter(|hold| hold.may_be_released()).collect();
        assert_eq!(
            released,
            [
                Hold::CardShared,
                Hold::CardNotOwn,
                Hold::OnHoldList,
                Hold::NoWorkDays,
                Hold::DaysBeyondAttendance,
                Hold::PaidDirect
            ]
        );
    }

    #[test]
    fn a_dispute_keeps_its_part_and_no_more() {
        let disputed = LineRow { disputed_fen: Fen(100_000), ..line(LineState::Approved) };
        assert_eq!(sound(&disputed).verdict(), Verdict::Pay(Fen(500_000)));
        let whole = LineRow { disputed_fen: Fen(600_000), ..line(LineState::Approved) };
        assert_eq!(sound(&whole).verdict(), Verdict::Hold(Hold::Disputed));
        let paid = LineRow { paid_fen: Fen(500_000), disputed_fen: Fen(100_000), ..line(LineState::Paid) };
        assert_eq!(sound(&paid).verdict(), Verdict::Leave, "paid but for the dispute");
        let ended = LineRow { disputed_fen: Fen::ZERO, ..paid };
        assert_eq!(sound(&ended).verdict(), Verdict::Pay(Fen(100_000)), "the dispute is over, the rest is owed");
        let done = LineRow { paid_fen: Fen(600_000), ..line(LineState::Paid) };
        assert_eq!(sound(&done).verdict(), Verdict::Leave, "nobody is paid twice");
    }
}
