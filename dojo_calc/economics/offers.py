"""What can be ordered and what is needed, as a reader writes it and as a plan reads it.

Numbers are SI, or texts with units. What does not fit is refused here, before any plan is sought.

References
----------
.. [1] L. A. Wolsey, "Integer Programming", 2nd ed., Wiley, 2020: lot sizing with set-ups and minimum lots.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any

import numpy as np

from dojo_calc.economics.milp import FloatArray
from dojo_calc.errors import DomainError, ScheduleError, UnitError, nearest
from dojo_calc.operations import round_down, round_up
from dojo_calc.quantities import (
    Count,
    FlopDemand,
    FlopRate,
    Fraction,
    Money,
    MoneyPerFlopRate,
    PositiveCount,
    PositiveFraction,
    Power,
    check,
    single,
)

__all__ = ["Needs", "Offer", "read_needs", "read_offer", "whole_from"]


@dataclass(frozen=True)
class Offer:
    """A thing that can be ordered. Numbers are SI, or texts with units; a sequence has one value a period.

    Attributes
    ----------
    name : str
    rate : number
        Of one unit, as it counts towards the demand [FLOP/s].
    power : number
        Of one unit at the site's meter [W].
    price : number or sequence
        Of one unit by the period of its order [USD].
    most : number or sequence
        Units that can be ordered by period [1].
    least : number
        Smallest order, if anything is ordered [1]; a minimum lot as in [1]_.
    lead : int
        Periods from order to delivery.
    setup : number
        Cost of each order, whatever its size [USD].
    design : number
        Once-only cost of having the offer at all, paid in the first period if anything is ever ordered [USD].
    running : number
        Cost of running one unit for a period, paid in it [USD].
    deposit : number
        Share of the price paid with the order, the rest on delivery [1].
    residual : number
        Share of the price paid that a unit still standing is worth when the last period is over [1].
    life : int, optional
        Periods in service; for ever if left out.
    stock : number
        Units that stand at the start and stay [1].
    whole : bool
        Whether only whole units can be ordered. It makes the search longer, and changes little where orders are of
        hundreds. What runs is the mean of a period and need not be whole.
    group : int
        Units that are ordered together, as the chips of a server, if `whole`.
    lots : mapping of number to number
        Larger orders at lower prices: from so many units in one order [1], the share of the price that each of
        them costs [1]; `cost.lot_price_ratio` gives such shares.
    """

    name: str
    rate: Any
    power: Any
    price: Any
    most: Any
    least: Any = 1.0
    lead: Any = 0
    setup: Any = 0.0
    design: Any = 0.0
    running: Any = 0.0
    deposit: Any = 1.0
    residual: Any = 0.0
    life: Any = None
    stock: Any = 0.0
    whole: bool = False
    group: Any = 1
    lots: Mapping[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Needs:
    """What is wanted, and what there is to get it with. A sequence has one value a period.

    Attributes
    ----------
    dates : sequence of str
        First day of each period, ISO.
    demand : number
        Rate wanted, 0 for none [FLOP/s].
    budget : number
        New money by period for all that is paid in it: orders, running, rent, and shortage if it is paid; what is
        not spent is carried over [USD].
    grid : number
        Power that the site can draw [W].
    shortage : number, optional
        Cost of a rate that is wanted and missing for one period; without it the demand must be met
        [USD s/FLOP].
    shortage_paid : bool
        Whether the shortage is money that leaves the budget, such as a penalty to a customer. If not, it is what
        the missing work would have been worth: a cost that nobody sends a bill for.
    rent : number, optional
        Price of renting a rate for one period; without it nothing can be rented [USD s/FLOP].
    rent_most : number, optional
        Rate that can be rented, 0 for none; any if left out [FLOP/s].
    shares : mapping of str to number
        Least share of an offer in the installed rate at the end [1].
    interest : number
        By which money of the next period counts less [1].
    """

    dates: Sequence[str]
    demand: Any
    budget: Any
    grid: Any
    shortage: Any = None
    shortage_paid: bool = False
    rent: Any = None
    rent_most: Any = None
    shares: Mapping[str, Any] = field(default_factory=dict)
    interest: Any = 0.0


# Domain of each field of an offer and of the needs.
_OFFER = {
    "rate": FlopRate, "power": Power, "price": Money, "most": Count, "least": Count, "setup": Money,
    "design": Money, "running": Money, "deposit": Fraction, "residual": Fraction, "stock": Count,
}  # fmt: skip
_BY_PERIOD = ("price", "most")
_NEEDS = {
    "demand": FlopDemand, "budget": Money, "grid": Power, "shortage": MoneyPerFlopRate,
    "rent": MoneyPerFlopRate, "rent_most": FlopDemand,
}  # fmt: skip


def read_offer(offer: Offer, count: int) -> Offer:
    """Check an offer: SI floats, `price` and `most` one a period, lots in rising order, whole bounds if whole.

    Parameters
    ----------
    offer : Offer
    count : int
        Of periods.

    Returns
    -------
    Offer

    Raises
    ------
    ScheduleError
        If lengths differ, a lot is larger than the supply, lots do not get cheaper ...
    UnitError, DomainError
        If a value has another unit or is outside its domain.
    """
    read: dict[str, Any] = {}
    for one in fields(offer):
        label = f"{one.name} of {offer.name}"
        value = getattr(offer, one.name)
        if one.name in _BY_PERIOD:
            read[one.name] = _series(value, _OFFER[one.name], label, count)
        elif one.name in _OFFER:
            read[one.name] = single(value, _OFFER[one.name], label)
    read["lead"] = whole_from(offer.lead, 0, f"lead of {offer.name}")
    if offer.life is not None:
        read["life"] = whole_from(offer.life, 1, f"life of {offer.name}")
    most, least = read["most"], read["least"]
    group = read["group"] = whole_from(offer.group, 1, f"group of {offer.name}", "units")
    if offer.whole:
        most, least = group * round_down(most / group), float(group * round_up(least / group))
        read |= {"most": most, "least": least}
    elif group > 1:
        raise ScheduleError(f"group of {offer.name}: says nothing of an offer that is not whole")
    if np.any((most > 0) & (most < least)):
        raise ScheduleError(
            f"least of {offer.name}: expected at most what can be ordered in a period, "
            f"{most[(most > 0) & (most < least)].max():g}, got {least:g}"
        )
    lots: dict[float, float] = {}
    for size, ratio in offer.lots.items():
        units = single(size, PositiveCount, f"lots of {offer.name}")
        lots[units] = single(ratio, PositiveFraction, f"lots[{units:g}] of {offer.name}")
        if list(lots.values()) != sorted(lots.values(), reverse=True) or list(lots) != sorted(lots):
            raise ScheduleError(
                f"lots of {offer.name}: expected rising sizes at falling shares of the price, "
                f"got {dict(offer.lots)!r:.80}"
            )
    return replace(offer, lots=lots, **read)


def read_needs(needs: Needs, offers: Sequence[str]) -> Needs:
    """Check needs: SI floats, one a period; None where nothing is given.

    Parameters
    ----------
    needs : Needs
    offers : sequence of str
        Names that `shares` may use.

    Returns
    -------
    Needs

    Raises
    ------
    ScheduleError
        If dates are out of order, lengths differ, or shares are of no offer or more than 1 in all.
    UnitError, DomainError
        If a value has another unit or is outside its domain.
    """
    dates = _dates(needs.dates)
    read: dict[str, Any] = {
        name: _series(getattr(needs, name), alias, name, len(dates)) for name, alias in _NEEDS.items()
    }
    for name, (price, what) in {
        "shortage_paid": ("shortage", "a price of the shortage"),
        "rent_most": ("rent", "a rent"),
    }.items():
        if getattr(needs, name) not in (None, False) and getattr(needs, price) is None:
            raise ScheduleError(f"{name} says nothing without {what}: give {price} too")
    shares = {name: single(value, Fraction, f"shares[{name}]") for name, value in needs.shares.items()}
    for name in shares:
        if name not in offers:
            raise ScheduleError(f"shares: there is no offer {name!r}{nearest(name, offers)}")
    if sum(shares.values()) > 1 + 1e-12:
        raise ScheduleError(f"shares: expected at most 1 in all, got {sum(shares.values()):g}")
    interest = single(needs.interest, Fraction, "interest")
    return replace(needs, dates=dates, shares=shares, interest=interest, **read)


def whole_from(value: Any, least: int, label: str, what: str = "periods") -> int:
    """Read a number of periods or of other things: 1, 1.0 or ``"1"``.

    Raises
    ------
    ScheduleError
        If it is not whole or below `least`.
    """
    try:
        number = single(value, Count, label)
    except (DomainError, UnitError):
        number = math.nan
    if number < least or not number.is_integer():
        raise ScheduleError(f"{label}: expected a whole number of {what} from {least}, got {value!r:.40}")
    return int(number)


def _series(value: Any, alias: Any, name: str, count: int) -> FloatArray | None:
    """One value a period; None stays None."""
    if value is None:
        return None
    checked = np.asarray(
        [check(one, alias, f"{name}[{i}]") for i, one in enumerate(value)]
        if isinstance(value, Sequence) and not isinstance(value, str)
        else check(value, alias, name)
    )
    if checked.ndim and checked.shape != (count,):
        raise ScheduleError(f"{name}: expected one value or {count}, one a period, got {checked.size}")
    return np.broadcast_to(checked, count)


def _dates(given: Sequence[str]) -> list[str]:
    """ISO dates, each after the one before."""
    if not given:
        raise ScheduleError("dates: expected at least one period, got none")
    days: list[date] = []
    for i, text in enumerate(given):
        try:
            days.append(date.fromisoformat(text))
        except (TypeError, ValueError):
            raise ScheduleError(f"dates[{i}]: expected a date such as 2024-04-01, got {text!r}") from None
        if i and days[i] <= days[i - 1]:
            raise ScheduleError(f"dates[{i}]: expected a date after {given[i - 1]}, got {text}")
    return list(given)
