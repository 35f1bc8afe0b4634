"""Numbers behind the verdicts on the post about xAI, by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

import pytest

import dojo_calc as dc
from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.evidence.claims.verdicts import checks

# The stocks that the tests count with, in million H100 equivalents: xAI, the world, and xAI in September 2024.
OWN, WORLD, FIRST = 0.5, 20.3, 0.1
BETWEEN = (date(2025, 12, 31) - date(2024, 9, 2)).days / 365.25  # 485 days


def _answers(claim: str) -> Mapping[str, Answer]:
    answered = checks()[claim](dc.catalogue())
    assert not isinstance(answered, Answer)
    return answered


def _three(answer: Answer) -> tuple[float, float, float]:
    assert answer.low is not None
    assert answer.central is not None
    assert answer.high is not None
    return answer.low, answer.central, answer.high


def _derived(answer: Answer) -> dict[str, float]:
    return {one.name: one.value for one in answer.derived}


def _share(own: float, others: float) -> float:
    return own / (own + others)


def test_share_after_five_years() -> None:
    grew = (OWN / FIRST) ** (1 / BETWEEN)
    assert grew == pytest.approx(3.360, abs=5e-4)
    both, slow, goal, last, grid = _answers("X01").values()
    least = _share(0.45 * (0.45 / 0.105) ** (5 / BETWEEN), (23.7 - 0.45) * 4.1**5)
    most = _share(0.58 * (0.58 / 0.095) ** (5 / BETWEEN), (17.1 - 0.58) * 2.7**5)
    assert _three(both) == pytest.approx((least, _share(OWN * grew**5, 19.8 * 3.3**5), most))
    assert slow.central == pytest.approx(_share(OWN * grew**5, 19.8 * 2.3**5))
    assert goal.central == pytest.approx(_share(50, 19.8 * 3.3**5))
    assert last.high == pytest.approx(_share(52.5, (17.1 - 0.58) * 2.07**5))
    # 100 GW at 2,402.4 W a GB200 of 5,000 / 1,979 equivalents, 1.18^5 times as good: 240.6 million, which they
    # approach.
    most = 100e9 / (2402.4 / (5000 / 1979) / 1.18**5) / 1e6
    assert most == pytest.approx(240.6, abs=0.1)
    assert grid.central is not None
    assert _share(50, most) < grid.central < 1.03 * _share(50, most), (
        "growth comes close to the limit, and stays below"
    )


def test_what_drawing_level_takes() -> None:
    both, _, goal, _, _ = _answers("X01").values()
    takes = _derived(both)
    # k = (19.8 / 0.5)^(1/5) = 39.6^0.2 = e^(3.6788 / 5) = 2.087, and 2.087 x 3.3 = 6.887.
    assert takes["times the growth of all others, to draw level"] == pytest.approx(2.087, abs=5e-4)
    assert takes["growth a year that it takes"] == pytest.approx(6.887, abs=5e-4)
    # 19.8e6 x 3.3^5 = 7.749e9 equivalents; a GB200 of 2,402.4 W is 5,000 / 1,979 of them, and 1.18^5 = 2.2878.
    assert takes["power that it takes"] == pytest.approx(7.749e9 * 2402.4 / 2.5265 / 2.2878 / 1e9, rel=1e-3)
    assert takes["price of what it takes"] == pytest.approx(
        7.749e9 * 80_100 / 2.5265 / 1.43**5 / 1e12, rel=1e-3
    )
    # The goal is more than half where 19.8 g^5 < 50.
    (below,) = _derived(goal).values()
    assert below == pytest.approx((50 / 19.8) ** 0.2)


def test_share_against_the_named() -> None:
    both, grew, goal = _answers("X02").values()
    named = 5.0 + 3.4 + 2.3
    assert both.central == pytest.approx(_share(OWN * 5 ** (5 / BETWEEN), named * 3.3**5))
    assert goal.central == pytest.approx(_share(50, named * 3.3**5))
    # 1.38 + 1.24 + 0.774 million at the end of 2024, 365 days before.
    year = 365 / 365.25
    assert _derived(grew)["their growth in 2025"] == pytest.approx((named / 3.394) ** (1 / year))
    slowest = ((3.9 + 2.62 + 1.77) / (1.72 + 1.64 + 1.02)) ** (1 / year)
    most = _share(0.58 * (0.58 / 0.095) ** (5 / BETWEEN), 8.29 * slowest**5)
    assert grew.high == pytest.approx(most)
    assert most > 0.5, "the reading must not be able to exclude the claim"


def test_what_xai_has_in_july_2030() -> None:
    left = (date(2030, 7, 1) - date(2025, 12, 31)).days / 365.25
    shown, sites, grid = _answers("X03").values()
    low, high = (a * (a / b) ** (left / BETWEEN) * 1e6 for a, b in ((0.45, 0.105), (0.58, 0.095)))
    assert _three(shown) == pytest.approx((low, OWN * 5 ** (left / BETWEEN) * 1e6, high))
    derived = _derived(shown)
    assert derived["growth a year that the goal takes"] == pytest.approx(100 ** (1 / left))
    assert derived["power at the chips of 2025"] == pytest.approx(50e6 * 2402.4 / (5000 / 1979) / 1e9)
    assert derived["price at the chips of 2025"] == pytest.approx(50e6 * 80_100 / (5000 / 1979) / 1e12)
    assert sites.central == 275_796 + 1_389_591
    # 2 GW at 2,510 W a GB200 feed 2.013 million at most, and growth to 62 million comes close to that.
    most = 2e9 / (2510 / (5000 / 1979))
    assert 0.95 * most < _three(grid)[0] < most
    assert _three(grid)[2] < high, "a limit can only take away"


def test_values_of_companies() -> None:
    month, close, within, more = (_three(one) for one in _answers("X08").values())
    # 430 x 3.32, 475 x 3.326 and 498.83 x (3.333 + 0.305) thousand million.
    assert month == pytest.approx((430 * 3.32e9, 475 * 3.326e9, 498.83 * 3.638e9))
    assert close[1] == pytest.approx(489.88 * 3.326e9)
    assert within == pytest.approx((495.28 * 3.32e9, 498.83 * 3.326e9, 498.83 * 3.333e9))
    assert more[1] == pytest.approx(498.83 * 3.63e9)
    paid, offered, first = _answers("X09").values()
    assert (paid.central, offered.central, first.central) == (800e9, 1770e9, 2100e9)
    assert _derived(paid) == pytest.approx(
        {"claimed over paid": 1.7 / 0.8, "claimed over the target of an offering": 1.7 / 1.5}
    )
    assert [one.central for one in _answers("X05").values()] == [3, 2, 3]


def test_growth_that_a_lead_takes() -> None:
    three, two = _answers("X21").values()
    shown = 5 ** (1 / BETWEEN) / 3.3
    assert three.central == pytest.approx(shown / 10 ** (1 / 3))
    assert two.central == pytest.approx(shown / 10**0.5)
    assert list(_derived(three).values()) == pytest.approx([10 ** (1 / 3)])


def test_loans() -> None:
    told, told_capped, paid, capped, offered = (_three(one) for one in _answers("X10").values())
    assert told == pytest.approx((1700e9 * 0.535 / 4, 1700e9 * 0.544 / 4, 1700e9 * 0.555 / 4))
    assert told_capped == pytest.approx(tuple(3.5e9 + 1700e9 * share / 4 for share in (0.415, 0.42, 0.425)))
    assert paid[1] == pytest.approx((0.124 * 1500e9 + 0.42 * 800e9) / 4)
    assert capped == pytest.approx((3.5e9 + 0.415 * 760e9 / 4, 87.5e9, 3.5e9 + 0.425 * 840e9 / 4))
    # 0.415 x 0.79 less what was sold, 86.3 of 1,750, to 0.425 x 0.81 with all 0.21 of xAI's holders.
    shares = 0.415 * 0.79 * (1 - 86.3 / 1750), 0.425 * 0.81 + 0.21
    assert (offered[0], offered[2]) == pytest.approx(
        (3.5e9 + shares[0] * 1750e9 / 4, 3.5e9 + shares[1] * 1780e9 / 4)
    )
    assert offered[1] == pytest.approx(3.5e9 + sum(shares) / 2 * 1770e9 / 4)
    gpus = _derived(_answers("X10")["prices paid, capped"])
    assert list(gpus.values()) == pytest.approx([87.5e9 / 80_100])


def test_ammunition() -> None:
    one = 80_100 / (5000 / 1979)  # USD an H100 equivalent, with its site
    cash, spring, june, burn, told, capped, later, capped_later, rivals = _answers("X11").values()
    assert told.central == pytest.approx(231.2e9 / (50e6 * one))
    assert capped.central == pytest.approx(87.5e9 / (50e6 * one))
    assert later.central == pytest.approx(231.2e9 / (50e6 * one / 1.43**5))
    # At the best 92.75 billion over 47.5 million at 64,100 USD a GB200, 1.6^5 times cheaper.
    assert capped_later.high == pytest.approx(92.75e9 / (47.5e6 * 64_100 / (5000 / 1979) / 1.6**5))

    # A year of 9.5 x 12 / 9 thousand million, drawn as needed at 12.5 % (8 to 12.5) a year.
    def lasts(loan: float, year: float, interest: float) -> float:
        rate = math.log(1 + interest)
        return math.log(1 + rate * loan / year) / rate / 5

    assert _three(burn) == pytest.approx(
        (
            lasts(82.35, 10.5 * 12 / 9, 0.125),
            lasts(87.5, 9.5 * 12 / 9, 0.125),
            lasts(92.75, 8.5 * 12 / 9, 0.08),
        )
    )
    assert cash.central == pytest.approx(lasts(87.5, 6.36 + 12.7, 0.125))
    assert cash.high == pytest.approx(lasts(92.75, 12.65, 0.08)), "without the loss, which holds depreciation"
    assert spring.central == pytest.approx(lasts(87.5, 4 * (2.47 + 7.7), 0.125))
    loan = _three(_answers("X10")["at the offering of June 2026, capped"])[1] / 1e9
    assert june.central == pytest.approx(lasts(loan, 4 * (2.47 + 7.7) - 12 * 1.25, 0.125))
    assert _derived(burn)["years that it lasts"] == pytest.approx(5 * lasts(87.5, 9.5 * 12 / 9, 0.125))
    assert rivals.central is None


def test_what_has_been_spent() -> None:
    months, year, first, second, stood, planned, count, accounts = (
        _three(one) for one in _answers("X15").values()
    )
    assert months == (8.5e9, 9.5e9, 10.5e9)
    assert year == pytest.approx(tuple(billions * 12 / 9 * 1e9 for billions in (8.5, 9.5, 10.5)))
    assert first[1] == 5.29e9
    assert second == pytest.approx((8.464e9, 10.58e9, 12.7e9))
    assert stood[1] == pytest.approx(12.86e9 + 8.807e9)
    assert planned[1] == pytest.approx(12.86e9 + 44.04e9)
    assert count == pytest.approx((2e5 * 46_000, 2e5 * 49_000, 999_000 * 96_100))
    assert accounts == pytest.approx((12.65e9, 6.36e9 + 12.7e9, 6.4e9 + 12.75e9))
    assert [_three(one) for one in _answers("X16").values()] == [first, second, stood]


def test_first_work() -> None:
    seen, told, second = (tuple(day / 86_400 for day in _three(one)) for one in _answers("X17").values())
    assert seen[1] == date(2024, 4, 24).toordinal()
    assert (seen[0], seen[2]) == (date(2024, 4, 17).toordinal(), date(2024, 5, 1).toordinal())
    assert told == pytest.approx((date(2024, 5, 3).toordinal(),) * 3)
    assert (second[0], second[2]) == (date(2024, 9, 2).toordinal(), date(2024, 11, 17).toordinal())
    (ran,) = _derived(_answers("X17")["first work, from space"]).values()
    assert ran == (date(2024, 8, 11) - date(2024, 4, 24)).days


def test_jump_in_scale() -> None:
    scale = _answers("X22")["scale"]
    # The factor of two either way is that of GPT-4 alone: 1e25 and 4e25 over 3.14e23.
    assert _three(scale) == pytest.approx((31.85, 66.88, 127.4), rel=1e-3)
    # 2020-05-28 to 2023-03-14 are 1,020 days: ln 66.88 / 2.793 = 1.505, so 4.50 a year.
    assert list(_derived(scale).values()) == pytest.approx([4.50], abs=5e-3)


def test_what_the_declaration_rests_on() -> None:
    lesser, there, spare, progress, slow, funds = _answers("X26").values()
    grew, k = 5 ** (1 / BETWEEN), (19.8 / 0.5) ** 0.2
    assert there.central == pytest.approx(grew)
    assert spare.central == pytest.approx(20 / 19.06)
    assert _three(lesser) == _three(spare), "the stock trebles, the round pays for a year"
    assert progress.central == pytest.approx(grew / (k * 3.3))
    least = (0.45 / 0.105) ** (1 / BETWEEN) / ((23.25 / 0.45) ** 0.2 * 4.1)
    assert progress.low == pytest.approx(least)
    assert slow.central == pytest.approx(grew / (k * 2.3))
    assert list(_derived(progress).values()) == pytest.approx([grew / 3.3])
    money = 19.8e6 * 3.3**5 * 80_100 / (5000 / 1979) / 1.43**5
    assert funds.central == pytest.approx((231.2e9 + 20e9) / money)


@pytest.mark.parametrize("claim", "X01 X02 X03 X05 X08 X09 X10 X11 X13 X15 X16 X17 X21 X22 X26".split())
def test_the_centre_lies_in_its_interval(claim: str) -> None:
    for reading, answer in _answers(claim).items():
        if answer.central is not None:
            low, central, high = _three(answer)
            assert low <= central <= high, reading
