"""How sure a simulation is, when it stops, and that blocks, scramblings and masks change nothing in between."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.analysis import simulate as simulating
from dojo_calc.analysis.simulate import _error, simulate
from dojo_calc.errors import DojoCalcError

from .conftest import Listened, same, short_of_five

ROOT_7 = math.sqrt(7.0)


def alternating(one: list[float], other: list[float]) -> Any:
    """Eight scramblings, of which four saw the one sample and four the other."""
    return np.array([one, other] * 4)


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        # Of three values the quantiles at 5 %, 50 % and 95 % are the values themselves. Eight that lie d off their
        # mean, half of them on each side, have a standard deviation of d sqrt(8 / 7) and a standard error of
        # d / sqrt(7). All four figures lie 1 off here, of which the smallest is the 5 % quantile, 10.
        (alternating([9, 19, 29], [11, 21, 31]), 1 / 10 / ROOT_7),
        (alternating([-9, -19, -29], [-11, -21, -31]), 1 / 10 / ROOT_7),
        # Of both signs: over the 40 from the 5 % to the 95 % quantile.
        (alternating([-11, -1, 29], [-9, 1, 31]), 1 / 40 / ROOT_7),
        # Zero is of neither sign, so the median, 2 with 1 off, is held against itself; what stays has no error.
        (alternating([0, 1, 4], [0, 3, 4]), 1 / 2 / ROOT_7),
        (alternating([-4, -1, 0], [-4, -3, 0]), 1 / 2 / ROOT_7),
        # And numbers around one are of one sign.
        (alternating([0.45, 0.95, 1.45], [0.55, 1.05, 1.55]), 0.05 / 0.5 / ROOT_7),
        (alternating([0, 1, 4], [0, 1, 4]), 0.0),
        # Draws that break an identity do not count.
        (alternating([9, math.nan, 19, 29], [11, 21, 31, math.nan]), 1 / 10 / ROOT_7),
        # Of two values the three quantiles are the lower, the middle and the upper.
        (alternating([9, math.nan, 29], [11, 31, math.nan]), 1 / 10 / ROOT_7),
        (alternating([9, math.nan, math.nan], [11, 31, math.nan]), math.inf),
    ],
)
def test_an_error_by_hand(columns: Any, error: float) -> None:
    assert _error(columns) == pytest.approx(error, rel=1e-12)


@pytest.mark.parametrize(
    ("asked", "drawn"),
    [(1, 8), (8, 8), (9, 16), (16, 16), (17, 32), (1000, 1024), (1024, 1024), (1025, 2048)],
)
def test_samples_are_raised_to_eight_times_a_power_of_two(
    asked: int, drawn: int, lognormals: dc.Model
) -> None:
    assert simulate(lognormals, "y", samples=asked).count == drawn


def test_a_precision_that_is_just_reached_is_reached(lognormals: dc.Model) -> None:
    found = simulate(lognormals, "y", precision=0.5)
    error = found.errors["y"]
    assert 0.0 < error < 0.5
    just = simulate(lognormals, "y", precision=error)
    assert just.converged
    assert just.count == found.count
    further = simulate(lognormals, "y", precision=math.nextafter(error, 0.0))
    assert further.count == 2 * found.count
    assert not simulate(lognormals, "y", precision=math.nextafter(error, 0.0), samples=found.count).converged


def test_the_worst_output_decides(lognormals: dc.Model) -> None:
    both = simulate(lognormals, ["first", "y"], precision=0.002)
    assert both.errors["first"] < both.errors["y"] <= 0.002
    assert both.converged
    alone = simulate(lognormals, "first", precision=0.002)
    assert alone.count < both.count
    wide = simulate(lognormals, ["first", "y"], samples=alone.count, precision=0.002)
    assert wide.errors["first"] <= 0.002 < wide.errors["y"]
    assert not wide.converged


def test_doubling_ends_at_the_most_samples(lognormals: dc.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulating, "_MOST", 2**15)
    found = simulate(lognormals, "y", precision=1e-9)
    assert found.count == 2**15
    assert not found.converged


def test_progress_tells_the_samples_so_far_and_the_error_when_last_looked_at(lognormals: dc.Model) -> None:
    told: list[tuple[int, float]] = []
    found = simulate(
        lognormals, "y", precision=0.002, progress=lambda done, error: told.append((done, error))
    )
    # Before the second block the error of the first 8,192 samples is known, before the third that of twice as many.
    errors = [simulate(lognormals, "y", samples=2**power).errors["y"] for power in (13, 14)]
    assert [done for done, _ in told[:3]] == [2**13, 2**14, 2**15]
    assert math.isnan(told[0][1])
    assert [error for _, error in told[1:3]] == errors
    assert told[-1][0] == found.count


def test_the_size_of_a_block_changes_no_sample(lognormals: dc.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    other = lognormals.replace(second=(3.3, 1.1, 9.9))

    def ask() -> tuple[Any, float]:
        one = simulate(lognormals, "y", samples=2**10)
        return one.samples["y"], one.probability_above(simulate(other, "y", samples=2**12))

    samples, above = ask()
    for block in (2**4, 2**6):
        monkeypatch.setattr(simulating, "_BLOCK", block)
        np.testing.assert_array_equal(ask()[0], samples)
        assert ask()[1] == above


def test_every_block_is_told_how_many_points_there_are_in_all(
    lognormals: dc.Model, listened: Listened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a call is compiled depends on it, and must be the same for all blocks of a call."""
    told = listened(simulating, "evaluate_drawn")
    monkeypatch.setattr(simulating, "_BLOCK", 2**6)
    found = simulate(lognormals, "y", samples=2**10)
    assert told == [(2**9, 2**10)] * 2
    told.clear()
    found.probability_above(found)
    assert told == [(2**9, 2**10)] * 4


def test_an_interruption_before_anything_is_done_comes_out(
    lognormals: dc.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(simulating, "evaluate_drawn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        simulate(lognormals, "y")


def test_an_interruption_has_the_error_of_what_is_done(lognormals: dc.Model) -> None:
    def impatient(done: int, _: float) -> None:
        if done == 2**13:
            raise KeyboardInterrupt

    found = simulate(lognormals, "y", precision=0.9, progress=impatient)
    assert found.errors == simulate(lognormals, "y", samples=2**13).errors
    assert found.errors["y"] < 0.9
    assert not found.converged, "whatever the error"


def test_what_lies_exactly_at_a_value_is_not_above_it(lognormals: dc.Model) -> None:
    """Of four values, each as likely as the next, two are above the second and none is above the last."""
    found = simulate(lognormals, "first", first=dc.Samples([1.0, 2.0, 4.0, 5.0]), samples=2**12)
    assert found.exceedance([0.5, 1.0, 2.0, 3.0, 5.0]) == pytest.approx([1.0, 0.75, 0.5, 0.5, 0.0], abs=1e-3)
    assert isinstance(found.exceedance(3.0), float)
    other = simulate(lognormals, "first", first=dc.Samples([2.0, 5.0]), samples=2**12, seed=1)
    # Of the eight pairs 4 and 5 are above 2, and nothing is above 5.
    assert found.probability_above(other) == pytest.approx(1 / 4, abs=1e-3)


def test_the_larger_of_two_simulations_says_how_many_are_drawn_together() -> None:
    """Of 0 to 10 three tenths lie below 3, of which no whole number of eighths is near."""
    model = dc.Model({"y": same}, {"x": dc.Uniform(0.0, 10.0)})
    few, many = (simulate(model, "y", samples=count) for count in (8, 2**12))
    three = simulate(model, "y", x=3.0, samples=8)
    many_threes = simulate(model, "y", x=3.0, samples=2**12)
    assert many.probability_above(three) == pytest.approx(0.7, abs=1e-3)
    assert few.probability_above(many_threes) == pytest.approx(0.7, abs=1e-3)
    assert (few.probability_above(three) * 8) % 1 == 0


def test_draws_that_either_of_two_models_refuses_are_left_out_of_both() -> None:
    # Of 0 to 20 those below 5 are refused; of the rest, 5 to 20, a third is above 15.
    rule = dc.condition("identity", "at least five", short_of_five)
    x = dc.Uniform(0.0, 20.0)
    held = dc.Model({"y": same}, {"x": x}, conditions=[rule])
    free = dc.Model({"y": same}, {"x": x})
    bar = simulate(dc.Model({"y": same}, {"x": 15.0}), "y", samples=2**12)
    one = simulate(held, "y", samples=2**12)
    assert one.probability_above(bar) == pytest.approx(1 / 3, abs=1e-3)
    assert bar.probability_above(one) == pytest.approx(2 / 3, abs=1e-3)
    assert simulate(free, "y", samples=2**12).probability_above(bar) == pytest.approx(1 / 4, abs=1e-3)
    assert one.count == 2**12 * 3 // 4
    assert one.mean == pytest.approx(12.5, abs=1e-2)


def test_the_table_and_the_line_tell_what_the_simulation_does(lognormals: dc.Model) -> None:
    found = simulate(lognormals, ["y", "first"], samples=2**10, precision=0.9)
    for row in found.table().rows(named=True):
        one = found[row["output"]]
        assert (row["q05"], row["q50"], row["q95"]) == tuple(one.quantile([0.05, 0.5, 0.95]))
        assert (row["mean"], row["error"], row["samples"]) == (one.mean, one.errors[row["output"]], 2**10)
        assert row["converged"] is True
    assert repr(found) == "<Simulation of y, first: 1,024 samples, converged>"
    rough = simulate(lognormals, "y", samples=8, precision=1e-6)
    assert repr(rough) == "<Simulation of y: 8 samples, not converged>"
    assert rough.table()["converged"].to_list() == [False]
    shown = rough._repr_html_()
    assert shown.count("<tr>") == 2, "a heading and a row"


def test_a_notebook_shows_the_median_between_its_ends() -> None:
    """A price of 10 to 30 USD has its 5 %, 50 % and 95 % at 11, 20 and 29, and 1,000 of it are thousands."""
    model = dc.Model({"cost": dc.purchase_cost}, {"units": 1000.0, "price": dc.Uniform(10.0, 30.0)})
    shown = simulate(model, "cost", samples=2**14)._repr_html_()
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", shown)
    assert cells[-4:] == ["Cost", "cost", "20,000 USD", "11,000 to 29,000 USD"]


def test_settings_stop_where_they_mean_nothing(lognormals: dc.Model) -> None:
    for settings in ({"samples": 0}, {"seed": -1}, {"precision": 0.0}, {"samples": True}):
        with pytest.raises(DojoCalcError):
            simulate(lognormals, "y", **settings)
    assert simulate(lognormals, "y", samples=1, seed=0).seed == 0


def test_what_is_left_out_is_what_the_help_says(lognormals: dc.Model) -> None:
    found, said = simulate(lognormals, "y"), simulate(lognormals, "y", precision=0.01, seed=0)
    np.testing.assert_array_equal(found.samples["y"], said.samples["y"])
    assert found.precision == said.precision
    assert found.interval() == said.interval(0.9)
