//! Which lines of a sheet go and which are held: the check, row by row, before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use super::checks::deducted::Deducted;
use super::checks::direct::PaidDirect;
use super::checks::{Around, LineCaution};
use super::checks::{attended, direct};
use super::table::{self, CONTRADICTED};
use super::{Candidate, HeldLine, Hold, Verdict};
use crate::accounts::profiles::Profile;
use crate::base::Fen;
use crate::base::id::LineId;
use crate::base::money::TooMuch;
use crate::payroll::items::{Item, actions as items};
use crate::payroll::outside::{notices, telling};
use crate::payroll::table::{LineRow, SheetRow};
use crate::projects::Site;
use crate::store::AnyConn;
use crate::store::vault::Owner;
use crate::web::{Ctx, Problem};
use crate::{payroll, workers};

/// A line that goes, with what its payment needs.
pub(super) struct Going {
    pub line: LineRow,
    pub amount: Fen,
    /// The card, opened.
    pub card: String,
    pub name: String,
}

/// What the check made of a sheet's lines.
#[derive(Default)]
pub(super) struct Plan {
    pub going: Vec<Going>,
    pub held: Vec<(LineRow, HeldLine)>,
    /// Paid or under way from earlier runs.
    pub earlier: Fen,
    pub cautions: Vec<LineCaution>,
    /// The local minimum wage of a month, where the law book has one.
    pub minimum_wage: Option<Fen>,
}

impl Plan {
    /// Sum of the lines that go.
    pub fn ordered(&self) -> Result<Fen, Problem> {
        Ok(Fen::total(self.going.iter().map(|one| one.amount))?)
    }

    /// Sum of the lines that are held.
    pub fn held_total(&self) -> Result<Fen, Problem> {
        Ok(Fen::total(self.held.iter().map(|(_, held)| held.amount))?)
    }

    /// Looks at every line of a sheet.
    pub fn of(conn: &mut AnyConn, ctx: &Ctx, site: &Site, sheet: &SheetRow, profile: &Profile) -> Result<Plan, Problem> {
        let attempts = table::attempts_of_sheet(conn, site.id, sheet.id)?;
        let contradicted: BTreeSet<LineId> =
            attempts.iter().filter(|one| one.reason.as_deref() == Some(CONTRADICTED)).map(|one| one.line_id).collect();
        let open = attempts.iter().filter(|one| !one.state.is_final());
        let under_way: BTreeMap<LineId, Fen> = open.map(|one| Ok((one.line_id, one.kept()?))).collect::<Result<_, TooMuch>>()?;
        let named = notices::named_lines(conn, site.id)?;
        let told_as_paid = telling::waiting_lines(conn, site.id)?;
        let around = Around::gather(conn, site, &ctx.book(), sheet.month, ctx.today)?;
        let enrolments = workers::table::of_project(conn, site.id)?;
        let mut enrolments: BTreeMap<_, _> = enrolments.into_iter().map(|row| (row.id, row)).collect();
        let in_cash = workers::exceptions::paid_in_cash_on(conn, site.id, ctx.today)?;
        let extras = items::of_extras(conn, site, sheet.id)?;
        // A project of whose workers nobody has a card may have no key either.
        let cards = match enrolments.values().any(|row| row.card.is_some()) {
            true => Some(ctx.vault().reader(conn, Owner::Project(site.id))?),
            false => None,
        };
        let mut plan = Plan { minimum_wage: around.limits.minimum, ..Plan::default() };
        let lines = payroll::table::lines_of(conn, site.id, sheet.id)?;
        let beyond = attended::beyond(conn, ctx, site, sheet, &lines, &enrolments)?;
        let mut direct = direct::paid(conn, ctx, site, sheet, &lines)?;
        for line in lines {
            plan.earlier = plan.earlier.plus(line.paid_fen)?;
            plan.earlier = plan.earlier.plus(under_way.get(&line.id).copied().unwrap_or_default())?;
            let enrolment = enrolments.remove(&line.enrolment_id);
            let (card, card_index) = enrolment.map_or((None, None), |row| (row.card, row.card_index));
            let card = match (&cards, card) {
                (Some(cards), Some(card)) => Some(cards.open_text(&card)?),
                _ => None,
            };
            let name = around.names.get(&line.worker_id).cloned();
            let name_refusal = name.as_deref().and_then(|name| profile.limits.name_refusal(name));
            let card_refusal = card.as_deref().and_then(|card| profile.limits.card_refusal(card));
            let index = card_index.as_deref();
            // Hours and pieces are work that no work day stands for.
            let has_other_work = extras.get(&line.id).is_some_and(|items| items.iter().any(Item::is_other_work));
            let is_idle = line.days_hundredths <= 0 && sheet.part == 1 && !has_other_work;
            let released = |hold: Hold| around.is_released(line.id, hold, index);
            let deducted = Deducted::of(conn, site, &line, extras.get(&line.id), &around.limits)?;
            if line.state.is_orderable() {
                plan.cautions.extend(deducted.caution(line.id));
            }
            let candidate = Candidate {
                line: &line,
                has_card: card.is_some(),
                is_paid_in_cash: in_cash.contains(&line.enrolment_id),
                is_card_shared: index.is_some_and(|index| around.shared.contains(index)) && !released(Hold::CardShared),
                is_anothers_card: around.is_anothers_card(line.enrolment_id, index, line.worker_id)
                    && !released(Hold::CardNotOwn),
                is_on_hold_list: around.held.contains(&line.worker_id) && !released(Hold::OnHoldList),
                is_beyond_attendance: beyond.contains_key(&line.worker_id)
                    && line.days_hundredths > 0
                    && !released(Hold::DaysBeyondAttendance),
                is_paid_direct: direct.contains_key(&line.id) && !released(Hold::PaidDirect),
                has_no_days: is_idle && !released(Hold::NoWorkDays),
                is_name_refused: name_refusal.is_some(),
                is_card_refused: card_refusal.is_some(),
                line_max: profile.line_max(),
                is_contradicted: contradicted.contains(&line.id),
                is_told_as_paid: told_as_paid.contains(&line.id),
                is_named_in_notice: named.contains(&line.id),
                is_deduction_unconsented: deducted.is_unconsented(),
            };
            match (candidate.verdict(), card) {
                (Verdict::Pay(amount), Some(card)) => {
                    plan.cautions.extend(around.cautions(line.id, line.worker_id, line.day_rate_fen, sheet.month)?);
                    plan.cautions.extend(around.card_caution(line.id, line.enrolment_id, index));
                    let name = name.ok_or_else(|| Problem::internal(&format!("line {} names a person who is gone", line.id)))?;
                    plan.going.push(Going { line, amount, card, name });
                }
                (Verdict::Hold(reason), _) => {
                    let refusal = match reason {
                        Hold::NameBeyondBank => name_refusal,
                        Hold::CardBeyondBank => card_refusal,
                        _ => None,
                    };
                    let ((zh, en), amount) = (reason.cure(), line.rest().or_zero());
                    let (zh, en) = match refusal {
                        Some(found) => (format!("{}。{zh}", found.zh), format!("{en} Found: {}.", found.en)),
                        None => (zh.to_owned(), en.to_owned()),
                    };
                    let days = beyond.get(&line.worker_id).copied().filter(|_| reason == Hold::DaysBeyondAttendance);
                    let (zh, en) = match days.map(|days| days.words()) {
                        Some((counts_zh, counts_en)) => (format!("{counts_zh}{zh}"), format!("{counts_en} {en}")),
                        None => (zh, en),
                    };
                    let direct = direct.remove(&line.id).filter(|_| reason == Hold::PaidDirect);
                    let (zh, en) = match direct.as_ref().map(PaidDirect::words) {
                        Some((what_zh, what_en)) => (format!("{what_zh}{zh}"), format!("{what_en} {en}")),
                        None => (zh, en),
                    };
                    let held = HeldLine { line: line.id, amount, reason, zh, en, days, direct };
                    plan.held.push((line, held));
                }
                (Verdict::Leave | Verdict::Pay(_), _) => {}
            }
        }
        Ok(plan)
    }
}
