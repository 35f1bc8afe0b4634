"""What the catalogue is made of: entities, parts, memories and links, of the shipped tables and a reader's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, FiniteFloat

from dojo_calc.entities import Names, read_entities, shipped_entities
from dojo_calc.errors import FactsError
from dojo_calc.facts import Fact, OwnRow, read_own
from dojo_calc.hardware.machine import Tier
from dojo_calc.quantities import ByteRate, Bytes, Duration, Spec, spec
from dojo_calc.rows import DATE, Kind, Strict
from dojo_calc.tables import Place, data_path, header_of, read_rows

__all__ = ["Composition", "PartRow", "read_composition", "shipped_composition"]


class PartRow(Strict):
    """A row of `data/parts.csv`: how many of one entity are in another."""

    entity: str
    part: str
    count: FiniteFloat = Field(gt=0)
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    kind: Kind
    date: str = Field(default="", pattern=DATE)
    source: str
    note: str = ""


class _OwnPartRow(PartRow):
    kind: Kind = "rated"
    source: str = ""


class _TierRow(Strict):
    entity: str
    # A tier's quantities are named after it.
    tier: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    kind: Literal["memory", "link"]
    count: FiniteFloat = Field(default=1.0, gt=0)
    topology: str = ""
    via: str = ""
    note: str = ""


class _EntityColumns(Strict):
    name: str = ""
    aliases: str = ""
    maker: str = ""
    announced: str = ""
    released: str = ""
    process: str = ""


@dataclass(frozen=True)
class Composition:
    """Entities by name, and by id what each is made of."""

    names: Names
    parts: Mapping[str, tuple[PartRow, ...]]
    tiers: Mapping[str, tuple[Tier, ...]]


@cache
def shipped_composition() -> Composition:
    """Composition of the tables that ship.

    Raises
    ------
    FactsError
        If a row is refused: the message names file, line and column.
    """
    names = Names(shipped_entities().values())
    parts = _parts(read_rows(data_path("parts.csv"), PartRow), names, {})
    tiers = _tiers(read_rows(data_path("tiers.csv"), _TierRow), names)
    return Composition(names, parts, tiers)


def read_composition(paths: Sequence[Path]) -> tuple[Composition, list[Fact]]:
    """Shipped composition with a reader's own tables on top, and the facts in them.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        CSV files in the columns of `data/facts/*.csv`, `data/entities.csv`, `data/parts.csv` or `data/tiers.csv`;
        which one is told by the header. Rows of parts replace a shipped row of the same two entities. A memory or
        link of a new name brings its quantities: ``name_capacity``, ``name_bandwidth``, ``name_latency``. Facts
        about a bandwidth, and for a memory its capacity, make a chip without tiers have one memory or link of
        that name.

    Returns
    -------
    Composition
    list of Fact

    Raises
    ------
    FactsError
        If a table is none of these or a row is refused: the message names file, line and column.
    """
    shipped = shipped_composition()
    sorted_paths = [(form_of(path), path) for path in paths]

    def of(form: str) -> list[Path]:
        return [path for own, path in sorted_paths if own == form]

    names = Names(shipped.names.entities.values())
    for path in of("entities"):
        for one in read_entities(path, names.entities).values():
            names.add(one)
    tier_rows = [pair for path in of("tiers") for pair in read_rows(path, _TierRow)]
    facts = read_own(of("facts"), names, _quantities(row for row, _ in tier_rows))
    tiers = {**shipped.tiers}
    for name, own in _tiers(tier_rows, names).items():
        kept = (one for one in tiers.get(name, ()) if one.name not in {tier.name for tier in own})
        tiers[name] = (*kept, *own)
    part_rows = [pair for path in of("parts") for pair in _own_parts(path)]
    return Composition(names, _parts(part_rows, names, shipped.parts), tiers | _implied(facts, tiers)), facts


FORMS: dict[str, tuple[type[Strict], frozenset[str]]] = {
    "facts": (OwnRow, frozenset({"quantity", "value"})),
    "parts": (_OwnPartRow, frozenset({"part"})),
    "tiers": (_TierRow, frozenset({"tier"})),
    "entities": (_EntityColumns, frozenset(_EntityColumns.model_fields)),
}


def form_of(path: Path) -> str:
    """Which table a reader's own file is, by its header: ``facts``, ``parts``, ``tiers`` or ``entities``.

    Raises
    ------
    FactsError
        If it is none of them.
    """
    columns = header_of(path)
    for form, (_, telling) in FORMS.items():
        if telling & set(columns):
            return form
    if set(columns) == {"entity", "kind"}:
        return "entities"
    if "entity" in columns:
        return "facts"  # a column is missing or misspelled, which the reader of facts says
    ways = "; ".join(
        f"{form}: {','.join(model.model_fields)}" for form, (model, _) in FORMS.items() if form != "entities"
    )
    raise FactsError(
        f"{path}, line 1: expected the columns of {ways}; entities: entity,name,kind,...; got "
        f"{', '.join(columns)!r:.200}"
    )


def _own_parts(path: Path) -> Iterator[tuple[PartRow, Place]]:
    for row, place in read_rows(path, _OwnPartRow):
        yield row.model_copy(update={"source": row.source or path.name}), place


def _parts(
    rows: Iterable[tuple[PartRow, Place]], names: Names, before: Mapping[str, tuple[PartRow, ...]]
) -> dict[str, tuple[PartRow, ...]]:
    found = dict(before)
    seen: dict[tuple[str, str], Place] = {}
    for given, place in rows:
        row = given.model_copy(
            update={
                column: names.known(getattr(given, column), place, column) for column in ("entity", "part")
            }
        )
        if (first := seen.setdefault((row.entity, row.part), place)) is not place:
            raise place.error("part", f"{row.part!r} in {row.entity!r} stands twice, first at {first}")
        if row.part == row.entity or row.entity in _inside(row.part, found):
            raise place.error("part", f"{row.entity!r} would be a part of itself")
        if row.kind not in ("exact", "rated") and (row.low is None or row.high is None):
            raise place.error("low", f"the cell is empty; a count of kind {row.kind!r} needs a 90 % interval")
        low, high = (row.count if one is None else one for one in (row.low, row.high))
        if not 0 < low <= row.count <= high:
            raise place.error(
                "low", f"expected 0 < low <= count <= high, got {low:g}, {row.count:g}, {high:g}"
            )
        kept = (one for one in found.get(row.entity, ()) if one.part != row.part)
        found[row.entity] = (*kept, row)
    return found


def _inside(name: str, parts: Mapping[str, tuple[PartRow, ...]]) -> set[str]:
    inner = {row.part for row in parts.get(name, ())}
    return inner.union(*(_inside(part, parts) for part in inner)) if inner else inner


def _tiers(rows: Iterable[tuple[_TierRow, Place]], names: Names) -> dict[str, tuple[Tier, ...]]:
    found: dict[str, tuple[Tier, ...]] = {}
    for row, place in rows:
        entity = names.known(row.entity, place, "entity")
        if any(one.name == row.tier for one in found.get(entity, ())):
            raise place.error("tier", f"{row.tier!r} of {entity!r} stands twice")
        tier = Tier(row.tier, row.kind, row.count, row.topology, row.via)
        found[entity] = (*found.get(entity, ()), tier)
    return found


def _quantities(rows: Iterable[_TierRow]) -> dict[str, tuple[Spec, str]]:
    """Quantities of memories and links, as `data/quantities.csv` has them for shipped ones."""
    found: dict[str, tuple[Spec, str]] = {}
    for row in rows:
        stem = row.tier.replace("-", "_")
        kinds = {"bandwidth": ByteRate} | (
            {"capacity": Bytes} if row.kind == "memory" else {"latency": Duration}
        )
        for name, declared in kinds.items():
            one = spec(declared)
            assert one is not None
            found[f"{stem}_{name}"] = one, f"{name.capitalize()} of the {row.kind} {row.tier!r}"
    return found


def _implied(facts: Iterable[Fact], tiers: Mapping[str, tuple[Tier, ...]]) -> dict[str, tuple[Tier, ...]]:
    """Memories and links that facts speak of, for entities of which no table lists any."""
    kinds = {tier.name: tier.kind for own in tiers.values() for tier in own}
    found: dict[str, tuple[Tier, ...]] = {}
    known = {(fact.entity, fact.quantity) for fact in facts}
    for entity, quantity in sorted(known):
        stem = quantity.removesuffix("_bandwidth")
        name = stem.replace("_", "-")
        if stem == quantity or name not in kinds or entity in tiers:
            continue
        if kinds[name] == "memory" and (entity, f"{stem}_capacity") not in known:
            continue
        found[entity] = (*found.get(entity, ()), Tier(name, kinds[name], 1.0, ""))
    return found
