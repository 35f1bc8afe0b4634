"""Spare units counted exactly, which takes a binomial tail and an integral over the fault rate.

References
----------
.. [1] I. Koren, D. K. Pradhan, "Modeling the effect of redundancy on yield and performance of VLSI systems", IEEE
   Transactions on Computers C-36(3), 1987.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dojo_calc.doors import door
from dojo_calc.errors import DomainError
from dojo_calc.quantities import Count, Fraction, Ratio, check

__all__ = ["units_yield"]

# The integral over the rate is taken over its normal score: there the trapezoid rule has no ends to suffer from.
_SCORES = np.linspace(-8.5, 8.5, 341)


@door
def units_yield(faults: Any, clustering: Any, redundant_share: Any, units: Any, needed: Any) -> Any:
    """Share of dies on which enough units are free of faults, and all the rest is [1]_.

    The mean number of faults is distributed as a gamma over dies, as in the negative binomial model; on one die
    faults fall independently. Unlike `harvest_yield` it lets several faults share a unit.

    Parameters
    ----------
    faults : float or array_like
        Mean on the whole die [1]; all arguments broadcast.
    clustering : float or array_like
        Of the negative binomial, above zero [1].
    redundant_share : float or array_like
        Share of the faults that fall into the units [1].
    units, needed : float or array_like
        Units laid out, and how many must work; whole numbers [1].

    Returns
    -------
    float or ndarray
        [1]; broadcast shape.

    Raises
    ------
    DomainError
        If a value is outside its domain, or units or needed are no whole numbers.
    """
    from scipy.special import ndtr
    from scipy.stats import binom, gamma

    values = {"faults": (faults, Count), "clustering": (clustering, Ratio), "units": (units, Count)}
    values |= {"needed": (needed, Count), "redundant_share": (redundant_share, Fraction)}
    given = {name: np.asarray(check(value, alias, name)) for name, (value, alias) in values.items()}
    for name in ("units", "needed"):
        if np.any(odd := np.floor(given[name]) != given[name]):
            raise DomainError(f"{name} must be whole numbers, got {given[name][odd].flat[0]:g}")
    if np.any(given["clustering"] <= 0):
        raise DomainError("clustering must be above 0 [1], got 0")
    shape = np.broadcast_shapes(*(value.shape for value in given.values()))
    x, alpha, laid, must, share = (value[..., None] for value in given.values())
    weights = np.exp(-0.5 * _SCORES * _SCORES)
    weights /= weights.sum()
    # Each tail from its own side, where the probabilities are small numbers and not near one.
    low, high = _SCORES[_SCORES <= 0], _SCORES[_SCORES > 0]
    spread = np.concatenate([gamma.ppf(ndtr(low), alpha), gamma.isf(ndtr(-high), alpha)], axis=-1) / alpha
    rate = x * spread
    lost = -np.expm1(-rate * share / np.maximum(laid, 1.0))
    working = binom.cdf(laid - must, laid, lost) * np.exp(-rate * (1.0 - share))
    total = np.broadcast_to((working * weights).sum(axis=-1), shape)
    return total if shape else float(total)
