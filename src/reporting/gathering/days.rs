//! Passages at the gates and wages that were paid.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;

use super::{Body, Gather, Wanted, entry_key, plain, word};
use crate::accounts;
use crate::attendance::devices::turns::Ways;
use crate::attendance::folding::{Matcher, is_proof};
use crate::attendance::table as punches;
use crate::base::Fen;
use crate::base::id::RecordId;
use crate::payroll::{LineState, table as sheets};
use crate::reporting::{ReportKind, SWEEP_DAYS_MAX};
use crate::store::AnyConn;
use crate::web::Problem;
use crate::workers::table::EnrolmentRow;
use crate::workers::{day_number, lookups};

/// Digits of a bank's own code at the head of its clearing number.
const BANK_CODE_LEN: usize = 3;

impl Gather<'_> {
    fn by_id(&self) -> HashMap<RecordId, &EnrolmentRow> {
        self.enrolments.iter().map(|row| (row.id, row)).collect()
    }

    /// Passages of people on the roll that went in or out and prove that they were there.
    pub(super) fn passages(&self, conn: &mut AnyConn, days: i64, all: &mut Vec<Wanted>) -> Result<(), Problem> {
        let known = self.by_id();
        let mut matcher = Matcher::new(conn, self.site.id)?;
        let ways = Ways::of(conn, self.site.id)?;
        let first = self.ctx.today.plus_days(-days).max(self.platform.from_on);
        let mut found: BTreeMap<String, (i64, Wanted)> = BTreeMap::new();
        for back in (0..=self.ctx.today.days_since(first).max(-1)).rev() {
            let day = self.ctx.today.plus_days(-back);
            for punch in punches::punches_of_day(conn, self.site.id, day_number(day))? {
                let way = ways
                    .entered(punch.device_id, (punch.local_day, punch.local_time), punch.state)
                    .filter(|_| is_proof(punch.verify));
                let (Some(is_in), Some((enrolment, worker))) = (way, matcher.find(conn, self.ctx.vault(), punch.pin_id, day)?)
                else {
                    continue;
                };
                let (Some(row), Some((papers, name))) = (known.get(&enrolment), self.papers.get(&worker)) else { continue };
                let seconds = punch.local_time;
                let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
                let direction = if is_in { "01" } else { "02" };
                let mut item = papers.clone();
                item.extend(plain([("date", Some(word(format!("{day} {clock}")))), ("direction", Some(word(direction)))]));
                // The same person in one second is one passage, at two machines and with two directions: what came last holds.
                let key = format!("{worker} {day} {clock}");
                if found.get(&key).is_some_and(|(inbox, _)| *inbox > punch.inbox_id) {
                    continue;
                }
                let wanted = Wanted {
                    kind: ReportKind::Attendance,
                    key: key.clone(),
                    parent: Some((ReportKind::Entry, entry_key(row))),
                    previous: None,
                    subject: row.id.0,
                    title: format!("{name} {day} {clock}"),
                    on: day,
                    body: Body { item, team: Some(row.crew_id.to_string()), ..Body::default() },
                };
                found.insert(key, (punch.inbox_id, wanted));
            }
        }
        all.extend(found.into_values().map(|(_, wanted)| wanted));
        Ok(())
    }

    /// Wages of the last months that the bank's result says were paid.
    pub(super) fn wages(&self, conn: &mut AnyConn, all: &mut Vec<Wanted>) -> Result<(), Problem> {
        let known = self.by_id();
        let accounts = accounts::table::of_project(conn, self.site.id)?;
        let account = accounts.iter().find(|account| account.closed_on.is_none()).or(accounts.last());
        let platforms = &self.ctx.ground.settings.platforms;
        let first = self.ctx.today.plus_days(-SWEEP_DAYS_MAX).max(self.platform.from_on).month();
        for month in first.up_to(self.ctx.today.month()) {
            for sheet in sheets::parts(conn, self.site.id, month)? {
                let lines = sheets::lines_of(conn, self.site.id, sheet.id)?;
                for line in lines.iter().filter(|line| line.state == LineState::Paid && line.paid_fen > Fen::ZERO) {
                    let Some(row) = known.get(&line.enrolment_id) else { continue };
                    let (mut item, name) = self.papers.get(&row.worker_id).cloned().unwrap_or_default();
                    let card = lookups::open_card(conn, self.ctx.vault(), self.site.id, row.card.as_deref())?;
                    let bank = row.bank_name.as_deref();
                    let bank_code = bank.and_then(|name| platforms.code_of(self.profile, "bank", name, self.ctx.today));
                    let payer_code = account.and_then(|account| account.bank_code.get(..BANK_CODE_LEN));
                    let days = Decimal::new(i64::from(line.days_hundredths), 2).normalize();
                    item.extend(plain([
                        ("payRollBankCardNumber", card.map(|card| word(card.as_str()))),
                        ("payRollBankCode", bank_code.map(word)),
                        ("payRollBankName", bank.map(word)),
                        ("payBankCardNumber", account.map(|account| word(&account.number))),
                        ("payBankCode", payer_code.map(word)),
                        ("payBankName", account.map(|account| word(&account.bank_name))),
                        ("totalPayAmount", Some(word(line.gross_fen.max(line.paid_fen)))),
                        ("actualAmount", Some(word(line.paid_fen))),
                        ("isBackPay", Some(word(0))),
                        ("balanceDate", line.paid_on.map(word)),
                        ("thirdPayRollCode", Some(word(line.id))),
                        ("days", Some(word(days))),
                    ]));
                    let item = self.filled(ReportKind::Payroll, line.id.0, None, item);
                    let mut root = self.corp_of_crew(row.crew_id);
                    root.extend(plain([("payMonth", Some(word(month)))]));
                    all.push(Wanted {
                        kind: ReportKind::Payroll,
                        key: line.id.to_string(),
                        parent: Some((ReportKind::Entry, entry_key(row))),
                        previous: None,
                        subject: line.id.0,
                        title: format!("{name} {month}"),
                        on: month.first(),
                        body: Body { root, item, team: Some(row.crew_id.to_string()) },
                    });
                }
            }
        }
        Ok(())
    }
}
