"""What it costs to carry weights into a child, beside one training step of the same network.

Three parents of about five million parameters: a convolution net, whose children are made by one morphism
each (`evonas.morphism.apply`: the architecture's rewrite and the weights); and a Large-scale Evolution
individual and an AmoebaNet, whose children by one mutation each get their weights by ``match``, ``remap`` and
``morph``. Calibration on data is not counted. The step is one of evonas's own training loop, with a batch of
128 images, in the precision that evonas would choose, in the same run. Times are processor time of one
thread, which other work on the machine hardly changes; two cores share a step at best evenly, so half of it
stands for a step on two cores, and carrying is taken to gain nothing from the second.

Memory is what PyTorch's allocator handed out and had not got back, at its highest: the parent's tensors,
those of the child, and all that was needed in between, beside the sum of parent and child. Indices and the
few rows that are copied at a time are allowed a hundredth of it.

Run it as ``python benchmarks/carrying_cost.py``. It exits with status 1 where carrying takes more than a
tenth of a step, or more memory than parent plus child.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace
from evonas.operators import amoeba, large_scale
from evonas.operators.morphisms import (
    AddSkip,
    ConcatSkip,
    Deepen,
    EnlargeKernel,
    ReplicateAdd,
    SplitConcat,
    Widen,
    ZeroWiden,
)
from subset import compute_of, versions
from torch import nn
from torch.profiler import ProfilerActivity, profile

from evonas.architecture import Architecture
from evonas.architecture.layers import BatchNorm2d, Conv2d, GlobalAvgPool, Input, Linear, MaxPool2d, ReLU
from evonas.errors import NotApplicable
from evonas.evolution import Genome, Morphism, Operator, apply
from evonas.inheritance import inherit, morph, remap
from evonas.network import Weights, build, weights_of
from evonas.settings import read_genotype
from evonas.task import Task
from evonas.training import Compute, DeviceImages, Normalisation, Plan, fit, to_device

TASK = Task(3, 32, 32, 10)
BATCH = 128
AT_MOST = 0.1
ROOM, CORES = 1.01, 2
MODES: Mapping[str, Callable[[nn.Module, Architecture, Architecture, Weights], Any]] = {
    "match": inherit,
    "remap": remap,
    "morph": morph,
}
LARGE_SCALE = (
    "lr=0.05 relu=v1,v2,v3,v4,v5,v6 input>v1:e1=conv(21.4,1.0,1.0,0.0) v1>v2:e2=conv(2.0,1.0,1.0,1.0) "
    "v2>v3:e3=conv(2.0,1.0,1.0,0.0) v3>v4:e4=conv(1.5,1.0,1.0,1.0) v4>v5:e5=conv(1.0,1.0,1.0,0.0) "
    "v5>v6:e6=conv(1.8,1.0,1.0,0.0) v6>output:start v2~v4:s1 v4~v6:s2"
)


def convolution_net() -> Architecture:
    """Seven 3×3 convolutions of 64 to 512 filters, as in VGG networks."""
    net = Architecture()
    node = net.add("image", Input(TASK.input_shape))
    for number, filters in enumerate((64, 128, 256, 256, 384, 384, 512), 1):
        if number in (3, 5):
            node = net.add(f"pool{number}", MaxPool2d(2, 2), node)
        node = net.add(f"block{number}.conv", Conv2d(filters), node)
        node = net.add(f"block{number}.bn", BatchNorm2d(), node)
        node = net.add(f"block{number}.relu", ReLU(), node)
    node = net.add("pool", GlobalAvgPool(), node)
    net.add("classifier", Linear(TASK.classes), node)
    return net


def morphisms() -> list[Morphism]:
    """Where they cost most: width and depth at the widest layers, doubled."""
    rng = random.Random(0)
    net = convolution_net()
    return [
        Widen("block6.conv", 768, 0),
        Widen("block7.conv", 1024, 0),
        ZeroWiden("block6.conv", 768, 0),
        Deepen("block6.relu", 3, "deeper"),
        Deepen("block7.relu", 3, "deeper"),
        Deepen("block6.relu", 3, "deeper", residual=True),
        *(kind.draw(net, rng) for kind in (EnlargeKernel, AddSkip, ConcatSkip, ReplicateAdd, SplitConcat)),
    ]


Ready = Callable[[Weights], Callable[[], object]]
"""Takes the parent's weights and makes everything ready that is not measured."""


@dataclass(frozen=True)
class Carry:
    """One way from a parent to a child.

    Attributes:
        name: For people.
        child: Its architecture.
        ready: What is measured.
        whole: The same with the child's network built; None where carrying goes into that network anyway,
            which is then there before.
    """

    name: str
    child: Architecture
    ready: Ready
    whole: Ready | None = None


@dataclass(frozen=True)
class Case:
    """One parent, and its children."""

    title: str
    architecture: Architecture
    carries: list[Carry]


def by_morphism() -> Case:
    net = convolution_net()

    def prepare(morphism: Morphism) -> Carry:
        child = morphism.rewrite(net)
        return Carry(
            f"{morphism.kind}: {morphism.describe()}",
            child,
            lambda weights: lambda: apply((morphism,), net, weights),
            lambda weights: lambda: build(child, 1, apply((morphism,), net, weights)[1], consume=True),
        )

    return Case("convolution net", net, [prepare(morphism) for morphism in morphisms()])


def by_mode(title: str, genome: Genome, operators: list[Operator]) -> Case:
    """Children by one mutation of each kind that changes the network and applies."""
    parent = genome.decode(TASK)

    def prepare(mode: str, child: Architecture) -> Ready:
        def ready(weights: Weights) -> Callable[[], object]:
            network = build(child, 1)
            return lambda: MODES[mode](network, child, parent, weights)

        return ready

    return Case(
        title,
        parent,
        [
            Carry(f"{mode}: {operator.name}", child, prepare(mode, child))
            for operator, child in children(genome, operators)
            for mode in MODES
        ],
    )


def children(genome: Genome, operators: list[Operator]) -> Iterator[tuple[Operator, Architecture]]:
    """An architecture for each operator that changes the network."""
    parent = genome.decode(TASK)
    for operator in operators:
        rng = random.Random(0)
        for _ in range(50):
            try:
                child = operator.mutate(genome.clone(), rng).decode(TASK)
            except NotApplicable:
                continue
            if child != parent:
                yield operator, child
                break


def cases() -> Iterator[Case]:
    yield by_morphism()
    yield by_mode(
        "Large-scale Evolution",
        LargeScaleGenome.from_text(LARGE_SCALE, LargeScaleSpace(max_flops=10**10)),
        [
            large_scale.insert_convolution,
            large_scale.alter_number_of_channels,
            large_scale.filter_size,
            large_scale.add_skip,
        ],
    )
    yield by_mode(
        "AmoebaNet-A (N=1, F=90)",
        read_genotype(AmoebaGenome, AmoebaSpace(cells=1, filters=90), "amoebanet-a"),
        [amoeba.hidden_state, amoeba.operation],
    )


def step_seconds(architecture: Architecture, compute: Compute, steps: int) -> float:
    """Processor seconds of one training step, after one that does not count."""
    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (BATCH, TASK.height, TASK.width, TASK.channels), dtype=np.uint8)
    y = generator.integers(0, TASK.classes, BATCH)
    images = DeviceImages(x, y, Normalisation((125.0,) * 3, (63.0,) * 3), compute.device, padding=4)
    network = to_device(build(architecture), compute)
    plan = Plan(epochs=1, batch_size=BATCH)
    took = []
    for turn in range(steps + 1):
        began = time.process_time()
        fit(network, images, plan, compute, turn, True)
        took.append(time.process_time() - began)
    return statistics.median(took[1:])


def bytes_of(architecture: Architecture) -> int:
    """Of all tensors of a network, buffers included."""
    return sum(tensor.numel() * tensor.element_size() for tensor in weights_of(build(architecture)).values())


def peak(run: Callable[[], object]) -> int:
    """The most bytes beyond those at its beginning that PyTorch's allocator had handed out at a time."""
    gc.collect()  # what an earlier network left would be freed meanwhile, and hide what is needed
    gc.disable()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        kept = run()
    gc.enable()
    del kept
    events = found.profiler.kineto_results.events()
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def measure(case: Case, compute: Compute, rounds: int, steps: int) -> bool:
    """Prints a case's table; returns whether all of it keeps to the limits."""
    weights, parent = weights_of(build(case.architecture)), bytes_of(case.architecture)
    step, size = step_seconds(case.architecture, compute, steps), case.architecture.parameter_count()
    print(
        f"\n{case.title}, {size:,} parameters, {len(case.architecture)} nodes: one step of {BATCH} images "
        f"takes {1000 * step:,.0f} ms ({compute.precision})\n\n"
        "| carried by | parameters | ms | of a step on two cores | memory / (parent + child) "
        "| with the network built |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    ok = True
    for carry in case.carries:
        took, own = [], bytes_of(carry.child)
        for _ in range(rounds):
            run = carry.ready(weights)
            began = time.process_time()
            run()
            took.append(time.process_time() - began)
        share = CORES * statistics.median(took) / step
        held = parent + peak(carry.ready(weights)) + (0 if carry.whole else own)
        memory = built = held / (parent + own)
        if carry.whole:
            built = (parent + peak(carry.whole(weights))) / (parent + own)
        ok = ok and share <= AT_MOST and memory <= ROOM
        cells = carry.name, f"{carry.child.parameter_count():,}", f"{1000 * statistics.median(took):.1f}"
        print(f"| {' | '.join(cells)} | {share:.4f} | {memory:.2f} | {built:.2f} |", flush=True)
    return ok


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="of each carrying")
    parser.add_argument("--steps", type=int, default=2, help="training steps that count")
    options = parser.parse_args(namespace=argparse.Namespace(device="cpu", threads=1))
    ok = True
    for case in cases():
        compute = compute_of(options, separable=case.title.startswith("AmoebaNet"))
        if case.title == "convolution net":
            print(versions(compute))
        ok = measure(case, compute, options.rounds, options.steps) and ok
    print(f"\nAt most a tenth of a step, and no more memory than parent plus child: {'yes' if ok else 'NO'}")
    return int(not ok)


if __name__ == "__main__":
    sys.exit(main())
