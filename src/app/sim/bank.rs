//! The banks: they execute orders on accounts of their own, refuse, give back, and tell of it in their manner: in any order, twice,
//! late, only when asked, never.

use std::sync::Arc;

use super::books::{Books, Told};
use super::letters::{self, Head, Movement, Order, Payment};
use super::service::Service;
use super::world::{COMPANIES, Habit, Manner, Plan, World};
use crate::app::demo::luck::Luck;
use crate::attendance::intake::Intake;
use crate::base::{Day, Fen, Moment};
use crate::settlement::{self, HandedIn};
use crate::store::Tx;
use crate::store::inbox::InboxState;
use crate::web::{Ctx, Problem};
use crate::wire::bank;

/// Day of the month on which labour cost is due.
const TRANSFER_DAY: u32 = 8;
/// Days after which a silent bank is asked.
const ASKED_AFTER: i64 = 12;

/// A paper on its way.
#[derive(Debug, Clone)]
struct Letter {
    on: Day,
    /// Waits until somebody asks.
    is_asked_for: bool,
    is_report: bool,
    text: String,
    words: Vec<(String, Told)>,
    movements: Vec<(String, Fen)>,
}

/// An account as its bank keeps it.
#[derive(Debug, Default)]
struct Account {
    balance: Fen,
    told_balance: Fen,
    statements: u32,
    notices: u32,
    vouchers: u32,
    orders: Vec<Order>,
    refunds: Vec<(Day, Payment)>,
    moved: Vec<Movement>,
    outbox: Vec<Letter>,
}

/// All banks.
pub struct Banks {
    accounts: Vec<Account>,
}

impl Account {
    fn voucher(&mut self) -> String {
        self.vouchers += 1;
        format!("V{:06}", self.vouchers)
    }

    fn moves(&mut self, movement: Movement) {
        self.balance = Fen(self.balance.0.saturating_add(movement.amount.0));
        self.moved.push(movement);
    }
}

fn words_of(manner: Manner, movement: &Movement, all: &[Order]) -> Vec<(String, Told)> {
    let is_credit = movement.amount.0 > 0;
    let told = match (is_credit, manner.proves()) {
        (true, _) => Told::Returned,
        (false, true) => Told::Paid,
        (false, false) => Told::Accepted,
    };
    let mut words: Vec<(String, Told)> = movement.details.iter().map(|one| (one.id.clone(), told)).collect();
    let named = all.iter().filter(|order| movement.details.is_empty() && movement.order.as_ref() == Some(&order.message));
    words.extend(named.flat_map(|order| &order.payments).map(|one| (one.id.clone(), Told::Accepted)));
    words
}

impl Banks {
    /// Empty accounts.
    pub fn new(world: &World) -> Self {
        Self { accounts: world.projects.iter().map(|_| Account::default()).collect() }
    }

    /// An order is handed in.
    pub fn receive(&mut self, project: usize, order: Order) {
        if let Some(account) = self.accounts.get_mut(project) {
            account.orders.push(order);
        }
    }

    /// An order is handed in once more: the bank has it, and refuses the copy as one. That word frees nothing.
    pub fn receive_again(&mut self, plan: &Plan, order: &Order, at: Moment) {
        let Some(account) = self.accounts.get_mut(plan.number) else { return };
        let text = letters::refusal(&order.message, at, is_old(plan), "DU03");
        let words = order.payments.iter().map(|one| (one.id.clone(), Told::Accepted)).collect();
        let (is_asked_for, is_report, movements) = (false, true, Vec::new());
        account.outbox.push(Letter { on: at.day(), is_asked_for, is_report, text, words, movements });
    }

    /// The banks' day: money comes in, orders are executed, papers are written.
    pub fn work(&mut self, world: &World, books: &mut Books, at: Moment, day: Day) {
        for (plan, account) in world.projects.iter().zip(&mut self.accounts) {
            let mut luck = world.luck("bank", plan.number, day);
            transfer(world, plan, account, day);
            give_back(plan, account, books, day);
            let orders = std::mem::take(&mut account.orders);
            for order in &orders {
                execute(plan, account, books, order, &mut luck, at);
            }
            close_of_day(plan, account, &orders, &mut luck, at);
        }
    }

    /// Somebody asks the bank about everything that is open; half of what was held back is told, the rest stays silence.
    pub fn ask(&mut self, project: usize, luck: &mut Luck, day: Day) {
        for letter in self.accounts.get_mut(project).into_iter().flat_map(|account| &mut account.outbox) {
            if letter.is_asked_for && letter.on.plus_days(ASKED_AFTER) <= day {
                letter.is_asked_for = luck.happens(50);
                letter.on = day;
            }
        }
    }

    /// What is due is told, out of order and sometimes twice; `all` tells everything that is not silence.
    pub fn tell(
        &mut self,
        service: &mut Service,
        world: &World,
        books: &mut Books,
        (day, all): (Day, bool),
    ) -> Result<(), Problem> {
        for (plan, account) in world.projects.iter().zip(&mut self.accounts) {
            let mut luck = world.luck("post", plan.number, day);
            let (mut due, rest): (Vec<Letter>, Vec<Letter>) =
                account.outbox.drain(..).partition(|one| !one.is_asked_for && (all || one.on <= day));
            account.outbox = rest;
            if luck.happens(30) {
                due.reverse();
            }
            for letter in due {
                let repeats = luck.below(100);
                hand_in(service, books, plan, &letter, repeats < 6, day)?;
                if (6..10).contains(&repeats) && !all {
                    account.outbox.push(Letter { on: day.plus_days(4), ..letter });
                }
            }
        }
        Ok(())
    }

    /// What an account holds at its bank.
    pub fn balance(&self, project: usize) -> Fen {
        self.accounts.get(project).map_or(Fen::ZERO, |account| account.balance)
    }
}

/// The owner pays labour cost by habit.
fn transfer(world: &World, plan: &Plan, account: &mut Account, day: Day) {
    let since = (day.year() - world.first.year()) * 12 + month_number(day) - month_number(world.first);
    let (falls, amount) = match plan.habit {
        Habit::Prompt => (day.day_of_month() == TRANSFER_DAY, plan.monthly),
        Habit::Late(days) => (day.plus_days(-days).day_of_month() == TRANSFER_DAY, plan.monthly),
        Habit::Short(share) => (day.day_of_month() == TRANSFER_DAY, Fen(plan.monthly.0 / 100 * share)),
        Habit::Stops(after) => (day.day_of_month() == TRANSFER_DAY && since < after, plan.monthly),
    };
    if !falls {
        return;
    }
    let (_, owner) = COMPANIES.get(plan.owner).copied().unwrap_or(("", ""));
    let reference = account.voucher();
    let party = (owner.to_owned(), format!("99911111111{:05}", plan.owner + 1));
    let text = format!("{} 人工费用拨付", day.month());
    account.moves(Movement { reference, amount, party, text, details: Vec::new(), order: None });
}

fn month_number(day: Day) -> i32 {
    let number = day.month().to_string();
    number.rsplit('-').next().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn give_back(plan: &Plan, account: &mut Account, books: &mut Books, day: Day) {
    let (due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut account.refunds).into_iter().partition(|(on, _)| *on <= day);
    account.refunds = rest;
    for (_, payment) in &due {
        if let Some(attempt) = books.attempt(&payment.id) {
            attempt.reached = Fen::ZERO;
        }
    }
    if plan.manner == Manner::OneByOne && due.len() > 1 {
        let (reference, details) = (account.voucher(), due.into_iter().map(|(_, payment)| payment).collect::<Vec<_>>());
        let (party, text) = ((String::new(), String::new()), format!("{} 代发工资退回", plan.code));
        return account.moves(Movement { reference, amount: sum(&details), party, text, details, order: None });
    }
    for (_, payment) in due {
        let reference = account.voucher();
        let (party, text) = ((payment.name.clone(), payment.card.clone()), format!("{} 代发工资退回", plan.code));
        account.moves(Movement { reference, amount: payment.amount, party, text, details: vec![payment], order: None });
    }
}

fn sum(payments: &[Payment]) -> Fen {
    Fen(payments.iter().map(|one| one.amount.0).sum())
}

fn execute(plan: &Plan, account: &mut Account, books: &mut Books, order: &Order, luck: &mut Luck, at: Moment) {
    let day = at.day();
    let is_old = is_old(plan);
    let report = |account: &mut Account, lines: &[(Payment, &str)], words: Vec<(String, Told)>, delay: i64| {
        let text = match lines {
            [] => letters::refusal(&order.message, at, is_old, "AM04"),
            lines => letters::report(&order.message, at, is_old, lines),
        };
        let is_asked_for = plan.manner == Manner::Silent && !lines.is_empty();
        let movements = Vec::new();
        account.outbox.push(Letter { on: day.plus_days(delay), is_asked_for, is_report: true, text, words, movements });
    };
    if account.balance < sum(&order.payments) || luck.happens(3) {
        let words = order.payments.iter().map(|one| (one.id.clone(), Told::Rejected)).collect();
        return report(account, &[], words, i64::from(luck.below(3)));
    }
    let mut paid = Vec::new();
    let mut failed = Vec::new();
    for payment in &order.payments {
        if luck.happens(7) { failed.push(payment.clone()) } else { paid.push(payment.clone()) }
    }
    for payment in &paid {
        if let Some(attempt) = books.attempt(&payment.id) {
            attempt.reached = payment.amount;
        }
        let (often, after) = match plan.manner {
            Manner::OneByOne => (8, 5),
            _ => (2, 3 + i64::from(luck.below(9))),
        };
        if luck.happens(often) {
            account.refunds.push((day.plus_days(after), payment.clone()));
        }
    }
    let debit = |account: &mut Account, payments: &[Payment], has_details: bool| {
        if payments.is_empty() {
            return;
        }
        let reference = account.voucher();
        let details = if has_details { payments.to_vec() } else { Vec::new() };
        let (party, order) = ((String::new(), String::new()), Some(order.message.clone()));
        let amount = sum(payments).negated();
        account.moves(Movement { reference, amount, party, text: "代发工资".to_owned(), details, order });
    };
    let delay = i64::from(luck.below(4));
    let rejected: Vec<(Payment, &str)> = failed.iter().map(|one| (one.clone(), "RJCT")).collect();
    let words = |lines: &[(Payment, &str)]| -> Vec<(String, Told)> {
        let told = |status: &str| if status == "RJCT" { Told::Rejected } else { Told::Paid };
        lines.iter().map(|(one, status)| (one.id.clone(), told(status))).collect()
    };
    match plan.manner {
        Manner::Details | Manner::OneByOne => {
            debit(account, &paid, true);
            if !rejected.is_empty() {
                let words = words(&rejected);
                report(account, &rejected, words, delay);
            }
        }
        Manner::Report | Manner::Silent => {
            debit(account, &paid, false);
            let mut lines: Vec<(Payment, &str)> = paid.iter().map(|one| (one.clone(), "ACCC")).collect();
            lines.extend(rejected);
            let words = words(&lines);
            report(account, &lines, words, delay);
        }
        Manner::FullThenBack => {
            debit(account, &order.payments, true);
            account.refunds.extend(failed.into_iter().map(|one| (day.plus_days(1 + delay), one)));
        }
    }
}

fn is_old(plan: &Plan) -> bool {
    plan.number == 1
}

/// The day's papers: a statement, now and then a notification beside it, and on Fridays a statement that nothing moved.
fn close_of_day(plan: &Plan, account: &mut Account, orders: &[Order], luck: &mut Luck, at: Moment) {
    let day = at.day();
    let moved = std::mem::take(&mut account.moved);
    let (notifies, is_late, late, is_lost) = (luck.happens(35), luck.happens(25), luck.below(6), luck.happens(3));
    if moved.is_empty() && !(day.is_weekend() && day.plus_days(1).is_weekend()) {
        return;
    }
    let number = plan.account_number();
    let is_one_by_one = plan.manner == Manner::OneByOne;
    let letter = |account: &mut Account, is_notification: bool, delay: i64| {
        let moved: Vec<Movement> = match (is_one_by_one, is_notification) {
            (false, _) => moved.clone(),
            (true, true) => moved.iter().flat_map(Movement::singles).collect(),
            (true, false) => moved.iter().map(Movement::as_sum).collect(),
        };
        let words: Vec<(String, Told)> = moved.iter().flat_map(|one| words_of(plan.manner, one, orders)).collect();
        let movements: Vec<(String, Fen)> = moved.iter().map(|one| (one.reference.clone(), one.amount)).collect();
        let counter = if is_notification { &mut account.notices } else { &mut account.statements };
        *counter += 1;
        let head = Head { account: &number, number: *counter, day, is_old: is_old(plan) };
        let text = if is_notification {
            letters::notification(&head, at, &moved)
        } else {
            letters::statement(&head, at, account.told_balance, account.balance, &moved)
        };
        let on = day.plus_days(delay);
        account.outbox.push(Letter { on, is_asked_for: false, is_report: false, text, words, movements });
    };
    let delay = if is_late { i64::from(late) } else { 0 };
    // One statement in thirty-three is lost in the post and sent again three weeks later.
    let delay = if is_lost { 21 } else { delay };
    if (notifies || is_one_by_one) && !moved.is_empty() {
        letter(account, true, 0);
    }
    letter(account, false, delay);
    account.told_balance = account.balance;
}

/// A paper reaches the service, `twice` by two ways at once.
fn hand_in(service: &mut Service, books: &mut Books, plan: &Plan, letter: &Letter, twice: bool, day: Day) -> Result<(), Problem> {
    let bytes = letter.text.clone().into_bytes();
    let (name, path) =
        if letter.is_report { ("pain002.xml", "/api/v1/bank/results") } else { ("camt.xml", "/api/v1/bank/statements") };
    let file = bank::read(&bytes, Some(name));
    let handed = HandedIn {
        name: Some(name.to_owned()),
        content_type: "application/xml".to_owned(),
        bytes: std::sync::Arc::new(crate::store::spool::Spool::of(bytes)),
        file,
        path,
        said: None,
        again: Default::default(),
    };
    let handed = Arc::new(handed);
    let take = || {
        let handed = Arc::clone(&handed);
        move |tx: &mut Tx<'_>, ctx: &Ctx, _: &Intake| settlement::take(tx, ctx, &handed)
    };
    let receipts = if twice {
        let (one, other) = service.pair(take(), take())?;
        vec![one?, other?]
    } else {
        vec![service.step(take())?]
    };
    for receipt in &receipts {
        if !matches!(receipt.state, InboxState::Done | InboxState::Duplicate) {
            let first = receipt.problems.first().map_or(String::new(), |problem| format!("{}: {}", problem.place, problem.en));
            books.accuse(day, format!("{}: a file of the bank was {}: {first}", plan.code, receipt.state));
        }
        books.events = books.events.saturating_add(1);
    }
    for (id, told) in &letter.words {
        books.heard(id, *told);
    }
    let told = books.movements.get_mut(plan.number);
    if let Some(told) = told {
        told.extend(letter.movements.iter().cloned());
    }
    Ok(())
}
