"""What the pages say is run: every block of Python and of commands, in order, each page in a fresh folder.

A block that begins with ``title="FILE"`` is written to that file. One below ``<!-- not run: REASON -->``
is not run, nor is any of a page that says ``<!-- no block of this page is run: REASON -->``. ``text`` is
no code. All ``toml`` but a ``pyproject.toml`` is read as a recipe.

What takes a reader minutes is made small here, by these rules and no others (``support/pages.py``):

- ``evonas evolve``, ``refine`` and ``train`` get few candidates, one epoch, 200 images and no worker
  processes, each unless the command says something else; ``docs/scaling.md`` keeps its workers;
- ``evonas resume`` goes on to 6 candidates where a page says 40 or more, without worker processes;
- ``evonas compare`` searches with 2 seeds and 100 candidates where a page says more;
- ``evonas.evolve``, ``resume``, ``refine`` and ``toolbox`` likewise, where they train: no more than so
  many candidates, and what the page leaves open.

With every change one page is run, whose commands of evonas are forked from one process
(``support/forking.py``); ``make test-all`` runs all of them, each command started as a reader does.
"""

import csv
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pages
import pytest
import typer
from pages import PAGES, ROOT
from PIL import Image

from evonas.cli.app import app
from evonas.settings.recipe import parse_recipe

QUICK = "docs/tutorials/9-your-own-genome.md"
"""The page that is run with every change, which has blocks of every kind; `make test-all` runs all."""

COMMANDS = typer.main.get_command(app).commands

SAVED = {
    "README.md": [
        ("docs/quickstart.md", "make_images.py"),
        ("docs/refine.md", "save_model.py"),
        ("docs/write-your-own-operator.md", "my_operators.py"),
    ],
    "docs/export.md": [("docs/quickstart.md", "make_images.py")],
    "docs/images-of-your-own.md": [("docs/quickstart.md", "make_images.py")],
    "docs/predict.md": [("docs/quickstart.md", "make_images.py")],
}
"""Files of other pages that a reader of this one has by then. Those that make something are run."""


def run(words, folder, seconds):
    """Runs a program; what it started does not outlive it."""
    variables = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "OMP_NUM_THREADS": "1",
        "RAY_worker_niceness": "0",  # Ray's own is 15, and its workers would starve beside other tests
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(words, cwd=folder, env=variables, start_new_session=True, **pipes) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, output


def what_a_reader_has(page, folder, made_table):
    """The made-up table, images of one's own, and what other pages have had the reader save."""
    table = made_table.read_text(encoding="utf-8").replace("toy_", "cifar10_")
    (folder / "nasbench201.csv").write_text(table, encoding="utf-8")
    if page == "README.md":
        y = np.arange(300) % 2
        x = np.random.default_rng(0).integers(0, 100, (300, 8, 8, 1)) + 100 * y[:, None, None, None]
        np.savez(folder / "my-images.npz", x_train=x.astype(np.uint8), y_train=y)
        (folder / "docs" / "tutorials").mkdir(parents=True)
        for name in ("genet-table.csv", "genet-table.toml"):  # a reader is in the folder of evonas
            shutil.copy(ROOT / "docs" / "tutorials" / name, folder / "docs" / "tutorials" / name)
    if page == "docs/genomes/large-scale.md":
        for number in range(240):
            file = folder / "large-images" / ("dark", "light")[number % 2] / f"{number:03}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (224, 224), (100 * (number % 2) + number // 2,) * 3).save(file)
    for other, title in SAVED.get(page, []):
        text = next(block.text for block in pages.blocks(other) if block.title == title)
        (folder / title).write_text(text, encoding="utf-8")
        if not title.startswith("my_"):
            run([sys.executable, title], folder, 200)


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("page", [page for page in PAGES if pages.script(page)])
def test_every_block_runs(page, tmp_path, made_table):
    what_a_reader_has(page, tmp_path, made_table)
    (tmp_path / "page.py").write_text(pages.script(page), encoding="utf-8")
    run([sys.executable, "page.py"], tmp_path, 1400)


def test_every_block_of_a_page_runs(tmp_path, made_table):
    """With every change, and few processes; all pages, started as a reader does, are among the slow tests."""
    what_a_reader_has(QUICK, tmp_path, made_table)
    (tmp_path / "page.py").write_text(pages.script(QUICK, forking=True), encoding="utf-8")
    run([sys.executable, "page.py"], tmp_path, 280)


@pytest.mark.parametrize("page", PAGES)
def test_no_block_is_left_out_unseen(page):
    assert list(pages.mistakes(page)) == []


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("Try:\n\n    evonas evolve\n", "line 3: an indented block"),
        ("```bash\nls\n```\n", "unknown language 'bash'"),
        ("```\nls\n```\n", "unknown language ''"),
        ("<!-- not run: -->\n```sh\nls\n```\n", "line 1: a mark without a reason"),
        ("<!-- not run -->\n```sh\nls\n```\n", "line 1: a mark without a reason"),
        ("<!-- no block of this page is run: -->\n", "line 1: a mark without a reason"),
        ("<!-- not run: installs -->\n\n```sh\nls\n```\n", "line 1: a mark that is not directly above"),
        ("- An item.\n\n    evonas evolve --budget 4\n", "a command within a paragraph"),
        ("```text\nevonas evolve\n```\n", "a block of text that holds commands"),
    ],
)
def test_what_is_found(text, mistake, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    assert mistake in "\n".join(pages.mistakes("page.md"))


def test_marks_and_lines(tmp_path, monkeypatch):
    text = (
        "<!-- not run: installs -->\n```sh\npip install .\n```\n\n"
        '```toml title="mine.toml"\na = 1\n```\n\n'
        "```sh\nevonas list genomes  # all\n# the same\nevonas compare a \\\n    --seeds 9\n```\n"
    )
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    assert [(block.language, block.title, block.mark) for block in pages.blocks("page.md")] == [
        ("sh", None, "installs"),
        ("toml", "mine.toml", None),
        ("sh", None, None),
    ]
    lines = list(pages.commands(pages.blocks("page.md")[2].text))
    assert lines == ["evonas list genomes", "evonas compare a --seeds 9"]
    assert "pip" not in pages.script("page.md")
    assert list(pages.mistakes("page.md")) == []
    (tmp_path / "page.md").write_text(
        "<!-- no block of this page is run: hours -->\n\n" + text, encoding="utf-8"
    )
    assert [block.mark for block in pages.blocks("page.md")] == ["installs", "hours", "hours"]
    assert pages.script("page.md") is None


def test_what_is_made_small():
    given = "evonas evolve --budget 9 --table t.csv", "evonas show runs/first", "python train.py"
    assert tuple(pages.in_small(line, "README.md") for line in given) == given
    small = pages.in_small("evonas evolve --budget 9", "README.md")
    assert small == "evonas evolve --budget 9 --epochs 1 --train-limit 200 --workers 0"
    assert "--workers" not in pages.in_small("evonas evolve", "docs/scaling.md")
    resumed = "evonas resume r --budget 80", "evonas resume r --budget 14"
    assert [pages.in_small(line, "README.md") for line in resumed] == [
        "evonas resume r --budget 80 --budget 6 --workers 0",
        "evonas resume r --budget 14 --workers 0",
    ]


def test_the_readme_begins_with_what_ci_runs():
    first = pages.blocks("README.md")[0]
    assert list(pages.commands(first.text)) == ["make evolve", "make test"]


@pytest.mark.parametrize("page", PAGES)
def test_tables_are_those_of_recipes(page):
    for block in pages.blocks(page):
        if block.language == "toml" and block.title == "pyproject.toml":
            assert tomllib.loads(block.text)
        elif block.language == "toml":
            parse_recipe(block.text, page)


def evonas_commands():
    for page in PAGES:
        for block in pages.blocks(page):
            for line in pages.commands(block.text) if block.language == "sh" else ():
                if match := re.match(r"\s*(?:srun )?(evonas .*)", line):
                    yield page, match[1]


@pytest.mark.parametrize(("page", "line"), sorted(set(evonas_commands())))
def test_every_command_is_one_that_evonas_knows(page, line):
    words = shlex.split(line)
    command = COMMANDS[words[1]]
    command.make_context(words[1], words[2:])


def test_no_two_pages_begin_a_run_of_one_name():
    begins = re.compile(r"(?:evolve|refine) .*--run (\S+)")
    begun = [match[1] for _, line in evonas_commands() if (match := begins.search(line))]
    assert sorted({name for name in begun if begun.count(name) > 1 and "$" not in name}) == []


def test_no_two_pages_save_other_files_of_one_name():
    texts = {}
    for page in PAGES:
        for block in pages.blocks(page):
            if block.title:
                texts.setdefault(block.title, {})[page] = block.text
    assert [title for title, kept in texts.items() if len(set(kept.values())) > 1] == []


def test_the_small_table_is_that_of_the_first_tutorial():
    folder = ROOT / "docs" / "tutorials"
    with (folder / "genet-digits.csv").open(newline="") as file:
        trained = {row["bits"]: 100 * float(row["accuracy_0"]) for row in csv.DictReader(file)}
    with (folder / "genet-table.csv").open(newline="") as file:
        table = {
            row["genotype"].replace("-", ""): float(row["digits_valid8"]) for row in csv.DictReader(file)
        }
    assert table == pytest.approx(trained, abs=1e-3) and len(table) == 64


def test_notebooks_are_kept_without_what_they_printed():
    for path in (ROOT / "docs" / "tutorials").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")], path.name


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_in_the_page_is_there(page):
    for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        picture = (ROOT / page).parent / target
        assert picture.is_file() and 0 < picture.stat().st_size < 400_000, target
