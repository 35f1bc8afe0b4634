"""Claims held against the models: an entry a claim, with its verdict by the rule of `ledger`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dojo_calc import units
from dojo_calc.doors import door
from dojo_calc.errors import FactsError
from dojo_calc.evidence.claims.answers import Check
from dojo_calc.evidence.claims.dojo_machine import DOJO_MACHINE_CHECKS
from dojo_calc.evidence.claims.dojo_money import DOJO_MONEY_CHECKS
from dojo_calc.evidence.claims.ledger import Answer, Claim, Derived, Verdict, ledger, verdict
from dojo_calc.evidence.claims.nvidia import NVIDIA_CHECKS
from dojo_calc.evidence.claims.talent import TALENT_CHECKS
from dojo_calc.evidence.claims.xai import XAI_CHECKS
from dojo_calc.hardware.catalog import Catalogue, catalogue

__all__ = ["CheckError", "Entry", "Reading", "verdicts"]


class CheckError(RuntimeError):
    """A check did not come to an answer; the message names its claim."""


@dataclass(frozen=True)
class Reading:
    """One reading's answer, in the claim's own unit, and its verdict."""

    reading: str
    computed_low: float | None
    computed_high: float | None
    verdict: Verdict
    derived: tuple[Derived, ...]
    reason: str


@dataclass(frozen=True)
class Entry:
    """A claim with everything that was found out about it."""

    id: str
    document: str
    claim: str
    claimed_low: float | None
    claimed_high: float | None
    unit: str
    computed_low: float | None
    computed_high: float | None
    verdict: Verdict
    readings: tuple[Reading, ...] = field(default=())
    derived: tuple[Derived, ...] = field(default=())
    reason: str = ""


@door
def verdicts(book: Catalogue | None = None) -> list[Entry]:
    """Hold every claim of the ledger against the models.

    Parameters
    ----------
    book : Catalogue, optional
        Facts to compute with; the shipped ones if left out.

    Returns
    -------
    list of Entry
        In the order of the ledger.

    Raises
    ------
    FactsError
        If a claim has no check or a check no claim.
    CheckError
        If a check raises.
    """
    checks = DOJO_MACHINE_CHECKS | DOJO_MONEY_CHECKS | NVIDIA_CHECKS | TALENT_CHECKS | XAI_CHECKS
    if lonely := set(checks) ^ set(ledger()):
        raise FactsError(f"claims and checks do not match: {', '.join(sorted(lonely))}")
    known = book or catalogue()
    return [_entry(claim, _checked(claim.id, checks[claim.id], known)) for claim in ledger().values()]


def _checked(claim: str, check: Check, book: Catalogue) -> Answer | Mapping[str, Answer]:
    try:
        return check(book)
    except Exception as error:
        raise CheckError(f"the check of {claim} raised: {error}") from error


def _entry(claim: Claim, answered: Answer | Mapping[str, Answer]) -> Entry:
    single = isinstance(answered, Answer)
    answers = {"": answered} if isinstance(answered, Answer) else dict(answered)
    readings = tuple(_reading(claim, name, answer) for name, answer in answers.items())
    agreed = {reading.verdict for reading in readings}
    lows = [reading.computed_low for reading in readings if reading.computed_low is not None]
    highs = [reading.computed_high for reading in readings if reading.computed_high is not None]
    return Entry(
        id=claim.id,
        document=claim.document,
        claim=claim.claim,
        claimed_low=claim.low,
        claimed_high=claim.high,
        unit=claim.unit,
        computed_low=min(lows, default=None),
        computed_high=max(highs, default=None),
        verdict=agreed.pop() if len(agreed) == 1 else "depends on the reading",
        readings=() if single else readings,
        derived=tuple(
            Derived(one.name if single else f"{one.name} ({reading.reading})", one.value, one.unit)
            for reading in readings
            for one in reading.derived
        ),
        reason=" ".join(
            reading.reason if single else f"{reading.reading}: {reading.reason}" for reading in readings
        ),
    )


def _reading(claim: Claim, name: str, answer: Answer) -> Reading:
    scale = units.to_si(1.0, claim.unit)
    low, central, high = (
        None if bound is None else bound / scale for bound in (answer.low, answer.central, answer.high)
    )
    in_own_unit = Answer(low, central, high, answer.reason)
    return Reading(name, low, high, verdict(claim, in_own_unit), answer.derived, answer.reason)
