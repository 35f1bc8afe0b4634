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

from collections.abc import Callable
from datetime import date

from dojo_calc import units
from dojo_calc.economics.capacity import pooled_rate
from dojo_calc.evidence.claims.answers import Answers, Check, Three, corners, exact, three
from dojo_calc.evidence.claims.estimates import bought_peak, dojo_share, made_peak
from dojo_calc.evidence.claims.ledger import Answer, Derived
from dojo_calc.evidence.claims.timeline import days_of, event
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.performance.roofs import feeds

__all__ = ["TALENT_CHECKS"]

TALENT_CHECKS: dict[str, Check] = {}

_TAIL = 0.05  # on each side of a 90 % interval


def _check(claim: str) -> Callable[[Check], Check]:
    def register(function: Check) -> Check:
        TALENT_CHECKS[claim] = function
        return function

    return register


def _on(name: str) -> date:
    """First day of an event of the timeline."""
    return days_of(event(name).date)[0]


def _ratio(above: Three, below: Three, reason: str) -> Answer:
    """Ratio of two intervals (low, value, high), of which either may be anywhere."""
    return Answer(above[0] / below[2], above[1] / below[1], above[2] / below[0], reason)


def _share_of_cases(hits: int, cases: int) -> Three:
    """Share of cases seen, with its 90 % interval."""
    from scipy.special import betaincinv

    low = float(betaincinv(hits, cases - hits + 1, _TAIL)) if hits else 0.0
    high = float(betaincinv(hits + 1, cases - hits, 1.0 - _TAIL)) if hits < cases else 1.0
    return low, hits / cases, high


# --- What was lost ----------------------------------------------------------------------------------------------


@_check("T04")
def backbone(book: Catalogue) -> Answers:
    h100 = book.machine("h100-sxm").peak("bf16")
    planned = corners(lambda of: pooled_rate(of, h100), book.facts.get("dojo-1", "h100_equivalents"))
    reported = three(book.facts.get("dojo-1", "reported_rate"))
    return {
        "as planned for the end of 2024": Answer(
            *dojo_share(book, planned),
            "Dojo 1 as planned, in all training hardware of the end of 2024 at BF16.",
        ),
        "as reported in August 2024": Answer(
            *dojo_share(book, reported), "The last rate of Dojo that was told, in the same fleet."
        ),
    }


@_check("T09")
def billions(book: Catalogue) -> Answers:
    facts = book.facts
    budget, pledge = facts.get("dojo-budget", "budget"), facts.value("buffalo", "budget")
    names = ("tesla-a100-2021-06", "tesla-a100-2022-08", "tesla-h100-2023-08", "cortex-1")
    bought = [facts.get(name, "compute_cost") for name in names]
    low, value, high = (
        getattr(budget, of) + sum(getattr(one, of) for one in bought) for of in ("low", "value", "high")
    )
    return {
        "Dojo by the end of 2024": Answer(
            *three(budget),
            "Announced before it was spent, never audited; the high end has the Buffalo pledge.",
        ),
        "with the Buffalo pledge": Answer(
            budget.low + pledge,
            budget.value + pledge,
            budget.high + pledge,
            "The pledge of 2024 counted as spent.",
        ),
        "with the GPUs bought": Answer(
            low,
            value,
            high,
            "Own computing whoever made the chips: the clusters known by November 2024, as modelled.",
        ),
    }


@_check("T11")
def bought_to_make_up(book: Catalogue) -> Answers:
    del book  # a matter of dates alone
    names = "first-nvidia-cluster", "cortex-complete"
    first, largest = ((_on(name) - _on("stop")).days * units.day for name in names)
    return {
        "first GPUs of NVIDIA": exact(
            first,
            "Tesla showed 5,760 A100 four years before the stop: bought beside Dojo, not in its place.",
            Derived("Cortex complete, after the stop", largest / units.day, "day"),
        ),
        "AMD": Answer(
            None, None, None, "No purchase from AMD for training is among the facts, before or after."
        ),
    }


# --- Who was lost, and what followed ----------------------------------------------------------------------------


def _exits() -> tuple[list[date], date]:
    """Days on which leads of Dojo left before the stop, and the stop."""
    return [_on("lead-leaves"), _on("fabric-lead-leaves")], _on("stop")


@_check("T15")
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


@_check("T16")
def bus_factor(book: Catalogue) -> Answers:
    days, stop = _exits()
    staff = book.facts.get("dojo-programme", "staff_departures")
    leads = len(days)
    months = (stop - days[0]).days * units.day / units.month
    ran_on = Derived("months that the programme ran after the first lead left", months, "1")
    return {
        "leads": Answer(leads, leads, leads + 1, "Two left before the stop, a third with it.", (ran_on,)),
        "people": Answer(
            staff.low + leads,
            staff.value + leads,
            staff.high + leads + 1,
            "With about twenty who went to one firm.",
        ),
    }


# --- Whether anything else was wrong ----------------------------------------------------------------------------


@_check("T17")
def nothing_but_people(book: Catalogue) -> Answers:
    d1, h100 = book.machine("d1"), book.machine("h100-sxm")
    server = bought_peak(book)
    return {
        "peak of a chip": exact(d1.peak("bf16") / h100.peak("bf16"), "Dense BF16, D1 over H100."),
        "memory on the package": exact(
            feeds(d1)[0].capacity / feeds(h100)[0].capacity, "SRAM of a D1 over the HBM of an H100."
        ),
        "price of the peak, by the claim about a tile": _ratio(
            server, made_peak(book), "H100 in its server over D1 in its tile: here the D1 leads."
        ),
        "with the design over the dies ordered": _ratio(
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


@_check("T18")
def commodity(book: Catalogue) -> Answers:
    tile, whole = made_peak(book), made_peak(book, with_design=True)
    return {
        "bare H100, by the claim about a tile": _ratio(
            bought_peak(book, quantity="price"), tile, "Price of dense BF16 peak, H100 over D1."
        ),
        "H100 in its server, by the claim about a tile": _ratio(
            bought_peak(book), tile, "The same with the server's share."
        ),
        "with the design over the dies ordered": _ratio(
            bought_peak(book), whole, "What was ordered never carried its one-off cost."
        ),
    }
