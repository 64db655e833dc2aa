"""The published cells have the sizes that their papers say."""

import pytest
from evonas.genomes.darts import DartsGenome, DartsSpace

from evonas.task import Task

CIFAR10 = Task(3, 32, 32, 10)
IMAGENET = Task(3, 224, 224, 1000)


def of(name: str, space: DartsSpace | None = None) -> DartsGenome:
    return DartsGenome.from_dict(DartsGenome.published()[name], space or DartsSpace())


def test_darts_v2_has_exactly_the_parameters_of_the_authors_network() -> None:
    assert of("darts-v2").decode(CIFAR10).parameter_count() == 3_349_342


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("darts-v2", 3.3),
        ("p-darts", 3.4),
        ("pc-darts-cifar10", 3.6),
        ("gdas-v1", 3.4),
        ("snas-moderate", 2.8),
        ("sgas-1", 3.80),
        ("sgas-2", 4.09),
    ],
)
def test_the_sizes_of_the_papers(name: str, millions: float) -> None:
    assert of(name).decode(CIFAR10).parameter_count() / 1e6 == pytest.approx(millions, abs=0.05)


def test_on_imagenet() -> None:
    """Table 3 of the paper: 4.7 million parameters."""
    net = of("darts-v2", DartsSpace(cells=14, filters=48)).decode(IMAGENET)
    assert net.parameter_count() / 1e6 == pytest.approx(4.7, abs=0.05)


def test_each_once() -> None:
    keys = {of(name).key() for name in DartsGenome.published()}
    assert len(keys) == len(DartsGenome.published()) == 10
