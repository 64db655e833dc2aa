"""Draws the rooms of the package and who imports from whom, as docs/architecture.md shows them.

    python docs/draw_rooms.py                 # writes docs/images/rooms.svg
    python docs/draw_rooms.py --count         # rooms, floors, arrows and circles, in numbers

An arrow leads from a room to one that imports from it; those that follow from others are left out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import networkx as nx

from evonas.drawing import draw_cells

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "tests" / "support"))

import rooms


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=DOCS / "images" / "rooms.svg")
    parser.add_argument("--count", action="store_true", help="print numbers instead")
    options = parser.parse_args()
    house = rooms.read()
    graph = rooms.between_rooms(house)
    if options.count:
        floors = len(list(nx.topological_generations(graph)))
        arrows = sum(data["arrows"] for _, _, data in graph.edges(data=True))
        print(f"{len(graph)} rooms and loose files on {floors} floors")
        print(f"{len(graph.edges)} pairs of rooms, {arrows} arrows between their files")
        print(f"{len(rooms.circles(house))} circles, {len(rooms.UPWARD)} doors upwards")
        return 0
    drawn = nx.DiGraph()
    for room in sorted(graph):
        drawn.add_node(room, label=room)
    drawn.add_edges_from(sorted(nx.transitive_reduction(graph).edges))  # in an order of their own
    draw_cells({"Who stands on whom": drawn}, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
