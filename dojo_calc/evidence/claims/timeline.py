"""Dated events of `data/timeline.csv`, and the days that a date can mean."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from functools import cache

from pydantic import Field

from dojo_calc import units
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.rows import DATE, Strict
from dojo_calc.tables import data_path, read_rows

__all__ = ["Event", "days_of", "event", "events", "span_between", "told"]


class Event(Strict):
    """Something that happened on a day, in a month or in a year."""

    id: str = ""
    date: str = Field(pattern=DATE)
    event: str
    source: str
    confidence: str
    note: str = ""


@cache
def events() -> tuple[Event, ...]:
    """All events, in order.

    Returns
    -------
    tuple of Event

    Raises
    ------
    FactsError
        If a row is refused, comes before the one above it, or has an id that stands twice.
    """
    found: list[Event] = []
    for row, place in read_rows(data_path("timeline.csv"), Event):
        if found and row.date < found[-1].date:
            raise place.error("date", f"expected no earlier date than {found[-1].date}, got {row.date}")
        if row.id and any(row.id == other.id for other in found):
            raise place.error("id", f"event {row.id!r} stands twice")
        found.append(row)
    return tuple(found)


def event(name: str) -> Event:
    """The event of an id.

    Parameters
    ----------
    name : str

    Returns
    -------
    Event

    Raises
    ------
    UnknownNameError
        If no event has that id.
    """
    known = {one.id: one for one in events() if one.id}
    if name not in known:
        raise UnknownNameError(f"the timeline has no event {name!r}{nearest(name, known)}")
    return known[name]


def told(name: str, *words: str) -> int:
    """How many of some words an event tells.

    Parameters
    ----------
    name : str
        Id of the event.
    *words : str

    Returns
    -------
    int
    """
    return sum(word in event(name).event for word in words)


def days_of(text: str) -> tuple[date, date]:
    """First and last day that a date can mean: a day is itself, a month or a year all its days.

    Parameters
    ----------
    text : str
        ``2024``, ``2024-05`` or ``2024-05-03``.

    Returns
    -------
    tuple of datetime.date
    """
    year, *rest = (int(part) for part in text.split("-"))
    if not rest:
        return date(year, 1, 1), date(year, 12, 31)
    if len(rest) == 1:
        return date(year, rest[0], 1), date(year, rest[0], monthrange(year, rest[0])[1])
    day = date(year, rest[0], rest[1])
    return day, day


def span_between(first: str, second: str) -> tuple[float, float, float]:
    """Time from one date to another, for all the days that each can mean.

    Parameters
    ----------
    first, second : str
        Dates as in `days_of`.

    Returns
    -------
    tuple of float
        Shortest, middle and longest time; negative where the second comes first [s].
    """
    (early, late), (begin, end) = days_of(first), days_of(second)
    shortest, longest = (begin - late).days * units.day, (end - early).days * units.day
    return shortest, (shortest + longest) / 2.0, longest
