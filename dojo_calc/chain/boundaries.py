"""What is inside a power or a price of the chain, and what is outside, in a sentence each.

Two figures with different boundaries differ without either being wrong, so that a figure is told with its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from dojo_calc.chain.kin import seller_of
from dojo_calc.doors import door
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows

__all__ = ["Boundary", "boundaries", "boundary_of"]

# The same boundary, of a fleet, of a run, or for a unit of work.
_BEFORE: Final = ("fleet_", "run_")
_AFTER: Final = "_per_work"


@dataclass(frozen=True)
class Boundary:
    """A power or a price, with what it holds and what it leaves out."""

    name: str
    inside: str
    outside: str


class _Row(Strict):
    name: str
    seller: Literal["", "in-house"] = ""
    inside: str
    outside: str


@cache
def _rows() -> dict[tuple[str, str], _Row]:
    found: dict[tuple[str, str], _Row] = {}
    for row, place in read_rows(data_path("boundaries.csv"), _Row):
        if (row.name, row.seller) in found:
            raise place.error("name", f"{row.name!r} stands twice")
        for column in ("inside", "outside"):
            text = getattr(row, column)
            if not text.endswith("."):
                raise place.error(column, f"expected a sentence with its full stop, got {text!r:.60}")
        found[row.name, row.seller] = row
    return found


@door
def boundary_of(name: str, chip: str | None = None, book: Catalogue | None = None) -> Boundary:
    """Boundary of a power or a price of the chain.

    Parameters
    ----------
    name : str
        Of an input or a step; with ``fleet_`` or ``run_`` before it, or ``_per_work`` behind, it has the same
        boundary as without.
    chip : str, optional
        Of a chip that its maker keeps, a price is what it costs that maker.
    book : Catalogue, optional

    Returns
    -------
    Boundary

    Raises
    ------
    UnknownNameError
        If there is no such chip, or no boundary is known of that name.
    """
    known = _rows()
    own = _shorter(name)
    if own is None:
        hint = nearest(name, [one for one, _ in known])
        raise UnknownNameError(f"no boundary is known of {name!r}, which is no power and no price{hint}")
    kept = chip is not None and seller_of((catalogue() if book is None else book).machine(chip)) == "in-house"
    row = known.get((own, "in-house" if kept else "")) or known[own, ""]
    return Boundary(name, row.inside, row.outside)


@door
def boundaries(
    names: Iterable[str], chip: str | None = None, book: Catalogue | None = None
) -> list[Boundary]:
    """Boundaries of all powers and prices among the names of an answer, in their order.

    Parameters
    ----------
    names : iterable of str
        Of the answer's outputs; what is neither a power nor a price has no boundary and no row.
    chip : str, optional
        As for `boundary_of`.
    book : Catalogue, optional

    Returns
    -------
    list of Boundary

    Raises
    ------
    UnknownNameError
        If there is no such chip.
    """
    return [boundary_of(name, chip, book) for name in dict.fromkeys(names) if _shorter(name) is not None]


def _shorter(name: str) -> str | None:
    """The name of the table that a name of the chain stands under."""
    known = {one for one, _ in _rows()}
    if name in known:
        return name
    if name.endswith(_AFTER):
        return _shorter(name.removesuffix(_AFTER))
    for one in _BEFORE:
        if name.startswith(one):
            return _shorter(name.removeprefix(one))
    return None
