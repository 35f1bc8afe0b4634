"""The closed list of operations that a formula may use beside ``+ - * / **`` and comparisons.

A formula that keeps to it runs unchanged on floats, on arrays of any broadcastable shapes, on pint
quantities and on tracers. Formula modules import from here and not from NumPy, which the linter holds
them to; the test of every formula refuses a ufunc that is not in `OPERATIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from dojo_calc.quantities import Numeric

__all__ = [
    "OPERATIONS", "ceil", "exp", "expm1", "floor", "log", "log1p", "log2", "maximum", "minimum", "power", "sqrt",
    "where",
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

_ALLOWED: tuple[Any, ...] = (
    np.minimum, np.maximum, np.power, np.ceil, np.floor, np.exp, np.expm1, np.log, np.log1p,
    np.log2, np.sqrt, np.where,
    np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive,
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal,
)  # fmt: skip
OPERATIONS: frozenset[Any] = frozenset(_ALLOWED)
