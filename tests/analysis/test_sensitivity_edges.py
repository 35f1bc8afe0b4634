"""Where indices stop meaning anything, what is left out of them, and what blocks and ends do to a tornado."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.analysis import sensitivity
from dojo_calc.analysis.sensitivity import _FEWEST, _refuse_still, sobol_indices, tornado
from dojo_calc.errors import ModelError
from dojo_calc.quantities import Ratio

from .conftest import Listened, same, short_of_five


def sum_of(first: Ratio, second: Ratio, third: Ratio) -> Ratio:
    return first + second + third


@pytest.mark.parametrize(("asked", "rows"), [(2**6, 2**6), (2**6 + 1, 2**7), (100, 2**7), (2**7, 2**7)])
def test_rows_are_raised_to_eight_times_a_power_of_two(asked: int, rows: int, lognormals: dc.Model) -> None:
    found = sobol_indices(lognormals, "y", asked, resamples=2)
    assert found.evaluations == rows * 4, "A, B and one for each of two inputs"


def test_the_size_of_a_block_changes_no_index(
    lognormals: dc.Model, listened: Listened, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sobol_indices(lognormals, "y", 2**9, resamples=20)
    told = listened(sensitivity, "evaluate_drawn")
    for block in (2**7, 2**8):
        monkeypatch.setattr(sensitivity, "_ROWS", block)
        told.clear()
        parts = sobol_indices(lognormals, "y", 2**9, resamples=20)
        np.testing.assert_array_equal(parts.total, whole.total)
        np.testing.assert_array_equal(parts.first_interval, whole.first_interval)
        # Whether a call is compiled depends on how many points there are in all, in every block the same.
        assert told == [(block, 4 * 2**9)] * (4 * 2**9 // block)


def test_rows_that_break_an_identity_are_left_out() -> None:
    """Of 0 to 20 a quarter is refused: of the pairs of the design (3 / 4) ** 2 are left, and 5 to 20 is uniform."""
    rule = dc.condition("identity", "at least five", short_of_five)
    x = dc.Uniform(0.0, 20.0)
    found = sobol_indices(dc.Model({"y": same}, {"x": x}, conditions=[rule]), "y", resamples=20)
    assert found.masked == pytest.approx(1 - 9 / 16, abs=5e-3)
    assert found.mean == pytest.approx(12.5, abs=0.05)
    assert found.variance == pytest.approx(15**2 / 12, rel=0.01)
    assert found.first == pytest.approx([1.0], abs=0.02)
    assert found.total == pytest.approx([1.0], abs=0.02)
    limit = dc.condition("limit", "at least five", short_of_five)
    told = sobol_indices(dc.Model({"y": same}, {"x": x}, conditions=[limit]), "y", resamples=20)
    assert told.masked == 0.0
    assert told.mean == pytest.approx(10.0, abs=0.01)
    with pytest.raises(ModelError, match="at least five"):
        sobol_indices(
            dc.Model({"y": same}, {"x": x}, conditions=[rule]), "y", x=dc.Uniform(0.0, 4.0), resamples=20
        )


def test_too_few_that_differ_say_nothing_and_the_fewest_do() -> None:
    def values(others: int) -> Any:
        found = np.zeros(4 * _FEWEST)
        found[:others] = np.arange(1.0, others + 1.0)
        return found

    _refuse_still("y", values(_FEWEST), ["x"])
    with pytest.raises(ModelError, match="too few for indices"):
        _refuse_still("y", values(_FEWEST - 1), ["x"])
    with pytest.raises(ModelError, match="y does not vary with x, z, so"):
        _refuse_still("y", values(0), ["x", "z"])
    with pytest.raises(ModelError, match="y has no value at any draw"):
        _refuse_still("y", values(0)[:0], ["x"])


def test_a_seed_and_a_level_are_what_is_asked_for(lognormals: dc.Model) -> None:
    one, again, other = (sobol_indices(lognormals, "y", 2**8, seed=seed, resamples=50) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.first_interval, again.first_interval)
    assert not np.array_equal(one.total, other.total)
    narrow = sobol_indices(lognormals, "y", 2**8, seed=3, level=0.5, resamples=50)
    np.testing.assert_array_equal(one.total, narrow.total)
    assert (np.ptp(narrow.total_interval, axis=1) < np.ptp(one.total_interval, axis=1)).all()
    assert (one.level, narrow.level) == (0.9, 0.5)


def test_indices_of_a_sum_add_up_and_the_table_is_in_their_order() -> None:
    """Uniform widths of 1, 2 and 3 have variances of 1, 4 and 9 twelfths, of 14 in all."""
    ends = {"second": dc.Uniform(1.0, 3.0), "first": dc.Uniform(1.0, 2.0), "third": dc.Uniform(1.0, 4.0)}
    found = sobol_indices(dc.Model({"y": sum_of}, ends), "y", resamples=20)
    told = dict(zip(found.inputs, found.total, strict=True))
    assert told == pytest.approx({"first": 1 / 14, "second": 4 / 14, "third": 9 / 14}, abs=5e-3)
    table = found.table()
    assert table["input"].to_list() == ["third", "second", "first"]
    assert table.columns == [
        "input", "first", "first_low", "first_high", "total", "total_low", "total_high"
    ]  # fmt: skip
    assert found.line() == f"Sobol' indices of y in 3 inputs, from {found.evaluations:,} evaluations"
    assert found.variance == pytest.approx(14 / 12, rel=5e-3)
    assert found.mean == pytest.approx(1.5 + 2.0 + 2.5, rel=1e-3)


def test_groups_are_places_in_the_order_of_their_first_input() -> None:
    ends = {"first": dc.Uniform(1.0, 2.0), "second": dc.Uniform(1.0, 3.0), "third": dc.Uniform(1.0, 4.0)}
    found = sobol_indices(
        dc.Model({"y": sum_of}, ends), "y", groups={"late": ["third", "second"]}, resamples=20
    )
    assert found.inputs == ("first", "late")
    assert found.total == pytest.approx([1 / 14, 13 / 14], abs=5e-3)
    same_name = sobol_indices(
        dc.Model({"y": sum_of}, ends), "y", groups={"all": ["third", "second", "first"]}, resamples=20
    )
    assert same_name.inputs == ("all",)
    assert same_name.total == pytest.approx([1.0], abs=5e-3)


def test_a_bar_whose_end_breaks_an_identity_stands_last_and_has_no_swing() -> None:
    rule = dc.condition("identity", "at least five", short_of_five)
    model = dc.Model(
        {"x": dc.step(sum_of, first="a", second="b", third="c"), "y": same},
        {"a": (8.0, 1.0, 20.0), "b": (1.0, 0.0, 2.0), "c": (2.0, 1.0, 5.0)},
        conditions=[rule],
    )
    # At 8 + 1 + 2 it holds; a = 1 leaves 4, which is refused. The others move y from 10 to 12 and from 10 to 14.
    bars = tornado(model, "y")
    assert [bar.input for bar in bars] == ["c", "b", "a"]
    assert [(bar.output_low, bar.output_high) for bar in bars[:2]] == [(10.0, 14.0), (10.0, 12.0)]
    assert [bar.swing for bar in bars[:2]] == [4.0, 2.0]
    assert math.isnan(bars[2].output_low)
    assert bars[2].output_high == 23.0
    assert math.isnan(bars[2].swing)


def falling(x: Ratio) -> Ratio:
    return 12.0 / x


def test_a_swing_has_no_sign() -> None:
    (bar,) = tornado(dc.Model({"y": falling}, {"x": (3.0, 2.0, 4.0)}), "y")
    assert (bar.low_value, bar.high_value, bar.output_low, bar.output_high) == (2.0, 4.0, 6.0, 3.0)
    assert bar.swing == 3.0
    (given,) = tornado(dc.Model({"y": falling}, {"x": 3.0}), "y", x=(3.0, 1.0, 4.0))
    assert given.swing == 9.0
