//! The doctor on a store in which everything is wrong.

use std::path::Path;
use std::sync::Arc;

use rivalry::record::file::encode;
use rivalry::spec::RunId;
use rivalry::store::{Claim, Store};

use super::disks::{Refusing, Unsynced, contents};
use super::toy::{Folder, Sweep, put, run_path};

const SWEEP: Sweep = Sweep { runs: 0, epochs: 4, interval: 2, numbers: 3 };

/// A run whose name is one byte over and over, so that the names below can be
/// read: 11, 22 and so on.
fn run(byte: u8) -> RunId {
    RunId([byte; 32])
}

fn lines(store: &Store) -> String {
    let checkup = store.doctor();
    let mut out = format!(
        "{} whole, {} in progress, {} resumable\n",
        checkup.whole, checkup.in_progress, checkup.resumable
    );
    for anomaly in checkup.anomalies {
        let mut line = anomaly.to_string();
        for byte in 0..=0xff {
            // The names of runs, shortened; one pass is enough for each.
            line = line.replace(&run(byte).to_string(), &format!("{byte:02x}.."));
        }
        assert!(!line.chars().any(char::is_control), "{line:?}");
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn ruin(root: &Path) {
    let write = |path: &str, bytes: &[u8]| {
        let mut path = path.to_owned();
        for byte in 0..=0xff {
            path = path.replace(&format!("{byte:02x}.."), &run(byte).to_string());
        }
        put(&root.join(path), bytes);
    };
    let file = |byte: u8| encode(&SWEEP.record(run(byte)));
    let changed = |byte: u8, at: usize| {
        let mut file = file(byte);
        file[at] ^= 1;
        file
    };
    // Whole, damaged in all ways, and elsewhere than it should be.
    write("runs/11/11...rivalry", &file(0x11));
    write("runs/21/21...rivalry", b"");
    write("runs/22/22...rivalry", &file(0x22)[..200]);
    write("runs/23/23...rivalry", &changed(0x23, 2));
    write("runs/24/24...rivalry", &changed(0x24, 100));
    write("runs/25/25...rivalry", &changed(0x25, file(0x25).len() - 50));
    write("runs/26/26...rivalry", &[file(0x26), vec![0]].concat());
    write("runs/27/27...rivalry", &file(0x11));
    write("runs/28/28...rivalry/a folder", b"");
    write("runs/29/30...rivalry", &file(0x30));
    write("runs/29/readme.txt", b"");
    write("runs/29/.29...rivalry.0.tmp", b"half a fi");
    write("runs/notes/x", b"");
    // States of runs that are done, under way and resumable.
    write("checkpoints/11...0", &file(0x11));
    write("checkpoints/41...0", &file(0x41));
    write("checkpoints/41...1", b"damaged");
    write("checkpoints/42...0", &file(0x42));
    write("checkpoints/.42...0.0.tmp", b"");
    write("checkpoints/42...2", b"");
    write("leases/51..", b"");
    write("leases/worker", b"");
    write("quarantine/21...rivalry.00", b"was set aside");
    write("quarantine/21...rivalry.00.reason.txt", "damaged\u{1b}[31m: \u{202e}red\nmore".as_bytes());
    write("quarantine/22...rivalry.00", b"put here by hand");
    write("quarantine/23...rivalry.00.reason.txt", b"damaged");
    write("report.html", b"");
    write(".STORE.0.tmp", b"");
    write("new\nline \u{1b}]0;title\u{7}.txt", b"");
}

// promise: P10
#[test]
fn every_anomaly_is_one_line_and_nothing_is_touched() {
    let folder = Folder::fast("p10");
    let root = folder.0.join("store");
    let store = Store::open_on(&root, Arc::new(Unsynced)).unwrap();
    let Claim::Mine(lease) = store.claim(run(0x42)).unwrap() else { panic!("nobody else claims it") };
    assert_eq!(lines(&store), "0 whole, 1 in progress, 0 resumable\n");
    ruin(&root);
    let before = contents(&root);
    let expected = "\
1 whole, 1 in progress, 1 resumable
.STORE.0.tmp: temporary file of a write that was interrupted; can be deleted
checkpoints/11...0: state of a run that is finished; can be deleted
checkpoints/41...1: cut short: 7 bytes are less than the smallest file has; its next run sets it aside and resumes from an older state
checkpoints/42...2: a file that no store makes; it is ignored
leases/51..: lease of a worker that is gone; harmless, the next claim takes it
leases/worker: a file that no store makes; it is ignored
new\\nline \\u{1b}]0;title\\u{7}.txt: a file that no store makes; it is ignored
quarantine/21...rivalry.00: set aside: damaged\\u{1b}[31m: \\u{202e}red; can be deleted
quarantine/22...rivalry.00: set aside without a reason; not put here by the store
quarantine/23...rivalry.00.reason.txt: says why a file was set aside, but the file is not here; can be deleted
runs/21/21...rivalry: cut short: 0 bytes are less than the smallest file has; its next run sets it aside and computes it again
runs/22/22...rivalry: cut short: 200 bytes of at least 248 are there; its next run sets it aside and computes it again
runs/23/23...rivalry: not a run file: it does not begin with the mark of one; its next run sets it aside and computes it again
runs/24/24...rivalry: the header is damaged: its checksum does not fit; its next run sets it aside and computes it again
runs/25/25...rivalry: damaged: the checksum does not fit; its next run sets it aside and computes it again
runs/26/26...rivalry: 273 bytes, 272 expected: something was appended; its next run sets it aside and computes it again
runs/27/27...rivalry: holds run `11..`, not the run of its name; its next run sets it aside and computes it again
runs/28/28...rivalry: a folder where a file belongs; move it away: the store follows no links inside itself
runs/29/.29...rivalry.0.tmp: temporary file of a write that was interrupted; can be deleted
runs/29/30...rivalry: not found here; move it to runs/30/30...rivalry
runs/29/readme.txt: a file that no store makes; it is ignored
runs/notes: a folder that no store makes; it is ignored
";
    assert_eq!(lines(&store), expected);
    assert_eq!(contents(&root), before);
    drop(lease);
}

#[test]
fn what_cannot_be_read_and_what_is_no_store_is_said() {
    let folder = Folder::fast("p10-refusing");
    let root = folder.0.join("store");
    drop(Store::open_on(&root, Arc::new(Unsynced)).unwrap());
    put(&run_path(&root, run(0x11)), &encode(&SWEEP.record(run(0x11))));
    for (refused, line) in [
        (run_path(&root, run(0x11)), "runs/11/11...rivalry"),
        (root.join("runs/11"), "runs/11"),
        (root.join("runs"), "runs"),
    ] {
        let store = Store::open_on(&root, Arc::new(Refusing(refused))).unwrap();
        let says = "cannot be read: permission denied; check the permissions and the disk";
        assert_eq!(lines(&store), format!("0 whole, 0 in progress, 0 resumable\n{line}: {says}\n"));
        let found: Vec<_> = store.records().collect();
        let [Err(damaged)] = &found[..] else { panic!("{found:?}") };
        assert!(damaged.to_string().contains("permission denied") && damaged.moved_to.is_none());
    }
    let store = Store::open_existing(&root).unwrap();
    put(&root.join("STORE"), b"\xff\xfe");
    let says = "does not say that this is a store; remove it and it is made again";
    assert_eq!(lines(&store), format!("1 whole, 0 in progress, 0 resumable\nSTORE: {says}\n"));
    std::fs::remove_file(root.join("STORE")).unwrap();
    let says = "missing; the next command that writes here makes it again";
    assert_eq!(lines(&store), format!("1 whole, 0 in progress, 0 resumable\nSTORE: {says}\n"));
}
