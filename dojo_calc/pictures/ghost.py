"""The ghost of a live chart: what it showed before its sliders moved, pale, beside what it shows now.

Its values are the library's answers with every slider where it begins, so they need no formula in the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from dojo_calc import units
from dojo_calc.errors import DojoCalcError
from dojo_calc.model.model import Model
from dojo_calc.pictures.theme import DIGITS

if TYPE_CHECKING:
    from dojo_calc.pictures.live import Slider

MOVED = "sliders_moved"  # signal: whether any slider stands where it did not begin
PALE = 0.75  # opacity of a ghost
DIGITS_BEGAN = DIGITS.replace("datum.value", "datum.began")
PLACES = 7  # significant digits of a ghost's values, as a page keeps them

NARROW_STEP = 42  # pixels of a row of numbers on a phone, where those it began with stand below
COLUMN = 400  # pixels; where they end if they stand beside


def moved(starts: Mapping[str, float]) -> alt.Parameter:
    """Signal that tells whether sliders have been moved from where they began."""
    apart = " || ".join(f"{name} !== {value!r}" for name, value in starts.items())
    return alt.param(name=MOVED, expr=apart or "false")


def seen() -> Any:
    """Opacity of a ghost: none until a slider has been moved."""
    return alt.expr(f"{MOVED} ? {PALE} : 0")


def began(
    model: Model, outputs: Sequence[str], shown: Sequence[str], sliders: Sequence[Slider], **along: Any
) -> list[Any]:
    """Outputs with every slider where it begins, in the units shown: a number each, or a row of them.

    Parameters
    ----------
    model : Model
    outputs, shown : sequence of str
        Outputs and their units.
    sliders : sequence of Slider
    **along
        Values of the input that runs along an axis [SI].

    Returns
    -------
    list
        None where the model refuses or knows no number.
    """
    given = {one.input: one.begins(model) * units.to_si(1.0, one.unit) for one in sliders}
    found = _answers(model, outputs, given | along)
    if found is None and along:  # some of the places are outside of what the model knows
        ((name, values),) = along.items()
        single = [_answers(model, outputs, given | {name: one}) or {} for one in values]
        found = {one: np.array([answer.get(one, math.nan) for answer in single]) for one in outputs}
    shape = np.shape(next(iter(along.values()))) if along else ()
    return [
        _written(np.broadcast_to((found or {}).get(one, math.nan), shape) / units.to_si(1.0, unit))
        for one, unit in zip(outputs, shown, strict=True)
    ]


def ends(values: Sequence[float | None]) -> list[tuple[float | None, float | None]]:
    """Begin and end of each bar of a waterfall, whose last is the sum."""
    if None in values:
        return [(None, None)] * len(values)
    *parts, total = (float(one) for one in values if one is not None)
    tops = np.cumsum(parts).tolist()
    return [*zip([0.0, *tops], tops, strict=False), (0.0, total)]


def outline(base: alt.Chart) -> alt.Chart:
    """Bars without a filling. They stand before the moving ones, or a longer one would hide them."""
    found: alt.Chart = base.mark_bar(
        clip=True, aria=False, fillOpacity=0, stroke="currentColor", strokeWidth=1.5, strokeOpacity=seen()
    )
    return found


def number(base: alt.Chart, rows: int) -> alt.Chart:
    """Numbers of the rows' `first`, below the moving ones where rows are high enough for both, else beside them."""
    side, x, dy = (
        alt.expr(f"height < {rows * NARROW_STEP} ? {one}")
        for one in ("'right' : 'left'", f"min(width, {COLUMN}) : 0", f"0 : {NARROW_STEP // 2 - 2}")
    )
    mark = base.mark_text(align=side, aria=False, dy=dy, fontSize=14, opacity=seen(), x=x)
    found: alt.Chart = mark.encode(text="first:N")
    return found


def clear_of(at: str, edges: Sequence[str], room: int) -> str:
    """Expression: pixels that a number behind a bar is shifted by, so that no edge of a ghost crosses it.

    Parameters
    ----------
    at : str
        Where the bar ends, as an expression in the axis's unit.
    edges : sequence of str
        Edges of the ghost, likewise, from left to right.
    room : int
        Width of the number [pixels].
    """
    shift = "0"
    for edge in edges:
        beyond = f"scale('x', {edge}) - scale('x', {at})"
        near = f"{MOVED} && isValid({edge}) && {beyond} > 0 && {beyond} < {room} + {shift}"
        shift = f"({near} ? {beyond} : {shift})"
    return shift


def _answers(model: Model, outputs: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Outputs, or nothing where the model refuses them: there the page draws nothing either."""
    try:
        found: dict[str, Any] = model.evaluate(list(outputs), **given)
    except DojoCalcError:
        return None
    return found


def _written(values: Any) -> Any:
    """Numbers as a page holds them, None for what is no number."""
    if np.ndim(values):
        return [_written(one) for one in values]
    return float(f"{values:.{PLACES}g}") if np.isfinite(values) else None
