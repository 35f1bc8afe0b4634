"""The ledger of machines held: movements in and out, by hand."""

from __future__ import annotations

import pytest

from dojo_calc.economics.holdings import Movement, holdings, unit_time
from dojo_calc.errors import ScheduleError


def test_a_ledger_by_hand() -> None:
    # 100 units on day 0, 40 leave on day 10 and are back on day 40: by day 50, 100 x 50 - 40 x 30 unit-days.
    swap = [
        Movement("2024-01-01", 100, "delivery"),
        Movement("2024-01-11", -40, "lent"),
        Movement("2024-02-10", 40, "back"),
    ]
    assert holdings(swap)["units"].to_list() == [100, 60, 100]
    assert unit_time(swap, "2024-02-20") / 86400 == pytest.approx(100 * 50 - 40 * 30)


def test_a_ledger_may_be_emptied() -> None:
    moves = [
        Movement("2024-01-01", 1.5, "in"),
        Movement("2024-01-02", -1.0, ""),
        Movement("2024-01-03", -0.5, ""),
    ]
    assert holdings(moves)["units"].to_list() == [1.5, 0.5, 0.0]


@pytest.mark.parametrize(
    ("movements", "message"),
    [
        (
            [("2024-01-01", 8000, "in"), ("2024-01-05", -12000, "to X")],
            r"movements\[1\] \(2024-01-05, to X\): 12,000 ",
        ),
        (
            [("2024-02-01", 1, ""), ("2024-01-05", 1, "")],
            r"movements\[1\]: expected a date from 2024-02-01 on",
        ),
        ([("January", 1, "")], r"movements\[0\]: expected a date such as"),
    ],
)
def test_a_ledger_refuses_what_cannot_be(movements: list[tuple[str, float, str]], message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        holdings([Movement(*one) for one in movements])
