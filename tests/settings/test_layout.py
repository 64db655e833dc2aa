"""What folders are is a setting that a run keeps; runs that did not note it go on as they began."""

import shutil

import numpy as np
import pytest
from PIL import Image

import evonas
from evonas.errors import UserError
from evonas.settings import Settings, open_run

SEARCH = {"genome": "genet", "needs": "architecture", "population": 1, "workers": None}


def size(architecture, rng):
    return architecture.parameter_count()


@pytest.fixture
def pictures(tmp_path):
    """Folders with six images of each class: pictures("bus", "train")."""

    def make(*names):
        for name in names:
            (tmp_path / "pictures" / name).mkdir(parents=True)
            for number in range(6):
                pixels = np.full((8, 8), 20 * number, np.uint8)
                Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
        return str(tmp_path / "pictures")

    return make


def forget_layout(run):
    """Makes a run's journal one of before layouts were noted."""
    with open_run(run, write=True) as opened:
        settings = opened.settings.to_dict()
        assert settings.pop("layout")
        opened.journal.note("settings", settings)


def test_a_run_keeps_what_was_said_and_goes_on_with_it(pictures, tmp_path):
    name, run = pictures("bus", "train"), tmp_path / "run"
    with pytest.raises(UserError, match=r"a sub-folder for each class in train/, .* say --layout classes"):
        evonas.evolve(dataset=name, evaluate=size, budget=1, **SEARCH)
    found = evonas.evolve(dataset=name, evaluate=size, budget=1, run=run, layout="classes", **SEARCH)
    assert found.classes == ("bus", "train") and found.settings.layout == "classes"
    went_on = evonas.resume(run, budget=2, evaluate=size, needs="architecture")
    assert len(went_on.history) == 2 and went_on.settings.layout == "classes"


def test_a_recipe_may_say_it(pictures):
    config = {"search": {"dataset": pictures("OK", "NG", "test"), "layout": "classes"}}
    assert evonas.evolve(config=config, evaluate=size, budget=1, **SEARCH).classes == ("NG", "OK", "test")


@pytest.mark.parametrize(
    "names", [("OK", "NG", "test"), ("bus", "train"), ("train/a", "train/b", "Test/a", "Test/b")]
)
def test_a_run_that_noted_no_layout_goes_on_as_it_began(pictures, tmp_path, names):
    name, run = pictures(*names), tmp_path / "run"
    began = evonas.evolve(dataset=name, evaluate=size, budget=1, run=run, layout="before", **SEARCH)
    classes, images = began.classes, began.journal.meta()["dataset"]
    began.journal.close()
    forget_layout(run)
    went_on = evonas.resume(run, budget=2, evaluate=size, needs="architecture")
    assert went_on.settings.layout == "before" and len(went_on.history) == 2
    assert (went_on.classes, went_on.journal.meta()["dataset"]) == (classes, images)


def test_images_that_another_layout_makes_others_are_noticed(pictures, tmp_path):
    name, run = pictures("train/a", "train/b"), tmp_path / "run"
    evonas.evolve(dataset=name, evaluate=size, budget=1, run=run, **SEARCH).journal.close()
    shutil.copytree(tmp_path / "pictures" / "train", tmp_path / "pictures" / "Val")
    with pytest.raises(UserError, match="its training images are not those that the run began with"):
        evonas.resume(run, budget=2, evaluate=size, needs="architecture")


def test_settings_of_before_say_before():
    noted = evonas.evolve(
        "genet", evaluate=lambda genome, rng: 1.0, needs="genome", budget=1
    ).settings.to_dict()
    assert noted.pop("layout") == "auto"
    assert Settings.from_dict(noted).layout == "before"


@pytest.mark.parametrize(
    ("layout", "message"), [("clases", "did you mean 'classes'?"), (3, "expected a text, got 3")]
)
def test_what_is_no_layout_is_refused(pictures, layout, message):
    with pytest.raises(UserError, match=rf"layout.*{message.replace('?', '.')}"):
        evonas.evolve(dataset=pictures("a", "b"), evaluate=size, budget=1, layout=layout, **SEARCH)


def test_a_layout_is_for_folders():
    with pytest.raises(
        UserError, match="layout: expected 'classes' only with a folder of images, got it with"
    ):
        evonas.evolve(dataset="digits", evaluate=size, budget=1, layout="classes", **SEARCH)
