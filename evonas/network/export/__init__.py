"""Trained networks as files that work where evonas is not installed.

- ``python``: FILE.py, readable plain PyTorch, with its weights in FILE.safetensors beside it: to read, to
  change, to train further; the names of the classes are its ``CLASSES``. Needs torch and safetensors.
- ``pt2``: FILE.pt2, for `torch.export.load` or for compiling ahead of time; the names of the classes are in
  its extra file ``classes.json``. Needs torch.
- ``onnx``: FILE.onnx, for onnxruntime and other engines; the names of the classes are in its metadata. To
  write it needs ``evonas[onnx]``; to use it needs no PyTorch.

In all of them normalisation is part of the network, and the size of the batch is free. Beside the classes
(``IMAGES``, ``images.json``, ``images``) they say what is known of the images: the depth of files, the
background below transparent pixels, mean and standard deviation in training (`images`).

How the Python file comes about: `order` (of the layers) -> `statements` (values and their names) ->
`expressions` (a layer as an expression or a constructor) -> `code` (long ones divided into lines) ->
`python_file` (what stands around them).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UserError, nearest
from .files import check_module_name, checked, write
from .quiet import quiet

if TYPE_CHECKING:
    from ..deploy import Deployable

__all__ = ["FORMATS", "export", "how_to_use", "quiet"]

_ENDINGS = {"python": ".py", "pt2": ".pt2", "onnx": ".onnx"}

FORMATS = tuple(_ENDINGS)
"""The formats that a network can be exported to."""


def export(deployable: Deployable, to: str, path: Path) -> list[Path]:
    """Writes a trained network to a file for use without evonas.

    Files that are there are replaced; an export that fails leaves them as they were.

    Args:
        deployable: The network.
        to: The format, one of `FORMATS`.
        path: Where to; it ends as the format's files do (``.py``, ``.pt2``, ``.onnx``).

    Returns:
        The files written, that of the given path first.

    Raises:
        UserError: The format is unknown or needs a package that is not installed, the path cannot be written
            to, the classes are not as many as the outputs, or the format cannot express one of the layers.
    """
    if to not in _ENDINGS:
        raise UserError(f"export format {to!r} is unknown; {nearest(str(to), FORMATS)}")
    path = checked(Path(path), _ENDINGS[to])
    if to == "python":
        check_module_name(path)
    _check_classes(deployable)
    contents = _format(to)(deployable)
    return write({path if end == _ENDINGS[to] else path.with_suffix(end): contents[end] for end in contents})


_CLASSES = {
    "python": "CLASSES in {file}",
    "pt2": "the extra file classes.json in {file}",
    "onnx": "'classes' in the metadata of {file}",
}
"""Where the names of the classes are, by format."""


def how_to_use(deployable: Deployable, to: str, path: Path) -> list[str]:
    """What an exported file reads, and where the names of its classes are: a line each."""
    from ..network import input_shape

    shape = ", ".join(map(str, input_shape(deployable.architecture)))
    lines = [f"reads floats of shape (n, {shape}), as the dataset has them (bytes: 0 to 255, not divided)"]
    if deployable.classes:
        lines.append(f"names of its {len(deployable.classes)} classes: {_CLASSES[to].format(file=path.name)}")
    return lines


def _check_classes(deployable: Deployable) -> None:
    outputs = deployable.architecture.shape(deployable.architecture.output)
    if deployable.classes and outputs != (len(deployable.classes),):
        raise UserError(
            f"export classes: expected a name for each output, got {len(deployable.classes)} for outputs of "
            f"shape {outputs}"
        )


def _format(to: str) -> Callable[[Deployable], dict[str, bytes]]:
    """What makes the content of a format's files, by their endings, its own first."""
    if to == "python":
        from .python_file import contents
    elif to == "pt2":
        from .program import contents
    else:
        from .onnx_file import contents
    return contents
