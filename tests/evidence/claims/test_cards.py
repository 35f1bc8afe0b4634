"""Cards of claims: every entry has one, under its own address, and its ruler tells what it says."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import dojo_calc as dc
from dojo_calc.evidence.claims.cards import ORDER, card, cards, ruler

ENTRIES = dc.verdicts()
TITLES = {key: source.title for key, source in dc.load().sources.items()}


def test_every_claim_has_a_card_and_what_is_contradicted_comes_first() -> None:
    page = cards(ENTRIES, TITLES)
    told = re.findall(r'<details class="dojo-card" id="([^"]+)" data-verdict="([^"]+)"', page)
    assert sorted(anchor for anchor, _ in told) == sorted(one.anchor for one in ENTRIES)
    ranks = [ORDER.index(verdict) for _, verdict in told]
    assert ranks == sorted(ranks)
    assert told[0][1] == "contradicted"


def test_a_card_tells_ruling_distance_and_both_dates() -> None:
    one = next(entry for entry in ENTRIES if entry.then != entry.today and entry.verdict != "not checkable")
    page = card(one, TITLES)
    for words in (one.verdict, f"When it was said: {one.then}. Today: {one.today}."):
        assert words in page
    assert "<script" not in card(replace(one, claim="<script>alert(1)</script>"), TITLES)


def spots(drawing: str) -> tuple[float, float, float]:
    claimed = re.search(r'class="claimed" x="([\d.]+)" width="([\d.]+)"', drawing)
    circle = re.search(r'cx="([\d.]+)"', drawing)
    assert claimed
    assert circle
    left, width = map(float, claimed.groups())
    return left, left + width, float(circle[1])


@pytest.mark.parametrize(("computed", "side"), [(50.0, -1), (100.0, 0), (200.0, 1)])
def test_the_dot_lies_left_of_on_or_right_of_the_claim(computed: float, side: int) -> None:
    one = replace(
        next(entry for entry in ENTRIES if entry.id == "D43"),
        claimed_low=99.0, claimed_high=101.0, computed_low=computed * 0.99, computed=computed,
        computed_high=computed * 1.01,
    )  # fmt: skip
    left, right, at = spots(ruler(one))
    assert (at > right) - (at < left) == side


def test_no_label_leaves_its_drawing_at_a_phones_size() -> None:
    letter, edge, width = (
        13.2,
        14.0,
        560.0,
    )  # 24 px of a drawing that is 0.6 as wide; its card has 14 px to spare
    for one in ENTRIES:
        for at, anchor, words in re.findall(
            r'<text x="([-\d.]+)" y="\d+" text-anchor="(\w+)">([^<]*)<', ruler(one)
        ):
            wide = letter * len(words)
            left = float(at) - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * wide
            assert -edge <= left <= width + edge - wide, words


def test_a_ruler_says_in_words_that_its_scale_is_logarithmic() -> None:
    one = next(entry for entry in ENTRIES if entry.id == "D43")
    near = replace(
        one, claimed_low=10.0, claimed_high=10.0, computed_low=20.0, computed=20.0, computed_high=20.0
    )
    far = replace(near, computed_low=200.0, computed=200.0, computed_high=200.0)
    assert "equal ratios" not in ruler(near)
    assert "equal ratios" in ruler(far)


def test_an_open_bound_reaches_to_the_edge_and_nothing_is_drawn_without_numbers() -> None:
    one = next(entry for entry in ENTRIES if entry.id == "D43")
    least = replace(
        one, claimed_low=10.0, claimed_high=None, computed_low=20.0, computed=30.0, computed_high=40.0
    )
    _, right, at = spots(ruler(least))
    assert at < right
    assert ruler(replace(one, computed_low=None)) == ""
    assert ruler(replace(one, form="date")) == ""
