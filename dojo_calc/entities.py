"""Entities: the names of the catalogue, what each is, and what a reader's own table means by a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from pydantic import Field

from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.rows import Strict
from dojo_calc.tables import Place, data_path, read_rows

__all__ = ["Entity", "Names", "read_entities", "shipped_entities"]

# A name this much like a known one is taken for a slip of the pen: h100-smx (0.88), h1000 (0.89), h10 (0.86).
ALIKE = 0.75


@dataclass(frozen=True)
class Entity:
    """A named thing of the catalogue."""

    id: str
    name: str
    kind: str
    aliases: tuple[str, ...] = ()
    maker: str = ""
    announced: str = ""
    released: str = ""
    process: str = ""
    note: str = ""


class _Row(Strict):
    # Brackets, an equals sign and line breaks would make the name of a fact ambiguous.
    entity: str = Field(pattern=r"^[^\[\]=\r\n]+$")
    name: str = ""
    kind: str
    aliases: str = ""
    maker: str = ""
    announced: str = ""
    released: str = ""
    process: str = ""
    note: str = ""


def read_entities(path: Path, known: Mapping[str, Entity] | None = None) -> dict[str, Entity]:
    """Rows of a table of entities.

    Parameters
    ----------
    path : pathlib.Path
        In the columns of `data/entities.csv`.
    known : mapping, optional
        Entities that there are before, if the table is a reader's own: its kinds must be theirs, and its names new.

    Returns
    -------
    dict
        Id to entity, in the table's order.

    Raises
    ------
    FactsError
        If a row is refused: a name that is taken, or a kind that no shipped entity has.
    """
    found: dict[str, Entity] = {}
    taken = Names(known.values() if known else ())
    kinds = {one.kind for one in known.values()} if known else set()
    for row, place in read_rows(path, _Row):
        aliases = tuple(alias.strip() for alias in row.aliases.split(";") if alias.strip())
        for name in (row.entity, *aliases):
            if not known and name != name.lower():
                raise place.error("entity", f"expected lower-case names, got {name!r}")
            if (other := taken.find(name)) is not None:
                raise place.error(
                    "entity", f"expected names that are used once, got {name!r}, which is {other}"
                )
        if known and row.kind not in kinds:
            hint = nearest(row.kind, kinds)
            raise place.error("kind", f"expected one of {', '.join(sorted(kinds))}, got {row.kind!r}{hint}")
        cells = row.model_dump(exclude={"entity", "name", "aliases"})
        one = Entity(id=row.entity, name=row.name or row.entity, aliases=aliases, **cells)
        found[one.id] = one
        taken.add(one)
    return found


@cache
def shipped_entities() -> Mapping[str, Entity]:
    """Entities of `data/entities.csv` by id."""
    return read_entities(data_path("entities.csv"))


class Names:
    """Which entity a name means: its id or an alias, in any case."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self.entities: dict[str, Entity] = {}
        self._ids: dict[str, str] = {}
        for one in entities:
            self.add(one)

    def add(self, one: Entity) -> None:
        """Know one more."""
        self.entities[one.id] = one
        self._ids |= {_plain(name): one.id for name in (one.id, *one.aliases)}

    def find(self, name: object) -> str | None:
        """Id of the entity of that name, or None where there is none.

        Raises
        ------
        UnknownNameError
            If it is no text: a scenario may hold a number or a list where a name belongs.
        """
        if not isinstance(name, str):
            raise UnknownNameError(f"expected the name of a machine, got {name!r:.60}")
        return self._ids.get(_plain(name))

    def nearest(self, name: str) -> str:
        """Phrase that offers the names most like `name`; an empty text where none is alike."""
        return nearest(name.strip()[:60], self._ids)

    def known_or_new(self, name: str, place: Place) -> str:
        """Id of the entity that a reader's own row means; a name unlike all others is a new chip.

        Raises
        ------
        FactsError
            If the name is none that is known but much like one: a slip of the pen would silently be a new chip.
        """
        if (found := self.find(name)) is not None:
            return found
        if any(mark in name for mark in "[]=\r\n"):
            raise place.error("entity", f"expected a name without brackets and equals signs, got {name!r}")
        alike = get_close_matches(_plain(name), self._ids, n=3, cutoff=ALIKE)
        if alike:
            raise place.error(
                "entity",
                f"unknown entity {name!r}; did you mean {' or '.join(alike)}? If it is new, say so in a table with "
                "the columns entity,kind, given beside this one",
            )
        self.add(Entity(name, name, "chip"))
        return name

    def known(self, name: str, place: Place, column: str) -> str:
        """Id of the entity of that name.

        Raises
        ------
        FactsError
            If there is none of that name.
        """
        if (found := self.find(name)) is None:
            raise place.error(
                column,
                f"expected an entity of entities.csv or of a table of your own, got {name!r}{self.nearest(name)}",
            )
        return found


def _plain(name: str) -> str:
    return " ".join(name.lower().split())
