//! Judging each project on each day of a span under two books, and counting what differs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::changing::Changed;
use super::report::{FindingRun, Report, RuleCount, Said, VerdictCount, VerdictRun};
use super::{DAYS_MAX, LISTED_MAX};
use crate::base::Day;
use crate::base::id::ProjectId;
use crate::compliance;
use crate::gates::{self, Subject};
use crate::law::{self, Finding, Gate, LawBook};
use crate::projects::{self, Site, table::ProjectRow};
use crate::store::AnyConn;
use crate::web::{Ctx, InForce, Problem};

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

impl Span {
    /// A span of stored history.
    ///
    /// # Errors
    /// `invalid` when it ends before it begins, has not come yet, or is longer than [`DAYS_MAX`].
    pub fn of(from: Day, to: Day, today: Day) -> Result<Span, Problem> {
        let span = Span { from, to };
        let refuse = |zh: String, en: String, reason: &str| Err(Problem::invalid(zh, en).at("to", reason));
        if to < from {
            return refuse("结束日早于开始日。".to_owned(), "The span ends before it begins.".to_owned(), "bad_time");
        }
        if to > today {
            let (zh, en) = (format!("只能试算到今天（{today}）。"), format!("History ends today ({today})."));
            return refuse(zh, en, "bad_time");
        }
        if span.days() > DAYS_MAX {
            let (zh, en) = (format!("一次最多试算 {DAYS_MAX} 天。"), format!("Try {DAYS_MAX} days at most at a time."));
            return refuse(zh, en, "over_limit");
        }
        Ok(span)
    }

    /// How many days.
    pub fn days(self) -> i64 {
        self.to.days_since(self.from) + 1
    }

    fn each(self) -> impl Iterator<Item = Day> {
        (0..self.days()).map(move |step| self.from.plus_days(step))
    }
}

/// Gates of a project of which the same facts are asked, in the order of the report.
const GATES: [Gate; 3] = [Gate::CompletionAcceptance, Gate::PropertyRegistration, Gate::AccountClosing];

/// Projects read at a time.
const PAGE: i64 = 500;

/// The projects that the asker sees and that the change can concern.
fn concerned(conn: &mut AnyConn, ctx: &Ctx, changed: &Changed) -> Result<Vec<ProjectRow>, Problem> {
    let regions = changed.regions();
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = projects::visible(conn, &ctx.scope, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.id.0;
        let concerns = |row: &ProjectRow| regions.as_ref().is_none_or(|all| all.iter().any(|code| code.holds(row.region)));
        found.extend(page.into_iter().filter(concerns));
    }
}

/// The asker under the changed law, for facts that follow from it.
fn under(ctx: &Ctx, changed: &Changed, book: &Arc<LawBook>) -> Ctx {
    let law = InForce {
        book: Arc::clone(book),
        files: Arc::new(changed.files.clone()),
        policy: changed.law.policy,
        activation: changed.law.activation,
    };
    Ctx { law: Some(Arc::new(law)), ..ctx.clone() }
}

/// Tries a change over the history of the projects that the asker sees, on one snapshot.
///
/// # Errors
/// `invalid` when projects times days exceed `most`; what gathering facts gives.
pub fn try_over(conn: &mut AnyConn, ctx: &Ctx, changed: Changed, span: Span, most: Option<u64>) -> Result<Report, Problem> {
    let rows = concerned(conn, ctx, &changed)?;
    let days = u64::try_from(span.days()).unwrap_or(0);
    let wanted = u64::try_from(rows.len()).unwrap_or(u64::MAX).saturating_mul(days);
    if let Some(most) = most.filter(|most| wanted > *most) {
        let projects = rows.len();
        let zh = format!("{projects} 个项目 × {days} 天超过一次 {most} 的限度；请缩短期间或限定地区，或用命令行 anxin law try。");
        let en = format!(
            "{projects} projects × {days} days are more than {most} at a time; shorten the span, name a region, or use `anxin law try`."
        );
        return Err(Problem::invalid(zh, en).at("to", "over_limit"));
    }
    let old_book = Arc::clone(&changed.law.book);
    let new_book = Arc::new(changed.book.clone());
    let moved = changed.moves_facts().then(|| under(ctx, &changed, &new_book));
    let mut tally = Tally::default();
    for row in &rows {
        let site = projects::enter(conn, &ctx.scope, row.id)?;
        let mut open = Open::of(&site);
        for day in span.each().filter(|day| site.participations().iter().any(|row| row.holds_on(*day))) {
            let old_facts = compliance::gather(conn, ctx, &site, day)?;
            let before = law::assess(&old_facts, &old_book, day).findings;
            let after = match &moved {
                Some(ctx) => law::assess(&compliance::gather(conn, ctx, &site, day)?, &new_book, day).findings,
                None => law::assess(&old_facts, &new_book, day).findings,
            };
            tally.judged += 1;
            open.findings(&mut tally, day, &before, &after);
            verdicts(conn, (ctx, moved.as_ref()), (&old_book, &new_book), day, &mut open, &mut tally)?;
        }
        open.end(&mut tally);
    }
    let projects = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    Ok(tally.report(&changed, span, projects))
}

/// Asks the gates of the project under both books.
fn verdicts(
    conn: &mut AnyConn,
    (ctx, moved): (&Ctx, Option<&Ctx>),
    (old_book, new_book): (&LawBook, &LawBook),
    day: Day,
    open: &mut Open,
    tally: &mut Tally,
) -> Result<(), Problem> {
    let subject = Subject { project: Some(open.project), ..Subject::default() };
    let mut ask = |ctx: &Ctx| gates::actions::gather(conn, ctx, Gate::CompletionAcceptance, &subject, day);
    let mut old = ask(ctx)?.question;
    let mut new = match moved {
        Some(ctx) => ask(ctx)?.question,
        None => old.clone(),
    };
    for gate in GATES {
        (old.gate, new.gate) = (gate, gate);
        let (before, after) = (law::decide(old_book, &old).verdict, law::decide(new_book, &new).verdict);
        open.verdict(tally, day, gate, before.as_str(), after.as_str());
    }
    Ok(())
}

fn said(finding: &Finding) -> Said {
    Said {
        state: finding.state.as_str().to_owned(),
        level: finding.level.as_str().to_owned(),
        since: finding.since,
        cure_zh: finding.cure_zh.clone(),
        cure_en: finding.cure_en.clone(),
    }
}

/// State and level in a word or two.
fn in_short(said: &Said) -> String {
    if said.level == "none" { said.state.clone() } else { format!("{} {}", said.state, said.level) }
}

/// Counts over all projects, and the runs that are listed.
#[derive(Default)]
struct Tally {
    judged: u64,
    rules: BTreeMap<(String, String, String), u64>,
    gates: BTreeMap<(&'static str, &'static str, &'static str), u64>,
    findings: Vec<FindingRun>,
    more_findings: u64,
    answers: Vec<VerdictRun>,
    more_answers: u64,
}

/// The runs of a project that go on.
struct Open {
    project: ProjectId,
    code: String,
    name: String,
    findings: BTreeMap<(String, usize), FindingRun>,
    answers: BTreeMap<Gate, VerdictRun>,
}

impl Open {
    fn of(site: &Site) -> Self {
        let (code, name) = (site.code.clone(), site.name.clone());
        Self { project: site.id, code, name, findings: BTreeMap::new(), answers: BTreeMap::new() }
    }

    /// Compares the findings of a day rule by rule; a rule that is judged several times is compared in the order of its findings.
    fn findings(&mut self, tally: &mut Tally, day: Day, before: &[Finding], after: &[Finding]) {
        let (old, new) = (by_rule(before), by_rule(after));
        let keys: std::collections::BTreeSet<&(String, usize)> = old.keys().chain(new.keys()).collect();
        let absent = Said {
            state: "not_in_force".to_owned(),
            level: "none".to_owned(),
            since: None,
            cure_zh: String::new(),
            cure_en: String::new(),
        };
        for key in keys {
            let (was, is) = (old.get(key).unwrap_or(&absent), new.get(key).unwrap_or(&absent));
            let open = self.findings.remove(key);
            if was == is {
                open.into_iter().for_each(|run| tally.finding(run));
                continue;
            }
            *tally.rules.entry((key.0.clone(), in_short(was), in_short(is))).or_default() += 1;
            let run = match open {
                Some(run) if run.old == *was && run.new == *is && run.to.plus_days(1) == day => {
                    FindingRun { to: day, days: run.days + 1, ..run }
                }
                other => {
                    other.into_iter().for_each(|run| tally.finding(run));
                    let (code, name, rule) = (self.code.clone(), self.name.clone(), key.0.clone());
                    let (old, new) = (was.clone(), is.clone());
                    FindingRun { project: self.project, code, name, rule, from: day, to: day, days: 1, old, new }
                }
            };
            self.findings.insert(key.clone(), run);
        }
    }

    fn verdict(&mut self, tally: &mut Tally, day: Day, gate: Gate, was: &'static str, is: &'static str) {
        let open = self.answers.remove(&gate);
        if was == is {
            open.into_iter().for_each(|run| tally.answer(run));
            return;
        }
        *tally.gates.entry((gate.as_str(), was, is)).or_default() += 1;
        let run = match open {
            Some(run) if run.old == was && run.new == is && run.to.plus_days(1) == day => {
                VerdictRun { to: day, days: run.days + 1, ..run }
            }
            other => {
                other.into_iter().for_each(|run| tally.answer(run));
                let (code, name) = (self.code.clone(), self.name.clone());
                let (gate, old, new) = (gate.as_str().to_owned(), was.to_owned(), is.to_owned());
                VerdictRun { project: self.project, code, name, gate, from: day, to: day, days: 1, old, new }
            }
        };
        self.answers.insert(gate, run);
    }

    fn end(self, tally: &mut Tally) {
        self.findings.into_values().for_each(|run| tally.finding(run));
        self.answers.into_values().for_each(|run| tally.answer(run));
    }
}

fn by_rule(findings: &[Finding]) -> BTreeMap<(String, usize), Said> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for finding in findings {
        let place = seen.entry(&finding.rule).or_default();
        all.insert((finding.rule.clone(), *place), said(finding));
        *place += 1;
    }
    all
}

impl Tally {
    fn finding(&mut self, run: FindingRun) {
        if self.findings.len() < LISTED_MAX {
            self.findings.push(run);
        } else {
            self.more_findings += 1;
        }
    }

    fn answer(&mut self, run: VerdictRun) {
        if self.answers.len() < LISTED_MAX {
            self.answers.push(run);
        } else {
            self.more_answers += 1;
        }
    }

    fn report(self, changed: &Changed, span: Span, projects: u64) -> Report {
        let new_book = &changed.book;
        let title =
            |rule: &str| new_book.rule(rule).map(|rule| (rule.title_zh.clone(), rule.title_en.clone())).unwrap_or_default();
        let rules = self.rules.iter().map(|((rule, old, new), findings)| {
            let (title_zh, title_en) = title(rule);
            let (rule, old, new) = (rule.clone(), old.clone(), new.clone());
            RuleCount { rule, title_zh, title_en, old, new, findings: *findings }
        });
        let gates = self.gates.iter().map(|((gate, old, new), answers)| VerdictCount {
            gate: (*gate).to_owned(),
            old: (*old).to_owned(),
            new: (*new).to_owned(),
            answers: *answers,
        });
        Report {
            law_book: changed.law.book.hash().to_owned(),
            changed_book: new_book.hash().to_owned(),
            changes: changed.differences.iter().cloned().map(Into::into).collect(),
            from: span.from,
            to: span.to,
            days: u64::try_from(span.days()).unwrap_or(0),
            projects,
            judged: self.judged,
            findings_differ: self.rules.values().sum(),
            answers_differ: self.gates.values().sum(),
            rules: rules.collect(),
            gates: gates.collect(),
            findings: self.findings,
            more_findings: self.more_findings,
            answers: self.answers,
            more_answers: self.more_answers,
        }
    }
}
