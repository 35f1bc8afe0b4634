"""Who owns most: stocks that grow by a factor a period, the growth that overtakes, and limits to growth.

Time is counted in periods, years as a rule, because growth factors are stated a year.

References
----------
.. [1] P.-F. Verhulst, "Notice sur la loi que la population suit dans son accroissement", Correspondance
   mathématique et physique 10, 1838: growth towards a ceiling, the logistic curve.
"""

from __future__ import annotations

import math

from dojo_calc.operations import exp, expm1, log, maximum, minimum, where
from dojo_calc.quantities import (
    Count,
    Fraction,
    Growth,
    Horizon,
    Money,
    PositiveCount,
    PositiveRatio,
    Power,
    Ratio,
    Rise,
    Term,
)

__all__ = [
    "growth_needed", "grown", "lead_needed", "logistic", "overtaking_growth", "owner_share", "periods_to_draw_level",
    "power_each", "price_each", "rest_of",
]  # fmt: skip


def grown(stock: Count, growth: Growth, periods: Horizon) -> Count:
    """Stock after steady growth.

    Parameters
    ----------
    stock : Count
        At the start [1].
    growth : Growth
        Factor a period [1].
    periods : Horizon
        [1].

    Returns
    -------
    Count
        ``stock * growth^periods`` [1]; broadcast shape.
    """
    return stock * growth**periods


def growth_needed(goal: Count, stock: PositiveCount, periods: Term) -> Ratio:
    """Growth factor that takes a stock to a goal: `grown` turned round.

    Parameters
    ----------
    goal : Count
        [1].
    stock : PositiveCount
        At the start [1].
    periods : Term
        [1].

    Returns
    -------
    Ratio
        ``(goal / stock)^(1 / periods)`` a period [1]; broadcast shape.
    """
    return (goal / stock) ** (1.0 / periods)


def lead_needed(own: PositiveCount, others: Count, periods: Term) -> Ratio:
    """Factor by which an owner's growth must exceed that of the others to draw level with them.

    With it `k`, own growth `G` and the others' growth `g`, the owner holds more than all others together
    after so many periods if and only if ``G > k g``.

    Parameters
    ----------
    own : PositiveCount
        Stock at the start [1].
    others : Count
        As much of all others together [1].
    periods : Term
        [1].

    Returns
    -------
    Ratio
        ``k = (others / own)^(1 / periods)`` [1]; broadcast shape. Below 1 for an owner who leads.
    """
    return (others / own) ** (1.0 / periods)


def overtaking_growth(own: PositiveCount, others: Count, others_growth: Growth, periods: Term) -> Ratio:
    """Growth factor above which an owner overtakes all others together: `lead_needed` times theirs.

    Parameters
    ----------
    own : PositiveCount
        Stock at the start [1].
    others : Count
        As much of all others together [1].
    others_growth : Growth
        Factor a period [1].
    periods : Term
        [1].

    Returns
    -------
    Ratio
        ``others_growth * (others / own)^(1 / periods)`` a period [1]; broadcast shape.
    """
    return others_growth * lead_needed(own, others, periods)


def periods_to_draw_level(
    own: PositiveCount, others: PositiveCount, growth: Growth, others_growth: Growth, horizon: Horizon
) -> Horizon:
    """Periods until an owner draws level with the others, both growing steadily.

    Parameters
    ----------
    own, others : PositiveCount
        Stocks at the start [1].
    growth, others_growth : Growth
        Factors a period [1].
    horizon : Horizon
        How far to look [1].

    Returns
    -------
    Horizon
        ``log(others / own) / log(growth / others_growth)`` [1]; broadcast shape. 0 for an owner who leads
        already; `horizon` where it is later, or never because he grows no faster.
    """
    gap = maximum(log(others / own), 0.0)
    faster = growth > others_growth
    ratio = where(faster, growth / others_growth, math.e)  # no division by zero where the answer is not used
    return where(gap > 0.0, where(faster, minimum(gap / log(ratio), horizon), horizon), 0.0 * horizon)


def rest_of(total: Count, own: Count) -> Count:
    """Stock of all other owners.

    Parameters
    ----------
    total : Count
        Of all [1].
    own : Count
        At most the total [1].

    Returns
    -------
    Count
        ``total - own`` [1]; broadcast shape. Negative where `own` exceeds the total.
    """
    return total - own


def owner_share(own: Count, others: Count) -> Fraction:
    """Share of an owner in the stock of all; above one half he holds more than all others together.

    Parameters
    ----------
    own, others : Count
        Not both zero [1].

    Returns
    -------
    Fraction
        ``own / (own + others)`` [1]; broadcast shape.
    """
    return own / (own + others)


def logistic(stock: PositiveCount, growth: Rise, ceiling: PositiveCount, periods: Horizon) -> PositiveCount:
    """Stock that grows towards a ceiling, such as what a grid can feed [1]_.

    Parameters
    ----------
    stock : PositiveCount
        At the start [1].
    growth : Rise
        Factor a period while the ceiling is far; below 1 there would be no growth towards it [1].
    ceiling : PositiveCount
        [1].
    periods : Horizon
        [1].

    Returns
    -------
    PositiveCount
        ``ceiling / (1 + (ceiling / stock - 1) growth^-periods)`` [1]; broadcast shape. A stock above the
        ceiling falls towards it.
    """
    far = -periods * log(growth)
    return ceiling / (ceiling / stock * exp(far) - expm1(far))


def power_each(site: Power, equivalents: PositiveRatio, improvement: Growth, periods: Horizon) -> Power:
    """Site power behind one unit of account, from that of a chip which is worth several, as chips improve.

    Parameters
    ----------
    site : Power
        Site power of one chip of today [W].
    equivalents : PositiveRatio
        Units of account that the chip is worth: 2.5 H100 for a GB200 at 8 bits [1].
    improvement : Growth
        Factor a period by which the rate a watt grows; 1 for none [1].
    periods : Horizon
        From today [1].

    Returns
    -------
    Power
        ``site / equivalents / improvement^periods`` [W]; broadcast shape.
    """
    return site / equivalents / improvement**periods


def price_each(price: Money, equivalents: PositiveRatio, improvement: Growth, periods: Horizon) -> Money:
    """Price of one unit of account, from that of a chip which is worth several, as chips improve.

    Parameters
    ----------
    price : Money
        Of one chip of today, all in [USD].
    equivalents : PositiveRatio
        Units of account that the chip is worth [1].
    improvement : Growth
        Factor a period by which the rate a dollar grows; 1 for none [1].
    periods : Horizon
        From today [1].

    Returns
    -------
    Money
        ``price / equivalents / improvement^periods`` [USD]; broadcast shape.
    """
    return price / equivalents / improvement**periods
