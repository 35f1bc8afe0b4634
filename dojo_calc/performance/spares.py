"""Spares: how many keep a machine whole while what failed is away. A procedure, since it sums a distribution.

While failures come at a constant rate, the number of units under repair is Poisson distributed, whatever the
distribution of the repair time is [1]_.

References
----------
.. [1] C. Palm, "Analysis of the Erlang traffic formulae for busy-signal arrangements", Ericsson Technics 5,
   1938.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dojo_calc.doors import door
from dojo_calc.errors import DomainError
from dojo_calc.quantities import Count, Fraction, check

__all__ = ["spares_needed", "spares_suffice"]


@door
def spares_suffice(spares: ArrayLike, under_repair: ArrayLike) -> NDArray[np.float64]:
    """Probability that no more units are under repair than there are spares.

    Parameters
    ----------
    spares : array_like
        Whole numbers [1].
    under_repair : array_like
        Mean number of units under repair, such as `expected_failures` over the time of a repair [1].

    Returns
    -------
    ndarray
        [1]; broadcast shape.

    Raises
    ------
    DomainError
        If an argument is negative or not finite.
    """
    from scipy.special import pdtr

    kept: Any = check(spares, Count, "spares")
    mean: Any = check(under_repair, Count, "under_repair")
    return np.asarray(pdtr(np.floor(kept), mean))


@door
def spares_needed(under_repair: ArrayLike, confidence: ArrayLike) -> NDArray[np.float64]:
    """Fewest spares that suffice with a probability.

    Parameters
    ----------
    under_repair : array_like
        Mean number of units under repair [1].
    confidence : array_like
        Below 1 [1].

    Returns
    -------
    ndarray
        Whole numbers [1]; broadcast shape.

    Raises
    ------
    DomainError
        If an argument is outside its domain, the confidence is 1, which no number of spares gives, or so many
        units are under repair that no float tells their spares apart.
    """
    from scipy.stats import poisson

    mean: Any = check(under_repair, Count, "under_repair")
    sure: Any = check(confidence, Fraction, "confidence")
    if np.any(np.equal(sure, 1.0)):
        raise DomainError("confidence must be below 1 [1], got 1")
    # At zero confidence SciPy answers -1, one below the support.
    found = np.maximum(np.asarray(poisson.ppf(sure, mean), dtype=np.float64), 0.0)
    if not np.isfinite(found).all():
        raise DomainError("under_repair is too large for a whole number of spares to be told [1]")
    return found
