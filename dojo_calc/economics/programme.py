"""A chip of one's own against bought ones: what slips, departures, shortages and cancellation do to its cost.

The bought chip gets cheaper for the same work every year; the made one must be paid for before it works. All
money is of one price year a call. What may be decided on the way is in `dojo_calc.economics.stages`.

References
----------
.. [1] Y. Feng, K. Ma, "Chiplet Actuary: A Quantitative Cost Model and Multi-Chiplet Architecture Exploration",
   DAC 2022: one-off cost spread over a volume.
"""

from __future__ import annotations

from dojo_calc.economics.scarcity import short_share
from dojo_calc.operations import exp, expm1, log1p, where
from dojo_calc.quantities import (
    CashFlow,
    DecayRate,
    Duration,
    Fraction,
    Money,
    PositiveDuration,
    Ratio,
    SignedCount,
)

__all__ = [
    "advantage", "break_even_volume", "chance_of_volume", "expected_cost", "expected_slip", "frontier_price",
    "insurance_value", "makes_sense", "retention", "slip_loss", "sunk_cost",
]  # fmt: skip


def break_even_volume(development: Money, saving: CashFlow) -> SignedCount:
    """Units over which a one-off cost comes back: where both roads cost the same [1]_.

    Parameters
    ----------
    development : Money
        One-off cost of design, masks and bring-up [USD].
    saving : CashFlow
        What making one unit more saves against buying it, as `advantage` gives it; not 0 [USD].

    Returns
    -------
    SignedCount
        ``development / saving`` [1]; broadcast shape. Negative where making a unit costs more than buying it:
        then no volume breaks even.
    """
    return development / saving


def frontier_price(price: Money, growth: Ratio, delay: Duration, period: PositiveDuration) -> Money:
    """Price of the same work after the frontier has moved on.

    Parameters
    ----------
    price : Money
        Today [USD].
    growth : Ratio
        Share by which the work that a dollar buys grows in a period; 0.3 is 30 % [1].
    delay : Duration
        [s].
    period : PositiveDuration
        What `growth` is counted over, a year [s].

    Returns
    -------
    Money
        ``price * (1 + growth)**(-delay / period)`` [USD]; broadcast shape.
    """
    return price * exp(-delay / period * log1p(growth))


def slip_loss(value: Money, growth: Ratio, slip: Duration, period: PositiveDuration) -> Money:
    """What a slip takes from the value of what is made late, since it could be bought for less by then.

    Parameters
    ----------
    value : Money
        Of the work on the day it was due, at the price of buying it [USD].
    growth : Ratio
        As for `frontier_price` [1].
    slip : Duration
        [s].
    period : PositiveDuration
        What `growth` is counted over [s].

    Returns
    -------
    Money
        ``value - frontier_price(value, growth, slip, period)`` [USD]; broadcast shape.
    """
    return -value * expm1(-slip / period * log1p(growth))


def retention(departures: DecayRate, duration: Duration) -> Fraction:
    """Chance that nobody of a group of key people leaves within a time.

    Parameters
    ----------
    departures : DecayRate
        Of the group, each as likely at any time [1/s].
    duration : Duration
        [s].

    Returns
    -------
    Fraction
        ``exp(-departures * duration)`` [1]; broadcast shape.
    """
    return exp(-departures * duration)


def expected_slip(
    programme_slip: Duration, planned: Duration, departures: DecayRate, setback: Duration
) -> Duration:
    """Time behind the plan when every departure of a key person sets the work back.

    Parameters
    ----------
    programme_slip : Duration
        Behind the plan even if nobody leaves [s].
    planned : Duration
        Time to volume by the plan [s].
    departures : DecayRate
        Rate at which key people leave [1/s].
    setback : Duration
        A departure [s].

    Returns
    -------
    Duration
        ``programme_slip + departures * planned * setback``: the departures within the plan, each with its setback;
        who leaves later is left out [s]; broadcast shape.
    """
    return programme_slip + departures * planned * setback


def chance_of_volume(
    success: Fraction, cancellation: DecayRate, departures: DecayRate, harm: Fraction, duration: Duration
) -> Fraction:
    """Chance that a programme comes to volume: the chip works, and nothing ends the work before.

    Parameters
    ----------
    success : Fraction
        Chance that the chip works, all stages together [1].
    cancellation : DecayRate
        Rate at which the owner ends programmes for reasons from outside [1/s].
    departures : DecayRate
        Rate at which key people leave [1/s].
    harm : Fraction
        Chance that a departure ends the programme [1].
    duration : Duration
        Time to volume [s].

    Returns
    -------
    Fraction
        ``success * exp(-(cancellation + harm * departures) * duration)`` [1]; broadcast shape.
    """
    return success * retention(cancellation + harm * departures, duration)


def sunk_cost(development: Money, spent: Fraction) -> Money:
    """What is lost when a programme ends early.

    Parameters
    ----------
    development : Money
        One-off cost of the whole programme [USD].
    spent : Fraction
        Share of it spent by then [1].

    Returns
    -------
    Money
        ``development * spent`` [USD]; broadcast shape.
    """
    return development * spent


def expected_cost(chance: Fraction, cost: Money, otherwise: Money) -> Money:
    """Cost on the average of two outcomes.

    Parameters
    ----------
    chance : Fraction
        Of the first [1].
    cost, otherwise : Money
        Of the first, and of the second [USD].

    Returns
    -------
    Money
        ``chance * cost + (1 - chance) * otherwise`` [USD]; broadcast shape.
    """
    return chance * cost + (1.0 - chance) * otherwise


def insurance_value(shortages: DecayRate, shortage: Duration, purchases: Money, premium: Ratio) -> Money:
    """What a supply of one's own saves on the average because bought units are scarce at times.

    Parameters
    ----------
    shortages : DecayRate
        How often a shortage begins while there is none [1/s].
    shortage : Duration
        How long one lasts on the average [s].
    purchases : Money
        At the ordinary price [USD].
    premium : Ratio
        Share by which the price rises in a shortage [1].

    Returns
    -------
    Money
        The premium for the share of the time that is short, see `dojo_calc.economics.scarcity.short_share`
        [USD]; broadcast shape. That none can be had at any price is `dojo_calc.economics.scarcity.use_not_had`.
    """
    return purchases * premium * short_share(shortages, shortage)


def advantage(bought: Money, made: Money) -> CashFlow:
    """What making saves against buying; below zero where buying is cheaper.

    Parameters
    ----------
    bought, made : Money
        Cost of each road [USD].

    Returns
    -------
    CashFlow
        ``bought - made`` [USD]; broadcast shape.
    """
    return bought - made


def makes_sense(saved: CashFlow) -> Fraction:
    """Whether making beats buying, as a number whose mean over what is not known is a probability.

    Parameters
    ----------
    saved : CashFlow
        As `advantage` gives it [USD].

    Returns
    -------
    Fraction
        1 where it is above zero, else 0 [1]; same shape.
    """
    return where(saved > 0.0, 1.0, 0.0)
