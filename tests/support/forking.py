"""Commands of evonas in processes that are forked from one that has imported what they need.

Starting one with torch takes seconds. The process they are forked from has run nothing else.
"""

import atexit
import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import NoReturn

IMPORTED = ("evonas.api", "evonas.cli", "evonas.training.evaluator", "torch._dynamo", "sympy")


def forked_commands() -> Callable[[list[str]], int]:
    """What runs a command, given its words, and returns its exit status."""
    for name in IMPORTED:
        importlib.import_module(name)
    asked, ask = os.pipe()
    told, tell = os.pipe()
    if os.fork() == 0:
        os.close(ask)
        _serve(asked, tell)
    os.close(asked)
    os.close(tell)
    answers = os.fdopen(told)

    def run(words: list[str]) -> int:
        os.write(ask, f"{json.dumps(words)}\n".encode())
        return int(answers.readline())

    return run


def _serve(asked: int, tell: int) -> None:
    """Forks a process for each command, and ends when nobody asks any more; does not return."""
    for line in os.fdopen(asked):
        process = os.fork()
        if process == 0:
            sys.argv = json.loads(line)
            _end(sys.modules["evonas.cli"].main(sys.argv[1:]))
        _, status = os.waitpid(process, 0)
        os.write(tell, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    sys.exit()


def _end(status: int) -> NoReturn:
    """Ends the process as Python does, but for taking torch to pieces, which takes a second."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
