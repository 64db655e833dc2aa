"""Climbing from a trained network, whatever it came from."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import evonas
from evonas.data import load_dataset
from evonas.refinement import of_individual


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = rng.integers(0, 120, (120, 8, 8, 3)) + 50 * y[:, None, None, None]
    path = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(path, x_train=x.astype(np.uint8), y_train=y, x_test=x[:9].astype(np.uint8), y_test=y[:9])
    return str(path)


SMALL = {"neighbours": 3, "morphisms": 1, "epochs": 1, "verify_morphisms": True, "kernels": "eager"}
SPACES = {
    "amoeba": {"cells": 1, "filters": 4, "combinations": 2, "stages": 2},
    "genet": {"nodes": [3], "filters": [4], "hidden": 8},
    "large-scale": {"max_channels": 8, "max_parameters": 2000},
    "hierarchical": {"groups": 1, "filters": 2, "nodes": [3, 3]},
}


@pytest.fixture(scope="module")
def runs(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for genome, space in SPACES.items():
        evonas.evolve(
            genome, images, budget=20 if genome == "large-scale" else 4, population=4, epochs=1, seed=1,
            strategy="tournament", config={"genome": space, "strategy": {"mutations": 3}},
            kernels="eager", run=folder / genome,
        )  # fmt: skip
    return folder


def rows(result):
    return [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]


@pytest.mark.parametrize("genome", list(SPACES))
def test_it_begins_with_what_was_given_and_never_gets_worse(genome, runs, tmp_path):
    run = evonas.load(runs / genome)
    kept = [run.individual(number) for number in sorted(run.journal.kept(), reverse=True)]
    # Large-scale Evolution's first individual has no place for a morphism.
    source = next(one for one in kept if "ReLU" in {one.architecture.layer(n).kind for n in one.architecture})
    result = evonas.refine(source, budget=7, run=tmp_path / "run", **SMALL)
    found = rows(result)
    assert found[0]["operator"] == "given"
    assert found[0]["fitness"] == pytest.approx(source.fitness, abs=0.05)  # measured again, in its precision
    assert found[0]["inherited"] == 1
    assert found[0]["lineage_epochs"] == source.candidate.result.lineage_epochs
    assert found[0]["parameters"] == source.architecture.parameter_count()
    assert result.best.fitness >= found[0]["fitness"]
    assert [row["status"] for row in found] == ["done"] * 7
    for row in found[1:4]:
        assert row["parents"] == [0]
        assert row["metric_accuracy_before"] == pytest.approx(found[0]["fitness"], abs=0.05)
    assert result.settings.genome == "graph"
    assert result.settings.dataset == evonas.load(runs / genome).settings.dataset


def test_it_goes_on_where_it_was(runs, tmp_path):
    whole = rows(evonas.refine(runs / "genet", budget=8, **SMALL))
    run = tmp_path / "run"
    evonas.refine(runs / "genet", budget=1, run=run, **SMALL)
    assert rows(evonas.resume(run, budget=8)) == whole


def test_an_individual_and_a_result_are_as_good_as_a_folder(runs):
    result = evonas.load(runs / "genet")
    sources = (result, result.best, runs / "genet")
    found = [rows(evonas.refine(source, budget=2, **SMALL)) for source in sources]
    assert found[0] == found[1] == found[2]
    other = evonas.refine(result.individual(1), budget=1, **SMALL)
    assert other.history is not None
    assert rows(other)[0]["parameters"] == result.individual(1).architecture.parameter_count()


def test_its_weights_are_those_of_the_individual(runs):
    given = of_individual(evonas.load(runs / "amoeba").best)
    best = evonas.load(runs / "amoeba").best
    assert all(torch.equal(tensor, best.weights()[name]) for name, tensor in given.weights.items())


class Trained(nn.Module):
    """A small residual network of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.inner = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = torch.relu(self.bn(self.stem(x)))
        x = torch.relu(x + self.inner(x))
        return self.head(x.mean((2, 3)))


@pytest.fixture
def model(images):
    """It has learnt from images between 0 and 1, as torchvision's ToTensor gives them."""
    torch.manual_seed(0)
    model = Trained()
    split = load_dataset(images).search_split()
    x = torch.from_numpy(split.x_train).permute(0, 3, 1, 2).float() / 255
    y = torch.from_numpy(split.y_train).long()
    optimiser = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(40):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimiser.step()
    return model.eval()


def accuracy(model, images):
    split = load_dataset(images).search_split()
    x = torch.from_numpy(split.x_val).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        return float((model(x).argmax(1) == torch.from_numpy(split.y_val)).float().mean())


def test_a_module_of_ones_own(model, images):
    known = accuracy(model, images)
    assert known > 0.8
    result = evonas.refine(model, images, images="unit", budget=5, precision="float32", **SMALL)
    found = rows(result)
    assert found[0]["fitness"] == pytest.approx(known, abs=0.05)
    assert result.best.fitness >= found[0]["fitness"]
    assert all(row["status"] == "done" for row in found)


class Twice(Trained):
    """One that calls a layer twice."""

    def forward(self, x):
        x = torch.relu(self.bn(self.stem(x)))
        for _ in range(2):
            x = torch.relu(x + self.inner(x))
        return self.head(x.mean((2, 3)))


@pytest.mark.filterwarnings("ignore:refine")
def test_a_module_that_calls_a_layer_twice(model, images, tmp_path):
    twice = Twice().eval()
    twice.load_state_dict(model.state_dict())
    choices = {**SMALL, "neighbours": 2, "morphisms": 2}
    run = tmp_path / "run"
    result = evonas.refine(twice, images, images="unit", budget=5, precision="float32", run=run, **choices)
    found = rows(result)
    assert found[0]["fitness"] == pytest.approx(accuracy(twice, images), abs=0.05)
    assert [row["status"] for row in found] == ["done"] * 5  # each computes what its parent did
    given = evonas.load(run).individual(0).architecture
    assert [given.layer(name).of for name in given if given.owner(name) != name] == ["inner"]
    assert any(given.key() != evonas.load(run).individual(number).architecture.key() for number in (1, 2))


def test_what_is_no_better_than_guessing_is_said(model, images):
    told = r"right on \d+\.\d% of the validation images, no better than guessing: is images .* It is 'bytes'"
    with pytest.warns(RuntimeWarning, match=told):
        evonas.refine(model, images, images="bytes", budget=2, precision="float32", **SMALL)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        evonas.refine(model, images, images="unit", budget=2, precision="float32", **SMALL)


def test_a_program_in_a_file(model, images, tmp_path):
    path = tmp_path / "model.pt2"
    batch = torch.export.Dim("batch")
    torch.export.save(
        torch.export.export(model, (torch.rand(4, 3, 8, 8),), dynamic_shapes={"x": {0: batch}}), path
    )
    result = evonas.refine(path, images, images="unit", budget=2, precision="float32", **SMALL)
    assert rows(result)[0]["fitness"] == pytest.approx(accuracy(model, images), abs=0.05)


def test_images_of_another_kind_are_refused(model, tmp_path):
    message = "expected 3-channel images in . classes, for which the network is, got 1-channel images in 10"
    with pytest.raises(evonas.UserError, match=message):
        evonas.refine(model, "digits", example=torch.rand(2, 3, 8, 8), run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"images": "float"}, "images 'float' is unknown; known: normalised, unit, bytes"),
        ({"inherit": "none"}, "inherit: refinement needs match, remap or morph, got 'none'"),
    ],
)
def test_bad_choices_are_refused(model, images, choices, message):
    with pytest.raises(evonas.UserError, match=message):
        evonas.refine(model, images, **choices)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"images": "float"}, "images 'float' is unknown; known: normalised, unit, bytes"),
        ({"images": "unit"}, "images: expected only with a model of your own, got 'unit' with a search's"),
        ({"example": torch.zeros(2, 3, 8, 8)}, "example: expected only with a model of your own, got one"),
    ],
)
def test_a_searchs_network_reads_what_its_search_did(runs, tmp_path, choices, message):
    with pytest.raises(evonas.UserError, match=message):
        evonas.refine(runs / "genet", run=tmp_path / "run", **choices)
    assert not (tmp_path / "run").exists()


def test_a_named_dataset_is_found_where_the_run_found_it(tmp_path, images, monkeypatch):
    (tmp_path / "kept-1.0.dist-info").mkdir()
    (tmp_path / "kept-1.0.dist-info" / "METADATA").write_text("Name: kept\nVersion: 1.0\n")
    (tmp_path / "kept-1.0.dist-info" / "entry_points.txt").write_text(
        "[evonas.datasets]\nkept-images = kept_images:load\n"
    )
    (tmp_path / "kept_images.py").write_text(
        "import numpy as np\nfrom evonas.data import ArraySource\n"
        "def load(data_dir, download):\n"
        "    found = np.load(data_dir / 'images.npz')\n"
        "    return ArraySource(found['x_train'], found['y_train'])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    evonas.evolve(
        "genet", "kept-images", data_dir=Path(images).parent, budget=2, population=2, epochs=1,
        config={"genome": SPACES["genet"]}, run=tmp_path / "run",
    )  # fmt: skip
    assert len(rows(evonas.refine(tmp_path / "run", budget=2, **SMALL))) == 2


def test_a_run_without_images_cannot_be_refined(tmp_path):
    result = evonas.evolve("genet", evaluate=lambda genome, rng: sum(genome), needs="genome", budget=3)
    with pytest.raises(evonas.UserError, match="weights were not kept|no task|no images"):
        evonas.refine(result)
