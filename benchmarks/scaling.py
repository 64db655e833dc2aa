"""How busy a search keeps thousands of workers, and what each candidate costs its driver.

The search loop, aging evolution, the operators and the durable journal are the real ones; only the workers
are not: a candidate takes a virtual time, drawn from a log-normal distribution (sigma 0.5), and the clock
jumps from one event to the next. Nothing sleeps, so that 100,000 candidates on 10,000 workers take as long as
the driver works for them, which is what is measured beside the workers' utilisation.

- ordered: results are told in the order asked, with a look-ahead of twice and of four times the workers;
- asynchronous: results are told as they come.

Run it as ``python benchmarks/scaling.py --folder FOLDER``, with a folder on the disk that runs will be on.
Each row is a process of its own. The driver's work is its time on the processor. By the clock it also waits
for the disk, to which every turn of the loop is flushed: a plain transaction of one row, in the same folder,
says what that costs there. Utilisation is measured until the budget has been asked for: what follows is
the wait for the last candidates. "Steady" leaves out the time before the first population was told, too. It
exits with status 1 where a target is missed: asynchronous at least 99 % with 1,000 and 10,000 workers,
ordered with twice the look-ahead at least 95 % with 8, at most 1 ms of the driver's work for a candidate at
10,000, and at most a tenth more memory at the end than when a fifth of the candidates was told.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evonas.evolution import DONE, Candidate, Result, genome_type, make_toolbox, operators_for
from evonas.evolution.strategies import AgingEvolution, Start
from evonas.run import MemoryStore
from evonas.run.journal import SqliteJournal
from evonas.search import Job, Limits, Search
from evonas.search.executors import Executor

SIGMA = 0.5
MODES = {"ordered 2x": 2, "ordered 4x": 4, "asynchronous": 0}
WORKERS = (1, 8, 100, 1_000, 10_000)
TARGETS = {(8, "ordered 2x"): 0.95, (1_000, "asynchronous"): 0.99, (10_000, "asynchronous"): 0.99}
MOST_MILLISECONDS = 1.0
MOST_GROWTH = 1.1


class VirtualExecutor(Executor):
    """Workers in a simulated time: each job goes to the one that is free first.

    Args:
        workers: How many.
        seed: Of the times that evaluations take.
    """

    def __init__(self, workers: int, seed: int) -> None:
        self.workers = workers
        self.now = 0.0
        self.work = 0.0
        self._rng = random.Random(seed)
        self._free = [0.0] * workers
        self._ends: dict[int, float] = {}
        self._seconds: dict[int, float] = {}
        self._order: list[tuple[float, int]] = []
        self._results: dict[int, Result] = {}

    @property
    def slots(self) -> int:
        return self.workers

    def submit(self, job: Job) -> None:
        seconds = self._rng.lognormvariate(0.0, SIGMA)
        end = max(self.now, self._free[0]) + seconds
        heapq.heapreplace(self._free, end)
        self.work += seconds
        self._ends[job.number] = end
        self._seconds[job.number] = seconds
        heapq.heappush(self._order, (end, job.number))
        self._results[job.number] = Result(DONE, state_sum(job))

    def result(self, number: int) -> Result:
        self.now = max(self.now, self._ends.pop(number))
        del self._seconds[number]
        return self._results.pop(number)

    def next_ended(self) -> int:
        while self._order[0][1] not in self._ends:
            heapq.heappop(self._order)
        return heapq.heappop(self._order)[1]

    def done(self) -> float:
        """The work that is done by now."""
        left = (min(self._seconds[number], end - self.now) for number, end in self._ends.items())
        return self.work - sum(max(0.0, seconds) for seconds in left)


def state_sum(job: Job) -> float:
    """A fitness that costs next to nothing."""
    cells = job.genome.cells  # type: ignore[attr-defined]
    return float(sum(state for cell in cells for pair in cell.combinations for _, state in pair))


class Meter:
    """Notes when the first population is there, when the budget is asked for, and the memory on the way."""

    def __init__(self, executor: VirtualExecutor, budget: int, population: int, look_ahead: int) -> None:
        self.executor, self.budget = executor, budget
        self.marks = {"begun": population, "ended": max(population + 1, budget - look_ahead)}
        self.seen: dict[str, tuple[float, float]] = {}
        self.memory: list[float] = []
        self.told = 0

    def watch(self, candidate: Candidate) -> None:
        self.told += 1
        for name, at in self.marks.items():
            if self.told == at:
                self.seen[name] = self.executor.now, self.executor.done()
        if self.told * 5 % self.budget < 5:
            self.memory.append(memory())

    def utilisation(self) -> tuple[float, float]:
        """From the start, and in the steady state."""
        (begun, before), (ended, done) = self.seen["begun"], self.seen["ended"]
        workers = self.executor.workers
        return done / (workers * ended), (done - before) / (workers * (ended - begun))


def memory() -> float:
    """Megabytes that this process holds, where the system says so."""
    path = Path("/proc/self/statm")
    return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if path.exists() else 0.0


def measure(workers: int, mode: str, options: argparse.Namespace) -> dict[str, float]:
    """One search on virtual workers."""
    asynchronous = mode == "asynchronous"
    look_ahead = workers + 1 if asynchronous else MODES[mode] * workers
    budget = max(options.least, options.rounds * workers)
    genome = genome_type("amoeba")
    space = genome.default_space()
    executor = VirtualExecutor(workers, options.seed)
    meter = Meter(executor, budget, options.population, look_ahead)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        journal = SqliteJournal.create(Path(name), {})
        toolbox = make_toolbox(genome, space, operators_for("amoeba"))
        start = Start(seed=options.seed, asynchronous=asynchronous)
        search = Search(
            AgingEvolution(toolbox, start, options.population, options.sample),
            executor,
            journal,
            MemoryStore(),
            options.seed,
            Limits(budget, look_ahead, asynchronous=asynchronous),
            meter.watch,
        )
        began, processor = time.perf_counter(), time.process_time()
        search.run()
        seconds, processor = time.perf_counter() - began, time.process_time() - processor
        journal.close()
        commit = plain_commit(Path(name))
    whole, steady = meter.utilisation()
    return {
        "candidates": budget,
        "whole": whole,
        "steady": steady,
        "ms": 1000 * seconds / budget,
        "processor_ms": 1000 * processor / budget,
        "commit_ms": commit,
        "memory": meter.memory[-1],
        "growth": meter.memory[-1] / max(1.0, meter.memory[0]),
    }


def plain_commit(folder: Path, count: int = 300) -> float:
    """Milliseconds that a transaction of one row takes on this disk, flushed as the journal's are."""
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (body TEXT)")
    began = time.perf_counter()
    for _ in range(count):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO rows VALUES (?)", ("x" * 800,))
        connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return 1000 * seconds / count


def in_a_process(workers: int, mode: str, options: argparse.Namespace) -> dict[str, float]:
    """A measurement in a fresh process."""
    command = [
        sys.executable,
        __file__,
        "--only",
        json.dumps([workers, mode]),
        "--folder",
        str(options.folder),
    ]
    for name in ("rounds", "least", "population", "sample", "seed"):
        command += [f"--{name}", str(getattr(options, name))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def missed(workers: int, mode: str, found: dict[str, float]) -> list[str]:
    """The targets that a row misses, in words."""
    words = []
    target = TARGETS.get((workers, mode))
    reached = found["whole" if mode == "asynchronous" else "steady"]
    if target is not None and reached < target:
        words.append(f"{workers:,} workers, {mode}: {100 * reached:.1f} % busy, expected {100 * target:.0f}")
    if workers == 10_000 and found["processor_ms"] > MOST_MILLISECONDS:
        words.append(f"{workers:,} workers, {mode}: {found['processor_ms']:.2f} ms of work, expected 1")
    if found["candidates"] >= 100_000 and found["growth"] > MOST_GROWTH:
        words.append(f"{workers:,} workers, {mode}: memory grew by {100 * (found['growth'] - 1):.0f} %")
    return words


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workers", type=int, nargs="+", default=WORKERS)
    parser.add_argument("--modes", nargs="+", choices=list(MODES), default=list(MODES))
    parser.add_argument("--rounds", type=int, default=20, help="candidates for each worker")
    parser.add_argument("--least", type=int, default=4_000, help="candidates in the smallest search")
    parser.add_argument("--population", type=int, default=100)
    parser.add_argument("--sample", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="on the disk")
    parser.add_argument("--only", type=json.loads, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    options = parse()
    if options.only:
        print(json.dumps(measure(*options.only, options)))
        return 0
    print(
        "| workers | mode | candidates | busy | steady | driver's work, ms | by the clock | a plain commit "
        "| memory, MB | growth |"
    )
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    words = []
    for workers in options.workers:
        for mode in options.modes:
            found = in_a_process(workers, mode, options)
            words += missed(workers, mode, found)
            print(
                f"| {workers:,} | {mode} | {found['candidates']:,} | {100 * found['whole']:.1f} % "
                f"| {100 * found['steady']:.1f} % | {found['processor_ms']:.3f} | {found['ms']:.2f} "
                f"| {found['commit_ms']:.2f} "
                f"| {found['memory']:.0f} | {found['growth']:.2f} |",
                flush=True,
            )
    print("\n" + ("\n".join(f"MISSED: {word}" for word in words) or "all targets are met"))
    return 1 if words else 0


if __name__ == "__main__":
    sys.exit(main())
