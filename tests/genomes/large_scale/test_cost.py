import dataclasses
import math
import random

import pytest
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace
from evonas.genomes.large_scale.cost import Cost, bound, measure
from evonas.genomes.large_scale.decode import decode
from evonas.genomes.large_scale.text import read

from evonas.architecture.layers import Conv2d
from evonas.errors import NotApplicable
from evonas.task import Task

TASKS = (Task(3, 32, 32, 10), Task(1, 9, 7, 3), Task(5, 1, 4, 2))


@pytest.mark.parametrize("task", TASKS)
def test_the_arithmetic_is_that_of_the_architecture(grown, task):
    space = LargeScaleSpace(max_depth=15, max_channels=64)
    for seed in range(40):
        dna = grown(60, seed, space).dna
        net, cost = decode(dna, 0.0, task), measure(dna, task)
        convolutions = [layer for name in net if isinstance(layer := net.layer(name), Conv2d)]
        assert cost.parameters == net.parameter_count()
        assert cost.flops == net.flops()
        assert cost.activations == sum(map(math.prod, net.shapes().values()))
        assert cost.filter == max((side for layer in convolutions for side in layer.kernel), default=1)
        assert cost.stride == max((layer.stride[0] for layer in convolutions), default=1)
        assert cost.depth == len(dna.order()) - 2
        # Convolutions on skips aside, which mutations do not make, each ends at a vertex.
        assert cost.channels == max(shape[0] for name, shape in net.shapes().items() if name != net.output)


LIMITED = [field.name for field in dataclasses.fields(Cost) if field.name != "thinnest"]


@pytest.mark.parametrize("task", TASKS)
def test_no_network_passes_its_bound(grown, task):
    space = LargeScaleSpace(max_depth=25, max_channels=256)
    for seed in range(60):
        dna = grown(10 + 2 * seed, seed, space).dna
        rough, exact = bound(dna, task), measure(dna, task)
        for name in LIMITED:
            assert getattr(rough, name) >= getattr(exact, name), name
        assert rough.thinnest <= exact.thinnest


@pytest.mark.parametrize("task", TASKS)
def test_no_network_passes_its_bound_where_skips_convolve(task):
    rng = random.Random(8)
    for _ in range(200):
        drawn = [
            [rng.uniform(0.05, 4), rng.uniform(0, 4), rng.uniform(0, 4), rng.uniform(0, 3)] for _ in range(5)
        ]
        e1, e2, s1, s2, s3 = (f"conv({','.join(map(str, numbers))})" for numbers in drawn)
        found = read(
            f"lr=0.1 relu=a,b,output input>a:e1={e1} a>b:e2={e2} b>output:start input~b:s1={s1}@0,2 "
            f"a~output:s2={s2} input~output:s3={s3}"
        )
        rough, exact = bound(found, task), measure(found, task)
        assert all(getattr(rough, name) >= getattr(exact, name) for name in LIMITED)
        assert rough.thinnest <= exact.thinnest


def test_a_bound_without_end_is_a_number():
    factors = " ".join(f"v{n}>v{n + 1}:e{n}=conv(1000000.0,0.0,0.0,0.0)" for n in range(60))
    rough = bound(read(f"lr=0.1 {factors}"), TASKS[0])
    assert LargeScaleSpace().excess(rough) is not None


def test_a_cap_is_exact_though_a_bound_comes_first(grown):
    """What the bound cannot decide is measured: a cap of its very size lets a network pass, one less not."""
    dna = grown(60, 3, LargeScaleSpace()).dna
    size = measure(dna, LargeScaleSpace().reference_task).flops
    LargeScaleGenome(dna.copy(), LargeScaleSpace(max_flops=size)).take(dna)
    with pytest.raises(NotApplicable, match="max_flops"):
        LargeScaleGenome(dna.copy(), LargeScaleSpace(max_flops=size - 1)).take(dna)


def test_skips_that_convolve_and_sizes_that_grow_back(dna):
    text = (
        "lr=0.1 relu=a input>a:e1=conv(2.0,1.0,1.0,1.0) a>b:e2 b>output:start "
        "input~b:s1=conv(3.0,0.0,2.0,0.0)@0,2 a~output:s2 input~output:s3=conv(0.5,1.0,1.0,2.0)"
    )
    found = read(text)
    for task in TASKS:
        net, cost = decode(found, 0.0, task), measure(found, task)
        assert (cost.parameters, cost.flops) == (net.parameter_count(), net.flops())
        assert cost.activations == sum(map(math.prod, net.shapes().values()))


def test_the_thinnest_convolution_is_seen_before_rounding():
    found = read("lr=0.1 input>a:e1=conv(0.1,1.0,1.0,0.0) a>output:start")
    assert measure(found, Task(3, 8, 8, 2)).thinnest == pytest.approx(0.3)
    assert LargeScaleGenome(found).decode(Task(3, 8, 8, 2)).shape("edge_e1.conv")[0] == 1
