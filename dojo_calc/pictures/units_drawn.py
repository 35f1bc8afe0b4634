"""Machines drawn one mark a unit, so that a large number can be seen: static SVG, which needs no script.

Each block is a unit of the level above, such as an ExaPOD, and each square in it a unit, such as a tile. Runs of
squares are filled by a pattern on one grid, so that ten thousand of them take a few kilobytes.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping
from typing import Annotated

from annotated_types import Ge

from dojo_calc.doors import door
from dojo_calc.errors import ArgumentError
from dojo_calc.pictures.theme import NEUTRAL, PALETTE

__all__ = ["UnitsDrawn", "units_drawn"]

_COLOURS = tuple(
    PALETTE.values()
)  # of the parts before the last, which is grey: what is missing, or the rest
_CELL = 4  # of the drawing's own units, from one square to the next
_SQUARE = 3
_GAP = 2  # cells between blocks
_WIDE = 14  # blocks in a row


class UnitsDrawn:
    """A drawing of units with its words, shown as a figure of HTML."""

    def __init__(self, svg: str, title: str, keys: list[tuple[str, str]]) -> None:
        self.svg = svg
        self.title = title
        self.keys = keys

    def _repr_html_(self) -> str:
        keys = "".join(
            f'<li><svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">'
            f'<rect width="14" height="14" fill="{colour}"/></svg> {html.escape(words)}</li>'
            for words, colour in self.keys
        )
        return (
            f'<figure class="dojo-units"><p class="dojo-units-title"><strong>{html.escape(self.title)}</strong></p>'
            f"{self.svg}<ul>{keys}</ul></figure>"
        )

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"- {words}" for words, _ in self.keys)])


@door
def units_drawn(
    parts: Mapping[str, int],
    *,
    columns: Annotated[int, Ge(1)],
    rows: Annotated[int, Ge(1)],
    title: str,
    alt_text: str,
) -> UnitsDrawn:
    """Draw parts of a count, one square a unit, in blocks of `columns` times `rows` units.

    Parameters
    ----------
    parts : mapping of str to int
        Words to a number of units [1], drawn one part after the other; at most five. The last is
        grey.
    columns, rows : int
        Units in a row of a block, and rows in a block [1].
    title : str
        What the drawing shows.
    alt_text : str
        For readers who cannot see it.

    Returns
    -------
    UnitsDrawn
        To be left as the last expression of a cell.

    Raises
    ------
    ArgumentError
        If there are no parts, more than five, or one below one unit.
    """
    if not 0 < len(parts) <= len(_COLOURS) + 1:
        raise ArgumentError(
            f"parts: expected one to {len(_COLOURS) + 1} parts of the count, got {len(parts)}"
        )
    for words, number in parts.items():
        if number < 1:
            raise ArgumentError(f"parts: expected at least one unit of {words!r}, got {number!r}")
    keys = list(zip(parts, [*_COLOURS[: len(parts) - 1], NEUTRAL], strict=True))
    block = columns * rows
    blocks = math.ceil(sum(parts.values()) / block)
    across, down = (columns + _GAP) * _CELL, (rows + _GAP) * _CELL
    width = min(blocks, _WIDE) * across - _GAP * _CELL
    height = math.ceil(blocks / _WIDE) * down - _GAP * _CELL
    mark = f"dojo-units-{columns}-{rows}-{'-'.join(str(number) for number in parts.values())}"
    patterns = "".join(
        f'<pattern id="{mark}-{index}" width="{_CELL}" height="{_CELL}" patternUnits="userSpaceOnUse">'
        f'<rect width="{_SQUARE}" height="{_SQUARE}" fill="{colour}"/></pattern>'
        for index, (_, colour) in enumerate(keys)
    )
    drawn, begin = [], 0
    for index, number in enumerate(parts.values()):
        rectangles = "".join(
            f'<rect x="{x + at % _WIDE * across}" y="{y + at // _WIDE * down}" width="{w}" height="{h}"/>'
            for at, start, end in _within(begin, begin + number, block)
            for x, y, w, h in _runs(start, end, columns)
        )
        drawn.append(f'<g fill="url(#{mark}-{index})">{rectangles}</g>')
        begin += number
    svg = (
        f'<svg viewBox="0 0 {width} {height}" width="100%" role="img" aria-label="{html.escape(alt_text)}">'
        f"<defs>{patterns}</defs>{''.join(drawn)}</svg>"
    )
    return UnitsDrawn(svg, title, keys)


def _within(begin: int, end: int, block: int) -> Iterator[tuple[int, int, int]]:
    """Blocks that a run of units touches, each with the units of the run in it."""
    for at in range(begin // block, math.ceil(end / block)):
        yield at, max(begin - at * block, 0), min(end - at * block, block)


def _runs(start: int, end: int, columns: int) -> Iterator[tuple[int, int, int, int]]:
    """Rectangles that cover the units from `start` to `end` of a block, row by row from the top."""
    whole_from, whole_to = math.ceil(start / columns), end // columns
    if whole_from > whole_to:  # all in one row
        spans = [(start, end, 1)]
    else:
        spans = [(start, whole_from * columns, 1), (whole_from * columns, whole_to * columns, whole_to - whole_from),
                 (whole_to * columns, end, 1)]  # fmt: skip
    for first, last, tall in spans:
        if last > first:
            wide = columns if tall > 1 else last - first
            yield first % columns * _CELL, first // columns * _CELL, wide * _CELL, tall * _CELL
