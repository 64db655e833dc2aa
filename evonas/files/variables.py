"""Variables of the process's environment that other libraries read where they start."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def set_meanwhile(values: Mapping[str, str]) -> Iterator[None]:
    """Sets variables that the user has not set, and takes them back afterwards."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
