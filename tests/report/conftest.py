"""Runs to report on: made ones, and one whose author means harm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browsing import axe, browser, opened
from evonas.genomes.genet import GenetGenome

from evonas.evolution.candidate import FAILED, Candidate, Result
from evonas.evolution.genome import Origin
from evonas.run.run import Run
from evonas.settings.runs import open_run
from evonas.testing.made_runs import make_run

__all__ = ["axe", "browser", "opened"]

SCRIPT = "<script>window.harmed = true</script><img src=x onerror='window.harmed = true'>"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 120 AmoebaNet cells with made results; not to be changed."""
    return make_run(tmp_path_factory.mktemp("runs") / "made", budget=120)


@pytest.fixture(scope="session")
def harmful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose folder, operators, reasons and classes try to be HTML."""
    folder = tmp_path_factory.mktemp("runs") / "<img src=x onerror='window.harmed = true'>"
    made = make_run(tmp_path_factory.mktemp("runs") / "plain", "genet", 3)
    with open_run(made) as plain:
        settings, meta = plain.settings, plain.meta
    known = {key: meta[key] for key in ("task", "statistics", "dataset", "variation", "fitness")}
    with Run.create(folder, settings, classes=[SCRIPT], data_dir=None, **known) as run:
        for number in range(3):
            genome = GenetGenome([1] * settings.make_space().length, settings.make_space())
            genome.origin = Origin((0,) if number else (), SCRIPT)
            candidate = Candidate(number, genome)
            run.journal.asked(candidate, number)
            failed = number == 2
            candidate.result = (
                Result(FAILED, reason=SCRIPT) if failed else Result("done", 0.5 + number / 10, parameters=10)
            )
            run.journal.told(candidate, None)
        run.journal.commit()
    return folder


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Path], Path]:
    """Writes a report of a run."""
    from evonas.report import write_report

    return lambda run: write_report(run, tmp_path / "report.html", 12)
