"""Ways to search by name, and their variations."""

from __future__ import annotations

from pathlib import Path

import pytest

from evonas.comparison.contender import Contender, find_contender, read_choices, varied
from evonas.errors import UserError


def test_names() -> None:
    assert find_contender("random", "nasbench201").config["recipe"] == "nasbench201-random"
    assert find_contender("nash-small", None).config["recipe"] == "nash-small"
    aging = find_contender("aging", "nasbench201").config
    assert (aging["recipe"], aging["search"]) == ("nasbench201", {"strategy": "aging"})
    assert find_contender("aging", "genet").config["recipe"] == "genet"
    with pytest.raises(
        UserError, match="recipe 'agin': expected a recipe, a strategy or FILE.toml; did you mean"
    ):
        find_contender("agin", "nasbench201")


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[search]\nstrategy = 'random'\n", encoding="utf-8")
    found = find_contender(str(tmp_path / "mine.toml"), "genet")
    assert (found.name, found.config["search"]) == ("mine", {"strategy": "random"})


def test_variations() -> None:
    choices = read_choices(["population=5,10", "genome.q_m=0.1", "strategy=aging,non-aging"])
    assert choices == {"population": [5, 10], "genome.q_m": [0.1], "strategy": ["aging", "non-aging"]}
    found = varied(Contender("x", {"recipe": "nasbench201"}), choices)
    assert [one.title for one in found][:2] == [
        "x population=5 genome.q_m=0.1 strategy=aging",
        "x population=5 genome.q_m=0.1 strategy=non-aging",
    ]
    last = found[-1].config
    assert (last["strategy"], last["genome"], last["search"]) == (
        {"population": 10},
        {"q_m": 0.1},
        {"strategy": "non-aging"},
    )
    assert last["recipe"] == "nasbench201"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("population", "expected KEY=VALUE,VALUE such as population=5,10,20, got 'population'"),
        ("population=", "expected KEY=VALUE,VALUE"),
        ("tactics.population=3", "vary 'tactics.population': "),
    ],
)
def test_bad_variations(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        varied(Contender("x", {}), read_choices([text]))
    with pytest.raises(UserError, match="expected every key once, got 'a' again"):
        read_choices(["a=1", "a=2"])
