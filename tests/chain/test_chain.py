"""The one graph from spec sheet to cheque, against sums by hand from its facts."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dojo_calc as dc
from dojo_calc.chain.cost import OWN_PARTS
from dojo_calc.errors import ModelError, UnknownNameError
from dojo_calc.units import day, hour, kWh, mega

# As printed: a hall of 2018 at its own price and fee, the loss of value of new chips, and a server of 310,000 USD.
PRINTED = {
    "hall_price_per_watt": 10.0, "hall_fee_per_watt": 0.04, "price_decline": 0.142,
    "server_price": "h100-sxm.price_in_node[cost_sheet_2024]",
}  # fmt: skip
H100 = dc.chain("h100-sxm").replace(**PRINTED)


def test_the_boundaries_of_power_by_hand() -> None:
    # 100,000 x 700 W = 70 MW. A DGX of 10.2 kW over 8 chips is 1,275 W: 127.5 MW. Network and storage are 10 % of
    # all computers: 127.5 / 0.9 = 141.667. PUE 1.125: 159.375. At three quarters of it 95.625, 106.25, 119.531.
    expected = {
        "fleet_chip_power_rated": 70.0,
        "fleet_server_power_rated": 127.5,
        "fleet_it_power_rated": 141.667,
        "fleet_site_power_rated": 159.375,
        "fleet_server_power_at_work": 95.625,
        "fleet_it_power_at_work": 106.25,
        "fleet_site_power_at_work": 119.531,
    }
    got = H100.evaluate(list(expected), chips=100_000)
    assert {name: value / mega for name, value in got.items()} == pytest.approx(expected, rel=1e-5)


def test_what_owners_report_lies_between_rated_and_at_work() -> None:
    # (700 W x 1.4983 + 223.6 W x (1 - 0.06142)^13) x 1.125 = (1,048.81 + 98.08) x 1.125 = 1,290.3 W a chip of 2025;
    # the fit holds 80 % within a factor of 1.38, so 90 % within 1.38^(1.6449 / 1.2816) = 1.512.
    assert H100.evaluate("site_power_reported", built=2025) == pytest.approx(1290.3, rel=1e-4)
    error = H100.inputs["report_error"]
    assert (error.low, error.high) == pytest.approx((1 / 1.512, 1.512), rel=1e-3)
    at_work, reported, rated = H100.evaluate(
        ["site_power_at_work", "site_power_reported", "site_power_rated"]
    ).values()
    assert at_work < reported < rated


def test_prices_at_each_boundary_by_hand() -> None:
    # A server of 310,000 USD over 8 is 38,750; with a network of 19 % of the whole 38,750 / 0.81 = 47,839.5; with a
    # hall of 10 USD a watt for 1,416.67 W 62,006.2.
    names = ["server_price", "cluster_price", "network_price", "hall_price", "capital_per_chip"]
    got = H100.evaluate(names[1:]) | {"server_price": H100.inputs["server_price"].value}
    assert [got[one] for one in names] == pytest.approx([38750, 47839.5, 9089.5, 14166.7, 62006.2], rel=1e-5)


def test_an_owned_hour_by_hand() -> None:
    # Sold after 5 years at (1 - 0.142)^5 = 0.464976: 38,750 x 0.535024 / (5 x 8,766 h) = 0.47301, and for the network
    # 0.19 / 0.81 of it, 0.11095. A payment at 8 % over 5 years: 47,839.5 - 47,839.5 x 0.464976 / 1.08^5 = 32,700.5,
    # times 0.08 / (1 - 1.08^-5) = 0.2504565 is 8,190.1 a year or 0.93429 an hour, so interest 0.35033. Tax 1 % of
    # 47,839.5: 0.05457. Hall: 14,166.7 at 8 % over 14 years, x 0.1212969 / 8,766 = 0.19603. 0.04 USD a watt and month
    # for 1,416.67 W over 730.5 h: 0.07757. 5 % of 38,750 over 43,830 h: 0.04420. 1.195313 kW x 0.0826: 0.09873.
    expected = {
        "server_write_off": 0.47301, "network_write_off": 0.11095, "interest_cost": 0.35033, "tax_cost": 0.05457,
        "hall_cost": 0.19603, "operation_cost": 0.07757, "maintenance_cost": 0.04420, "energy_cost": 0.09873,
    }  # fmt: skip
    got = H100.evaluate(list(OWN_PARTS))
    assert {name: value * hour for name, value in got.items()} == pytest.approx(expected, rel=2e-4)
    own, hardware = (H100.evaluate(name) * hour for name in ("own", "own_hardware_and_energy"))
    assert own == pytest.approx(1.40539, rel=1e-4) == pytest.approx(sum(expected.values()), rel=1e-4)
    assert hardware == pytest.approx(0.68269, rel=1e-4)


def test_a_leased_and_a_rented_hour_by_hand() -> None:
    # Debt 12.5 of 20: 47,839.5 x 0.625 = 29,899.7 at 12.5 % over 5 years, x 0.2808540 = 8,397.4; equity 17,939.8
    # at 15 %, x 0.2983156 = 5,351.7; 13,749.1 a year are 1.56846 an hour, and with tax, hall, operation, upkeep and
    # energy (0.47110) 2.03957. A rent is its own fact: 2.99.
    assert H100.evaluate("lease") * hour == pytest.approx(2.03957, rel=1e-4)
    assert H100.evaluate("rent") * hour == pytest.approx(2.99)


def test_staff_and_spares_by_hand() -> None:
    # One of 500 at 150,000 USD and 42.34 % on top: 427.02 USD a year, 0.048713 an hour. 0.173 interruptions a year of
    # each of 8 chips take a server away for 3 days: 0.0113676 of the servers stand by, at 1.306656 each 0.014854.
    expected = {"staff_cost": 0.048713, "spares_cost": 0.014854, "own_fully_loaded": 1.468957}
    got = H100.evaluate(list(expected))
    assert {name: value * hour for name, value in got.items()} == pytest.approx(expected, rel=2e-4)


def test_taxes_by_hand() -> None:
    # At 21 % the 47,839.5 USD save 10,046.3 in all. Over five years 2,009.26 a year, today at 8 % 8,022.39; the
    # 2,023.91 that waiting costs are 506.90 a year for five years, 0.057825 an hour. 0.79 x 1.40539 + that.
    five = H100.replace(tax_life="5 year")
    assert five.evaluate("tax_shield") == pytest.approx(8022.39, rel=1e-5)
    assert five.evaluate("own_after_tax") * hour == pytest.approx(1.168083, rel=2e-4)
    assert five.evaluate("lease_after_tax") * hour == pytest.approx(0.79 * 2.03957, rel=2e-4)
    assert five.evaluate("rent_after_tax") * hour == pytest.approx(0.79 * 2.99)
    assert H100.evaluate("own_after_tax", income_tax=0.0) == H100.evaluate("own")


def test_an_owner_who_earns_his_cost_after_tax_breaks_even() -> None:
    """Year by year: what is bought, the tax that writing off saves, costs, and a sale that is taxed, at 8 %."""
    names = ("cluster_price", "own_after_tax", "own", "own_payment", "resale_share")
    price, cost, before, payment, resale = (
        H100.evaluate(one, **({"tax_life": "5 year"} if one == "own_after_tax" else {})) for one in names
    )
    tax, rate, years = 0.21, 0.08, 5
    rest = (1 - tax) * (before - payment) * 365.25 * day
    each = cost * 365.25 * day - rest + tax * price / years
    worth = sum(each / (1 + rate) ** at for at in range(1, years + 1))
    worth += (1 - tax) * resale * price / (1 + rate) ** years - price
    assert worth == pytest.approx(0.0, abs=1e-6 * price)


def test_turbines_and_the_grid_by_hand() -> None:
    # Turbines: 0.101852 x 1.6 + 0.015 USD a watt and year over 0.6 x 8,766 h are 0.033836 a kWh, gas at 3.336 USD a
    # GJ and 36 % 0.033360, upkeep 0.005: 0.072196. Grid: 12 USD a kW and month at 0.75 / 0.85 of 730.5 h 0.018617,
    # on 0.055. A wait of one year of five: 0.2 x 0.072196 + 0.8 x 0.073617 = 0.073333; of six: turbines for all five.
    site = dc.chain("h100-sxm", assumptions="site with turbines").replace(
        plant_price="1.6 USD/W",
        plant_fixed="15 USD/kW",
        plant_upkeep="0.005 USD/kWh",
        demand_charge="12 USD/kW",
    )
    expected = {"plant_energy_price": 0.072196, "grid_energy_price": 0.073617, "energy_price": 0.073333}
    got = {name: site.evaluate(name, **_wait(name, "1 year")) for name in expected}
    assert {name: value * kWh for name, value in got.items()} == pytest.approx(expected, rel=1e-5)
    assert site.evaluate("energy_price", grid_wait="6 year") == pytest.approx(0.072196 / kWh, rel=1e-5)
    # In the other sets one mean price holds all of it, and nothing of this is asked.
    assert not {"plant_price", "grid_wait", "demand_charge"} & set(dc.chain("h100-sxm").inputs)


def _wait(name: str, time: str) -> dict[str, str]:
    return {"grid_wait": time} if name == "energy_price" else {}


def test_an_exaflop_hour_and_its_parts_by_hand() -> None:
    # 989.4 TFLOP/s x 0.4 x 0.9 = 356.184: 1e18 / 356.184e12 = 2,807.5 chip-hours at 1.40539, 2.03957 and 2.99 USD.
    got = H100.evaluate(["own_per_work", "lease_per_work", "rent_per_work"], goodput=0.9)
    assert [one * 3.6e21 for one in got.values()] == pytest.approx([3945.7, 5726.1, 8394.5], rel=1e-4)


def test_a_run_by_hand() -> None:
    # 6 x 1e9 x 1e12 = 6e21 FLOP on 100 chips at 989.4e12 x 0.4: 151,607 s; at goodput 0.5 303,214 s, and twice that
    # as the run turns out, 606,428 s or 168.452 h. Idle 0.25, full load at 0.4: load 0.25, so 0.4375 of 119.531 kW,
    # 52.295 kW: 8,809.2 kWh, 727.64 USD. Rent 100 x 168.452 x 2.99 = 50,367. Before energy 1.30667 x 16,845.2 =
    # 22,010.9.
    asked = {"parameters": 1e9, "tokens": 1e12, "chips": 100, "goodput": 0.5, "field_factor": 2.0}
    names = ["run_time", "elapsed", "billed", "run_energy", "run_electricity", "run_own", "run_rent"]
    got = H100.evaluate(names, **asked)
    expected = [151_607, 303_214, 606_428, 8809.2 * kWh, 727.64, 22_738.5, 50_367]
    assert list(got.values()) == pytest.approx(expected, rel=1e-4)
    # 8,809.2 kWh x 0.39 kg; water by the energy of the computers, 8,809.2 / 1.125 x 0.4 litres.
    carbon, water = (H100.evaluate(name, **asked) for name in ("run_carbon", "run_water"))
    assert (carbon, water) == pytest.approx((3435.6, 3.1322), rel=1e-4)


def test_the_published_run_is_the_default() -> None:
    # 6 x 405.85e9 x 15.6e12 over 16,384 x 989.4e12 x 0.4 = 67.8 days of steps.
    assert H100.inputs["chips"].value == 16_384
    assert H100.evaluate("run_time") / day == pytest.approx(67.8, abs=0.05)
    assert 0.9 < H100.evaluate("goodput") < 0.95


@pytest.mark.parametrize(
    "name",
    [
        "peak_rate",
        "fleet_capital",
        "fleet_site_power_rated",
        "fleet_site_power_reported",
        "fleet_rent",
        "servers",
    ],
)
def test_a_fleet_is_smooth_and_in_proportion(name: str) -> None:
    one = H100.evaluate(name, chips=1)
    assert H100.evaluate(name, chips=12_345.678) == pytest.approx(12_345.678 * one, rel=1e-15)


@pytest.mark.parametrize(
    ("name", "value", "outputs"),
    [
        ("it_power_rated", 1400.0, ["own", "fleet_site_power_rated", "fleet_site_power_at_work", "run_own"]),
        ("site_power_at_work", 1200.0, ["own", "run_own", "run_energy", "own_per_work"]),
        ("cluster_price", 50e3, ["own", "lease", "fleet_capital", "run_own"]),
        ("resale_share", 0.0, ["own", "run_own", "own_hardware_and_energy"]),
        ("hall_cost", 1e-5, ["own", "lease", "run_own", "run_lease"]),
        ("own", 3e-4, ["own_per_work", "fleet_own"]),
        ("lease", 3e-4, ["lease_per_work", "fleet_lease"]),
        ("goodput", 0.9, ["own_per_work", "elapsed", "run_own", "delivered_rate"]),
        ("run_work", 1e25, ["elapsed", "run_own", "run_rent", "run_energy"]),
        ("elapsed", 1e6, ["billed", "run_rent", "run_own_before_energy"]),
    ],
)
def test_a_step_given_frees_something_for_each_output(name: str, value: float, outputs: list[str]) -> None:
    for output in outputs:
        view = H100.view(output, {name: (value, 0.9 * value, 1.1 * value)})
        assert view.evaluate(output) == H100.evaluate(output, **{name: value})
        assert len(view.inputs) <= len(H100.view(output).inputs)
        assert (view.inputs[name].low, view.inputs[name].high) == (0.9 * value, 1.1 * value)


def test_what_contradicts_what_else_is_in_force_is_refused() -> None:
    for output, given, words in (
        ("fleet_site_power_at_work", {"site_power_at_work": 1500.0, "pue": 1.2}, "pue is given, but"),
        ("run_energy", {"fleet_site_power_at_work": 150e6}, "fleet_site_power_at_work is given, but"),
        ("own", {"chips": 10}, "chips is given, but own does not depend on it"),
    ):
        with pytest.raises(ModelError, match=words):
            H100.evaluate(output, **given)


def test_a_part_above_its_whole_is_refused() -> None:
    with pytest.raises(ModelError, match="a server is rated for no less than its chips"):
        H100.evaluate("own", server_power_rated=600.0)
    with pytest.raises(ModelError, match="a server is no dearer than its share of a cluster"):
        H100.evaluate("own", cluster_price=30e3)


def test_a_run_longer_than_a_life_is_told() -> None:
    (told,) = H100.broken("run_own", chips=100)
    assert (told.kind, told.says) == ("limit", "a run ends before its machines have lived their life")


def test_money_of_halls_is_that_of_the_date() -> None:
    # 10 USD a watt of 2018 by the index of consumer prices, 251.107 then and 313.689 in 2024.
    hall = dc.chain("h100-sxm", on=2024).inputs["hall_price_per_watt"]
    assert hall.value == pytest.approx(10.0 * 313.689 / 251.107)
    assert dc.chain("h100-sxm", on=2024).evaluate("rent") * hour == pytest.approx(3.49)
    assert dc.chain("h100-sxm", on=2024).inputs["built"].value == 2024


@pytest.mark.parametrize("assumptions", ["neocloud", "laboratory", "site with turbines"])
def test_a_set_is_another_chain_of_the_same_names(assumptions: str) -> None:
    other = dc.chain("h100-sxm", assumptions=assumptions)
    assert set(other.inputs) | set(other.outputs) >= {"pue", "life", "interest", "own", "run_own"}
    assert other.evaluate("own") != dc.chain("h100-sxm").evaluate("own")


CHIPS = [row["chip"] for row in dc.coverage().rows(named=True) if row["precision"] == "bf16"]


@pytest.mark.parametrize("chip", CHIPS)
def test_every_chip_answers(chip: str) -> None:
    model = dc.chain(chip)
    assert [name for name, one in model.inputs.items() if one.value is None] == []
    got = model.evaluate(["own", "fleet_capital", "run_own", "fleet_site_power_reported", "own_per_work"])
    assert all(value > 0.0 for value in got.values())
    assert model.evaluate("server_price" if "server_price" in model.outputs else "cluster_price") > 0.0


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(UnknownNameError, match="h1000"):
        dc.chain("h1000")
    with pytest.raises(UnknownNameError, match="precision"):
        dc.chain("h100-sxm", precision="int3")


def test_the_room_and_the_function_share_a_name() -> None:
    from dojo_calc.chain import build

    assert dc.chain("h100").evaluate("rent") == build.chain("h100").evaluate("rent")


def test_a_count_of_chips_is_a_division_where_it_can_be() -> None:
    # 100e18 / 989.4e12 chips; 150 MW over 1,593.75 W a chip; what does not grow in proportion is searched.
    assert dc.solve(H100, "chips", "peak_rate", "100 EFLOP/s") == 100e18 / 989.4e12
    found = dc.solve(H100, "chips", "fleet_site_power_rated", "150 MW")
    assert found == pytest.approx(150e6 / 1593.75, rel=1e-15)
    run = dc.solve(H100, "chips", "elapsed", "54 days")
    assert H100.evaluate("elapsed", chips=run) / day == pytest.approx(54.0)


def test_a_linear_question_imports_no_optimiser() -> None:
    code = (
        "import sys, dojo_calc as dc; dc.solve(dc.chain('h100'), 'chips', 'fleet_capital', '500 MUSD')\n"
        "assert not {'scipy.optimize', 'scipy.stats', 'polars', 'pipefunc', 'altair'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_prices_are_of_one_date() -> None:
    """That of the set where none is asked for, so that a server of one year meets no rent of another."""
    plain, stated = dc.chain("h100-sxm"), dc.chain("h100-sxm", on=2025)
    assert {name: one.value for name, one in plain.inputs.items()} == {
        name: one.value for name, one in stated.inputs.items()
    }
    assert plain.inputs["server_price"].value == 31_600  # the median of 2025
    assert plain.evaluate("rent") * hour == pytest.approx(2.99)
