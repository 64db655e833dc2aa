import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import evonas as library


def is_svg(path: Path) -> bool:
    return ElementTree.parse(path).getroot().tag.endswith("svg")


def test_the_best_of_a_run(evonas: Callable[..., Any], finished: Path, tmp_path: Path) -> None:
    best = library.load(finished).best
    ended = evonas("draw", finished, "-o", tmp_path / "best.svg")
    assert ended.status == 0 and ended.out.endswith(f"the genotype of candidate {best.id} of {finished}\n")
    assert is_svg(tmp_path / "best.svg") and "normal cell" in (tmp_path / "best.svg").read_text()


def test_a_network(evonas: Callable[..., Any], finished: Path, tmp_path: Path) -> None:
    ended = evonas("draw", finished, "--what", "network", "--id", 0, "--output", tmp_path / "net.svg")
    expected = library.load(finished).individual(0).architecture.parameter_count()
    assert "candidate 0" in ended.out and f"{expected:,} parameters" in ended.out
    assert "1×8×8 images, 10 classes" in ended.out and is_svg(tmp_path / "net.svg")


def test_a_published_genotype_of_any_size(evonas: Callable[..., Any], tmp_path: Path) -> None:
    sizes = []
    for words in ([], ["--cells", 2], ["--filters", 16]):
        ended = evonas("draw", "amoebanet-a", "--what", "network", "-o", tmp_path / "a.svg", *words)
        assert ended.status == 0 and "3×32×32 images" in ended.out
        sizes.append(ended.out.rpartition("; ")[2])
    assert len(set(sizes)) == 3


def genotypes() -> dict[str, Any]:
    from evonas.genomes.amoeba import AmoebaGenome

    form = AmoebaGenome.published()["amoebanet-b"]
    space = {"cells": 1, "filters": 4}
    return {
        "named": {"genome": "amoeba", "genotype": form},
        "with its space": {"genome": "amoeba", "space": space, "genotype": form},
        "bare": form,
        "a history's row": {
            "id": 3,
            "genome": str(AmoebaGenome.from_dict(form, AmoebaGenome.default_space())),
        },
        "an individual": {"id": 3, "fitness": 0.5, "genome": form},
        "shown": {"best": {"genome": form}, "settings": {"genome": "amoeba", "space": space}},
        "trained": {"genome": {"kind": "amoeba", "space": space}, "genotype": form},
    }


@pytest.mark.parametrize("form", genotypes())
def test_a_genotype_in_a_file(evonas: Callable[..., Any], tmp_path: Path, form: str) -> None:
    (tmp_path / "g.json").write_text(json.dumps(genotypes()[form]))
    assert evonas("draw", tmp_path / "g.json", "-o", tmp_path / "g.svg").status == 0
    assert evonas("draw", "amoebanet-b", "-o", tmp_path / "b.svg").status == 0
    assert (tmp_path / "g.svg").read_text() == (tmp_path / "b.svg").read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", ["expected JSON"]),
        ("[]", ["expected a JSON object"]),
        ('{"genome": "ameba", "genotype": {}}', ["did you mean 'amoeba'?"]),
        ('{"genome": 5, "genotype": {}}', ["genome 5 is unknown"]),
        ('{"genome": "amoeba", "genotype": {}}', ["expected 'normal' and 'reduction'"]),
        ('{"genome": "amoeba", "genotype": 5}', ["to be objects"]),
        ('{"genome": "amoeba", "genotype": "a | b"}', ["operation(state)"]),
        ('{"genome": "amoeba", "space": {"cell": 1}, "genotype": {}}', ["did you mean 'cells'?"]),
        ('{"best": null}', ["best candidate"]),
    ],
)
def test_a_file_without_a_genotype(
    evonas: Callable[..., Any], tmp_path: Path, text: str, words: list[str]
) -> None:
    (tmp_path / "g.json").write_text(text)
    assert evonas("draw", tmp_path / "g.json", "-o", tmp_path / "x.svg").failed_with("g.json", *words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["amoebanet-z", "-o", "x.svg"], "did you mean 'amoebanet-"),
        (["", "-o", "x.svg"], "empty"),
        (["missing.json", "-o", "x.svg"], "No such file"),
        (["amoebanet-a", "-o", "x.pdf"], "ends in .svg or .png"),
        (["amoebanet-a", "-o", "nowhere/x.svg"], "a folder that exists"),
        (["amoebanet-a", "-o", "x.svg", "--what", "cells"], "known: genotype, network"),
        (["amoebanet-a", "-o", "x.svg", "--id", "1"], "only with a run folder"),
        (["amoebanet-a", "-o", "x.svg", "--cells", "0"], "at least 1, got 0"),
    ],
)
def test_bad_input(evonas: Callable[..., Any], words: list[str], message: str) -> None:
    assert evonas("draw", *words).failed_with(message)


def test_a_candidate_that_is_not_there(evonas: Callable[..., Any], finished: Path) -> None:
    assert evonas("draw", finished, "-o", "x.svg", "--id", 77).failed_with("candidate 77")


def test_how_a_candidate_came_from_its_parent(
    evonas: Callable[..., Any], finished: Path, tmp_path: Path
) -> None:
    children = [row for row in library.load(finished).history if row["parents"]]
    child, parent = children[-1]["id"], children[-1]["parents"][0]
    ended = evonas("draw", finished, "--what", "change", "--id", child, "-o", tmp_path / "change.svg")
    assert ended.status == 0 and ended.out.endswith(f"beside its parent {parent}\n")
    words = (tmp_path / "change.svg").read_text()
    assert f"Candidate {child}, a child of candidate {parent}: {children[-1]['operator']}" in words


def test_the_morphisms_of_a_graph_genome_are_listed(evonas: Callable[..., Any], tmp_path: Path) -> None:
    library.evolve(
        "graph",
        budget=3,
        evaluate=lambda architecture, rng: len(architecture),
        needs="architecture",
        run=tmp_path / "run",
        dataset="digits",
        neighbours=3,
        morphisms=2,
    )
    ended = evonas("draw", tmp_path / "run", "--what", "change", "--id", 1, "-o", tmp_path / "change.svg")
    assert ended.status == 0, ended.err
    drawn = (tmp_path / "change.svg").read_text()
    morphisms = library.load(tmp_path / "run").individual(1).genome.origin.morphisms
    assert len(morphisms) == 2
    for number, morphism in enumerate(morphisms, 1):
        assert f"{number}. {morphism.describe()}" in drawn


def test_a_change_needs_a_parent(evonas: Callable[..., Any], finished: Path, tmp_path: Path) -> None:
    ended = evonas("draw", finished, "--what", "change", "--id", 0, "-o", tmp_path / "a.svg")
    assert ended.status == 2 and "candidate 0 has no parent, so nothing has changed" in ended.err
    ended = evonas("draw", "amoebanet-a", "--what", "change", "-o", tmp_path / "a.svg")
    assert ended.status == 2 and "a change needs a candidate of a run, got amoebanet-a" in ended.err
