"""Programmes in which nothing is left to chance, played out by hand; what is left out; and the laws of scale."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dojo_calc.economics.stages import Programme, Stage, decide, information_value, play
from dojo_calc.errors import DojoCalcError
from dojo_calc.units import year

QUARTER = year / 4
SURE = 1e6 / QUARTER  # a rate at which what may happen in a quarter happens
NEVER = 1e9 * year
# A discount of 0.98 a quarter.
BETA = 0.98
DISCOUNT = BETA**-4 - 1
TWO = [Stage("design", 20, 2 * QUARTER), Stage("tape-out", 60, 2 * QUARTER)]


def programme(**changed: Any) -> Programme:
    """Four quarters at 10, 10, 30 and 30 towards a unit made for 5 that is worth 105 bought."""
    numbers: dict[str, Any] = {
        "volume": 1,
        "made": 5,
        "bought": 105,
        "discount": DISCOUNT,
        "horizon": 2 * year,
    }
    return Programme(changed.pop("stages", TWO), **(numbers | changed))


def found(p: Programme, **edited: Any) -> tuple[float, bool, float, int, int]:
    """Value, whether it launched, in which quarter, pauses and departures, under a policy that may be edited."""
    went = play(p, replace(decide(p, stop=False), **edited))
    return (
        float(went.value),
        bool(went.launched),
        float(went.finished) / QUARTER,
        int(went.pauses),
        int(went.departures),
    )


def paid(*amounts: float) -> float:
    """Present value of an amount a quarter, the first at once."""
    return sum(amount * BETA**t for t, amount in enumerate(amounts))


def test_a_sure_programme_is_played_as_it_was_found() -> None:
    p = programme()
    value = paid(-10, -10, -30, -30, 100)
    assert found(p) == pytest.approx((value, True, 4, 0, 0))
    assert decide(p).value == decide(p).option == pytest.approx(value)
    # In every scenario at once, each with its own price.
    many = play(replace(p, bought=np.array([105.0, 205.0])), decide(p))
    np.testing.assert_allclose(many.value, [value, value + 100 * BETA**4])
    assert many.finished.tolist() == [4 * QUARTER] * 2


def test_a_paused_programme_takes_its_stage_up_anew_by_hand() -> None:
    # In its fourth quarter the programme pauses, half-way through its second stage; in its fifth it is taken up for
    # 7, and both quarters of the stage are worked again.
    p = programme(relearning=7)
    policy = decide(p, stop=False)
    go_on = policy.go_on.copy()
    go_on[3] = False
    restart = np.ones_like(policy.restart)
    value = paid(-10, -10, -30, 0, -30 - 7, -30, 100)
    assert found(p, go_on=go_on, restart=restart) == pytest.approx((value, True, 6, 1, 0))
    # Left alone, it has cost three quarters and never comes.
    left = found(p, go_on=go_on, restart=np.zeros_like(restart))
    assert left[:2] == pytest.approx((paid(-10, -10, -30), False))
    assert np.isnan(left[2])
    assert left[3] == 1
    # A pause for more than a quarter counts once.
    restart[:6] = False
    value = paid(-10, -10, -30, 0, 0, 0, -30 - 7, -30)  # and the horizon of eight quarters is there
    assert found(p, go_on=go_on, restart=restart)[:4] == pytest.approx((value + 100 * BETA**8, True, 8, 1))


def test_the_first_quarter_is_worked_whatever_the_policy() -> None:
    p = programme()
    policy = decide(p)
    nothing = {"go_on": np.zeros_like(policy.go_on), "restart": np.zeros_like(policy.restart)}
    assert found(p, **nothing)[:2] == pytest.approx((-10, False))
    # It is a start: what is worth nothing is not started by choice, and costs its first quarter if it is.
    worthless = replace(p, bought=0)
    assert decide(worthless).value == pytest.approx(-10)
    assert decide(worthless).option == 0


def test_a_programme_cancelled_in_every_quarter_by_hand() -> None:
    # Worked for 10, cancelled, taken up for 7 and 10 in each of the seven quarters that are left.
    p = programme(cancellation=SURE, relearning=7)
    restart = np.ones_like(decide(p).restart)
    value = paid(-10, *[-17.0] * 7)
    went = found(p, restart=restart)
    assert went[:2] == pytest.approx((value, False))
    assert went[3:] == (8, 0)
    assert found(p, restart=np.zeros_like(restart))[0] == pytest.approx(-10)


def test_slips_and_gates_that_are_sure_by_hand() -> None:
    # All slips: the first quarter again and again until the horizon of eight.
    assert found(programme(slip=1.0))[:2] == pytest.approx((paid(*[-10.0] * 8), False))
    # Nothing passes the first gate: over after two quarters, and nothing is taken up.
    failing = [replace(TWO[0], success=0.0), TWO[1]]
    restart = np.ones_like(decide(programme()).restart)
    went = found(programme(stages=failing), restart=restart)
    assert went[:2] == pytest.approx((paid(-10, -10), False))
    assert went[3:] == (0, 0)
    # Nor the second: over after four.
    failing = [TWO[0], replace(TWO[1], success=0.0)]
    assert found(programme(stages=failing))[:2] == pytest.approx((paid(-10, -10, -30, -30), False))


def test_a_team_that_is_left_and_rebuilt_in_turn_by_hand() -> None:
    # Whole in the first quarter, left at its end, rebuilt at the end of the second, and so on. As a depleted team
    # only slips, the four quarters of work are done in the first, third, fifth and seventh, at whose ends it is left.
    p = programme(departures=SURE, rebuild=1e-6 * QUARTER, slip_depleted=1.0)
    value = paid(-10, -10, -10, -30, -30, -30, -30, 100)
    assert found(p) == pytest.approx((value, True, 7, 0, 4))
    # Who is never rebuilt is left once.
    p = programme(departures=SURE, rebuild=NEVER, slip_depleted=0.0)
    assert found(p) == pytest.approx((paid(-10, -10, -30, -30, 100), True, 4, 0, 1))
    # A gate that only a whole team passes comes in the second quarter, when the team is depleted.
    assert found(replace(p, success_depleted=0.0))[:2] == pytest.approx((paid(-10, -10), False))


def test_a_market_that_turns_in_every_quarter_by_hand() -> None:
    # Bought chips are scarce in every other quarter: in the fourth they are plenty, so that 105 - 5 is saved. A
    # quarter earlier they are scarce, and half as much again is saved: 157.5 - 5.
    p = programme(shortages=SURE, shortage=1e-6 * QUARTER, premium=0.5)
    assert found(p)[0] == pytest.approx(paid(-10, -10, -30, -30, 100))
    three = [TWO[0], Stage("tape-out", 30, QUARTER)]
    assert found(replace(p, stages=three))[0] == pytest.approx(paid(-10, -10, -30, 152.5))
    # Whoever may wait rests for a quarter before the second stage, and comes when they are scarce.
    value = paid(-10, -10, 0, -30, -30, 152.5)
    assert play(p, decide(p)).value == pytest.approx(value)
    assert decide(p).value == pytest.approx(value)
    # A shortage that never ends is there from the first quarter on.
    assert found(replace(p, shortage=NEVER))[0] == pytest.approx(paid(-10, -10, -30, -30, 152.5))


def test_the_same_seed_is_the_same_chance() -> None:
    p = programme(stages=[replace(TWO[0], success=0.5), TWO[1]], volume=np.ones(200))
    policy = decide(p)
    first, again, other = (play(p, policy, seed=seed).launched for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first == play(p, policy).launched).all(), "left out, it is 0"
    assert (first != other).any()


# --- What is left out, and scale ------------------------------------------------------------------------------------

RISKY: dict[str, Any] = {
    "growth": 0.2, "discount": 0.1, "slip": 0.1, "departures": 0.4 / year, "slip_depleted": 0.3,
    "success_depleted": 0.8, "rebuild": 2 * year, "cancellation": 0.3 / year, "relearning": 4.0,
    "shortages": 0.4 / year, "shortage": 2 * year, "premium": 0.6,
}  # fmt: skip


def risky(scale: float = 1.0, **changed: Any) -> Programme:
    stages = [Stage("design", 20 * scale, year, 0.8), Stage("tape-out", 60 * scale, 2 * QUARTER, 0.9)]
    return Programme(stages, volume=1, made=5 * scale, bought=300 * scale, **changed)


@pytest.mark.parametrize("name", [*RISKY, "period", "horizon"])
def test_a_risk_left_out_does_not_exist(name: str) -> None:
    """Among all others; a team is rebuilt and a shortage over in a year, and ten years are planned by quarters."""
    none = {
        "success_depleted": 1.0, "rebuild": year, "shortage": year, "period": year / 4, "horizon": 10 * year,
    }.get(name, 0.0)  # fmt: skip
    others = {one: value for one, value in RISKY.items() if one != name}
    left_out, said = decide(risky(**others)), decide(risky(**others, **{name: none}))
    assert left_out.value == pytest.approx(said.value, rel=1e-12)
    assert left_out.times.tolist() == said.times.tolist()
    if name in RISKY:  # and it does matter
        assert decide(risky(**RISKY)).value != pytest.approx(said.value, rel=1e-6)


def test_money_has_no_scale() -> None:
    """What is worth a million times less is decided the same way, down to hundredths of a cent."""
    large, small = decide(risky(**RISKY)), decide(risky(1e-6, **RISKY | {"relearning": 4e-6}))
    assert small.value == pytest.approx(1e-6 * large.value, rel=1e-9)
    assert small.option == pytest.approx(1e-6 * large.option, rel=1e-9)
    for table in ("go_on", "restart", "launch"):
        assert (getattr(small, table) == getattr(large, table)).all(), table
    # A chip that may be launched in its last quarter alone.
    last = programme(horizon=year)
    dear, cheap = (
        last,
        replace(last, stages=[replace(one, cost=one.cost * 1e-6) for one in TWO], bought=1e-4, made=0),
    )
    assert decide(dear).launch[-1].all()
    assert decide(cheap).launch[-1].all()
    assert decide(cheap).value == pytest.approx(paid(-10e-6, -10e-6, -30e-6, -30e-6, 1e-4))


def test_what_gains_nothing_is_left_alone() -> None:
    free = [replace(one, cost=0.0) for one in TWO]
    policy = decide(programme(stages=free, bought=5))  # for as much as it costs to make
    assert not policy.launch.any()
    assert not policy.go_on.any()
    assert not policy.restart.any()
    # A chip that is worth as much in every quarter is launched in the first.
    assert decide(programme(discount=0.0)).launch.all()
    # And whoever may not stop launches at a loss, too.
    assert decide(programme(bought=0), stop=False).launch.all()
    assert decide(programme(bought=0), stop=False).value == pytest.approx(paid(-10, -10, -30, -30, -5))


def test_a_depleted_team_slips_no_less_than_a_whole_one() -> None:
    given = {one: value for one, value in RISKY.items() if one not in ("slip", "slip_depleted")}
    less, same = (decide(risky(**given, slip=0.4, slip_depleted=share)).value for share in (0.1, 0.4))
    assert less == pytest.approx(same, rel=1e-12)
    assert decide(risky(**given, slip=0.4, slip_depleted=0.6)).value < same


def test_stages_last_whole_periods_and_times_reach_the_horizon() -> None:
    lengths = {0.1: 1, 1.4: 1, 1.6: 2, 2.4: 2}
    for quarters, count in lengths.items():
        policy = decide(Programme([Stage("all", 1, quarters * QUARTER)], 1, 0, 100))
        assert policy.steps == ("all",) * count, quarters
    assert policy.times.size == 41
    assert policy.times[-1] == pytest.approx(10 * year)
    # Whatever is short of a second is a duration, too.
    assert decide(risky(rebuild=1e-3, shortage=1e-3)).value > 0


def test_information_is_sorted_into_whole_groups_at_most() -> None:
    saved = [3.0, -1.0, 2.0, -2.0]
    # Known one by one it is known: (3 + 2) / 4 against (3 - 1 + 2 - 2) / 4.
    assert information_value(saved, [1, 2, 3, 4], groups=4) == pytest.approx(5 / 4 - 2 / 4)
    for groups in (0, 5):
        with pytest.raises(DojoCalcError, match=f"got 4 values and {groups} groups"):
            information_value(saved, [1, 2, 3, 4], groups=groups)
