"""A DNA as one line of text.

``lr=0.1 relu=b2 input>b2:a1=conv(1.0,1.0,1.0,0.0) b2>output:start input~output:c3`` reads: the learning rate;
the vertices with BN+ReLU; then the edges, each with its id. ``>`` is a backbone edge, ``~`` a skip; a
convolution has depth factor, half height, half width and stride scale. Other precedences follow an ``@``.
"""

from __future__ import annotations

import re

from ...errors import UserError
from .dna import Dna
from .parts import BACKBONE, SKIP, Activation, Convolution, Edge

_EDGE = re.compile(
    r"(?P<source>\w+)(?P<arrow>[>~])(?P<target>\w+):(?P<name>\w+)"
    r"(?:=conv\((?P<numbers>[^()]*)\))?(?:@(?P<depth>-?\d+),(?P<scale>-?\d+))?",
    re.ASCII,
)


def write(dna: Dna) -> str:
    """The text of a DNA."""
    words = [f"lr={dna.learning_rate!r}"]
    place = {vertex: position for position, vertex in enumerate(dna.order())}
    rectified = [vertex for vertex in place if dna.vertices[vertex] is Activation.BN_RELU]
    if rectified:
        words.append(f"relu={','.join(rectified)}")
    backbone = dna.backbone()
    return " ".join([*words, *(_write_edge(name, dna.edges[name]) for name in (*backbone, *dna.skips()))])


def _write_edge(name: str, edge: Edge) -> str:
    precedences = (edge.depth_precedence, edge.scale_precedence)
    arrow = "~" if precedences == (SKIP, SKIP) else ">"
    text = f"{edge.source}{arrow}{edge.target}:{name}"
    if (found := edge.convolution) is not None:
        numbers = (
            found.depth_factor,
            found.filter_half_height,
            found.filter_half_width,
            found.stride_scale,
        )
        text += f"=conv({','.join(map(repr, numbers))})"
    if precedences not in ((SKIP, SKIP), (BACKBONE, BACKBONE)):
        text += f"@{precedences[0]},{precedences[1]}"
    return text


def read(text: str) -> Dna:
    """The reverse of `write`.

    Raises:
        UserError: It is no such text, or no DNA.
    """
    words = text.split()
    if not words or not words[0].startswith("lr="):
        raise UserError(f"large-scale genotype: expected text that starts with lr=, got {text!r:.80}")
    rate = _number(words.pop(0).removeprefix("lr="))
    rectified: list[str] = []
    if words and words[0].startswith("relu="):
        rectified = words.pop(0).removeprefix("relu=").split(",")
    edges: dict[str, Edge] = {}
    for word in words:
        name, edge = _read_edge(word)
        if name in edges:
            raise UserError(f"large-scale edge {name!r}: expected each id once, got it twice")
        edges[name] = edge
    vertices = {end: Activation.LINEAR for edge in edges.values() for end in (edge.source, edge.target)}
    for vertex in rectified:
        if vertex not in vertices:
            raise UserError(f"large-scale relu: expected vertices that an edge joins, got {vertex!r:.60}")
        vertices[vertex] = Activation.BN_RELU
    dna = Dna(rate, vertices, edges)
    dna.check()
    return dna


def _read_edge(word: str) -> tuple[str, Edge]:
    found = _EDGE.fullmatch(word)
    if not found:
        raise UserError(f"large-scale edge: expected SOURCE>TARGET:ID or SOURCE~TARGET:ID, got {word!r:.80}")
    depth = scale = SKIP if found["arrow"] == "~" else BACKBONE
    if found["depth"] is not None:
        depth, scale = int(found["depth"]), int(found["scale"])
    convolution = None
    if found["numbers"] is not None:
        numbers = [_number(part) for part in found["numbers"].split(",")]
        if len(numbers) != 4:
            raise UserError(f"large-scale edge: expected four numbers in conv(), got {word!r:.80}")
        convolution = Convolution(*numbers)
    return found["name"], Edge(found["source"], found["target"], convolution, depth, scale)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f"large-scale genotype: expected a number, got {text!r:.60}") from None
