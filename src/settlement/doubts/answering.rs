//! What persons say of an entry in doubt: one says what it is, another agrees, and only then anything moves.

use super::books::{self, Due, Net};
use super::table::{self, PaymentRow, StepRow};
use super::{Doubt, DoubtAnswer, DoubtKind, DoubtStep, taking_back};
use crate::accounts::table::{self as accounts_table, EntryRow};
use crate::accounts::{Direction, posting_key};
use crate::base::Fen;
use crate::base::id::{DocumentId, RecordId};
use crate::documents;
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::payroll::AttemptState;
use crate::payroll::results::{self, Outcome};
use crate::projects::Site;
use crate::settlement::{table as orders, voiding};
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::users::second;
use crate::web::{Ctx, Problem};

/// Characters of a note.
pub const NOTE_MAX: usize = 500;

/// What a person says.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// What the entry is.
    pub answer: DoubtAnswer,
    /// The payments that it gives back, for [`DoubtAnswer::RefundOfLine`]: ids with blanks or commas between them; the id of a run
    /// stands for all of it that is out.
    pub payment: Option<String>,
    /// The entry by which the bank took a surplus back, for [`DoubtAnswer::TakenBack`].
    pub entry: Option<String>,
    /// The bank's paper, for [`DoubtAnswer::NoWageRefund`]: money that may be a worker's is not talked away.
    pub document: Option<DocumentId>,
    /// Why, in words.
    pub note: String,
}

fn noted(note: &str) -> Result<String, Problem> {
    let note = note.trim();
    if note.is_empty() || note.chars().count() > NOTE_MAX {
        let problem = Problem::invalid("请写明原因（1 至 500 字）。", "Give the reason, 1 to 500 characters.");
        return Err(problem.at("note", "missing_field"));
    }
    Ok(note.to_owned())
}

fn find(tx: &mut Tx<'_>, site: &Site, id: RecordId) -> Result<Doubt, Problem> {
    // The chain is locked before the look, so that of two persons at once the second sees what the first did.
    tx.seq(Chain::Project(site.id))?;
    super::all(tx.conn(), site.id)?.into_iter().find(|doubt| doubt.row.id == id).ok_or_else(Problem::not_found)
}

/// Whether an answer can be one to the doubt: a refund is of a payment of its amount, a surplus is explained.
fn check(tx: &mut Tx<'_>, site: &Site, doubt: &Doubt, answer: DoubtAnswer, payment: Option<&str>) -> Result<(), Problem> {
    if answer == DoubtAnswer::TakenBack {
        return taking_back::entry_of(tx.conn(), site, doubt, payment).map(drop);
    }
    let is_refund = doubt.row.kind == DoubtKind::RefundWaits;
    if is_refund == (answer == DoubtAnswer::Explained) {
        let problem = Problem::invalid("该答复不适用于此疑点。", "That is no answer to this doubt.");
        return Err(problem.at("answer", "bad_format"));
    }
    if answer != DoubtAnswer::RefundOfLine {
        return Ok(());
    }
    let known = named(tx.conn(), site, payment.unwrap_or_default())?;
    let is_whole = !known.is_empty() && Fen::total(known.iter().map(|one| one.amount))? == doubt.entry.amount_fen;
    if !is_whole && !is_what_is_left(tx.conn(), site, &known, doubt.entry.amount_fen)? {
        let problem = Problem::invalid(
            "所填代发不存在，或金额合计与退回款不同；多笔用空格隔开，整批可填批次编号；部分退回只填一笔。",
            "There is no such payment, or their sum is not the refund's. Put blanks between several; the id of a run stands for all of it; \
             a part that came back is of one payment.",
        );
        return Err(problem.at("payment", "unknown_reference"));
    }
    Ok(())
}

/// Whether a refund is what these payments still have to give back, or a part of the one payment that is named: its last one as well,
/// with whatever is beyond it.
fn is_what_is_left(conn: &mut AnyConn, site: &Site, known: &[Named], refund: Fen) -> Result<bool, Problem> {
    let ids: Vec<String> = known.iter().map(|one| one.payment.clone()).collect();
    let nets = books::nets(conn, site.id, &ids)?;
    let net = |one: &Named| nets.get(&one.payment).copied().unwrap_or_default();
    if !known.is_empty() && Fen::total(known.iter().map(|one| net(one).left(one.due())))? == refund {
        return Ok(true);
    }
    let [one] = known else { return Ok(false) };
    let (before, mut after) = (net(one), net(one));
    after.add(refund.negated());
    let is_beyond = before.is_part_back(one.due()) && before.left(one.due()) < refund;
    Ok(refund < one.amount && (is_beyond || after.is_part_back(one.due()) || after.is_all_back(one.due())))
}

/// That money which came back is no worker's is for the bank to say, in writing.
fn require_paper(conn: &mut AnyConn, site: &Site, document: Option<DocumentId>) -> Result<(), Problem> {
    let Some(id) = document else {
        let problem = Problem::invalid(
            "请附上银行出具的说明（document_id）：退回款不属于工资须有书面依据。",
            "Name the bank's paper (document_id): that a refund is no wage's is shown in writing.",
        );
        return Err(problem.at("document_id", "missing_field"));
    };
    if documents::table::find(conn, site.id, id)?.is_none() {
        let problem = Problem::invalid("引用的文件不属于本项目。", "There is no such document in this project.");
        return Err(problem.at("document_id", "unknown_reference"));
    }
    Ok(())
}

/// A payment that an answer names.
struct Named {
    payment: String,
    amount: Fen,
    state: AttemptState,
}

impl Named {
    fn due(&self) -> Due {
        Due::of_payment(self.amount, self.state)
    }
}

/// The payments of these ids, each once; nothing where one of them is unknown.
fn named(conn: &mut AnyConn, site: &Site, text: &str) -> Result<Vec<Named>, Problem> {
    let mut found: Vec<Named> = Vec::new();
    for id in text.split(|c: char| c.is_whitespace() || [',', '，', '、'].contains(&c)).filter(|id| !id.is_empty()) {
        let mut own = Vec::new();
        if let Some((payment, (_, amount, state))) = orders::payments(conn, site.id, &[id.to_owned()])?.into_iter().next() {
            own.push(Named { payment, amount, state });
        } else if let Some(run) = results::run_by_message_id(conn, site.id, id)? {
            let attempts = results::attempts_of(conn, site.id, run.id)?;
            let ids: Vec<String> = attempts.iter().map(|one| one.end_to_end_id.clone()).collect();
            let nets = books::nets(conn, site.id, &ids)?;
            let is_out = |id: &String| nets.get(id).is_none_or(|net| net.out.is_positive());
            own.extend(attempts.into_iter().filter(|one| is_out(&one.end_to_end_id)).map(|one| Named {
                payment: one.end_to_end_id,
                amount: one.amount_fen,
                state: one.state,
            }));
        }
        if own.is_empty() {
            return Ok(Vec::new());
        }
        own.retain(|one| found.iter().all(|other| other.payment != one.payment));
        found.extend(own);
    }
    Ok(found)
}

/// Says what an entry in doubt is, for another person to agree.
///
/// # Errors
/// `not_found`, `conflict` for a doubt that is explained or already answered, `invalid` for an answer of another kind, a payment of
/// another amount or no note.
pub fn ask(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId, new: &NewAnswer) -> Result<StepRow, Problem> {
    let note = noted(&new.note)?;
    let doubt = find(tx, site, id)?;
    if !doubt.is_open || doubt.is_asked() {
        let problem =
            Problem::conflict("该疑点已说明，或正在等待他人复核。", "It is explained already, or awaits another person.");
        return Err(problem.at("doubt", "bad_state"));
    }
    if new.answer == DoubtAnswer::NoWageRefund {
        require_paper(tx.conn(), site, new.document)?;
    }
    // What the answer points at is kept in one place: payments, or the entry that took the money back.
    let pointed = match new.answer {
        DoubtAnswer::RefundOfLine => new.payment.as_deref(),
        DoubtAnswer::TakenBack => new.entry.as_deref(),
        _ => None,
    };
    let payment = pointed.map(str::trim).filter(|text| !text.is_empty());
    check(tx, site, &doubt, new.answer, payment)?;
    step(tx, ctx, site, &doubt, (DoubtStep::Asked, new.answer, payment.map(str::to_owned), new.document), note)
}

/// Agrees with what another person said, or drops it (which that person may do as well).
///
/// # Errors
/// `not_found`, `conflict` where nothing awaits an answer, `not_allowed` for whoever said it.
pub fn decide(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: RecordId, approves: bool, note: &str) -> Result<StepRow, Problem> {
    let note = noted(note)?;
    let doubt = find(tx, site, id)?;
    let asked = doubt.steps.last().filter(|step| step.step == DoubtStep::Asked && doubt.is_open).cloned();
    let Some(asked) = asked else {
        let problem = Problem::conflict("没有待复核的答复。", "No answer awaits a decision.");
        return Err(problem.at("doubt", "bad_state"));
    };
    let StepRow { answer, payment, recorded_by, document_id, .. } = asked;
    if !approves {
        return step(tx, ctx, site, &doubt, (DoubtStep::Dropped, answer, payment, document_id), note);
    }
    second::require(tx.conn(), ctx, &recorded_by)?;
    check(tx, site, &doubt, answer, payment.as_deref())?;
    match (answer, &payment) {
        (DoubtAnswer::RefundOfLine, Some(payment)) => give_back(tx, ctx, site, &doubt.entry, payment)?,
        (DoubtAnswer::TakenBack, named) => {
            let entry = taking_back::entry_of(tx.conn(), site, &doubt, named.as_deref())?;
            taking_back::settle(tx, ctx, site, &doubt, &entry)?;
        }
        (DoubtAnswer::NoWageRefund, _) => move_refund(tx, ctx, site, &doubt.entry, LedgerAccount::Unexplained)?,
        _ => {}
    }
    let row = step(tx, ctx, site, &doubt, (DoubtStep::Settled, answer, payment, document_id), note)?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}

fn step(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    doubt: &Doubt,
    (step, answer, payment, document_id): (DoubtStep, DoubtAnswer, Option<String>, Option<DocumentId>),
    note: String,
) -> Result<StepRow, Problem> {
    let chain = Chain::Project(site.id);
    let row = StepRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        doubt_id: doubt.row.id,
        step,
        answer,
        payment,
        document_id,
        note,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert_step(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "answer_doubt", &format!("{step} {}", doubt.row.id))?;
    Ok(row)
}

/// The refund is of these payments: their money is kept as come back, and their lines are open again, unless only a surplus came back
/// or the bank had refused them, for then they are open already. A line is owed what was paid and had not come back before; what came
/// beyond that is nobody's wage: it stays unexplained in the books and a doubt of its own until somebody says what it is.
fn give_back(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, entry: &EntryRow, text: &str) -> Result<(), Problem> {
    let known = named(tx.conn(), site, text)?;
    let ids: Vec<String> = known.iter().map(|one| one.payment.clone()).collect();
    let nets = books::nets(tx.conn(), site.id, &ids)?;
    let net = |one: &Named| nets.get(&one.payment).copied().unwrap_or_default();
    let shares = shares(&known, net, entry.amount_fen)?;
    let (mut rows, mut taken) = (Vec::with_capacity(known.len()), Fen::ZERO);
    for (one, share) in known.iter().zip(&shares) {
        taken = taken.plus((*share).min(net(one).left(one.due())))?;
        rows.push(PaymentRow {
            project_id: site.id,
            id: RecordId(ctx.id()),
            entry_id: entry.id,
            payment: one.payment.clone(),
            amount_fen: share.negated(),
            recorded_seq: tx.seq(Chain::Project(site.id))?,
        });
    }
    rows.retain(|row| row.amount_fen != Fen::ZERO);
    table::insert_payments(tx, &rows)?;
    let surplus = entry.amount_fen.minus(taken)?;
    move_parts(tx, ctx, site, entry, &[(LedgerAccount::PayInTransit, taken), (LedgerAccount::Unexplained, surplus)])?;
    if surplus.is_positive() {
        super::raise(tx, ctx, site, entry, (DoubtKind::RefundedAgain, surplus), None)?;
    }
    // The word is the file's: where that is voided, it is withdrawn with it.
    let statement = accounts_table::statement(tx.conn(), site.id, entry.statement_id)?;
    let statement = statement.ok_or_else(|| Problem::internal("an entry without its statement"))?;
    let file = voiding::file_of(tx.conn(), site, statement.inbox_id)?;
    let source = format!("{} {}", file.feed, file.id);
    for (one, share) in known.iter().zip(shares) {
        let before = net(one);
        let mut after = before;
        after.add(share.min(before.left(one.due())).negated());
        if after.is_part_back(one.due()) {
            results::give_back_part(tx, ctx, site, &one.payment, (after.back, &entry.text), &source)?;
            continue;
        }
        let is_surplus = before.debits > 0 && before.out > one.amount;
        if is_surplus || matches!(one.state, AttemptState::Rejected | AttemptState::Returned) {
            continue;
        }
        let outcome = Outcome::Returned { reason: entry.text.clone() };
        results::apply(tx, ctx, site, &one.payment, outcome, &source)?;
    }
    Ok(())
}

/// What of a refund is each payment's: of one payment all of it, of several their sums, or what is left of them where that is the refund.
fn shares(known: &[Named], net: impl Fn(&Named) -> Net, refund: Fen) -> Result<Vec<Fen>, Problem> {
    if let [_] = known {
        return Ok(vec![refund]);
    }
    let whole: Vec<Fen> = known.iter().map(|one| one.amount).collect();
    let is_whole = Fen::total(whole.iter().copied())? == refund;
    Ok(if is_whole { whole } else { known.iter().map(|one| net(one).left(one.due())).collect() })
}

/// Moves a refund from where it was posted to the account of what it turned out to be, by a posting of its own, once.
pub(in crate::settlement) fn move_refund(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    entry: &EntryRow,
    to: LedgerAccount,
) -> Result<(), Problem> {
    move_parts(tx, ctx, site, entry, &[(to, entry.amount_fen)])
}

/// [`move_refund`] of a refund that turned out to be several things.
fn move_parts(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, entry: &EntryRow, parts: &[(LedgerAccount, Fen)]) -> Result<(), Problem> {
    let Some(posting) = ledger::table::by_key(tx.conn(), site.id, &posting_key(entry.id))? else { return Ok(()) };
    let lines = ledger::table::lines_of(tx.conn(), site.id, &[posting.id])?;
    let from = lines.iter().find(|line| line.account != LedgerAccount::Bank).map(|line| line.account);
    let key = format!("reallocates {}", entry.id);
    let Some(from) = from.filter(|_| entry.direction == Direction::Credit) else { return Ok(()) };
    let moved = parts.iter().filter(|(to, amount)| *to != from && amount.is_positive());
    let moved: Vec<(LedgerAccount, Fen)> = moved.map(|(to, amount)| (*to, amount.negated())).collect();
    if moved.is_empty() || ledger::table::by_key(tx.conn(), site.id, &key)?.is_some() {
        return Ok(());
    }
    let sum = Fen::total(moved.iter().map(|(_, amount)| amount.negated()))?;
    let lines = std::iter::once((from, sum)).chain(moved).collect();
    let (kind, booked_on) = (PostingKind::Reallocation, entry.booked_on);
    ledger::actions::post(tx, ctx, site, &Posting { natural_key: key, kind, booked_on, lines, reverses: None })?;
    Ok(())
}
