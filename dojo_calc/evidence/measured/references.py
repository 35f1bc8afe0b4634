"""Figures that others print for the same formulas, recomputed: a row of `data/references.csv` each.

A row holds what was printed, its unit and the inputs; the function registered here under its id computes
the value with the library's formulas. A row holds if the value rounds to what was printed, at every printed
digit; a row with a `tolerance` (in its unit) is held to that instead, and its note says why.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from pydantic import PositiveFloat

from dojo_calc import units
from dojo_calc.doors import door
from dojo_calc.economics.carbon import die_carbon, wafer_carbon
from dojo_calc.economics.cost import energy_cost, purchase_cost, straight_line, total_cost
from dojo_calc.economics.depreciation import decay_of_orders, rate_of_loss
from dojo_calc.economics.discounting import (
    annuity_payment,
    capital_recovery_factor,
    levelised_cost,
    net_present_value,
    periodic_rate,
)
from dojo_calc.economics.investment import internal_rate_of_return
from dojo_calc.economics.ownership import cost_of_share, energy_rate, hall_capital, hall_fees, total_rate
from dojo_calc.economics.power import energy, facility_power, site_power
from dojo_calc.economics.race import growth_needed
from dojo_calc.errors import FactsError
from dojo_calc.evidence.measured.silicon_references import SILICON
from dojo_calc.quantities import (
    Area,
    CashFlow,
    Count,
    DecayRate,
    DiscountRate,
    Duration,
    Energy,
    EnergyPerArea,
    EnergyPrice,
    Fraction,
    InterestRate,
    Mass,
    MassPerArea,
    MassPerEnergy,
    Money,
    MoneyPerPower,
    MoneyRate,
    Periods,
    Power,
    PowerUsage,
    Ratio,
    Term,
    checked,
    signature,
)
from dojo_calc.rows import Strict
from dojo_calc.tables import Place, data_path, read_rows

__all__ = ["REFERENCES", "Compared", "compare_references"]

Computed = Callable[..., Any]

REFERENCES: dict[str, Computed] = dict(SILICON)
"""Under each id, a function of the row's inputs, given by name, whose parameters and result carry their units."""


class _Row(Strict):
    id: str
    what: str
    value: str
    unit: str
    tolerance: PositiveFloat | None = None
    inputs: str = ""
    source: str
    note: str = ""


@dataclass(frozen=True)
class Compared:
    """A printed figure beside ours, both in `unit`."""

    id: str
    what: str
    unit: str
    value: float
    reference: float
    difference: float
    holds: bool
    source: str
    note: str


def _reference(*ids: str) -> Callable[[Computed], Computed]:
    def register(function: Computed) -> Computed:
        REFERENCES.update(dict.fromkeys(ids, function))
        return function

    return register


@door
def compare_references() -> list[Compared]:
    """Compute every figure of `data/references.csv` and hold it against what was printed.

    Returns
    -------
    list of Compared
        In the order of the file.

    Raises
    ------
    FactsError
        If a row is refused, a row has no function, or a function no row.
    """
    rows = list(read_rows(data_path("references.csv"), _Row))
    if lonely := {row.id for row, _ in rows} ^ set(REFERENCES):
        raise FactsError(f"references and functions do not match: {', '.join(sorted(lonely))}")
    seen: set[str] = set()
    for row, place in rows:
        if row.id in seen:
            raise place.error("id", f"{row.id!r} stands twice")
        seen.add(row.id)
    return [_compared(row, place) for row, place in rows]


def _compared(row: _Row, place: Place) -> Compared:
    try:
        printed = Decimal(row.value)
    except InvalidOperation:
        raise place.error("value", f"expected a number, got {row.value!r}") from None
    function = REFERENCES[row.id]
    declared = signature(function)
    if (
        declared is None
        or units.unit(row.unit).dimensionality != units.unit(declared.result.unit).dimensionality
    ):
        raise place.error("unit", f"expected a unit of what {row.id!r} computes, got {row.unit!r}")
    value = float(checked(function)(**_inputs(row, place))) / units.to_si(1.0, row.unit)
    exponent = printed.as_tuple().exponent
    if not isinstance(exponent, int):
        raise place.error("value", f"expected a finite number, got {row.value!r}")
    allowed = row.tolerance or 0.5 * 10.0**exponent
    difference = value - float(printed)
    return Compared(
        id=row.id,
        what=row.what,
        unit=row.unit,
        value=value,
        reference=float(printed),
        difference=difference,
        holds=abs(difference) <= allowed * (1 + 1e-9),
        source=row.source,
        note=row.note,
    )


def _inputs(row: _Row, place: Place) -> dict[str, str]:
    """Read ``name=quantity; name=quantity`` and hold the names to the function's own."""
    given: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in row.inputs.split(";"))):
        name, equals, text = part.partition("=")
        if not equals:
            raise place.error("inputs", f"expected name=quantity, got {part!r}")
        given[name.strip()] = text.strip()
    expected = set(inspect.signature(REFERENCES[row.id]).parameters)
    if set(given) != expected:
        raise place.error("inputs", f"expected {', '.join(sorted(expected))}, got {', '.join(sorted(given))}")
    return given


# Epoch AI, a chip-hour of training.


@_reference("epoch-chip-hour-depreciation")
def _epoch_depreciation(price: Money, orders: DecayRate) -> MoneyRate:
    return rate_of_loss(price, decay_of_orders(orders))


@_reference("epoch-chip-hour-network")
def _epoch_network(price: Money, orders: DecayRate, network_share: Fraction) -> MoneyRate:
    return cost_of_share(_epoch_depreciation(price, orders), network_share)


@_reference("epoch-chip-hour-energy")
def _epoch_energy(
    server_power: Power, chips: Count, utilisation: Fraction, pue: PowerUsage, energy_price: EnergyPrice
) -> MoneyRate:
    return energy_rate(facility_power(server_power / chips * utilisation, pue), energy_price)


@_reference("epoch-chip-hour")
def _epoch_chip_hour(
    price: Money, orders: DecayRate, network_share: Fraction, server_power: Power, chips: Count,
    utilisation: Fraction, pue: PowerUsage, energy_price: EnergyPrice,
) -> MoneyRate:  # fmt: skip
    return total_rate(
        _epoch_depreciation(price, orders),
        _epoch_network(price, orders, network_share),
        _epoch_energy(server_power, chips, utilisation, pue, energy_price),
    )


# Epoch AI, the site power of a chip.


@_reference(
    "epoch-h100-2023", "epoch-h100-2024", "epoch-h100-2025", "epoch-a100-2021", "epoch-a100-2022",
    "epoch-gb200-2025", "epoch-d1-2025", "epoch-exapod",
)  # fmt: skip
def _epoch_power(chips: Count, chip_power: Power, server_overhead: Ratio, pue: PowerUsage) -> Power:
    return site_power(chips, chip_power, server_overhead, pue)


# ACT, a die.


@_reference("act-d1-die")
def _act_die(
    energy: EnergyPerArea, intensity: MassPerEnergy, gas: MassPerArea, material: MassPerArea, area: Area,
    die_yield: Fraction, packaging: Mass,
) -> Mass:  # fmt: skip
    return die_carbon(area, wafer_carbon(energy, intensity, gas, material), die_yield, packaging)


# Barroso, Hoelzle and Ranganathan, a server over its life.


def _interest(
    price: Money, annual: InterestRate, per_year: Periods, periods: Periods, paid: Periods
) -> Money:
    """Payments less the principal they repay, each taken in proportion to the time."""
    payments = annuity_payment(price, periodic_rate(annual, per_year), periods) * paid
    return payments - straight_line(price, paid, periods)


def _hall_amortisation(
    power: Power, hall_price: MoneyPerPower, hall_months: Periods, months: Periods
) -> Money:
    return straight_line(hall_capital(power, hall_price), months, hall_months)


def _hall_interest(
    power: Power,
    hall_price: MoneyPerPower,
    hall_months: Periods,
    months: Periods,
    annual: InterestRate,
    per_year: Periods,
) -> Money:
    return _interest(hall_capital(power, hall_price), annual, per_year, hall_months, months)


def _hall_operation(power: Power, fee: MoneyPerPower, months: Periods) -> Money:
    return hall_fees(power, fee, months)


def _server_energy(power: Power, hours: Duration, energy_price: EnergyPrice) -> Money:
    return energy_cost(energy(power, hours), energy_price)


def _overhead(power: Power, hours: Duration, energy_price: EnergyPrice, pue: PowerUsage) -> Money:
    return _server_energy(facility_power(power, pue) - power, hours, energy_price)


def _server(price: Money) -> Money:
    return purchase_cost(1.0, price)


def _server_interest(price: Money, annual: InterestRate, per_year: Periods, months: Periods) -> Money:
    return _interest(price, annual, per_year, months, months)


def _maintenance(price: Money, maintenance: Fraction) -> Money:
    return purchase_cost(maintenance, price)


def _barroso_total(
    power: Power, hall_price: MoneyPerPower, hall_months: Periods, months: Periods, annual: InterestRate,
    per_year: Periods, fee: MoneyPerPower, hours: Duration, energy_price: EnergyPrice, pue: PowerUsage,
    price: Money, maintenance: Fraction,
) -> Money:  # fmt: skip
    return total_cost(
        _hall_amortisation(power, hall_price, hall_months, months),
        _hall_interest(power, hall_price, hall_months, months, annual, per_year),
        _hall_operation(power, fee, months),
        _server_energy(power, hours, energy_price),
        _overhead(power, hours, energy_price, pue),
        _server(price),
        _server_interest(price, annual, per_year, months),
        _maintenance(price, maintenance),
    )


_COLUMNS: dict[str, Computed] = {
    "hall-amortisation": _hall_amortisation, "hall-interest": _hall_interest, "hall-operation": _hall_operation,
    "energy": _server_energy, "overhead": _overhead, "server": _server, "server-interest": _server_interest,
    "maintenance": _maintenance, "total": _barroso_total,
}  # fmt: skip
for _name, _column in _COLUMNS.items():
    _reference(f"barroso-1kw-{_name}", f"barroso-dgx-{_name}")(_column)


# Hamilton, a site over a month.


@_reference("hamilton-servers", "hamilton-network", "hamilton-power-and-cooling", "hamilton-other")
def _monthly(units: Count, price: Money, annual: InterestRate, per_year: Periods, months: Periods) -> Money:
    return annuity_payment(purchase_cost(units, price), periodic_rate(annual, per_year), months)


@_reference("hamilton-energy")
def _monthly_energy(
    power: Power, utilisation: Fraction, pue: PowerUsage, energy_price: EnergyPrice, hours: Duration
) -> Money:
    return energy_cost(energy(facility_power(power * utilisation, pue), hours), energy_price)


@_reference("hamilton-month")
def _month(
    servers: Count, server_price: Money, network: Money, facility: Money, annual: InterestRate, per_year: Periods,
    server_months: Periods, network_months: Periods, facility_months: Periods, power: Power, utilisation: Fraction,
    pue: PowerUsage, energy_price: EnergyPrice, hours: Duration,
) -> Money:  # fmt: skip
    monthly = partial(_monthly, annual=annual, per_year=per_year)
    return total_cost(
        monthly(servers, server_price, months=server_months),
        monthly(1.0, network, months=network_months),
        monthly(1.0, facility, months=facility_months),
        _monthly_energy(power, utilisation, pue, energy_price, hours),
    )


# Identities of finance.


@_reference("pysam-lcoe")
def _fixed_charge(
    charge: Ratio, capital: Money, fixed: Money, variable: EnergyPrice, output: Energy
) -> EnergyPrice:
    return levelised_cost(charge, capital, fixed, variable, output)


@_reference("finance-payment")
def _payment(principal: Money, annual: InterestRate, per_year: Periods, months: Periods) -> Money:
    return annuity_payment(principal, periodic_rate(annual, per_year), months)


@_reference("finance-net-present-value")
def _worth(
    rate: DiscountRate, first: CashFlow, second: CashFlow, third: CashFlow, fourth: CashFlow, fifth: CashFlow
) -> CashFlow:
    return net_present_value(rate, first, second, third, fourth, fifth)


@_reference("finance-internal-rate")
def _return(
    first: CashFlow, second: CashFlow, third: CashFlow, fourth: CashFlow, fifth: CashFlow
) -> DiscountRate:
    return internal_rate_of_return([float(flow) for flow in (first, second, third, fourth, fifth)])


@_reference("finance-capital-recovery")
def _recovery(rate: InterestRate, periods: Periods) -> Ratio:
    return capital_recovery_factor(rate, periods)


@_reference("epoch-world-growth")
def _world_growth(goal: Count, stock: Count, periods: Term) -> Ratio:
    return growth_needed(goal, stock, periods)
