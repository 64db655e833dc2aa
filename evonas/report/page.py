"""The page itself: a template, a style sheet and scripts, put together for a file or for a server."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..files import encodable
from .facts import SECTIONS, Pairs

if TYPE_CHECKING:
    from jinja2 import Template

SCRIPTS = (
    "core.js",
    "figures.js",
    "charts.js",
    "plots.js",
    "sections.js",
    "individuals.js",
    "dialog.js",
    "main.js",
)
"""In the order in which they need each other."""
PLOTLY = "plotly.min.js"


def render(
    *,
    title: str,
    headline: str,
    folder: str,
    figures: Pairs,
    configuration: Sequence[tuple[str, Pairs]],
    data: Mapping[str, Any] | None = None,
) -> str:
    """The page's HTML.

    Args:
        title: Its heading.
        headline: What the run is, in one line.
        folder: Where the run is.
        figures: Shown at the top before any script has run.
        configuration: Headings with names and values.
        data: What the scripts show. With it the page holds everything, scripts included; without it
            the scripts ask the server that the page came from.
    """
    live = data is None
    names = (*SCRIPTS, PLOTLY)  # the largest last: all but charts is there before it is read
    scripts = names if live else [_inline(name) for name in names]
    page = _template().render(
        title=title,
        headline=headline,
        folder=folder,
        cards=figures,
        sections=SECTIONS,
        configuration=configuration,
        version=__version__,
        live=live,
        style="" if live else asset("style.css").decode(),
        scripts=scripts,
        policy="" if live else _policy(scripts),
        data="" if data is None else packed(data),
    )
    return encodable(page)  # a folder's name may be no UTF-8


def _policy(scripts: Sequence[str]) -> str:
    """What a file may do, whatever a run has put into it: run these scripts, and load nothing.

    A live page has its server's (`evonas.serving.guards`).
    """
    # A browser reads every end of a line as \n before it counts.
    texts = [text.replace("\r\n", "\n").replace("\r", "\n").encode() for text in scripts]
    digests = [base64.b64encode(hashlib.sha256(text).digest()).decode() for text in texts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _template() -> Template:
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=False, lstrip_blocks=True)
    return environment.from_string(asset("page.html.j2").decode())


@cache
def asset(name: str) -> bytes:
    """A file of the page.

    Args:
        name: One of `SCRIPTS`, `PLOTLY`, ``style.css`` or ``page.html.j2``.
    """
    if name == PLOTLY:
        # Found, not imported: importing plotly takes longer than reading the file.
        from importlib.util import find_spec

        spec = find_spec("plotly")
        if spec is None or spec.origin is None:  # a requirement of evonas
            raise ModuleNotFoundError("plotly is not installed: pip install plotly")
        return (Path(spec.origin).parent / "package_data" / PLOTLY).read_bytes()
    return (files(__package__) / "assets" / name).read_bytes()


def _inline(name: str) -> str:
    """A script as it may stand inside HTML."""
    text = asset(name).decode()
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def packed(data: Mapping[str, Any]) -> str:
    """Data as the scripts unpack it: JSON, gzip, base64. No letter of it means anything in HTML."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False).encode()
    return base64.b64encode(gzip.compress(text, 6, mtime=0)).decode()
