"""The ledger: what was said, where, when and by whom, and against what it is held.

`data/claims.csv` has a row a claim, `data/readings.csv` those checks that are a formula of facts, dates and
outputs of models; the others are functions in the modules beside this one, under the same id. A reader's own
file has the columns of both, see `read_claims`. `data/number_words.csv` says what a word such as *several*
stands for, for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from dojo_calc import units
from dojo_calc.errors import DojoCalcError, nearest
from dojo_calc.evidence.claims.timeline import days_of
from dojo_calc.rows import DATE, Strict
from dojo_calc.tables import Place, data_path, read_rows

__all__ = ["Claim", "Formula", "NumberWord", "formulas", "ledger", "number_words"]

Form = Literal[
    "value", "interval", "above", "below", "count", "date", "order", "absence", "none", "withdrawn"
]
# Which of low and high a claim of a form has.
BOUNDS: dict[str, tuple[bool, bool]] = {
    "value": (True, True), "interval": (True, True), "above": (True, False), "below": (False, True),
    "count": (True, True), "date": (True, True), "order": (True, False), "absence": (True, True),
    "none": (False, False), "withdrawn": (False, False),
}  # fmt: skip
ONE_NUMBER = ("value", "count", "absence")
ORDER = " before "  # in the measure of an order, between what comes first and what comes after it


class Claim(Strict):
    """One row of the ledger. `low` and `high` are in `unit`; a value has both equal, a bound has one.

    A date stands as its first and last day, counted from the first day of year 1. `due` makes a forecast of it.
    `measure` names what is estimated, as in *any estimate of the power*, and of an order what comes first, *before*,
    and what comes after it.
    `main` names the reading whose verdict is the entry's; `then` and `today` those that stand for the day when it was
    said and for the last day of the facts, where these are not the same.
    """

    id: str = Field(min_length=1, max_length=40)
    document: str
    by: str = ""
    date: str = Field(default="", pattern=DATE)
    due: str = Field(default="", pattern=DATE)
    claim: str = Field(min_length=1)
    form: Form
    low: float | None = None
    high: float | None = None
    word: str = ""
    unit: str = "1"
    tolerance: float | None = Field(default=None, ge=0.0, le=1.0)
    widest: float = Field(default=3.0, ge=1.0)
    measure: str = ""
    main: str = ""
    then: str = ""
    today: str = ""
    changes: str = ""
    note: str = ""


class _Row(Claim):
    """A row as written, where the cells of a date hold dates: `read_claim` makes numbers of both bounds.

    So each is of another type than in the claim, which pydantic allows and mypy does not.
    """

    low: str = ""  # type: ignore[assignment]
    high: str = ""  # type: ignore[assignment]


class NumberWord(Strict):
    """What a word for a number stands for."""

    word: str
    low: float
    high: float | None = None
    also: str = ""
    note: str


class _FormulaRow(Strict):
    id: str
    reading: str = ""
    check: str = ""
    given: str = ""
    reason: str


@dataclass(frozen=True)
class Formula:
    """A reading whose check is a formula, with the place where it stands."""

    reading: str
    check: str
    given: str
    reason: str
    place: Place


@cache
def number_words() -> dict[str, NumberWord]:
    """What words such as *several* stand for, by word.

    Returns
    -------
    dict of str to NumberWord

    Raises
    ------
    FactsError
        If a row is refused.
    """
    found: dict[str, NumberWord] = {}
    for row, place in read_rows(data_path("number_words.csv"), NumberWord):
        if row.word in found:
            raise place.error("word", f"{row.word!r} stands twice")
        if row.high is not None and row.high <= row.low:
            raise place.error("high", f"expected more than {row.low:g}, got {row.high:g}")
        found[row.word] = row
    return found


@cache
def ledger() -> dict[str, Claim]:
    """All claims by id, as `data/claims.csv` has them.

    Returns
    -------
    dict of str to Claim

    Raises
    ------
    FactsError
        If a row is refused.
    """
    return dict(read_ledger(data_path("claims.csv")))


def read_ledger(path: Path) -> Iterator[tuple[str, Claim]]:
    """Claims of a file in the columns of `data/claims.csv`.

    Parameters
    ----------
    path : pathlib.Path

    Yields
    ------
    id : str
    claim : Claim

    Raises
    ------
    FactsError
        If a row is refused; the message names file, line, column, what was expected and what came.
    """
    seen: dict[str, str] = {}
    for row, place in read_rows(path, _Row):
        claim = read_claim(row.model_dump(), place)
        if claim.id.casefold() in seen:
            raise place.error("id", f"claim {claim.id} stands twice")
        seen[claim.id.casefold()] = claim.id
        yield claim.id, claim


def read_claim(cells: Mapping[str, object], place: Place) -> Claim:
    """Claim of the cells of a row.

    Parameters
    ----------
    cells : mapping
        By column; `low` and `high` as text.
    place : Place
        Where it stands, for messages.

    Returns
    -------
    Claim

    Raises
    ------
    FactsError
        If a bound is missing, is not wanted, or cannot be read.
    """
    given = dict(cells)
    if re.search(r"\s", str(given["id"])):
        raise place.error("id", f"expected an id without spaces, got {given['id']!r}")
    try:
        units.unit(str(given["unit"]))
    except DojoCalcError as error:
        raise place.error("unit", str(error)) from error
    low, high = str(given["low"] or ""), str(given["high"] or "")
    form = str(given["form"])
    if word := str(given["word"]):
        given["low"], given["high"] = _of_word(word, form, low or high, place)
    else:
        given["low"], given["high"] = _bounds(form, low, high, place)
    if form == "date":
        given["unit"] = "day"
    measure = str(given["measure"] or "")
    if form == "order" and measure and len(measure.split(ORDER)) != 2:
        raise place.error(
            "measure", f"expected what comes first, 'before' and what comes after, got {measure!r:.60}"
        )
    return Claim.model_validate({name: cell for name, cell in given.items() if cell not in ("", None)})


def _of_word(word: str, form: str, printed: str, place: Place) -> tuple[float | None, float | None]:
    known = number_words()
    if word not in known:
        raise place.error("word", f"unknown number word {word!r}{nearest(word, known)}")
    if printed:
        raise place.error("word", "expected either a word or a number in low and high, got both")
    low, high = known[word].low, known[word].high
    if form not in ("interval", "above") or (form == "interval" and high is None):
        raise place.error("form", f"{word!r} makes an interval or a bound above, got {form!r}")
    return low, high if form == "interval" else None


def _bounds(form: str, low: str, high: str, place: Place) -> tuple[float | None, float | None]:
    cells = {"low": low, "high": high}
    if form in ONE_NUMBER or form == "date":
        cells["high"] = high or low
    for (column, cell), needed in zip(cells.items(), BOUNDS[form], strict=True):
        if bool(cell) != needed:
            expected = ("a date" if form == "date" else "a number") if needed else "an empty cell"
            raise place.error(column, f"expected {expected} for a claim of form {form!r}")
    read = {column: _end(form, column, cell, place) for column, cell in cells.items()}
    first, last = read["low"], read["high"]
    if first is not None and last is not None:
        if form in ONE_NUMBER and first != last:
            raise place.error("high", f"expected the same number as low for a claim of form {form!r}")
        if first > last:
            raise place.error("high", f"expected no less than low, got {cells['low']} and {cells['high']}")
    return first, last


def _end(form: str, column: str, cell: str, place: Place) -> float | None:
    if not cell:
        return None
    if form == "date":
        if not re.fullmatch(DATE, cell):
            raise place.error(column, f"expected a date such as 2024-10 or 2024-10-31, got {cell!r}")
        try:
            return float(days_of(cell)[0 if column == "low" else 1].toordinal())
        except ValueError as error:
            raise place.error(column, f"expected a day of the calendar, got {cell!r}: {error}") from None
    try:
        number = float(cell)
    except ValueError:
        raise place.error(column, f"expected a number, got {cell!r}") from None
    if number - number != 0.0:
        raise place.error(column, f"expected a finite number, got {cell!r}")
    return number


@cache
def formulas() -> dict[str, list[Formula]]:
    """Checks that are formulas, by the id of their claim, as `data/readings.csv` has them.

    Returns
    -------
    dict of str to list of Formula

    Raises
    ------
    FactsError
        If a row is refused.
    """
    found: dict[str, list[Formula]] = {}
    for row, place in read_rows(data_path("readings.csv"), _FormulaRow):
        own = found.setdefault(row.id, [])
        if any(row.reading == one.reading for one in own):
            raise place.error("reading", f"reading {row.reading!r} of {row.id} stands twice")
        own.append(Formula(row.reading, row.check, row.given, row.reason, place))
    return found
