"""Money: what units, budgets and energy come to. All money is of one price year a call.

References
----------
.. [1] Post by E. Musk of June 2024 on Tesla's AI spending, as printed by TechCrunch.
"""

from __future__ import annotations

from functools import reduce

from dojo_calc.operations import log, maximum, power, sqrt
from dojo_calc.quantities import (
    Count,
    Duration,
    Energy,
    EnergyPrice,
    FlopRate,
    Fraction,
    Money,
    MoneyPerFlop,
    MoneyPerFlopRate,
    MoneyPerPower,
    PositiveCount,
    PositiveDuration,
    PositiveFlop,
    PositiveMoney,
    Power,
    ProperFraction,
    Ratio,
)

__all__ = [
    "cluster_cost", "common_cost", "energy_cost", "external_purchases", "lot_price_ratio", "price_by_power",
    "price_of_rest", "price_per_rate", "price_per_unit", "price_per_work", "purchase_cost",
    "straight_line", "total_cost", "units_bought",
]  # fmt: skip


def purchase_cost(units: Count, price: Money) -> Money:
    """Price of a number of units.

    Parameters
    ----------
    units : Count
        [1].
    price : Money
        Of one [USD].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return units * price


def units_bought(budget: Money, price: PositiveMoney) -> Count:
    """Units that a budget buys, exact.

    Parameters
    ----------
    budget : Money
        [USD].
    price : PositiveMoney
        Of one unit [USD].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return budget / price


def price_of_rest(total: Money, part: Money) -> Money:
    """Price of what a whole holds beside one part, such as the network of a cluster beside its servers.

    Parameters
    ----------
    total : Money
        Price of the whole [USD].
    part : Money
        At most that [USD].

    Returns
    -------
    Money
        ``total - part``, zero for a part above its whole, which is none [USD]; broadcast shape.
    """
    return maximum(total - part, 0.0 * total)


def price_per_unit(total: Money, units: PositiveCount) -> Money:
    """Price of one unit that a total implies.

    Parameters
    ----------
    total : Money
        [USD].
    units : PositiveCount
        Above zero [1].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return total / units


def price_per_rate(price: Money, rate: FlopRate) -> MoneyPerFlopRate:
    """Price of arithmetic rate.

    Parameters
    ----------
    price : Money
        [USD].
    rate : FlopRate
        Peak that it buys [FLOP/s].

    Returns
    -------
    MoneyPerFlopRate
        [USD s / FLOP]; broadcast shape.
    """
    return price / rate


def external_purchases(budget: Money, internal_share: Fraction, vendor_share: Fraction) -> Money:
    """What a vendor is paid out of a budget that is partly spent inside, the sum in [1]_.

    Parameters
    ----------
    budget : Money
        [USD].
    internal_share : Fraction
        Share of the budget spent inside [1].
    vendor_share : Fraction
        Share of the rest that goes to the vendor [1].

    Returns
    -------
    Money
        ``budget * (1 - internal_share) * vendor_share`` [USD]; broadcast shape.
    """
    return budget * (1.0 - internal_share) * vendor_share


def energy_cost(energy: Energy, price: EnergyPrice) -> Money:
    """Price of energy.

    Parameters
    ----------
    energy : Energy
        [J].
    price : EnergyPrice
        [USD/J].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return energy * price


def straight_line(capital: Money, duration: Duration, life: PositiveDuration) -> Money:
    """Capital used up in a time when it loses its value evenly over its life.

    Parameters
    ----------
    capital : Money
        [USD].
    duration : Duration
        At most the life [s].
    life : PositiveDuration
        Above zero [s].

    Returns
    -------
    Money
        ``capital * duration / life`` [USD]; broadcast shape.
    """
    return capital * duration / life


def total_cost(first: Money, *others: Money) -> Money:
    """Sum of costs of one price year.

    Parameters
    ----------
    first, *others : Money
        [USD].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return reduce(lambda total, one: total + one, others, first)


def price_per_work(total: Money, work: PositiveFlop) -> MoneyPerFlop:
    """Price of delivered work.

    Parameters
    ----------
    total : Money
        [USD].
    work : PositiveFlop
        Above zero; an exaflop-hour is 3.6e21 FLOP [FLOP].

    Returns
    -------
    MoneyPerFlop
        [USD/FLOP]; broadcast shape.
    """
    return total / work


def price_by_power(power: Power, price: MoneyPerPower) -> Money:
    """Price of a chip by its power, where none is published.

    Parameters
    ----------
    power : Power
        Thermal design power [W].
    price : MoneyPerPower
        Of a watt of it [USD/W].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return power * price


def lot_price_ratio(units: PositiveCount, lot: PositiveCount, saving: ProperFraction) -> Ratio:
    """Price of one of a large order over its price in an order of a stated size.

    Parameters
    ----------
    units : PositiveCount
        Ordered [1].
    lot : PositiveCount
        Order at which the price holds [1].
    saving : ProperFraction
        Share by which the price falls for each tenfold order [1].

    Returns
    -------
    Ratio
        ``(1 - saving)**log10(units / lot)`` [1]; broadcast shape.
    """
    return power(1.0 - saving, log(units / lot) / log(10.0))


def common_cost(first: Money, chips: Count, reference: PositiveCount) -> Money:
    """Cost of what the chips of a cluster share: storage, common nodes, works in the hall.

    It grows with the square root of the chips, half-way between not at all and in proportion.

    Parameters
    ----------
    first : Money
        Of a cluster of the reference size [USD].
    chips : Count
        [1].
    reference : PositiveCount
        Above zero [1].

    Returns
    -------
    Money
        ``first * sqrt(chips / reference)`` [USD]; broadcast shape.
    """
    return first * sqrt(chips / reference)


def cluster_cost(chips: Count, price: Money, markup: Ratio, lot_ratio: Ratio, common: Money) -> Money:
    """Cost of a cluster from its chips and from what they share.

    Parameters
    ----------
    chips : Count
        [1].
    price : Money
        List price of one chip [USD].
    markup : Ratio
        Price of the system over that of its chips [1].
    lot_ratio : Ratio
        Price in an order of this size over the list price, see `lot_price_ratio` [1].
    common : Money
        See `common_cost` [USD].

    Returns
    -------
    Money
        ``chips * price * markup * lot_ratio + common`` [USD]; broadcast shape.
    """
    return purchase_cost(chips, price) * markup * lot_ratio + common
