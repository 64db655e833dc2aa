"""`evonas compare` and `evonas table` at the command line."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

OUTPUTS = (
    "comparison.md",
    "comparison.html",
    "summary.csv",
    "curves.csv",
    "tests.csv",
    "searches.csv",
    "searches.jsonl",
)


def words(table: Path, folder: Path, *more: Any) -> list[Any]:
    common = ["compare", "--genome", "nasbench201", "--table", table, "--dataset", "toy", "--jobs", 1]
    return [*common, "--output", folder, *more]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_two_recipes(evonas: Callable[..., Any], made_table: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    arguments = words(
        made_table, folder, "--recipe", "aging", "--recipe", "random", "--budget", 30, "--at", 20
    )
    ended = evonas(*arguments, "--seeds", 3)
    assert ended.status == 0, ended
    assert all((folder / name).exists() for name in OUTPUTS)
    assert "| aging |" in ended.out and "| random |" in ended.out and "seeds 0 to 2" in ended.out
    texts = set(ElementTree.parse(folder / "curves.svg").getroot().itertext())
    assert {"aging", "random", "evaluations (logarithmic)"} <= {text.strip() for text in texts}
    found = rows(folder / "searches.csv")
    assert [(row["search"], row["seed"]) for row in found] == [
        (name, str(seed)) for name in ("aging", "random") for seed in range(3)
    ]
    assert {row["cost"] for row in found} == {str(30 * 3)}
    # More seeds add to what is there, and what is there is not searched again.
    before = (folder / "searches.jsonl").read_text(encoding="utf-8")
    ended = evonas(*arguments, "--seeds", 4, "--json")
    assert ended.status == 0, ended
    assert (folder / "searches.jsonl").read_text(encoding="utf-8").startswith(before)
    assert len(rows(folder / "searches.csv")) == 8
    assert json.loads(ended.out)["judged_by"] == "test"
    again = evonas(*arguments, "--seeds", 4, "--epochs", 12)
    assert again.failed_with("expected searches of", "give a new --output")


def test_a_recipe_that_was_edited(evonas: Callable[..., Any], made_table: Path, tmp_path: Path) -> None:
    """Searches that are kept are never taken for those of another recipe of the same name."""
    config, folder = tmp_path / "mine.toml", tmp_path / "out"
    config.write_text("[search]\nstrategy = 'random'\n", encoding="utf-8")
    arguments = words(made_table, folder, "--recipe", config, "--budget", 12, "--quiet")
    assert evonas(*arguments, "--seeds", 1).status == 0
    config.write_text("# as before\n[search]\nstrategy = 'random'\n", encoding="utf-8")
    assert evonas(*arguments, "--seeds", 2).status == 0
    before = (folder / "searches.jsonl").read_bytes()
    config.write_text("[search]\nstrategy = 'aging'\n", encoding="utf-8")
    told = evonas(*arguments, "--seeds", 3)
    assert told.failed_with("contender 'mine': its searches in", "give it another label, or another folder")
    assert (folder / "searches.jsonl").read_bytes() == before


def test_several_processes_find_the_same(
    evonas: Callable[..., Any], made_table: Path, tmp_path: Path
) -> None:
    found = []
    for jobs in (1, 2):
        folder = tmp_path / str(jobs)
        arguments = ["--recipe", "random", "--budget", 20, "--seeds", 3, "--quiet"]
        ended = evonas(*words(made_table, folder, *arguments), "--jobs", jobs)
        assert ended.status == 0, ended
        found.append([(row["seed"], row["validation"]) for row in rows(folder / "searches.csv")])
    assert found[0] == found[1]


def test_a_heat_map(evonas: Callable[..., Any], made_table: Path, tmp_path: Path) -> None:
    more = ["--recipe", "aging", "--vary", "population=5,10", "--vary", "sample=2,4", "--budget", 30]
    ended = evonas(*words(made_table, tmp_path / "out", *more, "--seeds", 2))
    assert ended.status == 0, ended
    assert "| aging population=10 sample=4 |" in ended.out
    texts = {
        text.strip() for text in ElementTree.parse(tmp_path / "out" / "heat-map.svg").getroot().itertext()
    }
    assert {"population", "sample", "5", "10", "2", "4"} <= texts


def test_searches_that_find_nothing(evonas: Callable[..., Any], made_table: Path, tmp_path: Path) -> None:
    """Of a table that knows a single cell: tables and figures say so, and JSON stays JSON."""
    lines = made_table.read_text(encoding="utf-8").splitlines()[:2]
    table = tmp_path / "small.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    more = ["--recipe", "random", "--vary", "unique=false,true", "--budget", 2, "--seeds", 2]

    def refuse(text: str) -> Any:
        raise AssertionError(f"JSON has no {text}")

    ended = evonas(*words(table, tmp_path / "out", *more, "--json"))
    assert ended.status == 0, ended
    told = json.loads(ended.out, parse_constant=refuse)
    assert set(told["mean"].values()) == {None} and set(told["without_result"].values()) == {2}
    ended = evonas(*words(table, tmp_path / "out", *more))
    assert "| random unique=True | – | – | – |" in ended.out and "rank as worst" in ended.out
    assert "nan" not in ended.out
    texts = set(ElementTree.parse(tmp_path / "out" / "curves.svg").getroot().itertext())
    assert "random unique=True (0 of 2)" in {text.strip() for text in texts}


def test_names_that_matplotlib_would_read_otherwise(
    evonas: Callable[..., Any], made_table: Path, tmp_path: Path
) -> None:
    """Formulas and leading underscores."""
    recipes = []
    for name in ("a$\\foo$", "_mine"):
        (tmp_path / f"{name}.toml").write_text("[search]\nstrategy = 'random'\n", encoding="utf-8")
        recipes += ["--recipe", tmp_path / f"{name}.toml"]
    more = [*recipes, "--budget", 3, "--seeds", 2, "--vary", "unique=false,true", "--quiet"]
    ended = evonas(*words(made_table, tmp_path / "out", *more))
    assert ended.status == 0, ended
    for name in ("curves.svg", "heat-map.svg"):
        root = ElementTree.parse(tmp_path / "out" / name).getroot()
        texts = {text.strip().removesuffix(" unique=True") for text in root.itertext()}
        assert {"a$\\foo$", "_mine"} <= texts


def test_figures_of_other_forms_and_over_cost(
    evonas: Callable[..., Any], made_table: Path, tmp_path: Path
) -> None:
    more = [
        "--recipe",
        "random",
        "--budget",
        10,
        "--seeds",
        1,
        "--figure",
        "png",
        "--over",
        "cost",
        "--quiet",
    ]
    ended = evonas(*words(made_table, tmp_path / "out", *more))
    assert ended.status == 0 and ended.out.strip() == str(tmp_path / "out")
    assert (tmp_path / "out" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_unique_searches_repeat_nothing(evonas: Callable[..., Any], made_table: Path, tmp_path: Path) -> None:
    more = ["--recipe", "aging", "--budget", 150, "--seeds", 1, "--quiet"]
    counts = []
    for name, option in (("plain", []), ("unique", ["--unique"])):
        assert evonas(*words(made_table, tmp_path / name, *more, *option)).status == 0
        (row,) = rows(tmp_path / name / "searches.csv")
        counts.append(int(row["isomorphic"]))
    assert counts[0] > 10 > counts[1]


def test_runs_that_train(evonas: Callable[..., Any], tiny: list[str], tmp_path: Path) -> None:
    """Real searches, kept as runs, their winners trained from scratch; then the same runs by their
    folders."""
    config = tmp_path / "mine.toml"
    config.write_text(
        "[search]\nstrategy = 'random'\nlook_ahead = 1\n[genome]\ncells = 1\nfilters = 2\n", encoding="utf-8"
    )
    folder = tmp_path / "out"
    common = ["compare", "--genome", "nasbench201", "--recipe", config, "--seeds", 2, "--budget", 2]
    common += ["--epochs", 1, "--train-limit", 100, "--device", "cpu", "--jobs", 1, "--output", folder]
    ended = evonas(*common, "--protocol", "search")
    assert ended.status == 0, ended
    assert "test of the winner, retrained" in ended.out and "| search |" in ended.out
    found = rows(folder / "searches.csv")
    assert all(0 < float(row["retrained"]) < 1 and row["unit"] == "training images" for row in found)
    runs = sorted((folder / "runs").iterdir())
    assert len(runs) == 2
    ended = evonas("compare", *runs, "--output", tmp_path / "again", "--json")
    assert ended.status == 0, ended
    again = rows(tmp_path / "again" / "searches.csv")
    assert [row["validation"] for row in again] == [row["validation"] for row in found]
    assert {row["search"] for row in again} == {"random"}


def test_runs_with_a_final_training(
    evonas: Callable[..., Any], finished: Path, trained: Path, tmp_path: Path
) -> None:
    ended = evonas("compare", trained, "--output", tmp_path / "out")
    assert ended.status == 0, ended
    (row,) = rows(tmp_path / "out" / "searches.csv")
    assert float(row["retrained"]) > 0 and row["protocol"] == "final, epochs 1"
    assert evonas("compare", finished, finished / ".." / "finished").failed_with("expected every run once")
    assert evonas("compare", finished, trained).failed_with("holds the same search (seed 0)")
    refused = evonas("compare", trained, "--target", 95, "--output", tmp_path / "out")
    assert refused.failed_with("target: expected an accuracy in [0, 1], got 95")


def test_without_matplotlib(
    evonas: Callable[..., Any], made_table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables are made all the same; who asks for figures is refused before anything is searched."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # import raises ImportError
    more = ["--recipe", "random", "--budget", 3, "--seeds", 1]
    refused = evonas(*words(made_table, tmp_path / "out", *more, "--figure", "svg"))
    assert refused.failed_with("figure: it needs matplotlib") and not (tmp_path / "out").exists()
    ended = evonas(*words(made_table, tmp_path / "out", *more))
    assert ended.status == 0 and "| random |" in ended.out
    assert ended.err.startswith("warning: figure: it needs matplotlib")
    assert (tmp_path / "out" / "summary.csv").exists() and not (tmp_path / "out" / "curves.svg").exists()


@pytest.mark.parametrize("option", ["seeds", "first-seed", "budget", "epochs", "train-limit", "jobs"])
def test_run_folders_are_not_searched_again(evonas: Callable[..., Any], option: str) -> None:
    told = evonas("compare", "somewhere", f"--{option}", 10)
    assert told.failed_with(f"{option.replace('-', '_')}: run folders were searched already")


@pytest.mark.parametrize(
    "more",
    [
        ["--vary", "unique=true,false"],
        ["--genome", "genet"],
        ["--protocol", "final"],
        ["--unique"],
        ["--label", "a"],
        ["--without-damaged"],
        ["--background", "white"],
    ],
)
def test_nor_otherwise(evonas: Callable[..., Any], more: list[str]) -> None:
    assert evonas("compare", "somewhere", *more).failed_with(
        "it goes with --recipe, --strategy, --contender alone"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--recipe", "aging", "--at", "9" * 5000], "at: expected whole numbers such as 100,300, got '999"),
        (["--recipe", "aging", "--vary", "seed=1,2"], "vary 'seed': every contender has the same seeds"),
        (["--recipe", "aging", "--budget", "5", "--vary", "budget=1,2"], "vary 'budget': --budget decides"),
        (["--recipe", "aging", "--target", "95"], "target: expected an accuracy in [0, 1], got 95"),
        (["--recipe", "aging", "--target", "nan"], "target: expected an accuracy in [0, 1], got nan"),
        (
            [],
            "compare: expected run folders, or one of --recipe, --strategy, --contender at least once, got ",
        ),
        (["somewhere", "--recipe", "aging"], "compare: expected run folders or --recipe, got both"),
        (["--recipe", "aging", "--figure", "gif"], "figure: expected svg, png, pdf, got 'gif'"),
        (["--recipe", "aging", "--over", "time"], "over: expected evaluations or cost, got 'time'"),
        (["--recipe", "aging", "--at", "ten"], "at: expected whole numbers such as 100,300, got 'ten'"),
        (["--recipe", "aging", "--seeds", "0"], "seeds: expected at least 1, from 0 on, got 0 from 0"),
        (["--recipe", "aging", "--protocol", "short"], "protocol 'short' is unknown"),
        (
            ["--recipe", "random", "--recipe", "random"],
            "compare: expected every contender once, got 'random'",
        ),
        (["no-such-run"], "no-such-run"),
    ],
)
def test_bad_input(evonas: Callable[..., Any], tmp_path: Path, arguments: list[str], told: str) -> None:
    assert evonas("compare", *arguments, "--output", tmp_path / "out").failed_with(told)


def test_what_a_table_needs(evonas: Callable[..., Any], made_table: Path, tmp_path: Path) -> None:
    base = ["compare", "--genome", "nasbench201", "--table", made_table, "--output", tmp_path / "out"]
    assert evonas(*base, "--recipe", "random").failed_with("dataset: table", "has toy: say which")
    named = [*base, "--recipe", "random", "--dataset", "toy", "--jobs", 1]
    refused = evonas(*named, "--vary", "population=3,4", "--quiet")
    assert refused.failed_with("random population=3: ", "'population'")
    assert evonas(*named, "--protocol", "final").failed_with("a table's networks are trained already")


def test_a_table_whose_column_is_empty(evonas: Callable[..., Any], tmp_path: Path) -> None:
    table = tmp_path / "empty.csv"
    cell = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    table.write_text(f"cell,toy_valid3,toy_test3,other_valid3\n{cell},,5.0,7.0\n", encoding="utf-8")
    told = evonas(*words(table, tmp_path / "out", "--recipe", "random", "--budget", 2))
    assert told.failed_with("dataset 'toy': table", "has no validation accuracy of it after 3 epochs")


def test_what_a_table_holds(evonas: Callable[..., Any], made_table: Path, tmp_path: Path) -> None:
    ended = evonas("table", made_table)
    assert ended.status == 0 and "15,625 genotypes" in ended.out
    assert "toy: valid after 3, 12 epochs; test after 12 epochs; seconds after 3 epochs" in ended.out
    told = json.loads(evonas("table", made_table, "--json").out)
    assert told["datasets"] == {"toy": {"valid": [3, 12], "test": [12], "seconds": [3]}}
    assert evonas("table", tmp_path / "none.pth").failed_with("output: expected the table to write")
    assert evonas("table", made_table, "-o", tmp_path / "x.csv").failed_with("is a table already")


def test_evolve_resume_and_show_over_a_table(
    evonas: Callable[..., Any], made_table: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    choices = ["--genome", "nasbench201", "--table", made_table, "--dataset", "toy", "--budget", 15]
    ended = evonas("evolve", *choices, "--run", run, "--workers", 0)
    assert ended.status == 0, ended
    assert "looked up after 3 epochs in" in ended.err
    assert evonas("resume", run, "--budget", 20, "--workers", 0).status == 0
    shown = evonas("show", run)
    assert shown.status == 0 and "20" in shown.out, shown
    assert evonas("draw", run, "--output", tmp_path / "best.svg").status == 0
