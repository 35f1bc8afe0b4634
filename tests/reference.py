"""What a formula is worth, in higher precision, and how far an engine's answer may lie from it.

An engine is whatever computes a traced expression in doubles: NumPy, Vega, and any reading that comes later.
None is compared with another, since both may have lost the same digits. Each is compared with the expression
in 160 bits, within a bound that follows from the expression and the values given: every operation may be off by
so many roundings of its own result, and moves the outcome by that times the outcome's derivative in it. The bound
is of first order and holds for any engine whose operations are as good as `_ROUNDINGS` says.

Where a decision hangs on the last digits (a comparison of near equals, a number beside a whole one under `ceil`),
an engine may decide either way, and both outcomes stand.

References
----------
.. [1] N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, SIAM 2002, sections 1.5
   (conditioning) and 3.3 (running error analysis).
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from dojo_calc.readings.tracing import Expression, Node

__all__ = ["UNIT", "Point", "Reference", "exactly", "reference"]

UNIT = 2.0**-53  # the largest relative error of one rounding
_MOST = float(np.finfo(np.float64).max)
_ZERO = mpmath.mpf(0)
_LEAST = 2.0**-1074  # spacing of the smallest doubles, to which a result that small is rounded
_BITS = 160
_UNDECIDED = 6  # decisions of one point that may hang on the last digits; more would prove nothing

# Roundings that an operation may be off by. Arithmetic and roots round once (IEEE 754); NumPy's vector loops
# keep the other functions within 4 units in the last place, which are 8 roundings; Vega's log2 is a quotient.
_EXACT = frozenset({"name", "number", "negative", "positive", "minimum", "maximum", "ceil", "floor", "where"})
_ROUNDINGS = {"add": 1, "subtract": 1, "multiply": 1, "divide": 1, "sqrt": 1, "log2": 10}
_FUNCTION = 8

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "less": operator.lt, "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "equal": operator.eq, "not_equal": operator.ne,
}  # fmt: skip
_STEPPED = {"ceil": mpmath.ceil, "floor": mpmath.floor}
_COMPUTED: dict[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "power": mpmath.power, "negative": operator.neg, "positive": operator.pos, "exp": mpmath.exp,
    "expm1": mpmath.expm1, "log": mpmath.log, "log1p": mpmath.log1p, "sqrt": mpmath.sqrt,
    "log2": lambda x: mpmath.log(x) / mpmath.log(2), "minimum": min, "maximum": max,
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One outcome that stands: its value, how far an engine may be off, and what the values given make of it."""

    value: Any
    bound: float
    # Sum over the parameters of |x df/dx|: what a relative error of 1 in each would do to the outcome.
    condition: float


@dataclass(frozen=True)
class Reference:
    """An expression in higher precision, over columns of values."""

    columns: Mapping[str, NDArray[np.float64]]
    points: tuple[tuple[Point, ...], ...]
    operations: int

    def within(self, got: NDArray[np.float64], engine: str) -> None:
        """Hold an engine's answers to the bounds.

        Raises
        ------
        AssertionError
            Naming the first point beyond its bound, with the values given.
        """
        assert len(got) == len(self.points)
        for index, (answer, standing) in enumerate(zip(got, self.points, strict=True)):
            if not any(_near(float(answer), one) for one in standing):
                given = ", ".join(f"{name}={column[index]!r}" for name, column in self.columns.items())
                best = standing[0]
                raise AssertionError(
                    f"{engine} computes {float(answer)!r} at {given}; the value is {mpmath.nstr(best.value, 20)}, "
                    f"and rounding explains {best.bound:.3g} of the difference"
                )


def _near(got: float, point: Point) -> bool:
    if math.isinf(point.bound):  # beyond the doubles, or all digits lost: any answer stands
        return True
    return math.isfinite(got) and bool(abs(mpmath.mpf(got) - point.value) <= point.bound)


def reference(expression: Expression, columns: Mapping[str, NDArray[np.float64]]) -> Reference:
    """Compute an expression at every row of the columns, with the bound of each."""
    nodes = list(expression.root.walk())
    rows = zip(*(map(float, column) for column in columns.values()), strict=True)
    with mpmath.workprec(_BITS):
        points = tuple(tuple(_outcomes(nodes, dict(zip(columns, row, strict=True)))) for row in rows)
    return Reference(columns, points, sum(bool(node.arguments) for node in nodes))


def exactly(root: Node, given: Mapping[str, Any]) -> Any:
    """Value of a graph in the precision that is set, at values of that precision; None where it has none."""
    nodes = list(root.walk())
    return _Run(nodes, given, {}).value[nodes[-1]]


def _outcomes(nodes: list[Node], given: Mapping[str, float]) -> list[Point]:
    """Outcomes for every way in which the undecided decisions may go; the exact one first."""
    run = _Run(nodes, given, {})
    choices = run.undecided()
    assert len(choices) <= _UNDECIDED, f"{len(choices)} decisions hang on the last digits"
    found = [run.point()]
    for picked in itertools.product(*choices.values()):
        forced = dict(zip(choices, picked, strict=True))
        if any(value != run.value[node] for node, value in forced.items()):
            found.append(_Run(nodes, given, forced).point())
    return found


class _Run:
    """One pass over the graph: every node's value, with some decisions forced."""

    def __init__(self, nodes: list[Node], given: Mapping[str, float], forced: Mapping[Node, Any]) -> None:
        self.nodes = nodes
        self.place = {node: index for index, node in enumerate(nodes)}
        self.value: dict[Node, Any] = {}
        self.exact: set[Node] = set()  # what no engine can get wrong: 3 * 2 is 6 in doubles too
        for node in nodes:
            self.value[node] = forced[node] if node in forced else self._computed(node, given)
            if self.exact.issuperset(node.arguments) and self._keeps(node):
                self.exact.add(node)

    def _computed(self, node: Node, given: Mapping[str, float]) -> Any:
        if node.operation == "name":
            return mpmath.mpf(given[str(node.leaf)])
        if node.operation == "number":
            return mpmath.mpf(float(node.leaf))
        parts = [self.value[argument] for argument in node.arguments]
        if node.operation == "where":
            return parts[1] if parts[0] else parts[2]
        if any(part is None for part in parts):
            return None  # of a branch that is not taken, or the answer has no bound
        if node.operation in _COMPARED:
            return _COMPARED[node.operation](*parts)
        if node.operation in _STEPPED:
            return _STEPPED[node.operation](parts[0])
        try:
            result = _COMPUTED[node.operation](*map(mpmath.mpf, parts))
        except (ZeroDivisionError, ValueError):
            return None
        return None if isinstance(result, mpmath.mpc) or not mpmath.isfinite(result) else result

    def _keeps(self, node: Node) -> bool:
        value = self.value[node]
        correct = node.operation in _EXACT or node.operation in _COMPARED
        return correct or (
            _ROUNDINGS.get(node.operation) == 1 and value is not None and value == float(value)
        )

    def point(self) -> Point:
        root = self.nodes[-1]
        if self.value[root] is None:
            return Point(mpmath.nan, math.inf, math.inf)
        slopes = self._slopes(root)
        condition = sum(
            abs(self.value[node] * slope) for node, slope in slopes.items() if node.operation == "name"
        )
        return Point(self.value[root], self._error(slopes), float(condition))

    def undecided(self) -> dict[Node, tuple[Any, ...]]:
        """Decisions that the error of what they rest on may turn, each with the answers it may give."""
        found: dict[Node, tuple[Any, ...]] = {}
        for node in self.nodes:
            parts = [self.value[argument] for argument in node.arguments]
            if any(part is None for part in parts):
                continue
            if node.operation in _STEPPED:
                step, error = _STEPPED[node.operation], self._error(self._slopes(node.arguments[0]))
                if math.isfinite(error) and step(parts[0] - error) != step(parts[0] + error):
                    found[node] = (step(parts[0] - error), step(parts[0] + error))
            elif node.operation in _COMPARED:
                left, right = (self._slopes(argument) for argument in node.arguments)
                both = {one: left.get(one, _ZERO) - right.get(one, _ZERO) for one in left | right}
                error = self._error(both)
                if 0.0 < error < math.inf and abs(parts[0] - parts[1]) <= error:
                    found[node] = (True, False)
        return found

    def _error(self, slopes: Mapping[Node, Any]) -> float:
        """Sum over the operations: roundings of the result, times what it does to the outcome."""
        total = _ZERO
        for node, slope in slopes.items():
            value = self.value[node]
            if node in self.exact or node.operation in _EXACT or node.operation in _COMPARED:
                continue
            if value is None or not slope:
                continue
            if abs(value) > _MOST:
                return math.inf
            rounded = _ROUNDINGS.get(node.operation, _FUNCTION) * UNIT * abs(value) + _LEAST
            total += rounded * abs(slope)
        return float(total)

    def _slopes(self, root: Node) -> dict[Node, Any]:
        """Derivative of a node in every node that it rests on, by going through the graph backwards."""
        slopes = {root: mpmath.mpf(1)}
        for node in reversed(self.nodes[: self.place[root] + 1]):
            slope = slopes.get(node, _ZERO)
            if not slope or not node.arguments or node.operation in _COMPARED or node.operation in _STEPPED:
                continue
            for argument, own in zip(node.arguments, self._partial(node), strict=True):
                if own:
                    slopes[argument] = slopes.get(argument, _ZERO) + slope * own
        return slopes

    def _partial(self, node: Node) -> tuple[Any, ...]:
        """Derivative of an operation in each of its arguments."""
        if node.operation == "where":
            taken = bool(self.value[node.arguments[0]])
            return 0, int(taken), int(not taken)
        z = self.value[node]
        if z is None:
            return (0,) * len(node.arguments)
        x, *rest = (self.value[argument] for argument in node.arguments)
        y = rest[0] if rest else _ZERO
        try:
            match node.operation:
                case "add" | "subtract":
                    return 1, 1 if node.operation == "add" else -1
                case "multiply":
                    return y, x
                case "divide":
                    return 1 / y, -z / y
                case "power":
                    return (y * z / x if x else int(y == 1)), (z * mpmath.log(abs(x)) if x else 0)
                case "negative" | "positive":
                    return (-1 if node.operation == "negative" else 1,)
                case "exp" | "expm1":
                    return (z + (node.operation == "expm1"),)
                case "log" | "log1p":
                    return (1 / (x + (node.operation == "log1p")),)
                case "log2":
                    return (1 / (x * mpmath.log(2)),)
                case "sqrt":
                    return (1 / (2 * z),)
                case "minimum" | "maximum":
                    if x == y:  # either may be taken, with the error of either
                        return 1, 1
                    first = (x < y) == (node.operation == "minimum")
                    return int(first), int(not first)
        except ZeroDivisionError:
            return (mpmath.inf,) * len(node.arguments)
        raise KeyError(node.operation)
