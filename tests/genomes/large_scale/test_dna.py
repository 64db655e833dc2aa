import json
import random
import re

import pytest
from evonas.genomes.large_scale import Activation, Convolution, Dna, Edge
from evonas.genomes.large_scale.parts import rounded

from evonas.errors import UserError


def refused(message: str):
    return pytest.raises(UserError, match=re.escape(message))


def changed(dna: Dna, **parts) -> dict:
    """The data of a DNA with some parts replaced."""
    return {**dna.to_dict(), **parts}


def with_edge(dna: Dna, name: str, **choices) -> dict:
    edges = dna.to_dict()["edges"]
    return changed(dna, edges={**edges, name: {**edges.get(name, {}), **choices}})


def test_data_and_back(dna):
    assert Dna.from_dict(json.loads(json.dumps(dna.to_dict()))) == dna
    assert Dna.from_dict(json.loads(json.dumps(dna.to_dict(), sort_keys=True))) == dna


def test_the_trivial_dna_is_an_input_that_is_the_output():
    dna = Dna.trivial(0.1)
    assert dna.order() == ["input", "output"]
    assert dna.backbone() == ["start"]
    assert dna.convolutions() == dna.skips() == []
    dna.check()


def test_the_backbone_passes_all_vertices_and_the_rest_are_skips(dna):
    assert dna.backbone() == ["e1", "e2", "e3", "start"]
    assert dna.order() == ["input", "a", "b", "c", "output"]
    assert dna.skips() == ["s1", "s2"]
    assert dna.convolutions() == ["e1", "e2"]
    assert [name for name, _ in dna.incoming()["b"]] == ["e2", "s1"]


def test_the_order_of_the_data_does_not_count(dna):
    data = dna.to_dict()
    for seed in range(10):
        rng = random.Random(seed)
        shuffled = {
            **data,
            "vertices": dict(rng.sample(list(data["vertices"].items()), 5)),
            "edges": dict(rng.sample(list(data["edges"].items()), 6)),
        }
        other = Dna.from_dict(shuffled)
        assert other == dna
        assert other.backbone() == dna.backbone()
        assert other.skips() == dna.skips()
        assert {v: [n for n, _ in e] for v, e in other.incoming().items()} == {
            v: [n for n, _ in e] for v, e in dna.incoming().items()
        }


def test_a_copy_shares_nothing_that_changes(dna):
    twin = dna.copy()
    assert twin == dna
    twin.vertices["d"] = Activation.LINEAR
    del twin.edges["s1"]
    twin.learning_rate = 1.0
    assert "d" not in dna.vertices
    assert "s1" in dna.edges
    assert dna.learning_rate == 0.05


def test_fresh_ids_are_drawn_and_avoid_those_that_are_there(dna):
    class Stuck(random.Random):
        """Draws 7 twice, then 8."""

        draws = iter([7, 7, 8])

        def getrandbits(self, bits):
            return next(self.draws)

    rng = Stuck()
    first = dna.fresh_id(rng)
    assert first == "000000000007"
    dna.vertices[first] = Activation.LINEAR
    assert dna.fresh_id(rng) == "000000000008"


@pytest.mark.parametrize(
    ("value", "whole"), [(0.0, 0), (0.49, 0), (0.5, 1), (1.49, 1), (1.5, 2), (2.5, 3), (3.5, 4)]
)
def test_a_float_stands_for_the_nearest_whole_number(value, whole):
    assert rounded(value) == whole


@pytest.mark.parametrize(
    ("choices", "inputs", "channels", "kernel", "stride"),
    [
        ({}, 16, 16, (3, 3), 1),
        ({"depth_factor": 2.0}, 16, 32, (3, 3), 1),
        ({"depth_factor": 0.33}, 10, 3, (3, 3), 1),
        ({"depth_factor": 0.01}, 10, 1, (3, 3), 1),
        ({"filter_half_height": 0.2, "filter_half_width": 2.6}, 8, 8, (1, 7), 1),
        ({"stride_scale": 0.6}, 8, 8, (3, 3), 2),
        ({"stride_scale": 2.4}, 8, 8, (3, 3), 4),
    ],
)
def test_what_the_floats_of_a_convolution_stand_for(choices, inputs, channels, kernel, stride):
    found = Convolution(**choices)
    assert (found.channels(inputs), found.kernel, found.stride) == (channels, kernel, stride)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            {"depth_factor": 0},
            "large-scale depth_factor: expected a number above 0 and at most 1000000, got 0",
        ),
        (
            {"depth_factor": 1e308},
            "large-scale depth_factor: expected a number above 0 and at most 1000000, got 1e+308",
        ),
        (
            {"depth_factor": "2"},
            "large-scale depth_factor: expected a number above 0 and at most 1000000, got '2'",
        ),
        (
            {"filter_half_width": -1},
            "large-scale filter_half_width: expected a number of at least 0 and at most 1000000, got",
        ),
        (
            {"stride_scale": float("nan")},
            "large-scale stride_scale: expected a number of at least 0 and at most 1000000, got nan",
        ),
        (
            {"stride_scale": True},
            "large-scale stride_scale: expected a number of at least 0 and at most 1000000, got True",
        ),
    ],
)
def test_impossible_convolutions_are_refused(dna, choices, message):
    with refused(message):
        Convolution(**choices)
    with refused(message):
        Dna.from_dict(with_edge(dna, "e1", convolution=choices))


@pytest.mark.parametrize("data", [None, {}, [], "dna", {"learning_rate": 1, "vertices": {}}])
def test_data_that_is_no_dna_is_refused(data):
    with refused("large-scale genotype: expected a learning rate, vertices and edges, got"):
        Dna.from_dict(data)


def test_a_bad_learning_rate_is_refused(dna):
    for rate in (0, -1, "0.1", float("inf"), 10**400, None, True):
        with refused(f"large-scale learning rate: expected above 0, got {rate!r}"):
            Dna.from_dict(changed(dna, learning_rate=rate))


@pytest.mark.parametrize("name", ["A", "a.b", "", "a" * 33, "é"])
def test_bad_ids_are_refused(dna, name):
    with refused("large-scale id: expected 1 to 32 small letters or digits, got"):
        Dna.from_dict(changed(dna, vertices={**dna.to_dict()["vertices"], name: "linear"}))


def test_bad_vertices_and_edges_are_refused(dna):
    vertices = dna.to_dict()["vertices"]
    with refused("large-scale genotype: expected vertices and edges by id, got"):
        Dna.from_dict(changed(dna, vertices=["input"]))
    with refused("large-scale vertex: expected 'linear' or 'bn-relu', got 'relu'"):
        Dna.from_dict(changed(dna, vertices={**vertices, "a": "relu"}))
    with refused("large-scale edge: expected source, target, precedence (depth, scale) and perhaps"):
        Dna.from_dict(changed(dna, edges={"e1": {"source": "input", "target": "a"}}))
    with refused("large-scale edge: expected source, target, precedence (depth, scale) and perhaps"):
        Dna.from_dict(with_edge(dna, "e1", source=["input"]))
    with refused("large-scale edge: expected source, target, precedence (depth, scale) and perhaps"):
        Dna.from_dict(with_edge(dna, "e1", convolution={"depth": 2}))
    with refused("large-scale precedence: expected two whole numbers, got [1.5, 1]"):
        Dna.from_dict(with_edge(dna, "e1", precedence=[1.5, 1]))


def test_bad_graphs_are_refused(dna):
    with refused("large-scale edge 's1': expected one of its vertices, got 'z'"):
        Dna.from_dict(with_edge(dna, "s1", source="z"))
    with refused("large-scale edge 's3': another one joins 'a' to 'output' too"):
        Dna.from_dict(with_edge(dna, "s3", source="a", target="output", precedence=[0, 0]))
    with refused("large-scale edge 's1': it would close a cycle"):
        Dna.from_dict(with_edge(dna, "s1", source="c", target="b"))
    with refused("large-scale edge 's1': it would close a cycle"):
        Dna.from_dict(with_edge(dna, "s1", source="b", target="b"))
    path = "large-scale genotype: expected primary edges that are one path through all vertices"
    with refused(path):
        Dna.from_dict(changed(dna, vertices={**dna.to_dict()["vertices"], "lonely": "linear"}))
    with refused(path):
        Dna.from_dict(with_edge(dna, "s2", precedence=[2, 0]))  # the backbone leaves out b and c
    with refused(path):
        Dna.from_dict(with_edge(dna, "start", source="output", target="c"))
    with refused(path):
        Dna.from_dict({"learning_rate": 0.1, "vertices": {"input": "linear"}, "edges": {}})


def test_two_edges_that_claim_a_vertex_are_refused(dna):
    with refused(
        "large-scale vertex 'b': expected one edge of the highest scale_precedence, got several of 1"
    ):
        Dna.from_dict(with_edge(dna, "s1", precedence=[0, 1]))
    Dna.from_dict(with_edge(dna, "s1", precedence=[0, 2])).check()
    assert Edge("a", "b").depth_precedence == 1
