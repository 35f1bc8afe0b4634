"""Harvest: dies with more units than the product needs, so that a die with a fault may still be sold.

References
----------
.. [1] I. Koren, D. K. Pradhan, "Modeling the effect of redundancy on yield and performance of VLSI systems", IEEE
   Transactions on Computers C-36(3), 1987: the negative binomial model with spare units.
"""

from __future__ import annotations

from dojo_calc.economics.yields import negative_binomial_yield
from dojo_calc.operations import where
from dojo_calc.quantities import Count, Fraction, PositiveRatio

__all__ = ["harvest_yield"]

_MOST_SPARES = 12  # terms of the sum; more spares count as so many


def harvest_yield(
    faults: Count, clustering: PositiveRatio, redundant_share: Fraction, spares: Count
) -> Fraction:
    """Share of dies on which enough units work, when every fault costs a unit of its own [1]_.

    The number of faults is negative binomial; each falls into the part made of like units with the odds of its
    area, and any fault elsewhere kills the die. Two faults in one unit count as two units lost, so the figure is
    a lower bound, close where faults are few against units; `units_yield` counts them exactly. More than 12
    spares count as 12, which matters where many faults are likely.

    Parameters
    ----------
    faults : Count
        Mean on the whole die [1].
    clustering : PositiveRatio
        Of the negative binomial [1].
    redundant_share : Fraction
        Share of the faults that fall into the units [1].
    spares : Count
        Units laid out beyond those that must work [1].

    Returns
    -------
    Fraction
        ``sum over i from 0 to spares of P(i faults) redundant_share^i`` [1]; broadcast shape. Without spares the
        negative binomial yield.
    """
    odds = redundant_share * faults / (clustering + faults)
    term = negative_binomial_yield(faults, clustering)
    total = term
    for i in range(_MOST_SPARES):
        term = term * odds * (clustering + i) / (i + 1.0)
        total = total + where(spares >= i + 1.0, term, 0.0)
    return total
