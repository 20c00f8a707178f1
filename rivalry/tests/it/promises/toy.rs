//! A sweep of deterministic toy runs, and processes that work on it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rivalry::data::atomic::{Disk, RealDisk};
use rivalry::num::{Draws, Purpose};
use rivalry::record::file::{Container, encode};
use rivalry::spec::RunId;
use rivalry::store::{Claim, Store, StoreError};
use serde_json::json;

use super::disks::{Death, Dying, NoLocks};

/// A folder that goes with the test.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    /// A folder on the disk.
    pub(super) fn new(name: &str) -> Self {
        Self::below(Path::new(env!("CARGO_TARGET_TMPDIR")), name)
    }

    /// A folder in memory where the system has such a place: for tests that
    /// make the disk up and write often.
    pub(super) fn fast(name: &str) -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::below(memory, name) } else { Self::new(name) }
    }

    fn below(place: &Path, name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = place.join(format!("rivalry-{name}-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Puts a file somewhere without any care, as vandals do.
#[expect(clippy::disallowed_methods, reason = "tests damage files on purpose")]
pub(super) fn put(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// How a run of a sweep is computed: so many epochs with a checkpoint after
/// every so many, and a state of so many numbers.
#[derive(Clone, Copy)]
pub(super) struct Sweep {
    pub(super) runs: usize,
    pub(super) epochs: u32,
    pub(super) interval: u32,
    pub(super) numbers: usize,
}

impl Sweep {
    pub(super) fn plan(self) -> Vec<RunId> {
        (0..self.runs).map(|i| RunId(*blake3::hash(format!("toy {i}").as_bytes()).as_bytes())).collect()
    }

    fn state(run: RunId, epoch: u32, numbers: &[f64]) -> Container {
        Container::new(json!({"run": run.to_string(), "epoch": epoch}))
            .and_then(|it| it.with("numbers", &[numbers.len()], numbers))
            .unwrap()
    }

    /// Goes on from a checkpoint to the record, keeping checkpoints.
    fn compute(
        self,
        run: RunId,
        from: Option<&Container>,
        watch: &mut dyn FnMut(RunId, u32),
        keep: &mut dyn FnMut(Container) -> Result<(), StoreError>,
    ) -> Result<Container, StoreError> {
        let (mut epoch, mut numbers) = match from {
            None => (0, vec![0.0; self.numbers]),
            Some(state) => {
                let epoch = state.header()["epoch"].as_u64().unwrap();
                (epoch as u32, state.get::<f64>("numbers").unwrap().1.to_vec())
            }
        };
        let seed = u64::from_le_bytes(*run.0.first_chunk().unwrap());
        while epoch < self.epochs {
            let mut draws = Draws::new(seed, Purpose::new("toy"), epoch);
            for x in &mut numbers {
                *x = 0.9 * *x + draws.normal();
            }
            epoch += 1;
            watch(run, epoch);
            if epoch.is_multiple_of(self.interval) && epoch < self.epochs {
                keep(Self::state(run, epoch, &numbers))?;
            }
        }
        Ok(Self::state(run, epoch, &numbers))
    }

    /// Works until every run of the plan is done, as any sweep does. `watch`
    /// hears of each epoch, and of each committed run as its epoch 0.
    pub(super) fn work(self, store: &Store, watch: &mut dyn FnMut(RunId, u32)) -> Result<(), StoreError> {
        let mut left = self.plan();
        while !left.is_empty() {
            let mut later = Vec::new();
            for run in left {
                match store.claim(run)? {
                    Claim::Done => {}
                    Claim::Busy => later.push(run),
                    Claim::Mine(lease) => {
                        let from = store.latest_checkpoint(&lease)?;
                        let mut keep = |state: Container| store.checkpoint(&lease, &state);
                        let record = self.compute(run, from.as_ref(), watch, &mut keep)?;
                        store.commit(lease, &record)?;
                        watch(run, 0);
                    }
                }
            }
            left = later;
            std::thread::yield_now();
        }
        Ok(())
    }

    /// The record of a run, computed without a disturbance.
    pub(super) fn record(self, run: RunId) -> Container {
        self.compute(run, None, &mut |_, _| {}, &mut |_| Ok(())).unwrap()
    }

    /// The checkpoint of a run after so many epochs.
    pub(super) fn checkpoint(self, run: RunId, epochs: u32) -> Container {
        Self { epochs, ..self }.record(run)
    }

    /// The digest of what an undisturbed sweep leaves.
    pub(super) fn expected(self) -> String {
        let mut digest = blake3::Hasher::new();
        let mut plan = self.plan();
        plan.sort_unstable();
        for run in plan {
            digest.update(&run.0).update(&encode(&self.record(run)));
        }
        digest.finalize().to_string()
    }
}

/// Where a store keeps a run.
pub(super) fn run_path(root: &Path, run: RunId) -> PathBuf {
    let name = run.to_string();
    root.join("runs").join(&name[..2]).join(format!("{name}.rivalry"))
}

/// A hash of every bit of every run of a store, none of which is damaged.
pub(super) fn digest(store: &Store) -> String {
    let mut digest = blake3::Hasher::new();
    for record in store.records() {
        let (run, record) = record.unwrap();
        digest.update(&run.0).update(&encode(&record));
    }
    digest.finalize().to_string()
}

/// On what kind of disk a worker works.
#[derive(Clone, Copy, Debug)]
pub(super) enum On {
    /// The disk as it is.
    Disk,
    /// A disk without locks.
    NoLocks,
    /// A disk that ends the process at that step.
    DyingAt(usize),
}

const ROOT: &str = "RIVALRY_TEST_WORKER";
const DISK: &str = "RIVALRY_TEST_WORKER_DISK";

/// A process that runs the named test as a worker on a store.
pub(super) fn worker(module: &str, test: &str, root: &Path, on: On) -> Command {
    let test = format!("{}::{test}", module.split_once("::").unwrap().1);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", &test, "--nocapture"])
        .env(ROOT, root)
        .stdout(Stdio::piped())
        .stdin(Stdio::null());
    let disk = match on {
        On::Disk => "disk".to_owned(),
        On::NoLocks => "no locks".to_owned(),
        On::DyingAt(step) => step.to_string(),
    };
    command.env(DISK, disk);
    command
}

/// In a worker process: works, tells of each epoch on a line of its own, and
/// ends with status 0, or with 3 after a line that tells the error. In any
/// other process: does nothing.
pub(super) fn be_worker(sweep: Sweep) {
    let Some(root) = std::env::var_os(ROOT) else { return };
    let disk = std::env::var_os(DISK).unwrap().into_string().unwrap();
    let disk: Arc<dyn Disk> = match disk.as_str() {
        "disk" => Arc::new(RealDisk),
        "no locks" => Arc::new(NoLocks),
        step => Arc::new(Dying::at(step.parse().unwrap(), Death::Exit)),
    };
    let tell = |line: String| {
        // The parent may be gone by now, which is no failure of the worker.
        let _ = writeln!(std::io::stdout(), "{line}");
    };
    let done = Store::open_on(Path::new(&root), disk)
        .and_then(|store| sweep.work(&store, &mut |run, epoch| tell(format!("epoch {epoch} of {run}"))));
    if let Err(error) = done {
        tell(format!("error {error}"));
        std::process::exit(3);
    }
    std::process::exit(0);
}

/// How many epochs, and how many commits, a worker told of.
pub(super) fn told(output: &[u8]) -> (usize, usize) {
    let output = String::from_utf8_lossy(output);
    let epochs = output.lines().filter(|line| line.starts_with("epoch ")).count();
    let commits = output.lines().filter(|line| line.starts_with("epoch 0 ")).count();
    (epochs - commits, commits)
}
