"""What checking types costs with msgspec, with pydantic and with evonas's own reading of a result.

A journal holds a result of each candidate, as JSON, and all are read where a run is opened. Each reader turns
10,000 of them into instances of a dataclass of the same fields:

- msgspec and pydantic from JSON and from the dictionaries that it becomes, strictly but for dictionaries with
  pydantic, whose strict rules take no list for a tuple;
- `Result.from_dict`, which lets msgspec check the dictionaries and makes the instances as they are noted,
  whole numbers included.

They take turns in one process, round after round, and the median of each counts. Importing each library is
timed in processes of its own, that of an empty process taken off. pydantic is no dependency of evonas and
left out where it is not installed. Run it as ``python benchmarks/typed_settings.py``; it prints a table, and
exits with status 1 where msgspec is slower than pydantic.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import msgspec

from evonas.evolution import Result

PYDANTIC = find_spec("pydantic") is not None
Reader = Callable[[], None]


@dataclasses.dataclass(frozen=True)
class Noted:
    """The fields of a result, as a journal has them."""

    status: str
    fitness: float | None = None
    reason: str = ""
    metrics: dict[str, float] = dataclasses.field(default_factory=dict)
    parameters: int | None = None
    flops: int | None = None
    inherited: float = 0.0
    lineage_epochs: float = 0.0
    seconds: float = 0.0
    curve: tuple[tuple[float, float | None], ...] = ()


def results(count: int, rng: random.Random) -> list[dict[str, Any]]:
    """Results of trainings of three epochs."""
    return [
        {
            "status": "done",
            "fitness": rng.random(),
            "metrics": {name: rng.random() for name in ("loss", "accuracy_before", "training_seconds")},
            "parameters": rng.randrange(10**7),
            "flops": rng.randrange(10**9),
            "lineage_epochs": 3.0,
            "seconds": rng.random(),
            "curve": [[rng.random(), rng.random()] for _ in range(3)],
        }
        for _ in range(count)
    ]


def readers(count: int) -> dict[str, Reader]:
    """Each contender's way through all results."""
    data = results(count, random.Random(0))
    lines = [json.dumps(one).encode() for one in data]
    decode = msgspec.json.Decoder(Noted).decode

    def each(read: Callable[[Any], Any], items: list[Any]) -> Reader:
        def go() -> None:
            for item in items:
                read(item)

        return go

    found = {
        "msgspec, JSON": each(decode, lines),
        "msgspec, dictionaries": each(lambda one: msgspec.convert(one, Noted), data),
        "Result.from_dict": each(Result.from_dict, data),
    }
    if PYDANTIC:
        from pydantic import TypeAdapter

        adapter = TypeAdapter(Noted)
        found["pydantic, JSON"] = each(lambda one: adapter.validate_json(one, strict=True), lines)
        found["pydantic, dictionaries"] = each(lambda one: adapter.validate_python(one), data)
    return found


def timed(contenders: dict[str, Reader], rounds: int) -> dict[str, float]:
    """Median seconds of each; they take turns, and begin another one each round."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            began = time.process_time()
            contenders[name]()
            times[name].append(time.process_time() - began)
    return {name: statistics.median(found[1:]) for name, found in times.items()}  # the first warms up


def import_times(rounds: int) -> dict[str, float]:
    """Median seconds of the processor that an import takes, processes taking turns."""
    modules = ["", "msgspec", *(["pydantic"] if PYDANTIC else [])]
    times: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(rounds):
        for module in modules:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", f"import {module}" if module else ""], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times[module].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    found = {module: statistics.median(one) for module, one in times.items()}
    return {f"import {module}": found[module] - found[""] for module in modules[1:]}


def report(found: dict[str, float], count: int, rounds: int) -> bool:
    """Prints the table and the ratios; returns whether msgspec is the quicker throughout."""
    print(f"| {count:,} results, or one import | ms, median of {rounds} |\n|---|---:|")
    for name, seconds in found.items():
        print(f"| {name} | {1000 * seconds:.1f} |")
    if not PYDANTIC:
        print("\npydantic is not installed, and so not compared with (pip install pydantic)")
        return True
    print("\n| msgspec / pydantic | measured | at most | |\n|---|---:|---:|---|")
    met = True
    for kind in ("{}, JSON", "{}, dictionaries", "import {}"):
        ratio = found[kind.format("msgspec")] / found[kind.format("pydantic")]
        met &= ratio <= 1
        name = kind.format("").strip(", ")
        print(f"| {name} | {ratio:.2f} | 1.00 | {'pass' if ratio <= 1 else 'FAIL'} |")
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--results", type=int, default=10_000, help="that are read in each round")
    parser.add_argument("--rounds", type=int, default=9, help="of which the median counts")
    options = parser.parse_args()
    found = timed(readers(options.results), options.rounds) | import_times(options.rounds)
    return 0 if report(found, options.results, options.rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
