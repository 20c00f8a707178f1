//! Who asks. The process itself: then arguments name files, and results are
//! printed. Or another program through [`crate::ask`]: then arguments may also
//! name what it holds in memory, its flag stops the work, it is told how far the
//! work is, and it gets the report.
//!
//! A command begins and ends on one thread, and only the places where it meets
//! the world need to know who asks: so the thread knows, and no verb has to
//! pass on what it does not use.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rivalry::formats::Arrays;
use rivalry::report::Report;

/// A program that asks.
pub struct Caller {
    /// What arguments may name in place of files.
    pub memory: BTreeMap<String, Held>,
    /// Raised by the program when the work shall stop.
    pub stop: &'static AtomicBool,
    /// Told how far the work is; without it a terminal gets a bar.
    pub told: Option<Told>,
}

/// Is told what happens, from any thread of the work.
pub type Told = Arc<dyn Fn(Happening) + Send + Sync>;

/// Something in memory.
#[derive(Clone, Debug)]
pub enum Held {
    /// Arrays, or the columns of a table, with a name for reports.
    Arrays {
        /// What the data are called.
        name: String,
        /// The arrays.
        arrays: Arrays,
    },
    /// The content of a file.
    Bytes(Vec<u8>),
}

/// How far the work is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A sentence about what will run.
    Note(String),
    /// So many pieces of this begin.
    Begin(String, usize),
    /// One more is done; it was this.
    Step(String),
    /// All are done, or none will be any more.
    End,
}

#[derive(Default)]
struct Session {
    words: Vec<OsString>,
    caller: Option<Caller>,
    report: Option<Report>,
}

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

/// Does some work that was asked with these words; also gives the report that
/// a calling program gets.
pub(crate) fn with<T>(
    words: Vec<OsString>,
    caller: Option<Caller>,
    work: impl FnOnce() -> T,
) -> (T, Option<Report>) {
    /// Ends the session whatever happens.
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            SESSION.take();
        }
    }
    SESSION.replace(Session { words, caller, report: None });
    let _end = End;
    let done = work();
    (done, SESSION.take().report)
}

/// The command line, the name of the program first.
pub(crate) fn words() -> Vec<OsString> {
    SESSION.with_borrow(|session| session.words.clone())
}

/// Whether a program asks.
pub(crate) fn has_caller() -> bool {
    SESSION.with_borrow(|session| session.caller.is_some())
}

/// The program's flag that stops the work.
pub(crate) fn stop() -> Option<&'static AtomicBool> {
    SESSION.with_borrow(|session| session.caller.as_ref().map(|caller| caller.stop))
}

/// Whom the program wants to be told.
pub(crate) fn told() -> Option<Told> {
    SESSION.with_borrow(|session| session.caller.as_ref()?.told.clone())
}

/// What the program holds under a name that stands where a file would.
pub(crate) fn held<T>(name: &str, use_it: impl FnOnce(&Held) -> T) -> Option<T> {
    SESSION.with_borrow(|session| Some(use_it(session.caller.as_ref()?.memory.get(name)?)))
}

/// Gives the program its report; false when the process itself asks.
pub(crate) fn hand_over(report: &Report) -> bool {
    SESSION.with_borrow_mut(|session| {
        let is_called = session.caller.is_some();
        if is_called {
            session.report = Some(report.clone());
        }
        is_called
    })
}
