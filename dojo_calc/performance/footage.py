"""Video that a fleet gathers: hours, bytes and links, and what more of it does to the error.

An error that falls as a power of the data falls ever more slowly: to halve it takes the same factor each time,
so each halving costs a multiple of the one before. The powers were measured, see `error_exponent` in the facts;
that they hold for a fleet of cars is an assumption.

References
----------
.. [1] J. Hestness et al., "Deep Learning Scaling is Predictable, Empirically", 2017: error as a power of data.
.. [2] M. Baniodeh et al., "Scaling Laws of Motion Forecasting and Planning", 2025: how fast the best size of a model
   grows with its data.
"""

from __future__ import annotations

from dojo_calc.operations import power
from dojo_calc.quantities import (
    ByteRate,
    Bytes,
    CashFlow,
    Duration,
    Elasticity,
    Exponent,
    Fraction,
    Growth,
    Length,
    Margin,
    Money,
    MoneyPerByte,
    MoneyRate,
    PositiveDuration,
    PositiveRatio,
    Ratio,
    Speed,
)

__all__ = [
    "both_costs", "compute_factor", "data_factor", "driving_time", "error_factor", "footage_distance",
    "footage_time", "kept_footage", "next_step_cost", "storage_rent", "upload_cost",
]  # fmt: skip


def driving_time(distance: Length, speed: Speed) -> Duration:
    """Time that cars drive a distance in, all of them together.

    Parameters
    ----------
    distance : Length
        [m].
    speed : Speed
        Mean, stops included [m/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return distance / speed


def kept_footage(time: Duration, kept_share: Fraction, rate: ByteRate) -> Bytes:
    """Size of the video of which a share is kept.

    Parameters
    ----------
    time : Duration
        Driven [s].
    kept_share : Fraction
        Share of that time of which the video of all cameras is kept [1].
    rate : ByteRate
        Of all cameras of a car, compressed [B/s].

    Returns
    -------
    Bytes
        [B]; broadcast shape. Labels, maps and copies are left out.
    """
    return time * kept_share * rate


def footage_time(stored: Bytes, rate: ByteRate) -> Duration:
    """Driving that a storage holds.

    Parameters
    ----------
    stored : Bytes
        [B].
    rate : ByteRate
        Of all cameras of a car, compressed [B/s].

    Returns
    -------
    Duration
        [s]; broadcast shape.
    """
    return stored / rate


def footage_distance(time: Duration, speed: Speed) -> Margin:
    """Distance driven in a time.

    Parameters
    ----------
    time : Duration
        [s].
    speed : Speed
        Mean, stops included [m/s].

    Returns
    -------
    Margin
        [m]; broadcast shape.
    """
    return time * speed


def storage_rent(stored: Bytes, price: MoneyPerByte, period: PositiveDuration) -> MoneyRate:
    """Price of keeping bytes.

    Parameters
    ----------
    stored : Bytes
        [B].
    price : MoneyPerByte
        Of a byte for one `period` [USD/B].
    period : PositiveDuration
        A month as a rule [s].

    Returns
    -------
    MoneyRate
        [USD/s]; broadcast shape. Reading what is stored is left out.
    """
    return stored * price / period


def upload_cost(sent: Bytes, price: MoneyPerByte) -> Money:
    """Price of sending bytes.

    Parameters
    ----------
    sent : Bytes
        [B].
    price : MoneyPerByte
        [USD/B].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return sent * price


def data_factor(error: Growth, exponent: Exponent) -> Ratio:
    """Factor of data that brings an error to a share of itself [1]_.

    Parameters
    ----------
    error : Growth
        Error wanted over the error of today: 0.5 to halve it [1].
    exponent : Exponent
        Power of the data that the error falls with [1].

    Returns
    -------
    Ratio
        ``error^(-1 / exponent)`` [1]; broadcast shape. An error that no data removes is left out, so it is the least.
    """
    return power(error, -1.0 / exponent)


def error_factor(data: PositiveRatio, exponent: Exponent) -> Ratio:
    """What a factor of data makes of the error: `data_factor` turned round.

    Parameters
    ----------
    data : PositiveRatio
        Data over those of today [1].
    exponent : Exponent
        [1].

    Returns
    -------
    Ratio
        ``data^-exponent`` [1]; broadcast shape.
    """
    return power(data, -exponent)


def compute_factor(error: Growth, exponent: Exponent, model_growth: Elasticity) -> Ratio:
    """Factor of arithmetic that brings an error to a share of itself when the model grows with its data.

    Parameters
    ----------
    error : Growth
        As for `data_factor` [1].
    exponent : Exponent
        [1].
    model_growth : Elasticity
        How many times as fast as the data, in logarithms, the best size of the model grows [2]_ [1].

    Returns
    -------
    Ratio
        ``error^(-(1 + model_growth) / exponent)``: each example is passed once through a model so much larger [1];
        broadcast shape.
    """
    return power(error, -(1.0 + model_growth) / exponent)


def next_step_cost(cost: Money, factor: Ratio) -> CashFlow:
    """What a step costs that multiplies what was spent so far.

    Parameters
    ----------
    cost : Money
        Of what there is today [USD].
    factor : Ratio
        Of what is wanted over it [1].

    Returns
    -------
    CashFlow
        ``cost * (factor - 1)``, below zero for a step back [USD]; broadcast shape.
    """
    return cost * (factor - 1.0)


def both_costs(first: CashFlow, second: CashFlow) -> CashFlow:
    """Cost of the data and of the arithmetic of a step.

    Parameters
    ----------
    first, second : CashFlow
        [USD].

    Returns
    -------
    CashFlow
        Their sum [USD]; broadcast shape.
    """
    return first + second
