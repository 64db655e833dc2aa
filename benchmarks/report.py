"""How large a report of many candidates is, how long it takes to write and to open, and a live page.

The run is made: a real search of AmoebaNet cells with made results (`evonas.testing.made_runs`), in a real
journal. Pages are opened in Chromium, headless, and each figure is the median of some openings:

- a report, from disk: until its first chart is drawn;
- the live page of the same run: until the first paint, and until its first chart is drawn;
- the same page, open: until a result that the journal has just been told shows.

What a page of 20 candidates takes in the same browser is the baseline: it is mostly Plotly's own start.

Run it as ``python benchmarks/report.py``. It prints a table, and exits with status 1 where a target is
missed: under 10 MB, written in under 20 s, opened in under 3 s, a first paint in under 1 s, and a result
shown in under 2 s.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from evonas.evolution import Candidate
from evonas.settings import open_run
from evonas.testing import make_run

COMMAND = Path(sys.executable).with_name("evonas")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
DRAWN = "#progress .points path"
TARGETS = {"size": 10.0, "written": 20.0, "opened": 3.0, "first paint": 1.0, "a result": 2.0}


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--candidates", type=int, default=10_000)
    arguments.add_argument("--openings", type=int, default=5)
    arguments.add_argument("--browser", default="/usr/bin/chromium")
    options = arguments.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.browser, args=FLAGS)
        for candidates in (20, options.candidates):
            run = make_run(Path(folder) / str(candidates), budget=candidates)
            found[candidates] = measured(browser, run, options.openings)
        browser.close()
    print(f"{'':34}{'20 candidates':>16}{options.candidates:>10,}{'ratio':>8}{'target':>9}")
    small, large = found[20], found[options.candidates]
    missed = []
    for name, value in large.items():
        key = next((key for key in TARGETS if name.endswith(key) or name.startswith(key)), None)
        target = TARGETS[key] if key else None
        unit = "MB" if name.startswith("size") else "s"
        shown = f"{target:g} {unit}" if target else ""
        ratio = value / small[name]
        print(f"{name:34}{small[name]:>13.2f} {unit:2}{value:>7.2f} {unit:2}{ratio:>8.1f}{shown:>9}")
        if target is not None and value >= target:
            missed.append(name)
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


def measured(browser: Any, run: Path, openings: int) -> dict[str, float]:
    """Size in MB, times in seconds."""
    report = run / "report.html"
    began = time.monotonic()
    subprocess.run([COMMAND, "report", run, "-o", report], check=True, stdout=subprocess.DEVNULL)
    written = time.monotonic() - began
    _, opened = medians(browser, report.as_uri(), openings)
    server = subprocess.Popen([COMMAND, "serve", run, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline() if server.stdout else ""
        address = next(word for word in line.split() if word.startswith("http"))
        paint, live = medians(browser, address, openings)
        delay = delayed(browser, address, run, openings)
    finally:
        server.terminate()
        server.wait()
    return {
        "size of the report": report.stat().st_size / 1e6,
        "written": written,
        "report opened": opened,
        "live page, first paint": paint,
        "live page, first chart": live,
        "a result, on the live page": delay,
    }


def delayed(browser: Any, address: str, run: Path, results: int) -> float:
    """Seconds from a result's commit until an open page counts it."""
    page = browser.new_context(viewport={"width": 1200, "height": 1800}).new_page()
    page.goto(f"{address}#progress-section")
    page.wait_for_selector(DRAWN, state="attached")
    delays = []
    with open_run(run, write=True) as opened:
        asked, told = opened.journal.counts()
        last = opened.journal.candidate(asked - 1)
        for number in range(results):
            page.wait_for_timeout(random.Random(number).uniform(0, 1000))  # at any time between two questions
            candidate = Candidate(asked + number, last.genome, last.result)
            opened.journal.asked(candidate, told + number)
            opened.journal.told(candidate, None)
            opened.journal.commit()
            began = time.monotonic()
            while page.evaluate("EV.told().length") <= told + number:
                page.wait_for_timeout(10)
            delays.append(time.monotonic() - began)
    page.context.close()
    return statistics.median(delays)


def medians(browser: Any, address: str, openings: int) -> tuple[float, float]:
    """Seconds until the first paint and until the first chart."""
    paints, charts = [], []
    for _ in range(openings):
        page = browser.new_context(viewport={"width": 1200, "height": 1800}).new_page()
        began = time.monotonic()
        page.goto(f"{address}#progress-section", wait_until="commit")
        page.wait_for_selector(DRAWN, state="attached")
        charts.append(time.monotonic() - began)
        paints.append(page.evaluate(PAINT) / 1000)
        page.context.close()
    middle: Callable[[list[float]], float] = statistics.median
    return middle(paints), middle(charts)


if __name__ == "__main__":
    main()
