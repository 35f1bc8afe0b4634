"""Exact derivatives of a traced graph, as graphs of the same operations.

They can be evaluated on arrays, compiled, written out and differentiated again. The walk goes backwards from the
result, so that all derivatives cost a few times what the result does [1]_.

References
----------
.. [1] A. Griewank and A. Walther, "Evaluating Derivatives", 2nd edition, SIAM 2008, chapter 3: the reverse mode.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from dojo_calc.operations import log, power, where
from dojo_calc.readings.tracing import Node, Tracer, node_of

__all__ = ["gradient"]

# Operation to the factors of its arguments' derivatives, given its result and its arguments.
_RULES: Final[dict[str, Callable[..., tuple[Any, ...]]]] = {
    "add": lambda *_: (1.0, 1.0),
    "subtract": lambda *_: (1.0, -1.0),
    "multiply": lambda _, a, b: (b, a),
    "divide": lambda r, _, b: (1.0 / b, -r / b),
    "negative": lambda *_: (-1.0,),
    "positive": lambda *_: (1.0,),
    "power": lambda r, a, b: (b * power(a, b - 1.0), r * log(where(a > 0.0, a, 1.0))),
    "exp": lambda r, _: (r,),
    "expm1": lambda r, _: (r + 1.0,),
    "log": lambda _, a: (1.0 / a,),
    "log1p": lambda _, a: (1.0 / (1.0 + a),),
    "log2": lambda _, a: (1.0 / (a * math.log(2.0)),),
    "sqrt": lambda r, _: (0.5 / r,),
}
# Which argument is the result: its derivative is taken whole and the other's not, so that nothing undefined spreads.
_CHOICES: Final[Mapping[str, Callable[..., Any]]] = {
    "where": lambda c, *_: c,
    "minimum": lambda a, b: a <= b,
    "maximum": lambda a, b: a >= b,
}
_STEPS: Final = {"ceil", "floor"}
_UNBOUNDED: Final = {"divide", "power", "log", "log1p", "log2", "sqrt", "exp", "expm1", "multiply"}


def gradient(root: Node, names: Iterable[str], *, steps_count: bool = True) -> dict[str, Node]:
    """Derivatives of a graph's result by its parameters.

    Parameters
    ----------
    root : Node
    names : iterable of str
    steps_count : bool
        Whether ``ceil`` and ``floor`` count as the identity, which gives the trend over many steps. Their exact
        derivative is 0 wherever there is one, and says of a number of whole servers that nothing moves it.

    Returns
    -------
    dict of str to Node
        Of those names that the result depends on. At a kink, as of equal arguments of ``minimum``, it is the
        derivative on the side of the first argument.
    """
    wanted, order = set(names), list(root.walk())
    active: set[Node] = set()
    for node in order:
        flat = node.operation not in _RULES and node.operation not in _CHOICES
        passes = not flat or (steps_count and node.operation in _STEPS)
        if (
            node.leaf in wanted
            if node.operation == "name"
            else passes and not active.isdisjoint(node.arguments)
        ):
            active.add(node)
    slope: dict[Node, Any] = {root: 1.0} if root in active else {}
    branches: set[Node] = set()  # what may lie on a branch that is not taken
    for node in reversed(order):
        if node not in slope or not node.arguments:
            continue
        if node.operation in _CHOICES or node in branches:
            branches.update(node.arguments)
        for argument, term in zip(node.arguments, _terms(node, slope[node], node in branches), strict=True):
            if argument in active and term is not None:
                slope[argument] = slope[argument] + term if argument in slope else term
    return {
        str(node.leaf): node_of(slope[node]) for node in order if node.operation == "name" and node in slope
    }


def _terms(node: Node, slope: Any, branch: bool) -> tuple[Any, ...]:
    """What a node adds to the derivatives of its arguments; 0 where its branch is not taken, whatever it is there."""
    given = tuple(map(Tracer, node.arguments))
    if node.operation in _STEPS:
        return (slope,)
    if node.operation in _CHOICES:
        first = _CHOICES[node.operation](*given)
        own = (where(first, slope, 0.0), where(first, 0.0, slope))
        return (None, *own) if node.operation == "where" else own
    factors = _RULES[node.operation](Tracer(node), *given)
    terms = tuple(slope if isinstance(one, float) and one == 1.0 else one * slope for one in factors)
    if branch and node.operation in _UNBOUNDED:
        return tuple(where(slope == 0.0, 0.0, one) for one in terms)
    return terms
