"""Whole training steps on one thread of a CPU: on a fixed plan, by kernels of ours, beside eager PyTorch.

Contenders, each in a process of its own as a worker of a search is (one thread, huge pages):

- eager: PyTorch's modules, channels-last, SGD in one kernel; what evonas did before there were others;
- dense: so, but gradients behind a concatenation are made dense;
- planned: on a plan (`evonas.training.planned`), where the precision that evonas chooses is float32.

A step is forward pass, loss, backward pass and update, gradients cleared first. Contenders take turns, each
round beginning with another; processor time counts. The ratio of images a second is taken within a round,
and the median over the rounds is printed with its quartiles. Beside it stand

- convs: the share of the eager step in convolutions of all channels with windows;
- own: the share of a plan's operations that kernels of ours compute;
- memory, kept: the most that a planned step takes, and what lasts from pass to pass, as shares of the eager
  step's;
- limit: how many times faster than the plan a step could be at most (`cpu_limits`).

Run it as ``python benchmarks/cpu_step.py``; cases are named by ``--only``. It exits with status 1 where a
target of `cpu_cases` is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import torch
from cpu_cases import CELLS, LEAST, MEMORY, TARGETS, case_of, names
from cpu_limits import bandwidth, limit, peak
from cpu_serving import Contender, serve

from evonas.training import choose_precision, no_kernels
from evonas.training.planned import match, plan_step

TURN = 0.25
"""Seconds of the eager contender's turn, about."""


@dataclass
class Row:
    """What was measured of a case.

    Attributes:
        name: Of the case.
        group: Of targets.
        genome: The name of its genome.
        eager: Images a second of the eager step, in the median.
        ratios: For each other contender: the quartiles of its ratio to the eager one.
        convolutions: The share of dense convolutions in an eager step.
        native: The share of a plan's operations that are ours.
        memory: The plan's peak as a share of the eager step's, where it was measured.
        kept: Likewise, of what is kept between the passes, a plan's whole arena included.
        left: So many times faster than the planned step the limit is.
    """

    name: str
    group: str
    genome: str
    eager: float
    ratios: dict[str, list[float]]
    convolutions: float
    native: float | None = None
    memory: float | None = None
    kept: float | None = None
    left: float | None = None


def measure(name: str, rounds: int, every: list[Contender], flops: float) -> Row:
    """All contenders with one network, in turns."""
    case = case_of(name)
    plans = choose_precision("cpu", case.separable) == "float32"
    contenders = [one for one in every if one.kernels != "planned" or plans]
    kernels = [one.kernels for one in contenders]
    with ExitStack() as stack:
        told = {one.kernels: stack.enter_context(one.case(name)) for one in contenders}
        steps = max(1, round(TURN / contenders[0].ask("step 1")))
        seconds: dict[str, list[float]] = {kind: [] for kind in kernels}
        for number in range(rounds):
            at = number % len(contenders)
            for one in contenders[at:] + contenders[:at]:
                seconds[one.kernels].append(one.ask(f"step {steps}") / steps)
        share = contenders[0].ask(f"profile {3 * steps}")
    eager = seconds["eager"]
    ratios = {
        kind: statistics.quantiles([a / b for a, b in zip(eager, seconds[kind], strict=True)], n=4)
        for kind in kernels[1:]
    }
    row = Row(name, case.group, case.genome, case.batch / statistics.median(eager), ratios, share)
    if "planned" in told:
        ours, theirs = told["planned"], told["eager"]
        row.native, row.kept = ours["native"], ours["kept"] / theirs["kept"]
        if ours["peak"] and theirs["peak"]:
            row.memory = ours["peak"] / theirs["peak"]
        matched = match(case.architecture, steered=False)
        speed = bandwidth(plan_step(matched, case.batch).bytes)
        least = limit(case.architecture, matched, case.batch, flops, speed)
        row.left = statistics.median(seconds["planned"]) / least
    return row


def _shown(row: Row) -> str:
    def of(kind: str) -> str:
        low, middle, high = row.ratios[kind]
        return f"{middle:.2f} ({low:.2f} to {high:.2f})"

    shares = (row.convolutions, row.native, row.memory, row.kept)
    columns = " ".join(f"{'' if one is None else f'{100 * one:.0f} %':>6}" for one in shares)
    kinds = " ".join(f"{of(kind):>20}" for kind in row.ratios)
    return f"{row.name:<28} {row.eager:>7.0f} {kinds} {columns} {row.left or 0:>6.1f}"


def missed(rows: list[Row]) -> list[str]:
    """What was expected and not reached, in words."""
    found = []
    planned = [row for row in rows if "planned" in row.ratios]
    for group, target in TARGETS.items():
        ratios = [row.ratios["planned"][1] for row in planned if row.group == group]
        if ratios and statistics.median(ratios) < target:
            found.append(f"{group}: {statistics.median(ratios):.2f} times, expected {target:g}")
    for row in planned:
        if row.ratios["planned"][1] < LEAST:
            found.append(f"{row.name}: {row.ratios['planned'][1]:.2f} times, expected {LEAST:g}")
        if row.genome in CELLS and row.memory is not None and row.memory > MEMORY:
            found.append(f"{row.name}: {row.memory:.2f} of the memory, expected {MEMORY:g}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument("--only", default="", help="cases whose names have these words in them")
    parser.add_argument("--compile", action="store_true", help="torch.compile takes part, too")
    parser.add_argument("--json", action="store_true", help="a line of JSON below the table")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve)
    flops = 0.0 if no_kernels() else peak()
    rounds = 5 if options.quick else options.rounds
    capability = torch.backends.cpu.get_cpu_capability()
    print(f"torch {torch.__version__}, {capability}, {flops / 1e9:.0f} GFLOP/s of a core, {rounds} rounds")
    kinds = ["dense", *["planned"] * (not no_kernels()), *["compiled"] * options.compile]
    columns = [f"{kind + ' : eager':>20}" for kind in kinds]
    columns += [f"{words:>6}" for words in ("convs", "own", "memory", "kept", "limit")]
    print(f"{'':<28} {'img/s':>7} {' '.join(columns)}")
    rows: list[Row] = []
    failed: list[str] = []
    with ExitStack() as stack:
        every = [stack.enter_context(Contender(kind)) for kind in ["eager", *kinds]]
        for name in (one for one in names() if options.only in one):
            try:
                rows.append(measure(name, rounds, every, flops))
            except RuntimeError as error:
                failed.append(f"{name}: {error}")
                continue
            print(_shown(rows[-1]), flush=True)
    if options.json:
        print(json.dumps({"torch": torch.__version__, "flops": flops, "rows": [asdict(row) for row in rows]}))
    for words in (found := failed + missed(rows)):
        print(f"MISSED: {words}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
