"""Shipped models of silicon: from a wafer to a tile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.doors import door
from dojo_calc.economics.chip_cost import cost_per_good, scaled_design_cost
from dojo_calc.economics.cost import price_per_rate, price_per_unit, purchase_cost, total_cost
from dojo_calc.economics.harvest import harvest_yield
from dojo_calc.economics.placement import dies_on_wafer
from dojo_calc.economics.procurement import dies_from_wafers
from dojo_calc.economics.yields import (
    faults_on_die,
    good_dies,
    joint_yield,
    passing_share,
    repeated_yield,
    sound_share,
)
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, Step, step
from dojo_calc.quantities import Area, Count, Length, Margin

__all__ = ["die_to_tile"]


@door
def die_to_tile(book: Catalogue | None = None) -> Model:
    """From a wafer's price to that of a Dojo tile and of its arithmetic, with the design apart and included.

    Gross dies are counted by placement of a square of the die's area on its wafer: that step is no formula, so a page
    cannot move what it rests on.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs: wafer_price, die_area, wafer_diameter, edge_exclusion, scribe_width, defect_density,
        critical_share, clustering, redundant_share, spares,
        test_cost, coverage, per_tile, packaging, module, assembly_yield, tile_peak, design_volume, and of the
        design reference_cost, reference_die, growing, fixed. What `design_volume` counts is dies, in the outputs that
        end in ``_if_wafers`` wafers: the share of the design in a tile differs by the good dies of a wafer.
    """
    known = catalogue() if book is None else book
    steps, inputs = tile(known)
    return Model(steps, inputs=inputs, book=known, name="die_to_tile")


def tile(known: Catalogue) -> tuple[dict[str, Callable[..., Any] | Step], dict[str, Any]]:
    """Steps and inputs of `die_to_tile`, for the models that set another silicon beside the tile."""
    facts = known.facts
    made, wafer = known.machine("dojo-tile"), "wafer-300mm"
    laid_out, needed = facts.get("d1", "nodes_per_array"), facts.value("d1", "units")
    growing = [facts.get("chiplet-actuary", f"design_{of}_share") for of in ("chip", "module")]
    steps: dict[str, Callable[..., Any] | Step] = {
        "gross": step(
            square_dies, die="die_area", wafer="wafer_diameter", edge="edge_exclusion", scribe="scribe_width"
        ),
        "faults": step(faults_on_die, die="die_area"),
        "die_yield": harvest_yield,
        "raw_die": step(price_per_unit, total="wafer_price", units="gross"),
        "tested_die": step(total_cost, first="raw_die", others=("test_cost",)),
        "passing": step(passing_share, working="die_yield"),
        "known_good_die": step(cost_per_good, cost="tested_die", working="passing"),
        "sound": step(sound_share, working="die_yield"),
        "all_sound": step(repeated_yield, one="sound", count="per_tile"),
        "tile_yield": step(joint_yield, one="all_sound", other="assembly_yield"),
        "dies_cost": step(purchase_cost, units="per_tile", price="known_good_die"),
        "tile_parts": step(total_cost, first="dies_cost", others=("packaging", "module")),
        "tile": step(cost_per_good, cost="tile_parts", working="tile_yield"),
        "price_of_peak": step(price_per_rate, price="tile", rate="tile_peak"),
        "untested_all_sound": step(repeated_yield, one="die_yield", count="per_tile"),
        "untested_yield": step(joint_yield, one="untested_all_sound", other="assembly_yield"),
        "untested_dies": step(purchase_cost, units="per_tile", price="raw_die"),
        "untested_parts": step(total_cost, first="untested_dies", others=("packaging", "module")),
        "untested_tile": step(cost_per_good, cost="untested_parts", working="untested_yield"),
        "design": step(scaled_design_cost, die="die_area"),
        "design_per_die": step(price_per_unit, total="design", units="design_volume"),
        "design_per_tile": step(purchase_cost, units="per_tile", price="design_per_die"),
        "tile_with_design": step(total_cost, first="tile", others=("design_per_tile",)),
        # The report of the order says pieces: dies as most read it, wafers as one translation does.
        "passing_dies": step(good_dies, working="passing"),
        "design_volume_if_wafers": step(dies_from_wafers, wafers="design_volume", good_dies="passing_dies"),
        "design_per_die_if_wafers": step(price_per_unit, total="design", units="design_volume_if_wafers"),
        "design_per_tile_if_wafers": step(purchase_cost, units="per_tile", price="design_per_die_if_wafers"),
        "tile_with_design_if_wafers": step(total_cost, first="tile", others=("design_per_tile_if_wafers",)),
    }
    inputs: dict[str, Any] = {
        "wafer_price": f"{wafer}.wafer_price",
        "die_area": "d1.die_area",
        "wafer_diameter": f"{wafer}.wafer_diameter",
        "edge_exclusion": f"{wafer}.edge_exclusion",
        "scribe_width": f"{wafer}.scribe_width",
        "defect_density": f"{wafer}.defect_density",
        "critical_share": f"{wafer}.critical_share",
        "clustering": f"{wafer}.clustering",
        "redundant_share": "d1.redundant_share",
        "spares": (laid_out.value - needed, laid_out.low - needed, laid_out.high - needed),
        "test_cost": "d1.test_cost",
        "coverage": "d1.test_coverage",
        "per_tile": made.count("d1"),
        "packaging": "dojo-tile.packaging_cost",
        "module": "dojo-tile.module_cost",
        "assembly_yield": "dojo-tile.assembly_yield",
        "tile_peak": made.peak("bf16"),
        "design_volume": "tsmc-d1-order.order",
        "reference_cost": f"{wafer}.design_cost",
        "reference_die": facts.value("chiplet-actuary", "design_reference_die"),
        "growing": tuple(sum(getattr(one, of) for one in growing) for of in ("value", "low", "high")),
        "fixed": "chiplet-actuary.design_fixed_share",
    }
    return steps, inputs


def square_dies(die: Area, wafer: Length, edge: Margin, scribe: Margin) -> Count:
    """Gross dies of a square die, as a step of a model: counted by placement, so nothing can be traced through it.

    Raises
    ------
    DomainError
        As `dies_on_wafer`.
    """
    count: Count = 1.0 * dies_on_wafer(die, wafer=wafer, edge=edge, scribe=scribe)
    return count
