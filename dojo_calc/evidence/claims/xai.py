"""What the models give for the claims of a post on xAI: who owns most, who can pay, what has been built.

Growth, power and prices come from the shipped model of the race, loans from that of two pledged stakes.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import truediv

from dojo_calc import units
from dojo_calc.chain.shipped import collateral, race
from dojo_calc.economics.cost import purchase_cost
from dojo_calc.economics.finance import borrowed_runway
from dojo_calc.economics.power import pooled_power
from dojo_calc.economics.race import growth_needed
from dojo_calc.evidence.claims.answers import Three, corners, derive, over, three, unknown
from dojo_calc.evidence.claims.ledger import ledger
from dojo_calc.evidence.claims.registrar import Answers, check
from dojo_calc.evidence.claims.rule import Answer, Derived
from dojo_calc.evidence.claims.spans import (
    added,
    cash_of_2025,
    first_day,
    model_span,
    spanned,
    spent,
    years_to,
)
from dojo_calc.facts import Fact
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.model.model import Model

__all__: list[str] = []

STOCKS = ("owner_stock", "world", "own_growth", "others_growth")
ON_GRID = ("owner_stock", "others_growth", "others_grid", "efficiency_growth", "site_power_reported")
STAKES = ("tesla_value", "tesla_share", "spacex_value", "spacex_share")
NAMED = ("google", "microsoft", "meta")  # OpenAI rents from them and from Oracle
YEARS = 5.0  # the claims' own


def _goal(book: Catalogue) -> Fact:
    return book.facts.get("xai-plan-2030", "h100_equivalents")


def _slow(book: Catalogue) -> Three:
    """Slower growth of all others: that of NVIDIA's stock alone before 2025."""
    return three(book.facts.get("world", "growth_per_year", "nvidia_2019_2024"))


# --- Who owns most ----------------------------------------------------------------------------------------------


@check("X01")
def more_than_all(book: Catalogue) -> Answers:
    model, goal, slow = race(book), _goal(book), _slow(book)
    world = book.facts.get("world", "h100_equivalents")
    now = model.evaluate(["others", "lead_needed", "needed", "power_to_level", "money_to_level"])
    takes = (
        derive("times the growth of all others, to draw level", now["lead_needed"]),
        derive("growth a year that it takes", now["needed"]),
        derive("power that it takes", now["power_to_level"], "GW"),
        derive("price of what it takes", now["money_to_level"], "TUSD"),
    )
    enough = derive(
        "growth a year of all others below which the goal is enough",
        growth_needed(goal.value, now["others"], YEARS),
    )

    def answer(reason: str, *derived: Derived, **given: Three | float) -> Answer:
        return spanned(model_span(model, "share_later", STOCKS, {"years": YEARS} | given), reason, *derived)

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
            own_later=three(goal),
        ),
        "its goal, others as NVIDIA": answer(
            "50 million, against the growth of NVIDIA's stock, 2019 to 2024.",
            own_later=three(goal),
            others_growth=slow,
        ),
        "its goal, others on the grid": spanned(
            model_span(
                model,
                "share_on_grid",
                ON_GRID,
                {"years": YEARS, "own_on_grid": three(goal), "world": three(world)},
            ),
            "50 million, where all others together can connect 50 to 200 GW.",
        ),
    }


@check("X02")
def more_than_the_named(book: Catalogue) -> Answers:
    model, facts = race(book), book.facts
    last, first = (
        [facts.get(owner, "h100_equivalents", of) for owner in NAMED] for of in ("q4_2025", "q4_2024")
    )
    now, before = (added(*map(three, stocks)) for stocks in (last, first))
    between = years_to(first[0], first_day(last[0].date))
    own = corners(lambda to, start: growth_needed(to, start, between), now, before)

    def answer(reason: str, *derived: Derived, **given: Three | float) -> Answer:
        given = {"others": now, "years": YEARS, **given}
        return spanned(model_span(model, "share_later", STOCKS, given), reason, *derived)

    lead = derive(
        "times their growth, to draw level", model.evaluate("lead_needed", others=now[1], years=YEARS)
    )
    return {
        "both as they have grown": answer(
            "Google, Microsoft and Meta as the world since 2022; OpenAI is in what it rents.", lead
        ),
        "the named as in 2025": answer(
            "Their own counts a year apart, the errors of both taken against each other.",
            derive("their growth in 2025", own[1]),
            others_growth=own,
        ),
        "xAI at its goal": answer("50 million H100 equivalents.", own_later=three(_goal(book))),
    }


@check("X03")
def fifty_million(book: Catalogue) -> Answers:
    model, goal, own = race(book), _goal(book), book.facts.get("xai", "h100_equivalents")
    told = first_day(goal.date)
    left = years_to(own, told.replace(year=told.year + int(YEARS)))
    sites = [book.facts.get(site, "h100_equivalents") for site in ("colossus-1-2025-07", "colossus-2-plan")]
    each = model.evaluate(["each_power", "each_price"], efficiency_growth=1.0, price_performance=1.0)
    grid = ("owner_stock", "own_growth", "grid", "efficiency_growth", "site_power_reported")
    return {
        "at the growth shown": spanned(
            model_span(model, "own_later", ("owner_stock", "own_growth"), {"years": left}),
            "Growth as from September 2024 to the end of 2025, kept until July 2030.",
            derive("growth a year that the goal takes", growth_needed(goal.value, own.value, left)),
            derive("power at the chips of 2025", pooled_power(goal.value, each["each_power"]), "GW"),
            derive("price at the chips of 2025", purchase_cost(goal.value, each["each_price"]), "TUSD"),
        ),
        "stood or planned in 2025": spanned(
            added(*map(three, sites)), "Colossus 1 and all of Colossus 2: nothing else had been announced."
        ),
        "on the power it can connect": spanned(
            model_span(model, "own_on_grid", grid, {"years": left}),
            "The same growth below a limit of 2 to 50 GW, an assumption too wide to say.",
        ),
    }


@check("X26")
def what_it_rests_on(book: Catalogue) -> Answers:
    model, loans = race(book), collateral(book)
    growth = three(model.inputs["own_growth"])
    prices = ("owner_stock", "world", "others_growth", "capital_per_chip", "price_performance")
    needed = model_span(model, "needed", STOCKS, {"years": YEARS})
    less = model_span(model, "needed", STOCKS, {"years": YEARS, "others_growth": _slow(book)})
    money = model_span(model, "money_to_level", prices, {"years": YEARS})
    told = model_span(loans, "without_cap", STAKES, _told(book))
    funds = added(told, three(book.facts.get("xai", "round")))
    year = corners(truediv, book.facts.get("xai", "round"), cash_of_2025(book))
    lesser = min(growth[0], year[0]), min(growth[1], year[1]), min(growth[2], year[2])
    return {
        "progress and funds, the lesser": spanned(
            lesser,
            "Both are there: the stock more than trebled in a year, and the last round pays for about a year.",
        ),
        "progress": spanned(growth, "Growth a year of xAI's stock, from September 2024 to the end of 2025."),
        "funds": spanned(year, "The round of January 2026 over the cash of 2025: a year of it."),
        "progress, enough for X01": spanned(
            corners(truediv, growth, needed),
            "The growth shown over the growth that X01 takes.",
            derive("growth shown, over the world's", growth[1] / model.evaluate("others_growth")),
        ),
        "the same, others as NVIDIA": spanned(
            corners(truediv, growth, less), "The same against the growth of NVIDIA's stock, 2019 to 2024."
        ),
        "funds, enough for X01": spanned(
            corners(truediv, funds, money),
            "The last round and loans at the article's prices, over the price of drawing level.",
        ),
    }


@check("X21")
def lead_in_three_years(book: Catalogue) -> Answers:
    model, google = race(book), book.facts.get("google", "h100_equivalents")
    shown = corners(truediv, model.inputs["own_growth"], model.inputs["others_growth"])
    own = book.facts.get("xai", "h100_equivalents")

    def answer(years: float, reason: str) -> Answer:
        takes = corners(lambda its, mine: growth_needed(its, mine, years), google, own)
        return spanned(
            corners(truediv, shown, takes),
            reason,
            derive("times Google's growth a year, to draw level", takes[1]),
        )

    return {
        "in three years": answer(
            3.0, "Growth of 2025 over the world's, over what drawing level with Google takes."
        ),
        "in two years": answer(2.0, "The same in two years."),
    }


# --- Who can pay ------------------------------------------------------------------------------------------------


def _told(book: Catalogue) -> dict[str, Three | float]:
    """Values of both companies as the article has them."""
    value = book.facts.value("collateral-article", "market_value", "tesla")
    return {"tesla_value": value, "spacex_value": value}


@check("X05")
def rank_of_xai(book: Catalogue) -> Answers:
    def rank(own: str, others: Mapping[str, str]) -> Answer:
        worth = {
            name: book.facts.get(name, "market_value", of) for name, of in {"xai": own, **others}.items()
        }
        place = 1 + sum(worth[name].value > worth["xai"].value for name in others)
        told = ", ".join(f"{name} {fact.printed}" for name, fact in worth.items())
        return Answer(
            place, place, place, f"{told}.", (), tuple(dict.fromkeys(f.source for f in worth.values()))
        )

    return {
        "December 2025": rank("2025_11", {"openai": "2025_10", "anthropic": "2025_11"}),
        "September 2025": rank("2025_09", {"openai": "2025_03", "anthropic": "2025_09"}),
        "June 2026": rank("merger_2026_02", {"openai": "2026_06", "anthropic": "2026_06"}),
    }


@check("X08")
def value_of_tesla(book: Catalogue) -> Answers:
    price, record, within = (
        book.facts.get("tesla", "share_price", of)
        for of in ("december_2025", "record_close", "record_intraday")
    )
    basic, options = (
        book.facts.get("tesla", "shares", "basic_2025_12"),
        book.facts.get("musk", "options_2018"),
    )
    low, high = price.low * basic.low, within.high * (basic.high + options.high)
    return {
        "December 2025, options counted or not": spanned(
            (low, price.value * basic.value, high),
            "From the lowest price of the month over the shares there were, to the highest with the options "
            "of 2018, which "
            "a court restored on 19 December.",
        ),
        "at the highest close": over(
            purchase_cost, basic, record, reason="16 December, options not counted."
        ),
        "at the highest price within a day": over(
            purchase_cost, basic, within, reason="22 December, options not counted: it rounds to 1.7."
        ),
        "the same with the options": over(
            lambda number, more, each: purchase_cost(number + more, each),
            basic,
            options,
            within,
            reason="What has to be paid for them is not deducted.",
        ),
    }


@check("X09")
def value_of_spacex(book: Catalogue) -> Answers:
    fact, claimed = book.facts.get("spacex", "market_value"), ledger()["X09"]
    said = units.to_si(claimed.low or 0.0, claimed.unit)
    target = book.facts.value("spacex", "market_value", "offering_target")
    return {
        "the last price paid": over(
            lambda value: value,
            fact,
            reason="Paid for few shares in December 2025. A target for an offering is no price, and lies "
            "below the claim.",
            derived=(
                derive("claimed over paid", said / fact.value),
                derive("claimed over the target of an offering", said / target),
            ),
        ),
        "its offering, with xAI inside": over(
            lambda value: value,
            book.facts.get("spacex", "market_value", "offering_2026_06"),
            reason="June 2026, at 135 USD a share; since February it holds xAI, a fifth of the two.",
        ),
        "its first close, with xAI inside": over(
            lambda value: value,
            book.facts.get("spacex", "market_value", "first_close_2026_06"),
            reason="The day of its listing.",
        ),
    }


def _loans(book: Catalogue) -> tuple[Model, dict[str, Three | float]]:
    return collateral(book), _told(book)


@check("X10")
def borrowed(book: Catalogue) -> Answers:
    model, told = _loans(book)

    def answer(output: str, reason: str, given: Mapping[str, Three | float] | None = None) -> Answer:
        centre = {name: span if isinstance(span, float) else span[1] for name, span in (given or {}).items()}
        gpus = model.evaluate(f"gpus_{output}", **centre)
        return spanned(
            model_span(model, output, STAKES, given or {}),
            reason,
            derive("GPUs, with all that belongs to them", gpus),
        )

    return {
        "prices told": answer("without_cap", "A quarter of both stakes at 1.7 trillion each.", told),
        "prices told, capped": answer("with_cap", "Tesla lets a director borrow 3.5 billion at most.", told),
        "prices paid": answer("without_cap", "A quarter of both stakes at the prices of December 2025."),
        "prices paid, capped": answer("with_cap", "Both at once: nearly all of it rests on SpaceX."),
        "at the offering of June 2026, capped": answer(
            "with_cap",
            "At the price of SpaceX's offering, with xAI inside. What part of xAI Musk had was not told: from none "
            "of what its holders got to all of it.",
            _of_june_2026(book),
        ),
    }


def _of_june_2026(book: Catalogue) -> dict[str, Three | float]:
    """Musk's stake after the exchange of February 2026, and SpaceX's value at its offering."""
    facts = book.facts
    value, sold = facts.get("spacex", "market_value", "offering_2026_06"), facts.get("spacex", "round")
    before, others = facts.get("musk", "stake_spacex"), facts.get("spacex", "share_of_xai_holders")
    low = before.low * (1.0 - others.high) * (1.0 - sold.high / value.low)
    high = before.high * (1.0 - others.low) + others.high
    return {"spacex_share": (low, (low + high) / 2.0, high), "spacex_value": three(value)}


@check("X11")
def ammunition(book: Catalogue) -> Answers:
    (model, told), chips, goal = _loans(book), race(book), _goal(book)
    most = model_span(model, "without_cap", STAKES, told)
    least = model_span(model, "with_cap", STAKES, {})
    prices = ("capital_per_chip", "price_performance")

    def cost(**given: Three | float) -> Three:
        each = model_span(chips, "each_price", prices, {"years": YEARS} | given)
        return corners(purchase_cost, goal, each)

    today, later = cost(price_performance=1.0), cost()
    return {
        "cash of 2025 by the accounts, capped": _lasts(
            book,
            least,
            cash_of_2025(book),
            units.year,
            "With prices paid and Tesla's cap, over five times the operating loss and the capital spending "
            "of 2025, as "
            "filed in 2026; the low end takes the depreciation out of the loss.",
        ),
        "at the rate of early 2026, capped": _lasts(
            book,
            least,
            spent(book, "q1_2026"),
            units.year / 4.0,
            "The same loans of 2025 at the rate of the first quarter of 2026.",
        ),
        "at the offering of June 2026, capped, with the rent earned": _lasts(
            book,
            model_span(model, "with_cap", STAKES, _of_june_2026(book)),
            _less_rent(book),
            units.year / 4.0,
            "The same at the price of SpaceX's offering, which holds xAI since February, less the rent of Anthropic.",
        ),
        "burn as told in 2025, capped": _lasts(
            book,
            least,
            three(book.facts.get("xai", "burn")),
            book.facts.value("xai", "burn_period"),
            "The same over five times what the press told of the first nine months of 2025: enough while "
            "xAI does not "
            "grow.",
        ),
        "chips of 2025, told": spanned(
            corners(truediv, most, today),
            "All that both stakes lend at the article's prices, over 50 million H100 equivalents with their sites.",
            derive("price of the goal", today[1], "TUSD"),
        ),
        "chips of 2025, capped": spanned(
            corners(truediv, least, today), "The same with prices paid and Tesla's cap."
        ),
        "chips of 2030, told": spanned(
            corners(truediv, most, later),
            "If prices fall as they did and all is bought at the end; how fast they fall is too uncertain to say.",
            derive("price of the goal", later[1], "TUSD"),
        ),
        "chips of 2030, capped": spanned(
            corners(truediv, least, later),
            "The same with prices paid and Tesla's cap: even then it does not reach.",
        ),
        "rivals": unknown(
            "OpenAI and Anthropic were valued at more than xAI when the post was written, and at more than "
            "three times as "
            "much in June 2026: they can raise as much."
        ),
    }


def _less_rent(book: Catalogue) -> Three:
    """What the first quarter of 2026 took, less three months of the rent that Anthropic pays since."""
    low, value, high = spent(book, "q1_2026")
    earned = corners(lambda rate: rate * units.year / 4.0, book.facts.get("xai", "rent_income", "anthropic"))
    return low - earned[2], value - earned[1], high - earned[0]


def _lasts(book: Catalogue, loans: Three, spent: Three, period: float, reason: str) -> Answer:
    """What loans last over five years, at a rate of spending and with interest on what is drawn."""
    interest = book.facts.get("xai-lease-2025", "interest")
    lasts = [
        float(borrowed_runway(loan, amount / period, rate, units.year))
        for loan, amount, rate in zip(
            loans, spent[::-1], (interest.high, interest.value, interest.low), strict=True
        )
    ]
    low, value, high = (time / (YEARS * units.year) for time in lasts)
    return spanned((low, value, high), reason, derive("years that it lasts", lasts[1] / units.year))


@check("X22")
def jump_in_scale(book: Catalogue) -> Answers:
    before, after = (book.facts.get(run, "training_work") for run in ("gpt-3-run", "gpt-4-run"))
    between = years_to(before, first_day(after.date))
    times = corners(truediv, after, before)
    return {
        "scale": spanned(
            times,
            "Operations of the two training runs; that of GPT-4 is an outside estimate.",
            derive("times a year", growth_needed(after.value, before.value, between)),
        ),
        "scale as the cause": unknown(
            "Nothing about data, method or quality is among the facts: two runs cannot part them."
        ),
    }
