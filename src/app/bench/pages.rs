//! The main pages as a browser gets them: a demonstration city with months of everything, and a thousand more projects beside it.
//!
//! One connection asks one page again and again, so a latency is the server's time and the loopback's. The pages of one project are
//! those of the city's most troubled one, which has the most to show.

use serde::Serialize;

use super::bed::Bed;
use super::{client, refused};
use crate::base::id::ProjectId;
use crate::store::StoreError;
use crate::web::{Problem, Role};
use crate::{compliance, gates, parties, payroll, projects};

/// Projects beside the city's own.
const PROJECTS: usize = 1000;
/// How often each page is asked for.
const TIMES: usize = 200;
/// Projects assessed in one transaction.
const IN_TRANSACTION: usize = 50;

/// What one page took.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub page: String,
    pub p50_micros: u64,
    pub p99_micros: u64,
    pub bytes: usize,
}

/// All pages.
#[derive(Debug, Clone, Serialize)]
pub struct Pages {
    pub projects: usize,
    pub pages: Vec<Row>,
}

/// Fills the thousand and asks for every main page.
pub fn measure(bed: &Bed) -> Result<Pages, StoreError> {
    let made = bed.projects(PROJECTS)?;
    for some in made.chunks(IN_TRANSACTION) {
        let some: Vec<ProjectId> = some.iter().map(|(project, ..)| *project).collect();
        bed.write(move |tx, ctx| {
            for project in &some {
                let site = projects::enter(tx.conn(), &ctx.scope, *project)?;
                compliance::actions::keep(tx, ctx, &site)?;
            }
            Ok(())
        })?;
    }
    let mut rows = Vec::new();
    for (role, paths) in [(Role::LabourManager, city_paths(bed)?), (Role::Administrator, house_paths())] {
        let cookie = bed.browse(role)?;
        for (page, path) in paths {
            let mut request = Vec::new();
            client::get(&mut request, &path, &cookie);
            let requests = vec![request; TIMES];
            let (figures, answers) = client::ask_all(bed.address, 1, &requests, std::time::Duration::from_secs(60))?;
            if let Some(odd) = answers.iter().find(|answer| answer.status != 200) {
                return Err(StoreError::Unavailable(format!("bench pages: {path}: {}", odd.status)));
            }
            let bytes = answers.iter().map(|answer| answer.body.len()).max().unwrap_or(0);
            rows.push(Row { page, p50_micros: figures.percentile(50), p99_micros: figures.percentile(99), bytes });
        }
    }
    let projects = bed
        .ground
        .db
        .read_blocking(|conn| Ok::<_, Problem>(projects::table::all(conn)?.len()))
        .map_err(|problem| refused(&problem))?;
    Ok(Pages { projects, pages: rows })
}

/// Pages of the work itself, each with the pattern by which it is printed.
fn city_paths(bed: &Bed) -> Result<Vec<(String, String)>, StoreError> {
    let ctx = bed.ctx();
    let today = ctx.today;
    let found = bed.ground.db.read_blocking(move |conn| {
        let summaries = compliance::table::summaries(conn)?;
        let worst = summaries.iter().max_by_key(|one| one.trouble(today)).ok_or_else(Problem::not_found)?.project;
        let mut sheets = payroll::table::sheets(conn, worst, 0, i64::from(u16::MAX))?;
        let sheet = sheets.pop().map(|row| row.id);
        let answer = gates::table::latest_of_project(conn, worst, 1)?.pop().map(|row| row.id);
        let party = parties::table::list(conn, &ctx.scope, 0, 1)?.pop().map(|row| row.id);
        Ok::<_, Problem>((worst, sheet, answer, party))
    });
    let (worst, sheet, answer, party) = found.map_err(|problem| refused(&problem))?;
    let mut paths: Vec<(String, String)> =
        ["/", "/projects", "/projects?page=20", "/gates", "/companies"].map(|path| (path.to_owned(), path.to_owned())).to_vec();
    for tail in ["", "/workers", "/attendance", "/sheets", "/money", "/deposit", "/documents", "/findings"] {
        paths.push((format!("/projects/{{project}}{tail}"), format!("/projects/{worst}{tail}")));
    }
    if let Some(sheet) = sheet {
        paths.push(("/projects/{project}/sheets/{sheet}".to_owned(), format!("/projects/{worst}/sheets/{sheet}")));
    }
    if let Some(answer) = answer {
        paths.push(("/gates/answers/{answer}".to_owned(), format!("/gates/answers/{answer}")));
    }
    if let Some(party) = party {
        paths.push(("/companies/{party}".to_owned(), format!("/companies/{party}")));
    }
    Ok(paths)
}

/// Pages of whoever runs the service.
fn house_paths() -> Vec<(String, String)> {
    ["/me", "/house", "/house/users", "/house/devices", "/house/quarantine", "/house/jobs", "/house/amendments"]
        .map(|path| (path.to_owned(), path.to_owned()))
        .to_vec()
}
