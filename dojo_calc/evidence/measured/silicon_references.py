"""Functions behind the rows of `data/references.csv` about dies: yields, gross dies, and Chiplet Actuary's costs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from dojo_calc.economics.chip_cost import cost_per_good, scaled_design_cost
from dojo_calc.economics.cost import price_per_unit, total_cost
from dojo_calc.economics.placement import placed_dies
from dojo_calc.economics.silicon import die_with_scribe, gross_dies, usable_diameter
from dojo_calc.economics.yields import (
    faults_on_die,
    good_dies,
    moore_yield,
    murphy_yield,
    negative_binomial_yield,
    poisson_yield,
    seeds_yield,
)
from dojo_calc.quantities import Area, Count, CountPerArea, Fraction, Length, Margin, Money, Ratio

__all__ = ["SILICON"]

Computed = Callable[..., Any]


def _poisson(die: Area, defect_density: CountPerArea, critical_share: Fraction) -> Fraction:
    return poisson_yield(faults_on_die(die, defect_density, critical_share))


def _murphy(die: Area, defect_density: CountPerArea, critical_share: Fraction) -> Fraction:
    return murphy_yield(faults_on_die(die, defect_density, critical_share))


def _seeds(die: Area, defect_density: CountPerArea, critical_share: Fraction) -> Fraction:
    return seeds_yield(faults_on_die(die, defect_density, critical_share))


def _moore(die: Area, defect_density: CountPerArea, critical_share: Fraction) -> Fraction:
    return moore_yield(faults_on_die(die, defect_density, critical_share))


def _clustered(
    die: Area, defect_density: CountPerArea, critical_share: Fraction, clustering: Ratio
) -> Fraction:
    return negative_binomial_yield(faults_on_die(die, defect_density, critical_share), clustering)


def _circle(die: Area, wafer: Length, edge: Margin, scribe: Margin) -> Count:
    return gross_dies(die_with_scribe(die, scribe), usable_diameter(wafer, edge))


def _placed(die: Area, width: Length, wafer: Length, edge: Margin, scribe: Margin) -> Count:
    count: Count = placed_dies(width, die / width, wafer=wafer, edge=edge, scribe=scribe)
    return count


def _good(
    die: Area, wafer: Length, edge: Margin, scribe: Margin,
    defect_density: CountPerArea, critical_share: Fraction, clustering: Ratio,
) -> Count:  # fmt: skip
    working = _clustered(die, defect_density, critical_share, clustering)
    return good_dies(_circle(die, wafer, edge, scribe), working)


def _raw(wafer_price: Money, die: Area, wafer: Length, edge: Margin, scribe: Margin) -> Money:
    return price_per_unit(wafer_price, _circle(die, wafer, edge, scribe))


def _known_good(
    wafer_price: Money, die: Area, wafer: Length, edge: Margin, scribe: Margin,
    defect_density: CountPerArea, critical_share: Fraction, clustering: Ratio,
) -> Money:  # fmt: skip
    working = _clustered(die, defect_density, critical_share, clustering)
    return cost_per_good(_raw(wafer_price, die, wafer, edge, scribe), working)


def _design(
    reference_cost: Money, die: Area, reference_die: Area, growing: Fraction, fixed: Fraction
) -> Money:
    return scaled_design_cost(reference_cost, die, reference_die, growing, fixed)


def _design_over(
    reference_cost: Money, die: Area, reference_die: Area, growing: Fraction, fixed: Fraction, volume: Count
) -> Money:
    return price_per_unit(_design(reference_cost, die, reference_die, growing, fixed), volume)


def _wafer_parts(capital: Money, other: Money) -> Money:
    return total_cost(capital, other)


def _rows() -> dict[str, Computed]:
    dies = ("d1", "a100", "h100")
    yields: dict[str, Computed] = {"poisson": _poisson, "murphy": _murphy, "seeds": _seeds, "moore": _moore}
    yields |= {f"binomial-{clustering}": _clustered for clustering in (2, 3, 10)}
    actuary: dict[str, Computed] = {
        "dies": _circle, "yield": _clustered, "good": _good, "raw": _raw, "known-good": _known_good,
        "chip-design": _design, "module-design": _design,
    }  # fmt: skip
    systems = ("7nm-645", "7nm-826", "5nm-814", "14nm-645", "7nm-100")
    found: dict[str, Computed] = {
        f"yield-{die}-{density}-{name}": model
        for die, density, (name, model) in product(dies, ("009", "010"), yields.items())
    }
    found |= {f"yield-{die}-catch": _clustered for die in ("d1", "a100")}
    found |= {f"dies-{die}-circle-{diameter}": _circle for die, diameter in product(dies, (300, 294))}
    found |= {f"dies-{die}-placed-{edge}mm": _placed for die, edge in product(dies, (3, 5))}
    found |= {f"actuary-{of}-{name}": column for of, (name, column) in product(systems, actuary.items())}
    found |= {f"d1-design-{volume}": _design_over for volume in (3000, 500_000)}
    return found | {f"cset-wafer-{node}nm": _wafer_parts for node in (16, 10, 7, 5)}


SILICON: dict[str, Computed] = _rows()
"""Under each id, a function of the row's inputs, given by name, whose parameters and result carry their units."""
