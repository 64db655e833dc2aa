"""Takes the pictures in docs/images of the report, of a cell, of a GeNet string and of a mutation anew.

    make screenshots                    # or: make screenshots ARGS=runs/first, to take them of a run that is there

It searches with the settings of `make evolve`, a minute, writes a report and photographs it in Chromium (EVONAS_BROWSER, or chromium on the
path). Look at what it took before you keep it.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.operators.amoeba import hidden_state
from PIL import Image
from playwright.sync_api import sync_playwright

import evonas
from evonas.drawing import draw_cell_change
from evonas.report import write_report

IMAGES = Path(__file__).parent / "images"
BROWSER = os.environ.get("EVONAS_BROWSER") or shutil.which("chromium") or sys.exit("no chromium is installed")
FLAGS = ["--disable-gpu", "--no-first-run", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
COLOURS = 256
"""Of a PNG: screenshots with no more stay small and look the same."""


def main() -> None:
    drawings()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "first"
        if len(sys.argv) == 1:
            evonas.evolve("amoeba", workers="auto", run=run)
        page = write_report(run, Path(folder) / "report.html")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
            photograph(browser, page.as_uri())
            browser.close()
    for path in sorted(IMAGES.glob("report*.png")):
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def drawings() -> None:
    """The GeNet string with its graph, and a mutation of a cell."""
    GenetGenome.from_text("1-01|0-01-100|0-11-101-0001", GenetSpace()).draw(IMAGES / "genet-bits.svg")
    space = AmoebaSpace()
    parent = AmoebaGenome.from_dict(AmoebaGenome.published()["amoebanet-a"], space)
    child = hidden_state(parent.clone(), random.Random(3))
    draw_cell_change(
        parent.pictured(),
        child.pictured(),
        IMAGES / "mutation.svg",
        ["A child of AmoebaNet-A: one operation reads another state"],
    )


def photograph(browser: object, address: str) -> None:
    """The upper part of a report, its charts, an individual, and a phone's view at night."""
    views = {
        "report": ({"width": 1200, "height": 1000}, "light", ""),
        "report-charts": ({"width": 1200, "height": 1500}, "light", "charts"),
        "report-individual": ({"width": 1100, "height": 800}, "light", "child"),
        "report-phone": ({"width": 390, "height": 844}, "dark", ""),
    }
    for name, (size, scheme, what) in views.items():
        page = browser.new_context(viewport=size, color_scheme=scheme).new_page()  # type: ignore[attr-defined]
        page.goto(address)
        page.wait_for_selector("#best-drawings svg")
        if what == "charts":
            page.evaluate("document.getElementById('progress-section').scrollIntoView()")
            page.wait_for_selector("#progress .points path", state="attached")
        if what == "child":
            page.fill("#individuals-search", "hidden-state")
            page.click("#individuals-rows [data-candidate] >> nth=0")
            page.wait_for_selector("#individual-drawings svg")
        page.wait_for_timeout(800)
        path = IMAGES / f"{name}.png"
        page.screenshot(path=path)
        Image.open(path).convert("P", palette=Image.Palette.ADAPTIVE, colors=COLOURS).save(
            path, optimize=True
        )
        page.context.close()


if __name__ == "__main__":
    main()
