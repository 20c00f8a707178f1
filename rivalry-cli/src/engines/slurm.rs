//! Slurm: one job array, a task per shard. Accounting (`sacct`) is not needed: what is done is in the store.

use std::process::Command;

use super::{Queue, Queued, Worker, ask, ranges};

pub(super) struct Slurm<'a>(pub(super) &'a Worker);

impl Queue for Slurm<'_> {
    fn queued(&self) -> Result<Queued, String> {
        let said = ask(Command::new("squeue").args(["--noheader", "--me", "--array", "--format=%K %j"]))?;
        Ok(parse(&said, self.0))
    }

    fn submit(&self, shards: &[u32], of: u32) -> Result<(), String> {
        let worker = self.0;
        // Slurm reads `%` in the name of a file as the beginning of a number.
        let folder = worker.logs.to_string_lossy().replace('%', "%%");
        let mut command = Command::new("sbatch");
        command
            .arg("--parsable")
            .arg(format!("--job-name={}", worker.name(of)))
            .arg(format!("--array={}", ranges(shards)))
            .arg(format!("--cpus-per-task={}", worker.threads))
            .arg(format!("--output={folder}/shard-%a.log"))
            .arg("--open-mode=append")
            .args(&worker.options)
            .arg("--wrap")
            .arg(worker.line("SLURM_ARRAY_TASK_ID", of));
        ask(&mut command).map(|_| ())
    }

    fn cancel(&self, of: u32) -> String {
        format!("`scancel --me --name={}`", self.0.name(of))
    }
}

/// One line per task: its number in the array and the name of the job.
fn parse(said: &str, worker: &Worker) -> Queued {
    let mut queued = Queued::default();
    for line in said.lines() {
        let mut words = line.split_whitespace();
        let (Some(shard), Some(name)) = (words.next(), words.next()) else { continue };
        let (Ok(shard), Some(of)) = (shard.parse(), worker.cut(name)) else { continue };
        // Jobs of another cut of the same plan fill the same store; only one cut can be followed.
        if *queued.of.get_or_insert(of) == of {
            queued.shards.insert(shard);
        }
    }
    queued
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_of_other_sweeps_are_not_ours() {
        let worker = Worker {
            key: "rivalry-0123456789ab".to_owned(),
            plan: "/p/plan.json".into(),
            store: "/p/runs".into(),
            program: "/bin/rivalry".into(),
            logs: "/p/logs".into(),
            threads: 1,
            options: Vec::new(),
        };
        let said = "3 rivalry-0123456789ab-8\nN/A bash\n 11 rivalry-0123456789ab-8\n4 rivalry-ffffffffffff-8\n\
                    5 rivalry-0123456789ab-x\n6 rivalry-0123456789ab-4\n";
        assert_eq!(parse(said, &worker), Queued { of: Some(8), shards: [3, 11].into() });
        assert_eq!(parse("", &worker), Queued::default());
        assert_eq!(
            worker.line("SLURM_ARRAY_TASK_ID", 8),
            "exec /bin/rivalry sweep run /p/plan.json --shard \"$SLURM_ARRAY_TASK_ID/8\" --store /p/runs --threads 1"
        );
    }
}
