"""Wafers by formula: how many dies one gives. `placement` counts them one by one.

References
----------
.. [1] J. L. Hennessy, D. A. Patterson, "Computer Architecture: A Quantitative Approach", section 1.6, dies
   per wafer.
.. [2] D. K. de Vries, "Investigation of gross die per wafer formulas", IEEE Transactions on Semiconductor
   Manufacturing 18(1), 2005: a comparison of such formulas with placement.
.. [3] Y. Feng, K. Ma, "Chiplet Actuary: A Quantitative Cost Model and Multi-Chiplet Architecture Exploration",
   DAC 2022, arXiv:2203.12268, and the parameters published with it.
"""

from __future__ import annotations

import math

from dojo_calc.operations import sqrt
from dojo_calc.quantities import Area, Count, Length, Margin

__all__ = ["die_with_scribe", "gross_dies", "gross_dies_bound", "side_of_square", "usable_diameter"]


def gross_dies(die: Area, wafer: Length) -> Count:
    """Dies on a wafer by the circle formula with its edge term, perfect or not [1]_ [2]_.

    It counts no scribe lines and no edge exclusion, and gives a fraction; real placement of a 645 mm^2 die on
    300 mm gives 82 to 89 where this gives 83. Of `die_with_scribe` and `usable_diameter` it is the rule of [3]_.

    Parameters
    ----------
    die : Area
        [m^2].
    wafer : Length
        Diameter [m].

    Returns
    -------
    Count
        ``pi d^2 / 4 A - pi d / sqrt(2 A)`` [1]; broadcast shape. An estimate for dies of up to about d^2 / 100,
        900 mm^2 on 300 mm, which every exposure field keeps to; above d^2 / 8 it is negative, where four squares
        still fit. `placement.dies_on_wafer` counts any die.
    """
    return math.pi * wafer**2 / (4.0 * die) - math.pi * wafer / sqrt(2.0 * die)


def gross_dies_bound(die: Area, wafer: Length) -> Count:
    """Dies that the area of a wafer would hold if nothing were lost at its edge.

    Parameters
    ----------
    die : Area
        [m^2].
    wafer : Length
        Diameter [m].

    Returns
    -------
    Count
        ``pi d^2 / 4 A`` [1]; broadcast shape. No placement gives more.
    """
    return math.pi * wafer**2 / (4.0 * die)


def side_of_square(die: Area) -> Length:
    """Side of a square die of an area.

    Parameters
    ----------
    die : Area
        [m^2].

    Returns
    -------
    Length
        [m]; broadcast shape.
    """
    return sqrt(die)


def die_with_scribe(die: Area, scribe: Margin) -> Area:
    """Area that a square die takes up with a scribe line around it, as [3]_ counts it.

    Parameters
    ----------
    die : Area
        [m^2].
    scribe : Margin
        Width of the line between two dies [m].

    Returns
    -------
    Area
        ``(sqrt(die) + scribe)^2`` [m^2]; broadcast shape.
    """
    side = sqrt(die) + scribe
    return side * side


def usable_diameter(wafer: Length, edge: Margin) -> Length:
    """Diameter inside the ring at a wafer's edge on which no die may lie.

    Parameters
    ----------
    wafer : Length
        Diameter [m].
    edge : Margin
        Width of the ring [m].

    Returns
    -------
    Length
        ``wafer - 2 edge`` [m]; broadcast shape. Not positive for a ring as wide as the wafer.
    """
    return wafer - 2.0 * edge
