//! The authorities: gates asked every day, cases opened and closed, the notice board looked at, and the law amended in mid-year.

use super::auditor;
use super::books::Books;
use super::founding::{self, Founded};
use super::service::Service;
use super::world::{CONTRACTOR, World};
use crate::amendments::AmendmentKind;
use crate::amendments::actions::{self as amendments, Change, Proposal};
use crate::base::Day;
use crate::base::id::UserId;
use crate::cases::CaseKind;
use crate::cases::actions::{NewCase, close_case, open_case};
use crate::gates::{Subject, actions as gates};
use crate::law::Gate;
use crate::projects;
use crate::web::{Ctx, Grant, Problem, Role, Scope, ScopeOn, Verb};

/// The file in which a value changes in mid-year: how long a machine may keep silent before attendance counts as not recorded.
const AMENDED_FILE: &str = "law/parameters/warnings.toml";
/// The value.
const AMENDED_KEY: &str = "key = \"real_name.device_silence\"";
/// Its days from then on.
const AMENDED_TO: i64 = 2;
/// Days between the amendment and its first day.
const AMENDED_AHEAD: i64 = 5;

/// What the authorities remember.
#[derive(Debug, Default)]
pub struct Authority {
    cases: Vec<(usize, crate::base::id::CaseId)>,
    /// Answers that were clear.
    pub clear: u64,
    /// Answers in all.
    pub answers: u64,
}

impl Authority {
    /// The work of a day.
    pub fn work(
        &mut self,
        service: &mut Service,
        world: &World,
        founded: &Founded,
        books: &mut Books,
        day: Day,
    ) -> Result<(), Problem> {
        for plan in &world.projects {
            let Some(id) = founded.projects.get(plan.number).map(|ground| ground.id) else { continue };
            let mut luck = world.luck("authority", plan.number, day);
            if day.day_of_month() == 2 {
                service.step(move |tx, ctx, _| {
                    let site = projects::site(tx.conn(), id)?;
                    founding::board(tx, ctx, &site)
                })?;
            }
            let subject = Subject { project: Some(id), ..Subject::default() };
            let gate = if luck.happens(50) { Gate::CompletionAcceptance } else { Gate::ConstructionPermit };
            self.ask(service, world, founded, books, gate, subject, day)?;
            if luck.happens(1) {
                let new = NewCase { kind: CaseKind::Inspection, opened_on: day, workers: None, amount: None };
                let case = service.step(move |tx, ctx, _| {
                    let site = projects::site(tx.conn(), id)?;
                    open_case(tx, ctx, &site, &new).map(|case| case.id)
                })?;
                self.cases.push((plan.number, case));
            }
        }
        for owner in 0..2 {
            let region = "330784".parse().map_err(|error| Problem::unreadable("region", &error))?;
            let (owner, contractor) = (founded.parties.get(owner).copied(), founded.parties.get(CONTRACTOR).copied());
            let subject = Subject { project: None, owner, general_contractor: contractor, region: Some(region) };
            self.ask(service, world, founded, books, Gate::NewProject, subject, day)?;
        }
        if day.day_of_month() == 28
            && let Some((number, case)) = self.cases.pop()
            && let Some(id) = founded.projects.get(number).map(|ground| ground.id)
        {
            service.step(move |tx, ctx, _| {
                let site = projects::site(tx.conn(), id)?;
                close_case(tx, ctx, &site, case, day, "已处理").map(|_| ())
            })?;
        }
        if day == world.first.plus_days(world.days / 2) {
            amend(service, founded.users, day.plus_days(AMENDED_AHEAD))?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "a question is asked of the service and judged by the books")]
    fn ask(
        &mut self,
        service: &mut Service,
        world: &World,
        founded: &Founded,
        books: &mut Books,
        gate: Gate,
        subject: Subject,
        day: Day,
    ) -> Result<(), Problem> {
        let about = subject.project;
        let asked = subject.clone();
        let row = service.step(move |tx, ctx, _| {
            let gathered = gates::gather(tx.conn(), ctx, gate, &asked, day)?;
            Ok(gates::answer(tx, ctx, &gathered)?.row)
        })?;
        self.answers = self.answers.saturating_add(1);
        if row.verdict != "clear" {
            return Ok(());
        }
        self.clear = self.clear.saturating_add(1);
        for plan in &world.projects {
            let id = founded.projects.get(plan.number).map(|ground| ground.id);
            if about.is_none_or(|project| Some(project) == id) {
                let owed = auditor::owed(service, books, plan, day)?;
                if owed.state != Some(false) {
                    books.accuse(day, format!("gate {} was clear while {} owes: {owed:?}", row.gate, plan.code));
                }
            }
        }
        Ok(())
    }
}

fn person(ctx: &Ctx, user: UserId, verb: Verb) -> Result<Ctx, Problem> {
    let grants = [Grant { role: Role::Administrator, on: ScopeOn::Everything }];
    let scope = Scope::narrow(user.to_string(), Some(user), &grants, verb).ok_or_else(Problem::not_allowed)?;
    Ok(Ctx { scope, ..ctx.clone() })
}

/// The file with the value ended and followed by its next.
fn amended(text: &str, from: Day) -> Option<String> {
    let (before, after) = text.split_once(AMENDED_KEY)?;
    let (head, rest) = after.split_once("\nfrom = ")?;
    let (old, rest) = rest.split_once('\n')?;
    let until = from.plus_days(-1);
    Some(format!(
        "{before}{AMENDED_KEY}{head}\nfrom = {old}\nto = {until}\n{rest}\n[[value]]\n{AMENDED_KEY}\nvalue = {AMENDED_TO}\nunit = \"day\"\n\
         rule = \"R53-16\"\nfrom = {from}\ninstrument = \"own\"\nstatus = \"in_force\"\n"
    ))
}

/// Two persons change a value of the law; it is in force at once, and again after every start.
fn amend(service: &mut Service, [first, second]: [UserId; 2], from: Day) -> Result<(), Problem> {
    let law = service.ground()?.in_force();
    let standing = law.files.iter().find(|(path, _)| path == AMENDED_FILE).and_then(|(_, text)| amended(text, from));
    let wording = standing.ok_or_else(|| Problem::internal("the law value of the simulation is gone"))?;
    let proposal = Proposal {
        kind: AmendmentKind::Law,
        change: Change::File { file: AMENDED_FILE.to_owned(), wording },
        reason: "模拟修订".to_owned(),
        document: "模拟文件一号".to_owned(),
        seen: law.activation,
    };
    let draft = amendments::draft(&law, proposal)?;
    drop(law);
    let proposed = service.step(move |tx, ctx, _| {
        let ctx = person(ctx, first, Verb::ProposeLaw)?;
        amendments::propose(tx, &ctx, &draft).map(|amendment| amendment.row.id)
    })?;
    let ready = service.read(|conn, ctx| amendments::ready(conn, &person(ctx, second, Verb::ApproveLaw)?, proposed))?;
    service.step(move |tx, ctx, _| {
        let ctx = person(ctx, second, Verb::ApproveLaw)?;
        amendments::approve(tx, &ctx, proposed, "已核对", &ready).map(|_| ())
    })?;
    service.refresh_law()
}
