"""What the engine costs per candidate, and how fast a run resumes, beside Optuna's ask and tell.

The fitness is a sum over the genotype, so that what is left is the engine:

- evonas: aging evolution (P = 100, S = 25, look-ahead 4) of AmoebaNet cells, as `evonas.evolve` runs it with
  the set-up of a run: in memory, and with its durable journal (each turn flushed to the disk);
- Optuna: `study.ask`, 20 categorical and integer parameters, `study.tell`, with its quickest sampler, the
  random one: in memory, with JournalStorage on a file, and with SQLite. An AmoebaNet genotype has 40 such
  choices, so that the comparison favours Optuna.

Each measurement is a process of its own, and they take turns. Run it as
``python benchmarks/engine_overhead.py --folder FOLDER``, with a folder on the disk that runs will be on. It
prints a table, and exits with status 1 where a target is missed: a durable journal for at most 1/3 of what
JournalStorage takes and 1/20 of what SQLite takes, no journal for at most what Optuna takes in memory, and
resuming in at most 1/5 of the time that writing took.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Measurement = dict[str, float]

LABELS = {
    "evonas": "evonas, no journal",
    "evonas-journal": "evonas, durable journal",
    "optuna": "Optuna, in memory",
    "optuna-journal": "Optuna, JournalStorage",
    "optuna-sqlite": "Optuna, SQLite",
}
TARGETS = [
    ("evonas-journal", "optuna-journal", 1 / 3),
    ("evonas-journal", "optuna-sqlite", 1 / 20),
    ("evonas", "optuna", 1.0),
]
RESUME_TARGET = 1 / 5
OPERATIONS = ["identity", "sep3x3", "sep5x5", "sep7x7", "avg3x3", "max3x3", "dil3x3", "conv1x7_7x1"]


# -- one measurement, in a process of its own ------------------------------------------------------


def state_sum(genome: Any, rng: random.Random) -> float:
    """A fitness that costs next to nothing."""
    return float(sum(state for cell in genome.cells for pair in cell.combinations for _, state in pair))


def measure_evonas(candidates: int, folder: Path | None, resume: bool = False) -> Measurement:
    """Seconds of a whole search, and of resuming the run when it has ended."""
    import evonas

    evonas.evolve(evaluate=state_sum, needs="genome", budget=10)  # imports what a search needs
    began = time.perf_counter()
    result = evonas.evolve(
        "amoeba", evaluate=state_sum, needs="genome", budget=candidates, population=100, sample=25, run=folder
    )
    measured = {"seconds": time.perf_counter() - began, "candidates": candidates}
    if resume and folder is not None:
        del result
        began = time.perf_counter()
        evonas.resume(folder, evaluate=state_sum, needs="genome")
        measured["resume"] = time.perf_counter() - began
    return measured


def measure_optuna(candidates: int, make_storage: Callable[[Any], Any], seconds: float) -> Measurement:
    """Seconds of a study, which stops early when it takes long."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    began = time.perf_counter()
    study = optuna.create_study(
        storage=make_storage(optuna.storages),
        sampler=optuna.samplers.RandomSampler(seed=0),
        direction="maximize",
    )
    done = 0
    while done < candidates and (done < 20 or time.perf_counter() - began < seconds):
        trial = study.ask()
        for number in range(10):
            trial.suggest_categorical(f"operation{number}", OPERATIONS)
        study.tell(trial, sum(trial.suggest_int(f"state{number}", 0, 5) for number in range(10)))
        done += 1
    return {"seconds": time.perf_counter() - began, "candidates": done}


def measure(contender: str, options: argparse.Namespace) -> Measurement:
    """Runs one contender in this process."""
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        storages: dict[str, Callable[[Any], Any]] = {
            "optuna": lambda storages: storages.InMemoryStorage(),
            "optuna-journal": lambda storages: storages.JournalStorage(
                storages.journal.JournalFileBackend(str(folder / "journal.log"))
            ),
            "optuna-sqlite": lambda storages: storages.RDBStorage(f"sqlite:///{folder / 'optuna.db'}"),
        }
        if contender in storages:
            measured = measure_optuna(options.candidates, storages[contender], options.seconds)
        elif contender == "evonas":
            measured = measure_evonas(options.candidates, None)
        elif contender == "evonas-journal":
            measured = measure_evonas(options.candidates, folder / "run")
        else:
            measured = measure_evonas(options.resume_candidates, folder / "run", resume=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**measured, "peak_mb": peak / (2**20 if sys.platform == "darwin" else 2**10)}


# -- all of them, in turns -------------------------------------------------------------------------


def in_a_process(contender: str, options: argparse.Namespace) -> Measurement:
    """A measurement in a fresh process."""
    command = [sys.executable, __file__, "--only", contender, "--folder", str(options.folder)]
    for name in ("candidates", "seconds", "resume_candidates"):
        command += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: Measurement = json.loads(done.stdout.splitlines()[-1])
    return found


def flush_time(folder: Path) -> float:
    """Median milliseconds to flush four kilobytes to the disk."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(100):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def report(rounds: list[dict[str, Measurement]]) -> bool:
    """Prints the table and the targets; returns whether all are met."""
    cost = {c: statistics.median(1000 * r[c]["seconds"] / r[c]["candidates"] for r in rounds) for c in LABELS}
    print(f"\n| per candidate | ms, median of {len(rounds)} | candidates | peak memory, MB |")
    print("|---|---:|---:|---:|")
    for contender, label in LABELS.items():
        peak = max(r[contender]["peak_mb"] for r in rounds)
        count = statistics.median(r[contender]["candidates"] for r in rounds)
        print(f"| {label} | {cost[contender]:.3f} | {count:.0f} | {peak:.0f} |")
    print("\n| ratio | measured | target | |\n|---|---:|---:|---|")
    met = []
    for ours, theirs, target in TARGETS:
        ratio = cost[ours] / cost[theirs]
        met.append(ratio <= target)
        print(f"| {LABELS[ours]} / {LABELS[theirs]} | {ratio:.4f} | {target:.4f} | {_verdict(met[-1])} |")
    return all(met)


def report_resume(measured: Measurement) -> bool:
    """Prints how resuming compares with writing; returns whether the target is met."""
    ratio = measured["resume"] / measured["seconds"]
    seconds = f"{measured['resume']:.2f} s / {measured['seconds']:.2f} s"
    label = f"resuming {measured['candidates']:.0f} candidates / writing them ({seconds})"
    print(f"| {label} | {ratio:.4f} | {RESUME_TARGET:.4f} | {_verdict(ratio <= RESUME_TARGET)} |")
    print(f"\nPeak memory of the run that was resumed: {measured['peak_mb']:.0f} MB.")
    return ratio <= RESUME_TARGET


def _verdict(met: bool) -> str:
    return "pass" if met else "FAIL"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--candidates", type=int, default=2000, help="in each search")
    parser.add_argument("--repeats", type=int, default=5, help="rounds, of which the median counts")
    parser.add_argument("--seconds", type=float, default=10.0, help="after which a study stops early")
    parser.add_argument("--resume-candidates", type=int, default=20_000, help="in the run that is resumed")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="on the disk")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, once")
    parser.add_argument("--only", choices=[*LABELS, "resume"], help="one measurement, as JSON")
    options = parser.parse_args(arguments)
    if options.quick:
        options.candidates = max(200, options.candidates // 10)
        options.resume_candidates = max(200, options.resume_candidates // 10)
        options.repeats, options.seconds = 1, options.seconds / 10
    return options


def main() -> int:
    options = parse()
    if options.only:
        print(json.dumps(measure(options.only, options)))
        return 0
    flush = flush_time(options.folder)
    print(f"Flushing 4 kB to the disk of {options.folder} takes {flush:.2f} ms (median of 100).")
    rounds = []
    for number in range(options.repeats):
        order = list(LABELS)[number % len(LABELS) :] + list(LABELS)[: number % len(LABELS)]
        rounds.append({contender: in_a_process(contender, options) for contender in order})
        print(f"round {number + 1} of {options.repeats} done", file=sys.stderr)
    met = report(rounds)
    met &= report_resume(in_a_process("resume", options))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
