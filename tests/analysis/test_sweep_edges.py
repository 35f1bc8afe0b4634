"""Grids at their edges: one point, a last block that is not full, axes and arrays that do not fit, and reasons."""

from __future__ import annotations

import pickle
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.analysis import sweep as sweeping
from dojo_calc.analysis.sweep import StoppedError, at, numbers, sweep, whole
from dojo_calc.errors import ModelError
from dojo_calc.quantities import Count, SignedCount

from .conftest import Listened


def product(a: Count, b: Count) -> Count:
    return a * b


def short_of_three(a: Count) -> SignedCount:
    return 3.0 - a


def above_forty(y: Count) -> SignedCount:
    return y - 40.0


@pytest.fixture
def model() -> dc.Model:
    return dc.Model({"y": product, "z": dc.step(product, b="y")}, {"a": 2.0, "b": 5.0})


def test_a_grid_may_be_one_point(model: dc.Model) -> None:
    found = sweep(model, "y", {"a": [3.0]})
    assert found["y"].tolist() == [15.0]
    assert (found.shape, found.done, found.complete) == ((1,), 1, True)
    assert found.units() == {"a": "1", "y": "1"}


def test_points_are_numbered_as_numpy_numbers_them() -> None:
    axes = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0, 5.0])}
    found = at(axes, (2, 3), np.arange(1, 5))
    assert found["a"].tolist() == [1.0, 1.0, 2.0, 2.0]
    assert found["b"].tolist() == [4.0, 5.0, 3.0, 4.0]


def test_the_last_block_counts_what_it_has(model: dc.Model) -> None:
    """Of seven points in blocks of three the last block has one."""

    class Only:
        """Computes no block but one."""

        def __init__(self, block: int) -> None:
            self.block, self.asked = block, 0

        def submit(self, function: Any, /, *args: Any) -> Any:
            future: Future[Any] = Future()
            if self.asked == self.block:
                future.set_result(function(*args))
            else:
                future.set_exception(OSError("lost"))
            self.asked += 1
            return future

    told: list[tuple[int, int]] = []
    for block, done in ((0, 3), (1, 3), (2, 1)):
        with pytest.raises(StoppedError, match=f"OSError: lost; {done} of 7 points are done") as stopped:
            sweep(model, "y", {"a": np.arange(7.0)}, block=3, executor=Only(block))
        part = stopped.value.sweep
        assert (part.done, part.complete) == (done, False)
        assert part.mask.tolist() == [index // 3 == block for index in range(7)]
        assert part.line() == f"Sweep of y over a: 7 points, {done} of them done"
        assert part.table().height == done
        again = pickle.loads(pickle.dumps(stopped.value))
        assert str(again) == str(stopped.value)
        assert again.sweep.done == done
        told.clear()
        rest = sweep(
            model, "y", {"a": np.arange(7.0)}, block=3, out=part, progress=lambda *one: told.append(one)
        )
        assert rest["y"].tolist() == [5.0 * index for index in range(7)]
        assert told[-1] == (7, 7)
        assert len(told) == 2


def test_nothing_done_is_the_error_itself(model: dc.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: Any) -> Any:
        raise OSError("lost")

    monkeypatch.setattr(sweeping, "evaluate_block", lost)
    with pytest.raises(OSError, match=r"^lost$"):
        sweep(model, "y", {"a": [1.0, 2.0]})


def test_every_block_is_told_how_many_points_there_are_in_all(model: dc.Model, listened: Listened) -> None:
    """Whether a call is compiled depends on it, and must be the same for all blocks of a call."""
    told = listened(sweeping, "evaluate_block")
    sweep(model, "y", {"a": np.arange(7.0)}, block=3)
    assert told == [(3, 7), (3, 7), (1, 7)]


def test_each_output_has_the_shape_of_the_grid_also_where_it_does_not_vary(model: dc.Model) -> None:
    found = sweep(model, ["y", "z"], {"a": [1.0, 2.0], "b": [3.0, 4.0, 5.0]}, block=4)
    np.testing.assert_array_equal(found["y"], np.outer([1.0, 2.0], [3.0, 4.0, 5.0]))
    np.testing.assert_array_equal(found["z"], np.outer([1.0, 4.0], [3.0, 4.0, 5.0]))
    beside = dc.Model({"y": product, "w": dc.step(product, a="c", b="c")}, {"a": 2.0, "b": 5.0, "c": 3.0})
    assert sweep(beside, ["y", "w"], {"a": [1.0, 2.0]})["w"].tolist() == [9.0, 9.0]


def test_an_array_to_fill_must_fit(model: dc.Model) -> None:
    grid = {"a": [1.0, 2.0], "b": [3.0, 4.0]}
    good = np.zeros((2, 2))
    assert sweep(model, "y", grid, out=good)["y"] is good
    assert good.tolist() == [[3.0, 4.0], [6.0, 8.0]]
    pair = {"y": np.zeros((2, 2)), "z": np.zeros((2, 2))}
    assert sweep(model, ["y", "z"], grid, out=pair)["z"] is pair["z"]
    for wrong in (
        np.zeros((2, 2), order="F"),
        np.zeros((2, 2), dtype=np.float32),
        np.zeros(4),
        np.zeros((2, 3)),
    ):
        with pytest.raises(
            ModelError, match=r"out for y must be a writeable float64 array of shape \(2, 2\)"
        ):
            sweep(model, "y", grid, out=wrong)
    for name in ("y", "z"):
        with pytest.raises(ModelError, match=f"out for {name} must be"):
            sweep(model, ["y", "z"], grid, out={**pair, name: np.zeros(4)})


def test_only_the_same_sweep_can_be_continued(model: dc.Model) -> None:
    part = sweep(model, "y", {"a": [1.0, 2.0]}, block=1, b=4.0)
    assert sweep(model, "y", {"a": [1.0, 2.0]}, block=1, b=4.0, out=part) is part
    for grid, settings in (
        ({"a": [1.0, 3.0]}, {"block": 1, "b": 4.0}),
        ({"a": [1.0, 2.0]}, {"block": 2, "b": 4.0}),
        ({"a": [1.0, 2.0]}, {"block": 1, "b": 5.0}),
        ({"a": [1.0, 2.0]}, {"block": 1}),
        ({"b": [1.0, 2.0]}, {"block": 1, "a": 4.0}),
    ):
        with pytest.raises(ModelError, match="of another grid, other outputs, values or another block"):
            sweep(model, "y", grid, out=part, **settings)
    with pytest.raises(ModelError, match="of another grid"):
        sweep(model, "z", {"a": [1.0, 2.0]}, block=1, b=4.0, out=part)


def test_an_axis_is_a_row_of_values(model: dc.Model) -> None:
    wrong: Any
    for wrong in ([[1.0, 2.0]], [], 3.0, np.ones((1, 1))):
        with pytest.raises(ModelError, match="axis a must be a sequence of values"):
            sweep(model, "y", {"a": wrong})
    with pytest.raises(ModelError, match="a sweep needs an input to vary and an output"):
        sweep(model, [], {"a": [1.0]})


def test_a_setting_is_a_whole_number_and_no_truth() -> None:
    assert whole("block", 3, 3) == whole("block", np.int64(3), 3) == 3
    assert type(whole("block", np.int64(3), 3)) is int
    wrong: Any
    for wrong in (2, True, 3.0, "3", None):
        with pytest.raises(ModelError, match="block must be a whole number, at least 3"):
            whole("block", wrong, 3)
    with pytest.raises(ModelError, match="truth must be a whole number"):
        whole("truth", True, 0)


def test_a_value_held_is_one(model: dc.Model) -> None:
    assert numbers(model, {"a": "3", "b": 4}) == {"a": 3.0, "b": 4.0}
    with pytest.raises(ModelError, match=r"b must be one value here, got an array of shape \(1,\)"):
        numbers(model, {"a": 3.0, "b": [4.0]})


@pytest.mark.parametrize("block", [1, 2, 3, 100])
def test_the_first_condition_that_a_point_breaks_is_its_reason(block: int) -> None:
    rules = [
        dc.condition("identity", "at least three", short_of_three),
        dc.condition("limit", "at most forty", above_forty),
    ]
    held = dc.Model({"y": product}, {"a": 4.0, "b": 5.0}, conditions=rules)
    found = sweep(held, "y", {"a": [2.0, 3.0, 8.0, 9.0], "b": [5.0, 30.0]}, block=block)
    np.testing.assert_array_equal(found["y"], [[np.nan, np.nan], [15.0, 90.0], [40.0, 240.0], [45.0, 270.0]])
    assert found.reason.tolist() == [
        ["at least three; here a is 2", "at least three; here a is 2"],
        ["", "at most forty; here y is 90"],
        ["", "at most forty; here y is 240"],
        ["at most forty; here y is 45", "at most forty; here y is 270"],
    ]
    fixed = sweep(held, "y", {"a": [2.0, 9.0]}, block=block, b=5.0)
    assert fixed.reason.tolist() == ["at least three; here a is 2", "at most forty; here y is 45"]
