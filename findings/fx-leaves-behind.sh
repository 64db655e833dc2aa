#!/usr/bin/env bash
# What torch.fx leaves behind (PyTorch 2.13.0).
# - The source generated for each GraphModule, and for each recompile(), is kept for as long as the process lives,
#   though the module itself is collected.
# - Tracing writes to the model that is traced: a tensor made within its forward becomes an attribute _tensor_constant0
#   of it, the next trace adds _tensor_constant1. They are in no state_dict of the model, while the traced module has
#   the last one as a buffer, so that its state_dict has a key that the model's does not.
# What it means: a search that builds a GraphModule for each candidate grows by the text of all of them; the states of
# a model and of its trace do not fit each other.
# evonas drops the source together with the network (network/network.py) and removes what a trace has added
# (network/importing/trace.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cd "$folder"
cat > check.py <<'PYTHON'
import gc
import linecache
import sys
import weakref

import torch
from torch import fx, nn
from torch.fx import graph_module


def expect(what, seen, known):
    print(f"{what}: {seen}")
    if seen != known:
        sys.exit(f"CHANGED: {what}: it was {known}, now it is {seen}")


print("torch", torch.__version__)


def sources():
    """How many generated sources are kept: in torch.fx's own cache, and for tracebacks."""
    return len(graph_module._loader.eval_cache), sum("eval_with_key" in name for name in linecache.cache)


def grown(since):
    return tuple(now - before for now, before in zip(sources(), since))


before = sources()
alive = []
for _ in range(100):
    network = fx.symbolic_trace(nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
    alive.append(weakref.ref(network))
del network
gc.collect()
expect("of 100 networks are alive", sum(network() is not None for network in alive), 0)
expect("and sources are kept", grown(before), (100, 100))
network = fx.symbolic_trace(nn.Sequential(nn.Linear(2, 2)))
before = sources()
for _ in range(10):
    network.recompile()
expect("after 10 recompilations of one network, more sources are kept", grown(before), (10, 10))


class Normalised(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(2, 2)

    def forward(self, x):
        return self.head(x - torch.tensor([0.5, 0.25]))


def constants(module):
    return [name for name in vars(module) if name.startswith("_tensor_constant")]


model = Normalised()
expect("before tracing, the model has", constants(model), [])
fx.symbolic_trace(model)
traced = fx.symbolic_trace(model)
expect("after two traces, the model has", constants(model), ["_tensor_constant0", "_tensor_constant1"])
expect("the model's state", sorted(model.state_dict()), ["head.bias", "head.weight"])
known = ["_tensor_constant1", "head.bias", "head.weight"]
expect("its trace's state", sorted(traced.state_dict()), known)
PYTHON
"$folder/venv/bin/python" check.py
echo "As described."
