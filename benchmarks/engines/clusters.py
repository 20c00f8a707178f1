"""Two nodes of one processor each, on this machine: Slurm from Debian's packages, Ray from its wheel."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SLURM_CONF = """\
ClusterName=rivalry
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
ReturnToService=2
KillWait=2
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SlurmctldDebug=info
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(count):
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Slurm:
    """munged, slurmctld and two slurmd in a folder of their own; ended with the block."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.daemons = []
        self.env = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self, *command):
        out = open(self.folder / f"{pathlib.Path(command[0]).name}.{len(self.daemons)}.out", "wb")
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        self.daemons.append(
            subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env={**self.env, "PATH": path})
        )

    def __enter__(self):
        for name in ("state", "spool.n1", "spool.n2"):
            (self.folder / name).mkdir(parents=True)
        # munged wants its socket where others may enter, and its key where they may not.
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        conf = SLURM_CONF.format(host=socket.gethostname(), ports=free_ports(3), folder=self.folder)
        (self.folder / "slurm.conf").write_text(conf)
        self.start(
            *("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={self.folder}/munge.socket"),
            *(f"--pid-file={self.folder}/munged.pid", f"--seed-file={self.folder}/munged.seed"),
            *(f"--log-file={self.folder}/munged.log",),
        )
        self.wait(lambda: (self.folder / "munge.socket").exists(), "munged")
        self.start("slurmctld", "-D", "-f", str(self.folder / "slurm.conf"))
        for node in ("n1", "n2"):
            self.start("slurmd", "-D", "-N", node, "-f", str(self.folder / "slurm.conf"))
        self.wait(lambda: self.ask("sinfo", "-h", "-o", "%D %t") == "2 idle", "two idle nodes")
        return self

    def ask(self, *command):
        return subprocess.run(command, env=self.env, capture_output=True, text=True).stdout.strip()

    def wait(self, is_there, what):
        for _ in range(600):
            if is_there():
                return
            time.sleep(0.1)
        logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log"))
        self.__exit__()
        sys.exit(f"no {what} after a minute\n{logs}")

    def submissions(self):
        """How many job arrays were ever submitted."""
        log = (self.folder / "slurmctld.log").read_text(errors="replace")
        return sum("_slurm_rpc_submit_batch_job: JobId=" in line for line in log.splitlines())

    def __exit__(self, *_):
        subprocess.run(["scancel", "--me"], env=self.env, capture_output=True)
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()


class Ray:
    """A head and a second node of one processor each."""

    # The dashboard's agent needs longer than its time limit where the machine is busy.
    SLOW = {
        "RAY_agent_register_timeout_ms": "120000",
        "RAY_raylet_start_wait_time_s": "180",
        "RAY_DISABLE_IMPORT_WARNING": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }

    def __init__(self, _folder):
        # Ray makes sockets far below its folder, and the name of a socket has at most 107 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ray-"))
        self.env = {**os.environ, **self.SLOW}
        self.port = free_ports(1)[0]

    def __enter__(self):
        ray = pathlib.Path(sys.executable).with_name("ray")
        head = ["--head", f"--port={self.port}", "--include-dashboard=false", f"--temp-dir={self.folder}"]
        for where in (head, [f"--address=127.0.0.1:{self.port}"]):
            command = [ray, "start", *where, "--num-cpus=1", "--object-store-memory=100000000"]
            started = subprocess.run(command, env=self.env, capture_output=True, text=True)
            if started.returncode != 0:
                self.__exit__()
                sys.exit(f"no node of Ray\n{started.stderr[-2000:]}")
        return self

    def __exit__(self, *_):
        # `ray stop` would end every Ray on the machine: only what belongs to this folder or port goes.
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if f"{self.folder}/" in line or f"127.0.0.1:{self.port}" in line:
                    os.kill(int(process.name), signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
