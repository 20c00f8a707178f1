"""Ctrl-C, other threads and forks, while networks train."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import FAST, Small

import rivalry

#: Far more than any test waits for.
LONG = {"seeds": 2000, "epochs": 50, "subsets": "all", "quiet": True, "threads": 2}

INTERRUPTED = """
import os, signal, sys, threading, time
sys.path.insert(0, {tests!r})
from conftest import Small
import rivalry
data = Small()
def strike():
    time.sleep(1.5)
    strike.at = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=strike).start()
try:
    {call}
except KeyboardInterrupt as stopped:
    print("took", time.monotonic() - strike.at)
    print("said", *stopped.args)
"""


@pytest.mark.parametrize(
    "call",
    [
        "rivalry.diagnose(data.modalities, data.y, out={out!r}, **{long!r})",
        "rivalry.remedy(data.modalities, data.y, configurations=50, out={out!r}, quiet=True)",
        "rivalry.lab.race(trials=100_000, threads=2, out={out!r}, quiet=True)",
        "rivalry.lab.run(set={{'until': 'converged', 'classes': 60, 'm': 64}}, quiet=True)",
        "rivalry.compare(data.y, joint=[data.text[:, :3]] * 5, uni={{'a': [data.text[:, 1:]] * 5}}, replicates=10_000_000)",
    ],
    ids=["diagnose", "remedy", "race", "run", "compare"],
)
def test_ctrl_c_within_a_second(tmp_path, call):
    out = str(tmp_path / "kept")
    call = call.format(out=out, long=LONG)
    script = INTERRUPTED.format(tests=str(__file__).rsplit("/", 1)[0], call=call)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert "took" in done.stdout, (done.stdout, done.stderr)
    assert float(done.stdout.split()[1]) < 1.0
    if "diagnose" in call:
        assert "continues" in done.stdout


def test_an_interrupted_call_goes_on(tmp_path):
    """The call after an interrupted one takes the runs that are there."""
    data, out = Small(), tmp_path / "kept"
    asked = {**FAST, "seeds": 60, "epochs": 20, "out": out, "folds": None, "test_share": 0.2}
    ended = threading.Event()

    def strike():
        while not list(out.glob("runs/*/*.rivalry")):
            time.sleep(0.02)
        if not ended.is_set():
            signal.raise_signal(signal.SIGINT)

    threading.Thread(target=strike, daemon=True).start()
    try:
        rivalry.diagnose(data.modalities, data.y, **asked)
        interrupted = False
    except KeyboardInterrupt:
        interrupted = True
    ended.set()
    assert interrupted
    ours = rivalry.diagnose(data.modalities, data.y, **asked)
    fresh = rivalry.diagnose(data.modalities, data.y, **{**asked, "out": None})
    assert ours.results == fresh.results


def test_other_threads_count_meanwhile():
    counted, done = [0], threading.Event()

    def count():
        while not done.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    data = Small()
    before, began = counted[0], time.monotonic()
    rivalry.diagnose(data.modalities, data.y, **{**FAST, "seeds": 10, "epochs": 60})
    rate = (counted[0] - before) / (time.monotonic() - began)
    done.set()
    thread.join()
    assert rate > 10_000, "the interpreter was held"


def test_questions_side_by_side():
    data, found = Small(), {}

    def ask(seed):
        found[seed] = rivalry.diagnose(data.modalities, data.y, seed=seed, **FAST).results

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {seed: rivalry.diagnose(data.modalities, data.y, seed=seed, **FAST).results for seed in range(4)}


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_after_a_fork():
    import multiprocessing

    data = Small()
    expected = rivalry.diagnose(data.modalities, data.y, **FAST).to_json().split('"provenance"')[0]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map(in_child, range(2))
    assert found == [expected] * 2


def in_child(_):
    data = Small()
    return rivalry.diagnose(data.modalities, data.y, **FAST).to_json().split('"provenance"')[0]
