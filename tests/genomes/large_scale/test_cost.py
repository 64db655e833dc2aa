import math

import pytest
from evonas.genomes.large_scale import LargeScaleGenome, LargeScaleSpace
from evonas.genomes.large_scale.cost import measure
from evonas.genomes.large_scale.decode import decode
from evonas.genomes.large_scale.text import read

from evonas.layers import Conv2d
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
