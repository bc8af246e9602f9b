//! Arrears as somebody types them from a paper: a line for each worker, whom and how much.
//!
//! A worker is named by the number of their enrolment, by their identity number, or by a name that only one on the project bears. The
//! text is read and forgotten: what is kept is the paper and the lines. Deliberately absent: guessing whom a name means.

use std::collections::BTreeMap;

use super::{NewOpening, NewOwed, Opened, import};
use crate::base::Fen;
use crate::base::id::{RecordId, WorkerId};
use crate::base::person::IdNumber;
use crate::projects::Site;
use crate::store::Tx;
use crate::web::problem::Fault;
use crate::web::{Code, Ctx, Problem};
use crate::workers::{self, IdKind};

/// Lines that are typed at most; more come by the interface for programs.
pub const TYPED_MAX: usize = 2_000;

/// People asked for in one query.
const ASKED_MAX: usize = 500;

/// A line of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Typed {
    /// Its number, from 1.
    number: usize,
    who: String,
    amount: Fen,
}

fn fault(number: usize, reason: &str, zh: &str, en: &str) -> Fault {
    Fault { place: format!("line {number}"), reason: reason.to_owned(), zh: zh.to_owned(), en: en.to_owned() }
}

/// Reads the text: whom, then a comma, a tab or a space, then the amount, thousands apart or not. Empty lines are skipped.
fn read(text: &str) -> (Vec<Typed>, Vec<Fault>) {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let line = line.trim().replace('，', ",");
        let parts = line.split_once(['\t', ',']).or_else(|| line.rsplit_once(char::is_whitespace));
        let Some((who, amount)) = parts.map(|(who, amount)| (who.trim(), amount.trim())) else {
            faults.push(fault(
                number,
                "missing_field",
                "每行写工人和金额，用逗号隔开。",
                "Write the worker, a comma, the amount.",
            ));
            continue;
        };
        let digits: String = amount.chars().filter(|c| !matches!(c, ',' | ' ' | '元')).collect();
        match digits.parse() {
            Ok(amount) if !who.is_empty() => lines.push(Typed { number, who: who.to_owned(), amount }),
            _ => faults.push(fault(number, "bad_amount", "金额应写成 1234.50。", "Write the amount like 1234.50.")),
        }
    }
    (lines, faults)
}

/// Who is on the project, by every name that a paper may use.
struct Roll {
    by_enrolment: BTreeMap<RecordId, RecordId>,
    by_number: BTreeMap<String, Vec<RecordId>>,
    by_name: BTreeMap<String, Vec<RecordId>>,
}

impl Roll {
    fn read(tx: &mut Tx<'_>, site: &Site) -> Result<Self, Problem> {
        // Somebody who came twice has two enrolments; the latest is the one that arrears are owed under.
        let mut latest: BTreeMap<WorkerId, RecordId> = BTreeMap::new();
        let mut by_enrolment = BTreeMap::new();
        for row in workers::table::of_project(tx.conn(), site.id)? {
            by_enrolment.insert(row.id, row.id);
            let newest = latest.entry(row.worker_id).or_insert(row.id);
            *newest = (*newest).max(row.id);
        }
        let ids: Vec<WorkerId> = latest.keys().copied().collect();
        let (mut by_number, mut by_name) = (BTreeMap::new(), BTreeMap::new());
        for some in ids.chunks(ASKED_MAX) {
            for person in workers::table::workers_of(tx.conn(), some)? {
                let Some(enrolment) = latest.get(&person.id) else { continue };
                by_number.entry(person.id_index).or_insert_with(Vec::new).push(*enrolment);
                by_name.entry(person.name.trim().to_owned()).or_insert_with(Vec::new).push(*enrolment);
            }
        }
        Ok(Roll { by_enrolment, by_number, by_name })
    }

    /// The enrolments that a text may mean.
    fn meant(&self, ctx: &Ctx, who: &str) -> Vec<RecordId> {
        if let Some(id) = who.parse().ok().and_then(|id: RecordId| self.by_enrolment.get(&id)) {
            return vec![*id];
        }
        let index = IdNumber::parse(who, ctx.today).map_or_else(
            |_| workers::id_index(ctx.vault(), IdKind::Passport, who),
            |number| workers::id_index(ctx.vault(), IdKind::IdCard, number.as_str()),
        );
        self.by_number.get(&index).or_else(|| self.by_name.get(who)).cloned().unwrap_or_default()
    }
}

/// Imports what was typed; `new` brings everything but the lines. Places of faults are lines of the text.
///
/// # Errors
/// As [`import`]; `too_large` beyond [`TYPED_MAX`] lines.
pub fn import_typed(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewOpening, text: &str) -> Result<Opened, Problem> {
    let (lines, mut faults) = read(text);
    if lines.len() > TYPED_MAX {
        let (zh, en) = ("一次最多录入 2000 行，更多的请用接口。", "At most 2,000 lines are typed; more come by the API.");
        return Err(Problem::new(Code::TooLarge, zh, en));
    }
    let roll = Roll::read(tx, site)?;
    let (mut items, mut numbers) = (Vec::new(), Vec::new());
    for line in lines {
        match roll.meant(ctx, &line.who).as_slice() {
            [one] => {
                items.push(NewOwed { enrolment: *one, amount: line.amount });
                numbers.push(line.number);
            }
            [] => faults.push(fault(
                line.number,
                "unknown_person",
                "项目中没有这名工人，请先登记。",
                "The project has no such worker; enrol them first.",
            )),
            _ => faults.push(fault(
                line.number,
                "not_unique",
                "项目中有同名工人，请写证件号码。",
                "Several workers bear that name; write the identity number.",
            )),
        }
    }
    let place = |fault: Fault| {
        let index = fault.place.strip_prefix("items[").and_then(|rest| rest.split(']').next()).and_then(|text| text.parse().ok());
        let number = index.and_then(|index: usize| numbers.get(index));
        Fault { place: number.map_or(fault.place, |number| format!("line {number}")), ..fault }
    };
    match import(tx, ctx, site, &NewOpening { items, ..new.clone() }) {
        Ok(opened) => {
            faults.extend(opened.faults.into_iter().map(place));
            Ok(Opened { faults, ..opened })
        }
        Err(mut problem) => {
            let own = std::mem::take(&mut problem.faults);
            problem.faults = own.into_iter().map(place).chain(faults).collect();
            Err(problem)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_whom_and_how_much() {
        let (lines, faults) = read("张三，1200\n\n李 四 800.50\n王五\t1,234.00元\n赵六, 2,000\nrec-0CJ1V8Q2M0001,5.00");
        let said: Vec<(usize, &str, i64)> = lines.iter().map(|one| (one.number, one.who.as_str(), one.amount.0)).collect();
        assert_eq!(
            said,
            [
                (1, "张三", 120_000),
                (3, "李 四", 80_050),
                (4, "王五", 123_400),
                (5, "赵六", 200_000),
                (6, "rec-0CJ1V8Q2M0001", 500)
            ]
        );
        assert_eq!(faults, []);
    }

    #[test]
    fn what_does_not_read_is_told_by_its_line() {
        let (lines, faults) = read("张三\n李四,many\n,5.00\n王五,1.234");
        assert_eq!(lines, []);
        let places: Vec<&str> = faults.iter().map(|one| one.place.as_str()).collect();
        assert_eq!(places, ["line 1", "line 2", "line 3", "line 4"]);
    }
}
