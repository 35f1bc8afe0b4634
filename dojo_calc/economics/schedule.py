"""What to order, when, and what to do meanwhile: a plan over periods, by mixed-integer programming.

Offers are chips, servers or tiles, each with price, power, lead time, lots and the once-only cost of having
it at all. Needs are a demand, money and grid power that arrive over time, and the price of renting or of
falling short. The least-cost plan weighs them all at once: what is bought before its hall has power sits dark.

Within a period things happen in this order: money arrives, orders are paid, deliveries are installed, and what
the grid can feed runs. A unit ordered in period t with a lead time of n runs in period t + n at the earliest.

References
----------
.. [1] L. A. Wolsey, "Integer Programming", 2nd ed., Wiley, 2020: lot sizing with set-ups and minimum lots.
.. [2] J. W. Chinneck, "Feasibility and Infeasibility in Optimization", Springer, 2008: elastic programs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from dojo_calc.economics.milp import FloatArray, Program, Progress, Solution, Status, Term
from dojo_calc.errors import DojoCalcError, ScheduleError, nearest
from dojo_calc.formatting import format_si
from dojo_calc.quantities import Count, FlopRate, Fraction, Money, MoneyPerFlopRate, Power, check

if TYPE_CHECKING:
    import polars as pl

__all__ = ["InfeasiblePlanError", "Needs", "Offer", "Schedule", "schedule"]


class InfeasiblePlanError(DojoCalcError):
    """No plan fits. `relief` holds, for each bound that frees it when moved alone [2]_, the change by period."""

    def __init__(self, message: str, relief: Mapping[str, FloatArray]) -> None:
        super().__init__(message)
        self.relief = dict(relief)


@dataclass(frozen=True)
class Offer:
    """A thing that can be ordered. Numbers are SI, or texts with units; a sequence has one value a period.

    Attributes
    ----------
    name : str
    rate : number
        Of one unit, as it counts towards the demand [FLOP/s].
    power : number
        Of one unit at the site's meter [W].
    price : number or sequence
        Of one unit by the period of its order [USD].
    most : number or sequence
        Units that can be ordered by period [1].
    least : number
        Smallest order, if anything is ordered [1]; a minimum lot as in [1]_.
    lead : int
        Periods from order to delivery.
    setup : number
        Cost of each order, whatever its size [USD].
    design : number
        Once-only cost of having the offer at all, paid in the first period if anything is ever ordered [USD].
    running : number
        Cost of running one unit for a period [USD].
    deposit : number
        Share of the price paid with the order, the rest on delivery [1].
    residual : number
        Share of the price that a unit still standing is worth after the last period [1].
    life : int, optional
        Periods in service; for ever if left out.
    stock : number
        Units that stand at the start and stay [1].
    whole : bool
        Whether only whole units can be ordered. It makes the search longer, and changes little where orders are of
        hundreds.
    """

    name: str
    rate: Any
    power: Any
    price: Any
    most: Any
    least: Any = 1.0
    lead: int = 0
    setup: Any = 0.0
    design: Any = 0.0
    running: Any = 0.0
    deposit: Any = 1.0
    residual: Any = 0.0
    life: int | None = None
    stock: Any = 0.0
    whole: bool = False


@dataclass(frozen=True)
class Needs:
    """What is wanted, and what there is to get it with. A sequence has one value a period.

    Attributes
    ----------
    dates : sequence of str
        First day of each period, ISO.
    demand : number
        Rate wanted [FLOP/s].
    budget : number
        New money for orders by period; what is not spent is carried over [USD].
    grid : number
        Power that the site can draw [W].
    shortage : number, optional
        Cost of a rate that is wanted and missing for one period; without it the demand must be met
        [USD s/FLOP].
    rent : number, optional
        Price of renting a rate for one period; without it nothing can be rented [USD s/FLOP].
    rent_most : number, optional
        Rate that can be rented; any if left out [FLOP/s].
    shares : mapping of str to number
        Least share of an offer in the installed rate at the end [1].
    interest : number
        By which money of the next period counts less [1].
    """

    dates: Sequence[str]
    demand: Any
    budget: Any
    grid: Any
    shortage: Any = None
    rent: Any = None
    rent_most: Any = None
    shares: Mapping[str, float] = field(default_factory=dict)
    interest: float = 0.0


@dataclass(frozen=True)
class Schedule:
    """A plan.

    Attributes
    ----------
    cost : float
        Discounted, what is still worth something at the end taken off [USD].
    bound, gap : float
        No plan costs less than `bound` [USD]; `gap` is the relative distance to it.
    status : str
        ``"optimal"``, ``"time limit"`` or ``"interrupted"``.
    seconds : float
        That the search took [s].
    parts : dict
        Cost by kind [USD]; they add up to `cost`.
    orders : polars.DataFrame
        One row a period and offer: ordered, installed, energised and dark units.
    periods : polars.DataFrame
        One row a period: demand, what ran, was rented and was missing [FLOP/s], power and grid [W], money
        spent on orders and money left [USD].
    """

    cost: float
    bound: float
    gap: float
    status: Status
    seconds: float
    parts: dict[str, float]
    orders: pl.DataFrame
    periods: pl.DataFrame


# Lowest domain of each field of an offer and of the needs.
_OFFER = {
    "rate": FlopRate, "power": Power, "price": Money, "most": Count, "least": Count, "setup": Money,
    "design": Money, "running": Money, "deposit": Fraction, "residual": Fraction, "stock": Count,
}  # fmt: skip
_BY_PERIOD = ("price", "most")
_NEEDS = {
    "demand": FlopRate, "budget": Money, "grid": Power, "shortage": MoneyPerFlopRate,
    "rent": MoneyPerFlopRate, "rent_most": FlopRate,
}  # fmt: skip
# What can be moved to free a plan that does not fit, the unit it is told in, the words for it, and whether its
# periods add up.
_RELIEF: dict[str, tuple[str, str, Callable[[FloatArray], Any]]] = {
    "budget": ("USD", "a budget {} larger in all", np.sum),
    "grid": ("W", "a grid up to {} larger", np.max),
    "demand": ("FLOP/s", "a demand up to {} smaller", np.max),
    "supply": ("1", "a supply {} units larger in all", np.sum),
    "shares": ("FLOP/s", "shares missed by {} of installed rate", np.sum),
}


def schedule(
    offers: Sequence[Offer],
    needs: Needs,
    *,
    gap: float = 1e-4,
    time_limit: float = math.inf,
    first_slice: float = 10.0,
    progress: Callable[[Progress], None] | None = None,
) -> Schedule:
    """Find the plan of least discounted cost.

    Parameters
    ----------
    offers : sequence of Offer
    needs : Needs
    gap : float
        Relative distance from the proven bound at which a plan is good enough.
    time_limit : float
        [s].
    first_slice : float
        The search runs in slices, this long [s], then twice as long and so on. Between two of them `progress`
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
        If no plan at all was found in the time.
    """
    problem = _Problem(offers, needs)
    found = problem.program.solve(
        gap=gap, time_limit=time_limit, first_slice=first_slice, progress=problem.in_dollars(progress)
    )
    if found is None:
        raise problem.infeasible()
    return problem.schedule(found)


class _Problem:
    """Checked offers and needs, and the program made of them."""

    def __init__(self, offers: Sequence[Offer], needs: Needs) -> None:
        self.dates = _dates(needs.dates)
        self.count = len(self.dates)
        self.offers = list(offers)
        self.data = [self._checked_offer(one) for one in offers]
        names = [one.name for one in offers]
        if not names:
            raise ScheduleError("offers: expected at least one, got none")
        for name in names:
            if names.count(name) > 1:
                raise ScheduleError(f"offers: the name {name!r} is used twice")
        self.needs: dict[str, Any] = {
            name: self._series(getattr(needs, name), alias, name) for name, alias in _NEEDS.items()
        }
        self.shares = {
            name: check(value, Fraction, f"shares[{name}]") for name, value in needs.shares.items()
        }
        for name in self.shares:
            if name not in names:
                raise ScheduleError(f"shares: there is no offer {name!r}{nearest(name, names)}")
        if sum(self.shares.values()) > 1:
            raise ScheduleError(f"shares: expected at most 1 in all, got {sum(self.shares.values()):g}")
        self.interest = check(needs.interest, Fraction, "interest")
        self._scale()
        self.program = Program()
        self._build()

    def _series(self, value: Any, alias: Any, name: str) -> FloatArray | None:
        """One value a period; None stays None."""
        if value is None:
            return None
        checked = np.asarray(
            [check(one, alias, f"{name}[{i}]") for i, one in enumerate(value)]
            if isinstance(value, Sequence) and not isinstance(value, str)
            else check(value, alias, name)
        )
        if checked.ndim and checked.shape != (self.count,):
            raise ScheduleError(
                f"{name}: expected one value or {self.count}, one a period, got {checked.size}"
            )
        return np.broadcast_to(checked, self.count)

    def _checked_offer(self, offer: Offer) -> dict[str, Any]:
        found: dict[str, Any] = {"name": offer.name}
        for one in fields(offer):
            label = f"{one.name} of {offer.name}"
            value = getattr(offer, one.name)
            if one.name in _BY_PERIOD:
                found[one.name] = self._series(value, _OFFER[one.name], label)
            elif one.name in _OFFER:
                found[one.name] = check(value, _OFFER[one.name], label)
                if np.ndim(found[one.name]):
                    raise ScheduleError(f"{label}: expected one number, got {np.size(found[one.name])}")
        if offer.lead != int(offer.lead) or offer.lead < 0:
            raise ScheduleError(
                f"lead of {offer.name}: expected a whole number of periods from 0, got {offer.lead}"
            )
        if offer.life is not None and (offer.life != int(offer.life) or offer.life < 1):
            raise ScheduleError(
                f"life of {offer.name}: expected a whole number of periods from 1, got {offer.life}"
            )
        most = found["most"]
        if np.any((most > 0) & (most < found["least"])):
            raise ScheduleError(
                f"least of {offer.name}: expected at most what can be ordered in a period, {most.max():g}, "
                f"got {found['least']:g}"
            )
        return found

    def _scale(self) -> None:
        """Choose units so that the matrix's entries lie near one; powers of two, so that nothing is rounded."""
        largest = {
            "rate": max(one["rate"] * one["most"].max() for one in self.data),
            "power": max(one["power"] * one["most"].max() for one in self.data),
            "price": max(float((one["price"] * one["most"]).max()) for one in self.data),
        }
        self.unit = {name: 2.0 ** round(math.log2(max(value, 1e-9) / 64)) for name, value in largest.items()}

    def _build(self) -> None:
        program, count, data = self.program, self.count, self.data
        money, rate, power = self.unit["price"], self.unit["rate"], self.unit["power"]
        times, kinds = np.arange(count), np.arange(len(data))
        now = (1.0 + self.interest) ** -times.astype(np.float64)
        whole = np.array([one.whole for one in self.offers])[:, None]

        def table(name: str) -> FloatArray:
            return np.stack([np.broadcast_to(one[name], count) for one in data])

        lead = np.array([one.lead for one in self.offers])
        forever = 2 * count  # past the end
        life = np.array([forever if one.life is None else one.life for one in self.offers])
        arrives = times + lead[:, None]
        useful = arrives < count  # what would come after the last period is not ordered
        lasts = arrives + life[:, None] > count
        later = now[np.minimum(arrives, count - 1)]
        price, deposit = table("price"), table("deposit")
        self.paid = price * (deposit * now + (1.0 - deposit) * later)
        self.worth = np.where(useful & lasts, price * table("residual") * now[-1], 0.0)
        self.now, self.table = now, table

        self.orders = program.variables(
            (len(data), count),
            high=np.where(useful, math.inf, 0.0),
            cost=(self.paid - self.worth) / money,
            whole=whole,
        )
        self.placed = program.variables(
            (len(data), count), high=useful, cost=table("setup") * now / money, whole=True
        )
        self.begun = program.variables(
            (len(data),), high=1.0, cost=[one["design"] * now[0] / money for one in data], whole=True
        )
        self.installed = program.variables((len(data), count))
        self.energised = program.variables((len(data), count), cost=table("running") * now / money)
        self.left = program.variables((count,))
        none = np.zeros(count)
        rent, shortage = self.needs["rent"], self.needs["shortage"]
        rentable = self.needs["rent_most"]
        self.rented = program.variables(
            (count,),
            high=0.0 if rent is None else math.inf if rentable is None else rentable / rate,
            cost=(none if rent is None else rent) * rate * now / money,
        )
        self.missing = program.variables(
            (count,),
            high=0.0 if shortage is None else math.inf,
            cost=(none if shortage is None else shortage) * rate * now / money,
        )

        grid = [count * k + times for k in kinds]
        every = np.concatenate(grid).reshape(len(data), count)
        # A lot is nothing, or from `least` to `most`; an order needs its offer to be begun.
        program.add(
            "supply", every.size, [(every, self.orders, 1.0), (every, self.placed, -table("most"))], high=0.0
        )
        program.add(
            "lot", every.size, [(every, self.orders, 1.0), (every, self.placed, -table("least"))], low=0.0
        )
        program.add(
            "begin", every.size, [(every, self.placed, 1.0), (every, self.begun[:, None], -1.0)], high=0.0
        )
        # Installed units: those of the period before, what arrives, less what retires.
        terms: list[Term] = [(every, self.installed, 1.0), (every[:, 1:], self.installed[:, :-1], -1.0)]
        for k in kinds:
            for shift, sign in ((lead[k], -1.0), (lead[k] + life[k], 1.0)):
                if shift < count:
                    terms.append((every[k, shift:], self.orders[k, : count - shift], sign))
        start = np.zeros((len(data), count))
        start[:, 0] = [one["stock"] for one in data]
        program.add("installed", every.size, terms, low=start.ravel(), high=start.ravel())
        program.add(
            "energised", every.size, [(every, self.energised, 1.0), (every, self.installed, -1.0)], high=0.0
        )
        rates = np.array([one["rate"] for one in data])[:, None] / rate
        watts = np.array([one["power"] for one in data])[:, None] / power
        program.add(
            "grid", count, [(times, self.energised, watts)], high=self.needs["grid"] / power, scale=power
        )
        program.add(
            "demand",
            count,
            [(times, self.energised, rates), (times, self.rented, 1.0), (times, self.missing, 1.0)],
            low=self.needs["demand"] / rate,
            scale=rate,
        )
        program.add("budget", count, self._spending(), high=self.needs["budget"] / money, scale=money)
        if self.shares:
            last = self.installed[:, -1]
            wanted = np.array([self.shares.get(one.name, 0.0) for one in self.offers])
            own = [
                (kinds, last, rates[:, 0]),
                (kinds[:, None], last[None, :], -wanted[:, None] * rates[:, 0]),
            ]
            program.add("shares", len(data), own, low=0.0, scale=rate)

    def _spending(self) -> list[Term]:
        """Money left, and what it was spent on: left[t] - left[t - 1] + spent[t] <= budget[t]."""
        times, money = np.arange(self.count), self.unit["price"]
        terms: list[Term] = [(times, self.left, 1.0), (times[1:], self.left[:-1], -1.0)]
        for k, (offer, one) in enumerate(zip(self.offers, self.data, strict=True)):
            terms.append((times, self.orders[k], one["price"] * one["deposit"] / money))
            if one["deposit"] < 1.0 and offer.lead < self.count:
                due = one["price"] * (1.0 - one["deposit"]) / money
                until = self.count - offer.lead
                terms.append((times[offer.lead :], self.orders[k, :until], due[:until]))
            terms.append((times, self.placed[k], one["setup"] / money))
            terms.append((0, self.begun[k], one["design"] / money))
        return terms

    def schedule(self, found: Solution) -> Schedule:
        """Take a solution apart."""
        import polars as pl

        unit, count, values = self.unit, self.count, found.values
        orders, installed, energised = (values[one] for one in (self.orders, self.installed, self.energised))
        running = self.table("running") * self.now
        rent, shortage = (self._priced(name) * self.now for name in ("rent", "shortage"))
        rented, missing = values[self.rented] * unit["rate"], values[self.missing] * unit["rate"]
        parts = {
            "purchases": float(np.sum(self.paid * orders)),
            "setup": float(np.sum(self.table("setup") * self.now * values[self.placed])),
            "design": float(
                sum(one["design"] * b for one, b in zip(self.data, values[self.begun], strict=True))
            ),
            "running": float(np.sum(running * energised)),
            "rent": float(np.sum(rent * rented)),
            "shortage": float(np.sum(shortage * missing)),
            "residual": -float(np.sum(self.worth * orders)),
        }
        names = [one.name for one in self.offers]
        ordered = pl.DataFrame(
            {
                "period": [day for day in self.dates for _ in names],
                "offer": names * count,
                "ordered": orders.T.ravel(),
                "installed": installed.T.ravel(),
                "energised": energised.T.ravel(),
                "dark": np.maximum(installed - energised, 0.0).T.ravel(),
            }
        )
        flows = self._spending()
        spent = np.zeros(count)
        for rows, columns, coefficients in flows[2:]:
            np.add.at(spent, rows, values[columns] * coefficients * unit["price"])
        rates = np.array([one["rate"] for one in self.data])
        watts = np.array([one["power"] for one in self.data])
        periods = pl.DataFrame(
            {
                "period": self.dates,
                "demand": self.needs["demand"],
                "ran": rates @ energised,
                "rented": rented,
                "missing": missing,
                "power": watts @ energised,
                "grid": self.needs["grid"],
                "spent": spent,
                "left": np.cumsum(self.needs["budget"] - spent),
            }
        )
        return Schedule(
            found.cost * unit["price"],
            found.bound * unit["price"],
            found.gap,
            found.status,
            found.seconds,
            parts,
            ordered,
            periods,
        )

    def in_dollars(self, progress: Callable[[Progress], None] | None) -> Callable[[Progress], None] | None:
        """Wrap a reader's `progress`: the program counts money in its own unit."""
        if progress is None:
            return None
        unit = self.unit["price"]
        return lambda now: progress(Progress(now.seconds, now.cost * unit, now.bound * unit))

    def _priced(self, name: str) -> FloatArray:
        given: FloatArray | None = self.needs[name]
        return np.zeros(self.count) if given is None else given

    def infeasible(self) -> InfeasiblePlanError:
        """Say which bounds, moved alone, free the plan, and by how little."""
        relief: dict[str, FloatArray] = {}
        for name in _RELIEF:
            if name in self.program.blocks:
                change = self.program.relief([name])
                if change is not None and change.max() > 0:
                    relief[name] = change
        if not relief:
            names = [name for name in _RELIEF if name in self.program.blocks]
            change = self.program.relief(names)
            if change is not None:
                sizes = [self.program.blocks[name].low.size for name in names]
                parts = np.split(change, np.cumsum(sizes)[:-1])
                relief = {name: part for name, part in zip(names, parts, strict=True) if part.max() > 0}
            return InfeasiblePlanError(
                f"no plan fits, and no bound frees it alone; together: {self._words(relief, ' and ')}", relief
            )
        return InfeasiblePlanError(f"no plan fits; what frees it: {self._words(relief, '; or ')}", relief)

    def _words(self, relief: Mapping[str, FloatArray], join: str) -> str:
        told = []
        for name, change in relief.items():
            unit, words, amount = _RELIEF[name]
            first = int(np.argmax(change > 1e-6 * change.max()))
            since = self.dates[-1] if name == "shares" else self.dates[first % self.count]
            told.append(f"{words.format(format_si(float(amount(change)), unit))} from {since}")
        return join.join(told)


def _dates(given: Sequence[str]) -> list[str]:
    """ISO dates, each after the one before."""
    if not given:
        raise ScheduleError("dates: expected at least one period, got none")
    days: list[date] = []
    for i, text in enumerate(given):
        try:
            days.append(date.fromisoformat(text))
        except (TypeError, ValueError):
            raise ScheduleError(f"dates[{i}]: expected a date such as 2024-04-01, got {text!r}") from None
        if i and days[i] <= days[i - 1]:
            raise ScheduleError(f"dates[{i}]: expected a date after {given[i - 1]}, got {text}")
    return list(given)
