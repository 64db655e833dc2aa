"""The package and its command start without the heavy libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROBE = """
import sys
{start}
names = 'torch torchvision sklearn onnx pandas matplotlib plotly starlette uvicorn jinja2'
heavy = sorted(set(names.split()) & set(sys.modules))
print("heavy:", heavy)
"""
HELP = """
import contextlib
from evonas.cli import main
sys.argv = ["evonas", *{words}, "--help"]
with contextlib.suppress(SystemExit):
    main()
"""


@pytest.mark.parametrize(
    "start",
    ["import evonas", HELP.format(words=[]), HELP.format(words=["evolve"])],
    ids=["import", "help", "help of a command"],
)
def test_no_heavy_library_is_imported(start: str) -> None:
    probe = PROBE.format(start=start)
    ended = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "heavy: []"
