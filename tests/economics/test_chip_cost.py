from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.economics.chip_cost import cost_per_good, memory_cost, replaced_cost, scaled_design_cost
from dojo_calc.economics.silicon import die_with_scribe, usable_diameter
from dojo_calc.economics.yields import faults_on_die, good_dies, negative_binomial_yield
from dojo_calc.errors import DomainError
from dojo_calc.hardware.catalog import catalogue
from tests.strategies import from_zero

# Chiplet Actuary run on single dies: node, area [mm^2], dies, yield, good dies, raw die, known-good die, and the
# once-only costs of chip and modules [USD], to its printed digits.
ACTUARY = [
    ("n7", 645, 75.6443, 0.568772, 43.0243, 123.5520, 217.2259, 2.5181e8, 3.2035e8),
    ("n7", 826, 56.6043, 0.488183, 27.6333, 165.1110, 338.2155, 3.0575e8, 4.1025e8),
    ("n5", 814, 57.5965, 0.424198, 24.4323, 294.9485, 695.3092, 5.4959e8, 7.3531e8),
    ("n14", 645, 75.6443, 0.604636, 45.7373, 52.6676, 87.1062, 8.9570e7, 1.1395e8),
    ("n7", 100, 571.7124, 0.914299, 522.7162, 16.3474, 17.8797, 8.9400e7, 4.9667e7),
]
shares = st.floats(0.01, 1.0)
money = from_zero(1e6)


@pytest.mark.parametrize("row", ACTUARY)
def test_chiplet_actuary_to_its_printed_digits(row: tuple[Any, ...]) -> None:
    node, area, *printed = row
    facts = catalogue().facts

    def parameter(quantity: str, reading: str | None = None) -> float:
        return facts.value("chiplet-actuary", quantity, reading)

    die = area * dc.mm2
    gross = dc.gross_dies(
        die_with_scribe(die, parameter("scribe_width")),
        usable_diameter(300 * dc.mm, parameter("edge_exclusion")),
    )
    faults = faults_on_die(die, parameter("defect_density", node), 1.0)
    working = negative_binomial_yield(faults, parameter("clustering"))
    raw = dc.price_per_unit(parameter("wafer_price", node), gross)
    nre, reference = parameter("design_cost", node), parameter("design_reference_die")
    chip, fixed, modules = (parameter(f"design_{of}_share") for of in ("chip", "fixed", "module"))
    got = [
        gross, working, good_dies(gross, working), raw, cost_per_good(raw, working),
        scaled_design_cost(nre, die, reference, chip, fixed), scaled_design_cost(nre, die, reference, modules, 0.0),
    ]  # fmt: skip
    formats = (".4f", ".6f", ".4f", ".4f", ".4f", ".4e", ".4e")
    for mine, theirs, digits in zip(got, printed, formats, strict=True):
        assert format(float(mine), digits) == format(theirs, digits)


def test_a_fan_out_rule_for_small_packages_does_not_reach_a_tile() -> None:
    # 1.2 x 25 x 645 mm^2 is 19,350 mm^2: pi 290^2 / (4 x 19,389) - pi 290 / sqrt(2 x 19,406) is below zero.
    area = die_with_scribe(1.2 * 25 * 645 * dc.mm2, 0.2 * dc.mm)
    assert dc.gross_dies(area, usable_diameter(300 * dc.mm, 5 * dc.mm)) < 0
    # And (1 + 19,350 mm^2 x 0.05 / cm^2 / 3)^-3 = 4.225^-3 = 0.01326 of its carriers would be whole.
    faults = faults_on_die(19_350 * dc.mm2, 0.05 / dc.cm2, 1.0)
    assert negative_binomial_yield(faults, 3.0) == pytest.approx(0.01326, abs=1e-5)


def test_cset_rows_add_up_to_a_dollar() -> None:
    # Capital consumed and other costs: 993 + 2,990 at 16 nm, 1,494 + 4,498 at 10, 2,330 + 7,016 at 7, 4,235 + 12,753.
    facts = catalogue().facts
    for wafer, price in (("-n16", 3984), ("-n10", 5992), ("", 9346), ("-n5", 16988)):
        name = f"wafer-300mm{wafer}"
        parts = (facts.value(name, "wafer_capital_cost"), facts.value(name, "wafer_other_cost"))
        assert facts.value(name, "wafer_price") == price
        assert abs(dc.total_cost(*parts) - price) <= 1


def test_parts_of_an_h100_add_up() -> None:
    facts = catalogue().facts
    parts = [facts.value("h100-sxm", f"{of}_cost") for of in ("die", "hbm", "packaging", "test_assembly")]
    assert dc.total_cost(*parts) == facts.value("h100-sxm", "bill_of_materials") == 3320
    # Six stacks of 16 GB at 15 USD/GB: 1,440 USD.
    assert memory_cost(96 * dc.GB, 15 / dc.GB) == pytest.approx(1440)


def test_design_over_volume() -> None:
    # 251.81 + 320.35 = 572.16 million USD over 3,000 dies is 190.7 thousand each, over 500,000 it is 1,144.
    design = scaled_design_cost(298e6, 645 * dc.mm2, 300 * dc.mm2, 0.3 + 0.5, 0.2)
    assert design == pytest.approx(572.16e6)
    np.testing.assert_allclose(dc.price_per_unit(design, np.array([3e3, 5e5])), [190_720, 1144.32])


def test_places_filled_until_they_work() -> None:
    # Two places, dies of 200, 50 to place one, half of the trials fail: 2 x 250 / 0.5.
    assert replaced_cost(200, 50, 2, 0.5) == 1000


@given(money, money, shares, st.integers(1, 30))
def test_replacing_never_costs_more_than_scrapping_the_whole(
    unit: float, placing: float, working: float, n: int
) -> None:
    scrapped = cost_per_good(n * (unit + placing), dc.repeated_yield(working, n))
    assert replaced_cost(unit, placing, n, working) <= scrapped * (1 + 1e-9)


@given(money, shares, shares)
def test_good_ones_cost_more_as_fewer_work(cost: float, first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert cost_per_good(cost, high) <= cost_per_good(cost, low)
    assert cost_per_good(cost, 1.0) == cost


@pytest.mark.parametrize(
    ("formula", "given", "message"),
    [
        (dc.gross_dies, {"die": 0.0, "wafer": 0.3}, r"die must be above 0 \[m\^2\], got 0"),
        (
            dc.faults_on_die,
            {"die": 1e-4, "defect_density": -1.0, "critical_share": 1.0},
            "defect_density must be at least 0",
        ),
        (cost_per_good, {"cost": -1.0, "working": 0.5}, r"cost must be at least 0 \[USD\], got -1"),
        (
            cost_per_good,
            {"cost": 1.0, "working": 1.5},
            r"working must be above 0 and at most 1 \[1\], got 1.5",
        ),
    ],
)
def test_bad_input_is_named(formula: object, given: dict[str, float], message: str) -> None:
    with pytest.raises(DomainError, match=message):
        dc.checked(formula)(**given)
