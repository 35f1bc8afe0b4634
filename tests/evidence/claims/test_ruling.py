"""Sentences about when a claim holds, and what would change its verdict."""

from __future__ import annotations

import pytest

from dojo_calc.evidence.claims.ledger import Claim
from dojo_calc.evidence.claims.ruling import in_words, levers, ruling


def _claim(form: str, low: float | None = None, high: float | None = None, **more: object) -> Claim:
    cells = {"id": "T00", "document": "d", "claim": "c", "form": form, "low": low, "high": high}
    return Claim.model_validate(cells | more)


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        (
            _claim("value", 100, 100, unit="MW", measure="the power"),
            "Measured by the power, it holds if that lies within 10 % of 100 MW either way, and fails if "
            "even the nearest end of its interval does not.",
        ),
        (
            _claim("above", 50, None, unit="percent", measure="its share"),
            "Measured by its share, it holds if that is at least 50 %, and fails if its whole interval is on the "
            "other side.",
        ),
        (
            _claim("date", 739403, 739432, measure="the first day"),
            "Measured by the first day, it holds if that falls from 2025-06-01 to 2025-06-30, and fails if it falls "
            "outside.",
        ),
        (_claim("count", 2, 2), "It holds if what is computed is 2, and fails if it cannot be that number."),
        (_claim("none"), "No number can be held against it."),
        (_claim("withdrawn"), "Withdrawn: no document says it."),
    ],
)
def test_one_sentence_says_when_it_holds_and_when_it_fails(claim: Claim, sentence: str) -> None:
    assert ruling(claim) == sentence


def test_a_date_is_told_as_one() -> None:
    claim = _claim("date", 739403, 739432)
    assert in_words(claim, claim.low, claim.high) == "2025-06-01 to 2025-06-30"
    assert in_words(claim, 739424, 739424) == "2025-06-22"
    assert in_words(claim, None, None) == ""


def test_levers_are_what_the_entry_names_and_readings_that_differ() -> None:
    claim = _claim("value", 1, 1, changes="A second source.")
    found = {"a": "contradicted", "b": "reproduced", "c": "contradicted", "d": "not checkable"}
    assert levers(claim, "a", found) == ("A second source.", "Read as 'b' it is reproduced.")
