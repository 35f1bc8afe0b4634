"""One sentence a claim: when it holds and when it fails; and what would change its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from dojo_calc.evidence.claims.ledger import Claim
from dojo_calc.evidence.claims.rule import Verdict, room
from dojo_calc.formatting import format_in, format_number

__all__ = ["in_words", "levers", "ruling"]


def in_words(claim: Claim, low: float | None, high: float | None) -> str:
    """What a claim says, or what was found for it, as people write it; a date as a date.

    Parameters
    ----------
    claim : Claim
    low, high : float, optional
        In the claim's unit.

    Returns
    -------
    str
        Empty where there is nothing.
    """
    if claim.form != "date" or low is None or high is None:
        digits = 6 if (low, high) == (claim.low, claim.high) else None
        return format_in(low, high, claim.unit, digits=digits)
    first, last = (date.fromordinal(round(one)).isoformat() for one in (low, high))
    return first if first == last else f"{first} to {last}"


def ruling(claim: Claim) -> str:
    """When a claim holds and when it fails, in one sentence.

    Parameters
    ----------
    claim : Claim

    Returns
    -------
    str
    """
    if claim.form == "withdrawn":
        return "Withdrawn: no document says it."
    if claim.form == "none":
        return "No number can be held against it."
    holds, fails = _sides(claim)
    measured = f"Measured by {claim.measure.rstrip(',')}, it" if claim.measure else "It"
    return f"{measured} holds if {'that' if claim.measure else 'what is computed'} {holds}, and fails if {fails}."


def _sides(claim: Claim) -> tuple[str, str]:
    said = in_words(claim, claim.low, claim.high)
    end = "even the nearest end of its interval does not"
    if claim.form == "value":
        percent = format_number(100.0 * (room(claim) - 1.0), digits=2)
        return f"lies within {percent} % of {said} either way", end
    if claim.form == "count":
        return f"is {said}", "it cannot be that number"
    if claim.form == "absence":
        return f"is {said}, which never proves an absence", "one is found"
    if claim.form == "date":
        if claim.low == claim.high:
            return f"falls on {said}", "it falls on another day"
        return f"falls from {said}", "it falls outside"
    if claim.form == "order":
        if not claim.low:
            return (
                "is not negative, so that the one comes before the other",
                "the order on record is the other one",
            )
        return f"is {said}", "the order or the time between them is another"
    if claim.form == "interval":
        return f"lies within {said}", "the two intervals do not meet"
    return f"is {said}", "its whole interval is on the other side"


def levers(claim: Claim, main: str, found: Mapping[str, Verdict]) -> tuple[str, ...]:
    """What would change the verdict: what the entry names, and every reading that has another one.

    Parameters
    ----------
    claim : Claim
    main : str
        Name of the main reading.
    found : mapping of str to str
        Verdict of every reading.

    Returns
    -------
    tuple of str
    """
    named = (claim.changes,) if claim.changes else ()
    others = (
        f"Read as {name!r} it is {said}."
        for name, said in found.items()
        if name != main and said not in (found[main], "not checkable")
    )
    return (*named, *others)
