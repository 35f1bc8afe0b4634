"""A card a claim: who said what, the ruling in one sentence, number against claim on one ruler, what would change it.

Cards are plain HTML with drawings in SVG, so that a page shows them without scripts; what filters them stands beside
the pages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from dojo_calc.doors import door
from dojo_calc.evidence.claims.verdicts import Entry

__all__ = ["card", "cards", "ruler"]

# Contradicted first: it is what a reader came for.
ORDER: Final = (
    "contradicted", "implausible", "uninformative", "consistent", "plausible", "reproduced", "as told", "open",
    "not checkable", "withdrawn",
)  # fmt: skip
SUBJECTS: Final = {
    "D": "Dojo", "N": "NVIDIA's chips", "X": "xAI", "T": "people and programmes", "E": "two passages compared"
}  # fmt: skip
# A distance that begins with how far off the claim is.
_OFF: Final = re.compile(r"(a factor|[\d.,]+ (?!above|below)).*(above|below|after|before|than) ")
WIDTH, HEIGHT, EDGE = 560.0, 72.0, 14.0  # of a ruler, in units of its drawing
ABOVE, MIDDLE, BELOW = (
    19,
    36,
    66,
)  # feet of the two labels and the axis between them, clear of each other on a phone
LETTER = 13.2  # width of a letter where it is largest, on a phone
MARGIN = 0.12  # of the ruler's span, free at each end
FROM_LOG = 4.0  # ratio of the largest to the smallest number from which the ruler is logarithmic


@door
def ruler(one: Entry) -> str:
    """Drawing of a claim against what the facts give, on one axis; empty where there are no two numbers.

    Parameters
    ----------
    one : Entry

    Returns
    -------
    str
        SVG of 560 by 72 units, in the colours of the page, and a line below it where its scale is logarithmic.
    """
    ends = [end for end in (one.claimed_low, one.claimed_high) if end is not None]
    if one.form in ("date", "order") or not ends or one.computed_low is None or one.computed_high is None:
        return ""
    values = [*ends, one.computed_low, one.computed_high]
    logarithmic = min(values) > 0 and max(values) > FROM_LOG * min(values)
    spots = [math.log(value) for value in values] if logarithmic else values
    low, high = min(spots), max(spots)
    span = (high - low) or abs(high) or 1.0
    low, high = low - MARGIN * span, high + MARGIN * span

    def place(value: float) -> float:
        at = math.log(value) if logarithmic else value
        return EDGE + (WIDTH - 2 * EDGE) * (at - low) / (high - low)

    left = EDGE if one.claimed_low is None else place(one.claimed_low)
    right = WIDTH - EDGE if one.claimed_high is None else place(one.claimed_high)
    first, last = place(one.computed_low), place(one.computed_high)
    middle = place(one.computed) if one.computed is not None else (first + last) / 2
    words = f"Claimed {one.said}; the facts give {one.found}" + (
        ", on a logarithmic scale" if logarithmic else ""
    )
    scale = '<p class="scale">Equal distances on this ruler are equal ratios.</p>' if logarithmic else ""
    return (
        f'<svg class="dojo-ruler" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(words)}.">'
        f'<line class="axis" x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{MIDDLE}" y2="{MIDDLE}"/>'
        f'<rect class="claimed" x="{left - 2:.1f}" width="{max(right - left, 0) + 4:.1f}" y="{MIDDLE - 9}" '
        'height="18" rx="3"/>'
        f'<line class="computed" x1="{first:.1f}" x2="{last:.1f}" y1="{MIDDLE}" y2="{MIDDLE}"/>'
        f'<circle class="computed" cx="{middle:.1f}" cy="{MIDDLE}" r="6"/>'
        f"{_label(f'claimed: {one.said}', (left + right) / 2, ABOVE)}"
        f"{_label(f'facts: {one.found}', middle, BELOW)}</svg>{scale}"
    )


def _label(words: str, at: float, y: float) -> str:
    """Text beside its place, from the nearer edge, so that a phone's larger size stays in the drawing too."""
    wide = LETTER * len(words)
    if at < WIDTH / 3:
        anchor, at = "start", max(min(at - EDGE, WIDTH - wide), 0)
    elif at > 2 * WIDTH / 3:
        anchor, at = "end", min(max(at + EDGE, wide), WIDTH)
    else:
        anchor, at = "middle", min(max(at, wide / 2), max(WIDTH - wide / 2, WIDTH / 2))
    return f'<text x="{at:.1f}" y="{y:.0f}" text-anchor="{anchor}">{escape(words)}</text>'


@door
def card(one: Entry, titles: Mapping[str, str], *, shown: bool = False, page: str = "") -> str:
    """Card of one claim.

    Parameters
    ----------
    one : Entry
        An entry of `dojo_calc.verdicts`.
    titles : mapping
        Key of a source to its title.
    shown : bool
        Whether all of it is in view; else its head is, and the rest unfolds.
    page : str
        Page of the card that is linked to, such as ``"verdicts.html"``; the card's own if left out.

    Returns
    -------
    str
        HTML.
    """
    who = ", ".join(filter(None, (one.by, one.date, titles.get(one.document, one.document))))
    now = f"When it was said: {one.then}. Today: {one.today}." if one.then != one.today else ""
    why = one.reason if one.verdict in ("not checkable", "withdrawn") else one.ruling
    reading = f"The verdict is for the reading “{one.main}”." if one.main else ""
    others = [line for line in one.changes if line.startswith("Read as")]
    levers = [line for line in one.changes if line not in others]
    change = f"What would change the verdict: {' '.join(levers)}" if levers else ""
    parts = [
        f'<p class="who">{escape(who)}. <a href="{escape(page)}#{escape(one.anchor)}">Link to this card</a></p>',
        f'<p class="ruling">{escape(why)}</p>',
        ruler(one),
        *(f"<p>{escape(line)}</p>" for line in (reading, *others, now, change) if line),
    ]
    if one.sources:
        told = "; ".join(titles.get(key, key) for key in one.sources)
        parts.append(f'<p class="sources">Checked against: {escape(told)}.</p>')
    far = f"the claim is {one.distance}" if _OFF.match(one.distance) else one.distance
    distance = f'<span class="distance">{escape(far)}</span>' if far else ""
    subject = SUBJECTS.get(one.id[:1], "other")
    return (
        f'<details class="dojo-card" id="{escape(one.anchor)}" data-verdict="{escape(one.verdict)}" '
        f'data-subject="{escape(subject)}" data-article="{escape(titles.get(one.document, one.document))}"'
        f"{' open' if shown else ''}><summary>"
        f"<strong>{escape(one.id)}</strong> "
        f'<span class="verdict {escape(one.verdict.replace(" ", "-"))}">{escape(one.verdict)}</span> '
        f'<span class="claim">{escape(one.claim)}.</span> {distance}</summary>{"".join(parts)}</details>'
    )


@door
def cards(entries: Iterable[Entry], titles: Mapping[str, str]) -> str:
    """Cards of many claims, what is contradicted first.

    Parameters
    ----------
    entries : iterable of Entry
    titles : mapping
        Key of a source to its title.

    Returns
    -------
    str
        HTML.
    """
    ranked = sorted(entries, key=lambda one: ORDER.index(one.verdict) if one.verdict in ORDER else len(ORDER))
    return f'<div class="dojo-cards">{"".join(card(one, titles) for one in ranked)}</div>'
