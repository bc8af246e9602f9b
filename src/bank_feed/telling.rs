//! What a bank says that no file tells: kept as its word, beside ours.

use super::freezing;
use super::taking::{Applied, Desk};
use crate::accounts::words::table::{self, WordRow};
use crate::accounts::words::{Compared, WordKind, balance_here, proof_of};
use crate::base::id::{InboxId, RecordId};
use crate::base::{Day, Fen};
use crate::payroll::pay_run::checks::cards;
use crate::settlement::{self, FileProblem, HandedIn};
use crate::store::inbox::{InboxState, Rejected};
use crate::store::{Chain, Tx, jobs};
use crate::web::{Ctx, Problem};
use crate::wire::bank::Amount;
use crate::wire::bank::event::{Event, Told};

/// What is put on record of a word.
struct Word {
    kind: WordKind,
    about_on: Day,
    told: Option<Fen>,
    ours: Option<Fen>,
    compared: Vec<Compared>,
}

/// An amount of a word in fen, or why it is none.
pub(super) fn fen(amount: Amount, currency: Option<&str>, place: &str) -> Result<Fen, FileProblem> {
    amount.fen(currency).map_err(|_| {
        let (zh, en) = (
            "金额应为人民币，最多两位小数，且在可记账范围内。",
            "The amount should be CNY with two decimals at most, and bookable.",
        );
        FileProblem::new(place, "bad_amount", zh, en)
    })
}

fn money(field: &str, bank: Fen, ours: Fen) -> Compared {
    Compared { field: field.to_owned(), bank: bank.to_string(), ours: ours.to_string(), differs: bank != ours }
}

/// Takes an event that no file tells.
pub(super) fn tell(tx: &mut Tx<'_>, ctx: &Ctx, handed: &HandedIn, event: &Event, desk: &Desk) -> Result<Applied, Problem> {
    let (account, site) = desk;
    let inbox_id = InboxId(ctx.id());
    let said = match &event.told {
        Told::Card { number, status } => {
            let told = (*status, account.bank_name.as_str(), event.occurred_at);
            let count = cards::tell(tx, ctx, site, number, told)?;
            if count > 0 {
                settlement::keep(tx.conn(), ctx, inbox_id, handed, Some(site.id), (InboxState::Done, 1), &[])?;
                return Ok(Applied {
                    inbox_id,
                    problems: Vec::new(),
                    compared: Vec::new(),
                    merged_with: None,
                    is_refused: false,
                });
            }
            let (zh, en) = ("该卡不是此项目任何工人的工资卡。", "This card is no wage card of the project.");
            Err(FileProblem::new("body.card_number", "unknown_person", zh, en))
        }
        Told::Frozen { .. } | Told::Released { .. } => match freezing::tell(tx, ctx, event, desk, inbox_id)? {
            None => {
                settlement::keep(tx.conn(), ctx, inbox_id, handed, Some(site.id), (InboxState::Done, 1), &[])?;
                return Ok(Applied {
                    inbox_id,
                    problems: Vec::new(),
                    compared: Vec::new(),
                    merged_with: None,
                    is_refused: false,
                });
            }
            Some(why) => Err(why),
        },
        _ => word_of(tx, ctx, event, desk)?,
    };
    match said {
        Ok(word) => {
            settlement::keep(tx.conn(), ctx, inbox_id, handed, Some(site.id), (InboxState::Done, 1), &[])?;
            let row = WordRow {
                project_id: site.id,
                id: RecordId(ctx.id()),
                account_id: account.id,
                inbox_id,
                kind: word.kind,
                about_on: word.about_on,
                told_fen: word.told,
                ours_fen: word.ours,
                differs: word.compared.iter().any(|one| one.differs),
                fields: serde_json::to_string(&word.compared).map_err(|error| Problem::internal(&error.to_string()))?,
                told_by: ctx.actor().to_owned(),
                occurred_at: event.occurred_at,
                recorded_at: ctx.now,
                recorded_seq: tx.seq(Chain::Project(site.id))?,
            };
            table::insert(tx, &row)?;
            if matches!(row.kind, WordKind::MonthProof | WordKind::Balance) {
                // People are told at once that it differs, and that it differs no more.
                jobs::enqueue(tx.conn(), ctx.id(), "watch_one", &site.id.to_string(), ctx.now)?;
            }
            tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "take_bank_word", &row.id.to_string())?;
            Ok(Applied { inbox_id, problems: Vec::new(), compared: word.compared, merged_with: None, is_refused: false })
        }
        Err(why) => {
            let FileProblem { place, reason, zh, en } = why.clone();
            let rejected = [Rejected { item: 1, place, reason, zh, en }];
            settlement::keep(tx.conn(), ctx, inbox_id, handed, Some(site.id), (InboxState::Quarantined, 1), &rejected)?;
            Ok(Applied { inbox_id, problems: vec![why], compared: Vec::new(), merged_with: None, is_refused: true })
        }
    }
}

fn word_of(tx: &mut Tx<'_>, ctx: &Ctx, event: &Event, (account, _): &Desk) -> Result<Result<Word, FileProblem>, Problem> {
    let not_yet = |day: Day, place: &str| {
        let (zh, en) = ("该日尚未结束，请在日终后报送。", "That day is not over yet; send it afterwards.");
        Err(FileProblem::new(place, "bad_time", zh, format!("{en} ({day})")))
    };
    Ok(match &event.told {
        Told::Opened { number, name, bank_name, bank_code, on } => {
            let whole = match account.sub_ledger.as_str() {
                "" => account.number.clone(),
                sub => format!("{}-{sub}", account.number),
            };
            let told = [
                ("number", number.as_deref(), whole.as_str()),
                ("name", name.as_deref(), account.name.as_str()),
                ("bank_name", bank_name.as_deref(), account.bank_name.as_str()),
                ("bank_code", bank_code.as_deref(), account.bank_code.as_str()),
            ];
            let mut compared: Vec<Compared> =
                told.into_iter().filter_map(|(field, bank, ours)| Some(Compared::texts(field, bank?, ours))).collect();
            compared.extend(on.map(|on| Compared::texts("opened_on", &on.to_string(), &account.opened_on.to_string())));
            let about_on = on.unwrap_or_else(|| event.occurred_at.day());
            Ok(Word { kind: WordKind::AccountOpened, about_on, told: None, ours: None, compared })
        }
        Told::Balance(balance) => {
            let on = balance.on.unwrap_or_else(|| event.occurred_at.day());
            if on > ctx.today {
                return Ok(not_yet(on, "body.date"));
            }
            let told = match fen(balance.amount, balance.currency.as_deref(), "body.amount") {
                Ok(told) => told,
                Err(why) => return Ok(Err(why)),
            };
            // Only the end of a day can be compared: within it nobody knows which entries the bank has counted.
            let is_end = balance.kind == "CLBD";
            let ours = if is_end { Some(balance_here(tx.conn(), account, on)?) } else { None };
            let compared = ours.map(|ours| money("balance", told, ours)).into_iter().collect();
            Ok(Word { kind: WordKind::Balance, about_on: on, told: Some(told), ours, compared })
        }
        Told::Proof { month, balance, entries, sha256 } => {
            if month.last() >= ctx.today {
                return Ok(not_yet(month.last(), "body.month"));
            }
            let told = match fen(*balance, None, "body.closing_balance") {
                Ok(told) => told,
                Err(why) => return Ok(Err(why)),
            };
            let ours = proof_of(tx.conn(), account, *month)?;
            let text = |field: &str, bank: String, ours: String| Compared::texts(field, &bank, &ours);
            let compared = vec![
                money("closing_balance", told, ours.balance),
                text("entries", entries.to_string(), ours.entries.to_string()),
                text("sha256", sha256.clone(), ours.sha256),
            ];
            let (told, ours) = (Some(told), Some(ours.balance));
            Ok(Word { kind: WordKind::MonthProof, about_on: month.last(), told, ours, compared })
        }
        Told::Card { .. } | Told::Frozen { .. } | Told::Released { .. } | Told::Txn(_) | Told::Result(..) => {
            return Err(Problem::internal("an event went the wrong way"));
        }
    })
}
