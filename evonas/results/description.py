"""The description of a finally trained network, `final.json`: read by whoever needs it, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import items, number, parse_json, read_text, table, text, whole

FORMAT = 1

REPORTED = ("test_accuracy", "test_images", "dataset", "parameters")
"""What every report of a training has."""


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
        _check_report(table(data.get("report"), "report"))
        table(table(data.get("genome", {}), "genome").get("space", {}), "space")
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


def _check_report(report: dict[str, Any]) -> None:
    for key in ("test_images", "parameters"):
        if key in report:
            whole(report[key], key)
    for key in ("test_images_seen", "test_images_left_out"):
        if report.get(key) is not None:
            whole(report[key], key)
    for key in ("dataset", "began", "protocol", "images_differ"):
        if key in report:
            text(report[key], key)
    if report.get("candidate") is not None:
        whole(report["candidate"], "candidate")
    items(report.get("training_loss", []), "training_loss")
    table(report.get("plan", {}), "plan")
    if "test_accuracy" in report and not 0 <= number(report["test_accuracy"], "test_accuracy") <= 1:
        raise UserError(f"test_accuracy: expected a share from 0 to 1, got {report['test_accuracy']}")
