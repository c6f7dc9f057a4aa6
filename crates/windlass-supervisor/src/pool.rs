//! What tests are given, made ahead: while one runs, the next one's is made.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Makes the thing of that number.
type Make<'a, T> = Box<dyn Fn(u64) -> Result<T, String> + Send + Sync + 'a>;
/// Ends what has been used.
type Discard<'a, T> = Box<dyn Fn(T) + Send + Sync + 'a>;

/// Things made ahead, by as many threads as are in [`Pool::work`].
pub(crate) struct Pool<'a, T> {
    make: Make<'a, T>,
    discard: Discard<'a, T>,
    bounds: Bounds,
    state: Mutex<State<T>>,
    changed: Condvar,
}

/// How many things there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Ready at the most while nobody waits.
    pub(crate) ready: usize,
    /// Ready before anybody has asked: nobody may come to.
    pub(crate) before: usize,
    /// Used ones that may wait for a quiet moment: to end one takes time that those have better use for who wait.
    pub(crate) used: usize,
    /// In all, while nobody waits.
    pub(crate) all: usize,
}

struct State<T> {
    ready: VecDeque<T>,
    used: Vec<T>,
    /// How many are being made, and how many there are in all.
    n_making: usize,
    n_live: usize,
    n_waiting: usize,
    n_made: u64,
    is_asked: bool,
    /// Why those could not be made that somebody waits for: each is said to one of them.
    failures: Vec<String>,
    /// The last one could not be made: only who waits has it tried again.
    is_broken: bool,
    is_over: bool,
}

/// What a thread is to do next.
enum Job<T> {
    Make(u64),
    Discard(T),
}

impl<'a, T> Pool<'a, T> {
    pub(crate) fn new(bounds: Bounds, make: Make<'a, T>, discard: Discard<'a, T>) -> Self {
        let state = State {
            ready: VecDeque::new(),
            used: Vec::new(),
            n_making: 0,
            n_live: 0,
            n_waiting: 0,
            n_made: 0,
            is_asked: false,
            failures: Vec::new(),
            is_broken: false,
            is_over: false,
        };
        Self { make, discard, bounds, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// One that nobody else is given; as soon as there is one.
    pub(crate) fn take(&self) -> Result<T, String> {
        let mut state = self.state();
        state.is_asked = true;
        state.n_waiting += 1;
        self.changed.notify_all();
        let taken = loop {
            if state.is_over {
                break Err("the run is over".to_owned());
            }
            if let Some(thing) = state.ready.pop_front() {
                break Ok(thing);
            }
            if let Some(why) = state.failures.pop() {
                break Err(why);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        state.n_waiting -= 1;
        // What failed for those who wait is not said to those who come later.
        let n_waiting = state.n_waiting;
        state.failures.truncate(n_waiting);
        self.changed.notify_all();
        taken
    }

    /// What was taken has been used, and is ended when there is time.
    pub(crate) fn give_back(&self, thing: T) {
        self.state().used.push(thing);
        self.changed.notify_all();
    }

    /// Nothing more is made or given.
    pub(crate) fn end(&self) {
        self.state().is_over = true;
        self.changed.notify_all();
    }

    /// Makes and ends things until [`Pool::end`].
    pub(crate) fn work(&self) {
        while let Some(job) = self.next() {
            match job {
                Job::Make(n) => {
                    let made = (self.make)(n);
                    let mut state = self.state();
                    state.n_making -= 1;
                    state.is_broken = made.is_err();
                    match made {
                        Ok(thing) => state.ready.push_back(thing),
                        Err(why) => {
                            state.n_live -= 1;
                            if state.n_waiting > state.failures.len() {
                                state.failures.push(why);
                            }
                        }
                    }
                }
                Job::Discard(thing) => {
                    (self.discard)(thing);
                    self.state().n_live -= 1;
                }
            }
            self.changed.notify_all();
        }
    }

    fn next(&self) -> Option<Job<T>> {
        let mut state = self.state();
        loop {
            if state.is_over {
                return None;
            }
            let n_coming = state.ready.len() + state.n_making;
            let Bounds { ready, before, used, all } = self.bounds;
            let n_ahead = if state.is_asked { ready } else { before };
            let has_many_used = state.used.len() > used || state.n_live >= all;
            if has_many_used && let Some(used) = state.used.pop() {
                return Some(Job::Discard(used));
            }
            let is_waited_for = n_coming + state.failures.len() < state.n_waiting;
            let is_wanted = n_coming < state.n_waiting + n_ahead && state.n_live < all && !state.is_broken;
            if is_waited_for || is_wanted {
                state.n_making += 1;
                state.n_live += 1;
                state.n_made += 1;
                return Some(Job::Make(state.n_made));
            }
            if let Some(used) = state.used.pop() {
                return Some(Job::Discard(used));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Nobody is given what another has, all that was made is ended or left in the pool, and no more than the limit is made
    /// ahead.
    #[test]
    fn many_take_at_once_and_each_has_its_own() {
        let n_ended = AtomicU64::new(0);
        let discard = |_: u64| {
            n_ended.fetch_add(1, Ordering::Relaxed);
        };
        let pool = Pool::new(Bounds { ready: 4, before: 1, used: 4, all: 6 }, Box::new(Ok), Box::new(discard));
        thread::scope(|scope| {
            let workers: Vec<_> = (0..2).map(|_| scope.spawn(|| pool.work())).collect();
            let users: Vec<_> = (0..50).map(|_| scope.spawn(|| pool.take().unwrap())).collect();
            let mut taken: Vec<u64> = users.into_iter().map(|user| user.join().unwrap()).collect();
            taken.sort_unstable();
            taken.dedup();
            assert_eq!(taken.len(), 50);
            // More than the limit are out: nothing is made ahead until they are back.
            assert!(pool.state().n_live <= 50 + 6);
            taken.into_iter().for_each(|thing| pool.give_back(thing));
            while n_ended.load(Ordering::Relaxed) < 50 {
                thread::sleep(Duration::from_millis(1));
            }
            pool.end();
            workers.into_iter().for_each(|worker| worker.join().unwrap());
            assert!(pool.take().is_err());
        });
    }

    #[test]
    fn who_waits_is_told_why_nothing_can_be_made_and_the_next_tries_again() {
        let make = |n: u64| if n == 1 { Err("disk full".to_owned()) } else { Ok(n) };
        let pool = Pool::new(Bounds { ready: 0, before: 0, used: 2, all: 6 }, Box::new(make), Box::new(drop));
        thread::scope(|scope| {
            scope.spawn(|| pool.work());
            assert_eq!(pool.take(), Err("disk full".to_owned()));
            assert_eq!(pool.take(), Ok(2));
            pool.end();
        });
    }
}
