//! A month of ten thousand workers with planted differences, and with everything that looks like one and is none.

use std::collections::BTreeSet;
use std::time::Instant;

use super::Tally;
use crate::app::demo::luck::Luck;
use crate::base::id::{BankEntryId, LineId, RecordId, SheetId, WorkerId};
use crate::base::{Day, Fen, Month};
use crate::matching::{Account, Attended, Difference, Facts, Line, Payee, Person, Stranger, Subject, Unknown, compare};
use crate::payroll::LineState;
use crate::payroll::direct::Direct;
use crate::store::StoreError;

/// Ids of entries begin here, above those of workers.
const ENTRIES_FROM: i64 = 1_000_000;

fn number(luck: &mut Luck, from: i64, to: i64) -> i64 {
    let width = u32::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or(1);
    from.saturating_add(i64::from(luck.below(width)))
}

struct Maker {
    luck: Luck,
    month: Month,
    due_on: Day,
    entries: i64,
}

impl Maker {
    fn entry(&mut self) -> BankEntryId {
        self.entries += 1;
        BankEntryId(self.entries)
    }

    /// Somebody who worked, stands on the sheet and was paid to the fen.
    fn sound(&mut self, worker: i64) -> Person {
        let (days, rate) = (number(&mut self.luck, 1, 60) * 50, Fen(number(&mut self.luck, 180, 600) * 100));
        // No half day of an even rate leaves a part of a fen.
        let net = Fen(rate.0 / 100 * days);
        let line = Line {
            id: LineId(worker),
            sheet: SheetId(1),
            days,
            day_rate: rate,
            basic: net,
            net,
            withheld: Fen::ZERO,
            disputed: Fen::ZERO,
            paid: net,
            due_on: self.due_on,
            state: LineState::Paid,
        };
        Person {
            worker: WorkerId(worker),
            name: format!("工人{worker}"),
            enrolments: vec![RecordId(worker)],
            attended: Attended::Days(days),
            lines: vec![line],
            direct: Vec::new(),
            payees: Vec::new(),
            earned: Some(net),
        }
    }

    /// Somebody about whom all is well, whatever it looks like.
    fn honest(&mut self, worker: i64) -> Person {
        let mut person = self.sound(worker);
        let entry = self.entry();
        let booked_on = self.due_on.plus_days(2);
        let Some(line) = person.lines.first_mut() else { return person };
        match self.luck.below(100) {
            // The bank has not told the end of the payment.
            0..4 => {
                line.paid = Fen::ZERO;
                line.state = [LineState::Sent, LineState::Accepted, LineState::Unknown]
                    .get(usize::try_from(self.luck.below(3)).unwrap_or(0))
                    .copied()
                    .unwrap_or(LineState::Sent);
            }
            // A gate that was silent, a worker without a number at it, passages that make no day.
            4..8 => {
                let why = match self.luck.below(3) {
                    0 => Unknown::GateSilent,
                    1 => Unknown::NoGateNumber,
                    _ => Unknown::Incomplete,
                };
                person.attended = Attended::NotKnown(why);
            }
            // A part is contested and the rest was paid.
            8..11 => {
                line.disputed = Fen(line.net.0 / 4);
                line.paid = Fen(line.net.0 - line.disputed.0);
            }
            // Two parts of the month.
            11..14 => {
                let half =
                    Line { days: 0, net: Fen(line.net.0 / 2), paid: Fen(line.net.0 / 2), id: LineId(-worker), ..line.clone() };
                line.net = Fen(line.net.0 - half.net.0);
                line.paid = line.net;
                person.lines.push(half);
            }
            // The card was refused and the wage went to it directly afterwards.
            14..16 => {
                line.paid = Fen::ZERO;
                line.state = LineState::Rejected;
                person.direct.push(Direct { entry, amount: line.net, booked_on });
            }
            // On the roll, at home all month.
            16..19 => {
                person.attended = Attended::Days(0);
                person.lines.clear();
            }
            // The pay day has not come for a late part.
            19..21 => {
                line.paid = Fen::ZERO;
                line.state = LineState::Approved;
                line.due_on = self.due_on.plus_days(60);
            }
            // A deduction that was signed.
            21..23 => {
                line.net = Fen(line.net.0 - line.net.0 / 10);
                line.paid = line.net;
            }
            _ => {}
        }
        person
    }

    /// A difference of a kind, in one of the ways in which it comes about.
    fn odd(&mut self, worker: i64, kind: Difference) -> Person {
        let mut person = self.sound(worker);
        let entry = self.entry();
        let booked_on = self.due_on.plus_days(2);
        let way = self.luck.below(2);
        let Some(line) = person.lines.first_mut() else { return person };
        match (kind, way) {
            (Difference::PaidWithoutAttendance, 0) => person.attended = Attended::Days(0),
            (Difference::PaidWithoutAttendance, _) => {
                line.days += 100;
                line.net = Fen(line.net.0 + line.day_rate.0);
                line.paid = line.net;
            }
            (Difference::AttendanceWithoutPay, 0) => person.lines.clear(),
            (Difference::AttendanceWithoutPay, _) => {
                line.paid = Fen::ZERO;
                line.state = LineState::Held;
            }
            (Difference::PaidLess, 0) => line.paid = Fen(line.net.0 - number(&mut self.luck, 1, line.net.0 / 2)),
            // Half a day that the sheet does not list, at the agreed rate.
            (Difference::PaidLess, _) => {
                person.attended = Attended::Days(line.days + 50);
                person.earned = Some(Fen(line.day_rate.0 / 100 * (line.days + 50)));
            }
            (Difference::PaidToSomeoneElse | Difference::UnknownPayee, _) => {
                let (amount, id) = (line.net, line.id);
                let (account, name) = match way {
                    0 => (Account::Nobodys, None),
                    _ => (Account::Fits, Some("另一人".to_owned())),
                };
                if self.luck.happens(20) {
                    line.paid = Fen::ZERO;
                    line.state = LineState::Rejected;
                    person.direct.push(Direct { entry, amount, booked_on });
                }
                person.payees.push(Payee { entry, line: Some(id), amount, name, account });
            }
        }
        person
    }
}

/// Plants differences among rows; gives what was found and how long the comparison took, in microseconds.
pub(super) fn run(seed: u64, rows: usize, planted: usize) -> Result<(Tally, u128), StoreError> {
    let month = Month::of(2026, 2).ok_or_else(|| StoreError::Setup("no month".to_owned()))?;
    let due_on = month.plus(1).first().plus_days(9);
    let mut maker = Maker { luck: Luck::of(seed, "match", rows), month, due_on, entries: ENTRIES_FROM };
    let mut places: BTreeSet<usize> = BTreeSet::new();
    while places.len() < planted.min(rows) {
        places.insert(usize::try_from(maker.luck.below(u32::try_from(rows).unwrap_or(u32::MAX))).unwrap_or(0));
    }
    let mut kinds = Difference::ALL.iter().copied().cycle();
    let (mut people, mut strangers) = (Vec::with_capacity(rows), Vec::new());
    let mut expected: BTreeSet<(Subject, Difference)> = BTreeSet::new();
    for place in 0..rows {
        let worker = i64::try_from(place).unwrap_or(0) + 1;
        let kind = if places.contains(&place) { kinds.next() } else { None };
        match kind {
            None => people.push(maker.honest(worker)),
            Some(Difference::UnknownPayee) => {
                let entry = maker.entry();
                let amount = Fen(number(&mut maker.luck, 100, 10_000_000));
                strangers.push(Stranger { entry, amount, booked_on: due_on.plus_days(3), name: Some("某材料商".to_owned()) });
                expected.insert((Subject::Entry(entry), Difference::UnknownPayee));
            }
            Some(kind) => {
                people.push(maker.odd(worker, kind));
                expected.insert((Subject::Worker(WorkerId(worker)), kind));
            }
        }
    }
    let facts = Facts { month: maker.month, today: due_on.plus_days(20), due_on, people, strangers };
    let begun = Instant::now();
    let rows = compare(&facts).map_err(|error| StoreError::Setup(error.to_string()))?;
    let micros = begun.elapsed().as_micros();
    let told: BTreeSet<(Subject, Difference)> =
        rows.iter().flat_map(|row| row.differs.iter().map(|one| (row.subject, one.kind))).collect();
    let found = told.intersection(&expected).count();
    Ok((Tally { planted: expected.len(), found, invented: told.len() - found }, micros))
}
