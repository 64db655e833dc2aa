"""The graph genome: an architecture that evolves by morphisms."""

import json
import random

import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.graph import GraphGenome, GraphSpace, first_model
from evonas.operators.graph import morphing
from evonas.operators.morphisms import Deepen, Widen, ZeroWiden

from evonas.architecture.layers import Conv2d, Linear, MaxPool2d
from evonas.errors import NotApplicable, UserError
from evonas.evolution.genome import Origin
from evonas.evolution.morphism import Morphism, apply
from evonas.evolution.registry import operators_for
from evonas.evolution.toolboxes import make_toolbox
from evonas.evolution.variation import offspring
from evonas.network.network import build, weights_of
from evonas.task import Task
from evonas.testing.morphisms import randomise

TASK = Task(3, 8, 8, 4)
SPACE = GraphSpace(filters=(4, 6, 8)).for_task(TASK)


@pytest.fixture
def genome():
    return GraphGenome.random(SPACE, random.Random(0))


@pytest.fixture
def toolbox(global_random):
    return make_toolbox(GraphGenome, SPACE, operators_for("graph"))


def test_it_begins_with_the_papers_first_model():
    """Conv-MP-Conv-MP-Conv-FC, each convolution with normalisation and ReLU (Section 4)."""
    net = first_model(Task(3, 32, 32, 10), (8, 16, 32))
    kinds = [net.layer(name).kind for name in net]
    block = ["Conv2d", "BatchNorm2d", "ReLU"]
    assert kinds == ["Input", *block, "MaxPool2d", *block, "MaxPool2d", *block, "Flatten", "Linear"]
    assert net.shape("stage3.relu") == (32, 8, 8)
    assert net.shape(net.output) == (10,)


def test_small_images_are_pooled_less():
    net = first_model(Task(1, 4, 4, 3), (2, 2, 2))
    assert sum(isinstance(net.layer(name), MaxPool2d) for name in net) == 1
    assert first_model(Task(1, 2, 2, 3), (2, 2, 2)).shape("stage3.relu") == (2, 2, 2)


def test_a_task_fills_in_what_the_space_leaves_open():
    assert (SPACE.image, SPACE.classes) == ((3, 8, 8), 4)
    fixed = GraphSpace(image=(1, 9, 9), classes=5).for_task(TASK)
    assert (fixed.image, fixed.classes) == ((1, 9, 9), 5)


def test_it_decodes_for_other_images_and_classes(genome):
    assert genome.decode(TASK) == genome.architecture
    other = genome.decode(Task(1, 12, 12, 7))
    assert other.shape(other.input) == (1, 12, 12)
    assert other.shape(other.output) == (7,)
    other.validate()
    assert genome.architecture.shape("image") == (3, 8, 8)


def test_json_keeps_it(genome):
    data = json.loads(json.dumps(genome.to_dict()))
    again = GraphGenome.from_dict(data, SPACE)
    assert again == genome
    assert again.key() == genome.key()
    assert GraphGenome.from_text(str(genome), SPACE) == genome
    with pytest.raises(UserError, match="graph genotype: expected an object with an 'architecture'"):
        GraphGenome.from_dict({"code": "1"}, SPACE)


def test_any_other_genome_can_become_one():
    cell = AmoebaGenome.random(AmoebaSpace(cells=1, filters=2), random.Random(1))
    genome = GraphGenome.of(cell, TASK)
    assert genome.architecture == cell.decode(TASK)
    assert genome.decode(TASK).key() == cell.decode(TASK).key()


def test_a_morphism_is_noted_and_leads_from_the_parent_to_the_child(genome, toolbox):
    parent, weights = genome, randomise(genome.decode(TASK), 3)
    parent.number = 0
    random.seed(4)
    for number in range(1, 13):
        child = offspring(toolbox, parent)
        assert not child.origin.failure
        assert child.origin.parents == (number - 1,)
        (morphism,) = child.origin.morphisms
        reached, weights = apply([morphism], parent.decode(TASK), weights)
        assert reached == child.decode(TASK)
        assert set(weights) == set(reached.parameters()) | set(reached.buffers())
        assert parent.architecture != child.architecture
        child.number = number
        parent = child


def test_several_operators_make_a_chain(genome, toolbox):
    genome.number = 5
    child = offspring(toolbox, genome)
    (child,) = toolbox.mutate(child)
    (child,) = toolbox.mutate(child)
    assert len(child.origin.morphisms) == 3
    reached, _ = apply(child.origin.morphisms, genome.decode(TASK), randomise(genome.decode(TASK), 1))
    assert reached == child.decode(TASK)


def test_in_a_loop_of_deap_the_chain_starts_at_what_was_evaluated(genome, toolbox):
    genome.take(Deepen("stage1.relu", 3, "one"))
    genome.number = 3  # evaluated
    clone = toolbox.clone(genome)
    (child,) = toolbox.mutate(clone)
    assert len(child.origin.morphisms) == 1
    assert child.origin.parents == (3,)


def test_the_journals_form_of_an_origin_keeps_morphisms(genome):
    genome.take(Deepen("stage1.relu", 3, "one"))
    genome.take(ZeroWiden("stage2.conv", 12, 7))
    origin = Origin((4,), "graph-deepen", morphisms=genome.origin.morphisms)
    again = Origin.from_dict(json.loads(json.dumps(origin.to_dict())))
    assert again == origin
    assert Origin.from_dict(Origin((1, 2), "x", (3,), "why").to_dict()) == Origin((1, 2), "x", (3,), "why")


def test_caps_refuse_growth_alone():
    small = GraphSpace(filters=(4, 4, 4), max_parameters=400).for_task(TASK)
    genome = GraphGenome.random(small, random.Random(0))
    assert genome.architecture.parameter_count() > 400  # what is too large from the beginning may stay
    before = genome.architecture
    with pytest.raises(NotApplicable, match="parameters, above the cap of 400"):
        genome.take(Widen("stage1.conv", 8, 1))
    assert genome.architecture is before
    nodes = GraphSpace(filters=(4, 4, 4), max_nodes=14).for_task(TASK)
    with pytest.raises(NotApplicable, match="nodes, above the cap of 14"):
        GraphGenome.random(nodes, random.Random(0)).take(Deepen("stage1.relu", 3, "one"))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"filters": (1, 2)}, "graph filters: expected three whole numbers"),
        ({"image": (3, 0, 8)}, "graph image: expected three whole numbers"),
        ({"classes": 1}, "graph classes: expected a whole number of at least 2, got 1"),
        ({"max_nodes": 0}, "graph max_nodes: expected a whole number of at least 1, got 0"),
    ],
)
def test_settings_are_checked(choices, message):
    with pytest.raises(UserError, match=message):
        GraphSpace(**choices)


def test_every_morphism_in_the_box_is_an_operator():
    names = {operator.name for operator in operators_for("graph")}
    import evonas.operators.morphisms as box

    assert len(names) == len(box.__all__)
    assert all(issubclass(getattr(box, name), Morphism) for name in box.__all__)
    weights = {operator.name: operator.weight for operator in operators_for("graph")}
    assert weights["graph-deepen"] == weights["graph-zero-widen"] == 1
    assert weights["graph-add-skip"] + weights["graph-concat-skip"] == 1
    assert sum(weights.values()) == 3  # NASH's three, uniformly


def test_the_probabilities_are_those_of_the_paper(toolbox, genome):
    """Deepen, widen and skip alike, over 1,200 draws (chi-square, two degrees of freedom)."""
    random.seed(8)
    counts = {"deepen": 0, "widen": 0, "skip": 0}
    for _ in range(1200):
        child = offspring(toolbox, genome)
        name = child.origin.operator
        counts["skip" if "skip" in name else "widen" if "widen" in name else "deepen"] += 1
    chi = sum((count - 400) ** 2 / 400 for count in counts.values())
    assert chi < 13.8  # p = 0.001


def test_an_operator_of_ones_own_is_one_line(genome):
    assert morphing(Widen, 0.5).weight == 0.5
    child = morphing(Widen, 1.0).mutate(genome.clone(), random.Random(1))
    assert child.architecture.parameter_count() > genome.architecture.parameter_count()


def test_a_clone_shares_no_origin_and_no_change(genome):
    clone = genome.clone()
    clone.take(Widen("stage1.conv", 8, 1))
    assert genome.architecture.layer("stage1.conv") == Conv2d(4)
    assert genome.origin.morphisms == ()
    assert isinstance(genome.architecture.layer("head"), Linear)


def test_its_network_runs(genome):
    network = build(genome.decode(TASK), 1).eval()
    assert network(torch.rand(2, 3, 8, 8)).shape == (2, 4)
    assert weights_of(network)


def test_a_genotype_says_which_cap_of_its_space_it_passes(genome):
    assert genome.outside_space() == ""
    assert genome.with_space(GraphSpace(max_nodes=5)).outside_space() == "14 nodes, above the cap of 5"
