from __future__ import annotations

import pytest

from dojo_calc.economics.price_years import common_price_year, price_indices, restated
from dojo_calc.errors import UnitError
from dojo_calc.hardware.catalog import catalogue

FACTS = catalogue().facts
OLD, NEW = (FACTS.get("h100-sxm", "price", reading) for reading in ("average_2022", "average_2024"))


def test_one_year_is_said_and_two_are_refused() -> None:
    assert common_price_year(OLD, OLD) == 2022
    with pytest.raises(UnitError, match=r"got h100-sxm.price\[average_2022\] of 2022, .* of 2024; restate"):
        common_price_year(OLD, NEW)
    with pytest.raises(UnitError, match=r"h100-sxm\.power is not money"):
        common_price_year(FACTS.get("h100-sxm", "power"))
    with pytest.raises(UnitError, match="got none"):
        common_price_year()


def test_restating_by_hand() -> None:
    # An index from 100 to 125: 36,700 of 2022 are 45,875 of 2024; and there and back is the same.
    indices = {2022: 100.0, 2024: 125.0}
    assert restated(OLD, 2024, indices) == pytest.approx(45_875)
    assert restated(OLD, 2022, indices) == pytest.approx(36_700)
    with pytest.raises(UnitError, match="no price index of 2030; there are 2022 to 2024"):
        restated(OLD, 2030, indices)


def test_prices_rose() -> None:
    indices = price_indices(FACTS)
    years = sorted(indices)
    assert [indices[year] for year in years] == sorted(indices.values())
    # Four to eight per cent a year were printed for 2021 and 2022.
    assert 1.04 < indices[2021] / indices[2020] < 1.08 < indices[2022] / indices[2021] + 0.01
