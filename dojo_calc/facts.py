"""Facts: every number the library knows, with its unit, interval, source and date.

The rows live in `data/facts/*.csv` and `data/assumptions.csv`. Where sources disagree every reading keeps
its row and one is the default; `Facts.choose` makes another reading the default, and everything computed
from those facts follows.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, FiniteFloat

from dojo_calc import units
from dojo_calc.doors import door
from dojo_calc.entities import Names, shipped_entities
from dojo_calc.errors import DomainError, FactsError, UnitError, UnknownNameError, nearest
from dojo_calc.formatting import format_in, format_si
from dojo_calc.quantities import Spec, alias, check_against, spec
from dojo_calc.rows import DATE, Kind, Strict
from dojo_calc.tables import Place, data_path, read_rows

if TYPE_CHECKING:
    import polars as pl

__all__ = ["PRESUMED", "Fact", "Facts", "OwnRow", "Source", "deflator", "load", "merged", "read_own"]


class Source(Strict):
    """Where a fact was read."""

    key: str
    title: str
    author: str = ""
    date: str = ""
    address: str = ""
    licence: str = ""


Deflator = Literal["cpi", "own", "none"]


class _QuantityRow(Strict):
    quantity: str
    type: str
    description: str
    deflator: Literal["", "cpi", "own"] = ""


class _FactRow(Strict):
    entity: str
    quantity: str
    reading: str = ""
    default: Literal["", "yes", "prior", "superseded", "dated"] = ""
    value: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    unit: str
    kind: Kind
    date: str = Field(default="", pattern=DATE)
    source: str
    confidence: Literal["C", "C-", "D", "M"] = "C"
    note: str = ""


class OwnRow(_FactRow):
    """A row of a reader's own table, which need not say what it is and where it comes from."""

    kind: Kind | None = None  # type: ignore[assignment]
    source: str = ""


@dataclass(frozen=True)
class Fact:
    """One reading of one quantity of one entity, in SI.

    `aside` is empty for the default and for readings that contradict it; otherwise it says why this one contradicts
    nothing: a prior of the fit that is the default, a figure since superseded, or one of another date.
    `low` and `high` bound a 90 % interval; for exact and rated facts without one both equal `value`. `chosen` is a
    reading that somebody asked for, or of a reader's own file: no other takes its place for being of another date.
    """

    entity: str
    quantity: str
    reading: str
    value: float
    low: float
    high: float
    unit: str
    printed: str
    kind: Kind
    date: str
    source: str
    confidence: str
    note: str
    description: str
    place: str
    is_default: bool
    columns: tuple[str, ...] = ()
    aside: str = ""
    printed_interval: str = ""  # in the unit of `printed`; empty where the row gives none
    chosen: bool = False

    @property
    def name(self) -> str:
        """``entity.quantity``, with the reading where there are several."""
        return f"{self.entity}.{self.quantity}" + (f"[{self.reading}]" if self.reading else "")

    @property
    def price_year(self) -> int | None:
        """Year whose money a price is in; None for what is not money."""
        return int(self.date[:4]) if "USD" in self.unit else None

    def __str__(self) -> str:
        return f"{self.name} = {format_si(self.value, self.unit)} ({self.kind}, {self.source})"


class Facts:
    """All facts, looked up by entity and quantity."""

    def __init__(self, rows: Iterable[Fact], sources: Mapping[str, Source]) -> None:
        self._groups: dict[tuple[str, str], dict[str, Fact]] = {}
        for fact in rows:
            self._groups.setdefault((fact.entity, fact.quantity), {})[fact.reading] = fact
        self.sources = dict(sources)

    def __len__(self) -> int:
        return sum(len(group) for group in self._groups.values())

    def __iter__(self) -> Iterator[Fact]:
        for group in self._groups.values():
            yield from group.values()

    def has(self, entity: str, quantity: str) -> bool:
        """Whether there is any reading of a quantity of an entity."""
        return (entity, quantity) in self._groups

    def readings(self, entity: str, quantity: str) -> list[Fact]:
        """All readings, the default first.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        group = self._groups.get((entity, quantity))
        if group is None:
            known = [own for name, own in self._groups if name == entity]
            if not known:
                raise UnknownNameError(
                    f"no facts about {entity!r}{nearest(entity, {name for name, _ in self._groups})}"
                )
            hint = nearest(quantity, known) or f"; it has {', '.join(known)}"
            raise UnknownNameError(f"no fact {quantity!r} of {entity!r}{hint}")
        if len(group) == 1:
            return list(group.values())
        return sorted(group.values(), key=lambda fact: not fact.is_default)

    def get(self, entity: str, quantity: str, reading: str | None = None) -> Fact:
        """Return the default reading of a quantity, or a named one.

        Raises
        ------
        UnknownNameError
            If there is no such fact or reading.
        """
        readings = self.readings(entity, quantity)
        if reading is None:
            return readings[0]
        for fact in readings:
            if fact.reading == reading:
                return fact
        names = [fact.reading for fact in readings]
        raise UnknownNameError(f"{entity}.{quantity} has no reading {reading!r}; it has {', '.join(names)}")

    def value(self, entity: str, quantity: str, reading: str | None = None) -> float:
        """Value of `get` in SI."""
        return self.get(entity, quantity, reading).value

    def quantities(self, entity: str) -> list[str]:
        """Names of the quantities known of an entity."""
        return [quantity for name, quantity in self._groups if name == entity]

    def conflicts(self) -> list[list[Fact]]:
        """Quantities with several readings, each as the list of its readings, the default first."""
        return [self.readings(*key) for key, group in self._groups.items() if len(group) > 1]

    def choose(self, chosen: Mapping[str, str]) -> Facts:
        """Facts with other readings as defaults.

        Parameters
        ----------
        chosen : mapping of str to str
            ``{"d1.peak_bf16": "hot_chips_34"}``; ``{"d1": "hot_chips_34"}`` for every quantity of the entity
            that has that reading.

        Returns
        -------
        Facts
            A new object; this one is unchanged.

        Raises
        ------
        UnknownNameError
            If there is no such fact or reading.
        """
        wanted: dict[tuple[str, str], str] = {}
        for name, reading in chosen.items():
            whole = "." not in name or any(name == own for own, _ in self._groups)
            entity, _, quantity = (name, "", "") if whole else name.rpartition(".")
            keys = [(entity, quantity)] if quantity else self._with_reading(entity, reading)
            wanted |= {key: self.get(*key, reading).reading for key in keys}
        changed = []
        for fact in self:
            if (fact.entity, fact.quantity) in wanted:
                meant = fact.reading == wanted[fact.entity, fact.quantity]
                fact = replace(fact, is_default=meant, chosen=meant)
            changed.append(fact)
        return Facts(changed, self.sources)

    def _with_reading(self, entity: str, reading: str) -> list[tuple[str, str]]:
        own = {key: group for key, group in self._groups.items() if key[0] == entity}
        found = [key for key, group in own.items() if reading in group]
        if not found:
            names = {one for group in own.values() for one in group if one}
            hint = nearest(entity, {name for name, _ in self._groups}) if not own else nearest(reading, names)
            raise UnknownNameError(f"no quantity of {entity!r} has a reading {reading!r}{hint}")
        return found

    def table(self) -> pl.DataFrame:
        """Every fact as a row of a polars frame, values in SI and as printed."""
        import polars as pl

        columns = (
            "entity quantity reading is_default aside value low high unit printed kind date source confidence "
            "note"
        )
        return pl.DataFrame([{name: getattr(fact, name) for name in columns.split()} for fact in self])


@door
def load(*extra: str | Path) -> Facts:
    """Load the facts that ship with the library, and a reader's own files on top.

    Parameters
    ----------
    *extra : path
        CSV files in the form of `data/facts/*.csv`, see `read_own` and `merged`.

    Returns
    -------
    Facts

    Raises
    ------
    FactsError
        If a row is refused: the message names file, line, column, what was expected and what came.
    """
    return merged(read_own(extra, Names(shipped_entities().values())))


def read_own(
    paths: Iterable[str | Path], names: Names, more: Mapping[str, tuple[Spec, str]] | None = None
) -> list[Fact]:
    """Rows of a reader's own files of facts.

    Parameters
    ----------
    paths : iterable of path
        CSV files in the form of `data/facts/*.csv`. `source` may be a key of `data/sources.csv` or any words, and
        is the file's name if left out. A row that leaves `kind` out is an assumption where it has an interval, and
        otherwise as good as rated, which its note tells.
    names : Names
        Entities by name, in any case; a name unlike all others is added as a new chip.
    more : mapping, optional
        Quantities beside those of `data/quantities.csv`, with their type and description.

    Raises
    ------
    FactsError
        If a row is refused: the message names file, line, column, what was expected and what came.
    """
    vocabulary = {**_vocabulary(), **(more or {})}
    found = []
    for path in map(Path, paths):
        for row, place in read_rows(path, OwnRow):
            given: dict[str, object] = {
                "entity": names.known_or_new(row.entity, place),
                "source": row.source or path.name,
            }
            if row.kind is None:
                kind = "rated" if row.low is None or row.high is None else "assumed"
                note = f"{PRESUMED[kind]}. {row.note}".removesuffix(". ")
                given |= {"kind": kind, "note": note}
            found.append(_fact(row.model_copy(update=given), place, vocabulary))
    _check_groups(found)
    return found


# What the note of a reader's own fact says where the row leaves its kind out.
PRESUMED = {
    "assumed": "Its kind was not given: taken as assumed",
    "rated": "Neither kind nor interval was given: taken as rated, so a simulation holds it fixed",
}


def merged(own: Sequence[Fact]) -> Facts:
    """Shipped facts with others on top.

    Parameters
    ----------
    own : sequence of Fact
        They win over shipped ones: one is the default of its quantity unless the file marks another.

    Returns
    -------
    Facts
    """
    shipped = _shipped()
    if not own:
        return shipped
    readings = Counter((fact.entity, fact.quantity) for fact in own)
    new = [
        replace(fact, is_default=fact.is_default or readings[fact.entity, fact.quantity] == 1, chosen=True)
        for fact in own
    ]
    replaced = {(fact.entity, fact.quantity, fact.reading) for fact in new}
    kept = [
        replace(fact, is_default=False) if (fact.entity, fact.quantity) in readings else fact
        for fact in shipped
        if (fact.entity, fact.quantity, fact.reading) not in replaced
    ]
    return Facts([*kept, *new], shipped.sources)


@cache
def _shipped() -> Facts:
    sources: dict[str, Source] = {}
    for source, place in read_rows(data_path("sources.csv"), Source):
        if source.key in sources:
            raise place.error("key", f"source {source.key!r} stands twice")
        sources[source.key] = source
    paths = [*sorted(data_path("facts").glob("*.csv")), data_path("assumptions.csv")]
    rows = []
    vocabulary, entities = _vocabulary(), shipped_entities()
    for path in paths:
        for row, place in read_rows(path, _FactRow):
            if row.entity not in entities:
                expected = f"expected an entity of entities.csv, got {row.entity!r}"
                raise place.error("entity", f"{expected}{nearest(row.entity, entities)}")
            if row.source not in sources:
                expected = f"expected a key of sources.csv, got {row.source!r}"
                raise place.error("source", f"{expected}{nearest(row.source, sources)}")
            rows.append(_fact(row, place, vocabulary))
    _check_groups(rows)
    return Facts(rows, sources)


def deflator(quantity: str) -> Deflator:
    """What restates a quantity in the money of another year.

    ``"cpi"``: the general level of prices, as for buildings, fees, wages and budgets. ``"own"``: the thing has a
    price of its own at every date, so that a reading of that date is taken and no index, as for chips, rents and
    electricity. ``"none"``: it is no money.

    Raises
    ------
    UnknownNameError
        If `data/quantities.csv` has no such quantity.
    """
    known = _deflators()
    if quantity not in known:
        raise UnknownNameError(f"unknown quantity {quantity!r}{nearest(quantity, known)}")
    return known[quantity]


@cache
def _deflators() -> dict[str, Deflator]:
    found: dict[str, Deflator] = {}
    for row, place in read_rows(data_path("quantities.csv"), _QuantityRow):
        declared = _vocabulary().get(row.quantity)
        money = declared is not None and "USD" in declared[0].unit
        if money != bool(row.deflator):
            expected = "cpi or own, since it is money" if money else "an empty cell, since it is no money"
            raise place.error("deflator", f"expected {expected}, got {row.deflator or 'an empty cell'}")
        found[row.quantity] = row.deflator or "none"
    return found


@cache
def _vocabulary() -> dict[str, tuple[Spec, str]]:
    found = {}
    for row, place in read_rows(data_path("quantities.csv"), _QuantityRow):
        try:
            declared = spec(alias(row.type))
        except KeyError:
            raise place.error(
                "type", f"expected an alias of dojo_calc.quantities, got {row.type!r}"
            ) from None
        if declared is not None:
            found[row.quantity] = declared, row.description
    return found


def _fact(row: _FactRow, place: Place, vocabulary: Mapping[str, tuple[Spec, str]]) -> Fact:
    if row.quantity not in vocabulary:
        raise place.error("quantity", f"unknown quantity {row.quantity!r}{nearest(row.quantity, vocabulary)}")
    declared, description = vocabulary[row.quantity]
    value, low, high = (_si(row, place, column, declared) for column in ("value", "low", "high"))
    if value is None or math.isnan(value):
        raise place.error("value", "the cell is empty; expected a number")
    if (low is None or high is None) and row.kind not in ("exact", "rated"):
        column = "low" if low is None else "high"
        raise place.error(column, f"the cell is empty; a fact of kind {row.kind!r} needs a 90 % interval")
    if not (value if low is None else low) <= value <= (value if high is None else high):
        shown = ", ".join("no bound" if one is None else f"{one:g}" for one in (row.low, row.value, row.high))
        raise place.error("low", f"expected low <= value <= high, got {shown}")
    if "USD" in declared.unit and not row.date:
        raise place.error("date", "the cell is empty; money needs the date of its prices")
    return Fact(
        entity=row.entity,
        quantity=row.quantity,
        reading=row.reading,
        value=value,
        low=value if low is None else low,
        high=value if high is None else high,
        unit=declared.unit,
        printed=format_in(row.value, row.value, row.unit, digits=12),
        kind=row.kind,
        date=row.date,
        source=row.source,
        confidence=row.confidence,
        note=row.note,
        description=description,
        place=str(place),
        is_default=row.default == "yes",
        columns=place.columns,
        aside="" if row.default == "yes" else row.default,
        printed_interval=""
        if row.low is None or row.high is None
        else format_in(row.low, row.high, row.unit),
    )


def _si(row: _FactRow, place: Place, column: str, declared: Spec) -> float | None:
    number = getattr(row, column)
    if number is None:
        return None
    try:
        if units.unit(row.unit).dimensionality != units.unit(declared.unit).dimensionality:
            raise place.error("unit", f"expected {declared.unit} or a multiple of it, got {row.unit!r}")
        return float(check_against(units.to_si(number, row.unit), declared, row.quantity))
    except UnitError as error:
        raise place.error("unit", str(error)) from None
    except DomainError as error:
        raise place.error(column, str(error)) from None


def _check_groups(rows: list[Fact]) -> None:
    """Refuse duplicates, and groups of readings without exactly one default."""
    groups: dict[tuple[str, str], dict[str, Fact]] = {}
    for fact in rows:
        group = groups.setdefault((fact.entity, fact.quantity), {})
        if fact.reading in group:
            raise FactsError(
                f"{fact.place}, column 1 (entity): {fact.name} stands twice, first at {group[fact.reading].place}"
            )
        group[fact.reading] = fact
    for group in groups.values():
        defaults = [fact for fact in group.values() if fact.is_default]
        first = next(iter(group.values()))
        if len(group) > 1 and len(defaults) != 1:
            raise FactsError(
                f"{first.place}, column 4 (default): {first.entity}.{first.quantity} has {len(group)} readings "
                f"and {len(defaults)} defaults; expected exactly one"
            )
