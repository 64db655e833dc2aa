"""Genotypes as text on the command line: what is printed is taken, and what is none gets one line."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evonas.genomes.darts import DartsGenome

import evonas as library
from evonas.evolution import genome_type, names

CELL = "|avg_pool_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
V2 = str(DartsGenome.from_dict(DartsGenome.published()["darts-v2"], DartsGenome.default_space()))
LONG = "a text that is far too long for the name of a file, " * 100


def key_of(code: str) -> str:
    kind = genome_type("genet")
    return kind.from_text(code, kind.default_space()).key()


def listed(out: str) -> dict[str, str]:
    """What stands below each heading of `evonas list genotypes`, with its line breaks."""
    found: dict[str, str] = {}
    for line in out.splitlines():
        if not line.startswith(" "):
            heading = line.rpartition(" (")[0].split(", ")[0]
            found[heading] = ""
        else:
            found[heading] += f"{line}\n"
    return found


@pytest.mark.parametrize("genome", [name for name in names("genomes") if genome_type(name).published()])
def test_what_is_listed_is_drawn(
    evonas: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, genome: str
) -> None:
    """Copied from a terminal, broken into lines as it is."""
    monkeypatch.setenv("COLUMNS", "72")
    texts = listed(evonas("list", "genotypes", "--genome", genome).out)
    assert len(texts) >= 1
    for name, text in list(texts.items())[:3]:
        for words in ([text], [name]):
            ended = evonas("draw", *words, "-o", tmp_path / f"{words == [name]}.svg")
            assert ended.status == 0, ended.err
        assert (tmp_path / "True.svg").read_bytes() == (tmp_path / "False.svg").read_bytes()


def test_what_is_shown_and_written_is_taken(
    evonas: Callable[..., Any], finished: Path, tmp_path: Path
) -> None:
    best = library.load(finished).best
    shown = (
        evonas("show", finished).out.partition(f"Genotype of candidate {best.id}\n")[2].partition("\n\n")[0]
    )
    evonas("draw", finished, "-o", tmp_path / "run.svg")
    data = str(best.genome.to_dict()).replace("'", '"')
    for place, text in enumerate((shown, str(best.genome), data)):
        assert evonas("draw", text, "-o", tmp_path / f"{place}.svg").status == 0
        assert (tmp_path / f"{place}.svg").read_bytes() == (tmp_path / "run.svg").read_bytes()


def test_the_column_of_a_csv_starts_a_search(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path
) -> None:
    words = ["evolve", "--genome", "genet", "--budget", 2, *tiny[2:]]
    assert evonas(*words, "--run", tmp_path / "a", "--csv", tmp_path / "a.csv").status == 0
    with open(tmp_path / "a.csv", newline="", encoding="utf-8") as file:
        code = list(csv.DictReader(file))[1]["genome"]
    assert evonas(*words, "--run", tmp_path / "b", "--start", code).status == 0
    assert library.load(tmp_path / "b").individual(0).genome.key() == key_of(code)


def test_a_cell_is_trained_and_exported(evonas: Callable[..., Any], tmp_path: Path) -> None:
    words = ["--epochs", 1, "--train-limit", 60, "--cells", 1, "--filters", 2, "--threads", 1, "--quiet"]
    ended = evonas("train", CELL, *words, "--output", tmp_path / "net")
    assert ended.status == 0, ended.err
    assert evonas("export", tmp_path / "net", "--to", "python", "-o", tmp_path / "net.py").status == 0
    assert evonas("draw", tmp_path / "net", "--what", "network", "-o", tmp_path / "n.svg").out.count("1×8×8")


def test_the_folder_of_a_text_has_a_name_of_its_own(
    evonas: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--epochs", 1, "--train-limit", 60, "--cells", 2, "--filters", 2, "--threads", 1, "--quiet"]
    folder = evonas("train", V2, *words).out.strip()
    assert "darts-" in folder and len(Path(folder).name) < 60 and (tmp_path / folder).is_dir()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["draw", V2.replace("dil_conv_3x3", "dil_conv_9x9"), "-o", "x.svg"], "'dil_conv_9x9' is unknown"),
        (["draw", V2.replace("('skip_connect', 0), ", "", 2), "-o", "x.svg"], "which is 3 nodes"),
        (["draw", LONG, "-o", "x.svg"], "is no run folder, no file and no genotype"),
        (["draw", V2, "--id", "3", "-o", "x.svg"], "--id: expected only with a run folder"),
        (["train", CELL[:-3]], "nasbench201 genotype: expected a cell such as"),
        (["train", LONG], "is no run folder, no file and no genotype"),
        (["evolve", "--genome", "amoeba", "--start", V2], "choose that (--genome darts)"),
        (["evolve", "--genome", "darts", "--start", CELL], "choose that (--genome nasbench201)"),
        (["evolve", "--genome", "darts", "--start", LONG], "darts genotype: expected Genotype(normal="),
        (["evolve", "--genome", "genet", "--start", "1-01|0-01"], "expected 3 stages with | between them"),
        (["export", V2, "--to", "onnx", "-o", "x"], "got a genotype"),
        (
            ["export", "darts-v2", "--to", "onnx", "-o", "x"],
            "it has no weights; evonas train makes a network",
        ),
        (["export", LONG, "--to", "onnx", "-o", "x"], "expected the name of a file or folder, got a text of"),
        (["show", V2], "expected the name of a file or folder, got a text of"),
        (["resume", LONG], "expected the name of a file or folder, got a text of"),
        (["report", LONG], "expected the name of a file or folder, got a text of"),
    ],
)
def test_what_is_not_taken(evonas: Callable[..., Any], words: list[str], message: str) -> None:
    ended = evonas(*words)
    assert ended.failed_with(message) and len(ended.err) < 500
