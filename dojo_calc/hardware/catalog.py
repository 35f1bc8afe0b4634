"""The catalogue: entities by name or alias, put together into machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dojo_calc.doors import door
from dojo_calc.entities import Entity, Names
from dojo_calc.errors import UnknownNameError
from dojo_calc.facts import PRESUMED, Fact, Facts, load, merged
from dojo_calc.hardware.composition import Composition, read_composition, shipped_composition
from dojo_calc.hardware.machine import Machine, Part
from dojo_calc.hardware.plausible import check_intervals, check_ranges, check_relations

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Catalogue", "catalogue", "machine"]


# Kinds of entity that are products one can order whole; fleets and sites are not.
ASSEMBLIES = ("tile", "tray", "cabinet", "pod", "server", "rack")


class Catalogue:
    """Entities and the facts about them.

    Parameters
    ----------
    facts : Facts
        What is known; entities that only a reader's own file mentions are added as chips.
    made_of : Composition, optional
        Entities with their parts, memories and links; those that ship if left out.
    """

    def __init__(self, facts: Facts, made_of: Composition | None = None) -> None:
        self.facts = facts
        known = made_of or shipped_composition()
        self._names = Names(known.names.entities.values())
        for fact in facts:
            if fact.entity not in self._names.entities:
                self._names.add(Entity(id=fact.entity, name=fact.entity, kind="chip"))
        self._made_of = known
        self._built: dict[str, Machine] = {}

    def __repr__(self) -> str:
        return f"<Catalogue of {len(self._names.entities):,} machines, sites and other things>"

    @door
    def names(self, kind: str | None = None) -> list[str]:
        """Ids of all entities, or of one kind."""
        return [entity.id for entity in self._names.entities.values() if kind in (None, entity.kind)]

    def entity(self, name: str) -> Entity:
        """Entity by id or alias, in any case.

        Raises
        ------
        UnknownNameError
            If there is none; the message offers the nearest names.
        """
        found = self._names.find(name)
        if found is None:
            raise UnknownNameError(f"unknown machine {name!r:.60}{self._names.nearest(name)}")
        return self._names.entities[found]

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
                for row in self._made_of.parts.get(entity.id, ())
            )  # fmt: skip
            self._built[entity.id] = Machine(
                entity, self.facts, parts, self._made_of.tiers.get(entity.id, ())
            )
        return self._built[entity.id]

    def presumed(self) -> list[Fact]:
        """Facts of a reader's own whose kind was not given, so that a program can tell what it took them for."""
        return [fact for fact in self.facts if fact.note.startswith(tuple(PRESUMED.values()))]

    @door
    def fact(self, name: str) -> Fact:
        """Fact by name: ``"d1.peak_bf16"``, ``"d1.peak_bf16[hot_chips_34]"``, or a sum over a machine's parts.

        Raises
        ------
        UnknownNameError
            If there is no such machine, quantity or reading.
        """
        words, _, reading = name.removesuffix("]").partition("[")
        entity, _, quantity = words.rpartition(".")
        one = self.machine(entity)
        if self.facts.has(one.id, quantity):
            return self.facts.get(one.id, quantity, reading or None)
        return one.summed(quantity)

    @door
    def choose(self, readings: Mapping[str, str]) -> Catalogue:
        """Catalogue in which other readings are the defaults: ``{"d1.peak_bf16": "hot_chips_34"}``.

        Raises
        ------
        UnknownNameError
            If there is no such fact or reading.
        """
        return Catalogue(
            self.facts.choose({self._canonical(name): reading for name, reading in readings.items()}),
            self._made_of,
        )

    def with_facts(self, facts: Facts) -> Catalogue:
        """Catalogue of the same things with other facts about them."""
        return Catalogue(facts, self._made_of)

    def _canonical(self, name: str) -> str:
        """Name of a fact or of an entity with the entity's id in place of an alias."""
        if (whole := self._names.find(name)) is not None:
            return whole
        entity, dot, quantity = name.rpartition(".")
        return f"{self._names.find(entity) or entity}{dot}{quantity}"

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

    @door
    def table(self, kind: str | None = None) -> pl.DataFrame:
        """Entities as a polars frame: one row each, with their peaks, memory, power and price in SI."""
        import polars as pl

        return pl.DataFrame(self.rows(kind), infer_schema_length=None)

    @door
    def rows(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The rows of `table` as plain dictionaries, with None where a thing has no such quantity."""
        columns = (
            "peak_bf16 peak_fp16 peak_fp8 peak_fp32 hbm_capacity hbm_bandwidth sram_capacity sram_bandwidth power "
            "die_area price"
        )
        rows = []
        for name in self.names(kind):
            one = self.machine(name)
            row: dict[str, Any] = {"id": one.id, "name": one.name, "kind": one.entity.kind}
            row |= {
                "maker": one.entity.maker,
                "announced": one.entity.announced,
                "released": one.entity.released,
                "process": one.entity.process,
            }
            rows.append(row | {column: one.maybe(column) for column in columns.split()})
        return rows


@door
def catalogue(*extra: str | Path) -> Catalogue:
    """Catalogue that ships with the library, with a reader's own files on top.

    Parameters
    ----------
    *extra : path
        Tables of facts, entities, parts and tiers, see `dojo_calc.hardware.composition.read_composition` and
        `dojo_calc.facts.read_own`.

    Raises
    ------
    FactsError
        If a row is refused.
    """
    if not extra:
        return _shipped()
    made_of, own = read_composition([Path(one) for one in extra])
    book = Catalogue(merged(own), made_of)
    # What a reader calls exact is what it is by definition: a thought experiment is nobody's slip of the pen.
    _defend(book, [fact for fact in own if fact.kind != "exact"], own)
    return book


@cache
def _shipped() -> Catalogue:
    book = Catalogue(load())
    _defend(book, list(book.facts))
    return book


def _defend(book: Catalogue, facts: Sequence[Fact], own: Sequence[Fact] | None = None) -> None:
    entities = {name: book.entity(name) for name in book.names()}

    def within(entity: str, quantity: str) -> float | None:
        found = [(part.count, part.machine.maybe(quantity)) for part in book.machine(entity).parts]
        return sum(count * each for count, each in found if each is not None) or None

    check_ranges(facts, {name: one.kind for name, one in entities.items()})
    check_intervals(facts)
    check_relations(book.facts, entities, within, own)


def machine(name: str) -> Machine:
    """Machine of the shipped catalogue by id or alias, such as ``"d1"`` or ``"exapod"``.

    Raises
    ------
    UnknownNameError
        If there is none; the message offers the nearest names.
    """
    return catalogue().machine(name)
