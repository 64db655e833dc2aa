"""The official files of NAS-Bench-201 and NATS-Bench as a table (Dong and Yang 2020; Dong et al. 2021).

Both releases hold each network's trainings as nested dictionaries, pickled. A pickle can run code as it is
read, so nothing here is read that way: of a pickle only dictionaries, lists, texts and numbers are accepted,
and whatever else one names is refused. PyTorch's files are read with ``weights_only=True``, which does the
same.
"""

from __future__ import annotations

import bz2
import csv
import pickle  # noqa: TID251 - read by `_OnlyData`, which takes data and nothing else
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import Any, BinaryIO

import numpy as np

from ..errors import UserError

ENDING = ".pickle.pbz2"
"""Of NATS-Bench's files."""

SETS = {
    "cifar10": (("cifar10-valid", "x-valid"), ("cifar10", "ori-test")),
    "cifar100": (("cifar100", "x-valid"), ("cifar100", "x-test")),
    "imagenet16": (("ImageNet16-120", "x-valid"), ("ImageNet16-120", "x-test")),
}
"""For each dataset, where its validation and its test accuracy are: name of the training, and of the
images."""

LENGTHS = {"less": "12", "full": "200"}
"""What NAS-Bench-201 calls the lengths of training; NATS-Bench writes the epochs themselves."""

LONGEST = 100_000
"""Epochs that nothing was trained for."""

MACS = 2
"""Operations in the multiply-add that the benchmark counts as one."""

Trainings = dict[str, dict[str, Any]]
"""A network's results, by length of training."""


def convert(source: Path, target: Path) -> int:
    """Writes a table of an official file.

    Accuracies are means over all trainings of a network, as published means are. Columns: ``index``,
    ``cell``, ``parameters``, ``flops`` (two for each multiply-add), and for each dataset and length
    ``valid``, ``test`` and ``seconds`` (training and validation, for what is validated).

    Args:
        source: ``NAS-Bench-201-v1_1-096897.pth``, ``NATS-tss-v1_0-3ffb9.pickle.pbz2`` or the folder
            ``NATS-tss-v1_0-3ffb9-simple``.
        target: The CSV file to write.

    Returns:
        The number of networks.

    Raises:
        UserError: The source is none of these, or the target exists.
    """
    if target.exists():
        raise UserError(f"output {target}: expected a new file, got one that exists")
    with _as_laid_out(source):
        rows = [_row(index, cell, trainings) for index, cell, trainings in _networks(source)]
    if not rows:
        raise UserError(f"release {source}: it holds no trained network")
    header = list(dict.fromkeys(name for row in rows for name in row))
    partial = target.with_name(f"{target.name}.part")
    try:
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header, restval="")
            writer.writeheader()
            writer.writerows(rows)
        partial.replace(target)
    except OSError as error:
        raise UserError(f"output {target}: cannot be written: {error.strerror or error}") from None
    return len(rows)


@contextmanager
def _as_laid_out(source: Path) -> Iterator[None]:
    """Refuses a release whose data are laid out in another way: whatever is looked for is then not there.

    Raises:
        UserError: It is.
    """
    try:
        yield
    except UserError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UserError(
            f"release {source}: its networks are not laid out as in NAS-Bench-201 or NATS-Bench "
            f"({type(error).__name__}: {error})"
        ) from None


def _networks(source: Path) -> Iterator[tuple[int, str, Trainings]]:
    """Index, cell and results of each network of a release."""
    if source.is_dir():
        cells = _cells(_unpickled(source / f"meta{ENDING}"), source)
        for index, cell in enumerate(cells):
            path = source / f"{index:06d}{ENDING}"
            if path.exists():
                yield index, cell, _lengths(_unpickled(path))
        return
    whole = _unpickled(source) if source.name.endswith(ENDING) else _torch_loaded(source)
    cells, results = _cells(whole, source), _part(whole, "arch2infos", source)
    for index in sorted(results):
        if not 0 <= index < len(cells):
            raise UserError(f"release {source}: network {index!r:.20} is none of its {len(cells)} cells")
        yield index, cells[index], _lengths(results[index])


def _cells(whole: Any, source: Path) -> Sequence[str]:
    """The text of every network, by its index."""
    cells = _part(whole, "meta_archs", source)
    if not isinstance(cells, list | tuple) or not all(isinstance(cell, str) for cell in cells):
        raise UserError(f"release {source}: expected a list of texts as 'meta_archs', got {cells!r:.60}")
    return cells


def _part(whole: Any, name: str, source: Path) -> Any:
    if not isinstance(whole, Mapping) or name not in whole:
        raise UserError(
            f"release {source}: expected a file of NAS-Bench-201 or NATS-Bench, which has {name!r}"
        )
    return whole[name]


def _lengths(results: Mapping[Any, Any]) -> Trainings:
    return {LENGTHS.get(str(name), str(name)): result for name, result in results.items()}


def _row(index: int, cell: str, trainings: Trainings) -> dict[str, Any]:
    """A network's line."""
    row: dict[str, Any] = {"index": index, "cell": cell, "parameters": "", "flops": ""}
    for epochs, results in sorted(trainings.items(), key=lambda item: int(item[0])):
        runs: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for (dataset, _), run in results["all_results"].items():
            runs[dataset].append(run)
        for dataset, places in SETS.items():
            for what, (training, images) in zip(("valid", "test"), places, strict=True):
                values = [run["eval_acc1es"].get(_last(run, images)) for run in runs[training]]
                row[f"{dataset}_{what}{epochs}"] = accuracy = _mean(values)
                if accuracy != "" and not 0 <= float(accuracy) <= 100:
                    raise ValueError(f"{accuracy} is no accuracy in percent")
            training, images = places[0]
            row[f"{dataset}_seconds{epochs}"] = _mean([_seconds(run, images) for run in runs[training]])
        for run in runs["cifar10-valid"] or runs["cifar10"]:
            row["parameters"] = round(1e6 * float(run["params"]))
            row["flops"] = round(MACS * 1e6 * float(run["flop"]))
    return row


def _last(run: Mapping[str, Any], images: str) -> str:
    if not 0 < run["epochs"] <= LONGEST:
        raise ValueError(f"{run['epochs']!r:.20} is no number of epochs")
    return f"{images}@{run['epochs'] - 1}"


def _mean(values: list[Any]) -> float | str:
    known = [float(value) for value in values if value is not None]
    return round(fmean(known), 4) if known else ""


def _seconds(run: Mapping[str, Any], images: str) -> float | None:
    """What training took, and validating after every epoch."""
    if not run.get("train_times"):
        return None
    validated = [run["eval_times"].get(f"{images}@{epoch}", 0.0) for epoch in range(run["epochs"])]
    return float(sum(run["train_times"].values()) + sum(validated))


# -- reading without running ---------------------------------------------------------------------


class _OnlyData(pickle.Unpickler):
    """Reads pickles of dictionaries, lists, texts and numbers; what else one names is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("numpy", "dtype"):
            return _number_type
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "scalar":
            return _number
        raise UserError(f"it names {module}.{name}, which is no plain data")


class _number_type:  # noqa: N801 - what stands for numpy.dtype in a pickle
    """A type of numbers, as a pickle describes it."""

    def __init__(self, code: str, *_: Any) -> None:
        self.type = np.dtype(code)
        if self.type.kind not in "fiub":
            raise UserError(f"it holds values of type {code!r:.20}, which are no numbers")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.type = self.type.newbyteorder(state[1])


def _number(kind: _number_type, content: bytes) -> float:
    return float(np.frombuffer(content, kind.type)[0])


def _unpickled(path: Path) -> Any:
    """The data of a pickle, compressed or not.

    Raises:
        UserError: It cannot be read, or holds something else than data.
    """
    try:
        with path.open("rb") as file:
            opened: BinaryIO = bz2.open(file) if path.name.endswith(ENDING) else file  # type: ignore[assignment]
            return _OnlyData(opened).load()
    except UserError as error:
        raise UserError(f"release {path}: {error}") from None
    except OSError as error:
        raise UserError(f"release {path}: cannot be read: {error.strerror or error}") from None
    except Exception as error:
        raise UserError(f"release {path}: no whole pickle: {type(error).__name__}: {error}") from None


def _torch_loaded(path: Path) -> Any:
    """The data of a file of PyTorch's.

    Raises:
        UserError: It cannot be read, or holds something else than data.
    """
    import _codecs

    import torch

    scalar = np.float64(0).__reduce__()[0]
    allowed: list[Any] = [
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
        np.dtype,
        type(np.dtype(np.float64)),
        type(np.dtype(np.int64)),
        _codecs.encode,
    ]
    if not path.is_file():
        raise UserError(f"release {path}: expected a file or folder of NAS-Bench-201, got none")
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        first = str(error).strip().partition("\n")[0][:200]
        raise UserError(f"release {path}: it holds no plain data that torch can read: {first}") from None
