"""What the models give for the claims of a post on xAI: who owns most, who can pay, what has been built.

Growth, power and prices come from the shipped model of the race, loans from that of two pledged stakes. An
interval is the model's at every corner of what it rests on, which bounds it, since each output is monotone in
each of those inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from dojo_calc import units
from dojo_calc.chain.shipped import collateral, race
from dojo_calc.economics.cost import purchase_cost, total_cost
from dojo_calc.economics.finance import runway
from dojo_calc.economics.power import pooled_power
from dojo_calc.economics.race import growth_needed
from dojo_calc.evidence.claims.answers import Answers, Check, derive, exact, over, unknown
from dojo_calc.evidence.claims.ledger import Answer, Derived, ledger
from dojo_calc.facts import Fact
from dojo_calc.formatting import format_range
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.model.inputs import Input
from dojo_calc.model.model import Model

__all__ = ["XAI_CHECKS"]

XAI_CHECKS: dict[str, Check] = {}

Span: TypeAlias = tuple[float, float, float]
"""Low, central and high value."""

STOCKS = ("own", "world", "own_growth", "others_growth")
STAKES = ("tesla_value", "tesla_share", "spacex_value", "spacex_share")
NAMED = ("google", "microsoft", "meta")  # OpenAI rents from them and from Oracle
YEARS = 5.0  # the claims' own


def _check(claim: str) -> Callable[[Check], Check]:
    def register(function: Check) -> Check:
        XAI_CHECKS[claim] = function
        return function

    return register


def _span(known: Fact | Input) -> Span:
    """Interval of a fact, or of an input of a shipped model, which always has one."""
    assert known.low is not None
    assert known.value is not None
    assert known.high is not None
    return known.low, known.value, known.high


def _sum(*spans: Span) -> Span:
    low, value, high = (sum(ends) for ends in zip(*spans, strict=True))
    return low, value, high


def _ratio(above: Span, below: Span) -> Span:
    return above[0] / below[2], above[1] / below[1], above[2] / below[0]


def _corners(model: Model, output: str, names: Sequence[str], given: Mapping[str, Span | float]) -> Span:
    """Low, central and high value of an output over the intervals of inputs and of what is given instead.

    An input that what is given leaves idle does not vary anything.
    """
    needed = model.needed([output], given)
    spans = {name: _span(model.inputs[name]) for name in names if name not in given and name in needed}
    spans |= {name: (span, span, span) if isinstance(span, float) else span for name, span in given.items()}
    central = {name: span[1] for name, span in spans.items() if name in given}
    corners = product(*((low, high) for low, _, high in spans.values()))
    box = model.evaluate(output, **dict(zip(spans, np.array(list(corners)).T, strict=True)))
    return float(np.min(box)), float(model.evaluate(output, **central)), float(np.max(box))


def _answer(span: Span, reason: str, *derived: Derived) -> Answer:
    low, central, high = map(float, span)
    return Answer(low, central, high, reason, derived)


def _years(since: Fact, to: date) -> float:
    return (to - _day(since.date)).days * units.day / units.year


def _day(text: str) -> date:
    """First day of a date, which may be a month or a year."""
    parts = [int(part) for part in text.split("-")]
    return date(*(parts + [1] * (3 - len(parts))))


def _goal(book: Catalogue) -> Fact:
    return book.facts.get("xai-plan-2030", "h100_equivalents")


def _slow(book: Catalogue) -> Span:
    """Slower growth of all others: that of NVIDIA's stock alone before 2025."""
    return _span(book.facts.get("world", "growth_per_year", "nvidia_2019_2024"))


# --- Who owns most ----------------------------------------------------------------------------------------------


@_check("X01")
def more_than_all(book: Catalogue) -> Answers:
    model, goal, slow = race(book), _goal(book), _slow(book)
    now = model.evaluate(["others", "lead", "needed", "power_to_level", "money_to_level"])
    takes = (
        derive("times the growth of all others, to draw level", now["lead"]),
        derive("growth a year that it takes", now["needed"]),
        derive("power that it takes", now["power_to_level"], "GW"),
        derive("price of what it takes", now["money_to_level"], "TUSD"),
    )
    enough = derive(
        "growth a year of all others below which the goal is enough",
        growth_needed(goal.value, now["others"], YEARS),
    )

    def answer(reason: str, *derived: Derived, **given: Span | float) -> Answer:
        return _answer(_corners(model, "share_later", STOCKS, {"years": YEARS} | given), reason, *derived)

    return {
        "both as they have grown": answer(
            "xAI as from September 2024 to the end of 2025, all others as the world since 2022.", *takes
        ),
        "others as NVIDIA": answer(
            "The slowest growth among the facts: that of NVIDIA's stock, 2019 to 2024.", others_growth=slow
        ),
        "xAI at its goal": answer(
            "50 million H100 equivalents, and all others as the world since 2022.",
            enough,
            own_later=_span(goal),
        ),
        "its goal, others as NVIDIA": answer(
            "50 million, against the growth of NVIDIA's stock, 2019 to 2024.",
            own_later=_span(goal),
            others_growth=slow,
        ),
    }


@_check("X02")
def more_than_the_named(book: Catalogue) -> Answers:
    model, facts = race(book), book.facts
    last, first = (
        [facts.get(owner, "h100_equivalents", of) for owner in NAMED] for of in ("q4_2025", "q4_2024")
    )
    now, before = (_sum(*map(_span, stocks)) for stocks in (last, first))
    between = _years(first[0], _day(last[0].date))
    own = [float(growth_needed(to, start, between)) for to, start in zip(now, before[::-1], strict=True)]
    own[1] = float(growth_needed(now[1], before[1], between))

    def answer(reason: str, *derived: Derived, **given: Span | float) -> Answer:
        given = {"others": now, "years": YEARS, **given}
        return _answer(_corners(model, "share_later", STOCKS, given), reason, *derived)

    lead = derive("times their growth, to draw level", model.evaluate("lead", others=now[1], years=YEARS))
    return {
        "both as they have grown": answer(
            "Google, Microsoft and Meta as the world since 2022; OpenAI is in what it rents.", lead
        ),
        "the named as in 2025": answer(
            "Their own counts a year apart, the errors of both taken against each other.",
            derive("their growth in 2025", own[1]),
            others_growth=(own[0], own[1], own[2]),
        ),
        "xAI at its goal": answer("50 million H100 equivalents.", own_later=_span(_goal(book))),
    }


@_check("X03")
def fifty_million(book: Catalogue) -> Answers:
    model, goal, own = race(book), _goal(book), book.facts.get("xai", "h100_equivalents")
    told = _day(goal.date)
    left = _years(own, told.replace(year=told.year + int(YEARS)))
    sites = [book.facts.get(site, "h100_equivalents") for site in ("colossus-1-2025-07", "colossus-2-plan")]
    each = model.evaluate(["each_power", "each_price"], efficiency=1.0, price_performance=1.0)
    grid = ("own", "own_growth", "grid", "efficiency", "chip_power")
    return {
        "at the growth shown": _answer(
            _corners(model, "own_later", ("own", "own_growth"), {"years": left}),
            "Growth as from September 2024 to the end of 2025, kept until July 2030.",
            derive("growth a year that the goal takes", growth_needed(goal.value, own.value, left)),
            derive("power at the chips of 2025", pooled_power(goal.value, each["each_power"]), "GW"),
            derive("price at the chips of 2025", purchase_cost(goal.value, each["each_price"]), "TUSD"),
        ),
        "stood or planned in 2025": _answer(
            _sum(*map(_span, sites)), "Colossus 1 and all of Colossus 2: nothing else had been announced."
        ),
        "on the power it can connect": _answer(
            _corners(model, "own_on_grid", grid, {"years": left}),
            "The same growth below a limit of 2 to 50 GW, an assumption too wide to say.",
        ),
    }


@_check("X26")
def what_it_rests_on(book: Catalogue) -> Answers:
    model, loans = race(book), collateral(book)
    growth = _span(model.inputs["own_growth"])
    prices = ("own", "world", "others_growth", "chip_price", "price_performance")
    needed = _corners(model, "needed", STOCKS, {"years": YEARS})
    less = _corners(model, "needed", STOCKS, {"years": YEARS, "others_growth": _slow(book)})
    money = _corners(model, "money_to_level", prices, {"years": YEARS})
    told = _corners(loans, "without_cap", STAKES, _told(book))
    funds = _sum(told, _span(book.facts.get("xai", "round")))
    return {
        "progress": _answer(
            _ratio(growth, needed),
            "Growth from September 2024 to the end of 2025 over the growth that X01 takes.",
            derive("growth shown, over the world's", growth[1] / model.evaluate("others_growth")),
        ),
        "progress, others as NVIDIA": _answer(
            _ratio(growth, less), "The same against the growth of NVIDIA's stock, 2019 to 2024."
        ),
        "funds": _answer(
            _ratio(funds, money),
            "The last round and loans at the article's prices, over the price of drawing level.",
        ),
    }


# --- Who can pay ------------------------------------------------------------------------------------------------


def _told(book: Catalogue) -> dict[str, Span | float]:
    """Values of both companies as the article has them."""
    value = book.facts.value("collateral-article", "market_value", "tesla")
    return {"tesla_value": value, "spacex_value": value}


@_check("X04")
def value_of_xai(book: Catalogue) -> Answers:
    fact, claimed = book.facts.get("xai", "market_value"), ledger()["X04"]
    over = units.to_si(claimed.low or 0.0, claimed.unit) / fact.value
    return _answer(
        _span(fact),
        "The round of January 2026; what was told in autumn 2025 is its low end. One digit was printed.",
        derive("claimed over the value of that round", over),
    )


@_check("X08")
def value_of_tesla(book: Catalogue) -> Answers:
    month, record = (
        book.facts.get("tesla", "market_value", of) for of in ("december_2025", "record_2025_12")
    )
    return {
        "December 2025": _answer(_span(month), "Market value over the month."),
        "at the highest close": _answer(
            _span(record),
            "The record of 16 December 2025: even it rounds to 1.6, and options are not counted.",
        ),
    }


@_check("X09")
def value_of_spacex(book: Catalogue) -> Answers:
    fact, claimed = book.facts.get("spacex", "market_value"), ledger()["X09"]
    said = units.to_si(claimed.low or 0.0, claimed.unit)
    target = book.facts.value("spacex", "market_value", "offering_target")
    return _answer(
        _span(fact),
        "The last price paid, of December 2025. A target for an offering is no price, and lies below the claim too.",
        derive("claimed over paid", said / fact.value),
        derive("claimed over the target of an offering", said / target),
    )


def _loans(book: Catalogue) -> tuple[Model, dict[str, Span | float]]:
    return collateral(book), _told(book)


@_check("X10")
def borrowed(book: Catalogue) -> Answers:
    model, told = _loans(book)

    def answer(output: str, reason: str, given: Mapping[str, Span | float] | None = None) -> Answer:
        gpus = model.evaluate(f"gpus_{output}", **(given or {}))
        return _answer(
            _corners(model, output, STAKES, given or {}),
            reason,
            derive("GPUs, with all that belongs to them", gpus),
        )

    return {
        "prices told": answer("without_cap", "A quarter of both stakes at 1.7 trillion each.", told),
        "prices told, capped": answer("with_cap", "Tesla lets a director borrow 3.5 billion at most.", told),
        "prices paid": answer("without_cap", "A quarter of both stakes at the prices of December 2025."),
        "prices paid, capped": answer("with_cap", "Both at once: nearly all of it rests on SpaceX."),
    }


@_check("X11")
def ammunition(book: Catalogue) -> Answers:
    (model, told), chips, goal = _loans(book), race(book), _goal(book)
    most = _corners(model, "without_cap", STAKES, told)
    least = _corners(model, "with_cap", STAKES, {})
    prices = ("chip_price", "price_performance")

    def cost(**given: Span | float) -> Span:
        each = _corners(chips, "each_price", prices, {"years": YEARS} | given)
        low, value, high = (
            float(purchase_cost(units, price)) for units, price in zip(_span(goal), each, strict=True)
        )
        return low, value, high

    today, later = cost(price_performance=1.0), cost()
    burn, over = book.facts.get("xai", "burn"), book.facts.value("xai", "burn_period")
    rates = [amount / over for amount in _span(burn)[::-1]]
    lasts = [float(runway(loan, rate)) for loan, rate in zip(least, rates, strict=True)]
    low, value, high = (time / (YEARS * units.year) for time in lasts)
    return {
        "chips of 2025, told": _answer(
            _ratio(most, today),
            "All that both stakes lend at the article's prices, over 50 million H100 equivalents with their sites.",
            derive("price of the goal", today[1], "TUSD"),
        ),
        "chips of 2025, capped": _answer(_ratio(least, today), "The same with prices paid and Tesla's cap."),
        "chips of 2030, told": _answer(
            _ratio(most, later),
            "If prices fall as they did and all is bought at the end; how fast they fall is too uncertain to say.",
            derive("price of the goal", later[1], "TUSD"),
        ),
        "chips of 2030, capped": _answer(
            _ratio(least, later), "The same with prices paid and Tesla's cap: even then it does not reach."
        ),
        "burn of 2025, capped": _answer(
            (low, value, high),
            "With prices paid and Tesla's cap, over five times what 2025 burnt: enough while xAI does not grow.",
            derive("years that it lasts", lasts[1] / units.year),
        ),
        "rivals": unknown("What others can raise is not among the facts."),
    }


# --- What has been built ----------------------------------------------------------------------------------------


def _sites(book: Catalogue, *names: str) -> Span:
    """Cost of sites together."""
    low, value, high = (
        float(total_cost(*ends))
        for ends in zip(*(_span(book.facts.get(name, "cost")) for name in names), strict=True)
    )
    return low, value, high


@_check("X15")
def billions_burning(book: Catalogue) -> Answers:
    facts = book.facts
    burn, period = _span(facts.get("xai", "burn")), facts.value("xai", "burn_period")
    fewest, most = ledger()["X12"].low or 0.0, ledger()["X12"].high or 0.0
    h100, gb200 = (_span(facts.get(chip, "price_all_in")) for chip in ("h100-sxm", "gb200"))
    any_of_them: list[Any] = [
        purchase_cost(number, price)
        for number, price in ((fewest, h100[0]), (fewest, h100[1]), (most, gb200[2]))
    ]
    first, second = "colossus-1-2025-07", "colossus-2-2025-10"
    return {
        "cash of nine months": _answer(burn, "What went out beyond income."),
        "cash of a year": _answer(
            (burn[0] / period * units.year, burn[1] / period * units.year, burn[2] / period * units.year),
            "The same, for twelve months.",
        ),
        "100,000 GPUs": _answer(
            _sites(book, "colossus-1-2024-09"),
            "Colossus 1 in September 2024, computing and construction, as modelled from images.",
        ),
        "200,000 GPUs": _answer(_sites(book, "colossus-1-2025-02"), "The same site in February 2025."),
        "what stood in October 2025": _answer(_sites(book, first, second), "Both sites, 340,000 GPUs."),
        "with what was planned": _answer(
            _sites(book, first, "colossus-2-plan"),
            "Colossus 1 and all that was planned for Colossus 2.",
        ),
        "the claim's own count": _answer(
            (float(any_of_them[0]), float(any_of_them[1]), float(any_of_them[2])),
            "Hundreds of thousands, of either kind, with all that belongs to them: too wide to say.",
        ),
    }


@_check("X16")
def ten_billion(book: Catalogue) -> Answers:
    return {
        "100,000 GPUs": _answer(
            _sites(book, "colossus-1-2024-09"), "Half of the title, and within what the text says."
        ),
        "200,000 GPUs": _answer(
            _sites(book, "colossus-1-2025-02"),
            "The site in February 2025: the title's number, ten months old.",
        ),
        "what stood in October 2025": _answer(
            _sites(book, "colossus-1-2025-07", "colossus-2-2025-10"),
            "Twice the title, two months before it.",
        ),
    }


@_check("X17")
def broke_ground(book: Catalogue) -> Answers:
    half = date(2024, 7, 1)  # the claim's second half of 2024

    def answer(site: str, reading: str, reason: str, *derived: Derived) -> Answer:
        took = book.facts.get(site, "build_time", reading)
        days = (_day(took.date) - half).days * units.day
        return _answer((days - took.high, days - took.value, days - took.low), reason, *derived)

    first, full = (book.entity(name).announced for name in ("colossus-1-2024-08", "colossus-1-2024-09"))
    seen = book.facts.get("colossus-1-2024-09", "build_time", "satellite")
    start = _day(full) - timedelta(seconds=seen.value)
    ran = derive("from the first work to the first training", (_day(first) - start).days * units.day, "day")
    return {
        "first work, from space": answer(
            "colossus-1-2024-09",
            "satellite",
            "Work on an old factory began in April 2024; it did run soon after.",
            ran,
        ),
        "first work, as told": answer(
            "colossus-1-2024-09", "as_told", "122 days before 2 September 2024, which is 3 May."
        ),
        "the second hundred thousand": answer(
            "colossus-1-2025-02",
            "between_dates",
            "Read as the enlargement of the site, begun between September and November 2024.",
        ),
    }


@_check("X22")
def jump_in_scale(book: Catalogue) -> Answers:
    before, after = (book.facts.get(run, "training_work") for run in ("gpt-3-run", "gpt-4-run"))
    between = _years(before, _day(after.date))
    times = _ratio(_span(after), _span(before))
    return {
        "scale": _answer(
            times,
            "Operations of the two training runs; that of GPT-4 is an outside estimate.",
            derive("times a year", growth_needed(after.value, before.value, between)),
        ),
        "scale as the cause": unknown(
            "Nothing about data, method or quality is among the facts: two runs cannot part them."
        ),
    }


@_check("X12")
def gpus_of_xai(book: Catalogue) -> Answers:
    first, second = book.machine("colossus-1-2025-07"), book.machine("colossus-2-2025-10")
    number = sum(part.count for one in (first, second) for part in one.parts)
    return exact(number, "Colossus 1 in July 2025 and Colossus 2 in October 2025.")


def _power(book: Catalogue, *names: str) -> Span:
    """Facility power of sites together."""
    return _sum(*(_span(book.facts.get(name, "facility_power")) for name in names))


@_check("X13")
def megawatts_of_xai(book: Catalogue) -> Answers:
    standing = _answer(
        _power(book, "colossus-1-2025-07", "colossus-2-2025-10"), "What stood by October 2025."
    )
    planned = _answer(
        _power(book, "colossus-1-2025-07", "colossus-2-plan"),
        "Colossus 1 and all that was planned for Colossus 2.",
    )
    h100, gb200 = (book.facts.get(name, "facility_power") for name in ("h100-sxm", "gb200"))
    fewest, most = ledger()["X12"].low or 0.0, ledger()["X12"].high or 0.0
    any_of_them = Answer(
        fewest * h100.low,
        fewest * h100.value,
        most * gb200.high,
        "Hundreds of thousands of GPUs, of either kind: too wide to say.",
    )
    return {"standing": standing, "with what is planned": planned, "the claim's own count": any_of_them}


@_check("X14")
def megawatts_of_millions(book: Catalogue) -> Answers:
    answers = {}
    for millions, name in ((1, "h100-sxm"), (1, "gb200"), (5, "gb200")):
        fact = book.facts.get(name, "facility_power")
        answers[f"{millions} million {name}"] = over(
            lambda each, number=millions * units.mega: pooled_power(number, each),
            fact,
            reason=f"At {format_range(fact.low, fact.high, 'W')} each at the site.",
        )
    return answers
