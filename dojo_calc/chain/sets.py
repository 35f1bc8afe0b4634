"""Named sets of assumptions: what the chain takes that no chip decides, complete, with an interval on every one.

A set refers to facts, so that a number stays with its source; what is in no fact stands in `data/sets.csv` with its
interval and its reason. A fact may be a mean over many, whose interval says how well the mean is known and not what
one of them has: the set then says in multiples of it what one may have. Money of buildings and fees is restated to
the set's year by the index of consumer prices, and electricity is read at it. Rates of interest are nominal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from pydantic import FiniteFloat

from dojo_calc import units
from dojo_calc.chain.dates import Date, input_on, year_of
from dojo_calc.doors import door
from dojo_calc.errors import DojoCalcError, UnknownNameError, nearest
from dojo_calc.facts import Fact
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.inputs import Input
from dojo_calc.quantities import Spec
from dojo_calc.rows import Strict
from dojo_calc.tables import Place, data_path, read_rows

__all__ = ["DEFAULT_SET", "NAMES", "AssumptionSet", "assumption_set", "assumption_sets"]

DEFAULT_SET: Final = "hyperscaler"

# Every set says all of these.
NAMES: Final = (
    "average_power_share", "idle_power_share", "full_load_mfu", "overhead_share", "pue",
    "carbon_intensity", "water_per_energy", "network_share", "hall_price_per_watt", "hall_fee_per_watt", "hall_life",
    "life", "interest", "property_tax", "maintenance_share", "debt_share", "lease_interest", "wanted_return",
    "lease_term", "lease_residual", "storage", "restart", "field_factor", "staff_per_chip", "staff_wage",
    "labour_burden", "repair_time", "income_tax", "tax_life",
)  # fmt: skip
# Steps of the chain: every set says what it gives in place of the first, and may give the others.
RESALE: Final = "resale_share"
STEPS: Final = (RESALE, "goodput", "hall_cost", "operation_cost")
# Every set says a mean price of electricity, or all that it follows from.
ENERGY: Final = "energy_price"
SUPPLY: Final = (
    "energy_charge", "demand_charge", "demand_floor", "grid_wait", "plant_price", "plant_fixed", "gas_price",
    "plant_efficiency", "plant_upkeep", "plant_load", "plant_life",
)  # fmt: skip
_DATE: Final = "date"
_CHIP: Final = "chip"  # in place of a fact: what used chips of the kind that is asked about lose


class _Row(Strict):
    set: str
    name: str
    fact: str = ""
    value: FiniteFloat | None = None
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    unit: str = ""
    reason: str = ""


@dataclass(frozen=True)
class AssumptionSet:
    """A named set: the year of its prices, and the reason of that."""

    name: str
    date: str
    reason: str


@cache
def _rows() -> dict[str, dict[str, tuple[_Row, Place]]]:
    found: dict[str, dict[str, tuple[_Row, Place]]] = {}
    for row, place in read_rows(data_path("sets.csv"), _Row):
        _check(row, place)
        own = found.setdefault(row.set, {})
        if row.name in own:
            raise place.error("name", f"set {row.set!r} has {row.name!r} twice")
        own[row.name] = row, place
    for name, own in found.items():
        last = next(reversed(own.values()))[1]
        extra = [one for one in SUPPLY if one in own] if ENERGY in own else []
        if extra:
            raise own[extra[0]][1].error("name", f"{ENERGY} stands in place of {extra[0]!r}; say one of them")
        for wanted in (_DATE, *NAMES, RESALE, *(SUPPLY if any(one in own for one in SUPPLY) else (ENERGY,))):
            if wanted not in own:
                raise last.error("name", f"set {name!r} ends here and says nothing of {wanted!r}")
    return found


def _check(row: _Row, place: Place) -> None:
    allowed = (_DATE, *NAMES, *STEPS, ENERGY, *SUPPLY)
    if row.name not in allowed:
        raise place.error(
            "name", f"expected a name of the chain, got {row.name!r}{nearest(row.name, allowed)}"
        )
    if row.name == _DATE:
        if row.value is None or not row.reason:
            raise place.error(
                "value" if row.value is None else "reason", "a date needs its year and its reason"
            )
        return
    if (row.value is None) == (not row.fact):
        raise place.error("fact", "expected the name of a fact or a value with its interval, one of the two")
    if row.fact == _CHIP and row.name != RESALE:
        raise place.error("fact", f"expected a fact, got {_CHIP!r}, which {RESALE} alone may have")
    if row.fact == _CHIP and not row.reason:
        raise place.error("reason", "the cell is empty; what is left to the chip needs its reason")
    ends = row.low, row.high
    if row.fact and ends == (None, None):
        return
    for column in ("low", "high", "unit", "reason"):
        if getattr(row, column) in (None, ""):
            raise place.error(
                column, "the cell is empty; what a set says of its own needs interval, unit and reason"
            )
    if row.fact and row.unit != "1":
        raise place.error(
            "unit", f"an interval around a fact is in multiples of it, unit 1, got {row.unit!r}"
        )
    value, low, high = _numbers(row)
    if not low <= value <= high or low == high:
        shown = f"{low:g}, {value:g}, {high:g}"
        raise place.error("low", f"expected low <= value <= high with a width, got {shown}")


@door
def assumption_sets() -> dict[str, AssumptionSet]:
    """Every named set, the default first.

    Raises
    ------
    FactsError
        If a row is refused or a set says nothing of something: the message names file and line.
    """
    rows = _rows()
    names = sorted(rows, key=lambda name: name != DEFAULT_SET)
    return {
        name: AssumptionSet(name, f"{rows[name][_DATE][0].value:g}", rows[name][_DATE][0].reason)
        for name in names
    }


@door
def assumption_set(
    name: str | None = None, book: Catalogue | None = None, on: Date = None
) -> dict[str, Input]:
    """What a named set assumes.

    Parameters
    ----------
    name : str, optional
        See `assumption_sets`; the default set if left out.
    book : Catalogue, optional
    on : str or int, optional
        A year or a date; the set's own if left out.

    Returns
    -------
    dict of str to Input
        Every name of `NAMES` [SI], and steps of the chain that the set gives in place of computing them. A set
        without `resale_share` leaves it to what used chips of the kind lose.

    Raises
    ------
    UnknownNameError
        If there is no such set, or a reader's facts lack one that it refers to.
    FactsError
        If a row of the table is refused, or refers to a fact without an interval: the message names file and line.
    DomainError, UnitError
        If `on` is no date, or there is no index of prices for its year.
    """
    known = catalogue() if book is None else book
    wanted = DEFAULT_SET if name is None else name
    sets = assumption_sets()
    if wanted not in sets:
        hint = nearest(wanted, sets) or f"; there are {', '.join(sets)}"
        raise UnknownNameError(f"there is no set of assumptions {wanted!r}{hint}")
    date = sets[wanted].date if on is None else on
    year_of(date)
    return {
        one: replace(_read(row, place, known, date), name=one)
        for one, (row, place) in _rows()[wanted].items()
        if one != _DATE and row.fact != _CHIP
    }


def _read(row: _Row, place: Place, known: Catalogue, date: str | int) -> Input:
    if row.fact:
        try:
            fact = known.fact(row.fact)
        except DojoCalcError as error:
            raise place.error("fact", str(error)) from None
        if not _wide(fact):
            raise place.error(
                "fact",
                f"{fact.name} is {fact.kind} and has no interval; expected a fact with one, or a value",
            )
        found = input_on(known, row.fact, date)
        if row.low is None or found.value is None:
            return found
        at, (_, low, high) = found.value, _numbers(row)
        said = f"{found.source}; {low:g} to {high:g} times that. {row.reason}"
        return replace(found, low=at * low, high=at * high, source=said)
    value, low, high = (float(units.to_si(one, row.unit)) for one in _numbers(row))
    return Input("", Spec(_si(row.unit)), value, low, high, f"{row.set}: {row.reason}", how="assumed")


def _numbers(row: _Row) -> tuple[float, float, float]:
    """Value and interval of a row that has them, a fact counting as 1."""
    assert row.value is not None or row.fact
    assert row.low is not None
    assert row.high is not None
    return 1.0 if row.value is None else row.value, row.low, row.high


def _wide(fact: Fact) -> bool:
    return fact.low < fact.high


def _si(unit: str) -> str:
    """The base unit of what a unit measures."""
    _, base = units.registry().get_base_units(units.unit(unit))
    return f"{base:~}".replace(" ", "") or "1"
