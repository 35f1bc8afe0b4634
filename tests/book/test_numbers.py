"""The pages of the built book against each other: one quantity has one number, wherever a reader meets it.

`test_reader.py` compares what `Answer.tell` has marked. Here stand the numbers that chapters compute in other ways:
each is looked up in the words of every page that says it.
"""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.browser
NUMBER: Final = r"([\d,.]*\d)"

# What is said, and where: on each page the first match of its pattern is the number. `N` stands for a number.
SAME: Final[dict[str, dict[str, str]]] = {
    "D1s of a hundred exaflops": {
        "index": r"takes N of Tesla's D1", "hundred_exaflops": r"takes N of Tesla's D1",
        "three_roads": r"Of the N D1s they take", "wafers_to_exapods": r"of 3,000 D1s, or N D1s",
        "exaflop": r"At dense BF16 it is N D1s", "node_to_exapod": r"N D1s fill", "training_run": r"Chips N 101,",
        "failures": r"Chips N 101,", "cost_of_a_d1": r"N D1s come from", "unknowns": r"N D1s draw",
        "make_or_buy": r"A hundred exaflops N ", "catalogue": r"hundred exaflops\. They take N D1s",
        "next_silicon": r"hundred exaflops\. They take N D1s", "d1_and_a100": r"hundred exaflops\. N D1s hold",
    },
    "H100s of a hundred exaflops": {
        "index": r"or N of NVIDIA's H100s", "hundred_exaflops": r"or N of NVIDIA's H100s",
        "exaflop": r"D1s or N H100s", "race": r"N H100s are [\d.]+ million", "exaflop_hour": r"N H100s cost",
        "gpus_and_megawatts": r"N H100s draw [\d.]+ MW \([^)]*\) at work\. The grid", "unknowns": r"N H100s draw",
        "failures": r"Chips [\d,]+ N", "training_run": r"Chips [\d,]+ N Time",
        "scarcity": r"hundred exaflops\. N H100s that come",
    },
    "ExaPODs of a hundred exaflops": {
        "three_roads": r"it takes N ExaPODs", "wafers_to_exapods": r"exaflops are N ExaPODs",
        "feeding_dojo": r"hundred exaflops\. They are N ExaPODs",
    },
    "wafers of a hundred exaflops, if every die worked": {
        "hundred_exaflops": r"at least N wafers", "wafers_to_exapods": r"instead of the N that would do",
        "cost_of_a_d1": r"at least N wafers",
    },
    "what a tile costs to make": {
        "cost_of_a_d1": r"a tile of 25 costs about N USD", "buffalo": r"a tile costs about N USD to make",
        "next_silicon": r"against N USD for a tile of tested dies",
    },
    "the design's part of each die ordered": {
        "cost_of_a_d1": r"it is N USD \([^)]*\) for each die", "make_or_buy": r"the design costs N USD for each",
    },
    "the order as dies, read as wafers": {
        "cost_of_a_d1": r"The order, read as wafers N ", "make_or_buy": r"The order read as wafers N ",
    },
    "dies of a wafer that can be used": {
        "wafers_to_exapods": r"A wafer has N good dies", "cost_of_a_d1": r"each gives N dies that can be used",
        "make_or_buy": r"wafers of N good dies",
    },
    "the order of ten thousand dies in ExaPODs, if every die works": {
        "three_roads": r"these are N to [\d.]+ ExaPODs", "wafers_to_exapods": r"the same order as N ExaPODs",
    },
    "dies that can be used, %": {
        "cost_of_a_d1": r"N % of dies work", "gpus_and_megawatts": r"if N % of the dies can be used",
    },
    "least power reported of Colossus 1": {
        "hundred_exaflops": r"of its power run from N to", "gpus_and_megawatts": r"of its power run from N to",
    },
    "most power reported of Colossus 1": {
        "hundred_exaflops": r"power run from \d+ to N MW", "gpus_and_megawatts": r"its power run from \d+ to N MW",
    },
    "an exaflop-hour in a hundred exaflops": {
        "exaflop_hour": r"of that size a delivered exaflop-hour costs N USD", "unknowns": r"costs its owner N USD",
    },
    "Llama 3.1 405B, undisturbed, days": {
        "training_run": r"Undisturbed, the same steps take N days",
        "plan_search": r"16,384 2,048 0 (?:\d+ × ){3}\d+ \d+ [\d.]+ N ",
    },
    "Llama 3.1 405B, a step, seconds": {
        "training_run": r"A step takes N seconds", "plan_search": r"16,384 2,048 0 (?:\d+ × ){3}\d+ \d+ N ",
    },
    "Llama 3.1 405B, as runs turn out, days": {
        "training_run": r"H100s busy for N days", "calculator": r"Duration, as runs turn out N days",
    },
    "Llama 3.1 405B, rented, million USD": {
        "training_run": r"and N million USD on chips that you rent", "calculator": r"The run, rented N million",
    },
    "GPT-3's utilisation on 512 A100s, %": {
        "plan_search": r"The plan is predicted to reach N %", "training_run": r"GPT-3 175B, 512 A100s 0\.3 N \(",
    },
    "the field factor": {
        "training_run": r"the field factor of N, and it becomes", "measured": r"Published runs took N times",
    },
    "what whole runs use of the peak, %": {
        "training_run": r"% of the peak, N % in the middle", "measured": r"times the hours of their steps, or N %",
    },
    "time of the Llama machine that counts, %": {
        "failures": r"and about N % of their time", "exaflop_hour": r"16,384 H100s N ",
    },
    "time of a hundred exaflops that counts, %": {
        "failures": r"Time that counts \(%\) [\d]+ \([^)]*\) N ", "exaflop_hour": r"the hundred exaflops N ",
    },
    "least for a diverted H100, USD": {
        "three_roads": r"come to at least N USD each", "swap": r"500 million USD is N USD per GPU",
    },
    "an H100 with network and hall, USD": {
        "swap": r"one with network and hall N\.", "wafers_to_exapods": r"all that belongs to it costs N USD",
        "buffalo": r"H100s, all in N ",
    },
    "growth of the world's stock a year": {
        "catalogue": r"growing N-fold per year", "race": r"AI chips grows N-fold a year",
    },
    "assumptions": {"index": r"nothing is published\. There are N,", "facts": r"N of them are assumptions"},
    "claims": {"index": r"N claims have one", "verdicts": r"Of N claims"},
}  # fmt: skip

# Numbers that people quote: a neighbour of one is a slip of rounding. What may stand beside it says why on its page.
QUOTED: Final = {276_244: {"276,243.1"}, 101_072: {"101,071.4"}, 11_050: set[str](), 3_104: set[str]()}
CLOSE: Final = 5e-4


class _Words(HTMLParser):
    """Text of a page's article, without code, scripts and drawings."""

    SILENT: Final = ("script", "style", "svg", "nav", "button")

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.inside = self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside += tag == "article"
        code = "cell_input" in (dict(attrs).get("class") or "").split()
        self.silent += tag in self.SILENT or code or bool(self.silent and tag == "div")

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "article"
        self.silent -= bool(self.silent and tag in (*self.SILENT, "div"))

    def handle_data(self, data: str) -> None:
        if self.inside and not self.silent:
            self.words.append(data)


@cache
def said(path: Path) -> str:
    """All that a page says, with single spaces and straight quotes."""
    reader = _Words()
    reader.feed(path.read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", " ".join(reader.words)).replace("’", "'")


@pytest.mark.parametrize("quantity", SAME)
def test_one_quantity_has_one_number(site: Path, quantity: str) -> None:
    found = {}
    for page, pattern in SAME[quantity].items():
        match = re.search(re.sub(r"\bN\b", lambda _: NUMBER, pattern), said(site / f"{page}.html"))
        assert match, f"{page} no longer says {pattern!r}: say it again, or take the pattern out"
        found[page] = match[1]
    assert len(set(found.values())) == 1, found


def rounds(text: str, number: int) -> bool:
    """Whether a text is the number with fewer digits, as beside an interval that supports no more."""
    digits = text.replace(",", "").rstrip("0")
    return text.endswith("0") and float(text.replace(",", "")) == float(f"{number:.{len(digits) - 1}e}")


@pytest.mark.parametrize("number", QUOTED)
def test_no_page_has_a_neighbour_of_a_number_that_people_quote(site: Path, number: int) -> None:
    neighbours = {
        path.stem: near
        for path in site.glob("*.html")
        if not path.stem.startswith(
            ("api", "formulas", "gen", "command_line")
        )  # a terminal shows whole tiles
        and (
            near := [
                text
                for text in re.findall(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?", said(path))
                if 0.0 < abs(float(text.replace(",", "")) / number - 1.0) < CLOSE
                and text not in QUOTED[number]
                and not rounds(text, number)
            ]
        )
    }
    assert neighbours == {}


def test_the_map_of_plans_holds_the_plan_in_bold(site: Path) -> None:
    bold = re.search(rf"a step then takes {NUMBER} seconds", said(site / "plan_search.html"))
    chart = re.search(
        r'aria-label="(Grid of tensor[^"]+)"', (site / "plan_search.html").read_text(encoding="utf-8")
    )
    assert bold
    assert chart
    seconds = [float(one) for one in re.findall(r"pipeline \d+: ([\d.]+)", chart[1])]
    assert min(seconds) == float(bold[1])
