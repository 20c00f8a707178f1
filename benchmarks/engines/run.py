"""The runs of a plan on engines that exist, on two nodes of this machine.

For each engine twice the same question. *Does nothing get lost or computed twice?* A plan of 200 runs of about a second;
a worker is killed, then the driver; the driver is started again, and what it prints, and every file, is compared with
the local engine's. *What does it cost?* The whole command, from nothing to the printed result, against threads on the
same processors, in turns.

    python benchmarks/engines/run.py                        # Slurm (apt-get install slurm-wlm munge; as root)
    python benchmarks/engines/run.py hyperqueue ray         # with a Python that has these packages and this one
    python benchmarks/engines/run.py slurm --check          # the first question alone, smaller: about a minute
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import clusters  # noqa: E402
import common  # noqa: E402

ROOT = common.ROOT
NODES = 2
# Two for each node: what one has lost another may take, and Slurm's scheduler is waited for once.
SHARDS = 4
DATA = "demo:nutrimouse"
# Five folds, two modalities alone, joint, auxiliary.
RUNS_PER_SEED = 20
# Long enough that writing files does not count.
TRIAL_EPOCHS = 4000


def files(store):
    """Every kept run by its name: bytes, and what tells a file from a later one of the same bytes."""
    found = {}
    for path in sorted(pathlib.Path(store).glob("runs/*/*.rivalry")):
        status = path.stat()
        found[path.name] = (path.read_bytes(), status.st_ino, status.st_mtime_ns)
    return found


def contents(found):
    return {name: content for name, (content, *_) in found.items()}


def timeless(document):
    """A document without what depends on the clock and the number of threads."""
    document = json.loads(json.dumps(document))
    for key in ("wall_seconds", "threads"):
        document["provenance"].pop(key)
    return document


class Engine:
    """How a driver is started; what it leaves behind tells the rest."""

    def __init__(self, program, plan, env=None):
        self.program, self.plan, self.env = str(program), plan, env or dict(os.environ)

    def driver(self, store):
        raise NotImplementedError

    def submissions(self):
        return None

    def start(self, store):
        return subprocess.Popen(
            self.driver(store), env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.plan.parent
        )

    def finish(self, driver):
        out, err = driver.communicate()
        if driver.returncode != 0:
            sys.exit(f"{driver.args} ended with status {driver.returncode}\n{err}")
        # Progress aside, what becomes of shards.
        self.said = [line for line in err.splitlines() if "shard" in line]
        return json.loads(self.document(out))

    @staticmethod
    def document(out):
        return out


class Local(Engine):
    def driver(self, store):
        return [self.program, "sweep", "run", str(self.plan), "--store", store, "--threads", "2", "--json", "--quiet"]


class Slurm(Engine):
    cluster = None

    def driver(self, store):
        more = ["--engine", "slurm", "--shards", str(SHARDS), "--json"]
        return [self.program, "sweep", "run", str(self.plan), "--store", store, *more]

    def submissions(self):
        return self.cluster.submissions()


class Python(Engine):
    """An engine that is driven from Python."""

    def __init__(self, program, plan, module, more, env=None):
        super().__init__(program, plan, env)
        self.module, self.more = module, more

    @staticmethod
    def document(out):
        # Cluster libraries may print too.
        return out.rstrip().splitlines()[-1]

    def driver(self, store):
        call = f"rivalry.{self.module}.run({str(self.plan)!r}, {store!r}, shards={SHARDS}, program={self.program!r}, {self.more})"
        code = f"import json, rivalry.{self.module}\nprint(json.dumps({call}))"
        return [sys.executable, "-c", code]


def workers(store):
    """Processes that compute shares into this store."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            # A shell that is about to become the worker holds the words in one.
            if b"--shard" in words and str(store).encode() in words:
                found.append(int(process.name))
    return sorted(found)


def wait_for(store, count, driver):
    while len(files(store)) < count:
        if driver.poll() is not None:
            out, err = driver.communicate()
            sys.exit(f"the driver ended early, with status {driver.returncode}\n{out[-2000:]}\n{err}")
        time.sleep(0.05)


def kept_and_computed(logs):
    """What the workers that came to their end counted, by shard; later attempts of a shard come last."""
    counts = {}
    for path in logs.glob("shard-*"):
        number = int(re.search(r"shard-(\d+)", path.name)[1])
        text = path.read_text(errors="replace")
        if path.suffix == ".json" and text.strip():
            results = json.loads(text)["results"]
            counts[number] = [(results["computed"], results["kept"])]
        for computed, kept in re.findall(r"computed +(\d+)\s+kept from before +(\d+)", text):
            counts.setdefault(number, []).append((int(computed), int(kept)))
    return counts


def kill_test(engine, expected, local_files, folder):
    """One worker and then the driver are killed; the driver is started again."""
    store = folder / "killed"
    n_runs = len(local_files)
    before = engine.submissions()
    driver = engine.start(str(store))
    wait_for(store, n_runs // 8, driver)
    victim = workers(store)[0]
    os.kill(victim, signal.SIGKILL)
    wait_for(store, n_runs // 4, driver)
    driver.kill()
    driver.communicate()
    seen = files(store)
    living = len(workers(store))
    time.sleep(1)
    document = engine.finish(engine.start(str(store)))
    after = files(store)
    same_document = timeless(document) == timeless(expected)
    same_files = contents(after) == contents(local_files)
    untouched = all(after[name] == found for name, found in seen.items())
    found = {
        "runs": n_runs,
        "done_when_driver_was_killed": len(seen),
        "workers_that_outlived_the_driver": living,
        "same_document": same_document,
        "same_files": same_files,
        "finished_runs_left_alone": untouched,
    }
    if before is not None:
        found["submissions"] = engine.submissions() - before
    counts = kept_and_computed(engine.plan.with_suffix(".logs"))
    # A worker counts as kept what an earlier worker of the shard had finished; so the last one of every shard tells
    # how the share was made: by whom, and nothing of it by both.
    last = [attempts[-1] for attempts in counts.values()]
    found["computed_by_last_workers"] = sum(computed for computed, _ in last)
    found["kept_from_earlier_workers"] = sum(kept for _, kept in last)
    found["said"] = engine.said
    print(json.dumps(found, indent=1), flush=True)
    if not (same_document and same_files and untouched):
        sys.exit("the result is not that of the local engine")
    if found["computed_by_last_workers"] + found["kept_from_earlier_workers"] != n_runs:
        sys.exit("shares were computed more than once, or not at all")
    if found.get("submissions", 2) > 3:
        sys.exit("more was submitted than the work, and what died")
    return found


class Idle(threading.Thread):
    """Counts the seconds in which a node had no worker, by looking at the processes now and then."""

    PAUSE = 0.2

    def __init__(self, store):
        super().__init__(daemon=True)
        self.store, self.seconds, self.over = store, 0.0, False

    def run(self):
        last = time.monotonic()
        while not self.over:
            time.sleep(self.PAUSE)
            now = time.monotonic()
            self.seconds += max(0, NODES - len(workers(self.store))) * (now - last)
            last = now

    def end(self):
        self.over = True
        self.join()
        return self.seconds


def timed(engine, store, watch=None):
    """Seconds of the whole command, from nothing to the printed result; the result and the files."""
    begun = time.monotonic()
    driver = engine.start(str(store))
    if watch:
        watch.start()
    document = engine.finish(driver)
    seconds = time.monotonic() - begun
    found = contents(files(store))
    shutil.rmtree(store)
    return seconds, document, found


def efficiency(engine, local, repeats, folder):
    """Threads on the same processors against the engine, in turns."""
    rows = []
    for _ in range(repeats):
        load = os.getloadavg()[0]
        before = children_seconds()
        here, *first = timed(local, folder / "local")
        work = children_seconds() - before
        watch = Idle(folder / "engine")
        there, *second = timed(engine, folder / "engine", watch)
        idle = watch.end()
        if timeless(first[0]) != timeless(second[0]) or first[1] != second[1]:
            sys.exit("the result is not that of the local engine")
        row = {
            "local_seconds": here,
            "engine_seconds": there,
            "ratio": here / there,
            "work_processor_seconds": work,
            "idle_node_seconds": idle,
            # Waiting does not become longer on a busy machine, and work does: this is what a quiet one would show.
            "efficiency": work / (work + idle),
            "load": load,
        }
        rows.append(row)
        print(json.dumps(row), flush=True)
    median = {key: statistics.median(row[key] for row in rows) for key in ("ratio", "efficiency")}
    return {"repeats": rows, **median}


def children_seconds():
    """Processor seconds of all children that have ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def processor_seconds(command, cwd):
    before = children_seconds()
    subprocess.run(command, check=True, cwd=cwd, stdout=subprocess.DEVNULL)
    return children_seconds() - before


def plan_of(program, folder, name, n_runs, seconds):
    """A plan of so many runs of about so many processor seconds each."""
    trial = ["diagnose", DATA, "--seeds", "1", "--epochs", str(TRIAL_EPOCHS)]
    subprocess.run([program, "sweep", "plan", "--out", "trial.json", *trial], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    share = [program, "sweep", "run", "trial.json", "--store", f"trial-{name}", "--shard", "1/1", "--threads", "1", "--quiet"]
    of_trial = processor_seconds(share, folder) / RUNS_PER_SEED
    epochs = max(10, round(TRIAL_EPOCHS * seconds / of_trial))
    line = ["diagnose", DATA, "--seeds", str(n_runs // RUNS_PER_SEED), "--epochs", str(epochs)]
    plan = folder / f"{name}.json"
    subprocess.run([program, "sweep", "plan", "--out", plan, *line], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    return plan, epochs


def make(kind, program, plan, cluster):
    """The driver of a plan on a cluster that is up."""
    if kind == "slurm":
        engine = Slurm(program, plan, cluster.env)
        engine.cluster = cluster
        return engine
    if kind == "ray":
        more = f"address='127.0.0.1:{cluster.port}', options={{'scheduling_strategy': 'SPREAD'}}"
        return Python(program, plan, "ray", more, dict(cluster.env))
    return Python(program, plan, "hyperqueue", "workers=2, cores=1")


def versions(kind):
    if kind == "slurm":
        return subprocess.run(["slurmd", "-V"], capture_output=True, text=True).stdout.strip()
    return f"{kind} {importlib.metadata.version(kind)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engines", nargs="*", default=["slurm"], help="slurm, hyperqueue, ray")
    parser.add_argument("--program", default=ROOT / "target" / "release" / "rivalry")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--timed-runs", type=int, help="fewer, where time is short [default: as many]")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a run, where time is taken")
    parser.add_argument("--killed-seconds", type=float, default=0.3, help="of a run, where processes are killed")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="80 runs, one worker and the driver killed; no timing")
    parser.add_argument("--out", type=pathlib.Path, help="write the figures here, as JSON")
    args = parser.parse_args()
    for kind in args.engines:
        if kind not in ("slurm", "hyperqueue", "ray"):
            parser.error(f"there is no engine `{kind}`")
    if args.check:
        args.runs, args.repeats = 80, 0
    program = pathlib.Path(args.program).resolve()
    # Ended from outside, the daemons are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    load = os.getloadavg()[0]
    engines = {}
    with tempfile.TemporaryDirectory(prefix="rivalry-engines-", ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        killed, epochs = plan_of(program, folder, "killed", args.runs, args.killed_seconds)
        asked = {"runs": args.runs, "shards": SHARDS, "nodes": NODES, "epochs_killed": epochs}
        local = Local(program, killed)
        expected = local.finish(local.start(str(folder / "reference")))
        local_files = files(folder / "reference")
        assert len(local_files) == args.runs
        if args.repeats:
            asked["timed_runs"] = args.timed_runs or args.runs
            plan, asked["epochs_timed"] = plan_of(program, folder, "timed", asked["timed_runs"], args.seconds)
        for kind in args.engines:
            print(f"engine: {kind}", flush=True)
            begun = time.monotonic()
            home = folder / kind
            home.mkdir()
            with contextlib.ExitStack() as stack:
                of_kind = {"slurm": clusters.Slurm, "ray": clusters.Ray}.get(kind)
                cluster = stack.enter_context(of_kind(home / "cluster")) if of_kind else None
                found = {"version": versions(kind), "cluster_up_seconds": time.monotonic() - begun}
                engine = make(kind, program, killed, cluster)
                found["killed"] = kill_test(engine, expected, local_files, home)
                if args.repeats:
                    engine = make(kind, program, plan, cluster)
                    found["timed"] = efficiency(engine, Local(program, plan), args.repeats, home)
            engines[kind] = found
    head = common.head("engines", {"python": sys.version.split()[0]}, load)
    result = {**head, **asked, "engines": engines}
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
