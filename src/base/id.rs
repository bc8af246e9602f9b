//! Typed, time-ordered ids: 63 bits, of which 42 are milliseconds since 1970, 10 the node and 11 a counter.
//!
//! In text an id is its kind and 13 characters of Crockford's base 32 (`prj-0CJ1V8Q2M0001`): sortable, readable aloud,
//! never mistaken for another kind.

use std::sync::atomic::{AtomicI64, Ordering};

use super::{Moment, Unreadable};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const COUNTER_BITS: u32 = 11;
const NODE_BITS: u32 = 10;
const DIGITS: u32 = 13;

/// Hands out ids that grow, also when the clock stands still or goes back.
#[derive(Debug)]
pub struct IdSource {
    node: i64,
    last_tick: AtomicI64,
}

impl IdSource {
    /// Ids of one process; `node` (0 to 1023) keeps several instances on one database apart.
    pub fn new(node: u16) -> Self {
        Self { node: i64::from(node) & 0x3FF, last_tick: AtomicI64::new(0) }
    }

    /// The next id at or after `now`.
    ///
    /// A tick is `milliseconds << 11 | counter`; it moves on by at least one with each call, so that more than 2048 ids in a
    /// millisecond borrow from the next one instead of repeating.
    pub fn next(&self, now: Moment) -> i64 {
        let floor = now.unix_millis() << COUNTER_BITS;
        let step = |last: i64| Some(floor.max(last + 1));
        let previous = self.last_tick.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step).unwrap_or_else(|last| last);
        let tick = floor.max(previous + 1);
        let (millis, counter) = (tick >> COUNTER_BITS, tick & ((1 << COUNTER_BITS) - 1));
        (millis << (NODE_BITS + COUNTER_BITS)) | (self.node << COUNTER_BITS) | counter
    }
}

/// The least id that is handed out at a moment: what came before it has a smaller one, unless the clock was put back since.
pub fn first_at(moment: Moment) -> i64 {
    moment.unix_millis() << (NODE_BITS + COUNTER_BITS)
}

/// Writes an id number as 13 characters.
pub fn encode(number: i64) -> String {
    let number = number.unsigned_abs();
    (0..DIGITS)
        .rev()
        .filter_map(|place| usize::try_from((number >> (place * 5)) & 31).ok())
        .filter_map(|digit| ALPHABET.get(digit))
        .map(|byte| char::from(*byte))
        .collect()
}

/// Reads 13 characters back; `None` for anything that [`encode`] does not write.
pub fn decode(text: &str) -> Option<i64> {
    if text.len() != 13 {
        return None;
    }
    let mut number: u64 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        number = number.checked_mul(32)?.checked_add(u64::try_from(digit).ok()?)?;
    }
    i64::try_from(number).ok()
}

/// Reads `prefix-XXXXXXXXXXXXX`.
pub fn parse(kind: &'static str, prefix: &str, text: &str) -> Result<i64, Unreadable> {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(decode)
        .ok_or_else(|| Unreadable::new(kind, text, "write the id as it was given, with its prefix"))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "-{}"), encode(self.0))
            }
        }

        impl std::str::FromStr for $name {
            type Err = Unreadable;
            fn from_str(text: &str) -> Result<Self, Unreadable> {
                parse(stringify!($name), $prefix, text).map($name)
            }
        }

        super::serde_as_text!($name);
    )*};
}

ids! {
    /// A login account (登录账号).
    UserId = "usr";
    /// A machine's key.
    ApiKeyId = "key";
    /// A proposed change of law, of a region's rules or of the operator's policy.
    AmendmentId = "amd";
    /// A company: owner, general contractor, subcontractor, bank.
    PartyId = "pty";
    /// A construction project.
    ProjectId = "prj";
    /// An uploaded paper.
    DocumentId = "doc";
    /// A crew (班组).
    CrewId = "crw";
    /// A natural person on sites (农民工), global.
    WorkerId = "wkr";
    /// A dedicated wage account (农民工工资专用账户).
    AccountId = "acc";
    /// A bank statement as received.
    StatementId = "stm";
    /// One entry of a statement.
    BankEntryId = "ent";
    /// A balanced posting of the ledger.
    PostingId = "pst";
    /// An attendance device.
    DeviceId = "dev";
    /// A raw message in the inbox.
    InboxId = "inb";
    /// A quarantined item.
    QuarantineId = "qua";
    /// A pay sheet (工资支付表).
    SheetId = "sht";
    /// A line of a pay sheet.
    LineId = "lin";
    /// A pay run: one batch sent to the bank.
    PayRunId = "run";
    /// A wage deposit (工资保证金): cash, guarantee, bond or insurance.
    DepositId = "dep";
    /// A case (案件).
    CaseId = "cas";
    /// A matter of a project's wage money: a shortage, a report, an order on the deposit, a freeze.
    MatterId = "mat";
    /// A stored gate answer.
    AnswerId = "ans";
    /// A dated fact of a project or party.
    FactId = "fct";
    /// A finding at a day.
    FindingId = "fnd";
    /// A background job.
    JobId = "job";
    /// A record that needs no kind of its own.
    RecordId = "rec";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_even_when_the_clock_stands_still() {
        let source = IdSource::new(7);
        let now = Moment(1_770_000_000_000_000);
        let ids: Vec<i64> = (0..5000).map(|_| source.next(now)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let earlier = source.next(Moment(now.0 - 1_000_000));
        assert!(earlier > *ids.last().unwrap());
    }

    #[test]
    fn a_moment_has_a_least_id() {
        let now = Moment(1_770_000_000_000_000);
        let before = IdSource::new(1023).next(Moment(now.0 - 1_000));
        assert!(before < first_at(now) && first_at(now) <= IdSource::new(0).next(now));
    }

    #[test]
    fn text_carries_kind_and_number() {
        let id = ProjectId(1_234_567_890_123_456_789);
        assert_eq!(id.to_string().parse::<ProjectId>().unwrap(), id);
        assert!(id.to_string().parse::<UserId>().is_err());
        assert!("prj-ZZZZZZZZZZZZZ".parse::<ProjectId>().is_err(), "65 bits do not fit");
        assert!("prj-000000000000".parse::<ProjectId>().is_err());
    }
}
