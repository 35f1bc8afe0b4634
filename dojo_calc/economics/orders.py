"""Orders over periods as variables and rows of a mixed-integer program: one set for each course of events.

A plan that knows what comes has one set; a plan under uncertainty has one a scenario, tied together where they
cannot be told apart yet (`recourse`). Offers that differ in nothing but their name are one row with as many lots a
period as there are of them: any plan of theirs can be read off it, and the search is spared their permutations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dojo_calc.economics.milp import FloatArray, IntArray, Program, Term
from dojo_calc.economics.offers import Needs, Offer
from dojo_calc.operations import round_down

__all__ = ["Course", "Orders", "alike", "scales"]


@dataclass(frozen=True)
class Course:
    """What becomes of one offer in a course of events.

    Attributes
    ----------
    price : float
        Factor on the price of orders from `known` on [1].
    late : int
        Periods by which everything is delivered later.
    cancelled : float
        Share of what was ordered before `known` that never comes [1].
    refund : float
        Share of its deposit that comes back, on the day it was to be delivered [1].
    known : int
        Period from which on this is known; 0 where nothing is uncertain.
    cancellable : bool
        Whether the buyer may then cancel what was ordered before and is not delivered yet, for its deposit.
    """

    price: float = 1.0
    late: int = 0
    cancelled: float = 0.0
    refund: float = 0.0
    known: int = 0
    cancellable: bool = False


def scales(offers: Sequence[Offer]) -> dict[str, float]:
    """Units in which the matrix's entries lie near one; powers of two, so that nothing is rounded."""
    largest = {
        "rate": max(one.rate * one.most.max() for one in offers),
        "power": max(one.power * one.most.max() for one in offers),
        "price": max(float((one.price * one.most).max()) for one in offers),
    }
    return {name: 2.0 ** round(math.log2(value / 64)) if value else 1.0 for name, value in largest.items()}


class Orders:
    """Variables and rows of all offers in one course of events; what they cost is weighed by its chance.

    Parameters
    ----------
    program : Program
        To which they are added.
    offers : sequence of Offer
        As `read_offer` gives them.
    needs : Needs
        As `read_needs` gives them.
    unit : mapping
        As `scales` gives it.
    weight : float
        Of the costs in the program's objective [1].
    label : str
        Behind the name of each block of rows, where there are several courses.
    courses : mapping of str to Course
        By offer; an offer that is left out comes as offered.
    groups : sequence of list of int, optional
        Places of offers that are planned as one, as `alike` gives them.
    """

    def __init__(
        self,
        program: Program,
        offers: Sequence[Offer],
        needs: Needs,
        unit: Mapping[str, float],
        *,
        weight: float = 1.0,
        label: str = "",
        courses: Mapping[str, Course] | None = None,
        groups: Sequence[list[int]] | None = None,
    ) -> None:
        self.program, self.needs, self.unit, self.weight, self.label = program, needs, unit, weight, label
        self.offers = list(offers)
        self.count = len(needs.dates)
        known = courses or {}
        self.groups = alike(self.offers, needs) if groups is None else groups
        self.kinds = [self.offers[group[0]] for group in self.groups]
        self.courses = [known.get(one.name, Course()) for one in self.kinds]
        self.now = (1.0 + needs.interest) ** -np.arange(self.count + 1.0)
        self.cost: list[tuple[str, IntArray, FloatArray]] = []  # kind, columns, cost of one in its unit
        self.paid: list[
            tuple[FloatArray, IntArray, FloatArray]
        ] = []  # period, columns, money of one in its unit
        self._variables()
        self._rows()

    def _add(self, shape: tuple[int, ...], costs: Mapping[str, Any] | None = None, **bounds: Any) -> IntArray:
        """Variables with their costs by kind [USD, discounted]."""
        read = {
            kind: np.broadcast_to(np.asarray(cost, dtype=np.float64) / self.unit["price"], shape)
            for kind, cost in (costs or {}).items()
        }
        total = sum(read.values(), np.zeros(shape))
        columns = self.program.variables(shape, cost=self.weight * total, **bounds)
        self.cost += [(kind, columns.ravel(), cost.ravel()) for kind, cost in read.items() if np.any(cost)]
        return columns

    def _pay(self, periods: Any, columns: IntArray, money: Any) -> None:
        """Money that leaves the budget in a period for one of a variable; beyond the last period it does not."""
        where, which, each = np.broadcast_arrays(periods, columns, np.asarray(money, dtype=np.float64))
        inside = (where < self.count) & each.astype(np.bool_)
        self.paid.append((where[inside], which[inside], each[inside] / self.unit["price"]))

    def _table(self, read: Callable[[Offer], Any]) -> FloatArray:
        return np.stack(
            [np.broadcast_to(np.asarray(read(one), dtype=np.float64), self.count) for one in self.kinds]
        )

    def _variables(self) -> None:
        count, kinds, needs, now = self.count, self.kinds, self.needs, self.now
        shape = (len(kinds), count)
        times = np.broadcast_to(np.arange(count), shape)
        copies = np.array([len(group) for group in self.groups], dtype=np.float64)
        early = np.stack([np.arange(count) < course.known for course in self.courses])
        lead = np.array([one.lead for one in kinds])[:, None]
        late = np.array([course.late for course in self.courses])[:, None]
        # A unit without an end outlasts the last period, whenever it arrives.
        life = np.array([len(now) if one.life is None else one.life for one in kinds])[:, None]
        self.arrives, self.life = times + lead + late, life
        # What would come after the last period is not ordered, unless that it comes so late was not known.
        useful = np.where(early, times + lead, self.arrives) < count
        comes = np.where(early, 1.0 - np.array([course.cancelled for course in self.courses])[:, None], 1.0)
        refund = np.array([course.refund for course in self.courses])[:, None]
        self.comes = comes
        growth = np.where(early, 1.0, np.array([course.price for course in self.courses])[:, None])
        price, deposit = self._table(lambda one: one.price) * growth, self._table(lambda one: one.deposit)
        first = price * deposit
        then = price * ((1.0 - deposit) * comes - deposit * refund * (1.0 - comes))
        later = (1.0 + needs.interest) ** -self.arrives.astype(np.float64)
        ends = np.minimum(now[-1], later)
        standing = np.where(self.arrives + life > count, price * self._table(lambda one: one.residual), 0.0)
        self.first, self.then = first, then
        purchase, worth = first * now[:-1] + then * later, -standing * comes * ends
        single = np.array([one.whole and one.group == 1 for one in kinds])[:, None]
        self.orders = self._add(
            shape,
            {"purchases": purchase, "residual": worth},
            whole=single,
        )
        setup, running = self._table(lambda one: one.setup), self._table(lambda one: one.running)
        design = np.array([one.design for one in kinds])
        # What is cancelled was ordered, is not delivered yet, and saves the rest of its price.
        free = early & np.array([course.cancellable for course in self.courses])[:, None]
        self.saved = -price * (1.0 - deposit)
        self.dropped = self._add(
            shape,
            {"purchases": self.saved * later, "residual": standing * ends},
            high=np.where(free & (self.arrives >= self.courses[0].known), math.inf, 0.0),
            whole=single,
        )
        self.placed = self._add(shape, {"setup": setup * now[:-1]}, high=useful * copies[:, None], whole=True)
        self.begun = self._add((len(kinds),), {"design": design}, high=copies, whole=True)
        self.installed = self._add(shape)
        self.energised = self._add(shape, {"running": running * now[:-1]})
        self.left = self._add((count,))
        rate = self.unit["rate"]
        rent, shortage = (
            np.zeros(count) if one is None else one * rate for one in (needs.rent, needs.shortage)
        )
        most = 0.0 if needs.rent is None else math.inf if needs.rent_most is None else needs.rent_most / rate
        self.rented = self._add((count,), {"rent": rent * now[:-1]}, high=most)
        most = 0.0 if needs.shortage is None else math.inf
        self.missing = self._add((count,), {"shortage": shortage * now[:-1]}, high=most)
        self._pay(times, self.orders, first)
        self._pay(self.arrives, self.orders, then)
        self._pay(self.arrives, self.dropped, self.saved)
        self._pay(times, self.placed, setup)
        self._pay(0, self.begun, design)
        self._pay(times, self.energised, running)
        self._pay(np.arange(count), self.rented, rent)
        if needs.shortage_paid:
            self._pay(np.arange(count), self.missing, shortage)
        self._lots(purchase, worth, useful)
        self._groups()

    def _groups(self) -> None:
        """What comes in groups, as chips in servers, is ordered and cancelled in whole ones."""
        times = np.arange(self.count)
        for k, one in enumerate(self.kinds):
            if one.group > 1:
                for name, units in (("group", self.orders[k]), ("group dropped", self.dropped[k])):
                    groups = self._add((self.count,), whole=True)
                    terms = [(times, units, 1.0), (times, groups, -float(one.group))]
                    self.program.add(f"{name} {k}{self.label}", self.count, terms, low=0.0, high=0.0)

    def _lots(self, purchase: FloatArray, worth: FloatArray, useful: Any) -> None:
        """Larger orders at lower prices: a lot of a size is none, or from that size up, and costs less a unit."""
        self.cheaper: list[tuple[int, IntArray, IntArray, float]] = []  # kind, units, whether, size
        for k, one in enumerate(self.kinds):
            for size, ratio in one.lots.items():
                off = ratio - 1.0
                units = self._add((self.count,), {"purchases": off * purchase[k], "residual": off * worth[k]})
                reached = self._add((self.count,), high=useful[k], whole=True)
                self._pay(np.arange(self.count), units, off * self.first[k])
                self._pay(self.arrives[k], units, off * self.then[k])
                self.cheaper.append((k, units, reached, size))

    def _rows(self) -> None:
        program, count, kinds, needs = self.program, self.count, self.kinds, self.needs
        rate, power, money = self.unit["rate"], self.unit["power"], self.unit["price"]
        times = np.arange(count)
        every = np.arange(len(kinds) * count).reshape(len(kinds), count)
        most, least = self._table(lambda one: one.most), self._table(lambda one: one.least)

        def add(name: str, rows: int, terms: list[Term], **bounds: Any) -> None:
            program.add(name + self.label, rows, terms, **bounds)

        def no_more(name: str, rows: int, terms: list[Term]) -> None:
            """What counts negative holds at least what counts positive."""
            add(name, rows, terms, high=0.0)

        # A lot is nothing, or from `least` to `most`; an order needs its offer to be begun. Cheaper lots apart.
        for name, bound, limit in (("supply", most, {"high": 0.0}), ("lot", least, {"low": 0.0})):
            terms: list[Term] = [(every, self.orders, 1.0), (every, self.placed, -bound)]
            for k, units, reached, _ in self.cheaper:
                terms += [(every[k], units, -1.0), (every[k], reached, bound[k])]
            add(name, every.size, terms, **limit)
        for i, (k, units, reached, size) in enumerate(self.cheaper):
            add(f"cheaper from {i}", count, [(times, units, 1.0), (times, reached, -size)], low=0.0)
            no_more(f"cheaper most {i}", count, [(times, units, 1.0), (times, reached, -most[k])])
        for k in {k for k, *_ in self.cheaper}:
            terms = [(times, self.placed[k], -1.0)]
            terms += [(times, reached, 1.0) for j, _, reached, _ in self.cheaper if j == k]
            no_more(f"one lot {k}", count, terms)
        no_more("begin", every.size, [(every, self.placed, 1.0), (every, self.begun[:, None], -1.0)])
        # Installed units: those of the period before, what arrives, less what retires.
        terms = [(every, self.installed, 1.0), (every[:, 1:], self.installed[:, :-1], -1.0)]
        for when, sign in ((self.arrives, -1.0), (self.arrives + self.life, 1.0)):
            of, at = np.nonzero(when < count)
            terms.append((every[of, when[of, at]], self.orders[of, at], sign * self.comes[of, at]))
            terms.append((every[of, when[of, at]], self.dropped[of, at], -sign))
        no_more("dropped", every.size, [(every, self.dropped, 1.0), (every, self.orders, -self.comes)])
        start = np.zeros((len(kinds), count))
        start[:, 0] = [sum(self.offers[i].stock for i in group) for group in self.groups]
        add("installed", every.size, terms, low=start.ravel(), high=start.ravel())
        no_more("energised", every.size, [(every, self.energised, 1.0), (every, self.installed, -1.0)])
        rates = np.array([one.rate for one in kinds])[:, None] / rate
        watts = np.array([one.power for one in kinds])[:, None] / power
        add("grid", count, [(times, self.energised, watts)], high=needs.grid / power, scale=power)
        runs: list[Term] = [
            (times, self.energised, rates),
            (times, self.rented, 1.0),
            (times, self.missing, 1.0),
        ]
        add("demand", count, runs, low=needs.demand / rate, scale=rate)
        # Money left, and what it was spent on: left[t] - left[t - 1] + spent[t] <= budget[t].
        carried: list[Term] = [(times, self.left, 1.0), (times[1:], self.left[:-1], -1.0)]
        add("budget", count, [*carried, *self.paid], high=needs.budget / money, scale=money)
        if needs.shares:
            last, each = self.installed[:, -1], np.arange(len(kinds))
            wanted = np.array(
                [sum(needs.shares.get(self.offers[i].name, 0.0) for i in g) for g in self.groups]
            )
            own: list[Term] = [
                (each, last, rates[:, 0]),
                (each[:, None], last[None, :], -wanted[:, None] * rates[:, 0]),
            ]
            add("shares", len(kinds), own, low=0.0, scale=rate)

    def parts(self, values: FloatArray) -> dict[str, float]:
        """Cost by kind [USD, discounted]."""
        found = dict.fromkeys(
            ("purchases", "setup", "design", "running", "rent", "shortage", "residual"), 0.0
        )
        for kind, columns, costs in self.cost:
            found[kind] += float(values[columns] @ costs) * self.unit["price"]
        return found

    def spent(self, values: FloatArray) -> FloatArray:
        """Money that leaves the budget in each period [USD]."""
        found = np.zeros(self.count)
        for when, columns, each in self.paid:
            np.add.at(found, when.astype(np.int64), values[columns] * each * self.unit["price"])
        return found

    def by_offer(self, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Ordered, installed and energised units, offers down and periods across, offers alike told apart."""
        shape = (len(self.offers), self.count)
        ordered, installed, energised = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for k, group in enumerate(self.groups):
            units, lots, size = values[self.orders[k]], np.round(values[self.placed[k]]), self.kinds[k].group
            if self.kinds[k].whole:
                units = size * np.round(units / size)
            for place, i in enumerate(group):
                each = units / np.maximum(lots, 1.0)
                if self.kinds[k].whole:  # the rest of the division goes to the first of them
                    each = size * round_down(each / size)
                    each = each + size * (place < np.round((units - each * lots) / size))
                ordered[i] = np.where(place < lots, each, 0.0) if len(group) > 1 else units
                # An order's share of what comes of all that were placed with it in the period.
                come = _share(ordered[i], units) * (units * self.comes[k] - values[self.dropped[k]])
                for t in range(self.count):
                    begin, end = self.arrives[k, t], self.arrives[k, t] + int(self.life[k, 0])
                    installed[i, begin:end] += come[t]
                installed[i] += self.offers[i].stock
            total = installed[group].sum(axis=0)
            energised[group] = installed[group] * _share(values[self.energised[k]], total)
        return ordered, installed, energised


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Share of a part in the whole, none in a whole of nothing."""
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def alike(
    offers: Sequence[Offer], needs: Needs, courses: Sequence[Mapping[str, Course]] = ()
) -> list[list[int]]:
    """Places of offers that differ in nothing but name and stock, none with lots or a share of its own."""
    found: dict[Any, list[int]] = {}
    for i, one in enumerate(offers):
        plain = replace(one, name="", stock=None, lots={}, price=tuple(one.price), most=tuple(one.most))
        alone = one.lots or one.name in needs.shares
        key = i if alone else (repr(plain), tuple(course.get(one.name) for course in courses))
        found.setdefault(key, []).append(i)
    return list(found.values())
