//! The one writer: a thread that takes work from a bounded queue, runs each piece in a savepoint of its own, commits them
//! together and only then answers.
//!
//! Group commit falls out of it: while one commit waits for the disk, the next group gathers. A piece that fails rolls back
//! to its savepoint and does not fail its neighbours. On PostgreSQL the feeds go through it for the same reason.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::ManageConnection;

use super::conn::{AnyConn, Backend, Opener};
use super::{StoreError, Tx};

/// Whether a piece of work is to be kept.
pub(super) enum Outcome {
    Keep,
    RollBack,
}

/// A piece of work; its answer waits inside until the commit.
pub(super) trait Work: Send {
    /// Does the work inside its savepoint.
    fn run(&mut self, tx: &mut Tx<'_>) -> Outcome;
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
    pub(super) fn start(opener: Opener, queue_max: usize, group_max: usize) -> Result<Self, StoreError> {
        let conn = opener.connect()?;
        let (queue, work) = sync_channel::<Box<dyn Work>>(queue_max);
        let tally = Arc::new(Tally::default());
        let counted = Arc::clone(&tally);
        std::thread::Builder::new()
            .name("anxin-writer".to_owned())
            .spawn(move || serve(conn, &opener, &work, group_max, &counted))
            .map_err(|error| StoreError::Setup(format!("cannot start the writer thread: {error}")))?;
        Ok(Self { queue, tally })
    }

    /// What was committed so far.
    pub(super) fn commits(&self) -> Commits {
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
        let boxed = Box::new(Closure { work: Some(work), result: None, reply: Box::new(reply) });
        self.queue.try_send(boxed).map_err(|error| {
            StoreError::Unavailable(match error {
                TrySendError::Full(_) => "the writer's queue is full".to_owned(),
                TrySendError::Disconnected(_) => "the writer has stopped".to_owned(),
            })
        })
    }
}

/// How long the thread sleeps at most when there is nothing to do.
const IDLE: Duration = Duration::from_secs(3600);

fn serve(mut conn: AnyConn, opener: &Opener, work: &Receiver<Box<dyn Work>>, group_max: usize, tally: &Tally) {
    loop {
        let first = match work.recv_timeout(IDLE) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        commit_group(&mut conn, opener, first, work, group_max, tally);
    }
}

fn begin(conn: &mut AnyConn) -> Result<(), diesel::result::Error> {
    conn.batch_execute(match conn.backend() {
        Backend::Sqlite => "BEGIN IMMEDIATE",
        Backend::Postgres => "BEGIN",
    })
}

fn commit_group(
    conn: &mut AnyConn,
    opener: &Opener,
    first: Box<dyn Work>,
    work: &Receiver<Box<dyn Work>>,
    group_max: usize,
    tally: &Tally,
) {
    // A server that was restarted leaves a dead connection behind: one new connection is tried before the asker is told.
    let begun = begin(conn).or_else(|error| {
        *conn = opener.connect().map_err(|_| error)?;
        begin(conn)
    });
    if let Err(error) = begun {
        first.answer(Err(StoreError::Unavailable(format!("cannot begin: {error}"))));
        return;
    }
    let mut group: Vec<Box<dyn Work>> = Vec::new();
    let mut failure: Option<String> = None;
    let mut next = Some(first);
    while let Some(mut piece) = next.take() {
        // Nothing stands before the first piece, so its failure takes nothing else along and it needs no savepoint.
        let ran = if group.is_empty() { run_alone(conn, piece.as_mut()) } else { run_in_savepoint(conn, piece.as_mut()) };
        failure = ran.err().map(|error| error.to_string());
        group.push(piece);
        if failure.is_none() && group.len() < group_max {
            next = work.try_recv().ok();
        }
    }
    if failure.is_none() {
        failure = conn.batch_execute("COMMIT").err().map(|error| error.to_string());
    }
    if failure.is_some() {
        let _ = conn.batch_execute("ROLLBACK");
    } else {
        tally.groups.fetch_add(1, Ordering::Relaxed);
        tally.pieces.fetch_add(u64::try_from(group.len()).unwrap_or(0), Ordering::Relaxed);
    }
    for piece in group {
        let commit = failure.clone().map_or(Ok(()), |why| Err(StoreError::Unavailable(format!("cannot commit: {why}"))));
        piece.answer(commit);
    }
}

/// Runs a piece. A panic in it must not take the writer, and with it every other asker, down.
fn run(conn: &mut AnyConn, piece: &mut dyn Work) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| piece.run(&mut Tx::new(conn)))).unwrap_or(Outcome::RollBack)
}

/// Runs the first piece of a transaction; an error means that the transaction cannot be trusted any more.
fn run_alone(conn: &mut AnyConn, piece: &mut dyn Work) -> Result<(), diesel::result::Error> {
    match run(conn, piece) {
        Outcome::Keep => Ok(()),
        Outcome::RollBack => {
            conn.batch_execute("ROLLBACK")?;
            begin(conn)
        }
    }
}

/// Runs one piece; an error means that the whole group's transaction cannot be trusted any more.
fn run_in_savepoint(conn: &mut AnyConn, piece: &mut dyn Work) -> Result<(), diesel::result::Error> {
    conn.batch_execute("SAVEPOINT piece")?;
    match run(conn, piece) {
        Outcome::Keep => conn.batch_execute("RELEASE SAVEPOINT piece"),
        Outcome::RollBack => conn.batch_execute("ROLLBACK TO SAVEPOINT piece; RELEASE SAVEPOINT piece"),
    }
}
