"""What evolution did, as a page: one HTML file (`write_report`), or live (`evonas.serving`).

- `rows`, `facts`, `living`, `pictures`: what the page knows.
- `page`: the template with its style and scripts, in ``assets``. The scripts compute what follows from the
  candidates (fronts, records, genealogy, operators), so that a file and a live page cannot differ.
- `document`: a file with everything in it.

Whatever comes from a run is text to the page: Jinja escapes it, the scripts set it as text, and drawings
are cleaned of all but shapes and words.
"""

from __future__ import annotations

from .document import DRAWN, info, meta_of, report_html, title, write_report
from .facts import Pairs, cards, configuration, headline
from .living import living
from .page import PLOTLY, SCRIPTS, asset, render
from .pictures import Pictures, pictures_of
from .rows import Row, field, ranked, row_of

__all__ = [
    "DRAWN",
    "PLOTLY",
    "Pairs",
    "Pictures",
    "Row",
    "SCRIPTS",
    "asset",
    "cards",
    "configuration",
    "field",
    "headline",
    "info",
    "living",
    "meta_of",
    "pictures_of",
    "ranked",
    "render",
    "report_html",
    "row_of",
    "title",
    "write_report",
]
