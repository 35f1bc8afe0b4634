"""The ledger of published claims, and the one rule that turns a claim and a model's answer into a verdict.

`data/claims.csv` holds what was said; the modules beside this one hold, a file a document and under the same id,
what the models give. No verdict is typed in anywhere. The rule:

reproduced
    The model gives what was printed: its central value rounds to the printed number at the digits printed
    (trailing zeros do not count: 8,000 has one digit, 320,500 four), and an interval around it holds that
    number; or, for a claimed interval or bound, the whole computed interval lies inside it.
consistent
    The intervals overlap, and the computed one could have said no: its high is at most `widest` times its
    low (3, unless the ledger argues for another bound).
uninformative
    They overlap, but the computed interval is wider than that.
contradicted
    They do not overlap.
not checkable
    The check says why no number can be held against the claim.

A check may answer by several readings (a basis, a boundary, a price). Each then has a verdict of its own;
the entry's verdict is theirs where all agree, else ``depends on the reading``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import Field, FiniteFloat

from dojo_calc import units
from dojo_calc.rows import DATE, Strict
from dojo_calc.tables import data_path, read_rows

__all__ = ["Answer", "Claim", "Derived", "Verdict", "ledger", "significant_digits", "verdict"]

Verdict = Literal[
    "reproduced", "consistent", "uninformative", "contradicted", "not checkable", "depends on the reading"
]
Form = Literal["value", "interval", "above", "below", "none"]


class Claim(Strict):
    """One row of the ledger. `low` and `high` are in `unit`; a value has both equal, a bound has one."""

    id: str = Field(min_length=1)
    document: str
    date: str = Field(default="", pattern=DATE)
    claim: str
    form: Form
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    unit: str = "1"
    widest: float = Field(default=3.0, ge=1.0)
    note: str = ""


@dataclass(frozen=True)
class Derived:
    """A result that follows, in a unit of its own."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Answer:
    """What the models give: an interval in SI, or None for both bounds where nothing can be computed."""

    low: float | None
    central: float | None
    high: float | None
    reason: str
    derived: tuple[Derived, ...] = ()


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


def verdict(claim: Claim, answer: Answer) -> Verdict:
    """Apply the rule above to one claim and one answer.

    Parameters
    ----------
    claim : Claim
    answer : Answer
        In the claim's unit.

    Returns
    -------
    Verdict
    """
    if claim.form == "none" or answer.low is None or answer.high is None or answer.central is None:
        return "not checkable"
    low, high = _claimed(claim)
    if claim.form == "value" and claim.low is not None:
        allowed = answer.low == answer.high or answer.low <= claim.low <= answer.high
        if allowed and _rounds_to(answer.central, claim.low):
            return "reproduced"
    elif low <= answer.low and answer.high <= high:
        return "reproduced"
    if answer.high < low or answer.low > high:
        return "contradicted"
    informative = answer.low > 0 and answer.high <= claim.widest * answer.low
    return "consistent" if informative or answer.low == answer.high else "uninformative"


def _rounds_to(central: float, printed: float) -> bool:
    digits = significant_digits(printed)
    return math.isclose(float(f"{central:.{digits - 1}e}"), printed, rel_tol=1e-12, abs_tol=0.0)


def _claimed(claim: Claim) -> tuple[float, float]:
    """Interval that a claim allows; for a printed value, what rounds to it."""
    low = -math.inf if claim.low is None else claim.low
    high = math.inf if claim.high is None else claim.high
    if claim.form != "value" or low == 0:
        return low, high
    half = 0.5 * 10.0 ** (math.floor(math.log10(abs(low))) - significant_digits(low) + 1)
    # Below a power of ten the printed numbers lie ten times closer: 95 to 150 rounds to 100.
    power_of_ten = math.isclose(math.log10(abs(low)) % 1.0, 0.0, abs_tol=1e-12)
    return low - half / (10.0 if power_of_ten and significant_digits(low) == 1 else 1.0), high + half


@cache
def ledger() -> dict[str, Claim]:
    """All claims by id, as `data/claims.csv` has them.

    Raises
    ------
    FactsError
        If a row is refused.
    """
    found: dict[str, Claim] = {}
    for claim, place in read_rows(data_path("claims.csv"), Claim):
        if not re.fullmatch(r"[A-Z]\d{2}", claim.id):  # a reader's own may be called otherwise
            raise place.error("id", f"expected a capital and two digits, such as D43, got {claim.id!r}")
        bounds = {"value": (1, 1), "interval": (1, 1), "above": (1, 0), "below": (0, 1), "none": (0, 0)}[
            claim.form
        ]
        for column, needed in zip(("low", "high"), bounds, strict=True):
            if (getattr(claim, column) is not None) != bool(needed):
                expected = "a number" if needed else "an empty cell"
                raise place.error(column, f"expected {expected} for a claim of form {claim.form!r}")
        if claim.form == "value" and claim.low != claim.high:
            raise place.error("high", "expected the same number as low for a claim of form 'value'")
        if claim.id in found:
            raise place.error("id", f"claim {claim.id} stands twice")
        units.unit(claim.unit)
        found[claim.id] = claim
    return found
