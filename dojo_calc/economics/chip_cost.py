"""What a chip costs to make: yield losses, replacement, memory, and the design spread over a volume.

Sums, products and unit prices are those of `cost`.

References
----------
.. [1] Y. Feng, K. Ma, "Chiplet Actuary: A Quantitative Cost Model and Multi-Chiplet Architecture Exploration",
   DAC 2022, arXiv:2203.12268, and the parameters published with it.
"""

from __future__ import annotations

from dojo_calc.quantities import Area, Bytes, Count, Fraction, Money, MoneyPerByte, PositiveFraction

__all__ = ["cost_per_good", "memory_cost", "replaced_cost", "scaled_design_cost"]


def cost_per_good(cost: Money, working: PositiveFraction) -> Money:
    """Cost of one that works, when those that fail are paid for and thrown away [1]_.

    Parameters
    ----------
    cost : Money
        Of one, working or not [USD].
    working : PositiveFraction
        Yield [1].

    Returns
    -------
    Money
        ``cost / working`` [USD]; broadcast shape.
    """
    return cost / working


def replaced_cost(unit: Money, placing: Money, count: Count, working: PositiveFraction) -> Money:
    """Cost of filling places each of which is tried anew until what it holds works.

    Parameters
    ----------
    unit : Money
        Of what is placed [USD].
    placing : Money
        Of placing it once, removal of the last one included [USD].
    count : Count
        Places [1].
    working : PositiveFraction
        Share of trials that end well [1].

    Returns
    -------
    Money
        ``count (unit + placing) / working`` [USD]; broadcast shape: trials are geometric, so their mean is
        ``1 / working``.
    """
    return count * (unit + placing) / working


def memory_cost(capacity: Bytes, price: MoneyPerByte) -> Money:
    """Price of memory.

    Parameters
    ----------
    capacity : Bytes
        [B].
    price : MoneyPerByte
        [USD/B].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return capacity * price


def scaled_design_cost(
    reference_cost: Money, die: Area, reference_die: Area, growing: Fraction, fixed: Fraction
) -> Money:
    """Once-only cost of a design, scaled from that of a reference die of the same process [1]_.

    Parameters
    ----------
    reference_cost : Money
        Of designing and taping out the reference die [USD].
    die : Area
        [m^2].
    reference_die : Area
        Above zero [m^2].
    growing : Fraction
        Share of the reference cost that grows with the area [1].
    fixed : Fraction
        Share of it that any die costs [1].

    Returns
    -------
    Money
        ``reference_cost (growing die / reference_die + fixed)`` [USD]; broadcast shape.
    """
    return reference_cost * (growing * die / reference_die + fixed)
