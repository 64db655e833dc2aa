from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("genomes", ["amoeba", "amoebanet-small"]),
        ("operators", ["amoeba-hidden-state", "mutation", "0.475"]),
        ("strategies", ["aging", "random", "population=100"]),
        ("datasets", ["digits", "cifar10", "FILE.npz", "FOLDER"]),
        ("genotypes", ["amoebanet-a, amoebanet-a-tpu (amoeba)", "extra(2,4)"]),
        ("recipes", ["amoebanet-small", "Real et al. 2019"]),
    ],
)
def test_it_lists(
    evonas: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, what: str, expected: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = evonas("list", what)
    assert ended.status == 0 and not ended.err
    assert [words for words in expected if words not in ended.out] == []
    assert max(len(line) for line in ended.out.splitlines()) <= 80


def test_what_cannot_be_listed(evonas: Callable[..., Any]) -> None:
    assert evonas("list", "genome").failed_with("'genome' cannot be listed; did you mean 'genomes'?")


def test_what_can_be_listed_is_said_where_nothing_is_named(evonas: Callable[..., Any]) -> None:
    assert evonas("list").failed_with("expected one of genomes, operators, strategies, datasets")


def test_one_genomes_operators_and_genotypes(evonas: Callable[..., Any]) -> None:
    out = evonas("list", "operators", "--genome", "genet").out
    assert out.startswith("genet\n") and "genet-flip-bits" in out and "amoeba" not in out
    out = evonas("list", "genotypes", "--genome", "genet").out
    assert "genet-1 (genet)" in out and "amoebanet-a" not in out
    assert evonas("list", "operators", "--genome", "gent").failed_with("did you mean 'genet'?")
    assert evonas("list", "recipes", "--genome", "genet").failed_with("only with operators or genotypes")
