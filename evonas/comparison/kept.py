"""Finished searches in a file, so that none is run twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import parse_json, read_text
from .contender import Contender
from .record import Record

LARGEST = 2**30
"""Bytes of a file: millions of searches."""


class Records:
    """Finished searches, in a file of one JSON object a line, what they share first.

    Args:
        path: The file; made where it is missing. Searches in it need not be run again. None keeps them in
            memory alone.
        shared: What all must have in common, for JSON.

    Raises:
        UserError: The file holds searches of something else, or something else than searches.
    """

    def __init__(self, path: Path | None, shared: Mapping[str, Any]) -> None:
        self.path = path
        self.all: list[Record] = []
        if path is not None:
            self._read(path, shared)

    def _read(self, path: Path, shared: Mapping[str, Any]) -> None:
        head = json.dumps(shared) + "\n"
        content = read_text(path, str(path), LARGEST) if path.exists() else ""
        if head.startswith(content):  # new, or stopped as it was begun
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(head, encoding="utf-8")
            return
        whole, _, cut_off = content.rpartition("\n")
        first, *lines = whole.split("\n")
        if self._parsed(first, 1) != parse_json(head):
            raise UserError(
                f"{path}: expected searches of {head.strip()}, got {first:.300}; give a new --output"
            )
        self.all = [self._record(line, number) for number, line in enumerate(lines, 2)]
        if cut_off:  # the rest stays where it is, should this be stopped, too
            os.truncate(path, len(f"{whole}\n".encode()))

    def _parsed(self, line: str, number: int) -> Any:
        try:
            return parse_json(line)
        except ValueError:
            raise self._unreadable(line, number) from None

    def _record(self, line: str, number: int) -> Record:
        try:
            return Record.from_dict(self._parsed(line, number))
        except (AttributeError, KeyError, TypeError):
            raise self._unreadable(line, number) from None

    def _unreadable(self, line: str, number: int) -> UserError:
        return UserError(
            f"{self.path}: line {number}: expected a search as JSON, got {line!r:.80}; "
            "remove the line, or give a new --output"
        )

    def check(self, contenders: Iterable[Contender]) -> None:
        """Makes sure that what is kept of contenders was searched as they would be now.

        Searches of before digests were kept have none, and are taken as they are.

        Raises:
            UserError: A contender's settings or data have changed.
        """
        for contender in contenders:
            own = {record.digest for record in self.all if record.contender == contender.title}
            if own - {"", contender.digest}:
                code = ", ".join([*contender.own.named, "settings"])
                raise UserError(
                    f"contender {contender.title!r}: its searches in {self.path} had other {code} or data "
                    "than it has now; give it another label, or another folder to keep them in (--output)"
                )

    def add(self, record: Record) -> None:
        """Keeps a search."""
        self.all.append(record)
        if self.path is None:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record.to_dict()) + "\n")
