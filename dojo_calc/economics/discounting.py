"""Money at different times: discounting, loans, capital recovery, levelised cost, price years.

A rate is of one period (a month, a year) and dimensionless; `periods` counts periods of that length.

References
----------
.. [1] Newnan, Eschenbach, Lavelle, "Engineering Economic Analysis": capital recovery, present worth.
.. [2] Short, Packey, Holt, "A Manual for the Economic Evaluation of Energy Efficiency and Renewable Energy
       Technologies", NREL/TP-462-5173, 1995: fixed-charge levelised cost.
.. [3] I. Fisher, "The Theory of Interest", 1930: real and nominal rates.
"""

from __future__ import annotations

from dojo_calc.operations import exp, expm1, log1p, where
from dojo_calc.quantities import (
    CashFlow,
    DiscountRate,
    EnergyPrice,
    InterestRate,
    Money,
    Periods,
    PositiveDuration,
    PositiveEnergy,
    PositiveRatio,
    Ratio,
)

__all__ = [
    "annuity_payment", "capital_recovery_factor", "compounded_rate", "deflated", "levelised_cost",
    "net_present_value", "periodic_rate", "periods_in", "present_value",
]  # fmt: skip


def compounded_rate(first: Ratio, second: Ratio) -> Ratio:
    """Rate of two that compound [3]_: nominal interest of real interest and inflation, or growth in constant money.

    Parameters
    ----------
    first, second : Ratio
        Of one period [1].

    Returns
    -------
    Ratio
        ``(1 + first) * (1 + second) - 1`` [1]; broadcast shape.
    """
    return first + second + first * second


def periodic_rate(annual: InterestRate, per_year: Periods) -> InterestRate:
    """Rate of one period when a nominal yearly rate is charged in parts.

    Parameters
    ----------
    annual : InterestRate
        Nominal, of a year [1].
    per_year : Periods
        Periods in a year, 12 for months [1].

    Returns
    -------
    InterestRate
        ``annual / per_year`` [1]; broadcast shape.
    """
    return annual / per_year


def periods_in(duration: PositiveDuration, period: PositiveDuration) -> Periods:
    """Number of periods in a time, such as the years of a life.

    Parameters
    ----------
    duration, period : PositiveDuration
        Above zero [s].

    Returns
    -------
    Periods
        ``duration / period`` [1]; broadcast shape.
    """
    return duration / period


def capital_recovery_factor(rate: InterestRate, periods: Periods) -> Ratio:
    """Share of a capital to pay each period so that it is repaid with interest [1]_.

    Parameters
    ----------
    rate : InterestRate
        Of one period [1].
    periods : Periods
        Above zero [1].

    Returns
    -------
    Ratio
        ``rate / (1 - (1 + rate)**-periods)``, at no interest ``1 / periods`` [1]; broadcast shape.
    """
    charged = where(rate > 0, rate, 1.0)  # any rate will do where none is charged
    return where(rate > 0, -charged / expm1(-periods * log1p(charged)), 1.0 / periods)


def annuity_payment(principal: Money, rate: InterestRate, periods: Periods) -> Money:
    """Payment each period that repays a loan in equal parts [1]_.

    Parameters
    ----------
    principal : Money
        [USD].
    rate : InterestRate
        Of one period [1].
    periods : Periods
        Above zero [1].

    Returns
    -------
    Money
        A period [USD]; broadcast shape.
    """
    return principal * capital_recovery_factor(rate, periods)


def present_value(amount: Money, rate: InterestRate, periods: Periods) -> Money:
    """Worth today of an amount due later [1]_.

    Parameters
    ----------
    amount : Money
        [USD].
    rate : InterestRate
        Of one period [1].
    periods : Periods
        Until it is due [1].

    Returns
    -------
    Money
        ``amount * (1 + rate)**-periods`` [USD]; broadcast shape.
    """
    return amount * exp(-periods * log1p(rate))


def net_present_value(rate: DiscountRate, first: CashFlow, *later: CashFlow) -> CashFlow:
    """Worth today of a row of payments, the first of them today and the others a period apart [1]_.

    Parameters
    ----------
    rate : DiscountRate
        Of one period, above -1 [1].
    first, *later : CashFlow
        Received above zero, paid below [USD].

    Returns
    -------
    CashFlow
        [USD]; broadcast shape.
    """
    worth = 0.0 * first
    for flow in (*later[::-1], first):  # Horner's scheme, from the last payment back to the first
        worth = worth / (1.0 + rate) + flow
    return worth


def levelised_cost(
    charge: Ratio, capital: Money, fixed: Money, variable: EnergyPrice, output: PositiveEnergy
) -> EnergyPrice:
    """Levelised cost of energy with a fixed charge [2]_.

    Parameters
    ----------
    charge : Ratio
        Share of the capital charged a year, such as a capital recovery factor [1].
    capital : Money
        [USD].
    fixed : Money
        Operating cost of a year, whatever is produced [USD].
    variable : EnergyPrice
        Operating cost of a unit of energy [USD/J].
    output : PositiveEnergy
        Of a year [J].

    Returns
    -------
    EnergyPrice
        ``(charge * capital + fixed) / output + variable`` [USD/J]; broadcast shape.
    """
    return (charge * capital + fixed) / output + variable


def deflated(amount: Money, index_then: PositiveRatio, index_now: Ratio) -> Money:
    """Restate an amount in the money of another year.

    Parameters
    ----------
    amount : Money
        In the money of its own year [USD].
    index_then : PositiveRatio
        Price index of that year [1].
    index_now : Ratio
        Price index of the year wanted [1].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return amount * index_now / index_then
