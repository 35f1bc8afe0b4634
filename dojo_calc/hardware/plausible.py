"""Facts defend themselves: ranges of what can be, and relations that physics or bookkeeping set between facts.

`data/plausible.csv` has a range for each quantity of each kind of entity, `data/relations.csv` quotients of facts
of one entity and what they can be, `data/twins.csv` entities that share a die or a design, and so their figures.
A wrong unit, prefix or digit is refused where it is read, with file, line and column.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from pydantic import FiniteFloat

from dojo_calc import units
from dojo_calc.entities import Entity
from dojo_calc.errors import FactsError
from dojo_calc.facts import Fact, Facts
from dojo_calc.rows import Strict
from dojo_calc.tables import Place, data_path, read_rows

__all__ = ["check_intervals", "check_ranges", "check_relations"]

# One end of an interval farther off than this factor, and this many times farther than the other end, is a slip of
# the pen, unless the note says which end it is ("Low: ...", "High: ...").
FAR, LOPSIDED = 1.5, 2.0
OWN = 2.0  # what a reader's own rows may leave a relation by: they may ask what if
DISAGREEING = 1.25  # how far a reading that is not the default may leave what is allowed
WITHIN = 0.06  # of a quotient that must be a number: printed figures are rounded to two digits or more


class _RangeRow(Strict):
    quantities: str
    kinds: str = ""
    low: FiniteFloat
    high: FiniteFloat
    unit: str
    reason: str


class _RelationRow(Strict):
    relation: str
    kinds: str = ""
    allowed: str  # SI
    unit: str = "1"
    growth: FiniteFloat = 1.0
    since: int = 0
    exempt: str = ""
    reason: str


class _TwinRow(Strict):
    entity: str
    twin: str
    quantities: str
    allowed: str
    reason: str


@dataclass(frozen=True)
class _Range:
    low: float
    high: float
    shown: str
    reason: str


Ends = tuple[tuple[float, float], ...]


@cache
def _ranges() -> tuple[dict[tuple[str, str], _Range], list[tuple[str, _Range]]]:
    """Range of each quantity and kind ("" for all others), and of names with a wildcard."""
    found: dict[tuple[str, str], _Range] = {}
    general = []
    for row, place in read_rows(data_path("plausible.csv"), _RangeRow):
        if not row.low < row.high:
            raise place.error("low", f"expected low < high, got {row.low:g} and {row.high:g}")
        scale = _scale(row.unit)
        one = _Range(
            row.low * scale, row.high * scale,
            f"{row.low:g} to {row.high:g}{'' if row.unit == '1' else ' ' + row.unit}", row.reason,
        )  # fmt: skip
        for quantity in row.quantities.split():
            if "*" in quantity:
                general.append((quantity, one))
                continue
            for kind in row.kinds.split() or [""]:
                if (quantity, kind) in found:
                    raise place.error("quantities", f"{quantity} of {kind or 'all kinds'} stands twice")
                found[quantity, kind] = one
    return found, general


@cache
def _scale(unit: str) -> float:
    return units.to_si(1.0, unit)


def _range_of(quantity: str, kind: str) -> list[_Range]:
    """Ranges that a quantity of a kind of entity may lie in: its own, or those of other kinds where it has none."""
    found, general = _ranges()
    for key in ((quantity, kind.replace(" ", "-")), (quantity, "")):
        if key in found:
            return [found[key]]
    others = [one for (name, _), one in found.items() if name == quantity]
    return others or [one for pattern, one in general if fnmatchcase(quantity, pattern)]


def check_ranges(facts: Iterable[Fact], kinds: Mapping[str, str]) -> None:
    """Refuse facts that cannot be.

    Parameters
    ----------
    facts : iterable of Fact
    kinds : mapping
        Id of each entity to its kind.

    Raises
    ------
    FactsError
        If a value lies outside the range of its quantity: the message names file, line, range and its reason.
    """
    known: dict[tuple[str, str], list[_Range]] = {}
    for fact in facts:
        key = fact.quantity, kinds[fact.entity]
        if key not in known:
            known[key] = _range_of(*key)
        if known[key] and not any(one.low <= fact.value <= one.high for one in known[key]):
            ways = " or ".join(one.shown for one in known[key])
            raise _error(fact, f"expected {ways}, got {fact.printed}. {known[key][0].reason}")


def check_intervals(facts: Iterable[Fact]) -> None:
    """Refuse intervals of which one end is far off and the other near, unless the note says why.

    Raises
    ------
    FactsError
        The message names file, line and the end.
    """
    for fact in facts:
        if fact.low <= 0.0 or fact.low == fact.high or fact.high < FAR * fact.low:
            continue
        down, up = fact.value / fact.low, fact.high / fact.value
        wide, narrow = (fact.value - fact.low, fact.high - fact.value)[:: 1 if down > up else -1]
        far, near = max(down, up), min(down, up)
        uneven = min(wide / max(narrow, 1e-12 * fact.value), math.log(far) / max(math.log(near), 1e-12))
        end = "Low" if down > up else "High"
        if far > FAR and uneven > LOPSIDED and f"{end}:" not in fact.note:
            raise _error(
                fact,
                f"the {end.lower()} end is {far:.3g} times off and the other {near:.3g}; expected about the same, or "
                f"a note that says why, beginning '{end}:'",
                end.lower(),
            )


def check_relations(
    facts: Facts,
    entities: Mapping[str, Entity],
    within: Callable[[str, str], float | None],
    own: Sequence[Fact] | None = None,
) -> None:
    """Refuse facts that contradict each other.

    Parameters
    ----------
    facts : Facts
    entities : mapping
        By id: a relation may hold for kinds of them, and follow the year of their announcement.
    within : callable
        Entity and quantity to the sum over the entity's parts, None where it has none.
    own : sequence of Fact, optional
        Only relations that these take part in, with twice the room: a reader may ask what if.

    Raises
    ------
    FactsError
        If a relation does not hold: the message names file and line of a fact in it, the relation and its reason.
    """
    having: dict[str, dict[str, None]] = defaultdict(dict)
    for fact in facts if own is None else own:
        having[fact.quantity][fact.entity] = None
    places = None if own is None else {fact.place for fact in own}
    for one in _relations():
        names = one.quantities
        if own is None:  # all of an entity's facts are here, so it has every quantity or is not spoken of
            about = [entity for entity in having[names[0]] if all(entity in having[name] for name in names)]
        else:
            about = list(dict.fromkeys(entity for name in names for entity in having[name]))
        for entity in about:
            if entity not in one.exempt and (not one.kinds or entities[entity].kind in one.kinds):
                one.check(entities[entity], facts, within, places)
    touched = {(fact.entity, fact.quantity) for fact in own or ()}
    for twin, place, ends in _twins():
        for quantity in twin.quantities.split():
            pair = (twin.entity, quantity), (twin.twin, quantity)
            if all(facts.has(*key) for key in pair) and (own is None or touched & set(pair)):
                _check_twin(twin, place, ends, quantity, facts, 1.0 if own is None else OWN)


@dataclass(frozen=True)
class _Relation:
    """A quotient: the sum of products above a product, of readings or of sums over parts."""

    text: str
    above: tuple[tuple[str, ...], ...]
    below: tuple[str, ...]
    names: tuple[str, ...]
    quantities: tuple[str, ...]
    kinds: frozenset[str]
    allowed: Ends
    shown: str
    growth: float
    since: int
    exempt: frozenset[str]
    reason: str

    def check(
        self,
        about: Entity,
        facts: Facts,
        within: Callable[[str, str], float | None],
        mine: set[str] | None,
    ) -> None:
        entity, names = about.id, self.names
        chosen: dict[str, list[float]] = {}
        seen: dict[str, list[Fact]] = {}
        for name in names:
            if name.startswith("parts."):
                total = within(entity, name.removeprefix("parts."))
                if not total:
                    return
                chosen[name], seen[name] = [total], []
                continue
            quantity, bracket, reading = _read_name(name)
            if not facts.has(entity, quantity):
                return
            own = facts.readings(entity, quantity)
            if bracket:  # "[]" is the default alone
                own = [one for one in own if one.reading == reading] if reading else own[:1]
            if not own or any(one.value <= 0.0 for one in own):
                return
            chosen[name], seen[name] = [one.value for one in own], own
        usual = {name: values[0] for name, values in chosen.items()}
        first = next(own[0] for own in seen.values() if own)
        year = int((about.announced or first.date or str(self.since))[:4])
        if mine is not None:
            used = [fact for own in seen.values() for fact in own[:1] if fact.place in mine]
            if used and not any(fact.kind == "exact" for fact in used):
                self._hold(usual, used[0], year, OWN)
            return
        self._hold(usual, first, year, 1.0)
        for name in dict.fromkeys(names):
            for fact in seen[name][1:]:
                # Readings of one source or one time belong together; others may be off by what sources disagree in.
                alike = {
                    other: one.value
                    for other, own in seen.items()
                    if len(own) > 1
                    for one in own
                    if one.reading == fact.reading
                }
                if fact.name not in self.exempt:
                    self._hold(usual | alike | {name: fact.value}, fact, year, DISAGREEING)

    def _hold(self, used: Mapping[str, float], fact: Fact, year: int, slack: float) -> None:
        top = sum(math.prod(used[name] for name in term) for term in self.above)
        found = top / math.prod(used[name] for name in self.below)
        later = self.growth ** (year - self.since)
        if not any(low * later / slack <= found <= high * later * slack for low, high in self.allowed):
            when = f" times {later:.3g} in {year}" if self.growth != 1.0 else ""
            about = f" within {slack - 1.0:.0%}" if slack != 1.0 else ""
            raise _error(
                fact,
                f"{self.text} of {fact.entity} is {found:.4g}, expected {self.shown}{when}{about}. "
                f"{self.reason}",
            )


@cache
def _read_name(name: str) -> tuple[str, str, str]:
    return name.removesuffix("]").partition("[")


@cache
def _relations() -> tuple[_Relation, ...]:
    found = []
    for row, place in read_rows(data_path("relations.csv"), _RelationRow):
        above, _, below = row.relation.partition(" / ")
        terms = tuple(tuple(name.strip() for name in term.split("*")) for term in above.split("+"))
        divisor = tuple(name.strip() for name in below.split("*")) if below else ()
        names = (*(name for term in terms for name in term), *divisor)
        try:
            ends = _ends(row.allowed)
        except ValueError as error:
            raise place.error(
                "allowed", f"expected numbers and low..high, got {row.allowed!r}: {error}"
            ) from None
        found.append(
            _Relation(
                row.relation,
                terms,
                divisor,
                names,
                tuple(dict.fromkeys(_read_name(name)[0] for name in names if not name.startswith("parts."))),
                frozenset(row.kinds.replace(",", " ").split()),
                ends,
                f"{row.allowed} {row.unit}".removesuffix(" 1"),
                row.growth,
                row.since,
                frozenset(row.exempt.split()),
                row.reason,
            )
        )
    return tuple(found)


@cache
def _twins() -> tuple[tuple[_TwinRow, Place, Ends], ...]:
    return tuple(
        (row, place, _ends(row.allowed)) for row, place in read_rows(data_path("twins.csv"), _TwinRow)
    )


def _check_twin(row: _TwinRow, place: Place, ends: Ends, quantity: str, facts: Facts, slack: float) -> None:
    fact, other = facts.get(row.entity, quantity), facts.get(row.twin, quantity)
    if slack != 1.0 and "exact" in (fact.kind, other.kind):
        return
    found = fact.value / other.value
    if not any(low / slack <= found <= high * slack for low, high in ends):
        blamed = other if fact.place.startswith("data/") and not other.place.startswith("data/") else fact
        raise _error(
            blamed,
            f"{quantity} of {row.entity} over that of {row.twin} is {found:.4g}, expected {row.allowed} ({place}). "
            f"{row.reason}",
        )


def _ends(text: str) -> Ends:
    """Read ``1 2 10..20``: numbers, within what printed figures are rounded to, and ranges."""
    ends = []
    for item in text.split():
        low, dots, high = item.partition("..")
        ends.append(
            (float(low), float(high)) if dots else (float(low) * (1.0 - WITHIN), float(low) * (1.0 + WITHIN))
        )
    return tuple(ends)


def _error(fact: Fact, message: str, column: str = "value") -> FactsError:
    number = fact.columns.index(column) + 1
    return FactsError(f"{fact.place}, column {number} ({column}): {fact.name}: {message}")
