//! The auditor: compares what the service shows with the books after every day, line by line and movement by movement.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::books::{Books, Owed, Passage};
use super::founding::Founded;
use super::service::Service;
use super::world::{Plan, World};
use crate::base::{Day, Fen, Month, RegionCode};
use crate::law::questions::deadline::{PayDateInput, pay_date};
use crate::store::vault::Owner;
use crate::web::Problem;
use crate::{accounts, app, attendance, compliance, gates, payroll};

/// By when the wages of a month are due, by the law in force.
pub(super) fn due_on(service: &Service, plan: &Plan) -> Result<impl Fn(Month) -> Day + use<>, Problem> {
    let region: RegionCode = plan.region.parse().map_err(|error| Problem::unreadable("region", &error))?;
    let (book, pay_day) = (service.ground()?.book(), plan.pay_day);
    Ok(move |month: Month| {
        let agreed = month.plus(1).day_or_last(pay_day);
        pay_date(&book, region, agreed, &PayDateInput { agreed_on: Some(agreed) }).pay_by.unwrap_or(agreed)
    })
}

/// What the books say a project owes.
pub fn owed(service: &Service, books: &Books, plan: &Plan, day: Day) -> Result<Owed, Problem> {
    Ok(books.owed(plan.number, day, due_on(service, plan)?))
}

/// Looks at the day that ends.
pub fn look(service: &Service, world: &World, founded: &Founded, books: &mut Books, day: Day) -> Result<(), Problem> {
    passages(service, world, founded, books, day)?;
    lines(service, world, books, day)?;
    movements(service, founded, books, day)?;
    for plan in &world.projects {
        let Some(id) = founded.projects.get(plan.number).map(|ground| ground.id) else { continue };
        let own = owed(service, books, plan, day)?;
        let told = service.read(|conn, ctx| compliance::owing(conn, ctx, &[id], day))?;
        let Some(told) = told.first().map(|one| &one.arrears) else { continue };
        if told.state.get() != own.state || told.amount != own.amount {
            let (state, amount) = (told.state.get(), told.amount);
            books.accuse(
                day,
                format!("{} owes {state:?} {amount} by the service ({:?}), {own:?} by the books", plan.code, told.needs),
            );
        }
    }
    if day.day_of_month().is_multiple_of(7) {
        balances(service, books, day)?;
    }
    Ok(())
}

/// Every acknowledged passage is there once, and nothing else.
fn passages(service: &Service, world: &World, founded: &Founded, books: &mut Books, day: Day) -> Result<(), Problem> {
    for (project, on) in std::mem::take(&mut books.fresh_days) {
        let (Some(plan), Some(ground)) = (world.projects.get(project), founded.projects.get(project)) else { continue };
        let stored: Vec<Passage> = service.read(|conn, ctx| {
            let devices: BTreeMap<i64, String> = attendance::devices::table::of_project(conn, ground.id)?
                .into_iter()
                .map(|device| (device.id.0, device.serial))
                .collect();
            let mut stored = Vec::new();
            let mut pins: BTreeMap<i64, String> = BTreeMap::new();
            for row in attendance::table::punches_of_day(conn, ground.id, crate::workers::day_number(on))? {
                if let Entry::Vacant(unknown) = pins.entry(row.pin_id) {
                    let sealed = attendance::table::pin(conn, row.pin_id)?.map(|(sealed, _)| sealed).unwrap_or_default();
                    unknown.insert(ctx.vault().open_text(conn, Owner::Project(ground.id), &sealed)?);
                }
                let pin = pins.get(&row.pin_id).cloned().unwrap_or_default();
                let serial = devices.get(&row.device_id).cloned().unwrap_or_default();
                stored.push(Passage { serial, pin, time: row.local_time, state: row.state });
            }
            Ok(stored)
        })?;
        let set: BTreeSet<Passage> = stored.iter().cloned().collect();
        let own = books.passages.get(&(project, on)).cloned().unwrap_or_default();
        if set != own || set.len() != stored.len() {
            let (lost, extra) = (own.difference(&set).count(), stored.len().saturating_sub(own.len()));
            books.accuse(day, format!("{}: of the passages of {on} {lost} are lost and {extra} too many", plan.code));
        }
    }
    Ok(())
}

/// Every line as the bank's words left it, worker by worker.
fn lines(service: &Service, world: &World, books: &mut Books, day: Day) -> Result<(), Problem> {
    let rows = service.read(|conn, _| Ok(payroll::table::all_lines(conn)?))?;
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in &rows {
        let id = row.id.to_string();
        let Some(line) = books.lines.get(&id) else {
            wrong.push(format!("line {id} is nobody's"));
            continue;
        };
        let code = world.projects.get(line.project).map_or("", |plan| &plan.code);
        if (row.net_fen, row.paid_fen, row.state.is_in_flight()) != (line.net, line.paid(), line.is_in_flight()) {
            wrong.push(format!(
                "{code} line {id}: {} {} paid {} ({}) in the service, {} paid {} in flight {} {:?} in the books",
                line.month,
                row.net_fen,
                row.paid_fen,
                row.state,
                line.net,
                line.paid(),
                line.is_in_flight(),
                line.attempts
            ));
        }
        let reached: i64 = line.attempts.values().map(|one| one.reached.0).sum();
        if reached > line.net.0 {
            wrong.push(format!("{code} line {id}: paid twice, {} for {}", Fen(reached), line.net));
        }
        seen.insert(id);
    }
    wrong.extend(books.lines.keys().filter(|id| !seen.contains(*id)).map(|id| format!("line {id} is lost")));
    for what in wrong {
        books.accuse(day, what);
    }
    Ok(())
}

/// Every movement of which the bank told is booked once, with its amount.
fn movements(service: &Service, founded: &Founded, books: &mut Books, day: Day) -> Result<(), Problem> {
    let rows = service.read(|conn, _| Ok(accounts::table::all_entries(conn)?))?;
    for (number, ground) in founded.projects.iter().enumerate() {
        let of_project = rows.iter().filter(|row| row.project_id == ground.id && row.counted_in.is_none());
        let mut booked: BTreeMap<String, (i64, u32)> = BTreeMap::new();
        for row in of_project {
            let signed = if row.direction == accounts::Direction::Debit { -row.amount_fen.0 } else { row.amount_fen.0 };
            let entry = booked.entry(row.bank_ref.clone().unwrap_or_default()).or_default();
            *entry = (entry.0 + signed, entry.1 + 1);
        }
        let all = books.movements.get(number);
        // Once the sum of single payments is told as well, it alone counts.
        let is_in_sum =
            |reference: &String| reference.split_once('-').is_some_and(|(sum, _)| all.is_some_and(|all| all.contains_key(sum)));
        let told: BTreeMap<String, (i64, u32)> = all
            .into_iter()
            .flatten()
            .filter(|(reference, _)| !is_in_sum(reference))
            .map(|(reference, amount)| (reference.clone(), (amount.0, 1)))
            .collect();
        if booked != told {
            let differ: Vec<_> = booked.iter().filter(|(key, value)| told.get(*key) != Some(value)).take(3).collect();
            let lost: Vec<_> = told.keys().filter(|key| !booked.contains_key(*key)).take(3).collect();
            books.accuse(day, format!("project {number}: booked otherwise than told {differ:?}, lost {lost:?}"));
        }
    }
    Ok(())
}

fn balances(service: &Service, books: &mut Books, day: Day) -> Result<(), Problem> {
    let found = service.read(|conn, _| app::verify::balances(conn, day))?;
    for what in found.broken {
        books.accuse(day, what);
    }
    Ok(())
}

/// The last look: what the banks really paid, the ledger, every row against the journal, every answer replayed.
pub fn close(
    service: &Service,
    world: &World,
    founded: &Founded,
    books: &mut Books,
    (day, held): (Day, &[Fen]),
) -> Result<(), Problem> {
    look(service, world, founded, books, day)?;
    balances(service, books, day)?;
    let mut wrong = Vec::new();
    for (id, line) in &books.lines {
        let reached: i64 = line.attempts.values().map(|one| one.reached.0).sum();
        if !line.is_in_flight() && reached != line.paid().0 {
            wrong.push(format!("line {id}: the bank has paid {}, the service knows of {}", Fen(reached), line.paid()));
        }
    }
    for (number, ground) in founded.projects.iter().enumerate() {
        let rows = service.read(|conn, _| Ok(accounts::table::all_entries(conn)?))?;
        let sum: i64 = rows
            .iter()
            .filter(|row| row.project_id == ground.id && row.counted_in.is_none())
            .map(|row| if row.direction == accounts::Direction::Debit { -row.amount_fen.0 } else { row.amount_fen.0 })
            .sum();
        let held = held.get(number).copied().unwrap_or_default();
        if sum != held.0 {
            wrong.push(format!("project {number}: the account holds {held} at its bank, {} here", Fen(sum)));
        }
    }
    let audit = service.read(|conn, ctx| {
        let mut audit = app::verify::verify(conn)?;
        app::verify::work_days(conn, ctx.vault(), &mut audit)?;
        Ok(audit)
    })?;
    wrong.extend(audit.broken);
    if audit.verified == 0 {
        wrong.push("nothing was verified".to_owned());
    }
    let replayed = service.read(gates::replay::all)?;
    wrong.extend(replayed.differ);
    for what in wrong {
        books.accuse(day, what);
    }
    Ok(())
}
