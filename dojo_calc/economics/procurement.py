"""From an order to machines that run: yields, ramps, price curves, fleets over time, late deliveries.

References
----------
.. [1] T. P. Wright, "Factors affecting the cost of airplanes", Journal of the Aeronautical Sciences 3(4), 1936:
   cost falls by a constant share at each doubling of the number made.
.. [2] CNBC, 4 June 2024, on NVIDIA memos about 12,000 H100 redirected from Tesla to X.
"""

from __future__ import annotations

from dojo_calc.operations import log2, maximum, minimum, sqrt, where
from dojo_calc.quantities import (
    Count,
    Duration,
    Fraction,
    Frequency,
    Money,
    MoneyRate,
    PositiveCount,
    PositiveDuration,
    PositiveFraction,
    PositiveMoney,
    ProperFraction,
    Ratio,
)

__all__ = [
    "capital_charge", "delivered", "delivery_time", "dies_from_wafers", "in_service", "learned_price",
    "least_compensation", "left_after_slip", "lost_time", "mean_delay", "pace", "rental_cost", "systems_built",
    "wafers_for_money", "wafers_needed",
]  # fmt: skip


def dies_from_wafers(wafers: Count, good_dies: Count) -> Count:
    """Good dies that an order of wafers gives.

    A report that says 10,000 *pieces* may mean dies or wafers; the two differ by this factor.

    Parameters
    ----------
    wafers : Count
        [1].
    good_dies : Count
        Dies a wafer that can be sold or built in, after yield and repair [1].

    Returns
    -------
    Count
        ``wafers * good_dies`` [1]; broadcast shape.
    """
    return wafers * good_dies


def systems_built(dies: Count, per_system: PositiveCount, assembly_yield: Fraction) -> Count:
    """Systems that a number of good dies makes, exact.

    Parameters
    ----------
    dies : Count
        [1].
    per_system : PositiveCount
        Dies in one system: 25 in a tile, 3,000 in an ExaPOD [1].
    assembly_yield : Fraction
        Share of the dies that end in a working system [1].

    Returns
    -------
    Count
        ``dies * assembly_yield / per_system`` [1]; broadcast shape.
    """
    return dies * assembly_yield / per_system


def wafers_needed(
    systems: Count, per_system: Count, assembly_yield: PositiveFraction, good_dies: PositiveCount
) -> Count:
    """Wafers behind a number of systems: `dies_from_wafers` and `systems_built` turned round.

    Parameters
    ----------
    systems : Count
        [1].
    per_system : Count
        Dies in one system [1].
    assembly_yield : PositiveFraction
        Share of the dies that end in a working system [1].
    good_dies : PositiveCount
        Good dies a wafer [1].

    Returns
    -------
    Count
        [1]; broadcast shape.
    """
    return systems * per_system / assembly_yield / good_dies


def wafers_for_money(value: PositiveMoney, other: ProperFraction, price: PositiveMoney) -> PositiveCount:
    """Wafers that a contract of a stated value pays for.

    Parameters
    ----------
    value : PositiveMoney
        Of the contract [USD].
    other : ProperFraction
        Share of it that is not wafers: masks, packaging, test [1].
    price : PositiveMoney
        Of a wafer, the same over the whole term [USD].

    Returns
    -------
    PositiveCount
        [1]; broadcast shape.
    """
    return value * (1.0 - other) / price


def pace(order: PositiveCount, duration: PositiveDuration) -> Frequency:
    """Units a time that deliver an order in a time.

    Parameters
    ----------
    order : PositiveCount
        [1].
    duration : PositiveDuration
        At the full rate [s].

    Returns
    -------
    Frequency
        [1/s]; broadcast shape.
    """
    return order / duration


def left_after_slip(order: Count, slip: Duration, duration: PositiveDuration) -> Count:
    """Part of an order that still comes by the day it was due when its start slips and its pace does not rise.

    Parameters
    ----------
    order : Count
        [1].
    slip : Duration
        [s].
    duration : PositiveDuration
        At full rate by the plan, see `pace` [s].

    Returns
    -------
    Count
        ``order * max(1 - slip / duration, 0)`` [1]; broadcast shape.
    """
    return order * maximum(1.0 - slip / duration, 0.0 * order)


def delivered(order: Count, rate: Frequency, elapsed: Duration, lead: Duration, ramp: Duration) -> Count:
    """Units of an order delivered by a time: nothing during the lead time, then a rate that grows evenly.

    Parameters
    ----------
    order : Count
        Units ordered [1].
    rate : Frequency
        Units a time once the ramp is over [1/s].
    elapsed : Duration
        Time since the order [s].
    lead : Duration
        Time until the first unit [s].
    ramp : Duration
        Time in which the rate grows from nothing to `rate`; 0 for none [s].

    Returns
    -------
    Count
        With ``t = max(elapsed - lead, 0)``: ``rate * min(t, ramp)^2 / (2 ramp) + rate * max(t - ramp, 0)``, the
        first term 0 without a ramp, at most the order [1]; broadcast shape.
    """
    running = maximum(elapsed - lead, 0.0 * lead)
    ramped = minimum(running, ramp)
    slope = where(ramp > 0.0 * ramp, ramp, 1.0 / rate)  # any time will do where there is no ramp
    return minimum(order, rate * (ramped * ramped / (2.0 * slope) + (running - ramped)))


def delivery_time(order: Count, rate: Frequency, lead: Duration, ramp: Duration) -> Duration:
    """Time from an order to its last unit: `delivered` turned round.

    Parameters
    ----------
    order : Count
        [1].
    rate : Frequency
        Units a time once the ramp is over [1/s].
    lead : Duration
        Time until the first unit [s].
    ramp : Duration
        Time in which the rate grows from nothing to `rate` [s].

    Returns
    -------
    Duration
        ``lead + order / rate + ramp / 2`` for an order that outlasts the ramp, ``lead + sqrt(2 order ramp /
        rate)`` for one that does not [s]; broadcast shape.
    """
    steady = order / rate
    return lead + where(2.0 * steady > ramp, steady + ramp / 2.0, sqrt(2.0 * steady * ramp))


def learned_price(first: Money, units: PositiveCount, learning: ProperFraction) -> Money:
    """Price of the latest unit on a learning curve [1]_.

    Parameters
    ----------
    first : Money
        Of the first unit [USD].
    units : PositiveCount
        Made so far [1].
    learning : ProperFraction
        Share that the price falls by at each doubling of `units` [1].

    Returns
    -------
    Money
        ``first * units^log2(1 - learning)`` [USD]; broadcast shape.
    """
    return first * units ** log2(1.0 - learning)


def in_service(units: Count, time: Duration, arrival: Duration, life: Duration) -> Count:
    """Units of a purchase that stand at a time: none before they arrive, none after their life.

    The fleet is the sum over purchases: with times along one axis and purchases along the other, one call and
    a sum over the second axis.

    Parameters
    ----------
    units : Count
        [1].
    time, arrival : Duration
        Since one common start [s].
    life : Duration
        Time in service [s].

    Returns
    -------
    Count
        ``units`` for ``arrival <= time < arrival + life``, else 0 [1]; broadcast shape.
    """
    return where(time < arrival, 0.0 * units, where(time < arrival + life, units, 0.0 * units))


def lost_time(delay: Duration, hall_late: Duration) -> Duration:
    """Time of use that a late delivery costs: only what remains once there is a place to switch it on.

    Parameters
    ----------
    delay : Duration
        From the delivery that was given up to the one that came [s].
    hall_late : Duration
        From the delivery that was given up until the hall has power [s].

    Returns
    -------
    Duration
        ``max(delay - hall_late, 0)`` [s]; broadcast shape.
    """
    return maximum(delay - hall_late, 0.0 * delay)


def mean_delay(first: Duration, last: Duration, share_first: Fraction) -> Duration:
    """Mean time over units that come back in two slots, as in [2]_.

    Parameters
    ----------
    first, last : Duration
        Of the two slots [s].
    share_first : Fraction
        Share of the units in the first slot [1].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return first * share_first + last * (1.0 - share_first)


def rental_cost(units: Count, rent: MoneyRate, duration: Duration) -> Money:
    """Price of renting units for a time.

    Parameters
    ----------
    units : Count
        [1].
    rent : MoneyRate
        Of one unit [USD/s].
    duration : Duration
        [s].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return units * rent * duration


def capital_charge(capital: Money, interest: Ratio, period: PositiveDuration, duration: Duration) -> Money:
    """Interest on capital that is tied up for a time, simple: for times short against the period.

    Parameters
    ----------
    capital : Money
        [USD].
    interest : Ratio
        Share of the capital a `period` [1].
    period : PositiveDuration
        A year as a rule [s].
    duration : Duration
        [s].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return capital * interest * (duration / period)


def least_compensation(lost_use: Money, avoided: Money) -> Money:
    """What leaves a buyer who gives up his place in the queue no worse off.

    Parameters
    ----------
    lost_use : Money
        Value of the use that he loses [USD].
    avoided : Money
        What he does not spend in the meantime: interest, energy [USD].

    Returns
    -------
    Money
        ``max(lost_use - avoided, 0)`` [USD]; broadcast shape. Where it is 0 the buyer gains by waiting.
    """
    return maximum(lost_use - avoided, 0.0 * lost_use)
