import random
import re

import pytest
import torch
from evonas.genomes.amoeba import OPERATIONS, AmoebaGenome, AmoebaSpace, Cell
from evonas.operators.amoeba import hidden_state, operation
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from evonas.architecture.layers import Add, Concat, Conv2d, Linear
from evonas.network.network import build
from evonas.task import Task

EVERY = tuple(OPERATIONS)
TASKS = {
    "grey": (Task(1, 8, 8, 10), AmoebaSpace(cells=2, filters=6, operations=EVERY)),
    "colour": (Task(3, 32, 32, 10), AmoebaSpace(cells=1, filters=8)),
    "large": (Task(3, 96, 96, 7), AmoebaSpace(cells=1, filters=8)),
    "odd": (Task(3, 29, 35, 3), AmoebaSpace(cells=1, filters=5, operations=EVERY)),
    "narrow": (Task(2, 9, 9, 2), AmoebaSpace(cells=1, filters=1, operations=EVERY)),
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", TASKS)
def test_cost_and_shapes_are_those_of_torch(kind, seed):
    task, space = TASKS[kind]
    net = AmoebaGenome.random(space, random.Random(seed)).decode(task)
    network = build(net).eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        logits = network(torch.randn(1, *task.input_shape))
    assert logits.shape == (1, task.classes)
    assert net.flops() == pytest.approx(counter.get_total_flops(), rel=0.01)
    assert sum(p.numel() for p in network.parameters()) == net.parameter_count()
    state = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert state == net.parameters() | net.buffers()


@settings(max_examples=60)
@given(
    st.integers(0, 2**32),
    st.builds(
        AmoebaSpace,
        cells=st.integers(1, 3),
        filters=st.integers(1, 9),
        operations=st.just(EVERY),
        combinations=st.integers(1, 6),
        stages=st.integers(1, 4),
        stem=st.sampled_from(["small", "large"]),
    ),
    st.integers(0, 9),
)
def test_every_genome_of_every_space_decodes(seed, space, more):
    smallest = 2 ** (space.stages - 1 + (3 if space.stem == "large" else 0))
    net = AmoebaGenome.random(space, random.Random(seed)).decode(Task(3, smallest, smallest + more, 4))
    net.validate()
    assert net.shapes()[net.output] == (4,)


def plain(space: AmoebaSpace) -> AmoebaGenome:
    """A genome whose cells read both inputs and have one output."""
    cell = Cell.from_text("sep3x3(0)+max3x3(1)")
    return AmoebaGenome(cell.copy(), cell.copy(), space)


def test_the_stack_is_that_of_the_paper():
    space = AmoebaSpace(cells=2, filters=8, combinations=1)
    shapes = plain(space).decode(Task(3, 32, 32, 10)).shapes()
    sizes = {
        name.removesuffix(".output"): shape for name, shape in shapes.items() if name.endswith(".output")
    }
    assert sizes == {
        "stage1.cell1": (8, 32, 32),
        "stage1.cell2": (8, 32, 32),
        "stage1.reduction": (16, 16, 16),
        "stage2.cell1": (16, 16, 16),
        "stage2.cell2": (16, 16, 16),
        "stage2.reduction": (32, 8, 8),
        "stage3.cell1": (32, 8, 8),
        "stage3.cell2": (32, 8, 8),
    }
    assert shapes["stem.conv"] == (8, 32, 32)
    assert shapes["pool"] == (32,)


def test_large_images_are_strided_three_times_more():
    space = AmoebaSpace(cells=1, filters=8, combinations=1)
    shapes = plain(space).decode(Task(3, 96, 96, 10)).shapes()
    assert shapes["stem.conv"] == (2, 48, 48)
    assert shapes["stem.reduction1.output"] == (2, 24, 24)
    assert shapes["stem.reduction2.output"] == (4, 12, 12)
    assert shapes["stage1.cell1.output"] == (8, 12, 12)
    assert shapes["stage3.cell1.output"] == (32, 3, 3)


def test_a_cell_reads_the_two_cells_before_it_and_the_first_one_the_image_twice():
    net = plain(AmoebaSpace(cells=2, filters=8, combinations=1)).decode(Task(3, 32, 32, 10))

    def read_by(node: str) -> str:
        (source,) = net.inputs(node)
        return source.removesuffix("_relu")

    assert read_by("stage1.cell1.direct.conv") == read_by("stage1.cell1.skip.conv") == "stem.bn"
    assert read_by("stage1.cell2.direct.conv") == "stage1.cell1.output"
    assert read_by("stage1.cell2.skip.conv") == "stem.bn"
    assert read_by("stage1.reduction.direct.conv") == "stage1.cell2.output"
    assert read_by("stage1.reduction.skip.conv") == "stage1.cell1.output"
    assert read_by("stage2.cell1.direct.conv") == "stage1.reduction.output"
    assert read_by("stage2.cell1.skip.path1.conv") == "stage1.cell2.output"
    assert read_by("stage2.cell1.skip.path2.shift") == "stage1.cell2.output"
    assert read_by("stage2.cell2.skip.conv") == "stage1.reduction.output"


def test_only_operations_on_a_reductions_inputs_stride():
    cell = Cell.from_text("sep3x3(0)+max3x3(1) sep5x5(2)+avg3x3(2) identity(0)+identity(3)")
    genome = AmoebaGenome(cell.copy(), cell.copy(), AmoebaSpace(cells=1, filters=8, stages=2))
    net = genome.decode(Task(3, 32, 32, 10))
    strides = {
        name: net.layer(name).stride for name in net if getattr(net.layer(name), "stride", (1, 1)) != (1, 1)
    }
    assert strides == {
        "stage1.reduction.combination1.left.sep3x3.turn1.depthwise": (2, 2),
        "stage1.reduction.combination1.right.max3x3": (2, 2),
        "stage1.reduction.combination3.left.identity.conv": (2, 2),
        "stage2.cell1.skip.path1.conv": (2, 2),
        "stage2.cell1.skip.path2.conv": (2, 2),
    }


def test_a_cell_need_not_read_both_inputs():
    cell = Cell.from_text("sep3x3(1)+max3x3(1)")
    genome = AmoebaGenome(cell.copy(), cell.copy(), AmoebaSpace(cells=1, filters=8, stages=2))
    net = genome.decode(Task(3, 16, 16, 4))
    net.validate()
    assert not any(".direct" in name for name in net)
    only_inputs = AmoebaGenome(*[Cell.from_text("identity(0)+identity(0)")] * 2, genome.space)
    only_inputs.decode(Task(3, 16, 16, 4)).validate()


def test_names_follow_positions_so_that_a_mutation_leaves_all_others_alone(rng):
    space, task = AmoebaSpace(cells=1, filters=4), Task(3, 8, 8, 4)
    for _ in range(40):
        parent = AmoebaGenome.random(space, rng)
        before = parent.decode(task)
        rewired = hidden_state(parent.clone(), rng).decode(task)
        # A node with the same name is the same layer, whatever it reads.
        same = [name for name in before if name in rewired and before.layer(name) == rewired.layer(name)]
        strided = [name for name in before if name in rewired and name not in same]
        assert all(".reduction." in name for name in strided)  # an input strides, a state does not
        changed = operation(parent.clone(), rng)
        places = [
            (number, side)
            for one, other in zip(parent.cells, changed.cells, strict=True)
            for number, pairs in enumerate(zip(one.combinations, other.combinations, strict=True), 1)
            for side, left, right in zip(("left", "right"), *pairs, strict=True)
            if left != right
        ]
        if not places:
            continue  # it drew the same operation
        ((number, side),) = places
        place = re.compile(rf"\.combination{number}\.{side}\.")
        after = changed.decode(task)
        for one, other in ((before, after), (after, before)):
            gone = {name for name in one if name not in other}
            # Only ReLUs of states that are no longer read by a convolution come and go besides.
            assert all(place.search(name) or name.endswith("_relu") for name in gone)
            assert all(one.layer(name) == other.layer(name) for name in one if name in other)


def test_sums_have_two_terms_and_outputs_are_concatenated(genome):
    net = genome.decode(Task(3, 8, 8, 4))
    kinds = {name: net.layer(name) for name in net}
    assert all(len(net.inputs(name)) == 2 for name, layer in kinds.items() if layer == Add())
    assert sum(name.endswith(".output") and layer == Concat() for name, layer in kinds.items()) == 3
    assert net.output == "classifier"
    assert kinds["classifier"] == Linear(4)
    assert kinds["stem.conv"] == Conv2d(4, 3)
