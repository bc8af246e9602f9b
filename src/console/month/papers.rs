//! Papers of a project, and the dated facts that go with them: agreement, bond, audit, permit, commitment, and the facts without a
//! paper that a first month needs, such as the pay day.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::paper_forms::{FORMS, FactForm, INDUSTRIES, fact_of, is_money};
use super::people::{self, Company};
use super::{attachment, can, evidence};
use crate::accounts;
use crate::base::id::{DocumentId, ProjectId};
use crate::console::frame::grouped;
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::documents::table::DocumentHead;
use crate::documents::{self, DocumentKind, MEDIA_TYPES};
use crate::projects::{self, Fact, FactKind, PartyRole, Recorded, enter};
use crate::store::AnyConn;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let (read, record) = (Access::Holds(Verb::ReadProjects), Access::Holds(Verb::RecordFacts));
    vec![
        Route::page("/projects/{project}/documents", read, "Papers and facts of a project", || web::get().to(page)),
        Route::form("/projects/{project}/documents", record, "Upload a paper, record what it shows", || web::post().to(take)),
        Route::page("/projects/{project}/documents/{document}", read, "Download a paper", || web::get().to(download))
            .serves("application/octet-stream"),
    ]
}

#[derive(Template)]
#[template(path = "console/month/papers.html")]
struct PapersPage {
    f: Frame,
    head: Head,
    papers: Vec<DocumentHead>,
    next: Option<String>,
    facts: Vec<Recorded>,
    forms: &'static [FactForm],
    kinds: &'static [DocumentKind],
    industries: &'static [(&'static str, &'static str)],
    companies: Vec<Company>,
    /// Papers behind facts that the visitor may have.
    open: Vec<DocumentId>,
    may_record: bool,
}

impl PapersPage {
    fn media(&self) -> String {
        MEDIA_TYPES.join(",")
    }

    /// Whether the visitor may have a paper: who may record facts any, others those that hold nobody's numbers.
    fn may_fetch(&self, kind: &DocumentKind) -> bool {
        self.may_record || !kind.is_personal()
    }

    /// Whether the visitor may have the paper behind a fact.
    fn may_open(&self, fact: &Recorded) -> bool {
        fact.document_id.is_some_and(|id| self.open.contains(&id))
    }

    /// The subcontractors of the project.
    fn subcontractors(&self) -> impl Iterator<Item = &Company> {
        self.companies.iter().filter(|company| company.role == PartyRole::Subcontractor)
    }

    /// Title of a fact and what it says, in the page's language.
    fn title(&self, fact: &Fact) -> String {
        let known = FORMS.iter().find(|form| form.fact == Some(fact.kind()));
        known.map_or_else(|| self.f.word(fact.kind().as_str()).into_owned(), |form| self.f.t(form.zh, form.en).to_owned())
    }

    fn details(&self, fact: &Fact) -> String {
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(fact) else { return String::new() };
        let form = FORMS.iter().find(|form| form.fact == Some(fact.kind()));
        let shown = |(name, value): (&String, &serde_json::Value)| {
            let label = form.and_then(|form| form.inputs.iter().find(|input| input.0 == name));
            let label = label.map_or_else(|| self.f.word(name).into_owned(), |input| self.f.t(input.1, input.2).to_owned());
            let text = match value {
                serde_json::Value::Bool(yes) => {
                    self.f.t(if *yes { "是" } else { "否" }, if *yes { "yes" } else { "no" }).to_owned()
                }
                serde_json::Value::String(text) if name == "subcontractor" => {
                    let company = self.companies.iter().find(|company| company.id.to_string() == *text);
                    company.map_or_else(|| text.clone(), |company| company.name.clone())
                }
                serde_json::Value::String(text) if is_money(form, name) => grouped(text),
                serde_json::Value::String(text) => {
                    let industry = INDUSTRIES.iter().find(|(word, _)| word == text);
                    industry.map_or_else(|| text.clone(), |(word, zh)| self.f.t(zh, word).to_owned())
                }
                other => other.to_string(),
            };
            format!("{label}: {text}")
        };
        let told = fields.iter().filter(|(name, value)| *name != "kind" && !value.is_null());
        told.map(shown).collect::<Vec<_>>().join(" · ")
    }
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<After>) -> Shown {
    let id = project.into_inner();
    let (after, limit) = PageQuery::new(query.into_inner().after, None).bounds()?;
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let papers = documents::table::of_project(conn, site.id, after, limit + 1)?;
            let Page { items: papers, next } = Page::cut(papers, limit, |row| row.id.0);
            let facts = projects::actions::facts(conn, &site, visit.ctx.today, None)?;
            let may_record = can(conn, visit, id, Verb::RecordFacts);
            let (forms, kinds, industries) = (FORMS, DocumentKind::ALL, INDUSTRIES);
            let facts: Vec<Recorded> = facts.iter().cloned().collect();
            let behind: Vec<DocumentId> = facts.iter().filter_map(|fact| fact.document_id).collect();
            let open = may_have(conn, visit, id, &behind)?;
            let companies = people::companies(conn, visit, &site)?;
            let f = Frame::of(visit);
            Ok(PapersPage { f, head, papers, next, facts, forms, kinds, industries, companies, open, may_record })
        })
        .await?;
    show(&page)
}

/// Which of these papers of a project the visitor may have: any for who records facts, else those that hold nobody's numbers.
pub(crate) fn may_have(
    conn: &mut AnyConn,
    visit: &Visit,
    project: ProjectId,
    ids: &[DocumentId],
) -> Result<Vec<DocumentId>, Problem> {
    let all = can(conn, visit, project, Verb::RecordFacts);
    let heads = documents::table::heads(conn, project, ids)?;
    Ok(heads.into_iter().filter(|head| all || !head.kind.is_personal()).map(|head| head.id).collect())
}

async fn take(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let kind: Option<DocumentKind> = form.parse_opt("kind")?;
    if kind.is_none() && form.file_opt("file").is_some() {
        let (zh, en) = ("请选择资料的种类；文件没有保存。", "Choose the kind of the paper; the file was not kept.");
        return Err(Problem::invalid(zh, en).at("kind", "missing_field"));
    }
    let paper = kind.and_then(|kind| evidence::uploaded(&form, "file", kind));
    let fact = form.parse_opt::<FactKind>("fact")?.map(|kind| fact_of(&form, kind)).transpose()?;
    let valid_on = if fact.is_some() { form.parse("valid_on")? } else { form.visit.ctx.today };
    let filed_on = form.parse_opt("filed_on")?;
    if paper.is_none() && fact.is_none() && filed_on.is_none() {
        form.file("file")?;
    }
    let files = filed_on.map(|day| form.ctx(Verb::OpenAccounts).map(|ctx| (day, ctx))).transpose()?;
    form.write(Verb::RecordFacts, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let document = evidence::kept(tx, ctx, &site, paper.as_ref())?;
        if let Some(fact) = &fact {
            projects::actions::record_fact(tx, ctx, &site, valid_on, fact, document)?;
        }
        if let Some((filed_on, ctx)) = &files {
            let site = enter(tx.conn(), &ctx.scope, id)?;
            let account = accounts::actions::account_on(tx.conn(), &site, ctx.today)?.ok_or_else(|| {
                Problem::invalid(
                    "本项目没有在用的专用账户，请先登记账户。",
                    "The project has no wage account in use; open it first.",
                )
                .at("filed_on", "unknown_account")
            })?;
            accounts::actions::file_account(tx, ctx, &site, account.id, *filed_on)?;
        }
        Ok(())
    })
    .await?;
    done(&format!("/projects/{id}/documents"), "paper_kept", 1)
}

async fn download(visit: Visit, path: web::Path<(ProjectId, DocumentId)>) -> Shown {
    let (id, document) = path.into_inner();
    let (row, bytes) = visit
        .read(move |conn, visit| {
            let site = enter(conn, &visit.ctx.scope, id)?;
            let (row, bytes) = documents::actions::fetch(conn, &visit.ctx, site.id, document)?;
            if row.kind.is_personal() && !can(conn, visit, id, Verb::RecordFacts) {
                return Err(Problem::not_allowed());
            }
            Ok((row, bytes))
        })
        .await?;
    attachment(&row.media_type, &row.name, bytes)
}
