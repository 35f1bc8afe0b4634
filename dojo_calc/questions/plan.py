"""What a target, a number of chips, a power line, a budget or a deadline takes, and what it buys.

All of it is one graph, the chain, whose root is a number of chips: a question fixes that number, and rounds it to
whole servers. What has to be reached is rounded up, what limits is rounded down; of several limits the
narrowest binds, and of several needs the largest.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dojo_calc.analysis.simulate import simulate
from dojo_calc.analysis.solve import NoSolutionError, solve
from dojo_calc.chain.build import chain
from dojo_calc.chain.sets import DEFAULT_SET, assumption_sets
from dojo_calc.doors import door
from dojo_calc.economics.inventory import Line, inventory
from dojo_calc.errors import DomainError, ModelError
from dojo_calc.formatting import format_number, format_range, format_si
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model
from dojo_calc.operations import round_down, round_up
from dojo_calc.quantities import Count, Duration, FlopRate, Money, PositiveFlop, Power, single, whole_number
from dojo_calc.questions.answer import (
    WAYS,
    Account,
    Answer,
    QuestionError,
    accounts_of,
    answerable,
    counted,
    listed_rent,
    movers_of,
    options_of,
    run_notes,
)
from dojo_calc.questions.scenario import given_to
from dojo_calc.units import day
from dojo_calc.words import words

__all__ = ["plan"]

CENTURY = 36_525.0  # days

# Where a power line may be metered, and what a budget may pay for.
METERED = (
    "site_power_rated", "site_power_at_work", "site_power_reported", "it_power_rated", "server_power_rated",
    "chip_power_rated",
)  # fmt: skip
PAID = ("capital_per_chip", "cluster_price", "server_price", "chip_price")
DRAWS = 4096  # that a count is solved for, each by itself
STEPS = 97  # numbers of chips, twelve a decade, between which the first that is fast enough is looked for
HALVINGS = 40  # of such a step: to a part in a million million

RATE_AND_SIZE = ("peak_rate", "h100_equivalents", "servers")
POWERS = (
    "fleet_chip_power_rated", "fleet_server_power_rated", "fleet_it_power_rated", "fleet_site_power_rated",
    "fleet_site_power_at_work", "fleet_site_power_reported",
)  # fmt: skip
PRICES = ("fleet_chip_price", "fleet_server_price", "fleet_cluster_price", "fleet_capital")
COSTS = (*(f"fleet_{way}" for way in WAYS), *(f"{way}_per_work" for way in WAYS))
RUNS = (
    "billed", "elapsed", "run_time", *(f"run_{way}" for way in WAYS), "run_energy", "run_carbon", "run_water",
)  # fmt: skip


@dataclass(frozen=True)
class _Count:
    """A number of chips that one given asks for, allows, or is."""

    kind: Literal["need", "limit", "given"]
    what: str
    exact: float
    low: float
    high: float
    output: str  # whose inputs move it, or the answer


@door
def plan(
    chip: str = "h100-sxm",
    *,
    target: float | str | None = None,
    chips: int | str | None = None,
    power: float | str | None = None,
    budget: float | str | None = None,
    work: float | str | None = None,
    days: float | str | None = None,
    by: str | None = None,
    start: str | None = None,
    power_at: str = "site_power_rated",
    budget_for: str = "capital_per_chip",
    assumptions: str | None = None,
    on: str | None = None,
    precision: str = "bf16",
    book: Catalogue | None = None,
    **given: Any,
) -> Answer:
    """Say what it takes to reach a target, or what a power line or a budget gives: chips, megawatts and dollars.

    One number of chips is fixed by what is given: by `target`, or by `work` with `days` or `by`; by `power`, `budget`
    or both, of which the narrower binds; or by `chips`.

    Parameters
    ----------
    chip : str
        Id or alias of a chip with a peak.
    target : float or str, optional
        Peak rate to be reached [FLOP/s].
    chips : int or str, optional
        How many [1].
    power : float or str, optional
        That may be drawn at `power_at` [W].
    budget : float or str, optional
        That may be spent on `budget_for` [USD].
    work : float or str, optional
        Arithmetic of a training run [FLOP], to be done in `days`, or by a date; with `chips`, how long it takes.
    days : float or str, optional
        Time for the work, as runs turn out: a number of days, or a text such as ``"13 weeks"``.
    by, start : str, optional
        Date by which the work is to be done, and on which it begins, such as ``"2027-06-30"``; today if left out.
    power_at : str
        Where the power is metered: a name of `METERED`.
    budget_for : str
        What the budget pays for: a name of `PAID`.
    assumptions, on, precision, book
        As for `dojo_calc.chain.build.chain`.
    **given
        Other inputs of the chain, or steps to be given: values, or triples with an interval.

    Returns
    -------
    Answer
        Whole servers of chips. The interval of a count that a limit allows is of the count; the other accounts are at
        the count itself, with the intervals of their facts.

    Raises
    ------
    QuestionError
        If nothing, or what contradicts, is given, or what is to be reached exceeds what the limits allow.
    UnitError, DomainError, UnknownNameError, ModelError
        If a value does not fit, or a name is unknown.
    """
    known = catalogue() if book is None else book
    unit = known.machine(chip).id
    asked = _asked(target, chips, power, budget, work, days, by)
    _chosen("power_at", power_at, METERED, power is not None)
    _chosen("budget_for", budget_for, PAID, budget is not None)
    whole = chain(unit, assumptions=assumptions, on=on, precision=precision, book=known)
    names = [*RATE_AND_SIZE, *POWERS, *PRICES, *COSTS, *(RUNS if work is not None else ())]
    if work is not None:
        given = {**given, "run_work": single(work, PositiveFlop, "work")}
    names, notes = answerable(whole, names)
    model = given_to(whole, names, given) if given else whole
    time = _time(days, by, start)
    if chips is not None:
        exact = float(whole_number(chips, "chips"))
        binding = _Count(
            "given", counted(exact, unit), exact, exact, exact, "billed" if work else "fleet_capital"
        )
        count = exact
    else:
        needs = _needs(model, target, time)
        limits = _limits(model, power, power_at, budget, budget_for)
        group = float(whole.inputs["per_server"].value or 1.0)
        need = max(needs, key=lambda one: one.exact, default=None)
        limit = min(limits, key=lambda one: one.exact, default=None)
        binding = next(one for one in (need, limit) if one is not None)  # `_asked` refuses neither
        count = _rounded(binding.exact, group, up=need is not None)
        if need and limit and count > limit.exact:
            raise _beyond(model, need, limit, count, unit)
        if count == 0:
            raise QuestionError(
                f"{binding.what} is less than one server of {group:.0f} {unit} takes, "
                f"{_one_server(model, power, power_at, budget_for, group)}"
            )
    model = model.replace(chips=count)
    accounts = accounts_of(model, names)
    whole_servers = ", in whole servers" if chips is None else ""
    bounds = (binding.low, binding.high) if binding.low != binding.high else (count, count)
    accounts = (
        Account("chips", f"{words('chips').label}{whole_servers}", count, *bounds, "1"),
        *_levels(binding, count, unit, known),
        *accounts,
    )
    movers = movers_of(model, binding.output if binding.output in names else names[0])
    settings = {
        "options": options_of(unit, assumptions, on, precision), "inputs": {"chips": count, **given},
    }  # fmt: skip
    return Answer(
        " and ".join(asked), _bottom(unit, binding, count, accounts), accounts, movers,
        model, settings, (*(() if work is None else run_notes(model, names)), *said(model, assumptions, on), *notes),
    )  # fmt: skip


def _inventory(chips: float, unit: str, known: Catalogue) -> tuple[Line, ...]:
    """Levels and wafers of a number of chips."""
    machine = known.machine(unit)
    precision = machine.precisions()[0]
    made = inventory(chips * machine.peak(precision), unit, precision, known)
    return tuple(line for line in made.lines if line.group in ("units", "assemblies", "wafers"))


def _levels(binding: _Count, count: float, unit: str, known: Catalogue) -> tuple[Account, ...]:
    """What so many chips fill, level by level, and the wafers they come from."""
    found = []
    for one in _inventory(binding.exact if binding.kind == "need" else count, unit, known):
        if one.name.endswith(", whole"):
            name = one.name.removesuffix(", whole")
            told = f"{words('chips').label}, exactly as many as needed" if name == unit else f"{name}, whole"
            if name != unit or binding.kind == "need":
                found.append(Account(one.name, told, one.value, one.low, one.high, "1"))
    return tuple(found)


def _asked(
    target: object, chips: object, power: object, budget: object, work: object, days: object, by: object
) -> list[str]:
    """What was given, in words; refused where it does not fix one number of chips."""
    given = {
        "target": target, "chips": chips, "power": power, "budget": budget, "work": work, "days": days, "by": by
    }  # fmt: skip
    found = [f"{name} {value}" for name, value in given.items() if value is not None]
    if not found:
        raise QuestionError(
            "nothing fixes the number of chips: give a target, chips, a power line, a budget, or work with days or a "
            "date"
        )
    if chips is not None:
        over = [name for name in ("target", "power", "budget", "days", "by") if given[name] is not None]
        if over:
            raise QuestionError(
                f"chips are given, so {' and '.join(over)} would have no effect; give one or the other"
            )
    elif work is not None and days is None and by is None:
        raise QuestionError(
            "work alone does not fix the number of chips, since its cost hardly depends on them: add days, a date or "
            "chips"
        )
    if work is None and (days is not None or by is not None):
        raise QuestionError(
            f"{'days are' if by is None else 'a date is'} given for no work; give the work in FLOP"
        )
    if days is not None and by is not None:
        raise QuestionError("days and a date are two ends of one time; give one of them")
    return found


def _chosen(name: str, value: str, known: Sequence[str], used: bool) -> None:
    if value not in known:
        raise QuestionError(f"{name} must be one of {', '.join(known)}, got {value!r:.60}")
    if not used and value != known[0]:
        raise QuestionError(
            f"{name} has no effect without a {'power line' if known is METERED else 'budget'}"
        )


def _time(days: float | str | None, by: str | None, start: str | None) -> float | None:
    """Seconds for the work, or None where it has all the time it takes."""
    if by is None:
        if start is not None:
            raise QuestionError("a start has no effect without the date by which the work is to be done")
        return None if days is None else time_of(days)
    first = datetime.date.today() if start is None else _date("start", start)
    span = (_date("by", by) - first).days * day
    if span <= 0:
        raise QuestionError(f"the work is to be done by {by}, which is not after its start on {first}")
    return span


def time_of(days: float | str) -> float:
    """Seconds of days: of a bare number of them, since the name says so, or of a text with its unit.

    Raises
    ------
    UnitError, DomainError
        If it is no time, or more than a century, as seconds in place of days would be.
    """
    if isinstance(days, str) and not re.fullmatch(r"[\d\s.,_'e+-]+", days):
        return single(days, Duration, "days")
    number = single(days, Count, "days")
    if number > CENTURY:
        raise DomainError(
            f"days must be at most {CENTURY:,.0f}, a century, where they have no unit; got {number:,.10g}, which as "
            f"seconds would be '{number / day:.4g} days'"
        )
    return number * day


def _date(name: str, text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except (TypeError, ValueError):
        raise QuestionError(f"{name} must be a date such as 2027-06-30, got {text!r:.60}") from None


def _needs(model: Model, target: float | str | None, time: float | None) -> list[_Count]:
    found = []
    if target is not None:
        rate = single(target, FlopRate, "target")
        exact = rate / _value(model, "chip_peak")
        found.append(_Count("need", format_si(rate, "FLOP/s"), exact, exact, exact, "fleet_capital"))
    if time is not None:
        found.append(_in_time(model, time))
    return found


def chips_in_time(model: Model, time: float) -> float:
    """Chips that finish the run of a view in time.

    Raises
    ------
    QuestionError
        If no number of them does.
    """
    try:
        return float(solve(model, "chips", "billed", time))
    except NoSolutionError:
        raise _too_soon(model, time) from None


def _in_time(model: Model, time: float) -> _Count:
    """Chips that finish a run in time, and the interval of their number: each draw is solved by itself."""
    said = f"To do the work in {format_si(time, 's')}"
    exact = chips_in_time(model, time)
    uncertain = [
        name for name in model.needed(["billed"])
        if name in model.inputs and model.inputs[name].low != model.inputs[name].high and name != "chips"
    ]  # fmt: skip
    if not uncertain:
        return _Count("need", said, exact, exact, exact, "billed")
    drawn = {name: np.asarray(one) for name, one in simulate(model, uncertain, samples=DRAWS).samples.items()}
    counts = _first_in_time(model, time, drawn)
    low, high = (float(end) for end in np.quantile(counts, (0.05, 0.95), method="inverted_cdf"))
    return _Count("need", said, exact, low, high, "billed")


def _first_in_time(
    model: Model, time: float, drawn: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Fewest chips that finish in time, for each draw; infinite where no number is fast enough."""
    grid = np.logspace(0, 8, STEPS)
    each = {name: one[:, np.newaxis] for name, one in drawn.items()}
    inside = np.asarray(model.evaluate("billed", **{"chips": grid, **each})) <= time
    first = np.maximum(np.argmax(inside, axis=1), 1)
    low, high = grid[first - 1], grid[first]
    for _ in range(HALVINGS):
        middle = np.sqrt(low * high)
        enough = np.asarray(model.evaluate("billed", **{"chips": middle, **drawn})) <= time
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(inside.any(axis=1), high, np.inf)


def _too_soon(model: Model, time: float) -> QuestionError:
    """Refusal of a time that no number of chips keeps, with the shortest one."""
    counts = np.logspace(0, 8, 801)
    times = model.evaluate("billed", chips=counts)
    best = int(np.nanargmin(times))
    return QuestionError(
        f"no number of chips does the work in {format_si(time, 's')}: with more of them more fail, and the shortest "
        f"time is {format_si(float(times[best]), 's')}, with about {format_number(float(counts[best]), digits=2)}"
    )


def _limits(
    model: Model, power: float | str | None, power_at: str, budget: float | str | None, budget_for: str
) -> list[_Count]:
    found = []
    if power is not None:
        watts = single(power, Power, "power")
        found.append(_within(model, watts, power_at, f"{format_si(watts, 'W')} {words(power_at).limit}"))
    if budget is not None:
        money = single(budget, Money, "budget")
        found.append(
            _within(model, money, budget_for, f"{format_si(money, 'USD')} {words(budget_for).limit}")
        )
    return found


def _within(model: Model, limit: float, each: str, what: str) -> _Count:
    """Chips that a limit allows: exact, since what a fleet takes is proportional to its chips."""
    exact = limit / _value(model, each)
    if each in model.inputs and model.inputs[each].low == model.inputs[each].high:
        return _Count("limit", what, exact, exact, exact, f"fleet_{each}")
    low, high = simulate(model, each, samples=4096).interval(0.9)
    whole = "fleet_capital" if each == "capital_per_chip" else f"fleet_{each}"
    return _Count("limit", what, exact, limit / high, limit / low, whole)


def _value(model: Model, name: str) -> float:
    """A step's value, or an input's."""
    if name in model.outputs:
        return float(model.evaluate(name))
    value = model.inputs[name].value
    if value is None:
        raise ModelError(f"{name.replace('_', ' ')} is not known: {model.inputs[name].source}")
    return value


def _rounded(exact: float, group: float, *, up: bool) -> float:
    """Chips of whole servers; what exceeds a whole number by rounding errors alone is that number."""
    return float(group * (round_up if up else round_down)(exact / group))


def _beyond(model: Model, need: _Count, limit: _Count, count: float, unit: str) -> QuestionError:
    reached = model.evaluate("peak_rate", chips=max(limit.exact, 1.0))
    return QuestionError(
        f"{need.what} takes {counted(count, unit)}, and {limit.what} allows "
        f"{counted(math.floor(limit.exact), unit)}, with a peak of {format_si(float(reached), 'FLOP/s')}"
    )


def _one_server(model: Model, power: object, power_at: str, budget_for: str, group: float) -> str:
    each, unit = (power_at, "W") if power is not None else (budget_for, "USD")
    return format_si(_value(model, each) * group, unit)


def _bottom(unit: str, binding: _Count, count: float, accounts: tuple[Account, ...]) -> str:
    """The answer in two sentences: the count, then time, power and money."""
    by_name = {one.name: one for one in accounts}

    def told(name: str) -> str:
        one = by_name[name]
        return f"{one}" + (f" ({one.interval})" if one.interval else "")

    first = by_name["chips"]
    span = f" ({_range(first.low, first.high)})" if first.low != first.high else ""
    if binding.kind == "given":
        start = f"{counted(count, unit)} have a peak of {by_name['peak_rate']}."
    elif binding.kind == "need":
        takes = " takes" if binding.output == "fleet_capital" else ", it takes"
        exact = by_name.get(f"{unit}, whole")
        needed = count if exact is None else exact.value
        start = f"{binding.what}{takes} {counted(needed, unit)}{span}"
        start += "." if needed == count else f", or {format_number(count, digits=9)} in whole servers."
    else:
        start = f"{binding.what} is enough for {counted(count, unit)}{span}, with a peak of {by_name['peak_rate']}."
    if "billed" in by_name:
        start += f" The run lasts {told('billed')} as runs turn out, and {by_name['run_time']} undisturbed."
    rest = []
    if "fleet_site_power_at_work" in by_name:
        rest.append(
            f"draw {told('fleet_site_power_at_work')} at work, {by_name['fleet_site_power_rated']} rated"
        )
    if "fleet_capital" in by_name:
        rest.append(f"cost {told('fleet_capital')} with network and hall")
    if "fleet_own" in by_name:
        rest.append(f"take {told('fleet_own')} to own")
    joined = ", ".join(rest[:-1]) + (" and " if len(rest) > 1 else "") + (rest[-1] if rest else "")
    return f"{start} They {joined}." if rest else start


def _range(low: float, high: float) -> str:
    if math.isinf(high):
        return f"more than {format_si(low, '1', digits=3)}"
    return format_range(low, high, "1")


def said(model: Model, assumptions: str | None, on: str | None) -> tuple[str, ...]:
    of = f"the assumptions of the set {assumptions or DEFAULT_SET!r}"
    when = f"readings nearest to {assumption_sets()[assumptions or DEFAULT_SET].date if on is None else on}"
    return (*listed_rent(model), f"By {of} and {when}; model: {model.name}.")
