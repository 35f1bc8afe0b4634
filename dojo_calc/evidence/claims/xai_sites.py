"""What the facts give for the claims of a post on xAI about its sites: when, how many, what power, what cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dojo_calc import units
from dojo_calc.economics.cost import purchase_cost, total_cost
from dojo_calc.evidence.claims.answers import Three, corners, derive, exact, three
from dojo_calc.evidence.claims.ledger import ledger
from dojo_calc.evidence.claims.registrar import Answers, check
from dojo_calc.evidence.claims.rule import Answer, Derived
from dojo_calc.evidence.claims.spans import (
    added,
    cash_of_2025,
    first_day,
    spanned,
)
from dojo_calc.hardware.catalog import Catalogue

__all__: list[str] = []


# --- What has been built ----------------------------------------------------------------------------------------


def _sites(book: Catalogue, *names: str) -> Three:
    """Cost of sites together."""
    return corners(total_cost, *(book.facts.get(name, "cost") for name in names))


@check("X15")
def billions_burning(book: Catalogue) -> Answers:
    facts = book.facts
    burn, period = three(facts.get("xai", "burn")), facts.value("xai", "burn_period")
    fewest, most = ledger()["X12"].low or 0.0, ledger()["X12"].high or 0.0
    h100, gb200 = (three(facts.get(chip, "price_all_in")) for chip in ("h100-sxm", "gb200"))
    any_of_them: list[Any] = [
        purchase_cost(number, price)
        for number, price in ((fewest, h100[0]), (fewest, h100[1]), (most, gb200[2]))
    ]
    first, second = "colossus-1-2025-07", "colossus-2-2025-10"
    return {
        "cash of nine months": spanned(burn, "What went out beyond income."),
        "cash of a year": spanned(
            (burn[0] / period * units.year, burn[1] / period * units.year, burn[2] / period * units.year),
            "The same, for twelve months.",
        ),
        "100,000 GPUs": spanned(
            _sites(book, "colossus-1-2024-09"),
            "Colossus 1 in September 2024, computing and construction, as modelled from images.",
        ),
        "200,000 GPUs": spanned(_sites(book, "colossus-1-2025-02"), "The same site in February 2025."),
        "what stood in October 2025": spanned(_sites(book, first, second), "Both sites, 340,000 GPUs."),
        "with what was planned": spanned(
            _sites(book, first, "colossus-2-plan"),
            "Colossus 1 and all that was planned for Colossus 2.",
        ),
        "the claim's own count": spanned(
            (float(any_of_them[0]), float(any_of_them[1]), float(any_of_them[2])),
            "Hundreds of thousands, of either kind, with all that belongs to them: too wide to say.",
        ),
        "2025 by the accounts": spanned(
            cash_of_2025(book),
            "Operating loss and capital spending, as filed in 2026; the low end is the capital alone.",
        ),
    }


@check("X16")
def ten_billion(book: Catalogue) -> Answers:
    return {
        "100,000 GPUs": spanned(
            _sites(book, "colossus-1-2024-09"), "Half of the title, and within what the text says."
        ),
        "200,000 GPUs": spanned(
            _sites(book, "colossus-1-2025-02"),
            "The site in February 2025: the title's number, ten months old.",
        ),
        "what stood in October 2025": spanned(
            _sites(book, "colossus-1-2025-07", "colossus-2-2025-10"),
            "Twice the title, two months before it.",
        ),
    }


@check("X17")
def broke_ground(book: Catalogue) -> Answers:
    def answer(site: str, reading: str, reason: str, *derived: Derived) -> Answer:
        took = book.facts.get(site, "build_time", reading)
        day = first_day(took.date).toordinal() * units.day
        return spanned((day - took.high, day - took.value, day - took.low), reason, *derived)

    first, full = (book.entity(name).announced for name in ("colossus-1-2024-08", "colossus-1-2024-09"))
    seen = book.facts.get("colossus-1-2024-09", "build_time", "satellite")
    start = first_day(full) - timedelta(seconds=seen.value)
    ran = derive(
        "from the first work to the first training", (first_day(first) - start).days * units.day, "day"
    )
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


@check("X12")
def gpus_of_xai(book: Catalogue) -> Answers:
    first, second = book.machine("colossus-1-2025-07"), book.machine("colossus-2-2025-10")
    number = sum(part.count for one in (first, second) for part in one.parts)
    return exact(number, "Colossus 1 in July 2025 and Colossus 2 in October 2025.")


def _power(book: Catalogue, *names: str) -> Three:
    """Facility power of sites together."""
    return added(*(three(book.facts.get(name, "facility_power")) for name in names))


@check("X13")
def megawatts_of_xai(book: Catalogue) -> Answers:
    standing = spanned(
        _power(book, "colossus-1-2025-07", "colossus-2-2025-10"), "What stood by October 2025."
    )
    planned = spanned(
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
