"""What is kept of finished searches, and what of them is taken for what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evonas.comparison import Record, Step
from evonas.comparison.contender import Contender, find_contender
from evonas.comparison.identity import identified, run_folder
from evonas.comparison.kept import Records
from evonas.comparison.running import Terms, run_one
from evonas.errors import UserError

SHARED = {"dataset": "toy", "budget": 5}
ONE = Record("mine", 0, 5, (Step(1, 0.5, None, 1.0),), 5.0, "evaluations", digest="a")
CHOICES = {"genome": "nasbench201", "budget": 3, "epochs": 1, "train_limit": 60, "device": "cpu"}


def test_what_is_kept_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "searches.jsonl"
    Records(path, SHARED).add(ONE)
    assert Records(path, SHARED).all == [ONE]
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    assert Records(path, SHARED).all == []  # its line was cut off, so it is searched again
    assert path.read_text(encoding="utf-8") == json.dumps(SHARED) + "\n"


@pytest.mark.parametrize("letters", [0, 7])
def test_a_first_write_that_was_stopped(tmp_path: Path, letters: int) -> None:
    path = tmp_path / "searches.jsonl"
    path.write_text(json.dumps(SHARED)[:letters], encoding="utf-8")
    kept = Records(path, SHARED)
    kept.add(ONE)
    assert Records(path, SHARED).all == [ONE]


@pytest.mark.parametrize(
    "line",
    [
        *("no JSON", "[1]", "{}", '{"contender": "mine"}', ""),
        json.dumps(ONE.to_dict() | {"seed": "x"}),
        json.dumps(ONE.to_dict() | {"evaluations": -5}),
        json.dumps(ONE.to_dict() | {"steps": [["1", 0.5, None, 1.0]]}),
        json.dumps(ONE.to_dict() | {"retrained": "x"}),
    ],
)
def test_lines_that_are_no_search(tmp_path: Path, line: str) -> None:
    path = tmp_path / "searches.jsonl"
    path.write_text(f"{json.dumps(SHARED)}\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 2: expected a search as JSON, got .*; remove the line"):
        Records(path, SHARED)
    assert path.read_text(encoding="utf-8").endswith(f"{line}\n")  # nothing was lost


@pytest.mark.parametrize("content", [b"no JSON", b"no JSON\n", b"\xff\n", b'{"dataset": "other"}\n'])
def test_files_of_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "searches.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"searches\.jsonl: "):
        Records(path, SHARED)
    assert path.read_bytes() == content


def test_searches_of_other_settings_are_refused(tmp_path: Path) -> None:
    kept = Records(tmp_path / "searches.jsonl", SHARED)
    kept.add(ONE)
    kept.check([Contender("mine", {}, digest="a"), Contender("other", {}, digest="b")])
    with pytest.raises(UserError, match="contender 'mine': its searches in .* had other settings or data"):
        kept.check([Contender("mine", {}, digest="b")])


def test_searches_without_a_digest_are_taken_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "searches.jsonl"
    old = {key: value for key, value in ONE.to_dict().items() if key != "digest"}
    path.write_text(f"{json.dumps(SHARED)}\n{json.dumps(old)}\n", encoding="utf-8")
    kept = Records(path, SHARED)
    kept.check([Contender("mine", {}, digest="b")])
    assert kept.all[0].digest == ""


def digest(contender: Contender, choices: dict[str, Any]) -> str:
    (found,) = identified([contender], choices)
    return found.digest


def test_a_digest_is_of_what_decides(made_table: Path, tmp_path: Path) -> None:
    over_table = {"genome": "nasbench201", "dataset": "toy", "table": str(made_table), "budget": 5}
    own = digest(Contender("x", {"search": {"strategy": "aging"}}), over_table)
    assert own == digest(Contender("y", {"search": {"strategy": "aging", "seed": 3}}), over_table)
    assert own != digest(Contender("x", {"search": {"strategy": "random"}}), over_table)
    assert own != digest(Contender("x", {"search": {"strategy": "aging"}}), over_table | {"budget": 6})
    assert own != digest(find_contender("aging", "nasbench201"), over_table)  # which has the paper's settings
    moved = tmp_path / "moved.csv"
    moved.write_text(made_table.read_text(encoding="utf-8"), encoding="utf-8")
    assert own == digest(
        Contender("x", {"search": {"strategy": "aging"}}), over_table | {"table": str(moved)}
    )
    moved.write_text(moved.read_text(encoding="utf-8").replace("41.", "42."), encoding="utf-8")
    assert own != digest(
        Contender("x", {"search": {"strategy": "aging"}}), over_table | {"table": str(moved)}
    )


def test_a_digest_is_of_the_images(trained_images: Path, tmp_path: Path) -> None:
    one = Contender("x", {"search": {"strategy": "random"}})
    digests = {
        digest(one, {"genome": "nasbench201", "dataset": str(trained_images), "train_limit": limit})
        for limit in (60, 90)
    }
    assert len(digests) == 2


def test_titles_that_are_alike_have_folders_of_their_own(tmp_path: Path) -> None:
    found = identified(
        [Contender("x y", {"search": {"strategy": "aging"}}), Contender("x-y", {"search": {}})], CHOICES
    )
    folders = [run_folder(tmp_path, one, 0) for one in found]
    assert folders[0] != folders[1]
    for letter in "é", "\N{MATHEMATICAL BOLD CAPITAL A}":  # of two bytes, and of four
        long = run_folder(tmp_path, Contender(letter * 300, {}, digest="a" * 32), 0)
        long.mkdir()  # a file system takes 255 bytes


def test_a_run_of_something_else_is_not_gone_on_with(tmp_path: Path) -> None:
    """Not even where it lies in the right place."""
    space = {"genome": {"cells": 1, "filters": 2}}
    ours, theirs = identified(
        [
            Contender("ours", {"search": {"strategy": "aging"}, **space}),
            Contender("theirs", {"search": {"strategy": "random"}, **space}),
        ],
        CHOICES,
    )
    terms = Terms(CHOICES, folder=tmp_path)
    record = run_one(theirs, 0, terms)
    assert record.digest == theirs.digest
    again = run_one(theirs, 0, terms)  # the run that is there
    assert [step.fitness for step in again.steps] == [step.fitness for step in record.steps]
    run_folder(tmp_path, theirs, 0).rename(run_folder(tmp_path, ours, 0))
    with pytest.raises(UserError, match="expected the settings of 'ours', got others .*strategy"):
        run_one(ours, 0, terms)


def test_a_winner_whose_training_diverges_has_no_result(tmp_path: Path) -> None:
    config = {"search": {"strategy": "random"}, "genome": {"cells": 1, "filters": 2}}
    config["final"] = {"learning_rate": 1e30, "gradient_clip": 0.0, "schedule": "constant", "epochs": 4}
    record = run_one(Contender("x", config), 0, Terms({**CHOICES, "budget": 1}, "final"))
    assert record.steps and record.retrained is None
