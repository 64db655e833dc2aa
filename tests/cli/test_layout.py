"""`--layout`, and what a search says of parts of its own."""

import json

import numpy as np
import pytest
from PIL import Image

WORDS = ["--genome", "genet", "--budget", 1, "--population", 1, "--epochs", 1, "--workers", 0]


@pytest.fixture
def pictures(tmp_path):
    """Folders with eight images of each class, light ones and dark ones: pictures("bus", "train")."""
    rng = np.random.default_rng(0)

    def make(*names, dtype=np.uint8, scale=1):
        for name in names:
            (tmp_path / "pictures" / name).mkdir(parents=True)
            for number in range(8):
                pixels = rng.integers(0, 255, (8, 8)).astype(dtype) * dtype(scale)
                Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
        return tmp_path / "pictures"

    return make


def test_a_class_called_like_a_part_and_its_final_training(evonas, pictures, tmp_path):
    root, run = pictures("OK", "NG", "test"), tmp_path / "run"
    refused = evonas("evolve", "--dataset", root, *WORDS, "--run", run)
    assert refused.failed_with("expected train/ beside test/", "--layout classes") and not run.exists()
    begun = evonas("evolve", "--dataset", root, "--layout", "classes", *WORDS, "--run", run)
    assert begun.status == 0 and "in 3 classes" in begun.out + begun.err
    assert evonas("resume", run, "--budget", 2, "--workers", 0).status == 0
    trained = evonas("train", run, "--epochs", 1, "--json")
    assert trained.status == 0 and json.loads(trained.out)["training_images"] == 19
    refined = evonas("refine", run, "--budget", 2, "--epochs", 1, "--workers", 0, "--run", tmp_path / "finer")
    assert refined.status == 0, refined.err
    other = evonas("train", run, "--dataset", root, "--epochs", 1, "--output", tmp_path / "other")
    assert other.failed_with("expected train/ beside test/")  # what was said was said of the search's images


def test_parts_of_their_own_of_16_bits_are_searched_and_tested(evonas, pictures, tmp_path):
    folders = [f"{part}/{name}" for part in ("Train", "dev", "TESTING") for name in "ab"]
    root, run = pictures(*folders, dtype=np.uint16, scale=250), tmp_path / "run"
    begun = evonas("evolve", "--dataset", root, *WORDS, "--run", run)
    line = "16 to train on, 16 to validate (a part of their own, dev/), a test part of their own (TESTING/)"
    assert begun.status == 0 and line in begun.out + begun.err
    trained = json.loads(evonas("train", run, "--epochs", 1, "--json").out)
    assert (trained["training_images"], trained["test_images"]) == (32, 16)


def test_what_is_no_layout_is_one_line(evonas, pictures):
    ended = evonas("evolve", "--dataset", pictures("a", "b"), "--layout", "clases", *WORDS)
    assert ended.failed_with("layout 'clases' is unknown; did you mean 'classes'?")
