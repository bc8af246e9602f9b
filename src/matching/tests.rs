//! Each kind of difference, and everything that is none because it is not known or not due.

use super::*;
use crate::base::Fen;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

const NET: Fen = Fen(600_000);

fn line() -> Line {
    Line {
        id: LineId(1),
        sheet: SheetId(1),
        days: 2_000,
        day_rate: Fen(30_000),
        basic: NET,
        net: NET,
        withheld: Fen::ZERO,
        disputed: Fen::ZERO,
        paid: NET,
        due_on: day("2026-03-10"),
        state: LineState::Paid,
    }
}

fn person() -> Person {
    Person {
        worker: WorkerId(7),
        name: "测试工人".to_owned(),
        enrolments: vec![RecordId(3)],
        attended: Attended::Days(2_000),
        lines: vec![line()],
        direct: Vec::new(),
        payees: Vec::new(),
        earned: None,
    }
}

fn facts(people: Vec<Person>) -> Facts {
    let month = Month::of(2026, 2).unwrap();
    Facts { month, today: day("2026-03-20"), due_on: day("2026-03-10"), people, strangers: Vec::new() }
}

/// The kinds, amounts and outcome of one worker.
fn told(person: Person) -> (Vec<(Difference, Fen)>, MatchStanding) {
    let rows = compare(&facts(vec![person])).unwrap();
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    (row.differs.iter().map(|one| (one.kind, one.amount)).collect(), row.standing(row.differs.len()))
}

fn with(change: impl Fn(&mut Line)) -> Person {
    let mut person = person();
    change(&mut person.lines[0]);
    person
}

#[test]
fn what_agrees_is_no_difference() {
    assert_eq!(told(person()), (vec![], MatchStanding::Agrees));
}

#[test]
fn each_kind_is_told_with_its_amount_and_its_basis() {
    use Difference::{AttendanceWithoutPay, PaidLess, PaidToSomeoneElse, PaidWithoutAttendance};
    let absent = Person { attended: Attended::Days(0), ..person() };
    assert_eq!(told(absent).0, [(PaidWithoutAttendance, NET)]);
    let too_many = Person { attended: Attended::Days(1_850), ..person() };
    assert_eq!(told(too_many).0, [(PaidWithoutAttendance, Fen(45_000))]);
    assert_eq!(told(Person { lines: Vec::new(), ..person() }).0, [(AttendanceWithoutPay, Fen::ZERO)]);
    let refused = with(|line| (line.paid, line.state) = (Fen::ZERO, LineState::Rejected));
    assert_eq!(told(refused).0, [(AttendanceWithoutPay, NET)]);
    assert_eq!(told(with(|line| line.paid = Fen(500_000))).0, [(PaidLess, Fen(100_000))]);
    let unlisted = Person { attended: Attended::Days(2_050), ..person() };
    assert_eq!(told(unlisted).0, [(PaidLess, Fen(15_000))]);
    let both = Person { attended: Attended::Days(2_050), ..with(|line| line.paid = Fen(500_000)) };
    assert_eq!(told(both).0, [(PaidLess, Fen(115_000))], "what the line owes, and what no line gives");
    let payee = Payee {
        entry: BankEntryId(9),
        line: Some(LineId(1)),
        amount: NET,
        name: Some("另一人".to_owned()),
        account: Account::Nobodys,
    };
    let rows = compare(&facts(vec![Person { payees: vec![payee], ..person() }])).unwrap();
    let one = &rows[0].differs[0];
    assert_eq!((one.kind, one.amount, one.evidence[0].entry), (PaidToSomeoneElse, NET, Some(BankEntryId(9))));
    assert_eq!(one.basis, format!("attended=2000 days=2000 net=6000.00 disputed=0.00 paid=6000.00 {}", BankEntryId(9)));
}

#[test]
fn work_without_pay_is_worth_what_the_days_earn() {
    let nothing = |line: &mut Line| {
        (line.days, line.basic, line.net, line.paid, line.state) = (0, Fen::ZERO, Fen::ZERO, Fen::ZERO, LineState::Approved);
    };
    let five = |earned| Person { attended: Attended::Days(500), earned, ..with(nothing) };
    assert_eq!(told(five(Some(Fen(150_000)))).0, [(Difference::AttendanceWithoutPay, Fen(150_000))]);
    assert_eq!(told(five(None)).0, [(Difference::AttendanceWithoutPay, Fen(150_000))], "by the rate of the sheet");
    let unlisted = Person { lines: Vec::new(), ..five(None) };
    let rows = compare(&facts(vec![unlisted])).unwrap();
    let one = &rows[0].differs[0];
    assert_eq!((one.kind, one.amount, one.is_known), (Difference::AttendanceWithoutPay, Fen::ZERO, false), "no rate, no sum");
}

#[test]
fn too_few_days_on_a_sheet_that_pays_for_all_of_them_are_not_short() {
    let sheet = |net: i64| {
        move |line: &mut Line| {
            (line.days, line.day_rate, line.basic) = (33, Fen(30_000), Fen(net));
            (line.net, line.paid) = (Fen(net), Fen(net));
        }
    };
    let seen = |net: i64| Person { attended: Attended::Days(500), earned: Some(Fen(150_000)), ..with(sheet(net)) };
    assert_eq!(told(seen(150_000)), (vec![], MatchStanding::Agrees));
    assert_eq!(told(seen(140_000)).0, [(Difference::PaidLess, Fen(10_000))], "earned less paid, each once");
    // What the sheet took off by agreement stays off: only the days that it leaves out are short.
    let charged = Person { attended: Attended::Days(2_050), ..with(|line| (line.net, line.paid) = (Fen(550_000), Fen(550_000))) };
    assert_eq!(told(charged).0, [(Difference::PaidLess, Fen(15_000))]);
}

#[test]
fn pay_for_other_work_pays_no_day() {
    // Half of the days with as much overtime; nothing but an allowance, or arrears from before; what came straight to the card.
    let sheet = |days: i64, basic: i64, net: i64| {
        move |line: &mut Line| (line.days, line.basic, line.net, line.paid) = (days, Fen(basic), Fen(net), Fen(net))
    };
    let seen = |days: i64, basic: i64, net: i64| Person {
        attended: Attended::Days(1_000),
        earned: Some(Fen(300_000)),
        ..with(sheet(days, basic, net))
    };
    assert_eq!(told(seen(500, 150_000, 300_000)).0, [(Difference::PaidLess, Fen(150_000))]);
    assert_eq!(told(seen(0, 0, 5_000)).0, [(Difference::PaidLess, Fen(300_000))]);
    let direct = vec![Direct { entry: BankEntryId(9), amount: Fen(150_000), booked_on: day("2026-03-12") }];
    assert_eq!(told(Person { direct, ..seen(500, 150_000, 300_000) }), (vec![], MatchStanding::Agrees));
    // Nothing came of it yet: what the sheet owes and the days that it leaves out.
    let open = seen(500, 150_000, 300_000);
    let open = Person { lines: open.lines.iter().map(|line| Line { paid: Fen::ZERO, ..line.clone() }).collect(), ..open };
    assert_eq!(told(open).0, [(Difference::AttendanceWithoutPay, Fen(450_000))]);
    // Without an agreed wage of a day, hours and pieces say nothing of days.
    let by_pieces = Person { earned: None, ..seen(0, 0, 5_000) };
    assert_eq!(told(by_pieces), (vec![], MatchStanding::Agrees));
}

#[test]
fn a_raise_that_holds_from_a_paid_day_is_owed_and_changes_what_was_decided_upon() {
    let raised = || Person { earned: Some(Fen(640_000)), ..person() };
    assert_eq!(told(raised()).0, [(Difference::PaidLess, Fen(40_000))]);
    let rows = compare(&facts(vec![raised()])).unwrap();
    assert!(rows[0].differs[0].basis.ends_with(" unlisted=400.00"), "{}", rows[0].differs[0].basis);
    assert_eq!(rows[0].unlisted, Some(Unlisted { days: 0, amount: Fen(40_000) }));
}

#[test]
fn what_was_deducted_without_a_paper_is_owed_line_by_line() {
    // Two weeks, of which one was deducted whole; a fifth of it the law lets be deducted.
    let half = Fen(300_000);
    let week = |line: &mut Line| (line.days, line.basic, line.net, line.paid) = (1_000, half, half, half);
    let two = |withheld: i64| {
        let mut person = with(week);
        let gone = Line { net: Fen::ZERO, paid: Fen::ZERO, withheld: Fen(withheld), ..person.lines[0].clone() };
        person.lines.push(gone);
        Person { earned: Some(NET), ..person }
    };
    assert_eq!(told(two(0)), (vec![], MatchStanding::Agrees), "the worker's paper is there");
    assert_eq!(told(two(240_000)).0, [(Difference::PaidLess, Fen(240_000))]);
    let rows = compare(&facts(vec![two(240_000)])).unwrap();
    assert!(rows[0].differs[0].basis.ends_with(" withheld=2400.00"), "{}", rows[0].differs[0].basis);
    // All but a fen deducted, and the fen is paid.
    let cut = with(|line| (line.net, line.paid, line.withheld) = (Fen(1), Fen(1), Fen(479_999)));
    assert_eq!(told(cut.clone()).0, [(Difference::PaidLess, Fen(479_999))]);
    let direct = vec![Direct { entry: BankEntryId(9), amount: Fen(479_999), booked_on: day("2026-03-12") }];
    assert_eq!(told(Person { direct, ..cut }), (vec![], MatchStanding::Agrees), "made good past the sheet");
}

#[test]
fn all_days_listed_for_less_than_was_agreed_are_short() {
    let sheet = |basic: i64| Person {
        earned: Some(Fen(600_000)),
        ..with(|line| (line.basic, line.net, line.paid) = (Fen(basic), Fen(basic), Fen(basic)))
    };
    assert_eq!(told(sheet(20_000)).0, [(Difference::PaidLess, Fen(580_000))]);
    assert_eq!(told(sheet(600_000)), (vec![], MatchStanding::Agrees));
    assert_eq!(told(sheet(610_000)), (vec![], MatchStanding::Agrees), "nobody is short who got more");
    assert_eq!(told(Person { earned: None, ..sheet(20_000) }), (vec![], MatchStanding::Agrees), "nothing was agreed");
}

#[test]
fn days_on_no_line_are_told_with_what_they_earned_due_or_not() {
    let days = |person: Person, today: &str| {
        let facts = Facts { today: day(today), ..facts(vec![person]) };
        compare(&facts).unwrap().first().and_then(|row| row.unlisted).map(|one| (one.days, one.amount.0))
    };
    let more = || Person { attended: Attended::Days(2_250), earned: Some(Fen(675_000)), ..person() };
    assert_eq!((days(person(), "2026-03-20"), days(more(), "2026-03-20")), (None, Some((250, 75_000))));
    assert_eq!(days(more(), "2026-03-05"), Some((250, 75_000)), "before the pay day too");
    assert_eq!(days(Person { earned: None, ..more() }, "2026-03-20"), Some((250, 75_000)), "by the rate of the line");
    let without = |earned: Option<i64>| Person { lines: Vec::new(), earned: earned.map(Fen), ..more() };
    assert_eq!(days(without(Some(675_000)), "2026-03-20"), Some((2_250, 675_000)));
    // No false alarm: no rate, nothing known, hours or pieces, and too few days that are paid all the same.
    assert_eq!((days(without(None), "2026-03-20"), days(without(Some(0)), "2026-03-20")), (None, None));
    let silent = Person { attended: Attended::NotKnown(Unknown::GateSilent), ..more() };
    assert_eq!(days(silent, "2026-03-20"), None);
    let by_hours = with(|line| (line.days, line.net, line.paid) = (0, Fen(500_000), Fen(500_000)));
    assert_eq!(days(Person { attended: Attended::Days(2_250), ..by_hours }, "2026-03-20"), None);
    let paid_for_all = with(|line| (line.basic, line.net, line.paid) = (Fen(675_000), Fen(675_000), Fen(675_000)));
    assert_eq!(days(Person { attended: Attended::Days(2_250), earned: Some(Fen(675_000)), ..paid_for_all }, "2026-03-20"), None);
}

#[test]
fn what_is_not_known_is_never_a_difference() {
    for state in [LineState::Reserved, LineState::Sent, LineState::Accepted, LineState::Unknown] {
        let flying = with(|line| (line.paid, line.state) = (Fen::ZERO, state));
        assert_eq!(told(flying), (vec![], MatchStanding::NotKnown), "{state}");
    }
    for why in Unknown::ALL {
        let silent = Person { attended: Attended::NotKnown(*why), ..person() };
        assert_eq!(told(silent), (vec![], MatchStanding::NotKnown), "{why}");
        let nobody = Person { attended: Attended::NotKnown(*why), lines: Vec::new(), ..person() };
        assert_eq!(compare(&facts(vec![nobody])), Ok(vec![]), "{why}");
    }
    let contested = with(|line| (line.disputed, line.paid) = (Fen(100_000), Fen(500_000)));
    assert_eq!(told(contested), (vec![], MatchStanding::NotKnown), "the contested part is not owed yet");
    let all_contested = with(|line| (line.disputed, line.paid, line.state) = (NET, Fen::ZERO, LineState::Held));
    assert_eq!(told(all_contested), (vec![], MatchStanding::NotKnown));
    // The sheet and the bank are known where the gate is not: what the sheet owes is short.
    let short = Person { attended: Attended::NotKnown(Unknown::GateSilent), ..with(|line| line.paid = Fen::ZERO) };
    assert_eq!(told(short).0, [(Difference::PaidLess, NET)]);
}

#[test]
fn nothing_is_due_on_the_pay_day_itself() {
    let open = with(|line| (line.paid, line.state) = (Fen::ZERO, LineState::Approved));
    for (today, expected) in
        [("2026-03-09", MatchStanding::NotDue), ("2026-03-10", MatchStanding::NotDue), ("2026-03-11", MatchStanding::Differs)]
    {
        let facts = Facts { today: day(today), ..facts(vec![open.clone()]) };
        let rows = compare(&facts).unwrap();
        assert_eq!(rows[0].standing(rows[0].differs.len()), expected, "{today}");
    }
}

#[test]
fn money_straight_to_the_card_counts_for_the_worker() {
    let direct = |fen| vec![Direct { entry: BankEntryId(9), amount: Fen(fen), booked_on: day("2026-03-12") }];
    let refused = |fen| Person { direct: direct(fen), ..with(|line| (line.paid, line.state) = (Fen::ZERO, LineState::Rejected)) };
    assert_eq!(told(refused(600_000)), (vec![], MatchStanding::Agrees));
    assert_eq!(told(refused(400_000)).0, [(Difference::PaidLess, Fen(200_000))]);
    let stranger = Person { attended: Attended::Days(0), lines: Vec::new(), direct: direct(5_000), ..person() };
    assert_eq!(told(stranger).0, [(Difference::PaidWithoutAttendance, Fen(5_000))]);
}

#[test]
fn money_straight_to_the_card_beside_a_wage_that_is_paid_is_too_much() {
    let direct = |fen| vec![Direct { entry: BankEntryId(9), amount: Fen(fen), booked_on: day("2026-03-12") }];
    let twice = Person { direct: direct(600_000), earned: Some(NET), ..person() };
    assert_eq!(told(twice.clone()).0, [(Difference::PaidWithoutAttendance, NET)]);
    let rows = compare(&facts(vec![twice.clone()])).unwrap();
    assert!(rows[0].differs[0].evidence.last().unwrap().zh.contains("超付"), "{:?}", rows[0].differs[0].evidence);
    // For a day that stands on no line it is no fen too much; without a line the days themselves are what it pays.
    let late = |fen| Person { attended: Attended::Days(2_100), earned: Some(Fen(630_000)), direct: direct(fen), ..person() };
    assert_eq!(told(late(30_000)), (vec![], MatchStanding::Agrees));
    assert_eq!(told(late(30_001)).0, [(Difference::PaidWithoutAttendance, Fen(1))]);
    assert_eq!(told(Person { lines: Vec::new(), ..twice.clone() }), (vec![], MatchStanding::Agrees));
    assert_eq!(told(Person { lines: Vec::new(), earned: None, ..twice }), (vec![], MatchStanding::Agrees), "no rate, no sum");
}

#[test]
fn somebody_on_the_roll_of_whom_nobody_speaks_is_no_row() {
    let idle = Person { attended: Attended::Days(0), lines: Vec::new(), ..person() };
    assert_eq!(compare(&facts(vec![idle])), Ok(vec![]));
}

#[test]
fn payees_whom_nobody_knows_stand_among_the_rows_in_order() {
    let entry = BankEntryId(3);
    let stranger = Stranger { entry, amount: Fen(70_000), booked_on: day("2026-03-12"), name: None };
    let rows = compare(&Facts { strangers: vec![stranger], ..facts(vec![person()]) }).unwrap();
    assert_eq!(rows.iter().map(|row| row.subject.number()).collect::<Vec<_>>(), [3, 7]);
    assert_eq!(rows[0].differs[0].kind, Difference::UnknownPayee);
    assert_eq!(rows[0].standing(1), MatchStanding::Differs);
    assert_eq!(rows[0].standing(0), MatchStanding::Explained);
}

#[test]
fn a_subject_is_read_back() {
    for subject in [Subject::Worker(WorkerId(5)), Subject::Entry(BankEntryId(6))] {
        assert_eq!(subject.to_string().parse::<Subject>(), Ok(subject));
    }
    assert!("prj-0000000000001".parse::<Subject>().is_err());
}
