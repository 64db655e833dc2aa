import json
import random
import re
from collections import defaultdict

import networkx as nx
import pytest
from deap import tools
from evonas.genomes.large_scale import Dna, LargeScaleGenome, LargeScaleSpace
from evonas.genomes.large_scale.text import read

from evonas.architecture.architecture import Architecture
from evonas.errors import NotApplicable, UserError
from evonas.evolution.genome import Origin
from evonas.evolution.registry import genome_type
from evonas.task import Task


def refused(message: str):
    return pytest.raises(UserError, match=re.escape(message))


def test_data_and_text_and_back(grown):
    for seed in range(20):
        genome = grown(30, seed)
        assert LargeScaleGenome.from_dict(json.loads(json.dumps(genome.to_dict())), genome.space) == genome
        assert LargeScaleGenome.from_text(str(genome), genome.space) == genome


def test_random_is_always_the_trivial_start():
    space = LargeScaleSpace(learning_rate=0.2)
    rng = random.Random(1)
    state = rng.getstate()
    first, second = LargeScaleGenome.random(space, rng), LargeScaleGenome.random(space, random.Random(2))
    assert first == second
    assert first.dna == Dna.trivial(0.2)
    assert rng.getstate() == state


def test_the_learning_rate_is_what_it_wants_changed_in_training(dna):
    assert LargeScaleGenome(dna).training() == {"learning_rate": 0.05}
    assert LargeScaleGenome.random(LargeScaleSpace(), random.Random(0)).training() == {"learning_rate": 0.1}


def test_a_clone_keeps_everything_and_shares_nothing_that_changes(dna):
    genome = LargeScaleGenome(dna)
    genome.origin, genome.number = Origin((4,), "large-scale-identity", (1, 2)), 5
    genome.fitness.values = (0.25,)
    genome.history_index = 3  # what deap.tools.History puts on an individual
    clone = genome.clone()
    assert clone == genome
    assert (clone.origin, clone.number, clone.history_index) == (genome.origin, 5, 3)
    assert clone.fitness.values == (0.25,)
    assert clone.fitness is not genome.fitness
    assert clone.space is genome.space
    del clone.dna.edges["s1"]
    assert "s1" in genome.dna.edges


def test_deaps_own_tools_take_it(grown):
    population = [grown(5, seed) for seed in range(6)]
    for value, genome in enumerate(population):
        genome.fitness.values = (value,)
    hall = tools.HallOfFame(2)
    hall.update(population)
    assert [genome.fitness.values for genome in hall] == [(5,), (4,)]
    assert tools.selBest(population, 1) == [population[5]]


def test_it_is_found_by_name():
    assert genome_type("large-scale") is LargeScaleGenome


def test_it_draws_itself(dna, tmp_path):
    small = LargeScaleSpace(max_flops=1, reference=(1, 8, 8))
    path = LargeScaleGenome(dna, small).draw(tmp_path / "dna.svg")
    assert path.read_text(encoding="utf-8").startswith("<svg")


# -- the space ----------------------------------------------------------------------------------


def test_settings_and_back():
    space = LargeScaleSpace(leak=0.1, reference=(1, 28, 28), max_depth=7)
    assert LargeScaleSpace.from_dict(json.loads(json.dumps(space.to_dict()))) == space
    assert LargeScaleGenome.default_space() == LargeScaleSpace()
    assert LargeScaleSpace().learning_rate == 0.1  # Section 3.3


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"learning_rate": 0}, "large-scale learning_rate: expected above 0, got 0"),
        ({"learning_rate": 10**400}, "large-scale learning_rate: expected above 0, got 1000"),
        ({"leak": 2}, "large-scale leak: expected 0 to 1, got 2"),
        (
            {"reference": 32},
            "large-scale reference: expected channels, height and width of at least 1, got 32",
        ),
        (
            {"reference": [3, 32]},
            "large-scale reference: expected channels, height and width of at least 1, got",
        ),
        (
            {"reference": [3, 0, 32]},
            "large-scale reference: expected channels, height and width of at least 1",
        ),
        ({"max_depth": 0}, "large-scale max_depth: expected a whole number of at least 1, got 0"),
        (
            {"max_flops": 1e9},
            "large-scale max_flops: expected a whole number of at least 1, got 1000000000.0",
        ),
        ({"max_chanels": 8}, "genome setting 'max_chanels' is unknown; did you mean 'max_channels'?"),
    ],
)
def test_impossible_settings_are_refused(choices, message):
    with refused(message):
        LargeScaleSpace.from_dict(choices)


@pytest.mark.parametrize(
    ("cap", "got"),
    [
        ({"max_depth": 2}, "at most 2 (max_depth), got 3"),
        ({"max_channels": 5}, "at most 5 (max_channels), got 6"),
        ({"max_filter": 4}, "at most 4 (max_filter), got 5"),
        ({"max_stride": 1}, "at most 1 (max_stride), got 2"),
        ({"max_parameters": 400}, "at most 400 (max_parameters), got 436"),
        ({"max_flops": 9999}, "at most 9999 (max_flops), got"),
        ({"max_activations": 999}, "at most 999 (max_activations), got"),
    ],
)
def test_each_cap_is_kept_to(dna, cap, got):
    """By a mutation for images of the reference size, and when decoding for those of the task."""
    task = Task(3, 8, 8, 10)
    genome = LargeScaleGenome(Dna.trivial(0.1), LargeScaleSpace(reference=(3, 8, 8), **cap))
    with pytest.raises(NotApplicable, match=re.escape(f"large-scale network: expected {got}")):
        genome.take(dna)
    assert genome.dna == Dna.trivial(0.1)
    with refused(f"large-scale network: expected {got}"):
        LargeScaleGenome(dna, genome.space).decode(task)
    LargeScaleGenome(dna, LargeScaleSpace()).decode(task)


def test_less_than_half_a_channel_is_no_convolution():
    genome = LargeScaleGenome(Dna.trivial(0.1))
    genome.take(read("lr=0.1 input>a:e=conv(0.17,1.0,1.0,0.0) a>output:start"))
    with pytest.raises(NotApplicable, match=re.escape("a convolution would have 0.48 channels")):
        genome.take(read("lr=0.1 input>a:e=conv(0.16,1.0,1.0,0.0) a>output:start"))


# -- the key ------------------------------------------------------------------------------------


def relabelled(genome: LargeScaleGenome, rng: random.Random) -> LargeScaleGenome:
    """Other ids, in another order."""
    data = genome.to_dict()
    names = {name: genome.dna.fresh_id(rng) for name in (*data["vertices"], *data["edges"])}
    vertices = [(names[name], kind) for name, kind in data["vertices"].items()]
    edges = [
        (names[name], {**edge, "source": names[edge["source"]], "target": names[edge["target"]]})
        for name, edge in data["edges"].items()
    ]
    rng.shuffle(vertices)
    rng.shuffle(edges)
    shuffled = {**data, "vertices": dict(vertices), "edges": dict(edges)}
    return LargeScaleGenome.from_dict(shuffled, genome.space)


def isomorphic(one: Architecture, other: Architecture) -> bool:
    graphs = []
    for net in (one, other):
        graph = nx.DiGraph()
        for name in net:
            graph.add_node(name, layer=net.layer(name))
            for source in net.inputs(
                name
            ):  # an input may be read twice; sums are the only layers with several
                count = graph.edges[source, name]["count"] + 1 if graph.has_edge(source, name) else 1
                graph.add_edge(source, name, count=count)
        graphs.append(graph)
    return nx.is_isomorphic(
        *graphs,
        node_match=lambda a, b: a["layer"] == b["layer"],
        edge_match=lambda a, b: a["count"] == b["count"],
    )


def test_the_key_is_that_of_isomorphism(grown):
    space = LargeScaleSpace(max_depth=4, reference=(2, 4, 4))
    genomes = [grown(1 + seed % 12, seed, space) for seed in range(2000)]
    nets = [genome.decode(space.reference_task) for genome in genomes]
    groups = defaultdict(list)
    for place, genome in enumerate(genomes):
        groups[genome.key()].append(place)
    assert 100 < len(groups) < 1500
    for first, *others in groups.values():
        assert all(isomorphic(nets[first], nets[place]) for place in others)
    rng = random.Random(1)
    firsts = [places[0] for places in groups.values()]
    for _ in range(3000):
        one, other = rng.sample(firsts, 2)
        assert not isomorphic(nets[one], nets[other])


def test_the_key_does_not_depend_on_ids_order_or_learning_rate(grown):
    rng = random.Random(3)
    for seed in range(300):
        genome = grown(25, seed)
        other = relabelled(genome, rng)
        assert other != genome
        other.dna.learning_rate *= 2
        assert other.key() == genome.key()


def test_the_key_sees_floats_by_what_they_stand_for():
    def key(number: str) -> str:
        text = f"lr=0.1 input>a:e=conv(1.0,{number},1.0,0.0) a>output:start"
        return LargeScaleGenome(read(text)).key()

    assert key("0.5") == key("1.0") == key("1.4")
    assert key("0.4") != key("0.5")


def test_a_genotype_says_which_cap_of_its_space_it_passes(grown):
    genome = grown(30, 0)
    assert genome.outside_space() == ""
    flat = genome.with_space(LargeScaleSpace(max_depth=1))
    assert flat.outside_space().startswith("large-scale network: expected at most 1 (max_depth), got ")
