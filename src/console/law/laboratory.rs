//! The rule laboratory: a form, and under it what a change would have done to findings and gates.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::base::{Day, RegionCode};
use crate::console::{Frame, Shown, show};
use crate::laboratory::report::Said;
use crate::laboratory::{Change, DAYS_MAX, PROJECT_DAYS_MAX, Report, Span, changed, try_over};
use crate::law::book::keys::KEYS;
use crate::web::{Form, Problem, Visit};

/// Days back that a fresh form offers.
const OFFERED_DAYS: i64 = 30;

/// Differences that a page shows; all of them are counted.
const SHOWN_MAX: usize = 100;

#[derive(Deserialize)]
pub(super) struct FreshQuery {
    key: Option<String>,
    region: Option<String>,
}

#[derive(Template)]
#[template(path = "console/law/laboratory.html")]
struct LaboratoryPage {
    f: Frame,
    keys: Vec<&'static str>,
    sets: String,
    region: String,
    file: String,
    wording: String,
    from: Day,
    to: Day,
    days_max: i64,
    project_days_max: u64,
    report: Option<Report>,
    /// Differences that the page leaves out.
    more: u64,
}

impl LaboratoryPage {
    fn said(&self, said: &Said) -> String {
        let level = if said.level == "none" { String::new() } else { format!(" {}", self.f.word(&said.level)) };
        let since = said.since.map(|day| format!(" {} {day}", self.f.t("自", "since"))).unwrap_or_default();
        format!("{}{level}{since}", self.f.word(&said.state))
    }

    /// State and level as counted: `broken red`.
    fn in_short(&self, text: &str) -> String {
        text.split(' ').map(|word| self.f.word(word)).collect::<Vec<_>>().join(" ")
    }

    /// What to do before and after, where state and level stay.
    fn cures(&self, old: &Said, new: &Said) -> Option<(String, String)> {
        let cure = |said: &Said| self.f.t(&said.cure_zh, &said.cure_en).to_owned();
        (old.state == new.state).then(|| (cure(old), cure(new))).filter(|(old, new)| old != new)
    }
}

pub(super) async fn form(visit: Visit, query: web::Query<FreshQuery>) -> Shown {
    let FreshQuery { key, region } = query.into_inner();
    let key = key.filter(|key| KEYS.iter().any(|spec| spec.key == key));
    let region = region.and_then(|code| code.parse::<RegionCode>().ok()).filter(|code| *code != RegionCode::NATION);
    let to = visit.ctx.today;
    show(&LaboratoryPage {
        f: Frame::of(&visit),
        keys: KEYS.iter().map(|spec| spec.key).collect(),
        sets: key.map(|key| format!("{key} = ")).unwrap_or_default(),
        region: region.map(|code| code.to_string()).unwrap_or_default(),
        file: String::new(),
        wording: String::new(),
        from: to.plus_days(1 - OFFERED_DAYS),
        to,
        days_max: DAYS_MAX,
        project_days_max: PROJECT_DAYS_MAX,
        report: None,
        more: 0,
    })
}

/// One parameter a line, `key = value`.
fn pairs(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let pair = |line: &str| {
        let told = line.split_once('=').map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
        told.ok_or_else(|| {
            Problem::invalid("每行写一个“参数 = 值”。", "Write `key = value`, one a line.").at("sets", "bad_format")
        })
    };
    lines.map(pair).collect()
}

pub(super) async fn try_one(form: Form) -> Shown {
    let sets = form.text("sets").unwrap_or_default().to_owned();
    let region: Option<RegionCode> = form.parse_opt("region")?;
    let (file, wording) = (form.text("file").unwrap_or_default().to_owned(), form.text("wording").unwrap_or_default().to_owned());
    let visit = form.visit.clone();
    let span = Span::of(form.parse("from")?, form.parse("to")?, visit.ctx.today)?;
    let change = Change { sets: pairs(&sets)?, region, file: (!file.is_empty()).then(|| (file.clone(), wording.clone())) };
    let report = visit
        .read(move |conn, visit| {
            let tried = changed(&visit.ctx.in_force(), &change, span)?;
            try_over(conn, &visit.ctx, tried, span, Some(PROJECT_DAYS_MAX))
        })
        .await?;
    let left_out = |len: usize| u64::try_from(len.saturating_sub(SHOWN_MAX)).unwrap_or(0);
    let more = left_out(report.findings.len()) + left_out(report.answers.len()) + report.more_findings + report.more_answers;
    let mut report = report;
    report.findings.truncate(SHOWN_MAX);
    report.answers.truncate(SHOWN_MAX);
    show(&LaboratoryPage {
        f: Frame::of(&visit),
        keys: KEYS.iter().map(|spec| spec.key).collect(),
        sets,
        region: region.map(|code| code.to_string()).unwrap_or_default(),
        file,
        wording,
        from: span.from,
        to: span.to,
        days_max: DAYS_MAX,
        project_days_max: PROJECT_DAYS_MAX,
        report: Some(report),
        more,
    })
}
