"""A reader's own claims, by CSV or TOML alone."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from pydantic import Field, ValidationError

from dojo_calc.errors import FactsError, nearest
from dojo_calc.evidence.claims.ledger import ONE_NUMBER, Claim, Formula, read_claim
from dojo_calc.rows import DATE, Strict
from dojo_calc.tables import Place, read_rows, read_text

__all__ = ["read_claims"]


class _OwnRow(Strict):
    """A claim and one reading of it; a row that repeats an id adds a reading."""

    id: str = Field(min_length=1, max_length=40)
    document: str = ""
    by: str = ""
    date: str = Field(default="", pattern=DATE)
    due: str = Field(default="", pattern=DATE)
    claim: str = ""
    form: str = ""
    low: str = ""
    high: str = ""
    word: str = ""
    unit: str = ""
    tolerance: str = ""
    widest: str = ""
    measure: str = ""
    main: str = ""
    then: str = ""
    today: str = ""
    changes: str = ""
    note: str = ""
    reading: str = ""
    check: str = ""
    given: str = ""
    reason: str = ""


READING = ("id", "reading", "check", "given", "reason")


def read_claims(path: str | Path) -> list[tuple[Claim, list[Formula]]]:
    """Claims of a reader's own file, each with the formulas it is held against.

    Parameters
    ----------
    path : path
        A CSV in the columns of `data/claims.csv` and `data/readings.csv` together, of which `id`, `claim`, a
        bound and `check` are needed; a row that repeats an id adds a reading. Or a TOML file with a table
        ``[[claim]]`` a claim of the same names, and a table ``[[claim.readings]]`` a reading where there are several.

    Returns
    -------
    list of (Claim, list of Formula)
        In the order of the file. The file's name is the document where none is named; a number alone is a value, two
        are an interval.

    Raises
    ------
    FactsError
        If the file cannot be read or a row is refused; the message names file, line and column.
    """
    file = Path(path)
    rows = _toml(file) if file.suffix == ".toml" else read_rows(file, _OwnRow)
    found: dict[str, tuple[Claim, list[Formula]]] = {}
    for row, place in rows:
        cells = {name: str(cell) for name, cell in row.model_dump().items()}
        formula = Formula(cells["reading"], cells["check"], cells["given"], cells["reason"], place)
        if row.id in found:
            if extra := [name for name, cell in cells.items() if cell and name not in READING]:
                raise place.error(
                    extra[0], f"claim {row.id} stands above; a row that repeats it adds a reading"
                )
            if any(formula.reading == one.reading for one in found[row.id][1]):
                raise place.error("reading", f"reading {formula.reading!r} of {row.id} stands twice")
            found[row.id][1].append(formula)
        else:
            found[row.id] = _claim(cells, file, place), [formula]
    if not found:
        raise FactsError(f"{file}: expected at least one claim, got none")
    return list(found.values())


def _claim(cells: Mapping[str, str], file: Path, place: Place) -> Claim:
    given: dict[str, object] = {
        name: cell for name, cell in cells.items() if cell and name not in READING[1:]
    }
    low, high = cells["low"], cells["high"]
    if not cells["claim"]:
        raise place.error("claim", "the cell is empty; expected what was said")
    if not cells["form"]:
        given["form"] = "interval" if cells["word"] or (low and high and low != high) else "value"
    elif cells["form"] not in (known := (*ONE_NUMBER, "interval", "above", "below", "date", "order", "none")):
        hint = nearest(cells["form"], known) or f"; forms: {', '.join(known)}"
        raise place.error("form", f"unknown form {cells['form']!r}{hint}")
    if cells["form"] != "none" and not cells["check"]:
        raise place.error("check", "the cell is empty; expected a formula such as {h100-sxm.price} * 100")
    whole = {name: field.default for name, field in Claim.model_fields.items() if not field.is_required()}
    try:
        return read_claim(whole | {"document": file.name, "low": low, "high": high} | given, place)
    except ValidationError as error:
        first = error.errors()[0]
        raise place.error(str(first["loc"][0]), f"{first['msg']}, got {first['input']!r:.60}") from None


def _toml(file: Path) -> Iterable[tuple[_OwnRow, Place]]:
    """Rows of a TOML file; a place names the claim instead of a line."""
    text = read_text(file, "a file of claims")
    try:
        content = tomllib.loads(text)
    except ValueError as error:
        raise FactsError(f"{file}: not TOML: {error}") from None
    tables = content.pop("claim", [])
    if content or not isinstance(tables, list):
        raise FactsError(f"{file}: expected tables [[claim]] and nothing else, got {[*content] or 'claim'}")
    lines = _TomlLines(text, len(tables))
    for number, table in enumerate(tables, 1):
        if not isinstance(table, dict):
            raise FactsError(f"{file}, claim {number}: expected a table, got {table!r:.60}")
        cells = dict(table)
        readings = cells.pop("readings", [{}])
        if (
            not isinstance(readings, list)
            or not readings
            or not all(isinstance(one, dict) for one in readings)
        ):
            raise FactsError(f"{file}, claim {number} (readings): expected tables [[claim.readings]]")
        for at, reading in enumerate(readings):
            row = {**(cells if at == 0 else {"id": cells.get("id", "")}), **reading}
            place = _TomlPlace(file, number, tuple(row), lines.of(number, at))
            texts = {}
            for name, cell in row.items():
                if isinstance(cell, dict | list | bool):
                    raise place.error(name, f"expected a text, a number or a date, got {cell!r:.60}")
                texts[name] = repr(cell) if isinstance(cell, float) else str(cell)
            try:
                yield _OwnRow.model_validate(texts), place
            except ValidationError as error:
                first = error.errors()[0]
                name = str(first["loc"][0])
                if first["type"] == "extra_forbidden":
                    raise place.error(name, f"unknown key{nearest(name, _OwnRow.model_fields)}") from None
                raise place.error(name, first["msg"]) from None


Lines: TypeAlias = Mapping[str, tuple[int, int]]  # of a key: its line and the column of its value


class _TomlLines:
    """Where the keys of the claims stand in a TOML file, of which its parser tells nothing.

    Only headers and keys that start a line are seen; where their number is not that of the claims, nothing is.
    """

    def __init__(self, text: str, claims: int) -> None:
        self.tables: list[list[dict[str, tuple[int, int]]]] = []
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(line):
                name = header[1].partition(".")[2].strip()
                if not name:
                    self.tables.append([{}])
                elif self.tables:
                    self.tables[-1][0].setdefault(name, (number, 1))
                    self.tables[-1].append({})
                if self.tables:
                    self.tables[-1][-1][""] = number, 1
            elif (key := _KEY.match(line)) and self.tables:
                self.tables[-1][-1].setdefault(key[1].strip("\"'"), (number, key.end() + 1))
        if len(self.tables) != claims:
            self.tables = []

    def of(self, claim: int, reading: int) -> Lines:
        """Those of a claim and of one of its readings, both counted as they stand; empty where unknown."""
        if not self.tables:
            return {}
        own, *readings = self.tables[claim - 1]
        return {**own, **readings[reading]} if reading < len(readings) else own


_HEADER = re.compile(r"\s*\[\[?\s*(claim[^\[\]]*)\]")
_KEY = re.compile(r"""\s*([\w-]+|"[^"]*"|'[^']*')\s*=\s*""")


class _TomlPlace(Place):
    """Where a claim stands in a TOML file."""

    def __init__(self, path: Path, claim: int, keys: tuple[str, ...], lines: Lines) -> None:
        super().__init__(path, claim, keys)
        self.lines = lines

    def error(self, column: str, message: str) -> FactsError:
        """Error that names file, line, column and key, or the claim where the line is not known."""
        line, at = self.lines.get(column) or self.lines.get("") or (0, 0)
        where = f"{self.path}, line {line}, column {at}" if line else str(self)
        return FactsError(f"{where} ({column}): {message}")

    def __str__(self) -> str:
        return f"{self.path}, claim {self.line}"
