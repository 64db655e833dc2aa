"""Exported networks compute what they did: in another process, without evonas, for any size of batch."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Layer
from evonas.network.deploy import Deployable
from evonas.network.export import FORMATS, export
from evonas.task import Task

ENDINGS = {"python": ".py", "pt2": ".pt2", "onnx": ".onnx"}
TOLERANCES = {"python": 1e-5, "pt2": 1e-5, "onnx": 1e-4}
"""Largest difference as a share of the largest output; onnxruntime has other convolutions."""

SPACE = AmoebaSpace(cells=1, filters=4)
SHORT = AmoebaSpace(cells=1, filters=4, stages=2)
TASKS = {
    "digits": Task(1, 8, 8, 10),
    "cifar": Task(3, 32, 32, 10),
    "odd": Task(3, 9, 9, 4),
    "oblong": Task(2, 7, 11, 4),
}
PUBLISHED = ["amoebanet-a", "amoebanet-b", "amoebanet-c-paper", "amoebanet-d"]


def published(name: str, task: str, space: AmoebaSpace = SPACE) -> Architecture:
    return AmoebaGenome.from_dict(AmoebaGenome.published()[name], space).decode(TASKS[task])


@pytest.fixture
def same_after_export(
    deploy: Callable[..., Deployable], same: Callable[..., None], tmp_path: Path
) -> Callable[..., None]:
    """Exports an architecture with random weights and compares the file with the network."""

    def check(architecture: Architecture, to: str) -> None:
        source = deploy(architecture)
        files = export(source, to, tmp_path / f"net{ENDINGS[to]}")
        assert sorted(tmp_path.iterdir()) == sorted(files)
        same(files[0], source, TOLERANCES[to])

    return check


def test_the_mixed_network_has_every_kind_of_layer(mixed: Architecture) -> None:
    ours = "evonas.architecture.layers."
    shipped = {kind for kind, layer in Layer.kinds.items() if layer.__module__.startswith(ours)}
    # What is called again has tests of its own (test_shared.py).
    assert {mixed.layer(name).kind for name in mixed} == shipped - {"Reuse"}


@pytest.mark.parametrize("to", FORMATS)
def test_every_kind_of_layer(mixed: Architecture, same_after_export: Callable[..., None], to: str) -> None:
    same_after_export(mixed, to)


@pytest.mark.parametrize(
    "to", ["python", *(pytest.param(to, marks=pytest.mark.slow) for to in ("pt2", "onnx"))]
)
def test_even_pooling_and_factorised_reductions_on_odd_images(
    same_after_export: Callable[..., None], to: str
) -> None:
    same_after_export(published("amoebanet-b", "oblong", SHORT), to)


@pytest.mark.parametrize(("name", "task"), list(zip(PUBLISHED, TASKS, strict=True)))
def test_published_networks_as_python(same_after_export: Callable[..., None], name: str, task: str) -> None:
    same_after_export(published(name, task), "python")


@pytest.mark.parametrize(("to", "count"), [("python", 20), ("pt2", 1), ("onnx", 1)])
def test_random_networks(
    same_after_export: Callable[..., None],
    random_architecture: Callable[[random.Random], Architecture],
    to: str,
    count: int,
) -> None:
    for seed in range(count):
        same_after_export(random_architecture(random.Random(seed)), to)


def test_a_network_whose_order_was_lost(same_after_export: Callable[..., None]) -> None:
    """Written to JSON and back, parallel branches alternate."""
    architecture = Architecture.from_dict(published("amoebanet-a", "odd", SHORT).to_dict())
    same_after_export(architecture, "python")


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_network_as_python(
    same_after_export: Callable[..., None], name: str, task: str
) -> None:
    same_after_export(published(name, task), "python")


@pytest.mark.slow
@pytest.mark.parametrize("to", ["pt2", "onnx"])
@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("amoebanet-a", "digits"),
        ("amoebanet-b", "oblong"),
        ("amoebanet-b", "odd"),
        ("amoebanet-c-paper", "cifar"),
        ("amoebanet-d", "odd"),
    ],
)
def test_published_networks(same_after_export: Callable[..., None], name: str, task: str, to: str) -> None:
    same_after_export(published(name, task), to)


@pytest.mark.slow
@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize(("seed", "task"), [(0, "digits"), (1, "cifar")])
def test_random_genomes(same_after_export: Callable[..., None], seed: int, task: str, to: str) -> None:
    genome = AmoebaGenome.random(SPACE, random.Random(seed))
    same_after_export(genome.decode(TASKS[task]), to)


@pytest.mark.slow
@pytest.mark.parametrize("to", ["pt2", "onnx"])
def test_many_random_networks(
    same_after_export: Callable[..., None],
    random_architecture: Callable[[random.Random], Architecture],
    to: str,
) -> None:
    for seed in range(100, 110):
        same_after_export(random_architecture(random.Random(seed)), to)
