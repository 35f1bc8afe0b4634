"""What the models give for claims of an explainer on Dojo: what FSD sold, what Dojo was to become and be worth."""

from __future__ import annotations

from typing import Any

from dojo_calc import units
from dojo_calc.chain.shipped import die_to_tile, scarcity, value_of_autonomy
from dojo_calc.economics.capacity import pooled_rate, share, units_needed
from dojo_calc.economics.cost import (
    energy_cost,
    price_per_unit,
    purchase_cost,
    straight_line,
    total_cost,
    units_bought,
)
from dojo_calc.economics.power import energy, pooled_power, rate_per_power, units_powered
from dojo_calc.economics.procurement import rental_cost
from dojo_calc.economics.programme import insurance_value
from dojo_calc.evidence.claims.answers import (
    Three,
    corners,
    derive,
    exact,
    model_corners,
    over,
    ratio,
    simulated,
    three,
    unknown,
)
from dojo_calc.evidence.claims.estimates import (
    LATE_2024,
    PRICES,
    bought_peak,
    dojo_late_2024,
    dojo_share,
    made_peak,
)
from dojo_calc.evidence.claims.ledger import ledger
from dojo_calc.evidence.claims.registrar import Answers, check
from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.performance.footage import data_factor

__all__: list[str] = []


# --- What FSD sold ----------------------------------------------------------------------------------------------


@check("D08")
def holders_of_fsd(book: Catalogue) -> Answers:
    claimed = ledger()["D08"].low or 0.0
    then = book.facts.get("tesla-fsd", "paid_users", "august_2024")
    return {
        "paid for in August 2024": over(
            lambda number: number,
            then,
            reason="Tesla's own table, first shown in January 2026, between the ends of 2023 and 2024.",
            derived=(derive("the claim over it", claimed / then.value),),
        ),
        "paid for in March 2026": over(
            lambda number: number,
            book.facts.get("tesla-fsd", "paid_users", "q1_2026"),
            reason="Nearly two years on, still fewer.",
        ),
        "cars that it reached": over(
            lambda number: number,
            book.facts.get("tesla-fsd", "reached_cars"),
            reason="What Tesla told in April 2024 of cars that the software had been sent to, free months counted.",
        ),
    }


def _prices(book: Catalogue, since: str) -> Three:
    """Lowest, middle and highest price of FSD since a date."""
    known = book.facts.readings("tesla-fsd", "price")
    prices = sorted(fact.value for fact in known if fact.date >= since)
    return prices[0], prices[len(prices) // 2], prices[-1]


@check("D09")
def price_of_fsd(book: Catalogue) -> Answers:
    return {
        "from 2022 on": Answer(*_prices(book, "2022"), "15,000, then 12,000, then 8,000 USD."),
        "from 2019 on": Answer(
            *_prices(book, "2019"), "It had cost 6,000 USD before; by the month it is 99 USD."
        ),
    }


@check("D10")
def sales_of_fsd(book: Catalogue) -> Answers:
    facts = book.facts
    sold, revenue = facts.get("tesla-fsd", "sold_by_2021"), facts.get("tesla-fsd", "revenue_by_2021")
    each = corners(price_per_unit, revenue, sold)
    paid = corners(purchase_cost, facts.get("tesla-fsd", "paid_users"), each)
    reached = corners(purchase_cost, facts.get("tesla-fsd", "reached_cars"), _prices(book, "2022"))
    ends = "low", "centre", "high"
    return unknown(
        "States no claim; it follows from D08 and D09. Until 2021 a package had sold for some 5,850 USD on "
        "the average, "
        "and not for 8,000 to 15,000.",
        *(
            derive(f"those who paid, at the mean price, {end}", of, "GUSD")
            for end, of in zip(ends, paid, strict=True)
        ),
        *(
            derive(f"all reached, at the article's prices, {end}", of, "GUSD")
            for end, of in zip(ends, reached, strict=True)
        ),
    )


@check("D13")
def data_for_half_the_error(book: Catalogue) -> Answers:
    def more(exponent: Any) -> Any:
        return data_factor(0.5, exponent)

    return {
        field: over(more, book.facts.get("perception-scaling", "error_exponent", reading), reason=reason)
        for field, reading, reason in (
            (
                "images",
                "image_top1",
                "Nine times the data halve the error of a classifier of images: returns diminish.",
            ),
            ("speech", "speech", "About the same for speech."),
            (
                "language",
                "language",
                "Thousands of times for the loss of language, which is no measure of driving.",
            ),
        )
    }


# --- Half of the hardware, and its price ------------------------------------------------------------------------


def _planned(book: Catalogue) -> Three:
    """Rate of Dojo 1 as planned for the end of 2024 [FLOP/s]."""
    h100 = book.machine("h100-sxm").peak("bf16")
    return corners(lambda of: pooled_rate(of, h100), book.facts.get("dojo-1", "h100_equivalents"))


@check("D30")
def half_own_hardware(book: Catalogue) -> Answers:
    facts, h100 = book.facts, book.machine("h100-sxm")
    cortex, reported = facts.get("cortex-1", "h100_equivalents"), facts.get("dojo-1", "reported_rate")
    ai4 = next(part for part in book.machine("tesla-ai-2024-08").parts if part.machine.id == "ai4")

    def alone(own: Any, gpus: Any) -> Any:
        return share(own, own + pooled_rate(gpus, h100.peak("bf16")))

    def with_ai4(own: Any, computers: Any, each: Any, gpus: Any) -> Any:
        made = own + pooled_rate(computers, each)
        return share(made, made + pooled_rate(gpus, h100.peak("int8")))

    return {
        f"at the stop, {LATE_2024}": over(
            alone,
            dojo_late_2024(book),
            cortex,
            reason="From the rate reported in August 2024 to the seven ExaPODs of the plan, beside the 67,000 H100 "
            "equivalents of Cortex in mid 2025; older GPUs would lower it. After the stop nothing was added.",
        ),
        "with Dojo 1 as planned": over(
            alone, _planned(book), cortex, reason="As if the 8,000 H100 equivalents had come."
        ),
        "with AI4, at 8 bits": over(
            with_ai4,
            reported,
            ai4,
            facts.get("ai4", "peak_int8"),
            cortex,
            reason="With the 40,000 AI4 computers of the post, which have no BF16; at 8 bits an H100 is "
            "twice as fast.",
        ),
    }


@check("D32")
def cheaper_than_bought(book: Catalogue) -> Answers:
    tile, made = die_to_tile(book), made_peak(book)
    return {
        "A100, claimed tile": ratio(
            made,
            bought_peak(book, "a100-sxm-80gb", "price"),
            "Price of dense BF16 peak, D1 in its tile over the bare A100.",
        ),
        "H100 in its server, claimed tile": ratio(
            made, bought_peak(book), "The same over an H100 in its server."
        ),
        "the same at 8 bits": ratio(
            made_peak(book, basis="fp8"),
            bought_peak(book, basis="fp8"),
            "At 8 bits an H100 is twice as fast and a D1 is not: about level.",
        ),
        "H100, silicon of a tile": ratio(
            model_corners(tile, "price_of_peak"),
            bought_peak(book),
            "A tile as wafers, packaging and yield make it: what NVIDIA's margin leaves to be saved.",
        ),
        "H100, tile and design": ratio(
            made_peak(book, with_design=True),
            bought_peak(book),
            "Ten to fifteen thousand dies do not carry a design of hundreds of millions.",
        ),
    }


@check("D34")
def gpus_for_the_money(book: Catalogue) -> Answers:
    paid = book.facts.get("tesla-2024-ai-plan", "nvidia_purchases")
    found = {
        name: corners(units_bought, paid, book.facts.get("h100-sxm", quantity))
        for name, quantity in PRICES.items()
    }
    return unknown(
        "States no claim; it follows from D33. Tesla added 50,000 H100 in 2024 that are known of.",
        *(
            derive(f"H100, {name}, {end}", of)
            for name, span in found.items()
            for end, of in zip(("low", "centre", "high"), span, strict=True)
        ),
    )


@check("D35")
def path_to_compete(book: Catalogue) -> Answers:
    d1, h100, a100, gb200 = (book.machine(name) for name in ("d1", "h100-sxm", "a100-sxm-80gb", "gb200"))

    def a_watt(other: Any) -> Any:
        mine, its = (rate_per_power(one.peak("bf16"), one.total("power")) for one in (d1, other))
        return mine / its

    return {
        "peak of a chip": exact(share(d1.peak("bf16"), h100.peak("bf16")), "Dense BF16, D1 over H100."),
        "peak a watt": exact(a_watt(h100), "Rated power of the chips, D1 over H100."),
        "peak a watt, over A100": exact(a_watt(a100), "The same over the A100."),
        "price, claimed tile": ratio(
            bought_peak(book), made_peak(book), "H100 in its server over D1 in its tile, without the design."
        ),
        "price, claimed tile, at 8 bits": ratio(
            bought_peak(book, basis="fp8"),
            made_peak(book, basis="fp8"),
            "The same at 8 bits: it does not lead.",
        ),
        "Dojo 2 as announced": over(
            lambda times: share(times * d1.peak("bf16"), gb200.peak("bf16")),
            book.facts.get("dojo-2-plan", "compute_over_dojo1"),
            reason="Ten times a D1, over the GB200 of its year; it was never shown, and was stopped.",
        ),
        "Dojo 2 as announced, at 8 bits": over(
            lambda times: share(times * d1.peak("fp8"), gb200.peak("fp8")),
            book.facts.get("dojo-2-plan", "compute_over_dojo1"),
            reason="The same at 8 bits.",
        ),
        "the intent": unknown("That somebody sees a path is not a number."),
    }


# --- What Dojo is worth -----------------------------------------------------------------------------------------


@check("D36")
def value_added(book: Catalogue) -> Answers:
    before, after = (
        book.facts.value("tesla-valuation-2023", f"target_price_{when}") for when in ("before", "after")
    )
    shares, market = (
        book.facts.get("tesla", "shares"),
        book.facts.get("tesla", "market_value", "september_2023"),
    )
    stream, least = value_of_autonomy(book), {"fsd_chance": 1.0, "fsd_profit_share": 1.0, "fsd_delay": 0.0}
    payers, all_cars = "fsd_payers_implied", stream.evaluate("fsd_value_at_most")
    return {
        "rise of the target": over(
            lambda number: purchase_cost(number, after - before),
            shares,
            reason="What the rise of the target comes to over all shares: the estimate agrees with itself. "
            "Whether Dojo "
            "was worth it is another question, see D37.",
            derived=(
                derive("rise of the target", after / before - 1.0, "percent"),
                derive("payers of FSD behind it, at once and for certain", stream.evaluate(payers, **least)),
                derive("payers of FSD behind it, late and as likely as not", stream.evaluate(payers)),
                derive("worth if all cars ever delivered paid", all_cars, "GUSD"),
            ),
        ),
        "target over the market": over(
            lambda value: purchase_cost(shares.value, after) - value,
            market,
            reason="The value at the target less that of the day, with which Reuters printed 600 billion.",
        ),
    }


@check("D37")
def insured(book: Catalogue) -> Answers:
    facts = book.facts
    cost, upside = facts.get("dojo-budget", "budget"), ledger()["D36"]
    shortages = [facts.get("gpu-frontier", f"shortage_{name}") for name in ("rate", "duration", "premium")]
    equivalents, price = facts.get("dojo-1", "h100_equivalents"), facts.get("h100-sxm", "price_in_node")

    def saved(rate: Any, duration: Any, premium: Any, bought: Any, spent: Any) -> Any:
        return insurance_value(rate, duration, bought, premium) / spent

    break_even = [each / units.to_si(upside.low or 0.0, upside.unit) for each in (cost.low, cost.high)]
    return {
        "insures 8,000 H100": over(
            saved,
            *shortages,
            corners(purchase_cost, equivalents, price),
            cost,
            reason="Premium that a shortage adds on the average to the price of 8,000 H100, over the "
            "programme; not to get "
            "them at all has no price here.",
        ),
        "insures a year's buying": over(
            saved,
            *shortages,
            facts.get("tesla-2024-ai-plan", "nvidia_purchases"),
            cost,
            reason="Had Dojo replaced all that Tesla bought of NVIDIA in 2024.",
        ),
        "insures Cortex, with what could not be had": over(
            lambda worth, spent: worth / spent,
            simulated(scarcity(book), "cover_worth"),
            cost,
            reason="With the use of what a shortage leaves unserved, for the 50,000 H100 of Cortex: too wide to say.",
        ),
        "chance of a large gain": unknown(
            "Nobody knew the chance; what it had to be follows from D36.",
            derive("chance that pays the programme, low", break_even[0], "percent"),
            derive("chance that pays the programme, high", break_even[1], "percent"),
        ),
    }


@check("D47")
def cluster_of_texas(book: Catalogue) -> Answers:
    each = book.facts.get("h100-sxm", "facility_power")
    told = next(
        part.count for part in book.machine("cortex-2024-plan").parts if part.machine.id == "h100-sxm"
    )
    return {
        "130 MW at first": over(
            units_powered,
            book.facts.get("cortex-1", "facility_power", "press_130"),
            each,
            reason="Power and cooling for more H100 than the 50,000 told; Tesla's own computers came on top.",
            derived=(derive("power of the 50,000", pooled_power(told, each.value), "MW"),),
        ),
        "500 MW later": over(
            units_powered,
            book.facts.get("cortex-1", "planned_site_power"),
            each,
            reason="What eighteen months more were to bring.",
        ),
        "dense and cooled by water": unknown("No power of a rack and no flow of water was published."),
    }


@check("D50")
def not_trivial(book: Catalogue) -> Answers:
    planned, reported = _planned(book), three(book.facts.get("dojo-1", "reported_rate"))
    return {
        LATE_2024: Answer(
            *dojo_share(book, dojo_late_2024(book)),
            "What ran was not told: from the rate reported in August 2024 to the seven ExaPODs of the plan, at BF16.",
        ),
        "as planned, at BF16": Answer(
            *dojo_share(book, planned), "In all training hardware of the end of 2024."
        ),
        "as planned, at 8 bits": Answer(
            *dojo_share(book, planned, "int8"), "An H100 is twice as fast at 8 bits, a D1 is not."
        ),
        "as reported in August": Answer(
            *dojo_share(book, reported), "The last rate of Dojo that was told, at BF16."
        ),
    }


@check("D52")
def rented_out(book: Catalogue) -> Answers:
    facts = book.facts
    pod, tile, h100 = (book.machine(name) for name in ("exapod", "dojo-tile", "h100-sxm"))
    equivalents = facts.value("dojo-1", "h100_equivalents")
    rate: Any = pooled_rate(equivalents, h100.peak("bf16"))
    pods: Any = units_needed(rate, pod.peak("bf16"))
    tiles: Any = units_needed(rate, tile.peak("bf16"))

    def rent(price: Any, rented: Any) -> Any:
        return rental_cost(equivalents, price, units.year) * rented

    def electricity(power: Any, price: Any) -> Any:
        return energy_cost(energy(pooled_power(pods, power), units.year), price)

    def with_capital(price: Any, rented: Any, power: Any, tariff: Any, capital: Any, life: Any) -> Any:
        used = straight_line(capital, units.year, life)
        return rent(price, rented) / total_cost(electricity(power, tariff), used)

    earning = facts.get("h100-sxm", "hourly_rent", "median_2024"), facts.get("hyperscale", "rented_share")
    running = facts.get("exapod", "facility_power"), facts.get("us", "electricity_price", "y2024")
    life = facts.get("epoch-1gw-model", "server_life")
    year = corners(rent, *earning)
    return {
        "over its electricity": over(
            lambda price, rented, power, tariff: rent(price, rented) / electricity(power, tariff),
            *earning,
            *running,
            reason="8,000 H100-equivalents at an H100's rent, if a customer's programs ran on them.",
            derived=tuple(
                derive(f"a year's rent{end}", of, "MUSD")
                for end, of in zip((", low", "", ", high"), year, strict=True)
            ),
        ),
        "with claimed tiles": over(
            with_capital,
            *earning,
            *running,
            corners(lambda each: purchase_cost(tiles, each), facts.get("dojo-tile", "cost_upper_bound")),
            life,
            reason="The tiles written off over their life.",
        ),
        "with the programme": over(
            with_capital,
            *earning,
            *running,
            facts.get("dojo-budget", "budget"),
            life,
            reason="The announced money of the programme written off over the same life.",
        ),
    }
