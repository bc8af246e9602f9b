//! When two messages speak of the same movement of money.
//!
//! The key of an entry is account, direction, amount, currency, reversal, the bank's reference and the EndToEndId or counterparty, with
//! an ordinal among identical entries; without a reference it is account, days, signed amount, currency and text. The same entry told by
//! 052, 053 and 054 may carry less in one voice than in another, so what the key does not find is matched by reference, then by amount,
//! direction and day. The bank's ledger never repeats an entry, so two of its statements never merge over different days or pages.

use crate::accounts::continuity::StatementRef;
use crate::accounts::table::EntryRow;
use crate::accounts::{Direction, EntryStatus, StatementKind, plain};
use crate::base::id::AccountId;
use crate::base::{Day, Fen};
use crate::store::journal;
use crate::wire::bank::{Entry, Unbookable, bookable};
use crate::wire::text::squeezed;

/// An entry of a file, in the terms in which it is booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Booking day, else value day.
    pub booked_on: Day,
    /// Value day.
    pub value_on: Option<Day>,
    /// As it moves the balance.
    pub direction: Direction,
    /// Never negative.
    pub amount: Fen,
    /// The bank takes back an earlier entry.
    pub reversal: bool,
    /// How final.
    pub status: EntryStatus,
    /// The bank's reference.
    pub bank_ref: Option<String>,
    /// Id of the single transaction, where there is one.
    pub end_to_end_id: Option<String>,
    /// Name of the other side, where there is one.
    pub counterparty: Option<String>,
    /// Account of the other side, where there is one.
    pub counterparty_account: Option<String>,
    /// The bank's words, at most [`TEXT_MAX`] characters.
    pub text: String,
}

/// The longest text of an entry that is stored, in characters; the whole file is in the inbox.
pub const TEXT_MAX: usize = 300;

/// Days around the booking day in which another message may have told the same entry.
pub const WINDOW_DAYS: i64 = 10;

/// Reads an entry for booking; `currency` is the statement's.
pub fn tell(entry: &Entry, currency: Option<&str>) -> Result<Told, Unbookable> {
    let (amount, booked_on) = bookable(entry, currency)?;
    let single = if entry.details.len() == 1 { entry.details.first() } else { None };
    let of_single =
        |pick: fn(&crate::wire::bank::Detail) -> &Option<String>| single.and_then(|one| pick(one).clone()).and_then(given);
    let mut text = entry.text.clone().unwrap_or_default();
    let more = single.into_iter().flat_map(|one| [one.text.as_deref(), one.additional.as_deref()]).flatten();
    for part in more {
        if !text.contains(part) {
            text = if text.is_empty() { part.to_owned() } else { format!("{text} {part}") };
        }
    }
    Ok(Told {
        booked_on,
        value_on: entry.value_on,
        direction: entry.direction.into(),
        amount,
        reversal: entry.reversal,
        status: entry.status.into(),
        bank_ref: entry.bank_ref.clone().and_then(given).or_else(|| of_single(|one| &one.bank_ref)),
        end_to_end_id: of_single(|one| &one.end_to_end_id),
        counterparty: of_single(|one| &one.counterparty),
        counterparty_account: of_single(|one| &one.counterparty_account),
        text: text.chars().take(TEXT_MAX).collect(),
    })
}

/// Words by which banks say that there is no reference.
const NO_REFERENCE: &[&str] = &["NOTPROVIDED", "NONREF", "NOREF", "-", "--"];

fn given(text: String) -> Option<String> {
    let plain = text.trim();
    (!plain.is_empty() && !NO_REFERENCE.contains(&plain.to_uppercase().as_str())).then(|| plain.to_owned())
}

impl Told {
    /// The amount as it moves the balance.
    pub fn signed(&self) -> Fen {
        match self.direction {
            Direction::Credit => self.amount,
            Direction::Debit => self.amount.negated(),
        }
    }

    /// The text whose keyed hash is the entry's key, the ordinal apart.
    pub fn key_text(&self, account: AccountId) -> String {
        let reversal = if self.reversal { "reversal" } else { "" };
        let amount = self.amount.to_string();
        let parts = match &self.bank_ref {
            Some(reference) => {
                let who = self.end_to_end_id.as_ref().or(self.counterparty_account.as_ref()).or(self.counterparty.as_ref());
                let who = who.map_or("", String::as_str);
                vec![
                    account.to_string(),
                    self.direction.to_string(),
                    amount,
                    "CNY".into(),
                    reversal.into(),
                    reference.clone(),
                    who.into(),
                ]
            }
            None => {
                let value_on = self.value_on.map_or(String::new(), |day| day.to_string());
                let text = journal::sha256(self.text.as_bytes());
                vec![
                    account.to_string(),
                    self.booked_on.to_string(),
                    value_on,
                    self.signed().to_string(),
                    "CNY".into(),
                    reversal.into(),
                    text,
                ]
            }
        };
        parts.join("\u{1f}")
    }

    /// The mark of the single payment's id on an entry without a reference, which tells two equal ones apart.
    pub fn payment_mark(&self) -> Option<String> {
        self.end_to_end_id.as_ref().filter(|_| self.bank_ref.is_none()).map(|id| journal::sha256(id.as_bytes()))
    }

    /// What two tellings of one entry always share: direction, amount, reversal.
    pub fn match_key(&self) -> String {
        format!("{} {}{}", self.direction, self.amount, if self.reversal { " reversal" } else { "" })
    }
}

/// The message in which an entry is told.
#[derive(Debug, Clone, Copy)]
pub struct Voice<'a> {
    /// Its kind.
    pub kind: StatementKind,
    /// Its name.
    pub name: &'a StatementRef,
    /// Blind index of the other side's account.
    pub counterparty_index: Option<&'a str>,
    /// Hash of the entry's key without ordinal.
    pub base: &'a str,
    /// Mark of the balance after it.
    pub balance: Option<&'a str>,
}

/// An entry on record with the name of the statement that told it first.
#[derive(Debug, Clone)]
pub struct Known {
    /// The entry.
    pub row: EntryRow,
    /// Statement that told it first.
    pub name: StatementRef,
}

pub(super) fn by_key(known: &Known, told: &Told, voice: Voice<'_>) -> bool {
    if !known.row.was_told_as(voice.base) || voice.balance.is_some_and(|mark| known.row.had_other_balance(mark)) {
        return false;
    }
    if told.bank_ref.is_none() && (is_other_side(known, told, voice) || is_other_payment(known, told)) {
        return false;
    }
    let both_ledger = voice.kind.is_ledger() && known.row.is_in_ledger();
    let booked = known.row.status == EntryStatus::Booked && told.status == EntryStatus::Booked;
    let other_day = known.row.booked_on != told.booked_on;
    let other_page =
        known.row.was_seen_in(voice.kind) && known.name.is_other_page_of(voice.name) && *voice.name != StatementRef::default();
    !(both_ledger && (booked && other_day || other_page))
}

/// Whether both name the other side and cannot mean the same one. What is silent or masked contradicts only by what it shows.
fn is_other_side(known: &Known, told: &Told, voice: Voice<'_>) -> bool {
    let is_masked = |text: &str| text.contains(['*', '＊']);
    let accounts = known.row.counterparty_index.as_deref().zip(voice.counterparty_index);
    // A masked account has no index.
    let other_account = accounts.is_some_and(|(one, two)| one != two);
    let differ = |one: Option<char>, two: Option<char>| {
        one.zip(two).is_some_and(|(one, two)| one != two && !matches!(one, '*' | '＊') && !matches!(two, '*' | '＊'))
    };
    let names = known.row.counterparty.as_deref().zip(told.counterparty.as_deref());
    let other_name = names.is_some_and(|(one, two)| match is_masked(one) || is_masked(two) {
        true => differ(one.chars().next(), two.chars().next()) || differ(one.chars().last(), two.chars().last()),
        false => plain(one) != plain(two),
    });
    other_account || other_name
}

/// Whether both carry an id of the single payment, and not the same one.
fn is_other_payment(known: &Known, told: &Told) -> bool {
    told.payment_mark().is_some_and(|mark| known.row.was_other_payment(&mark))
}

/// The same kind of message tells the same entry in the same words, so a looser match needs another voice, or news of a pending entry.
pub(super) fn may_be_loose(known: &Known, kind: StatementKind) -> bool {
    !known.row.was_seen_in(kind) || known.row.status != EntryStatus::Booked
}

fn other_side_fits(known: &Known, told: &Told, voice: Voice<'_>) -> bool {
    let differ = |one: Option<&str>, two: Option<&str>| {
        one.zip(two).is_some_and(|(one, two)| one != two && !one.contains('*') && !two.contains('*'))
    };
    // Brackets of either width are one name's.
    let names = (known.row.counterparty.as_deref().map(squeezed), told.counterparty.as_deref().map(squeezed));
    !differ(known.row.counterparty_index.as_deref(), voice.counterparty_index) && !differ(names.0.as_deref(), names.1.as_deref())
}

pub(super) fn by_reference(known: &Known, told: &Told, voice: Voice<'_>) -> bool {
    let same = known.row.bank_ref.is_some() && known.row.bank_ref == told.bank_ref;
    same && may_be_loose(known, voice.kind) && other_side_fits(known, told, voice)
}

pub(super) fn by_looks(known: &Known, told: &Told, voice: Voice<'_>) -> bool {
    let day_fits = known.row.booked_on == told.booked_on || known.row.status != EntryStatus::Booked;
    let one_unnamed = known.row.bank_ref.is_none() || told.bank_ref.is_none();
    // Sheets number their rows in their own way: with different references the other side's account or name must say that it is the
    // same. Two equal movements of a day are two rows of either voice, and each of them is told once.
    let sheet_beside = voice.kind == StatementKind::Sheet || known.row.was_seen_in(StatementKind::Sheet);
    let same_account =
        known.row.counterparty_index.is_some() && known.row.counterparty_index.as_deref() == voice.counterparty_index;
    let same_name = known
        .row
        .counterparty
        .as_deref()
        .zip(told.counterparty.as_deref())
        .is_some_and(|(one, two)| squeezed(one) == squeezed(two) && !one.contains('*'));
    day_fits
        && (one_unnamed || sheet_beside && (same_account || same_name))
        && may_be_loose(known, voice.kind)
        && other_side_fits(known, told, voice)
        && !is_other_payment(known, told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Purpose;
    use crate::base::id::{BankEntryId, ProjectId, StatementId};
    use crate::settlement::standing::Standing;
    use crate::wire::bank::{Amount, AmountFault, Detail};

    fn entry(amount: &str, bank_ref: Option<&str>) -> Entry {
        Entry {
            booked_on: "2026-03-02".parse().ok(),
            amount: Amount::parse(amount).unwrap(),
            bank_ref: bank_ref.map(str::to_owned),
            text: Some("代发工资".to_owned()),
            direction: crate::wire::bank::Direction::Debit,
            ..Entry::default()
        }
    }

    fn told(amount: &str, bank_ref: Option<&str>) -> Told {
        tell(&entry(amount, bank_ref), Some("CNY")).unwrap()
    }

    fn known(id: i64, told: &Told, seen_in: &str, statement: &str) -> Known {
        Known {
            row: EntryRow {
                project_id: ProjectId(1),
                id: BankEntryId(id),
                account_id: AccountId(1),
                statement_id: StatementId(id),
                entry_key: format!("{}/0", hashed(told)),
                match_key: told.match_key(),
                booked_on: told.booked_on,
                value_on: told.value_on,
                direction: told.direction,
                amount_fen: told.amount,
                reversal: told.reversal,
                status: told.status,
                seen_in: format!("{seen_in}:{}", hashed(told)),
                bank_ref: told.bank_ref.clone(),
                counterparty: told.counterparty.clone(),
                counterparty_account: None,
                counterparty_index: None,
                text: told.text.clone(),
                purpose: Purpose::PayRun,
                recorded_seq: 1,
                told_by: String::new(),
                voided_by: None,
                counted_in: None,
            },
            name: StatementRef::of(statement),
        }
    }

    fn hashed(told: &Told) -> String {
        journal::sha256(told.key_text(AccountId(1)).as_bytes()).chars().take(16).collect()
    }

    fn found(known: &[Known], claimed: &[i64], told: &Told, kind: StatementKind, statement: &str) -> Option<i64> {
        let name = StatementRef::of(statement);
        let base = hashed(told);
        let voice = Voice { kind, name: &name, counterparty_index: None, base: &base, balance: None };
        let claimed = claimed.iter().map(|id| BankEntryId(*id)).collect();
        let mut standing = Standing::new(kind, name.clone());
        for one in known {
            standing.push(one.clone());
        }
        standing.take(&claimed, told, voice).map(|row| row.id.0)
    }

    #[test]
    fn what_is_no_cny_in_whole_fen_or_has_no_day_is_not_booked() {
        assert_eq!(tell(&entry("1.00", None), Some("USD")), Err(Unbookable::Amount(AmountFault::Currency)));
        assert_eq!(tell(&entry("-1.00", None), None), Err(Unbookable::Negative));
        assert_eq!(tell(&entry("1.001", None), None), Err(Unbookable::Amount(AmountFault::Decimals)));
        let undated = Entry { booked_on: None, ..entry("1.00", None) };
        assert_eq!(tell(&undated, None), Err(Unbookable::NoDay));
        let by_value = Entry { value_on: "2026-03-03".parse().ok(), ..undated };
        assert_eq!(tell(&by_value, None).unwrap().booked_on.to_string(), "2026-03-03");
    }

    #[test]
    fn the_key_tells_direction_amount_reversal_reference_and_payee_apart() {
        let base = told("100.00", Some("V1"));
        let of = |told: &Told| told.key_text(AccountId(1));
        let others = [
            Told { direction: Direction::Credit, ..base.clone() },
            Told { amount: Fen(1), ..base.clone() },
            Told { reversal: true, ..base.clone() },
            Told { bank_ref: Some("V2".into()), ..base.clone() },
            Told { end_to_end_id: Some("lin-1".into()), ..base.clone() },
            Told { counterparty_account: Some("6219".into()), ..base.clone() },
        ];
        for other in &others {
            assert_ne!(of(other), of(&base), "{other:?}");
        }
        assert_ne!(base.key_text(AccountId(2)), of(&base));
        let later = Told { booked_on: base.booked_on.plus_days(1), text: "another".into(), ..base.clone() };
        assert_eq!(of(&later), of(&base), "with a reference neither day nor words count");
        let unnamed = Told { bank_ref: None, ..base };
        assert_ne!(of(&Told { text: "another".into(), ..unnamed.clone() }), of(&unnamed));
    }

    #[test]
    fn no_reference_reads_as_none_and_single_details_lend_theirs() {
        let mut one = entry("100.00", Some("NOTPROVIDED"));
        one.details = vec![Detail { bank_ref: Some("T-9".into()), counterparty: Some("张三".into()), ..Detail::default() }];
        let told = tell(&one, None).unwrap();
        assert_eq!(told.bank_ref.as_deref(), Some("T-9"));
        assert_eq!(told.counterparty.as_deref(), Some("张三"));
        one.details.push(Detail::default());
        assert_eq!(tell(&one, None).unwrap().bank_ref, None, "of several details none speaks for the entry");
    }

    #[test]
    fn three_voices_tell_one_entry_in_any_order() {
        use StatementKind::{Notification, Report, Statement};
        let bare = told("100.00", None);
        let named = told("100.00", Some("V1"));
        let rows = [known(1, &bare, "report", "R/1/")];
        assert_eq!(found(&rows, &[], &named, Notification, "N/1/"), Some(1), "by looks");
        assert_eq!(found(&rows, &[], &named, Statement, "S/1/"), Some(1));
        let rows = [known(1, &named, "statement", "S/1/")];
        assert_eq!(found(&rows, &[], &bare, Report, "R/1/"), Some(1));
        let other = told("100.00", Some("V2"));
        assert_eq!(found(&rows, &[], &other, Notification, "N/1/"), None, "another voucher is another entry");
    }

    #[test]
    fn each_voice_is_known_again_in_its_own_words() {
        use StatementKind::{Report, Statement};
        let (bare, named) = (told("100.00", None), told("100.00", Some("V1")));
        let mut rows = [known(1, &bare, "report", "R/1/")];
        rows[0].row.bank_ref = named.bank_ref.clone();
        rows[0].row.tell(Statement, &hashed(&named));
        assert_eq!(found(&rows, &[], &named, Statement, "S/1/"), Some(1));
        assert_eq!(found(&rows, &[], &bare, Report, "R/1/"), Some(1));
        assert_eq!(rows[0].row.kinds(), [Report, Statement]);
    }

    #[test]
    fn identical_entries_of_one_statement_are_as_many_as_it_tells() {
        use StatementKind::{Notification, Statement};
        let one = told("100.00", Some("V1"));
        let rows = [known(1, &one, "notification", "N/1/"), known(2, &one, "notification", "N/1/")];
        assert_eq!(found(&rows, &[], &one, Statement, "S/1/"), Some(1));
        assert_eq!(found(&rows, &[1], &one, Statement, "S/1/"), Some(2));
        assert_eq!(found(&rows, &[1, 2], &one, Statement, "S/1/"), None, "the third is new");
        assert_eq!(found(&rows, &[], &one, Notification, "N/1/"), Some(1), "the same message again");
    }

    #[test]
    fn the_ledger_repeats_nothing_over_days_and_pages() {
        use StatementKind::Statement;
        let one = told("100.00", Some("V1"));
        let rows = [known(1, &one, "statement", "S/1/1")];
        assert_eq!(found(&rows, &[], &one, Statement, "S/1/1"), Some(1), "the same page again");
        assert_eq!(found(&rows, &[], &one, Statement, "S9/9/"), Some(1), "the day made out again under another number");
        assert_eq!(found(&rows, &[], &one, Statement, "S/1/2"), None, "another page of one statement");
        let later = Told { booked_on: one.booked_on.plus_days(1), ..one };
        assert_eq!(found(&rows, &[], &later, Statement, "S/2/"), None, "the same voucher on another day");
    }

    #[test]
    fn a_pending_entry_is_the_one_that_is_booked_later() {
        use StatementKind::Report;
        let pending = Told { status: EntryStatus::Pending, ..told("100.00", None) };
        let rows = [known(1, &pending, "report", "R/1/")];
        let booked = Told { booked_on: pending.booked_on.plus_days(1), status: EntryStatus::Booked, ..pending };
        assert_eq!(found(&rows, &[], &booked, Report, "R/2/"), Some(1));
    }

    #[test]
    fn thousands_of_equal_wages_find_their_like_without_looking_at_all_of_them() {
        use StatementKind::Statement;
        const EACH: i64 = 5_000;
        let one = told("100.00", Some("V1"));
        let days: Vec<Told> = (0..10).map(|later| Told { booked_on: one.booked_on.plus_days(later), ..one.clone() }).collect();
        let name = StatementRef::of("S/11/");
        let mut standing = Standing::new(Statement, name.clone());
        let mut id = 0;
        for day in &days {
            for _ in 0..EACH {
                id += 1;
                standing.push(known(id, day, "statement", "S/1/"));
            }
        }
        let base = hashed(&one);
        let voice = Voice { kind: Statement, name: &name, counterparty_index: None, base: &base, balance: None };
        let claimed = std::collections::BTreeSet::new();
        let begun = std::time::Instant::now();
        // The last day told again: each finds one of its own day, and the next one finds none.
        for _ in 0..EACH {
            let found = standing.take(&claimed, &days[9], voice).expect("one of that day");
            assert_eq!(found.booked_on, days[9].booked_on);
        }
        assert!(standing.take(&claimed, &days[9], voice).is_none());
        let later = Told { booked_on: one.booked_on.plus_days(11), ..one.clone() };
        for _ in 0..EACH {
            assert!(standing.take(&claimed, &later, voice).is_none(), "another day is another entry");
        }
        assert!(begun.elapsed().as_secs() < 10, "quadratic again: {:?}", begun.elapsed());
    }
}
