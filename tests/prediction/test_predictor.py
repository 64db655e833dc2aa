"""Networks take images of one's own for what they took them for when they were tested."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import evonas
from evonas.data import Pixels, load_dataset
from evonas.errors import UserError
from evonas.prediction import Predictor, open_exported
from evonas.results import SearchResult, Trained, load_trained, predictor_in, save_trained


def expected(final: Trained, shapes: Path) -> np.ndarray:
    """Probabilities of the test images, by the dataset's own way to them."""
    test = load_dataset(str(shapes), background="white").test()
    images = torch.from_numpy(test.x).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        return final.deployable().network()(images).softmax(1).numpy()


def test_a_run_says_of_its_test_images_what_its_final_training_said(
    run: SearchResult, final: Trained, shapes: Path
) -> None:
    found = run.predict(str(shapes), test_part=True)
    assert found.accuracy == final.report["test_accuracy"] and len(found) == final.report["test_images"] == 8
    assert 0.5 < found.accuracy
    np.testing.assert_allclose(found.probabilities, expected(final, shapes), atol=1e-5)
    assert found.classes == ("bars", "dots") and found.seen == 0


@pytest.mark.parametrize("ending", ["py", "pt2", "onnx"])
def test_an_export_says_the_same(
    ending: str, exported: Callable[[str], Path], final: Trained, shapes: Path
) -> None:
    found = open_exported(exported(ending)).predict(shapes, test_part=True)
    assert found.accuracy == final.report["test_accuracy"]
    np.testing.assert_allclose(found.probabilities, expected(final, shapes), atol=1e-5)
    assert found.classes == ("bars", "dots") and found.seen is None


@pytest.mark.parametrize("ending", ["py", "pt2", "onnx"])
def test_an_export_knows_how_images_are_read(
    ending: str, exported: Callable[[str], Path], run: SearchResult, final: Trained, shapes: Path
) -> None:
    predictor = open_exported(exported(ending))
    assert predictor.wanted.pixels == Pixels("8 bits", "white") and predictor.wanted.shape == (8, 8, 3)
    assert predictor.statistics == final.statistics
    files = sorted((shapes / "dots").iterdir())[:3]
    alone = np.concatenate([predictor.predict(file).probabilities for file in files])
    np.testing.assert_allclose(alone, run.predict(shapes / "dots").probabilities[:3], atol=1e-5)


def test_the_background_and_the_size_matter(run: SearchResult, final: Trained, shapes: Path) -> None:
    """So the tests above would notice if either was forgotten."""
    found = run.predict(shapes)
    assert set(found.said) == {"14 resized to 8×8", "40 put on white"}
    black = replace(final, pixels=Pixels("8 bits", "black")).predict(shapes)
    assert np.abs(found.probabilities - black.probabilities).max() > 1e-3


def test_images_that_the_search_has_seen_are_counted(run: SearchResult, shapes: Path) -> None:
    found = run.predict(shapes)
    assert (len(found), found.seen) == (40, 32)


def test_a_candidate_or_the_best_of_the_search_can_be_asked_for(
    run: SearchResult, searched: Path, shapes: Path
) -> None:
    by_search = run.predict(shapes, weights="search").probabilities
    np.testing.assert_array_equal(evonas.load(searched).predict(shapes).probabilities, by_search)
    np.testing.assert_array_equal(run.best.predict(shapes).probabilities, by_search)
    other = run.individual(1 - run.best.id).predict(shapes).probabilities
    assert np.abs(other - by_search).max() > 1e-4
    assert np.abs(run.predict(shapes).probabilities - by_search).max() > 1e-4
    with pytest.raises(UserError, match="expected only with weights of the search"):
        run.predict(shapes, weights="final", number=0)
    with pytest.raises(UserError, match="expected a trained network in .*final, got none"):
        evonas.load(searched).predict(shapes, weights="final")


def test_arrays_and_batches(final: Trained, shapes: Path) -> None:
    test = load_dataset(str(shapes), background="white").test()
    names = [("bars", "dots")[label] for label in test.y]
    found = final.predict(test.x, names)
    assert found.accuracy == final.report["test_accuracy"]
    by_threes = final.predict(test.x, test.y, batch_size=3)
    np.testing.assert_allclose(by_threes.probabilities, found.probabilities, atol=1e-6)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, rtol=1e-6)
    with pytest.raises(UserError, match="batch_size: expected a whole number of at least 1, got 0"):
        final.predict(test.x, batch_size=0)
    with pytest.raises(UserError, match=r"device: expected auto, cpu, cuda or cuda:N, got 'gpu'"):
        final.predict(test.x, device="gpu")


def test_values_in_other_units_are_noticed(final: Trained) -> None:
    images = np.random.default_rng(0).random((4, 8, 8, 3), np.float32)
    taken = replace(final, pixels=Pixels(""))
    assert "are they in the same units?" in taken.predict(images).said[0]
    assert taken.predict(images * 255).said == ()


def test_a_network_from_before_it_was_noted_takes_what_its_run_knows(
    trained: Path, final: Trained, shapes: Path, tmp_path: Path
) -> None:
    import shutil

    run = tmp_path / "run"
    shutil.copytree(trained, run)
    path = run / "final" / "final.json"
    noted = json.loads(path.read_text(encoding="utf-8"))
    assert noted.pop("pixels") == {"depth": "8 bits", "background": "white"}
    path.write_text(json.dumps(noted), encoding="utf-8")
    assert load_trained(run / "final").pixels is None
    found = evonas.load(run).predict(shapes, test_part=True)
    assert found.accuracy == final.report["test_accuracy"]
    alone = predictor_in(run / "final").predict(shapes / "bars")
    assert any("does not say how its images were read: 8 bits are assumed" in line for line in alone.said)
    path.write_text(json.dumps({**noted, "pixels": {"depth": "9 bits", "background": ""}}), encoding="utf-8")
    with pytest.raises(UserError, match=r"final\.json: the file is damaged: pixels: expected a depth of"):
        load_trained(run / "final")


def test_a_run_from_before_it_was_noted_knows_its_bytes(run: SearchResult) -> None:
    notes = {key: value for key, value in run.images.notes.items() if key != "pixels"}
    assert replace(run.images, notes=notes).pixels == Pixels("8 bits", "white") == run.images.pixels


def test_outputs_that_are_no_logits_are_refused(final: Trained) -> None:
    predictor = Predictor.of(final.deployable(), "it", "cpu")
    wrong = replace(predictor, outputs=lambda images: np.zeros((len(images), 3), np.float32))
    with pytest.raises(UserError, match=r"it: expected a number for each of 2 classes and 1 images, got"):
        wrong.predict(np.zeros((8, 8, 3), np.uint8))


def test_16_bits_keep_their_scale(tmp_path: Path) -> None:
    """Predicted from files as the test images were, which no cut to 8 bits would give."""
    rng = np.random.default_rng(0)
    for number in range(24):
        low = 200 if number % 2 else 0  # of 16 bits: the upper 8 are the same
        path = tmp_path / "deep" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((low + rng.integers(0, 40, (8, 8))).astype(np.uint16)).save(path)
    plan = {"training": {"batch_size": 8}}
    run = tmp_path / "run"
    deep = str(tmp_path / "deep")
    result = evonas.evolve(
        "genet", deep, budget=1, population=1, epochs=12, config=plan, run=run, device="cpu"
    )
    found = result.predict(deep)
    assert result.images.pixels == Pixels("16 bits") and found.accuracy is not None and found.accuracy > 0.9
    save_trained(
        Trained(
            result.best.genome,
            result.known_task(),
            result.known_statistics(),
            result.classes,
            result.best.weights(),
            {},
            result.images.pixels,
        ),
        tmp_path / "kept",
    )
    assert load_trained(tmp_path / "kept").predict(deep).predicted == found.predicted


def test_images_whose_outputs_are_not_finite_are_refused(final: Trained) -> None:
    predictor = Predictor.of(final.deployable(), "it", "cpu")
    lost = replace(predictor, outputs=lambda images: np.full((len(images), 2), np.nan, np.float32))
    with pytest.raises(UserError, match="got NaN or infinite ones for 2 of 2 images, whose values reach 7"):
        lost.predict(np.full((2, 8, 8, 3), 7, np.uint8))
