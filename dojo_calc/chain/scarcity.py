"""When chips are scarce: how long the queue is, what waiting costs, and what an own chip is worth as insurance."""

from __future__ import annotations

from dojo_calc.doors import door
from dojo_calc.economics.cost import energy_cost, purchase_cost, total_cost
from dojo_calc.economics.power import energy, pooled_power
from dojo_calc.economics.procurement import capital_charge, rental_cost
from dojo_calc.economics.programme import advantage, insurance_value, slip_loss
from dojo_calc.economics.scarcity import backlog, backlog_wait, short_share, use_not_had
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, step
from dojo_calc.units import year

__all__ = ["scarcity"]


@door
def scarcity(book: Catalogue | None = None) -> Model:
    """The queue for GPUs, what it costs to stand in it, and the insurance that a chip of one's own would be.

    Waiting costs the use of the chips, at their rent, and saves interest, energy and what the market takes off
    their price meanwhile. The insurance pays twice: the dearer price in a shortage, and the use of what could
    not be had at any price. It costs the design of a chip that is not used otherwise, in full where the bought
    chips would have come. That one's own chip can be short as well, of wafers and packages from the same
    makers, is left out.

    Parameters
    ----------
    book : Catalogue, optional

    Returns
    -------
    Model
        Outputs: `wait_backlog` [1], `wait_book` [s], `wait_cost` [USD] and its parts for `wait_units`;
        `cover_premium`, `cover_use`, `cover_worth`, `cover_pays` [USD] over `cover_horizon`.
    """
    known = catalogue() if book is None else book
    gpu, frontier = "h100-sxm", "gpu-frontier"
    return Model(
        {
            "wait_backlog": step(backlog, shipped="wait_shipped", period=year / 4.0, wait="wait_time"),
            "wait_book": step(backlog_wait, booked="wait_booked", sold="wait_sold", period=year / 4.0),
            "wait_value": step(purchase_cost, units="wait_units", price="wait_price"),
            "wait_lost_use": step(rental_cost, units="wait_units", rent="wait_rent", duration="wait_time"),
            "wait_power": step(pooled_power, units="wait_units", unit="wait_unit_power"),
            "wait_energy": step(energy, power="wait_power", duration="wait_time"),
            "wait_electricity": step(energy_cost, energy="wait_energy", price="wait_energy_price"),
            "wait_interest": step(
                capital_charge, capital="wait_value", interest="wait_capital_interest", period=year,
                duration="wait_time",
            ),
            "wait_cheaper": step(
                slip_loss, value="wait_value", growth="wait_frontier_growth", slip="wait_time", period=year
            ),
            "wait_saved": step(
                total_cost, first="wait_interest", others=("wait_electricity", "wait_cheaper")
            ),
            "wait_cost": step(advantage, bought="wait_lost_use", made="wait_saved"),
            "cover_short": step(short_share, shortages="cover_shortages", shortage="cover_shortage"),
            "cover_premium": step(
                insurance_value, shortages="cover_shortages", shortage="cover_shortage",
                purchases="wait_value", premium="cover_dearer",
            ),
            "cover_use": step(
                use_not_had, units="wait_units", rent="wait_rent", unserved="cover_unserved",
                short="cover_short", duration="cover_horizon",
            ),
            "cover_worth": step(total_cost, first="cover_premium", others=("cover_use",)),
            "cover_pays": step(advantage, bought="cover_worth", made="cover_development"),
        },
        inputs={
            "wait_shipped": "nvidia.shipments",
            "wait_time": "dgx-h100.lead_time[all_2023]",  # its other readings are of 2024
            "wait_booked": "nvidia.bookings[to_2026]",
            "wait_sold": "nvidia.data_centre_revenue",
            "wait_units": "cortex-1.gpu_count[deck_q4_2024]",
            "wait_price": f"{gpu}.price_in_node[cost_sheet_2024]",
            "wait_rent": f"{gpu}.hourly_rent[median_2024]",
            "wait_unit_power": f"{gpu}.facility_power",
            "wait_energy_price": "us.electricity_price[y2024]",
            "wait_capital_interest": "h100-swap-2024.capital_interest",
            "wait_frontier_growth": f"{frontier}.frontier_growth",
            "cover_shortages": f"{frontier}.shortage_rate",
            "cover_shortage": f"{frontier}.shortage_duration",
            "cover_dearer": f"{frontier}.shortage_premium",
            "cover_unserved": f"{frontier}.unserved_share",
            "cover_horizon": "dojo-programme.programme_duration",
            "cover_development": "d1.development_cost",
        },
        book=known,
        name="scarcity",
    )  # fmt: skip
