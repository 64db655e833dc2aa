"""The description of a finally trained network, `final.json`: read by whoever needs it, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

from ..errors import UserError
from ..files import Finite, Noted, expect, parse_json, read_text

FORMAT = 1

REPORTED = ("test_accuracy", "test_images", "dataset", "parameters")
"""What every report of a training has."""


class _Report(TypedDict, total=False):
    """What came of a training, as far as evonas shows it."""

    test_images: Noted
    test_images_seen: Noted | None
    test_images_left_out: Noted | None
    images_differ: str
    parameters: Noted
    dataset: str
    began: str
    protocol: str
    candidate: Noted | None
    training_loss: list[Any]
    plan: dict[str, Any]
    test_accuracy: Finite


class _Genome(TypedDict, total=False):
    space: dict[str, Any]


def read_description(path: Path) -> dict[str, Any]:
    """All that is described; its ``report`` has the right types as far as evonas shows it.

    Raises:
        UserError: It cannot be read, is of another format, or damaged.
    """
    content = read_text(path, str(path))
    try:
        data = parse_json(content)
    except ValueError as error:
        raise UserError(f"{path}: the file is damaged: {error}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UserError(f"{path}: expected a description of format {FORMAT}")
    try:
        report = expect(data.get("report"), dict[str, Any], "report")
        expect(report, _Report, "")  # whose names say enough
        expect(expect(data.get("genome", {}), dict[str, Any], "genome"), _Genome, "")
        accuracy = report.get("test_accuracy", 0)
        if not 0 <= accuracy <= 1:
            raise UserError(f"test_accuracy: expected a share from 0 to 1, got {accuracy}")
    except UserError as error:
        raise UserError(f"{path}: the file is damaged: {error}") from None
    return data


def read_report(path: Path) -> dict[str, Any]:
    """What came of a training: at least all of `REPORTED`.

    Raises:
        UserError: As `read_description`, or something is missing.
    """
    return whole_report(path, read_description(path))


def whole_report(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """The report of a description: at least all of `REPORTED`.

    Raises:
        UserError: Something is missing.
    """
    report: dict[str, Any] = data["report"]
    missing = [key for key in REPORTED if key not in report]
    if missing:
        raise UserError(f"{path}: the file is damaged: expected a report with {', '.join(missing)}")
    return report
