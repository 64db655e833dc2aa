"""The genome of NAS-Bench-201: a list of six operations (Dong and Yang 2020)."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from ...architecture import Architecture
from ...errors import UserError
from ...evolution import Fitness, Genome
from ...task import Task
from . import cell
from .decode import decode
from .flow import flow_graph, flow_key
from .space import NasBench201Space


class NasBench201Genome(Genome, list[str]):
    """A list of the operations of a cell's edges, in the order of the benchmark's text.

    It is a list in every respect, so DEAP's operators for lists (`tools.cxUniform`, `tools.cxTwoPoint`) apply
    to it as they are. It is checked when it is read as a cell.

    Args:
        operations: One for each of `cell.EDGES`.
        space: The settings; by default the benchmark's.

    Raises:
        UserError: Their number is wrong, or one is unknown.
    """

    name = "nasbench201"
    space_type = NasBench201Space
    recipe = "nasbench201-small"
    good_for = "comparing strategies; 15,625 cells, all trained already in a published table (--table)"
    space: NasBench201Space

    def __init__(self, operations: Iterable[str], space: NasBench201Space | None = None) -> None:
        super().__init__(space or NasBench201Space())
        self.extend(operations)
        self.operations()

    @classmethod
    def random(cls, space: NasBench201Space, rng: random.Random) -> Self:
        """Every edge's operation is drawn, each of the five as likely."""
        return cls([rng.choice(cell.OPERATIONS) for _ in cell.EDGES], space)

    @classmethod
    def smallest(cls, space: NasBench201Space, task: Task) -> Self:
        """An identity, which has no parameters, on every edge."""
        return cls([cell.SKIP] * len(cell.EDGES), space)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)  # with what DEAP's tools may have put on it
        twin.extend(self)
        twin.fitness = Fitness(self.fitness.values)
        return twin

    def clone(self) -> Self:
        return self.__deepcopy__({})

    def operations(self) -> tuple[str, ...]:
        """The operations of `cell.EDGES`.

        Raises:
            UserError: Their number is wrong, or one is unknown.
        """
        return cell.check(tuple(self))

    def decode(self, task: Task) -> Architecture:
        return decode(self.operations(), self.space, task)

    def key(self) -> str:
        """Equal exactly for cells of the same flow: dead parts and the form of sums do not count (`flow`)."""
        return flow_key(self.operations())

    def benchmark_name(self) -> str:
        """The benchmark's name for isomorphic cells: its output as an expression (`cell.benchmark_name`)."""
        return cell.benchmark_name(self.operations())

    def to_dict(self) -> dict[str, Any]:
        return {"cell": str(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], space: NasBench201Space) -> Self:
        if not isinstance(data, Mapping) or not isinstance(data.get("cell"), str):
            raise UserError(
                f"nasbench201 genotype: expected a 'cell' such as {cell.EXAMPLE}, got {data!r:.120}"
            )
        return cls.from_text(data["cell"], space)

    @classmethod
    def from_text(cls, text: str, space: NasBench201Space) -> Self:
        return cls(cell.read(text), space)

    def neighbours(self) -> list[Self]:
        """The 24 cells that differ in one edge's operation."""
        found = []
        for place, own in enumerate(self.operations()):
            for operation in cell.OPERATIONS:
                if operation != own:
                    twin = type(self)(self, self.space)
                    twin[place] = operation
                    found.append(twin)
        return found

    @classmethod
    def published(cls) -> dict[str, dict[str, Any]]:
        from .published import PUBLISHED

        return {name: {"cell": text} for name, text in PUBLISHED.items()}

    @classmethod
    def reads(cls, text: str) -> bool:
        return cell.is_text(text)

    def draw(self, path: str | Path, task: Task | None = None) -> Path:
        """Draws what flows through the cell, dead parts left out, under its text; for any task the same."""
        from ...drawing import draw_cells

        graph = flow_graph(self.operations())
        for node, role in graph.nodes(data="role"):
            graph.nodes[node]["label"] = {"sum": "+"}.get(role, role)
        return draw_cells({str(self): graph}, Path(path))

    def __str__(self) -> str:
        return cell.write(self.operations())

    def summary(self) -> str:
        return str(self).replace("+", " + ")
