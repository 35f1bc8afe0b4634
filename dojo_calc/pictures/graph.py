"""Picture of a graph of named values, as SVG that needs no script and no other host.

Layers run from left to right: what nothing precedes is as far right as what uses it allows, so that an input
stands beside its formula. A link over several layers gets a place in each, and the places of a layer are
ordered by the mean of their neighbours' [1]_. Lines and text take the colour of the text around the picture, so
it serves light and dark pages.

References
----------
.. [1] K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system
   structures", IEEE Transactions on Systems, Man, and Cybernetics 11, 1981.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Box", "drawing"]

GAP, ROW, HEIGHT, MARGIN = 30, 54, 44, 6  # pixels between layers, from box to box, of a box, around all
LETTER, ROOM = 8, 16  # pixels: of a letter at the most, and beside a text
SWEEPS = 8  # of ordering; more change nothing in graphs of this size


@dataclass(frozen=True)
class Box:
    """A value: its name, its value in print, the names it is computed from, and words for the pointer."""

    name: str
    shown: str
    arguments: tuple[str, ...] = ()
    words: str = ""


def drawing(boxes: Sequence[Box], title: str) -> str:
    """SVG of a graph.

    Parameters
    ----------
    boxes : sequence of Box
        In the order of computation: arguments before what uses them.
    title : str
        What the picture shows; the values are told after it to whom cannot see.

    Returns
    -------
    str
        An ``svg`` element for a box that scrolls.
    """
    by_name = {box.name: box for box in boxes}
    links = [(one, box.name) for box in boxes for one in dict.fromkeys(box.arguments) if one in by_name]
    layers = _ordered(*_layered(_ranks(boxes, links), links))
    widths = [
        max(
            [LETTER * max(len(by_name[n].name), len(by_name[n].shown)) + ROOM for n in layer if n in by_name]
            or [0]
        )
        for layer in layers
    ]
    lefts = [MARGIN + sum(widths[:i]) + GAP * i for i in range(len(layers))]
    rows = _rows(layers)
    height = ROW * (max(rows.values()) - min(rows.values()) + 1) - (ROW - HEIGHT) + 2 * MARGIN
    width = lefts[-1] + widths[-1] + MARGIN
    top = min(rows.values())
    at = {
        name: (lefts[i], widths[i], MARGIN + ROW * (rows[name] - top) + HEIGHT / 2)
        for i, layer in enumerate(layers)
        for name in layer
    }
    paths = [_path([at[name] for name in chain]) for chain in _chains(layers, links)]
    told = "; ".join(f"{box.name} is {box.shown}" for box in boxes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(f"{title}: {told}.")}" '
        f'width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" '
        'font-family="system-ui, sans-serif" font-size="14" fill="currentColor">'
        f"<title>{html.escape(title)}</title><desc>{html.escape(told)}</desc>"
        f'<g fill="none" stroke="currentColor" stroke-opacity="0.45">{"".join(paths)}</g>'
        + "".join(_box(box, *at[box.name]) for box in boxes)
        + "</svg>"
    )


def _ranks(boxes: Sequence[Box], links: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Layer of each box, counted from the last one: one before the first that uses it."""
    used: dict[str, list[str]] = {box.name: [] for box in boxes}
    for start, end in links:
        used[start].append(end)
    ranks: dict[str, int] = {}
    for box in reversed(boxes):
        ranks[box.name] = max((ranks[one] + 1 for one in used[box.name]), default=0)
    last = max(ranks.values())
    return {name: last - rank for name, rank in ranks.items()}


def _layered(
    ranks: Mapping[str, int], links: Sequence[tuple[str, str]]
) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """Names layer by layer, with a stand-in wherever a link passes through, and links of one layer each."""
    layers: list[list[str]] = [[] for _ in range(max(ranks.values()) + 1)]
    for name, rank in ranks.items():
        layers[rank].append(name)
    short: list[tuple[str, str]] = []
    for start, end in links:
        chain = [start, *(_pass(start, end, rank) for rank in range(ranks[start] + 1, ranks[end])), end]
        for rank, name in enumerate(chain[1:-1], ranks[start] + 1):
            layers[rank].append(name)
        short += pairwise(chain)
    return layers, short


def _pass(start: str, end: str, rank: int) -> str:
    """Name of a stand-in; no formula has such a name."""
    return f"{start}>{end}>{rank}"


def _ordered(layers: list[list[str]], links: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Layers with few crossings: sorted by the mean place of the neighbours, back and forth."""
    near: dict[str, list[list[str]]] = {name: [[], []] for layer in layers for name in layer}
    for start, end in links:
        near[end][0].append(start)
        near[start][1].append(end)
    for sweep in range(SWEEPS):
        side = sweep % 2  # 1: from the right to the left, by what uses a value
        for fixed, free in pairwise(layers[:: -1 if side else 1]):
            place = {name: i for i, name in enumerate(fixed)}

            def mean(name: str, place: Mapping[str, int] = place, side: int = side) -> float:
                places = [place[one] for one in near[name][side]]
                return sum(places) / len(places) if places else len(place) / 2

            free.sort(key=mean)
    return layers


def _rows(layers: Sequence[Sequence[str]]) -> dict[str, float]:
    """Row of each name: every layer is centred."""
    return {name: i - (len(layer) - 1) / 2 for layer in layers for i, name in enumerate(layer)}


def _chains(layers: Sequence[Sequence[str]], links: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Names that a link runs through, its ends included."""
    rank = {name: i for i, layer in enumerate(layers) for name in layer}
    return [
        [start, *(_pass(start, end, i) for i in range(rank[start] + 1, rank[end])), end]
        for start, end in links
    ]


def _path(places: Sequence[tuple[float, float, float]]) -> str:
    """Line from the right of the first box, level through each layer, to the left of the last."""
    left, width, y = places[0]
    drawn = [f"M{left + width:.0f} {y:.0f}"]
    x = left + width
    for left, width, level in places[1:]:
        drawn.append(f"C{x + GAP / 2:.0f} {y:.0f} {left - GAP / 2:.0f} {level:.0f} {left:.0f} {level:.0f}")
        x, y = left + width, level
        if (left, width, level) != places[-1]:
            drawn.append(f"H{x:.0f}")
    return f'<path d="{"".join(drawn)}"/>'


def _box(box: Box, left: float, width: float, middle: float) -> str:
    """Box with a name over a value; what is given has a dashed edge."""
    centre = left + width / 2
    edge = "" if box.arguments else ' stroke-dasharray="3 3"'
    return (
        f"<g><title>{html.escape(box.words)}</title>"
        f'<rect x="{left:.0f}" y="{middle - HEIGHT / 2:.0f}" width="{width:.0f}" height="{HEIGHT}" rx="5" '
        f'fill="currentColor" fill-opacity="0.06" stroke="currentColor" stroke-opacity="0.6"{edge}/>'
        f'<text x="{centre:.0f}" y="{middle - 4:.0f}" text-anchor="middle">{html.escape(box.name)}</text>'
        f'<text x="{centre:.0f}" y="{middle + 14:.0f}" text-anchor="middle" font-weight="600">'
        f"{html.escape(box.shown)}</text></g>"
    )
