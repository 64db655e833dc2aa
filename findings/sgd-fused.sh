#!/usr/bin/env bash
# torch.optim.SGD(fused=True) and momentum (PyTorch 2.13.0, CPU).
# 1. A step in which some parameters have a momentum already and others get their first gradient raises a TypeError.
#    The plain and the foreach optimiser take it. A supernet trains like that: a shared stem, one branch at a time.
# 2. If the first step under a GradScaler overflows, as one in float16 may, it is skipped; but momentum is there from
#    then on, in memory that nobody has filled, and the next step adds to whatever lay there. Deterministic algorithms,
#    which fill such memory with NaN, show it. The plain optimiser and fused Adam are right.
# What it means: give every parameter a momentum of zeros before the first step. With dampening 0 nothing else changes.
# evonas gives those zeros when a child takes over its parent's momentum, and in float16 (training/momentum.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cd "$folder"
cat > check.py <<'PYTHON'
import math
import sys

import torch
from torch import nn


def expect(what, seen, known):
    print(f"{what}: {seen}")
    if seen != known:
        sys.exit(f"CHANGED: {what}: it was {known}, now it is {seen}")


print("torch", torch.__version__)


def supernet(zeros=False, **how):
    """Trains a stem with one of two branches at a time; says what happened."""
    torch.manual_seed(0)
    stem, left, right = (nn.Linear(4, 4) for _ in range(3))
    parameters = [p for part in (stem, left, right) for p in part.parameters()]
    optimiser = torch.optim.SGD(parameters, lr=0.1, momentum=0.9, **how)
    if zeros:
        for p in parameters:
            optimiser.state[p]["momentum_buffer"] = torch.zeros_like(p, requires_grad=False)
    for branch in (left, right, left):
        optimiser.zero_grad()
        branch(stem(torch.ones(2, 4))).square().mean().backward()
        try:
            optimiser.step()
        except TypeError as error:
            print("  ", error)
            return "TypeError"
    return "trained"


expect("one branch at a time, plain", supernet(fused=False, foreach=False), "trained")
expect("one branch at a time, foreach", supernet(foreach=True), "trained")
expect("one branch at a time, fused", supernet(fused=True), "TypeError")
expect("one branch at a time, fused, momentum of zeros", supernet(fused=True, zeros=True), "trained")

torch.use_deterministic_algorithms(True)


def after_overflow(kind, zeros=False, **how):
    """A weight after a step that overflows and a step of gradient 1."""
    weight = nn.Parameter(torch.ones(4))
    optimiser = kind([weight], lr=0.1, **how)
    if zeros:
        optimiser.state[weight]["momentum_buffer"] = torch.zeros_like(weight, requires_grad=False)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for gradient in (math.inf, 1.0):
        optimiser.zero_grad()
        scaler.scale((weight * gradient).sum()).backward()
        scaler.step(optimiser)
        scaler.update()
    value = weight[0].item()
    return "NaN" if math.isnan(value) else round(value, 4)


sgd, adam = torch.optim.SGD, torch.optim.Adam
expect("weight after an overflow, plain", after_overflow(sgd, momentum=0.9, fused=False), 0.9)
expect("weight after an overflow, fused", after_overflow(sgd, momentum=0.9, fused=True), "NaN")
expect("the same with a momentum of zeros", after_overflow(sgd, momentum=0.9, fused=True, zeros=True), 0.9)
expect("weight after an overflow, fused Adam", after_overflow(adam, fused=True), 0.9)
PYTHON
"$folder/venv/bin/python" check.py
echo "As described."
