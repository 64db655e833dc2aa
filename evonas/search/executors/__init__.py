"""Executors: where evaluations run.

`SerialExecutor` (`serial`) evaluates in this process, one candidate after the other: the library's default.
`ProcessExecutor` (`processes`) keeps worker processes, one for each share of the cores or of the GPUs,
and outlives what a candidate does to its worker. `RayExecutor` (`ray`) does so on a cluster. `workforce`
reads what a user asks for and makes the one that fits. The same seed, look-ahead and threads give the same
search with all of them.
"""

from __future__ import annotations

from .base import Executor
from .serial import SerialExecutor

__all__ = ["Executor", "SerialExecutor"]
