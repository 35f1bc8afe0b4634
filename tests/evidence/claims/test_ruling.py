"""Sentences about when a claim holds, and what would change its verdict."""

from __future__ import annotations

import pytest

from dojo_calc.evidence.claims.ledger import Claim, number_words
from dojo_calc.evidence.claims.ruling import in_words, levers, ruling


def _claim(form: str, low: float | None = None, high: float | None = None, **more: object) -> Claim:
    cells = {"id": "T00", "document": "d", "claim": "c", "form": form, "low": low, "high": high}
    return Claim.model_validate(cells | more)


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        (
            _claim("value", 100, 100, unit="MW", measure="the power"),
            "It holds if any estimate of the power lies within 10 % of 100 MW, and fails if none does.",
        ),
        (
            _claim("above", 50, None, unit="percent", measure="its share"),
            "It holds if any estimate of its share is at least 50 %, and fails if none is.",
        ),
        (
            _claim("interval", 2, 9.99, unit="GUSD", word="several", measure="the sum"),
            "It holds if any estimate of the sum is from 2 to under 10 billion USD, and fails if none is.",
        ),
        (_claim("interval", 3, 4), "It holds if any estimate is from 3 to 4, and fails if none is."),
        (_claim("value", 0, 0, unit="MW"), "It holds if any estimate is 0 MW, and fails if none is."),
        (
            _claim("date", 739403, 739432, measure="the first day"),
            "It holds if the first day falls from 2025-06-01 to 2025-06-30, and fails if it falls at another time.",
        ),
        (
            _claim("date", 739403, 739403),
            "It holds if the date on record falls on 2025-06-01, and fails if it falls at another time.",
        ),
        (_claim("count", 2, 2), "It holds if what is counted can be 2, and fails if it cannot."),
        (
            _claim("absence", 0, 0, measure="the number of orders"),
            "It holds as long as the number of orders comes to 0, which never proves an absence, and fails once one "
            "is found.",
        ),
        (
            _claim("order", 0, None, unit="day", measure="the stop before the restart"),
            "It holds if the stop came before the restart, and fails if the restart came first.",
        ),
        (
            _claim("order", 0, None, unit="day"),
            "It holds if the first came before the second, and fails if the second came first.",
        ),
        (
            _claim("order", 30, None, unit="day", measure="the stop before the restart"),
            "It holds if the time from the stop to the restart is at least 30 days, and fails if it is not.",
        ),
        (_claim("none"), "No number can be held against it."),
        (_claim("withdrawn"), "It is withdrawn, for no document says it."),
    ],
)
def test_one_sentence_says_when_it_holds_and_when_it_fails(claim: Claim, sentence: str) -> None:
    assert ruling(claim) == sentence


@pytest.mark.parametrize(
    ("claim", "behind"),
    [
        (_claim("above", 1, None), "and fails if none is; these lie too far apart to tell."),
        (_claim("order", 0, None, unit="day"), "if the second came first; the dates do not tell."),
    ],
)
def test_it_says_so_where_the_estimates_cannot_tell(claim: Claim, behind: str) -> None:
    assert ruling(claim, "uninformative").endswith(behind)
    assert ruling(claim, "contradicted") == ruling(claim)


def test_a_number_word_ends_below_the_next_power_of_ten() -> None:
    claim = _claim("interval", 2e5, 9.99e5, word="hundreds of thousands")
    assert in_words(claim, claim.low, claim.high) == "200,000 to under 1,000,000"
    assert in_words(claim, 6e5, 8e5) == "600,000 to 800,000"
    for name, word in number_words().items():
        if word.high is not None:
            said = in_words(_claim("interval", word.low, word.high, word=name), word.low, word.high)
            assert said == f"{word.low:,.0f} to under {5 * word.low:,.0f}", name


def test_a_date_is_told_as_one() -> None:
    claim = _claim("date", 739403, 739432)
    assert in_words(claim, claim.low, claim.high) == "2025-06-01 to 2025-06-30"
    assert in_words(claim, 739424, 739424) == "2025-06-22"
    assert in_words(claim, None, None) == ""


def test_levers_are_what_the_entry_names_and_readings_that_differ() -> None:
    claim = _claim("value", 1, 1, changes="A second source.")
    found = {"a": "contradicted", "b": "reproduced", "c": "contradicted", "d": "not checkable"}
    assert levers(claim, "a", found) == ("A second source.", "Read as “b” it is reproduced.")
