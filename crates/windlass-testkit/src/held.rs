//! What the tests of this process have, and that it is kept when they fail.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

use crate::protocol::{FAILED, Resource};
use crate::say;

/// Something that the supervisor has given.
pub(crate) struct Held {
    /// Its end gives it back.
    stream: UnixStream,
    /// Whether this process is that of one test, which has it until the end.
    pub(crate) of_process: bool,
    /// The thread that asked for it: gone when that is.
    thread: Weak<()>,
    has_failed: AtomicBool,
    /// What is said when it is kept; nothing of what all have together.
    kept: Option<String>,
}

/// All that the tests of this process have.
static HELD: Mutex<Vec<Weak<Held>>> = Mutex::new(Vec::new());

thread_local! {
    /// This thread.
    static THREAD: Arc<()> = Arc::default();
}

impl Held {
    /// Has it kept, and says how to get there.
    pub(crate) fn fail(&self) {
        if self.has_failed.swap(true, Ordering::Relaxed) {
            return;
        }
        // Where the supervisor has ended, nothing is left to keep.
        if (&self.stream).write_all(FAILED).is_ok()
            && let Some(kept) = &self.kept
        {
            say(kept);
        }
    }

    /// Whether it is that of a test that fails on this thread: that of a thread that has ended is everybody's.
    fn is_of_this_test(&self) -> bool {
        let is_this = |thread| THREAD.try_with(|this| Arc::ptr_eq(this, &thread)).unwrap_or(false);
        self.of_process || self.thread.upgrade().is_none_or(is_this)
    }
}

/// Holds what the supervisor has given over a stream.
pub(crate) fn hold(resource: &Resource, stream: UnixStream, of_process: bool) -> Arc<Held> {
    let kept = |command| format!("the database of this test is kept if there is room; look into it by: {command}");
    let held = Arc::new(Held {
        stream,
        of_process,
        thread: THREAD.with(Arc::downgrade),
        has_failed: AtomicBool::new(false),
        kept: resource.kept_by.as_ref().map(kept),
    });
    let mut all = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|it| it.strong_count() > 0);
    all.push(Arc::downgrade(&held));
    drop(all);
    watch_for_panics();
    held
}

/// A lease in a `static` is never dropped, and one that is dropped before its test fails does not know: so what panics says so.
fn watch_for_panics() {
    static ONCE: Once = Once::new();
    if std::thread::panicking() {
        // No hook can be set now; what is dropped on the way knows.
        return;
    }
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            before(info);
            let all = HELD.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let held = all.iter().filter_map(Weak::upgrade);
            held.filter(|it| it.is_of_this_test()).for_each(|it| it.fail());
        }));
    });
}
