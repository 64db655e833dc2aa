"""What a watched run says of itself while it goes on, ends, goes on again, or is replaced."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evonas.genomes.genet import GenetGenome
from step_by_step import StepByStep

from evonas.api import load
from evonas.report.living import living
from evonas.results.result import SearchResult
from evonas.serving import watching
from evonas.serving.watching import WatchedRun
from evonas.testing.made_runs import make_run


@pytest.fixture(autouse=True)
def _every_look_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AT_MOST", 0.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of cells by aging evolution, whose candidates die."""
    return make_run(tmp_path_factory.mktemp("runs") / "made", budget=30)


def test_those_alive_are_those_of_a_report(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replayed = []

    def counted(result: SearchResult) -> set[int]:
        replayed.append(result)
        return living(result)

    monkeypatch.setattr(watching, "living", counted)
    with StepByStep(tmp_path / "run", made, 30) as search:
        search.evaluated(*range(20))
        watched = WatchedRun(tmp_path / "run")
        first = watched.news(0, "")
        assert first["living"] == sorted(living(load(tmp_path / "run")))
        assert len(first["living"]) == search.run.settings.tactics["population"] < 20
        watched.news(0, "")
        assert len(replayed) == 1  # nothing is new
        search.evaluated(20)
        later = watched.news(first["revision"], first["server"])
        assert 20 in later["living"] and first["living"][0] not in later["living"]
    watched.close()


def test_a_larger_budget_shows(made: Path, tmp_path: Path) -> None:
    with StepByStep(tmp_path / "run", made, 12) as search:
        search.evaluated(*range(12))
        watched = WatchedRun(tmp_path / "run")
        first = watched.news(0, "")
        assert first["state"] == "complete"
        search.run.change(replace(search.run.settings, budget=30))
        search.asked(12)
        again = watched.news(first["revision"], first["server"])
        assert again["server"] != first["server"]  # headline and configuration say otherwise, too: begin anew
        assert again["info"]["budget"] == 30 and again["state"].startswith("1 being evaluated")
        assert len(again["rows"]) == 13 and "12 of 30" in watched.page()
    watched.close()


def test_a_run_is_replaced_while_one_of_it_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing, go_on, draw = threading.Event(), threading.Event(), GenetGenome.draw

    def slowly(self: GenetGenome, *arguments: Any) -> Any:
        drawing.set()
        assert go_on.wait(120)
        return draw(self, *arguments)

    monkeypatch.setattr(GenetGenome, "draw", slowly)
    folder = make_run(tmp_path / "run", "genet", 12)
    watched = WatchedRun(folder)
    with ThreadPoolExecutor() as pool:
        try:
            old = pool.submit(watched.individual, 11)
            assert drawing.wait(120)
            folder.rename(tmp_path / "old")
            make_run(folder, "genet", 12, seed=7)
            assert len(watched.news(0, "")["rows"]) == 12  # nobody waits for the drawing
        finally:
            go_on.set()
        assert "reason" not in old.result()
    new = watched.individual(11)
    assert new["genotype"] != old.result()["genotype"]
    watched.close()
