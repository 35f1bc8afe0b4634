"""What to order before it is known how prices, deliveries and cancellations turn out, and what to do once it is.

A two-stage stochastic program [1]_: what is ordered before a stated period is the same in every scenario; from
then on each scenario has a plan of its own. The objective is the expected cost, or a weighed mean of that and of the
mean of the worst cases, the conditional value at risk [2]_. All scenarios stand in one program, so that its size
grows with their number.

What it leaves out: scenarios are told apart all at once, in one period, and what is not in a scenario is certain.

References
----------
.. [1] J. R. Birge, F. Louveaux, "Introduction to Stochastic Programming", 2nd ed., Springer, 2011: recourse, the
   expected value of perfect information and the value of the stochastic solution.
.. [2] R. T. Rockafellar, S. Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2(3), 2000.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dojo_calc.economics.milp import (
    FIRST_SLICE,
    GAP,
    FloatArray,
    IntArray,
    Program,
    Progress,
    Solution,
    Status,
    Term,
)
from dojo_calc.economics.offers import Needs, Offer, whole_from
from dojo_calc.economics.orders import Course, Orders, alike, scales
from dojo_calc.economics.schedule import (
    InfeasiblePlanError,
    Schedule,
    in_dollars,
    infeasible,
    read,
    taken_apart,
)
from dojo_calc.errors import ScheduleError, nearest
from dojo_calc.formatting import format_si
from dojo_calc.quantities import Fraction, PositiveFraction, PositiveRatio, ProperFraction, single
from dojo_calc.words import Listed

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Recourse", "RecourseValue", "Scenario", "conditional_value_at_risk", "stochastic_schedule", "value_of_recourse",
]  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """One way in which things may turn out. An offer that a mapping does not name comes as offered.

    Attributes
    ----------
    name : str
    chance : number
        The chances of all scenarios are 1 in sum [1].
    price : mapping of str to number
        By offer, a factor on the price of what is ordered once the scenario is known [1].
    late : mapping of str to int
        By offer, periods by which all deliveries are late.
    cancelled : mapping of str to number
        By offer, the share of what was ordered before the scenario is known that never comes. Its deposit is
        lost but for `refund`, and the rest of its price is not due [1].
    refund : number
        Share of a cancelled order's deposit that comes back on the day it was to be delivered [1].
    """

    name: str
    chance: Any
    price: Mapping[str, Any] = field(default_factory=dict)
    late: Mapping[str, Any] = field(default_factory=dict)
    cancelled: Mapping[str, Any] = field(default_factory=dict)
    refund: Any = 0.0


@dataclass(frozen=True, repr=False)
class Recourse(Listed):
    """A plan for what comes first, and one for each scenario after it.

    Attributes
    ----------
    cost : float
        Expected, discounted [USD].
    tail : float
        Mean cost of the worst cases, the conditional value at risk at the level asked [USD].
    bound, gap : float
        Nothing is less than `bound` in the objective [USD]; `gap` is the relative distance to it.
    status : str
        ``"optimal"``, ``"node limit"`` or ``"interrupted"``.
    seconds : float
        That the search took [s].
    first : polars.DataFrame
        One row a period and offer before the scenarios are known: period, offer, ordered [1].
    scenarios : polars.DataFrame
        One row a scenario: scenario, chance [1], cost [USD].
    plans : dict of str to Schedule
        By scenario; `cost` and `parts` are those of the scenario.
    """

    cost: float
    tail: float
    bound: float
    gap: float
    status: Status
    seconds: float
    first: pl.DataFrame
    scenarios: pl.DataFrame
    plans: dict[str, Schedule]

    def line(self) -> str:
        """What it costs on average, and whether that is the least."""
        mean = format_si(self.cost, "USD")
        return f"Schedules of {self.scenarios.height} scenarios for {mean} on average, {self.status}"

    def units(self) -> dict[str, str]:
        """Unit of the scenarios' cost."""
        return {"cost": "USD"}

    def table(self) -> pl.DataFrame:
        """The scenarios."""
        return self.scenarios


@dataclass(frozen=True)
class RecourseValue:
    """What knowing and what hedging is worth [USD, expected and discounted].

    Attributes
    ----------
    here_and_now : float
        Cost with recourse: orders come first, the scenario is known later.
    wait_and_see : float
        Mean cost if the scenario were known before anything is ordered.
    mean_plan : float
        Expected cost of ordering first what would be best if the mean scenario were certain, with the best recourse
        after it; infinite if some scenario then has no plan. The mean of delays is rounded to whole periods.
    """

    here_and_now: float
    wait_and_see: float
    mean_plan: float

    @property
    def perfect_information(self) -> float:
        """Most that a forecast without error is worth, `here_and_now` less `wait_and_see` [USD]."""
        return self.here_and_now - self.wait_and_see

    @property
    def stochastic_solution(self) -> float:
        """What planning for all scenarios and not for their mean saves, `mean_plan` less `here_and_now` [USD]."""
        return self.mean_plan - self.here_and_now


def conditional_value_at_risk(costs: Sequence[float], chances: Sequence[float], level: float) -> float:
    """Mean cost of the worst cases that make up a share ``1 - level`` of all [2]_.

    Parameters
    ----------
    costs, chances : sequence of float
        Of each case, in a unit of the reader's and [1]; chances are 1 in sum.
    level : float
        From 0, the mean of all, to below 1 [1].

    Returns
    -------
    float
        In the unit of the costs; a case on the border counts with the part of it that is inside.
    """
    order = np.argsort(costs)[::-1]
    worst, weight = np.asarray(costs, dtype=np.float64)[order], np.asarray(chances, dtype=np.float64)[order]
    left = np.maximum(1.0 - level - np.concatenate([[0.0], np.cumsum(weight)[:-1]]), 0.0)
    taken = np.minimum(weight, left)
    return float(worst @ taken / taken.sum())


def stochastic_schedule(
    offers: Sequence[Offer],
    needs: Needs,
    scenarios: Sequence[Scenario],
    *,
    known: int = 1,
    cancellable: Collection[str] = (),
    level: float = 0.9,
    aversion: float = 0.0,
    gap: float = GAP,
    nodes: int | None = None,
    first_slice: int = FIRST_SLICE,
    progress: Callable[[Progress], None] | None = None,
) -> Recourse:
    """Find what to order first, and what to do in each scenario.

    Parameters
    ----------
    offers : sequence of Offer
    needs : Needs
    scenarios : sequence of Scenario
    known : int
        Period from which on it is known which scenario it is, counted from 0; what is done before is the same in
        all. Having an offer at all (`design`) is always decided at the start.
    cancellable : collection of str
        Offers of which the buyer may cancel what was ordered and not delivered, for its deposit, once the scenario is
        known.
    level : float
        Of the conditional value at risk: 0.9 for the mean of the worst tenth [1].
    aversion : float
        Weight of the conditional value at risk in the objective, beside the expected cost; below 1, so that
        no scenario is planned carelessly because it is a good one [1].
    gap, nodes, first_slice, progress
        As of `schedule`.

    Returns
    -------
    Recourse

    Raises
    ------
    ScheduleError
        As `schedule`; also if chances are not 1 in sum, a scenario names no offer, or something would be seen to
        be late or cancelled before the scenarios are known.
    UnitError, DomainError
        If a value has another unit or is outside its domain.
    InfeasiblePlanError
        If a scenario has no plan, or there are no first orders that suit all.
    TimeoutError
        If nothing was found in so many nodes.
    """
    level = single(level, ProperFraction, "level")
    aversion = single(aversion, ProperFraction, "aversion")
    problem = _Problem(offers, needs, scenarios, known, cancellable).assemble(level, aversion)
    solve: dict[str, Any] = {"gap": gap, "nodes": nodes, "first_slice": first_slice}
    found = problem.program.solve(progress=in_dollars(progress, problem.unit["price"]), **solve)
    if found is None:
        for one in problem.scenarios:
            alone = problem.alone([replace(one, chance=1.0)]).assemble()
            if alone.program.solve(**solve) is None:
                error = infeasible(alone.program, alone.orders[0])
                raise InfeasiblePlanError(f"scenario {one.name!r}: {error}", error.relief)
        raise InfeasiblePlanError(
            "each scenario has a plan, but no orders before they are known suit them all", {}
        )
    return problem.answer(found, level)


def value_of_recourse(
    offers: Sequence[Offer],
    needs: Needs,
    scenarios: Sequence[Scenario],
    *,
    known: int = 1,
    cancellable: Collection[str] = (),
    gap: float = GAP,
    nodes: int | None = None,
) -> RecourseValue:
    """What a forecast and what hedging is worth, by expected cost [1]_.

    Parameters
    ----------
    offers, needs, scenarios, known, cancellable, gap, nodes
        As of `stochastic_schedule`. Both worths are at least 0 but for what `gap` leaves open.

    Returns
    -------
    RecourseValue

    Raises
    ------
    ScheduleError, UnitError, DomainError, InfeasiblePlanError, TimeoutError
        As `stochastic_schedule`.
    """
    options: dict[str, Any] = {"known": known, "cancellable": cancellable, "gap": gap, "nodes": nodes}
    here = stochastic_schedule(offers, needs, scenarios, **options).cost
    problem = _Problem(offers, needs, scenarios, known, cancellable)
    chances = np.array([one.chance for one in problem.scenarios])
    each = [
        stochastic_schedule(offers, needs, [replace(one, chance=1.0)], **options).cost
        for one in problem.scenarios
    ]
    mean = problem.alone([_mean(problem.scenarios)]).assemble()
    best = mean.program.solve(gap=gap, nodes=nodes)
    if best is None:
        return RecourseValue(here, float(chances @ each), math.inf)
    problem.assemble().decide([best.values[columns] for columns in mean.decisions()])
    found = problem.program.solve(gap=gap, nodes=nodes)
    cost = math.inf if found is None else problem.answer(found, 0.0).cost
    return RecourseValue(here, float(chances @ each), cost)


class _Problem:
    """Checked offers, needs and scenarios, and the program made of them."""

    def __init__(
        self,
        offers: Sequence[Offer],
        needs: Needs,
        scenarios: Sequence[Scenario],
        known: int,
        cancellable: Collection[str],
    ) -> None:
        self.offers, self.needs = read(offers, needs)
        self.names = [one.name for one in self.offers]
        self.known = whole_from(known, 1, "known")
        if self.known >= len(self.needs.dates):
            raise ScheduleError(
                f"known: expected at most {len(self.needs.dates) - 1}, the last period counted from 0, got {known}"
            )
        self.cancellable = list(cancellable)
        for name in self.cancellable:
            self._offer(name, "cancellable")
            if self.offers[self.names.index(name)].lots:
                raise ScheduleError(f"cancellable: {name} has lots, and what is left of one has no price")
        self.scenarios = [self._scenario(one) for one in scenarios]
        told = [one.name for one in self.scenarios]
        if len(set(told)) < len(told) or not told:
            raise ScheduleError(f"scenarios: expected at least one, each with a name of its own, got {told}")
        if abs(sum(one.chance for one in self.scenarios) - 1.0) > 1e-9:
            raise ScheduleError(
                f"scenarios: expected chances of 1 in sum, got {sum(one.chance for one in self.scenarios):g}"
            )
        self.unit = scales(self.offers)
        self.courses = [self._courses(one) for one in self.scenarios]
        self.groups = alike(self.offers, self.needs, self.courses)
        self.program = Program()
        self.orders: list[Orders] = []

    def alone(self, scenarios: Sequence[Scenario]) -> _Problem:
        """The same question about other scenarios, checked already."""
        return _Problem(self.offers, self.needs, scenarios, self.known, self.cancellable)

    def _offer(self, name: str, label: str) -> Offer:
        if name not in self.names:
            raise ScheduleError(f"{label}: there is no offer {name!r}{nearest(name, self.names)}")
        return self.offers[self.names.index(name)]

    def _scenario(self, given: Scenario) -> Scenario:
        found: dict[str, Any] = {"price": {}, "late": {}, "cancelled": {}}
        for kind, known in found.items():
            for name, value in getattr(given, kind).items():
                label = f"{kind} of scenario {given.name}"
                offer = self._offer(name, label)
                if kind == "late":
                    known[name] = whole_from(value, 0, f"late[{name}] of scenario {given.name}")
                else:
                    domain = PositiveRatio if kind == "price" else Fraction
                    known[name] = single(value, domain, f"{kind}[{name}] of scenario {given.name}")
                if kind != "price" and known[name] and offer.lead < self.known:
                    raise ScheduleError(
                        f"{label}: {name} is delivered after {offer.lead} periods, so that it is seen before "
                        f"period {self.known}, from which on the scenario is known"
                    )
        return replace(
            given,
            chance=single(given.chance, PositiveFraction, f"chance of scenario {given.name}"),
            refund=single(given.refund, Fraction, f"refund of scenario {given.name}"),
            **found,
        )

    def _courses(self, scenario: Scenario) -> dict[str, Course]:
        return {
            name: Course(
                scenario.price.get(name, 1.0),
                scenario.late.get(name, 0),
                scenario.cancelled.get(name, 0.0),
                scenario.refund,
                self.known,
                name in self.cancellable,
            )
            for name in self.names
        }

    def assemble(self, level: float = 0.0, aversion: float = 0.0) -> _Problem:
        """Make the program: all scenarios side by side, tied where they cannot be told apart yet."""
        many = len(self.scenarios) > 1
        self.orders = [
            Orders(
                self.program, self.offers, self.needs, self.unit, weight=(1.0 - aversion) * one.chance,
                label=f" of {one.name}" if many else "", courses=course, groups=self.groups,
            )
            for one, course in zip(self.scenarios, self.courses, strict=True)
        ]  # fmt: skip
        first = np.concatenate([one.ravel() for one in self.first(0)])
        for s in range(1, len(self.scenarios)):
            own = np.concatenate([one.ravel() for one in self.first(s)])
            rows = np.arange(own.size)
            self.program.add(
                f"same {s}", own.size, [(rows, first, 1.0), (rows, own, -1.0)], low=0.0, high=0.0
            )
        if aversion > 0.0:
            chances = np.array([one.chance for one in self.scenarios])
            var = self.program.variables((1,), low=-math.inf, cost=aversion)
            over = self.program.variables(chances.shape, cost=aversion * chances / (1.0 - level))
            for s, orders in enumerate(self.orders):
                terms: list[Term] = [(0, columns, costs) for _, columns, costs in orders.cost]
                self.program.add(f"tail {s}", 1, [*terms, (0, var, -1.0), (0, over[s], -1.0)], high=0.0)
        return self

    def decide(self, values: Sequence[FloatArray]) -> None:
        """Fix what is decided first."""
        for i, (columns, given) in enumerate(zip(self.decisions(), values, strict=True)):
            rows = np.arange(columns.size)
            self.program.add(f"decided {i}", columns.size, [(rows, columns, 1.0)], low=given, high=given)

    def first(self, s: int) -> list[IntArray]:
        """Columns of what is decided before the scenarios are known."""
        orders, known = self.orders[s], self.known
        return [
            orders.orders[:, :known], orders.placed[:, :known], orders.begun, orders.energised[:, :known],
            orders.rented[:known], orders.missing[:known],
            *(one[:known] for _, units, reached, _ in orders.cheaper for one in (units, reached)),
        ]  # fmt: skip

    def decisions(self) -> list[IntArray]:
        """Columns of the orders that come first, and of what there is at all."""
        columns = self.first(0)
        return [one.ravel() for one in (*columns[:3], *columns[6:])]

    def answer(self, found: Solution, level: float) -> Recourse:
        """Tables of a solution."""
        import polars as pl

        plans = {
            one.name: taken_apart(orders, found)
            for one, orders in zip(self.scenarios, self.orders, strict=True)
        }
        costs = [one.cost for one in plans.values()]
        chances = [one.chance for one in self.scenarios]
        before = self.needs.dates[: self.known]
        first = next(iter(plans.values())).orders.filter(pl.col("period").is_in(before))
        return Recourse(
            float(np.dot(chances, costs)),
            conditional_value_at_risk(costs, chances, level),
            found.bound * self.unit["price"],
            found.gap,
            found.status,
            found.seconds,
            first.select("period", "offer", "ordered"),
            pl.DataFrame({"scenario": list(plans), "chance": chances, "cost": costs}),
            plans,
        )


def _mean(scenarios: Sequence[Scenario]) -> Scenario:
    """Scenario of the mean prices, delays in whole periods, cancellations and refunds."""

    def mean(kind: str, none: float) -> dict[str, float]:
        names = {name for one in scenarios for name in getattr(one, kind)}
        return {
            name: sum(one.chance * getattr(one, kind).get(name, none) for one in scenarios) for name in names
        }

    lost = [one.chance * sum(one.cancelled.values()) for one in scenarios]
    back = sum(weight * one.refund for weight, one in zip(lost, scenarios, strict=True))
    return Scenario(
        "the mean",
        1.0,
        mean("price", 1.0),
        {name: round(periods) for name, periods in mean("late", 0.0).items()},
        mean("cancelled", 0.0),
        back / sum(lost) if sum(lost) else back,  # where nothing is cancelled nothing comes back
    )
