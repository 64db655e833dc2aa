"""Candidates an hour of a search on two workers of one thread: planned training beside eager.

The search is that of ``make evolve``, with a smaller budget: AmoebaNet cells by aging evolution on
scikit-learn's digits. Each round has three searches of the same seed, in turns, each in a process of its own:

- eager;
- planned, cold: no kernel is there yet, so that all are compiled (`EVONAS_CACHE` is an empty folder);
- planned, warm: the same search again, with the kernels that it left behind.

Candidates differ from the first population on, since fitness does in its last digits. The clock counts from
the search's start, that of the workers included, to its end; processor time, of all processes together, is
less at the mercy of what else a machine does. Ratios are taken within a round, and their median is printed.

Run it as ``python benchmarks/search_rate.py``. It exits with status 1 where a planned search is slower than
the eager one, or with kernels that are there not twice as fast.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

EAGER, COLD, WARM = "eager", "planned, cold", "planned, warm"
LEAST = {EAGER: 1.0, COLD: 1.0, WARM: 2.0}
"""Times the candidates an hour of the eager search."""


def search(kernels: str, seed: int, options: argparse.Namespace) -> dict[str, float]:
    """One search, in this process: its seconds, and what its candidates took."""
    import evonas

    began = 0.0

    def started(*_: object) -> None:
        nonlocal began
        began = time.perf_counter()

    config: dict[str, Any] = {"search": {"kernels": kernels}}
    result = evonas.evolve(
        "amoeba",
        budget=options.budget,
        seed=seed,
        workers=options.workers,
        threads=1,
        device="cpu",
        config=config,
        started=started,
    )
    seconds = time.perf_counter() - began
    rows = list(result.history)
    return {
        "seconds": seconds,
        "training": sum(row["metric_training_seconds"] for row in rows) / len(rows),
        "candidate": sum(row["seconds"] for row in rows) / len(rows),
        "flops": sum(row["flops"] for row in rows) / len(rows),
    }


def in_a_process(kernels: str, seed: int, cache: Path, options: argparse.Namespace) -> dict[str, float]:
    """A search in a fresh process, with the processor seconds of all that it started."""
    command = [sys.executable, __file__, "--serve", kernels, "--seed", str(seed)]
    command += ["--budget", str(options.budget), "--workers", str(options.workers)]
    environment = {**os.environ, "EVONAS_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**found, "processor": processor}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=int, default=24)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="a line of JSON below the table")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        print(json.dumps(search(options.serve, options.seed, options)))
        return 0
    found: dict[str, list[dict[str, float]]] = {EAGER: [], COLD: [], WARM: []}
    for seed in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(folder) / "cache"
            found[EAGER].append(in_a_process("eager", seed, cache, options))
            found[COLD].append(in_a_process("planned", seed, cache, options))
            found[WARM].append(in_a_process("planned", seed, cache, options))
    return report(found, options)


def report(found: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> int:
    """Prints the table; the process's status."""
    print(f"{options.budget} candidates, {options.workers} workers, median of {options.rounds} rounds")
    print("| kernels | candidates an hour | beside eager | by processor time | training, s | candidate, s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    status = 0
    for name, rows in found.items():
        hour = 3600 * options.budget / statistics.median(row["seconds"] for row in rows)
        ratio, processor = (
            statistics.median(a[key] / b[key] for a, b in zip(found[EAGER], rows, strict=True))
            for key in ("seconds", "processor")
        )
        training, candidate = (
            statistics.median(row[key] for row in rows) for key in ("training", "candidate")
        )
        print(f"| {name} | {hour:,.0f} | {ratio:.2f} | {processor:.2f} | {training:.2f} | {candidate:.2f} |")
        if ratio < LEAST[name]:
            print(f"MISSED: {name}: {ratio:.2f} times the candidates an hour, expected {LEAST[name]:g}")
            status = 1
    if options.json:
        print(json.dumps(found))
    return status


if __name__ == "__main__":
    sys.exit(main())
