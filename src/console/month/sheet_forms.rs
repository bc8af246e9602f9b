//! What is done to a pay sheet: signatures, deductions, disputes, handing in, audit, the order to pay.

use actix_web::web;
use askama::Template;
use serde_json::json;

use super::{amount, evidence};
use crate::base::Fen;
use crate::base::id::{DocumentId, LineId, ProjectId, SheetId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::documents::DocumentKind;
use crate::payroll::actions::{self, require_seen};
use crate::payroll::imports::left_out;
use crate::payroll::signing::{self, NewSignature, Signed};
use crate::payroll::table::SheetRow;
use crate::payroll::{self, LineState, Means};
use crate::payroll::{life, pay_run};
use crate::projects::{Site, enter};
use crate::store::Tx;
use crate::web::problem::Fault;
use crate::web::{Access, Ctx, Form, Problem, Route, Verb};
use crate::workers;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let (prepare, pay) = (Access::Holds(Verb::PrepareSheets), Access::Holds(Verb::PayWages));
    vec![
        Route::form("/projects/{project}/sheets/{sheet}/sign", prepare, "Record signatures", || web::post().to(sign)),
        Route::form("/projects/{project}/sheets/{sheet}/deduct", prepare, "Deduct from a line", || web::post().to(deduct)),
        Route::form("/projects/{project}/sheets/{sheet}/dispute", prepare, "Mark a part of a line as contested", || {
            web::post().to(dispute)
        }),
        Route::form("/projects/{project}/sheets/{sheet}/submit", prepare, "Hand in a sheet", || web::post().to(submit)),
        Route::form("/projects/{project}/sheets/{sheet}/left-out", pay, "Confirm lines that are not from the file", || {
            web::post().to(confirm_left_out)
        }),
        Route::form("/projects/{project}/sheets/{sheet}/audit", pay, "Audit a sheet", || web::post().to(audit)),
        Route::form("/projects/{project}/sheets/{sheet}/send-back", pay, "Send a sheet back", || web::post().to(send_back)),
        Route::form("/projects/{project}/sheets/{sheet}/publish", pay, "Say where a sheet was shown", || web::post().to(publish)),
        Route::form("/projects/{project}/sheets/{sheet}/close", pay, "Close a sheet", || web::post().to(close)),
        Route::form("/projects/{project}/sheets/{sheet}/order", pay, "Order the payment of a sheet", || web::post().to(order)),
    ]
}

type Path = web::Path<(ProjectId, SheetId)>;

fn path_of(project: ProjectId, sheet: SheetId) -> String {
    format!("/projects/{project}/sheets/{sheet}")
}

/// What a form says of each of its signatures, the line apart.
fn signature_of(form: &Form) -> Result<NewSignature, Problem> {
    let means: Means = form.parse("means")?;
    let owned = |name: &str| form.text(name).map(str::to_owned);
    let (device, evidence) = match means {
        Means::Paper => (None, None),
        Means::Device => (owned("device"), owned("device_evidence")),
        // Only the worker's own link brings such a signature: it is refused with the way.
        Means::LinkWithSecondMeans => (None, None),
    };
    let document_id = form.parse_opt::<DocumentId>("document")?;
    Ok(NewSignature { line: LineId(0), means, device, evidence, document_id, signed_on: form.parse("signed_on")? })
}

#[derive(Template)]
#[template(path = "console/month/signed.html")]
struct SignedPage {
    f: Frame,
    head: Head,
    sheet: SheetId,
    signed: usize,
    faults: Vec<Fault>,
}

/// Signatures that did not stand, each with the worker's name.
fn faults_of(conn: &mut crate::store::AnyConn, project: ProjectId, answers: &[Signed]) -> Result<Vec<Fault>, Problem> {
    let mut faults = Vec::new();
    for answer in answers.iter().filter(|answer| !answer.signed).take(crate::web::problem::FAULTS_MAX) {
        let line = payroll::table::line(conn, project, answer.line)?;
        let worker = match line {
            Some(line) => workers::table::worker(conn, line.worker_id)?.map(|worker| worker.name),
            None => None,
        };
        faults.push(Fault {
            place: worker.unwrap_or_else(|| answer.line.to_string()),
            reason: answer.reason.clone().unwrap_or_default(),
            zh: answer.zh.clone().unwrap_or_default(),
            en: answer.en.clone().unwrap_or_default(),
        });
    }
    Ok(faults)
}

async fn sign(form: Form, path: Path) -> Shown {
    let (project, sheet) = path.into_inner();
    let pattern = signature_of(&form)?;
    let everybody = form.ticked("everybody");
    let ticked: Vec<LineId> = form
        .all("line")
        .map(|text| text.parse().map_err(|error| Problem::unreadable("line", &error)))
        .collect::<Result<_, Problem>>()?;
    if ticked.is_empty() && !everybody {
        let problem = Problem::invalid(
            "请勾选已签字的行，或选“全部未签的行”。",
            "Tick the lines that were signed, or take all unsigned ones.",
        );
        return Err(problem.at("line", "missing_field"));
    }
    let scan = evidence::uploaded(&form, "file", DocumentKind::SignedSheet);
    let (signed, faults) = form
        .write(Verb::PrepareSheets, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            require_seen(tx, ctx, &site, sheet)?;
            let lines: Vec<LineId> = if everybody {
                let lines = payroll::table::lines_of(tx.conn(), site.id, sheet)?;
                let unsigned = lines.iter().filter(|line| line.state == LineState::Draft);
                unsigned.map(|line| line.id).take(signing::SIGNATURES_MAX).collect()
            } else {
                ticked.clone()
            };
            let document_id = evidence::kept(tx, ctx, &site, scan.as_ref())?.or(pattern.document_id);
            let items: Vec<NewSignature> =
                lines.into_iter().map(|line| NewSignature { line, document_id, ..pattern.clone() }).collect();
            let answers = signing::sign_lines(tx, ctx, &site, sheet, &items)?;
            let signed = answers.iter().filter(|answer| answer.signed).count();
            let faults = faults_of(tx.conn(), site.id, &answers)?;
            if let Some(first) = faults.first().filter(|_| signed == 0) {
                // Nothing stands, so nothing is kept: neither the scan nor the attempt.
                return Err(Problem::invalid(first.zh.clone(), first.en.clone()).with_faults(faults));
            }
            Ok((signed, faults))
        })
        .await?;
    if faults.is_empty() {
        return done(&path_of(project, sheet), "lines_signed", signed);
    }
    let visit = form.visit.clone();
    let head = visit.read(move |conn, visit| Head::enter(conn, visit, project).map(|(_, head)| head)).await?;
    show(&SignedPage { f: Frame::of(&visit), head, sheet, signed, faults })
}

/// Line, amount and reason of a change.
fn change_of(form: &Form) -> Result<(LineId, Fen, String), Problem> {
    Ok((form.parse("line")?, amount(form, "amount")?, form.required("reason")?.to_owned()))
}

async fn deduct(form: Form, path: Path) -> Shown {
    let (project, sheet) = path.into_inner();
    let (line, amount, reason) = change_of(&form)?;
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        actions::deduct(tx, ctx, &site, sheet, line, amount, &reason)
    })
    .await?;
    done(&path_of(project, sheet), "deducted", 1)
}

async fn dispute(form: Form, path: Path) -> Shown {
    let (project, sheet) = path.into_inner();
    let (line, amount, reason) = change_of(&form)?;
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        actions::dispute_line(tx, ctx, &site, sheet, line, amount, &reason)
    })
    .await?;
    done(&path_of(project, sheet), "disputed_line", 1)
}

async fn submit(form: Form, path: Path) -> Shown {
    let (project, sheet) = path.into_inner();
    let without_unconfirmed = form.ticked("without_unconfirmed");
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        actions::submit_as(tx, ctx, &site, sheet, without_unconfirmed)
    })
    .await?;
    done(&path_of(project, sheet), "sheet_submitted", 1)
}

async fn confirm_left_out(form: Form, path: Path) -> Shown {
    let (project, sheet) = path.into_inner();
    let note = form.required("note")?.to_owned();
    let lines: Vec<LineId> = form
        .all("line")
        .map(|text| text.parse().map_err(|error| Problem::unreadable("line", &error)))
        .collect::<Result<_, Problem>>()?;
    let number = lines.len();
    form.write(Verb::PayWages, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        left_out::confirm(tx, ctx, &site, sheet, &lines, &note)
    })
    .await?;
    done(&path_of(project, sheet), "left_out_confirmed", number)
}

async fn audit(form: Form, path: Path) -> Shown {
    let (project, sheet) = path.into_inner();
    form.write(Verb::PayWages, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        actions::audit(tx, ctx, &site, sheet)
    })
    .await?;
    done(&path_of(project, sheet), "sheet_audited", 1)
}

/// A step of a sheet's life with a note.
type Step = fn(&mut Tx<'_>, &Ctx, &Site, SheetId, &str) -> Result<SheetRow, Problem>;

async fn take(form: Form, path: Path, step: Step, told: &str) -> Shown {
    let (project, sheet) = path.into_inner();
    let note = form.required("note")?.to_owned();
    form.write(Verb::PayWages, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        step(tx, ctx, &site, sheet, &note)
    })
    .await?;
    done(&path_of(project, sheet), told, 1)
}

async fn send_back(form: Form, path: Path) -> Shown {
    take(form, path, life::actions::send_back, "sheet_sent_back").await
}

async fn publish(form: Form, path: Path) -> Shown {
    take(form, path, life::actions::publish, "sheet_published").await
}

async fn close(form: Form, path: Path) -> Shown {
    take(form, path, life::actions::close, "sheet_closed").await
}

/// Orders what may be paid: the first time and again for lines that failed. The same form sent twice is one order.
async fn order(form: Form, path: Path) -> Shown {
    let (project, sheet) = path.into_inner();
    let request = json!({"page": "order_pay_run", "project": project, "sheet": sheet});
    let answer = form
        .order(Verb::PayWages, request, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            require_seen(tx, ctx, &site, sheet)?;
            pay_run::actions::order_pay_run(tx, ctx, &site, sheet, None)
        })
        .await?;
    let held = answer.get("held").and_then(|held| held.as_array()).map_or(0, Vec::len);
    match answer.get("run").and_then(|run| run.get("id")).and_then(|id| id.as_str()) {
        Some(run) => done(&format!("/projects/{project}/runs/{run}"), "run_ordered", held),
        None => done(&path_of(project, sheet), "all_held", held),
    }
}
