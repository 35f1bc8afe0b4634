from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.economics.placement import placed_dies
from dojo_calc.errors import DomainError
from dojo_calc.model.model import Model
from tests.strategies import from_zero


@pytest.fixture(scope="module")
def model() -> Model:
    return dc.die_to_tile()


def test_a_tile_by_hand(model: Model) -> None:
    # A wafer of 10,000 USD with 100 dies, half of them good, none of the bad ones placed: 200 USD a die, 25 of them
    # 5,000; a carrier and a module of 1,000 each; half of the tiles work: 7,000 / 0.5.
    plain = {
        "wafer_price": 10e3, "gross": 100, "die_yield": 0.5, "test_cost": 0, "coverage": 1, "packaging": 1e3,
        "module": 1e3, "assembly_yield": 0.5,
    }  # fmt: skip
    assert model.evaluate("tile", **plain) == pytest.approx(14e3)
    # Untested: 25 raw dies of 100, and all of them work once in 2^25: (2,500 + 2,000) x 2^26.
    untested = {name: value for name, value in plain.items() if name not in ("test_cost", "coverage")}
    assert model.evaluate("untested_tile", **untested) == pytest.approx(4500 * 2**26)
    # A test that sees 90 %: 0.5^0.9 pass at 100 / 0.53589 = 186.61, and (0.5^0.1)^25 = 0.17678 of tiles are sound.
    blind = plain | {"coverage": 0.9}
    assert model.evaluate("tile", **blind) == pytest.approx(
        (25 * 186.607 + 2000) / (0.5 * 0.176777), rel=1e-5
    )


def test_the_published_range_of_a_d1(model: Model) -> None:
    # No spares, no test: 9,346 / 89 / 0.56877 = 184.63 USD by placement, and
    # 9,346 / 75.6443 / 0.568772 = 217.23 by the circle formula of Chiplet Actuary.
    plain = {"spares": 0, "test_cost": 0, "coverage": 1}
    assert model.evaluate("known_good_die", **plain) == pytest.approx(184.63, abs=0.01)
    assert model.evaluate("known_good_die", gross=75.6443, **plain) == pytest.approx(217.226, abs=0.001)
    # Half of it the modules' and 0.3 the chip's over 300 mm^2, and 0.2 fixed: 297.8 M x (0.8 x 2.15 + 0.2).
    assert model.evaluate("design") == pytest.approx(571.776e6)


def test_gross_dies_come_from_placement(model: Model) -> None:
    assert model.evaluate("gross") == 89
    assert model.evaluate("gross", edge_exclusion="5 mm", scribe_width="0.2 mm") == 82, (
        "the rule of Chiplet Actuary"
    )
    # The count follows from the area; it is not the 89 of the larger die.
    raw = model.evaluate(["gross", "raw_die", "wafer_price"], die_area="100 mm^2")
    assert raw["gross"] == placed_dies("10 mm", "10 mm", wafer="300 mm", edge="3 mm", scribe="0.1 mm")
    assert 600 < raw["gross"] < 660
    assert raw["raw_die"] == pytest.approx(raw["wafer_price"] / raw["gross"])
    assert model.evaluate("gross", die_area="46225 mm^2") == 1, "the wafer itself"
    with pytest.raises(DomainError, match=r"die of 80,000 mm\^2 is larger than a wafer of 300 mm"):
        model.evaluate("raw_die", die_area="80000 mm^2")
    assert model.inputs["spares"].value == 6


@given(st.floats(0.5, 0.999), st.floats(0.2, 0.99), from_zero(1.0))
def test_tested_tiles_are_the_cheaper_the_better_anything_works(
    model: Model, die_yield: float, assembly: float, coverage: float
) -> None:
    def tile(**better: float) -> float:
        return float(
            model.evaluate("tile", **({"die_yield": die_yield, "assembly_yield": assembly} | better))
        )

    assert tile(assembly_yield=assembly + 0.01) < tile()
    assert tile(die_yield=die_yield + 0.001) < tile()
    # A blind test that costs nothing is no test.
    yields = {"die_yield": die_yield, "assembly_yield": assembly}
    blind = model.evaluate("tile", **yields, coverage=0.0, test_cost=0.0)
    assert blind == pytest.approx(model.evaluate("untested_tile", **yields))
    # With dies as cheap as here against the rest of a tile, a better test pays.
    assert tile(coverage=min(1.0, coverage + 0.01)) <= tile(coverage=coverage) * (1 + 1e-12)


def test_the_design_shared_by_dies_or_by_wafers_of_them(model: Model) -> None:
    # 500 million over 10,000 dies are 50,000 a die, 1.25 million a tile of 25. Over 10,000 wafers of 100 dies, half
    # of which pass, they are 1,000 a die and 25,000 a tile.
    plain = {"design": 500e6, "design_volume": 1e4, "gross": 100, "die_yield": 0.5, "coverage": 1}
    outputs = ["design_per_tile", "design_per_tile_if_wafers", "tile", "tile_with_design_if_wafers"]
    found = model.evaluate(outputs, **plain)
    assert found["design_per_tile"] == pytest.approx(1.25e6)
    assert found["design_per_tile_if_wafers"] == pytest.approx(25e3)
    assert found["tile_with_design_if_wafers"] == pytest.approx(found["tile"] + 25e3)
