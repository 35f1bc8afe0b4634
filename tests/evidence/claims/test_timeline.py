"""Dates of events, by the calendar."""

from __future__ import annotations

from datetime import date

import pytest

import dojo_calc as dc
from dojo_calc.errors import UnknownNameError
from dojo_calc.evidence.claims.timeline import days_of, event, events, span_between


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-02", date(2025, 2, 1), date(2025, 2, 28)),
        ("2024-05-03", date(2024, 5, 3), date(2024, 5, 3)),
    ],
)
def test_days_that_a_date_can_mean(text: str, first: date, last: date) -> None:
    assert days_of(text) == (first, last)


def test_time_between_dates_holds_every_pair_of_days() -> None:
    # 2023-11-30 to 2025-08-07 are 616 days, from the first of November 645.
    short, middle, long = (of / dc.day for of in span_between("2023-11", "2025-08-07"))
    assert (short, middle, long) == (616, 630.5, 645)
    # Turned round, the same with the other sign.
    assert [of / dc.day for of in span_between("2025-08-07", "2023-11")] == [-645, -630.5, -616]


def test_the_stop_and_the_restart() -> None:
    pause = span_between(event("stop").date, event("restart").date)
    assert {of / dc.day for of in pause} == {164}
    assert pause[1] == dc.load().value("dojo-programme", "pause")


def test_an_event_has_a_known_source() -> None:
    sources = dc.load().sources
    assert not [one for one in events() if one.source not in sources]


def test_an_unknown_event_is_said() -> None:
    with pytest.raises(UnknownNameError, match="did you mean restart"):
        event("restrat")
