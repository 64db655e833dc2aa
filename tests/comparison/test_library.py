"""`evonas.compare`: comparisons from Python."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evonas
from evonas.comparison import ComparisonResult
from evonas.errors import UserError
from evonas.evolution import mutation
from evonas.evolution.strategies.random_search import RandomSearch


def own_things() -> tuple[Any, Any, Any]:
    """A fitness, a strategy and a mutation, which no other process could import."""

    def ones(genome: Any, rng: Any) -> float:
        return float(sum(genome) / len(genome))

    class Chance(RandomSearch):
        """Random search."""

    @mutation("genet")
    def fill(genome: Any, rng: Any) -> Any:
        genome[rng.randrange(len(genome))] = 1
        return genome

    return ones, Chance, fill


ones, Chance, fill = own_things()
WAYS = {
    "Chance": {"strategy": Chance},
    "Filling <b>": {"strategy": "aging", "population": 4, "sample": 2, "operators": fill},
}
TERMS: dict[str, Any] = {"genome": "genet", "evaluate": ones, "needs": "genome", "budget": 15}


def importable(genome: Any, rng: Any) -> float:
    """A function of a module that other processes do not find."""
    return 0.5


class Texts(HTMLParser):
    """The cells of a page's tables, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "td":
            self.cells[-1] += data


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> ComparisonResult:
    folder = tmp_path_factory.mktemp("compared") / "out"
    heard: list[str] = []
    result = evonas.compare(
        WAYS,
        seeds=3,
        folder=folder,
        at=[5],
        bounds=(0, 1),
        watch=lambda one: heard.append(one.contender),
        **TERMS,
    )
    assert heard == ["Chance"] * 3 + ["Filling <b>"] * 3
    return result


def test_what_comes_back(found: ComparisonResult) -> None:
    assert list(found.records) == list(WAYS) and found.points == [5, 15] and not found.accuracies
    assert {len(records) for records in found.records.values()} == {3}
    (one,) = found.tests
    assert one.difference == pytest.approx(
        found.outcomes(15)["Chance"].mean() - found.outcomes(15)["Filling <b>"].mean()
    )
    assert sum(found.ranks().values()) == pytest.approx(7)  # of six searches, half each
    assert found.ranks()["Filling <b>"] < found.ranks()["Chance"]
    assert "genet on a function; 3 searches each" in found.to_markdown()
    assert "| Filling <b> |" in found.to_markdown() and "%, " not in found.to_markdown()


def test_the_report_is_a_page(found: ComparisonResult, tmp_path: Path) -> None:
    assert found.report is not None and found.folder is not None
    names = {path.name for path in found.folder.iterdir()}
    assert {"comparison.html", "comparison.md", "curves.svg", "searches.jsonl", "runs"} <= names
    text = found.report.read_text(encoding="utf-8")
    page = Texts()
    page.feed(text)
    assert page.tags.count("img") == 1 and page.tags.count("table") == 3 and "b" not in page.tags
    assert page.cells.count("Filling <b>") == 3 and "Content-Security-Policy" in text
    assert found.to_html(tmp_path / "page.html", over="cost").stat().st_size > 10_000
    assert found.draw_curves(tmp_path / "a.svg").read_text(encoding="utf-8").count("Filling &lt;b&gt;") == 1
    with pytest.raises(UserError, match="a heat map needs settings that were varied"):
        found.draw_heat_map(tmp_path / "b.svg")


def test_kept_searches_are_not_run_again(found: ComparisonResult) -> None:
    """More seeds add to what is there; another function, fitness or operator of one label is refused."""
    assert found.folder is not None
    before = (found.folder / "searches.jsonl").read_text(encoding="utf-8")
    heard: list[tuple[str, int]] = []
    more = evonas.compare(
        WAYS,
        seeds=[0, 1, 2, 7],
        folder=found.folder,
        watch=lambda one: heard.append((one.contender, one.seed)),
        **TERMS,
    )
    assert sorted(heard) == [("Chance", 7), ("Filling <b>", 7)]
    assert (found.folder / "searches.jsonl").read_text(encoding="utf-8").startswith(before)
    assert more.records["Chance"][:3] == found.records["Chance"]
    assert json.loads(before.splitlines()[0]) == {"genome": "genet", "budget": 15}

    def twos(genome: Any, rng: Any) -> float:
        return float(2 * ones(genome, rng))

    for changed in ({"evaluate": twos}, {"name": "second"}, {"needs": "architecture"}):
        with pytest.raises(
            UserError, match="contender 'Chance': its searches in .* had other code, settings or data"
        ):
            evonas.compare(WAYS, seeds=3, folder=found.folder, **{**TERMS, **changed})


def test_several_processes_find_the_same(found: ComparisonResult) -> None:
    """With functions and classes of one's own, which are not imported there."""
    local = {"Chance": {"strategy": Chance, "evaluate": lambda genome, rng: ones(genome, rng)}}
    terms = {key: value for key, value in TERMS.items() if key != "evaluate"}
    again = evonas.compare(local, seeds=3, jobs=2, **terms)
    assert again.folder is None and again.report is None
    assert [one.steps for one in again.records["Chance"]] == [one.steps for one in found.records["Chance"]]


def test_what_cannot_be_loaded_elsewhere_is_said() -> None:
    with pytest.raises(UserError, match="cannot be loaded in another process: ModuleNotFoundError: .*1 job"):
        evonas.compare({"a": {"strategy": "random"}}, seeds=2, jobs=2, **{**TERMS, "evaluate": importable})


def test_why_nothing_was_found_is_said() -> None:
    def broken(genome: Any, rng: Any) -> float:
        raise KeyError("no such\nthing")

    ways = {
        "Broken": {"strategy": "random", "evaluate": broken},
        "Whole": {"strategy": "random", "evaluate": ones},
    }
    found = evonas.compare(ways, seeds=2, genome="genet", needs="genome", budget=2)
    told = "**Broken found nothing**: every candidate failed, the first with: KeyError: "
    assert told in found.to_markdown() and "Whole found nothing" not in found.to_markdown()
    assert not found.alike and found.tests == []


def test_recipes_by_name_over_a_table(made_table: Path) -> None:
    found = evonas.compare(
        ["aging", "random"], seeds=2, genome="nasbench201", table=made_table, dataset="toy", budget=12,
        vary={"unique": [False, True]},
    )  # fmt: skip
    titles = ["aging unique=False", "aging unique=True", "random unique=False", "random unique=True"]
    assert list(found.records) == titles and found.accuracies and found.outcome == "test"
    assert "nasbench201 on toy, table toy.csv" in found.to_markdown()


def test_without_matplotlib_there_are_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # import raises ImportError
    with pytest.warns(RuntimeWarning, match="there will be tables only"):
        found = evonas.compare(
            {"a": {"strategy": "random"}}, seeds=1, folder=tmp_path, **{**TERMS, "budget": 2}
        )
    assert found.report is not None and "<table>" in found.report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("contenders", "said", "message"),
    [
        ({}, {}, "compare: expected at least one contender, got none"),
        ({"a": "random"}, {}, "contender 'a': expected what evonas.evolve is called with"),
        ({"": {}}, {}, "label: expected a text in one line"),
        ({"a\nb": {}}, {}, "label: expected a text in one line"),
        (["random", "random"], {"vary": {"seed": [1]}}, "vary 'seed'"),
        ({"a": {"evaluate": ones}}, {}, "contender 'a': 'evaluate' is given for all contenders"),
        ({"a": {"tempo": 3}}, {}, "a: strategy setting 'tempo' is unknown to this strategy"),
        ({"a": {}}, {"config": {}}, "compare: 'config' is none of what all share: say it of each contender"),
        ({"a": {}}, {"seeds": 0}, "seeds: expected whole numbers of at least 1, got 0"),
        ({"a": {}}, {"seeds": [1, 1]}, "seeds: expected each once and at least one"),
        ({"a": {}}, {"seeds": [True]}, "seeds: expected whole numbers of at least 0, got True"),
        ({"a": {}}, {"at": ["x"]}, "at: expected whole numbers of at least 1, got 'x'"),
        (
            {"a": {}},
            {"bounds": (1, 0)},
            "bounds: expected the least and the most, such as (0, 1), got (1, 0)",
        ),
        ({"a": {}}, {"bounds": (0, 0.1)}, "bounds: expected a fitness in [0, 0.1]"),
        ({"a": {}}, {"protocol": "short"}, "protocol 'short' is unknown"),
        ({"a": {}}, {"protocol": "final"}, "contender 'a' has a fitness of genomes, and no images"),
        ({"a": {}}, {"jobs": 0}, "jobs: expected a whole number of at least 1, got 0"),
        (
            {"a": {}},
            {"evaluate": None, "needs": None, "target": 95},
            "target: expected an accuracy in [0, 1]",
        ),
    ],
)
def test_what_is_refused(contenders: Any, said: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as told:
        evonas.compare(contenders, **{**TERMS, "budget": 2, "seeds": 1, **said})
    assert message in str(told.value)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"seeds": 2.5}, "seeds: expected how many, or their seeds, got 2.5"),
        ({"seeds": None}, "seeds: expected"),
        ({"at": 5}, "at: expected numbers of evaluations, got 5"),
        ({"jobs": "2"}, "jobs: expected a whole number of at least 1, got '2'"),
        ({"watch": 5}, "watch: expected a function, got 5"),
        ({"folder": 5}, "folder: expected a path, got 5"),
        ({"target": "x"}, "target: expected a finite number, got 'x'"),
        ({"target": float("nan")}, "target: expected a finite number, got nan"),
        ({"bounds": (0, float("inf"))}, "bounds: expected the least and the most"),
        ({"operators": 5}, "operators: expected functions"),
        ({"vary": {"population": 2}}, "vary 'population': expected a list of values"),
        ({"vary": {"population": []}}, "vary 'population': expected a list of values"),
        ({"vary": {5: [1]}}, "vary: expected values by setting"),
        ({"contenders": 5}, "contenders: expected arguments by label"),
        ({"contenders": ["random", "random"]}, "expected every contender once"),
        ({"contenders": {"a": {5: 3}}}, "contender 'a': expected names of arguments, got 5"),
    ],
)
def test_arguments_of_other_types(said: dict[str, Any], expected: str) -> None:
    """Said before anything is searched, and not when the report is written hours later."""
    said = {"contenders": ["random"], **TERMS, "budget": 1, "seeds": 1, **said}
    with pytest.raises(UserError, match=re.escape(expected)):
        evonas.compare(said.pop("contenders"), **said)


def test_seeds_of_numpy(tmp_path: Path) -> None:
    found = evonas.compare(["random"], seeds=np.arange(2), folder=tmp_path, **{**TERMS, "budget": 1})
    assert [record.seed for record in found.records["random"]] == [0, 1]


def test_functions_of_one_line_are_not_one_fitness() -> None:
    ways = {"a": {"evaluate": lambda genome, rng: 1.0}, "b": {"evaluate": lambda genome, rng: 2.0}}
    found = evonas.compare(ways, seeds=2, genome="genet", needs="genome", strategy="random", budget=1)
    assert not found.alike and found.tests == []
