"""Orders by hand: what comes of them, when they are paid, and in which lots and groups they are placed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from dojo_calc.economics.milp import Program
from dojo_calc.economics.offers import Needs, Offer
from dojo_calc.economics.orders import Course, Orders, scales
from dojo_calc.economics.recourse import Scenario, stochastic_schedule
from dojo_calc.economics.schedule import InfeasiblePlanError, Schedule, read, schedule, taken_apart
from dojo_calc.errors import ScheduleError

EXACT = 1e-9
QUARTERS = ["2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01"]
UNIT = Offer("unit", rate=1, power=0, price=10, most=20)


def plan(offers: list[Offer], needs: Needs) -> Schedule:
    return schedule(offers, needs, gap=EXACT)


def once(demand: float, **given: Any) -> Needs:
    """A demand of one period, and money enough."""
    return Needs(QUARTERS[:1], demand=demand, budget=1e4, grid=100, **given)


def ordered(found: Schedule) -> list[float]:
    return list(found.orders["ordered"].to_list())


# --- Courses of events ------------------------------------------------------------------------------------


def test_a_course_that_says_nothing_changes_nothing() -> None:
    # Ten of A for 100, a fifth of it paid with the order and a period ahead of what they are needed for: 1,000.
    a = Offer("a", rate=1, power=0, price=100, most=30, lead=1, deposit=0.2)
    needs = Needs(QUARTERS[:2], demand=[0, 10], budget=1e4, grid=1)

    def cost(course: Course) -> float:
        (offer,), wanted = read([a], needs)
        program, unit = Program(), scales([offer])
        orders = Orders(program, [offer], wanted, unit, courses={"a": course})
        found = program.solve(gap=EXACT)
        assert found is not None
        assert found.bound * unit["price"] == pytest.approx(taken_apart(orders, found).cost), "it weighs 1"
        return taken_apart(orders, found).cost

    assert cost(Course()) == cost(Course(known=1)) == pytest.approx(1000)
    # Half of what was ordered before never comes, and its deposit stays away: 20 x 20 and 10 x 80.
    assert cost(Course(known=1, cancelled=0.5)) == pytest.approx(1200)
    assert cost(Course(known=1, cancelled=0.5, refund=1.0)) == pytest.approx(1000)
    # Where nothing was uncertain nothing had been ordered before.
    assert cost(Course(cancelled=0.5)) == pytest.approx(1000)
    assert cost(Course(price=1.5)) == pytest.approx(1500)


@pytest.mark.parametrize("changed", [{}, {"power": 0.0, "price": 0.0}, {"rate": 3e15, "price": 4e4}])
def test_units_of_the_matrix_are_powers_of_two(changed: dict[str, float]) -> None:
    (offer,), _ = read([replace(UNIT, **changed)], once(1))
    for name, unit in scales([offer]).items():
        assert math.frexp(unit)[0] == 0.5, name
        largest = (
            float(getattr(offer, name) * 20)
            if name == "rate"
            else float((getattr(offer, name) * offer.most).max())
        )
        assert largest == 0 or 1 <= largest / unit <= 1000, name


# --- When money leaves ------------------------------------------------------------------------------------


def test_each_payment_leaves_in_its_period_by_hand() -> None:
    # One unit of 100, ordered in the second quarter, when it can be had; a quarter of it is due then, the rest in the
    # third. Having it at all costs 11 at the start, the order 7, running it 3 in each quarter that it runs.
    unit = Offer(
        "unit",
        rate=1,
        power=0,
        price=100,
        most=[0, 1, 0, 0],
        lead=1,
        deposit=0.25,
        setup=7,
        design=11,
        running=3,
    )
    needs = Needs(QUARTERS, demand=[0, 0, 1, 1], budget=[11, 32, 78, 3], grid=1)
    found = plan([unit], needs)
    assert found.periods["spent"].to_list() == pytest.approx([11, 7 + 25, 75 + 3, 3])
    assert found.periods["left"].to_list() == pytest.approx([0, 0, 0, 0], abs=1e-6)
    assert ordered(found) == pytest.approx([0, 1, 0, 0])
    assert found.orders["installed"].to_list() == pytest.approx([0, 0, 1, 1])
    # Any of them a quarter earlier and there is not the money.
    for budget in ([10, 33, 78, 3], [11, 31, 79, 3], [11, 32, 77, 4]):
        with pytest.raises(InfeasiblePlanError, match="a budget 1 USD larger in all"):
            plan([unit], replace(needs, budget=budget))
    # At 100 % interest each counts half as much a quarter later.
    parts = plan([unit], replace(needs, interest=1.0)).parts
    told = {"purchases": 25 / 2 + 75 / 4, "setup": 7 / 2, "design": 11, "running": 3 / 4 + 3 / 8}
    assert parts == pytest.approx(told | {"rent": 0, "shortage": 0, "residual": 0})


def test_a_cheaper_lot_is_paid_when_its_units_are() -> None:
    # Ten at 8 and not at 10, a quarter of it with the order.
    unit = replace(UNIT, lead=1, deposit=0.25, lots={10: 0.8})
    found = plan([unit], Needs(QUARTERS[:2], demand=[0, 10], budget=100, grid=1))
    assert found.periods["spent"].to_list() == pytest.approx([20, 60])
    with pytest.raises(InfeasiblePlanError, match="a budget 1 USD larger in all from 2026-01-01"):
        plan([unit], Needs(QUARTERS[:2], demand=[0, 10], budget=[19, 61], grid=1))


# --- How long units stand ---------------------------------------------------------------------------------


def test_a_unit_whose_life_ends_with_the_plan_is_worth_nothing() -> None:
    unit = replace(UNIT, residual=0.5)
    assert plan([replace(unit, life=1)], once(1)).cost == pytest.approx(10)
    assert plan([replace(unit, life=2)], once(1)).cost == pytest.approx(5)
    assert plan([unit], once(1)).cost == pytest.approx(5)
    # Two quarters in service of four, beside the two that have always stood.
    needs = Needs(QUARTERS, demand=[2, 3, 3, 2], budget=1e4, grid=1)
    found = plan([replace(unit, life=2, stock=2)], needs)
    assert found.orders["installed"].to_list() == pytest.approx([2, 3, 3, 2])
    assert found.cost == pytest.approx(10)


# --- How much is ordered ----------------------------------------------------------------------------------


def test_parts_of_units_are_ordered_where_they_need_not_be_whole() -> None:
    found = plan([UNIT], once(2.4))
    assert ordered(found) == pytest.approx([2.4])
    assert found.cost == pytest.approx(24)
    assert ordered(plan([replace(UNIT, whole=True)], once(2.4))) == pytest.approx([3])
    # Of two alike no more than two each: four, which the two share.
    alike = [replace(UNIT, name=name, most=2, least=0.5) for name in ("a", "b")]
    found = plan(alike, once(3.5))
    assert sum(ordered(found)) == pytest.approx(3.5)
    assert max(ordered(found)) <= 2 + 1e-9
    assert found.periods["ran"].to_list() == pytest.approx([3.5])
    # And one of the two is enough for two.
    assert sorted(ordered(plan([replace(one, setup=1) for one in alike], once(2)))) == pytest.approx([0, 2])


def test_no_more_is_ordered_than_can_be_had_and_no_less_than_a_lot() -> None:
    found = plan([replace(UNIT, most=1)], once(5, shortage=100))
    assert ordered(found) == pytest.approx([1], rel=1e-9)
    assert found.cost == pytest.approx(10 + 400, rel=1e-9)
    assert ordered(plan([replace(UNIT, least=3)], once(1))) == pytest.approx([3], rel=1e-9)
    assert ordered(plan([replace(UNIT, most=3, least=3)], once(1))) == pytest.approx([3]), "all or nothing"
    with pytest.raises(ScheduleError, match="can be ordered in a period, 1, got 2"):
        plan([replace(UNIT, most=1, least=2)], once(1))
    assert ordered(plan([replace(UNIT, most=0, least=2)], once(0))) == [0]
    with pytest.raises(
        ScheduleError, match=r"least of unit: expected at most what can be ordered in a period, 3, got 3\.5"
    ):
        plan([replace(UNIT, most=3, least=3.5)], once(1))


def test_groups_are_ordered_and_cancelled_whole() -> None:
    servers = replace(UNIT, whole=True, group=8)
    for demand, units in ((8, 8), (8.005, 16), (9, 16), (0.5, 8)):
        assert ordered(plan([servers], once(demand))) == [units]
        assert plan([servers], once(demand)).cost == pytest.approx(10 * units, rel=1e-9)
    # Of 20 that can be had 16 come in eights; three at least are eight; pairs are groups as well.
    assert ordered(plan([servers], once(20, shortage=100))) == [16]
    assert ordered(plan([replace(servers, least=3)], once(1))) == [8]
    pairs = plan([replace(servers, group=2)], once(2.2))
    assert ordered(pairs) == [4]
    assert pairs.cost == pytest.approx(40)
    # Two kinds alike, four of each at most and in pairs: six are four and two.
    alike = [replace(UNIT, name=name, whole=True, group=2, most=4) for name in ("a", "b")]
    assert sorted(ordered(plan(alike, once(6)))) == [2, 4]
    with pytest.raises(ScheduleError, match="group of unit: says nothing of an offer that is not whole"):
        plan([replace(UNIT, group=2)], once(3))
    with pytest.raises(ScheduleError, match="group of unit: expected a whole number of units from 1, got 0"):
        plan([replace(servers, group=0)], once(3))
    # For a need of 12, two eights are on order at 10 apiece, 2 of which are paid: 160 in all. When another offer
    # comes to cost 4 apiece, both are given up for their deposit and 12 of it are bought: 32 + 48.
    slow, fast = (
        replace(servers, lead=1, deposit=0.2, name="slow"),
        replace(UNIT, name="fast", price=40, most=[0, 20]),
    )
    needs = Needs(QUARTERS[:2], demand=[0, 12], budget=1e4, grid=1)
    told = [Scenario("as told", 0.9), Scenario("cheap", 0.1, price={"fast": 0.1})]
    found = stochastic_schedule([slow, fast], needs, told, cancellable=["slow"], gap=EXACT)
    assert found.scenarios["cost"].to_list() == pytest.approx([160, 80])
    # Where no more than three of the other can be had, both eights stay, and nothing is cancelled in parts.
    few = [slow, replace(fast, most=[0, 3])]
    found = stochastic_schedule(few, needs, told, cancellable=["slow"], gap=EXACT)
    assert found.scenarios["cost"].to_list() == pytest.approx([160, 160])
    # Where four can, one eight goes: 32 + 64 + 16.
    few = [slow, replace(fast, most=[0, 4])]
    found = stochastic_schedule(few, needs, told, cancellable=["slow"], gap=EXACT)
    assert found.scenarios["cost"].to_list() == pytest.approx([160, 112])


def test_an_order_is_one_lot_of_one_offer() -> None:
    # Eight at 8, and not four of them at 9 as well; seven at 9; for less than four the least lot of four at 9.
    unit = replace(UNIT, least=4, lots={4: 0.9, 8: 0.8, 20: 0.75})
    assert plan([unit], once(8)).cost == pytest.approx(64)
    assert plan([unit], once(7)).cost == pytest.approx(63)
    assert plan([unit], once(3.9)).cost == pytest.approx(36)
    # Two offers have lots of their own: five of A at 9 and eight of B at 8, of which no more can be had.
    a, b = replace(UNIT, name="a", most=5, lots={5: 0.9}), replace(UNIT, name="b", most=8, lots={8: 0.8})
    found = plan([a, b], once(13))
    assert ordered(found) == pytest.approx([5, 8])
    assert found.cost == pytest.approx(45 + 64)
    # In two periods they are two orders: four and four do not make eight.
    needs = Needs(QUARTERS[:2], demand=[4, 8], budget=1e4, grid=1)
    assert plan([replace(unit, most=4, lots={4: 0.9})], needs).cost == pytest.approx(72)


def test_shares_are_of_all_that_stands_in_the_end() -> None:
    # Two thirds of the rate that stands: 20 of A and 10 of B, of which 10 stand already.
    a, b = replace(UNIT, name="a", price=30), replace(UNIT, name="b", stock=10)
    found = plan([a, b], once(10, shares={"a": 2 / 3}))
    assert ordered(found) == pytest.approx([20, 0])
    with pytest.raises(ScheduleError, match=r"shares: expected at most 1 in all, got 1\.005"):
        plan([a, b], once(10, shares={"a": 0.6, "b": 0.405}))
    # Nobody can have any of A, and 10 of B stand: half of that is missing, in the end.
    needs = Needs(QUARTERS[:2], demand=10, budget=100, grid=1, shares={"a": 0.5})
    with pytest.raises(
        InfeasiblePlanError, match="shares missed by 5 FLOP/s of installed rate from 2026-04-01"
    ):
        plan([replace(a, most=0), b], needs)


def test_a_little_that_is_missing_is_told_too() -> None:
    needs = Needs(QUARTERS[:1], demand=1, budget=9.5, grid=1)
    with pytest.raises(InfeasiblePlanError, match=r"a budget 0\.5 USD larger in all"):
        plan([UNIT], needs)
