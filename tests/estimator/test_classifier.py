"""The classifier on pictures, and what else scikit-learn's checks do not try."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import evonas
from evonas import EvolvedClassifier
from evonas.estimator.classifier import EvolvedClassifier as SameClassifier
from evonas.network.export import export


def test_it_is_found_at_the_top() -> None:
    assert evonas.EvolvedClassifier is SameClassifier


def test_it_learns_digits_from_flat_rows(quick: EvolvedClassifier) -> None:
    x, y = load_digits(return_X_y=True)
    names = np.array("nought one two three four five six seven eight nine".split())[y]
    quick.set_params(final_epochs=8).fit(x[:600], names[:600])
    assert quick.score(x[600:900], names[600:900]) > 0.8
    assert quick.classes_.tolist() == sorted(set(names))
    assert quick.n_features_in_ == 64 and quick.image_shape_ == (8, 8, 1)


def test_images_of_any_axes_are_the_same(
    fitted: EvolvedClassifier, quick: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray]
) -> None:
    x, y = colours
    expected = fitted.predict_proba(x)
    assert fitted.classes_.tolist() == [-7, 3, 40] and fitted.n_features_in_ == 144
    assert fitted.score(x, y) > 0.9
    other_forms = [
        x.transpose(0, 3, 1, 2),
        x.reshape(60, -1),
        x.astype(np.float32),
        x.reshape(60, -1).tolist(),
    ]
    for form in other_forms:
        assert np.array_equal(fitted.predict_proba(form), expected)
    for form in (x.transpose(0, 3, 1, 2), x.reshape(60, -1)):
        again = clone(quick).set_params(image_shape=(8, 6, 3)).fit(form, y)
        assert np.array_equal(again.predict_proba(x), expected)


def test_grey_images_need_no_axis_of_channels(
    quick: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray]
) -> None:
    x, y = colours[0][..., 0], colours[1]
    quick.fit(x, y)
    assert quick.image_shape_ == (8, 6, 1)
    assert np.array_equal(quick.predict(x), quick.predict(x[..., None]))
    with pytest.raises(
        ValueError, match=r"^X: expected images of 8×6 pixels and 1 channels .*\(60, 6, 8, 1\)"
    ):
        quick.predict(x.transpose(0, 2, 1))
    with pytest.raises(ValueError, match="X has 47 features, but EvolvedClassifier is expecting 48 features"):
        quick.predict(x.reshape(60, -1)[:, 1:])


@pytest.mark.parametrize("unit", [1e-200, 1e7])
def test_units_and_offsets_of_pixels_do_not_matter(
    unit: float, fitted: EvolvedClassifier, quick: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray]
) -> None:
    x, y = unit * (colours[0] + 1e5), colours[1]
    assert quick.fit(x, y).score(x, y) > 0.9
    quick.network_  # noqa: B018 - it can be made


def test_the_network_reads_images_as_they_came(
    fitted: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    images = torch.from_numpy(colours[0].transpose(0, 3, 1, 2).copy()).float()
    with torch.no_grad():
        logits = fitted.network_(images)
    np.testing.assert_allclose(logits.softmax(1).numpy(), fitted.predict_proba(colours[0]), atol=1e-4)
    assert not fitted.network_.training and fitted.network_ is not fitted.network_
    assert fitted.architecture_.shape(fitted.architecture_.input) == (3, 8, 6)
    assert fitted.architecture_.shape(fitted.architecture_.output) == (3,)
    assert fitted.deployable_.classes == ("-7", "3", "40")
    assert export(fitted.deployable_, "python", tmp_path / "net_of_colours.py")


def test_order_and_company_do_not_change_a_prediction(
    fitted: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray]
) -> None:
    x = np.concatenate([colours[0]] * 3)  # more than one batch
    expected = fitted.predict_proba(x)
    assert expected.dtype == np.float64
    np.testing.assert_allclose(fitted.predict_proba(x[::-1])[::-1], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(fitted.predict_proba(x[5:6]), expected[5:6], rtol=0, atol=1e-12)


def test_its_run_is_there(fitted: EvolvedClassifier) -> None:
    assert len(fitted.history_) == 2 and {"id", "fitness", "operator"} <= set(fitted.history_[0])
    run = fitted.run_
    assert run.folder is None and run.settings.budget == 2 and run.settings.seed == 0
    assert run.best.fitness == max(row["fitness"] for row in fitted.history_)
    assert run.settings.for_task(run.known_task()).space["filters"] == [8, 8, 8]


def test_a_pickle_needs_no_run(fitted: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray]) -> None:
    expected = fitted.predict_proba(colours[0])
    pickled = pickle.dumps(fitted)
    assert len(pickled) < 200_000
    for copied in (pickle.loads(pickled), copy.deepcopy(fitted)):  # noqa: S301 - it is our own
        assert np.array_equal(copied.predict_proba(colours[0]), expected)
        assert copied.history_ == fitted.history_
        assert copied.architecture_ == fitted.architecture_
        with pytest.raises(AttributeError, match=r"^run_: it was kept in memory"):
            copied.run_  # noqa: B018
    assert fitted.run_.best.fitness


def test_a_run_that_is_kept_goes_on(
    quick: EvolvedClassifier,
    fitted: EvolvedClassifier,
    colours: tuple[np.ndarray, np.ndarray],
    tmp_path: Path,
) -> None:
    quick.set_params(run=tmp_path / "runs").fit(*colours)
    assert np.array_equal(quick.predict_proba(colours[0]), fitted.predict_proba(colours[0]))
    folder = tmp_path / "runs" / "fit-1"
    assert quick.run_.folder == folder
    pickled = pickle.dumps(quick)
    assert pickle.loads(pickled).run_.best.id == quick.run_.best.id  # noqa: S301 - it is our own
    assert evonas.load(folder).journal.meta()["images"].endswith("0 kept for the test")
    (tmp_path / "runs").rename(tmp_path / "moved")
    moved = tmp_path / "moved" / "fit-1"
    with pytest.warns(RuntimeWarning, match="its images are not, or not as they were"):
        resumed = evonas.resume(moved, budget=3)
    assert len(resumed.history) == 3
    expected = quick.predict_proba(colours[0])
    assert np.array_equal(pickle.loads(pickled).predict_proba(colours[0]), expected)  # noqa: S301
    quick.set_params(run=tmp_path / "moved")
    with pytest.raises(ValueError, match="^budget: "):
        clone(quick).set_params(budget=0).fit(*colours)
    assert sorted(path.name for path in (tmp_path / "moved").iterdir()) == ["fit-1", "fit-1.npz"]
    quick.fit(*colours)
    assert quick.run_.folder == tmp_path / "moved" / "fit-2"


def test_parameters_and_the_same_seed(
    quick: EvolvedClassifier, fitted: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray]
) -> None:
    before, threads = repr(quick.get_params()), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        quick.fit(*colours).fit(*colours)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert repr(quick.get_params()) == before
    assert np.array_equal(quick.predict_proba(colours[0]), fitted.predict_proba(colours[0]))
    other = clone(quick).set_params(random_state=1).fit(*colours)
    assert not np.array_equal(other.predict_proba(colours[0]), quick.predict_proba(colours[0]))
    drawn = [
        clone(quick).set_params(random_state=np.random.RandomState(5)).fit(*colours).predict_proba(colours[0])
        for _ in range(2)
    ]
    assert np.array_equal(*drawn)


@pytest.mark.parametrize("genome", ["amoeba", "darts", "genet", "hierarchical", "large-scale", "nasbench201"])
def test_every_genome_takes_a_few_columns(genome: str) -> None:
    """Rows of a table become images that it can halve as often as it wants to."""
    y = np.arange(24) % 2
    x = np.random.default_rng(0).normal(size=(24, 5)) + 3 * y[:, None]
    classifier = EvolvedClassifier(genome, budget=1, epochs=1, final_epochs=0, random_state=0).fit(x, y)
    assert classifier.image_shape_ == (8, 8, 1)
    assert classifier.predict_proba(x).shape == (24, 2)
    assert classifier.run_.settings.plan.batch_size == 4 and classifier.run_.settings.plan.crop == 0


def test_in_a_pipeline_a_search_over_parameters_and_folds(quick: EvolvedClassifier) -> None:
    y = np.arange(60) % 2
    x = np.random.default_rng(0).normal(size=(60, 16)) + y[:, None]
    pipeline = make_pipeline(StandardScaler(), quick.set_params(epochs=2, final_epochs=0))
    assert cross_val_score(pipeline, x, y, cv=2).mean() > 0.7
    grid = GridSearchCV(pipeline, {"evolvedclassifier__budget": np.arange(1, 3)}, cv=2).fit(x, y)
    assert grid.best_params_["evolvedclassifier__budget"] in (1, 2)


def test_one_class_is_refused_and_one_sample_of_a_class_is_not(
    quick: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray]
) -> None:
    x, y = colours
    with pytest.raises(
        ValueError, match=r"^y: expected labels of at least two classes, got one class, 'only'$"
    ):
        quick.fit(x, ["only"] * len(x))
    y = np.where(np.arange(60) == 7, 99, np.where(y == 40, 40, 3))
    quick.fit(x, y)
    assert quick.classes_.tolist() == [3, 40, 99]
    assert quick.fit(x[:2], [0.0, 1.0]).predict(x[:2]).dtype == np.float64


def test_before_it_is_fitted(quick: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(NotFittedError):
        quick.predict(colours[0])
    for name in ("network_", "architecture_", "deployable_", "run_"):
        assert not hasattr(quick, name)
        with pytest.raises(
            NotFittedError, match=f"^{name}: this EvolvedClassifier instance is not fitted yet"
        ):
            getattr(quick, name)
    with pytest.raises(ValueError, match="budget"):
        quick.set_params(budget=0).fit(*colours)
    with pytest.raises(NotFittedError):
        quick.predict(colours[0])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"genome": "ameba"}, "'ameba'.*did you mean 'amoeba'"),
        ({"strategy": "agin"}, "'agin'.*did you mean 'aging'"),
        ({"budget": "many"}, "^budget: expected a whole number of at least 1, got 'many'"),
        ({"max_seconds": -1}, "^max_seconds: expected seconds of at least 0, got -1"),
        ({"epochs": 0}, "^training epochs: expected"),
        ({"final_epochs": -1}, "^final_epochs: expected a whole number of at least 0, got -1"),
        ({"max_parameters": 0}, "^max_parameters: expected"),
        ({"max_parameters": 10}, "no candidate was evaluated with success yet.*parameters"),
        ({"workers": -1}, "^workers: expected a whole number of at least 0 or auto, got -1"),
        ({"validation_fraction": 1}, "^validation_fraction: expected a number between 0 and 1"),
        ({"image_shape": (3, 3)}, r"^X: expected images of 3×3 pixels and 1 channels"),
        ({"run": 3}, "^run: expected a folder, got 3"),
        ({"settings": {1: 1}}, "^settings: expected names of arguments, got 1"),
        ({"settings": {"config": 3}}, "^config: expected tables or a file, got 3"),
        ({"settings": {"config": {"final": {"batch_size": "x"}}}}, "batch_size: expected"),
        ({"settings": 3}, "^settings: expected a mapping by argument's name, got 3"),
        (
            {"settings": {"seed": 3}},
            "^settings: 'seed' is a parameter of the classifier itself, random_state",
        ),
        ({"settings": {"dataset": "digits"}}, "^settings: 'dataset' has no place here, for the images are X"),
        ({"settings": {"evaluate": len}}, "^settings: 'evaluate' has no place here, for fitness comes from"),
        ({"settings": {"neighbors": 3}}, "'neighbors'.*did you mean 'neighbours'"),
        ({"settings": {"config": {"train": {}}}}, "'train'.*did you mean 'training'"),
        ({"settings": {"config": {"training": {"learning_rate": 1e30}}}}, "no candidate was evaluated"),
        (
            {"settings": {"config": {"final": {"learning_rate": 1e30}}}},
            "^final_epochs: the training loss was",
        ),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(
    parameters: dict[str, Any],
    message: str,
    quick: EvolvedClassifier,
    colours: tuple[np.ndarray, np.ndarray],
) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        quick.set_params(**parameters).fit(*colours)
    assert "\n" not in str(raised.value)


def test_a_recipe_of_ones_own_goes_before_what_suits_few_images(
    quick: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[genome]\nfilters = [8, 8, 8]\n\n[training]\nbatch_size = 30\n", encoding="utf-8")
    quick.set_params(settings={"config": path}, final_epochs=0).fit(*colours)
    assert quick.run_.settings.plan.batch_size == 30
    quick.set_params(settings={"config": {"genome": {"filters": [8, 8, 8]}}}).fit(*colours)
    assert quick.run_.settings.plan.batch_size == 6


def test_it_says_what_it_does_where_that_is_asked_for(
    quick: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    heard = []
    quick.fit(*colours)
    assert capsys.readouterr().out == ""
    quick.set_params(verbose=2, settings={**quick.settings, "watch": heard.append}).fit(*colours)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["candidate 0", "candidate 1"] + 2 * [
        "final training"
    ]
    assert lines[-1] == "final training: epoch 2 of 2" and len(heard) == 2


@pytest.mark.slow
def test_workers_change_nothing(
    quick: EvolvedClassifier, fitted: EvolvedClassifier, colours: tuple[np.ndarray, np.ndarray]
) -> None:
    quick.set_params(workers=1).fit(*colours)
    assert np.array_equal(quick.predict_proba(colours[0]), fitted.predict_proba(colours[0]))


def test_a_run_in_a_relative_folder_is_found_from_elsewhere(
    quick: EvolvedClassifier,
    colours: tuple[np.ndarray, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    pickled = pickle.dumps(quick.set_params(run="runs", validation_fraction=np.float32(0.25)).fit(*colours))
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert pickle.loads(pickled).run_.folder == tmp_path / "runs" / "fit-1"  # noqa: S301 - it is our own
