"""Contenders from what `evonas.evolve` is called with, and what they bring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from evonas.genomes.genet import GenetGenome

from evonas.comparison.asked import check_label, check_once, contender_of
from evonas.comparison.contender import Contender
from evonas.comparison.identity import identified, run_folder
from evonas.comparison.kept import Records
from evonas.comparison.own import Own, read_operators
from evonas.comparison.running import Terms, run_one
from evonas.errors import UserError
from evonas.evolution import Operator, mutation, names
from evonas.evolution.strategies.random_search import RandomSearch

FILE = '''"""A mutation and a strategy."""
from evonas.evolution.strategies.random_search import RandomSearch
from evonas.operators import mutation

@mutation("genet", weight={weight})
def shuffle(genome, rng):
    """Draws every bit anew."""
    for place in range(len(genome)):
        genome[place] = {bit}
    return genome

class Drawn(RandomSearch):
    """Random search by another name."""
'''


def ones(genome: Any, rng: Any) -> float:
    """A fitness that takes no time."""
    return sum(genome) / len(genome)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(FILE.format(weight=4.0, bit="rng.randrange(2)"), encoding="utf-8")
    return path


def asked(label: str = "mine", given: dict[str, Any] | None = None, **said: Any) -> Contender:
    return contender_of(label, said, given or {}, Own())


def digest(contender: Contender) -> str:
    (found,) = identified([contender], {"genome": "genet"})
    return found.digest


def test_what_evolve_takes(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[genome]\nfilters = [2]\n[strategy]\nsample = 2\n", encoding="utf-8")
    said = {"genome": "genet", "strategy": "aging", "population": 4, "epochs": 3, "inherit": "none"}
    found = asked(config=tmp_path / "a.toml", **said, **{"training.momentum": 0.5})
    assert found.name == found.title == "mine"
    assert found.config["search"] == {"genome": "genet", "strategy": "aging", "inherit": "none"}
    assert found.config["strategy"] == {"sample": 2, "population": 4}
    assert found.config["training"] == {"epochs": 3, "momentum": 0.5}
    assert (
        asked("", strategy="random").name == "random" and asked("", recipe="nash-small").name == "nash-small"
    )
    assert asked(recipe="random", genome="nasbench201").config["recipe"] == "nasbench201-random"
    assert asked(config={"search": {"unique": True}}).config["search"] == {"unique": True}


def test_classes_are_known_while_they_are_searched_with() -> None:
    class Chance(RandomSearch):
        """Random search."""

    found = asked(genome=GenetGenome, strategy=Chance, evaluate=ones, needs="genome")
    assert found.config["search"] == {"genome": "genet", "strategy": "chance"}
    assert "chance" not in names("strategies")
    record = run_one(found, 0, Terms({"budget": 3}))
    assert record.evaluations == 3 and record.unit == "evaluations"
    assert "chance" not in names("strategies")
    (told,) = identified([found], {"budget": 3})
    assert told.genome == "genet" and told.fitness.startswith("function ")


def test_what_a_file_brings_is_its_contenders_alone(file: Path, tmp_path: Path) -> None:
    """Two files may bring strategies of one name: each contender has that of its own."""
    other = tmp_path / "other.py"
    other.write_text(
        file.read_text(encoding="utf-8").replace("RandomSearch)", "HillClimb)"), encoding="utf-8"
    )
    text = other.read_text(encoding="utf-8")
    text = text.replace("random_search import RandomSearch", "local_search import LocalSearch as HillClimb")
    other.write_text(text, encoding="utf-8")
    terms = Terms({"genome": "genet", "evaluate": ones, "needs": "genome", "budget": 12})
    one, two = (asked(path.name, strategy="drawn", operators=path) for path in (file, other))
    steps = [run_one(contender, 1, terms).steps for contender in (one, two, one)]
    assert steps[0] == steps[2] != steps[1]
    with pytest.raises(UserError, match="bare: strategy 'drawn' is unknown"):
        run_one(asked("bare", strategy="drawn"), 1, terms)


def test_a_digest_is_of_the_content_of_files(file: Path) -> None:
    """An edited one is another search, and its kept searches are not added to; where it lies is nothing."""
    before = asked(operators=file)
    own = digest(before)
    assert own not in (digest(asked()), digest(asked(operators=file, strategy="random")))
    moved = file.rename(file.with_name("moved.py"))
    assert digest(asked(operators=[moved])) == own
    moved.write_text(FILE.format(weight=4.0, bit="1 - genome[place]"), encoding="utf-8")
    assert digest(before) == own  # it is as it was read
    edited = asked(operators=moved)
    assert digest(edited) != own


def test_an_edited_file_is_refused_in_one_line(file: Path, tmp_path: Path) -> None:
    choices = {"genome": "genet", "budget": 3}
    (first,) = identified([asked(operators=file, evaluate=ones, needs="genome")], choices)
    kept = Records(tmp_path / "searches.jsonl", choices)
    kept.add(run_one(first, 0, Terms(choices, folder=tmp_path / "runs")))
    assert run_folder(tmp_path / "runs", first, 0).is_dir()
    again = run_one(first, 0, Terms(choices, folder=tmp_path / "runs"))  # the run that is there
    assert again.steps == kept.all[0].steps
    file.write_text(file.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    (edited,) = identified([asked(operators=file, evaluate=ones, needs="genome")], choices)
    assert run_folder(tmp_path / "runs", edited, 0) != run_folder(tmp_path / "runs", first, 0)
    with pytest.raises(
        UserError, match="its searches in .* had other mine.py, code, settings or data"
    ) as told:
        kept.check([edited])
    assert "\n" not in str(told.value)


def test_a_digest_is_of_functions_and_operators() -> None:
    def scored(penalty: float) -> Any:
        return lambda genome, rng: ones(genome, rng) - penalty

    def operator(bit: int) -> Operator:
        @mutation("genet")
        def one(genome: Any, rng: Any) -> Any:
            genome[0] = bit
            return genome

        return one

    said = {"needs": "genome"}
    different = [
        asked(evaluate=ones, **said),
        asked(evaluate=ones, name="second", **said),
        asked(evaluate=scored(1.0), **said),
        asked(evaluate=scored(2.0), **said),
        asked(operators=operator(0)),
        asked(operators=[operator(1)]),
        asked(),
    ]
    assert len({digest(one) for one in different}) == len(different)
    assert digest(asked(operators=operator(0))) == digest(different[4])


def test_a_source_that_cannot_be_read_needs_a_name() -> None:
    made: dict[str, Any] = {}
    exec("def made(genome, rng):\n    return 0.5\n", made)
    said = {"evaluate": made["made"], "needs": "genome"}
    with pytest.raises(UserError, match="contender 'mine': the source of 'evaluate' cannot be read, .*name="):
        digest(asked(**said))
    assert digest(asked(**said, name="a")) != digest(asked(**said, name="b"))


def test_shared_operators_lie_beneath_ones_own(file: Path) -> None:
    @mutation("genet", name="genet-shuffle")
    def shuffle(genome: Any, rng: Any) -> Any:
        return genome

    shared = Own(read_operators(file))
    found = contender_of("mine", {"operators": shuffle, "strategy": "drawn"}, {}, shared)
    assert found.own.named == ["mine.py", "code"] and found.own.operators[-1] is shuffle


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"seed": 3}, "contender 'mine': 'seed': every contender has the same seeds"),
        ({"dataset": "digits"}, "'dataset': all searches of a comparison share it"),
        ({"workers": 2}, "'workers' is none of what a contender says"),
        ({"toolbox": None, "run": "x"}, "'run' is none of what"),
        ({"budget": 4}, "'budget': it is given for all contenders; give one of them"),
        ({"strategy": "random"}, "'strategy' is given for all contenders: give it once"),
        ({"sample": 2}, "'sample': it is given for all contenders"),
        ({"unique": True, "search.unique": False}, "expected every key once, got 'unique' again as"),
        ({"tactics.sample": 2}, "contender 'mine': 'tactics.sample': known: "),
        ({"training.momentum": 0.5}, "a table's networks are trained already"),
        ({"final.epochs": 3}, "expected --protocol final"),
        ({"evaluate": 3}, "evaluate: expected a function, got 3"),
        ({"needs": "genome"}, "'needs' says what evaluate is given: expected evaluate=..., got none"),
        ({"genome": int}, "genome: expected a name or a subclass of Genome, got <class 'int'>"),
        ({"name": 3}, "name: expected a text, got 3"),
        ({"operators": [3]}, "operators: expected functions with the decorator mutation or crossover"),
        ({"operators": "nowhere.py"}, "operators nowhere.py: cannot be read"),
        ({"config": {"serach": {}}}, "contender 'mine': config: 'serach' is unknown; did you mean 'search'"),
        ({"config": "nowhere.toml"}, "config nowhere.toml: "),
        ({"recipe": "agin"}, "recipe 'agin': expected a recipe, a strategy or FILE.toml; did you mean"),
    ],
)
def test_what_no_contender_says(said: dict[str, Any], message: str) -> None:
    given = {"genome": "genet", "budget": 5, "strategy": "aging", "sample": 3, "table": "t.csv"}
    given = {key: value for key, value in given.items() if key != "genome" or "genome" not in said}
    with pytest.raises(UserError) as told:
        contender_of("mine", said, given, Own())
    assert message in str(told.value)


@pytest.mark.parametrize("label", ["", " a", "a\n", "a\nb", "\x1b[2J", "a" * 81, 3, None])
def test_labels_that_no_table_can_hold(label: Any) -> None:
    with pytest.raises(UserError, match="label: expected "):
        check_label(label)


def test_labels_are_folders_of_their_own(tmp_path: Path) -> None:
    """Whatever stands in them; two of one title are refused."""
    labels = ["a/b", "a-b", "../a", "a|b", "ä" * 80, "con", "."]
    found = [asked(label) for label in labels]
    check_once(found)
    folders = {run_folder(tmp_path, one, 0) for one in found}
    assert len(folders) == len(labels)
    for folder in folders:
        folder.mkdir()
        assert folder.parent == tmp_path and folder.resolve().parent == tmp_path.resolve()
    with pytest.raises(UserError, match="expected every contender once, got 'a/b' again; give one another"):
        check_once([*found, found[0]])
