"""The rooms of the package, and the imports between them, as grimp reads them.

What may import what is said here once; `tests/packaging/test_rooms.py` holds the code to it and
`docs/draw_rooms.py` draws it.
"""

from __future__ import annotations

import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import grimp
import networkx as nx

ROOT = Path(__file__).resolve().parents[2]
INSTALLS_AS = {
    "evonas": "evonas",
    "genomes": "evonas/genomes",
    "operators": "evonas/operators",
    "benchmarks": "evonas_benchmarks",
}
"""Where each folder is laid to be read: as it installs, and benchmarks, which are scripts, as a package."""

FLOORS = (
    ("errors",),
    ("files", "seeds", "task"),
    ("architecture",),
    ("network", "evolution"),
    ("data",),
    ("run",),
    ("search",),
    ("inheritance", "tables", "drawing"),
    ("training",),
    ("settings", "prediction"),
    ("results", "callbacks", "testing"),
    ("api",),
    ("refinement", "comparison", "estimator"),
    ("report",),
    ("serving",),
    ("cli",),
)
"""From the ground up; a room imports from lower floors alone, and from no room of its own."""

LOOSE = ("__main__", "api", "errors", "refinement", "seeds", "task")
"""The files that are no rooms: what everything stands on, and the front doors."""

INNER = ("architecture.layers", "evolution.strategies", "network.export", "network.importing")
INNER += ("run.journal", "search.executors", "training.planned")
"""Rooms inside rooms, with doors of their own."""

UPWARD = {
    ("evonas.architecture.architecture", "evonas.drawing"): "Architecture.draw",
    ("evonas.architecture.architecture", "evonas.network.importing"): "Architecture.from_module",
    ("evonas.evolution.genome", "evonas.drawing"): "Genome.draw",
}
"""Doors upwards that users call, one import each, within the function: from, to, and what it serves."""


@dataclass(frozen=True)
class Arrow:
    """One import.

    Attributes:
        source: The module that imports.
        target: The module that is imported.
        line: Where.
        text: The statement's first line.
    """

    source: str
    target: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.text}"


@dataclass(frozen=True)
class House:
    """All modules and imports.

    Attributes:
        modules: By dotted name, the lines of each.
        packages: Those that are packages.
        arrows: The imports, those for type checkers included.
        names: What each door offers, its `__all__`.
    """

    modules: Mapping[str, int]
    packages: frozenset[str]
    arrows: tuple[Arrow, ...]
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def without(self, arrows: Mapping[tuple[str, str], str]) -> tuple[Arrow, ...]:
        """The imports but for some, which are named by where they come from and lead to."""
        return tuple(arrow for arrow in self.arrows if (arrow.source, arrow.target) not in arrows)


def read(root: Path = ROOT) -> House:
    """Reads a checkout."""
    with _laid(root) as folder:
        graph = grimp.build_graph(
            "evonas", "evonas_benchmarks", include_external_packages=True, cache_dir=None
        )
        lines, packages, names = {}, set(), {}
        for module in graph.modules:
            if graph.is_module_squashed(module):  # of somebody else
                continue
            path = folder.joinpath(*module.split("."))
            if path.is_dir():
                packages.add(module)
                path /= "__init__"
            text = path.with_suffix(".py").read_text(encoding="utf-8")
            lines[module] = text.count("\n")
            names[module] = _offered(text)
        arrows = [
            Arrow(source, target, details["line_number"], details["line_contents"])
            for source in sorted(graph.modules)
            for target in sorted(graph.find_modules_directly_imported_by(source))
            for details in graph.get_import_details(importer=source, imported=target)
        ]
    return House(lines, frozenset(packages), tuple(arrows), names)


@contextmanager
def _laid(root: Path) -> Iterator[Path]:
    """The folders of a checkout as they install, where they can be imported from."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for source, place in INSTALLS_AS.items():
            shutil.copytree(
                root / source,
                folder / place,
                ignore=shutil.ignore_patterns("__pycache__"),
                dirs_exist_ok=True,
            )
        _as_package(folder / "evonas_benchmarks")
        there = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "evonas"}
        for module in there:
            del sys.modules[module]
        sys.path.insert(0, name)
        try:
            yield folder
        finally:
            sys.path.remove(name)
            sys.modules.update(there)


def _as_package(folder: Path) -> None:
    """Makes scripts that import each other by their bare names a package whose modules do."""
    (folder / "__init__.py").touch()
    names = {path.stem for path in folder.glob("*.py")}
    for path in folder.glob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        for place, line in enumerate(lines):
            words = line.split()
            if words[:1] == ["from"] and words[1] in names:
                lines[place] = line.replace(f"from {words[1]} ", f"from .{words[1]} ", 1)
        path.write_text("".join(lines), encoding="utf-8")


def _offered(text: str) -> frozenset[str]:
    """The names in a module's `__all__`."""
    import ast

    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return frozenset(ast.literal_eval(node.value))
    return frozenset()


def room_of(module: str) -> str:
    """The room or loose file that a module is in; empty for the package itself and what is no part of it."""
    top, _, below = module.partition(".")
    room = below.partition(".")[0]
    return "" if top != "evonas" or room in ("genomes", "operators") else room


def door_of(module: str) -> str:
    """The door through which others get at a module: that of the innermost room."""
    below = module.removeprefix("evonas.")
    for inner in INNER:
        if below == inner or below.startswith(f"{inner}."):
            return f"evonas.{inner}"
    return f"evonas.{room_of(module)}"


def around_doors(house: House) -> list[Arrow]:
    """Imports of a room's file from outside the room, instead of from its door."""
    found = []
    for arrow in house.arrows:
        room, door = room_of(arrow.target), door_of(arrow.target)
        inside = arrow.source == door or arrow.source.startswith(f"{door}.")
        if not room or room in LOOSE or inside or arrow.target == door:
            continue
        own = room_of(arrow.source) == room
        if own and door == f"evonas.{room}":
            continue
        # A name that the door offers may be its module's name, too: `from ..run import environment`.
        name = arrow.target.rpartition(".")[2]
        way = arrow.text.split()[1] if arrow.text.startswith("from ") else arrow.target
        if name in house.names[door] and way.lstrip(".").rpartition(".")[2] == door.rpartition(".")[2]:
            continue
        found.append(arrow)
    return found


FORBIDDEN = {
    "evonas": ("evonas.genomes", "evonas.operators", "genomes", "operators"),
    "evonas.genomes": ("evonas.operators", "genomes", "operators"),
    "evonas.operators": ("genomes", "operators"),
}
"""The engine knows no genome and no operator, genomes know no operator; all import by where they install."""


def against_the_direction(house: House) -> list[Arrow]:
    """Imports of what stands above: evonas <- genomes <- operators."""
    found = []
    for arrow in house.arrows:
        homes = [home for home in FORBIDDEN if f"{arrow.source}.".startswith(f"{home}.")]
        forbidden = FORBIDDEN[max(homes, key=len)] if homes else ()
        if any(f"{arrow.target}.".startswith(f"{other}.") for other in forbidden):
            found.append(arrow)
    return found


def against_the_floors(house: House) -> list[Arrow]:
    """Imports that do not lead down, but for the doors upwards."""
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    found = []
    for arrow in house.without(UPWARD):
        source, target = room_of(arrow.source), room_of(arrow.target)
        if not target or source in ("", "__main__"):
            continue
        if source != target and floor[source] <= floor[target]:
            found.append(arrow)
    return found


def circles(house: House) -> list[list[str]]:
    """Modules that import each other in a loop, but for the doors upwards."""
    graph = nx.DiGraph((arrow.source, arrow.target) for arrow in house.without(UPWARD))
    return sorted(sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1)


def between_rooms(house: House) -> nx.DiGraph:
    """The rooms; an edge from one to each that imports from it, with ``arrows``, how many files do."""
    pairs = defaultdict(set)
    for arrow in house.without(UPWARD):
        source, target = room_of(arrow.source), room_of(arrow.target)
        if source and target and source != target and source != "__main__":
            pairs[target, source].add((arrow.source, arrow.target))
    graph = nx.DiGraph()
    for (target, source), arrows in sorted(pairs.items()):
        graph.add_edge(target, source, arrows=len(arrows))
    return graph
