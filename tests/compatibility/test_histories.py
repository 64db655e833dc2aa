"""Seeded searches go as they went before the modules had rooms.

``histories.json`` has every genome in the box by every strategy that can search it, as `make_histories` wrote
it at the commit before. It is never made anew.
"""

import json
import runpy
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MADE = runpy.run_path(str(HERE / "make_histories.py"))
BEFORE = json.loads((HERE / "histories.json").read_text(encoding="utf-8"))


def named(row):
    return dict(zip(MADE["COLUMNS"], row, strict=True))


@pytest.mark.parametrize("search", BEFORE)
def test_a_search_goes_as_before(search):
    now, before = MADE["history"](search), BEFORE[search]
    for number, (row, expected) in enumerate(zip(now, before, strict=True)):
        assert named(row) == named(expected), f"candidate {number}"


def test_every_genome_and_strategy_is_there():
    assert list(BEFORE) == MADE["SEARCHES"]
    assert {search.split()[0] for search in BEFORE} == set(MADE["SPACES"])
    assert {search.split()[1] for search in BEFORE} == set(MADE["TACTICS"])
