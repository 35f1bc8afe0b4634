"""Wafers: how many dies one gives.

References
----------
.. [1] J. L. Hennessy, D. A. Patterson, "Computer Architecture: A Quantitative Approach", section 1.6, dies
   per wafer.
.. [2] D. K. de Vries, "Investigation of gross die per wafer formulas", IEEE Transactions on Semiconductor
   Manufacturing 18(1), 2005: a comparison of such formulas with placement.
"""

from __future__ import annotations

import math

from dojo_calc.operations import sqrt
from dojo_calc.quantities import Area, Count, Length

__all__ = ["gross_dies", "gross_dies_bound", "side_of_square"]


def gross_dies(die: Area, wafer: Length) -> Count:
    """Dies on a wafer by the circle formula with its edge term, perfect or not [1]_ [2]_.

    It counts no scribe lines and no edge exclusion, and gives a fraction; real placement of a 645 mm^2 die on
    300 mm gives 82 to 89 where this gives 83.

    Parameters
    ----------
    die : Area
        [m^2].
    wafer : Length
        Diameter [m].

    Returns
    -------
    Count
        ``pi d^2 / 4 A - pi d / sqrt(2 A)`` [1]; broadcast shape. Negative for a die larger than the wafer
        can hold.
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
