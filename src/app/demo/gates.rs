//! The questions that were asked of the gates.

use super::papers;
use super::story::Stage;
use crate::base::id::AnswerId;
use crate::gates::{Subject, actions, certificate};
use crate::law::Gate;
use crate::projects::Site;
use crate::web::Problem;

fn ask(stage: &mut Stage<'_, '_>, gate: Gate, subject: &Subject) -> Result<AnswerId, Problem> {
    let ctx = stage.ctx();
    let asked = actions::gather(stage.tx.conn(), &ctx, gate, subject, stage.day)?;
    Ok(actions::answer(stage.tx, &ctx, &asked)?.row.id)
}

/// Asks and hands the answer on.
fn ask_and_certify(stage: &mut Stage<'_, '_>, gate: Gate, subject: &Subject) -> Result<(), Problem> {
    let answer = ask(stage, gate, subject)?;
    let ctx = stage.ctx();
    certificate::actions::issue(stage.tx, &ctx, answer).map(|_| ())
}

fn of(site: &Site) -> Subject {
    Subject { project: Some(site.id), ..Subject::default() }
}

/// Before a project's permit is issued.
pub fn ask_for_permit(stage: &mut Stage<'_, '_>, site: &Site) -> Result<(), Problem> {
    ask(stage, Gate::ConstructionPermit, &of(site)).map(|_| ())
}

/// On the day of the first filling: completion of every project, the other gates of some, and new projects of every contractor.
pub fn ask_on_anchor(stage: &mut Stage<'_, '_>) -> Result<(), Problem> {
    let city = stage.city;
    for plan in &city.projects {
        let Some(site) = stage.site(plan)? else { continue };
        ask_and_certify(stage, Gate::CompletionAcceptance, &of(&site))?;
        if plan.number % 3 == 0 {
            // A second section of the same owner and contractor.
            ask_and_certify(stage, Gate::ConstructionPermit, &of(&site))?;
        }
        if plan.number % 3 == 2 {
            ask_and_certify(stage, Gate::PropertyRegistration, &of(&site))?;
            ask_and_certify(stage, Gate::AccountClosing, &of(&site))?;
            ask_and_certify(stage, Gate::DepositReturn, &of(&site))?;
        }
    }
    for (number, company) in city.contractors.iter().enumerate() {
        let owner = papers::party(stage, city.owners.get(number % city.owners.len().max(1)))?;
        let contractor = papers::party(stage, Some(company))?;
        let region = "330784".parse().map_err(|error| Problem::unreadable("region", &error))?;
        let subject = Subject { project: None, owner: Some(owner), general_contractor: Some(contractor), region: Some(region) };
        ask_and_certify(stage, Gate::NewProject, &subject)?;
    }
    Ok(())
}
