"""Ways to search by name, and their variations."""

from __future__ import annotations

from pathlib import Path

import pytest

from evonas.comparison.contender import Contender, find_contender
from evonas.comparison.variations import check_varied, read_choices, varied
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


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000])
def test_values_that_cannot_be_read(value: str) -> None:
    with pytest.raises(UserError, match="vary: expected values such as 5 or aging, got ") as told:
        read_choices([f"population=3,{value}"])
    assert len(str(told.value)) < 100


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["seed"], "vary 'seed': every contender has the same seeds"),
        (["search.seed"], "vary 'seed': "),
        (["dataset"], "vary 'dataset': all searches of a comparison share it"),
        (["genome"], "vary 'genome': all searches"),
        (["budget"], "vary 'budget': --budget decides it; give one of them"),
        (["search.budget"], "vary 'search.budget': --budget decides it"),
        (["training.epochs"], "vary 'training.epochs': --epochs decides it"),
        (["train_limit"], "vary 'train_limit': --train-limit decides it"),
        (["epochs", "training.epochs"], "expected every key once, got 'epochs' again as 'training.epochs'"),
        (["training.learning_rate"], "a table's networks are trained already"),
        (["final.epochs"], "vary 'final.epochs': expected --protocol final"),
    ],
)
def test_what_would_vary_nothing(keys: list[str], message: str) -> None:
    given = {"budget": 5, "train_limit": 3, "table": "t.csv"}
    if len(keys) == 1:
        given["epochs"] = 1
    with pytest.raises(UserError, match=message):
        check_varied(keys, given, "search")


def test_what_can_be_varied() -> None:
    check_varied(["budget", "epochs", "population", "training.learning_rate", "final.epochs"], {}, "final")
    check_varied(["genome.filters", "strategy.population"], {"genome": "genet", "budget": 3}, "")
