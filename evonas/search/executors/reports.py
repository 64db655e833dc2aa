"""What a worker says of a job, and how it crosses to the search.

Whatever a candidate brings along (figures of a class of its own, an exception that cannot be read back) may
fail where it is packed or unpacked. That costs the candidate, and neither the worker nor who listens to it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import UserError
from ...evolution import FAILED, Result
from ..evaluation import reason_of
from .parcel import WeightsAt, pack, unpack


@dataclass(frozen=True)
class Report:
    """A result, where its weights are, and whether the process that it comes from can do no more."""

    result: Result
    weights: WeightsAt | None = None
    fatal: bool = False

    def read(self) -> Result:
        """The result with its weights, whose file is gone afterwards."""
        if self.weights is None:
            return self.result
        weights = self.weights.load()
        self.weights.remove()
        return replace(self.result, weights=weights)


@dataclass(frozen=True)
class _Raised:
    """What the search must hear instead of a result."""

    error: UserError


def failure(reason: str) -> Report:
    """The report of a candidate that came to nothing."""
    return Report(Result(FAILED, reason=reason))


def report_as_bytes(report: Report) -> bytes:
    """A report, as it crosses."""
    try:
        return _packed(report)
    except UserError as error:
        return _packed(failure(f"its result cannot be sent: {reason_of(error.__cause__ or error)}"))


def error_as_bytes(error: BaseException) -> bytes:
    """What a job raised, as it crosses: a `UserError` is for the search, all else costs the candidate."""
    if isinstance(error, UserError):
        with suppress(Exception):  # a class decides how its errors are read
            content = _packed(_Raised(error))
            unpack(content)
            return content
    return _packed(failure(reason_of(error)))


def read_report(content: bytes) -> Report:
    """What a worker said of a job.

    Raises:
        UserError: What the job raised.
    """
    try:
        found = unpack(content)
    except Exception as error:
        return failure(f"its result cannot be read: {reason_of(error)}")
    if isinstance(found, _Raised):
        raise found.error
    report: Report = found
    return report


def _packed(thing: object) -> bytes:
    return pack(thing, "a result", Path(), mapped=False)
