//! Ctrl-C: the work is asked to stop where it can be resumed. If it has not
//! ended a little later the process ends where it stands, which loses at most
//! what was not yet written: files appear whole or not at all.
//!
//! The `ctrlc` crate is used rather than `signal-hook` because it also serves
//! Windows and runs the handler on a thread of its own, where more is allowed
//! than in a signal handler. Its `termination` feature adds SIGTERM and SIGHUP:
//! a batch system's notice is treated like a person's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::exit::{self, Failure};
use crate::session;

static STOP: AtomicBool = AtomicBool::new(false);

/// How long the work may take to stop by itself. What does not look at the
/// flag (intervals, probes) is not waited for.
const PATIENCE: Duration = Duration::from_millis(1500);

/// From here on Ctrl-C sets the flag that is returned. `last_words` is what a
/// process says that had to be ended.
///
/// A calling program has its own way to be told of signals, and its own flag.
pub(crate) fn watch(last_words: impl Fn() -> Failure + Send + 'static) -> &'static AtomicBool {
    if let Some(stop) = session::stop() {
        return stop;
    }
    let installed = ctrlc::set_handler(move || {
        STOP.store(true, Ordering::SeqCst);
        std::thread::sleep(PATIENCE);
        let failure = last_words();
        exit::print(&failure);
        std::process::exit(failure.status as i32);
    });
    // Without a handler Ctrl-C ends the process at once: safe, only less polite.
    drop(installed);
    &STOP
}
