"""The book on paper: pages printed into one PDF, and what their links become."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .conftest import printing

pytestmark = pytest.mark.browser
TWO = ["swap", "glossary"]


@pytest.mark.parametrize(
    ("page", "address", "leads"),
    [
        ("swap", "#exercises", "#page-swap--exercises"),
        ("swap", "glossary.html#term-FLOP", "#page-glossary--term-FLOP"),
        ("swap", "glossary.html", "#page-glossary"),
        ("facts/d1", "../swap.html#a", "#page-swap--a"),
        ("swap", "race.html", "race.html"),  # is not printed
        ("swap", "https://example.org/#a", "https://example.org/#a"),
    ],
)
def test_a_link_leads_into_what_is_printed(page: str, address: str, leads: str) -> None:
    assert printing.target(page, address, TWO) == leads


def test_the_order_is_that_of_the_contents_and_no_name_stands_twice(site: Path) -> None:
    order = printing.contents(site)
    assert order[:2] == ["index", "verdicts"]
    assert set(TWO) < set(order)
    together = printing.whole(site, TWO)
    names = re.findall(r'\sid="([^"]*)"', together)
    assert len(names) == len(set(names))
    inner = set(re.findall(r'href="#([^"]*)"', together))
    assert inner
    assert inner <= set(names)


def test_two_pages_are_printed_with_an_outline_and_links(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    out = tmp_path / "two.pdf"
    printing.print_book(browser, site, out, TWO)
    printed = out.read_bytes()
    assert printed.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", printed)) >= 4
    assert b"/Outlines" in printed
    assert not (site / ".print.html").exists()
