"""The facts as a data set: a page for each thing with all its readings, a search with facets, files that hold all."""

from __future__ import annotations

import html
import re
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser

from dojo_calc.facts import Fact, load
from dojo_calc.pictures.charts import typeset

from .test_pages import DESK, PHONE, on_disk, opened

pytestmark = pytest.mark.browser
ROW = re.compile(r'<tr id="([^"]+)" title="[^"]*">(.*?)</tr>', re.DOTALL)
LETTERS = 14  # pixels; smaller ones are hard to read on a phone
OVERLAPS = """() => [...document.querySelectorAll(".dojo-line")]
  .filter(one => one.checkVisibility()).flatMap(line => {
  const boxes = [...line
    .querySelectorAll("text")].map(one => [one.textContent, one.getBoundingClientRect()]);
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([, q]) => p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 5 && q.top < p.bottom - 5)
    .map(([b]) => `${a} | ${b}`));
})"""
CUT = """() => [...document.querySelectorAll(".dojo-line svg")]
  .filter(one => one.checkVisibility()).flatMap(svg =>
  [...svg.querySelectorAll("text")].filter(one =>
    one.getBoundingClientRect().right > svg.getBoundingClientRect().right
    || one.getBoundingClientRect().left < svg.getBoundingClientRect().left).map(one => one.textContent))"""


def things() -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = {}
    for fact in load():
        found.setdefault(fact.entity, []).append(fact)
    return found


def test_each_thing_has_a_page_with_every_reading_and_its_source(site: Path) -> None:
    assert {path.stem for path in (site / "facts").glob("*.html")} == things().keys()
    for entity, own in things().items():
        text = (site / "facts" / f"{entity}.html").read_text(encoding="utf-8")
        rows = ROW.findall(text)
        assert len({place for place, _ in rows}) == len(rows) == len(own), (
            "every reading has a link of its own"
        )
        for fact in own:
            shown = html.escape(typeset(fact.printed))
            alike = [
                row
                for _, row in rows
                if f">{shown}</data>" in row and f"#source-{html.escape(fact.source)}" in row
            ]
            assert any(html.escape(typeset(fact.printed_interval)) in row for row in alike), fact.name
            assert f'id="source-{html.escape(fact.source)}"' in text
        for link in re.findall(r'<a href="#([^"]+)"', text):
            assert f'id="{link}"' in text
        assert "Facts as of 20" in text
        assert "Content-Security-Policy" in text


def test_no_unit_that_nobody_says(site: Path) -> None:
    strange = re.compile(r"\d (?:mB|uHz|nHz|pHz|mHz|n1/s|u1/s|kUSD|MUSD|GUSD|TUSD)\b")
    for path in (site / "facts").glob("*.html"):
        assert strange.findall(path.read_text(encoding="utf-8")) == [], path.name


def test_the_files_hold_every_fact(site: Path) -> None:
    facts = load()
    for frame in (
        pl.read_csv(site / "assets" / "facts.csv"),
        pl.read_parquet(site / "assets" / "facts.parquet"),
    ):
        assert frame["value"].to_list() == [one.value for one in facts]
        assert frame["source_title"].to_list() == [facts.sources[one.source].title for one in facts]


def test_search_with_facets_has_an_address(browser: Browser, site: Path) -> None:
    chips = [one for one in load() if one.entity == "h100-sxm" and one.quantity == "price"]
    with opened(browser, on_disk(site), "facts_data.html", DESK) as page:
        page.locator("input[name=words]").fill("h100 sxm5 80")
        page.locator("select[name=quantity]").select_option("price")
        assert page.get_by_role("status").inner_text() == f"{len(chips)} of {len(load()):,} facts"
        asked = page.url.partition("#")[2]
    with opened(browser, on_disk(site), f"facts_data.html#{asked}", PHONE) as page:
        rows = page.locator(".dojo-found tbody tr")
        assert rows.count() == len(chips)
        link = rows.first.locator("a").get_attribute("href") or ""
        name, _, place = link.partition("#")
        assert f'id="{place}"' in (site / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["h100-sxm", "d1", "xai", "tesla"])
def test_a_time_line_is_read_on_a_desk_and_on_a_phone(browser: Browser, site: Path, name: str) -> None:
    for size in (DESK, PHONE):
        with opened(browser, on_disk(site), f"facts/{name}.html", size) as page:
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            assert page.evaluate(OVERLAPS) == []
            assert page.evaluate(CUT) == []
            sizes = page.evaluate(
                "() => [...document.querySelectorAll('.dojo-line text')]"
                ".map(one => parseFloat(getComputedStyle(one).fontSize))"
            )
            assert min(sizes) >= LETTERS
