"""Money that flows for years: what a stream is worth today, how many of them a value takes, how long cash lasts.

References
----------
.. [1] Brealey, Myers, Allen, "Principles of Corporate Finance": annuities that grow, present value, expected value.
"""

from __future__ import annotations

from dojo_calc.operations import exp, expm1, log, log1p, where
from dojo_calc.quantities import (
    CashFlow,
    Count,
    Duration,
    Fraction,
    Growth,
    Horizon,
    InterestRate,
    Length,
    Money,
    MoneyPerLength,
    MoneyRate,
    PositiveDuration,
    PositiveFraction,
    Rise,
    SignedCount,
    Term,
)

__all__ = [
    "balance", "count_for_value", "growing_outlay", "labour_cost", "let_income", "payers", "ride_margin",
    "steady_outlay", "stream_value", "subscription_margin",
]  # fmt: skip


def payers(cars: Count, take_rate: Fraction) -> Count:
    """Cars whose owners pay for a product.

    Parameters
    ----------
    cars : Count
        That could have it [1].
    take_rate : Fraction
        Share of them that pays [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return cars * take_rate


def subscription_margin(price: Money, payments: Count, profit_share: Fraction) -> Money:
    """What a subscriber leaves in a year.

    Parameters
    ----------
    price : Money
        Of one payment [USD].
    payments : Count
        A year, 12 for months [1].
    profit_share : Fraction
        Share of the revenue that is left after what serving it costs [1].

    Returns
    -------
    Money
        [USD]; broadcast shape. Taxes, and the cost of winning subscribers, are left out.
    """
    return price * payments * profit_share


def ride_margin(
    distance: Length, paid_share: Fraction, fare: MoneyPerLength, running_cost: MoneyPerLength
) -> CashFlow:
    """What a car of a ride service leaves in a year.

    Parameters
    ----------
    distance : Length
        Driven in a year [m].
    paid_share : Fraction
        Share of it with a rider who pays [1].
    fare : MoneyPerLength
        Of the paid distance [USD/m].
    running_cost : MoneyPerLength
        Of all of it: the car's wear and energy, cleaning, insurance, help from afar [USD/m].

    Returns
    -------
    CashFlow
        ``distance * (paid_share * fare - running_cost)``, below zero where a car costs more than it earns
        [USD]; broadcast shape.
    """
    return distance * (paid_share * fare - running_cost)


def stream_value(
    payment: CashFlow, rate: InterestRate, growth: Growth, periods: Term, delay: Horizon
) -> CashFlow:
    """Worth today of payments that begin after a delay, grow by a factor and end [1]_.

    Parameters
    ----------
    payment : CashFlow
        The first, due one period after the delay [USD].
    rate : InterestRate
        Of one period [1].
    growth : Growth
        Each payment over the one before; 1 for none [1].
    periods : Term
        Number of payments [1].
    delay : Horizon
        Periods until the stream begins [1].

    Returns
    -------
    CashFlow
        ``payment (1 + rate)^-(delay + 1) (1 - q^periods) / (1 - q)`` with ``q = growth / (1 + rate)`` [USD];
        broadcast shape. For many periods and a growth below ``1 + rate`` it comes to ``payment / (1 + rate -
        growth)`` at the start of the stream, the perpetuity.
    """
    step = log(growth) - log1p(rate)
    level = step * step > 0.0
    divided = where(level, step, 1.0)  # any step will do where all payments are worth the same today
    count = where(level, expm1(periods * divided) / expm1(divided), periods)
    return payment * count * exp(-(delay + 1.0) * log1p(rate))


def count_for_value(value: Money, chance: PositiveFraction, each: CashFlow) -> SignedCount:
    """How many equal streams a value takes when they come only with a chance.

    Parameters
    ----------
    value : Money
        To be explained [USD].
    chance : PositiveFraction
        That the streams come at all [1].
    each : CashFlow
        Worth today of one if it comes, not 0 [USD].

    Returns
    -------
    SignedCount
        ``value / (chance * each)`` [1]; broadcast shape. Negative where each of them loses: then no number of
        them makes the value.
    """
    return value / (chance * each)


def growing_outlay(
    rate: MoneyRate, growth: Growth, cheaper: Rise, periods: Horizon, period: PositiveDuration
) -> Money:
    """Money spent over a time at a rate that grows with a fleet whose parts get cheaper.

    Parameters
    ----------
    rate : MoneyRate
        At the start [USD/s].
    growth : Growth
        Of the fleet, factor a period; 1 for none [1].
    cheaper : Rise
        Of what a dollar buys, factor a period; 1 for none [1].
    periods : Horizon
        How many [1].
    period : PositiveDuration
        A year as a rule [s].

    Returns
    -------
    Money
        ``rate * period * (q^periods - 1) / ln(q)`` with ``q = growth / cheaper``, the integral; for no growth
        ``rate * period * periods`` [USD]; broadcast shape.
    """
    steep = log(growth) - log(cheaper)
    grows = steep * steep > 0.0
    divided = where(grows, steep, 1.0)  # any will do where nothing grows
    return rate * period * where(grows, expm1(periods * divided) / divided, periods)


def steady_outlay(rate: MoneyRate, periods: Horizon, period: PositiveDuration) -> Money:
    """Money that flows over a time at one rate.

    Parameters
    ----------
    rate : MoneyRate
        [USD/s].
    periods : Horizon
        How many [1].
    period : PositiveDuration
        A year as a rule [s].

    Returns
    -------
    Money
        ``rate * period * periods`` [USD]; broadcast shape.
    """
    return rate * period * periods


def balance(cash: Money, earned: Money, spent: Money) -> CashFlow:
    """What is left of cash; below zero, what is lacking.

    Parameters
    ----------
    cash : Money
        At the start [USD].
    earned, spent : Money
        Since then [USD].

    Returns
    -------
    CashFlow
        [USD]; broadcast shape.
    """
    return cash + earned - spent


def labour_cost(people: Count, wage: Money, duration: Duration, period: PositiveDuration) -> Money:
    """Wages of a group for a time.

    Parameters
    ----------
    people : Count
        [1].
    wage : Money
        Of one of them in a `period` [USD].
    duration : Duration
        [s].
    period : PositiveDuration
        What the wage is for, a year as a rule [s].

    Returns
    -------
    Money
        [USD]; broadcast shape. Offices, machines and what else an employer pays are left out.
    """
    return people * wage * (duration / period)


def let_income(units: Count, rent: MoneyRate, let_share: Fraction) -> MoneyRate:
    """What machines bring that are let for a part of their hours.

    Parameters
    ----------
    units : Count
        [1].
    rent : MoneyRate
        Of one unit while it is let [USD/s].
    let_share : Fraction
        Share of the hours [1].

    Returns
    -------
    MoneyRate
        [USD/s]; broadcast shape.
    """
    return units * rent * let_share
