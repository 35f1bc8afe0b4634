from __future__ import annotations

import math
import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dojo_calc import units
from dojo_calc.errors import UnitError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100 EFLOP/s", 1e20),
        ("645 mm^2", 645e-6),
        ("645 mm2", 645e-6),
        ("8,000", 8000.0),
        ("0.07 USD/kWh", 0.07 / 3.6e6),  # 1 kWh = 1000 W x 3600 s
        ("112 Gb/s", 14e9),  # eight bits a byte
        ("400 TOP/s", 4e14),
        ("1 GiB", 1073741824.0),
        ("3 MUSD", 3e6),
        ("15 kW", 15e3),
        ("135 kg", 135.0),
        ("-4 W", -4.0),
        ("52 V", 52.0),
        ("1 year", 31557600.0),  # 365.25 d x 86400 s
        ("2.5e3 1/mm^2", 2.5e9),
        ("9 TB / s", 9e12),
    ],
)
def test_reads_what_people_write(text: str, value: float) -> None:
    assert units.parse(text)[0] == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 EF", "did you mean EFLOP/s"),
        ("100 EFLOPS", "did you mean EFLOP/s"),
        ("10**10**10 W", "is not a unit"),
        ("1" * 5000, "is not a quantity"),
        ("1e400 W", "too large"),
        ("nan W", "is not a quantity"),
        ("inf", "is not a quantity"),
        ("", "is not a quantity"),
        ("kW", "is not a quantity"),
        ("9 GB/", "is not a unit"),
        ("3 furlong", "unknown unit 'furlong'"),
        ("3 W^99", "is not a unit"),
        ("__import__('os')", "is not a quantity"),
    ],
)
def test_refuses_the_rest_at_once_and_says_why(text: str, message: str) -> None:
    start = time.process_time()
    with pytest.raises(UnitError, match=message):
        units.parse(text)
    assert time.process_time() - start < 5, "bounded before any parser sees it"


@given(st.text(max_size=80))
@example("1 __class__")
@example("1 a" + "*a" * 30)
def test_any_text_gives_a_number_or_one_clear_error(text: str) -> None:
    with suppress(UnitError):
        assert math.isfinite(units.parse(text)[0])


def test_bit_and_byte_and_operation_have_dimensions() -> None:
    dimensions = {str(units.unit(text).dimensionality) for text in ("FLOP", "B", "USD", "token", "chip", "1")}
    assert len(dimensions) == 6
    assert units.unit("b").dimensionality == units.unit("B").dimensionality


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1e20, "FLOP/s", "100 EFLOP/s"),
        (1.086e18, "FLOP/s", "1.086 EFLOP/s"),
        (999_999.0, "W", "1 MW"),
        (33_600.0, "USD", "33,600 USD"),
        (3.3333e9, "USD", "3.333 billion USD"),
        (645e-6, "m^2", "645 mm^2"),
        (276_243.09, "1", "276,243"),
        (1.3e-6, "s", "1.3 us"),
        (0.0, "W", "0 W"),
        (0.07 / 3.6e6, "USD/J", "0.07 USD/kWh"),
        (math.inf, "B", "inf B"),
    ],
)
def test_prints_what_people_read(value: float, unit: str, text: str) -> None:
    assert units.format_si(value, unit) == text


@given(st.floats(min_value=1e-9, max_value=1e25), st.sampled_from(["FLOP/s", "B", "W", "s"]))
def test_what_is_printed_reads_back(value: float, unit: str) -> None:
    """Four digits are printed, so what is read back is within half a unit of the fourth."""
    back, _ = units.parse(units.format_si(value, unit))
    assert back == pytest.approx(value, rel=5.1e-4)


def test_multipliers_agree_with_the_registry() -> None:
    for name in "GB GiB MB KiB TB mm".split():
        assert getattr(units, name) == pytest.approx(units.to_si(1.0, name), rel=1e-15)
    assert units.kWh == pytest.approx(units.to_si(1.0, "kWh"), rel=1e-15)
    assert units.year == pytest.approx(units.to_si(1.0, "year"), rel=1e-15)
    assert units.month * 12 == pytest.approx(units.year, rel=1e-15)
