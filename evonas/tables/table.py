"""A table of trained networks: genotypes, and their accuracy after one or more lengths of training."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from ..errors import UserError, nearest
from ..files import expanded

GENOTYPE = ("cell", "genotype")
"""Names of the column of genotypes."""

_COLUMN = re.compile(r"(?P<dataset>.+)_(?P<what>valid|test|seconds)(?P<epochs>\d{1,9})")


@dataclass(frozen=True)
class Figures:
    """What a table says of one dataset, where networks were trained for so many epochs to choose among them.

    Attributes:
        dataset: Its name.
        epochs: The training that fitness comes from.
        valid: Validation accuracy after it, in [0, 1], by genotype.
        test: Test accuracy after the longest training, in [0, 1]: what a search is judged by and never sees.
        test_epochs: The length of that; 0 where the table has no test accuracy.
        seconds: What the training took, by genotype; empty where the table does not say.
    """

    dataset: str
    epochs: int
    valid: Mapping[str, float]
    test: Mapping[str, float]
    test_epochs: int
    seconds: Mapping[str, float]

    @property
    def best_test(self) -> float:
        """The highest test accuracy of all: no search can do better."""
        return max(self.test.values())

    @property
    def best_valid(self) -> float:
        """The highest validation accuracy of all."""
        return max(self.valid.values())


@dataclass(frozen=True, eq=False)
class Table:
    """A table of trained networks.

    The file is CSV with a header. A column ``cell`` or ``genotype`` holds each genotype as its genome writes
    it. ``DATASET_valid12`` is the accuracy in percent on the validation images after 12 epochs,
    ``DATASET_test200`` that on the test images after 200, ``DATASET_seconds12`` what 12 epochs took. There
    may be several datasets and several lengths. Other columns are left aside.

    Attributes:
        path: The file.
        fingerprint: Of its content.
        genotypes: In the order of the file.
        columns: The numbers, by (dataset, what, epochs).
    """

    path: Path
    fingerprint: str
    genotypes: tuple[str, ...]
    columns: Mapping[tuple[str, str, int], tuple[float, ...]]

    @property
    def datasets(self) -> list[str]:
        """Those with validation accuracy."""
        return sorted({dataset for dataset, what, _ in self.columns if what == "valid"})

    def lengths(self, dataset: str, what: str = "valid") -> list[int]:
        """The lengths of training of a dataset, in epochs, the shortest first."""
        return sorted(epochs for name, kind, epochs in self.columns if (name, kind) == (dataset, what))

    @lru_cache(32)  # noqa: B019 - tables are few, and remembered anyway
    def figures(self, dataset: str, epochs: int | None = None) -> Figures:
        """What the table says of a dataset.

        Args:
            dataset: One of `datasets`.
            epochs: The training that fitness comes from; by default the shortest.

        Raises:
            UserError: The table has no such dataset or length.
        """
        if dataset not in self.datasets:
            raise UserError(
                f"dataset {dataset!r} is not in table {self.path}; {nearest(dataset, self.datasets)}"
            )
        lengths = self.lengths(dataset)
        epochs = lengths[0] if epochs is None else epochs
        if epochs not in lengths:
            known = " or ".join(map(str, lengths))
            raise UserError(
                f"epochs: table {self.path} has {dataset} validated after {known} epochs, got {epochs}"
            )
        tested = self.lengths(dataset, "test")
        return Figures(
            dataset,
            epochs,
            self._by_genotype(dataset, "valid", epochs, 100.0),
            self._by_genotype(dataset, "test", tested[-1], 100.0) if tested else {},
            tested[-1] if tested else 0,
            self._by_genotype(dataset, "seconds", epochs, 1.0),
        )

    def _by_genotype(self, dataset: str, what: str, epochs: int, whole: float) -> dict[str, float]:
        values = self.columns.get((dataset, what, epochs), ())
        pairs = zip(self.genotypes, values, strict=bool(values))
        return {genotype: value / whole for genotype, value in pairs if not math.isnan(value)}


def read_table(path: str | Path) -> Table:
    """Reads a table; the last few are remembered, as long as their files stay as they are.

    Raises:
        UserError: It cannot be read or is no such table.
    """
    try:
        path = expanded(path)
        found = path.stat()
    except OSError as error:
        raise UserError(f"table {path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RuntimeError) as error:  # a zero byte in its name; a home that nobody has
        raise UserError(f"table {str(path)!r}: cannot be read: {error}") from None
    return _read(path, found.st_mtime_ns, found.st_size)


@lru_cache(8)
def _read(path: Path, time: int, size: int) -> Table:
    """Reads a table that was changed then and is of that size."""
    try:
        content = path.read_bytes()
        rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"table {path}: cannot be read: {error}") from None
    if len(rows) < 2:
        raise UserError(f"table {path}: expected a header and a row for each genotype, got {len(rows)} lines")
    header, *lines = rows
    place = next((header.index(name) for name in GENOTYPE if name in header), None)
    if place is None:
        raise UserError(
            f"table {path}: expected a column {' or '.join(GENOTYPE)}, got {', '.join(header)[:120]}"
        )
    for number, line in enumerate(lines, 2):
        if len(line) != len(header):
            raise UserError(f"table {path}: line {number}: expected {len(header)} values, got {len(line)}")
    genotypes = tuple(line[place] for line in lines)
    (twice, times), *_ = Counter(genotypes).most_common(1)
    if times > 1:
        raise UserError(f"table {path}: expected every genotype once, got {twice} again")
    columns = {}
    for index, name in enumerate(header):
        found = _COLUMN.fullmatch(name)
        if found:
            key = (found["dataset"], found["what"], int(found["epochs"]))
            columns[key] = tuple(
                _number(line[index], f"table {path}: line {number}: {name}")
                for number, line in enumerate(lines, 2)
            )
    table = Table(path, blake2b(content, digest_size=16).hexdigest(), genotypes, columns)
    if not table.datasets:
        raise UserError(
            f"table {path}: expected columns such as cifar10_valid12, got {', '.join(header)[:120]}"
        )
    _check_percentages(table)
    return table


def _check_percentages(table: Table) -> None:
    """Refuses accuracies that can be none in percent, or were clearly meant as shares.

    That is where a dataset has none above 1, and not only 0 and 1.
    """
    of_dataset: dict[str, list[float]] = {}
    for (dataset, what, epochs), values in table.columns.items():
        known = [value for value in values if not math.isnan(value)] if what != "seconds" else []
        wrong = next((value for value in known if not 0 <= value <= 100), None)
        if wrong is not None:
            where = f"table {table.path}: {dataset}_{what}{epochs}"
            raise UserError(f"{where}: expected accuracies in percent, got {wrong:g}")
        of_dataset.setdefault(dataset, []).extend(known)
    for dataset, known in of_dataset.items():
        highest = max(known, default=0.0)
        if highest <= 1 and any(0 < value < 1 for value in known):
            where = f"table {table.path}: {dataset}"
            raise UserError(f"{where}: expected accuracies in percent, got shares (at most {highest:g})")


def _number(text: str, where: str) -> float:
    """A number; an empty field is none."""
    try:
        value = float(text) if text.strip() else math.nan
    except ValueError:
        raise UserError(f"{where}: expected a number, got {text!r:.40}") from None
    if math.isinf(value):
        raise UserError(f"{where}: expected a number, got {text!r:.40}")
    return value
