"""Randomness: every stream is derived from (run seed, candidate number, purpose), never reused."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from hashlib import blake2b

from .errors import UserError


class Stream(IntEnum):
    """What a stream of randomness is for."""

    VARIATION = 0
    WEIGHTS = 1
    TRAINING = 2
    EVALUATION = 3
    GENERATION = 4


def derive(seed: int, number: int, stream: Stream) -> int:
    """A 64-bit seed for one purpose of one candidate.

    Args:
        seed: The run's seed, at least 0.
        number: The candidate's number, at least 0.
        stream: The purpose.
    """
    digest = blake2b(f"{seed}/{number}/{int(stream)}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def named_seed(seed: int, name: str) -> int:
    """A 63-bit seed for one named thing, so that a change elsewhere does not change it."""
    return int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "big") >> 1


def check_seed(seed: int) -> int:
    """The seed, if it can be one.

    Raises:
        UserError: It is no whole number of at least 0.
    """
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise UserError(f"seed: expected a whole number of at least 0, got {seed!r}")
    return seed


@contextmanager
def guarded(seed: int) -> Iterator[None]:
    """Seeds the global `random`, which DEAP's operators draw from, and restores it afterwards."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
