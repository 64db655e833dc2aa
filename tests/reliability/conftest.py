from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from searches import Searches

from evonas.results.result import SearchResult
from evonas.settings.runs import open_run


@pytest.fixture(scope="session")
def rows() -> Callable[[SearchResult], list[dict[str, Any]]]:
    """The rows of a history, times aside."""

    def read(result: SearchResult) -> list[dict[str, Any]]:
        return [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]

    return read


@pytest.fixture(scope="session")
def kept() -> Callable[[Path], dict[int, tuple[str, int, str]]]:
    """Which weights a run keeps, after a look at what must hold at any moment.

    Every file that the journal names is there and whole, and no pending child lacks its parent's weights.
    """

    def check(folder: Path) -> dict[int, tuple[str, int, str]]:
        opened = open_run(folder)
        found = opened.journal.kept()
        for stored in found.values():
            assert opened.store.load(stored)
        for candidate in opened.journal.candidates():
            if candidate.result is None:
                assert set(candidate.genome.origin.parents) <= set(found)
        opened.journal.close()
        return {number: (stored.file, stored.size, stored.digest) for number, stored in found.items()}

    return check


@pytest.fixture(scope="session")
def searches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Searches]]:
    """What runs searches, one for each seed of the hashes of strings."""
    folder = tmp_path_factory.mktemp("searches")
    made: dict[str, Searches] = {}

    def get(hash_seed: str = "0") -> Searches:
        if hash_seed not in made:
            made[hash_seed] = Searches(folder, hash_seed)
        return made[hash_seed]

    yield get
    for one in made.values():
        one.close()
