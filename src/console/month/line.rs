//! One line of a sheet: the wage slip to be read, printed and given; its items; the days it rests on; its history; corrections.

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;

use super::line_corrections::{self, ShownCorrection};
use super::{amount, can, decimal, evidence};
use crate::attendance;
use crate::attendance::passages::ShownPassage;
use crate::attendance::table::WorkDayRow;
use crate::base::Day;
use crate::base::id::{LineId, ProjectId, RecordId, SheetId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::documents::DocumentKind;
use crate::payroll::actions::require_seen;
use crate::payroll::corrections::{BackPayOf, CorrectionKind};
use crate::payroll::items::actions::{self as items, NewItem, Target};
use crate::payroll::items::saying::{self, Saying};
use crate::payroll::items::{Item, ItemKind, ItemStep};
use crate::payroll::life;
use crate::payroll::life::table::VersionRow;
use crate::payroll::slip::{self, Slip};
use crate::payroll::table::{self, EventRow, LineRow, SheetRow};
use crate::payroll::{LineState, SheetState};
use crate::projects::enter;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};
use crate::workers;

/// Kinds that a person may enter.
const ENTERED: &[ItemKind] =
    &[ItemKind::HourWage, ItemKind::Overtime, ItemKind::PieceWork, ItemKind::Allowance, ItemKind::Deduction];

/// What happens to a line, as its history calls it, in both languages; signatures are called by their means.
const HAPPENED: &[(&str, &str, &str)] = &[
    ("build_sheet", "编制", "built"),
    ("new_line", "新增行", "line added"),
    ("add_item", "增加项目", "item entered"),
    ("import_sheet", "导入", "imported"),
    ("correct_line", "更正", "opened for a correction"),
    ("correct_paid_line", "审核后更正", "corrected after audit"),
    ("slip_given", "交付工资条", "slip given"),
    ("deduct", "扣款登记", "deduction entered"),
    ("dispute", "争议登记", "contested"),
    ("audit", "审核", "audited"),
];

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let (read, prepare) = (Access::Holds(Verb::ReadWorkers), Access::Holds(Verb::PrepareSheets));
    vec![
        Route::page("/projects/{project}/sheets/{sheet}/lines/{line}", read, "A wage slip and what it rests on", || {
            web::get().to(page)
        }),
        Route::form("/projects/{project}/sheets/{sheet}/lines/{line}/items", prepare, "Enter an item of a line", || {
            web::post().to(add)
        }),
        Route::form("/projects/{project}/sheets/{sheet}/lines/{line}/steps", prepare, "Confirm or withdraw an item", || {
            web::post().to(say)
        }),
        Route::form("/projects/{project}/sheets/{sheet}/lines/{line}/correct", prepare, "Open a signed line", || {
            web::post().to(correct)
        }),
        Route::form("/projects/{project}/sheets/{sheet}/lines/{line}/given", prepare, "Record that the slip was given", || {
            web::post().to(give)
        }),
    ]
}

#[derive(Template)]
#[template(path = "console/month/line.html")]
struct LinePage {
    f: Frame,
    head: Head,
    sheet: SheetRow,
    line: LineRow,
    slip: Slip,
    items: Vec<Item>,
    work_days: Vec<WorkDayRow>,
    passages: BTreeMap<Day, Vec<ShownPassage>>,
    events: Vec<EventRow>,
    versions: Vec<VersionRow>,
    corrections: Vec<ShownCorrection>,
    carriers: Vec<(LineRow, SheetRow)>,
    may_prepare: bool,
}

impl LinePage {
    fn path(&self) -> String {
        format!("/projects/{}/sheets/{}/lines/{}", self.head.id, self.sheet.id, self.line.id)
    }

    fn time(&self, seconds: &i32) -> String {
        super::clock(*seconds)
    }

    fn passes(&self, day: &WorkDayRow) -> &[ShownPassage] {
        self.passages.get(&day.worked_on).map(Vec::as_slice).unwrap_or_default()
    }

    fn part(&self, hundredths: &i32) -> String {
        super::days(*hundredths)
    }

    fn happened(&self, source: &str) -> String {
        let known = HAPPENED.iter().find(|(word, ..)| *word == source);
        known.map_or_else(|| self.f.word(source).into_owned(), |(_, zh, en)| self.f.t(zh, en).to_owned())
    }

    fn kinds(&self) -> &'static [ItemKind] {
        ENTERED
    }

    fn text(&self) -> String {
        self.slip.text(if self.f.is_zh() { crate::web::Lang::Zh } else { crate::web::Lang::En })
    }

    /// Whether items may be changed.
    fn is_open(&self) -> bool {
        self.may_prepare && self.sheet.state == SheetState::Draft && self.line.state != LineState::Signed
    }

    fn is_signed_draft(&self) -> bool {
        self.may_prepare && self.sheet.state == SheetState::Draft && self.line.state == LineState::Signed
    }

    fn is_audited(&self) -> bool {
        self.may_prepare && (self.sheet.state.is_payable() || self.sheet.state == SheetState::Closed)
    }

    fn correction_kinds(&self) -> &'static [CorrectionKind] {
        CorrectionKind::ALL
    }

    fn back_pay_purposes(&self) -> &'static [BackPayOf] {
        BackPayOf::ALL
    }

    fn can_withdraw(&self, item: &Item) -> bool {
        self.is_open() && item.stands() && item.row.kind != ItemKind::DayWage
    }

    fn waits_for(&self, item: &Item, step: &str) -> bool {
        let is_said = if step == ItemStep::CrewConfirmed.as_str() {
            item.crew_confirmed_on.is_some()
        } else {
            item.worker_confirmed_on.is_some()
        };
        // That the worker agrees to a deduction may be shown at any time.
        let is_agreement = item.row.kind == ItemKind::Deduction && step == ItemStep::WorkerConfirmed.as_str();
        let waits = if is_agreement { self.may_prepare && item.stands() } else { self.is_open() && item.waits() };
        waits && !is_said
    }
}

type Path = web::Path<(ProjectId, SheetId, LineId)>;

fn path_of(project: ProjectId, sheet: SheetId, line: LineId) -> String {
    format!("/projects/{project}/sheets/{sheet}/lines/{line}")
}

async fn page(visit: Visit, path: Path) -> Shown {
    let (project, sheet, line) = path.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, project)?;
            let sheet = table::sheet(conn, site.id, sheet)?.ok_or_else(Problem::not_found)?;
            let line =
                table::line(conn, site.id, line)?.filter(|line| line.sheet_id == sheet.id).ok_or_else(Problem::not_found)?;
            let work_days = attendance::table::work_days_of_one(conn, site.id, line.enrolment_id, sheet.month)?;
            let enrolment = workers::table::find(conn, site.id, line.enrolment_id)?.ok_or_else(Problem::not_found)?;
            Ok(LinePage {
                f: Frame::of(visit),
                passages: attendance::passages::behind(conn, visit.ctx.vault(), &enrolment, &work_days)?,
                slip: slip::slip(conn, &visit.ctx, &site, &sheet, &line)?,
                items: items::of_line(conn, &site, &line)?,
                work_days,
                events: table::events_of(conn, site.id, line.id)?,
                versions: life::table::versions_of(conn, site.id, line.id)?,
                corrections: line_corrections::shown(conn, &site, &line)?,
                carriers: line_corrections::carriers(conn, &site, &line)?,
                may_prepare: can(conn, visit, project, Verb::PrepareSheets),
                head,
                sheet,
                line,
            })
        })
        .await?;
    show(&page)
}

async fn add(form: Form, path: Path) -> Shown {
    let (project, sheet, line) = path.into_inner();
    let rate = form.text("rate_percent").map(|text| {
        let unreadable =
            || Problem::invalid("倍率应为整数百分比。", "A rate is a whole number of per cent.").at("rate_percent", "bad_format");
        text.parse::<i32>().map_err(|_| unreadable())
    });
    let new = NewItem {
        target: Target::Line(line),
        kind: form.parse("kind")?,
        label: form.required("label")?.to_owned(),
        quantity: decimal(&form, "quantity")?,
        unit_price: amount(&form, "unit_price")?,
        rate_percent: rate.transpose()?,
    };
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        items::add(tx, ctx, &site, sheet, &new)
    })
    .await?;
    done(&path_of(project, sheet, line), "item_added", 1)
}

async fn say(form: Form, path: Path) -> Shown {
    let (project, sheet, line) = path.into_inner();
    let (item, step): (RecordId, ItemStep) = (form.parse("item")?, form.parse("step")?);
    let note = form.required("note")?.to_owned();
    let paper = evidence::uploaded(&form, "file", DocumentKind::SignedSheet);
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        let document = evidence::kept(tx, ctx, &site, paper.as_ref())?;
        saying::say(tx, ctx, &site, sheet, item, &Saying { step, note: note.clone(), document })
    })
    .await?;
    done(&path_of(project, sheet, line), "item_said", 1)
}

async fn correct(form: Form, path: Path) -> Shown {
    let (project, sheet, line) = path.into_inner();
    let reason = form.required("reason")?.to_owned();
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        life::actions::correct_line(tx, ctx, &site, sheet, line, &reason)
    })
    .await?;
    done(&path_of(project, sheet, line), "line_opened", 1)
}

async fn give(form: Form, path: Path) -> Shown {
    let (project, sheet, line) = path.into_inner();
    let how = form.required("how")?.to_owned();
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        slip::http::given(tx, ctx, &site, sheet, line, &how)
    })
    .await?;
    done(&path_of(project, sheet, line), "slip_given", 1)
}
