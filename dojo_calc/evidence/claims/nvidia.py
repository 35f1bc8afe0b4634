"""What the models give for the claims of an article on the H100 that went to X before Tesla.

Mails that the article retells are not public, so what they say of bookings cannot be held against anything; the
counts, sums and months beside them can.
"""

from __future__ import annotations

from typing import Any

from dojo_calc import units
from dojo_calc.chain.shipped import swap
from dojo_calc.economics.capacity import delivered_work, pooled_rate
from dojo_calc.economics.cost import price_per_unit, purchase_cost, total_cost
from dojo_calc.economics.power import pooled_power
from dojo_calc.evidence.claims.answers import (
    Three,
    corners,
    derive,
    exact,
    model_corners,
    over,
    told_by,
    unknown,
)
from dojo_calc.evidence.claims.estimates import PRICED, PRICES, h100s
from dojo_calc.evidence.claims.registrar import Answers, check
from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.facts import Fact
from dojo_calc.hardware.catalog import Catalogue

__all__: list[str] = []


MEMO = "cnbc-2024-h100-swap"  # where the memo can be read


def _together(first: Any, second: Any) -> Any:
    return first + second


# --- The promise ------------------------------------------------------------------------------------------------


@check("N01")
def promised_gpus(book: Catalogue) -> Answers:
    early, added = h100s(book, "tesla-h100-2024-q1"), h100s(book, "cortex-1")
    spring = book.facts.get("tesla-h100-2024-q1", "h100_equivalents")
    quarter, year = (book.facts.get("tesla", "training_growth", of) for of in ("q1_2024", "y2024"))
    return {
        "counted": over(
            _together, early, added, reason="35,000 of the spring and the 50,000 that Cortex had in November."
        ),
        "by the growth told": over(
            lambda stock, since, whole: stock / since * whole,
            spring,
            quarter,
            year,
            reason="The stock of the spring taken back to the start of the year, then up as told for the year.",
        ),
    }


@check("N02")
def promise_taken_back(book: Catalogue) -> Answers:
    early, promised = (h100s(book, name) for name in ("tesla-h100-2024-q1", "tesla-h100-2024-plan"))
    return {
        "the rise by year end": over(
            lambda added, before, goal: added / (goal - before),
            h100s(book, "cortex-1"),
            early,
            promised,
            reason="Cortex alone brought what had been promised, by November.",
        ),
        "known in June 2024": unknown("The promise had half a year to run: nothing of it was due."),
    }


@check("N03")
def spent_on_ai(book: Catalogue) -> Answers:
    facts = book.facts
    costs = [
        facts.get(name, "compute_cost") for name in ("tesla-h100-2023-08", "tesla-h100-2024-q1", "cortex-1")
    ]

    def added(before: Any, spring: Any, cortex: Any) -> Any:
        return total_cost(spring, cortex) - before

    capital, research = (facts.get("tesla", name) for name in ("capital_spending", "research_spending"))
    said = facts.value("tesla-2024-ai-plan", "budget")
    clusters = corners(added, *costs)
    return {
        "clusters alone": over(
            added,
            *costs,
            reason="Chips and servers added from late 2023 to November 2024, as modelled.",
            derived=(derive("ten billion over all capital spending", said / capital.value, "percent"),),
        ),
        "all that may count": Answer(
            clusters[0],
            float(total_cost(clusters[1], research.value)),
            float(total_cost(capital.high, research.high)),
            "From the clusters alone to all capital and all research of Tesla; between them the clusters with "
            "all research. Computers in cars are goods, and in neither.",
        ),
    }


@check("N04")
def overstated(book: Catalogue) -> Answers:
    stood = corners(_together, h100s(book, "tesla-h100-2024-q1"), h100s(book, "cortex-1"))
    return {
        "85,000 by year end": over(
            lambda told, came: told / came,
            h100s(book, "tesla-h100-2024-plan"),
            stood,
            reason="Against what stood in November: at most a sixth too high.",
        ),
        "the mails": unknown("They compare the number of chips told with bookings, which are not public."),
    }


# --- The delay --------------------------------------------------------------------------------------------------


@check("N06")
def months_late(book: Catalogue) -> Answers:
    low, central, high = _use_lost(book)
    used = tuple(
        derive(f"use lost if the hall was late, {end}", of, "month")
        for end, of in (("low", low), ("centre", central), ("high", high))
    )
    last = book.facts.get("h100-swap-2024", "delay_last")
    return {
        "all, in the mean": told_by(
            Answer(
                *model_corners(swap(book), "mean_delay"),
                "Between the slots of January and of June in the memo, however they split.",
                used,
            ),
            last.source,
        ),
        "the slot of June": over(lambda late: late, last, reason="From the memo of December."),
    }


def _use_lost(book: Catalogue) -> Three:
    """Months of use that were lost if the hall had no power before it stood, as Musk answered."""
    hall: Fact = book.facts.get("h100-swap-2024", "hall_delay", "musk")
    return model_corners(swap(book.choose({"h100-swap-2024.hall_delay": hall.reading})), "lost")


@check("N10")
def use_lost(book: Catalogue) -> Answers:
    return {
        "of use": Answer(
            *_use_lost(book),
            "If there was no place to switch them on, as Musk answered and the dates of the hall support, "
            "the swap cost "
            "next to nothing.",
        ),
        "of delivery": told_by(
            Answer(
                *model_corners(swap(book), "mean_delay"), "The chips themselves came months later, see N06."
            ),
            book.facts.get("h100-swap-2024", "delay_last").source,
        ),
    }


@check("N09")
def training_lost(book: Catalogue) -> Answers:
    usable, cortex = {"hall_late": 0.0}, h100s(book, "cortex-1")
    low, central, high = model_corners(swap(book), "lost_work", **usable)
    day: Any = delivered_work(
        pooled_rate(cortex.count, cortex.machine.peak("bf16")),
        book.facts.value("h100-sxm", "mfu"),
        units.day,
    )
    return unknown(
        "States no claim; it follows from N07 and N08, had the 12,000 been usable at once.",
        derive("training lost, low", low, "FLOP"),
        derive("training lost", central, "FLOP"),
        derive("training lost, high", high, "FLOP"),
        derive("days of Cortex that make up for it", central / day),
    )


@check("N05")
def delayed_value(book: Catalogue) -> Answers:
    swapped = book.machine("h100-swap-2024").count("h100-sxm")
    stated = book.facts.value("h100-swap-2024", "delayed_value")
    implied = derive("price a GPU that the claim implies", price_per_unit(stated, swapped), "USD")
    answers = {
        name: over(
            lambda price: purchase_cost(swapped, price),
            book.facts.get("h100-sxm", quantity),
            reason=PRICED[quantity],
        )
        for name, quantity in PRICES.items()
    }
    first = answers["all in"]
    answers["all in"] = Answer(first.low, first.central, first.high, first.reason, (implied,))
    return answers


@check("N07")
def swapped_gpus(book: Catalogue) -> Answers:
    swap, h100 = book.machine("h100-swap-2024"), book.facts.get("h100-sxm", "facility_power")
    number = swap.count("h100-sxm")
    low, _, high = corners(lambda each: pooled_power(number, each), h100)
    answer = exact(
        number,
        "The memo that the article quotes is the only source.",
        derive("peak", swap.peak("bf16"), "EFLOP/s"),
        derive("power at the site, low", low, "MW"),
        derive("power at the site, high", high, "MW"),
        derive("share of Cortex", number / book.machine("cortex-1").count("h100-sxm"), "percent"),
    )
    return told_by(answer, MEMO)


@check("N08")
def net_of_swap(book: Catalogue) -> Answers:
    given = book.machine("h100-swap-2024").count("h100-sxm")
    returned = book.facts.value("h100-swap-2024", "returned")
    return told_by(
        exact(given - returned, "Two numbers of one memo, so that they agree tells nothing more."), MEMO
    )
