"""Where in the user's own files something happens."""

from __future__ import annotations

import linecache
import re
import sys
from pathlib import Path

import torch

_TORCH = str(Path(torch.__file__).parent)
_OWN = str(Path(__file__).parent)


def user_line(text: bool = False) -> str:
    """The line that is being run now, outside PyTorch, such as ``net.py, line 12``; empty if there is none.

    Args:
        text: Whether to quote the line as well.
    """
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_OWN):
        frame = frame.f_back
    while frame.f_back and frame.f_code.co_filename.startswith(_TORCH):
        frame = frame.f_back
    name = frame.f_code.co_filename
    if name.startswith(_OWN):
        return ""
    return _described(name, frame.f_lineno, text)


def _described(name: str, number: int, text: bool) -> str:
    line = linecache.getline(name, number).strip() if text else ""
    return f"{Path(name).name}, line {number}" + (f": {line[:100]}" if line else "")


def recorded_line(stack: str | None) -> str:
    """The last line of a stack that torch.export has recorded; empty if there is none."""
    found = re.findall(r'File "([^"]+)", line (\d+)', stack or "")
    own = [(name, number) for name, number in found if "/torch/nn/" not in name]
    return _described(own[-1][0], int(own[-1][1]), False) if own else ""


def raised_by_statement(error: BaseException) -> bool:
    """Whether an error comes from an `assert` or a `raise` of the user's, and not from within a call."""
    step = error.__traceback__
    while step and step.tb_next:
        step = step.tb_next
    if step is None:
        return False
    name = step.tb_frame.f_code.co_filename
    line = linecache.getline(name, step.tb_lineno).strip()
    return not name.startswith((_TORCH, _OWN)) and (
        isinstance(error, AssertionError) or line.startswith("raise")
    )
