"""Predictors of files that `evonas export` has written."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TypedDict
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from ..data import Pixels, Statistics, Wanted, read_pixels
from ..errors import UserError
from ..files import Finite, NotedCount, expanded, expect, parse_json, read_text
from .predictor import Outputs, Predictor, on_device


class _Images(TypedDict, total=False):
    """What an export says of the images that it reads."""

    depth: str
    background: str
    mean: list[Finite]
    std: list[Finite]


def open_exported(path: str | Path, device: str = "auto") -> Predictor:
    """Opens an exported network.

    A ``.py`` file is code and is run, and a ``.pt2`` file is read by `torch.export.load`, which may unpickle
    what is in it: only name one that you trust.

    Args:
        path: FILE.pt2, FILE.onnx or FILE.py.
        device: ``auto``, ``cpu`` or ``cuda:0``. ONNX Runtime takes the CPU where it is ``auto``.

    Raises:
        UserError: No export is there, it is damaged, or what it needs is not installed.
    """
    path = expanded(path)
    opening = _OPENING.get(path.suffix.lower())
    if opening is None:
        raise UserError(f"{path}: expected an exported network ({', '.join(ENDINGS)})")
    if not path.is_file():
        raise UserError(f"{path}: expected an exported network, found no such file")
    return opening(path, device)


def _open_pt2(path: Path, device: str) -> Predictor:
    from torch.export.passes import move_to_device_pass

    from ..network.importing import example_of, read_program
    from ..training import choose_device

    try:
        with ZipFile(path) as archive:
            there = {name.rpartition("/")[2] for name in archive.namelist()}
    except (BadZipFile, OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if "classes.json" not in there:
        _no_export(path)  # before anything of it is unpickled
    extra = {"classes.json": "", "images.json": ""}
    program = read_program(path, extra)
    example = example_of(program)
    if not extra["classes.json"] or example is None or example.ndim != 4:
        _no_export(path)
    place = choose_device(device)
    if place != "cpu":
        program = move_to_device_pass(program, place)
    outputs = on_device(program.module(), place)
    shape = (int(example.shape[1]), int(example.shape[2]), int(example.shape[3]))
    known = _json(path, extra["images.json"] or "{}")
    return _predictor(path, outputs, shape, _json(path, extra["classes.json"]), known)


def _open_onnx(path: Path, device: str) -> Predictor:
    if find_spec("onnxruntime") is None:
        raise UserError(f"{path}: expected onnxruntime to run it; python -m pip install onnxruntime")
    import onnxruntime

    providers: list[Any] = ["CPUExecutionProvider"]
    if device not in ("auto", "cpu"):
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise UserError(
                f"device: expected auto or cpu, as the onnxruntime here has no CUDA, got {device!r}"
            )
        from ..training import choose_device

        number = int(choose_device(device).partition(":")[2])
        providers = [("CUDAExecutionProvider", {"device_id": number}), *providers]
    try:
        session = onnxruntime.InferenceSession(str(path), providers=providers)
        notes = session.get_modelmeta().custom_metadata_map
        (image,), (logits, *_) = session.get_inputs(), session.get_outputs()
    except Exception as error:  # of a damaged file, anything
        raise _unreadable(path, error) from error
    if "classes" not in notes or len(image.shape) != 4 or not all(type(n) is int for n in image.shape[1:]):
        _no_export(path)

    def outputs(images: NDArray[np.float32]) -> NDArray[Any]:
        found: NDArray[Any] = session.run([logits.name], {image.name: np.ascontiguousarray(images)})[0]
        return found

    known = _json(path, notes.get("images", "{}"))
    return _predictor(path, outputs, tuple(image.shape[1:]), _json(path, notes["classes"]), known)


def _open_python(path: Path, device: str) -> Predictor:
    text = read_text(path, str(path))
    try:
        defined = {name for line in ast.parse(text).body for name in _defines(line)}
    except (SyntaxError, ValueError, RecursionError) as error:
        raise _unreadable(path, error) from error
    if not {"INPUT_SHAPE", "CLASSES", "Network", "load"} <= defined:
        _no_export(path)  # before anything of it is run
    module = ModuleType(f"evonas_exported_{path.stem}")
    module.__file__ = str(path.resolve())
    try:
        exec(compile(text, str(path), "exec"), module.__dict__)
        outputs = on_device(module.load(), device)
    except UserError:
        raise
    except Exception as error:  # the file's own
        raise _unreadable(path, error) from error
    found = (module.INPUT_SHAPE, list(module.CLASSES), getattr(module, "IMAGES", {}))
    return _predictor(path, outputs, *found)


def _defines(line: ast.stmt) -> list[str]:
    """The names that a statement of a file defines."""
    if isinstance(line, ast.FunctionDef | ast.ClassDef):
        return [line.name]
    targets = line.targets if isinstance(line, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _predictor(path: Path, outputs: Outputs, shape: Any, classes: Any, known: Any) -> Predictor:
    """A predictor of what a file says of itself.

    Args:
        path: The file.
        outputs: What it computes.
        shape: Channels, height and width.
        classes: Their names.
        known: What it says of its images; empty in files from before it was said.

    Raises:
        UserError: One of these is something else.
    """
    channels, height, width = expect(
        tuple(shape), tuple[NotedCount, NotedCount, NotedCount], f"{path}: shape"
    )
    names = tuple(expect(classes, list[str], f"{path}: classes"))
    images = expect(known, _Images, f"{path}: images")
    pixels: Pixels | None = None
    if "depth" in images:
        noted = {"depth": images["depth"], "background": images.get("background", "")}
        pixels = read_pixels(noted, f"{path}: images")
    statistics: Statistics | None = None
    if len(images.get("mean", ())) == len(images.get("std", ())) == channels:
        statistics = Statistics(tuple(images["mean"]), tuple(images["std"]))
    return Predictor(str(path), Wanted((height, width, channels), names, pixels), outputs, statistics)


def _json(path: Path, text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        raise UserError(f"{path}: the file is damaged: {error}") from None


def _unreadable(path: Path, error: Exception) -> UserError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return UserError(f"{path}: cannot be read as an exported network: {reason:.300}")


def _no_export(path: Path) -> NoReturn:
    raise UserError(
        f"{path}: expected a network that evonas export has written, which says its classes, got another file"
    )


_OPENING: dict[str, Callable[[Path, str], Predictor]] = {
    ".pt2": _open_pt2,
    ".onnx": _open_onnx,
    ".py": _open_python,
}

ENDINGS = tuple(_OPENING)
"""Of the files that are read."""
