"""Drawing of what becomes of a quantity on its way, as SVG that needs no script: a band that narrows.

It runs from above to below, so that a phone shows it with text of full size. This is H. R. Sankey's picture of
heat in steam engines [1]_. Text takes the colour of the text around the drawing.

References
----------
.. [1] The Institution of Civil Engineers, "The thermal efficiency of steam-engines", Minutes of Proceedings
   134, 1898.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dojo_calc.doors import door
from dojo_calc.errors import DomainError
from dojo_calc.formatting import format_si
from dojo_calc.pictures.theme import NEUTRAL, PALETTE

__all__ = ["Stage", "flow"]

BAND, TEXT, WIDTH = 110.0, 134.0, 360.0  # pixels: of the whole band, where texts begin, and of the drawing
STEP, BEND, TOP = 46.0, 6.0, 6.0  # pixels: of a stage, of the inner bend of what leaves, and above all
LEAST = 34.0  # pixels for what leaves, so that its two lines of text have room


@dataclass(frozen=True)
class Stage:
    """A place that is passed, what passes it, and what leaves the band before the next place."""

    name: str
    value: float
    leaves: str = ""


@door
def flow(stages: Sequence[Stage], title: str, unit: str) -> str:
    """SVG of a band from its first stage to its last.

    Parameters
    ----------
    stages : sequence of Stage
        Two or more, from the widest to the narrowest.
    title : str
        What the drawing shows; values are told after it to whom cannot see.
    unit : str
        Of the values, such as ``"W"``.

    Returns
    -------
    str
        An ``svg`` element.

    Raises
    ------
    DomainError
        If there are fewer than two stages, or one is wider than the one before it, or not above zero.
    """
    if len(stages) < 2:
        raise DomainError(f"stages: expected two or more, got {len(stages)}")
    for one, after in pairwise(stages):
        if not 0 < after.value <= one.value:
            raise DomainError(
                f"stages: expected values above zero that do not grow, got {one.value:g} at {one.name!r} "
                f"and {after.value:g} at {after.name!r}"
            )
    whole, y = stages[0].value, TOP
    bands, texts, told = [], [], []
    for i, one in enumerate(stages):
        wide = BAND * one.value / whole
        share = "" if i == 0 else f", {100 * one.value / whole:.0f} %"
        texts.append(
            _text(y + STEP / 2 - 3, one.name, f"{format_si(one.value, unit, digits=4)}{share}", bold=True)
        )
        told.append(f"{one.name} {format_si(one.value, unit, digits=4)}")
        bottom = y + STEP
        if i + 1 == len(stages):
            bands.append(
                f'<path d="M0 {y:.1f}H{wide:.1f}V{bottom:.1f}L{wide / 2:.1f} {bottom + 12:.1f}L0 {bottom:.1f}z" '
                f'fill="{PALETTE["blue"]}"/>'
            )
            break
        narrower = stages[i + 1].value
        next_wide = BAND * narrower / whole
        off, far = wide - next_wide, wide + BEND
        room = max(BEND + off, LEAST)
        bands.append(
            f'<path d="M0 {y:.1f}H{wide:.1f}V{bottom:.1f}H{next_wide:.1f}V{bottom + room:.1f}H0z" '
            f'fill="{PALETTE["blue"]}"/>'
            f'<path d="M{next_wide:.1f} {bottom:.1f}H{wide:.1f}a{BEND:.0f} {BEND:.0f} 0 0 0 {BEND:.0f} {BEND:.0f}'
            f"H{TEXT - 8:.1f}v{off:.1f}H{far:.1f}A{BEND + off:.1f} {BEND + off:.1f} 0 0 1 {next_wide:.1f} "
            f'{bottom:.1f}z" fill="{NEUTRAL}"/>'
        )
        lost = format_si(one.value - narrower, unit, digits=4)
        share = f"{100 * (one.value - narrower) / whole:.0f} %"
        texts.append(_text(bottom + BEND + off / 2 - 3, one.leaves, f"{lost}, {share}"))
        told.append(f"of it {one.leaves} {lost}")
        y = bottom + room
    height = y + STEP + 18
    said = f"{title}: {'; '.join(told)}."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(said)}" '
        f'viewBox="-4 0 {WIDTH:.0f} {height:.0f}" style="width: {WIDTH:.0f}px; max-width: 100%; height: auto" '
        f'font-family="system-ui, sans-serif" font-size="15" fill="currentColor"><title>{html.escape(title)}</title>'
        f"{''.join(bands)}{''.join(texts)}</svg>"
    )


def _text(middle: float, first: str, second: str, *, bold: bool = False) -> str:
    """Two lines beside the band."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{TEXT:.0f}" y="{middle:.1f}"{weight}>{html.escape(first)}'
        f'<tspan x="{TEXT:.0f}" dy="17" font-weight="400">{html.escape(second)}</tspan></text>'
    )
