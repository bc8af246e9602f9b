//! People and gates: who enters, leaves, comes back and changes cards, and the machines that tell who passed, late, twice, out of order
//! and on clocks that are off. A machine forgets a passage only when its upload was acknowledged.

use super::books::{Books, Passage, Stay};
use super::founding::Founded;
use super::service::Service;
use super::world::{Plan, World};
use crate::app::demo::luck::Luck;
use crate::app::demo::people;
use crate::attendance::intake::Intake;
use crate::attendance::intake::zk::{self, Answer, Request};
use crate::base::person::BankCard;
use crate::base::{Day, Fen, Moment};
use crate::projects;
use crate::store::Tx;
use crate::store::inbox::Message;
use crate::web::{Ctx, Problem};
use crate::wire::zkteco::{Endpoint, Query};
use crate::workers::actions::{NewEnrolment, NewTerms, change_terms, enrol, leave};
use crate::workers::{IdKind, Paper};

/// Seconds by which the clock of the second gate runs ahead.
const CLOCK_AHEAD: i32 = 420;
/// Days for which a machine that lost its line keeps silent at most.
const SILENT_MAX: u32 = 6;
/// Passages in one upload.
const UPLOAD_MAX: usize = 60;

/// A person as the site knows them.
#[derive(Debug, Clone)]
struct Someone {
    /// Enrolment while on site.
    enrolment: Option<i64>,
    /// Not before this day.
    comes: Day,
    card: Option<String>,
    rate: Fen,
}

/// A machine at a gate.
#[derive(Debug, Default)]
struct Gate {
    kept: Vec<(Day, Passage)>,
    last: Vec<(Day, Passage)>,
    silent_until: Option<Day>,
}

/// All sites.
pub struct Sites {
    people: Vec<Vec<Someone>>,
    gates: Vec<[Gate; 2]>,
}

impl Sites {
    /// Before the first day.
    pub fn new(world: &World) -> Self {
        let someone = |person: &people::Person| Someone {
            enrolment: None,
            comes: world.first.plus_days(person.enters_after),
            card: person.card.clone(),
            rate: person.day_rate,
        };
        let people = world.projects.iter().map(|plan| plan.people.iter().map(someone).collect()).collect();
        let gates = world.projects.iter().map(|_| [Gate::default(), Gate::default()]).collect();
        Self { people, gates }
    }

    /// Who comes, goes and changes terms this morning.
    pub fn morning(
        &mut self,
        service: &mut Service,
        world: &World,
        founded: &Founded,
        books: &mut Books,
        day: Day,
    ) -> Result<(), Problem> {
        for (plan, ground) in world.projects.iter().zip(&founded.projects) {
            let mut luck = world.luck("people", plan.number, day);
            let Some(crowd) = self.people.get_mut(plan.number) else { continue };
            for (place, person) in plan.people.iter().enumerate() {
                let rolls = (luck.below(1000), luck.below(40), luck.below(9));
                let Some(one) = crowd.get_mut(place) else { continue };
                let id = ground.id;
                match one.enrolment {
                    None if one.comes <= day => {
                        let crew = ground.crews.get(person.crew).copied().unwrap_or(crate::base::id::CrewId(0));
                        let new = NewEnrolment {
                            name: person.name.clone(),
                            id_kind: IdKind::IdCard,
                            id_number: person.id_number.clone(),
                            phone: Some(person.phone.clone()),
                            crew,
                            trade: person.trade.to_owned(),
                            pin: Some(person.pin.clone()),
                            paper: if person.has_contract { Paper::LabourContract } else { Paper::WorkAgreement },
                            paper_document: None,
                            safety_trained: true,
                            card: one.card.clone(),
                            bank_name: Some(person.bank_name.clone()),
                            day_rate: one.rate,
                            entered_on: day,
                        };
                        let enrolment = service.step(move |tx, ctx, _| {
                            let site = projects::site(tx.conn(), id)?;
                            enrol(tx, ctx, &site, &new).map(|enrolled| enrolled.view.id)
                        })?;
                        one.enrolment = Some(enrolment.0);
                        books.events = books.events.saturating_add(1);
                        books.stays.insert(
                            enrolment.0,
                            Stay {
                                project: plan.number,
                                pin: person.pin.clone(),
                                entered: day,
                                left: None,
                                rates: vec![(day, one.rate)],
                                card: one.card.clone().unwrap_or_default(),
                            },
                        );
                    }
                    None => {}
                    Some(enrolment) => {
                        go_on(service, books, one, (id, enrolment, plan, place), rolls, day)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// People pass; what the machines tell of it now.
    pub fn pass(
        &mut self,
        service: &mut Service,
        world: &World,
        books: &mut Books,
        day: Day,
        is_morning: bool,
    ) -> Result<(), Problem> {
        let what = if is_morning { "gates in" } else { "gates out" };
        for plan in &world.projects {
            let mut luck = world.luck(what, plan.number, day);
            let Some(gates) = self.gates.get_mut(plan.number) else { continue };
            if !rests(plan, day) {
                let crowd = self.people.get(plan.number).into_iter().flatten();
                for ((place, one), person) in crowd.enumerate().zip(&plan.people) {
                    if one.enrolment.is_none() {
                        continue;
                    }
                    let number = plan.number * 100 + place;
                    let Some((came, left)) = people::passage(world.seed, number, day) else { continue };
                    let (time, state) = if is_morning { (came, 0) } else { (left, 1) };
                    // Now and then somebody slips past, or passes twice.
                    let (slips, again, second) = (luck.happens(2), luck.happens(4), luck.happens(40));
                    if slips {
                        continue;
                    }
                    let [first, other] = gates;
                    let (gate, number, ahead) = if second { (other, 1, CLOCK_AHEAD) } else { (first, 0, 0) };
                    let passage = Passage { serial: plan.serial(number), pin: person.pin.clone(), time: time + ahead, state };
                    if again {
                        gate.kept.push((day, Passage { time: passage.time + 45, ..passage.clone() }));
                    }
                    gate.kept.push((day, passage));
                }
            }
            for gate in gates.iter_mut() {
                gate.listen(&mut luck, day);
            }
            tell(service, books, plan, gates, &mut luck, day)?;
        }
        Ok(())
    }

    /// On the last day every machine tells what it still keeps.
    pub fn tell_all(&mut self, service: &mut Service, world: &World, books: &mut Books, day: Day) -> Result<(), Problem> {
        for plan in &world.projects {
            let mut luck = world.luck("gates at last", plan.number, day);
            let Some(gates) = self.gates.get_mut(plan.number) else { continue };
            for gate in gates.iter_mut() {
                gate.silent_until = None;
            }
            tell(service, books, plan, gates, &mut luck, day)?;
        }
        Ok(())
    }
}

fn rests(plan: &Plan, day: Day) -> bool {
    let is_sunday = day.is_weekend() && !day.plus_days(1).is_weekend();
    is_sunday && !(day.day_of_month() + u32::try_from(plan.number).unwrap_or(0)).is_multiple_of(3)
}

/// A day in the life of somebody on site: most days nothing happens.
fn go_on(
    service: &mut Service,
    books: &mut Books,
    one: &mut Someone,
    (id, enrolment, plan, place): (crate::base::id::ProjectId, i64, &Plan, usize),
    (roll, days, other): (u32, u32, u32),
    day: Day,
) -> Result<(), Problem> {
    let record = crate::base::id::RecordId(enrolment);
    let entered = books.stays.get(&enrolment).map_or(day, |stay| stay.entered);
    match roll {
        0..6 if entered < day => {
            let last = day.plus_days(-1);
            service.step(move |tx, ctx, _| {
                let site = projects::site(tx.conn(), id)?;
                leave(tx, ctx, &site, record, last).map(|_| ())
            })?;
            one.enrolment = None;
            one.comes = day.plus_days(3 + i64::from(days));
            if let Some(stay) = books.stays.get_mut(&enrolment) {
                stay.left = Some(last);
            }
        }
        6..14 => {
            // One in nine hands in a card that is a colleague's.
            let theirs = plan.people.get(place + 1).or(plan.people.first()).and_then(|person| person.card.clone());
            let body = format!("62199999{:02}{:03}{:05}", plan.number, place, day.days_since(entered) + i64::from(days));
            let own = format!("{body}{}", BankCard::luhn_digit(&body));
            let card = theirs.filter(|_| other == 0).unwrap_or(own);
            terms(service, id, record, day, Some(card.clone()), None)?;
            one.card = Some(card.clone());
            if let Some(stay) = books.stays.get_mut(&enrolment) {
                stay.card = card;
            }
        }
        14..20 => {
            let rate = Fen(one.rate.0 + 1000);
            terms(service, id, record, day, None, Some(rate))?;
            one.rate = rate;
            if let Some(stay) = books.stays.get_mut(&enrolment) {
                stay.rates.push((day, rate));
            }
        }
        _ => return Ok(()),
    }
    books.events = books.events.saturating_add(1);
    Ok(())
}

fn terms(
    service: &mut Service,
    id: crate::base::id::ProjectId,
    record: crate::base::id::RecordId,
    day: Day,
    card: Option<String>,
    day_rate: Option<Fen>,
) -> Result<(), Problem> {
    let new = NewTerms { valid_on: day, day_rate, card, bank_name: None };
    service.step(move |tx, ctx, _| {
        let site = projects::site(tx.conn(), id)?;
        change_terms(tx, ctx, &site, record, &new).map(|_| ())
    })
}

impl Gate {
    /// What happens to it before it tells: mostly nothing; it falls silent for days, or did not hear the last acknowledgement and will
    /// send everything once more, with what is new.
    fn listen(&mut self, luck: &mut Luck, day: Day) {
        let (falls_silent, days, repeats) = (luck.happens(2), luck.below(SILENT_MAX), luck.happens(8));
        if falls_silent && self.silent_until.is_none() {
            self.silent_until = Some(day.plus_days(i64::from(days)));
        }
        if self.is_silent(day) {
            return;
        }
        self.silent_until = None;
        if repeats && !self.last.is_empty() {
            self.kept.append(&mut self.last);
        }
    }

    fn is_silent(&self, day: Day) -> bool {
        self.silent_until.is_some_and(|until| day <= until)
    }

    /// The next upload, if it has anything to tell.
    fn batch(&mut self, luck: &mut Luck, day: Day) -> Option<Vec<(Day, Passage)>> {
        if self.kept.is_empty() || self.is_silent(day) {
            return None;
        }
        let rest = self.kept.split_off(self.kept.len().min(UPLOAD_MAX));
        let mut batch = std::mem::replace(&mut self.kept, rest);
        // A set, so that a passage that is sent again stands in one upload once; firmware sorts as it likes.
        batch.sort();
        batch.dedup();
        if luck.happens(20) {
            batch.reverse();
        }
        Some(batch)
    }
}

/// The machines of a site tell what they keep, both at once where both have something.
fn tell(
    service: &mut Service,
    books: &mut Books,
    plan: &Plan,
    gates: &mut [Gate; 2],
    luck: &mut Luck,
    day: Day,
) -> Result<(), Problem> {
    loop {
        let [first, second] = gates;
        let (one, other) = (first.batch(luck, day), second.batch(luck, day));
        match (&one, &other) {
            (None, None) => return Ok(()),
            (Some(one), Some(other)) => {
                let (left, right) = service.pair(upload(plan, 0, one), upload(plan, 1, other))?;
                left.and(right)?;
            }
            (Some(one), None) => service.step(upload(plan, 0, one))?,
            (None, Some(other)) => service.step(upload(plan, 1, other))?,
        }
        for (gate, batch) in gates.iter_mut().zip([one, other]) {
            let Some(batch) = batch else { continue };
            for (day, passage) in &batch {
                books.passed(plan.number, *day, passage.clone());
            }
            gate.last = batch;
        }
    }
}

/// An upload as the machine writes it and the service takes it.
fn upload(
    plan: &Plan,
    number: usize,
    batch: &[(Day, Passage)],
) -> impl Fn(&mut Tx<'_>, &Ctx, &Intake) -> Result<(), Problem> + Send + Sync + use<> {
    let mut body = String::new();
    for (day, passage) in batch {
        let time = passage.time;
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        let line = format!("{}\t{day} {hour:02}:{minute:02}:{second:02}\t{}\t15\t0\t0\n", passage.pin, passage.state);
        body.push_str(&line);
    }
    let sent = plan.serial(number);
    move |tx, ctx, intake| {
        let query = format!("SN={sent}&table=ATTLOG&Stamp={}", ctx.now.unix_seconds());
        let message = message(&sent, &query, body.clone(), ctx.now);
        let query = Query::parse(&query);
        let mut request = Request {
            is_post: true,
            endpoint: Endpoint::Data,
            query,
            serial: sent.clone(),
            message,
            whole: None,
            batch: None,
            ahead: None,
            counted: None,
        };
        request.read_ahead(ctx, intake);
        match zk::serve(tx, ctx, intake, &request)? {
            (Answer::Text(_), _) => Ok(()),
            (Answer::Refused, _) => Err(Problem::internal("a device of the simulation was refused")),
        }
    }
}

fn message(serial: &str, query: &str, body: String, received_at: Moment) -> Message {
    Message {
        feed: "zk",
        source: serial.to_owned(),
        project: None,
        request: format!("POST /iclock/cdata?{query}"),
        content_type: Some("text/plain".to_owned()),
        content_encoding: None,
        body: body.into_bytes(),
        remote: None,
        received_at,
    }
}
