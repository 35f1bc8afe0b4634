from __future__ import annotations

import csv
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc import quantities, units
from dojo_calc.formatting import format_in, format_number, format_range, format_si
from dojo_calc.parsing import parse, parse_as
from dojo_calc.tables import data_path
from dojo_calc.units import day, hour, kWh, year

UNITS = sorted(
    {
        one.unit
        for name in quantities.__all__
        if (one := quantities.spec(getattr(quantities, name))) is not None
    }
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1e20, "FLOP/s", "100 EFLOP/s"),
        (1.086e18, "FLOP/s", "1.086 EFLOP/s"),
        (999_999.0, "W", "1 MW"),
        (33_600.0, "USD", "33,600 USD"),
        (3.3333e9, "USD", "3.333 billion USD"),
        (2.1e12, "USD", "2.1 trillion USD"),
        (5e8, "USD", "500 million USD"),
        (0.45, "USD", "0.45 USD"),
        (2.0 / 3600, "USD/s", "2 USD/h"),
        (645e-6, "m^2", "645 mm^2"),
        (2.0, "m^2", "2 m^2"),
        (1e3, "1/m^2", "0.1 per cm^2"),
        (276_243.09, "1", "276,243"),
        (15.6e12, "1", "15.6 trillion"),
        (405e9, "1", "405 billion"),
        (3.79e25, "1", "3.79e25"),
        (0.00001, "1", "1e-5"),
        (3.79e25, "FLOP", "3.79e25 FLOP"),
        (1.3e-6, "s", "1.3 us"),
        (1.5 * hour, "s", "1.5 hours"),
        (1.0 * hour, "s", "1 hour"),
        (59.3 * day, "s", "59.3 days"),
        (2.5 * year, "s", "2.5 years"),
        (90.0, "s", "1.5 minutes"),
        (5.482e-9, "Hz", "0.173 per year"),  # 5.482e-9 x 31,557,600
        (1 / (2 * hour), "Hz", "12 per day"),
        (0.5 / year, "1/s", "0.5 per year"),
        (2e9, "Hz", "2 GHz"),
        (1500.0, "1/s", "1,500 per second"),
        (27_891_000 * kWh, "J", "27.89 GWh"),
        (3.5 * kWh, "J", "3.5 kWh"),
        (1e-12, "J", "1 pJ"),
        (0.5, "B", "0.5 B"),
        (0.0, "W", "0 W"),
        (0.0, "s", "0 s"),
        (0.07 / 3.6e6, "USD/J", "0.07 USD/kWh"),
        (33e-12, "USD*s/FLOP", "33 USD per TFLOP/s"),
        (1.4e12, "FLOP/J", "1.4 TFLOP/s per W"),
        (12_000.0, "USD/W", "12,000 USD/W"),
        (math.inf, "B", "inf B"),
        (-4e6, "USD", "-4 million USD"),
        (-1e30, "USD", "-1e30 USD"),
        (1e-30, "W", "1e-30 W"),
    ],
)
def test_prints_what_people_read(value: float, unit: str, text: str) -> None:
    assert format_si(value, unit) == text


def test_an_end_that_is_nothing_beside_the_other_has_no_power_of_ten() -> None:
    # A twentieth of 0.091 is 0.00455, so both ends have thousandths: 0.00005 has none.
    assert format_range(5e-5 / 3600, 0.091 / 3600, "USD/s") == "0.000 to 0.091 USD/h"
    assert format_range(-5e-5, 0.5, "1") == "0.00 to 0.50"
    assert format_range(1e-9, 3e-9, "1") == "1e-9 to 3e-9"  # where both are as small, it says more


def test_an_interval_decides_the_digits() -> None:
    # To the power of ten below a twentieth of the width: 70 MW to one, 0.82 MW and 1.54 billion USD to hundredths.
    assert format_si(174.3e6, "W", interval=(139.2e6, 209.4e6)) == "174 MW"
    assert format_range(139.2e6, 209.4e6, "W", at=174.3e6) == "139 to 209 MW"
    assert format_si(2.4021e6, "W", interval=(2.0312e6, 2.8549e6)) == "2.40 MW"
    assert format_range(2.0312e6, 2.8549e6, "W", at=2.4021e6) == "2.03 to 2.85 MW"
    assert format_range(3.3612e9, 4.9e9, "USD", at=4.0e9) == "3.36 to 4.90 billion USD"
    assert format_si(1234.0, "1", interval=(912.0, 1588.0)) == "1,230"
    assert format_range(912.0, 1588.0, "1") == "910 to 1,590"
    # One unit for both ends, that of the value inside; no end is rounded to nothing.
    assert format_range(0.5 * year, 3 * year, "s", at=2 * year) == "0.5 to 3.0 years"
    assert format_range(0.04, 20.0, "USD", at=5.0) == "0.04 to 20.0 USD"
    assert format_range(7.0, 7.0, "W") == "7 W"
    assert format_range(0.0, 10.0, "W") == "0.0 to 10.0 W"
    assert format_si(math.pi, "1", interval=(math.pi * (1 - 1e-12), math.pi * (1 + 1e-12))) == "3.14159"


def test_bare_numbers() -> None:
    assert format_number(1234.5678) == "1,235"
    assert format_number(0.03125) == "0.03125"
    assert format_number(-0.5) == "-0.5"
    assert format_number(float("nan")) == "nan"


@given(
    st.floats(min_value=1e-12, max_value=1e27),
    st.sampled_from(UNITS),
    st.sampled_from([1, -1]),
    st.integers(2, 9),
)
def test_what_is_printed_reads_back(size: float, unit: str, sign: int, digits: int) -> None:
    """What is read back is within half a unit of the last digit printed, and has the same dimension."""
    value = sign * size
    text = format_si(value, unit, digits=digits)
    back, read = parse(text)
    assert back == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits)), text
    assert read.dimensionality == units.unit(unit).dimensionality, text
    assert parse_as(text, unit, "x") == back


def test_every_number_of_the_catalogue_reads_back_as_it_is_printed() -> None:
    facts = dc.catalogue().facts
    tried = 0
    for fact in facts:
        text = format_si(fact.value, fact.unit)
        assert parse_as(text, fact.unit, fact.name) == pytest.approx(fact.value, rel=5.1e-4), text
        tried += 1
    assert tried > 500


@given(
    st.floats(min_value=1e-9, max_value=1e21),
    st.floats(min_value=1e-3, max_value=3.0),
    st.sampled_from(UNITS),
)
def test_both_ends_of_an_interval_read_back_in_its_unit(value: float, spread: float, unit: str) -> None:
    low, high = value / (1 + spread), value * (1 + spread)
    text = format_range(low, high, unit, at=value)
    first, found, last = text.partition(" to ")
    suffix = re.sub(r"^[\d.,]+(e-?\d+)?", "", last)
    if found:
        assert parse(first + suffix)[0] == pytest.approx(low, abs=0.06 * (high - low), rel=0.05)
        assert parse(last)[0] == pytest.approx(high, abs=0.06 * (high - low), rel=0.05)


@given(st.floats(min_value=1e-15, max_value=1e24), st.sampled_from(UNITS))
def test_nobody_has_to_read_a_unit_that_nobody_says(value: float, unit: str) -> None:
    text = format_si(value, unit)
    assert not re.search(r"\d (m|u|n|p)(B|Hz|FLOP)|[kMGTPE](USD|h\b)|\d [kMGTPEmunp](1/|USD|kg)", text), text


def test_a_number_in_the_unit_of_a_claim() -> None:
    assert format_in(2.2, 2.2, "GUSD") == "2.2 billion USD"
    assert format_in(1.25, 1.25, "GUSD/month") == "1.25 billion USD/month"
    assert format_in(139.2, 209.4, "MW") == "139 to 209 MW"
    assert format_in(276_000, 276_000, "1", digits=6) == "276,000"
    assert format_in(12.34, 19.76, "day", digits=6) == "12.34 to 19.76 days"
    assert format_in(1, 1, "day") == "1 day"
    assert format_in(3, None, "MW") == "at least 3 MW"
    assert format_in(None, 5, "percent") == "at most 5 %"
    assert format_in(None, None, "MW") == ""
    assert format_in(0, 0, "1") == "0"


def test_every_unit_of_the_tables_reads_back_in_words() -> None:
    """The unit of every row of facts, as it is printed beside its number."""
    tried = set()
    for path in sorted(data_path("facts").glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            tried |= {row["unit"] for row in csv.DictReader(file)}
    assert len(tried) > 40
    for unit in tried:
        value, _ = parse(format_in(12.5, 12.5, unit))
        assert value == pytest.approx(units.to_si(12.5, unit), rel=3e-16), unit
