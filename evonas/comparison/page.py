"""A comparison as one HTML file without network access: the report, with its figures inside."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from .comparison import Comparison
from .figure import draw_curves, draw_heat_map
from .report import BAR, markdown

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load: nothing."""
HEAD = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; color: #1b1b1b }}
body {{ max-width: 76rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; margin: 1rem 0 }}
th, td {{ padding: .3rem .7rem; border-bottom: 1px solid #d8d8d8; text-align: right }}
th:first-child, td:first-child {{ text-align: left }}
img {{ max-width: 100% }}
</style>
"""


def page(comparison: Comparison, figures: Mapping[str, str]) -> str:
    """The page's text.

    Args:
        comparison: What to show.
        figures: SVG by title, as of `drawn`; empty for none.
    """
    title = html.escape(f"Comparison: {comparison.about}")
    parts = [HEAD.format(policy=POLICY, title=title), "<h1>Comparison</h1>"]
    blocks = [_block(block) for block in markdown(comparison).strip().split("\n\n")]
    parts += [blocks[0], *(_picture(*one) for one in figures.items()), *blocks[1:]]
    return "\n".join(parts) + "\n</html>\n"


def drawn(comparison: Comparison, over: str) -> dict[str, str]:
    """The figures of a comparison as SVG, by title.

    Args:
        comparison: What to draw.
        over: What curves are drawn over, ``evaluations`` or ``cost``.

    Raises:
        UserError: matplotlib is not installed.
    """
    with TemporaryDirectory() as name:
        paths = {"Curves": draw_curves(comparison, Path(name) / "curves.svg", over)}
        if any(comparison.varied.values()):
            paths["Heat map"] = draw_heat_map(comparison, Path(name) / "heat-map.svg")
        return {title: path.read_text(encoding="utf-8") for title, path in paths.items()}


def _picture(title: str, svg: str) -> str:
    """A figure as a picture that lies within the page, so that names in it are no other's."""
    content = base64.b64encode(svg.encode()).decode("ascii")
    return f'<p><img alt="{title}" src="data:image/svg+xml;base64,{content}"></p>'


def _block(text: str) -> str:
    """A paragraph or a table of the report, which has no other."""
    lines = text.split("\n")
    if not lines[0].startswith("| "):
        return f"<p>{'<br>'.join(map(_inline, lines))}</p>"
    header, _, *rows = (_cells(line) for line in lines)
    top = "".join(f"<th>{cell}</th>" for cell in header)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>\n<tr>{top}</tr>\n{body}\n</table>"


def _cells(line: str) -> list[str]:
    inner = line.removeprefix("| ").removesuffix(" |")
    return [_inline(cell.replace(BAR, "|")) for cell in re.split(r"(?<!\\) \| ", inner)]


def _inline(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text))
