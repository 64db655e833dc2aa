"""Pages in a real browser: Debian's chromium, headless. Without one the tests that need it are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSER = os.environ.get("EVONAS_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if BROWSER is None:
        pytest.skip("no chromium is installed (apt-get install chromium), or set EVONAS_BROWSER")
    pytest.importorskip("playwright", reason="playwright is not installed: pip install '.[dev]'")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS + sandbox)
        yield started
        started.close()


class Watched:
    """A page, and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda m: self.wrong.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, address: str) -> Page:
        self.page.goto(address)
        self.page.bring_to_front()  # a page behind others may be given no frames to draw
        self.page.wait_for_selector("body[data-ready]")
        return self.page


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Watched]]:
    contexts = []

    def make(**settings: Any) -> Watched:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **settings})
        context.set_default_timeout(60_000)
        contexts.append(context)
        return Watched(context.new_page())

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def axe() -> str:
    package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed: '.[dev]'")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def findings(page: Page, axe: str) -> list[str]:
    """What axe-core finds wrong, and how."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {one['help']} {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


def wait_until(page: Page, true: str) -> None:
    """Waits until an expression is true; Playwright's own way needs ``eval``, which the live page forbids."""
    while not page.evaluate(true):
        page.wait_for_timeout(50)
