"""The dynamic programme: a case by hand, brute force over all policies, closed forms, and laws."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo_calc.economics.stages import Policy, Programme, Stage, decide, information_value, play
from dojo_calc.errors import DojoCalcError, DomainError, UnitError
from dojo_calc.units import month, year
from tests.strategies import from_zero

QUARTER = year / 4


def test_by_hand() -> None:
    # Two stages of one quarter, 10 and 30 USD, that pass with 0.5 and 0.8; then one unit made for nothing is
    # worth 100 bought: -10 + 0.5 * (-30 + 0.8 * 100) = -10 + 0.5 * 50 = 15. Stopping is never better.
    # Worth 30, the second stage loses 30 - 0.8 * 30 = 6: whoever must go on has -10 + 0.5 * -6 = -13, whoever
    # may stop has -10, and nothing at all by not starting.
    stages = [Stage("design", 10, QUARTER, 0.5), Stage("tape-out", 30, QUARTER, 0.8)]
    good, bad = (Programme(stages, volume=1, made=0, bought=bought) for bought in (100, 30))
    assert decide(good).value == pytest.approx(15)
    assert decide(good, stop=False).value == pytest.approx(15)
    assert decide(bad).value == pytest.approx(-10)
    assert decide(bad, stop=False).value == pytest.approx(-13)
    assert decide(bad).option == 0
    policy = decide(bad)
    assert policy.steps == ("design", "tape-out")
    assert policy.times[:3].tolist() == [0.0, QUARTER, 2 * QUARTER]
    assert not policy.go_on[1, 1].any(), "stops before the second stage, whatever team and market"


def test_cancelled_and_taken_up_again_by_hand() -> None:
    # One quarter of 10 USD towards 100. Cancelled half of the time; taking it up again costs 5 and the stage anew.
    # With two quarters left: -10 + 0.5 * 100 + 0.5 * W, where W, the worth of the pause with one quarter left, is
    # -5 - 10 + 0.5 * 100 = 35: 57.5. Without restart: 40.
    risky = Programme(
        [Stage("all", 10, QUARTER)],
        1,
        0,
        100,
        cancellation=np.log(2) / QUARTER,
        relearning=5,
        horizon=2 * QUARTER,
    )
    assert decide(risky).value == pytest.approx(57.5)
    assert decide(risky, restart=False).value == pytest.approx(40)


# --- Brute force: every deterministic policy, valued by an evaluator that shares no line with the library ----------


def _actions(state: tuple[Any, ...]) -> tuple[str, ...]:
    return {"active": ("go", "pause"), "paused": ("restart", "rest"), "done": ("launch", "wait"), "over": ()}[
        state[0]
    ]


def _outcomes(
    p: dict[str, Any], state: tuple[Any, ...], action: str
) -> tuple[float, list[tuple[float, Any]]]:
    """Reward now, and chances of the next states. A state is (kind, t, step, team, market)."""
    kind, t, step, team, market = state
    markets = [(1 - p["enter"], 0), (p["enter"], 1)] if market == 0 else [(p["ease"], 0), (1 - p["ease"], 1)]
    if kind == "done":
        price = p["bought"] * (1 + p["growth"]) ** (-t / 4) * (1 + p["premium"] * market)
        if action == "launch":
            return p["volume"] * (price - p["made"]), []
        return 0.0, [(chance, ("done", t + 1, 0, 0, m)) for chance, m in markets]
    if action in ("pause", "rest"):
        return 0.0, [(chance, ("paused", t + 1, step, 0, m)) for chance, m in markets]
    reward = 0.0
    if kind == "paused":
        reward, team = -p["relearning"], 0
    reward -= p["costs"][step]
    slip = p["slip"][team]
    success = p["success"][step] * (p["factor"] if team else 1.0)
    teams = (
        [(1 - p["leave"], 0), (p["leave"], 1)] if team == 0 else [(p["rebuild"], 0), (1 - p["rebuild"], 1)]
    )
    found = []
    for (cm, m), (ct, q) in product(markets, teams):
        both = cm * ct
        found.append((both * p["cancel"], ("paused", t + 1, step, 0, m)))
        found.append((both * (1 - p["cancel"]) * slip, ("active", t + 1, step, q, m)))
        ahead = both * (1 - p["cancel"]) * (1 - slip) * success
        end = step + 1 == len(p["costs"])
        found.append((ahead, ("done", t + 1, 0, 0, m) if end else ("active", t + 1, step + 1, q, m)))
    return reward, [(chance, one) for chance, one in found if chance > 0]


def _brute(p: dict[str, Any], start: tuple[Any, ...]) -> float:
    def ends(state: tuple[Any, ...]) -> bool:
        return bool(state[1] >= p["periods"] and state[0] != "done") or bool(state[1] > p["periods"])

    choices, stack = [], [start]
    while stack:
        state = stack.pop()
        if state in choices or ends(state):
            continue
        choices.append(state)
        allowed = ("go",) if state == start else _actions(state)
        stack += [one for action in allowed for _, one in _outcomes(p, state, action)[1]]
    choices.remove(start)
    best = -np.inf
    assert len(choices) <= 14, "too many policies to try"
    for combination in product(*(_actions(state) for state in choices)):
        policy = dict(zip(choices, combination, strict=True)) | {start: "go"}
        known: dict[Any, float] = {}

        def worth(
            state: tuple[Any, ...], policy: dict[Any, str] = policy, known: dict[Any, float] = known
        ) -> float:
            if ends(state):
                return 0.0
            if state not in known:
                reward, following = _outcomes(p, state, policy[state])
                known[state] = reward + p["beta"] * sum(chance * worth(one) for chance, one in following)
            return known[state]

        best = max(best, worth(start))
    return float(best)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["market", "team", "stages"])
def test_equals_the_best_of_all_policies(kind: str, seed: int) -> None:
    random = np.random.default_rng([seed, len(kind)])
    steps, periods = (2, 3) if kind == "stages" else (1, 2)
    p: dict[str, Any] = {
        "periods": periods,
        "costs": random.uniform(5, 30, steps),
        "success": random.uniform(0.5, 1, steps),
        "slip": (0.3, 0.5),
        "factor": 0.6,
        "leave": 0.4 if kind == "team" else 0.0,
        "rebuild": 0.3,
        "cancel": random.uniform(0, 0.6),
        "relearning": random.uniform(0, 20),
        "enter": 0.3 if kind == "market" else 0.0,
        "ease": 0.6,
        "premium": 0.8,
        "bought": random.uniform(20, 120),
        "made": random.uniform(0, 40),
        "volume": 1.0,
        "growth": 0.5,
        "beta": 0.97,
    }
    programme = Programme(
        [Stage(f"stage {i}", p["costs"][i], QUARTER, p["success"][i]) for i in range(steps)],
        volume=1,
        made=p["made"],
        bought=p["bought"],
        growth=0.5,
        discount=p["beta"] ** -4 - 1,
        slip=0.3,
        departures=-np.log(1 - p["leave"]) / QUARTER,
        slip_depleted=0.5,
        success_depleted=0.6,
        rebuild=-QUARTER / np.log(1 - p["rebuild"]),
        cancellation=-np.log(1 - p["cancel"]) / QUARTER,
        relearning=p["relearning"],
        shortages=-np.log(1 - p["enter"]) / QUARTER,
        shortage=-QUARTER / np.log(1 - p["ease"]),
        premium=0.8,
        horizon=periods * QUARTER,
    )
    assert decide(programme).value == pytest.approx(_brute(p, ("active", 0, 0, 0, 0)), rel=1e-9, abs=1e-9)


# --- Closed forms --------------------------------------------------------------------------------------------------


@given(
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    cost=st.floats(1e6, 1e9),
    volume=st.floats(1e3, 1e6),
    growth=from_zero(1),
    discount=from_zero(0.3),
)
def test_without_risk_it_is_the_sum_of_its_parts(
    lengths: list[int], cost: float, volume: float, growth: float, discount: float
) -> None:
    stages = [Stage(f"{i}", cost, length * QUARTER) for i, length in enumerate(lengths)]
    sure = Programme(stages, volume, made=1e3, bought=20e3, growth=growth, discount=discount)
    beta, total, t = (1 + discount) ** -0.25, 0.0, 0
    for length in lengths:
        for _ in range(length):
            total -= cost / length * beta**t
            t += 1
    total += volume * (20e3 * (1 + growth) ** (-t / 4) - 1e3) * beta**t
    assert decide(sure, stop=False).value == pytest.approx(total, rel=1e-9, abs=1e-3)


def test_slips_alone_are_a_negative_binomial() -> None:
    """n periods of work with slip s take n / (1 - s) on the average, so does their cost; no frontier moves."""
    slow = Programme([Stage("all", 40, year)], 1, 0, 500, slip=0.2, horizon=100 * year)
    assert decide(slow, stop=False).value == pytest.approx(500 - 40 / 0.8, rel=1e-9)


def test_played_programmes_have_the_value_that_was_found() -> None:
    p = _risky(bought=45e3)
    for stop, restart in product((True, False), repeat=2):
        policy = decide(p, stop=stop, restart=restart)
        went = play(replace(p, volume=np.full(20_000, 100e3)), policy)
        error = went.value.std() / np.sqrt(went.value.size)
        assert abs(went.value.mean() - policy.value) < 4 * error
        assert went.launched.any()
        assert np.isfinite(went.finished[went.launched]).all()
        if not restart:
            assert went.pauses.max() <= 1


def test_departures_are_counted_when_a_team_is_left() -> None:
    # A year of sure work that goes on whoever leaves, and nobody comes back: one departure at most, of a chance
    # 1 - exp(-0.5) = 0.3935.
    p = Programme(
        [Stage("all", 40, year)], np.full(20_000, 1.0), 0, 500, departures=0.5 / year, slip_depleted=0.0,
        success_depleted=1.0, rebuild=1e9 * year,
    )  # fmt: skip
    left = play(p, decide(p, stop=False)).departures
    assert left.max() == 1
    assert left.mean() == pytest.approx(1 - np.exp(-0.5), abs=4 * np.sqrt(0.24 / 20_000))


# --- Laws ----------------------------------------------------------------------------------------------------------


def _risky(**changed: Any) -> Programme:
    scale = changed.pop("scale", 1.0)
    stages = [
        Stage("architecture", 80e6 * scale, year, changed.pop("success", 0.8)),
        Stage("tape-out", 150e6 * scale, 3 * QUARTER, 0.85),
        Stage("volume", 100e6 * scale, 2 * QUARTER, 0.9),
    ]
    numbers: dict[str, Any] = {
        "volume": 100e3, "made": 8e3, "bought": 25e3, "growth": 0.3, "discount": 0.1, "slip": 0.1,
        "departures": 0.4 / year, "slip_depleted": 0.3, "success_depleted": 0.8, "cancellation": 0.15 / year,
        "relearning": 40e6, "shortages": 0.2 / year, "premium": 0.4, "horizon": 6 * year,
    }  # fmt: skip
    return Programme(stages, **(numbers | changed))


prices = st.floats(10e3, 100e3)
rates = from_zero(1)


@settings(max_examples=25)
@given(bought=prices, slip=from_zero(0.5), departures=rates, cancellation=rates, premium=from_zero(2))
def test_an_option_never_hurts(
    bought: float, slip: float, departures: float, cancellation: float, premium: float
) -> None:
    p = _risky(
        bought=bought,
        slip=slip,
        departures=departures / year,
        cancellation=cancellation / year,
        premium=premium,
    )
    best = decide(p)
    eps = 1e-6 * abs(best.value) + 1
    assert best.value >= decide(p, stop=False).value - eps
    assert best.value >= decide(p, restart=False).value - eps
    assert decide(p, stop=False).value >= decide(p, stop=False, restart=False).value - eps
    assert best.option >= max(best.value, 0)


@settings(max_examples=25)
@given(bought=prices, success=st.floats(0.1, 0.9), more=st.floats(1, 3), departures=rates)
def test_monotone(bought: float, success: float, more: float, departures: float) -> None:
    """More success is worth more; a dearer programme, a dearer unit, a faster frontier and departures less."""
    base: dict[str, Any] = {
        "bought": bought,
        "success": success,
        "departures": departures / year,
        "slip_depleted": 0.1,
    }
    value = decide(_risky(**base)).option
    eps = 1e-9 * abs(value) + 1e-3
    assert decide(_risky(**base | {"success": min(1.0, success * more)})).option >= value - eps
    assert decide(_risky(**base, scale=more)).option <= value + eps
    assert decide(_risky(**base, made=8e3 * more)).option <= value + eps
    assert decide(_risky(**base, growth=0.3 * more)).option <= value + eps
    assert decide(_risky(**base, relearning=40e6 * more)).option <= value + eps
    # With no more slips from a depleted team, departures only make gates harder.
    assert decide(_risky(**base | {"departures": departures * more / year})).option <= value + eps


def test_scenarios_at_once_are_scenarios_one_by_one() -> None:
    bought = np.array([[15e3], [60e3]])
    slip = np.array([0.0, 0.1, 0.4])
    together = decide(_risky(bought=bought, slip=slip))
    assert together.value.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        alone = decide(_risky(bought=float(bought[i, 0]), slip=float(slip[j])))
        assert together.value[i, j] == pytest.approx(alone.value, rel=1e-12)
        np.testing.assert_array_equal(together.go_on[..., i, j], alone.go_on)
    went = play(_risky(bought=bought, slip=slip), together)
    assert went.value.shape == (2, 3)


# --- The value of information ---------------------------------------------------------------------------------------


def test_information_by_hand() -> None:
    # Mean of 30, -10, 10, -50 is -5, so one buys: 0. Knowing all, one makes in two of four: (30 + 10) / 4 = 10.
    # Knowing only the half it is in: the first half has mean 10, taken in half of the cases: 5.
    saved = np.array([30.0, -10.0, 10.0, -50.0])
    assert information_value(saved) == pytest.approx(10)
    assert information_value(saved, [1, 1, 2, 2], groups=2) == pytest.approx(5)
    assert information_value(saved, [3, 3, 3, 3], groups=1) == 0


@given(st.lists(st.floats(-1e9, 1e9), min_size=8, max_size=40), st.integers(1, 8))
def test_knowing_a_part_is_worth_no_more_than_knowing_all(saved: list[float], groups: int) -> None:
    order = np.arange(len(saved))
    part, whole = information_value(saved, order, groups=groups), information_value(saved)
    assert -1e-3 <= part <= whole + 1e-3


# --- Bad input ------------------------------------------------------------------------------------------------------

_GOOD = Programme([Stage("all", 1e6, year)], 1e3, 1e3, 2e3)


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (replace(_GOOD, stages=[]), DojoCalcError, "at least one stage"),
        (replace(_GOOD, slip=1.2), DomainError, "slip must be between 0 and 1"),
        (replace(_GOOD, made=-1.0), DomainError, "made must be at least 0"),
        (replace(_GOOD, bought="5 kg"), UnitError, "bought must be in USD"),
        (replace(_GOOD, rebuild=0.0), DojoCalcError, "rebuild must be above 0"),
        (replace(_GOOD, horizon=6 * month), DojoCalcError, "horizon must be 4 periods"),
        (replace(_GOOD, stages=[Stage("all", 1e6, year, 1.5)]), DomainError, "success of all"),
        (replace(_GOOD, stages=[Stage("all", -1e6, year)]), DomainError, "cost of all"),
        (replace(_GOOD, horizon=np.array([year, year])), DojoCalcError, "one number for all scenarios"),
        (replace(_GOOD, slip=np.zeros(2), growth=np.zeros(3)), DojoCalcError, r"broadcast, got shapes"),
    ],
)
def test_bad_input(bad: Programme, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        decide(bad)


def test_a_policy_of_another_programme_is_refused() -> None:
    policy: Policy = decide(_GOOD)
    with pytest.raises(DojoCalcError, match="the policy is of 4 steps"):
        play(replace(_GOOD, stages=[Stage("all", 1e6, 2 * year)]), policy)
    with pytest.raises(DojoCalcError, match="expected a value of the input for each of 4"):
        information_value([1.0, 2.0, 3.0, 4.0], [1.0])


def test_information_is_worth_nothing_within_rounding_and_something_beyond() -> None:
    # Half of 1 against half of 1 - x: they differ by a share x of it.
    assert information_value([1.0, -0.99e-12], [1, 2], groups=2) == 0.0
    assert information_value([1.0, -1.005e-12], [1, 2], groups=2) > 0.0


def test_left_alone_an_input_is_known_in_64_groups() -> None:
    # 64 scenarios, half of +1 and half of -1, in turn: known one by one, as 64 groups tell, half of them pay 1.
    saved = [(-1.0) ** one for one in range(64)]
    assert information_value(saved, list(range(64))) == pytest.approx(0.5)
    assert information_value(saved, list(range(64)), groups=32) == 0.0, "a group holds one of each"
