"""Who holds what, when: a dated ledger of arrivals and departures, and the time in use that it adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from dojo_calc.doors import door
from dojo_calc.errors import ScheduleError
from dojo_calc.quantities import Count, check
from dojo_calc.units import day

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Movement", "holdings", "unit_time"]


@dataclass(frozen=True)
class Movement:
    """Units that arrive on a day, or leave with a sign before their number."""

    date: str
    units: float
    what: str = ""


@door
def holdings(movements: Sequence[Movement], stock: float = 0.0) -> pl.DataFrame:
    """Units held after each movement.

    Parameters
    ----------
    movements : sequence of Movement
        In the order of their dates, ISO.
    stock : float
        Units held before the first [1].

    Returns
    -------
    polars.DataFrame
        One row a movement: date, what, change and units held from then on.

    Raises
    ------
    ScheduleError
        If a date is none, comes before the one above it, or more leaves than is there.
    """
    import polars as pl

    held = [float(check(stock, Count, "stock"))]
    for i, (one, then) in enumerate(zip(movements, _days(movements), strict=True)):
        held.append(held[-1] + one.units)
        if held[-1] < 0:
            raise ScheduleError(
                f"movements[{i}] ({then}{', ' + one.what if one.what else ''}): {-one.units:,.10g} units leave, "
                f"but only {held[-2]:,.10g} are there"
            )
    return pl.DataFrame(
        {
            "date": [one.date for one in movements],
            "what": [one.what for one in movements],
            "change": [float(one.units) for one in movements],
            "units": held[1:],
        }
    )


def unit_time(movements: Sequence[Movement], until: str, stock: float = 0.0) -> float:
    """Time that units were held, summed over units, from the first movement to a day.

    The difference of two ledgers that end alike is what a delay costs: units times time.

    Parameters
    ----------
    movements : sequence of Movement
        At least one.
    until : str
        ISO date, not before the last movement.
    stock : float
        Units held before the first [1].

    Returns
    -------
    float
        [s], for units as pure numbers.

    Raises
    ------
    ScheduleError
        As `holdings`, or if `until` comes before a movement.
    """
    held = holdings(movements, stock)["units"].to_list()
    days = _days([*movements, Movement(until, 0.0, "the end")])
    spans = [(after - before).days * day for before, after in pairwise(days)]
    return float(sum(units * span for units, span in zip(held, spans, strict=True)))


def _days(movements: Sequence[Movement]) -> list[date]:
    found: list[date] = []
    for i, one in enumerate(movements):
        try:
            found.append(date.fromisoformat(one.date))
        except (TypeError, ValueError):
            raise ScheduleError(
                f"movements[{i}]: expected a date such as 2024-04-01, got {one.date!r}"
            ) from None
        if i and found[i] < found[i - 1]:
            raise ScheduleError(f"movements[{i}]: expected a date from {found[i - 1]} on, got {one.date}")
    return found
