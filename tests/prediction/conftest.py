"""A folder of transparent images of several sizes, and a network that was trained on them, in every form."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import evonas
from evonas.network.export import export
from evonas.results import SearchResult, Trained, load_trained, save_trained, train_finally
from evonas.training import Compute


def shape(number: int) -> Image.Image:
    """A bright bar or a bright dot, of which a part is transparent; every third is larger."""
    side = 12 if number % 3 == 0 else 8
    rng = np.random.default_rng(number)
    pixels = rng.integers(0, 80, (side, side, 4), np.uint8)
    pixels[..., 3] = 255
    if number % 2:
        pixels[side // 2, :, :3] += np.uint8(150)
    else:
        pixels[2:5, 2:5, :3] += np.uint8(150)
    pixels[:2, :, 3] = 0
    return Image.fromarray(pixels, "RGBA")


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty images in two classes."""
    root = tmp_path_factory.mktemp("images") / "shapes"
    for number in range(40):
        path = root / ("dots", "bars")[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        shape(number).save(path)
    return root


@pytest.fixture(scope="session")
def searched(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on them; not to be changed."""
    run = tmp_path_factory.mktemp("runs") / "searched"
    plan = {"training": {"batch_size": 16}}
    search = {"dataset": str(shapes), "background": "white", "config": plan, "device": "cpu"}
    evonas.evolve("genet", budget=2, population=2, epochs=1, run=run, **search)
    return run


@pytest.fixture(scope="session")
def trained(searched: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run with its best finally trained; not to be changed."""
    run = tmp_path_factory.mktemp("runs") / "trained"
    shutil.copytree(searched, run)
    result = evonas.load(run)
    images = result.images.find(result.images.choice())
    plan = result.settings.plan.changed({"epochs": 25})
    save_trained(train_finally(result.best.genome, images, plan, Compute()), run / "final")
    result.journal.close()
    return run


@pytest.fixture
def run(trained: Path) -> SearchResult:
    """That run."""
    return evonas.load(trained)


@pytest.fixture(scope="session")
def final(trained: Path) -> Trained:
    """Its network."""
    return load_trained(trained / "final")


@pytest.fixture(scope="session")
def exported(final: Trained, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The same network, exported to FILE.pt2, FILE.onnx or FILE.py; each is written once."""
    folder = tmp_path_factory.mktemp("exports")

    def write(ending: str) -> Path:
        path = folder / f"net.{ending}"
        if not path.exists():
            export(final.deployable(), {"py": "python"}.get(ending, ending), path)
        return path

    return write
