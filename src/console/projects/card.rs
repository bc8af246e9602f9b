//! One project at a glance: the five systems and what stands beside them, each finding with citation, evidence and cure.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::base::id::ProjectId;
use crate::compliance;
use crate::console::{Frame, Shown, show};
use crate::law::book::Standing;
use crate::law::questions::warning::Level;
use crate::law::{Finding, State, System};
use crate::web::{Verb, Visit};

/// A system with what was found under it, the worst first.
struct Part {
    system: System,
    state: State,
    level: Level,
    open: Vec<Finding>,
    kept: Vec<Finding>,
}

impl Part {
    fn badge(&self) -> &'static str {
        badge(self.state)
    }
}

/// The class of a state's badge.
pub(super) fn badge(state: State) -> &'static str {
    match state {
        State::Broken => "bad",
        State::NotKnown => "unknown",
        State::Kept => "good",
        State::NotInForce => "plain",
    }
}

#[derive(Template)]
#[template(path = "console/projects/card.html")]
struct CardPage {
    f: Frame,
    head: Head,
    parts: Vec<Part>,
    broken: usize,
    not_known: usize,
    law_book: String,
    may_ask: bool,
}

impl CardPage {
    fn cure<'x>(&self, finding: &'x Finding) -> &'x str {
        self.f.visit.lang.pick(&finding.cure_zh, &finding.cure_en)
    }

    fn badge(&self, finding: &Finding) -> &'static str {
        badge(finding.state)
    }

    fn is_firm(&self, finding: &Finding) -> bool {
        finding.status == Standing::InForce
    }
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let (head, assessment) = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let assessment = compliance::actions::assess(conn, &visit.ctx, &site, visit.ctx.today)?;
            Ok((head, assessment))
        })
        .await?;
    let count = |state: State| assessment.findings.iter().filter(|finding| finding.state == state).count();
    let (broken, not_known) = (count(State::Broken), count(State::NotKnown));
    let mut parts: Vec<Part> = Vec::new();
    for (system, standing) in &assessment.card {
        let mut found: Vec<Finding> = assessment.findings.iter().filter(|finding| finding.system == *system).cloned().collect();
        found.sort_by_key(|finding| std::cmp::Reverse((finding.state, finding.level)));
        let (open, kept) = found.into_iter().partition(|finding| matches!(finding.state, State::Broken | State::NotKnown));
        parts.push(Part { system: *system, state: standing.state, level: standing.level, open, kept });
    }
    // The worst first, the order of the law among equals.
    parts.sort_by_key(|part| std::cmp::Reverse((part.state, part.level)));
    let may_ask = visit.able(Verb::AskGates).is_some();
    let law_book = visit.ctx.ground.book().hash().chars().take(12).collect();
    show(&CardPage { f: Frame::of(&visit), head, parts, broken, not_known, law_book, may_ask })
}
