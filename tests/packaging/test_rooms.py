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
        rooms.around_doors,
    ),
    "around an inner door": (
        "evonas/run/run.py",
        "from .journal.sqlite import SqliteJournal as _",
        rooms.around_doors,
    ),
    "around a door, by a genome": (
        "genomes/genet/decode.py",
        "from ...architecture.wiring import Wiring",
        rooms.around_doors,
    ),
    "up the floors": (
        "evonas/architecture/signs.py",
        "from ..evolution import Genome",
        rooms.against_the_floors,
    ),
    "up the floors, within a function": (
        "evonas/run/folder.py",
        "def later():\n    from ..settings import Settings",
        rooms.against_the_floors,
    ),
    "up the floors, for a type checker": (
        "evonas/search/pace.py",
        "if TYPE_CHECKING:\n    from ..settings import Settings",
        rooms.against_the_floors,
    ),
    "across a floor": (
        "evonas/tables/table.py",
        "from ..inheritance import MODES",
        rooms.against_the_floors,
    ),
    "the engine imports a genome": (
        "evonas/search/loop.py",
        "import evonas.genomes.amoeba",
        rooms.against_the_direction,
    ),
    "a genome imports operators": (
        "genomes/amoeba/cell.py",
        "from ... import operators",
        rooms.against_the_direction,
    ),
    "a genome imports operators, within a function, by where they lie": (
        "genomes/amoeba/cell.py",
        "def later():\n    from operators import amoeba",
        rooms.against_the_direction,
    ),
    "a circle in a room": (
        "evonas/architecture/wiring.py",
        "from .architecture import Architecture",
        rooms.circles,
    ),
    "a circle of genomes": (
        "genomes/amoeba/space.py",
        "from .genome import AmoebaGenome",
        rooms.circles,
    ),
    "a circle of benchmarks": (
        "benchmarks/subset.py",
        "from inheritance_study import Study",
        rooms.circles,
    ),
}


@pytest.fixture(scope="module")
def with_arrows(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house with all that is planted, but for what makes circles."""
    kinds = (kind for kind in PLANTED if "circle" not in kind)
    return planted(tmp_path_factory.mktemp("arrows"), *kinds)


@pytest.fixture(scope="module")
def with_circles(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house with all circles that are planted, none of which meets another."""
    kinds = (kind for kind in PLANTED if "circle" in kind)
    return planted(tmp_path_factory.mktemp("circles"), *kinds)


def planted(root: Path, *kinds: str) -> House:
    """Reads a copy of the checkout in which some files import more."""
    for folder in INSTALLS_AS:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file, code, _ in (PLANTED[kind] for kind in kinds):
        with (root / file).open("a", encoding="utf-8") as source:
            source.write(f"\n{code}\n")
    return rooms.read(root)


def module_of(file: str) -> str:
    folder, _, below = file.removesuffix(".py").partition("/")
    return f"{INSTALLS_AS[folder]}/{below}".replace("/", ".")


@pytest.mark.parametrize("kind", [kind for kind in PLANTED if "circle" not in kind])
def test_a_planted_arrow_is_seen(kind: str, with_arrows: House) -> None:
    file, code, found = PLANTED[kind]
    statement = code.splitlines()[-1].strip()
    seen = [(arrow.source, arrow.text) for arrow in found(with_arrows)]
    assert seen.count((module_of(file), statement)) == 1


def test_nothing_is_seen_but_what_is_planted(with_arrows: House) -> None:
    for looked in (rooms.around_doors, rooms.against_the_floors, rooms.against_the_direction):
        wanted = [file for file, _, found in PLANTED.values() if found is looked]
        assert len(looked(with_arrows)) == len(wanted), looked


@pytest.mark.parametrize("kind", [kind for kind in PLANTED if "circle" in kind])
def test_a_planted_circle_is_seen(kind: str, with_circles: House) -> None:
    circles = rooms.circles(with_circles)
    assert len([circle for circle in circles if module_of(PLANTED[kind][0]) in circle]) == 1
    assert len(circles) == len([kind for kind in PLANTED if "circle" in kind])


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
