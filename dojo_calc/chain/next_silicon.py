"""Silicon after the D1: a tile left whole on its wafer, boards of AI5, and what a supply contract makes."""

from __future__ import annotations

from dojo_calc.chain.silicon import square_dies, tile
from dojo_calc.doors import door
from dojo_calc.economics.capacity import pooled_rate, units_needed
from dojo_calc.economics.chip_cost import cost_per_good
from dojo_calc.economics.cost import price_per_unit, total_cost
from dojo_calc.economics.harvest import spare_sites_yield
from dojo_calc.economics.power import pooled_power
from dojo_calc.economics.procurement import dies_from_wafers, left_after_slip, pace, wafers_for_money
from dojo_calc.economics.programme import advantage
from dojo_calc.economics.streams import labour_cost, let_income
from dojo_calc.economics.yields import good_dies, joint_yield, repeated_yield
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, step
from dojo_calc.units import year

__all__ = ["next_silicon", "samsung_contract"]

# What a tile of known good dies takes of `die_to_tile`, up to its price.
_TILE = (
    "gross", "faults", "die_yield", "raw_die", "tested_die", "passing", "known_good_die", "sound", "all_sound",
    "tile_yield", "dies_cost", "tile_parts", "tile",
)  # fmt: skip


@door
def next_silicon(book: Catalogue | None = None) -> Model:
    """Ways on from the D1: a tile that is one wafer, a chip ten times as fast, or AI5 for the work told of Dojo 2.

    The wafer: 25 sites for dies of D1's kind are left on their wafer and wired there, with some to spare; dies
    cannot be tested and sorted first, and what else the wafer holds is lost. The others: how many chips have as
    many 8-bit operations a second as the H100 that were told for Dojo 2, and their power beside that of the
    H100. Rates are peaks; memory, network and software that make them usable are left out, but for the wages of
    bringing programs over.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Outputs: `tile` and `wafer_tile` [USD], `wafer_tile_saves`, `wafer_tile_yield`; `dojo2_chips`,
        `ai5_chips` [1], `ai5_fleet_power`, `h100_fleet_power` [W]; `port_cost` [USD], `let_yearly` [USD/s].
    """
    known = catalogue() if book is None else book
    steps, inputs = tile(known)
    kept = {name: steps[name] for name in _TILE}
    used = {
        "wafer_price", "die_area", "wafer_diameter", "edge_exclusion", "scribe_width", "defect_density",
        "critical_share", "clustering", "redundant_share", "spares", "test_cost", "coverage", "per_tile", "packaging",
        "module", "assembly_yield",
    }  # fmt: skip
    return Model(
        kept
        | {
            "wafer_sites_unspared": step(repeated_yield, one="die_yield", count="per_tile"),
            "wafer_sites_yield": step(
                spare_sites_yield, one="die_yield", needed="per_tile", spares="spare_sites"
            ),
            "wafer_tile_yield": step(joint_yield, one="wafer_sites_yield", other="assembly_yield"),
            "wafer_tile_parts": step(total_cost, first="wafer_price", others=("packaging", "module")),
            "wafer_tile": step(cost_per_good, cost="wafer_tile_parts", working="wafer_tile_yield"),
            "wafer_tile_saves": step(advantage, bought="tile", made="wafer_tile"),
            "dojo2_work": step(pooled_rate, units="dojo2_equivalents", unit="h100_peak_8bit"),
            "dojo2_chip_peak": step(pooled_rate, units="dojo2_over_dojo1", unit="d1_peak_8bit"),
            "dojo2_chips": step(units_needed, target="dojo2_work", unit="dojo2_chip_peak"),
            "ai5_chips": step(units_needed, target="dojo2_work", unit="ai5_peak"),
            "ai5_fleet_power": step(pooled_power, units="ai5_chips", unit="ai5_power"),
            "h100_fleet_power": step(pooled_power, units="dojo2_equivalents", unit="h100_power"),
            "port_cost": step(
                labour_cost, people="port_staff", wage="port_wage", duration="port_duration", period=year
            ),
            "let_yearly": step(let_income, units="let_units", rent="let_rent", let_share="let_share"),
        },
        inputs={name: given for name, given in inputs.items() if name in used}
        | {
            "spare_sites": "dojo-2-plan.spare_sites",
            "dojo2_equivalents": "dojo-2-plan.h100_equivalents",
            "dojo2_over_dojo1": "dojo-2-plan.compute_over_dojo1",
            "d1_peak_8bit": "d1.peak_fp8",
            "h100_peak_8bit": "h100-sxm.peak_fp8",
            "h100_power": "h100-sxm.power",
            "ai5_peak": "ai5.peak_int8[press_2025]",
            "ai5_power": "ai5.power",
            "port_staff": "dojo-software.port_staff",
            "port_wage": "dojo-programme.staff_wage",
            "port_duration": "dojo-software.port_duration",
            "let_units": "dojo-1.h100_equivalents",
            "let_rent": "h100-sxm.hourly_rent[median_2025]",
            "let_share": "dojo-1.let_share",
        },
        book=known,
        name="next_silicon",
    )


@door
def samsung_contract(book: Catalogue | None = None) -> Model:
    """From the dollars of Tesla's contract with Samsung to wafers a month, dies and chips, with and without a slip.

    The price and the yield of a wafer are taken to stay as they were told in 2025, over years in which the one
    falls and the other rises; so the chips are too few rather than too many for that money. AI6's size was not
    published.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Outputs: `ai6_wafers` [1], `ai6_wafer_pace` [1/s], `ai6_good` dies a wafer, `ai6_chips` [1],
        `ai6_chips_late` by the contract's end with the slip, `ai6_wafer_each` the wafer's part in the cost of a
        chip [USD].
    """
    known = catalogue() if book is None else book
    wafer = "wafer-300mm"
    return Model(
        {
            "ai6_wafers": step(
                wafers_for_money, value="ai6_contract", other="ai6_outside", price="ai6_wafer_price"
            ),
            "ai6_wafer_pace": step(pace, order="ai6_wafers", duration="ai6_production"),
            "ai6_gross": step(
                square_dies, die="ai6_die_area", wafer="wafer_diameter", edge="edge_exclusion",
                scribe="scribe_width",
            ),
            "ai6_raw_die": step(price_per_unit, total="ai6_wafer_price", units="ai6_gross"),
            "ai6_good": step(good_dies, gross="ai6_gross", working="ai6_yield"),
            "ai6_chips": step(dies_from_wafers, wafers="ai6_wafers", good_dies="ai6_good"),
            "ai6_chips_late": step(
                left_after_slip, order="ai6_chips", slip="ai6_slip", duration="ai6_production"
            ),
            "ai6_wafer_each": step(cost_per_good, cost="ai6_raw_die", working="ai6_yield"),
        },
        inputs={
            "ai6_contract": "ai6.contract_value",
            "ai6_outside": "ai6.outside_wafer_share",
            "ai6_wafer_price": "samsung-2nm.wafer_price",
            "ai6_production": "ai6.production_time",
            "ai6_die_area": "ai6.die_area",
            "wafer_diameter": f"{wafer}.wafer_diameter",
            "edge_exclusion": f"{wafer}.edge_exclusion",
            "scribe_width": f"{wafer}.scribe_width",
            "ai6_yield": "samsung-2nm.wafer_yield",
            "ai6_slip": "ai6.programme_slip",
        },
        book=known,
        name="samsung_contract",
    )  # fmt: skip
