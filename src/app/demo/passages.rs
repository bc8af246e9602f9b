//! People pass the gates: the devices' uploads, through the intake's own reading and storing, and the fold of the day.

use super::city::{Plan, Trouble};
use super::people;
use super::story::{Half, Stage};
use crate::attendance::devices::actions::{Binding, bind};
use crate::attendance::devices::{GateDirection, Maker};
use crate::attendance::folding;
use crate::attendance::intake::Intake;
use crate::attendance::intake::zk::{self, Answer, Request};
use crate::base::Day;
use crate::projects::Site;
use crate::store::inbox::Message;
use crate::web::{Ctx, Problem};
use crate::wire::device::CHINA_OFFSET_MINUTES;
use crate::wire::zkteco::{Endpoint, Query};

/// Days before the first filling on which one device falls silent.
const SILENT_BEFORE: i64 = 10;

/// Binds the device of a project.
pub fn bind_device(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site) -> Result<(), Problem> {
    let binding = Binding {
        serial: plan.serial(),
        maker: Maker::Zkteco,
        gate: "北门".to_owned(),
        direction: GateDirection::ByState,
        offset_minutes: Some(CHINA_OFFSET_MINUTES),
        com_key: None,
        since: None,
    };
    let ctx = stage.ctx();
    bind(stage.tx, &ctx, site, &binding).map(|_| ())
}

/// Whether the site is at work on the day: holidays are kept, of Sundays two in three.
fn works(stage: &Stage<'_, '_>, plan: &Plan) -> bool {
    let day = stage.day;
    let over = plan.trouble == Trouble::Closing && day > stage.city.finished_on();
    if day < plan.started_on || over {
        return false;
    }
    let book = stage.ground.book();
    let is_rest = |day: Day| book.calendar().is_workday(day) == Some(false);
    let is_holiday = |day: Day| is_rest(day) && !day.is_weekend();
    let near = [-2, -1, 0, 1, 2].into_iter().any(|shift| is_holiday(day.plus_days(shift)));
    if is_rest(day) && near {
        return false;
    }
    // A Sunday is followed by a weekday, a Saturday is not.
    let is_sunday = day.is_weekend() && !day.plus_days(1).is_weekend();
    !is_sunday || (day.days_since(plan.started_on) / 7 + i64::try_from(plan.number).unwrap_or(0)) % 3 != 0
}

fn is_silent(stage: &Stage<'_, '_>, plan: &Plan) -> bool {
    plan.trouble == Trouble::SilentAndForeign && stage.day > stage.city.anchor.plus_days(-SILENT_BEFORE)
}

/// The devices' uploads of half a day; in the evening the days are folded, as the worker would.
pub fn upload(stage: &mut Stage<'_, '_>, half: Half) -> Result<(), Problem> {
    let city = stage.city;
    // What the intake remembers saves look-ups only, and is worth nothing before the commit.
    let intake = Intake::default();
    for plan in &city.projects {
        if stage.day < plan.started_on || is_silent(stage, plan) {
            continue;
        }
        let ctx = stage.ctx();
        if works(stage, plan) {
            let body = body_of(stage, plan, half);
            let query = format!("SN={}&table=ATTLOG&Stamp={}", plan.serial(), ctx.now.unix_seconds());
            serve(stage, &ctx, &intake, plan, Endpoint::Data, &query, Some(body))?;
        } else if half == Half::Evening {
            let query = format!("SN={}", plan.serial());
            serve(stage, &ctx, &intake, plan, Endpoint::GetRequest, &query, None)?;
        }
        if half == Half::Evening
            && let Some(site) = stage.site(plan)?
        {
            let ctx = stage.ctx();
            while folding::fold_dirty(stage.tx, &ctx, site.id)?.more {}
        }
    }
    Ok(())
}

/// The lines of an ATTLOG body: number, time, in or out, by face.
fn body_of(stage: &Stage<'_, '_>, plan: &Plan, half: Half) -> Vec<u8> {
    let mut lines: Vec<(i32, &str)> = Vec::new();
    for (place, person) in plan.people.iter().enumerate() {
        if stage.day < plan.started_on.plus_days(person.enters_after) {
            continue;
        }
        let Some((came, left)) = people::passage(stage.city.seed, plan.first_person + place, stage.day) else { continue };
        lines.push((if half == Half::Morning { came } else { left }, &person.pin));
    }
    lines.sort_unstable();
    let state = if half == Half::Morning { 0 } else { 1 };
    let mut text = String::new();
    for (time, pin) in lines {
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        text.push_str(&format!("{pin}\t{} {hour:02}:{minute:02}:{second:02}\t{state}\t15\t0\t0\n", stage.day));
    }
    text.into_bytes()
}

fn serve(
    stage: &mut Stage<'_, '_>,
    ctx: &Ctx,
    intake: &Intake,
    plan: &Plan,
    endpoint: Endpoint,
    query: &str,
    body: Option<Vec<u8>>,
) -> Result<(), Problem> {
    let is_post = body.is_some();
    let (verb, path) = if is_post { ("POST", "/iclock/cdata") } else { ("GET", "/iclock/getrequest") };
    let message = Message {
        feed: "zk",
        source: plan.serial(),
        project: None,
        request: format!("{verb} {path}?{query}"),
        content_type: is_post.then(|| "text/plain".to_owned()),
        content_encoding: None,
        body: body.unwrap_or_default(),
        remote: None,
        received_at: ctx.now,
    };
    let mut request = Request {
        is_post,
        endpoint,
        query: Query::parse(query),
        serial: plan.serial(),
        message,
        whole: None,
        batch: None,
        ahead: None,
        counted: None,
    };
    request.read_ahead(ctx, intake);
    match zk::serve(stage.tx, ctx, intake, &request)? {
        (Answer::Text(_), _) => Ok(()),
        (Answer::Refused, _) => Err(Problem::internal("a device of the demonstration was refused")),
    }
}
