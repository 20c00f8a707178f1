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
        "error: `DRAWER` must be `formats`, `encoders`, `solvers`, `schedules`, `strategies`, `metrics`, `renderers`, `claims` or `lab`, not `encodrs`\n\nhint: did you mean `encoders`? `rivalry list --help` shows what is possible\n",
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
        "snippet ogn",
        "error: unknown strategy `ogn`: did you mean `ogm`?\n\nhint: `rivalry snippet` lists what there is\n",
    ),
    (
        "snippet everything",
        "error: unknown strategy `everything`\n\nhint: `rivalry snippet` lists what there is\n",
    ),
    (
        "snippet ogm --framework jax",
        "error: `--framework` must be `pytorch`, not `jax`\n\nhint: `rivalry snippet --help` shows what is possible\n",
    ),
    (
        "snippet ogm --list",
        "error: `NAME` and `--list` exclude each other\n\nhint: `rivalry snippet --help` shows what is possible\n",
    ),
    (
        "report kept --as jsn",
        "error: `--as` must be `terminal`, `json`, `csv`, `svg`, `html`, `markdown`, `latex` or `junit`, not `jsn`\n\nhint: did you mean `json`? `rivalry report --help` shows what is possible\n",
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
        "lab race --trials 0",
        "error: `--trials` does not accept `0`: expected a whole number from 1 to 100000000\n\nhint: `rivalry lab race --help` shows what is possible\n",
    ),
    (
        "lab race --threads 0",
        "error: `--threads` does not accept `0`: expected a whole number from 1 to 65535\n\nhint: `rivalry lab race --help` shows what is possible\n",
    ),
    (
        "lab race --set mu.2=3",
        "error: `mu.2` must be a number from 0 to 1, not `3`\n\nhint: `rivalry list lab` shows every knob with its range\n",
    ),
    (
        "data convert demo",
        "error: OUT is missing\n\nhint: `rivalry data convert --help` shows what is possible\n",
    ),
    (
        "data generate",
        "error: OUT is missing\n\nhint: `rivalry data generate --help` shows what is possible\n",
    ),
    (
        "data generate new.npz --classes 1",
        "error: `--classes` does not accept `1`: expected a whole number from 2 to 10000\n\nhint: `rivalry data generate --help` shows what is possible\n",
    ),
    (
        "data generate new.npz --train 0",
        "error: `--train` does not accept `0`: expected a whole number of at least 1\n\nhint: `rivalry data generate --help` shows what is possible\n",
    ),
    (
        "data generate new.npz --set mu=1.5 --set nose=1",
        "error: `--set`: `mu` must be a number from 0 to 1, not `1.5`\nerror: `--set`: `data` has no knob `nose`: did you mean `noise`?\n\nhint: `rivalry data generate --help` lists the knobs\n",
    ),
    (
        "data generate new.npz --set mu.3=0.1",
        "error: `--set`: `mu.3`: there is no modality 3, but 2\n\nhint: modalities count from 1; `modalities=N` says how many there are\n",
    ),
    (
        "data generate new.npz --set dim.2=9",
        "error: `--set`: `dim.2` must be at least the number of classes, 10, not 9\n\nhint: set `dim.2` to 10 or more, or `classes` lower\n",
    ),
    (
        "data generate new.npz --planted shortcuts",
        "error: unknown planted case `shortcuts`: did you mean `shortcut`?\n\nhint: `rivalry data generate --help` lists the causes and their sizes\n",
    ),
    (
        "data generate new.npz --planted noise --modalities 4 --test 5",
        "error: `--modalities` must be from 2 to 3, not 4\nerror: `--test` must be from 10 to 10000000, not 5\n\nhint: `rivalry data generate --help` lists the causes and their sizes\n",
    ),
    (
        "data generate new.npz --planted noise --strength 1.5",
        "error: `--strength` does not accept `1.5`: expected a number from 0 to 1, such as `0.8`\n\nhint: `rivalry data generate --help` shows what is possible\n",
    ),
    (
        "data generate new.npz --classes 3 --set classes=4",
        "error: `--classes` and `--set classes` say the same\n\nhint: leave one of them out\n",
    ),
    (
        "data generate new.npz --train 9",
        "error: `--train`: expected a training sample per class, 10, found 9 training samples\n\nhint: ask for at least 10, better for several times as many\n",
    ),
    (
        "data generate new.npz --train 4000000000",
        "error: 4000001000 samples of 4000 features are 16000004000000 values, at most 1000000000 are generated\n\nhint: lower `--train`, `--test` or `--set dim`\n",
    ),
    (
        "data inspect demo --folds 1",
        "error: `--folds` does not accept `1`: expected a whole number from 2 to 65535\n\nhint: `rivalry data inspect --help` shows what is possible\n",
    ),
    (
        "data inspect demo --folds -3",
        "error: `--folds` does not accept `-3`: expected a whole number from 2 to 65535\n\nhint: `rivalry data inspect --help` shows what is possible\n",
    ),
    (
        "diagnose demo --seeds ten",
        "error: `--seeds` does not accept `ten`: expected a whole number from 1 to 100000\n\nhint: `rivalry diagnose --help` shows what is possible\n",
    ),
    (
        "diagnose demo --epochs 0",
        "error: `--epochs` does not accept `0`: expected a whole number of at least 1\n\nhint: `rivalry diagnose --help` shows what is possible\n",
    ),
    (
        "diagnose demo --threads 0",
        "error: `--threads` does not accept `0`: expected a whole number from 1 to 65535\n\nhint: `rivalry diagnose --help` shows what is possible\n",
    ),
    (
        "diagnose demo --lr -0.001",
        "error: `--lr` does not accept `-0.001`: expected a number above 0\n\nhint: `rivalry diagnose --help` shows what is possible\n",
    ),
    (
        "diagnose demo --budget -5",
        "error: `--budget` does not accept `-5`: expected a time such as `90s`, `2m` or `1h30m`\n\nhint: `rivalry diagnose --help` shows what is possible\n",
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
