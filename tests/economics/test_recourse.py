from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo_calc.economics.offers import Needs, Offer
from dojo_calc.economics.recourse import (
    Recourse,
    Scenario,
    conditional_value_at_risk,
    stochastic_schedule,
    value_of_recourse,
)
from dojo_calc.economics.schedule import InfeasiblePlanError, schedule
from dojo_calc.errors import DomainError, ScheduleError

EXACT = 1e-9
QUARTERS = ["2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01"]


def plan(offers: list[Offer], needs: Needs, scenarios: list[Scenario], **options: Any) -> Recourse:
    return stochastic_schedule(offers, needs, scenarios, gap=EXACT, **options)


# --- By hand ----------------------------------------------------------------------------------------------

# Ten units are needed in the second quarter. A costs 100, ordered in the first; B 150, there at once.
A = Offer("a", rate=1, power=0, price=100, most=30, lead=1)
B = Offer("b", rate=1, power=0, price=150, most=30, lead=0)
TEN = Needs(QUARTERS[:2], demand=[0, 10], budget=1e4, grid=1)


def test_waiting_for_a_price_by_hand() -> None:
    # B, at 100 now, will cost 40 or 140. Ten now are 1,000; waiting costs 400 or 1,400, 900 in the mean. Who knew
    # would pay 400 or 1,000, 700 in the mean: knowing is worth 200. The mean price, 90, says to wait too.
    b = replace(B, price=100)
    prices = [Scenario("falls", 0.5, price={"b": 0.4}), Scenario("rises", 0.5, price={"b": 1.4})]
    found = plan([b], TEN, prices)
    assert found.cost == pytest.approx(900)
    assert found.scenarios["cost"].to_list() == pytest.approx([400, 1400])
    assert found.first["ordered"].to_list() == pytest.approx([0])
    worth = value_of_recourse([b], TEN, prices, gap=EXACT)
    assert worth.wait_and_see == pytest.approx(700)
    assert worth.perfect_information == pytest.approx(200)
    assert worth.stochastic_solution == pytest.approx(0, abs=1e-6)
    # The worst tenth of waiting costs 1,400. With a weight w of it waiting is 900 + 500 w: above 1,000 from 0.2 on.
    assert plan([b], TEN, prices, aversion=0.19).cost == pytest.approx(900)
    averse = plan([b], TEN, prices, aversion=0.21)
    assert (averse.cost, averse.tail) == pytest.approx((1000, 1000))
    assert averse.first["ordered"].to_list() == pytest.approx([10])


def test_nobody_is_averse_who_does_not_say_so() -> None:
    # Waiting costs 598 or 1,400, 999 in the mean, a dollar less than ten now. With a weight w of the worst tenth it
    # is 999 + 401 w, which is above 1,000 from 0.0025 on.
    b = replace(B, price=100)
    prices = [Scenario("falls", 0.5, price={"b": 0.598}), Scenario("rises", 0.5, price={"b": 1.4})]
    assert plan([b], TEN, prices).cost == pytest.approx(999)
    assert plan([b], TEN, prices, aversion=0.003).cost == pytest.approx(1000)


def test_a_late_delivery_by_hand() -> None:
    # A comes too late in half of all cases. Its mean delay is half a period, which rounds to none: the mean plan buys
    # ten A for 1,000, and ten B for 1,500 where they are late, 1,750 in the mean. B alone is 1,500 and always there.
    late = [Scenario("on time", 0.5), Scenario("late", 0.5, late={"a": 1})]
    worth = value_of_recourse([A, B], TEN, late, gap=EXACT)
    assert (worth.here_and_now, worth.mean_plan, worth.wait_and_see) == pytest.approx((1500, 1750, 1250))
    assert worth.stochastic_solution == pytest.approx(250)
    # What comes after the end is still worth its residual: at 0.6 of the price ten A are 400 on time; late they are
    # 1,000 - 600 beside ten B for 1,500 - 900: 700 in the mean, and B alone is 600.
    found = plan([replace(A, residual=0.6), replace(B, residual=0.6)], TEN, late)
    assert found.cost == pytest.approx(600)
    assert plan([replace(A, residual=0.9), B], TEN, late).cost == pytest.approx(
        0.5 * 100 + 0.5 * (100 + 1500)
    )


def test_a_cancelled_order_by_hand() -> None:
    # Half of what is ordered of A falls away in half of all cases, a fifth paid beforehand. Ten of A: 1,000, or
    # 200 + 5 x 80 and five B for 750, which is 1,350. An eleventh would cost 100, or save 75 - 60: ten are best.
    a = replace(A, deposit=0.2)
    cut = Scenario("cut", 0.5, cancelled={"a": 0.5})
    whole = Scenario("whole", 0.5)
    found = plan([a, B], TEN, [whole, cut])
    assert found.scenarios["cost"].to_list() == pytest.approx([1000, 1350])
    assert found.first["ordered"].to_list() == pytest.approx([10, 0])
    cut_plan = found.plans["cut"]
    assert cut_plan.orders["installed"].to_list() == pytest.approx([0, 0, 5, 5])
    assert cut_plan.periods["spent"].to_list() == pytest.approx([200, 400 + 750])
    # With the deposit back, 5 x 20 less.
    back = plan([a, B], TEN, [whole, replace(cut, refund=1)])
    assert back.scenarios["cost"].to_list() == pytest.approx([1000, 1250])


def test_cancelling_an_order_by_hand() -> None:
    # B may halve to 75, less than the 80 still due for A: then ten A are given up for their deposit of 200 and ten B
    # bought for 750.
    a = replace(A, deposit=0.2)
    prices = [Scenario("as told", 0.5), Scenario("halved", 0.5, price={"b": 0.5})]
    assert plan([a, B], TEN, prices).cost == pytest.approx(1000)
    found = plan([a, B], TEN, prices, cancellable=["a"])
    assert found.scenarios["cost"].to_list() == pytest.approx([1000, 950])
    assert found.plans["halved"].orders["installed"].to_list() == pytest.approx([0, 0, 0, 10])
    assert sum(found.plans["halved"].parts.values()) == pytest.approx(950)
    assert found.plans["halved"].periods["spent"].to_list() == pytest.approx([200, 750])
    # So 750 are enough beside it, where ten of A are due 800; at 100 % interest they count 375.
    tight = replace(TEN, budget=[200, 800], interest=1.0)
    # What is kept is worth a twentieth of its price in the end, two periods away, and what is given up nothing.
    kept = replace(a, residual=0.05)
    found = plan([kept, B], tight, prices, cancellable=["a"])
    assert found.scenarios["cost"].to_list() == pytest.approx([200 + 400 - 50 / 4, 200 + 375])
    assert found.plans["halved"].periods["left"].to_list() == pytest.approx([0, 50], abs=1e-6)


def test_having_an_offer_at_all_is_decided_first() -> None:
    # Making costs 400 of design and 50 a unit, against B at 60 or 300 once it is known: made for 900 or bought
    # for 600 or 3,000. The design cannot wait, and is worth its 400 in the mean: 600 + 400 where B stays cheap.
    make = Offer("make", rate=1, power=0, price=50, most=30, design=400)
    prices = [Scenario("cheap", 0.5), Scenario("dear", 0.5, price={"b": 5})]
    found = plan([make, replace(B, price=60, most=[0, 30])], TEN, prices)
    assert found.scenarios["cost"].to_list() == pytest.approx([900, 900])
    alone = plan([make, replace(B, price=60, most=[0, 30])], TEN, [Scenario("cheap", 1)])
    assert alone.cost == pytest.approx(600)


def test_the_tail_by_hand() -> None:
    # The worst tenth costs 10; the worst 30 % 0.2 x 10 + 0.1 x 2 over 0.3; all of them 3.1 in the mean.
    costs, chances = [1.0, 10.0, 2.0], [0.5, 0.2, 0.3]
    assert conditional_value_at_risk(costs, chances, 0.9) == pytest.approx(10)
    assert conditional_value_at_risk(costs, chances, 0.7) == pytest.approx(2.2 / 0.3)
    assert conditional_value_at_risk(costs, chances, 0.0) == pytest.approx(3.1)


def test_one_certain_scenario_is_a_schedule() -> None:
    offers = [replace(A, residual=0.3, setup=5), replace(B, running=2, lots={5: 0.9})]
    needs = replace(TEN, interest=0.1, shortage=500)
    found, certain = plan(offers, needs, [Scenario("it", 1)]), schedule(offers, needs, gap=EXACT)
    assert found.cost == pytest.approx(certain.cost)
    assert found.tail == pytest.approx(certain.cost)
    assert found.plans["it"].parts == pytest.approx(certain.parts)


def test_scenarios_that_do_not_differ_leave_nothing_to_know() -> None:
    # Whichever it is, A is a period late, loses half of what was ordered and half of that deposit, and B costs 1.2.
    needs = Needs(QUARTERS[:3], demand=[0, 0, 10], budget=1e4, grid=1)
    same = {"price": {"b": 1.2}, "late": {"a": 1}, "cancelled": {"a": 0.5}, "refund": 0.5}
    offers = [replace(A, deposit=0.2, price=50), replace(B, most=[0, 30, 30])]
    told = [Scenario("one", 0.25, **same), Scenario("two", 0.75, **same)]
    worth = value_of_recourse(offers, needs, told, gap=EXACT)
    # Twenty of A: deposits of 200, of which 50 come back, and ten more payments of 40. Ten of B are 1,800.
    assert worth.here_and_now == pytest.approx(550)
    assert (worth.wait_and_see, worth.mean_plan) == pytest.approx((550, 550))


def test_what_runs_first_is_no_part_of_the_mean_plan() -> None:
    # One unit stands; it costs 10 a quarter to run, or 12 to leave one's first quarter unserved. Two are needed in
    # the second, when B costs 1 or 9, or 5 in the mean, and there are 25 in all. At 5 all three can be paid; at 9
    # there are 6 for the first, 0.6 of it, and what is missing of the second would cost 1,000. So the best is 6 + 0.4
    # x 12 + 10 + (1 + 9) / 2 = 25.8, and whoever planned for 5 ordered nothing first that stands in its way.
    stands = Offer("stands", rate=1, power=0, price=1, most=0, stock=1, running=10)
    b = Offer("b", rate=1, power=0, price=5, most=[0, 1])
    needs = Needs(QUARTERS[:2], demand=[1, 2], budget=[25, 0], grid=1, shortage=[12, 1000])
    told = [Scenario("cheap", 0.5, price={"b": 0.2}), Scenario("dear", 0.5, price={"b": 1.8})]
    worth = value_of_recourse([stands, b], needs, told, gap=EXACT)
    assert worth.here_and_now == pytest.approx(25.8)
    assert worth.mean_plan == pytest.approx(25.8)
    assert worth.wait_and_see == pytest.approx((10 + 10 + 1 + 6 + 4.8 + 10 + 9) / 2)


def test_a_mean_refund_is_that_of_what_is_cancelled() -> None:
    # A is cut by half in one case of two, with all of the deposit back; in the other there is nothing to give back.
    # In the mean a quarter of it is lost, at no cost at all, so that a plan for the mean orders 13 1/3 for 10: 1,000,
    # and 10 of B would be 1,010. Then they are 1,333 or 667 and 3 1/3 of B, 337: 1,168 in the mean.
    a, b = replace(A, deposit=0.5), replace(B, price=101)
    told = [Scenario("cut", 0.5, cancelled={"a": 0.5}, refund=1), Scenario("whole", 0.5)]
    worth = value_of_recourse([a, b], TEN, told, gap=EXACT)
    assert worth.mean_plan == pytest.approx(0.5 * 4000 / 3 + 0.5 * (2000 / 3 + 101 * 10 / 3))
    # Without the refund a third of its deposits, 167, would speak for B.
    assert value_of_recourse(
        [a, b], TEN, [replace(told[0], refund=0), told[1]], gap=EXACT
    ).mean_plan == pytest.approx(1010)


def test_a_recourse_is_told_in_a_line_and_its_tail_is_the_worst_tenth() -> None:
    # Ten of B at 100, 200 or 400, of which the dearest has a chance of 0.05: the worst tenth costs 4,000 in half of
    # it and 2,000 in the other. In the mean it is 0.45 x 1,000 + 0.5 x 2,000 + 0.05 x 4,000 = 1,650.
    b = replace(B, price=100, most=[0, 30])
    told = [Scenario("a", 0.45), Scenario("b", 0.5, price={"b": 2}), Scenario("c", 0.05, price={"b": 4})]
    found = plan([b], TEN, told)
    assert found.tail == pytest.approx(3000)
    assert found.line() == "Schedules of 3 scenarios for 1,650 USD on average, optimal"
    assert found.plans["a"].line() == "Schedule of 2 periods for 1,000 USD, optimal"
    assert found.table()["cost"].to_list() == pytest.approx([1000, 2000, 4000])
    assert found.units() == {"cost": "USD"}
    units = found.plans["a"].units()
    assert [units.get(name) for name in found.plans["a"].table().columns] == [
        None, "FLOP/s", "FLOP/s", "FLOP/s", "FLOP/s", "W", "W", "USD", "USD",
    ]  # fmt: skip


# --- Against brute force ----------------------------------------------------------------------------------


def cost_of(offers: list[Offer], needs: Needs, orders: Any, known: int, scenario: Scenario) -> float:
    """Cost of some orders in a scenario, what stands used by its rate a watt; infinite beyond the budget."""
    count = len(needs.dates)
    now = (1 + needs.interest) ** -np.arange(count + 3.0)
    spent, worth, late = np.zeros(count), 0.0, 0.0
    installed = np.zeros((len(offers), count))
    for k, one in enumerate(offers):
        for t, n in enumerate(orders[k]):
            early = t < known
            price = one.price * (1.0 if early else scenario.price.get(one.name, 1.0))
            lost = scenario.cancelled.get(one.name, 0.0) * early
            arrives = t + one.lead + scenario.late.get(one.name, 0)
            due = n * price * ((1 - lost) * (1 - one.deposit) - lost * scenario.refund * one.deposit)
            spent[t] += n * price * one.deposit + one.setup * (n > 0)
            if arrives < count:
                spent[arrives] += due
            else:
                late += due * now[arrives]
            installed[k, arrives:] += n * (1 - lost)
            worth += n * price * one.residual * (1 - lost) * now[max(count, arrives)]
    missing = np.array(needs.demand, dtype=float)
    for t in range(count):
        power = needs.grid[t]
        for k in sorted(range(len(offers)), key=lambda k: offers[k].power / offers[k].rate):
            run = min(installed[k, t], power / offers[k].power)
            power -= run * offers[k].power
            missing[t] -= run * offers[k].rate
    if np.any(np.cumsum(spent) > np.cumsum(needs.budget) + 1e-9):
        return np.inf
    return float(spent @ now[:count] + late + needs.shortage * np.maximum(missing, 0) @ now[:count] - worth)


def brute_force(
    offers: list[Offer], needs: Needs, scenarios: list[Scenario], known: int, aversion: float, level: float
) -> float:
    """Least objective over all first orders, each with the best that can be ordered after it."""
    count = len(needs.dates)

    def choices(periods: range, late: Mapping[str, int]) -> list[tuple[int, ...]]:
        each = [
            [0, *range(int(one.least), int(one.most) + 1)]
            if t + one.lead + late.get(one.name, 0) < count
            else [0]
            for one in offers
            for t in periods
        ]
        return list(itertools.product(*each))

    best, shape = np.inf, (len(offers), count - known)
    for chosen in choices(range(known), {}):
        first = np.reshape(chosen, (len(offers), known))
        costs = [
            min(
                cost_of(offers, needs, np.hstack([first, np.reshape(then, shape)]), known, one)
                for then in choices(range(known, count), one.late)
            )
            for one in scenarios
        ]
        if np.isfinite(costs).all():
            chances = [one.chance for one in scenarios]
            mean = float(np.dot(costs, chances))
            tail = conditional_value_at_risk(costs, chances, level)
            best = min(best, (1 - aversion) * mean + aversion * tail)
    return best


small = st.integers(1, 9)
an_offer = st.builds(
    Offer, name=st.just("?"), rate=small, power=small, price=small, most=st.just(2), least=st.integers(1, 2),
    lead=st.integers(0, 1), setup=st.integers(0, 3), deposit=st.sampled_from([1.0, 0.25]),
    residual=st.sampled_from([0.0, 0.5]), whole=st.just(True),
)  # fmt: skip
some_needs = st.builds(
    Needs, dates=st.just(QUARTERS[:3]), demand=st.tuples(st.just(0), st.integers(0, 30), st.integers(0, 30)),
    budget=st.lists(st.integers(0, 20), min_size=3, max_size=3),
    grid=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    shortage=small, interest=st.sampled_from([0.0, 0.5]),
)  # fmt: skip
a_scenario = st.builds(
    Scenario, name=st.just("?"), chance=st.just(0),
    price=st.dictionaries(st.sampled_from("ab"), st.sampled_from([0.5, 2.0])),
    late=st.just({}) | st.just({"a": 1}), cancelled=st.just({}) | st.just({"a": 0.5}),
    refund=st.sampled_from([0.0, 1.0]),
)  # fmt: skip


@given(
    first=an_offer, second=an_offer, needs=some_needs, scenarios=st.tuples(a_scenario, a_scenario),
    chance=st.sampled_from([0.2, 0.5]), aversion=st.sampled_from([0.0, 0.5]), level=st.sampled_from([0.9, 0.6]),
)  # fmt: skip
@settings(max_examples=25)
def test_the_orders_that_come_first_are_the_best_of_all(
    first: Offer,
    second: Offer,
    needs: Needs,
    scenarios: tuple[Scenario, Scenario],
    chance: float,
    aversion: float,
    level: float,
) -> None:
    offers = [replace(first, name="a", lead=1), replace(second, name="b", most=1, least=1)]
    told = [
        replace(scenarios[0], name="one", chance=chance),
        replace(scenarios[1], name="two", chance=1 - chance),
    ]
    least = brute_force(offers, needs, told, 1, aversion, level)
    found = plan(offers, needs, told, aversion=aversion, level=level)
    objective = (1 - aversion) * found.cost + aversion * found.tail
    assert objective == pytest.approx(least, rel=1e-6, abs=1e-5)
    assert found.bound == pytest.approx(least, rel=1e-6, abs=1e-5)


@given(
    first=an_offer, second=an_offer, needs=some_needs, scenarios=st.tuples(a_scenario, a_scenario),
    chance=st.sampled_from([0.2, 0.5]),
)  # fmt: skip
@settings(max_examples=10)
def test_knowing_and_hedging_are_worth_something(
    first: Offer, second: Offer, needs: Needs, scenarios: tuple[Scenario, Scenario], chance: float
) -> None:
    offers = [replace(first, name="a", lead=1), replace(second, name="b")]
    told = [
        replace(scenarios[0], name="one", chance=chance),
        replace(scenarios[1], name="two", chance=1 - chance),
    ]
    worth = value_of_recourse(offers, needs, told, gap=EXACT)
    slack = 1e-6 * max(1.0, abs(worth.here_and_now))
    assert worth.perfect_information >= -slack
    assert worth.stochastic_solution >= -slack
    # Whoever shuns the tail has no better mean and no worse tail, and no tail is below its mean.
    neutral, averse = plan(offers, needs, told), plan(offers, needs, told, aversion=0.5)
    assert averse.cost >= neutral.cost - slack
    assert averse.tail <= neutral.tail + slack
    assert neutral.tail >= neutral.cost - slack


# --- Bad input --------------------------------------------------------------------------------------------

TWO = [Scenario("one", 0.5), Scenario("two", 0.5)]


@pytest.mark.parametrize(
    ("scenarios", "options", "message"),
    [
        (
            [Scenario("one", 0.5), Scenario("two", 0.4)],
            {},
            "scenarios: expected chances of 1 in sum, got 0.9",
        ),
        ([Scenario("one", 0.5), Scenario("one", 0.5)], {}, "each with a name of its own"),
        ([], {}, "scenarios: expected at least one"),
        (
            [Scenario("x", 1, price={"aa": 2})],
            {},
            "price of scenario x: there is no offer 'aa'; did you mean a",
        ),
        (
            [Scenario("x", 1, late={"a": 0.5})],
            {},
            r"late\[a\] of scenario x: expected a whole number of periods",
        ),
        (
            [Scenario("x", 1, late={"b": 1})],
            {},
            "late of scenario x: b is delivered after 0 periods, so that it is",
        ),
        (TWO, {"known": 2}, "known: expected at most 1, the last period counted from 0, got 2"),
        (TWO, {"known": 0}, "known: expected a whole number of periods from 1, got 0"),
        (TWO, {"cancellable": ["c"]}, "cancellable: there is no offer 'c'"),
    ],
)
def test_nonsense_is_refused(scenarios: list[Scenario], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        plan([A, B], TEN, scenarios, **options)


def test_other_nonsense_is_refused() -> None:
    with pytest.raises(DomainError, match="aversion must be at least 0 and below 1"):
        plan([A, B], TEN, TWO, aversion=1)
    with pytest.raises(DomainError, match=r"cancelled\[a\] of scenario x must be between 0 and 1"):
        plan([A, B], TEN, [Scenario("x", 1, cancelled={"a": 2})])
    with pytest.raises(ScheduleError, match="a has lots, and what is left of one has no price"):
        plan([replace(A, lots={5: 0.9}), B], TEN, TWO, cancellable=["a"])


def test_a_scenario_without_a_plan_is_named() -> None:
    # Where A is late nothing gives the ten.
    told = [Scenario("on time", 0.5), Scenario("late", 0.5, late={"a": 1})]
    with pytest.raises(
        InfeasiblePlanError, match="scenario 'late': no plan fits; what frees it: a demand up to 10 "
    ):
        plan([A], TEN, told)
    # Each alone has one, by A or by the other offer that must be begun first, but there is money for one of the two.
    c = replace(A, name="c")
    told = [Scenario("a is late", 0.5, late={"a": 1}), Scenario("c is late", 0.5, late={"c": 1})]
    with pytest.raises(InfeasiblePlanError, match="no orders before they are known suit them all"):
        plan([A, c], replace(TEN, budget=[1000, 0]), told)
