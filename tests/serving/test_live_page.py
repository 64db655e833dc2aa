"""The live page in a real browser, while the run that it shows goes on, or another takes its place."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import findings, wait_until
from step_by_step import StepByStep

from evonas.api import load
from evonas.testing.made_runs import make_run

Serving = Callable[..., str]

COMMAND = Path(sys.executable).with_name("evonas")
ENDLESS = "1000000"
SHOWN = "Number(document.querySelector('#cards dd').textContent.split(' of ')[0].replaceAll(',', ''))"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "made", "genet", 12)


def test_results_show_while_the_search_goes_on(
    serving: Serving, opened: Any, axe: str, tmp_path: Path
) -> None:
    run = tmp_path / "live"
    (tmp_path / "eager.toml").write_text(
        '[search]\nkernels = "eager"\n', encoding="utf-8"
    )  # nothing to compile
    search = subprocess.Popen(
        [COMMAND, "evolve", "--genome", "genet", "--budget", ENDLESS, "--epochs", "1", "--train-limit", "100",
         "--workers", "0", "--run", str(run), "--quiet",
         "--config", str(tmp_path / "eager.toml")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        while not (run / "journal.db").is_file() or not load(run).journal.counts()[1]:
            assert search.poll() is None
            time.sleep(0.1)
        address = serving(run)
        watched = opened()
        page = watched.open(address)
        for _ in range(2):  # each is asked for by a page that has shown the ones before
            wait_until(page, f"{SHOWN} > {page.evaluate(SHOWN)}")
        page.click("#individuals-rows [data-candidate] >> nth=0")
        page.wait_for_selector("#individual-drawings svg")
        assert "being evaluated" in page.inner_text("#state")
        assert search.poll() is None
        assert findings(page, axe) == []
        assert watched.wrong == []
        assert all(url.startswith(address) or url.startswith("data:") for url in watched.asked)
    finally:
        search.kill()
        search.wait()


def test_a_page_begins_anew_with_another_run(serving: Serving, opened: Any, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", "genet", 12)
    page = opened().open(serving(run))
    page.click('#individuals-rows [data-candidate="1"]')
    page.wait_for_selector("#individual-drawings svg")
    run.rename(tmp_path / "old")
    genomes = [row["genome"] for row in load(make_run(run, "genet", 10, seed=7)).history]
    page.wait_for_selector("#cards >> text=10 of 10")
    page.wait_for_selector("body[data-ready]")
    assert page.evaluate("EV.rows.map(row => row.genome)") == genomes
    assert "10 candidates" in page.inner_text(".lead")  # which no script writes
    page.evaluate("EV.open(1)")
    page.wait_for_selector("#individual-drawings svg")
    assert genomes[1] in (page.text_content("#individual-body") or "")


def test_an_individual_that_is_open_hears_of_its_result(
    made: Path, serving: Serving, opened: Any, tmp_path: Path
) -> None:
    with StepByStep(tmp_path / "run", made, 12) as search:
        search.evaluated(*range(6), status="done", fitness=0.9)
        search.asked(6)
        watched = opened()
        page = watched.open(serving(tmp_path / "run"))
        page.evaluate("EV.open(6)")
        page.wait_for_selector("#individual-drawings svg")
        assert "not evaluated yet" in page.inner_text("#individual-body")
        assert page.evaluate("6 in EV.curves") is False
        page.eval_on_selector("#individual-drawings", "drawings => { drawings.dataset.same = 'yes' }")
        # Not among the five best, whose curves come by themselves.
        search.told(6, status="done", fitness=0.1234)
        page.wait_for_selector("#individual-facts >> text=0.1234")
        wait_until(page, "6 in EV.curves")
        assert "not evaluated yet" not in page.inner_text("#individual-body")
        assert page.get_attribute("#individual-drawings", "data-same") == "yes"
        assert watched.wrong == []
