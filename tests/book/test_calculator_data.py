"""What a calculator's page is given of the library: how much it is, and that it says what the library says."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from dojo_calc.chain.build import chain
from dojo_calc.model.distribution import marginal
from dojo_calc.units import hour, year
from tests.book.asking import CHIPS, ask, js

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ELEMENT = re.compile(r'<div class="dojo-calculator">.*?<script>window\.dojoCalculator=.*?</script>', re.S)
SCORES = np.array([-3.97, -1.644853, -0.51, 0.0, 0.33, 1.644853, 3.5])


def test_a_page_with_a_calculator_is_small(site: Path) -> None:
    """All that it adds to a page of the book beyond the theme: its scripts, and every chip, set and layout."""
    shared = (site / "assets" / name for name in ("dojo-calculator.js", "dojo-calculator.css"))
    added = "".join(path.read_text(encoding="utf-8") for path in shared)
    found = {}
    for path in site.glob("*.html"):
        own = ELEMENT.search(path.read_text(encoding="utf-8"))
        if own:
            found[path.name] = len(gzip.compress((own[0] + added).encode()))
    assert {"calculator.html", "training_run.html"} <= set(found)
    assert max(found.values()) < 120_000, found


@pytest.mark.parametrize("chip", CHIPS)
def test_distributions_are_the_librarys(tab: Page, address: str, chip: str) -> None:
    """The page makes one of an interval by the library's rule; those of readings that conflict are tables."""
    ask(tab, address, f"ask=hour&pick.chip={chip}")
    found = js(
        tab,
        "Object.fromEntries(c.now.inputs.map(x => [x.name, x.d && [x.d[0], "
        f"{SCORES.tolist()}.map(c.engine.at(x.d, x.domain))]]))",
    )
    kinds = []
    for name, one in chain(chip).inputs.items():
        expected = 0.0 if one.value is None else marginal(one)
        if isinstance(expected, float):
            assert found[name] is None, name
            continue
        kind, values = found[name]
        kinds.append(kind)
        own = expected.at(SCORES)
        # a table is a straight line between scores that lie a twentieth apart
        close = 1e-12 * np.abs(own) + 1e-15 * np.abs(own).max() if kind == "split" else 1e-3 * np.ptp(own)
        assert (np.abs(np.array(values) - own) <= close).all(), (name, values, own)
    assert set(kinds) == {"split", "table"}


def test_hours_of_chips_are_written_as_model_cards_write_them(tab: Page, address: str) -> None:
    ask(tab, address)
    for hours, text in {1: "1 hour", 412.5: "412.5 hours", 39_304_000: "39.3 million hours"}.items():
        assert js(tab, f"c.tools.numbers.say('chip_time', {hours * hour!r})") == text
    assert js(tab, f"c.read('30.84 million hours', 'chip_time').v / {hour!r}") == pytest.approx(30.84e6)


def test_an_interval_is_in_the_unit_of_its_value(tab: Page, address: str) -> None:
    """Of 229 days, 440 days and not 1.2 years is the upper end: in the sentence, below the curve and at the bars."""
    ask(tab, address, "ask=train&chips=10007&tokens=2e13")
    value, upper = js(tab, "[c.now.of('billed'), c.drawn.billed.q95]")
    assert value < year < upper
    for told in (".dc-interval", ".dc-ticks", ".dc-tornado"):
        words = tab.locator(told).inner_text()
        assert "days" in words
        assert "years" not in words


def test_on_paper_it_is_a_sheet_in_black_on_white(browser: Browser, address: str) -> None:
    page = browser.new_page(color_scheme="dark")
    ask(page, address, "ask=train")
    dark = page.locator(".dojo-calculator").evaluate("one => getComputedStyle(one).backgroundColor")
    page.emulate_media(media="print")
    printed = page.locator(".dojo-calculator").evaluate("one => getComputedStyle(one).backgroundColor")
    assert dark != printed == "rgb(255, 255, 255)"
    for name in (".dc-nav", ".dc-tools", ".dc-track", ".dc-target"):
        assert not page.locator(name).first.is_visible(), name
    for name in (".dc-number", ".dc-figure svg", ".dc-row input.dc-field", ".dc-tornado .dc-bar"):
        assert page.locator(name).first.is_visible(), name
    page.close()
