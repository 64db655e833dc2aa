"""Drawings for a page: of a genotype, of its network, and of what changed since its parent."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from ..drawing import change_caption, draw_cell_change, draw_change
from ..errors import UserError
from ..evolution import draw_genotype

if TYPE_CHECKING:
    from ..evolution import Candidate
    from ..results import SearchResult

KINDS = ("genotype", "change", "network", "networks")
"""What can be drawn; ``change`` is of genotypes where these have pictures, ``networks`` of networks."""
SPACE = "http://www.w3.org/2000/svg"
ELEMENTS = frozenset(
    "svg g path rect circle ellipse line polyline polygon text tspan title desc defs marker "
    "linearGradient radialGradient stop clipPath style".split()
) - {"style"}
"""What stays of a drawing: shapes and words. A genome of somebody else's may draw anything."""
REFUSED = ("on", "href", "src", "style")
"""How attributes begin or end that could load or run something."""
WORDS = re.compile(r"id|class|role|(aria|data)-.*")
"""Attributes that are words to a browser, whatever they say."""
HERE = re.compile(r"url\(#[\w.:-]+\)")
"""What an attribute may refer to: a part of the same drawing."""
PLAIN = re.compile(
    r"[^\\()]*((?<![\w-])(rgba?|hsla?|matrix|translate|rotate|scale|skew[XY])\([^\\()]*\)[^\\()]*)*"
)
"""Numbers, names, colours and transforms. Browsers read most attributes as CSS, where other functions load
things, and a backslash can stand for any letter of their names."""

Pictures = dict[str, str]
"""SVG by kind; ``reason`` where there is none."""


def cleaned(text: str) -> str:
    """A drawing without what could run or load anything.

    Raises:
        UserError: It is no SVG.

    >>> cleaned('<svg xmlns="http://www.w3.org/2000/svg"><script>x()</script><g onclick="x()"/></svg>')
    '<svg xmlns="http://www.w3.org/2000/svg"><g /></svg>'
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UserError("drawing: expected SVG without a document type, got one with")
    try:
        root = Xml.fromstring(text)
    except Xml.ParseError as error:
        raise UserError(f"drawing: expected SVG, got something else: {error}") from None
    if root.tag != f"{{{SPACE}}}svg":
        raise UserError(f"drawing: expected SVG, got {root.tag!r:.60}")
    Xml.register_namespace("", SPACE)
    _clean(root)
    return Xml.tostring(root, encoding="unicode")


def _clean(element: Xml.Element) -> None:
    for name in list(element.attrib):
        plain = name.rpartition("}")[2].lower()
        value = element.attrib[name].strip()
        harmless = WORDS.fullmatch(plain) or HERE.fullmatch(value) or PLAIN.fullmatch(value)
        if not harmless or any(plain.startswith(part) or plain.endswith(part) for part in REFUSED):
            del element.attrib[name]
    for child in list(element):
        space, _, tag = str(child.tag).rpartition("}")
        if space.lstrip("{") != SPACE or tag not in ELEMENTS:
            element.remove(child)
            continue
        child.tail = (child.tail or "").strip()
        _clean(child)
    if len(element):
        element.text = (element.text or "").strip() or None


def pictures_of(result: SearchResult, number: int, kinds: Iterable[str] = KINDS) -> Pictures:
    """Draws one individual; a drawing that fails is left out, and why is said.

    Args:
        result: The run.
        number: The individual's.
        kinds: Some of `KINDS`.

    Raises:
        UserError: There is no such individual.
    """
    candidate = result.journal.candidate(number)
    found: Pictures = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawing.svg"
        for kind in kinds:
            try:
                if _draw(result, candidate, kind, path):
                    found[kind] = cleaned(path.read_text(encoding="utf-8"))
            except Exception as error:  # a genome's or an operator's author may have erred: shown, not hidden
                found["reason"] = f"The {kind} could not be drawn: {error}"
    return found


def _draw(result: SearchResult, candidate: Candidate, kind: str, path: Path) -> bool:
    """Draws; False where there is nothing of the kind."""
    genome, origin = candidate.genome, candidate.genome.origin
    try:
        task = result.known_task()
    except UserError:
        task = None
    if kind == "genotype":
        draw_genotype(genome, path, task)
        return True
    if kind in ("change", "networks") and (not origin.parents or origin.failure):
        return False
    if kind == "change" and (cells := genome.pictured()):
        parent = result.journal.candidate(origin.parents[0])
        draw_cell_change(parent.genome.pictured(), cells, path, change_caption(candidate, parent))
        return True
    if kind == "networks" and not genome.pictured():
        return False  # as `change`
    if task is None:
        return False
    if kind == "network":
        genome.decode(task).draw(path)
        return True
    parent = result.journal.candidate(origin.parents[0])
    caption = change_caption(candidate, parent)
    draw_change(parent.genome.decode(task), genome.decode(task), path, caption)
    return True
