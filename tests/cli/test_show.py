import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evonas.operators import NotApplicable, mutation

import evonas as library


def test_it_tells_all_in_80_columns(
    evonas: Callable[..., Any], trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = evonas("show", trained)
    assert ended.status == 0 and not ended.err
    best = library.load(trained).best
    for words in (
        "genome amoeba, strategy aging (population 1, sample 4), dataset digits",
        "seed 0, inherit match, 1 epoch a candidate",
        "3 of 3 evaluated, 0 failed; ",
        "192 training images seen",
        f"Genotype of candidate {best.id}",
        f"Lineage of candidate {best.id}",
        "before training",
        "fitness: accuracy on the validation images; inherited: share of its weights",
        "better than mean operator children share their parent change",
        "Final training test accuracy 0.",
        f"candidate {best.id} after 1 epoch on digits",
        f"evonas train {trained}",
    ):
        assert words in " ".join(ended.out.split()), words
    text, _, commands = ended.out.partition("\nNext\n")
    assert commands and max(len(line) for line in text.splitlines()[1:]) <= 80
    assert [line for line in ended.out.splitlines() if line != line.rstrip()] == []


def test_json(evonas: Callable[..., Any], trained: Path) -> None:
    found = json.loads(evonas("show", trained, "--json").out)
    result = library.load(trained)
    assert (found["run"], found["evaluated"], found["failed"]) == (str(trained), 3, 0)
    assert found["best"]["fitness"] == result.best.fitness
    assert [line["id"] for line in found["lineage"]] == [c.number for c in result.lineage(result.best.id)]
    assert found["cost"]["training_images"] == 192
    assert sum(use["children"] for use in found["operators"].values()) == 3
    assert found["settings"] == result.settings.to_dict()
    assert found["failures"] == [] and 0 <= found["final"]["test_accuracy"] <= 1


def test_an_operators_success_is_counted(evonas: Callable[..., Any], finished: Path) -> None:
    uses = json.loads(evonas("show", finished, "--json").out)["operators"]
    rows = {row["id"]: row for row in library.load(finished).history}
    better = sum(
        row["fitness"] > rows[row["parents"][0]]["fitness"] for row in rows.values() if row["parents"]
    )
    compared = sum(bool(row["parents"]) for row in rows.values())
    assert sum(use["better"] for use in uses.values()) == better
    assert sum(use["compared"] for use in uses.values()) == compared == 2


@pytest.fixture
def empty(evonas: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was stopped before its first result."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("evonas.search.executors.serial.SerialExecutor.result", stop)
        assert evonas("evolve", "--budget", 2, "--workers", 0, "--run", tmp_path / "empty").status == 130
    return tmp_path / "empty"


def test_commands_follow_whatever_the_folder_is_called(
    evonas: Callable[..., Any], trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, folder := tmp_path / "a show of mine")
    out = evonas("show", folder).out
    assert f"evonas draw '{folder}' -o best.svg" in out and "evonas show" not in out.partition("Next")[2]


def test_a_run_without_results(evonas: Callable[..., Any], empty: Path, tmp_path: Path) -> None:
    ended = evonas("show", empty)
    assert ended.status == 0 and "no candidate has been evaluated with success yet" in ended.out
    assert f"evonas resume {empty}" in ended.out and "evonas train" not in ended.out
    found = json.loads(evonas("show", empty, "--json").out)
    assert (found["evaluated"], found["best"], found["lineage"]) == (0, None, [])
    message = "no candidate was evaluated with success yet"
    assert evonas("draw", empty, "-o", tmp_path / "x.svg").failed_with(message)
    assert evonas("train", empty).failed_with(message)
    assert evonas("export", empty, "--to", "python", "-o", tmp_path / "x.py").failed_with(message)
    assert evonas("evolve", "--start", empty).failed_with(message)


def test_no_run(evonas: Callable[..., Any], tmp_path: Path) -> None:
    assert evonas("show", tmp_path).failed_with(str(tmp_path), "no run is there")
    assert evonas("show", tmp_path / "nothing").failed_with("no run is there")


def test_a_training_is_not_taken_for_a_run(
    evonas: Callable[..., Any], trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = trained / "final"
    takers = "it holds a network that evonas train made: evonas export and evonas draw take it"
    for command in ("show", "resume", "report"):
        assert evonas(command, final).failed_with(f"run {final}: no run is there", takers)
    assert evonas("show", final).failed_with(f", evonas show {trained} tells its search and test")
    assert evonas("draw", final, "-o", tmp_path / "x.svg").status == 0
    alone = shutil.copytree(final, tmp_path / "alone")
    assert "tells its search" not in evonas("show", alone).err
    monkeypatch.chdir(trained)
    assert evonas("show", "final").failed_with(f"evonas show {trained} tells its search")


REPORT = {"test_accuracy": 0.5, "test_images": 5, "dataset": "digits", "parameters": 7}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "damaged"),
        ("[]", "expected a description of format 1"),
        ("{}", "expected a description of format 1"),
        ('{"format": 1}', "damaged: report: expected an object, got None"),
        ('{"format": 1, "report": {}}', "damaged: expected a report with test_accuracy, test_images"),
        *(
            (json.dumps({"format": 1, "report": {**REPORT, key: value}}), f"damaged: {key}: expected")
            for key, value in (
                *(("test_accuracy", "x"), ("test_accuracy", 87.5), ("test_accuracy", True)),
                *(("test_images", 1.5), ("parameters", "x"), ("dataset", 5), ("candidate", "0")),
                *(("training_loss", 5), ("began", []), ("protocol", None)),
            )
        ),
    ],
)
def test_a_damaged_report(evonas: Callable[..., Any], copied: Path, text: str, said: str) -> None:
    """Whoever reads it refuses it in one line."""
    (copied / "final").mkdir()
    (copied / "final" / "final.json").write_text(text)
    for words in (("show",), ("show", "--json"), ("compare",)):
        assert evonas(words[0], copied, *words[1:]).failed_with("final.json", said)
    assert evonas("export", copied, "--weights", "final", "-o", copied / "x.py", "--to", "python").status == 2


@pytest.mark.parametrize("command", ["show", "resume", "train"])
@pytest.mark.parametrize("harm", [lambda b: b"", lambda b: b"hello" * 99, lambda b: b[: len(b) // 2]])
def test_a_corrupted_journal(
    evonas: Callable[..., Any], copied: Path, command: str, harm: Callable[[bytes], bytes]
) -> None:
    journal = copied / "journal.db"
    for file in copied.glob("journal.db-*"):
        file.unlink()
    journal.write_bytes(harm(journal.read_bytes()))
    assert evonas(command, copied).failed_with(str(journal), "damaged")


@pytest.mark.parametrize("command", ["show", "resume"])
def test_a_run_of_a_newer_format(evonas: Callable[..., Any], copied: Path, command: str) -> None:
    connection = sqlite3.connect(copied / "journal.db")
    with connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    connection.close()
    assert evonas(command, copied).failed_with(str(copied), "format 99 is newer", "update evonas")


def test_corrupted_weights(evonas: Callable[..., Any], copied: Path, tmp_path: Path) -> None:
    for file in (copied / "weights").iterdir():
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    words = ["--to", "python", "-o", tmp_path / "x.py"]
    assert evonas("export", copied, *words).failed_with(".safetensors", "damaged")
    ended = evonas("resume", copied, "--budget", 6, "--workers", 0, "--quiet")
    hint, error = ended.err.splitlines()
    assert ended.status == 2 and not ended.out
    assert hint.endswith(f"evonas resume {copied} --drop-damaged")
    assert ".safetensors" in error and "damaged" in error
    assert all(row["status"] != "failed" for row in library.load(copied).history)
    shutil.rmtree(copied / "weights")
    assert evonas("export", copied, *words).failed_with(".safetensors", "No such file")


def test_a_run_or_file_that_is_not_there_is_looked_for_nearby(
    evonas: Callable[..., Any], copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copied.parent)
    assert evonas("show", "first").failed_with("run first: no run is there", f"; there is {copied.name}")
    assert evonas("draw", "first", "-o", "x.svg").failed_with(f"no genotype; there is {copied.name}")
    assert evonas("draw", "./runn", "-o", "x.svg").failed_with("no genotype; did you mean 'run'?")


def fitness_of(genome: Any, rng: Any) -> float:
    return float(rng.random())


@mutation("amoeba", weight=1000)
def nothing(genome: Any, rng: Any) -> Any:
    """Gives the parent back."""
    return genome


@mutation("amoeba", weight=1000)
def crash(genome: Any, rng: Any) -> Any:
    """Does not get far."""
    raise RuntimeError("no")


def test_operators_that_change_nothing_or_fail_are_counted(
    evonas: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    how: dict[str, Any] = {"strategy": "aging", "budget": 24, "population": 4, "sample": 2}
    library.evolve(
        evaluate=fitness_of, needs="genome", operators=[nothing, crash], run=tmp_path / "r", **how
    ).journal.close()
    uses = json.loads(evonas("show", tmp_path / "r", "--json").out)["operators"]
    same, failing = uses["amoeba-nothing"], uses["amoeba-crash"]
    assert same["unchanged"] == same["children"] > 2 and same["failed"] == 0
    assert failing["failed"] == failing["children"] > 2 and failing["unchanged"] == 0
    assert same["children"] + failing["children"] == 20 and failing["mean_change"] is None
    rows = {row["id"]: row for row in library.load(tmp_path / "r").history}
    changes = [
        row["fitness"] - rows[row["parents"][0]]["fitness"]
        for row in rows.values()
        if row["operator"] == "amoeba-nothing"
    ]
    assert same["mean_change"] == pytest.approx(sum(changes) / len(changes))
    text = evonas("show", tmp_path / "r").out
    table = text.partition("\nOperators\n")[2].partition("\n\n")[0]
    cells = [line.split() for line in table.splitlines()]
    assert cells[1][:3] + cells[1][-2:] == ["operator", "children", "share", "unchanged", "failed"]
    assert ["nothing", str(same["children"])] in [row[:2] for row in cells]
    assert "unchanged: children that are what their parent was" in table
    assert max(map(len, table.splitlines())) <= 80


@mutation("genet")
def nowhere(genome: Any, rng: Any) -> Any:
    """Finds no place, ever."""
    raise NotApplicable


def test_operators_that_were_never_applied_are_listed(evonas: Callable[..., Any], tmp_path: Path) -> None:
    how: dict[str, Any] = {"evaluate": fitness_of, "needs": "genome", "operators": [nowhere]}
    folder = tmp_path / "r"
    library.evolve("genet", strategy="aging", budget=6, population=3, sample=2, run=folder, **how)
    uses = json.loads(evonas("show", folder, "--json").out)["operators"]
    # The installed crossover is left out: this strategy crosses none.
    assert list(uses) == ["random", "genet-flip-bits", "genet-nowhere"]
    assert uses["genet-nowhere"]["children"] == 0 and uses["genet-nowhere"]["mean_change"] is None
    table = evonas("show", folder).out.partition("\nOperators\n")[2].partition("\n\n")[0]
    assert ["nowhere", "0", "0", "%", "-", "-"] in [line.split() for line in table.splitlines()]
    assert "0: never applied, as it was not drawn or found no place" in table


def test_the_genotype_of_two_cells_names_both(evonas: Callable[..., Any], finished: Path) -> None:
    best: Any = library.load(finished).best.genome
    out = " ".join(evonas("show", finished).out.split())
    assert f"normal: {best.normal} | reduction: {best.reduction}" in out and " None" not in out
