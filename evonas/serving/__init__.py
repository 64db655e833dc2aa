"""A run's page, live, by a small server that only reads.

- `watching`: what has changed in a run since somebody last asked.
- `drawings`: of individuals, when somebody asks for them.
- `guards`: who may ask, and what a browser may do with the answers.
- `site`: the addresses and what each answers; `serve` runs it.

The page asks once a second for what is new, and only while somebody looks at it: that is simple, survives
sleeping laptops and proxies, and shows a result within two seconds.
"""

from __future__ import annotations

from .guards import LOCAL
from .site import make_site, serve

__all__ = [
    "LOCAL",
    "make_site",
    "serve",
]
