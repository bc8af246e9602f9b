//! What an entry is for, from what the bank says of it and what is known of the project.

use super::keys::Told;
use crate::accounts::{Direction, Purpose, plain};
use crate::ledger::LedgerAccount;

/// Words by which banks and payers mark labour cost.
const LABOUR_COST_WORDS: &[&str] = &["人工费", "拨付", "农民工工资款", "LABOUR COST", "LABOR COST"];
/// Words by which banks mark interest.
const INTEREST_WORDS: &[&str] = &["利息", "结息", "INTEREST"];
/// The word for a deposit.
const DEPOSIT_WORDS: &[&str] = &["保证金"];
/// Words by which banks mark a batch of wages.
const WAGE_WORDS: &[&str] = &["代发", "工资", "SALARY", "PAYROLL"];

/// What is known beside the entry itself.
#[derive(Debug, Clone, Default)]
pub struct Known<'a> {
    /// Names of the project's owners.
    pub owners: &'a [String],
    /// The bank marks the entry as money that came back.
    pub gives_back: bool,
    /// A detail carries an EndToEndId of one of our payments.
    pub names_our_line: bool,
    /// The entry names the message id of a run.
    pub names_our_run: bool,
    /// The other side's account is the card of a line that is under way or paid, with this amount.
    pub goes_to_our_line: bool,
    /// The other side's account is a registered worker's card.
    pub goes_to_worker: bool,
    /// A run of exactly this total waits for its debit.
    pub is_total_of_run: bool,
    /// What the first booked entry of the other direction under the same voucher was for.
    pub taken_back: Option<Purpose>,
}

fn says(text: &str, words: &[&str]) -> bool {
    let text = text.to_uppercase();
    words.iter().any(|word| text.contains(word))
}

/// What the entry is for.
pub fn of(told: &Told, known: &Known<'_>) -> Purpose {
    let taken_back = known.taken_back;
    let is_the_owner_s =
        told.counterparty.as_deref().is_some_and(|name| known.owners.iter().any(|owner| plain(owner) == plain(name)));
    match told.direction {
        Direction::Credit => {
            if known.gives_back || known.names_our_line || told.reversal {
                return match taken_back {
                    Some(purpose @ (Purpose::ForeignDebit | Purpose::WorkerPay)) if !known.names_our_line => purpose,
                    _ => Purpose::PayReturn,
                };
            }
            if says(&told.text, INTEREST_WORDS) && !is_the_owner_s {
                Purpose::Interest
            } else if says(&told.text, DEPOSIT_WORDS) && !is_the_owner_s {
                Purpose::Deposit
            } else if is_the_owner_s || says(&told.text, LABOUR_COST_WORDS) {
                Purpose::LabourCost
            } else {
                Purpose::Unexplained
            }
        }
        Direction::Debit => match taken_back {
            Some(purpose @ (Purpose::LabourCost | Purpose::Interest | Purpose::Deposit | Purpose::Unexplained))
                if told.reversal =>
            {
                purpose
            }
            // What the owner sent and the bank takes back, by a voucher of its own.
            None if told.reversal && is_the_owner_s => Purpose::LabourCost,
            _ if known.names_our_line || known.names_our_run || known.goes_to_our_line => Purpose::PayRun,
            _ if known.goes_to_worker => Purpose::WorkerPay,
            _ if known.is_total_of_run && says(&told.text, WAGE_WORDS) => Purpose::PayRun,
            _ => Purpose::ForeignDebit,
        },
    }
}

/// Whether a later message that says more may say that the entry is for something else.
pub fn is_guess(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::ForeignDebit | Purpose::WorkerPay | Purpose::Unexplained)
}

/// The account against which the bank's side is posted. `is_ours`: a refund of one of our payments.
pub fn counter_account(purpose: Purpose, is_ours: bool) -> LedgerAccount {
    match purpose {
        Purpose::LabourCost => LedgerAccount::LabourCost,
        Purpose::PayRun => LedgerAccount::PayInTransit,
        Purpose::PayReturn if is_ours => LedgerAccount::PayInTransit,
        Purpose::PayReturn => LedgerAccount::Refunds,
        Purpose::Deposit => LedgerAccount::DepositUsed,
        Purpose::Interest => LedgerAccount::Interest,
        Purpose::WorkerPay => LedgerAccount::DirectPay,
        Purpose::ForeignDebit => LedgerAccount::ForeignDebit,
        Purpose::Unexplained => LedgerAccount::Unexplained,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::EntryStatus;
    use crate::base::Fen;

    fn told(direction: Direction, counterparty: Option<&str>, text: &str) -> Told {
        let day = "2026-03-02".parse().unwrap();
        Told {
            booked_on: day,
            value_on: None,
            direction,
            amount: Fen(100),
            reversal: false,
            status: EntryStatus::Booked,
            bank_ref: None,
            end_to_end_id: None,
            counterparty: counterparty.map(str::to_owned),
            counterparty_account: None,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_credit_is_income_only_when_it_is_the_owner_s_labour_cost() {
        use Direction::Credit;
        let owners = ["测试建设单位".to_owned()];
        let known = Known { owners: &owners, ..Known::default() };
        for (entry, purpose) in [
            (told(Credit, Some("测试建设单位"), "转账"), Purpose::LabourCost),
            (told(Credit, Some("某融资公司"), "3月人工费拨付"), Purpose::LabourCost),
            (told(Credit, None, "Labour cost March"), Purpose::LabourCost),
            (told(Credit, None, "活期结息"), Purpose::Interest),
            (told(Credit, Some("某银行"), "工资保证金动用"), Purpose::Deposit),
            (told(Credit, Some("测试总包单位"), "往来款"), Purpose::Unexplained),
        ] {
            assert_eq!(of(&entry, &known), purpose, "{}", entry.text);
        }
        let refund = Known { gives_back: true, ..known };
        let entry = told(Credit, Some("测试建设单位"), "代发工资不成功退回款项");
        assert_eq!(of(&entry, &refund), Purpose::PayReturn, "a refund is never income, whoever is named");
    }

    #[test]
    fn a_debit_is_wages_only_when_it_is_ours_or_goes_to_a_registered_worker() {
        use Direction::Debit;
        let entry = told(Debit, Some("某材料商"), "代发工资");
        assert_eq!(of(&entry, &Known::default()), Purpose::ForeignDebit, "words alone prove nothing");
        let of_known = |known: Known<'_>| of(&entry, &known);
        assert_eq!(of_known(Known { names_our_run: true, ..Known::default() }), Purpose::PayRun);
        assert_eq!(of_known(Known { names_our_line: true, ..Known::default() }), Purpose::PayRun);
        assert_eq!(of_known(Known { is_total_of_run: true, ..Known::default() }), Purpose::PayRun);
        assert_eq!(of_known(Known { goes_to_worker: true, ..Known::default() }), Purpose::WorkerPay);
        let owners = ["测试建设单位".to_owned()];
        let known = Known { owners: &owners, ..Known::default() };
        let back = Told { reversal: true, ..told(Debit, Some("测试建设单位"), "冲正") };
        assert_eq!(of(&back, &known), Purpose::LabourCost, "labour cost that is taken back");
        assert_eq!(of(&Told { reversal: false, ..back }, &known), Purpose::ForeignDebit, "money that goes to the owner");
        let other = told(Debit, None, "材料款");
        assert_eq!(of(&other, &Known { is_total_of_run: true, ..Known::default() }), Purpose::ForeignDebit);
    }
}
