"""Narrows a change of sign down by Newton's steps with exact derivatives, held inside a bracket.

References
----------
.. [1] W. H. Press et al., "Numerical Recipes", 3rd edition, Cambridge University Press 2007, section 9.4: Newton's
   method with a bracket, and a bisection wherever a step leaves it or gains too little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from dojo_calc.model.model import Model
from dojo_calc.readings.compiled import computed
from dojo_calc.readings.derivatives import gradient
from dojo_calc.readings.tracing import TraceError, Tracer, node_of

__all__ = ["Tangent", "narrowed", "tangent"]

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Tangent: TypeAlias = Callable[
    ..., tuple[FloatArray, FloatArray]
]  # (x, *cases) -> an output and its derivative

_WIDTH: Final = 4.0 * float(np.finfo(np.float64).eps)  # relative, of a bracket that is narrow enough
_NEAR: Final = 1e-7  # relative step from which a point is exact after one more
_PATIENCE: Final = 5  # steps that may leave more than half of the bracket, one after the other
_MOST: Final = 200


def tangent(model: Model, name: str, output: str, given: Iterable[str]) -> Tangent | None:
    """Output and its derivative by one input, from values of it and of what else is given, in that order.

    None where there is no derivative to follow: a step that is a procedure, or one that rounds to whole things on the
    way from the input, whose exact derivative is 0.
    """
    cases = list(given)
    taken = [one for one in model.needed([output], [*cases, name]) if one in {*model.inputs, *cases, name}]
    try:
        traced = model.values([output], {one: Tracer.named(one) for one in taken})[output]
    except (TraceError, TypeError, ValueError, AttributeError):
        return None
    root = node_of(traced)
    for node in root.walk():
        if node.operation in ("ceil", "floor") and any(one.leaf == name for one in node.walk()):
            return None
    slopes = gradient(root, [name])
    if name not in slopes:
        return None
    roots = {"value": root, "slope": slopes[name]}
    held = {one: model.inputs[one].value for one in taken if one in model.inputs}

    def both(x: FloatArray, *values: FloatArray) -> tuple[FloatArray, FloatArray]:
        found = computed(roots, {**held, **dict(zip(cases, values, strict=True)), name: x})
        value, slope = (np.broadcast_to(found[one], x.shape) for one in roots)
        return value, slope

    return both


def narrowed(
    function: Tangent,
    low: FloatArray,
    high: FloatArray,
    ends: Sequence[FloatArray],
    equal: FloatArray,
    args: Sequence[FloatArray],
) -> tuple[FloatArray, FloatArray, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Brackets of a change of sign, narrowed down to the last digits [1]_, and which of them could be.

    Parameters
    ----------
    function : callable
        Of values and `args`, element by element: a function and its derivative.
    low, high : ndarray
        Brackets, in order.
    ends : sequence of ndarray
        The function there, of opposite signs.
    equal : ndarray
        Of which sign a zero counts.
    args : sequence of ndarray
        Further arguments, one each.
    """
    low, high = low.copy(), high.copy()
    below, above = ends[0].copy(), ends[1].copy()
    found = np.ones(low.shape, dtype=np.bool_)
    x = low - below * (high - low) / (above - below)
    idle = np.zeros(low.shape, dtype=np.intp)
    left = np.arange(low.size)
    for _ in range(_MOST):
        middle = low[left] + (high[left] - low[left]) / 2.0
        inside = (low[left] < x[left]) & (x[left] < high[left]) & (idle[left] < _PATIENCE)
        x[left] = np.where(inside, x[left], middle)
        idle[left] = np.where(inside, idle[left], 0)
        here, before = x[left], high[left] - low[left]
        value, slope = function(here, *(one[left] for one in args))
        found[left] = ~np.isnan(value)
        hit = value == 0.0
        value = np.where(hit, equal[left], value)
        same = np.sign(value) == np.sign(below[left])
        low[left], high[left] = np.where(same, here, low[left]), np.where(same, high[left], here)
        below[left], above[left] = np.where(same, value, below[left]), np.where(same, above[left], value)
        width = high[left] - low[left]
        idle[left] = np.where(width > before / 2.0, idle[left] + 1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):  # where it is flat the bracket is halved
            step = np.where(hit, 0.0, -value / slope)
        # Close by, a little further than the step leads, so that the other end of the bracket follows; further each
        # time that rounding hides the change of sign.
        way = np.where(hit, np.where(same, 1.0, -1.0), np.sign(step))
        close = abs(step) <= _NEAR * abs(here)
        beyond = np.where(close, way * 4.0 ** idle[left] * _WIDTH / 4.0 * abs(here), 0.0)
        x[left] = here + step + beyond
        size = np.maximum(abs(low[left]), abs(high[left]))
        left = left[found[left] & (width > _WIDTH * size)]
        if not left.size:
            break
    return low, high, found
