"""Drawing to scale of the levels of Dojo, as SVG that needs no script: node, die, tile, tray, cabinet, ExaPOD.

Each level has a panel of its own with a bar for scale, and in it one part is filled: the level before. All lies flat,
for what a cabinet measures was never published. Rules and text take the colour of the text around the drawing.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dojo_calc.doors import door
from dojo_calc.formatting import format_number, format_si
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.pictures.theme import PALETTE

__all__ = ["Level", "levels", "to_scale"]

SIDE, MARGIN, FOOT = 200.0, 10.0, 34.0  # pixels: of a panel's square, around it, and for the bar of scale
LEVELS: Final = (
    ("Node", "d1-node"), ("D1 die", "d1"), ("Tile", "dojo-tile"), ("Tray", "dojo-tray"), ("Cabinet", "dojo-cabinet"),
    ("ExaPOD", "exapod"),
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """A level with its outline, and the parts in it, each a rectangle with its lower left corner [m].

    Attributes
    ----------
    name, words : str
        What it is called, and what is said under it.
    width, height : float
        Of its outline [m].
    parts : tuple of (x, y, width, height)
        Of the level before, and nothing for the first.
    """

    name: str
    words: str
    width: float
    height: float
    parts: tuple[tuple[float, float, float, float], ...] = ()


@door
def to_scale(book: Catalogue | None = None) -> list[Level]:
    """Measures of the levels, from the facts.

    A die is as wide as assumed, and a node is its share of it, wiring included. Dies lie side by side in the
    middle of a tile's footprint; what room is between them was not published. Tiles lie side by side too.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    list of Level
        From the node to the ExaPOD.
    """
    known = catalogue() if book is None else book
    facts, machines = known.facts, [known.machine(name) for _, name in LEVELS]
    wide = facts.value("d1", "die_width")
    high = facts.value("d1", "die_area") / wide
    columns, rows = _arranged(round(facts.value("d1", "nodes_per_array")), wide, high)
    sizes = [(wide / columns, high / rows), (wide, high)]
    grids = [(1, 1), (columns, rows)]
    side = math.sqrt(facts.value("dojo-tile", "footprint"))
    for (_, inner), outer in zip(LEVELS[1:], machines[2:], strict=False):
        columns, rows = _arranged(round(outer.count(inner)), *sizes[-1])
        grids.append((columns, rows))
        sizes.append(
            (side, side) if outer.id == "dojo-tile" else (columns * sizes[-1][0], rows * sizes[-1][1])
        )
    found = []
    for i, ((name, _), one) in enumerate(zip(LEVELS, machines, strict=True)):
        width, height = sizes[i]
        measures = f"{_length(width)} × {_length(height)}"
        words = f"{measures}, {format_si(one.peak('bf16'), 'FLOP/s', digits=3)}"
        if i == 0:
            found.append(Level(name, words, width, height))
            continue
        (columns, rows), (w, h) = grids[i], sizes[i - 1]
        left, low = (width - columns * w) / 2, (height - rows * h) / 2
        parts = tuple((left + c * w, low + r * h, w, h) for r in range(rows) for c in range(columns))
        found.append(Level(name, words, width, height, parts))
    return found


@door
def levels(drawn: Sequence[Level] | None = None) -> str:
    """HTML of the drawing: a panel for each level, side by side where the page has room.

    Parameters
    ----------
    drawn : sequence of Level, optional
        Those of `to_scale` if left out.

    Returns
    -------
    str
        A ``div`` of figures.
    """
    shown = to_scale() if drawn is None else drawn
    panels = "".join(
        _panel(one, before)
        for one, before in zip(shown, ("", *(one.name for one in shown[:-1])), strict=True)
    )
    return f'<div style="display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem">{panels}</div>'


def _panel(one: Level, before: str) -> str:
    """A level in its square, with a bar for scale."""
    scale = SIDE / max(one.width, one.height)
    left, low = MARGIN + (SIDE - scale * one.width) / 2, MARGIN + (SIDE - scale * one.height) / 2

    def rectangle(x: float, y: float, width: float, height: float) -> str:
        wide, high = scale * width, scale * height
        return f"M{left + scale * x:.2f} {low + scale * y:.2f}h{wide:.2f}v{high:.2f}h{-wide:.2f}z"

    outline = rectangle(0.0, 0.0, one.width, one.height)
    bar = 10.0 ** math.floor(math.log10(max(one.width, one.height)))
    foot = 2 * MARGIN + SIDE
    parts = "".join(rectangle(*part) for part in one.parts[1:])
    first = rectangle(*one.parts[0]) if one.parts else outline
    filled = (
        f"One {before.lower() if before != 'D1 die' else before} is filled" if before else "It is all filled"
    )
    count = f" with {len(one.parts):,} parts" if one.parts else ""
    told = f"{one.name}{count}: {one.words}. {filled}; the bar is {_length(bar)}."
    return (
        f'<figure style="margin: 0; width: {SIDE + 2 * MARGIN:.0f}px">'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(told)}" '
        f'width="{SIDE + 2 * MARGIN:.0f}" height="{foot + FOOT:.0f}" font-family="system-ui, sans-serif" '
        f'font-size="14" fill="none" stroke="currentColor"><title>{html.escape(told)}</title>'
        f'<path d="{outline}" stroke-width="2"/><path d="{parts}" stroke-opacity="0.6" stroke-width="0.8"/>'
        f'<path d="{first}" fill="{PALETTE["blue"]}" stroke="{PALETTE["blue"]}"/>'
        f'<path d="M{MARGIN:.0f} {foot:.0f}h{scale * bar:.2f}m0 -4v8m{-scale * bar:.2f} 0v-8" stroke-width="1.5"/>'
        f'<text x="{MARGIN:.0f}" y="{foot + 22:.0f}" fill="currentColor" stroke="none">{_length(bar)}</text></svg>'
        f"<figcaption><strong>{html.escape(one.name)}</strong><br>{html.escape(one.words)}</figcaption></figure>"
    )


def _arranged(count: int, width: float, height: float) -> tuple[int, int]:
    """Columns and rows of so many equal rectangles, of which the whole is as near to a square as it can be."""
    fits = [(count // rows, rows) for rows in range(1, count + 1) if count % rows == 0]
    return min(fits, key=lambda one: abs(math.log(one[0] * width / (one[1] * height))))


def _length(metres: float) -> str:
    """A length as people say it: millimetres, centimetres, metres."""
    times, unit = (1e3, "mm") if metres < 0.1 else (1e2, "cm") if metres < 1.0 else (1.0, "m")
    return f"{format_number(metres * times, digits=2)} {unit}"
