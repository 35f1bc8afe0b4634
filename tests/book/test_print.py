"""The book on paper: pages printed into one PDF, and what their links become."""

from __future__ import annotations

import html
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


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (b"(6. What did it cost?)", "6. What did it cost?"),
        (rb"(Made \(or bought\))", "Made (or bought)"),
        (rb"(Caf\351)", "Café"),
        (b"<FEFF00572019>", "W’"),
    ],
)
def test_a_string_of_a_pdf_is_read_as_the_format_has_it(held: bytes, said: str) -> None:
    assert printing.words(held) == said


def test_an_outline_that_is_not_of_these_headings_is_refused() -> None:
    entry = b"7 0 obj\n<</Title (Another)\n/Dest [1 0 R]\n/Parent 6 0 R>>\nendobj\n"
    tail = b"trailer\n<</Size 8>>\nstartxref\n0\n%%EOF\n"
    with pytest.raises(ValueError, match=r"the outline: expected one of the headings, found 'Another'"):
        printing.retitled(entry + tail, ["Exercises"])
    with pytest.raises(ValueError, match=r"the print: expected a PDF"):
        printing.retitled(entry, ["Another"])


def test_two_pages_are_printed_with_an_outline_and_links(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    out = tmp_path / "two.pdf"
    printing.print_book(browser, site, out, TWO)
    printed = out.read_bytes()
    assert printed.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", printed)) >= 4
    headings = re.findall(r"<h[1-6]>(.*?)</h[1-6]>", printing.whole(site, TWO), re.DOTALL)
    said = [
        " ".join(html.unescape(re.sub(r"<a class=\"headerlink.*?</a>|<[^>]+>", "", one)).split())
        for one in headings
    ]
    entries = {
        int(one[1]): printing.words(one[2]) for one in printing.ENTRY.finditer(printed)
    }  # the last of each
    assert [entries[number] for number in sorted(entries)] == said
    assert not (site / ".print.html").exists()
