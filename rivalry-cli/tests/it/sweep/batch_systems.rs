//! Drivers of batch systems, on a stand-in that starts every task at once. `benchmarks/engines` has the real ones.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{overwrite, planned, runs, timeless};
use crate::process::{Ended, command};

/// Reads the options that both commands get, and starts the tasks.
const SUBMIT: &str = r#"#!/bin/sh
next=
for word; do
    case $next in
        name) name=$word ;; array) array=$word ;; log) log=$word ;; wrap) wrap=$word ;;
    esac
    next=
    case $word in
        --job-name=*) name=${word#*=} ;; --array=*) array=${word#*=} ;; --output=*) log=${word#*=} ;;
        --name) next=name ;; --array) next=array ;; --stderr) next=log ;; --wrap | -c) next=wrap ;;
    esac
done
echo "$name $array $*" >>"$STAND_IN/submitted"
for span in $(echo "$array" | tr , ' '); do
    for i in $(seq "${span%-*}" "${span#*-}"); do
        here=$(echo "$log" | sed "s/%a/$i/; s/%{TASK_ID}/$i/")
        SLURM_ARRAY_TASK_ID=$i HQ_TASK_ID=$i setsid sh -c "$wrap" >>"$here" 2>&1 </dev/null &
        echo "$i $name" >"$STAND_IN/task.$!"
    done
done
"#;

/// Prints a line per task that lives; one that has ended and was not waited for does not.
const LIVING: &str = r#"
for task in "$STAND_IN"/task.*; do
    state=$(sed 's/.*) //; s/ .*//' "/proc/${task##*.}/stat" 2>/dev/null)
    case $state in '' | Z | X) ;; *) cat "$task" ;; esac
done
"#;

/// HyperQueue's answers from the same lines.
const HQ: &str = r#"#!/bin/sh
living() {
LIVING
}
case "$1 $2" in
    "job list")
        name=$(living | sed -n '1s/.* //p')
        if [ "$name" ]; then echo "[{\"id\": 1, \"name\": \"$name\"}]"; else echo "[]"; fi ;;
    "task list")
        echo "{\"1\": [$(living | sed 's/ .*//; s/.*/{"id": &, "state": "running"}/' | paste -sd,)]}" ;;
    *) exec "$STAND_IN/sbatch" "$@" ;;
esac
"#;

/// A folder with the commands of a batch system, and one with a plan.
struct Cluster {
    stand_in: PathBuf,
    folder: PathBuf,
    engine: &'static str,
}

impl Cluster {
    fn new(folder: &Path, engine: &'static str) -> Self {
        let stand_in = folder.join("stand_in");
        std::fs::create_dir_all(&stand_in).unwrap();
        let script = |name: &str, text: &str| {
            let path = stand_in.join(name);
            overwrite(&path, text.as_bytes());
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        };
        script("sbatch", SUBMIT);
        script("squeue", &format!("#!/bin/sh\n{LIVING}"));
        script("hq", &HQ.replace("LIVING", LIVING));
        Self { stand_in, folder: folder.to_owned(), engine }
    }

    /// The driver's command line.
    fn driver(&self, more: &str) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths(std::iter::once(self.stand_in.clone()).chain(std::env::split_paths(&path)));
        let mut command = command();
        command
            .current_dir(&self.folder)
            .env("PATH", path.unwrap())
            .env("STAND_IN", &self.stand_in)
            .args(["sweep", "run", "plan.json", "--store", "kept", "--json", "--engine", self.engine])
            .args(more.split_whitespace());
        command
    }

    fn start(&self, more: &str) -> Child {
        self.driver(more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What was submitted: names and arrays.
    fn submitted(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.stand_in.join("submitted")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The processes of the tasks.
    fn tasks(&self) -> Vec<String> {
        let names = std::fs::read_dir(&self.stand_in).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter_map(|name| Some(name.to_str()?.strip_prefix("task.")?.to_owned())).collect()
    }

    /// Waits until this many runs are done.
    fn wait_for(&self, n_runs: usize) {
        for _ in 0..6_000 {
            if runs(&self.folder.join("kept")).len() >= n_runs {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut logs = String::new();
        for entry in std::fs::read_dir(self.folder.join("plan.logs")).into_iter().flatten().flatten() {
            let _ = writeln!(logs, "{}", std::fs::read_to_string(entry.path()).unwrap_or_default());
        }
        panic!("fewer than {n_runs} runs after a minute: {:?}\n{logs}", self.submitted());
    }
}

fn kill(process: &str) {
    // SIGKILL: the process cannot answer.
    assert!(Command::new("kill").args(["-9", process]).status().unwrap().success());
}

const LONG: &str = "diagnose demo:nutrimouse --seeds 2 --epochs 300";

// promise: P01
#[test]
fn a_killed_worker_and_a_killed_driver_cost_what_they_had_in_hand() {
    for engine in ["slurm", "hyperqueue"] {
        let (folder, local) = planned(&format!("sweep_driver_{engine}"), LONG);
        let cluster = Cluster::new(&folder, engine);
        let mut driver = cluster.start("--shards 2");
        cluster.wait_for(4);
        kill(&cluster.tasks()[0]);
        cluster.wait_for(8);
        if engine == "slurm" {
            driver.kill().unwrap();
            driver.wait().unwrap();
        } else {
            // Asked to stop, it says what becomes of the jobs.
            assert!(
                Command::new("kill").args(["-INT", &driver.id().to_string()]).status().unwrap().success()
            );
            let ended: Ended = driver.wait_with_output().unwrap().into();
            assert_eq!((ended.status, ended.stdout.as_str()), (130, ""), "{ended}");
            assert!(ended.stderr.contains("interrupted; what is queued goes on"), "{ended}");
            assert!(
                ended.stderr.contains("--engine hyperqueue --shards 2` continues; to take back"),
                "{ended}"
            );
        }
        let before = cluster.submitted();
        let living = cluster.tasks().len();
        // A driver with another cut goes on with the one that is queued.
        let ended: Ended = cluster.start("--shards 7").wait_with_output().unwrap().into();
        assert_eq!(ended.status, 0, "{engine}: {ended}");
        assert_eq!(timeless(&ended), local, "{engine}");
        assert!(runs(&folder.join("kept")) == runs(&folder.join("local")), "{engine}");
        let after = cluster.submitted();
        assert!(after.iter().all(|line| line.split(' ').next().unwrap().ends_with("-2")), "{after:?}");
        // The first submission, and that of the shard whose worker was killed, by either driver: no more.
        assert!((1..=2).contains(&before.len()), "{before:?}");
        assert_eq!(after.len(), 2, "{engine}: {after:?}");
        assert!(living >= 2);
        // What is done needs no batch system.
        std::fs::remove_file(cluster.stand_in.join("squeue")).unwrap();
        let again: Ended = cluster.driver("--shards 2").output().unwrap().into();
        assert_eq!(timeless(&again), local, "{engine}");
        assert_eq!(cluster.submitted().len(), 2, "{engine}");
    }
}

#[test]
fn a_shard_that_does_nothing_is_given_up() {
    let (folder, _) = planned("sweep_given_up", super::SHORT);
    let cluster = Cluster::new(&folder, "slurm");
    let broken = folder.join("broken");
    overwrite(&broken, b"#!/bin/sh\necho there is no such library\nexit 1\n");
    std::fs::set_permissions(&broken, PermissionsExt::from_mode(0o755)).unwrap();
    let more =
        format!("--shards 2 --retries 1 --engine-option partition=short --program {}", broken.display());
    let ended: Ended = cluster.driver(&more).output().unwrap().into();
    assert_eq!((ended.status, ended.stdout.as_str()), (1, ""), "{ended}");
    assert!(
        ended.stderr.contains(
            "error: shard 1/2 ended 2 times without having finished a run; the last that it printed is `there is no such \
             library`"
        ),
        "{ended}"
    );
    assert!(ended.stderr.contains("shard 1/2 ended with 20 runs left: submitted again"), "{ended}");
    let submitted = cluster.submitted();
    assert_eq!(submitted.len(), 2, "{submitted:?}");
    assert!(submitted[0].contains(" 1-2 ") && submitted[0].contains("--partition=short"), "{submitted:?}");
}

#[test]
fn without_a_batch_system_it_is_said_what_is_missing() {
    let (folder, _) = planned("sweep_no_engine", super::SHORT);
    for (engine, program) in [("slurm", "squeue"), ("hyperqueue", "hq")] {
        let ended: Ended = command()
            .current_dir(&folder)
            .env("PATH", "/nowhere")
            .args(["sweep", "run", "plan.json", "--store", "kept", "--engine", engine])
            .output()
            .unwrap()
            .into();
        assert_eq!(ended.status, 2, "{ended}");
        assert!(ended.stderr.starts_with(&format!("error: there is no command `{program}` here")), "{ended}");
    }
}
