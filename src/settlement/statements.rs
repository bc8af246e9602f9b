//! A file of statements: each statement to its account, everything in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::allocate::Desk;
use super::page::{Answers, PAGE, Pending, not_in_ledger};
use super::reading::{self, Read, Seen};
use super::receipt::{Effect, FileProblem, Receipt, StatementReceipt, copy_with_more, far_off, sorted, taken_as_known};
use super::voiding::again::{self, Again};
use super::{HandedIn, Refused, keep, keep_again, looks, sheets, sides, table};
use crate::accounts::continuity::{self, StatementRef};
use crate::accounts::table::{self as accounts_table, AccountRow, StatementRow};
use crate::accounts::{self, StatementKind};
use crate::base::id::{InboxId, ProjectId, StatementId};
use crate::base::{Day, Fen};
use crate::projects::Site;
use crate::store::inbox::InboxState;
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::web::{Code, Ctx, Problem};
use crate::wire::bank::{Statement, Tally};

/// Takes a file: keeps it, books what is new, passes on what it says of lines, and says what came of it.
///
/// A statement of an account that is not on record, or that the asker may not feed, is quarantined with the file kept; the others of
/// the file are booked. The same file again has no effect.
pub fn take(tx: &mut Tx<'_>, ctx: &Ctx, handed: &HandedIn) -> Result<Receipt, Problem> {
    take_as(tx, ctx, handed, None)
}

/// [`take`] of a file that is kept already.
pub(super) fn take_kept(tx: &mut Tx<'_>, ctx: &Ctx, handed: &HandedIn, kept: InboxId) -> Result<Receipt, Problem> {
    take_as(tx, ctx, handed, Some(kept))
}

fn take_as(tx: &mut Tx<'_>, ctx: &Ctx, handed: &HandedIn, kept: Option<InboxId>) -> Result<Receipt, Problem> {
    let inbox_id = kept.unwrap_or_else(|| InboxId(ctx.id()));
    let file = &handed.file;
    let mut refused = Refused::default();
    let misfits = sheets::misfits(handed);
    let mut desks: Vec<Option<(AccountRow, Site)>> = match misfits.is_empty() {
        true => file.statements.iter().map(|one| account_of(tx.conn(), ctx, one, handed)).collect::<Result<_, Problem>>()?,
        false => vec![None; file.statements.len()],
    };
    let projects: BTreeSet<ProjectId> = desks.iter().flatten().map(|(account, _)| account.project_id).collect();
    // Chains are locked in one order and before the look, so that of two equal files at once the second finds the first.
    for project in &projects {
        tx.seq(Chain::Project(*project))?;
    }
    let only = if projects.len() == 1 { projects.first().copied() } else { None };
    let items = handed.entries();
    let complete = !desks.is_empty() && desks.iter().all(Option::is_some);
    let receipt = Receipt {
        inbox_id,
        state: InboxState::Duplicate,
        format: file.format.clone(),
        is_sheet: handed.is_sheet(),
        statements: Vec::new(),
        items,
        applied: 0,
        problems: Vec::new(),
        problems_total: 0,
    };
    let (lost, mut problems) = sorted(&file.problems);
    // A file of which a row is missing was never taken as a whole, whatever was said of it when that was not told.
    if complete && lost.is_empty() && table::file_taken(tx.conn(), &handed.sha256())?.is_some() {
        if kept.is_none() {
            keep(tx.conn(), ctx, inbox_id, handed, only, (InboxState::Duplicate, items), &[])?;
        }
        return Ok(receipt);
    }
    let voided = again::of_statements(tx.conn(), handed, inbox_id, &desks)?;
    let mut statements = Vec::new();
    for problem in &misfits {
        refused.push(&problem.place, &problem.reason, problem.zh.clone(), problem.en.clone());
    }
    for (number, _) in (1..).zip(&desks).filter(|(_, desk)| desk.is_none() && misfits.is_empty()) {
        let place = format!("statement {number}");
        refused.push(
            &place,
            "unknown_account",
            "该账号不是已登记、且由您报送的专用账户；文件已保存，登记账户后可重新上传。",
            "This is no wage account on record that you may feed; the file is kept. Register the account and hand it in again.",
        );
    }
    for (_, desk) in desks.iter_mut().enumerate().filter(|(at, _)| handed.again == Again::LeftOut && voided.contains_key(at)) {
        *desk = None;
    }
    book_all(tx, ctx, handed, (inbox_id, false), &desks, &mut refused, &mut |receipt, found| {
        statements.push(receipt);
        problems.extend(found);
    })?;
    if !misfits.is_empty() {
        problems.clear();
    } else if file.statements.is_empty() && (file.problems.is_empty() || file.payment_status.is_some()) {
        let (zh, en) = match file.payment_status {
            Some(_) => (
                "这是代发结果，不是对账单；请提交到 /api/v1/bank/results，或在“银行文件”页面上传。",
                "This is a report on payments and no statement; hand it in at /api/v1/bank/results or on the page of bank files.",
            ),
            None => ("文件中没有对账单。", "There is no statement in the file."),
        };
        refused.push("file", "bad_format", zh, en);
    } else {
        // A row that could not be read waits in quarantine; remarks do so where they are all that came of the file.
        let remarks = if file.statements.is_empty() { std::mem::take(&mut problems) } else { Vec::new() };
        for problem in lost.into_iter().chain(remarks) {
            refused.push(&problem.place, &problem.reason, problem.zh, problem.en);
        }
    }
    let state = match (statements.is_empty(), refused.items.is_empty()) {
        (true, _) => InboxState::Quarantined,
        (false, false) => InboxState::Part,
        (false, true) => InboxState::Done,
    };
    match kept {
        Some(_) => keep_again(tx.conn(), ctx, inbox_id, (state, items), &refused.items)?,
        None => keep(tx.conn(), ctx, inbox_id, handed, only, (state, items), &refused.items)?,
    }
    again::note(tx, ctx, handed, inbox_id, voided.values())?;
    if !statements.is_empty() {
        sheets::note_use(tx, ctx, inbox_id, handed)?;
    }
    for (account, _) in desks.iter().flatten() {
        looks::ask(tx, ctx, account)?;
    }
    for project in &projects {
        jobs::enqueue(tx.conn(), ctx.id(), "assess", &project.to_string(), ctx.now)?;
        tx.note(Chain::Project(*project), ctx.now, ctx.actor(), "take_statements", &inbox_id.to_string())?;
    }
    let told = refused.items.iter().map(FileProblem::from);
    let problems = told.chain(problems).collect();
    let applied = statements.iter().map(|one| one.new + one.merged).sum();
    Ok(Receipt { state, statements, applied, ..receipt }.with_problems(problems))
}

/// Tells a kept file again to the accounts of one project, after another file was voided: what only that one had told before is booked
/// from this one, and words on lines that it withdrew are spoken again. The file is not kept anew; what it told stays told once.
pub(super) fn retake(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, inbox_id: InboxId, handed: &HandedIn) -> Result<(), Problem> {
    let mut desks = Vec::new();
    for statement in &handed.file.statements {
        let account = match &statement.account {
            Some(text) => accounts_table::named(tx.conn(), text)?.filter(|account| account.project_id == site.id),
            None => None,
        };
        let account = match account {
            None => sheets::account_said(tx.conn(), handed, statement)?.filter(|account| account.project_id == site.id),
            named => named,
        };
        desks.push(account.map(|account| (account, site.clone())));
    }
    book_all(tx, ctx, handed, (inbox_id, true), &desks, &mut Refused::default(), &mut |_, _| {})
}

/// The account that a statement names, or that a person said of one that names none, and that the asker may feed.
fn account_of(
    conn: &mut AnyConn,
    ctx: &Ctx,
    statement: &Statement,
    handed: &HandedIn,
) -> Result<Option<(AccountRow, Site)>, Problem> {
    let named = match &statement.account {
        Some(text) => accounts_table::named(conn, text)?,
        None => None,
    };
    let account = match named {
        None => sheets::account_said(conn, handed, statement)?,
        named => named,
    };
    let Some(account) = account else { return Ok(None) };
    match accounts::site_of(conn, &ctx.scope, &account) {
        Ok(site) => Ok(Some((account, site))),
        // Not to be told apart from an account that nobody registered.
        Err(problem) if problem.code == Code::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Books the statements that have a desk, one after the other, entry by entry as the file is read.
fn book_all(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    handed: &HandedIn,
    (inbox_id, again): (InboxId, bool),
    desks: &[Option<(AccountRow, Site)>],
    refused: &mut Refused,
    told: &mut dyn FnMut(StatementReceipt, Vec<FileProblem>),
) -> Result<(), Problem> {
    let file = handed.file.statements.iter().zip(desks).enumerate();
    let mut waiting = file.filter_map(|(number, (statement, desk))| Some((number, statement, desk.as_ref()?))).peekable();
    let mut open: Option<(usize, Booking<'_>)> = None;
    reading::each_entry(ctx, handed, desks, |number, read| {
        // Statements without entries stand between those with some; each is finished before the next begins.
        while open.as_ref().is_none_or(|(at, _)| *at < number)
            && let Some((at, statement, (account, site))) = waiting.next_if(|(at, ..)| *at <= number)
        {
            if let Some((_, booking)) = open.take() {
                let (receipt, found) = booking.finish(tx, ctx, (handed, inbox_id), refused)?;
                told(receipt, found);
            }
            open = Some((at, Booking::begin(tx, ctx, handed, (inbox_id, again), statement, account, site)?));
        }
        match &mut open {
            Some((at, booking)) if *at == number => booking.take(tx, ctx, read, refused),
            _ => Ok(()),
        }
    })?;
    if let Some((_, booking)) = open {
        let (receipt, found) = booking.finish(tx, ctx, (handed, inbox_id), refused)?;
        told(receipt, found);
    }
    for (_, statement, (account, site)) in waiting {
        let booking = Booking::begin(tx, ctx, handed, (inbox_id, again), statement, account, site)?;
        let (receipt, found) = booking.finish(tx, ctx, (handed, inbox_id), refused)?;
        told(receipt, found);
    }
    Ok(())
}

/// A statement while it is booked.
struct Booking<'a> {
    desk: Desk<'a>,
    statement: &'a Statement,
    /// The statement of this name that came before and stands.
    earlier: Option<StatementRow>,
    /// Whether the file speaks again after another one was voided.
    again: bool,
    tally: Tally,
    /// Entries that wait to be booked together.
    page: Vec<Seen>,
    new: usize,
    merged: usize,
    duplicates: usize,
    quarantined: usize,
    /// Entries that were known by nothing but day, sum and words.
    bare: usize,
    days: BTreeSet<Day>,
}

impl<'a> Booking<'a> {
    fn begin(
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        handed: &HandedIn,
        (inbox_id, again): (InboxId, bool),
        statement: &'a Statement,
        account: &'a AccountRow,
        site: &'a Site,
    ) -> Result<Self, Problem> {
        let kind = StatementKind::from(statement.kind);
        let name = StatementRef {
            id: statement.id.clone().unwrap_or_default().replace('\u{1f}', " "),
            sequence: statement.sequence,
            page: statement.page.map(|page| page.number),
        };
        let earlier = match name.text().as_str() {
            "" => None,
            text => accounts_table::statement_by_ref(tx.conn(), account, kind, text)?,
        };
        let statement_id = StatementId(ctx.id());
        let desk = Desk {
            site,
            account,
            profile: accounts::profiles::table::of_account(tx.conn(), account)?,
            statement_id,
            teller: earlier.as_ref().filter(|_| again).map_or(statement_id, |row| row.id),
            kind,
            name,
            owners: sides::owners(tx.conn(), ctx, site)?,
            runs: table::message_ids(tx.conn(), account)?,
            source: format!("{} {inbox_id}", handed.feed()),
            claimed: BTreeSet::new(),
            before: BTreeMap::new(),
            names: BTreeMap::new(),
            gone_before: BTreeSet::new(),
            opening: statement.opening.and_then(|one| one.fen(statement.currency.as_deref()).ok()),
            vouchers: BTreeMap::new(),
            totals: table::totals_of_runs(tx.conn(), account)?,
            ordered_sums: HashMap::new(),
            alike: HashMap::new(),
            waiting: BTreeMap::new(),
            ordinals: BTreeMap::new(),
            repeats: None,
            problems: Vec::new(),
            of_doubts: Vec::new(),
            tells_parts: false,
            doubtful: Vec::new(),
            page_words: HashSet::new(),
            results: 0,
            answers: Answers::default(),
            pending: Pending::default(),
        };
        let tally = Tally::default();
        let (days, page) = (BTreeSet::new(), Vec::new());
        Ok(Booking {
            desk,
            statement,
            earlier,
            again,
            tally,
            page,
            new: 0,
            merged: 0,
            duplicates: 0,
            quarantined: 0,
            bare: 0,
            days,
        })
    }

    fn take(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, read: Read, refused: &mut Refused) -> Result<(), Problem> {
        let seen = match read {
            Read::Bookable(seen) => *seen,
            Read::Not(entry, why) => {
                self.tally.add(&entry);
                let (reason, zh, en) = why.words();
                refused.push(&entry.place, reason.code(), zh, en);
                self.quarantined += 1;
                return Ok(());
            }
        };
        self.tally.add(&seen.entry);
        self.desk.problems.extend(far_off(self.desk.account, seen.told.booked_on, ctx.today, &seen.entry.place));
        self.days.insert(seen.told.booked_on);
        self.page.push(seen);
        if self.page.len() >= PAGE { self.turn(tx, ctx, refused) } else { Ok(()) }
    }

    /// Books the page that is full, or the last one.
    fn turn(&mut self, tx: &mut Tx<'_>, ctx: &Ctx, refused: &mut Refused) -> Result<(), Problem> {
        let bare: Vec<bool> = self.page.iter().map(Seen::is_bare).collect();
        for (effect, is_bare) in self.desk.take(tx, ctx, std::mem::take(&mut self.page))?.into_iter().zip(bare) {
            self.bare += usize::from(is_bare && effect == Effect::Nothing && !self.again);
            match effect {
                Effect::New => self.new += 1,
                Effect::Merged => self.merged += 1,
                Effect::Nothing => self.duplicates += 1,
                Effect::Doubtful => self.quarantined += 1,
            }
        }
        for problem in std::mem::take(&mut self.desk.doubtful) {
            refused.push(&problem.place, &problem.reason, problem.zh, problem.en);
        }
        Ok(())
    }

    fn finish(
        mut self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        (handed, inbox_id): (&HandedIn, InboxId),
        refused: &mut Refused,
    ) -> Result<(StatementReceipt, Vec<FileProblem>), Problem> {
        self.turn(tx, ctx, refused)?;
        let told = (inbox_id, handed.file.format.as_str());
        let may_join = self.new + self.merged > 0 || self.desk.tells_parts;
        let joined = if may_join { self.desk.join(tx, ctx, told, &self.days)? } else { 0 };
        let Desk { site, account, kind, .. } = self.desk;
        let (new, merged, duplicates) = (self.new, self.merged, self.duplicates);
        let text = self.desk.name.text();
        let place = if text.is_empty() { "statement".to_owned() } else { format!("statement {text}") };
        self.desk.problems.extend(self.tally.balance_fault(self.statement, &place).as_ref().map(FileProblem::from));
        self.desk.problems.extend(taken_as_known(&place, self.bare).filter(|_| self.earlier.is_none()));
        if self.earlier.is_some() && new > 0 && !self.again && self.statement.copy_duplicate.is_none() {
            self.desk.problems.push(FileProblem::new(
                &place,
                "id_reused",
                "同一编号的对账单再次报送时内容有增加，新增明细已入账，请向银行核对。",
                "The statement came again under its number with more entries; they are booked. Ask the bank.",
            ));
        }
        let span = reading::span_of(self.statement, &self.days);
        if kind == StatementKind::Statement {
            self.desk.problems.extend(not_in_ledger(tx.conn(), account, span)?);
        }
        // The same statement again is no second statement; what it added, if anything, is on record with the entries.
        let is_news = !self.again && self.earlier.is_none() || new > 0;
        let original = match self.statement.copy_duplicate.as_ref().filter(|_| is_news) {
            Some(_) => continuity::original_of(tx.conn(), account, kind, &self.desk.name, span)?,
            None => None,
        };
        if original.is_some() && new > 0 {
            self.desk.problems.push(copy_with_more(&place, new));
        }
        if is_news {
            let counts = (new + merged + duplicates, merged + duplicates);
            let row = row_of(ctx, handed, inbox_id, self.statement, &self.desk, span, counts)?;
            let row = StatementRow { recorded_seq: tx.seq(Chain::Project(site.id))?, ..row };
            // A copy is another telling of its original and no link of the chain of its own.
            let row = match original {
                Some(original) => original.told_again_by(row),
                None => row,
            };
            accounts_table::insert_statement(tx, &row)?;
            let faults = accounts::continuity::faults(tx.conn(), account)?;
            let own = faults.into_iter().filter(|fault| fault.statement_id == row.id);
            self.desk.problems.extend(own.map(|fault| FileProblem::new(&place, &fault.reason, fault.zh, fault.en)));
        }
        let receipt = StatementReceipt {
            statement_id: is_news.then_some(self.desk.statement_id),
            project_id: site.id,
            account_id: account.id,
            kind,
            entries: new + merged + duplicates + self.quarantined,
            new: new.saturating_sub(joined),
            merged: merged + joined.min(new),
            duplicates,
            quarantined: self.quarantined,
            results: self.desk.results,
            repeats: self.desk.repeats.filter(|_| new == 0),
            link: format!("/api/v1/projects/{}/accounts/{}/entries", site.id, account.id),
        };
        Ok((receipt, self.desk.problems))
    }
}

fn row_of(
    ctx: &Ctx,
    handed: &HandedIn,
    inbox_id: InboxId,
    statement: &Statement,
    desk: &Desk<'_>,
    (from_on, to_on): (Option<Day>, Option<Day>),
    (entries, duplicates): (usize, usize),
) -> Result<StatementRow, Problem> {
    let currency = statement.currency.as_deref();
    let fen = |amount: Option<crate::wire::bank::Amount>| -> Option<Fen> { amount.and_then(|one| one.fen(currency).ok()) };
    let shown: Vec<&FileProblem> = desk.problems.iter().take(crate::web::problem::FAULTS_MAX).collect();
    Ok(StatementRow {
        project_id: desk.site.id,
        id: desk.statement_id,
        account_id: desk.account.id,
        inbox_id,
        format: handed.file.format.clone(),
        kind: desk.kind,
        statement_ref: desk.name.text(),
        from_on,
        to_on,
        opening_fen: fen(statement.opening),
        closing_fen: fen(statement.closing),
        entries: i32::try_from(entries).unwrap_or(i32::MAX),
        duplicates: i32::try_from(duplicates).unwrap_or(i32::MAX),
        problems: serde_json::to_string(&shown).map_err(|error| Problem::internal(&error.to_string()))?,
        received_at: ctx.now,
        recorded_seq: 0,
    })
}
