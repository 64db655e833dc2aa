"""`evonas compare` with contenders that say whatever `evonas evolve` says."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from evonas.cli.app import app
from evonas.cli.contenders import read_contender
from evonas.comparison.variations import placed
from evonas.settings import SEARCH_KEYS

OPERATORS = '''"""A strategy and a mutation of one's own."""
from evonas.evolution.strategies.random_search import RandomSearch
from evonas.operators import mutation

@mutation("nasbench201", weight=50.0)
def keep(genome, rng):
    """Changes nothing."""
    return genome

class Blind(RandomSearch):
    """Random search by another name."""
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my operators.py"
    path.write_text(OPERATORS, encoding="utf-8")
    return path


def words(table: Path, folder: Path, *more: Any) -> list[Any]:
    common = ["compare", "--table", table, "--dataset", "toy", "--jobs", 1, "--budget", 12, "--seeds", 2]
    return [*common, "--output", folder, *more]


def searched(folder: Path) -> dict[str, list[tuple[str, ...]]]:
    """What the searches of each contender came to."""
    found: dict[str, list[tuple[str, ...]]] = {}
    with (folder / "searches.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["search"], []).append((row["seed"], row["validation"], row["repeats"]))
    return found


def test_what_evolve_says(evonas: Callable[..., Any], made_table: Path, file: Path, tmp_path: Path) -> None:
    """Each contender has what it brings, and nobody else has it."""
    folder = tmp_path / "out"
    contenders = [
        f"genome=nasbench201 recipe=aging operators='{file}' label='Mine | own'",
        "genome=nasbench201 recipe=aging label=Without",
        f"genome=nasbench201 strategy=blind operators='{file}' label=Blind",
        "genome=nasbench201 strategy=random",
    ]
    said = [word for text in contenders for word in ("--contender", text)]
    ended = evonas(*words(made_table, folder, *said))
    assert ended.status == 0, ended
    assert r"| Mine \| own |" in ended.out and ended.out.startswith("nasbench201 on toy, table toy.csv; 2")
    found = searched(folder)
    assert list(found) == ["Mine | own", "Without", "Blind", "genome=nasbench201 strategy=random"]
    assert found["Blind"] == found["genome=nasbench201 strategy=random"]
    assert found["Mine | own"] != found["Without"]
    assert set(json.loads((folder / "searches.jsonl").read_text().splitlines()[0])) == {
        "dataset",
        "table",
        "budget",
    }
    # An edited file is not added to what is kept of the one before.
    file.write_text(OPERATORS.replace("50.0", "5.0"), encoding="utf-8")
    assert evonas(*words(made_table, folder, *said)).failed_with(
        "contender 'Mine | own': its searches in", "had other my operators.py, settings or data"
    )
    # The same without what the file brings.
    bare = ["--contender", "genome=nasbench201 strategy=blind label=Blind"]
    refused = evonas(*words(made_table, tmp_path / "bare", *bare))
    assert refused.failed_with("Blind: strategy 'blind' is unknown")


def test_shared_operators_strategies_and_labels(
    evonas: Callable[..., Any], made_table: Path, file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    said = ["--genome", "nasbench201", "--recipe", "random", "--strategy", "blind", "--strategy", "aging"]
    labels = [word for name in ("Chance", "Own", "../Aged") for word in ("--label", name)]
    ended = evonas(*words(made_table, folder, *said, *labels, "--operators", file, "--json"))
    assert ended.status == 0, ended
    told = json.loads(ended.out)
    assert list(told["mean"]) == ["Chance", "Own", "../Aged"]
    assert sum(told["mean_rank"].values()) == pytest.approx(3 * 3.5)  # of six searches, two each
    assert searched(folder)["Own"] == searched(folder)["Chance"]


def test_a_text_is_what_evolve_reads() -> None:
    label, asked = read_contender(
        "genome=genet --train-limit=60 max-parameters=3.5M unique=true inherit=none label='A b' "
        "operators=a.py operators='b c.py' genome.filters=[2,3] operators.genet-flip=0"
    )
    assert label == "A b"
    assert asked == {
        "genome": "genet",
        "train_limit": 60,
        "max_parameters": 3_500_000,
        "unique": True,
        "inherit": "none",
        "operators": [Path("a.py"), Path("b c.py")],
        "genome.filters": [2, 3],
        "operators.genet-flip": 0,
    }
    assert read_contender("strategy=random  population=5")[0] == "strategy=random population=5"
    assert read_contender("start=amoebanet-a label=2024") == ("2024", {"start": "amoebanet-a"})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--contender", ""],
            "contender: expected KEY=VALUE KEY=VALUE such as 'strategy=random', got nothing",
        ),
        (["--contender", "random"], "contender: expected KEY=VALUE KEY=VALUE such as"),
        (["--contender", "label="], "got 'label='"),
        (["--contender", "a='b"], 'contender "a=\'b": No closing quotation'),
        (["--contender", "unique=true unique=false"], "expected every key once, got 'unique' again"),
        (["--contender", "strategy=random seed=3"], "'seed': every contender has the same seeds"),
        (["--contender", "workers=3"], "'workers' is none of what a contender says"),
        (["--contender", "dataset=digits"], "all searches of a comparison share it"),
        (["--contender", "max-flops=lots"], "max-flops: "),
        (["--contender", "label=a start=nowhere.json"], "nowhere.json"),
        (["--contender", "population=" + "9" * 5000], "contender: population: expected values such as 5"),
        (["--contender", "operators=nowhere.py"], "operators nowhere.py: cannot be read"),
        (["--operators", "nowhere.py", "--recipe", "random"], "operators nowhere.py: cannot be read"),
        (["--strategy", "agin"], "strategy 'agin' is unknown; did you mean 'aging'"),
        (["--genome", "genet", "--contender", "genome=genet"], "'genome' is given for all contenders"),
        (
            ["--recipe", "random", "--label", "a", "--label", "b"],
            "label: expected none, or one for each of 1",
        ),
        (["--recipe", "random", "--label", ""], "label: expected a text in one line, got an empty one"),
        (["--recipe", "random", "--label", "a\nb"], "label: expected a text in one line"),
        (["--contender", "strategy=random label=a", "--label", "b"], "contender 'a' has one already"),
        (
            ["--recipe", "random", "--strategy", "aging", "--label", "a", "--label", "a"],
            "compare: expected every contender once, got 'a' again; give one another label",
        ),
        (["somewhere", "--contender", "strategy=random"], "expected run folders or --contender, got both"),
    ],
)
def test_bad_contenders(evonas: Callable[..., Any], tmp_path: Path, arguments: list[str], told: str) -> None:
    assert evonas("compare", *arguments, "--output", tmp_path / "out").failed_with(told)
    assert not (tmp_path / "out").exists()


ELSEWHERE = {
    "seed": "--seeds and --first-seed",
    "run": "--output",
    "refine": "a search of its own, whose runs are compared by their folders",
    "finish": "finished searches are kept one by one",
    **dict.fromkeys(
        ("workers", "devices", "per_device", "device_memory", "ray"), "--jobs says where searches run"
    ),
    **dict.fromkeys(("max_time", "timeout"), "what is found would depend on the machine"),
    **dict.fromkeys(("csv", "tensorboard", "mlflow"), "the folder has what is found of all searches"),
}
"""Options of evolve that neither compare nor one of its contenders has, and what is there in their place."""
DATASET = {"dataset", "layout", "train_limit", "without_damaged", "background", "data_dir", "download"}
OF_THE_STRATEGY = {"population", "sample"}


def options_of(name: str) -> set[str]:
    return {str(one.name) for one in typer.main.get_command(app).commands[name].params}  # type: ignore[attr-defined]


def test_every_option_of_evolve_has_its_place() -> None:
    """Those of images are compare's own; the others are, or a contender says them, or there is a reason."""
    evolve, compare = options_of("evolve"), options_of("compare")
    assert DATASET <= evolve and DATASET <= compare
    left = evolve - compare
    said = {name for name in left if placed(name)[0] == "search" and name in SEARCH_KEYS} | OF_THE_STRATEGY
    assert said - OF_THE_STRATEGY >= {"inherit", "start", "keep", "threads", "max_parameters"}
    assert left - said - {"config"} == set(ELSEWHERE) - said
    assert not set(ELSEWHERE) & compare
    label, asked = read_contender("config=mine.toml population=3 sample=2 keep=2GB verify-morphisms=true")
    assert set(asked) == {"config", "population", "sample", "keep", "verify_morphisms"} and label


def test_images_are_read_as_evolve_reads_them(
    evonas: Callable[..., Any], photos: Path, tmp_path: Path
) -> None:
    """Images that only their alpha channel shows, and damaged files."""
    folder = tmp_path / "out"
    base = ["compare", "--dataset", photos, "--contender", "genome=genet genome.filters=[2,2,2]"]
    base += ["--budget", 1, "--epochs", 1, "--seeds", 1, "--jobs", 1, "--output", folder, "--device", "cpu"]
    assert evonas(*base).failed_with("damaged", "broken.png", "--without-damaged")
    assert evonas(*base, "--without-damaged").failed_with("in the alpha channel alone", "--background")
    options = ("--without-damaged", "--background", "white", "--protocol", "search")
    ended = evonas(*base, *options, "--json")
    assert ended.status == 0, ended
    (shared, line) = map(json.loads, (folder / "searches.jsonl").read_text(encoding="utf-8").splitlines())
    assert shared["without_damaged"] is True and shared["background"] == "white"
    assert 0 <= line["retrained"] <= 1
    other = evonas(*base, "--without-damaged", "--background", "#00ff00", "--protocol", "search")
    assert other.failed_with("expected searches of", "give a new --output")


def test_runs_of_a_genome_in_a_file(evonas: Callable[..., Any], tmp_path: Path) -> None:
    """Their folders are compared where the file is named, too."""
    path = tmp_path / "own.py"
    path.write_text(
        "from evonas.genomes.genet import GenetGenome\n"
        "from evonas.operators import mutation\n"
        "class Own(GenetGenome):\n    name = 'own-genet'\n    recipe = ''\n"
        "@mutation('own-genet')\ndef flip(genome, rng):\n    genome[0] = 1 - genome[0]\n    return genome\n",
        encoding="utf-8",
    )
    config = tmp_path / "own.toml"
    config.write_text(
        "[search]\nstrategy = 'random'\n[genome]\nnodes = [2]\nfilters = [2]\nhidden = 4\n", encoding="utf-8"
    )
    run = ["--genome", "own-genet", "--operators", path, "--config", config, "--budget", 1, "--epochs", 1]
    ended = evonas(
        "evolve", *run, "--train-limit", 60, "--workers", 0, "--device", "cpu", "--run", tmp_path / "r"
    )
    assert ended.status == 0, ended
    ended = evonas("compare", tmp_path / "r", "--operators", path, "--output", tmp_path / "out", "--quiet")
    assert ended.status == 0, ended
    assert list(searched(tmp_path / "out")) == ["random"]
