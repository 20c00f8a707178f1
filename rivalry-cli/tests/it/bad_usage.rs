//! Wrong arguments: one row each, with the message to the letter.

use crate::process::rivalry;

/// Arguments, what stderr must be.
const ROWS: &[(&str, &str)] = &[
    (
        "lst",
        "error: there is no command `lst`\n\nhint: did you mean `list`? `rivalry --help` shows what is possible\n",
    ),
    ("xyzzy", "error: there is no command `xyzzy`\n\nhint: `rivalry --help` shows what is possible\n"),
    (
        "--versoin",
        "error: there is no option `--versoin`\n\nhint: did you mean `--version`? `rivalry --help` shows what is possible\n",
    ),
    (
        "list encodrs",
        "error: `DRAWER` must be `formats`, `encoders`, `solvers`, `schedules`, `strategies`, `metrics` or `renderers`, not `encodrs`\n\nhint: did you mean `encoders`? `rivalry list --help` shows what is possible\n",
    ),
    (
        "list --jsn",
        "error: there is no option `--jsn`\n\nhint: did you mean `--json`? `rivalry list --help` shows what is possible\n",
    ),
    (
        "list --color blue",
        "error: `--color` must be `auto`, `always` or `never`, not `blue`\n\nhint: `rivalry list --help` shows what is possible\n",
    ),
    (
        "list --color",
        "error: `--color` needs a value\n\nhint: `rivalry list --help` shows what is possible\n",
    ),
    (
        "list --json=yes",
        "error: `--json` takes no value\n\nhint: `rivalry list --help` shows what is possible\n",
    ),
    (
        "list encoders formats",
        "error: `formats` is one argument too many\n\nhint: `rivalry list --help` shows what is possible\n",
    ),
    (
        "report kept --as jsn",
        "error: `--as` must be `terminal`, `json`, `csv` or `svg`, not `jsn`\n\nhint: did you mean `json`? `rivalry report --help` shows what is possible\n",
    ),
    (
        "data inpsect demo",
        "error: there is no command `inpsect`\n\nhint: did you mean `inspect`? `rivalry data --help` shows what is possible\n",
    ),
    (
        "data",
        "error: `rivalry data` needs to know what to do\n\nhint: `rivalry data --help` shows what is possible\n",
    ),
    (
        "data inspect",
        "error: DATA is missing\n\nhint: `rivalry data inspect --help` shows what is possible\n",
    ),
    (
        "data convert demo",
        "error: OUT is missing\n\nhint: `rivalry data convert --help` shows what is possible\n",
    ),
    (
        "data inspect demo --folds 1",
        "error: `--folds` does not accept `1`: 1 is not in 2..=65535\n\nhint: `rivalry data inspect --help` shows what is possible\n",
    ),
    (
        "data inspect demo --test-share 20",
        "error: `--test-share` does not accept `20`: expected a fraction between 0 and 1, such as `0.2`\n\nhint: `rivalry data inspect --help` shows what is possible\n",
    ),
    (
        "data inspect demo --test-share 0.2 --folds 5",
        "error: `--test-share` and `--folds` exclude each other\n\nhint: `rivalry data inspect --help` shows what is possible\n",
    ),
    (
        "list --json --json",
        "error: `--json` is given more than once\n\nhint: `rivalry list --help` shows what is possible\n",
    ),
];

// promise: P16
#[test]
fn wrong_arguments_name_the_nearest_right_one() {
    for (arguments, expected) in ROWS {
        let ended = rivalry(arguments);
        assert_eq!(ended.status, 2, "rivalry {arguments}\n{ended}");
        assert_eq!(ended.stdout, "", "rivalry {arguments}");
        assert_eq!(ended.stderr, *expected, "rivalry {arguments}");
    }
}

#[cfg(unix)]
#[test]
fn arguments_that_are_no_text_are_told() {
    use std::os::unix::ffi::OsStrExt;
    let ended = crate::process::rivalry_with([std::ffi::OsStr::from_bytes(b"li\xffst")]);
    assert_eq!(ended.status, 2, "{ended}");
    assert!(ended.stderr.starts_with("error: "), "{ended}");
}
