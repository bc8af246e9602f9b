//! The reporter: speaks to the platforms that projects report to, with no transaction open while it does.
//!
//! Three steps: take what a queue does next in a short transaction, talk, note what was heard. Whatever breaks in between, the queue
//! knows that a message was on its way. A thread of its own, so that a slow platform holds neither jobs nor mails up.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::outlets::calling::{Allows, Line, Missed, Outside, Reply, Request};
use crate::reporting::actions::{self, Opened};
use crate::reporting::outbox::outcome::{self, Heard, List};
use crate::reporting::outbox::sending::{self, Question, Work};
use crate::reporting::outbox::{sweeping, table as outbox};
use crate::reporting::table::{self, PlatformRow, QueueRow};
use crate::reporting::{FOUND_MAX, PAGES_MAX, PlatformState, SWEEP_DAYS, SWEEP_DAYS_MAX, believing};
use crate::store::StoreError;
use crate::web::{Ctx, Ground, Problem};
use crate::wire::openapi::answer::AnswerCode;
use crate::wire::openapi::asking::Asker;
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::writing;

/// Platforms that one query gives.
const PAGE: i64 = 100;
/// Steps of one queue in one go, so that the others have their turn.
const STEPS_MAX: usize = 20;
/// Seconds from a sweep to the next.
const SWEEP_SECONDS: i64 = 600;

/// From one call to a platform to the next at least.
const CALL_PAUSE: Duration = Duration::from_millis(70);

/// The addresses beside the public ones that the operator allows.
pub fn allowed(ground: &Arc<Ground>) -> Allows {
    let networks = ground.settings.outgoing_allowed.clone();
    Arc::new(move |address| networks.iter().any(|network| network.holds(address)))
}

/// Sweeps and steps every queue once through; gives how many steps were taken.
///
/// # Errors
/// The database is out of reach; what a platform says is no error but noted.
pub fn pass(ground: &Arc<Ground>, line: &dyn Line) -> Result<usize, Problem> {
    let (mut after, mut steps) = (0, 0);
    loop {
        let page = ground.db.read_blocking(move |conn| -> Result<_, StoreError> { table::page(conn, after, PAGE) })?;
        let Some(last) = page.last() else { return Ok(steps) };
        after = last.id.0;
        for platform in page {
            let id = platform.id;
            match one(ground, line, platform) {
                Ok(taken) => steps += taken,
                // One queue that fails harms no other.
                Err(problem) => {
                    tracing::warn!(platform.id = %id, problem.code = problem.code.as_str(), "a queue of reports failed")
                }
            }
        }
    }
}

fn one(ground: &Arc<Ground>, line: &dyn Line, row: PlatformRow) -> Result<usize, Problem> {
    let ctx = Ctx::of_the_house(ground, "reporter");
    let platform = ground.db.read_blocking(|conn| actions::open(conn, &ctx, row))?;
    let platform = Arc::new(platform);
    if platform.row.state == PlatformState::Active {
        sweep(ground, &platform)?;
    }
    for taken in 0..STEPS_MAX {
        if !step(ground, line, &platform)? {
            return Ok(taken);
        }
    }
    Ok(STEPS_MAX)
}

/// Sweeps when it is time, the first time of a day far back; asks for the lists when a month has begun.
fn sweep(ground: &Arc<Ground>, platform: &Arc<Opened>) -> Result<(), Problem> {
    let ctx = Ctx::of_the_house(ground, "reporter");
    let id = platform.row.id;
    let queue = ground.db.read_blocking(|conn| -> Result<_, Problem> { Ok(table::queue(conn, id)?) })?;
    let Some(queue) = queue else { return Ok(()) };
    if queue.swept_at.is_some_and(|at| at.plus_seconds(SWEEP_SECONDS) > ctx.now) {
        return Ok(());
    }
    let is_first = queue.swept_at.is_none_or(|at| at.day() != ctx.today);
    let days = if is_first { SWEEP_DAYS_MAX } else { SWEEP_DAYS };
    let changes = ground.db.read_blocking(|conn| sweeping::plan(conn, &ctx, platform, days))?;
    for part in changes.chunks(sweeping::PART) {
        let (ctx, platform, part) = (ctx.clone(), Arc::clone(platform), part.to_vec());
        ground.db.write_blocking(move |tx| sweeping::write(tx, &ctx, &platform, &part).map(drop))?;
    }
    let platform = Arc::clone(platform);
    ground.db.write_blocking(move |tx| -> Result<(), Problem> {
        outbox::lock_queue(tx.conn(), id)?;
        let Some(queue) = table::queue(tx.conn(), id)? else { return Ok(()) };
        let looked = queue.looked_at.unwrap_or(platform.row.created_at).day().month();
        let looked_at = if looked < ctx.today.month() { Some(ctx.now) } else { queue.looked_at };
        if looked_at != queue.looked_at {
            believing::ask_all(tx, &ctx, &platform.row)?;
        }
        Ok(table::save_queue(tx.conn(), &QueueRow { swept_at: Some(ctx.now), looked_at, ..queue })?)
    })
}

/// One step of a queue; false when there was none to take.
fn step(ground: &Arc<Ground>, line: &dyn Line, platform: &Arc<Opened>) -> Result<bool, Problem> {
    let (ctx, taken) = (Ctx::of_the_house(ground, "reporter"), Arc::clone(platform));
    let next = ground.db.write_blocking(move |tx| -> Result<_, Problem> {
        let Some(work) = sending::next(tx, &ctx, &taken)? else { return Ok(None) };
        let question = sending::question(tx.conn(), &taken, &work)?;
        Ok(Some((work, question)))
    })?;
    let Some((work, question)) = next else { return Ok(false) };
    let heard = talk(ground, line, platform, &question)?;
    let (ctx, taken) = (Ctx::of_the_house(ground, "reporter"), Arc::clone(platform));
    log(&work, &heard);
    ground.db.write_blocking(move |tx| outcome::settle(tx, &ctx, &taken, &work, &heard))?;
    Ok(true)
}

fn log(work: &Work, heard: &Heard) {
    let said = match heard {
        Heard::Said(said) => said.code.as_str(),
        Heard::Lists(_) => "lists",
        Heard::NotSent(_) => "not_sent",
        Heard::Lost(_) => "lost",
    };
    let what = match work {
        Work::Test => "test",
        Work::Send(..) => "send",
        Work::Poll(..) => "poll",
        Work::Find(..) => "find",
        Work::Look(_) => "look",
    };
    metrics::counter!("anxin_reports_total", "what" => what, "said" => said).increment(1);
}

fn talk(ground: &Arc<Ground>, line: &dyn Line, platform: &Opened, question: &Question) -> Result<Heard, Problem> {
    match question {
        Question::One(method, data) => ask(ground, line, platform, *method, data),
        Question::Lists(method, roots) => Ok(Heard::Lists(lists(ground, line, platform, *method, roots)?)),
    }
}

/// Lists, each different one asked for once; where the platform is out of reach or wants to be asked less often, the others are left for
/// another time.
fn lists(
    ground: &Arc<Ground>,
    line: &dyn Line,
    platform: &Opened,
    method: Method,
    roots: &[writing::Plain],
) -> Result<Vec<List>, Problem> {
    let mut known: BTreeMap<String, List> = BTreeMap::new();
    let (mut all, mut is_over) = (Vec::with_capacity(roots.len()), false);
    for root in roots {
        let asked = writing::data(method, root, &[], &platform.secret);
        let heard = match known.get(&asked) {
            Some(heard) => heard.clone(),
            None if is_over || known.len() >= FOUND_MAX => List::NotAsked,
            None => {
                let heard = list(ground, line, platform, method, root)?;
                is_over = match &heard {
                    // Of this one it cannot say; what stops the queue, or slows it down, holds for all.
                    List::Said(said) => !matches!(said.code, AnswerCode::BadParameter | AnswerCode::Later),
                    List::NotHeard(_) => true,
                    List::Rows(_) | List::NotAsked => false,
                };
                known.insert(asked, heard.clone());
                heard
            }
        };
        all.push(heard);
    }
    Ok(all)
}

/// A list from its first page to its last.
fn list(
    ground: &Arc<Ground>,
    line: &dyn Line,
    platform: &Opened,
    method: Method,
    root: &writing::Plain,
) -> Result<List, Problem> {
    let mut all = Vec::new();
    for page in 0..PAGES_MAX {
        let mut root = root.clone();
        root.insert("pageIndex".to_owned(), page.into());
        let data = writing::data(method, &root, &[], &platform.secret);
        let said = match ask(ground, line, platform, method, &data)? {
            Heard::Said(said) if said.code == AnswerCode::Ok => said,
            Heard::Said(said) => return Ok(List::Said(said)),
            Heard::NotSent(why) | Heard::Lost(why) => return Ok(List::NotHeard(why)),
            Heard::Lists(_) => return Ok(List::NotAsked),
        };
        let (rows, total) = said.rows();
        all.extend_from_slice(rows);
        if all.len() >= total {
            return Ok(List::Rows(all));
        }
        if rows.is_empty() {
            break;
        }
    }
    Ok(List::NotHeard("列表不完整 / the platform gave less of the list than it says there is".to_owned()))
}

fn ask(ground: &Arc<Ground>, line: &dyn Line, platform: &Opened, method: Method, data: &str) -> Result<Heard, Problem> {
    let dialect = platform.profile.dialect;
    let corp_secret = platform.corp_secret.as_deref().filter(|_| platform.profile.corpsign);
    let asker = Asker { app_id: &platform.row.app_id, secret: &platform.secret, corp_secret };
    let nonce: String = ground.vault.random::<8>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    let form = dialect.request(asker, method, data, ground.clock.now(), &nonce);
    let request = Request {
        method: "POST",
        address: platform.row.address.clone(),
        headers: vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded; charset=UTF-8".to_owned())],
        body: form.encoded().into_bytes(),
    };
    Ok(match line.call(&request) {
        Ok(reply) if reply.status == 200 && !reply.is_cut => match dialect.hear(&reply.body) {
            Some(said) => Heard::Said(said),
            None => Heard::Lost("答复无法识别 / the answer is none of the protocol".to_owned()),
        },
        // Somebody answered, but not the platform's program: it may have taken the message before it failed.
        Ok(reply) => Heard::Lost(format!("HTTP {}", reply.status)),
        Err(Missed::Forbidden(why) | Missed::NotReached(why)) => Heard::NotSent(why),
        Err(Missed::Lost(why)) => Heard::Lost(why),
    })
}

/// A line that leaves a platform room between two calls: many answer more than twenty a second with a refusal, and a list of many
/// pages, or many lists, would be refused again each time it is begun again.
struct Paced<L> {
    line: L,
    called: Mutex<HashMap<String, Instant>>,
}

impl<L: Line> Line for Paced<L> {
    fn call(&self, request: &Request) -> Result<Reply, Missed> {
        let last = self.called.lock().unwrap_or_else(PoisonError::into_inner).get(&request.address).copied();
        if let Some(wait) = last.and_then(|at| CALL_PAUSE.checked_sub(at.elapsed())) {
            std::thread::sleep(wait);
        }
        self.called.lock().unwrap_or_else(PoisonError::into_inner).insert(request.address.clone(), Instant::now());
        self.line.call(request)
    }
}

/// Reports until the process ends.
///
/// # Errors
/// No thread can be started.
pub fn start(ground: Arc<Ground>, poll: Duration) -> Result<(), StoreError> {
    let line = Paced { line: Outside::new(allowed(&ground)), called: Mutex::default() };
    let spawned = std::thread::Builder::new().name("anxin-reporter".to_owned()).spawn(move || {
        loop {
            if let Err(problem) = pass(&ground, &line) {
                tracing::warn!(problem.code = problem.code.as_str(), "the reporter cannot reach its queues");
            }
            std::thread::sleep(poll);
        }
    });
    spawned.map(|_| ()).map_err(|error| StoreError::Setup(format!("cannot start the reporter: {error}")))
}
