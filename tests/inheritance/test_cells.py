import random
from collections import defaultdict
from statistics import mean

import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace, Cell
from evonas.operators.amoeba import hidden_state, operation

from evonas.inheritance.by_name import inherit
from evonas.network.network import build, weights_of
from evonas.task import Task


def test_an_identical_genome_is_its_parent_bit_by_bit(genome, task, pass_on):
    old, new, share = pass_on(genome.decode(task), genome.clone().decode(task))
    images = torch.randn(2, *task.input_shape)
    assert share == 1
    assert torch.equal(new(images), old(images))


def test_a_child_with_one_other_operation_keeps_everything_else(space, task, pass_on, rng):
    for _ in range(6):
        parent = AmoebaGenome.random(space, rng)
        child = operation(parent.clone(), rng)
        before, after = parent.decode(task), child.decode(task)
        old, new, share = pass_on(before, after)
        theirs = old.state_dict()
        common = set(before.parameters()) & set(after.parameters())
        for name, tensor in new.state_dict().items():
            assert name not in theirs or torch.equal(tensor, theirs[name])
        kept = sum(new.get_parameter(name).numel() for name in common)
        assert share == pytest.approx(kept / after.parameter_count())


def test_an_output_more_changes_no_logit(space, task, pass_on, genome):
    child = genome.clone()
    loose = set(genome.normal.outputs())
    child.normal.extra = tuple({0, 1, 2, 3, 4, 5} - loose)
    child.reduction.extra = (0,)
    old, new, share = pass_on(genome.decode(task), child.decode(task))
    images = torch.randn(4, *task.input_shape)
    torch.testing.assert_close(new(images), old(images), rtol=1e-4, atol=1e-5)
    assert 0.5 < share < 1


def test_as_many_loose_ends_but_other_states(space, task, pass_on):
    parent, child = (
        AmoebaGenome(
            Cell.from_text(f"sep3x3(0)+max3x3(1) sep3x3(1)+avg3x3(0) sep3x3({state})+identity(0)"),
            reduction,
            space,
        )
        for state in (2, 3)
        for reduction in [Cell.from_text("max3x3(0)+max3x3(1)")]
    )
    assert (parent.normal.outputs(), child.normal.outputs()) == ([3, 4], [2, 4])
    old, new, share = pass_on(parent.decode(task), child.decode(task))
    theirs, mine = old.state_dict(), new.state_dict()
    width = 4
    for reader in (
        "stage1.reduction.direct.conv",
        "stage2.cell1.skip.path1.conv",
        "stage2.cell1.skip.path2.conv",
    ):
        before, after = theirs[f"{reader}.weight"], mine[f"{reader}.weight"]
        assert before.shape == after.shape == (before.shape[0], 2 * width, 1, 1)
        assert not after[:, :width].any()  # state 2 was no output of the parent
        assert torch.equal(after[:, width:], before[:, width:])  # state 4
    assert torch.equal(mine["classifier.weight"][:, 8:], theirs["classifier.weight"][:, 8:])
    moved = "stage1.cell1.combination3.left.sep3x3.turn1.depthwise.weight"
    assert torch.equal(mine[moved], theirs[moved])
    assert share < 1


def shares(mutations: int) -> dict[str, list[float]]:
    """The shares of parameters that children of one mutation inherit, by kind of mutation."""
    rng = random.Random(7)
    space, task = AmoebaSpace(cells=1, filters=8), Task(3, 8, 8, 10)
    found = defaultdict(list)
    for _ in range(mutations // 20):
        parent = AmoebaGenome.random(space, rng)
        before = parent.decode(task)
        weights = weights_of(build(before))
        for turn in range(20):
            kind = (operation, hidden_state)[turn % 2]
            child = kind(parent.clone(), rng)
            after = child.decode(task)
            share = inherit(build(after), after, before, weights)
            found[kind.name].append(share)
            outputs = [[cell.outputs() for cell in genome.cells] for genome in (parent, child)]
            if outputs[0] != outputs[1]:
                found["other loose ends"].append(share)
    return found


@pytest.mark.parametrize(
    "mutations", [20, pytest.param(500, marks=pytest.mark.slow)], ids=["few mutations", "many mutations"]
)
@pytest.mark.timeout(1800)
def test_one_mutation_leaves_most_parameters_in_place(mutations):
    found = {kind: mean(values) for kind, values in shares(mutations).items()}
    print(", ".join(f"{kind}: {share:.3f}" for kind, share in found.items()))
    assert found["amoeba-operation"] > 0.93
    assert found["amoeba-hidden-state"] > 0.93
    assert found["other loose ends"] > 0.9
