"""What the models give for the claims of a post on how Dojo was lost by the loss of its people.

The claims are about causes, the checks about counts, dates, shares and prices. No check judges a person: people
are counted, and only where the timeline names a departure. A chance seen in a few cases has the interval of
Clopper and Pearson [1]_.

References
----------
.. [1] C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
   binomial", Biometrika 26(4), 1934.
"""

from __future__ import annotations

from datetime import date

from dojo_calc import units
from dojo_calc.economics.capacity import pooled_rate
from dojo_calc.evidence.claims.answers import Three, corners, exact, over, ratio, three, told_by
from dojo_calc.evidence.claims.estimates import LATE_2024, bought_peak, dojo_late_2024, dojo_share, made_peak
from dojo_calc.evidence.claims.registrar import Answers, check
from dojo_calc.evidence.claims.rule import Answer, Derived
from dojo_calc.evidence.claims.timeline import days_of, event, events, span_between, told
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.performance.roofs import feeds

__all__: list[str] = []

_TAIL = 0.05  # on each side of a 90 % interval


def _on(name: str) -> date:
    """First day of an event of the timeline."""
    return days_of(event(name).date)[0]


def _share_of_cases(hits: int, cases: int) -> Three:
    """Share of cases seen, with its 90 % interval."""
    from scipy.special import betaincinv

    low = float(betaincinv(hits, cases - hits + 1, _TAIL)) if hits else 0.0
    high = float(betaincinv(hits + 1, cases - hits, 1.0 - _TAIL)) if hits < cases else 1.0
    return low, hits / cases, high


# --- What was lost ----------------------------------------------------------------------------------------------


@check("T04")
def backbone(book: Catalogue) -> Answers:
    h100 = book.machine("h100-sxm").peak("bf16")
    planned = corners(lambda of: pooled_rate(of, h100), book.facts.get("dojo-1", "h100_equivalents"))
    reported = three(book.facts.get("dojo-1", "reported_rate"))
    return {
        LATE_2024: Answer(
            *dojo_share(book, dojo_late_2024(book)),
            "What ran was not told: from the rate reported in August 2024 to the seven ExaPODs of the plan, in all "
            "training hardware of the end of 2024 at BF16.",
        ),
        "as planned for the end of 2024": Answer(
            *dojo_share(book, planned),
            "Dojo 1 as planned, in all training hardware of the end of 2024 at BF16.",
        ),
        "as reported in August 2024": Answer(
            *dojo_share(book, reported), "The last rate of Dojo that was told, in the same fleet."
        ),
    }


@check("T03")
def named_company(book: Catalogue) -> Answers:
    named = sum(book.entity(name).name == "DestinyAI" for name in book.names())
    return exact(named, "Every report has DensityAI: a name misheard.")


@check("T09")
def billions(book: Catalogue) -> Answers:
    facts = book.facts
    budget = facts.get("dojo-budget", "budget")
    # Those of 2021 are among the A100 of 2022, and those of 2023 among the H100 of early 2024.
    names = ("tesla-a100-2022-08", "tesla-h100-2024-q1", "cortex-1")
    bought = [facts.get(name, "compute_cost") for name in names]
    low, value, high = (
        getattr(budget, of) + sum(getattr(one, of) for one in bought) for of in ("low", "value", "high")
    )
    return {
        "Dojo by the end of 2024": over(
            lambda spent: spent, budget, reason="Announced before it was spent, and never audited."
        ),
        "with the GPUs bought": Answer(
            low,
            value,
            high,
            "All computing whoever made the chips: Dojo, the A100 of 2022, the H100 of early 2024 and "
            "Cortex, as modelled.",
        ),
    }


@check("T11")
def bought_to_make_up(book: Catalogue) -> Answers:
    del book  # a matter of dates and reports alone
    planned = told("stop", "NVIDIA", "AMD")
    first, largest = (
        span_between(event("stop").date, event(name).date)[1] / units.day
        for name in ("first-nvidia-cluster", "cortex-complete")
    )
    return told_by(
        Answer(
            1.0,
            1.0,
            float(planned),
            "The report of the stop has more from NVIDIA and AMD planned. From NVIDIA Tesla had bought all "
            "along, so it "
            "is no news; a purchase from AMD was not found until June 2026.",
            (
                Derived("first GPUs of NVIDIA, after the stop", first, "day"),
                Derived("Cortex complete, after the stop", largest, "day"),
            ),
        ),
        event("stop").source,
    )


@check("T20")
def several_organisations(book: Catalogue) -> Answers:
    own = told("restart", "Dojo 3")
    new = sum(book.entity(name).name == "DensityAI" for name in book.names())
    return exact(own + new, "DensityAI, and Tesla itself with AI5, AI6 and since January 2026 Dojo 3.")


# --- Who was lost, and what followed ----------------------------------------------------------------------------


def _exits() -> tuple[list[date], date]:
    """Days on which leads of Dojo left before the stop, and the stop."""
    return [_on("lead-leaves"), _on("fabric-lead-leaves")], _on("stop")


@check("T15")
def absorbed(book: Catalogue) -> Answers:
    del book  # a matter of dates alone
    days, stop = _exits()
    runs = [(stop - day).days for day in days]
    known = tuple(
        Derived(f"months from the exit of {day:%Y-%m} to the stop", run * units.day / units.month, "1")
        for day, run in zip(days, runs, strict=True)
    )
    soon, later = (sum(run <= limit * units.year / units.day for run in runs) for limit in (0.5, 1.0))
    wave = _share_of_cases(1, 1)
    return {
        "a lead leaves, a stop within half a year": Answer(
            *_share_of_cases(soon, len(runs)),
            "Of the leads who left before the stop, how many it followed.",
            known,
        ),
        "within a year": Answer(*_share_of_cases(later, len(runs)), "The same with twice the time."),
        "a wave of about twenty leaves": Answer(
            *wave, "One wave, and the stop came with it: one case, which excludes little."
        ),
    }


@check("T16")
def bus_factor(book: Catalogue) -> Answers:
    days, stop = _exits()
    left = span_between(event("lead-leaves").date, event("stop").date)
    founded = span_between(event("densityai-founded").date, event("stop").date)
    staff = book.facts.get("dojo-programme", "staff_departures")
    leads = Derived("leads who left before the stop", len(days), "1")
    people = Derived("people who went to one firm", staff.value, "1")
    return {
        "his own exit": Answer(
            *left, f"Dojo ran on after it, until {stop:%B %Y}, under another lead.", (leads,)
        ),
        "the wave to his company": Answer(
            0.0,
            founded[1] / 2.0,
            founded[2],
            "At some time after it was founded, and shortly before the stop.",
            (people,),
        ),
        "as a cause": Answer(
            None,
            None,
            None,
            "Dates do not say why a programme was ended, nor what one person can bring about.",
        ),
    }


# --- Whether anything else was wrong ----------------------------------------------------------------------------


@check("T17")
def nothing_but_people(book: Catalogue) -> Answers:
    d1, h100 = book.machine("d1"), book.machine("h100-sxm")
    server = bought_peak(book)
    return {
        "peak of a chip": exact(d1.peak("bf16") / h100.peak("bf16"), "Dense BF16, D1 over H100."),
        "memory on the package": exact(
            feeds(d1)[0].capacity / feeds(h100)[0].capacity, "SRAM of a D1 over the HBM of an H100."
        ),
        "price of the peak, by the claim about a tile": ratio(
            server, made_peak(book), "H100 in its server over D1 in its tile: here the D1 leads."
        ),
        "peak of a chip, at 8 bits": exact(
            d1.peak("fp8") / h100.peak("fp8"), "A D1 is no faster at 8 bits, an H100 twice as fast."
        ),
        "price of the peak at 8 bits, by the claim about a tile": ratio(
            bought_peak(book, basis="fp8"),
            made_peak(book, basis="fp8"),
            "The same at 8 bits: the D1 does not lead, and nothing excludes that it is level.",
        ),
        "with the design over the dies ordered": ratio(
            server,
            made_peak(book, with_design=True),
            "The same with the one-off cost in it: the lead is lost.",
        ),
        "the cause itself": Answer(
            None,
            None,
            None,
            "Dates and ratios do not say why a programme was ended; gaps and exits came together.",
        ),
    }


@check("T18")
def commodity(book: Catalogue) -> Answers:
    tile, whole = made_peak(book), made_peak(book, with_design=True)
    return {
        "bare H100, by the claim about a tile": ratio(
            bought_peak(book, quantity="price"), tile, "Price of dense BF16 peak, H100 over D1."
        ),
        "H100 in its server, by the claim about a tile": ratio(
            bought_peak(book), tile, "The same with the server's share."
        ),
        "H100 in its server at 8 bits, by the claim about a tile": ratio(
            bought_peak(book, basis="fp8"),
            made_peak(book, basis="fp8"),
            "The same at 8 bits, where the H100 is twice as fast and the D1 is not.",
        ),
        "with the design over the dies ordered": ratio(
            bought_peak(book), whole, "What was ordered never carried its one-off cost."
        ),
    }


# --- Names ------------------------------------------------------------------------------------------------------


@check("E7")
def names_on_record(book: Catalogue) -> Answers:
    names = {book.entity(name).name for name in book.names()}
    people = " ".join(one.event for one in events())
    known = ("DestinyAI" in names) + ("Venkataraman " in people) + ("diddojo" in names)
    return exact(known, "They are DensityAI and Venkataramanan, and no product is called diddojo.")
