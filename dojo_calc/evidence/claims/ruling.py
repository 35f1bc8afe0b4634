"""One sentence a claim: when it holds and when it fails; and what would change its verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

from dojo_calc.evidence.claims.ledger import ORDER, Claim
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
    if claim.form == "date" and low is not None and high is not None:
        first, last = (date.fromordinal(round(one)).isoformat() for one in (low, high))
        return first if first == last else f"{first} to {last}"
    claimed = (low, high) == (claim.low, claim.high)
    if claimed and claim.word and low is not None and high is not None:
        # A word such as *several* ends below the next power of ten, see `data/number_words.csv`.
        return f"{format_number(low)} to under {format_in(_ceiling(high), _ceiling(high), claim.unit)}"
    return format_in(low, high, claim.unit, digits=6 if claimed else None)


def _ceiling(high: float) -> float:
    """Power of ten below which a number word ends: 10 for 9.99."""
    return float(10.0 ** math.ceil(math.log10(high)))


def ruling(claim: Claim, found: Verdict | None = None) -> str:
    """When a claim holds and when it fails, in one sentence.

    Parameters
    ----------
    claim : Claim
    found : str, optional
        Its verdict; where the estimates cannot tell, the sentence says so.

    Returns
    -------
    str
    """
    if claim.form == "withdrawn":
        return "It is withdrawn, for no document says it."
    if claim.form == "none":
        return "No number can be held against it."
    holds, fails = _sides(claim)
    return f"It holds {holds}, and fails {fails}{_left_open(claim) if found == 'uninformative' else ''}."


def _left_open(claim: Claim) -> str:
    return "; the dates do not tell" if claim.form == "order" else "; these lie too far apart to tell"


def _sides(claim: Claim) -> tuple[str, str]:
    """When it holds and when it fails, from the conjunction on."""
    said = in_words(claim, claim.low, claim.high)
    one = f"any estimate of {claim.measure}" if claim.measure else "any estimate"
    if claim.form == "value":
        if not (ratio := room(claim) - 1.0):
            return f"if {one} is {said}", "if none is"
        return f"if {one} lies within {format_number(100.0 * ratio, digits=2)} % of {said}", "if none does"
    if claim.form == "interval":
        return f"if {one} is from {said}", "if none is"
    if claim.form in ("above", "below"):
        return f"if {one} is {said}", "if none is"
    what = claim.measure or "what is counted"
    if claim.form == "count":
        return f"if {what} can be {said}", "if it cannot"
    if claim.form == "absence":
        return f"as long as {what} comes to {said}, which never proves an absence", "once one is found"
    if claim.form == "date":
        when = f"on {said}" if claim.low == claim.high else f"from {said}"
        return f"if {claim.measure or 'the date on record'} falls {when}", "if it falls at another time"
    return _in_order(claim, said)


def _in_order(claim: Claim, said: str) -> tuple[str, str]:
    """The same of an order: what comes first and what after it, or the time between them at least."""
    first, before, last = claim.measure.partition(ORDER)
    if claim.low:
        between = f"from {first} to {last}" if before else "between the two"
        return f"if the time {between} is {said}", "if it is not"
    if not before:
        first, last = "the first", "the second"
    return f"if {first} came before {last}", f"if {last} came first"


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
        f"Read as “{name}” it is {said}."
        for name, said in found.items()
        if name != main and said not in (found[main], "not checkable")
    )
    return (*named, *others)
