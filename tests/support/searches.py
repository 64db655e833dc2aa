"""Searches in processes of their own, which tests kill."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("search_process.py")


class Searches:
    """Runs searches one after the other, each in a process of its own."""

    def __init__(self, folder: Path, hash_seed: str) -> None:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
        self.server = subprocess.Popen([sys.executable, str(SCRIPT)], cwd=folder, env=environment, **pipes)
        self._read = b""  # of the next line

    def snapshots(self, run: Path, **choices: Any) -> list[Path]:
        """Copies of a run's folder before each change of a file in it."""
        folder = run.with_name(f"{run.name}-snapshots")
        folder.mkdir()
        self.history(**choices, run=str(run), snapshots=str(folder))
        return sorted(folder.iterdir())

    def begin(self, **choices: Any) -> None:
        """Starts a search."""
        self.server.stdin.write(f"{json.dumps(choices)}\n".encode())
        self.status: int | None = None
        self.process = int(self.until("process"))

    def until(self, word: str, *, times: int = 1) -> str:
        """Reads on to a line that begins with a word, the last of so many, or to the process's end.

        Returns:
            The line's rest.
        """
        rest = ""
        while times and self.status is None:
            found, _, rest = self.line().partition(" ")
            times -= found == word
        return rest if not times else ""

    def waits(self, seconds: float) -> bool:
        """Whether something to read comes within so many seconds."""
        return b"\n" in self._read or bool(select.select([self.server.stdout], [], [], seconds)[0])

    def line(self) -> str:
        """Reads the next line; the last one of a search says how its process has ended."""
        while b"\n" not in self._read:
            more = self.server.stdout.read(1 << 16)
            assert more, "what runs searches has ended"
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        text = line.decode()
        if text.startswith("status "):
            self.status = int(text.removeprefix("status "))
        return text

    def end(self) -> None:
        """Kills the search, if it is still at work."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)
            self.until("status")

    def kill(self) -> bool:
        """Kills the search; returns whether it was still at work."""
        self.end()
        assert self.status in (0, -signal.SIGKILL)
        return self.status != 0

    def history(self, **choices: Any) -> list[dict[str, Any]]:
        """The history of a search, times aside."""
        self.begin(**choices)
        rows: list[dict[str, Any]] = json.loads(self.until("history"))
        assert self.until("status") == "0"
        return rows

    def close(self) -> None:
        self.server.kill()
        self.server.communicate()
