from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


def coloured(number: int, size: int = 4) -> np.ndarray:
    """An image that says which one it is."""
    return np.full((size, size, 3), [number % 256, number // 256, 7], dtype=np.uint8)


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """Three classes of ten images, four of each to test."""
    return {
        "x_train": np.stack([coloured(n) for n in range(30)]),
        "y_train": np.arange(30) % 3,
        "x_test": np.stack([coloured(n) for n in range(100, 112)]),
        "y_test": np.arange(12) % 3,
    }


@pytest.fixture
def npz(tmp_path: Path, arrays: dict[str, np.ndarray]) -> Callable[..., str]:
    """Writes an .npz file of `arrays` with some replaced (None: left out)."""

    def write(**changes: Any) -> str:
        members = {key: value for key, value in (arrays | changes).items() if value is not None}
        path = tmp_path / "pets.npz"
        np.savez(path, **members)
        return str(path)

    return write


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes image files: folder({"cat/1.png": array or bytes})."""

    def write(files: dict[str, Any], root: str = "photos") -> Path:
        for name, content in files.items():
            path = tmp_path / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                image = content if isinstance(content, Image.Image) else Image.fromarray(content)
                image.save(path)
        return tmp_path / root

    return write
