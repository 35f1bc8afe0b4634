"""How many units a target takes, and what other units they are worth.

Exact counts come from a division; whole units from `whole`, since half a die cannot be bought. Both are
shown wherever a count is printed.

References
----------
.. [1] Epoch AI, "Machine Learning Hardware", epoch.ai/data/machine-learning-hardware (H100-equivalents on
   an 8-bit basis).
"""

from __future__ import annotations

from functools import reduce

from dojo_calc.operations import round_up
from dojo_calc.quantities import (
    Count,
    Duration,
    Flop,
    FlopRate,
    Fraction,
    PositiveCount,
    PositiveFraction,
    Ratio,
)

__all__ = [
    "delivered_work", "effective_rate", "fleet_rate", "groups", "h100_equivalents", "pooled_rate", "share",
    "units_needed", "whole",
]  # fmt: skip


def units_needed(target: FlopRate, unit: FlopRate) -> Count:
    """Units that together reach a target rate, exact.

    Parameters
    ----------
    target : FlopRate
        [FLOP/s].
    unit : FlopRate
        Rate of one unit at the same precision [FLOP/s].

    Returns
    -------
    Count
        ``target / unit`` [1]; broadcast shape. `whole` rounds it up.
    """
    return target / unit


def groups(units: Count, group: PositiveCount) -> Count:
    """Groups that a number of units makes, exact.

    Parameters
    ----------
    units : Count
        [1].
    group : PositiveCount
        Units a group, such as 8 chips in a server [1].

    Returns
    -------
    Count
        ``units / group`` [1]; broadcast shape. `whole` rounds it up.
    """
    return units / group


def whole(units: Count, group: PositiveCount = 1.0) -> Count:
    """Whole groups that hold a number of units: what has to be bought.

    Parameters
    ----------
    units : Count
        Exact number [1].
    group : PositiveCount
        Units a group: 1 for the units themselves, 25 for dies in tiles [1].

    Returns
    -------
    Count
        ``units / group``, rounded up [1]; broadcast shape. What exceeds a whole number by no more than rounding
        errors do (2**-46 of it, see `round_up`) is that number, so that the worth of 3,000 chips is 3,000 chips.
    """
    return round_up(groups(units, group))


def pooled_rate(units: PositiveCount, unit: FlopRate) -> FlopRate:
    """Peak rate of a number of identical units.

    Parameters
    ----------
    units : PositiveCount
        [1].
    unit : FlopRate
        [FLOP/s].

    Returns
    -------
    FlopRate
        [FLOP/s]; broadcast shape.
    """
    return units * unit


def fleet_rate(first: FlopRate, *others: FlopRate) -> FlopRate:
    """Peak rate of a fleet of several kinds of unit: the sum of the pooled rates.

    Parameters
    ----------
    first, *others : FlopRate
        `pooled_rate` of each kind, all at one precision [FLOP/s].

    Returns
    -------
    FlopRate
        [FLOP/s]; broadcast shape.
    """
    return reduce(lambda total, one: total + one, others, first)


def h100_equivalents(rate: FlopRate, h100: FlopRate) -> Count:
    """Number of H100 whose peaks add up to a rate.

    The basis is an argument on purpose. Epoch [1]_ divides 8-bit peaks, the press mostly BF16 ones; for a
    chip such as D1, which is no faster at 8 bits, the two differ twofold.

    Parameters
    ----------
    rate : FlopRate
        Peak of the machine at the basis [FLOP/s].
    h100 : FlopRate
        Peak of one H100 at the same basis [FLOP/s].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return rate / h100


def share(part: FlopRate, total: FlopRate) -> Ratio:
    """Share of one rate in another.

    Parameters
    ----------
    part, total : FlopRate
        [FLOP/s].

    Returns
    -------
    Ratio
        [1]; broadcast shape. Above 1 where the part exceeds the total.
    """
    return part / total


def effective_rate(rate: FlopRate, mfu: PositiveFraction) -> FlopRate:
    """Rate at which a machine does the work of a model.

    Parameters
    ----------
    rate : FlopRate
        Peak [FLOP/s].
    mfu : PositiveFraction
        Model FLOP utilisation [1].

    Returns
    -------
    FlopRate
        [FLOP/s]; broadcast shape.
    """
    return rate * mfu


def delivered_work(rate: FlopRate, mfu: Fraction, duration: Duration) -> Flop:
    """Work a machine does for a model in a time.

    Parameters
    ----------
    rate : FlopRate
        Peak [FLOP/s].
    mfu : Fraction
        Model FLOP utilisation [1].
    duration : Duration
        [s].

    Returns
    -------
    Flop
        [FLOP]; broadcast shape.
    """
    return effective_rate(rate, mfu) * duration
