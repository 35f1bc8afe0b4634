"""The catalogue: entities by name or alias, put together into machines."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, FiniteFloat

from dojo_calc import facts as facts_module
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.facts import DATE, Fact, Facts, Kind, Strict
from dojo_calc.hardware.machine import Entity, Machine, Part, Tier
from dojo_calc.tables import data_path, read_rows

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Catalogue", "catalogue", "machine"]


# Kinds of entity that are products one can order whole; fleets and sites are not.
ASSEMBLIES = ("tile", "tray", "cabinet", "pod", "server", "rack")


class _EntityRow(Strict):
    entity: str
    name: str
    kind: str
    aliases: str = ""
    maker: str = ""
    announced: str = ""
    released: str = ""
    process: str = ""
    note: str = ""


class _PartRow(Strict):
    entity: str
    part: str
    count: FiniteFloat = Field(gt=0)
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    kind: Kind
    date: str = Field(default="", pattern=DATE)
    source: str
    note: str = ""


class _TierRow(Strict):
    entity: str
    tier: str
    kind: Literal["memory", "link"]
    count: FiniteFloat = Field(gt=0)
    topology: str = ""
    via: str = ""
    note: str = ""


class Catalogue:
    """Entities and the facts about them.

    Parameters
    ----------
    facts : Facts
        What is known; entities that only a reader's own file mentions are added as chips.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._entities = dict(_entities())
        for fact in facts:
            if fact.entity not in self._entities:
                self._entities[fact.entity] = Entity(id=fact.entity, name=fact.entity, kind="chip")
        self._names = {
            name: entity.id for entity in self._entities.values() for name in (entity.id, *entity.aliases)
        }
        self._built: dict[str, Machine] = {}

    def names(self, kind: str | None = None) -> list[str]:
        """Ids of all entities, or of one kind."""
        return [entity.id for entity in self._entities.values() if kind in (None, entity.kind)]

    def entity(self, name: str) -> Entity:
        """Entity by id or alias, in any case.

        Raises
        ------
        UnknownNameError
            If there is none; the message offers the nearest names.
        """
        found = self._names.get(name.strip().lower())
        if found is None:
            raise UnknownNameError(f"unknown machine {name!r:.60}{nearest(name[:60], self._names)}")
        return self._entities[found]

    def machine(self, name: str) -> Machine:
        """Machine by id or alias.

        Raises
        ------
        UnknownNameError
            If there is none; the message offers the nearest names.
        """
        entity = self.entity(name)
        if entity.id not in self._built:
            parts = tuple(
                Part(self.machine(row.part), row.count, row.count if row.low is None else row.low,
                     row.count if row.high is None else row.high)
                for row in _parts().get(entity.id, ())
            )  # fmt: skip
            self._built[entity.id] = Machine(entity, self.facts, parts, _tiers().get(entity.id, ()))
        return self._built[entity.id]

    def fact(self, name: str) -> Fact:
        """Fact by name: ``"d1.peak_bf16"``, ``"d1.peak_bf16[hot_chips_34]"``, or a sum over a machine's parts.

        Raises
        ------
        UnknownNameError
            If there is no such machine, quantity or reading.
        """
        entity, _, rest = name.partition(".")
        quantity, _, reading = rest.removesuffix("]").partition("[")
        one = self.machine(entity)
        if self.facts.has(one.id, quantity):
            return self.facts.get(one.id, quantity, reading or None)
        return one.summed(quantity)

    def choose(self, readings: Mapping[str, str]) -> Catalogue:
        """Catalogue in which other readings are the defaults: ``{"d1.peak_bf16": "hot_chips_34"}``.

        Raises
        ------
        UnknownNameError
            If there is no such fact or reading.
        """
        return Catalogue(self.facts.choose(readings))

    def assemblies(self, chip: str) -> list[Machine]:
        """Products that hold a chip, from the smallest to the largest: tile, tray, cabinet, ExaPOD of a D1.

        Raises
        ------
        UnknownNameError
            If there is no such chip.
        """
        wanted = self.entity(chip).id
        holding = []
        for name in self.names():
            one = self.machine(name)
            if (
                one.entity.kind in ASSEMBLIES
                and one.id != wanted
                and any(m.id == wanted for m, _ in one.walk())
            ):
                holding.append(one)
        return sorted(holding, key=lambda one: one.count(wanted))

    def table(self, kind: str | None = None) -> pl.DataFrame:
        """Entities as a polars frame: one row each, with their peaks, memory, power and price in SI."""
        import polars as pl

        columns = (
            "peak_bf16 peak_fp16 peak_fp8 peak_fp32 hbm_capacity hbm_bandwidth sram_capacity sram_bandwidth power "
            "die_area price"
        )
        rows = []
        for name in self.names(kind):
            one = self.machine(name)
            row: dict[str, object] = {"id": one.id, "name": one.name, "kind": one.entity.kind}
            row |= {
                "maker": one.entity.maker,
                "announced": one.entity.announced,
                "released": one.entity.released,
                "process": one.entity.process,
            }
            rows.append(row | {column: one.maybe(column) for column in columns.split()})
        return pl.DataFrame(rows, infer_schema_length=None)


def catalogue(*extra: str | Path) -> Catalogue:
    """Catalogue that ships with the library, with a reader's own files of facts on top.

    Parameters
    ----------
    *extra : path
        See `dojo_calc.facts.load`.

    Raises
    ------
    FactsError
        If a row is refused.
    """
    return Catalogue(facts_module.load(*extra)) if extra else _shipped()


@cache
def _shipped() -> Catalogue:
    return Catalogue(facts_module.load())


def machine(name: str) -> Machine:
    """Machine of the shipped catalogue by id or alias, such as ``"d1"`` or ``"exapod"``.

    Raises
    ------
    UnknownNameError
        If there is none; the message offers the nearest names.
    """
    return catalogue().machine(name)


@cache
def _entities() -> dict[str, Entity]:
    found: dict[str, Entity] = {}
    taken: set[str] = set()
    for row, place in read_rows(data_path("entities.csv"), _EntityRow):
        aliases = tuple(alias.strip() for alias in row.aliases.split(";") if alias.strip())
        for name in (row.entity, *aliases):
            if name in taken or name != name.lower():
                raise place.error("entity", f"expected lower-case names that are used once, got {name!r}")
            taken.add(name)
        found[row.entity] = Entity(
            row.entity,
            row.name,
            row.kind,
            aliases,
            row.maker,
            row.announced,
            row.released,
            row.process,
            row.note,
        )
    return found


@cache
def _parts() -> dict[str, tuple[_PartRow, ...]]:
    entities = _entities()
    found: dict[str, tuple[_PartRow, ...]] = {}
    for row, place in read_rows(data_path("parts.csv"), _PartRow):
        for column in ("entity", "part"):
            if (name := getattr(row, column)) not in entities:
                raise place.error(
                    column, f"expected an entity of entities.csv, got {name!r}{nearest(name, entities)}"
                )
        if row.part == row.entity or row.entity in _inside(row.part, found):
            raise place.error("part", f"{row.entity!r} would be a part of itself")
        if row.kind not in ("exact", "rated") and (row.low is None or row.high is None):
            raise place.error("low", f"the cell is empty; a count of kind {row.kind!r} needs a 90 % interval")
        found[row.entity] = (*found.get(row.entity, ()), row)
    return found


def _inside(name: str, parts: Mapping[str, tuple[_PartRow, ...]]) -> set[str]:
    inner = {row.part for row in parts.get(name, ())}
    return inner.union(*(_inside(part, parts) for part in inner)) if inner else inner


@cache
def _tiers() -> dict[str, tuple[Tier, ...]]:
    entities = _entities()
    found: dict[str, tuple[Tier, ...]] = {}
    for row, place in read_rows(data_path("tiers.csv"), _TierRow):
        if row.entity not in entities:
            raise place.error("entity", f"expected an entity of entities.csv, got {row.entity!r}")
        tier = Tier(row.tier, row.kind, row.count, row.topology, row.via)
        found[row.entity] = (*found.get(row.entity, ()), tier)
    return found
