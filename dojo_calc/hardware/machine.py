"""Machines as compositions: node -> D1 -> tile -> tray -> cabinet -> ExaPOD, GPU -> server -> cluster.

A machine is an entity of the catalogue with its facts, the parts it is made of and its memories and
links. A quantity of a machine is its own fact where it has one, else the sum over its parts; so the peak
of a tile follows from the peak of a D1, and changes with the reading chosen for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from dojo_calc.entities import Entity
from dojo_calc.errors import DomainError, UnknownNameError, nearest
from dojo_calc.facts import Fact, Facts
from dojo_calc.formatting import format_range, format_si
from dojo_calc.words import html_table

__all__ = ["Account", "Link", "Machine", "Memory", "Part", "Tier"]

POWER_BOUNDARIES = ("power", "facility_power")
OF_TIERS = ("_capacity", "_bandwidth")


@dataclass(frozen=True)
class Tier:
    """A kind of memory or link that an entity has, and how many of it."""

    name: str
    kind: Literal["memory", "link"]
    count: float
    topology: str
    via: str = ""


@dataclass(frozen=True)
class Part:
    """A machine, and how many of it are in another, with the 90 % interval of that number."""

    machine: Machine
    count: float
    low: float
    high: float


@dataclass(frozen=True)
class Memory:
    """All memories of one kind in a machine.

    `bandwidth` [B/s] is of loads, summed over the machine; where the memory is only reached over a link
    (`via`), it is that link's.
    """

    name: str
    count: float
    capacity: float
    bandwidth: float
    via: str


@dataclass(frozen=True)
class Link:
    """All links of one kind in a machine; bandwidths [B/s] in one direction, latency [s] if published."""

    name: str
    owner: str
    count: float
    bandwidth: float
    total_bandwidth: float
    latency: float | None
    topology: str


@dataclass(frozen=True)
class Account:
    """One way to count a machine's power: what is inside the boundary, and the interval [W]."""

    boundary: str
    quantity: str
    reading: str
    value: float
    low: float
    high: float
    source: str


@dataclass(frozen=True, eq=False)
class Machine:
    """An entity with its facts, parts, memories and links."""

    entity: Entity
    facts: Facts
    parts: tuple[Part, ...] = ()
    tiers: tuple[Tier, ...] = ()

    @property
    def id(self) -> str:
        """Name in the catalogue."""
        return self.entity.id

    @property
    def name(self) -> str:
        """Name in print."""
        return self.entity.name

    def __repr__(self) -> str:
        inside = ", ".join(f"{part.count:,.12g} x {part.machine.id}" for part in self.parts)
        known = self.precisions()
        first = "bf16" if "bf16" in known or not known else known[0]
        peak = f"{format_si(self.peak(first), 'FLOP/s')} {first}" if known else ""
        told = "; ".join(one for one in (inside, peak) if one)
        return f"<Machine {self.id}{': ' + told if told else ''}>"

    def _repr_html_(self) -> str:
        rows = [
            (row["group"], row["name"], format_si(row["value"], row["unit"]), row["note"])
            for row in self.rows()
        ]
        return html_table(f"{self.name}.", ("What", "Name", "Value", "Note"), rows)

    def __rmul__(self, count: float) -> Machine:
        """Return so many of this machine as a machine: ``7 * machine("exapod")``."""
        if not 0 < count < float("inf"):
            raise DomainError(f"a machine can be taken a positive number of times, got {count!r}")
        entity = Entity(id=f"{count:g}x{self.id}", name=f"{count:,.12g} x {self.name}", kind="many")
        return Machine(entity, self.facts, (Part(self, count, count, count),))

    def walk(self) -> Iterator[tuple[Machine, float]]:
        """Yield this machine and everything inside it, each with how many there are; outermost first."""
        yield self, 1.0
        for part in self.parts:
            for inner, count in part.machine.walk():
                yield inner, part.count * count

    def count(self, part: str) -> float:
        """How many of a part a machine holds, at any depth.

        Raises
        ------
        UnknownNameError
            If there is no such part in it.
        """
        counts: dict[str, float] = {}
        for inner, count in self.walk():
            counts[inner.id] = counts.get(inner.id, 0.0) + count
        if part not in counts:
            raise UnknownNameError(f"there is no {part!r} in {self.id}{nearest(part, counts)}")
        return counts[part]

    def total(self, quantity: str) -> float:
        """A quantity of the machine [SI]: its own fact, or else the sum over its parts.

        A sum that would leave out a computing part is refused; memories are summed where they are.

        Raises
        ------
        UnknownNameError
            If neither it nor any part has that quantity.
        """
        found = self.maybe(quantity)
        if found is None:
            known = {name for inner, _ in self.walk() for name in self.facts.quantities(inner.id)}
            hint = nearest(quantity, known - {quantity})
            raise UnknownNameError(f"{self.id} has no {quantity!r}, nor has each of its parts{hint}")
        return found

    def maybe(self, quantity: str) -> float | None:
        """`total`, or None where it has none."""
        if self.facts.has(self.id, quantity):
            return self.facts.value(self.id, quantity)
        found = [(part, part.machine.maybe(quantity)) for part in self.parts]
        known = [part.count * total for part, total in found if total is not None]
        # A memory may sit in one kind of part alone; a power or a price that leaves chips out is no total.
        partial = any(total is None and part.machine.computes() for part, total in found)
        return sum(known) if known and not (partial and not quantity.endswith(OF_TIERS)) else None

    def summed(self, quantity: str) -> Fact:
        """`total` as a fact, with the sum of the parts' intervals and their source.

        Raises
        ------
        UnknownNameError
            If neither it nor each part has that quantity.
        """
        value = self.total(quantity)
        leaves = [(inner, count) for inner, count in self.walk() if self.facts.has(inner.id, quantity)]
        outermost = [
            (one, n) for one, n in leaves if not any(one is not o and _holds(o, one) for o, _ in leaves)
        ]
        first = self.facts.get(outermost[0][0].id, quantity)
        low, high = (
            sum(count * getattr(self.facts.get(one.id, quantity), of) for one, count in outermost)
            for of in ("low", "high")
        )
        of_what = " + ".join(f"{count:,.12g} x {one.id}" for one, count in outermost)
        return replace(
            first,
            entity=self.id,
            reading="",
            value=value,
            low=low,
            high=high,
            printed=of_what,
            source=f"{of_what} ({first.source})",
            note=f"sum over the parts: {of_what}",
        )

    def transistor_density(self) -> float | None:
        """Transistors an area [1/m^2], or None where either is not published."""
        transistors, area = self.maybe("transistors"), self.maybe("die_area")
        return None if transistors is None or area is None else transistors / area

    def precisions(self) -> list[str]:
        """Precisions at which every computing part has a published peak: ``["bf16", "fp32"]``."""
        own = [name for name in self.facts.quantities(self.id) if name.startswith("peak_")]
        if own:
            return [name.removeprefix("peak_") for name in own]
        inside = [part.machine.precisions() for part in self.parts if part.machine.computes()]
        return [one for one in inside[0] if all(one in other for other in inside)] if inside else []

    def computes(self) -> bool:
        """Whether anything in it has a peak."""
        return any(
            name.startswith("peak_") for inner, _ in self.walk() for name in self.facts.quantities(inner.id)
        )

    def peak(self, precision: str) -> float:
        """Dense peak rate at a precision [FLOP/s].

        Raises
        ------
        UnknownNameError
            If some computing part has no published peak at it; the message says which there are.
        """
        if precision.lower() not in self.precisions():
            known = ", ".join(self.precisions()) or "none"
            raise UnknownNameError(f"{self.id} has no peak at precision {precision!r}; it has {known}")
        return self.total(f"peak_{precision.lower()}")

    def memories(self) -> list[Memory]:
        """Memories by kind, the fastest first."""
        found: dict[str, Memory] = {}
        links = {link.name: link for link in self.links()}
        for inner, count in self.walk():
            for tier in inner.tiers:
                if tier.kind == "memory" and tier.name not in found:
                    stem = tier.name.replace("-", "_")
                    bandwidth = (
                        links[tier.via].total_bandwidth
                        if tier.via in links
                        else self.maybe(f"{stem}_bandwidth")
                    )
                    if bandwidth is None:  # reached over a link that this machine, taken alone, does not have
                        continue
                    capacity = self.total(f"{stem}_capacity")
                    found[tier.name] = Memory(tier.name, count * tier.count, capacity, bandwidth, tier.via)
        return sorted(found.values(), key=lambda memory: -memory.bandwidth)

    def links(self) -> list[Link]:
        """Links by kind, from the outermost level inward."""
        found = []
        for inner, count in self.walk():
            for tier in inner.tiers:
                if tier.kind == "link":
                    stem = tier.name.replace("-", "_")
                    one = self.facts.value(inner.id, f"{stem}_bandwidth")
                    latency = f"{stem}_latency"
                    found.append(
                        Link(
                            name=tier.name,
                            owner=inner.id,
                            count=count * tier.count,
                            bandwidth=one,
                            total_bandwidth=count * tier.count * one,
                            latency=self.facts.value(inner.id, latency)
                            if self.facts.has(inner.id, latency)
                            else None,
                            topology=tier.topology,
                        )
                    )
        return found

    def power_accounts(self) -> list[Account]:
        """Every way to count the machine's power, the widest boundary last.

        Each level inside it with a power of its own is one boundary: an ExaPOD is 3,000 dies, or 120 tiles,
        or 20 trays. Readings of its own facts each count once more.
        """
        accounts = []
        for quantity in POWER_BOUNDARIES:
            levels: dict[str, list[tuple[Fact, float]]] = {}
            for inner, count in self.walk():
                if inner is not self and self.facts.has(inner.id, quantity):
                    levels.setdefault(inner.id, []).append((self.facts.get(inner.id, quantity), count))
            for boundary, terms in reversed(levels.items()):
                value, low, high = (
                    sum(count * getattr(fact, of) for fact, count in terms) for of in _INTERVAL
                )
                fact = terms[0][0]
                accounts.append(Account(boundary, quantity, fact.reading, value, low, high, fact.source))
            if self.facts.has(self.id, quantity):
                accounts += [
                    Account(self.id, quantity, fact.reading, fact.value, fact.low, fact.high, fact.source)
                    for fact in self.facts.readings(self.id, quantity)
                ]
        return accounts

    def rows(self) -> list[dict[str, Any]]:
        """Parts, peaks, memories, links, power by every account and silicon, as plain dictionaries."""
        found: list[dict[str, Any]] = []

        def add(group: str, name: str, value: float | None, unit: str, note: str = "") -> None:
            if value is not None:
                found.append({"group": group, "name": name, "value": value, "unit": unit, "note": note})

        for inner, count in list(self.walk())[1:]:
            add("made of", inner.id, count, "1", inner.name)
        for precision in self.precisions():
            add("peak", precision, self.peak(precision), "FLOP/s", "dense")
        for memory in self.memories():
            over = f"over {memory.via}" if memory.via else "load"
            add("memory", f"{memory.name} capacity", memory.capacity, "B", f"{memory.count:,.0f} of them")
            add("memory", f"{memory.name} bandwidth", memory.bandwidth, "B/s", over)
        for link in self.links():
            note = f"{link.count:,.0f} x {format_si(link.bandwidth, 'B/s')} in one direction, {link.topology}"
            if link.latency is not None:
                note += f", {format_si(link.latency, 's')}"
            add("link", f"{link.name} of {link.owner}", link.total_bandwidth, "B/s", note)
        for account in self.power_accounts():
            reading = f" [{account.reading}]" if account.reading else ""
            certain = account.low == account.high
            note = (
                account.source if certain else format_range(account.low, account.high, "W", at=account.value)
            )
            add("power", f"{account.quantity} at {account.boundary}{reading}", account.value, "W", note)
        add("silicon", "die area", self.maybe("die_area"), "m^2")
        add("silicon", "transistors", self.maybe("transistors"), "1")
        add("silicon", "transistor density", self.transistor_density(), "1/m^2")
        return found


_INTERVAL = ("value", "low", "high")


def _holds(outer: Machine, inner: Machine) -> bool:
    return any(one is inner for one, _ in outer.walk())
