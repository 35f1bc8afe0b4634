"""The one rule that turns a claim and an answer into a verdict, and the distance beside it. No verdict is typed in.

reproduced
    What is computed gives what was said: its centre lies within the room that the printed number has; a claimed
    interval, bound, date or order holds the whole computed interval.
consistent
    The two overlap, and the computed interval could have said no: its high is at most `widest` times its low
    (3, unless the entry argues for another bound).
uninformative
    They overlap, but the computed interval is wider than that, or cannot tell before from after.
contradicted
    They do not overlap.
plausible, implausible
    The same of a forecast before its date, where nothing can be borne out yet.
as told
    It holds, but all that it was held against stands in the claim's own document.
not checkable, withdrawn
    The reason is printed: no number can be held against it, or no document says it.

A printed number has room by the same ratio up and down: 10 % where one digit is printed (100, 8,000), else
half a unit of the last digit (320,500: 0.016 %), unless the entry argues for another `tolerance`. A count has
no room. That nothing was found never proves an absence: it is consistent with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from dojo_calc import units
from dojo_calc.evidence.claims.ledger import Claim
from dojo_calc.formatting import format_number, unit_words

__all__ = [
    "HOLDS",
    "Answer",
    "Derived",
    "Verdict",
    "allowed",
    "distance",
    "room",
    "significant_digits",
    "verdict",
]

Verdict: TypeAlias = Literal[
    "reproduced", "consistent", "uninformative", "contradicted", "plausible", "implausible", "as told", "open",
    "not checkable", "withdrawn",
]  # fmt: skip
HOLDS = ("reproduced", "consistent", "plausible", "as told")
ONE_DIGIT = 0.1  # room of a number printed with one digit, up and down
FAR = 2.0  # a ratio from which on a distance is told as a factor
ROUNDING = 1e-12  # of a number: an end that meets a claimed end but for the last bits meets it


@dataclass(frozen=True)
class Derived:
    """A result that follows, in a unit of its own."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Answer:
    """What is held against a claim: an interval in SI, or None for all three where nothing can be computed.

    `sources` are those of the facts that it rests on, where the check names them.
    """

    low: float | None
    central: float | None
    high: float | None
    reason: str
    derived: tuple[Derived, ...] = ()
    sources: tuple[str, ...] = ()


def significant_digits(printed: float) -> int:
    """Digits of a printed number, trailing zeros not counted: 1 for 8,000, 4 for 320,500, 2 for 3.3.

    Parameters
    ----------
    printed : float

    Returns
    -------
    int
        At least 1.
    """
    mantissa = f"{abs(printed):.12e}".split("e", 1)[0].replace(".", "").rstrip("0")
    return max(1, len(mantissa))


def room(claim: Claim) -> float:
    """Ratio, up and down, that a claim's printed number stands for.

    Parameters
    ----------
    claim : Claim
        Of form ``value`` or ``count``.

    Returns
    -------
    float
        At least 1.
    """
    if claim.form == "count" or not claim.low:
        return 1.0
    if claim.tolerance is not None:
        return 1.0 + claim.tolerance
    digits = significant_digits(claim.low)
    mantissa = abs(claim.low) / 10.0 ** (math.floor(math.log10(abs(claim.low))) - digits + 1)
    return 1.0 + (ONE_DIGIT if digits == 1 else 0.5 / mantissa)


def allowed(claim: Claim) -> tuple[float, float]:
    """Interval that a claim allows, in its own unit; infinite where it is open.

    Parameters
    ----------
    claim : Claim

    Returns
    -------
    tuple of float
    """
    low = -math.inf if claim.low is None else claim.low
    high = math.inf if claim.high is None else claim.high
    if claim.form not in ("value", "count") or claim.low is None:
        return low, high
    ratio = room(claim)
    first, last = claim.low / ratio, claim.low * ratio
    return min(first, last), max(first, last)


def verdict(claim: Claim, answer: Answer, *, before: bool = False) -> Verdict:
    """Apply the rule above to one claim and one answer.

    Parameters
    ----------
    claim : Claim
    answer : Answer
        In the claim's unit.
    before : bool
        Whether the claim is a forecast whose date has not come.

    Returns
    -------
    Verdict
    """
    if claim.form == "withdrawn":
        return "withdrawn"
    if claim.form == "none" or answer.low is None or answer.high is None or answer.central is None:
        return "not checkable"
    found = _held(claim, answer.low, answer.central, answer.high)
    if before and found != "uninformative":
        return "implausible" if found == "contradicted" else "plausible"
    if found in HOLDS and answer.sources and set(answer.sources) <= {claim.document}:
        return "as told"
    return found


def _held(claim: Claim, low: float, central: float, high: float) -> Verdict:
    first, last = (
        end + side * ROUNDING * abs(end) if math.isfinite(end) else end
        for end, side in zip(allowed(claim), (-1.0, 1.0), strict=True)
    )
    if high < first or low > last:
        return "contradicted"
    if claim.form == "absence":
        return "consistent" if high <= last else "uninformative"
    if claim.form in ("value", "count"):
        gives = first <= central <= last
    else:
        gives = first <= low and high <= last
        if gives:
            return "reproduced"
    if claim.form == "order" or not _informative(claim, low, high):
        return "uninformative"
    return "reproduced" if gives else "consistent"


def _informative(claim: Claim, low: float, high: float) -> bool:
    """Whether a computed interval is narrow enough to have said no."""
    if low == high or claim.form == "date":
        return True
    if low < 0.0 < high or low == 0.0 or high == 0.0:
        return False
    near, far = sorted((abs(low), abs(high)))
    return far <= claim.widest * near


def distance(claim: Claim, answer: Answer) -> str:
    """How far the claim is from what was computed: ``"29 % below the lowest estimate"``.

    Parameters
    ----------
    claim : Claim
    answer : Answer
        In the claim's unit.

    Returns
    -------
    str
        Empty where nothing was computed or claimed.
    """
    if answer.low is None or answer.high is None or claim.form in ("none", "withdrawn"):
        return ""
    first, last = min(_ends(claim)), max(_ends(claim))
    if claim.form in ("date", "order"):
        return _apart(claim, first, last, answer.low, answer.high)
    exact = answer.low == answer.high
    lowest, highest = (
        ("the estimate", "the estimate") if exact else ("the lowest estimate", "the highest estimate")
    )
    if claim.form in ("above", "below"):
        return _from_bound(claim, first, answer, lowest, highest)
    if first > answer.high:
        return _than_found(claim, first - answer.high) or f"{_gap(first, answer.high, claim)} {highest}"
    if last < answer.low:
        return _than_found(claim, last - answer.low) or f"{_gap(last, answer.low, claim)} {lowest}"
    if claim.form == "interval":
        inside = first <= answer.low and answer.high <= last
        return "all estimates lie within it" if inside else "the two overlap"
    return "the same as was found" if exact else "within the estimates"


def _ends(claim: Claim) -> list[float]:
    return [one for one in (claim.low, claim.high) if one is not None]


def _from_bound(claim: Claim, bound: float, answer: Answer, lowest: str, highest: str) -> str:
    """Where the estimates lie, seen from a claimed bound."""
    assert answer.low is not None
    assert answer.high is not None
    if answer.low >= bound:
        return (
            f"{lowest} is {_gap(answer.low, bound, claim)} the bound"
            if answer.low > bound
            else "at the bound"
        )
    if answer.high <= bound:
        return (
            f"{highest} is {_gap(answer.high, bound, claim)} the bound"
            if answer.high < bound
            else "at the bound"
        )
    return "the bound lies within the estimates"


def _than_found(claim: Claim, apart: float) -> str:
    """How many more or fewer a claim counts than there are; empty for a claim that does not count."""
    if claim.form not in ("count", "absence"):
        return ""
    words = f" {words}" if (words := unit_words(claim.unit)) else ""
    return f"{format_number(abs(apart), digits=3)}{words} {'more' if apart > 0 else 'less'} than was found"


def _gap(one: float, other: float, claim: Claim) -> str:
    """How far one number is from another, and on which side."""
    side = "above" if one > other else "below"
    if one * other <= 0.0:
        unit = "percentage points" if claim.unit == "percent" else unit_words(claim.unit)
        words = f" {unit}" if unit else ""
        return f"{format_number(abs(one - other), digits=3)}{words} {side}"
    ratio = abs(one / other)
    if 1.0 / FAR < ratio < FAR:
        return f"{format_number(100.0 * abs(ratio - 1.0), digits=2)} % {side}"
    return f"a factor of {format_number(max(ratio, 1.0 / ratio), digits=2)} {side}"


def _apart(claim: Claim, first: float, last: float, low: float, high: float) -> str:
    """Distance of a claimed time or order from the one on record."""
    if claim.form == "date" and first <= high and low <= last:
        return "as on record" if first <= low and high <= last else "the two overlap"
    if claim.form == "order" and low < first <= high:
        return "the dates do not tell"
    if claim.form == "date":
        apart = first - high if first > high else low - last
        side = "after what is on record" if first > high else "before what is on record"
    else:
        apart = low if low >= first else -high
        side = "apart, in that order" if low >= first else "apart, in the other order"
    scale = 1.0 if claim.form == "date" else units.to_si(1.0, claim.unit) / units.day
    days = apart * scale
    return f"{format_number(days, digits=4)} {'day' if round(days) == 1 else 'days'} {side}"
