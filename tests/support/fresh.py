"""Python programs in processes that have imported what others wrote, torch above all, and nothing of evonas.

Run as a script, this is the process that they are forked from: importing torch takes seconds, each time.
"""

import importlib
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from tempfile import TemporaryFile
from types import ModuleType, TracebackType
from typing import Any, NamedTuple, NoReturn

IMPORTED = ("deap.tools", "networkx", "numpy", "pytest", "sklearn.datasets", "torch._dynamo", "torch.fx")


class Printed(NamedTuple):
    """What went to standard output and to standard error."""

    output: str
    errors: str


class Fresh:
    """Runs programs, each in a process of its own."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        words = [sys.executable, __file__]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __call__(self, code: str, folder: Path) -> Printed:
        """What a program prints; it begins in the folder, and has to end well."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([code, str(folder)]) + "\n")
        process.stdin.flush()
        status, *printed = json.loads(process.stdout.readline())
        assert status == 0, printed
        return Printed(*printed)

    def __enter__(self) -> "Fresh":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        self._process.communicate(timeout=30)


def serve() -> NoReturn:
    """Forks a process for each program, and tells how it ended and what it has printed."""
    for name in IMPORTED:
        importlib.import_module(name)
    assert not [name for name in sys.modules if name.partition(".")[0] == "evonas"]
    for line in sys.stdin:
        code, folder = json.loads(line)
        with TemporaryFile("w+", encoding="utf-8") as output, TemporaryFile("w+", encoding="utf-8") as errors:
            process = os.fork()
            if process == 0:
                become(code, folder, output.fileno(), errors.fileno())
            _, status = os.waitpid(process, 0)
            printed = [file.seek(0) or file.read() for file in (output, errors)]
        print(json.dumps([os.waitstatus_to_exitcode(status), *printed]), flush=True)
    os._exit(0)  # taking torch to pieces takes a second


def become(code: str, folder: str, output: int, errors: int) -> NoReturn:
    """Is ``python -c`` from here on."""
    for stream, file in enumerate((os.open(os.devnull, os.O_RDONLY), output, errors)):
        os.dup2(file, stream)
    os.chdir(folder)
    sys.argv, sys.path[0] = ["-c"], ""
    main: Any = ModuleType("__main__")
    sys.modules["__main__"] = main
    status = 1
    try:
        exec(code, main.__dict__)
        status = 0
    except SystemExit as ended:
        status = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    serve()
