//! A platform that takes nothing: since when, how often it was tried, and when it is tried next.
//!
//! While it is down a queue takes one step at a time, at waits that grow, with one record in its message; the others wait with it. What
//! shows that it takes messages again lets all of them go. Deliberately absent: telling the keeper, which `alerts::sources` does from
//! the queue's row.

use super::outcome::{Heard, List};
use super::sending::Work;
use super::table::{self, RecordRow};
use crate::base::id::{ProjectId, RecordId};
use crate::reporting::table::{self as platforms, QueueRow};
use crate::reporting::{OUTAGE_MINUTES, RECORD_TRIES_MAX, back_off};
use crate::store::{Tx, jobs};
use crate::web::{Ctx, Problem};
use crate::wire::openapi::answer::AnswerCode;

/// What a step says of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sign {
    /// It did not do what it was asked.
    Fails(String),
    /// It takes messages.
    Takes,
    /// It answers questions.
    Answers,
    /// Neither.
    Nothing,
}

fn sign(work: &Work, heard: &Heard) -> Sign {
    match (work, heard) {
        (Work::Test, _) => Sign::Nothing,
        (_, Heard::NotSent(why) | Heard::Lost(why)) => Sign::Fails(why.clone()),
        (Work::Send(..), Heard::Said(said)) => match said.code {
            AnswerCode::Ok if said.serial_code().is_none() => Sign::Fails(super::outcome::NO_SERIAL.to_owned()),
            AnswerCode::Ok | AnswerCode::BadParameter => Sign::Takes,
            AnswerCode::TooFast | AnswerCode::Later => Sign::Fails(format!("{} {}", said.code, said.message)),
            AnswerCode::BadSignature | AnswerCode::NoPermission | AnswerCode::BadAddress => Sign::Nothing,
        },
        (_, Heard::Said(_)) => Sign::Answers,
        (_, Heard::Lists(lists)) => {
            if lists.iter().any(|list| matches!(list, List::Rows(_) | List::Said(_))) {
                return Sign::Answers;
            }
            let why = lists.iter().find_map(|list| if let List::NotHeard(why) = list { Some(why) } else { None });
            why.map_or(Sign::Nothing, |why| Sign::Fails(why.clone()))
        }
    }
}

/// Notes what a step says of the platform.
pub(super) fn note(tx: &mut Tx<'_>, ctx: &Ctx, platform: RecordId, work: &Work, heard: &Heard) -> Result<(), Problem> {
    let Some(queue) = platforms::queue(tx.conn(), platform)? else { return Ok(()) };
    match sign(work, heard) {
        Sign::Nothing => Ok(()),
        Sign::Fails(why) => {
            let down_tries = queue.down_tries.saturating_add(1);
            let [chance] = ctx.vault().random::<1>()?;
            let is_send = matches!(work, Work::Send(..));
            let row = QueueRow {
                down_since: queue.down_since.or(Some(ctx.now)),
                down_tries,
                down_why: Some(super::outcome::short(&why)),
                down_sends: if is_send { 1 } else { queue.down_sends },
                probe_at: ctx.now.plus_seconds(back_off(down_tries, chance)),
                ..queue
            };
            platforms::save_queue(tx.conn(), &row)?;
            let is_long = row.down_since.is_some_and(|since| since.plus_seconds(OUTAGE_MINUTES * 60) < ctx.now);
            if is_long { tell(tx, ctx, row.project_id) } else { Ok(()) }
        }
        _ if queue.down_since.is_none() => Ok(()),
        // Questions are answered, and whether messages are taken is not known yet: the next step is taken at once.
        Sign::Answers if queue.down_sends == 1 => Ok(platforms::save_queue(tx.conn(), &QueueRow { probe_at: ctx.now, ..queue })?),
        Sign::Answers | Sign::Takes => over(tx, ctx, platform),
    }
}

/// Ends an outage: what waits goes out.
pub(super) fn over(tx: &mut Tx<'_>, ctx: &Ctx, platform: RecordId) -> Result<(), Problem> {
    let Some(queue) = platforms::queue(tx.conn(), platform)?.filter(|queue| queue.down_since.is_some()) else { return Ok(()) };
    let row = QueueRow { down_since: None, down_tries: 0, down_why: None, down_sends: 0, up_at: Some(ctx.now), ..queue };
    platforms::save_queue(tx.conn(), &row)?;
    table::wake(tx.conn(), platform, ctx.now, super::outcome::UNKNOWN_SECONDS)?;
    tell(tx, ctx, row.project_id)
}

/// Has the notices of the project's sources brought in line; what was told already is not told again.
fn tell(tx: &mut Tx<'_>, ctx: &Ctx, project: ProjectId) -> Result<(), Problem> {
    Ok(jobs::enqueue(tx.conn(), ctx.id(), "watch_one", &project.to_string(), ctx.now)?)
}

/// Whether a platform that is up neither takes nor refuses a record: only a person can say why.
pub(super) fn is_hopeless(queue: &QueueRow, row: &RecordRow) -> bool {
    let is_its_own = queue.down_since.is_none_or(|down| row.failing_since.is_none_or(|since| down > since));
    row.tries >= RECORD_TRIES_MAX && is_its_own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::openapi::asking::Said;
    use crate::wire::openapi::json::Json;

    fn call() -> table::CallRow {
        let at = crate::base::Moment(0);
        table::CallRow {
            id: RecordId(1),
            project_id: ProjectId(1),
            platform_id: RecordId(1),
            kind: crate::reporting::ReportKind::Team,
            method: String::new(),
            body: Vec::new(),
            state: crate::reporting::CallState::Begun,
            serial_code: None,
            tries: 1,
            polls: 0,
            begun_at: at,
            next_at: at,
            ended_at: None,
            answer: String::new(),
        }
    }

    #[test]
    fn an_answer_that_takes_nothing_is_told_from_one_that_does() {
        let look = Work::Find(call(), Vec::new());
        let send = Work::Send(call(), crate::wire::openapi::methods::Method::TeamAdd, String::new());
        let said = |code| Heard::Said(Said { code, message: "m".to_owned(), data: Json::Null });
        assert_eq!(sign(&Work::Test, &Heard::Lost("x".to_owned())), Sign::Nothing);
        assert_eq!(sign(&send, &Heard::Lost("HTTP 500".to_owned())), Sign::Fails("HTTP 500".to_owned()));
        assert_eq!(sign(&send, &said(AnswerCode::Later)), Sign::Fails("9999 m".to_owned()));
        assert!(matches!(sign(&send, &said(AnswerCode::Ok)), Sign::Fails(_)), "without a serial code");
        assert_eq!(sign(&send, &said(AnswerCode::BadParameter)), Sign::Takes);
        assert_eq!(sign(&send, &said(AnswerCode::BadSignature)), Sign::Nothing);
        assert_eq!(sign(&look, &said(AnswerCode::Later)), Sign::Answers, "one person's list that it cannot give is no outage");
        let lists = |lists: Vec<List>| sign(&look, &Heard::Lists(lists));
        assert_eq!(lists(vec![List::Rows(Vec::new()), List::NotHeard("x".to_owned())]), Sign::Answers);
        assert_eq!(lists(vec![List::NotHeard("x".to_owned()), List::NotAsked]), Sign::Fails("x".to_owned()));
        assert_eq!(lists(vec![List::NotAsked]), Sign::Nothing);
    }
}
