"""By how much the values of a chain are too much: the formulas of its conditions.

Each gives an excess in the unit of what it compares, so that a message can say by how much; a condition holds where
the excess is not above zero.
"""

from __future__ import annotations

from dojo_calc.quantities import (
    Bytes,
    CashFlow,
    Duration,
    Money,
    Power,
    Ranks,
    Ratio,
    SignedBytes,
    SignedCount,
    SignedDuration,
    SignedPower,
)

__all__ = ["above_one", "beyond_capacity", "beyond_life", "beyond_whole_power", "beyond_whole_price"]


def above_one(share: Ratio) -> SignedCount:
    """Excess of a share over all there is.

    Parameters
    ----------
    share : Ratio
        Such as a utilisation [1].

    Returns
    -------
    SignedCount
        ``share - 1`` [1]; broadcast shape.
    """
    return share - 1.0


def beyond_capacity(needed: Bytes, capacity: Bytes, slack: Ranks) -> SignedBytes:
    """What does not fit into a memory even where the least is needed that a prediction's error allows.

    Parameters
    ----------
    needed, capacity : Bytes
        As predicted, and what there is [B].
    slack : Ranks
        Factor from the prediction to either end of its interval [1].

    Returns
    -------
    SignedBytes
        ``needed / slack - capacity`` [B]; broadcast shape.
    """
    return needed / slack - capacity


def beyond_life(duration: Duration, life: Duration) -> SignedDuration:
    """Time for which something is used longer than it lives.

    Parameters
    ----------
    duration, life : Duration
        [s].

    Returns
    -------
    SignedDuration
        ``duration - life`` [s]; broadcast shape.
    """
    return duration - life


def beyond_whole_power(part: Power, total: Power) -> SignedPower:
    """Power by which a part is rated above the whole that holds it.

    Parameters
    ----------
    part, total : Power
        [W].

    Returns
    -------
    SignedPower
        ``part - total`` [W]; broadcast shape.
    """
    return part - total


def beyond_whole_price(part: Money, total: Money) -> CashFlow:
    """Money by which a part is dearer than the whole that holds it.

    Parameters
    ----------
    part, total : Money
        Of one price year [USD].

    Returns
    -------
    CashFlow
        ``part - total`` [USD]; broadcast shape.
    """
    return part - total
