import json
import random
import re

import numpy as np
import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace

from evonas.data import load_dataset
from evonas.errors import UserError
from evonas.results import final, said_of_test
from evonas.training.device import Compute
from evonas.training.plan import Plan
from evonas.training.trainer import DivergenceError

PLAN = Plan(epochs=3, batch_size=20, learning_rate=0.05)


def write_images(path, test=True):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = (rng.integers(0, 120, (90, 8, 8, 3)) + 60 * y[:, None, None, None]).astype(np.uint8)
    rest = (
        {"x_test": x[60:], "y_test": y[60:]}
        if test
        else {"x_test": np.full(7, np.nan), "y_test": np.array("no")}
    )
    np.savez(path, x_train=x[:60], y_train=y[:60], classes=np.array(["dark", "grey", "light"]), **rest)
    return load_dataset(str(path))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp("data") / "images.npz")


@pytest.fixture(scope="module")
def genome():
    return AmoebaGenome.random(AmoebaSpace(cells=1, filters=4, combinations=2, stages=2), random.Random(0))


@pytest.fixture(scope="module")
def trained(genome, dataset):
    return final.train_finally(genome, dataset, PLAN, Compute(), seed=5)


@pytest.fixture
def folder(trained, tmp_path):
    return final.save_trained(trained, tmp_path / "final")


def test_all_but_the_test_images_are_trained_on_and_these_are_tested(trained, dataset):
    report = trained.report
    assert (report["training_images"], report["test_images"], report["seed"]) == (60, 30, 5)
    assert len(report["training_loss"]) == 3
    assert report["plan"] == PLAN.to_dict()
    assert trained.statistics == dataset.statistics()
    images = dataset.test()
    network = trained.deployable().network()
    with torch.inference_mode():
        guessed = network(torch.from_numpy(images.x).permute(0, 3, 1, 2).float()).argmax(1).numpy()
    assert (guessed == images.y).mean() == pytest.approx(report["test_accuracy"], abs=1 / 30)
    assert trained.deployable().classes == ("dark", "grey", "light")


def test_a_mistake_in_the_test_part_costs_no_training(genome, tmp_path):
    dataset = write_images(tmp_path / "images.npz", test=False)
    epochs = []
    with pytest.raises(UserError, match="x_test"):
        final.train_finally(genome, dataset, PLAN, Compute(), watch=lambda *epoch: epochs.append(epoch))
    assert not epochs


def test_a_training_is_tested_on_the_images_of_its_beginning(genome, tmp_path):
    """Whatever becomes of the file meanwhile; the test images have no influence on the training."""
    dataset = write_images(tmp_path / "images.npz")
    expected = final.train_finally(genome, dataset, PLAN, Compute(), seed=5)

    def lost(epoch, epochs):
        (tmp_path / "images.npz").unlink(missing_ok=True)

    found = final.train_finally(genome, dataset, PLAN, Compute(), seed=5, watch=lost)
    assert found.report["test_loss"] == expected.report["test_loss"]


def test_test_images_that_are_trained_on_are_counted(genome, tmp_path):
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 256, (30, 8, 8, 3)).astype(np.uint8), np.arange(30) % 3
    test = np.concatenate([x[:4], 255 - x[4:12]])
    np.savez(tmp_path / "images.npz", x_train=x, y_train=y, x_test=test, y_test=y[:12])
    dataset = load_dataset(str(tmp_path / "images.npz"))
    report = final.train_finally(genome, dataset, PLAN, Compute()).report
    assert (report["test_images"], report["test_images_seen"], report["test_images_left_out"]) == (12, 4, 0)
    words = "careful: 4 of these 12 test images are equal to some that were trained or validated on"
    assert said_of_test(report) == words


def test_a_dataset_without_test_images_is_refused_before_training(genome, tmp_path):
    x = np.random.default_rng(0).integers(0, 255, (20, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "images.npz", x_train=x, y_train=np.arange(20) % 2, without_test=True)
    watched = []
    with pytest.raises(UserError, match="expected test images, got a dataset that has none"):
        final.train_finally(
            genome,
            load_dataset(str(tmp_path / "images.npz")),
            PLAN,
            Compute(),
            watch=lambda *epoch: watched.append(epoch),
        )
    assert watched == []


def test_a_seed_means_the_same_network(trained, genome, dataset):
    again, other = (final.train_finally(genome, dataset, PLAN, Compute(), seed=seed) for seed in (5, 6))
    assert all(torch.equal(trained.weights[name], again.weights[name]) for name in trained.weights)
    assert trained.report["test_loss"] == again.report["test_loss"] != other.report["test_loss"]


def test_divergence_is_said(genome, dataset):
    plan = PLAN.changed({"learning_rate": 1e30, "gradient_clip": 0.0})
    with pytest.raises(DivergenceError, match="the training loss was"):
        final.train_finally(genome, dataset, plan, Compute())


def test_images_too_small_are_refused_before_training(dataset):
    genome = AmoebaGenome.random(AmoebaSpace(stages=5), random.Random(0))
    with pytest.raises(UserError, match="need at least 16×16 pixels, got 8×8"):
        final.train_finally(genome, dataset, PLAN, Compute())


def test_what_was_saved_is_loaded(trained, folder):
    again = final.load_trained(folder)
    assert again.genome == trained.genome
    assert (again.task, again.classes, again.statistics) == (
        trained.task,
        trained.classes,
        trained.statistics,
    )
    assert again.report == json.loads(json.dumps(trained.report))
    assert all(torch.equal(again.weights[name], trained.weights[name]) for name in trained.weights)
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".safetensors"]


def test_a_second_training_takes_the_firsts_place(trained, folder):
    before = {path.name for path in folder.iterdir()}
    final.save_trained(trained, folder)
    after = {path.name for path in folder.iterdir()}
    assert len(after) == 2
    assert after != before, "the old weights stayed until the new ones were described"
    assert final.load_trained(folder).genome == trained.genome


def test_a_kill_before_the_description_leaves_the_first(trained, folder):
    before = (folder / final.DESCRIPTION).read_text()
    from evonas.run.weights import FolderStore

    FolderStore(folder).save(1, {"x.weight": torch.ones(2)})
    (folder / f"{final.DESCRIPTION}.tmp").write_text("{half")
    assert final.load_trained(folder).report == json.loads(before)["report"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], r"final\.json: the file is damaged: "),
        (lambda text: "", r"final\.json: the file is damaged: "),
        (lambda text: "[]", r"final\.json: expected a description of format 1"),
        (
            lambda text: text.replace('"format": 1', '"format": 2'),
            r"final\.json: expected a description of format 1",
        ),
        (lambda text: text.replace('"task"', '"tusk"'), r"final\.json: the file is damaged: 'task'"),
        (lambda text: text.replace('"amoeba"', '"ameba"'), "genome 'ameba' is unknown"),
        (
            lambda text: re.sub('"space": {[^}]*}', '"space": ["cells"]', text),
            "damaged: space: expected an object",
        ),
        (lambda text: text.replace("000000.", "../0."), "is not a plain file name"),
        *(
            (
                lambda text, change=change: json.dumps(json.loads(text) | change),
                rf"final\.json: the file is damaged: {words}",
            )
            for change, words in (
                ({"report": None}, "report: expected an object, got None"),
                ({"report": {"test_accuracy": "0.9"}}, "test_accuracy: expected a finite number, got '0.9'"),
                ({"report": {"test_accuracy": None}}, "test_accuracy: expected a finite number, got None"),
                ({"classes": "0123"}, "classes: expected a list, got '0123'"),
                ({"classes": [["a"], ["b"]]}, r"classes: expected a text, got \['a'\]"),
                ({"statistics": [[0.5], ["b"]]}, "statistics: expected a finite number, got 'b'"),
                ({"statistics": [[0.5], [0.0]]}, "statistics: expected (two numbers for each|deviations)"),
            )
        ),
    ],
)
def test_a_damaged_description(folder, damage, message):
    path = folder / final.DESCRIPTION
    path.write_text(damage(path.read_text()))
    with pytest.raises(UserError, match=message):
        final.load_trained(folder)


def test_damaged_or_missing_weights(folder):
    (path,) = folder.glob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"weights .*safetensors: the file is damaged"):
        final.load_trained(folder)
    path.unlink()
    with pytest.raises(UserError, match=r"weights .*safetensors: cannot be read"):
        final.load_trained(folder)


def test_nothing_there(tmp_path, trained):
    with pytest.raises(UserError, match=r"final\.json: cannot be read: No such file"):
        final.load_trained(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        final.save_trained(trained, tmp_path / "file")
