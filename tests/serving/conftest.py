"""A live page, served by the command in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import axe, browser, opened

__all__ = ["axe", "browser", "opened"]

COMMAND = Path(sys.executable).with_name("evonas")


@pytest.fixture
def serving() -> Iterator[Callable[..., str]]:
    """Starts the server on a free port; the page's address."""
    started: list[subprocess.Popen[str]] = []

    def start(run: Path, *arguments: str) -> str:
        words = [str(COMMAND), "serve", str(run), "--port", "0", *arguments]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "open http" in line, (line, process.stderr and process.stderr.read())
        return next(word for word in line.split() if word.startswith("http"))

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=30)
