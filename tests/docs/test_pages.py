"""What the pages say is run: every fenced block of Python and of commands, in order, in a fresh folder.

A block that begins with ``title="FILE"`` is written to that file; ``text`` and ``toml`` blocks are not run.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["write-your-own-operator.md", "morphisms.md", "refine.md", "genomes/graph.md"]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KNOWN = {"python", "sh", "text", "toml"}


def blocks(page):
    return [
        (language, (re.search(r'title="([^"]+)"', rest) or [None, None])[1], text)
        for language, rest, text in FENCE.findall((DOCS / page).read_text(encoding="utf-8"))
    ]


def run(command, folder):
    variables = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "OMP_NUM_THREADS": "1",
    }
    ended = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@pytest.mark.parametrize("page", PAGES)
def test_every_snippet_runs(page, tmp_path):
    script: list[str] = []
    found = blocks(page)
    assert {language for language, _, _ in found} <= KNOWN
    for language, title, text in found:
        if title:
            (tmp_path / title).write_text(text, encoding="utf-8")
        elif language == "python":
            script.append(text)
        elif language == "sh":
            for line in filter(None, text.splitlines()):
                run(shlex.split(line), tmp_path)
    if script:
        (tmp_path / "page.py").write_text("\n".join(script), encoding="utf-8")
        run([sys.executable, "page.py"], tmp_path)
