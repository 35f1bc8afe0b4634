from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc import units
from dojo_calc.economics.depreciation import decay_of_decline
from dojo_calc.errors import DomainError, UnitError
from dojo_calc.quantities import (
    Count,
    FlopRate,
    Fraction,
    Length,
    Power,
    PowerUsage,
    check,
    spec,
    whole_number,
)


def test_an_alias_says_its_unit_and_domain() -> None:
    one = spec(Fraction)
    assert one is not None
    assert (one.unit, one.low, one.high, one.domain) == ("1", 0.0, 1.0, "between 0 and 1")
    assert spec(float) is None


@pytest.mark.parametrize(
    "value",
    [
        100e18,
        "100 EFLOP/s",
        "100 exaflops",
        units.registry().Quantity(100.0, "EFLOP/s"),
        np.float32(1e20),
        10**20,
    ],
)
def test_numbers_texts_and_quantities_arrive_as_si_floats(value: Any) -> None:
    got = check(value, FlopRate, "target")
    assert isinstance(got, float)
    assert got == pytest.approx(1e20, rel=1e-7)


def test_integers_become_floats_before_they_overflow() -> None:
    # 6 N D of Llama 3 405B: 6 x 405e9 x 15.6e12 = 3.79e25, above the largest int64 (9.2e18).
    sizes = check(np.array([405_000_000_000], dtype=np.int64), FlopRate, "parameters")
    assert (6 * sizes * 15.6e12)[0] == pytest.approx(3.7908e25)


@pytest.mark.parametrize(
    ("value", "alias", "error", "message"),
    [
        (-1.0, FlopRate, DomainError, r"x must be above 0 \[FLOP/s\], got -1"),
        (0.0, FlopRate, DomainError, "above 0"),
        (float("nan"), Power, DomainError, "got nan"),
        (float("inf"), Power, DomainError, "got inf"),
        (1.2, Fraction, DomainError, "between 0 and 1"),
        (0.9, PowerUsage, DomainError, "at least 1"),
        ([1.0, 2.0, -3.0], FlopRate, DomainError, r"x\[2\] must be above 0"),
        ([[0.1, 0.2], [7.0, 0.3]], Fraction, DomainError, r"x\[1, 0\]"),
        ("100 kW", FlopRate, UnitError, "x must be in FLOP/s or a multiple of it, got '100 kW'"),
        ("1 EFLOP", FlopRate, UnitError, "counts operations; for a rate write 1 EFLOP/s"),
        (["1 kW", "2 GB"], Power, UnitError, r"x\[1\] must be in W"),
        (10**400, Power, UnitError, "x must be a number .* too large"),
        ([1, 10**5000], Power, UnitError, "x must be a number .* too large"),
        (units.registry().Quantity(1.0, "B"), Power, UnitError, "must be in W"),
        (None, Power, UnitError, "must be a number"),
        (True, Power, UnitError, "must be a number"),
        (1 + 2j, Power, UnitError, "must be a number"),
        ({"a": 1}, Power, UnitError, "must be a number"),
    ],
)
def test_bad_values_are_named(value: Any, alias: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check(value, alias, "x")


def test_checked_puts_the_boundary_around_a_formula() -> None:
    needed = dc.checked(dc.units_needed)
    assert needed("100 EFLOP/s", unit="362 TFLOP/s") == pytest.approx(276243.0939, rel=1e-9)
    with pytest.raises(UnitError, match="unit must be in FLOP/s"):
        needed("100 EFLOP/s", unit="400 W")
    with pytest.raises(DomainError, match="mfu must be between 0 and 1"):
        dc.checked(dc.delivered_work)(1e15, 1.4, 60.0)
    with pytest.raises(DomainError, match=r"others\[1\] must be at least 0"):
        dc.checked(dc.serial_time)(1.0, 2.0, -3.0)
    with pytest.raises(TypeError, match="is not a formula"):
        dc.checked(dc.format_si)


@pytest.mark.parametrize(
    "value", [16_384, 16_384.0, "16,384", "16.384k", "16,384 chips", "16384 GPUs", np.int64(16_384)]
)
def test_a_count_is_read_as_a_whole_number(value: Any) -> None:
    found = whole_number(value, "chips")
    assert isinstance(found, int)
    assert found == 16_384


@pytest.mark.parametrize(
    "value", [0, -8, 2.5, "1.5", "0", float("nan"), float("inf"), [1, 2], 10**400, "12 GB", True, "x"]
)
def test_what_is_no_whole_number_of_things_is_refused_by_name(value: Any) -> None:
    with pytest.raises((DomainError, UnitError), match=r"^chips"):
        whole_number(value, "chips")


def test_zero_is_refused_where_a_formula_divides() -> None:
    for formula, given, message in (
        (dc.cost_per_good, (100, 0), r"working must be above 0 and at most 1 \[1\], got 0"),
        (dc.mean_time_between_failures, (0, 1e-9), r"units must be above 0 \[1\], got 0"),
        (decay_of_decline, (1.0, 1.0), r"decline must be at least 0 and below 1 \[1\], got 1"),
        (dc.logistic, (20, 0.5, 10, 3), r"growth must be between 1 and 100 \[1\], got 0.5"),
        (dc.reduction_flop, (2, 0, 2), r"length must be at least 1 \[1\], got 0"),
        (dc.owner_share, (0, 0), "owner_share divides by zero at own=0, others=0"),
    ):
        with pytest.raises(DomainError, match=message):
            dc.checked(formula)(*given)


def test_a_result_outside_of_its_domain_is_refused() -> None:
    with pytest.raises(
        DomainError, match=r"rest_of must come out at least 0 \[1\], got -2 at total=0, own=2"
    ):
        dc.checked(dc.rest_of)(0, 2)
    with pytest.raises(DomainError, match=r"rest_of\[1\] must come out at least 0 \[1\], got -1"):
        dc.checked(dc.rest_of)([5.0, 3.0, 1.0], 4.0)
    with pytest.raises(DomainError, match=r"usable_diameter must come out above 0 \[m\], got -0.1"):
        dc.checked(dc.usable_diameter)("300 mm", "200 mm")
    # Without a ramp: 9 s after the lead at one a second.
    assert dc.checked(dc.delivered)(100, 1, 10, 1, 0) == 9.0


def test_a_result_beyond_its_end_by_rounding_is_that_end() -> None:
    def slightly_more(x: Fraction) -> Fraction:
        return x * (1.0 + 2.0**-52)

    assert dc.checked(slightly_more)(1.0) == 1.0
    np.testing.assert_array_equal(dc.checked(slightly_more)([0.5, 1.0]), [0.5 * (1 + 2.0**-52), 1.0])


@pytest.mark.parametrize("value", [0, -8, 2.5, float("inf"), float("nan"), "0"])
def test_a_size_is_a_whole_number_of_at_least_one(value: Any) -> None:
    with pytest.raises(DomainError, match="chips must be a whole number of at least 1, got"):
        whole_number(value, "chips")
    with pytest.raises(UnitError, match="chips must be a number"):
        whole_number(True, "chips")


@pytest.mark.parametrize(
    "value",
    [True, np.True_, [True, False], [1.0, True], np.array([True]), b"1", np.array([b"1"]), 1j, np.array([1j]),
     np.timedelta64(5, "s"), np.datetime64("2026-01-01")],
)  # fmt: skip
def test_what_only_numpy_takes_for_a_number_is_refused(value: Any) -> None:
    with pytest.raises(UnitError, match=r"^amount.* must be a number \[1\]"):
        check(value, Count, "amount")


def test_an_array_of_texts_is_read_like_a_list_of_them() -> None:
    texts = ["1 km", "2 m"]
    assert (
        check(np.array(texts), Length, "way").tolist()
        == check(texts, Length, "way").tolist()
        == [1000.0, 2.0]
    )
