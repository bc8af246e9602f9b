//! Requests that are done together: what waits when the writer comes round is one piece of work.
//!
//! Each request puts itself on the list and hands the writer a piece; the piece that comes first takes all that wait, and those behind it
//! find nothing left. Where they fail together each is done by itself, so that one bad request costs its neighbours time and nothing else.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::writer::{Outcome, Work};
use super::{Db, StoreError, Tx};

/// Does requests together: one answer for each, in their order.
type Together<I, A, E> = dyn Fn(&mut Tx<'_>, &[I]) -> Result<Vec<A>, E> + Send + Sync;

struct Waiting<I, A, E> {
    item: I,
    reply: oneshot::Sender<Result<A, E>>,
}

/// Requests of one kind that wait to be done together.
pub struct Gathering<I, A, E> {
    waiting: Mutex<VecDeque<Waiting<I, A, E>>>,
    work: Box<Together<I, A, E>>,
    items_max: usize,
}

impl<I, A, E> Gathering<I, A, E> {
    /// Nothing waits yet; `work` is given at most so many at a time. It must have no effect outside the database: what fails is done again.
    pub fn new(items_max: usize, work: impl Fn(&mut Tx<'_>, &[I]) -> Result<Vec<A>, E> + Send + Sync + 'static) -> Self {
        Self { waiting: Mutex::default(), work: Box::new(work), items_max: items_max.max(1) }
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<Waiting<I, A, E>>> {
        // Nothing under this lock can panic half way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One turn of the writer on a gathering.
struct Turn<I, A, E> {
    gathering: Arc<Gathering<I, A, E>>,
    items: Vec<I>,
    replies: Vec<oneshot::Sender<Result<A, E>>>,
    done: Option<Result<Vec<A>, E>>,
    /// Whether it takes from the list; one that was taken apart has its item.
    is_open: bool,
}

impl<I, A, E> Work for Turn<I, A, E>
where
    I: Send + 'static,
    A: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn is_needed(&mut self) -> bool {
        if self.is_open {
            let mut waiting = self.gathering.held();
            let count = waiting.len().min(self.gathering.items_max);
            for Waiting { item, reply } in waiting.drain(..count) {
                self.items.push(item);
                self.replies.push(reply);
            }
            self.is_open = false;
        }
        !self.items.is_empty()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Outcome {
        let done = (self.gathering.work)(tx, &self.items).and_then(|answers| tx.finish().map(|()| answers).map_err(E::from));
        let outcome = if done.is_ok() { Outcome::Keep } else { Outcome::RollBack };
        self.done = Some(done);
        outcome
    }

    fn apart(&mut self) -> Vec<Box<dyn Work>> {
        if self.items.len() < 2 {
            return Vec::new();
        }
        let alone = |(item, reply)| -> Box<dyn Work> {
            let gathering = Arc::clone(&self.gathering);
            Box::new(Turn { gathering, items: vec![item], replies: vec![reply], done: None, is_open: false })
        };
        self.items.drain(..).zip(self.replies.drain(..)).map(alone).collect()
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        let silent = || StoreError::Unavailable("the writer did not run this work".to_owned());
        let mut answers = match (self.done, commit) {
            (Some(Err(error)), _) => {
                // Whoever failed in company was taken apart, so this is the answer to one.
                for (reply, error) in self.replies.into_iter().zip(std::iter::once(error)) {
                    drop(reply.send(Err(error)));
                }
                return;
            }
            (_, Err(error)) => {
                let why = error.to_string();
                for reply in self.replies {
                    drop(reply.send(Err(E::from(StoreError::Unavailable(why.clone())))));
                }
                return;
            }
            (Some(Ok(answers)), Ok(())) => answers.into_iter(),
            (None, Ok(())) => Vec::new().into_iter(),
        };
        for reply in self.replies {
            drop(reply.send(answers.next().ok_or_else(|| E::from(silent()))));
        }
    }
}

impl Db {
    /// Writers that can store at the same time what does not meet in the same rows.
    pub fn lanes(&self) -> usize {
        self.lanes.count()
    }

    /// Puts a request to those that wait for a lane's writer and answers after the commit that holds it. A gathering belongs to one lane.
    pub async fn write_together<I, A, E>(&self, lane: usize, gathering: &Arc<Gathering<I, A, E>>, item: I) -> Result<A, E>
    where
        I: Send + 'static,
        A: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let writer = self.lanes.of(lane)?;
        let (reply, answer) = oneshot::channel();
        let turn = Turn { gathering: Arc::clone(gathering), items: Vec::new(), replies: Vec::new(), done: None, is_open: true };
        // Both under one lock: where the writer takes no more, nobody else's turn has taken this request meanwhile, and its asker is told
        // to come again.
        {
            let mut waiting = gathering.held();
            waiting.push_back(Waiting { item, reply });
            if let Err(error) = writer.hand_in(Box::new(turn)) {
                drop(waiting.pop_back());
                return Err(E::from(error));
            }
        }
        answer.await.unwrap_or_else(|_| Err(E::from(StoreError::Unavailable("the writer gave no answer".to_owned()))))
    }
}
