"""The rooms of the package: entered by their doors, arrows down the floors, no circle; and their picture."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest
import rooms
from rooms import FLOORS, INNER, INSTALLS_AS, LOOSE, ROOT, UPWARD, House


@pytest.fixture(scope="module")
def house() -> House:
    return rooms.read()


def test_rooms_are_entered_by_their_doors(house: House) -> None:
    assert [str(arrow) for arrow in rooms.around_doors(house)] == []


def test_the_engine_knows_no_genome_and_genomes_know_no_operator(house: House) -> None:
    assert [str(arrow) for arrow in rooms.against_the_direction(house)] == []


def test_arrows_lead_down_the_floors(house: House) -> None:
    assert [str(arrow) for arrow in rooms.against_the_floors(house)] == []


def test_nothing_imports_itself_in_a_circle(house: House) -> None:
    assert rooms.circles(house) == []


def test_each_door_upwards_is_there_once(house: House) -> None:
    there = [(arrow.source, arrow.target) for arrow in house.arrows]
    assert {door: there.count(door) for door in UPWARD} == dict.fromkeys(UPWARD, 1)


def test_every_room_has_its_floor_and_only_the_few_are_loose(house: House) -> None:
    there = {rooms.room_of(module) for module in house.modules} - {""}
    assert there - {"__main__"} == {room for floor in FLOORS for room in floor}
    loose = {path.stem for path in (ROOT / "evonas").glob("*.py")}
    assert loose == {"__init__", *LOOSE}
    inner = {module.removeprefix("evonas.") for module in house.packages if module.count(".") == 2}
    assert {name for name in inner if rooms.room_of(f"evonas.{name}")} == set(INNER)


def test_every_door_says_what_is_behind_it(house: House) -> None:
    """Its first lines are a guide to what is in it, and its `__all__` is what others may take."""
    for module in sorted(house.packages):
        if not rooms.room_of(module):
            continue
        folder = ROOT.joinpath(*module.split("."))
        guide = (folder / "__init__.py").read_text(encoding="utf-8").split('"""')[1]
        assert house.names[module], module
        assert 4 <= guide.count("\n") <= 24, f"{module}: {guide.count(chr(10))} lines"


PLANTED = {
    "around a door": (
        "evonas/results/result.py",
        "from ..evolution.genome import Genome",
        lambda house: rooms.around_doors(house),
    ),
    "around an inner door": (
        "evonas/run/run.py",
        "from .journal.sqlite import SqliteJournal as _",
        lambda house: rooms.around_doors(house),
    ),
    "around a door, by a genome": (
        "genomes/genet/decode.py",
        "from ...architecture.wiring import Wiring",
        lambda house: rooms.around_doors(house),
    ),
    "up the floors": (
        "evonas/architecture/signs.py",
        "from ..evolution import Genome",
        lambda house: rooms.against_the_floors(house),
    ),
    "up the floors, within a function": (
        "evonas/run/folder.py",
        "def later():\n    from ..settings import Settings",
        lambda house: rooms.against_the_floors(house),
    ),
    "up the floors, for a type checker": (
        "evonas/search/pace.py",
        "if TYPE_CHECKING:\n    from ..settings import Settings",
        lambda house: rooms.against_the_floors(house),
    ),
    "across a floor": (
        "evonas/tables/table.py",
        "from ..inheritance import MODES",
        lambda house: rooms.against_the_floors(house),
    ),
    "the engine imports a genome": (
        "evonas/search/loop.py",
        "import evonas.genomes.amoeba",
        lambda house: rooms.against_the_direction(house),
    ),
    "a genome imports operators": (
        "genomes/amoeba/cell.py",
        "from ... import operators",
        lambda house: rooms.against_the_direction(house),
    ),
    "a genome imports operators, within a function, by where they lie": (
        "genomes/amoeba/cell.py",
        "def later():\n    from operators import amoeba",
        lambda house: rooms.against_the_direction(house),
    ),
    "a circle in a room": (
        "evonas/architecture/wiring.py",
        "from .architecture import Architecture",
        lambda house: rooms.circles(house),
    ),
    "a circle of genomes": (
        "genomes/amoeba/space.py",
        "from .genome import AmoebaGenome",
        lambda house: rooms.circles(house),
    ),
    "a circle of benchmarks": (
        "benchmarks/subset.py",
        "from inheritance_study import Study",
        lambda house: rooms.circles(house),
    ),
}


@pytest.mark.parametrize("kind", list(PLANTED))
def test_a_planted_arrow_is_seen(kind: str, tmp_path: Path) -> None:
    for folder in INSTALLS_AS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    file, code, found = PLANTED[kind]
    with (tmp_path / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{code}\n")
    assert len(found(rooms.read(tmp_path))) == 1


def test_the_picture_is_that_of_the_imports(tmp_path: Path) -> None:
    """`docs/draw_rooms.py` draws it anew."""
    script = ROOT / "docs" / "draw_rooms.py"
    subprocess.run([sys.executable, script, "-o", tmp_path / "rooms.svg"], check=True)
    drawn = (ROOT / "docs" / "images" / "rooms.svg").read_text(encoding="utf-8")
    assert (tmp_path / "rooms.svg").read_text(encoding="utf-8") == drawn, (
        f"run python {script.relative_to(ROOT)}"
    )


def test_the_table_of_the_page_names_every_room(house: House) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert [room for room in rooms.between_rooms(house) if f"`{room}" not in page] == []
    assert nx.is_directed_acyclic_graph(rooms.between_rooms(house))
