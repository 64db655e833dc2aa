"""Clusters that lose a node or their head, and searches that are ended, in scripts of their own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import evonas

CLUSTER = """
import os, sys, threading, time
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
import evonas
from ray.cluster_utils import Cluster

nodes = {"include_dashboard": False, "temp_dir": sys.argv[2]}
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, **nodes})
node = cluster.add_node(num_cpus=1)
ends = {
    "node": lambda: cluster.remove_node(node, allow_graceful=False),
    "head": cluster.head_node.kill_gcs_server,
    "here": cluster.head_node.kill_raylet,
}

def evaluate(genome, rng):
    time.sleep(0.5)
    return rng.random()

def watch(candidate):
    if candidate.number == 4:
        threading.Thread(target=ends[sys.argv[1]]).start()

def searched(budget, **how):
    result = evonas.evolve(evaluate=evaluate, needs="genome", budget=budget, population=4, sample=2, **how)
    return [(row["id"], row["status"], row["fitness"]) for row in result.history]

if sys.argv[1] == "node":
    found = searched(12, ray=cluster.address, watch=watch)
    print("alike" if found == searched(12) else found, flush=True)
else:
    try:
        searched(400, ray=cluster.address, watch=watch, run=sys.argv[3])
    except ValueError as error:
        print(error, flush=True)
cluster.shutdown()
"""


@pytest.fixture
def home():
    """A folder whose name is short enough for sockets."""
    path = tempfile.mkdtemp(prefix="evonas-", dir="/tmp")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.slow
def test_a_node_that_is_removed_costs_nothing(script, home):
    out, err = script(CLUSTER, "node", home).communicate(timeout=240)
    assert out.splitlines() == ["alike"], out + err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "what"), [("head", "the cluster's head"), ("here", "Ray's own process on this machine")]
)
def test_a_cluster_that_is_lost_ends_the_search_and_nothing_else(script, home, tmp_path, end, what):
    out, err = script(CLUSTER, end, home, str(tmp_path / "run")).communicate(timeout=240)
    (line,) = out.splitlines()
    assert line.startswith(f"ray: {what} ("), out + err
    assert line.endswith(") is gone; what was finished is kept, and a run folder can be resumed")
    rows = [row for row in evonas.load(tmp_path / "run").history if row["status"] == "done"]
    assert len(rows) >= 5


ENDLESS = """
import os, time, evonas
def evaluate(genome, rng):
    open(os.environ["MARKS"] + f"/{os.getpid()}", "w").close()
    time.sleep(600)
evonas.evolve(evaluate=evaluate, needs="genome", budget=4, population=2, sample=2, ray="local", workers=2)
"""


def living(mark: str) -> list[int]:
    """The processes whose environment has a word in it."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in environment.read_bytes() and int(environment.parent.name) != os.getpid():
                found.append(int(environment.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_search(script, tmp_path, home, monkeypatch, number):
    marks = tmp_path / "marks"
    marks.mkdir()
    monkeypatch.setenv("MARKS", str(marks))
    monkeypatch.setenv("TMPDIR", home)
    process = script(ENDLESS)
    while len(list(marks.iterdir())) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    assert len(living(str(marks))) >= 7  # the script, Ray's own, two actors and what evaluates
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert out == ""
    assert err == "" or number == signal.SIGINT and "KeyboardInterrupt" in err
    while living(str(marks)):
        time.sleep(0.1)
    left = {path.name for path in Path(home).iterdir()} - {"ray"}
    assert not left or number != signal.SIGINT, left


@pytest.mark.slow
def test_a_long_temporary_folder_and_nothing_but_the_answer_on_the_terminal(tmp_path, monkeypatch):
    scratch = tmp_path / ("a-folder-whose-name-is-too-long-for-sockets-" + 60 * "x")
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    words = "evolve --genome genet --budget 2 --epochs 1 --train-limit 64 --ray local --look-ahead 4 --quiet"
    run = tmp_path / "run"
    command = [Path(sys.executable).with_name("evonas"), *words.split(), "--run", run]
    found = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert (found.returncode, found.stdout.strip(), found.stderr) == (0, str(run), "")
    assert {path.name.partition("_")[0] for path in scratch.iterdir()} <= {"torchinductor"}
