"""Spare units counted exactly, which takes a binomial tail and an integral over the fault rate.

References
----------
.. [1] I. Koren, D. K. Pradhan, "Modeling the effect of redundancy on yield and performance of VLSI systems", IEEE
   Transactions on Computers C-36(3), 1987.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dojo_calc.errors import DomainError
from dojo_calc.quantities import Count, Fraction, Ratio, check

__all__ = ["units_yield"]

NODES = 96  # of the quadrature; its error is then below 1e-9 for the dies and wafers of the book


def units_yield(faults: Any, clustering: Any, redundant_share: Any, units: Any, needed: Any) -> Any:
    """Share of dies on which enough units are free of faults, and all the rest is [1]_.

    The mean number of faults is distributed as a gamma over dies, as in the negative binomial model; on one die
    faults fall independently. Unlike `harvest_yield` it lets several faults share a unit.

    Parameters
    ----------
    faults : float or array_like
        Mean on the whole die [1]; all arguments broadcast.
    clustering : float or array_like
        Of the negative binomial, above zero and below 150 [1].
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
    from scipy.special import roots_genlaguerre
    from scipy.stats import binom

    x, alpha, share = check(faults, Count, "faults"), check(clustering, Ratio, "clustering"), redundant_share
    share = check(share, Fraction, "redundant_share")
    laid, must = check(units, Count, "units"), check(needed, Count, "needed")
    for name, value in (("units", laid), ("needed", must)):
        if np.any(np.floor(value) != value):
            raise DomainError(f"{name} must be whole numbers, got {np.ravel(value)[0]:g}")
    if not np.all((np.asarray(alpha) > 0) & (np.asarray(alpha) < 150)):
        raise DomainError(f"clustering must be above 0 and below 150, got {np.ravel(alpha)[0]:g}")
    shape = np.broadcast_shapes(*(np.shape(one) for one in (x, alpha, share, laid, must)))
    total = np.zeros(shape)
    for one in np.unique(alpha):
        points, weights = roots_genlaguerre(NODES, one - 1.0)
        weights = weights / weights.sum()
        for point, weight in zip(points, weights, strict=True):
            rate = np.asarray(x) * point / one
            lost = -np.expm1(-rate * share / np.maximum(laid, 1.0))
            enough = binom.cdf(np.subtract(laid, must), laid, lost) * np.exp(
                -rate * (1.0 - np.asarray(share))
            )
            total = total + np.where(np.asarray(alpha) == one, weight * enough, 0.0)
    return total if shape else float(total)
