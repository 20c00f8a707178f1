//! A question of Python: answered on a thread of its own, while the thread that
//! asks lets other threads of Python run, looks for Ctrl-C and tells how far
//! the work is.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use rivalry_cli::{Answer, Caller, Failure, Happening, Status, Told};

use crate::failure::{bug, failed};
use crate::memory::Memory;
use crate::report::Report;

/// How often the asking thread looks up.
const LOOK: Duration = Duration::from_millis(50);
/// So many looks are given to the work to stop where it can be resumed; what
/// does not look at its flag (intervals, probes) ends by itself, unheard.
const PATIENCE: u32 = 12;

/// Asks the command; `told` is called with (notes, what, done, total, now) when
/// something has happened, None lets a bar be drawn on the terminal.
#[pyfunction]
#[pyo3(signature = (words, memory, told=None))]
#[allow(clippy::needless_pass_by_value, reason = "Python hands over values")]
pub(crate) fn ask(
    py: Python<'_>,
    words: Vec<OsString>,
    memory: &Bound<'_, Memory>,
    told: Option<Py<PyAny>>,
) -> PyResult<Report> {
    let shown = Arc::new(Mutex::new(Shown::default()));
    let stop = flags::take();
    let caller = Caller { memory: memory.get().take(), stop, told: told.as_ref().map(|_| teller(&shown)) };
    let (send, receive) = mpsc::channel();
    let work = move || {
        let answer = catch_unwind(AssertUnwindSafe(|| rivalry_cli::ask(words, caller)));
        // Nobody listens any more when the work took too long to stop.
        drop(send.send(answer));
    };
    thread::Builder::new().name("rivalry".to_owned()).spawn(work).map_err(|_| bug())?;
    // A receiver alone may not be lent to the closure that runs without Python.
    let receive = Mutex::new(receive);
    let mut interrupt: Option<PyErr> = None;
    let mut looks_left = PATIENCE;
    loop {
        let heard = py.detach(|| receive.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(LOOK));
        if heard.is_ok() {
            flags::give(stop);
        }
        if interrupt.is_none() {
            let seen = py.check_signals().and_then(|()| tell(py, told.as_ref(), &shown));
            if let Err(raised) = seen {
                if heard.is_err() {
                    stop.store(true, Ordering::SeqCst);
                }
                interrupt = Some(raised);
            }
        }
        match (heard, interrupt.take()) {
            (Ok(Ok(Ok(Answer { report, status }))), None) => {
                return Ok(Report { report, status: status as u8 });
            }
            (Ok(Ok(Err(failure))), Some(raised)) => return Err(interrupted(py, &failure, raised)),
            (Ok(Ok(Err(failure))), None) => return Err(failed(failure)),
            (Ok(Ok(Ok(_))), Some(raised)) => return Err(raised),
            (Ok(Err(_)) | Err(RecvTimeoutError::Disconnected), _) => return Err(bug()),
            (Err(RecvTimeoutError::Timeout), None) => {}
            (Err(RecvTimeoutError::Timeout), Some(raised)) => {
                looks_left -= 1;
                if looks_left == 0 {
                    return Err(unheard(py, raised));
                }
                interrupt = Some(raised);
            }
        }
    }
}

/// A person's Ctrl-C with the words that say how to go on.
fn interrupted(py: Python<'_>, failure: &Failure, raised: PyErr) -> PyErr {
    if !raised.is_instance_of::<PyKeyboardInterrupt>(py) || failure.status != Status::Interrupted {
        return raised;
    }
    let problem = failure.problems.first();
    let words = problem.map(|problem| (problem.message.clone(), problem.hint.clone()));
    words.map_or(raised, PyKeyboardInterrupt::new_err)
}

/// The same where the work has not said anything in time.
fn unheard(py: Python<'_>, raised: PyErr) -> PyErr {
    let hint = "with `--out DIR` the same call continues where it was";
    let words = PyKeyboardInterrupt::new_err(("interrupted", hint));
    if raised.is_instance_of::<PyKeyboardInterrupt>(py) { words } else { raised }
}

/// What is to be told.
#[derive(Default)]
struct Shown {
    notes: Vec<String>,
    what: String,
    done: usize,
    total: usize,
    now: String,
    is_new: bool,
}

/// Keeps what the work says until the asking thread looks.
fn teller(shown: &Arc<Mutex<Shown>>) -> Told {
    let shown = Arc::clone(shown);
    Arc::new(move |happening| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.is_new = true;
        match happening {
            Happening::Note(note) => shown.notes.push(note),
            Happening::Begin(what, total) => (shown.what, shown.done, shown.total) = (what, 0, total),
            Happening::Step(now) => {
                shown.done += 1;
                shown.now = now;
            }
            Happening::End => {}
        }
    })
}

fn tell(py: Python<'_>, told: Option<&Py<PyAny>>, shown: &Mutex<Shown>) -> PyResult<()> {
    let Some(told) = told else { return Ok(()) };
    let (notes, what, done, total, now) = {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::take(&mut shown.is_new) {
            return Ok(());
        }
        (std::mem::take(&mut shown.notes), shown.what.clone(), shown.done, shown.total, shown.now.clone())
    };
    told.call1(py, (notes, what, done, total, now)).map(drop)
}

/// Flags that live as long as the process. One comes back only when its work
/// has ended: work that is no longer waited for goes on looking at its own.
mod flags {
    use super::{AtomicBool, Mutex, Ordering, PoisonError};

    static FREE: Mutex<Vec<&'static AtomicBool>> = Mutex::new(Vec::new());

    /// One that is not raised.
    pub(super) fn take() -> &'static AtomicBool {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let flag = free.unwrap_or_else(|| Box::leak(Box::default()));
        flag.store(false, Ordering::SeqCst);
        flag
    }

    /// Takes back one whose work has ended.
    pub(super) fn give(flag: &'static AtomicBool) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(flag);
    }
}
