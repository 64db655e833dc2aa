"""Executors: where evaluations run.

`SerialExecutor` (`serial`) evaluates in this process, one candidate after the other: the library's default.
`ProcessExecutor` (`processes`) keeps worker processes, one for each share of the cores or of the GPUs,
and outlives what a candidate does to its worker. `RayExecutor` (`ray`) does so on a cluster.
`evonas.settings.Machines` makes the one that fits what a user asks for. The same seed, look-ahead and threads
give the same search with all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...files import later
from .base import Executor, cores
from .serial import SerialExecutor
from .usage import Usage

if TYPE_CHECKING:
    from .endings import how_it_ended
    from .hidden_main import HiddenMainContext
    from .huge_pages import memory_of_workers
    from .parcel import WeightsAt, lend, pack, unpack
    from .processes import Place, ProcessExecutor
    from .ray import RayExecutor
    from .reading import check_may_start
    from .scratch import discard, scratch_folder
    from .worker import end_with_parent

__all__ = [
    "Executor",
    "HiddenMainContext",
    "Place",
    "ProcessExecutor",
    "RayExecutor",
    "SerialExecutor",
    "Usage",
    "WeightsAt",
    "check_may_start",
    "cores",
    "discard",
    "end_with_parent",
    "how_it_ended",
    "lend",
    "memory_of_workers",
    "pack",
    "scratch_folder",
    "unpack",
]

__getattr__ = later(
    __name__,
    {
        "endings": "how_it_ended",
        "hidden_main": "HiddenMainContext",
        "huge_pages": "memory_of_workers",
        "parcel": "WeightsAt lend pack unpack",
        "processes": "Place ProcessExecutor",
        "ray": "RayExecutor",
        "reading": "check_may_start",
        "scratch": "discard scratch_folder",
        "worker": "end_with_parent",
    },
)
