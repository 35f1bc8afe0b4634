"""Which value of an input makes an output hit a target, or two models agree.

References
----------
.. [1] T. R. Chandrupatla, "A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear
   function without using derivatives", Advances in Engineering Software 28(3), 1997.
.. [2] W. H. Press et al., "Numerical Recipes", 3rd edition, Cambridge University Press 2007, section 9.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from typing import Any, Final, TypeAlias

import numpy as np

from dojo_calc import units
from dojo_calc.analysis.newton import Tangent, narrowed, tangent
from dojo_calc.doors import door
from dojo_calc.errors import DojoCalcError, ModelError, UnitError, UnknownNameError, nearest
from dojo_calc.formatting import format_number, format_si
from dojo_calc.model.model import Model
from dojo_calc.model.wiring import narrower
from dojo_calc.quantities import Spec, check_against, one_against

__all__ = ["NoSolutionError", "break_even", "solve"]

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Sides: TypeAlias = Callable[..., tuple[FloatArray, FloatArray]]  # (x, *cases) -> what is to become equal

# Where an open domain is scanned, from its lower end on: eight values a decade, wide enough for dollars a
# FLOP and for FLOP a training run.
_SCAN: Final = np.logspace(-30, 30, 481)
_CELLS = 2**20  # values of the scan held at a time
_EXACT = 1e-14  # relative difference after a division and a product
_NOISE = 1e-13  # relative difference that may be rounding alone


class NoSolutionError(DojoCalcError):
    """No value of the input does it; the message says what the output reaches."""


@door
def solve(
    model: Model,
    name: str,
    output: str,
    target: Any,
    /,
    *,
    low: Any = None,
    high: Any = None,
    tolerance: float = 1e-9,
    **given: Any,
) -> Any:
    """Value of one input for which an output equals a target.

    Where the output grows in proportion to the input, the value is a division. Else the input's domain is scanned
    for a change of sign, evenly and towards its ends by powers of ten, and each change is narrowed down to the last
    digits: by Newton's steps with the formulas' exact derivative, held inside the bracket [2]_, or without it where
    the output moves in steps or comes from a procedure [1]_. Where several values do it, the smallest is returned,
    also of an output that stays at the target; two that lie closer together than a third may be missed, so narrow
    the search with `low` and `high`.

    Parameters
    ----------
    model : Model
    name : str
        The input, or a step to be given instead of computed.
    output : str
    target : array_like, str or quantity
        For the output [SI]; an array for several cases.
    low, high : float, str or quantity, optional
        Where to search [SI]; the ends of the input's domain if left out.
    tolerance : float
        Relative gap that still counts as equal. An output that moves in steps, such as the power of whole
        servers, jumps over most targets; a tolerance of the size of a step finds where.
    **given
        Values of other inputs, as for `Model.evaluate`; arrays for several cases, which broadcast with the
        target.

    Returns
    -------
    float or ndarray
        Of the cases' broadcast shape [SI].

    Raises
    ------
    NoSolutionError
        If no value in the domain does it; the message has the range that the output reaches, and the index
        of the first such case.
    ModelError
        If the output does not depend on the input, or the input is given too.
    UnknownNameError, UnitError, DomainError
        As `Model.evaluate` does.

    Examples
    --------
    >>> import dojo_calc as dc
    >>> model = dc.Model({"chips": dc.units_needed}, {"target": "100 EFLOP/s", "unit": "d1.peak_bf16"})
    >>> solve(model, "target", "chips", [3000, 276_243]) / 1e18
    array([ 1.086   , 99.999966])
    """
    spec = _sought(model, name, output, given)
    if spec is None:
        raise ModelError(f"{output} does not depend on {name}")
    goal = check_against(target, model.spec(output), f"target for {output}")
    cases = _checked(model, given)

    def sides(x: FloatArray, goal: FloatArray, *values: FloatArray) -> tuple[FloatArray, FloatArray]:
        # On the way to the goal the output may leave its domain, or have no value at all.
        found = model.values([output], {name: x, **dict(zip(cases, values, strict=True))})[output]
        return found, goal

    nodes, closed = _nodes(name, spec, low, high)
    exact = _in_proportion(sides, nodes, goal, *cases.values())
    if exact is not None:
        return exact

    def slopes() -> Tangent | None:
        own = tangent(model, name, output, cases)
        if own is None:
            return None

        def less_goal(x: FloatArray, goal: FloatArray, *values: FloatArray) -> tuple[FloatArray, FloatArray]:
            value, slope = own(x, *values)
            return value - goal, slope

        return less_goal

    def refusal(left: FloatArray, _: FloatArray, case: Sequence[FloatArray]) -> str:
        unit = model.spec(output).unit
        found = f"no single {name} makes {output} {format_si(float(case[0]), unit)}; it takes {_range(left, unit)}"
        for one in model.broken(output, **{name: nodes}, **dict(zip(cases, case[1:], strict=True))):
            if one.kind == "identity":
                place = int(np.argmax(np.broadcast_to(one.where, nodes.shape)))
                found += f". Values between are refused, such as {nodes[place]:.6g}: {one.text((place,))}"
                break
        return found

    return _roots(sides, slopes, nodes, closed, [goal, *cases.values()], tolerance, refusal)


def _in_proportion(sides: Sides, nodes: FloatArray, goal: Any, *values: Any) -> Any | None:
    """The goal over the output at one, where an output grows in proportion to its input; None where it does not.

    Power, price and rate of so many chips do: no search finds their count to the last bit. A factor of two is exact
    in floating point, so that whatever is in proportion doubles to the last bit, and the answer is put in again. What
    is rounded up to whole things does not, between them.
    """
    least, most = float(nodes[0]), float(nodes[-1])
    if not (least <= 1.0 and most >= 6.0):
        return None
    try:
        once, less, more, most_of = (
            np.asarray(sides(np.asarray(x), goal, *values)[0]) for x in (1.0, 1.5, 3.0, 6.0)
        )
        if not (np.all(more == 2.0 * less) and np.all(most_of == 4.0 * less) and np.all(once > 0.0)):
            return None
        found = np.asarray(goal / once)
        if not np.all((least <= found) & (found <= most)):
            return None
        left = np.asarray(sides(found, goal, *values)[0])
    except DojoCalcError:
        return None
    if not np.allclose(left, goal, rtol=_EXACT, atol=0.0):
        return None
    return found if found.ndim else float(found)


@door
def break_even(
    a: Model | tuple[Model, Mapping[str, Any]],
    b: Model | tuple[Model, Mapping[str, Any]],
    name: str,
    output: str | tuple[str, str],
    /,
    *,
    low: Any = None,
    high: Any = None,
    tolerance: float = 1e-9,
    **given: Any,
) -> Any:
    """Value of an input at which two models, or one model with two sets of values, have equal outputs.

    Searches as `solve` does. The input may be one of both models or of one alone.

    Parameters
    ----------
    a, b : Model, or pair of Model and mapping
        With values of its inputs, ``(model, {"mfu": 0.3})``; arrays for several cases.
    name : str
        The input. Where a pair gives it a value, it varies in the other model alone.
    output : str or pair of str
        A pair if the two models name it differently.
    low, high : float, str or quantity, optional
        Where to search [SI]; the ends of the input's domain if left out.
    tolerance : float
        Relative gap that still counts as equal. An output that moves in steps, such as the power of whole
        servers, jumps over most targets; a tolerance of the size of a step finds where.
    **given
        Values of inputs of both models, or of the one that has them.

    Returns
    -------
    float or ndarray
        Of the cases' broadcast shape [SI].

    Raises
    ------
    NoSolutionError
        If the outputs are nowhere equal; the message says by how much they differ, and the index of the first
        such case.
    ModelError
        If neither output depends on the input, or the input is given too.
    UnknownNameError, UnitError, DomainError
        As `Model.evaluate` does; also if the outputs have different units.

    Examples
    --------
    Units at 30,000 dollars each, or a design that costs 500 million and units at 5,000:

    >>> import dojo_calc as dc
    >>> buy = dc.Model({"cost": dc.purchase_cost}, {"units": None, "price": 30e3})
    >>> steps = {"made": dc.purchase_cost, "cost": dc.step(dc.total_cost, first="design", others=("made",))}
    >>> make = dc.Model(steps, {"units": None, "price": 5e3, "design": 500e6})
    >>> round(break_even(buy, make, "units", "cost"), 6)
    20000.0
    """
    models, own = zip(*((one, {}) if isinstance(one, Model) else one for one in (a, b)), strict=True)
    outputs = (output, output) if isinstance(output, str) else output
    known = [{*model.inputs, *model.outputs} for model in models]
    for one in (name, *given):
        if not any(one in names for names in known):
            raise UnknownNameError(
                f"neither {models[0].name} nor {models[1].name} has an input {one!r}"
                f"{nearest(one, known[0] | known[1])}"
            )
    first, second = (model.spec(one).unit for model, one in zip(models, outputs, strict=True))
    if units.unit(first).dimensionality != units.unit(second).dimensionality:
        raise UnitError(f"{outputs[0]} is in {first}, but {outputs[1]} is in {second}")
    specs: list[Spec] = []
    cases: list[dict[str, Any]] = []
    varies: list[bool] = []
    for model, names, wanted, values in zip(models, known, outputs, own, strict=True):
        varies.append(name in names and name not in values)
        chosen = {one: value for one, value in given.items() if one in names} | dict(values)
        spec = _sought(model, name, wanted, chosen) if varies[-1] else None
        specs += [spec] if spec else []
        cases.append(_checked(model, chosen))
    if not specs:
        raise ModelError(f"neither {outputs[0]} nor {outputs[1]} depends on {name}")

    def sides(x: FloatArray, *values: FloatArray) -> tuple[FloatArray, FloatArray]:
        rest = iter(values)
        left, right = (
            model.values([wanted], ({name: x} if varied else {}) | {one: next(rest) for one in case})[wanted]
            for model, wanted, varied, case in zip(models, outputs, varies, cases, strict=True)
        )
        return left, right

    def slopes() -> Tangent | None:
        own = [
            tangent(model, name, wanted, case) if varied else None
            for model, wanted, varied, case in zip(models, outputs, varies, cases, strict=True)
        ]
        if any(one is None and varied for one, varied in zip(own, varies, strict=True)):
            return None

        def apart(x: FloatArray, *values: FloatArray) -> tuple[FloatArray, FloatArray]:
            rest, gap, slope = iter(values), np.zeros(x.shape), np.zeros(x.shape)
            for model, wanted, case, one, sign in zip(models, outputs, cases, own, (1.0, -1.0), strict=True):
                mine = [next(rest) for _ in case]
                if one is None:
                    gap = gap + sign * model.values([wanted], dict(zip(case, mine, strict=True)))[wanted]
                else:
                    value, rise = one(x, *mine)
                    gap, slope = gap + sign * value, slope + sign * rise
            return gap, slope

        return apart

    def refusal(left: FloatArray, right: FloatArray, _: Sequence[FloatArray]) -> str:
        return f"no single {name} makes both equal; the first less the second takes {_range(left - right, first)}"

    values = [value for case in cases for value in case.values()]
    return _roots(
        sides, slopes, *_nodes(name, reduce(narrower, specs), low, high), values, tolerance, refusal
    )


def _sought(model: Model, name: str, output: str, given: Mapping[str, Any]) -> Spec | None:
    """Domain of the input; None if the output does not depend on it."""
    known = (*model.inputs, *model.outputs)
    if name not in known:
        raise UnknownNameError(f"model {model.name} has no input {name!r}{nearest(name, known)}")
    if name in given:
        raise ModelError(f"{name} is what is sought, so it cannot be given")
    return model.spec(name) if name in model.needed([output], [*given, name]) else None


def _checked(model: Model, given: Mapping[str, Any]) -> dict[str, Any]:
    """Given values at the model's boundary: in SI and inside their domains."""
    return model.checked(given)


def _nodes(name: str, spec: Spec, low: Any, high: Any) -> tuple[FloatArray, bool]:
    """Values at which to look for a change of sign, in order, and whether the first is an end."""
    bottom = spec.low if low is None else one_against(low, spec, f"low of {name}")
    top = spec.high if high is None else one_against(high, spec, f"high of {name}")
    if not bottom < top:
        raise ModelError(f"expected low < high for {name}, got {bottom:g} and {top:g}")
    if math.isfinite(bottom) and math.isfinite(top):
        near = (top - bottom) * _SCAN[_SCAN < 1]
        nodes = [np.linspace(bottom, top, 257), bottom + near, top - near]
        if bottom > 0:
            nodes.append(np.geomspace(bottom, top, 257))
    elif math.isfinite(bottom):
        nodes = [np.array([bottom]), bottom + _SCAN]
    elif math.isfinite(top):
        nodes = [np.array([top]), top - _SCAN]
    else:
        nodes = [-_SCAN, np.zeros(1), _SCAN]
    found = np.unique(np.clip(np.concatenate(nodes), bottom, top))
    found = found[~spec.outside(found)]
    return found, bool(found[0] == bottom)


def _roots(
    sides: Sides,
    slopes: Callable[[], Tangent | None],
    nodes: FloatArray,
    closed: bool,
    values: Sequence[Any],
    tolerance: float,
    refusal: Callable[[FloatArray, FloatArray, Sequence[FloatArray]], str],
) -> Any:
    """Lowest value for each case at which both sides are equal."""
    shape = np.broadcast_shapes(*(np.shape(value) for value in values))
    cases = [np.broadcast_to(value, shape).reshape(-1) for value in values]
    count = math.prod(shape)
    found = np.full(count, np.nan)
    step = _CELLS // nodes.size
    slopes = cache(slopes)  # one graph serves all parts
    for start in range(0, count, step):
        part = [case[start : start + step] for case in cases]
        size = min(step, count - start)
        with np.errstate(all="ignore"):  # far out in the domain a formula may overflow; that does not count
            rows, x, gaps = _crossings(sides, slopes, nodes, closed, part, size)
        close = gaps <= tolerance
        solved, first = np.unique(rows[close], return_index=True)
        found[start + solved] = x[close][first]
        if solved.size < size:
            row = int(np.setdiff1d(np.arange(size), solved)[0])
            place = ", ".join(map(str, np.unravel_index(start + row, shape)))
            case = [one[row] for one in part]
            with np.errstate(all="ignore"):
                left, right = np.broadcast_arrays(*sides(nodes, *case))
                apart = abs(left - right) > _NOISE * abs(right)
                message = refusal(left[apart], right[apart], case)
            mine = rows == row
            if mine.any() and gaps[mine].min() < 1:  # more would be a pole
                best = np.argmin(gaps[mine])
                message += (
                    f". It jumps at {format_number(x[mine][best], digits=6)}, where a relative gap of "
                    f"{format_number(gaps[mine][best], digits=2)} is left; "
                    "a larger tolerance accepts that"
                )
            raise NoSolutionError(f"case [{place}]: {message}" if shape else message)
    return found.reshape(shape) if shape else float(found[0])


def _range(values: FloatArray, unit: str) -> str:
    """Finite values that were found, in words."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "no other value"
    low, high = finite.min(), finite.max()
    first, last = format_si(low, unit), format_si(high, unit)
    return f"{first} alone" if first == last else f"values from {first} to {last}"


def _crossings(
    sides: Sides,
    slopes: Callable[[], Tangent | None],
    nodes: FloatArray,
    closed: bool,
    cases: Sequence[FloatArray],
    count: int,
) -> tuple[np.ndarray[Any, np.dtype[np.intp]], FloatArray, FloatArray]:
    """Where the difference of both sides changes its sign: case, value and the relative gap that stays.

    A jump over the target and a pole change the sign too, but leave a gap. In order of value for each case.
    """
    left, right = sides(nodes, *(case[:, None] for case in cases))
    right = np.broadcast_to(right, (count, nodes.size))
    excess = np.asarray(left - right)
    sign = np.where(np.isfinite(excess), np.sign(excess), np.nan)
    before, after = sign[:, :-1], sign[:, 1:]
    # Far out, what tells the two sides apart is lost in rounding: then neither a zero nor a sign means much.
    widths = np.diff(nodes) / np.maximum(abs(nodes[1:]), abs(nodes[:-1]))
    noise = _NOISE * widths * np.maximum(abs(right[:, 1:]), abs(right[:, :-1]))
    clear = np.maximum(abs(excess[:, 1:]), abs(excess[:, :-1])) > noise
    rows, places = np.nonzero((before * after <= 0) & clear)
    own = [case[rows] for case in cases]
    start, stop = excess[rows, places], excess[rows, places + 1]
    # The output may stay at the target. Equality then counts as the sign on the far side of the edge, so that
    # the edge is found and not just any value behind it.
    equal = np.maximum(abs(start), abs(stop)) * -np.sign(np.where(start != 0, start, stop))

    brackets = nodes[places], nodes[places + 1]
    bounds, solved = _narrowed(sides, slopes() if rows.size else None, brackets, (start, stop), equal, own)
    ends = [np.where(solved, end, nodes[places]) for end in bounds]
    gaps = [np.abs(np.subtract(*sides(end, *own))) for end in ends]
    x, gap = np.where(gaps[0] <= gaps[1], ends, ends[::-1])[0], np.minimum(*gaps)
    size = np.maximum(np.abs(sides(x, *own)[1]), np.minimum(np.abs(start), np.abs(stop)))
    relative = np.divide(gap, size, out=np.zeros_like(gap), where=gap > 0)
    # Equal from the lowest value on, but not everywhere: that is no change of sign.
    lowest = np.flatnonzero((sign[:, 0] == 0) & (sign != 0).any(axis=1) & closed)
    return (
        np.concatenate([lowest, rows]),
        np.concatenate([np.full(lowest.size, nodes[0]), x]),
        np.concatenate([np.zeros(lowest.size), relative]),
    )


def _narrowed(
    sides: Sides,
    slopes: Tangent | None,
    brackets: tuple[FloatArray, FloatArray],
    excess: tuple[FloatArray, FloatArray],
    equal: FloatArray,
    own: Sequence[FloatArray],
) -> tuple[tuple[FloatArray, FloatArray], Any]:
    """Both ends of each bracket as close as doubles allow, and whether they could be brought there."""
    if slopes is not None:
        first, last = (np.where(one == 0, equal, one) for one in excess)
        *bounds, solved = narrowed(slopes, *brackets, (first, last), equal, own)
        return (bounds[0], bounds[1]), solved
    from scipy.optimize import elementwise

    def difference(x: FloatArray, equal: FloatArray, *values: FloatArray) -> FloatArray:
        one, other = sides(x, *values)
        return np.where(one == other, equal, one - other)

    result = elementwise.find_root(difference, brackets, args=(equal, *own))
    return result.bracket, result.success
