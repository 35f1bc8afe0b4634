from __future__ import annotations

import _thread
import itertools
import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from benchmarks.schedule import case
from dojo_calc.economics.milp import Progress
from dojo_calc.economics.offers import Needs, Offer
from dojo_calc.economics.schedule import InfeasiblePlanError, Schedule, schedule
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
    # before it comes, by 1 for 7. A unit for ever would be worth half its price when period 2 is over, which is three
    # periods from the start: 50 / 1.331 = 37.57, and leaves no shortage in period 2.
    offer = Offer(
        "unit", rate=1, power=0, price=100, most=[1, 0, 0], lead=1, deposit=0.25, residual=0.5, life=1
    )
    needs = Needs(QUARTERS[:3], demand=[1, 1, 1], budget=100, grid=1, shortage=[7, 1e6, 7], interest=0.1)
    assert plan([offer], needs).cost == pytest.approx(25 + 75 / 1.1 + 7 + 7 / 1.21)
    assert plan([replace(offer, life=None)], needs).cost == pytest.approx(25 + 75 / 1.1 + 7 - 50 / 1.331)


def test_half_of_each_by_hand() -> None:
    # 10 FLOP/s wanted; A gives 1 for 10, B gives 1 for 4. Alone B is bought: 40. Half of each: 5 x 10 + 5 x 4 = 70.
    offers = [Offer("a", rate=1, power=0, price=10, most=20), Offer("b", rate=1, power=0, price=4, most=20)]
    needs = Needs(QUARTERS[:1], demand=10, budget=1e3, grid=1)
    assert plan(offers, needs).cost == pytest.approx(40)
    half = plan(offers, replace(needs, shares={"a": 0.5, "b": 0.5}))
    assert half.cost == pytest.approx(70)
    assert half.orders["ordered"].to_list() == pytest.approx([5, 5])


# --- Against brute force ----------------------------------------------------------------------------------


def price_of(offer: Offer, units: float) -> float:
    """Price of one in an order of so many."""
    return float(offer.price * min([1.0, *(ratio for size, ratio in offer.lots.items() if units >= size)]))


def brute_force(offers: list[Offer], needs: Needs) -> float:
    """Least cost over every choice of orders; what stands is used, and more is rented, by an LP over all periods."""
    count, best = len(needs.dates), np.inf
    choices = [
        [0, *range(int(one.least), int(one.most) + 1)] if period + one.lead < count else [0]
        for one in offers
        for period in range(count)
    ]
    now = (1 + needs.interest) ** -np.arange(count + 1.0)
    blocks = [
        *((one.running, one.power, one.rate) for one in offers),
        (needs.rent, 0, 1),
        (needs.shortage, 0, 1),
    ]
    unpaid = len(offers) + 1 if not needs.shortage_paid else None
    columns = len(blocks) * count  # block by block, period by period
    cost, rows, above = np.zeros(columns), np.zeros((3 * count, columns)), np.zeros(3 * count)
    for k, (price, power, rate) in enumerate(blocks):
        for t in range(count):
            cost[k * count + t] = price * now[t]
            rows[t, k * count + t], rows[count + t, k * count + t] = power, -rate
            if k != unpaid:
                rows[2 * count + t : 3 * count, k * count + t] = price  # money is carried over
    for chosen in itertools.product(*choices):
        x = np.reshape(chosen, (len(offers), count))
        spent, worth = np.zeros(count), 0.0
        installed = np.zeros((len(offers), count))
        for k, one in enumerate(offers):
            spent[0] += one.design * x[k].any()
            for t, n in enumerate(x[k]):
                price = price_of(one, n) * n
                spent[t] += one.setup * (n > 0) + price * one.deposit
                if n:
                    spent[t + one.lead] += price * (1 - one.deposit)
                installed[k, t + one.lead : t + one.lead + (one.life or count)] += n
                if one.life is None or t + one.lead + one.life > count:
                    worth += one.residual * price
        above = np.concatenate(
            [needs.grid, -np.asarray(needs.demand), np.cumsum(np.subtract(needs.budget, spent))]
        )
        if not needs.shortage_paid and above[2 * count :].min() < 0:
            continue
        bounds = [(0, n) for n in installed.ravel()]
        bounds += [(0, needs.rent_most)] * count + [(0, None)] * count
        answer = linprog(cost, A_ub=rows, b_ub=above, bounds=bounds)
        if answer.status == 0:
            best = min(best, answer.fun + spent @ now[:-1] - worth * now[-1])
    return float(best)


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
    deposit=st.sampled_from([1.0, 0.25]),
    residual=st.sampled_from([0.0, 0.5]),
    life=st.sampled_from([None, 1, 2]),
    whole=st.just(True),
    lots=st.sampled_from([{}, {2: 0.5}]),
)
some_needs = st.builds(
    Needs,
    dates=st.just(QUARTERS[:3]),
    demand=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    budget=st.lists(st.integers(0, 40), min_size=3, max_size=3),
    grid=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    shortage=small,
    shortage_paid=st.sampled_from([False, False, True]),
    rent=small,
    rent_most=st.sampled_from([0, 5]),
    interest=st.sampled_from([0.0, 0.5]),
)


@given(first=an_offer, second=an_offer, needs=some_needs)
@settings(max_examples=30)
def test_the_plan_is_the_best_of_all(first: Offer, second: Offer, needs: Needs) -> None:
    offers = [replace(first, name="a"), replace(second, name="b", most=1, least=1, lots={})]
    least = brute_force(offers, needs)
    if least == np.inf:
        with pytest.raises(InfeasiblePlanError, match="no plan fits"):
            plan(offers, needs)
        return
    found = plan(offers, needs)
    assert found.cost == pytest.approx(least, rel=1e-6, abs=1e-5)
    assert sum(found.parts.values()) == pytest.approx(found.cost, rel=1e-6, abs=1e-5)


@given(offer=an_offer, needs=some_needs, extra=st.integers(1, 20), power=st.integers(1, 20))
@settings(max_examples=12)
def test_more_budget_or_power_never_worsens_the_plan(
    offer: Offer, needs: Needs, extra: int, power: int
) -> None:
    offers = [replace(offer, name="a"), replace(offer, name="b", price=offer.price + 1, lead=0)]
    needs = replace(needs, shortage_paid=False)  # so that some plan always fits
    before = plan(offers, needs).cost
    for richer in (
        replace(needs, budget=[one + extra for one in needs.budget]),
        replace(needs, grid=[one + power for one in needs.grid]),
    ):
        assert plan(offers, richer).cost <= before + 1e-5


@given(offer=an_offer, needs=some_needs)
@settings(max_examples=25)
def test_a_plan_keeps_its_promises(offer: Offer, needs: Needs) -> None:
    found = plan([replace(offer, name="a")], replace(needs, shortage_paid=False))
    periods = found.periods
    met = periods["ran"] + periods["rented"] + periods["missing"]
    assert np.all(met.to_numpy() >= periods["demand"].to_numpy() - 1e-6)
    assert np.all(periods["power"].to_numpy() <= periods["grid"].to_numpy() + 1e-6)
    assert np.all(periods["left"].to_numpy() >= -1e-6)
    assert np.all((found.orders["installed"] - found.orders["energised"]).to_numpy() >= -1e-6)
    assert set(found.orders["ordered"].to_list()) <= {0.0, *map(float, range(int(offer.least), 3))}


@given(offer=an_offer, needs=some_needs)
@settings(max_examples=10)
def test_offers_alike_are_as_good_as_any(offer: Offer, needs: Needs) -> None:
    # Two of one kind are planned as one with two lots. A rate that differs in the twelfth digit keeps them apart.
    needs = replace(needs, shortage_paid=False)
    alike = [replace(offer, name=name, lots={}) for name in ("a", "b")]
    apart = [alike[0], replace(alike[1], rate=alike[1].rate * (1 + 1e-12))]
    together = plan(alike, needs)
    assert together.cost == pytest.approx(plan(apart, needs).cost, rel=1e-6, abs=1e-5)
    for name in ("a", "b"):  # and the plan of each keeps its own bounds
        ordered = together.orders.filter(together.orders["offer"] == name)["ordered"].to_list()
        assert set(ordered) <= {0.0, *map(float, range(int(offer.least), 3))}
    ran = together.orders["energised"].to_numpy().reshape(3, 2).sum(axis=1) * offer.rate
    np.testing.assert_allclose(ran, together.periods["ran"])


def test_what_is_paid_leaves_the_budget() -> None:
    # Renting 10 FLOP/s at 30 takes 300 of money in each period. With 250 and then 350 the first 300 are not there.
    nothing = Offer("unit", rate=1, power=0, price=1, most=0)
    needs = Needs(QUARTERS[:2], demand=[10, 10], budget=[250, 350], grid=1, rent=30)
    with pytest.raises(InfeasiblePlanError, match="a budget 50 USD larger in all from 2024-01-01"):
        plan([nothing], needs)
    # With 350 and then 250 they are, and nothing is left.
    periods = plan([nothing], replace(needs, budget=[350, 250])).periods
    assert periods["spent"].to_list() == pytest.approx([300, 300])
    assert periods["left"].to_list() == pytest.approx([50, 0])
    # A unit that stands costs 5 a period to run: 50 of the money.
    running = replace(nothing, stock=10, running=5)
    assert plan([running], replace(needs, budget=50)).periods["spent"].to_list() == pytest.approx([50, 50])
    # What is missing costs 7, which is money only where it is said to be.
    short = replace(needs, rent=None, shortage=7, budget=0)
    assert plan([nothing], short).cost == pytest.approx(140)
    with pytest.raises(InfeasiblePlanError, match="a budget 140 USD larger in all"):
        plan([nothing], replace(short, shortage_paid=True))


def test_a_worth_at_the_end_is_a_period_away() -> None:
    # A unit of 100 for one period at 50 %, worth half after it: 100 - 50 / 1.5 = 66.67.
    one = Offer("unit", rate=1, power=0, price=100, most=1, residual=0.5)
    found = plan([one], Needs(QUARTERS[:1], demand=1, budget=100, grid=1, interest=0.5))
    assert found.parts["residual"] == pytest.approx(-100 / 3)
    assert found.cost == pytest.approx(200 / 3)


def test_a_hall_that_opens_later_wants_nothing_before() -> None:
    # Nothing is wanted in the first half of the year; then 10 FLOP/s, of which two units give 5 each for 100.
    needs = Needs(QUARTERS[:3], demand=["0 FLOP/s", 0, 10], budget=200, grid=10, rent=1, rent_most=0)
    found = plan([Offer("unit", rate=5, power=1, price=[100, 100, 90], most=10)], needs)
    assert found.cost == pytest.approx(180)
    assert found.periods["ran"].to_list() == pytest.approx([0, 0, 10])


def test_larger_lots_are_cheaper_by_hand() -> None:
    # Nine units are wanted at 10 each. From ten in one order on they cost 8: ten for 80, and one is spare. From a
    # share of 0.95 on it is cheaper to buy nine at the full price.
    unit = Offer("unit", rate=1, power=0, price=10, most=20, lots={10: 0.8}, whole=True)
    needs = Needs(QUARTERS[:1], demand=9, budget=1e3, grid=1)
    assert plan([unit], needs).cost == pytest.approx(80)
    assert plan([unit], needs).periods["spent"].to_list() == pytest.approx([80])
    assert plan([replace(unit, lots={10: 0.95})], needs).cost == pytest.approx(90)
    # Half of the price paid is what it is worth: 40 of 80.
    assert plan([replace(unit, residual=0.5)], needs).parts["residual"] == pytest.approx(-40)


def test_a_lead_of_one_point_nought_is_one() -> None:
    needs = Needs(QUARTERS[:2], demand=[0, 5], budget=100, grid=1)
    for lead in (1, 1.0, "1"):
        assert plan([replace(UNIT, lead=lead, life=1.0)], needs).cost == pytest.approx(100)


def test_a_relief_names_its_earliest_date() -> None:
    # B lacks 5 units from the first quarter on, A another 5 from the third, and shares ask for half of each.
    offers = [
        Offer("a", rate=1, power=0, price=1, most=[0, 0, 5], least=0),
        Offer("b", rate=1, power=0, price=1, most=[5, 0, 0], least=0),
    ]
    needs = Needs(QUARTERS[:3], demand=[10, 10, 20], budget=1e3, grid=1, shares={"a": 0.5, "b": 0.5})
    with pytest.raises(
        InfeasiblePlanError, match="a supply 10 units larger in all from 2024-01-01"
    ) as caught:
        plan(offers, needs)
    assert caught.value.relief["supply"].shape == (2, 3)
    assert caught.value.relief["supply"].sum(axis=1) == pytest.approx([5, 5])


def test_a_limit_of_nodes_is_told_from_no_plan() -> None:
    # SciPy knows no status for it, so that a search that ends there comes as one that found nothing can be had.
    found = schedule(*case(24), gap=1e-6, nodes=1)
    assert found.status == "node limit"
    assert 0 < found.bound < found.cost * (1 - 1e-6)


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
        (
            {"lots": {5: 0.9, 8: 0.95}},
            {},
            "lots of unit: expected rising sizes at falling shares of the price",
        ),
        (
            {"lots": {8: 0.9, 5: 0.8}},
            {},
            "lots of unit: expected rising sizes at falling shares of the price",
        ),
        ({"lead": 1.5}, {}, "lead of unit: expected a whole number of periods from 0, got 1.5"),
        ({"lead": True}, {}, "lead of unit: expected a whole number of periods from 0, got True"),
        ({}, {"rent": None, "rent_most": 5}, "rent_most says nothing without a rent: give rent too"),
        ({}, {"shortage_paid": True}, "shortage_paid says nothing without a price of the shortage"),
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


def test_a_limit_of_work_keeps_the_best_plan_and_its_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    never_done(monkeypatch)
    seen: list[Progress] = []
    found = plan([UNIT], NEEDS, nodes=1500, first_slice=500, progress=seen.append)
    assert found.status == "node limit"
    # Four units of 100 give the 20 FLOP/s that would cost 30 each to rent: 400 is least, 360 is all that is proven.
    assert found.cost == pytest.approx(400)
    assert found.bound == pytest.approx(360)
    assert found.gap == pytest.approx(0.1)
    assert len(seen) == 2  # 500 nodes, and then the 1,000 that are left
    assert [one.seconds for one in seen] == sorted(one.seconds for one in seen)
    assert seen[-1].cost == pytest.approx(400)
    assert seen[-1].gap == pytest.approx(0.1)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_during_a_slice_keeps_the_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    never_done(monkeypatch, slow_from=1)

    def interrupt_soon(_: Progress) -> None:
        threading.Timer(0.3, _thread.interrupt_main).start()

    found = plan([UNIT], NEEDS, progress=interrupt_soon)
    assert found.status == "interrupted"
    assert found.cost == pytest.approx(400)
    assert found.seconds < 2.0


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_before_any_plan_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    never_done(monkeypatch, slow_from=0)
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        plan([UNIT], NEEDS)


def test_no_plan_within_the_work_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = scipy.optimize.OptimizeResult(x=None, fun=None, status=1, mip_dual_bound=0.0, message="")
    monkeypatch.setattr(scipy.optimize, "milp", lambda **_: nothing)
    with pytest.raises(TimeoutError, match="no plan was found in 500 nodes of the search; allow more"):
        plan([UNIT], NEEDS, nodes=500)
