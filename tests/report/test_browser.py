"""The pages in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browsing import Watched, findings, wait_until

from evonas.api import load
from evonas.cli.page import short_name
from evonas.cli.survey import survey
from evonas.report import write_report
from evonas.results.figures import share
from evonas.testing.made_runs import make_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def report(made: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(made, tmp_path_factory.mktemp("report") / "report.html", 12).as_uri()


@pytest.fixture(scope="module")
def kept_watched(report: str, browser: Browser) -> Iterator[Watched]:
    """The report, opened once for those that only look at it and click: it takes seconds to open."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(60_000)
    watched = Watched(context.new_page())
    watched.open(report)
    yield watched
    context.close()


@pytest.fixture
def page(kept_watched: Watched) -> Page:
    """The report with no individual open."""
    page = kept_watched.page
    page.bring_to_front()
    page.keyboard.press("Escape")
    assert not page.evaluate("document.getElementById('individual').open")
    return page


def see_all(page: Page) -> None:
    """Shows one chart after the other, until each is drawn, or says that it has nothing to draw."""
    for frame in page.query_selector_all("[data-chart]"):
        chart = frame.get_attribute("data-chart")
        frame.evaluate("frame => frame.scrollIntoView({block: 'center'})")
        drawn = f"document.querySelector('#{chart} .main-svg')"
        wait_until(page, f"Boolean({drawn}) || !document.getElementById('{chart}-empty').hidden")
    page.wait_for_selector("#genealogy .points path", state="attached")


def test_a_report_opens_from_disk_without_errors_or_requests(report: str, opened: Any) -> None:
    watched = opened()
    page = watched.open(report)
    page.wait_for_selector("#best-drawings svg")
    see_all(page)
    for name in ("progress", "cost", "genealogy", "curves", "inherited"):
        page.locator(f"#{name}-section").scroll_into_view_if_needed()
        page.wait_for_selector(f"#{name} .main-svg", state="attached")
    assert "120 of 120" in page.inner_text("#cards")
    assert watched.wrong == []
    assert [url for url in watched.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_a_report_can_load_nothing(report: str, opened: Any) -> None:
    watched = opened()
    page = watched.open(report)
    refused = """source => new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
        document.body.append(document.createRange().createContextualFragment(source));
    })"""
    for source, directive in {
        "<img src='http://127.0.0.1:9/1.png'>": "img-src",
        "<svg><rect width='9' height='9' mask='url(http://127.0.0.1:9/2.svg#m)'/></svg>": "img-src",
        "<script>window.harmed = true</script>": "script-src-elem",
        "<p onclick='window.harmed = true'>": "script-src-attr",
        "<iframe src='http://127.0.0.1:9/3'></iframe>": "frame-src",
        "<link rel='stylesheet' href='http://127.0.0.1:9/4.css'>": "style-src-elem",
    }.items():
        assert page.evaluate(refused, source) == directive
    assert page.evaluate("window.harmed") is None
    page.click("#individuals-rows [data-candidate] >> nth=0")  # the page goes on
    page.wait_for_selector("#individual[open]")


def test_operators_are_counted_as_at_the_command_line(page: Page, made: Path) -> None:
    rows = [row.inner_text().split("\t") for row in page.locator("#operators-body tbody tr").all()]
    found = survey(load(made))
    children = sum(use.children for use in found.operators.values())
    told = {row[0]: [cell for cell in row[1:] if cell] for row in rows}
    assert told.keys() == {short_name(name, "amoeba") for name in found.operators}
    for name, use in found.operators.items():
        better = f"{use.better} of {use.compared} ({share(use.better / max(1, use.compared))})"
        change = "–" if use.change is None else f"{use.change:+.4f}".replace("-", "−")
        assert told[short_name(name, "amoeba")] == [
            str(use.children),
            share(use.children / children),
            better if use.compared else "–",
            change,
            str(use.unchanged),
            str(use.failed),
        ]


def test_operators_that_were_never_applied_are_listed(
    written: Callable[[Path], Path], tmp_path: Path, opened: Any
) -> None:
    run = make_run(tmp_path / "run", "large-scale", 8)  # of eleven mutations
    page = opened().open(written(run).as_uri())
    told = {
        row.inner_text().split("\t")[0]: row.inner_text().split("\t")[1]
        for row in page.locator("#operators-body tbody tr").all()
    }
    uses = survey(load(run)).operators
    assert told == {short_name(name, "large-scale"): str(use.children) for name, use in uses.items()}
    assert "0" in told.values()
    assert "0: never applied" in page.inner_text("#operators-body")


def test_clicking_an_individual_shows_its_architecture(page: Page, made: Path) -> None:
    best = load(made).best
    page.click(f'#individuals-rows [data-candidate="{best.id}"]')
    page.wait_for_selector("#individual-drawings svg")
    assert page.inner_text("#individual-title") == f"Candidate {best.id}"
    words = page.inner_text("#individual-body")
    assert f"{best.fitness:.4f}" in words and "Genotype" in words
    assert page.url.endswith(f"#candidate-{best.id}")
    if best.genome.origin.parents:
        assert page.get_attribute("#individual-drawings [aria-selected=true]", "id").endswith("-change")
        assert f"a child of candidate {best.genome.origin.parents[0]}" in (
            page.locator("#individual-drawings svg").text_content() or ""
        )


def test_clicking_a_point_opens_the_individual(page: Page) -> None:
    page.locator("#cost-section").scroll_into_view_if_needed()
    page.wait_for_selector("#cost .points path", state="attached")
    box = page.locator("#cost .scatterlayer .trace").last.locator(".points path").last.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector("#cost .hoverlayer .hovertext")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector("#individual[open]")


def test_those_alive_and_the_one_selected_have_rings_that_can_be_seen(page: Page, made: Path) -> None:
    page.click(f'#individuals-rows [data-candidate="{load(made).best.id}"]')
    page.keyboard.press("Escape")
    page.locator("#progress").scroll_into_view_if_needed()
    page.wait_for_selector("#progress .points path", state="attached")
    traces = "document.getElementById('progress').data.map(trace => [trace.name, trace.x.length])"
    drawn = dict(page.evaluate(traces))
    assert drawn["alive"] > 1 and drawn["selected"] == 1
    paths = """traces => traces.map(trace => [...trace.querySelectorAll('.points path')].map(path => {
        const s = getComputedStyle(path); return [s.stroke, s.strokeOpacity, s.strokeWidth]; }))"""
    for rings in page.eval_on_selector_all("#progress .scatterlayer .trace", paths)[-2:]:
        assert rings
        for stroke, opacity, width in rings:
            assert stroke.startswith("rgb(") and float(opacity) > 0.5 and float(width[:-2]) >= 1.5, stroke


def test_the_keyboard_reaches_everything(report: str, opened: Any) -> None:
    page = opened().open(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("#progress").scroll_into_view_if_needed()
    page.wait_for_selector("#progress .points path", state="attached")
    page.focus("#progress")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    said = page.inner_text("#announcement")
    number = re.match(r"Candidate (\d+), fitness", said)
    assert number
    page.keyboard.press("Enter")
    page.wait_for_selector("#individual[open]")
    assert page.inner_text("#individual-title") == f"Candidate {number[1]}"
    page.focus("#individual-close")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#individual-title") == f"Candidate {int(number[1]) + 1}"
    page.keyboard.press("Escape")
    assert not page.evaluate("document.getElementById('individual').open")
    page.focus('#individuals-head [data-key="id"]')
    page.keyboard.press("Enter")
    heads = page.locator("#individuals-head th").first
    assert heads.get_attribute("aria-sort") == "descending"
    assert page.evaluate("document.activeElement.dataset.key") == "id"


def walked(page: Page, key: str) -> int:
    """Presses a key in the chart of costs: the candidate that one is at then."""
    page.evaluate("EV.announce('')")
    page.focus("#cost")
    page.keyboard.press(key)
    found = re.match(r"Candidate (\d+), fitness", page.inner_text("#announcement"))
    assert found is not None
    return int(found[1])


def test_a_chart_is_walked_from_its_ends_and_when_it_shows_something_else(
    page: Page, kept_watched: Watched
) -> None:
    fronts = {
        cost: page.evaluate(f"EV.front('{cost}').map(row => row.id)") for cost in ("flops", "parameters")
    }
    gone = next(place for place, id in enumerate(fronts["flops"]) if id not in fronts["parameters"])
    stays = next(place for place, id in enumerate(fronts["flops"]) if id in fronts["parameters"])
    page.locator("#cost").scroll_into_view_if_needed()
    page.wait_for_selector("#cost .points path", state="attached")

    def choose(cost: str, name: str) -> None:
        page.check(f'input[name="cost-axis"][value="{cost}"]', force=True)
        wait_until(page, f"document.getElementById('cost').layout.xaxis.title.text === '{name}'")

    choose("flops", "FLOPs for one image")
    assert walked(page, "End") == fronts["flops"][-1]
    assert walked(page, "Home") == fronts["flops"][0]
    for _ in range(gone):
        walked(page, "ArrowRight")
    choose("parameters", "parameters")
    page.keyboard.press("Enter")
    assert not page.evaluate("document.getElementById('individual').open")  # it is not in this chart
    assert walked(page, "PageDown") == fronts["parameters"][min(9, len(fronts["parameters"]) - 1)]
    choose("flops", "FLOPs for one image")
    walked(page, "Home")
    for _ in range(stays):
        walked(page, "ArrowRight")
    choose("parameters", "parameters")
    page.focus("#cost")
    page.keyboard.press("Enter")
    assert page.inner_text("#individual-title") == f"Candidate {fronts['flops'][stays]}"
    assert kept_watched.wrong == []


def test_a_chart_that_cannot_be_drawn_keeps_no_other(report: str, opened: Any) -> None:
    watched = opened()
    page = watched.open(report)
    page.locator("#progress").scroll_into_view_if_needed()
    page.wait_for_selector("#progress .points path", state="attached")
    wrong = """() => { EV.records = () => { throw new Error("a mistake"); }; EV.drawCharts("progress"); }"""
    page.evaluate(wrong)
    page.evaluate("EV.drawCharts('cost')")
    page.locator("#cost").scroll_into_view_if_needed()
    page.wait_for_selector("#cost .points path", state="attached")
    page.check('input[name="cost-axis"][value="flops"]', force=True)
    wait_until(page, "document.getElementById('cost').layout.xaxis.title.text.startsWith('FLOPs')")
    assert set(watched.wrong) == {"a mistake"}


@pytest.mark.parametrize("scheme", ["dark", pytest.param("light", marks=pytest.mark.slow)])
def test_a_phone_needs_no_scrolling_sideways(report: str, opened: Any, axe: str, scheme: str) -> None:
    page = opened(viewport={"width": 360, "height": 740}, color_scheme=scheme).open(report)
    see_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("#individuals-rows [data-candidate] >> nth=0")
    page.wait_for_selector("#individual-drawings svg, #individual-drawings p")
    assert page.evaluate("document.getElementById('individual').scrollWidth") <= 360
    assert findings(page, axe) == []


@pytest.mark.slow  # what it finds on a phone, dark, is seen with every change
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(report: str, opened: Any, axe: str, scheme: str) -> None:
    page = opened(color_scheme=scheme).open(report)
    see_all(page)
    assert findings(page, axe) == []


@pytest.mark.slow
def test_print_shows_the_charts_in_print_colours(report: str, opened: Any) -> None:
    page = opened(color_scheme="dark").open(report)
    assert len(page.pdf()) > 10_000
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"


def test_nothing_from_a_run_is_html(harmful: Path, opened: Any, tmp_path: Path) -> None:
    watched = opened()
    page = watched.open(write_report(harmful, tmp_path / "harm.html").as_uri())
    see_all(page)
    page.click("#individuals-rows [data-candidate] >> nth=0")
    page.wait_for_selector("#individual-drawings svg, #individual-drawings p")
    page.click("#individual-close")
    page.locator("#progress").hover()
    assert page.evaluate("window.harmed") is None
    assert "<script>window.harmed" in page.inner_text("#operators-body")
    assert "<script>window.harmed" in page.inner_text("#failures-body")
    assert watched.wrong == []
