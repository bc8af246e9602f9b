//! The one writer: a thread that takes work from a bounded queue, runs each piece in a savepoint of its own, commits them
//! together and only then answers.
//!
//! Group commit falls out of it: while one commit waits for the disk, the next group gathers. A piece that fails rolls back
//! to its savepoint and does not fail its neighbours. On PostgreSQL the feeds go through it for the same reason.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::r2d2::ManageConnection;

use super::conn::{AnyConn, Backend, DbOptions, Opener};
use super::{StoreError, Tx};

/// Whether a piece of work is to be kept.
pub(super) enum Outcome {
    Keep,
    RollBack,
}

/// A piece of work; its answer waits inside until the commit.
pub(super) trait Work: Send {
    /// Whether there is still something to do; asked right before, perhaps twice.
    fn is_needed(&mut self) -> bool {
        true
    }
    /// Does the work inside its savepoint.
    fn run(&mut self, tx: &mut Tx<'_>) -> Outcome;
    /// What is to be tried instead, one after the other, after this was rolled back; nothing is left in it then but its answer.
    fn apart(&mut self) -> Vec<Box<dyn Work>> {
        Vec::new()
    }
    /// Gives the answer; `commit` says whether the group's commit held.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

/// What the writer has committed since it started: how well requests share commits shows in the ratio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Commits {
    /// Transactions.
    pub groups: u64,
    /// Pieces of work in them.
    pub pieces: u64,
}

#[derive(Debug, Default)]
struct Tally {
    groups: AtomicU64,
    pieces: AtomicU64,
}

/// The writer's queue.
#[derive(Clone)]
pub struct Writer {
    queue: SyncSender<Box<dyn Work>>,
    tally: Arc<Tally>,
}

/// Answers that have come from a closure and wait for the commit.
struct Closure<F, T, E> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    reply: Box<dyn FnOnce(Result<T, E>) + Send>,
}

impl<F, T, E> Work for Closure<F, T, E>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Outcome {
        let Some(work) = self.work.take() else { return Outcome::RollBack };
        let result = work(tx).and_then(|value| tx.finish().map(|()| value).map_err(E::from));
        let outcome = if result.is_ok() { Outcome::Keep } else { Outcome::RollBack };
        self.result = Some(result);
        outcome
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        let result = match (self.result, commit) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(E::from(error)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(E::from(StoreError::Unavailable("the writer did not run this work".to_owned()))),
        };
        (self.reply)(result);
    }
}

impl Writer {
    /// Starts the thread on its own connection; it ends when the last handle is dropped.
    fn start(opener: Opener, options: &DbOptions) -> Result<Self, StoreError> {
        let conn = opener.connect()?;
        let (queue, work) = sync_channel::<Box<dyn Work>>(options.queue_max);
        let tally = Arc::new(Tally::default());
        let mut serving =
            Serving { conn, opener, work, group_max: options.group_max, pause: options.commit_pause, tally: Arc::clone(&tally) };
        std::thread::Builder::new()
            .name("anxin-writer".to_owned())
            .spawn(move || serving.serve())
            .map_err(|error| StoreError::Setup(format!("cannot start the writer thread: {error}")))?;
        Ok(Self { queue, tally })
    }

    /// What was committed so far.
    fn commits(&self) -> Commits {
        Commits { groups: self.tally.groups.load(Ordering::Relaxed), pieces: self.tally.pieces.load(Ordering::Relaxed) }
    }

    /// Hands in work; `reply` is called with its answer after the commit.
    ///
    /// # Errors
    /// The queue is full or the thread has ended.
    pub(super) fn submit<T, E, F, R>(&self, work: F, reply: R) -> Result<(), StoreError>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        R: FnOnce(Result<T, E>) + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.hand_in(Box::new(Closure { work: Some(work), result: None, reply: Box::new(reply) }))
    }

    /// [`Writer::submit`] of a piece that knows its asker.
    pub(super) fn hand_in(&self, piece: Box<dyn Work>) -> Result<(), StoreError> {
        self.queue.try_send(piece).map_err(|error| {
            StoreError::Unavailable(match error {
                TrySendError::Full(_) => "the writer's queue is full".to_owned(),
                TrySendError::Disconnected(_) => "the writer has stopped".to_owned(),
            })
        })
    }
}

/// The writers of a database: the first, and on a server others for the intake, each started when it is first asked for.
#[derive(Clone)]
pub(super) struct Lanes {
    first: Writer,
    more: Arc<[OnceLock<Writer>]>,
    opener: Opener,
    options: DbOptions,
}

impl Lanes {
    pub(super) fn start(opener: Opener, options: &DbOptions, count: usize) -> Result<Self, StoreError> {
        let first = Writer::start(opener.clone(), options)?;
        let more = (1..count).map(|_| OnceLock::new()).collect();
        Ok(Self { first, more, opener, options: options.clone() })
    }

    pub(super) fn count(&self) -> usize {
        self.more.len() + 1
    }

    /// The writer of everything that belongs to no lane.
    pub(super) fn first(&self) -> &Writer {
        &self.first
    }

    /// The writer of a lane.
    pub(super) fn of(&self, lane: usize) -> Result<&Writer, StoreError> {
        let Some(slot) = lane.checked_sub(1).and_then(|place| self.more.get(place)) else { return Ok(&self.first) };
        if let Some(writer) = slot.get() {
            return Ok(writer);
        }
        // Of two that come at once one starts in vain; its thread ends with its queue.
        let started = Writer::start(self.opener.clone(), &self.options)?;
        Ok(slot.get_or_init(|| started))
    }

    /// What all have committed so far.
    pub(super) fn commits(&self) -> Commits {
        self.more
            .iter()
            .filter_map(OnceLock::get)
            .map(Writer::commits)
            .fold(self.first.commits(), |sum, one| Commits { groups: sum.groups + one.groups, pieces: sum.pieces + one.pieces })
    }
}

/// Those whom one commit answered come again while the next one waits for the disk, so that half of them would always just miss it. Where a
/// commit is slow and shared, the next group stays open for this part of its time.
const OPEN_PART: u32 = 6;
/// And at most for so long.
const OPEN_MAX: Duration = Duration::from_millis(1);
/// What is not worth waiting for.
const OPEN_MIN: Duration = Duration::from_micros(100);

/// How the last group went.
#[derive(Debug, Clone, Copy, Default)]
struct Pace {
    commit: Duration,
    pieces: usize,
}

impl Pace {
    /// For how long a group stays open for others.
    fn open_for(self) -> Duration {
        let open = (self.commit / OPEN_PART).min(OPEN_MAX);
        if self.pieces > 1 && open >= OPEN_MIN { open } else { Duration::ZERO }
    }
}

/// How long the thread sleeps at most when there is nothing to do.
const IDLE: Duration = Duration::from_secs(3600);

fn begin(conn: &mut AnyConn) -> Result<(), diesel::result::Error> {
    conn.batch_execute(match conn.backend() {
        Backend::Sqlite => "BEGIN IMMEDIATE",
        Backend::Postgres => "BEGIN",
    })
}

/// The thread's own: its connection and its queue.
struct Serving {
    conn: AnyConn,
    opener: Opener,
    work: Receiver<Box<dyn Work>>,
    group_max: usize,
    pause: Duration,
    tally: Arc<Tally>,
}

impl Serving {
    fn serve(&mut self) {
        let mut pace = Pace::default();
        loop {
            let mut first = match self.work.recv_timeout(IDLE) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // What another piece has done already must not open a transaction.
            if first.is_needed() {
                pace = self.commit_group(first, pace);
            } else {
                first.answer(Ok(()));
            }
        }
    }

    fn commit_group(&mut self, first: Box<dyn Work>, pace: Pace) -> Pace {
        let open_until = Instant::now() + pace.open_for();
        // A server that was restarted leaves a dead connection behind: one new connection is tried before the asker is told.
        let begun = begin(&mut self.conn).or_else(|error| {
            self.conn = self.opener.connect().map_err(|_| error)?;
            begin(&mut self.conn)
        });
        if let Err(error) = begun {
            first.answer(Err(StoreError::Unavailable(format!("cannot begin: {error}"))));
            return Pace::default();
        }
        let mut group: Vec<Box<dyn Work>> = Vec::new();
        let mut failure: Option<String> = None;
        let mut stands = false;
        let mut apart: VecDeque<Box<dyn Work>> = VecDeque::new();
        let mut next = Some(first);
        while let Some(mut piece) = next.take() {
            if piece.is_needed() {
                // Where nothing stands before a piece, its failure takes nothing else along and it needs no savepoint.
                let conn = &mut self.conn;
                let ran = if stands { run_in_savepoint(conn, piece.as_mut()) } else { run_alone(conn, piece.as_mut()) };
                match ran {
                    Ok(Outcome::Keep) => stands = true,
                    Ok(Outcome::RollBack) => apart.extend(piece.apart()),
                    Err(error) => failure = Some(error.to_string()),
                }
            }
            group.push(piece);
            if failure.is_none() {
                next = apart.pop_front().or_else(|| if group.len() >= self.group_max { None } else { self.more(open_until) });
            }
        }
        // After a failure of the transaction itself nothing is tried any more.
        group.extend(apart);
        let committing = Instant::now();
        if failure.is_none() {
            if !self.pause.is_zero() {
                std::thread::sleep(self.pause);
            }
            failure = self.conn.batch_execute("COMMIT").err().map(|error| error.to_string());
        }
        let pace = Pace { commit: committing.elapsed(), pieces: group.len() };
        if failure.is_some() {
            let _ = self.conn.batch_execute("ROLLBACK");
        } else {
            self.tally.groups.fetch_add(1, Ordering::Relaxed);
            self.tally.pieces.fetch_add(u64::try_from(group.len()).unwrap_or(0), Ordering::Relaxed);
        }
        for piece in group {
            let commit = failure.clone().map_or(Ok(()), |why| Err(StoreError::Unavailable(format!("cannot commit: {why}"))));
            piece.answer(commit);
        }
        pace
    }

    /// The next piece of the group: one that waits, or one that comes while the group is kept open.
    fn more(&self, open_until: Instant) -> Option<Box<dyn Work>> {
        let late = || self.work.recv_timeout(open_until.saturating_duration_since(Instant::now())).ok();
        self.work.try_recv().ok().or_else(late)
    }
}

/// Runs a piece. A panic in it must not take the writer, and with it every other asker, down.
fn run(conn: &mut AnyConn, piece: &mut dyn Work) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| piece.run(&mut Tx::new(conn)))).unwrap_or(Outcome::RollBack)
}

/// Runs the first piece of a transaction; an error means that the transaction cannot be trusted any more.
fn run_alone(conn: &mut AnyConn, piece: &mut dyn Work) -> Result<Outcome, diesel::result::Error> {
    let outcome = run(conn, piece);
    if let Outcome::RollBack = outcome {
        conn.batch_execute("ROLLBACK")?;
        begin(conn)?;
    }
    Ok(outcome)
}

/// Runs one piece; an error means that the whole group's transaction cannot be trusted any more.
fn run_in_savepoint(conn: &mut AnyConn, piece: &mut dyn Work) -> Result<Outcome, diesel::result::Error> {
    conn.batch_execute("SAVEPOINT piece")?;
    let outcome = run(conn, piece);
    conn.batch_execute(match outcome {
        Outcome::Keep => "RELEASE SAVEPOINT piece",
        Outcome::RollBack => "ROLLBACK TO SAVEPOINT piece; RELEASE SAVEPOINT piece",
    })?;
    Ok(outcome)
}
