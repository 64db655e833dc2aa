#!/usr/bin/env bash
# The order of names in safetensors files (safetensors 0.8.0, PyTorch 2.13.0).
# A state_dict has the order of its modules. load_file gives names by text (10 before 2), wider types first. load, of
# bytes, gives another order at each call, in the same process and of the same bytes. Each name has its tensor.
# What it means: zip(parameters, loaded.values()) fits as long as shapes agree, and scrambles a network without a word;
# whoever draws random numbers in a loop over what load gave does not get the same ones twice.
# evonas finds tensors by name alone, and so is free to read either way (run/weights.py, network/network.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    torch==2.13.0 numpy==2.4.6 safetensors==0.8.0
cd "$folder"
cat > check.py <<'PYTHON'
import sys
from importlib.metadata import version

import torch
from safetensors.torch import load, load_file, save, save_file
from torch import nn


def expect(what, seen, known):
    print(f"{what}: {seen}")
    if seen != known:
        sys.exit(f"CHANGED: {what}: it was {known}, now it is {seen}")


print("safetensors", version("safetensors"), "torch", torch.__version__)
torch.manual_seed(0)
network = nn.Sequential(*(nn.Linear(4, 4, bias=False) for _ in range(12)))
state = network.state_dict()
saved = list(state)
save_file(state, "network.safetensors")
content = save(state)

read = [tuple(load_file("network.safetensors")) for _ in range(100)]
print("saved:    ", *saved)
print("load_file:", *read[0])
expect("orders of load_file in 100 reads", len(set(read)), 1)
expect("it is the order of saving", list(read[0]) == saved, False)
expect("it is the order of the texts", list(read[0]) == sorted(saved), True)
half, single, double = torch.float16, torch.float32, torch.float64
mixed = {"a": torch.zeros(2, dtype=half), "b": torch.zeros(1, dtype=single), "c": torch.zeros(1, dtype=double)}
save_file(mixed, "mixed.safetensors")
expect("a of 16 bits, b of 32, c of 64 come as", list(load_file("mixed.safetensors")), ["c", "b", "a"])

orders = {tuple(load(content)) for _ in range(100)}
for order in sorted(orders)[:3]:
    print("load:     ", *order)
print("orders of load in 100 reads of the same bytes:", len(orders))
expect("these are more than ten", len(orders) > 10, True)

twin = nn.Sequential(*(nn.Linear(4, 4, bias=False) for _ in range(12)))
x = torch.ones(1, 4)
with torch.no_grad():
    for mine, stored in zip(twin.parameters(), load_file("network.safetensors").values()):
        mine.copy_(stored)
    expect("copied in order, the network is the same", torch.allclose(twin(x), network(x)), False)
    twin.load_state_dict(load_file("network.safetensors"))
    expect("copied by name, the network is the same", torch.equal(twin(x), network(x)), True)
PYTHON
"$folder/venv/bin/python" check.py
echo "As described."
