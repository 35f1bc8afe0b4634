"""What to order, when, and what to do meanwhile: a plan over periods, by mixed-integer programming.

Offers are chips, servers or tiles, each with price, power, lead time, lots and the once-only cost of having
it at all [1]_. Needs are a demand, money and grid power that arrive over time, and the price of renting or of
falling short. The least-cost plan weighs them all at once: what is bought before its hall has power sits dark.

Within a period things happen in this order: money arrives, orders are paid, deliveries are installed, and what
the grid can feed runs, for its running cost and the rent of what is missing. A unit ordered in period t with a
lead time of n runs in period t + n at the earliest. What is still worth something is worth it when the last period
is over. All that comes is known; `recourse` plans for what is not.

References
----------
.. [1] L. A. Wolsey, "Integer Programming", 2nd ed., Wiley, 2020: lot sizing with set-ups and minimum lots.
.. [2] J. W. Chinneck, "Feasibility and Infeasibility in Optimization", Springer, 2008: elastic programs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dojo_calc.doors import door
from dojo_calc.economics.milp import FIRST_SLICE, GAP, FloatArray, Program, Progress, Solution, Status
from dojo_calc.economics.offers import Needs, Offer, read_needs, read_offer
from dojo_calc.economics.orders import Orders, scales
from dojo_calc.errors import DojoCalcError, ScheduleError
from dojo_calc.formatting import format_si
from dojo_calc.words import Listed

if TYPE_CHECKING:
    import polars as pl

__all__ = ["InfeasiblePlanError", "Schedule", "schedule"]


class InfeasiblePlanError(DojoCalcError):
    """No plan fits.

    `relief` holds, for each bound that frees it when moved alone [2]_, the change by period; of the supply by offer
    and period, of shares by offer.
    """

    def __init__(self, message: str, relief: Mapping[str, FloatArray]) -> None:
        super().__init__(message)
        self.relief = dict(relief)


@dataclass(frozen=True, repr=False)
class Schedule(Listed):
    """A plan.

    Attributes
    ----------
    cost : float
        Discounted, what is still worth something at the end taken off [USD].
    bound, gap : float
        No plan costs less than `bound` [USD]; `gap` is the relative distance to it.
    status : str
        ``"optimal"``, ``"node limit"`` or ``"interrupted"``.
    seconds : float
        That the search took [s].
    parts : dict
        Cost by kind [USD]; they add up to `cost`.
    orders : polars.DataFrame
        One row a period and offer: ordered, installed, energised and dark units.
    periods : polars.DataFrame
        One row a period: demand, what ran, was rented and was missing [FLOP/s], power and grid [W], money
        that left the budget and money left [USD].
    """

    cost: float
    bound: float
    gap: float
    status: Status
    seconds: float
    parts: dict[str, float]
    orders: pl.DataFrame
    periods: pl.DataFrame

    def line(self) -> str:
        """What it costs, and whether that is the least."""
        return f"Schedule of {self.periods.height} periods for {format_si(self.cost, 'USD')}, {self.status}"

    def units(self) -> dict[str, str]:
        """Units of the periods' columns."""
        rates = dict.fromkeys(("demand", "ran", "rented", "missing"), "FLOP/s")
        return rates | {"power": "W", "grid": "W", "spent": "USD", "left": "USD"}

    def table(self) -> pl.DataFrame:
        """The periods."""
        return self.periods


# What can be moved to free a plan that does not fit, the unit it is told in, the words for it, and whether its
# periods add up.
_RELIEF: dict[str, tuple[str, str, Callable[[FloatArray], Any]]] = {
    "budget": ("USD", "a budget {} larger in all", np.sum),
    "grid": ("W", "a grid up to {} larger", np.max),
    "demand": ("FLOP/s", "a demand up to {} smaller", np.max),
    "supply": ("1", "a supply {} units larger in all", np.sum),
    "shares": ("FLOP/s", "shares missed by {} of installed rate", np.sum),
}


@door
def schedule(
    offers: Sequence[Offer],
    needs: Needs,
    *,
    gap: float = GAP,
    nodes: int | None = None,
    first_slice: int = FIRST_SLICE,
    progress: Callable[[Progress], None] | None = None,
) -> Schedule:
    """Find the plan of least discounted cost.

    Parameters
    ----------
    offers : sequence of Offer
    needs : Needs
    gap : float
        Relative distance from the proven bound at which a plan is good enough.
    nodes : int, optional
        Of the search tree, at the most; as many as it takes if left out. Work is counted and not time, so that the
        same question has the same answer on any machine.
    first_slice : int
        The search runs in slices, this many nodes, then twice as many and so on. Between two of them `progress`
        is called; an interrupt during one keeps the best plan of those before it.
    progress : callable, optional
        Is given seconds, and cost and bound [USD], after each slice.

    Returns
    -------
    Schedule

    Raises
    ------
    ScheduleError
        If dates are out of order, lengths differ, a lot is larger than the supply, a name is used twice ...
    UnitError, DomainError
        If a value has another unit or is outside its domain, such as negative money.
    InfeasiblePlanError
        If nothing fits. The message names each bound that frees it when moved alone, and by how much.
    TimeoutError
        If no plan at all was found in so many nodes.
    """
    asked, wanted = read(offers, needs)
    program, unit = Program(), scales(asked)
    orders = Orders(program, asked, wanted, unit)
    found = program.solve(
        gap=gap, nodes=nodes, first_slice=first_slice, progress=in_dollars(progress, unit["price"])
    )
    if found is None:
        raise infeasible(program, orders)
    return taken_apart(orders, found)


def read(offers: Sequence[Offer], needs: Needs) -> tuple[list[Offer], Needs]:
    """Check offers and needs, each alone and together."""
    names = [one.name for one in offers]
    if not names:
        raise ScheduleError("offers: expected at least one, got none")
    for name in names:
        if names.count(name) > 1:
            raise ScheduleError(f"offers: the name {name!r} is used twice")
    wanted = read_needs(needs, names)
    return [read_offer(one, len(wanted.dates)) for one in offers], wanted


def taken_apart(orders: Orders, found: Solution) -> Schedule:
    """Tables of a solution."""
    import polars as pl

    unit, needs, values = orders.unit, orders.needs, found.values
    names = [one.name for one in orders.offers]
    ordered, installed, energised = orders.by_offer(values)
    parts, spent = orders.parts(values), orders.spent(values)
    rates, watts = (np.array([getattr(one, name) for one in orders.offers]) for name in ("rate", "power"))
    return Schedule(
        sum(parts.values()),
        found.bound * unit["price"],
        found.gap,
        found.status,
        found.seconds,
        parts,
        pl.DataFrame(
            {
                "period": [day for day in needs.dates for _ in names],
                "offer": names * orders.count,
                "ordered": ordered.T.ravel(),
                "installed": installed.T.ravel(),
                "energised": energised.T.ravel(),
                "dark": np.maximum(installed - energised, 0.0).T.ravel(),
            }
        ),
        pl.DataFrame(
            {
                "period": needs.dates,
                "demand": needs.demand,
                "ran": rates @ energised,
                "rented": values[orders.rented] * unit["rate"],
                "missing": values[orders.missing] * unit["rate"],
                "power": watts @ energised,
                "grid": needs.grid,
                "spent": spent,
                "left": np.cumsum(needs.budget - spent),
            }
        ),
    )


def in_dollars(progress: Callable[[Progress], None] | None, unit: float) -> Callable[[Progress], None] | None:
    """Wrap a reader's `progress`: the program counts money in its own unit."""
    if progress is None:
        return None
    return lambda now: progress(Progress(now.seconds, now.cost * unit, now.bound * unit))


def infeasible(program: Program, orders: Orders) -> InfeasiblePlanError:
    """Say which bounds, moved alone, free the plan, and by how little."""
    names = {name + orders.label: name for name in _RELIEF if name + orders.label in program.blocks}
    relief: dict[str, FloatArray] = {}
    least = True
    for block, name in names.items():
        found = program.relief([block])
        if found is not None and (change := found.changes[block]).max() > 0:
            relief[name] = _by_period(name, change, orders)
            least &= found.least
    words, join = "no plan fits; what frees it: ", "; or "
    if not relief:
        found = program.relief(list(names))
        if found is not None:
            least = found.least
            relief = {
                name: _by_period(name, found.changes[block], orders)
                for block, name in names.items()
                if found.changes[block].max() > 0
            }
        words, join = "no plan fits, and no bound frees it alone; together: ", " and "
    told = join.join(_words(name, change, orders) for name, change in relief.items())
    return InfeasiblePlanError(words + told + ("" if least else "; less may do"), relief)


def _by_period(name: str, change: FloatArray, orders: Orders) -> FloatArray:
    """Change of a block's rows; of the supply, which has a row an offer and period, as a table of both."""
    return change.reshape(-1, orders.count) if name == "supply" else change


def _words(name: str, change: FloatArray, orders: Orders) -> str:
    unit, words, amount = _RELIEF[name]
    moved = change > 1e-6 * change.max()
    first = -1 if name == "shares" else int(np.argmax(np.atleast_2d(moved).any(axis=0)))
    return f"{words.format(format_si(float(amount(change)), unit))} from {orders.needs.dates[first]}"
