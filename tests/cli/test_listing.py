import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evonas.evolution import offers


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


def test_genomes_say_what_they_are_good_for_and_how_large_they_are(evonas: Callable[..., Any]) -> None:
    out = evonas("list", "genomes").out
    about = {block.split(" ", 1)[0]: block for block in out.split("\n\n")[0].replace("\n  ", " ").split("\n")}
    assert "good for: images of your own" in about["amoeba"]
    assert re.search(r"size: smallest [\d.]+k parameters, [\d.]+k FLOPs; usual [\d.]+k par", about["amoeba"])
    assert "smallest 20 parameters, 20 FLOPs; grows to at most 2M parameters" in about["large-scale"]


@pytest.mark.parametrize("what", ["genomes", "operators", "strategies", "datasets", "genotypes", "recipes"])
def test_all_of_it_as_json(evonas: Callable[..., Any], what: str) -> None:
    found = json.loads(evonas("list", what, "--json").out)
    assert list(found)[0] == what and len(found[what]) > 5
    assert len({tuple(row) for row in found[what]}) == 1  # every row has the same keys


def test_sizes_as_json(evonas: Callable[..., Any]) -> None:
    rows = {row["name"]: row for row in json.loads(evonas("list", "genomes", "--json").out)["genomes"]}
    assert rows["amoeba"]["smallest"]["parameters"] < rows["amoeba"]["usual"]["parameters"]
    assert rows["amoeba"]["recipe"] == "amoebanet-small" and rows["amoeba"]["most"] is None
    assert rows["graph"]["usual"] is None and rows["graph"]["most"] == 2_000_000


FOREIGN = """
from evonas.evolution import Genome, Space

class Plain(Genome):
    name = "plain"
    space_type = Space
    @classmethod
    def random(cls, space, rng): return cls(space)
    def decode(self, task): raise {error}
    def key(self): return ""
    def to_dict(self): return {{}}
    @classmethod
    def from_dict(cls, data, space): return cls(space)
"""


def test_a_genome_that_says_nothing_of_it_has_a_dash(
    evonas: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "_brought", {})
    path = tmp_path / "plain.py"
    path.write_text(FOREIGN.format(error="KeyError('eight')"), encoding="utf-8")
    out = evonas("list", "genomes", "--operators", path).out
    assert "\nplain (recipe -, " in out
    assert "\n  (it has no docstring)\n  good for: -\n  size: - (KeyError: 'eight')\n" in out
    rows = json.loads(evonas("list", "genomes", "--operators", path, "--json").out)["genomes"]
    (row,) = [row for row in rows if row["name"] == "plain"]
    assert (row["good_for"], row["recipe"], row["smallest"], row["usual"]) == (None, None, None, None)
    assert row["no_sizes"] == "KeyError: 'eight'"
