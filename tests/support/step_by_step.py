"""A search that a test takes step by step, so that what is seen of it depends on no speed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from evonas import load
from evonas.evolution.candidate import Candidate
from evonas.run.run import Run
from evonas.settings.runs import open_run

KNOWN = ("task", "statistics", "dataset", "classes", "variation", "fitness")


class StepByStep:
    """The candidates of a made run, asked and told in a run of their own when the test says so.

    Args:
        folder: Of the run; new.
        made: A run that has ended.
        budget: Of the run.
    """

    def __init__(self, folder: Path, made: Path, budget: int) -> None:
        with open_run(made) as old:
            settings, known = old.settings, {key: old.meta[key] for key in KNOWN}
        self.candidates = list(load(made).journal.candidates())
        self.run = Run.create(folder, replace(settings, budget=budget), data_dir=None, **known)
        self._told = 0

    def asked(self, *numbers: int) -> None:
        """Some are being evaluated from now on."""
        for number in numbers:
            self.run.journal.asked(Candidate(number, self.candidates[number].genome), self._told)
        self.run.journal.commit()

    def told(self, *numbers: int, **changes: Any) -> None:
        """Some have ended, with what they came to in the made run but for what is given."""
        for number in numbers:
            result = self.candidates[number].result
            assert result is not None
            genome = self.candidates[number].genome
            self.run.journal.told(Candidate(number, genome, replace(result, **changes)), None)
            self._told += 1
        self.run.journal.commit()

    def evaluated(self, *numbers: int, **changes: Any) -> None:
        """Both, one after the other."""
        for number in numbers:
            self.asked(number)
            self.told(number, **changes)

    def __enter__(self) -> StepByStep:
        return self

    def __exit__(self, *_: object) -> None:
        self.run.close()
