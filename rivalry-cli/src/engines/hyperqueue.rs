//! HyperQueue: one array of tasks, a task per shard, through the program `hq`.

use std::process::Command;

use serde_json::Value;

use super::{Queue, Queued, Worker, ask, ranges};

/// States of jobs and tasks that are not over.
const OPEN: &str = "waiting,running";

pub(super) struct HyperQueue<'a>(pub(super) &'a Worker);

impl Queue for HyperQueue<'_> {
    fn queued(&self) -> Result<Queued, String> {
        let jobs = json(&["job", "list", "--filter", OPEN, "--output-mode", "json"])?;
        let mut queued = Queued::default();
        for (id, of) in ours(&jobs, self.0) {
            // Jobs of another cut of the same plan fill the same store; only one cut can be followed.
            if *queued.of.get_or_insert(of) == of {
                let tasks =
                    json(&["task", "list", &id.to_string(), "--task-status", OPEN, "--output-mode", "json"])?;
                queued.shards.extend(open(&tasks));
            }
        }
        Ok(queued)
    }

    fn submit(&self, shards: &[u32], of: u32) -> Result<(), String> {
        let worker = self.0;
        let mut command = Command::new("hq");
        command
            .arg("submit")
            .args(["--name", &worker.name(of)])
            .args(["--array", &ranges(shards)])
            .args(["--cpus", &worker.threads.to_string()])
            // Two streams into one file would overwrite each other.
            .args(["--stdout", "none"])
            .arg("--stderr")
            .arg(worker.log("%{TASK_ID}"))
            .args(&worker.options)
            .args(["--", "sh", "-c", &worker.line("HQ_TASK_ID", of)]);
        ask(&mut command).map(|_| ())
    }

    fn cancel(&self, of: u32) -> String {
        format!("`hq job cancel` with the numbers of the jobs named `{}`", self.0.name(of))
    }
}

fn json(arguments: &[&str]) -> Result<Value, String> {
    let said = ask(Command::new("hq").args(arguments))?;
    serde_json::from_str(&said).map_err(|error| format!("`hq {}`: {error}", arguments.join(" ")))
}

/// The open jobs of this sweep, each with the cut that its name tells.
fn ours(jobs: &Value, worker: &Worker) -> Vec<(u64, u32)> {
    let jobs = jobs.as_array().cloned().unwrap_or_default();
    jobs.iter().filter_map(|job| Some((job["id"].as_u64()?, worker.cut(job["name"].as_str()?)?))).collect()
}

/// The numbers of the open tasks of some jobs.
fn open(tasks: &Value) -> Vec<u32> {
    let jobs = tasks.as_object().cloned().unwrap_or_default();
    let is_open = |task: &&Value| matches!(task["state"].as_str(), Some("waiting" | "running"));
    let tasks = jobs.values().filter_map(Value::as_array).flatten().filter(is_open);
    tasks.filter_map(|task| u32::try_from(task["id"].as_u64()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn open_tasks_are_found() {
        let worker = Worker {
            key: "rivalry-0123456789ab".to_owned(),
            plan: "/p/plan.json".into(),
            store: "/p/runs".into(),
            program: "/bin/rivalry".into(),
            logs: "/p/logs".into(),
            threads: 1,
            options: Vec::new(),
        };
        // As HyperQueue's documentation of its JSON output shows it.
        let jobs = json!([
            { "id": 4, "name": "rivalry-0123456789ab-8", "task_count": 8, "task_stats": { "running": 2 } },
            { "id": 5, "name": "sleep", "task_count": 1, "task_stats": { "running": 1 } },
        ]);
        assert_eq!(ours(&jobs, &worker), [(4, 8)]);
        let tasks = json!({ "4": [
            { "id": 1, "state": "finished" },
            { "id": 2, "state": "running", "worker": 1 },
            { "id": 3, "state": "waiting" },
            { "id": 4, "state": "failed", "error": "killed" },
        ]});
        assert_eq!(open(&tasks), [2, 3]);
        assert!(open(&json!([])).is_empty() && ours(&json!({}), &worker).is_empty());
    }
}
