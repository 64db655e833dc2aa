"""The small recipe: a whole search on the embedded digits."""

from evonas.genomes.darts import DartsSpace

import evonas
from evonas.settings import compose, resolve


def test_it_is_small() -> None:
    settings = resolve(compose("darts", None, {}), uses_images=True)
    assert (settings.recipe, settings.strategy, settings.budget) == ("darts-small", "aging", 40)
    assert settings.make_space() == DartsSpace(cells=5, filters=4)


def test_a_search_with_it() -> None:
    result = evonas.evolve(
        genome="darts",
        budget=4,
        population=2,
        epochs=1,
        train_limit=100,
        workers=0,
        start="darts-v2",
        config={"genome": {"cells": 3, "filters": 2}},
    )
    rows = list(result.history)
    assert len(rows) == 4 and all(row["status"] == "done" for row in rows)
    assert rows[0]["operator"] == "start"
