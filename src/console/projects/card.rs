//! One project at a glance: the five systems and what stands beside them, each finding with citation, evidence and cure.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::head::Head;
use crate::base::id::ProjectId;
use crate::base::{Day, Moment};
use crate::compliance;
use crate::console::month::can;
use crate::console::{Frame, Shown, show};
use crate::law::book::Standing;
use crate::law::questions::warning::Level;
use crate::law::{Finding, State, System};
use crate::matters;
use crate::matters::freezes::FreezeNote;
use crate::web::{Problem, Verb, Visit};
use crate::workers::exceptions::{Share, share_on};

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
    /// How many people are there by exception.
    share: Share,
    /// Freezes of the wage accounts on that day; none of a past that is shown.
    freezes: Vec<FreezeNote>,
    may_see_money: bool,
    may_ask: bool,
    as_of: Day,
    /// The past that is shown instead of the present.
    known_at: Option<Moment>,
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

#[derive(Deserialize)]
pub(super) struct Asked {
    as_of: Option<String>,
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>, asked: web::Query<Asked>) -> Shown {
    let id = project.into_inner();
    // An empty field of the form asks for no other day.
    let wanted = asked.into_inner().as_of.filter(|text| !text.is_empty());
    let wanted: Option<Day> = wanted
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| Problem::invalid("日期应写成 2026-03-02。", "Write a day like 2026-03-02.").at("as_of", "bad_time"))?;
    let (head, assessment, as_of, law_book, share, freezes, may_see_money) = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let as_of = wanted.unwrap_or(visit.ctx.today);
            let assessment = compliance::actions::assess(conn, &visit.ctx, &site, as_of)?;
            let (share, _) = share_on(conn, site.id, as_of)?;
            let freezes = match visit.ctx.known_at {
                Some(_) => Vec::new(),
                None => matters::freezes::notes(conn, &visit.ctx, &site, as_of)?,
            };
            let may_see_money = can(conn, visit, id, Verb::ReadMoney);
            let law_book = visit.ctx.book().hash().chars().take(12).collect();
            Ok((head, assessment, as_of, law_book, share, freezes, may_see_money))
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
    let known_at = visit.ctx.known_at.as_ref().map(|known| known.at);
    show(&CardPage {
        f: Frame::of(&visit),
        head,
        parts,
        broken,
        not_known,
        law_book,
        share,
        freezes,
        may_see_money,
        may_ask,
        as_of,
        known_at,
    })
}
