import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace

from evonas.evolution.candidate import Candidate, Result
from evonas.evolution.genome import Origin
from evonas.run.journal import Journal, MemoryJournal, SqliteJournal

SPACE = AmoebaSpace(combinations=2)


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[..., SqliteJournal]]:
    """Opens the journal in tmp_path/run, made at the first call."""
    opened: list[SqliteJournal] = []

    def open_again(write: bool = True) -> SqliteJournal:
        folder = tmp_path / "run"
        if (folder / "journal.db").exists():
            opened.append(SqliteJournal(folder, write=write))
        else:
            opened.append(SqliteJournal.create(folder, {"settings": {"seed": 3}}))
        opened[-1].read_genomes_with(lambda data: AmoebaGenome.from_dict(data, SPACE))
        return opened[-1]

    yield open_again
    for journal in opened:
        journal.close()


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, reopen: Callable[..., SqliteJournal]) -> Journal:
    """An empty journal of either kind."""
    return MemoryJournal() if request.param == "memory" else reopen()


@pytest.fixture
def candidate() -> Callable[..., Candidate]:
    """Makes a candidate with a random genome."""

    def make(number: int, result: Result | None = None, parents: tuple[int, ...] = ()) -> Candidate:
        genome = AmoebaGenome.random(SPACE, random.Random(number))
        genome.origin = Origin(parents, "amoeba-operation" if parents else "random")
        genome.number = number
        return Candidate(number, genome, result)

    return make
