"""The PT2 archive."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from evonas.architecture.architecture import Architecture
from evonas.network.deploy import Deployable
from evonas.network.export import export


@pytest.fixture
def archive(mixed: Architecture, deploy: Callable[..., Deployable], tmp_path: Path) -> Path:
    return export(deploy(mixed), "pt2", tmp_path / "net.pt2")[0]


def test_the_batch_is_free_and_the_size_fixed(archive: Path) -> None:
    module = torch.export.load(archive).module()
    assert module(torch.zeros(5, 3, 9, 7)).shape == (5, 5)
    with pytest.raises((AssertionError, RuntimeError), match="size|shape"):
        module(torch.zeros(5, 3, 9, 8))


def test_no_folder_of_this_machine_is_named(archive: Path) -> None:
    folders = {str(Path(torch.__file__).parent).encode(), str(Path(__file__).parents[3]).encode()}
    with zipfile.ZipFile(archive) as opened:
        texts = [opened.read(name) for name in opened.namelist()]
    assert sum(map(len, texts)) > 10_000
    assert not any(folder in text for folder in folders for text in texts)
