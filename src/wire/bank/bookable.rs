//! Whether an entry can be booked on a wage account: one rule for the service that books and for the command that checks a file.

use super::{AmountFault, Entry, Problem, Reason, Statement};
use crate::base::{Day, Fen};

/// Why an entry cannot be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unbookable {
    /// Not CNY, or no whole fen, or too large.
    Amount(AmountFault),
    /// An amount with a sign: the direction says which way it goes, and only `RvslInd` takes back.
    Negative,
    /// No day at all.
    NoDay,
}

/// The amount and the day of an entry as they are booked; `currency` is the statement's.
///
/// # Errors
/// Why it cannot be booked.
pub fn bookable(entry: &Entry, currency: Option<&str>) -> Result<(Fen, Day), Unbookable> {
    if entry.amount.is_negative() {
        return Err(Unbookable::Negative);
    }
    let amount = entry.amount.fen(entry.currency.as_deref().or(currency)).map_err(Unbookable::Amount)?;
    let booked_on = entry.booked_on.or(entry.value_on).ok_or(Unbookable::NoDay)?;
    Ok((amount, booked_on))
}

/// The entries of a file that the service would put aside.
pub fn unbookable(statements: &[Statement]) -> Vec<Problem> {
    let entries = statements.iter().flat_map(|one| one.entries.iter().map(|entry| (entry, one.currency.as_deref())));
    let faults = entries.filter_map(|(entry, currency)| Some((entry, bookable(entry, currency).err()?)));
    let told = |(entry, why): (&Entry, Unbookable)| {
        let (reason, zh, en) = why.words();
        Problem::new(entry.place.clone(), reason, zh, en).lost()
    };
    faults.map(told).collect()
}

impl Unbookable {
    /// Reason, Chinese, English.
    pub fn words(self) -> (Reason, &'static str, &'static str) {
        match self {
            Unbookable::Amount(AmountFault::Currency) => (
                Reason::BadAmount,
                "专用账户只能有人民币（CNY）明细；请银行核对币种后重新报送。",
                "A wage account has entries in CNY only; have the bank check the currency and hand it in again.",
            ),
            Unbookable::Amount(AmountFault::Decimals) => {
                (Reason::BadAmount, "金额小数超过两位，请向银行核对。", "The amount has more than two decimals; ask the bank.")
            }
            Unbookable::Amount(AmountFault::Size) => (
                Reason::BadAmount,
                "金额超出可记账范围，请向银行核对。",
                "The amount is beyond what an account can hold; ask the bank.",
            ),
            Unbookable::Negative => (
                Reason::BadAmount,
                "金额带负号，与借贷标志矛盾，该笔未入账；金额应为正数，收付方向由 CdtDbtInd 表示，冲正用 RvslInd，请银行更正后重新报送。",
                "The amount has a minus sign and contradicts its direction; the entry is not booked. Amounts are positive, CdtDbtInd \
                 gives the direction and RvslInd a reversal: have the bank correct it and hand it in again.",
            ),
            Unbookable::NoDay => (
                Reason::BadTime,
                "明细没有记账日期，无法入账；请银行补上记账日期（camt 为 BookgDt）后重新报送。",
                "The entry has no booking day and is not booked; have the bank give it (BookgDt in camt) and hand it in again.",
            ),
        }
    }
}
