//! Asking a gate and printing what it answers: verdict, whose rule, each article, the facts used, the shortest way to `clear`.

mod overrides;

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::frame::amount_apart;
use super::{Frame, Shown, law, regions, see_other, show};
use crate::base::RegionCode;
use crate::base::id::{AnswerId, PartyId, ProjectId};
use crate::base::person::Uscc;
use crate::gates::Subject;
use crate::gates::actions::{self, Answered};
use crate::gates::certificate;
use crate::gates::overriding::InForce;
use crate::gates::overriding::actions::{self as overriding, Override};
use crate::gates::table::{self, AnswerRow};
use crate::law::Gate;
use crate::law::decision::{CureItem, Reason};
use crate::projects::{self, Site, table::ProjectRow};
use crate::store::AnyConn;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};
use crate::{parties, web::Ctx};

/// Projects that the field offers by name.
const OFFERED_MAX: i64 = 200;

/// Past answers of a project that are listed.
const PAST_MAX: i64 = 50;

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    let ask = Access::Holds(Verb::AskGates);
    vec![
        Route::page("/gates", ask, "Ask a gate", || web::get().to(ask_page)),
        Route::form("/gates", ask, "Ask a gate", || web::post().to(ask_gate)),
        Route::form(
            "/projects/{project}/overrides",
            Access::Holds(Verb::OverrideGates),
            "Ask for an override of a refusal",
            || web::post().to(overrides::ask),
        ),
        Route::form(
            "/projects/{project}/overrides/{override}",
            Access::Holds(Verb::OverrideGates),
            "Approve an override as another person, refuse it, or end it",
            || web::post().to(overrides::decide),
        ),
        Route::page("/gates/answers/{answer}", ask, "A stored answer, to be printed", || web::get().to(answer_page)),
    ]
}

#[derive(Deserialize)]
struct Query {
    project: Option<String>,
    gate: Option<String>,
}

#[derive(Template)]
#[template(path = "console/gates/ask.html")]
struct AskPage {
    f: Frame,
    gates: &'static [Gate],
    gate: String,
    /// The project that the question comes from.
    site: Option<Site>,
    offered: Vec<ProjectRow>,
    past: Vec<(AnswerRow, bool)>,
}

/// The class of a verdict's badge.
fn badge(verdict: &str) -> &'static str {
    match verdict {
        "clear" => "good",
        "blocked" => "bad",
        "advise" | "restriction_proposed" => "warn",
        _ => "unknown",
    }
}

async fn ask_page(visit: Visit, query: web::Query<Query>) -> Shown {
    let Query { project, gate } = query.into_inner();
    let asked: Option<ProjectId> = match &project {
        Some(text) => Some(text.parse().map_err(|_| Problem::not_found())?),
        None => None,
    };
    let (site, offered, past) = visit
        .read(move |conn, visit| {
            let Some(id) = asked else {
                return Ok((None, projects::visible(conn, &visit.ctx.scope, 0, OFFERED_MAX)?, Vec::new()));
            };
            let site = projects::enter(conn, &visit.ctx.scope, id)?;
            let mut past = Vec::new();
            for row in table::latest_of_project(conn, site.id, PAST_MAX)? {
                let is_refused = overriding::is_refusal(&row.gate, &row.verdict);
                let is_set_aside = is_refused && overriding::in_force(conn, site.id, &row.gate, visit.ctx.today)?.is_some();
                past.push((row, is_set_aside));
            }
            Ok((Some(site), Vec::new(), past))
        })
        .await?;
    let gate = gate.unwrap_or_else(|| Gate::CompletionAcceptance.as_str().to_owned());
    show(&AskPage { f: Frame::of(&visit), gates: Gate::ALL, gate, site, offered, past })
}

/// The company of a credit code.
fn party_of(conn: &mut AnyConn, ctx: &Ctx, form: &Applicants, role: &str) -> Result<Option<PartyId>, Problem> {
    let told = if role == "owner" { &form.owner } else { &form.general_contractor };
    let Some(uscc) = told else { return Ok(None) };
    let found = parties::table::by_uscc(conn, &ctx.scope, uscc.as_str())?;
    found.map(|row| Some(row.id)).ok_or_else(|| {
        Problem::invalid("没有登记该统一社会信用代码的单位。", "No company with this credit code is registered.")
            .at(role, "unknown_party")
    })
}

/// What the form names.
struct Applicants {
    project: Option<String>,
    owner: Option<Uscc>,
    general_contractor: Option<Uscc>,
    region: Option<RegionCode>,
}

fn subject_of(conn: &mut AnyConn, ctx: &Ctx, told: &Applicants) -> Result<Subject, Problem> {
    let project = match &told.project {
        None => None,
        Some(text) => {
            // The field takes an id or a code; a code may be followed by the name that the browser offered.
            let code = text.split_whitespace().next().unwrap_or_default();
            let by_code = projects::table::by_code(conn, code)?.map(|row| row.id);
            let id = code.parse().ok().or(by_code).ok_or_else(Problem::not_found)?;
            Some(projects::enter(conn, &ctx.scope, id)?.id)
        }
    };
    Ok(Subject {
        project,
        owner: party_of(conn, ctx, told, "owner")?,
        general_contractor: party_of(conn, ctx, told, "general_contractor")?,
        region: told.region,
    })
}

async fn ask_gate(form: Form) -> Shown {
    let word = form.required("gate")?;
    let gate = Gate::ALL.iter().copied().find(|gate| gate.as_str() == word).ok_or_else(Problem::not_found)?;
    let told = Applicants {
        project: form.text("project").map(str::to_owned),
        owner: form.parse_opt("owner")?,
        general_contractor: form.parse_opt("general_contractor")?,
        region: form.parse_opt("region")?,
    };
    let as_of = form.parse_opt("as_of")?.unwrap_or(form.visit.ctx.today);
    // Gathered on one snapshot, then kept: the writer is not held while facts are read.
    let asked = form
        .visit
        .read(move |conn, visit| {
            let subject = subject_of(conn, &visit.ctx, &told)?;
            actions::gather(conn, &visit.ctx, gate, &subject, as_of)
        })
        .await?;
    let id = form.write(Verb::AskGates, move |tx, ctx| Ok(actions::answer(tx, ctx, &asked)?.row.id)).await?;
    Ok(see_other(&format!("/gates/answers/{id}")))
}

/// A fact as the page shows it.
struct ShownFact {
    /// Its name in the law, to find those of a reason.
    key: String,
    name: String,
    value: Option<String>,
    source: String,
    seen_at: String,
}

#[derive(Template)]
#[template(path = "console/gates/answer.html")]
struct AnswerPage {
    f: Frame,
    answered: Answered,
    project: Option<(ProjectId, String)>,
    region: String,
    facts: Vec<ShownFact>,
    /// Address of its latest certificate.
    certificate: Option<String>,
    /// The override that holds today.
    set_aside: Option<InForce>,
    /// Overrides of this gate with what was decided.
    overrides: Vec<Override>,
    /// Whether the visitor may ask for one and decide.
    may_override: bool,
}

impl AnswerPage {
    fn badge(&self) -> &'static str {
        badge(&self.answered.row.verdict)
    }

    /// What to do, with whoever must supply the fact named in the page's language only.
    fn cure(&self, item: &CureItem) -> String {
        let told = self.f.t(&item.zh, &item.en);
        item.keeper.as_ref().map_or_else(|| told.to_owned(), |keeper| told.replace(keeper.as_str(), self.f.half(keeper)))
    }

    /// The facts that a reason rests on, each with its source and when it was seen there.
    fn facts_of(&self, reason: &Reason) -> Vec<&ShownFact> {
        let is_of = |fact: &&ShownFact| reason.facts.iter().any(|name| name.as_str() == fact.key);
        self.facts.iter().filter(is_of).collect()
    }

    fn standing(&self, reason: &Reason) -> (&'static str, &'static str) {
        law::standing(&self.f, reason.status.as_str())
    }

    /// Whether nothing is left to be decided about an override.
    fn is_over(&self, one: &Override) -> bool {
        !one.decisions.is_empty() && !one.holds_on(self.f.visit.ctx.today)
    }
}

impl AskPage {
    fn badge(&self, verdict: &str) -> &'static str {
        badge(verdict)
    }
}

fn shown_facts(f: &Frame, facts: &Value) -> Vec<ShownFact> {
    let text = |value: &Value| match value {
        Value::Bool(true) => f.t("是", "yes").to_owned(),
        Value::Bool(false) => f.t("否", "no").to_owned(),
        Value::String(text) => amount_apart(text),
        Value::Null => f.t("无", "none").to_owned(),
        other => other.to_string(),
    };
    let of = |fact: &Value, key: &str| fact.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let shown = facts.as_object().into_iter().flatten().map(|(name, fact)| {
        let is_known = fact.get("state").and_then(Value::as_str) == Some("known");
        ShownFact {
            key: name.clone(),
            name: f.word(name).into_owned(),
            value: fact.get("value").filter(|_| is_known).map(text),
            source: match is_known {
                true => f.word(&of(fact, "source")).into_owned(),
                false => f.half(&of(fact, "keeper")).to_owned(),
            },
            seen_at: of(fact, "seen_at").chars().take(16).collect::<String>().replace('T', " "),
        }
    });
    shown.collect()
}

async fn answer_page(visit: Visit, answer: web::Path<AnswerId>) -> Shown {
    let id = answer.into_inner();
    let (answered, project, certificate, set_aside, overrides, may_override) = visit
        .read(move |conn, visit| {
            let answered = actions::fetch(conn, &visit.ctx, id)?;
            let project = match answered.row.project_id {
                Some(project) => Some((project, projects::enter(conn, &visit.ctx.scope, project)?.name)),
                None => None,
            };
            let certificate = certificate::table::latest(conn, id)?.map(|row| row.token);
            let Some((project_id, _)) =
                project.as_ref().filter(|_| overriding::is_refusal(&answered.row.gate, &answered.row.verdict))
            else {
                return Ok((answered, project, certificate, None, Vec::new(), false));
            };
            let id = *project_id;
            let set_aside = overriding::in_force(conn, id, &answered.row.gate, visit.ctx.today)?;
            let mut overrides = overriding::all(conn, id)?;
            overrides.retain(|one| one.row.gate == answered.row.gate);
            let able = visit.able(Verb::OverrideGates);
            let may = able.is_some_and(|ctx| projects::enter(conn, &ctx.scope, id).is_ok());
            Ok((answered, project, certificate, set_aside, overrides, may))
        })
        .await?;
    let f = Frame::of(&visit);
    let facts = serde_json::to_value(&answered.question.facts).map_err(|error| Problem::internal(&error.to_string()))?;
    let facts = shown_facts(&f, &facts);
    let region = format!("{} {}", regions::name(answered.row.region), answered.row.region);
    show(&AnswerPage { f, answered, project, region, facts, certificate, set_aside, overrides, may_override })
}
