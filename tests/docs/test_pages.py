"""What the pages say is run: every fenced block of Python and of commands, in order, in a fresh folder.

A block that begins with ``title="FILE"`` is written to that file; ``text`` and ``toml`` blocks are not run.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from evonas.cli.app import app

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [
    "write-your-own-operator.md",
    "morphisms.md",
    "genomes/graph.md",
    *(
        pytest.param(page, marks=pytest.mark.slow)
        for page in (
            "quickstart.md",
            "refine.md",
            "report.md",
            "logging.md",
            "operators.md",
            "recipes.md",
            "reliability.md",
            "strategies.md",
        )
    ),
]
NOT_RUN = {
    "api.md": "directives, no code",
    "architecture.md": "drawings in letters",
    "benchmarks.md": "takes hours; each command prints what the page says",
    "comparing.md": "needs the benchmark's table; tests/comparison compares on a made one",
    "concepts.md": "drawings in letters",
    "contributing.md": "includes CONTRIBUTING.md",
    "index.md": "directives, no code",
    "genomes/index.md": "directives, no code",
    "tutorials/index.md": "directives, no code; the notebooks run when the site is built",
    "glossary.md": "no code",
    "security.md": "includes SECURITY.md",
    "genomes/amoeba.md": "searches of minutes; its commands are parsed below",
    "genomes/genet.md": "searches of minutes; its commands are parsed below",
    "genomes/hierarchical.md": "searches of minutes; its commands are parsed below",
    "genomes/large-scale.md": "searches of minutes; its commands are parsed below",
    "genomes/nasbench201.md": "needs the benchmark's table; its commands are parsed below",
    "library.md": "searches of minutes; tests/test_api.py makes the same calls in small",
    "performance.md": "takes hours; each command prints what the page says",
    "scaling.md": "SLURM, several GPUs, a Ray cluster",
}
"""Pages whose blocks are not run, and why."""
COMMAND = re.compile(r"^ {4,8}(?:srun )?(evonas [a-z]+ .*)$", re.MULTILINE)
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


def pages():
    return sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


def test_every_page_is_run_or_says_why_not():
    run_ones = {page if isinstance(page, str) else page.values[0] for page in PAGES}
    assert set(pages()) - run_ones - NOT_RUN.keys() == set()
    assert run_ones.isdisjoint(NOT_RUN)


def commands():
    for path in [DOCS.parent / "README.md", *(DOCS / page for page in pages())]:
        for line in COMMAND.findall(path.read_text(encoding="utf-8")):
            yield path.name, line


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_every_command_is_one_that_evonas_knows(page, line):
    if "..." in line or line.endswith("\\"):
        return  # an outline, or the first of several lines
    words = shlex.split(re.sub(r"\s#.*", "", line))
    command = typer.main.get_command(app).commands[words[1]]
    command.make_context(words[1], words[2:])


def test_notebooks_are_kept_without_what_they_printed():
    for path in (DOCS / "tutorials").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")], path.name


def test_every_picture_in_the_pages_is_there():
    for page in pages():
        for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (DOCS / page).read_text(encoding="utf-8")):
            picture = (DOCS / page).parent / target
            assert picture.is_file() and 0 < picture.stat().st_size < 400_000, f"{page}: {target}"
