"""An in-house chip as a chain of stages that may slip, fail, be stopped and be taken up again.

A procedure: `decide` looks for the best policy by backward induction [1]_ over stage, team, market and time,
for any number of scenarios at once; `play` lets programmes run under a policy.

A programme works through its stages a period at a time. At the start of every period its owner may go on or
pause; a pause may last for ever, and starting again costs money, begins the stage anew and brings a whole
team. In a period of work

1. the programme may be cancelled from outside, which pauses it;
2. the period's work may have to be done again (a slip);
3. the last period of a stage passes its gate or ends the programme for good;
4. key people may leave; until others have taken over, slips are likelier and gates harder;
5. bought chips may become scarce, or plenty again.

What is made is worth what the same work costs to buy on the day it is ready, so every period of slip loses
value to the frontier [2]_. A finished chip may wait for a better market, or stay in the drawer.

References
----------
.. [1] R. Bellman, "Dynamic Programming", Princeton University Press, 1957.
.. [2] A. K. Dixit, R. S. Pindyck, "Investment under Uncertainty", Princeton University Press, 1994, chapter
   10: sequential investment, with the option to stop and to start again.
.. [3] H. Raiffa, R. Schlaifer, "Applied Statistical Decision Theory", Harvard University, 1961: the value of
   perfect and of partial information.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import count
from typing import Any, Final, TypeAlias

import numpy as np

from dojo_calc.doors import door
from dojo_calc.economics.programme import frontier_price, retention
from dojo_calc.errors import DojoCalcError
from dojo_calc.quantities import CashFlow, Count, DecayRate, Duration, Fraction, Money, Ratio, check
from dojo_calc.units import year

__all__ = ["Outcomes", "Policy", "Programme", "Stage", "decide", "information_value", "play"]

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
BoolArray: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Scenarios: TypeAlias = Any  # a number, or an array with one value a scenario

WHOLE, DEPLETED = 0, 1  # states of the team
PLENTY, SCARCE = 0, 1  # states of the market for bought chips
_LONGEST = 2000  # periods to the horizon


@dataclass(frozen=True)
class Stage:
    """A stage of a programme.

    Attributes
    ----------
    name : str
    cost : Money
        If nothing slips, spread evenly over its periods [USD]; may be an array over scenarios.
    duration : Duration
        If nothing slips, rounded to whole periods and at least one; the same in all scenarios [s].
    success : Fraction
        Chance to pass the gate at its end with a whole team [1]; may be an array over scenarios.
    """

    name: str
    cost: Scenarios
    duration: float
    success: Scenarios = 1.0


@dataclass(frozen=True)
class Programme:
    """An in-house chip: what it costs, what it replaces, and what may happen to it.

    Every number may be an array with one value for each scenario, except `period` and `horizon`; the arrays
    broadcast. Risks left out do not exist.

    Attributes
    ----------
    stages : sequence of Stage
    volume : Count
        Units made if the programme comes to it [1].
    made : Money
        Cost of one more made unit [USD].
    bought : Money
        What the work of one made unit costs to buy when the programme starts [USD].
    growth : Ratio
        Share a year by which the work that a dollar buys grows [1].
    discount : Ratio
        Rate a year at which the owner discounts money [1].
    slip : Fraction
        Chance that a period's work of a whole team must be done again [1].
    departures : DecayRate
        Rate at which the team loses key people while it works [1/s].
    slip_depleted : Fraction
        `slip` of a depleted team, taken as `slip` where it is less [1].
    success_depleted : Fraction
        Factor on the chance to pass a gate with a depleted team [1].
    rebuild : Duration
        Mean time in which a depleted team is whole again [s].
    cancellation : DecayRate
        Rate at which a working programme is cancelled from outside [1/s].
    relearning : Money
        Cost of taking a paused programme up again [USD].
    shortages : DecayRate
        Rate at which bought chips become scarce [1/s].
    shortage : Duration
        Mean duration of a shortage [s].
    premium : Ratio
        Share by which the price of bought chips rises in a shortage [1].
    period : Duration
        Between decisions; a quarter of a year if left out [s].
    horizon : Duration
        After which nothing is worth anything [s].
    """

    stages: Sequence[Stage]
    volume: Scenarios
    made: Scenarios
    bought: Scenarios
    growth: Scenarios = 0.0
    discount: Scenarios = 0.0
    slip: Scenarios = 0.0
    departures: Scenarios = 0.0
    slip_depleted: Scenarios = 0.0
    success_depleted: Scenarios = 1.0
    rebuild: Scenarios = year
    cancellation: Scenarios = 0.0
    relearning: Scenarios = 0.0
    shortages: Scenarios = 0.0
    shortage: Scenarios = year
    premium: Scenarios = 0.0
    period: float = year / 4
    horizon: float = 10 * year


@dataclass(frozen=True, eq=False)
class Policy:
    """What a programme is worth, and what to do in every state; the last axes are those of the scenarios.

    Attributes
    ----------
    value : float or ndarray
        Expected present value of starting now with a whole team and bought chips in plenty, against buying
        [USD].
    option : float or ndarray
        The same when the owner need not start, or not yet; at least 0 where the programme may be stopped.
    go_on : ndarray of bool
        Over (time, step, team, market): whether a working programme goes on.
    restart : ndarray of bool
        Over (time, stage, market): whether a paused programme is taken up.
    launch : ndarray of bool
        Over (time, market): whether a finished chip is made now.
    steps : tuple of str
        Stage of each step, a step being a period of work that does not slip.
    times : ndarray
        [s].
    """

    value: Any
    option: Any
    go_on: BoolArray
    restart: BoolArray
    launch: BoolArray
    steps: tuple[str, ...]
    times: FloatArray


@dataclass(frozen=True, eq=False)
class Outcomes:
    """How programmes went, one for each scenario.

    Attributes
    ----------
    value : ndarray
        Present value of all that was paid and saved [USD].
    launched : ndarray of bool
        Whether it came to volume.
    finished : ndarray
        Time of that; NaN for the others [s].
    pauses : ndarray of int
        How often it was paused.
    departures : ndarray of int
        How often a whole team became a depleted one.
    """

    value: FloatArray
    launched: BoolArray
    finished: FloatArray
    pauses: np.ndarray[Any, np.dtype[np.intp]]
    departures: np.ndarray[Any, np.dtype[np.intp]]


@door
def decide(programme: Programme, *, stop: bool = True, restart: bool = True) -> Policy:
    """Find the best policy of a programme, and what the programme is worth under it.

    Parameters
    ----------
    programme : Programme
    stop : bool
        Whether the owner may pause it and may leave a finished chip in the drawer. If not, it goes on to the
        end whatever happens, unless it is cancelled from outside.
    restart : bool
        Whether a paused programme may be taken up again.

    Returns
    -------
    Policy

    Raises
    ------
    UnitError, DomainError
        If a number of the programme is none or outside its domain; the message names it.
    DojoCalcError
        If there is no stage, the arrays do not broadcast, or the horizon ends before the stages could.
    """
    p = _Read(programme)
    steps, stages = len(p.stage_of), len(programme.stages)
    active = np.zeros((steps, 2, 2, *p.shape))  # step, team, market
    paused = np.zeros((stages, 2, *p.shape))
    done = p.payoff(p.periods)
    go_on = np.zeros((p.periods, *active.shape), dtype=np.bool_)
    back = np.zeros((p.periods, *paused.shape), dtype=np.bool_)
    launch = np.zeros((p.periods + 1, 2, *p.shape), dtype=np.bool_)
    launch[-1] = (done > 0.0) | (not stop)
    done = np.where(launch[-1], done, 0.0)
    first = value = np.zeros(p.shape)
    for t in range(p.periods - 1, -1, -1):
        waiting = p.beta * p.market(done)
        resting = p.beta * p.market(paused)
        working = p.worked(active, paused, done)
        now = p.payoff(t)
        launch[t] = (now >= waiting) & (now > 0.0) if stop else True
        done = np.where(launch[t], now, waiting)
        rested = resting[p.stage_of][:, None]
        go_on[t] = working > rested if stop else True
        active = np.where(go_on[t], working, rested)
        again = working[p.first_of, WHOLE] - p.relearning
        back[t] = (again > resting) & restart
        paused = np.where(back[t], again, resting)
        value, first = working[0, WHOLE, PLENTY], active[0, WHOLE, PLENTY]
    names = tuple(programme.stages[int(stage)].name for stage in p.stage_of)
    times = np.arange(p.periods + 1.0) * p.period
    return Policy(_scalar(value), _scalar(first), go_on, back, launch, names, times)


@door
def play(programme: Programme, policy: Policy, *, seed: int = 0) -> Outcomes:
    """Start a programme in every scenario and let chance decide, under a policy.

    Parameters
    ----------
    programme : Programme
        Its arrays may have more scenarios than those the policy was found for, if they broadcast.
    policy : Policy
        As `decide` gives it for the same stages, period and horizon.
    seed : int

    Returns
    -------
    Outcomes
        Each array has one element for each scenario.

    Raises
    ------
    UnitError, DomainError, DojoCalcError
        As `decide` does; also if the policy has other stages or another horizon.
    """
    p = _Read(programme)
    if policy.go_on.shape[:2] != (p.periods, len(p.stage_of)):
        raise DojoCalcError(
            f"the policy is of {policy.go_on.shape[1]} steps and {policy.go_on.shape[0]} periods, "
            f"the programme has {len(p.stage_of)} and {p.periods}"
        )
    size = math.prod(p.shape)
    every = np.arange(size)
    random = np.random.default_rng(seed)

    def flat(table: Any, lead: int = 0) -> Any:
        """Scenarios of a table as one axis, after its own leading axes."""
        kept, own = np.shape(table)[:lead], np.shape(table)[lead:]
        padded = np.reshape(table, (*kept, *(1,) * (len(p.shape) - len(own)), *own))
        return np.broadcast_to(padded, (*kept, *p.shape)).reshape(*kept, size)

    def happens(chance: FloatArray) -> Any:
        """Whether what has such a chance comes to pass in each scenario."""
        return random.random(size) < chance

    go_on, back, launch = flat(policy.go_on, 4), flat(policy.restart, 3), flat(policy.launch, 2)
    step, stage = np.zeros(size, np.intp), np.zeros(size, np.intp)
    team, market = np.zeros(size, np.intp), np.zeros(size, np.intp)
    working, finished, over = np.ones(size, bool), np.zeros(size, bool), np.zeros(size, bool)
    paid, when = np.zeros(size), np.full(size, np.nan)
    pauses, left = np.zeros(size, np.intp), np.zeros(size, np.intp)
    costs, success, slip = flat(p.cost, 1), flat(p.success, 2), flat(p.slip, 1)
    beta, relearning, cancelled = flat(p.beta), flat(p.relearning), flat(p.cancelled)
    turns_team = np.stack([flat(p.leaves), flat(p.rebuilt)])
    turns_market = np.stack([flat(p.enters), flat(p.eases)])
    for t in count():
        weight = beta**t
        go = finished & ~over & launch[t, market, every]
        paid[go] += (weight * flat(p.payoff(t), 1)[market, every])[go]
        when[go] = t * p.period
        over |= go
        if t == p.periods:
            break
        again = ~working & ~finished & ~over & back[t, stage, market, every]
        paid[again] -= (weight * relearning)[again]
        step[again], team[again] = p.first_of[stage[again]], WHOLE
        working |= again
        keeps = again | (t == 0) | go_on[t, step, team, market, every]
        stops, works = working & ~keeps, working & keeps
        paid[works] -= (weight * costs[step, every])[works]
        halted = works & happens(cancelled)
        ahead = works & ~halted & ~happens(slip[team, every])
        gate = ahead & p.last[step]
        fails = gate & ~happens(success[step, team, every])
        ends = gate & ~fails & (step == len(p.stage_of) - 1)
        over |= fails
        finished |= ends
        working &= ~(stops | halted | fails | ends)
        pauses += stops | halted
        changes = works & happens(turns_team[team, every])
        left += changes & (team == WHOLE)
        team = np.where(changes, 1 - team, team)
        market = np.where(happens(turns_market[market, every]), 1 - market, market)
        step = step + (ahead & ~fails & ~ends)
        stage = p.stage_of[step]
    shape = p.shape
    return Outcomes(
        value=paid.reshape(shape),
        launched=np.isfinite(when).reshape(shape),
        finished=when.reshape(shape),
        pauses=pauses.reshape(shape),
        departures=left.reshape(shape),
    )


@door
def information_value(saved: Any, about: Any = None, *, groups: int = 64) -> float:
    """What it is worth to know before deciding between making and buying [3]_.

    Parameters
    ----------
    saved : array_like
        What making saves in each scenario, all equally likely [USD].
    about : array_like, optional
        Value of one input in each scenario: what knowing that input alone is worth. Everything, if left out.
    groups : int
        Into which the scenarios are sorted by that input; each needs some dozens.

    Returns
    -------
    float
        Mean of the better choice once it is known, less the better of the two means: at least 0 [USD].

    Raises
    ------
    DojoCalcError
        If there are fewer scenarios than groups, or another number of values.
    DomainError
        If a value is not finite.

    Examples
    --------
    Making saves 30 or loses 10, each as likely, so one makes and gains 10; knowing which, one would gain 15:

    >>> information_value([30.0, -10.0])
    5.0
    """
    values = np.ravel(check(saved, CashFlow, "saved"))
    blind = max(math.fsum(values) / values.size, 0.0)
    if about is None:
        return float(np.maximum(values, 0.0).mean()) - blind
    known = np.ravel(np.asarray(about, dtype=np.float64))
    if known.size != values.size or not 1 <= groups <= values.size:
        raise DojoCalcError(
            f"expected a value of the input for each of {values.size} scenarios and at most as many groups, "
            f"got {known.size} values and {groups} groups"
        )
    parts = np.array_split(values[np.argsort(known, kind="stable")], groups)
    told = math.fsum(max(math.fsum(part), 0.0) for part in parts) / values.size
    return 0.0 if math.isclose(told, blind, rel_tol=1e-12) else max(told - blind, 0.0)


def _scalar(value: FloatArray) -> Any:
    return value if value.ndim else float(value)


_ALIASES: Final = {
    "volume": Count, "made": Money, "bought": Money, "growth": Ratio, "discount": Ratio, "slip": Fraction,
    "departures": DecayRate, "slip_depleted": Fraction, "success_depleted": Fraction, "rebuild": Duration,
    "cancellation": DecayRate, "relearning": Money, "shortages": DecayRate, "shortage": Duration, "premium": Ratio,
    "period": Duration, "horizon": Duration,
}  # fmt: skip


class _Read:
    """A programme checked, in arrays, with the chances of a period."""

    def __init__(self, programme: Programme) -> None:
        if not programme.stages:
            raise DojoCalcError("a programme needs at least one stage, got none")
        given = {one.name: getattr(programme, one.name) for one in fields(programme) if one.name != "stages"}
        number = {name: check(value, _ALIASES[name], name) for name, value in given.items()}
        for name in ("rebuild", "shortage", "period"):
            if not np.all(np.asarray(number[name]) > 0.0):
                raise DojoCalcError(f"{name} must be above 0 [s], got {np.min(number[name]):g}")
        self.period = _single(number["period"], "period")
        self.periods = round(_single(number["horizon"], "horizon") / self.period)
        lengths, costs, chances = [], [], []
        for stage in programme.stages:
            duration = _single(
                check(stage.duration, Duration, f"duration of {stage.name}"), f"duration of {stage.name}"
            )
            lengths.append(max(1, round(duration / self.period)))
            costs.append(np.asarray(check(stage.cost, Money, f"cost of {stage.name}")))
            chances.append(np.asarray(check(stage.success, Fraction, f"success of {stage.name}")))
        if not sum(lengths) <= self.periods <= _LONGEST:
            raise DojoCalcError(
                f"horizon must be {sum(lengths)} periods, which the stages take, to {_LONGEST}, got {self.periods}"
            )
        scenarios = [np.shape(value) for value in (*number.values(), *costs, *chances)]
        try:
            self.shape = np.broadcast_shapes(*scenarios)
        except ValueError:
            shapes = ", ".join(sorted({str(shape) for shape in scenarios}))
            raise DojoCalcError(f"the arrays of a programme must broadcast, got shapes {shapes}") from None
        wide = {name: np.broadcast_to(value, self.shape) for name, value in number.items()}
        self._number = wide
        self.relearning = wide["relearning"]
        self.stage_of = np.repeat(np.arange(len(lengths)), lengths)
        self.last = np.append(np.diff(self.stage_of) > 0, True)
        self.first_of = np.cumsum([0, *lengths[:-1]])
        self.cost = np.stack(
            [np.broadcast_to(costs[stage] / lengths[stage], self.shape) for stage in self.stage_of]
        )
        passing = [
            np.broadcast_to(chances[stage] if last else 1.0, self.shape)
            for stage, last in zip(self.stage_of, self.last, strict=True)
        ]
        harder = np.where(self.last[:, None, *(None,) * len(self.shape)], wide["success_depleted"], 1.0)
        self.success = np.stack(passing)[:, None] * np.concatenate([np.ones_like(harder), harder], axis=1)
        self.slip = np.stack([wide["slip"], np.maximum(wide["slip"], wide["slip_depleted"])])
        self.beta = (1.0 + wide["discount"]) ** (-self.period / year)
        self.leaves, self.cancelled, self.enters = (
            1.0 - np.asarray(retention(wide[name], self.period))
            for name in ("departures", "cancellation", "shortages")
        )
        self.rebuilt, self.eases = (-np.expm1(-self.period / wide[name]) for name in ("rebuild", "shortage"))

    def payoff(self, t: int) -> FloatArray:
        """What launching in a period saves, over the market [USD]."""
        n = self._number
        price: Any = frontier_price(n["bought"], n["growth"], t * self.period, year)
        return np.stack([n["volume"] * (price * factor - n["made"]) for factor in (1.0, 1.0 + n["premium"])])

    def market(self, values: FloatArray) -> FloatArray:
        """Expectation over the market of the next period; its axis is the last before the scenarios."""
        axis = values.ndim - len(self.shape) - 1
        plenty, scarce = np.take(values, PLENTY, axis), np.take(values, SCARCE, axis)
        return np.stack(
            [plenty + self.enters * (scarce - plenty), scarce + self.eases * (plenty - scarce)], axis=axis
        )

    def worked(self, active: FloatArray, paused: FloatArray, done: FloatArray) -> FloatArray:
        """Value of working in a period, from the values of the next."""
        moved = self.market(active)
        whole, depleted = moved[:, WHOLE], moved[:, DEPLETED]
        teams = np.stack(
            [whole + self.leaves * (depleted - whole), depleted + self.rebuilt * (whole - depleted)], axis=1
        )
        finish = np.broadcast_to(self.market(done), teams.shape[1:])
        ahead = np.concatenate([teams[1:], finish[None]])
        slip = self.slip[:, None]
        kept = slip * teams + (1.0 - slip) * self.success[:, :, None] * ahead
        rested = self.market(paused)[self.stage_of][:, None]
        return np.asarray(self.beta * (kept + self.cancelled * (rested - kept)) - self.cost[:, None, None])


def _single(value: Any, name: str) -> float:
    if np.ndim(value):
        raise DojoCalcError(f"{name} must be one number for all scenarios, got shape {np.shape(value)}")
    return float(value)
