"""Words of a chart in the room that they have, where nothing measures them before they are drawn.

Vega breaks no line: what is too long of a title or a legend runs out of the drawing, and what is too long of a label
it cuts. In the book a script measures the words and breaks them. A notebook has no such script, so there they are
broken by how wide letters are on the average.
"""

from __future__ import annotations

import copy
import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["fitted"]

# Of the size of a font, a little more than the mean of the letters of the widest common one, DejaVu Sans.
_LETTER: Final = 0.62
_LINE: Final = 17  # pixels of a line of a label that is broken
_SYMBOL: Final = 28  # pixels of a legend's symbol, with what keeps it apart
_AXIS: Final = 100  # pixels of an axis of numbers, with its title


def fitted(spec: Mapping[str, Any], theme: Mapping[str, Any], width: int) -> dict[str, Any]:
    """Copy of a specification of a width, its title, its labels and its legends broken to fit.

    Parameters
    ----------
    spec : mapping
        A Vega-Lite specification of one view, with or without layers.
    theme : mapping
        Its configuration.
    width : int
        Of the whole chart, in pixels.

    Returns
    -------
    dict
        A Vega-Lite specification.
    """
    found: dict[str, Any] = copy.deepcopy(dict(spec)) | {"width": width}
    title = found.get("title")
    if isinstance(title, dict):
        for key, size in (("text", "fontSize"), ("subtitle", "subtitleFontSize")):
            if isinstance(title.get(key), str):
                title[key] = _lines(title[key], theme["title"][size], width)
    axis = _break_labels(found, theme["axis"])
    _break_legends(found, theme["legend"]["labelFontSize"], width - axis)
    return found


def _lines(text: str, size: float, width: float) -> list[str]:
    """Lines of a text that are no wider than a room."""
    letters = int(width / (_LETTER * size))
    return textwrap.wrap(text, letters, break_long_words=False, break_on_hyphens=False)


def _break_labels(spec: dict[str, Any], look: Mapping[str, Any]) -> float:
    """Break the words of rows, give every row the room of the longest, and tell how wide the axis is."""
    size, most, widest = look["labelFontSize"], 1, float(_AXIS)
    for y in _encoded(spec, "y"):
        own = y.get("axis", {})
        if own is None or "labelExpr" in own:
            continue
        parts = {one: _lines(one, size, own.get("labelLimit", look["labelLimit"])) for one in _words(spec, y)}
        lines = [line for broken in parts.values() for line in broken]
        widest = max([widest, *(len(line) * size * _LETTER for line in lines)])
        if broken := {one: lines for one, lines in parts.items() if len(lines) > 1}:
            y["axis"] = own | {"labelExpr": f"{json.dumps(broken)}[datum.label] || datum.label"}
            most = max(most, *map(len, broken.values()))
    height = spec.get("height", {})
    if most > 1 and isinstance(height, dict):
        spec["height"] = {"step": max(height.get("step", 0), most * _LINE + 4)}
    return widest


def _break_legends(spec: dict[str, Any], size: float, width: float) -> None:
    """Put what a legend names into columns where it is too much for one row."""
    for colour in _encoded(spec, "color"):
        own = colour.get("legend", {})
        if own is None or "columns" in own:
            continue
        wide = [len(one) * size * _LETTER + _SYMBOL for one in _words(spec, colour)]
        if sum(wide) > width:
            colour["legend"] = own | {"columns": max(1, int(width // max(wide)))}


def _encoded(spec: Mapping[str, Any], channel: str) -> Iterator[dict[str, Any]]:
    """Every place of a specification, its layers included, where a channel tells names."""
    place = spec.get("encoding", {}).get(channel, {})
    if place.get("type") == "nominal" and "field" in place:
        yield place
    for layer in spec.get("layer", ()):
        yield from _encoded(layer, channel)


def _words(spec: Mapping[str, Any], place: Mapping[str, Any]) -> list[str]:
    """Names that a channel tells: those it lists, or those in the data."""
    listed = (place.get("scale") or {}).get("domain") or place.get("sort")
    if isinstance(listed, list):
        return [one for one in listed if isinstance(one, str)]
    field = place["field"].replace("\\", "")
    found = [row.get(field) for row in _rows(spec)]
    return list(dict.fromkeys(one for one in found if isinstance(one, str)))


def _rows(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for rows in spec.get("datasets", {}).values():
        yield from rows
    yield from spec.get("data", {}).get("values", ())
    for layer in spec.get("layer", ()):
        yield from _rows(layer)
