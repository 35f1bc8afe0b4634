"""How hardware loses its value: by the market, continuously. By the books, evenly: `straight_line_loss`.

References
----------
.. [1] Cottier, Rahman, Fattorini, Maslej, Owen, "The rising costs of training frontier AI models", 2024,
       arXiv:2405.21015: hardware written down with the growth of hardware performance.
"""

from __future__ import annotations

from dojo_calc.operations import exp, expm1, log, log1p
from dojo_calc.quantities import (
    DecayRate,
    Duration,
    Fraction,
    Money,
    MoneyRate,
    PositiveDecayRate,
    PositiveDuration,
    ProperFraction,
)

__all__ = [
    "decay_of_decline", "decay_of_orders", "decline_in", "half_life", "market_value", "rate_of_loss",
    "resale_share", "straight_line_loss", "value_lost",
]  # fmt: skip


def decay_of_orders(orders: DecayRate) -> DecayRate:
    """Rate of decay from orders of magnitude lost a time [1]_.

    Parameters
    ----------
    orders : DecayRate
        Powers of ten, 0.14 a year in [1]_ [1/s].

    Returns
    -------
    DecayRate
        ``orders * log(10)`` [1/s]; same shape.
    """
    return orders * log(10.0)


def decay_of_decline(decline: ProperFraction, period: PositiveDuration) -> DecayRate:
    """Rate of decay that loses a share in a period.

    Parameters
    ----------
    decline : ProperFraction
        Share of the value lost [1].
    period : PositiveDuration
        Above zero [s].

    Returns
    -------
    DecayRate
        ``-log(1 - decline) / period`` [1/s]; broadcast shape.
    """
    return -log1p(-decline) / period


def decline_in(decay: DecayRate, period: Duration) -> Fraction:
    """Share of the value lost in a period.

    Parameters
    ----------
    decay : DecayRate
        [1/s].
    period : Duration
        [s].

    Returns
    -------
    Fraction
        ``1 - exp(-decay * period)`` [1]; broadcast shape.
    """
    return -expm1(-decay * period)


def half_life(decay: PositiveDecayRate) -> Duration:
    """Time in which half of the value goes.

    Parameters
    ----------
    decay : PositiveDecayRate
        Above zero [1/s].

    Returns
    -------
    Duration
        [s]; same shape.
    """
    return log(2.0) / decay


def market_value(price: Money, decay: DecayRate, age: Duration) -> Money:
    """Value that is left at an age.

    Parameters
    ----------
    price : Money
        When new [USD].
    decay : DecayRate
        [1/s].
    age : Duration
        [s].

    Returns
    -------
    Money
        ``price * exp(-decay * age)`` [USD]; broadcast shape.
    """
    return price * exp(-decay * age)


def value_lost(price: Money, decay: DecayRate, age: Duration) -> Money:
    """Value that is gone at an age: what owning has cost in capital, if the rest can be sold.

    Parameters
    ----------
    price : Money
        When new [USD].
    decay : DecayRate
        [1/s].
    age : Duration
        [s].

    Returns
    -------
    Money
        [USD]; broadcast shape.
    """
    return price * decline_in(decay, age)


def rate_of_loss(price: Money, decay: DecayRate) -> MoneyRate:
    """Value that new hardware loses a time, the charge for its use in [1]_.

    Parameters
    ----------
    price : Money
        When new [USD].
    decay : DecayRate
        [1/s].

    Returns
    -------
    MoneyRate
        ``price * decay`` [USD/s]; broadcast shape.
    """
    return price * decay


def resale_share(decline: ProperFraction, life: Duration, period: PositiveDuration) -> Fraction:
    """Share of its price that hardware still brings when it is sold at the end of a life.

    Parameters
    ----------
    decline : ProperFraction
        Share of the value that the market takes off in each period [1].
    life : Duration
        [s].
    period : PositiveDuration
        Above zero [s].

    Returns
    -------
    Fraction
        ``(1 - decline)**(life / period)`` [1]; broadcast shape. What it costs to sell is left out.
    """
    return exp(life / period * log1p(-decline))


def straight_line_loss(price: Money, residual: Fraction, life: PositiveDuration) -> MoneyRate:
    """Value written off a time when it goes evenly over a life, down to what the hardware still brings.

    Parameters
    ----------
    price : Money
        When new [USD].
    residual : Fraction
        Share of the price that is left at the end of the life, see `resale_share` [1].
    life : PositiveDuration
        Above zero [s].

    Returns
    -------
    MoneyRate
        ``price * (1 - residual) / life`` [USD/s]; broadcast shape.
    """
    return price * (1.0 - residual) / life
