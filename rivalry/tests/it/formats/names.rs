//! Hostile names: of modalities, classes, groups, members and files. None may
//! reach outside the folder where it was to be written, and none may write to
//! the terminal what it likes.

use rivalry::data::{Dataset, Groups, Labels, Modality};
use rivalry::formats::{Limits, OpenOptions, open, save};
use rivalry::num::Matrix;

use super::{Scratch, is, make, open_bytes};

/// 200 names and more: paths, devices, controls, marks, markup.
fn hostile() -> Vec<String> {
    let mut names: Vec<String> = [
        "",
        ".",
        "..",
        "...",
        "/",
        "\\",
        "~",
        "-",
        "--help",
        "*",
        "?",
        "#",
        "%",
        "%2e%2e%2f",
        "%00",
        "$HOME",
        "`id`",
        "$(id)",
        ";id",
        "|id",
        "&&id",
        "a;b",
        "a,b",
        "a=b",
        "a+b",
        "'",
        "\"",
        "''",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "</script>",
        "<!--",
        "]]>",
        "{{7*7}}",
        "\0",
        "a\0b",
        "a\nb",
        "a\rb",
        "a\tb",
        "\u{1b}[2J",
        "\u{1b}]0;title\u{7}",
        "\u{9b}2J",
        "\u{202e}gpj.exe",
        "\u{200b}",
        "a\u{200b}b",
        "\u{feff}a",
        "\u{2028}",
        "\u{2066}x\u{2069}",
        "\u{e0041}",
        "é",
        "e\u{301}",
        "日本",
        "👩‍🔬",
        " a",
        "a ",
        "\u{a0}a",
        "a.",
        "a .",
        ".a",
        ".npy",
        "a.npy",
        "a.npz",
        "README",
        "readme.md",
        "modalities",
        "y",
        "labels",
        "class_names",
        "groups",
        "train",
        "valid",
        "test",
        "fold",
        "ensemble",
        "NaN",
        "null",
        "true",
        "0",
        "-1",
        "1e9",
    ]
    .map(str::to_owned)
    .to_vec();
    for target in ["x", "etc/passwd", "x.npy", "evil"] {
        for up in [
            "../",
            "../../",
            "..\\",
            "/",
            "//",
            "\\\\host\\share\\",
            "C:",
            "C:\\",
            "C:/",
            "./",
            "a/../../",
            "file:///",
        ] {
            names.push(format!("{up}{target}"));
        }
    }
    for device in
        ["CON", "PRN", "AUX", "NUL", "COM1", "COM9", "LPT1", "COM¹", "con", "nul.txt", "Aux.npy", "CONIN$"]
    {
        names.push(device.to_owned());
    }
    for c in '\0'..' ' {
        names.push(format!("a{c}b"));
    }
    for c in [':', '*', '?', '"', '<', '>', '|', '/', '\\', '+', '.'] {
        names.extend([format!("{c}a"), format!("a{c}"), format!("a{c}b")]);
    }
    names.extend([200, 201, 255, 256, 4096].map(|n| "a".repeat(n)));
    names.extend([67, 86, 200].map(|n| "é".repeat(n)));
    names
}

fn named(modality: &str, class: &str, group: &str) -> Option<Dataset> {
    let features = Matrix::from_fn(6, 2, |r, c| (r + c) as f64);
    let labels = Labels::from_strings(&[class, "b", class, "b", class, "b"]);
    let groups = Groups::from_strings(&[group, "h", "h", group, "i", "i"]);
    let modalities = vec![Modality::new(modality, features.clone()), Modality::new("other", features)];
    Dataset::new("d", modalities, labels, Some(groups), None).ok()
}

// promise: P28
#[test]
fn names_stay_in_their_folder() {
    let names = hostile();
    assert!(names.len() >= 200, "{} names", names.len());
    let (mut n_written, mut n_refused) = (0, 0);
    for name in &names {
        for data in
            [named(name, "a", "g"), named("m", name, "g"), named("m", "a", name)].into_iter().flatten()
        {
            let jail = Scratch::new();
            jail.put("in/keep", b"");
            for file in ["in/d.npz", "in/d.csv", "in/d"] {
                let path = jail.0.join(file);
                let Ok(()) = save(&data, &path) else {
                    n_refused += 1;
                    continue;
                };
                n_written += 1;
                let back = open(&path, &OpenOptions::default(), &Limits::default()).unwrap();
                assert_eq!(back.fingerprint(), data.fingerprint(), "{name:?} in {file}");
            }
            let inside = |n: &String| {
                matches!(n.as_str(), "in/keep" | "in/d.npz" | "in/d.csv") || {
                    n.strip_prefix("in/d/").is_some_and(|n| is(n, "npy") && !n.contains('/'))
                }
            };
            let files = jail.list();
            assert!(files.iter().all(inside), "{name:?} made {files:?}");
        }
    }
    assert!(n_written > 500 && n_refused > 50, "{n_written} written, {n_refused} refused");
}

/// A member's name is a modality's name or an error; it is never a path.
// promise: P28
#[test]
fn names_of_members_write_nothing_and_are_shown_harmlessly() {
    let jail = Scratch::new();
    for name in hostile() {
        let bytes = make::ten(&[(&name, Some(make::floats(10, &[0.5; 10])))]);
        let path = jail.put("d.npz", &bytes);
        if let Err(error) = open(&path, &OpenOptions::default(), &Limits::default()) {
            let text = format!("{error}\n{}", error.hint().unwrap_or_default());
            let is_shown = |c: char| {
                c == '\n' || !(c.is_control() || "\u{202e}\u{200b}\u{2028}\u{2066}\u{feff}".contains(c))
            };
            assert!(text.chars().all(is_shown), "{text:?}");
            assert_eq!(text.lines().count(), 2, "{text:?}");
        }
        assert_eq!(jail.list(), ["d.npz"]);
    }
}

/// A table's cells reach messages too.
// promise: P28
#[test]
fn texts_of_tables_are_shown_harmlessly() {
    for name in hostile() {
        for text in [
            format!("m.a,y\n{name},0\n2,1\n"),
            format!("m.a,{name},y\n1,1,0\n2,1,1\n"),
            format!("m.a,y\n1,{name}\n2,{name}\n"),
        ] {
            if let Err(error) = open_bytes("d.csv", text.as_bytes()) {
                let message = error.to_string();
                assert!(!message.chars().any(char::is_control), "{message:?}");
            }
        }
    }
}

#[test]
fn a_folder_is_never_written_over_something() {
    let scratch = Scratch::new();
    let data = named("m", "a", "g").unwrap();
    for (name, exists) in [("file", "file"), ("folder", "folder/x")] {
        scratch.put(exists, b"precious");
        let error = save(&data, &scratch.0.join(name)).unwrap_err().to_string();
        assert!(error.ends_with(&format!("{name}: there is already something here")), "{error}");
        assert_eq!(std::fs::read(scratch.0.join(exists)).unwrap(), b"precious");
    }
    assert_eq!(scratch.list(), ["file", "folder/x"]);
}

/// Reading must not wait for a pipe or drain a device.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened() {
    let scratch = Scratch::new();
    let pipe = scratch.0.join("pipe.npz");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    scratch.put("folder/y.csv", b"0\n1\n");
    std::os::unix::fs::symlink(&pipe, scratch.0.join("folder/x.npy")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", scratch.0.join("zero.npz")).unwrap();
    for name in ["pipe.npz", "zero.npz", "folder"] {
        let error = open(&scratch.0.join(name), &OpenOptions::default(), &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("(a device, a pipe or a socket)"), "{error}");
    }
}

/// Linux file names are bytes.
#[cfg(target_os = "linux")]
#[test]
fn file_names_that_are_no_text_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = Scratch::new();
    let file = scratch.put("d/y.csv", b"0\n1\n0\n1\n");
    let odd = file.with_file_name(std::ffi::OsStr::from_bytes(b"caf\xe9.csv"));
    std::fs::copy(&file, odd).unwrap();
    let error = open(&scratch.0.join("d"), &OpenOptions::default(), &Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with("d: a file's name is not UTF-8: `caf\u{fffd}.csv`"), "{error}");
}
