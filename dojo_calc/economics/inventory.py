"""What a target rate is made of, level by level: chips, assemblies, wafers, power and prices by every account."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dojo_calc.doors import door
from dojo_calc.economics.capacity import h100_equivalents, units_needed, whole
from dojo_calc.economics.cost import purchase_cost
from dojo_calc.economics.placement import gross_dies_of
from dojo_calc.economics.power import pooled_power
from dojo_calc.errors import UnknownNameError
from dojo_calc.formatting import format_range, format_si
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.hardware.machine import Machine
from dojo_calc.quantities import FlopRate, single
from dojo_calc.words import html_table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Inventory", "Line", "inventory"]


@dataclass(frozen=True)
class Line:
    """One line of an inventory: a value with the interval of the facts behind it, in SI."""

    group: str
    name: str
    value: float
    low: float
    high: float
    unit: str
    basis: str

    def __str__(self) -> str:
        if self.low != self.high:
            return format_si(self.value, self.unit, interval=(self.low, self.high))
        return format_si(self.value, self.unit, digits=9 if self.unit == "1" else 4)

    @property
    def interval(self) -> str:
        """The 90 % interval in the unit of the value; empty where nothing about it is uncertain."""
        certain = self.low == self.high
        return "" if certain else format_range(self.low, self.high, self.unit, at=self.value)


@dataclass(frozen=True)
class Inventory:
    """Everything that a target takes with one chip."""

    target: float
    chip: str
    precision: str
    lines: tuple[Line, ...]

    def __repr__(self) -> str:
        return f"<Inventory of {self._asked}: {len(self.lines)} lines>"

    def __str__(self) -> str:
        wide = max(len(line.name) for line in self.lines)
        return "\n".join([self._asked, *(f"  {line.name:<{wide}}  {line}" for line in self.lines)])

    def _repr_html_(self) -> str:
        rows = [(line.group, line.name, str(line), line.interval, line.basis) for line in self.lines]
        return html_table(f"{self._asked}.", ("What", "Name", "Value", "90 % interval", "Basis"), rows)

    @property
    def _asked(self) -> str:
        return f"{format_si(self.target, 'FLOP/s')} of {self.precision} with {self.chip}"

    def __getitem__(self, name: str) -> Line:
        for line in self.lines:
            if line.name == name:
                return line
        raise UnknownNameError(
            f"the inventory has no line {name!r}; it has {', '.join(line.name for line in self.lines)}"
        )

    def rows(self) -> list[dict[str, Any]]:
        """Lines as plain dictionaries."""
        return [asdict(line) for line in self.lines]

    def table(self) -> pl.DataFrame:
        """Lines as a polars frame."""
        import polars as pl

        return pl.DataFrame(self.rows())


@door
def inventory(
    target: float | str, chip: str, precision: str = "bf16", book: Catalogue | None = None
) -> Inventory:
    """Count what a target peak rate takes of one kind of chip, at every level and by every published account.

    One power and one price at stated boundaries, with what nobody published estimated, are the question
    `dojo_calc.questions.plan.plan`.

    Parameters
    ----------
    target : float or str
        [FLOP/s], or a text such as ``"100 EFLOP/s"``.
    chip : str
        Id or alias of an entity with a peak.
    precision : str
        At which both are counted.
    book : Catalogue, optional
        Facts to use; the shipped ones if left out.

    Returns
    -------
    Inventory
        Lines for units, assemblies, wafers, power by each account, money by each price, H100-equivalents by
        each basis. Money and power carry the intervals of their facts.

    Raises
    ------
    UnitError, DomainError
        If the target is no positive rate.
    UnknownNameError
        If there is no such chip, or it has no peak at that precision.
    """
    known = book or catalogue()
    rate = single(target, FlopRate, "target")
    unit = known.machine(chip)
    exact = units_needed(rate, unit.peak(precision))
    peak = format_si(unit.peak(precision), "FLOP/s")
    lines = [
        _exact("units", f"{unit.id}, exact", exact, f"target / {peak} ({precision})"),
        _exact("units", f"{unit.id}, whole", whole(exact), "rounded up"),
    ]
    assemblies = known.assemblies(unit.id)
    for one in assemblies:
        held = one.count(unit.id)
        lines.append(_exact("assemblies", f"{one.id}, exact", exact / held, f"{held:,.12g} x {unit.id} each"))
        lines.append(_exact("assemblies", f"{one.id}, whole", whole(exact, held), "rounded up"))
    lines += _wafers(known, unit, exact)
    lines += _power(unit, assemblies, exact)
    lines += _money(unit, assemblies, exact)
    for basis in ("bf16", "fp8"):
        if basis in unit.precisions():
            own = exact * unit.peak(basis)
            h100 = known.machine("h100-sxm").peak(basis)
            lines.append(
                _exact("equivalents", f"h100 ({basis} basis)", h100_equivalents(own, h100), f"{basis} peaks")
            )
    return Inventory(rate, unit.id, precision, tuple(lines))


def _exact(group: str, name: str, value: Any, basis: str) -> Line:
    return Line(group, name, float(value), float(value), float(value), "1", basis)


def _line(group: str, name: str, interval: list[Any], unit: str, basis: str) -> Line:
    value, low, high = map(float, interval)
    return Line(group, name, value, low, high, unit, basis)


def _wafers(known: Catalogue, unit: Machine, exact: Any) -> list[Line]:
    if not known.facts.has(unit.id, "die_area"):
        return []
    a_wafer = gross_dies_of(unit.id, known)
    basis = f"{a_wafer} gross {'die' if a_wafer == 1 else 'dies'} each, no yield"
    return [
        _exact("wafers", "gross wafers, exact", exact / a_wafer, basis),
        _exact("wafers", "gross wafers, whole", whole(exact, float(a_wafer)), "rounded up"),
    ]


def _power(unit: Machine, assemblies: list[Machine], exact: Any) -> list[Line]:
    lines = []
    for one in (unit, *assemblies):
        count = whole(exact, one.count(unit.id))
        for account in one.power_accounts():
            if account.boundary == one.id:
                interval = [pooled_power(count, of) for of in (account.value, account.low, account.high)]
                name = f"{account.quantity} at {one.id}" + (
                    f" [{account.reading}]" if account.reading else ""
                )
                basis = f"{format_si(account.value, 'W')} each, {account.source}"
                lines.append(_line("power", name, interval, "W", basis))
    return lines


PRICES = ("price", "price_in_node", "price_all_in", "cost_upper_bound")


def _money(unit: Machine, assemblies: list[Machine], exact: Any) -> list[Line]:
    lines = []
    for one in (unit, *assemblies):
        count = whole(exact, one.count(unit.id))
        for quantity in PRICES:
            if one.facts.has(one.id, quantity):
                fact = one.facts.get(one.id, quantity)
                interval = [purchase_cost(count, of) for of in (fact.value, fact.low, fact.high)]
                name = f"{quantity} of {one.id}" + (f" [{fact.reading}]" if fact.reading else "")
                basis = f"{fact.printed} each in {fact.price_year}, {fact.source}"
                lines.append(_line("money", name, interval, "USD", basis))
    return lines
