"""Long searches: memory, threads and open files while they go on.

1. 20,000 genotypes with a free fitness on two worker processes, in a run folder, with faults: every 50th
   raises, every 70th gives NaN, and every 2,000th kills its worker.
2. 2,000 real trainings of tiny networks in one process, in a run folder.

Measured at every thousand (hundred) candidates. Expected: each fault costs one candidate, and a killed worker
none; after the first 1,000 the memory grows by less than 5 %, threads and open files not at all. Run it as
``python benchmarks/soak.py`` (``--free N`` and ``--trained N`` for other numbers); it exits with status 1
where that is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

GROWTH = 0.05


def troubled(genome: Any, rng: Any) -> float:
    """A free fitness with faults."""
    import os as system
    import signal

    number = genome.number
    if number % 50 == 7:
        raise RuntimeError("injected")
    if number % 70 == 9:
        return float("nan")
    marker = f"{system.environ['EVONAS_SOAK']}/{number}"
    if number % 2000 == 1999 and not system.path.exists(marker):
        open(marker, "w").close()
        system.kill(system.getpid(), signal.SIGKILL)
    value: float = rng.random()
    return value


def state() -> dict[str, float]:
    """This process now: resident memory without shared files in MB, threads, open files."""
    fields = Path("/proc/self/statm").read_text().split()
    resident = (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return {
        "memory": resident,
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
    }


class Watch:
    """Notes the state at every so many candidates."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.states: list[tuple[int, dict[str, float]]] = []

    def __call__(self, candidate: Any) -> None:
        """A candidate has ended."""
        if (candidate.number + 1) % self.step == 0:
            self.states.append((candidate.number + 1, state()))


def free(folder: Path, budget: int) -> dict[str, Any]:
    """The first search."""
    import evonas

    os.environ["EVONAS_SOAK"] = str(folder)
    watch = Watch(1000)
    result = evonas.evolve(
        evaluate=troubled, needs="genome", budget=budget, population=100, sample=25, look_ahead=8,
        workers=2, run=folder / "run", watch=watch, seed=1,
    )  # fmt: skip
    raised = sum(n % 50 == 7 for n in range(budget))
    nan = sum(n % 70 == 9 and n % 50 != 7 for n in range(budget))
    failed = sum(1 for _ in result.failures())
    return {"states": watch.states, "failed": failed, "expected": raised + nan}


def trained(folder: Path, budget: int) -> dict[str, Any]:
    """The second search."""
    import evonas

    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = (rng.integers(0, 120, (60, 8, 8, 3)) + 50 * y[:, None, None, None]).astype(np.uint8)
    np.savez(folder / "images.npz", x_train=x, y_train=y)
    watch = Watch(100)
    genome = {"cells": 1, "filters": 2, "combinations": 2, "stages": 2}
    result = evonas.evolve(
        "amoeba", str(folder / "images.npz"), budget=budget, population=20, sample=5, epochs=1, device="cpu",
        run=folder / "run", watch=watch, seed=1, config={"genome": genome, "training": {"batch_size": 32}},
    )  # fmt: skip
    return {"states": watch.states, "failed": sum(1 for _ in result.failures()), "expected": 0}


def part(name: str, budget: int) -> bool:
    """Runs a search in a process of its own, and reports; whether all is as expected."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, __file__, "--part", name, "--budget", str(budget), "--folder", folder]
        variables = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        ended = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, env=variables)
        found = json.loads(ended.stdout)
    states = found["states"]
    print(f"{name}: {budget:,} candidates, {found['failed']} failed (expected {found['expected']})")
    for number, now in states[:: max(1, len(states) // 10)]:
        files, threads = now["files"], now["threads"]
        print(f"  after {number:>6,}: {now['memory']:7.1f} MB, {threads:.0f} threads, {files:.0f} open files")
    begin = next((pair for pair in states if pair[0] >= 1000), states[0])
    (since, first), (_, last) = begin, states[-1]
    growth = last["memory"] / first["memory"] - 1
    flat = last["threads"] <= first["threads"] and last["files"] <= first["files"]
    sound = growth < GROWTH and flat and found["failed"] == found["expected"]
    print(
        f"  memory {100 * growth:+.1f} % since the first {since:,} (target below {100 * GROWTH:.0f} %), "
        f"threads {first['threads']:.0f} -> {last['threads']:.0f}, "
        f"files {first['files']:.0f} -> {last['files']:.0f}: {'met' if sound else 'MISSED'}",
        flush=True,
    )
    return sound


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--free", type=int, default=20_000)
    parser.add_argument("--trained", type=int, default=2_000)
    parser.add_argument("--part", choices=("free", "trained"), help=argparse.SUPPRESS)
    parser.add_argument("--budget", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        function = free if options.part == "free" else trained
        print(json.dumps(function(options.folder, options.budget)))
        return 0
    sound = [part(name, getattr(options, name)) for name in ("free", "trained") if getattr(options, name)]
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main())
