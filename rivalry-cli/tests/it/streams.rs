//! What goes to which stream, in colour or not, and readers that go away.

use std::io::Read;
use std::process::Stdio;

use crate::process::{Ended, command, rivalry};

fn colored(arguments: &[&str], no_color: Option<&str>) -> Ended {
    let mut command = command();
    if let Some(value) = no_color {
        command.env("NO_COLOR", value);
    }
    command.args(arguments).output().unwrap().into()
}

#[test]
fn pipes_get_no_escape_bytes() {
    for arguments in [&["list"][..], &["list", "--json"], &["--help"], &["lst"], &[]] {
        let ended = colored(arguments, None);
        assert!(!ended.to_string().contains('\u{1b}'), "{arguments:?}: {ended}");
    }
}

#[test]
fn colour_can_be_forced_and_forbidden() {
    let forced = colored(&["list", "--color", "always"], None);
    assert!(forced.stdout.contains('\u{1b}'));
    // What is typed wins over the environment.
    let forced = colored(&["list", "--color", "always"], Some("1"));
    assert!(forced.stdout.contains('\u{1b}'));
    let forbidden = colored(&["list", "--color", "never"], None);
    assert!(!forbidden.stdout.contains('\u{1b}'));
    // A document stays a document.
    assert!(!colored(&["list", "--json", "--color", "always"], None).stdout.contains('\u{1b}'));
}

#[test]
fn the_width_comes_from_the_environment_where_there_is_no_terminal() {
    for (columns, limit) in [("60", 60), ("120", 120), ("7", 40), ("a", 100)] {
        let ended: Ended =
            command().env("COLUMNS", columns).args(["list", "encoders"]).output().unwrap().into();
        let widest = ended.stdout.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= limit.max(61), "{columns}: {widest}\n{ended}");
        assert!(widest * 2 > limit, "{columns}: {widest}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    for arguments in [&["list"][..], &["list", "--json"], &["--help"], &[]] {
        let mut child =
            command().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command().args(["list"]).stdout(full).output().unwrap();
    let ended = Ended::from(output);
    assert_eq!(ended.status, 2, "{ended}");
    assert!(ended.stderr.starts_with("error: the results cannot be written: No space left"), "{ended}");
}

#[test]
fn results_go_to_stdout_and_errors_to_stderr() {
    let good = rivalry("list");
    assert_eq!((good.status, good.stderr.as_str()), (0, ""));
    let bad = rivalry("list --nothing");
    assert_eq!((bad.status, bad.stdout.as_str()), (2, ""));
}
