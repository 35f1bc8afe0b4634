"""The closed list of operations that a formula may use beside ``+ - * / **`` and comparisons.

A formula that keeps to it runs unchanged on floats, on arrays of any broadcastable shapes, on pint
quantities and on tracers. Formula modules import from here and not from NumPy, which the linter holds
them to; the test of every formula refuses a ufunc that is not in `OPERATIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from dojo_calc.quantities import ALLOWANCE, Count, Numeric

__all__ = [
    "ALLOWANCE", "OPERATIONS", "ceil", "exp", "expm1", "floor", "log", "log1p", "log2", "maximum", "minimum", "power",
    "round_down", "round_up", "sqrt", "where",
]  # fmt: skip

Unary = Callable[[Numeric], Numeric]
Binary = Callable[[Numeric, Numeric], Numeric]

# The casts give NumPy's functions the one type a formula speaks: in, a Numeric; out, a Numeric.
minimum = cast("Binary", np.minimum)
maximum = cast("Binary", np.maximum)
power = cast("Binary", np.power)
ceil = cast("Unary", np.ceil)
floor = cast("Unary", np.floor)
exp = cast("Unary", np.exp)
expm1 = cast("Unary", np.expm1)  # exp(x) - 1 and log(1 + x), which as written lose the digits of a small x
log = cast("Unary", np.log)
log1p = cast("Unary", np.log1p)
log2 = cast("Unary", np.log2)
sqrt = cast("Unary", np.sqrt)
where = cast("Callable[[Any, Numeric, Numeric], Numeric]", np.where)


def round_up(units: Count) -> Count:
    """Least whole number of things that holds a computed number of them.

    Parameters
    ----------
    units : Count
        [1].

    Returns
    -------
    Count
        ``ceil(units * (1 - 2**-46))`` [1]: what exceeds a whole number by less than the arithmetic itself may err,
        relative, counts as that number; broadcast shape.
    """
    return ceil(units * (1.0 - ALLOWANCE))


def round_down(units: Count) -> Count:
    """Greatest whole number of things that a computed number of them holds.

    Parameters
    ----------
    units : Count
        [1].

    Returns
    -------
    Count
        ``floor(units * (1 + 2**-46))`` [1], with the allowance of `round_up`; broadcast shape.
    """
    return floor(units * (1.0 + ALLOWANCE))


_ALLOWED: tuple[Any, ...] = (
    np.minimum, np.maximum, np.power, np.ceil, np.floor, np.exp, np.expm1, np.log, np.log1p,
    np.log2, np.sqrt, np.where,
    np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive,
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal,
)  # fmt: skip
OPERATIONS: frozenset[Any] = frozenset(_ALLOWED)
