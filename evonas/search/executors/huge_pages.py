"""Huge pages for the memory of worker processes.

A training asks for large pieces of memory and gives them back, again and again, and the system hands out each
page of 4 KiB anew. glibc asks for pages of 2 MiB where a variable says so when a process starts, so it is set
while one is launched, and this process is left as it is.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "GLIBC_TUNABLES"
TUNABLE = "glibc.malloc.hugetlb"
ASKED = f"{TUNABLE}=1"
OLDEST = (2, 35)
"""The version of glibc that has the tunable."""
ENABLED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
"""Says ``always [madvise] never``, in brackets what holds."""


@contextmanager
def asked_for() -> Iterator[None]:
    """What is launched within has huge pages; whatever a user says of them holds, and stays in any case.

    The environment is the whole process's, so one thread at a time may be here: `hidden_main` sees to it.
    """
    before = os.environ.get(VARIABLE)
    if _chosen(before) or _hindrance():
        yield
        return
    os.environ[VARIABLE] = f"{before}:{ASKED}" if before else ASKED
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before


def memory_of_workers() -> str:
    """What kind of pages a worker that is launched now has, and why, in a line."""
    if chosen := _chosen(os.environ.get(VARIABLE)):
        return f"as {VARIABLE} says: {chosen}"
    if hindrance := _hindrance():
        return f"ordinary pages: {hindrance}"
    return f"huge pages ({VARIABLE}={ASKED})"


def _chosen(tunables: str | None) -> str:
    """What a user says of huge pages; empty where nothing is said."""
    parts = (tunables or "").split(":")
    return next((part for part in parts if part.startswith(f"{TUNABLE}=")), "")


def _hindrance() -> str:
    """Why there can be no huge pages; empty where there can."""
    if sys.platform != "linux":
        return "huge ones are asked for on Linux alone"
    library, version = platform.libc_ver()
    found = re.match(r"(\d+)\.(\d+)", version)
    if library != "glibc" or not found or (int(found[1]), int(found[2])) < OLDEST:
        here = f"{library} {version}".strip() or "another library"
        return f"huge ones need glibc {OLDEST[0]}.{OLDEST[1]} or newer, here is {here}"
    try:
        modes = ENABLED.read_text(encoding="ascii")
    except OSError:
        return "the kernel has no transparent huge pages"
    return f"transparent huge pages are turned off ({ENABLED})" if "[never]" in modes else ""
