from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest

from dojo_calc import units
from dojo_calc.errors import UnitError


def test_bit_and_byte_and_operation_have_dimensions() -> None:
    dimensions = {str(units.unit(text).dimensionality) for text in ("FLOP", "B", "USD", "token", "chip", "1")}
    assert len(dimensions) == 6
    assert units.unit("b").dimensionality == units.unit("B").dimensionality


@pytest.mark.parametrize(
    ("text", "same", "size"),
    [
        ("exaflops", "EFLOP/s", 10**18),
        ("EFLOPS", "EFLOP/s", 10**18),
        ("EF", "EFLOP/s", 10**18),
        ("exaflop/s", "EFLOP/s", 10**18),
        ("exaflops per second", "EFLOP/s", 10**18),
        ("TFlops/s", "TFLOP/s", 10**12),
        ("TOPS", "TFLOP/s", 10**12),
        ("Gbps", "Gb/s", Fraction(10**9, 8)),  # eight bits a byte
        ("GBps", "GB/s", 10**9),
        ("mm²", "mm^2", Fraction(1, 10**6)),
        ("cm⁻²", "1/cm^2", 10**4),
        ("/cm2", "1/cm^2", 10**4),
        ("µs", "us", Fraction(1, 10**6)),
        ("%", "percent", Fraction(1, 100)),
        ("$/h", "USD/h", Fraction(1, 3600)),
        ("M$", "MUSD", 10**6),
        ("per year", "1/year", Fraction(1, 31_557_600)),  # 365.25 d x 86,400 s
        ("petaflop/s-days", "PFLOP/s*day", 10**15 * 86_400),
        ("PF-days", "PFLOP/s*day", 10**15 * 86_400),
        ("USD per exaflop-hour", "USD*s/EFLOP/h", Fraction(1, 10**18 * 3600)),
        ("USD/exaflop-hour", "USD*s/EFLOP/h", Fraction(1, 10**18 * 3600)),
        ("USD per TFLOP/s", "USD*s/TFLOP", Fraction(1, 10**12)),
        ("TFLOP/s per W", "TFLOP/J", 10**12),
        ("kilowatt-hours", "kWh", 3_600_000),
        ("USD/kWh", "USD/kWh", Fraction(1, 3_600_000)),
        ("days", "day", 86_400),
    ],
)
def test_units_as_the_press_writes_them(text: str, same: str, size: Fraction) -> None:
    assert units.unit(text).dimensionality == units.unit(same).dimensionality
    assert units.factor(units.unit(text)) == units.factor(units.unit(same)) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("TFLOPs", "can be read in two ways; write TFLOP or TFLOP/s"),
        ("EUR", "'EUR' is not USD, the one money here: a rate of exchange is a fact with a date"),
        ("kEUR", "not USD"),
        ("£", "not USD"),
        ("nan", "unknown unit 'nan'"),
        ("NaN", "unknown unit 'NaN'"),
        ("inf", "unknown unit 'inf'"),
        ("kwh", "did you mean kWh"),
        ("furlong", "unknown unit 'furlong'"),
        ("W^99", "is not a unit"),
        ("GB/", "is not a unit"),
        ("", "is not a unit"),
        ("m m", "is not a unit"),
        ("W per", "is not a unit"),
        ("a" + "*a" * 20, "is not a unit"),
        ("W" * 5000, "is not a unit"),
    ],
)
def test_what_is_no_unit_is_said(text: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        units.unit(text)


def test_a_decimal_with_a_prefix_is_converted_exactly() -> None:
    # In floats 1.086 * 1e18 is 1086000000000000128 and 0.3 * 1e-3 is 0.00029999999999999995.
    assert units.to_si(1.086, "EFLOP/s") == 1.086e18
    assert units.to_si(0.3, "mm") == 0.0003
    assert units.to_si(7.0, "percent") == 0.07
    assert units.to_si(float("inf"), "GB") == float("inf")
    assert units.to_si(-1e308, "GUSD") == float("-inf"), "beyond the largest float, as in its arithmetic"


def test_multipliers_agree_with_the_registry() -> None:
    for name in "GB GiB MB KiB TB mm kWh year hour day week month".split():
        assert getattr(units, name) == pytest.approx(units.to_si(1.0, name), rel=1e-15)
    assert units.month * 12 == pytest.approx(units.year, rel=1e-15)


def test_the_registry_is_loaded_only_where_a_text_is_read() -> None:
    code = "import dojo_calc.parsing, dojo_calc.formatting, sys; print('pint' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "False"
