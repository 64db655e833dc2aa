"""Reads random models by one route, and counts what became of them."""

from __future__ import annotations

import random
import re
from collections import Counter

import torch
from random_models import RandomModel, random_model
from torch import nn

from evonas.architecture import Architecture
from evonas.architecture.layers import Reuse
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
        elif gap <= CLOSE and doubled(model, weights):
            self._wrong(f"{number}: a shared weight became two: {model.described()}")
        elif gap <= CLOSE:
            self.count["equal"] += 1
            self.count["of these with shared weights"] += any(isinstance(net.layer(n), Reuse) for n in net)
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


def doubled(model: nn.Module, weights: dict[str, torch.Tensor]) -> bool:
    """Whether what is one random tensor of the model's is two of the network's."""
    for parameter in model.parameters():
        if parameter.numel() > 1 and parameter.std() > 0:
            mine = parameter.detach().reshape(-1)
            if sum(torch.equal(mine, tensor.reshape(-1)) for tensor in weights.values()) > 1:
                return True
    return False


def run(route: str, seed: int, first: int, models: int) -> Findings:
    """Imports random models; the same seed and number give the same model."""
    findings = Findings(route)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for number in range(first, first + models):
            findings.feed(seed, number)
    return findings
