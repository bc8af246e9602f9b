//! Opening, filing and closing wage accounts; what is known of a project's money.

use serde_json::json;

use super::table::{self, AccountRow, EntryRow, PurposeTotal};
use super::{Direction, NAME_MAX, NUMBER_MAX, Purpose, plain, refuted};
use crate::base::id::{AccountId, DocumentId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen};
use crate::projects::{PartyRole, Site};
use crate::store::{AnyConn, Chain, StoreError, Tx, jobs};
use crate::web::{Ctx, Problem};
use crate::webhooks::HookEvent;
use crate::webhooks::actions::{self as webhooks, News};
use crate::{documents, parties};

/// A wage account as its three-party agreement has it (R53-06a).
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Account number.
    pub number: String,
    /// Sub-ledger of the project under that number (R53-07), empty for an account of its own.
    pub sub_ledger: String,
    /// Name as the bank keeps it.
    pub name: String,
    /// Bank and branch.
    pub bank_name: String,
    /// CNAPS code of 12 digits, or BIC.
    pub bank_code: String,
    /// Day of opening.
    pub opened_on: Day,
    /// The three-party agreement (三方协议).
    pub agreement: Option<DocumentId>,
    /// The account that this one follows, where general contractor or bank changed (R53-09).
    pub succeeds: Option<AccountId>,
    /// Whether this bank's booked detail of a debit proves that the line was paid.
    pub detail_means_paid: bool,
}

/// Puts a project's wage account on record.
///
/// # Errors
/// `invalid` for contents that no account can have, `conflict` for a number that stands and for a second open account.
pub fn open_account(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewAccount) -> Result<AccountRow, Problem> {
    let (number, sub_ledger) = (plain(&new.number), plain(&new.sub_ledger));
    check_number(&number, "number", false)?;
    check_number(&sub_ledger, "sub_ledger", true)?;
    for (text, place) in [(&new.name, "name"), (&new.bank_name, "bank_name")] {
        let length = text.trim().chars().count();
        if length == 0 || length > NAME_MAX {
            return Err(Problem::invalid("应为 1 至 200 个字。", "Write 1 to 200 characters.").at(place, "bad_format"));
        }
    }
    let bank_code = check_bank_code(&new.bank_code)?;
    if new.opened_on > ctx.today {
        return Err(
            Problem::invalid("开户日不能晚于今天。", "An account cannot be opened on a day to come.").at("opened_on", "bad_time")
        );
    }
    documents::actions::require(tx.conn(), site.id, new.agreement, "agreement_document_id")?;
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let earlier = table::of_project(tx.conn(), site.id)?;
    if let Some(succeeds) = new.succeeds
        && !earlier.iter().any(|row| row.id == succeeds)
    {
        return Err(Problem::invalid("本项目没有被接续的专用账户。", "The project has no such account to follow.")
            .at("succeeds", "unknown_reference"));
    }
    if let Some(open) = earlier.iter().find(|row| row.closed_on.is_none() && Some(row.id) != new.succeeds) {
        let problem = Problem::conflict(
            format!("本项目已有在用的专用账户 {}；更换银行或总包时请在 succeeds 中写明。", open.id),
            format!("The project has an open account, {}; name it in `succeeds` when contractor or bank change.", open.id),
        );
        return Err(problem.at("succeeds", "duplicate"));
    }
    // Sub-ledgers share a number with one another, never with an account of its own: its statement would be anybody's.
    let clash = |row: &AccountRow| row.sub_ledger == sub_ledger || row.sub_ledger.is_empty() || sub_ledger.is_empty();
    if table::by_number(tx.conn(), &number)?.iter().any(clash) {
        let problem = Problem::conflict("该账号已登记为专用账户。", "This account number is registered already.");
        return Err(problem.at("number", "duplicate"));
    }
    let row = AccountRow {
        project_id: site.id,
        id: AccountId(ctx.id()),
        number,
        sub_ledger,
        name: new.name.trim().to_owned(),
        bank_name: new.bank_name.trim().to_owned(),
        bank_code,
        opened_on: new.opened_on,
        agreement_document_id: new.agreement,
        filed_on: None,
        closed_on: None,
        detail_means_paid: new.detail_means_paid,
        recorded_seq,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "open_account", &row.id.to_string())?;
    let fields = [("subject", json!(row.id)), ("bank", json!(row.bank_name)), ("opened_on", json!(row.opened_on))];
    webhooks::tell(tx, ctx, site, &News::of(HookEvent::AccountOpened, fields))?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}

fn check_number(text: &str, place: &str, may_be_empty: bool) -> Result<(), Problem> {
    let fits = text.len() <= NUMBER_MAX && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if fits && (may_be_empty || text.len() >= 4) {
        return Ok(());
    }
    let problem = Problem::invalid("账号应为 4 至 34 位数字或字母。", "An account number has 4 to 34 digits or letters.");
    Err(problem.at(place, "bad_format"))
}

fn check_bank_code(text: &str) -> Result<String, Problem> {
    let code = plain(text).to_ascii_uppercase();
    let is_cnaps = code.len() == 12 && code.bytes().all(|b| b.is_ascii_digit());
    let is_bic = matches!(code.len(), 8 | 11) && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_cnaps || is_bic {
        return Ok(code);
    }
    let problem =
        Problem::invalid("行号应为 12 位支付行号，或 8、11 位 BIC。", "Write the CNAPS code of 12 digits, or a BIC of 8 or 11.");
    Err(problem.at("bank_code", "bad_format"))
}

/// Records that the account was filed with its supervisor (R53-06c). The same day again changes nothing.
pub fn file_account(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: AccountId, filed_on: Day) -> Result<AccountRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let row = table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    check_later(&row, ctx, filed_on, "filed_on")?;
    match row.filed_on {
        Some(day) if day == filed_on => return Ok(row),
        Some(day) => {
            let problem =
                Problem::conflict(format!("该账户已于 {day} 备案。"), format!("The account was filed on {day} already."));
            return Err(problem.at("filed_on", "id_reused"));
        }
        None => {}
    }
    let row = AccountRow { filed_on: Some(filed_on), recorded_seq, ..row };
    table::set_days(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "file_account", &id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}

/// Records that the bank closed the account. Whether it might (R53-09, R53-10) is asked by `clearance::closing`, through which people come.
/// An account that the bank still moved is not closed: the day lies on the last entry or after it. A day that a later entry contradicts may
/// be put right by one that none does; any other day that stands stays.
///
/// # Errors
/// `not_found` without the account, `invalid` for a day before the opening, to come, or before an entry, `conflict` for another day.
pub fn close_account(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: AccountId, closed_on: Day) -> Result<AccountRow, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let row = table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
    check_later(&row, ctx, closed_on, "closed_on")?;
    if row.closed_on == Some(closed_on) {
        return Ok(row);
    }
    if let Some(day) = row.closed_on {
        let is_contradicted = closed_on > day && !table::booked_after(tx.conn(), &row, day, None)?.is_empty();
        if !is_contradicted {
            let problem =
                Problem::conflict(format!("该账户已于 {day} 销户。"), format!("The account was closed on {day} already."));
            return Err(problem.at("closed_on", "id_reused"));
        }
    }
    let later = table::booked_after(tx.conn(), &row, closed_on, None)?;
    if let Some(last) = later.last() {
        let (day, amount) = (last.booked_on, last.amount_fen);
        let count = later.len();
        let problem = Problem::invalid(
            format!(
                "销户日 {closed_on} 之后账户还有 {count} 笔入账流水，最后一笔为 {day} 的 {amount} 元：销户日不得早于 {day}；流水有误的，请先作废该文件或由银行更正。"
            ),
            format!(
                "After {closed_on} the bank booked {count} more entries, the last of {amount} on {day}: the closing day is not before {day}. Where the entries are wrong, void their file or have the bank correct it first."
            ),
        );
        return Err(problem.at("closed_on", "bad_time"));
    }
    let row = AccountRow { closed_on: Some(closed_on), recorded_seq, ..row };
    table::set_days(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "close_account", &id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}

/// Entries that the bank booked after the recorded closing of an account of a project, up to a day, each with the account and its closing.
///
/// # Errors
/// A store that fails.
pub fn after_closing(conn: &mut AnyConn, site: &Site, as_of: Day) -> Result<Vec<(AccountRow, Day, Vec<EntryRow>)>, StoreError> {
    let mut found = Vec::new();
    for account in table::of_project(conn, site.id)? {
        let Some(closed_on) = account.closed_on else { continue };
        let entries = table::booked_after(conn, &account, closed_on, Some(as_of))?;
        if !entries.is_empty() {
            found.push((account, closed_on, entries));
        }
    }
    Ok(found)
}

fn check_later(row: &AccountRow, ctx: &Ctx, day: Day, place: &str) -> Result<(), Problem> {
    if day >= row.opened_on && day <= ctx.today {
        return Ok(());
    }
    let problem = Problem::invalid(
        format!("日期应在开户日 {} 与今天之间。", row.opened_on),
        format!("The day lies between the opening, {}, and today.", row.opened_on),
    );
    Err(problem.at(place, "bad_time"))
}

/// The name that the law prescribes for an account opened on a day (R53-06b); `None` without a general contractor.
pub fn prescribed_name(conn: &mut AnyConn, ctx: &Ctx, site: &Site, on: Day) -> Result<Option<String>, Problem> {
    let Some(contractor) = site.party(PartyRole::GeneralContractor, on) else { return Ok(None) };
    let party = parties::table::find(conn, &ctx.scope, contractor)?;
    Ok(party.map(|party| super::prescribed_name(&party.name, &site.name)))
}

/// The account in use on a day: the latest one open by then that was not closed before.
pub fn account_on(conn: &mut AnyConn, site: &Site, day: Day) -> Result<Option<AccountRow>, StoreError> {
    Ok(in_use(&table::of_project(conn, site.id)?, day).cloned())
}

/// Of a project's accounts the one in use on a day.
pub fn in_use(rows: &[AccountRow], day: Day) -> Option<&AccountRow> {
    let open = rows.iter().filter(|row| row.opened_on <= day && row.closed_on.is_none_or(|end| day <= end));
    open.max_by_key(|row| (row.opened_on, row.id))
}

/// What is known of a project's money on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Accounts, in the order of record.
    pub accounts: Vec<AccountRow>,
    /// Money on them: the bank's last balance and what was booked after it; `None` without any statement or entry.
    pub balance: Option<Fen>,
    /// The last day on which labour cost came in (R53-12a).
    pub last_labour_cost_on: Option<Day>,
    /// Labour cost received in all, less what the bank took back and what its ledger refutes.
    pub received: Fen,
    /// Labour cost that was announced and that the statement of its day does not hold, by day: whether it came is not known.
    pub refuted: Vec<(Day, Fen)>,
    /// Debits that went neither to a run nor to a registered worker (R53-08a): how many and how much.
    pub foreign_debits: (i64, Fen),
    /// The last day that a ledger statement covers.
    pub last_statement_on: Option<Day>,
    /// The last day up to which the bank's word covers the account in use without a break: what happened later is not known.
    pub covered_on: Option<Day>,
    /// The last of these days that is told as a whole: of a day whose statement was made on it more may have come.
    pub whole_until: Option<Day>,
}

impl Money {
    /// What the bank announced of labour cost and its ledger refutes.
    pub fn refuted_total(&self) -> Result<Fen, TooMuch> {
        Fen::total(self.refuted.iter().map(|(_, amount)| *amount))
    }

    /// Whether labour cost was announced after the last that came, and is refuted.
    pub fn ends_refuted(&self) -> bool {
        self.refuted.iter().any(|(day, amount)| amount.is_positive() && Some(*day) > self.last_labour_cost_on)
    }

    /// Whether the bank, which spoke once, has told nothing of the last so many days: then nothing is known of what did not happen.
    pub fn is_silent(&self, as_of: Day, days: i64) -> bool {
        self.covered_on.is_some_and(|covered| covered <= as_of.plus_days(-days))
    }
}

/// What is known of a project's money on a day, by what was recorded up to `until_seq` (the balance by all that is on record).
pub fn money(conn: &mut AnyConn, site: &Site, as_of: Day, until_seq: Option<i64>) -> Result<Money, Problem> {
    let accounts = table::of_project(conn, site.id)?;
    let totals = table::totals(conn, site.id, as_of, until_seq)?;
    let of = |purpose, direction| totals.iter().find(|row| row.purpose == purpose && row.direction == direction);
    let sum = |row: Option<&PurposeTotal>| row.map_or(Fen::ZERO, |row| row.total);
    let came_in = of(Purpose::LabourCost, Direction::Credit);
    let foreign = of(Purpose::ForeignDebit, Direction::Debit);
    let mut balance = None;
    let (mut last_statement_on, mut refuted) = (None, Vec::new());
    for account in &accounts {
        refuted.extend(refuted::of_account(conn, account, as_of)?);
        let word = super::continuity::balance_on(conn, account, as_of)?;
        balance = match (balance, word.balance) {
            (Some(total), Some(amount)) => Some(Fen::plus(total, amount)?),
            (total, amount) => total.or(amount),
        };
        last_statement_on = last_statement_on.max(word.last_statement_on);
    }
    // Money comes to the account in use; of one that was opened since the bank spoke last nothing is known yet.
    let opened =
        accounts.iter().filter(|account| account.opened_on <= as_of).max_by_key(|account| (account.opened_on, account.id));
    let (covered_on, whole_until) = match in_use(&accounts, as_of).or(opened) {
        Some(account) => match super::continuity::covered_until(conn, account, as_of)? {
            Some(covered) => (Some(covered), Some(super::covered::whole_until(conn, account, covered)?)),
            None => {
                let before = last_statement_on.map(|_| account.opened_on.plus_days(-1));
                (before, before)
            }
        },
        None => (None, None),
    };
    refuted.retain(|row| until_seq.is_none_or(|until| row.recorded_seq <= until));
    let refuted = refuted::labour_cost(&refuted);
    let mut last_labour_cost_on = came_in.and_then(|row| row.last_on);
    if let Some((first, _)) = refuted.first() {
        let since = accounts.iter().map(|account| account.opened_on).min().map_or(*first, |opened| opened.min(*first));
        last_labour_cost_on = refuted::last_received(&table::flows(conn, site.id, since)?, &refuted, as_of)?;
    }
    let taken_off = Fen::total(refuted.iter().map(|(_, amount)| *amount))?;
    Ok(Money {
        balance,
        last_labour_cost_on,
        received: sum(came_in).minus(sum(of(Purpose::LabourCost, Direction::Debit)))?.minus(taken_off)?,
        refuted,
        foreign_debits: (foreign.map_or(0, |row| row.count), sum(foreign)),
        last_statement_on,
        covered_on,
        whole_until,
        accounts,
    })
}
