"""How long a resume takes to read a long journal, beside writing it.

A search of 100,000 genotypes with a free fitness writes a run folder (``--budget`` for another number); then
the run is resumed with a budget that is one larger, in a process of its own, which replays all of it. Also
measured: opening it as `evonas show` does, and the memory of the resuming process beside one that resumes
a run of a tenth.

Expected: resuming takes at most a fifth of the time that writing took. Run it as
``python benchmarks/resume_speed.py``; it exits with status 1 where that is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TARGET = 0.2

PART = """
import json, resource, sys, time
began = time.perf_counter()
import evonas

def fitness(genome, rng):
    return rng.random()

action, run, budget = sys.argv[1], sys.argv[2], int(sys.argv[3])
how = {"evaluate": fitness, "needs": "genome"}
began = time.perf_counter()
if action == "write":
    result = evonas.evolve(run=run, budget=budget, population=100, sample=25, seed=1, **how)
elif action == "resume":
    result = evonas.resume(run, budget=budget, **how)
else:
    result = evonas.load(run)
    assert result.best.fitness > 0.9
seconds = time.perf_counter() - began
assert len(result.history) == budget
print(json.dumps({"seconds": seconds, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def part(action: str, run: Path, budget: int) -> dict[str, Any]:
    """One part of it, in a process of its own."""
    words = [sys.executable, "-c", PART, action, str(run), str(budget)]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--budget", type=int, default=100_000)
    options = parser.parse_args()
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        for budget in (options.budget // 10, options.budget):
            run = Path(folder) / str(budget)
            written = part("write", run, budget)
            resumed = part("resume", run, budget + 1)
            loaded = part("load", run, budget + 1)
            peaks[budget] = resumed["peak"]
            ratio = resumed["seconds"] / written["seconds"]
            size = (run / "journal.db").stat().st_size / budget
            print(
                f"{budget:,} candidates: written in {written['seconds']:.1f} s "
                f"({1000 * written['seconds'] / budget:.2f} ms each, {size:.0f} bytes), resumed in "
                f"{resumed['seconds']:.1f} s (ratio {ratio:.3f}), opened with its best in "
                f"{loaded['seconds']:.2f} s; peak memory of the resume {resumed['peak']:.0f} MB",
                flush=True,
            )
    fast = ratio <= TARGET
    print(
        f"resuming takes {ratio:.3f} of the time of writing (target {TARGET}): {'met' if fast else 'MISSED'}"
    )
    return 0 if fast else 1


if __name__ == "__main__":
    sys.exit(main())
