//! Links in a store that lead out of it.

#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use rivalry::record::file::encode;
use rivalry::spec::RunId;
use rivalry::store::{Claim, Store, StoreError};

use super::disks::{Unsynced, contents};
use super::toy::{Folder, Sweep, put};

const SWEEP: Sweep = Sweep { runs: 1, epochs: 4, interval: 2, numbers: 3 };

/// Everything that a sweep does, as far as it comes.
fn use_everything(root: &Path, run: RunId) -> Result<(), StoreError> {
    let store = Store::open_on(root, Arc::new(Unsynced))?;
    let _ = store.doctor().anomalies.iter().map(ToString::to_string).count();
    store.records().for_each(drop);
    store.list().for_each(drop);
    if let Claim::Mine(lease) = store.claim(run)? {
        store.latest_checkpoint(&lease)?;
        store.checkpoint(&lease, &SWEEP.checkpoint(run, 2))?;
        store.checkpoint(&lease, &SWEEP.checkpoint(run, 2))?;
        store.latest_checkpoint(&lease)?;
        store.commit(lease, &SWEEP.record(run))?;
    }
    store.read(run)?;
    let copy = Store::open_on(&root.with_file_name("copy"), Arc::new(Unsynced))?;
    store.copy_to(&copy, |_, _| true)?;
    Ok(())
}

// promise: P28
#[test]
fn no_link_in_a_store_leads_out_of_it() {
    let run = SWEEP.plan()[0];
    let name = run.to_string();
    let (prefix, file) = (&name[..2], format!("{name}.rivalry"));
    for place in [
        "STORE".to_owned(),
        "runs".to_owned(),
        format!("runs/{prefix}"),
        format!("runs/{prefix}/{file}"),
        format!("runs/{prefix}/.{file}.0.tmp"),
        "leases".to_owned(),
        format!("leases/{name}"),
        "leases/.trial.0.tmp".to_owned(),
        "checkpoints".to_owned(),
        format!("checkpoints/{name}.0"),
        format!("checkpoints/{name}.1"),
        "quarantine".to_owned(),
    ] {
        for target in ["folder", "file", "nothing", "whole"] {
            let jail = Folder::fast("p28");
            let (root, outside) = (jail.0.join("store"), jail.0.join("outside"));
            put(&outside.join("file"), b"outside");
            put(&outside.join("whole"), &encode(&SWEEP.record(run)));
            put(&outside.join("folder").join(&file), b"outside, by the name of a run");
            put(&outside.join("folder").join(&name), b"outside, by the name of a lease");
            put(&root.join(&place), b"");
            std::fs::remove_file(root.join(&place)).unwrap();
            symlink(outside.join(target), root.join(&place)).unwrap();
            if place == "quarantine" {
                put(&root.join(format!("runs/{prefix}/{file}")), b"damaged");
            }

            let before = contents(&outside);
            let used = use_everything(&root, run);
            assert_eq!(contents(&outside), before, "{place} -> {target}: {used:?}");
            if let Err(error) = &used {
                assert!(error.to_string().starts_with(root.to_str().unwrap()), "{error}");
            }
            // A link that stays was refused, or it is in nobody's way.
            let stays = root.join(&place).symlink_metadata().is_ok_and(|it| it.is_symlink());
            assert!(used.is_err() || !stays || place.contains("/."), "{place} -> {target}");
        }
    }
}

/// No name in a store comes from anywhere but 32 bytes.
// promise: P28
#[test]
fn no_text_but_64_digits_names_a_run() {
    let good = "0123456789abcdef".repeat(4);
    assert!(good.parse::<RunId>().is_ok());
    for hostile in [
        String::new(),
        format!("../{}", &good[3..]),
        format!("/{}", &good[1..]),
        good.to_uppercase(),
        format!("{good}0"),
        format!("{}\0", &good[1..]),
        format!("{}é", &good[2..]),
        format!("{} ", &good[1..]),
        good.replace('0', "%30"),
        "../".repeat(22)[..64].to_owned(),
        "\u{202e}".repeat(21) + "0",
        "x".repeat(4096),
    ] {
        assert!(hostile.parse::<RunId>().is_err(), "{hostile:?}");
    }
}
