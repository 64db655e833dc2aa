"""Imports random models and compares what is built of them.

    python tests/fuzz/fuzz_imports.py --models 5000 --programs 500

Each model is made of the calls that an import reads, in all their forms (method, function, in place,
operator, module), on tensors with several names and views. It is given as a module, or as a program of
torch.export; the network gives the same logits to 1e-5 of their spread, in double precision, for images and a
number of them that it was not read with, or the model is refused for what it is known to hold. Prints how
many of each; exits with status 1 if a network was wrong or a reason was not true. ``--seed S --from N
--models 1`` reads one again.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import torch
from random_models import RandomModel, random_model

from evonas.architecture import Architecture
from evonas.errors import UserError
from evonas.network import build
from evonas.network.export import quiet

SIZE = (2, 8, 8)
CLOSE = 1e-5


class Findings:
    """What became of the models of one route."""

    def __init__(self, route: str) -> None:
        self.route = route
        self.count: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.wrong: list[str] = []

    def feed(self, seed: int, number: int) -> None:
        rng = random.Random(f"{seed} {self.route} {number}")
        example = torch.rand(2, *SIZE, dtype=torch.float64) + 0.1
        model = random_model(rng, example)
        given = model
        if self.route == "programs":
            try:
                with quiet():
                    given = torch.export.export(model, (example.clone(),))
            except Exception:
                self.count["not exported"] += 1
                return
        try:
            net, weights = Architecture.from_module(given, example)
        except UserError as error:
            self._refused(model, str(error), number)
            return
        network = build(net, weights=weights, dtype=torch.float64).eval()
        images = torch.randn(5, *SIZE, dtype=torch.float64)
        with torch.no_grad():
            expected, outputs = model(images.clone()), network(images.clone())
        gap = float((outputs - expected).abs().max()) / (float(expected.max() - expected.min()) or 1)
        if not expected.isfinite().all():
            self.count["not finite"] += 1
        elif gap <= CLOSE:
            self.count["equal"] += 1
        else:
            self._wrong(f"{number}: off by {gap:.2g}: {model.described()}")

    def _refused(self, model: RandomModel, message: str, number: int) -> None:
        reasons = [step.reason for step in model.steps if step.reason]
        if "\n" not in message and any(re.search(reason, message) for reason in reasons):
            self.count["refused"] += 1
            self.reasons[re.sub(r"\(.*?\)|\d+", "", message.replace("model: ", ""))[:70]] += 1
        else:
            self._wrong(f"{number}: refused, {message}: {model.described()}")

    def _wrong(self, words: str) -> None:
        self.count["wrong"] += 1
        self.wrong.append(words)


def run(route: str, seed: int, first: int, models: int) -> Findings:
    """Imports random models; the same seed and number give the same model."""
    findings = Findings(route)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for number in range(first, first + models):
            findings.feed(seed, number)
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--models", type=int, default=500)
    parser.add_argument("--programs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None, help="by default another one each time")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="N")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    warnings.simplefilter("ignore")
    wrong = 0
    for route, count in (("models", options.models), ("programs", options.programs)):
        began = time.monotonic()
        findings = run(route, seed, options.first, count)
        wrong += findings.count["wrong"]
        counts = ", ".join(f"{number} {what}" for what, number in sorted(findings.count.items()))
        print(
            f"{count} {route} in {time.monotonic() - began:.0f} s: {counts}; {findings.count['wrong']} wrong"
        )
        for reason, times in findings.reasons.most_common(12):
            print(f"    {times:>5} {reason}")
        for words in findings.wrong[:20]:
            print(f"    WRONG {words}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
