from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from step_by_step import StepByStep

from evonas import load
from evonas.cli import main
from evonas.errors import UserError
from evonas.evolution.offers import names
from evonas.report import write_report
from evonas.report.document import meta_of
from evonas.report.facts import configuration
from evonas.report.living import living
from evonas.report.pictures import cleaned, pictures_of
from evonas.report.rows import FIELDS, lineage, pareto_front, ranked
from evonas.run.run import Run
from evonas.search.executors.usage import SlotUse, Usage
from evonas.search.pace import NOTED, Pace
from evonas.settings.runs import open_run
from evonas.testing.made_runs import make_run


def data_of(page: Path) -> Any:
    found = re.search(r'id="data">([^<]+)</script>', page.read_text(encoding="utf-8"))
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


@pytest.fixture(scope="module")
def page(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(made, tmp_path_factory.mktemp("report") / "report.html", 12)


def test_every_candidate_is_in_the_page(made: Path, page: Path) -> None:
    data = data_of(page)
    history = list(load(made).history)
    assert len(data["rows"]) == len(history) == 120
    for values, row in zip(data["rows"], history, strict=True):
        found = dict(zip(FIELDS, values, strict=True))
        for name in ("id", "parents", "operator", "status", "parameters", "flops", "reason", "genome"):
            assert found[name] == row[name]
        assert found["fitness"] == row["fitness"]


def test_fitness_is_compared_to_its_last_digit(made: Path, tmp_path: Path) -> None:
    with StepByStep(tmp_path / "fine", made, 12) as search:
        for number, hundredths in enumerate((1, 3, 2, 3)):
            search.evaluated(
                number, status="done", fitness=1_000_000 + hundredths / 100, parameters=9 - number
            )
    data = data_of(write_report(tmp_path / "fine", tmp_path / "fine.html", 0))
    best = load(tmp_path / "fine").top(4)
    assert ranked(data["rows"]) == [one.id for one in best] == [1, 3, 2, 0]
    assert pareto_front(data["rows"]) == [3]


def test_the_page_asks_for_nothing(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    own = text.partition("<script")[0] + "".join(re.findall(r"</script>(.*?)<script", text, re.DOTALL))
    assert not re.search(r"""(src|href)=["'](?!#|data:)""", own)


def test_drawings_are_of_the_best_the_front_and_the_lineage(made: Path, tmp_path: Path) -> None:
    data = data_of(write_report(made, tmp_path / "a.html", 20))
    rows = data["rows"]
    best = ranked(rows)[0]
    wanted = {*ranked(rows)[:5], *pareto_front(rows), *lineage(rows, best)}
    drawn = {int(number) for number in data["pictures"]}
    assert len(drawn) <= 20
    assert wanted <= drawn or len(drawn) == 20
    first = data["pictures"][str(best)]
    assert {"genotype", "network"} <= first.keys()
    for text in first.values():
        assert ElementTree.fromstring(text).tag.endswith("svg")
    child = next(row for row in rows if row[1] and row[0] in drawn)
    assert "change" in data["pictures"][str(child[0])]


def test_the_living_are_those_of_the_strategy(made: Path) -> None:
    result = load(made)
    population = result.settings.tactics["population"]
    told = [c.number for c in result.journal.candidates() if c.fitness is not None]
    assert living(result) == set(told[-population:])


@pytest.mark.parametrize("mode", ["wal", "rollback"])
def test_the_living_where_a_result_comes_between_two_reads(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """What was asked and what was told are read in one state, with a log or without."""
    monkeypatch.setenv("EVONAS_JOURNAL", mode)
    with StepByStep(tmp_path / "run", made, 20) as search:
        search.evaluated(*range(14))
        result = load(tmp_path / "run")
        before = living(result)
        journal: Any = result.journal
        select = journal._select
        later = threading.Thread(target=search.evaluated, args=[14])

        def select_while_it_goes_on(query: str) -> Any:
            rows = select(query)
            if "FROM asked" in query:
                later.start()
                later.join(0.5)  # without a log it waits for the reader to end
            return rows

        monkeypatch.setattr(journal, "_select", select_while_it_goes_on)
        assert living(result) == before
        later.join()
        monkeypatch.setattr(journal, "_select", select)
        assert 14 in living(result)


def test_a_report_of_a_run_that_has_just_begun(tmp_path: Path, made: Path) -> None:
    with open_run(made) as opened:
        settings = opened.settings
        meta = {key: opened.meta[key] for key in ("task", "statistics", "dataset", "classes", "fitness")}
    Run.create(tmp_path / "new", settings, **meta).close()
    data = data_of(write_report(tmp_path / "new", tmp_path / "new.html"))
    assert data["rows"] == [] and data["pictures"] == {}


def test_nothing_from_a_run_is_html(harmful: Path, written: Callable[[Path], Path]) -> None:
    page = written(harmful).read_text(encoding="utf-8")
    assert "<script>window.harmed" not in page and "<img" not in page.partition("<script>")[0]
    assert "&lt;img src=x" in page  # the title


def test_drawings_keep_only_shapes_and_words() -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" onload="a()">'
        '<a x:href="javascript:a()"><text>t</text></a><foreignObject><b/></foreignObject><script>a()</script>'
        '<rect style="background:url(http://h/)" fill="url(http://h/)" width="1"/><g fill="url(#x)"/>'
        '<image href="http://h/"/><use href="#x"/><animate attributeName="href"/></svg>'
    )
    root = ElementTree.fromstring(cleaned(svg))
    assert [element.tag.rpartition("}")[2] for element in root.iter()] == ["svg", "rect", "g"]
    assert root.attrib == {}
    assert [element.attrib for element in root] == [{"width": "1"}, {"fill": "url(#x)"}]


@pytest.mark.parametrize(
    "value",
    [
        "url(#a) url(http://h/2)",
        "url( #a )url(//h/2)",
        r"u\72l(http://h/5)",
        r"url\28http://h/5)",
        "image-set('http://h/4' 1x)",
        "-webkit-image-set('http://h/4' 1x)",
        "image('http://h/4')",
        "src('http://h/4')",
        "cross-fade(url(http://h/4), red)",
        "rgb(0,0,0) url(http://h/4)",
        "rgb(0,0,0)url(http://h/4)",
        "var(--a, url(http://h/4))",
        "URL(http://h/4)",
        "url('http://h/4')",
        "url(#a",
    ],
)
@pytest.mark.parametrize("name", ["filter", "mask", "clip-path", "cursor", "fill", "marker-end"])
def test_no_attribute_of_a_drawing_loads_anything(name: str, value: str) -> None:
    svg = ElementTree.Element("{http://www.w3.org/2000/svg}svg", {name: value})
    assert ElementTree.fromstring(cleaned(ElementTree.tostring(svg, encoding="unicode"))).attrib == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fill", "url(#a-1)"),
        ("fill", "rgb(1, 2, 3)"),
        ("stroke", "#12ab9f"),
        ("fill", "hsl(120 50% 20% / 0.5)"),
        ("transform", "translate(1,2) rotate(-90) scale(1e-3)"),
        ("d", "M0,0L1.5e3-2z"),
        ("font-family", "'DejaVu Sans', sans-serif"),
        ("aria-label", "conv (3×3)"),
        ("viewBox", "0 0 10 10"),
    ],
)
def test_drawings_keep_what_they_look_like(name: str, value: str) -> None:
    svg = ElementTree.Element("{http://www.w3.org/2000/svg}svg", {name: value})
    found = ElementTree.fromstring(cleaned(ElementTree.tostring(svg, encoding="unicode")))
    assert found.attrib == {name: value}


@pytest.mark.parametrize("genome", names("genomes"))
def test_drawings_of_every_genome_are_kept_whole(genome: str, tmp_path: Path) -> None:
    run = load(make_run(tmp_path / "run", genome, 4))
    path = tmp_path / "drawing.svg"
    run.individual(3).genome.draw(path)

    def parts(text: str) -> list[Any]:
        return [(element.tag, element.attrib) for element in ElementTree.fromstring(text).iter()]

    assert parts(cleaned(path.read_text(encoding="utf-8"))) == parts(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text", ["<p/>", "no", '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>']
)
def test_what_is_no_drawing_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="drawing: expected SVG"):
        cleaned(text)


def test_a_drawing_that_fails_says_why(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from evonas.genomes.amoeba import AmoebaGenome

    def broken(self: Any) -> Any:
        raise ZeroDivisionError("a mistake of its author")

    monkeypatch.setattr(AmoebaGenome, "pictured", broken)
    found = pictures_of(load(made), 0, ("genotype", "network"))
    assert "network" in found and "genotype" not in found
    assert found["reason"] == "The genotype could not be drawn: a mistake of its author"


@pytest.mark.parametrize(
    ("output", "drawings", "message"),
    [
        ("a.pdf", 1, r"report: expected a file that ends in \.html, got .*a\.pdf"),
        ("nowhere/a.html", 1, "report: expected a folder that exists, got .*nowhere"),
        ("a.html", -1, "drawings: expected a whole number of at least 0, got -1"),
    ],
)
def test_bad_input(made: Path, tmp_path: Path, output: str, drawings: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        write_report(made, tmp_path / output, drawings)


def test_the_command(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(made), "-o", str(tmp_path / "a.html"), "--drawings", "0"]) == 0
    assert "MB; open it in a browser" in capsys.readouterr().out
    assert main(["report", str(tmp_path)]) == 2
    assert "no run is there" in capsys.readouterr().err


def test_sessions_and_lists_are_told_in_words(made: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    usage = Usage(44.56920761800029, (SlotUse("worker 1", 20, 40.123456),), 3.0)
    with open_run(copy, write=True) as run:
        run.journal.note(NOTED, [Pace(20, 48_000, usage).to_dict(), {"slots": 3}])
    result = load(copy)
    told = {name: dict(pairs) for name, pairs in configuration(result, meta_of(result))}
    assert told["Use of the machines"]["session 1"] == (
        "20 candidates in 45 s, 1,615 an hour, 1.08k images/s; worker 1: 20 candidates, busy for 40 s"
    )
    assert told["Use of the machines"]["session 2"] == '{"slots": 3}'  # nothing that was noted is hidden
    assert told["Search space"]["operations"].startswith("identity, ")
    assert told["Images"]["what became of them"].startswith("1,797 images 1×8×8 in 10 classes: ")
