"""What a reader that polls costs a running search.

A search of real trainings in one process runs four times for a minute each, alternately alone and with
another process that opens the run ten times a second and reads its counts, its best and its newest
candidates, as a dashboard would. The rate is candidates a second of the processor's and of the clock.

Expected: no error in either, and the search is slower by less than 5 %. Run it as
``python benchmarks/readers.py`` on an idle machine of two cores or more (``--seconds N`` for shorter runs);
it exits with status 1 where that is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = 0.05

SEARCH = """
import json, sys, time
import evonas
times = []
folder, seconds = sys.argv[1], float(sys.argv[2])
genome = {"cells": 1, "filters": 4, "combinations": 2, "stages": 2}
evonas.evolve("amoeba", "digits", budget=100000, population=20, sample=5, epochs=1, train_limit=200,
              device="cpu", run=folder, config={"genome": genome}, seed=1, max_seconds=seconds,
              watch=lambda candidate: times.append((time.monotonic(), time.process_time())))
# The first ones wait for imports; the same candidates are compared.
print(json.dumps(times[10:]))
"""

READ = """
import sys, time
import evonas
folder, reads, longest = sys.argv[1], 0, 0.0
began = time.monotonic()
while True:
    due = began + reads / 10
    time.sleep(max(0.0, due - time.monotonic()))
    before = time.monotonic()
    result = evonas.load(folder)
    asked, told = result.journal.counts()
    best = result.top(1)
    newest = [result.journal.candidate(number) for number in range(max(0, asked - 5), asked)]
    assert told == 0 or best or reads < 100
    result.journal.close()
    longest = max(longest, time.monotonic() - before)
    reads += 1
    print(f"{reads} {1000 * longest:.0f}", flush=True)
"""


def search(seconds: float, read: bool) -> tuple[list[list[float]], str]:
    """The times at which candidates ended, and what the reader did."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        variables = {**os.environ, "OMP_NUM_THREADS": "1"}
        words = [sys.executable, "-c", SEARCH, str(run), str(seconds)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=variables)
        reader = None
        while process.poll() is None and not (run / "journal.db").exists():
            pass
        if read:
            pipe = subprocess.PIPE
            words = [sys.executable, "-c", READ, str(run)]
            reader = subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True)
        out, _ = process.communicate()
        told = ""
        if reader is not None:
            failed = reader.poll()
            reader.kill()
            read_out, read_err = reader.communicate()
            if failed is not None:
                raise SystemExit(f"the reader failed: {read_err}")
            reads, longest = read_out.splitlines()[-1].split()
            told = f"{reads} reads, the longest of {longest} ms"
        if process.returncode:
            raise SystemExit("the search failed")
    times: list[list[float]] = json.loads(out)
    return times, told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pairs", type=int, default=2)
    options = parser.parse_args()
    runs: dict[bool, list[list[list[float]]]] = {False: [], True: []}
    for _ in range(options.pairs):
        for read in (False, True):
            times, told = search(options.seconds, read)
            runs[read].append(times)
            print(f"{'with' if read else 'without'} a reader: {len(times)} candidates {told}", flush=True)
    same = min(len(times) for found in runs.values() for times in found) - 1
    costs = {}
    for clock, name in enumerate(("clock", "processor")):
        each = {
            read: statistics.median((times[same][clock] - times[0][clock]) / same for times in found)
            for read, found in runs.items()
        }
        costs[name] = each[True] / each[False] - 1
        print(
            f"{name}: {1000 * each[False]:.2f} ms a candidate alone, "
            f"{1000 * each[True]:.2f} ms with a reader: {100 * costs[name]:+.1f} %"
        )
    met = costs["clock"] < TARGET
    print(f"target below {100 * TARGET:.0f} % on the clock: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
