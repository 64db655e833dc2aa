#!/usr/bin/env bash
# One seed and one shape, and other weights (PyTorch 2.13.0, CPU).
# - A tensor in channels-last layout is filled in the order of its memory: the same generator gives each weight another
#   number than in plain layout. Normal numbers are not even the same ones in another order. Dropout does so, too.
# - torch.randn draws otherwise from 16 numbers on: the first 15 of 16 are not those of randn(15), nor are the first 16
#   of 17 those of randn(16). torch.rand has no such step.
# What it means: converting a network to channels-last before it is initialised, or a layer that gets one channel more,
# changes a "reproducible" start. Draw in plain layout, convert afterwards.
# evonas draws each node's tensors in plain layout from a generator of the node's own (network/network.py) and converts then.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cd "$folder"
cat > check.py <<'PYTHON'
import sys

import torch
from torch import nn


def expect(what, seen, known):
    print(f"{what}: {seen}")
    if seen != known:
        sys.exit(f"CHANGED: {what}: it was {known}, now it is {seen}")


print("torch", torch.__version__)


def generator():
    return torch.Generator().manual_seed(0)


def filled(how, layout):
    return getattr(torch.empty(8, 4, 3, 3, memory_format=layout), how)(generator=generator())


plain, last = torch.contiguous_format, torch.channels_last
for how in ("uniform_", "normal_"):
    one, other = filled(how, plain), filled(how, last)
    expect(f"{how}: channels-last gets the same weights", torch.equal(one, other), False)
    same = torch.equal(one.flatten(), other.permute(0, 2, 3, 1).flatten())
    expect(f"{how}: it gets the same numbers, in the order of memory", same, how == "uniform_")

one, other = (torch.empty(8, 4, 3, 3, memory_format=layout) for layout in (plain, last))
for weights in (one, other):
    nn.init.kaiming_normal_(weights, generator=generator())
expect("kaiming_normal_: the same weights", torch.equal(one, other), False)

images = torch.ones(2, 4, 8, 8)
masks = []
for layout in (plain, last):
    torch.manual_seed(0)
    masks.append(nn.functional.dropout(images.to(memory_format=layout), 0.5))
expect("dropout: the same pixels are dropped", torch.equal(*masks), False)


def begins_alike(draw, many, few):
    return torch.equal(draw(many, generator=generator())[:few], draw(few, generator=generator()))


expect("rand(16) begins like rand(15)", begins_alike(torch.rand, 16, 15), True)
expect("randn(15) begins like randn(14)", begins_alike(torch.randn, 15, 14), True)
expect("randn(16) begins like randn(15)", begins_alike(torch.randn, 16, 15), False)
expect("randn(17) begins like randn(16)", begins_alike(torch.randn, 17, 16), False)
PYTHON
"$folder/venv/bin/python" check.py
echo "As described."
