from __future__ import annotations

import _thread
import itertools
import threading
import time
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from dojo_calc.economics.holdings import Movement, holdings, unit_time
from dojo_calc.economics.milp import Progress
from dojo_calc.economics.schedule import InfeasiblePlanError, Needs, Offer, Schedule, schedule
from dojo_calc.errors import DomainError, ScheduleError, UnitError

EXACT = 1e-9
QUARTERS = [f"{2024 + i // 4}-{1 + 3 * (i % 4):02d}-01" for i in range(24)]


def plan(offers: list[Offer], needs: Needs, **options: Any) -> Schedule:
    return schedule(offers, needs, gap=EXACT, **options)


# --- By hand ----------------------------------------------------------------------------------------------


def test_a_plan_by_hand() -> None:
    # Two periods, demand 10 and 20 FLOP/s. A unit gives 5, costs 100, comes a period later; renting costs 30 a
    # FLOP/s and period. Four units ordered at once serve the second period for 400 where renting would cost 600;
    # the first is rented for 300. In all 700.
    found = plan(
        [Offer("unit", rate=5, power=1, price=100, most=10, lead=1)],
        Needs(QUARTERS[:2], demand=[10, 20], budget=1e4, grid=100, rent=30),
    )
    assert found.cost == pytest.approx(700)
    assert found.orders["ordered"].to_list() == pytest.approx([4, 0])
    assert found.periods["rented"].to_list() == pytest.approx([10, 0])
    assert found.status == "optimal"


def test_what_arrives_before_its_power_sits_dark() -> None:
    # Power for one unit in the first period, for two in the second. A second unit is needed in the second, and
    # costs more there (300 against 100): it is bought early and waits in the dark. A unit missed costs 1,000.
    found = plan(
        [Offer("unit", rate=1, power=1, price=[100, 300], most=5)],
        Needs(QUARTERS[:2], demand=[2, 2], budget=1e4, grid=[1, 2], shortage=1000),
    )
    assert found.orders["ordered"].to_list() == pytest.approx([2, 0])
    assert found.orders["dark"].to_list() == pytest.approx([1, 0])
    assert found.cost == pytest.approx(200 + 1000)


@given(units=st.integers(1, 40), design=st.floats(1, 1e3), make=st.floats(1, 20), more=st.floats(0.5, 20))
@settings(max_examples=25)
def test_make_or_buy_turns_at_the_break_even_volume(
    units: int, design: float, make: float, more: float
) -> None:
    # Closed form: making n units costs design + n make, buying n buy; they are equal at design / (buy - make).
    buy = make + more
    found = plan(
        [
            Offer("make", rate=1, power=0, price=make, most=100, design=design, whole=True),
            Offer("buy", rate=1, power=0, price=buy, most=100, whole=True),
        ],
        Needs(QUARTERS[:1], demand=units, budget=1e9, grid=1),
    )
    turn = design / (buy - make)
    assert found.cost == pytest.approx(design + units * make if units > turn else units * buy, rel=1e-6)


def test_discount_deposit_life_and_residual_by_hand() -> None:
    # One unit of 100, a quarter paid with the order in period 0, the rest on delivery in period 1, interest 10 %:
    # 25 + 75 / 1.1 = 93.18. It lives one period, so period 2 is short by 1 for 7 / 1.21 = 5.785, and period 0,
    # before it comes, by 1 for 7. A unit for ever would be worth half its price after the end: 50 / 1.21 = 41.32,
    # and leaves no shortage in period 2.
    offer = Offer(
        "unit", rate=1, power=0, price=100, most=[1, 0, 0], lead=1, deposit=0.25, residual=0.5, life=1
    )
    needs = Needs(QUARTERS[:3], demand=[1, 1, 1], budget=100, grid=1, shortage=[7, 1e6, 7], interest=0.1)
    assert plan([offer], needs).cost == pytest.approx(25 + 75 / 1.1 + 7 + 7 / 1.21)
    assert plan([replace(offer, life=None)], needs).cost == pytest.approx(25 + 75 / 1.1 + 7 - 50 / 1.21)


def test_half_of_each_by_hand() -> None:
    # 10 FLOP/s wanted; A gives 1 for 10, B gives 1 for 4. Alone B is bought: 40. Half of each: 5 x 10 + 5 x 4 = 70.
    offers = [Offer("a", rate=1, power=0, price=10, most=20), Offer("b", rate=1, power=0, price=4, most=20)]
    needs = Needs(QUARTERS[:1], demand=10, budget=1e3, grid=1)
    assert plan(offers, needs).cost == pytest.approx(40)
    half = plan(offers, replace(needs, shares={"a": 0.5, "b": 0.5}))
    assert half.cost == pytest.approx(70)
    assert half.orders["ordered"].to_list() == pytest.approx([5, 5])


# --- Against brute force ----------------------------------------------------------------------------------


def brute_force(offers: list[Offer], needs: Needs) -> float:
    """Least cost over every choice of orders; each period's use of what stands by an LP of its own."""
    count, best = len(needs.dates), np.inf
    choices = [
        [0, *range(int(one.least), int(one.most) + 1)] if period + one.lead < count else [0]
        for one in offers
        for period in range(count)
    ]
    money = np.cumsum(needs.budget)

    @cache
    def use(t: int, standing: tuple[float, ...]) -> float:
        """Least cost of a period: columns are what of each offer runs, and what is missing."""
        answer = linprog(
            [*(one.running for one in offers), needs.shortage],
            A_ub=[[*(one.power for one in offers), 0], [*(-one.rate for one in offers), -1]],
            b_ub=[needs.grid[t], -needs.demand[t]],
            bounds=[*((0, n) for n in standing), (0, None)],
        )
        return float(answer.fun)

    for chosen in itertools.product(*choices):
        x = np.reshape(chosen, (len(offers), count))
        spent, cost = np.zeros(count), 0.0
        installed = np.zeros((len(offers), count))
        for k, one in enumerate(offers):
            spent += one.price * x[k] + one.setup * (x[k] > 0)
            spent[0] += one.design * x[k].any()
            for t in range(count):
                installed[k, t + one.lead : t + one.lead + (one.life or count)] += x[k, t]
            standing = sum(
                n for t, n in enumerate(x[k]) if one.life is None or t + one.lead + one.life > count
            )
            cost -= one.residual * one.price * standing
        if np.any(np.cumsum(spent) > money + 1e-9):
            continue
        cost += spent.sum() + sum(use(t, tuple(installed[:, t])) for t in range(count))
        best = min(best, cost)
    return best


small = st.integers(1, 9)
an_offer = st.builds(
    Offer,
    name=st.just("?"),
    rate=small,
    power=small,
    price=small,
    most=st.just(2),
    least=st.integers(1, 2),
    lead=st.integers(0, 1),
    setup=st.integers(0, 5),
    design=st.integers(0, 9),
    running=st.integers(0, 4),
    residual=st.sampled_from([0.0, 0.5]),
    life=st.sampled_from([None, 1, 2]),
    whole=st.just(True),
)
some_needs = st.builds(
    Needs,
    dates=st.just(QUARTERS[:3]),
    demand=st.lists(st.integers(1, 30), min_size=3, max_size=3),
    budget=st.lists(st.integers(0, 20), min_size=3, max_size=3),
    grid=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    shortage=small,
)


@given(first=an_offer, second=an_offer, needs=some_needs)
@settings(max_examples=15)
def test_the_plan_is_the_best_of_all(first: Offer, second: Offer, needs: Needs) -> None:
    offers = [replace(first, name="a"), replace(second, name="b", most=1, least=1)]
    found = plan(offers, needs)
    assert found.cost == pytest.approx(brute_force(offers, needs), rel=1e-6, abs=1e-5)
    assert sum(found.parts.values()) == pytest.approx(found.cost, rel=1e-6, abs=1e-5)


@given(offer=an_offer, needs=some_needs, extra=st.integers(1, 20), power=st.integers(1, 20))
@settings(max_examples=12)
def test_more_budget_or_power_never_worsens_the_plan(
    offer: Offer, needs: Needs, extra: int, power: int
) -> None:
    offers = [replace(offer, name="a"), replace(offer, name="b", price=offer.price + 1, lead=0)]
    before = plan(offers, needs).cost
    for richer in (
        replace(needs, budget=[one + extra for one in needs.budget]),
        replace(needs, grid=[one + power for one in needs.grid]),
    ):
        assert plan(offers, richer).cost <= before + 1e-5


@given(offer=an_offer, needs=some_needs)
@settings(max_examples=25)
def test_a_plan_keeps_its_promises(offer: Offer, needs: Needs) -> None:
    found = plan([replace(offer, name="a")], needs)
    periods = found.periods
    met = periods["ran"] + periods["rented"] + periods["missing"]
    assert np.all(met.to_numpy() >= periods["demand"].to_numpy() - 1e-6)
    assert np.all(periods["power"].to_numpy() <= periods["grid"].to_numpy() + 1e-6)
    assert np.all(periods["left"].to_numpy() >= -1e-6)
    assert np.all((found.orders["installed"] - found.orders["energised"]).to_numpy() >= -1e-6)
    assert set(found.orders["ordered"].to_list()) <= {0.0, *map(float, range(int(offer.least), 3))}


# --- Bad input --------------------------------------------------------------------------------------------

UNIT = Offer("unit", rate=5, power=1, price=100, most=10)
NEEDS = Needs(QUARTERS[:2], demand=[10, 20], budget=1e4, grid=100, rent=30)


@pytest.mark.parametrize(
    ("offer", "needs", "message"),
    [
        (
            {},
            {"dates": ["2024-04-01", "2024-01-01"]},
            r"dates\[1\]: expected a date after 2024-04-01, got 2024-01-01",
        ),
        (
            {},
            {"dates": ["2024-04-01", "soon"]},
            r"dates\[1\]: expected a date such as 2024-04-01, got 'soon'",
        ),
        ({}, {"dates": []}, "dates: expected at least one period, got none"),
        ({}, {"demand": [1, 2, 3]}, "demand: expected one value or 2, one a period, got 3"),
        ({"least": 11}, {}, "least of unit: expected at most what can be ordered in a period, 10, got 11"),
        ({"lead": -1}, {}, "lead of unit: expected a whole number of periods from 0, got -1"),
        ({"life": 0}, {}, "life of unit: expected a whole number of periods from 1, got 0"),
        ({}, {"shares": {"unti": 0.5}}, "shares: there is no offer 'unti'; did you mean unit"),
    ],
)
def test_nonsense_is_refused(offer: dict[str, Any], needs: dict[str, Any], message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        plan([replace(UNIT, **offer)], replace(NEEDS, **needs))


def test_other_nonsense_is_refused() -> None:
    with pytest.raises(DomainError, match=r"price of unit must be at least 0 \[USD\], got -100"):
        plan([replace(UNIT, price=-100)], NEEDS)
    with pytest.raises(DomainError, match=r"budget\[1\] must be at least 0 \[USD\], got -5"):
        plan([UNIT], replace(NEEDS, budget=[1, -5]))
    with pytest.raises(UnitError, match="power of unit must be in W"):
        plan([replace(UNIT, power="5 kg")], NEEDS)
    with pytest.raises(ScheduleError, match="offers: the name 'unit' is used twice"):
        plan([UNIT, UNIT], NEEDS)
    with pytest.raises(ScheduleError, match="offers: expected at least one, got none"):
        plan([], NEEDS)


def test_texts_with_units_are_read() -> None:
    found = plan(
        [Offer("h100", rate="989.4 TFLOP/s", power="1.43 kW", price="33600 USD", most=1e4)],
        Needs(QUARTERS[:1], demand="100 EFLOP/s", budget="4 GUSD", grid="200 MW", shortage=1e-3),
    )
    # 10,000 can be had: 336 million USD, 9.894 EFLOP/s, 14.3 MW.
    assert found.parts["purchases"] == pytest.approx(336e6)
    assert found.periods["power"][0] == pytest.approx(14.3e6)


def test_an_infeasible_plan_names_what_binds_and_the_least_change() -> None:
    # 20 FLOP/s must be met by four units of 5, for 400 USD. There are 250: 150 are missing, or 20 - 12.5 = 7.5 of
    # the demand can be dropped. No power or supply helps.
    needs = Needs(QUARTERS[:1], demand=20, budget=250, grid=100)
    with pytest.raises(InfeasiblePlanError, match="a budget 150 USD larger in all from 2024-01-01") as caught:
        plan([UNIT], needs)
    assert caught.value.relief["budget"].tolist() == pytest.approx([150])
    assert caught.value.relief["demand"].tolist() == pytest.approx([7.5])
    assert set(caught.value.relief) == {"budget", "demand"}
    # With money enough and 3 W for units of 1 W, one more watt.
    with pytest.raises(InfeasiblePlanError, match="a grid up to 1 W larger from 2024-01-01"):
        plan([UNIT], replace(needs, budget=1000, grid=3))
    # B stands with 10 FLOP/s, half is to be A, which nobody pays for, and 100 are wanted. Less demand leaves the
    # half unmet, giving up the half leaves the demand unmet.
    offers = [replace(UNIT, name="a", most=0), replace(UNIT, name="b", stock=2)]
    with pytest.raises(InfeasiblePlanError, match="no bound frees it alone; together: ") as caught:
        plan(offers, Needs(QUARTERS[:1], demand=100, budget=0, grid=100, shares={"a": 0.5}))
    assert len(caught.value.relief) >= 2


# --- Long searches ----------------------------------------------------------------------------------------


def never_done(monkeypatch: pytest.MonkeyPatch, *, slow_from: int = 10**9) -> None:
    """Let HiGHS find the best plan but not prove it, as in a long search; sleep from some slice on."""
    real, calls = scipy.optimize.milp, itertools.count()

    def unfinished(**arguments: Any) -> Any:
        if next(calls) >= slow_from:
            time.sleep(2.0)
        found = real(**arguments | {"options": {}})  # so that each slice finds the best plan
        found.update(status=1, mip_dual_bound=0.9 * found.fun)
        return found

    monkeypatch.setattr(scipy.optimize, "milp", unfinished)


def test_a_time_limit_keeps_the_best_plan_and_its_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    never_done(monkeypatch)
    seen: list[Progress] = []
    found = plan([UNIT], NEEDS, time_limit=0.5, first_slice=0.05, progress=seen.append)
    assert found.status == "time limit"
    assert found.seconds >= 0.5
    # Four units of 100 give the 20 FLOP/s that would cost 30 each to rent: 400 is least, 360 is all that is proven.
    assert found.cost == pytest.approx(400)
    assert found.bound == pytest.approx(360)
    assert found.gap == pytest.approx(0.1)
    assert len(seen) >= 2
    assert [one.seconds for one in seen] == sorted(one.seconds for one in seen)
    assert seen[-1].cost == pytest.approx(400)
    assert seen[-1].gap == pytest.approx(0.1)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_during_a_slice_keeps_the_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    never_done(monkeypatch, slow_from=1)

    def interrupt_soon(_: Progress) -> None:
        threading.Timer(0.3, _thread.interrupt_main).start()

    found = plan([UNIT], NEEDS, progress=interrupt_soon, time_limit=20.0)
    assert found.status == "interrupted"
    assert found.cost == pytest.approx(400)
    assert found.seconds < 2.0


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_before_any_plan_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    never_done(monkeypatch, slow_from=0)
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        plan([UNIT], NEEDS, time_limit=20.0)


def test_no_plan_in_the_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = scipy.optimize.OptimizeResult(x=None, fun=None, status=1, mip_dual_bound=0.0)
    monkeypatch.setattr(scipy.optimize, "milp", lambda **_: nothing)
    with pytest.raises(TimeoutError, match="allow more time"):
        plan([UNIT], NEEDS, time_limit=0.01)


# --- The ledger -------------------------------------------------------------------------------------------


def test_a_ledger_by_hand() -> None:
    # 100 units on day 0, 40 leave on day 10 and are back on day 40: by day 50, 100 x 50 - 40 x 30 unit-days.
    swap = [
        Movement("2024-01-01", 100, "delivery"),
        Movement("2024-01-11", -40, "lent"),
        Movement("2024-02-10", 40, "back"),
    ]
    assert holdings(swap)["units"].to_list() == [100, 60, 100]
    assert unit_time(swap, "2024-02-20") / 86400 == pytest.approx(100 * 50 - 40 * 30)


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
