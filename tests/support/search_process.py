"""Searches in processes of their own, for tests that kill them.

Reads a line of JSON for each search: its choices. It forks a process that runs it, since starting one with
torch takes seconds, and prints that process's number, the number of each candidate that has ended, the
history as JSON, and how the process has ended. With "snapshots", a folder, it copies the run before each
change of a file in it: what a kill at that moment would leave. "refine" names a run whose best is refined.
"fail" arms fail points, "variables" are set in its environment.
"""

import importlib
import json
import os
import shutil
import sys
import traceback
from functools import partial

import evonas
from evonas.files import failpoints


def say(*words):
    print(*words, flush=True)


def state_sum(genome, rng):
    """A fitness of genotypes, with the failures and the randomness that real ones have."""
    if rng.random() < 0.1:
        raise RuntimeError("bad luck")
    return (
        sum(state for cell in genome.cells for pair in cell.combinations for _, state in pair) + rng.random()
    )


CHANGES = {"open", "os.mkdir", "os.remove", "os.rename", "sqlite3.connect"}


def take_snapshots(run, folder):
    """Copies a folder whenever something in it, or it itself, is about to change."""
    busy = False

    def before(event, arguments):
        nonlocal busy
        if busy or event not in CHANGES or not str(arguments[0]).startswith((run, f"file://{run}")):
            return
        busy = True
        number = len(os.listdir(folder))
        shutil.copytree(run, f"{folder}/{number:03}") if os.path.exists(run) else os.mkdir(
            f"{folder}/{number:03}"
        )
        busy = False

    sys.addaudithook(before)


def search(choices):
    """Runs one search; returns the exit status."""
    if choices.pop("fitness", "training") == "genome":
        choices |= {"evaluate": state_sum, "needs": "genome"}
    os.environ.update(choices.pop("variables", {}))
    failpoints.arm(choices.pop("fail", ""))
    function = evonas.resume if choices.pop("resume", False) else evonas.evolve
    if "refine" in choices:
        function = partial(evonas.refine, choices.pop("refine"))
    if "snapshots" in choices:
        take_snapshots(choices["run"], choices.pop("snapshots"))
    try:
        result = function(**choices, watch=lambda candidate: say("ended", candidate.number))
        rows = [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]
        say("history", json.dumps(rows))
        return 0
    except BaseException:
        traceback.print_exc()
        return 1


def main():
    for line in sys.stdin:
        choices = json.loads(line)
        importlib.import_module("evonas.api")
        if choices.get("fitness", "training") == "training":
            for name in ("evonas.training.evaluator", "torch._dynamo", "sympy"):
                importlib.import_module(name)
        process = os.fork()
        if process == 0:
            say("process", os.getpid())
            os._exit(search(choices))
        _, status = os.waitpid(process, 0)
        say("\nstatus", os.waitstatus_to_exitcode(status))  # on a line of its own, whatever was cut off


if __name__ == "__main__":
    main()
