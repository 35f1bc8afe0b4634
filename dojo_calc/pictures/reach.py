"""How far the axis of a live chart has to reach, so that it stays where it is while sliders move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dojo_calc import units
from dojo_calc.doors import door
from dojo_calc.errors import DojoCalcError, ModelError
from dojo_calc.model.model import Model

if TYPE_CHECKING:
    from dojo_calc.pictures.live import Slider

__all__ = ["reach"]

PLACES = 40  # along a curve, where it is looked at
ROOM = 0.04  # of an axis, beyond what it has to hold


@door
def reach(
    model: Model,
    outputs: Sequence[str],
    shown: Sequence[str],
    sliders: Sequence[Slider],
    x: Slider | None = None,
    *,
    log: bool = False,
) -> tuple[float, float]:
    """Ends of an axis that holds outputs at their start, and with any one slider at either of its ends.

    Two sliders moved together may lead beyond it: an axis for every corner would leave nothing to see at the start.

    Parameters
    ----------
    model : Model
    outputs : sequence of str
    shown : sequence of str
        Unit of each output, all of one dimension.
    sliders : sequence of Slider
    x : Slider, optional
        What runs along the curves; without it the outputs are bars, and the axis holds zero.
    log : bool
        Whether the axis is logarithmic.

    Returns
    -------
    tuple of float
        Low and high end, in the unit shown.

    Raises
    ------
    ModelError
        If no setting gives a finite number, above zero where the axis is logarithmic.
    """
    along: dict[str, Any] = {}
    if x is not None:
        ends = (x.low, x.high)
        places = np.geomspace(*ends, PLACES) if log else np.linspace(*ends, PLACES)
        along = {x.input: places * units.to_si(1.0, x.unit)}
    found = np.concatenate(
        [
            np.ravel(np.asarray(answer[name], dtype=float)) / units.to_si(1.0, unit)
            for given in _settings(model, sliders)
            for answer in _answers(model, outputs, given | along)
            for name, unit in zip(outputs, shown, strict=True)
        ]
        or [np.empty(0)]
    )
    found = found[np.isfinite(found) & ((found > 0) | (not log))]
    if not found.size:
        raise ModelError(f"{', '.join(outputs)}: no setting of the sliders gives a number to draw")
    low, high = float(found.min()), float(found.max())
    if log:
        return low / (high / low) ** ROOM / (1 + ROOM), high * (high / low) ** ROOM * (1 + ROOM)
    if x is None:
        low, high = min(low, 0.0), max(high, 0.0)
    room = ROOM * (high - low) or ROOM * abs(high) or 1.0
    return (low - room if low < 0 else max(low - room, 0.0) if low > 0 else 0.0), high + room


def _settings(model: Model, sliders: Sequence[Slider]) -> Iterator[dict[str, float]]:
    """Every slider at its start, then one after the other at its ends."""
    start = {one.input: one.begins(model) * units.to_si(1.0, one.unit) for one in sliders}
    yield start
    for one in sliders:
        for end in (one.low, one.high):
            yield start | {one.input: end * units.to_si(1.0, one.unit)}


def _answers(model: Model, outputs: Sequence[str], given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Outputs at a setting; nothing where the model refuses it, as the page then draws nothing."""
    try:
        yield model.evaluate(list(outputs), **given)
    except DojoCalcError:
        return
