"""What starting and the engine cost, of two checkouts side by side: no change is to make either slower.

Each round runs every measurement with both, taking turns in which goes first; processor time counts, of the
process and all that it starts, so that what else the machine does shows little. The median over the rounds of
the ratio within a round is printed.

- ``import evonas``, ``evonas --help``: whole processes;
- candidates: aging evolution of AmoebaNet cells whose fitness costs nothing (`engine_overhead.py`), without a
  journal and with one, in a process that has searched before;
- reading: the results of a journal of so many candidates.

Run it as ``python benchmarks/before_and_after.py --before OTHER/.venv/bin/python``, with an interpreter that
has the other checkout. It exits with status 1 where a ratio is above 1.05.
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
from collections.abc import Callable
from pathlib import Path

MOST = 1.05

IMPORT = "import evonas"
HELP = """
import contextlib, sys
from evonas.cli import main
sys.argv = ["evonas", "--help"]
with contextlib.suppress(SystemExit), open("/dev/null", "w") as sys.stdout:
    main()
"""
READING = """
import json, sys
from evonas.candidate import Result
row = json.loads(sys.argv[1])
for _ in range(int(sys.argv[2])):
    Result.from_dict(row)
"""
ROW = {
    "status": "done",
    "fitness": 0.9123,
    "metrics": {"loss": 0.3, "accuracy_before": 0.2, "training_seconds": 3.2, "training_images": 9000.0},
    "parameters": 59_458,
    "flops": 1_086_464,
    "inherited": 0.93,
    "lineage_epochs": 6.0,
    "seconds": 4.2,
    "curve": [[1.2, None], [0.9, 0.7], [0.5, 0.9]],
}
SEARCH = """
import resource, sys
import evonas

def fitness(genome, rng):
    return float(sum(state for cell in genome.cells for pair in cell.combinations for _, state in pair))

def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

def search(budget, run):
    before = spent()
    how = {"evaluate": fitness, "needs": "genome", "population": 100, "sample": 25}
    evonas.evolve("amoeba", budget=budget, run=run, **how)
    return spent() - before

search(150, None)  # with what is imported where it is first used
print(search(int(sys.argv[1]), sys.argv[2] or None))
"""


def spent(command: list[str]) -> float:
    """Processor seconds of a command, all its processes together."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=tempfile.gettempdir(), env={**os.environ, "OMP_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measurements(options: argparse.Namespace, folder: Path) -> dict[str, Callable[[str], float]]:
    """By name, what each costs with an interpreter."""
    runs = iter(range(1_000_000))

    def search(python: str, where: str) -> float:
        command = [python, "-c", SEARCH, str(options.candidates), where]
        done = subprocess.run(command, check=True, cwd=folder, stdout=subprocess.PIPE, text=True)
        return float(done.stdout.splitlines()[-1])

    return {
        "10 times import evonas": lambda python: sum(spent([python, "-c", IMPORT]) for _ in range(10)),
        "evonas --help": lambda python: spent([python, "-c", HELP]),
        f"{options.results} results read": lambda python: spent(
            [python, "-c", READING, json.dumps(ROW), str(options.results)]
        ),
        f"{options.candidates} candidates": lambda python: search(python, ""),
        f"{options.candidates} candidates, journal": lambda python: search(
            python, str(folder / f"{next(runs)}")
        ),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--before", required=True, help="an interpreter with the other checkout")
    parser.add_argument("--after", default=sys.executable, help="by default this one")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--candidates", type=int, default=2000)
    parser.add_argument("--results", type=int, default=20_000)
    options = parser.parse_args()
    options.before = str(Path(options.before).absolute())  # searches run in folders of their own
    with tempfile.TemporaryDirectory() as name:
        known = measurements(options, Path(name))
        pairs: dict[str, list[tuple[float, float]]] = {what: [] for what in known}
        for number in range(options.rounds):
            for what, cost in known.items():
                order = [options.before, options.after]
                found = {python: cost(python) for python in (order if number % 2 else order[::-1])}
                pairs[what].append((found[options.before], found[options.after]))
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    print("| | before, s | after, s | after / before (quartiles) | |\n| --- | ---: | ---: | ---: | --- |")
    met = True
    for what, both in pairs.items():
        ratios = [after / before for before, after in both]
        low, middle, high = statistics.quantiles(ratios, n=4)
        before, after = (statistics.median(column) for column in zip(*both, strict=True))
        met &= middle <= MOST
        verdict = "pass" if middle <= MOST else "FAIL"
        print(f"| {what} | {before:.2f} | {after:.2f} | {middle:.2f} ({low:.2f} to {high:.2f}) | {verdict} |")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
