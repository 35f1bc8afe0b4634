"""Harvest: dies with more units, and wafers with more dies, than the product needs, so that a faulty one may be sold.

References
----------
.. [1] I. Koren, D. K. Pradhan, "Modeling the effect of redundancy on yield and performance of VLSI systems", IEEE
   Transactions on Computers C-36(3), 1987: the negative binomial model with spare units.
.. [2] W. Feller, "An Introduction to Probability Theory and Its Applications", vol. 1, chapter VI.8: waiting times in
   Bernoulli trials.
"""

from __future__ import annotations

from dojo_calc.economics.yields import negative_binomial_yield
from dojo_calc.operations import exp, log, minimum, where
from dojo_calc.quantities import Count, Fraction, Numeric, PositiveRatio

__all__ = ["harvest_yield", "spare_sites_yield"]

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


def spare_sites_yield(one: Fraction, needed: Count, spares: Count) -> Fraction:
    """Share of wafers left whole on which enough sites work, with some laid out to spare [2]_.

    Sites work independently of each other, and any working site can take the place of any other: clusters of faults,
    which spoil few wafers more, and wires that must reach a spare are left out. More than 12 spares count as 12.

    Parameters
    ----------
    one : Fraction
        Share of the sites that work [1].
    needed : Count
        Sites that must work [1].
    spares : Count
        Sites beyond those [1].

    Returns
    -------
    Fraction
        ``one^needed sum over i from 0 to spares of C(needed - 1 + i, i) (1 - one)^i``, the chance that no more sites
        than the spares fail before as many as needed work [1]; broadcast shape. Without spares ``one^needed``.
    """
    term: Numeric = 1.0
    total: Numeric = 1.0
    for i in range(_MOST_SPARES):
        term = term * (1.0 - one) * (needed + i) / (i + 1.0)
        total = total + where(spares >= i + 1.0, term, 0.0)
    # In logarithms, since the one factor may be far below and the other far above what a float holds.
    some = one > 0.0
    working = exp(needed * log(where(some, one, 1.0)) + log(total))
    none = where(needed > 0.0, 0.0, 1.0)
    return minimum(where(some, working, none), 1.0)  # rounding must not make more than certainty
