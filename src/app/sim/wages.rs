//! The contractor's desk: builds sheets, has them signed, hands them in, audits, orders pay runs, orders again what came back, and adds
//! parts for what was told late. It looks at the service as a person looks at a page and remembers nothing else.

use std::collections::BTreeSet;

use super::bank::Banks;
use super::books::{Attempt, Books, Line, Told};
use super::founding::Founded;
use super::letters;
use super::service::Service;
use super::world::{Plan, World};
use crate::app::demo::luck::Luck;
use crate::attendance::intake::Intake;
use crate::base::id::{PayRunId, ProjectId, SheetId};
use crate::base::{Day, Fen, Month};
use crate::payroll::pay_run::actions::{fetch_file, order_pay_run};
use crate::payroll::pay_run::silence::{ask_from, inquire};
use crate::payroll::pay_run::table::open_runs;
use crate::payroll::pay_run::{InquiryKind, Ordered};
use crate::payroll::signing::{NewSignature, sign_lines};
use crate::payroll::table::{self as sheets, LineRow, SheetRow};
use crate::payroll::{self, LineState, Means, SheetState, building};
use crate::projects;
use crate::store::Tx;
use crate::web::{Code, Ctx, Problem};

/// Day of the month from which the last month's sheet is built.
const BUILT_FROM: u32 = 3;
/// Day on which what was told late becomes another part.
const LATE_PART: u32 = 24;
/// Months that are looked at.
const MONTHS_BACK: i32 = 3;

/// The desk of all projects.
pub struct Desk<'a> {
    /// The service.
    pub service: &'a mut Service,
    /// Who takes part.
    pub world: &'a World,
    /// What was founded.
    pub founded: &'a Founded,
    /// The auditor's books.
    pub books: &'a mut Books,
    /// The banks.
    pub banks: &'a mut Banks,
    /// The day.
    pub day: Day,
}

impl Desk<'_> {
    /// The work of a day.
    pub fn work(&mut self) -> Result<(), Problem> {
        let world = self.world;
        for plan in &world.projects {
            let Some(id) = self.founded.projects.get(plan.number).map(|ground| ground.id) else { continue };
            let mut luck = world.luck("desk", plan.number, self.day);
            for back in (1..=MONTHS_BACK).rev() {
                let month = self.day.month().plus(-back);
                if month >= world.first.month() {
                    self.month(plan, id, month, &mut luck)?;
                }
            }
            if luck.happens(10) {
                self.ask(plan, id, &mut luck)?;
            }
        }
        Ok(())
    }

    /// The bank is asked what became of everything; about the oldest run that is open it is put on record, or its file is handed in again.
    fn ask(&mut self, plan: &Plan, id: ProjectId, luck: &mut Luck) -> Result<(), Problem> {
        self.banks.ask(plan.number, luck, self.day);
        let sends_again = luck.happens(40);
        let runs = self.service.read(|conn, _| Ok(open_runs(conn, id)?))?;
        // A bank is left alone for a while after it was given a file.
        let now = self.service.now();
        let Some(run) = runs.iter().find(|run| ask_from(run, &[]) <= now).map(|run| run.id) else { return Ok(()) };
        let kind = if sends_again { InquiryKind::SentAgain } else { InquiryKind::Asked };
        self.service.step(move |tx, ctx, _| {
            let site = projects::site(tx.conn(), id)?;
            inquire(tx, ctx, &site, run, kind, "模拟查询").map(|_| ())
        })?;
        self.books.events = self.books.events.saturating_add(1);
        if sends_again {
            let order = self.file(id, run)?;
            self.banks.receive_again(plan, &order, self.service.now());
        }
        Ok(())
    }

    /// The file of a run as its bank reads it.
    fn file(&mut self, id: ProjectId, run: PayRunId) -> Result<letters::Order, Problem> {
        let file = self.service.step(move |tx, ctx, _| {
            let site = projects::site(tx.conn(), id)?;
            fetch_file(tx, ctx, &site, run)
        })?;
        letters::read_order(&String::from_utf8_lossy(&file)).ok_or_else(|| Problem::internal("the bank cannot read the order"))
    }

    fn month(&mut self, plan: &Plan, id: ProjectId, month: Month, luck: &mut Luck) -> Result<(), Problem> {
        let parts = self.service.read(|conn, _| Ok(sheets::parts(conn, id, month)?))?;
        let is_last = month == self.day.month().plus(-1);
        let mut habit = self.world.luck("month", plan.number, month.first());
        // Most sheets are made in the first week, some weeks late.
        let delay = if habit.happens(8) { 35 } else { i64::from(habit.below(5)) };
        let from = month.plus(1).day_or_last(BUILT_FROM).plus_days(delay);
        let (corrects, waits) = (luck.happens(25), luck.happens(30));
        match parts.iter().find(|part| matches!(part.state, SheetState::Draft | SheetState::Submitted)) {
            None if parts.is_empty() => {
                if self.day >= from {
                    self.build(plan, id, month, None)?;
                }
                return Ok(());
            }
            None if is_last && self.day.day_of_month() == LATE_PART => self.build(plan, id, month, None)?,
            None => {}
            Some(_) if waits => {}
            Some(draft) if draft.state == SheetState::Draft && corrects => self.build(plan, id, month, Some(draft.part))?,
            Some(draft) if draft.state == SheetState::Draft => self.sign(plan, id, draft)?,
            Some(submitted) => {
                let sheet = submitted.id;
                self.service.step(move |tx, ctx, _| {
                    let site = projects::site(tx.conn(), id)?;
                    payroll::actions::audit(tx, ctx, &site, sheet)
                })?;
                self.books.parts.entry((plan.number, month)).or_default().insert(submitted.part, true);
            }
        }
        for sheet in parts.iter().filter(|sheet| sheet.state.is_payable()) {
            let is_time = self.day >= sheet.due_on.plus_days(-3);
            let (goes, twice) = (luck.happens(35), luck.happens(15));
            if is_time && goes {
                self.pay(plan, id, sheet, twice)?;
            }
        }
        Ok(())
    }

    fn lines(&self, id: ProjectId, sheet: SheetId) -> Result<Vec<LineRow>, Problem> {
        self.service.read(|conn, _| Ok(sheets::lines_of(conn, id, sheet)?))
    }

    /// Builds a draft and compares it with what was acknowledged.
    fn build(&mut self, plan: &Plan, id: ProjectId, month: Month, part: Option<i32>) -> Result<(), Problem> {
        let built = self.service.step(move |tx, ctx, _| {
            let site = projects::site(tx.conn(), id)?;
            building::build_sheet(tx, ctx, &site, month, part)
        });
        let built = match built {
            // Nothing is left for another part.
            Err(problem) if problem.code == Code::Conflict => return Ok(()),
            built => built?,
        };
        self.books.events = self.books.events.saturating_add(1);
        self.books.parts.entry((plan.number, month)).or_default().insert(built.sheet.part, false);
        let lines = self.lines(id, built.sheet.id)?;
        let own: BTreeSet<String> = lines.iter().map(|line| line.id.to_string()).collect();
        let earned = self.books.earned(plan.number, month);
        for (enrolment, gross) in &earned {
            let rest = Fen(gross.0 - self.books.on_lines(*enrolment, month, &own).0).or_zero();
            let line = lines.iter().find(|line| line.enrolment_id.0 == *enrolment);
            let stands = line.map_or(Fen::ZERO, |line| line.net_fen);
            if stands != rest && line.is_none_or(|line| line.state != LineState::Signed) {
                let what = format!("{} {month}: the sheet gives enrolment {enrolment} {stands}, earned {rest}", plan.code);
                self.books.accuse(self.day, what);
            }
        }
        for line in &lines {
            if line.net_fen.is_positive() && !earned.contains_key(&line.enrolment_id.0) {
                let what = format!("{} {month}: the sheet pays enrolment {} for nothing", plan.code, line.enrolment_id.0);
                self.books.accuse(self.day, what);
            }
            let entry = self.books.lines.entry(line.id.to_string()).or_insert_with(|| Line {
                project: plan.number,
                enrolment: line.enrolment_id.0,
                month,
                net: line.net_fen,
                due: line.due_on,
                attempts: Default::default(),
            });
            entry.net = line.net_fen;
        }
        Ok(())
    }

    /// Everybody signs at the machine, and the sheet is handed in.
    fn sign(&mut self, plan: &Plan, id: ProjectId, draft: &SheetRow) -> Result<(), Problem> {
        let (lines, sheet, day) = (self.lines(id, draft.id)?, draft.id, self.day);
        let unsigned = lines.iter().filter(|line| line.state == LineState::Draft);
        let items: Vec<NewSignature> = unsigned
            .map(|line| NewSignature {
                line: line.id,
                means: Means::Device,
                device: Some(plan.serial(0)),
                evidence: Some(format!("记录 {}", line.id)),
                document_id: None,
                signed_on: day,
            })
            .collect();
        let signed = self.service.step(move |tx, ctx, _| {
            let site = projects::site(tx.conn(), id)?;
            sign_lines(tx, ctx, &site, sheet, &items)
        })?;
        self.books.events = self.books.events.saturating_add(1);
        if let Some(one) = signed.iter().find(|one| !one.signed) {
            self.books.accuse(day, format!("{}: a line was not signed: {:?}", plan.code, one.reason));
        }
        self.service.step(move |tx, ctx, _| {
            let site = projects::site(tx.conn(), id)?;
            payroll::actions::submit(tx, ctx, &site, sheet).map(|_| ())
        })
    }

    /// Orders what may be paid and hands the file to the bank.
    fn pay(&mut self, plan: &Plan, id: ProjectId, sheet: &SheetRow, twice: bool) -> Result<(), Problem> {
        let open = |line: &LineRow| line.state.is_orderable() && line.rest().is_positive();
        if !self.lines(id, sheet.id)?.iter().any(open) {
            return Ok(());
        }
        let sheet_id = sheet.id;
        let order = move |tx: &mut Tx<'_>, ctx: &Ctx, _: &Intake| {
            let site = projects::site(tx.conn(), id)?;
            order_pay_run(tx, ctx, &site, sheet_id, None)
        };
        // Now and then two people at the desk order the same sheet.
        let tried = if twice {
            let (one, other) = self.service.pair(order, order)?;
            vec![one, other]
        } else {
            vec![self.service.step(order)]
        };
        for ordered in tried {
            match ordered {
                Err(problem) if problem.code == Code::Conflict => {}
                ordered => self.send(plan, id, sheet, &ordered?)?,
            }
        }
        Ok(())
    }

    /// What was ordered goes to the bank.
    fn send(&mut self, plan: &Plan, id: ProjectId, sheet: &SheetRow, ordered: &Ordered) -> Result<(), Problem> {
        let parts = [ordered.ordered, ordered.held_total, ordered.earlier, ordered.withheld];
        if parts.iter().map(|part| part.0).sum::<i64>() != sheet.total_fen.0 {
            self.books.accuse(self.day, format!("{}: paid and held are not the sheet's {}", plan.code, sheet.total_fen));
        }
        let Some(run) = ordered.run.as_ref().map(|run| run.id) else { return Ok(()) };
        let order = self.file(id, run)?;
        self.books.runs = self.books.runs.saturating_add(1);
        self.books.events = self.books.events.saturating_add(1);
        if order.payments.iter().map(|one| one.amount.0).sum::<i64>() != ordered.ordered.0 {
            self.books.accuse(self.day, format!("{}: the file is not of {}", plan.code, ordered.ordered));
        }
        for payment in &order.payments {
            self.check(plan, payment);
        }
        self.banks.receive(plan.number, order);
        Ok(())
    }

    /// A payment goes to its worker's own card, for what is owed, and only when no other is under way or done.
    fn check(&mut self, plan: &Plan, payment: &letters::Payment) {
        let (day, id) = (self.day, &payment.id);
        let Some((line_id, number)) = id.rsplit_once('-') else {
            return self.books.accuse(day, format!("{}: `{id}` names no line", plan.code));
        };
        let Some(line) = self.books.lines.get(line_id) else {
            return self.books.accuse(day, format!("{}: `{id}` is no line that anybody signed", plan.code));
        };
        let mut wrong = Vec::new();
        if line.is_in_flight() {
            wrong.push("while another payment is under way");
        }
        let owed = line.net.0 - line.paid().0;
        if payment.amount.0 != owed {
            wrong.push("for another amount than is owed");
        }
        let reached: i64 = line.attempts.values().map(|one| one.reached.0).sum();
        if reached + payment.amount.0 > line.net.0 {
            // A bank may give back what it paid, and say so before or after: the service must wait for the word.
            wrong.push("although the bank has paid it");
        }
        let card = self.books.stays.get(&line.enrolment).map(|stay| stay.card.as_str());
        if card != Some(payment.card.as_str()) {
            wrong.push("to a card that is not the worker's");
        }
        for what in wrong {
            self.books.accuse(day, format!("{}: `{id}` was ordered {what}", plan.code));
        }
        let attempt = Attempt { told: Told::Sent, reached: Fen::ZERO, ordered: payment.amount };
        let number = number.parse().unwrap_or_default();
        if let Some(line) = self.books.lines.get_mut(line_id) {
            line.attempts.insert(number, attempt);
        }
    }
}
