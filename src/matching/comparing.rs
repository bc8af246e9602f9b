//! The comparison itself: from what the three say to rows with differences. A pure function, one look at each worker.

use super::{
    Account, Attended, Difference, Differs, Evidence, Facts, OnSheet, Person, Row, Stranger, Subject, Unknown, Unlisted,
    strangers,
};
use crate::base::id::{BankEntryId, LineId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen};
use crate::payroll::gross;

/// Compares a month; rows come in the order of their subjects' numbers.
///
/// # Errors
/// Amounts that do not add up within 63 bits.
pub fn compare(facts: &Facts) -> Result<Vec<Row>, TooMuch> {
    let mut rows = Vec::with_capacity(facts.people.len() + facts.strangers.len());
    for person in &facts.people {
        rows.extend(of_person(facts, person)?);
    }
    rows.extend(facts.strangers.iter().map(|stranger| of_stranger(facts, stranger)));
    rows.sort_by_key(|row| row.subject.number());
    Ok(rows)
}

/// Days of work as people write them.
pub(super) fn days(hundredths: i64) -> String {
    rust_decimal::Decimal::new(hundredths, 2).normalize().to_string()
}

/// What one worker's three voices come to.
struct Sums {
    attended: Attended,
    sheet: OnSheet,
    paid: Fen,
    /// What is owed without contest.
    owed: Fen,
    due_on: Day,
    is_due: bool,
    in_flight: bool,
    /// What was deducted beyond the law's share without a paper, less what came straight to the card for nothing else.
    withheld: Fen,
}

impl Sums {
    fn of(facts: &Facts, person: &Person) -> Result<Self, TooMuch> {
        let lines = &person.lines;
        let sheet = OnSheet {
            lines: lines.len(),
            days: lines.iter().map(|line| line.days).sum(),
            basic: Fen::total(lines.iter().map(|line| line.basic))?,
            net: Fen::total(lines.iter().map(|line| line.net))?,
            disputed: Fen::total(lines.iter().map(|line| line.disputed))?,
        };
        let by_sheet = Fen::total(lines.iter().map(|line| line.paid))?;
        let direct = Fen::total(person.direct.iter().map(|one| one.amount))?;
        let paid = by_sheet.plus(direct)?;
        let withheld = Fen::total(lines.iter().map(|line| line.withheld))?;
        let due_on = lines.iter().map(|line| line.due_on).min().unwrap_or(facts.due_on);
        Ok(Sums {
            attended: person.attended,
            sheet,
            paid,
            owed: sheet.net.minus(sheet.disputed)?,
            due_on,
            is_due: due_on < facts.today,
            in_flight: lines.iter().any(|line| line.state.is_in_flight()),
            withheld,
        })
    }

    /// The numbers that a decision was made upon.
    fn basis(&self, person: &Person, unlisted: Option<Unlisted>) -> String {
        let attended = match self.attended {
            Attended::Days(days) => days.to_string(),
            Attended::NotKnown(why) => why.to_string(),
        };
        let Sums { sheet, paid, .. } = self;
        let mut text =
            format!("attended={attended} days={} net={} disputed={} paid={paid}", sheet.days, sheet.net, sheet.disputed);
        for entry in person.direct.iter().map(|one| one.entry).chain(person.payees.iter().map(|one| one.entry)) {
            text.push(' ');
            text.push_str(&entry.to_string());
        }
        if self.withheld.is_positive() {
            text.push_str(&format!(" withheld={}", self.withheld));
        }
        // What the days earn may change while all of these stay, by a raise.
        if let Some(Unlisted { amount, .. }) = unlisted {
            text.push_str(&format!(" unlisted={amount}"));
        }
        text
    }
}

fn evidence(zh: String, en: String) -> Evidence {
    Evidence { zh, en, line: None, entry: None }
}

fn of_line(zh: String, en: String, line: LineId) -> Evidence {
    Evidence { zh, en, line: Some(line), entry: None }
}

fn of_entry(zh: String, en: String, line: Option<LineId>, entry: BankEntryId) -> Evidence {
    Evidence { zh, en, line, entry: Some(entry) }
}

/// `None` for somebody of whom nobody says anything: on the roll, not at the gate, on no sheet, not paid.
fn of_person(facts: &Facts, person: &Person) -> Result<Option<Row>, TooMuch> {
    let mut sums = Sums::of(facts, person)?;
    sums.withheld = sums.withheld.minus(spare(person, &sums)?)?.max(Fen::ZERO);
    let is_silent = matches!(sums.attended, Attended::Days(0) | Attended::NotKnown(_)) && person.lines.is_empty();
    if is_silent && person.direct.is_empty() && person.payees.is_empty() {
        return Ok(None);
    }
    let mut differs = Vec::new();
    differs.extend(unattended(person, &sums)?);
    differs.extend(unpaid(person, &sums)?);
    differs.extend(short(person, &sums)?);
    differs.extend(elsewhere(person)?);
    let unlisted = unlisted(person, &sums)?;
    let basis = sums.basis(person, unlisted);
    for one in &mut differs {
        one.basis.clone_from(&basis);
    }
    let mut unknown = Vec::new();
    if let Attended::NotKnown(why) = sums.attended {
        unknown.push(why);
    }
    if sums.is_due && sums.in_flight {
        unknown.push(Unknown::InFlight);
    }
    if sums.is_due && sums.sheet.disputed.is_positive() {
        unknown.push(Unknown::Contested);
    }
    Ok(Some(Row {
        subject: Subject::Worker(person.worker),
        name: Some(person.name.clone()),
        enrolment: person.enrolments.last().copied(),
        attended: Some(sums.attended),
        sheet: (sums.sheet.lines > 0).then_some(sums.sheet),
        paid: sums.paid,
        due_on: sums.due_on,
        differs,
        unknown,
        is_due: sums.is_due,
        unlisted,
        withheld: sums.withheld,
    }))
}

fn made(kind: Difference, amount: Fen, evidence: Vec<Evidence>) -> Differs {
    Differs { kind, amount, is_known: true, evidence, basis: String::new() }
}

/// What each of the three says, for differences between them.
fn voices(person: &Person, sums: &Sums) -> Vec<Evidence> {
    let mut said = Vec::new();
    if let Attended::Days(number) = sums.attended {
        let number = days(number);
        said.push(evidence(format!("考勤：{number} 个工日"), format!("attendance: {number} work days")));
    }
    if person.lines.is_empty() {
        said.push(evidence("工资支付表：没有该工人".to_owned(), "pay sheet: the worker is not on it".to_owned()));
    }
    for line in &person.lines {
        let (number, net, paid) = (days(line.days), line.net, line.paid);
        let (zh, en) = (
            format!("工资支付表：{number} 个工日，应发 {net} 元；已付 {paid} 元（银行结果或账户外清偿）"),
            format!(
                "pay sheet: {number} work days, {net} yuan owed, {paid} yuan paid by the bank's result or outside the account"
            ),
        );
        said.push(of_line(zh, en, line.id));
    }
    for one in &person.direct {
        let (amount, day) = (one.amount, one.booked_on);
        let (zh, en) = (
            format!("银行：{day} 不经代发直接转入本人卡 {amount} 元"),
            format!("bank: {amount} yuan went to the worker's card on {day}, outside any pay run"),
        );
        said.push(of_entry(zh, en, None, one.entry));
    }
    said
}

/// Paid, or to be paid, for nothing or for more days than anybody saw.
fn unattended(person: &Person, sums: &Sums) -> Result<Option<Differs>, TooMuch> {
    let Attended::Days(attended) = sums.attended else { return Ok(None) };
    let money = sums.paid.max(sums.owed);
    if !money.is_positive() {
        return Ok(None);
    }
    let over = over(person, sums, attended)?;
    let too_many = sums.sheet.days.saturating_sub(attended);
    let amount = if attended == 0 {
        money
    } else if too_many > 0 {
        let rate = person.lines.iter().map(|line| line.day_rate).max().unwrap_or(Fen::ZERO);
        gross(i32::try_from(too_many).unwrap_or(i32::MAX), rate)?.plus(over)?.min(money)
    } else if over.is_positive() {
        over
    } else {
        return Ok(None);
    };
    let mut said = voices(person, sums);
    if over.is_positive() {
        said.push(evidence(
            format!("超付：直接转入本人卡的款项中有 {over} 元超出工资支付表与考勤应得之和"),
            format!(
                "paid too much: {over} yuan of what went straight to the card is beyond the pay sheets and what the days earn"
            ),
        ));
    }
    Ok(Some(made(Difference::PaidWithoutAttendance, amount, said)))
}

/// What came straight to the card beyond what the sheets owe, the days earn that no line gives, and was deducted without a paper; nothing
/// where nobody knows what they earn.
fn over(person: &Person, sums: &Sums, attended: i64) -> Result<Fen, TooMuch> {
    if earned(person, attended)?.is_none() {
        return Ok(Fen::ZERO);
    }
    let withheld = Fen::total(person.lines.iter().map(|line| line.withheld))?;
    Ok(spare(person, sums)?.minus(withheld)?.max(Fen::ZERO))
}

/// What came straight to the card beyond what the sheets owe and the days earn that no line gives.
fn spare(person: &Person, sums: &Sums) -> Result<Fen, TooMuch> {
    let left_out = match sums.attended {
        Attended::Days(attended) => earned(person, attended)?.unwrap_or(Fen::ZERO).minus(sums.sheet.basic)?.max(Fen::ZERO),
        Attended::NotKnown(_) => Fen::ZERO,
    };
    Ok(sums.paid.minus(sums.sheet.net)?.minus(left_out)?.max(Fen::ZERO))
}

/// What the days that were seen earn: by the agreed rates, else at the rate of the sheet; `None` without either.
fn earned(person: &Person, attended: i64) -> Result<Option<Fen>, TooMuch> {
    if person.earned.is_some() {
        return Ok(person.earned);
    }
    let rate = person.lines.iter().map(|line| line.day_rate).max().filter(|rate| rate.is_positive());
    rate.map(|rate| gross(i32::try_from(attended).unwrap_or(i32::MAX), rate)).transpose()
}

/// Worked and got nothing: what the sheet owes, and where it lists fewer days than were seen, what those earn.
fn unpaid(person: &Person, sums: &Sums) -> Result<Option<Differs>, TooMuch> {
    let Attended::Days(attended) = sums.attended else { return Ok(None) };
    let is_owed = sums.owed.is_positive() || sums.sheet.net == Fen::ZERO;
    let is_unpaid = attended > 0 && !sums.paid.is_positive() && sums.is_due && !sums.in_flight && is_owed;
    if !is_unpaid {
        return Ok(None);
    }
    let says_all = sums.owed.is_positive() && sums.sheet.days >= attended;
    let earned = if says_all { Some(sums.owed) } else { earned(person, attended)? };
    // What the sheet owes may be for other work: the days that it leaves out come on top.
    let unlisted = unlisted(person, sums)?.map_or(Fen::ZERO, |one| one.amount);
    let amount = earned.unwrap_or(Fen::ZERO).max(sums.owed.plus(unlisted)?.plus(sums.withheld)?);
    let one = made(Difference::AttendanceWithoutPay, amount, voices(person, sums));
    Ok(Some(Differs { is_known: earned.is_some(), ..one }))
}

/// Got less than the sheet says, or than the days that were seen earn.
fn short(person: &Person, sums: &Sums) -> Result<Option<Differs>, TooMuch> {
    if !sums.is_due || sums.in_flight {
        return Ok(None);
    }
    let missing = sums.owed.minus(sums.paid)?;
    // Somebody who worked and got nothing is told as that, and to somebody who never came nothing is short.
    let got_nothing = !sums.paid.is_positive();
    if got_nothing && matches!(sums.attended, Attended::Days(_)) || sums.attended == Attended::Days(0) {
        return Ok(None);
    }
    // What a line still owes is one thing, what no line gives another: both are short.
    let left_out = match !got_nothing && !person.lines.is_empty() {
        true => unlisted(person, sums)?.map_or(Fen::ZERO, |one| one.amount),
        false => Fen::ZERO,
    };
    let amount = missing.or_zero().plus(left_out)?;
    let amount = amount.plus(sums.withheld)?;
    if !amount.is_positive() {
        return Ok(None);
    }
    Ok(Some(made(Difference::PaidLess, amount, voices(person, sums))))
}

/// Days that were seen and stand on no line, with what they earned beyond what the lines give for days and what came beside the lines.
/// Overtime, pieces, allowances and arrears from before pay no day. To somebody without an agreed wage of a day, a line of money without
/// days is by hours or pieces: days say nothing of it. Days at no rate come to nothing that anybody could name.
///
/// With an agreed wage the lines are compared to the fen, whoever stated them: what is told is what would be built. A line may list too few
/// days and pay for all of them; one that lists them and pays less is short, and so is one from before a raise.
fn unlisted(person: &Person, sums: &Sums) -> Result<Option<Unlisted>, TooMuch> {
    let Attended::Days(attended) = sums.attended else { return Ok(None) };
    let days = attended.saturating_sub(sums.sheet.days).max(0);
    let is_by_other_work = person.earned.is_none() && sums.sheet.days == 0 && sums.sheet.net.is_positive();
    let is_agreed = person.earned.is_some() && !person.lines.is_empty();
    if is_by_other_work || days == 0 && !is_agreed {
        return Ok(None);
    }
    let beside = sums.paid.minus(sums.sheet.net)?.max(Fen::ZERO);
    let missing = earned(person, attended)?.unwrap_or(Fen::ZERO).minus(sums.sheet.basic.plus(beside)?)?;
    let rate = person.lines.iter().map(|line| line.day_rate).max().filter(|rate| !is_agreed && rate.is_positive());
    let of_days = rate.map(|rate| gross(i32::try_from(days).unwrap_or(i32::MAX), rate)).transpose()?;
    let amount = of_days.map_or(missing, |of_days| of_days.min(missing));
    Ok(amount.is_positive().then_some(Unlisted { days, amount }))
}

/// Money that by the bank's word somebody else got.
fn elsewhere(person: &Person) -> Result<Option<Differs>, TooMuch> {
    if person.payees.is_empty() {
        return Ok(None);
    }
    let said = person.payees.iter().map(|payee| {
        let amount = payee.amount;
        let whose = match payee.account {
            Account::Fits => ("收款账户与登记一致或未载明", "the account fits or is not told"),
            Account::Of(_) => ("收款账户登记在另一名工人名下", "the account is another worker's"),
            Account::Nobodys => ("收款账户不是本项目任何工人登记的银行卡", "the account is no worker's of the project"),
        };
        let (name_zh, name_en) = match &payee.name {
            Some(name) => (format!("，户名 {name}"), format!(", its holder is {name}")),
            None => (String::new(), String::new()),
        };
        of_entry(
            format!("银行：{amount} 元，{}{name_zh}", whose.0),
            format!("bank: {amount} yuan, {}{name_en}", whose.1),
            payee.line,
            payee.entry,
        )
    });
    let said = said.collect();
    let amount = Fen::total(person.payees.iter().map(|payee| payee.amount))?;
    Ok(Some(made(Difference::PaidToSomeoneElse, amount, said)))
}

fn of_stranger(facts: &Facts, stranger: &Stranger) -> Row {
    let (amount, day) = (stranger.amount, stranger.booked_on);
    let name = stranger.name.as_deref().unwrap_or("—");
    let said = of_entry(
        format!("银行：{day} 从专用账户付给 {name} {amount} 元，收款方不是本项目的工人"),
        format!("bank: on {day} {amount} yuan left the wage account to {name}, who is no worker of the project"),
        None,
        stranger.entry,
    );
    let mut differs = made(Difference::UnknownPayee, amount, vec![said]);
    differs.basis = strangers::basis(stranger);
    Row {
        subject: Subject::Entry(stranger.entry),
        name: stranger.name.clone(),
        enrolment: None,
        attended: None,
        sheet: None,
        paid: amount,
        due_on: facts.due_on,
        differs: vec![differs],
        unknown: Vec::new(),
        is_due: true,
        unlisted: None,
        withheld: Fen::ZERO,
    }
}
