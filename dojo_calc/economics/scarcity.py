"""When there is not enough to buy: queues, the share of the time that is short, and what not having costs.

References
----------
.. [1] J. D. C. Little, "A Proof for the Queuing Formula: L = lambda W", Operations Research 9(3), 1961.
.. [2] D. R. Cox, "Renewal Theory", Methuen, 1962: share of the time that a system of two states is in one.
"""

from __future__ import annotations

from dojo_calc.quantities import (
    Count,
    DecayRate,
    Duration,
    Fraction,
    Money,
    MoneyRate,
    PositiveDuration,
    PositiveMoney,
)

__all__ = ["backlog", "backlog_wait", "short_share", "use_not_had"]


def backlog(shipped: Count, period: PositiveDuration, wait: Duration) -> Count:
    """Units on order when each waits a time and so many are shipped: Little's law [1]_.

    Parameters
    ----------
    shipped : Count
        In a `period` [1].
    period : PositiveDuration
        [s].
    wait : Duration
        From order to delivery [s].

    Returns
    -------
    Count
        [1]; broadcast shape. True of averages over a long time; while orders pile up it lags behind.
    """
    return shipped * (wait / period)


def backlog_wait(booked: Money, sold: PositiveMoney, period: PositiveDuration) -> Duration:
    """Time to work off an order book at the pace of sales.

    Parameters
    ----------
    booked : Money
        Orders not yet delivered [USD].
    sold : PositiveMoney
        Delivered in a `period` [USD].
    period : PositiveDuration
        [s].

    Returns
    -------
    Duration
        [s]; broadcast shape. Shorter where the pace grows.
    """
    return booked / sold * period


def short_share(shortages: DecayRate, shortage: Duration) -> Fraction:
    """Share of the time that is short, on the average [2]_.

    Parameters
    ----------
    shortages : DecayRate
        How often a shortage begins while there is none [1/s].
    shortage : Duration
        How long one lasts on the average [s].

    Returns
    -------
    Fraction
        ``s / (1 + s)`` with ``s = shortages * shortage`` [1]; broadcast shape.
    """
    short = shortages * shortage
    return short / (1.0 + short)


def use_not_had(
    units: Count, rent: MoneyRate, unserved: Fraction, short: Fraction, duration: Duration
) -> Money:
    """Value of the use that is not had because nobody sells, on the average over a time.

    Parameters
    ----------
    units : Count
        Wanted [1].
    rent : MoneyRate
        What the use of one is worth [USD/s].
    unserved : Fraction
        Share of them that cannot be had in a shortage [1].
    short : Fraction
        Share of the time that is short, see `short_share` [1].
    duration : Duration
        [s].

    Returns
    -------
    Money
        [USD]; broadcast shape. Use is priced at an ordinary rent; who rents in a shortage pays more.
    """
    return units * rent * unserved * short * duration
