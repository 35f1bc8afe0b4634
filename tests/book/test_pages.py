"""Every page of the built book, from disk and from a server, on a desk and on a phone, in light and in dark."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from .conftest import kinds, mixtures, pages

pytestmark = pytest.mark.browser
every_page = pytest.mark.parametrize("name", pages() or ["index.html"])  # the fixture says why there are none

DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LONGEST_PAGE = 12_000  # pixels on a desk; who wants more than thirteen screens splits it
LARGEST_SPEC = 12 * 1024  # bytes of one chart in a page; one on the chain writes some fifty steps

KNOWN_MESSAGES = {
    # Vega-Lite, of a chart that is as wide as its page and whose rows have a fixed height, as they should.
    'WARN Dropping "fit-y" because spec has discrete height.',
}
# What axe finds in the theme's own elements: rule and target.
KNOWN_VIOLATIONS = {
    ("region", ".only-light"),  # the logo in the sidebar, which the theme puts outside every landmark
    ("region", ".only-dark"),
}

# All the marks of a figure where a pointer can hit them: on the line for a line, else in the middle.
MARKS = """figure => [...figure.querySelectorAll('[class*="role-mark"] :is(path, text)')].map(mark => {
  const box = mark.getBoundingClientRect();
  if (getComputedStyle(mark).fill !== "none" || !mark.getTotalLength())
    return [box.x + box.width / 2, box.y + box.height / 2];
  const at = mark.getPointAtLength(mark.getTotalLength() / 2).matrixTransform(mark.getScreenCTM());
  return [at.x, at.y];
})"""
UNDRAWN_FORMULAS = """() => [...document.querySelectorAll(".math")]
  .filter(formula => !formula.querySelector("mjx-container") || formula.querySelector("mjx-merror"))
  .map(formula => formula.textContent)"""
REDRAWN = """() => [...document.querySelectorAll("figure.dojo-chart")]
  .every(figure => !figure.checkVisibility() || Number(figure.dataset.width) === figure.clientWidth)"""
BROKEN_FONTS = "() => [...document.fonts].filter(face => face.status === 'error').map(face => face.family)"


@contextmanager
def opened(browser: Browser, base: str, name: str, viewport: ViewportSize) -> Iterator[Page]:
    """Open a page in light mode, shut off from all but the book; at the end, nothing may have gone wrong."""
    # Without motion, since axe would measure the contrast of a colour that is still changing.
    context = browser.new_context(viewport=viewport, color_scheme="light", reduced_motion="reduce")
    context.route(re.compile(rf"^(?!{re.escape(base)})\w+://"), lambda route: route.abort())
    page = context.new_page()
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on(
        "console",
        lambda message: messages.append(message.text) if message.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(base + name)
    page.evaluate("() => window.MathJax?.startup?.promise")
    page.evaluate("() => document.fonts.ready")
    if page.locator("figure.dojo-chart").count():
        page.wait_for_function("document.documentElement.dataset.chartsDrawn !== undefined")
    yield page
    context.close()
    assert [url for url in requests if not url.startswith((base, "data:", "blob:"))] == [], "foreign requests"
    assert set(messages) - KNOWN_MESSAGES == set(), "the browser's console has messages"


def on_disk(site: Path) -> str:
    """Address of the book as files."""
    return f"{site.as_uri()}/"


def change(page: Page, viewport: ViewportSize, mode: Literal["light", "dark"]) -> None:
    """Turn to another width and another theme, as the reader's window and system do."""
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=mode)
    page.wait_for_function(f"document.documentElement.dataset.theme === '{mode}'")
    page.wait_for_function(REDRAWN)


def assert_drawn(page: Page) -> None:
    """Charts and formulas are drawn, and nothing is wider than the window."""
    figures = page.locator("figure.dojo-chart").count()
    if figures:
        assert page.evaluate("document.documentElement.dataset.chartsDrawn") == str(figures)
        assert page.locator("figure.dojo-chart.drawn svg.marks").count() == figures
    assert page.evaluate(UNDRAWN_FORMULAS) == []
    assert page.evaluate(BROKEN_FONTS) == []
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0, f"the page is {width} pixels wider than its window"


def violations(page: Page, rules: Sequence[str] = (), without: Sequence[str] = ()) -> set[tuple[str, str]]:
    """Rules that axe finds broken, with the element that breaks them.

    All rules, unless some are named; on all of the page but what is left out. The inside of a drawing always
    is: it is Vega's, while its label and the figure around it are ours.
    """
    # Axe would fetch the style sheets once more, which a page opened from disk may not.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = list(rules)
    context = {"exclude": [[selector] for selector in ("svg.marks > g", *without)]}
    found: dict[str, Any] = Axe().run(page, context, options).response
    return {
        (rule["id"], " ".join(map(str, node["target"])))
        for rule in found["violations"]
        for node in rule["nodes"]
    }


def assert_tooltips(page: Page) -> None:
    """On every chart in view that has tooltips, a mark answers to the pointer."""
    for figure in page.locator("figure.dojo-chart").all():
        if '"tooltip"' not in (figure.locator("script").text_content() or "") or not figure.is_visible():
            continue
        figure.scroll_into_view_if_needed()
        spots = figure.evaluate(MARKS)
        sample = spots[:: max(1, len(spots) // 12)]
        assert any(answers(page, x, y) for x, y in sample), (
            f"no tooltip: {figure.get_attribute('aria-label')}"
        )
        page.mouse.move(0, 0)


def answers(page: Page, x: float, y: float) -> bool:
    """Tell whether a tooltip appears for the pointer at a place of the window."""
    page.mouse.move(x, y)
    return page.locator("#vg-tooltip-element.visible").count() > 0


@every_page
def test_page_from_disk(browser: Browser, site: Path, name: str) -> None:
    with opened(browser, on_disk(site), name, PHONE) as page:
        assert_drawn(page)
        change(page, PHONE, "dark")
        assert_drawn(page)
        change(page, DESK, "dark")
        assert_drawn(page)
        if name.startswith(("api", "formulas")):
            assert page.evaluate("document.documentElement.scrollHeight") <= LONGEST_PAGE


@pytest.mark.slow
@pytest.mark.parametrize("name", kinds() or ["index.html"])
def test_page_is_accessible_and_answers(browser: Browser, site: Path, name: str) -> None:
    with opened(browser, on_disk(site), name, PHONE) as page:
        # The words of a listing are many, and the same at every width.
        assert violations(page, without=[".highlight pre > span"]) <= KNOWN_VIOLATIONS
        change(page, DESK, "dark")
        assert violations(page, ["color-contrast"]) == set()
        change(page, DESK, "light")
        assert_drawn(page)
        assert violations(page) <= KNOWN_VIOLATIONS
        assert_tooltips(page)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", mixtures() or ["index.html"]
)  # the files are the same; scripts may ask otherwise
def test_page_from_server(browser: Browser, server: str, name: str) -> None:
    with opened(browser, server, name, DESK) as page:
        assert_drawn(page)
        change(page, DESK, "dark")
        assert_drawn(page)
        change(page, PHONE, "dark")
        assert_drawn(page)
        change(page, PHONE, "light")
        assert_drawn(page)


@every_page
def test_specifications_are_small(site: Path, name: str) -> None:
    text = (site / name).read_text(encoding="utf-8")
    for spec in re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL):
        assert isinstance(json.loads(spec), dict)
        assert len(spec.encode()) < LARGEST_SPEC, "plot fewer points or fewer columns"


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_search_finds(browser: Browser, site: Path, server: str, scheme: str) -> None:
    base = server if scheme == "http" else on_disk(site)
    with opened(browser, base, "search.html?q=machine", DESK) as page:
        page.locator("#search-results li a").first.wait_for()
        shown = page.locator("#search-results li p.context", has_text="machine").first
        shown.wait_for()
        assert "<" not in shown.inner_text()


def test_search_finds_the_page_of_a_thing(browser: Browser, site: Path) -> None:
    with opened(browser, on_disk(site), "search.html?q=wse-3", DESK) as page:
        page.locator('#search-results li a[href*="facts/wse-3.html"]').first.wait_for()


def test_sliders_survive_a_change_of_width_and_of_theme(browser: Browser, site: Path) -> None:
    with_slider = [name for name in pages() if '"input":"range"' in (site / name).read_text(encoding="utf-8")]
    assert with_slider, "no page of the book has a slider"
    with opened(browser, on_disk(site), with_slider[0], DESK) as page:
        figure = page.locator('figure.dojo-chart:has(input[type="range"])').first
        slider = figure.locator('input[type="range"]').first
        before = slider.input_value()
        slider.press("ArrowRight")
        moved = slider.input_value()
        assert moved != before
        change(page, PHONE, "dark")
        assert slider.input_value() == moved


def test_a_chart_that_cannot_be_drawn_says_what_it_shows(browser: Browser, site: Path) -> None:
    with_chart = [
        name for name in pages() if 'class="dojo-chart"' in (site / name).read_text(encoding="utf-8")
    ]
    assert with_chart, "no page of the book has a chart"
    page = browser.new_page()
    page.route("**/vega.js", lambda route: route.abort())
    page.goto((site / with_chart[0]).as_uri())
    figure = page.locator("figure.dojo-chart").first
    figure.locator(".dojo-failed").wait_for()
    assert (figure.get_attribute("aria-label") or "?") in (figure.locator("figcaption").text_content() or "")
    page.close()


def test_table_is_copied_with_unrounded_values(browser: Browser, site: Path) -> None:
    html = (
        '<div class="dojo-table" role="region" tabindex="0" aria-label="t"><table><caption>t</caption><thead><tr>'
        '<th scope="col">a, b</th><th scope="col">c</th></tr></thead><tbody><tr><th scope="row">x</th>'
        '<td><data value="0.123456">0.1235</data></td></tr><tr><th scope="row">–</th><td>–</td></tr></tbody>'
        "</table></div>"
    )
    context = browser.new_context()
    page = context.new_page()
    page.set_content(html)
    page.evaluate(
        "navigator.clipboard ??= {}; navigator.clipboard.writeText = async text => (window.copied = text)"
    )
    page.add_script_tag(path=site / "assets" / "dojo-tables.js")
    page.get_by_role("button", name="Copy as CSV").click()
    page.get_by_role("status").filter(has_text="Copied").wait_for()
    assert page.evaluate("window.copied") == '"a, b",c\nx,0.123456\n,\n'
    context.close()
