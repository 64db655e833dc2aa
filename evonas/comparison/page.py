"""A comparison as one HTML file without network access: the report, with its figures inside."""

from __future__ import annotations

import base64
import html
import re
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


def page(comparison: Comparison, over: str = "evaluations", figures: bool = True) -> str:
    """The page's text.

    Args:
        comparison: What to show.
        over: What curves are drawn over.
        figures: Whether there are any, for which matplotlib is needed.

    Raises:
        UserError: Figures are wanted, and matplotlib is not installed.
    """
    title = html.escape(f"Comparison: {comparison.about}")
    parts = [HEAD.format(policy=POLICY, title=title), "<h1>Comparison</h1>"]
    blocks = [_block(block) for block in markdown(comparison).strip().split("\n\n")]
    parts += [blocks[0], *(_pictures(comparison, over) if figures else ()), *blocks[1:]]
    return "\n".join(parts) + "\n</html>\n"


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


def _pictures(comparison: Comparison, over: str) -> list[str]:
    """Figures as pictures that lie within the page."""
    found = []
    with TemporaryDirectory() as name:
        drawn = [("Curves", draw_curves(comparison, Path(name) / "curves.svg", over))]
        if any(comparison.varied.values()):
            drawn.append(("Heat map", draw_heat_map(comparison, Path(name) / "heat-map.svg")))
        for title, path in drawn:
            content = base64.b64encode(path.read_bytes()).decode("ascii")
            found.append(f'<p><img alt="{title}" src="data:image/svg+xml;base64,{content}"></p>')
    return found
