"""Which reading of a fact speaks of a date, and what restates the money of another year.

Two corrections are told apart. The thing itself has a price at every date: a chip, an hour of it, electricity. Then
the reading nearest to the date is taken, and no index (an H100 of 2022 restated to 2024 would be 39,300 USD; it sold
at 26,300). What has no price of its own at other dates, as buildings, fees, wages and budgets, is restated by the
index of consumer prices. Which is which stands in `data/quantities.csv`. Amounts are nominal, and so are rates of
interest.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final, TypeAlias

from dojo_calc.economics.price_years import price_indices, restated
from dojo_calc.errors import DomainError
from dojo_calc.facts import Fact, Facts, deflator
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.model.inputs import Input
from dojo_calc.quantities import Spec

__all__ = ["input_on", "readings_on", "year_of", "years_apart"]

Date: TypeAlias = str | int | None

_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_ASIDE: Final = ("prior", "superseded")  # no reading of the thing at any date


def year_of(on: str | int) -> int:
    """Year of a date such as ``2024``, ``"2024"``, ``"2024-03"`` or ``"2024-03-15"``.

    Raises
    ------
    DomainError
        If it is no such date.
    """
    return int(_span(on)[0])


def years_apart(one: str | int, other: str | int) -> float:
    """How far two dates are apart, in years; 0 where one lies within the other, as a day within its year.

    Raises
    ------
    DomainError
        If one is no date.
    """
    first, second = _span(one), _span(other)
    return max(0.0, first[0] - second[1], second[0] - first[1])


def readings_on(facts: Facts, entity: str, quantity: str, on: Date) -> list[Fact]:
    """Readings of a quantity that speak of a date, the one to take first.

    Parameters
    ----------
    facts : Facts
    entity, quantity : str
    on : str or int, optional
        A year or a date. If left out, the reading in use and those that contradict it.

    Returns
    -------
    list of Fact
        Of money with a price of its own at every date, those nearest to the date, several only if they are equally
        near; where some were chosen, or are a reader's own, of them alone. Of anything else those in use: a date
        changes nothing.

    Raises
    ------
    UnknownNameError
        If there is no such fact.
    DomainError
        If `on` is no date.
    """
    known = facts.readings(entity, quantity)
    if on is None or deflator(quantity) != "own":
        used = known[0]
        return [used] if used.aside else [used, *(one for one in known[1:] if not one.aside)]
    chosen = [one for one in known if one.chosen]
    standing = chosen or [one for one in known if one.aside not in _ASIDE] or known
    apart = {one: years_apart(one.date, on) for one in standing}
    nearest = min(apart.values())
    found = [one for one in standing if apart[one] <= nearest]
    return [
        replace(one, aside="", is_default=one is found[0]) for one in found
    ]  # of that date they all stand


def input_on(book: Catalogue, name: str, on: Date = None) -> Input:
    """A fact as the input of a model, as of a date.

    Parameters
    ----------
    book : Catalogue
    name : str
        ``"entity.quantity"``, or a reading by its name, ``"entity.quantity[reading]"``, which stands at any date.
    on : str or int, optional
        A year or a date; the readings in use if left out.

    Returns
    -------
    Input
        The reading nearest to the date, or in that date's money. Readings of other dates are a series and no
        conflict, and are left out; those of the same date that contradict each other are kept as rivals.

    Raises
    ------
    UnknownNameError
        If there is no such fact.
    DomainError
        If `on` is no date.
    UnitError
        If an amount is to be restated and there is no index for its year or the year asked for.
    """
    fact = book.fact(name)
    pinned = name.endswith("]")
    found = [fact] if pinned else readings_on(book.facts, fact.entity, fact.quantity, on)
    first, said = found[0], f"{found[0].name}, {found[0].source}"
    if on is not None and deflator(first.quantity) == "cpi":
        year = year_of(on)
        found = [_in_money_of(one, year, book.facts) for one in found]
        if year != first.price_year:
            said += f", in the money of {year}"
    elif (
        on is not None
        and not pinned
        and deflator(first.quantity) == "own"
        and years_apart(first.date, on) > 0.0
    ):
        said += f", of {first.date}, the nearest to {on}"
    first = found[0]
    how: Any = (
        "assumed" if first.kind == "assumed" else "estimated" if first.confidence == "M" else "published"
    )
    unit = Spec(first.unit)
    return Input("", unit, first.value, first.low, first.high, said, tuple(found), None, how)


def _in_money_of(fact: Fact, year: int, facts: Facts) -> Fact:
    level = restated(replace(fact, value=1.0), year, price_indices(facts))
    return replace(
        fact, value=fact.value * level, low=fact.low * level, high=fact.high * level, date=str(year)
    )


def _span(on: str | int) -> tuple[float, float]:
    """First and last moment of a date, in years."""
    found = _DATE.fullmatch(str(on)) if not isinstance(on, bool) else None
    if found is None:
        raise DomainError(f"on must be a year or a date such as 2024, 2024-03 or 2024-03-15, got {on!r:.40}")
    year, month, day = (None if one is None else int(one) for one in found.groups())
    assert year is not None
    if month is None:
        return float(year), year + 1.0 - 1e-9
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= 31):
        raise DomainError(f"on must be a date of the calendar, got {on!r:.40}")
    start = year + (month - 1) / 12
    if day is None:
        return start, start + 1 / 12 - 1e-9
    return start + (day - 1) / 372, start + day / 372 - 1e-9
