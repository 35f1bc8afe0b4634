"""What stands beside the text of a page: previews, policy, foot, meanings of terms, one switch for the code."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dojo_calc.chain.build import chain

from .conftest import pages
from .test_pages import DESK, PHONE, on_disk, opened

pytestmark = pytest.mark.browser
CODE = "div.cell:not(.tag_hide-cell) details.hide"
HIDDEN = f"() => [...document.querySelectorAll('{CODE}')].filter(one => one.open).length"


@pytest.mark.parametrize("name", pages() or ["index.html"])
def test_a_page_says_what_it_is_and_forbids_what_is_not_its_own(site: Path, name: str) -> None:
    text = (site / name).read_text(encoding="utf-8")
    rule = html.unescape(re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', text)[0])
    assert "//" not in re.sub(r"'sha256-[^']*'", "", rule), "no host is allowed"
    assert "'unsafe-inline'" not in rule.partition("script-src")[2].partition(";")[0]
    foot = re.findall(r'<p class="dojo-foot">(.*?)</p>', text)
    assert re.match(r"Facts as of 20\d\d-\d\d(-\d\d)?\. Computed by dojo_calc ", foot[0])
    assert foot[1].startswith("Cite as: ")
    if (site.parent.parent / "book" / name).with_suffix(".md").exists():
        said = re.findall(r'<meta (?:name|property)="(?:og:)?description" content="([^"]+)"', text)
        assert len(set(said)) == 1
        assert len(html.unescape(said[0])) > 40
        assert "[" not in said[0]
        picture = re.findall(r'property="og:image" content="([^"]+)"', text)[0]
        assert (site / name).parent.joinpath(picture).read_bytes().startswith(b"\x89PNG")


def test_code_is_folded_behind_one_switch(browser: Browser, site: Path) -> None:
    with opened(browser, on_disk(site), "swap.html", DESK) as page:
        assert page.evaluate(HIDDEN) == 0
        switch = page.locator("button.dojo-code-switch")
        assert (switch.text_content(), switch.get_attribute("aria-pressed")) == ("Show the code", "false")
        switch.click()
        folds = page.locator(CODE).count()
        assert page.evaluate(HIDDEN) == folds > 3
        assert switch.text_content() == "Hide the code"
        switch.click()
        assert page.evaluate(HIDDEN) == 0
        page.locator("div.cell:has(> .cell_output) details.hide > summary").first.click()
        assert page.evaluate(HIDDEN) == 1, "the mark beside an output shows what computed it"


def test_an_answer_opens_by_itself_and_without_its_code(browser: Browser, site: Path) -> None:
    with opened(browser, on_disk(site), "swap.html", DESK) as page:
        answer = page.locator("#exercises div.cell.tag_hide-cell").first
        shown, code = answer.locator(".cell_output"), answer.locator(".cell_input")
        assert answer.locator("summary").inner_text().strip() == "Show the answer"
        assert not shown.is_visible()
        answer.locator("summary").click()
        assert (shown.is_visible(), code.is_visible()) == (True, False)
        page.locator("button.dojo-code-switch").click()
        assert (shown.is_visible(), code.is_visible()) == (True, True)


def test_a_very_long_table_shows_its_first_rows_until_asked(browser: Browser, site: Path) -> None:
    with opened(browser, on_disk(site), "ledger.html", DESK) as page:
        name = '.dojo-table[aria-label^="Every reading"]'
        page.locator(f"div.cell.tag_hide-cell:has({name}) summary").click()
        box = page.locator(name)
        rows, more = box.locator("tbody tr"), page.locator("button.dojo-rows").first
        every = rows.count()
        assert (rows.filter(visible=True).count(), more.inner_text()) == (12, f"Show all {every} rows")
        page.locator(".dojo-filter input").first.fill("D46")
        found = rows.filter(visible=True).all_inner_texts()
        assert 0 < len(found) < 12
        assert any(one.startswith("D46") for one in found)
        page.locator(".dojo-filter input").first.fill("")
        assert rows.filter(visible=True).count() == 12
        more.click()
        assert (rows.filter(visible=True).count(), more.is_visible()) == (every, False)


def test_a_phone_has_the_switch_and_no_marks(browser: Browser, site: Path) -> None:
    with opened(browser, on_disk(site), "swap.html", PHONE) as page:
        assert page.locator("button.dojo-code-switch").is_visible()
        assert not page.locator("div.cell details.hide > summary").first.is_visible()


def test_a_table_is_sorted_by_its_heads(browser: Browser, site: Path) -> None:
    with opened(browser, on_disk(site), "swap.html", DESK) as page:
        box = page.locator(".dojo-table").first

        def column(number: int) -> list[str]:
            return [row.locator("th, td").nth(number).inner_text() for row in box.locator("tbody tr").all()]

        came, head = column(3), box.locator("thead th").nth(3)
        as_numbers = sorted(came, key=lambda text: float(text.replace(",", "")))
        head.locator("button").click()
        assert (column(3), head.get_attribute("aria-sort")) == (as_numbers, "ascending")
        head.locator("button").click()
        assert [float(one.replace(",", "")) for one in column(3)] == sorted(
            (float(one.replace(",", "")) for one in came), reverse=True
        )
        head.locator("button").click()
        assert (column(3), head.get_attribute("aria-sort")) == (came, None)


def test_terms_show_what_they_mean(site: Path) -> None:
    text = (site / "training_run.html").read_text(encoding="utf-8")
    assert re.search(r'href="glossary\.html#term-MFU" title="Model FLOP utilisation: [^"]+"', text)


def _told(site: Path) -> dict[str, dict[str, set[str]]]:
    """Every marked quantity of the pages, its values, and where each stands."""
    told: dict[str, dict[str, set[str]]] = {}
    for name in pages():
        for tag in re.findall(
            r'<data class="dojo-quantity"[^>]*>', (site / name).read_text(encoding="utf-8")
        ):
            quantity, value = (
                html.unescape(re.findall(rf' {key}="([^"]*)"', tag)[0]) for key in ("data-quantity", "value")
            )
            told.setdefault(quantity, {}).setdefault(value, set()).add(name)
    return told


def test_no_page_contradicts_another(site: Path) -> None:
    told = _told(site)
    assert {quantity: found for quantity, found in told.items() if len(found) > 1} == {}
    assert sum(len(set().union(*found.values())) > 1 for found in told.values()) >= 5, (
        "some stand on several pages"
    )


def test_what_chapters_tell_is_what_the_graph_gives_to_the_last_digit(site: Path) -> None:
    """With functions, the command line and claims, which are held to the same graph (`test_one_answer`)."""
    held = set()
    for quantity, values in _told(site).items():
        asked = re.fullmatch(r"chain\((.*)\)\.(\w+)", quantity)
        if asked is None:
            continue  # what a level of machines is filled with
        given = dict(one.split("=", 1) for one in re.split(r", (?=\w+=)", asked[1]))
        options = {key: given.pop(key) for key in ("chip", "assumptions", "on", "precision") if key in given}
        graph = chain(**options)
        if asked[2] in graph.outputs:
            inputs = {key: float(text) for key, text in given.items()}
            steps = {key: inputs.pop(key) for key in [*inputs] if key in graph.outputs}
            value = graph.replace(**inputs).evaluate(asked[2], **steps)
            assert {float(one) for one in values} == {float(value)}, quantity
            held.add(quantity)
    assert len(held) >= 20
