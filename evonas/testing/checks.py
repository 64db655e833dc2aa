"""What the contracts check, as functions that fail with a sentence."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import UserError
from ..evolution import Genome
from ..task import Task

TASK = Task(3, 32, 32, 10)
"""What genomes are decoded for, unless a contract says otherwise."""


def require(condition: bool, message: str) -> None:
    """Fails a test with a sentence.

    Raises:
        AssertionError: The condition does not hold.
    """
    if not condition:
        raise AssertionError(message)


def written(genome: Genome, who: str) -> str:
    """A genome's JSON form as text, which is what a journal keeps.

    Raises:
        AssertionError: It has none.
    """
    try:
        return json.dumps(genome.to_dict(), sort_keys=True)
    except Exception as error:
        raise AssertionError(f"{who}: the genome cannot be written as JSON: {_told(error)}") from error


def require_valid(genome: Genome, task: Task, who: str) -> None:
    """Checks that a genome is one of its space: it can be written, read, decoded and identified.

    Raises:
        AssertionError: It is not.
    """
    text = written(genome, who)
    try:
        again = type(genome).from_dict(json.loads(text), genome.space)
    except Exception as error:
        raise AssertionError(f"{who}: the genome cannot be read again: {_told(error)}") from error
    require(written(again, who) == text, f"{who}: the genome changes as it is written and read")
    try:
        genome.decode(task).validate()
    except Exception as error:
        raise AssertionError(f"{who}: the genome does not decode: {_told(error)}") from error
    require(again.key() == genome.key(), f"{who}: the genome's key() changes as it is written and read")


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


@contextmanager
def nothing_global_changed(who: str) -> Iterator[None]:
    """Checks that what runs inside leaves the process as it was.

    Watched are the global generators of `random`, NumPy and torch, the environment and the working folder.

    Raises:
        AssertionError: One of them has changed.
    """
    before = {name: look() for name, look in _WATCHED.items()}
    yield
    for name, look in _WATCHED.items():
        require(look() == before[name], f"{who}: it changed {name}; use the rng that it is given")


def _numpy_state() -> str:
    import numpy as np

    return hashlib.sha256(repr(np.random.get_state()).encode()).hexdigest()  # noqa: NPY002


def _torch_state() -> str:
    torch = sys.modules.get("torch")
    if torch is None:
        return ""
    return hashlib.sha256(torch.get_rng_state().numpy().tobytes()).hexdigest()


_WATCHED: dict[str, Callable[[], Any]] = {
    "the global random generator": random.getstate,
    "NumPy's global random generator": _numpy_state,
    "torch's global random generator": _torch_state,
    "the environment variables": lambda: dict(os.environ),
    "the working folder": os.getcwd,
}
