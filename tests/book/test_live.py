"""Every live chart of the book at random slider settings, read back from the browser against the library."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from dojo_calc import units
from dojo_calc.pictures import live as live_module
from dojo_calc.words import words as named

from .conftest import SITE, pages

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SETTINGS = 40
# Every drawn mark's datum that holds a computed value, and the value of every signal a reader can see.
READ_MARKS = """view => {
  const found = [];
  const walk = item => {
    if (item.datum && typeof item.datum.value === "number" && item.datum.what)
      found.push([item.datum.what, item.datum.x ?? null, item.datum.value]);
    (item.items || []).forEach(walk);
  };
  walk(view.scenegraph().root);
  return found;
}"""


def live_figures(site: Path, name: str) -> list[int]:
    """Places of a page's live charts among its figures."""
    text = (site / name).read_text(encoding="utf-8")
    specs = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    return [i for i, spec in enumerate(specs) if json.loads(spec).get("usermeta", {}).get("live")]


def calls(site: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Arguments of every call of `live` in a chapter, whose code is run again from its downloaded notebook."""
    found: list[dict[str, Any]] = []
    original = live_module.live

    def recorded(*args: Any, **kwargs: Any) -> Any:
        found.append(inspect.signature(original).bind(*args, **kwargs).arguments)
        return original(*args, **kwargs)

    monkeypatch.setattr(live_module, "live", recorded)
    notebook = json.loads((site / "notebooks" / name).with_suffix(".ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {"display": lambda *_: None}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    monkeypatch.undo()
    return found


WITH_LIVE = [
    name for name in pages() if '"usermeta":{"live":true' in (SITE / name).read_text(encoding="utf-8")
]


def test_the_book_has_live_charts(site: Path) -> None:
    assert sum(len(live_figures(site, name)) for name in WITH_LIVE) >= 3


@pytest.mark.parametrize("name", WITH_LIVE or ["index.html"])
def test_live_charts_compute_what_the_library_computes(
    browser: Browser, site: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    random = np.random.default_rng(5)
    places, made = live_figures(site, name), calls(site, name, monkeypatch)
    assert len(made) == len(places)
    page = browser.new_page()
    page.goto((site / name).as_uri())
    page.wait_for_function("document.documentElement.dataset.chartsDrawn !== undefined")
    for place, call in zip(places, made, strict=True):
        for _ in range(SETTINGS):
            check_setting(page, place, call, random)
    page.close()


def check_setting(page: Page, place: int, call: dict[str, Any], random: np.random.Generator) -> None:
    """Set every slider at random, and hold each drawn mark to the library."""
    model, outputs, x = call["model"], call["output"], call.get("x")
    outputs = [outputs] if isinstance(outputs, str) else list(outputs)
    shown = call.get("unit") or [model.spec(one).unit for one in outputs]
    shown = [shown] * len(outputs) if isinstance(shown, str) else shown
    labels = call.get("labels") or {}
    words = {labels.get(one, named(one).label): (one, unit) for one, unit in zip(outputs, shown, strict=True)}
    setting = {one.signal: float(random.uniform(one.low, one.high)) for one in call["sliders"]}
    given = {one.input: setting[one.signal] * units.to_si(1.0, one.unit) for one in call["sliders"]}
    if x is not None and call.get("point") is not None:
        low, high = (
            (np.log10(x.low), np.log10(x.high)) if x.low > 0 and x.high / x.low > 100 else (x.low, x.high)
        )
        setting[x.signal] = float(random.uniform(low, high))
    marks = page.evaluate(
        "([place, setting]) => { const view = window.dojoCharts[place];"
        " for (const name in setting) view.signal(name, setting[name]); view.run();"
        f" return ({READ_MARKS})(view); }}",
        [place, setting],
    )
    assert {what for what, *_ in marks} == set(words)
    for what, at, value in marks:
        output, unit = words[what]
        along = {} if x is None or at is None else {x.input: at * units.to_si(1.0, x.unit)}
        # all outputs at once: a slider may move only some of them, and a model refuses what moves none
        expected = model.evaluate(outputs, **given, **along)[output] / units.to_si(1.0, unit)
        assert value == pytest.approx(expected, rel=1e-9), (what, given, along)


@pytest.mark.parametrize("name", WITH_LIVE[:3] or ["index.html"])
def test_a_reset_puts_every_slider_back_by_the_keyboard(browser: Browser, site: Path, name: str) -> None:
    page = browser.new_page()
    page.goto((site / name).as_uri())
    page.wait_for_function("document.documentElement.dataset.chartsDrawn !== undefined")
    for place in live_figures(site, name):
        figure = page.locator("figure.dojo-chart").nth(place)
        sliders = figure.locator(".vega-bind input[type=range]")
        names = sliders.evaluate_all("all => all.map(one => one.name)")
        read = "([place, names]) => names.map(name => window.dojoCharts[place].signal(name))"
        start = page.evaluate(read, [place, names])
        for slider in sliders.all():
            slider.focus()
            page.keyboard.press("Home")
            page.keyboard.press("ArrowRight")
        assert page.evaluate(read, [place, names]) != start
        assert page.evaluate("place => window.dojoCharts[place].signal('sliders_moved')", place) is True
        reset = figure.get_by_role("button", name="Reset the sliders")
        reset.focus()
        page.keyboard.press("Enter")
        assert page.evaluate(read, [place, names]) == start
        assert page.evaluate("place => window.dojoCharts[place].signal('sliders_moved')", place) is False
    page.close()
