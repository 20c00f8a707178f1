//! Ctrl-C while networks train.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rivalry::num::{Draws, Purpose};
use serde_json::Value;

use crate::process::{Ended, command, folder};

/// Long enough to be interrupted, on any machine.
const LONG: &[&str] =
    &["diagnose", "demo:nutrimouse", "--seeds", "2", "--epochs", "1000", "--threads", "2", "--json"];

fn start(more: &[&str], temporary: &Path) -> Child {
    command()
        .args(LONG)
        .args(more)
        .env("TMPDIR", temporary)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the test is about time")]
fn now() -> Instant {
    Instant::now()
}

/// Waits until the process has said what it is going to do and `more`, then
/// sends the signal; how it ended and how long that took.
fn interrupt(mut child: Child, more: Duration) -> (Ended, Duration) {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    std::thread::sleep(more);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let since = now();
    let mut ended: Ended = child.wait_with_output().unwrap().into();
    let took = since.elapsed();
    stderr.read_to_string(&mut said).unwrap();
    ended.stderr = said;
    (ended, took)
}

fn results(ended: &Ended) -> Value {
    ended.json()["results"].clone()
}

// promise: P05
#[test]
fn an_interrupted_command_goes_on_where_it_stopped() {
    let temporary = folder("interrupt_tmp");
    let undisturbed = folder("interrupt_undisturbed");
    let whole: Ended =
        start(&["--out", undisturbed.to_str().unwrap()], &temporary).wait_with_output().unwrap().into();
    assert_eq!(whole.status, 0, "{whole}");

    let n_signals = if std::env::var_os("RIVALRY_SOAK").is_some() { 1_000 } else { 50 };
    let mut delays = Draws::new(1, Purpose::new("interrupt test"), 0);
    let mut interrupted = 0;
    while interrupted < n_signals {
        let path = folder("interrupt_disturbed");
        let path = path.to_str().unwrap();
        let last = loop {
            let child = start(&["--out", path], &temporary);
            // At any moment from the first word on; with every second signal less
            // patient, so that what is left at the end of a round differs.
            let longest = if interrupted % 2 == 0 { 400 } else { 50 };
            let (ended, took) = interrupt(child, Duration::from_millis(delays.below(longest) as u64));
            if ended.status == 0 {
                break ended;
            }
            assert_eq!(ended.status, 130, "{ended}");
            assert_eq!(ended.stdout, "", "{ended}");
            assert!(took < Duration::from_secs(2), "it took {took:?} to stop: {ended}");
            let expected = format!("hint: `rivalry {} --out {path}` continues\n", LONG.join(" "));
            assert!(ended.stderr.ends_with(&expected), "{ended}");
            interrupted += 1;
            if interrupted % 25 == 0 {
                break start(&["--out", path], &temporary).wait_with_output().unwrap().into();
            }
        };
        assert_eq!(last.status, 0, "{last}");
        assert_eq!(results(&last), results(&whole));
    }
}

#[test]
fn a_command_that_keeps_nothing_can_go_on_too() {
    let temporary = folder("interrupt_unkept");
    let (ended, _) = interrupt(start(&[], &temporary), Duration::from_millis(300));
    assert_eq!(ended.status, 130, "{ended}");
    let continuation = ended.stderr.split('`').nth_back(1).unwrap();
    let kept = continuation.split_once(" --out ").unwrap().1;
    assert!(kept.starts_with(temporary.to_str().unwrap()), "{ended}");
    let words: Vec<&str> = continuation.split_whitespace().skip(1).collect();
    let ended: Ended = command().args(words).output().unwrap().into();
    assert_eq!(ended.status, 0, "{ended}");
    assert_eq!(ended.json()["command"], "diagnose");
}

#[test]
fn a_command_that_ends_leaves_nothing_behind() {
    let temporary = folder("interrupt_clean");
    let output = command()
        .args(["diagnose", "demo:nutrimouse", "--seeds", "1", "--epochs", "2", "--quiet"])
        .env("TMPDIR", &temporary)
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}
