"""What hardware costs while it is owned: capital, network, energy, people, the hall, as money a time.

References
----------
.. [1] Barroso, Hoelzle, Ranganathan, "The Datacenter as a Computer", 3rd ed., 2018, chapter 6.
.. [2] Cottier, Rahman, Fattorini, Maslej, Owen, "The rising costs of training frontier AI models", 2024,
       arXiv:2405.21015: chip-hours with the network's share and energy.
.. [3] US Bureau of Labor Statistics, "Employer Costs for Employee Compensation": what employers pay beside wages.
"""

from __future__ import annotations

from functools import reduce

from dojo_calc.quantities import (
    Count,
    EnergyPrice,
    FlopRate,
    Fraction,
    Money,
    MoneyPerFlop,
    MoneyPerPower,
    MoneyRate,
    Periods,
    PositiveDuration,
    Power,
    ProperFraction,
    Ratio,
)

__all__ = [
    "capital_with_share", "carrying_rate", "cost_of_share", "delivered_price", "energy_rate", "fleet_cost",
    "hall_capital", "hall_fees", "repair_rate", "spread_over", "staff_rate", "total_rate",
]  # fmt: skip


def spread_over(total: Money, duration: PositiveDuration) -> MoneyRate:
    """Money a time that a sum comes to when spread evenly.

    Parameters
    ----------
    total : Money
        [USD].
    duration : PositiveDuration
        Above zero [s].

    Returns
    -------
    MoneyRate
        [USD/s]; broadcast shape.
    """
    return total / duration


def carrying_rate(capital: Money, share: Fraction, period: PositiveDuration) -> MoneyRate:
    """Cost of having capital tied up: interest, tax, insurance, upkeep, each a share of it in a period.

    Parameters
    ----------
    capital : Money
        [USD].
    share : Fraction
        Of the capital in one period [1].
    period : PositiveDuration
        Above zero [s].

    Returns
    -------
    MoneyRate
        ``capital * share / period`` [USD/s]; broadcast shape.
    """
    return capital * share / period


def capital_with_share(rest: Money, share: ProperFraction) -> Money:
    """Capital of a whole of which a part, such as the network, makes up a known share.

    Parameters
    ----------
    rest : Money
        Price of everything else [USD].
    share : ProperFraction
        Of the part in the whole [1].

    Returns
    -------
    Money
        ``rest / (1 - share)`` [USD]; broadcast shape.
    """
    return rest / (1.0 - share)


def cost_of_share(rest: MoneyRate, share: ProperFraction) -> MoneyRate:
    """Cost of a part, such as the network, that makes up a known share of the whole [2]_.

    Parameters
    ----------
    rest : MoneyRate
        Cost of everything else [USD/s].
    share : ProperFraction
        Of the part in the whole [1].

    Returns
    -------
    MoneyRate
        ``rest * share / (1 - share)`` [USD/s]; broadcast shape.
    """
    return rest * share / (1.0 - share)


def energy_rate(power: Power, price: EnergyPrice) -> MoneyRate:
    """Cost of a steady power.

    Parameters
    ----------
    power : Power
        At the meter [W].
    price : EnergyPrice
        [USD/J].

    Returns
    -------
    MoneyRate
        [USD/s]; broadcast shape.
    """
    return power * price


def hall_capital(power: Power, price: MoneyPerPower) -> Money:
    """Price of a hall by the power it carries [1]_.

    Parameters
    ----------
    power : Power
        Of the computers [W].
    price : MoneyPerPower
        Of a watt of it [USD/W].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return power * price


def hall_fees(power: Power, fee: MoneyPerPower, periods: Periods) -> Money:
    """Cost of running, or of renting, a hall by the power it carries [1]_.

    Parameters
    ----------
    power : Power
        Of the computers [W].
    fee : MoneyPerPower
        Of a watt in one period [USD/W].
    periods : Periods
        Such as months [1].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return power * fee * periods


def staff_rate(people: Count, wage: Money, burden: Ratio, period: PositiveDuration) -> MoneyRate:
    """Cost of people with what employers pay beside their wages [3]_.

    Parameters
    ----------
    people : Count
        [1].
    wage : Money
        Of one in one period, before tax [USD].
    burden : Ratio
        Insurance, leave, pensions and duties over the wage [1].
    period : PositiveDuration
        A year as a rule [s].

    Returns
    -------
    MoneyRate
        ``people * wage * (1 + burden) / period`` [USD/s]; broadcast shape.
    """
    return people * wage * (1.0 + burden) / period


def repair_rate(units: Count, between: PositiveDuration, repair: Money) -> MoneyRate:
    """Cost of repairs where each unit fails at its mean time between failures [1]_.

    The spare units that stand in meanwhile are counted by `performance.spares`.

    Parameters
    ----------
    units : Count
        At work [1].
    between : PositiveDuration
        Mean time between two failures of one unit [s].
    repair : Money
        Mean cost of one, parts under guarantee left out [USD].

    Returns
    -------
    MoneyRate
        ``units * repair / between`` [USD/s]; broadcast shape.
    """
    return units * repair / between


def total_rate(first: MoneyRate, *others: MoneyRate) -> MoneyRate:
    """Sum of costs a time, of one price year.

    Parameters
    ----------
    first, *others : MoneyRate
        [USD/s].

    Returns
    -------
    MoneyRate
        [USD/s]; broadcast shape.
    """
    return reduce(lambda total, one: total + one, others, first)


def fleet_cost(units: Count, cost: MoneyRate) -> MoneyRate:
    """Cost of a number of identical units over time.

    Parameters
    ----------
    units : Count
        [1].
    cost : MoneyRate
        Of one [USD/s].

    Returns
    -------
    MoneyRate
        [USD/s]; broadcast shape.
    """
    return units * cost


def delivered_price(cost: MoneyRate, rate: FlopRate) -> MoneyPerFlop:
    """Price of the work that reaches the model.

    Parameters
    ----------
    cost : MoneyRate
        Of the machine, running or not [USD/s].
    rate : FlopRate
        At which work is delivered: the peak times model FLOP utilisation and goodput [FLOP/s].

    Returns
    -------
    MoneyPerFlop
        ``cost / rate`` [USD/FLOP]; an exaflop-hour is 3.6e21 FLOP; broadcast shape.
    """
    return cost / rate
