from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.analysis.sweep import StoppedError, sweep
from dojo_calc.errors import DomainError, ModelError, UnitError, UnknownNameError
from dojo_calc.model.model import Model

GRID = {
    "target": np.geomspace(1e17, 1e20, 7),
    "unit": [312e12, 362e12, 376e12],
    "chip_power": np.linspace(300, 700, 5),
}


@pytest.fixture(scope="module")
def chain() -> Model:
    return dc.Model(
        {"chips": dc.units_needed, "power": dc.step(dc.pooled_power, units="chips", unit="chip_power")},
        inputs={"target": None, "unit": None, "chip_power": None},
    )


def broadcast(model: Model, output: str) -> Any:
    """The same grid in one call, by broadcasting."""
    axes = [np.asarray(axis, dtype=float) for axis in GRID.values()]
    needed = model.needed([output])
    given = {name: axis for name, axis in zip(GRID, np.ix_(*axes), strict=True) if name in needed}
    return np.broadcast_to(model.evaluate(output, **given), (7, 3, 5))


class Lazy:
    """An executor that has nothing to do with `concurrent.futures`, as a cluster's client."""

    def __init__(self) -> None:
        self.running = self.most = 0

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
        self.running += 1
        self.most = max(self.most, self.running)
        return LazyFuture(self, function, args)


class LazyFuture:
    def __init__(self, owner: Lazy, function: Callable[..., Any], args: Any) -> None:
        self.owner, self.function, self.args = owner, function, args

    def add_done_callback(self, told: Callable[[Any], object]) -> None:
        told(self)

    def result(self) -> Any:
        self.owner.running -= 1
        return self.function(*self.args)

    def done(self) -> bool:
        return False

    def cancel(self) -> bool:
        return True


@pytest.mark.parametrize("block", [1, 4, 104, 105, 65_536])
def test_equals_broadcasting(chain: Model, block: int) -> None:
    found = sweep(chain, ["chips", "power"], GRID, block=block)
    assert found.complete
    assert found.mask.all()
    assert found.done == 105
    for output in ("chips", "power"):
        np.testing.assert_array_equal(found[output], broadcast(chain, output))


@given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=3), block=st.integers(1, 50))
def test_any_shape_and_block(sizes: list[int], block: int) -> None:
    model = dc.Model({"y": dc.straight_line}, {"capital": None, "duration": None, "life": None})
    grid = {
        name: np.arange(1.0, size + 1)
        for name, size in zip(("capital", "duration", "life"), sizes, strict=False)
    }
    fixed = {name: 2.0 for name in ("capital", "duration", "life") if name not in grid}
    axes = np.ix_(*grid.values())
    values = fixed | dict(zip(grid, axes, strict=True))
    expected = values["capital"] * values["duration"] / values["life"]
    np.testing.assert_array_equal(sweep(model, "y", grid, block=block, **fixed)["y"], expected)


def test_threads_processes_and_any_other_executor(chain: Model) -> None:
    expected = broadcast(chain, "power")
    with ThreadPoolExecutor(2) as threads:
        np.testing.assert_array_equal(
            sweep(chain, "power", GRID, executor=threads, block=8)["power"], expected
        )
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        np.testing.assert_array_equal(
            sweep(chain, "power", GRID, executor=processes, block=50)["power"], expected
        )
    lazy = Lazy()
    np.testing.assert_array_equal(sweep(chain, "power", GRID, executor=lazy, block=1)["power"], expected)
    assert lazy.most == 64, "no more blocks are handed out than may wait"


def test_memory_is_bounded(chain: Model, tmp_path: Path) -> None:
    """Four million points, 32 MB of results in a file: in memory at most 10 MB at a time."""
    grid = {
        "target": np.geomspace(1e17, 1e20, 200),
        "unit": np.linspace(1e14, 4e14, 200),
        "chip_power": np.ones(100),
    }
    out = np.memmap(tmp_path / "power.bin", dtype=np.float64, mode="w+", shape=(200, 200, 100))
    tracemalloc.start()
    found = sweep(chain, "power", grid, out=out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6
    assert found["power"] is out
    assert out[199, 0, 7] == pytest.approx(1e20 / 1e14)
    assert out[0, 199, 99] == pytest.approx(1e17 / 4e14)


def test_an_interruption_loses_no_finished_block_and_can_be_continued(chain: Model) -> None:
    calls: list[tuple[int, int]] = []
    seen: list[int] = []

    def impatient(done: int, size: int) -> None:
        calls.append((done, size))
        if len(calls) == 3:
            raise KeyboardInterrupt

    expected = broadcast(chain, "power")
    for executor in (None, Lazy()):
        calls.clear()
        part = sweep(chain, "power", GRID, block=10, progress=impatient, executor=executor)
        assert calls == [(10, 105), (20, 105), (30, 105)]
        assert not part.complete
        assert part.done == part.mask.sum() == 30
        np.testing.assert_array_equal(part["power"][part.mask], expected.ravel()[:30])
        assert np.isnan(part["power"][~part.mask]).all()
        assert part.table().shape == (30, 4)
        seen.clear()
        whole = sweep(chain, "power", GRID, block=10, out=part, progress=lambda done, _: seen.append(done))
        assert seen == [40, 50, 60, 70, 80, 90, 100, 105], "what was done is not computed again"
        np.testing.assert_array_equal(whole["power"], expected)


def test_blocks_that_finished_out_of_order_are_kept_too(chain: Model) -> None:
    class Half:
        """Finishes all blocks but the fourth, whose result is an interruption."""

        def __init__(self) -> None:
            self.count = 0

        def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
            future: Future[Any] = Future()
            self.count += 1
            if self.count == 4:
                future.set_exception(KeyboardInterrupt())
            elif self.count == 6:
                future.set_exception(OSError("lost worker"))
            else:
                future.set_result(function(*args))
            return future

    part = sweep(chain, "power", GRID, block=10, executor=Half())
    np.testing.assert_array_equal(part.finished, [index not in (3, 5) for index in range(11)])
    assert part.done == 85


def test_what_is_done_survives_any_error(chain: Model) -> None:
    class Broken:
        def __init__(self) -> None:
            self.count = 0

        def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
            future: Future[Any] = Future()
            self.count += 1
            if self.count == 4:
                future.set_exception(OSError("lost worker"))
            else:
                future.set_result(function(*args))
            return future

    with pytest.raises(StoppedError, match=r"OSError: lost worker; 95 of 105 points are done") as stopped:
        sweep(chain, "power", GRID, block=10, executor=Broken())
    part = stopped.value.sweep
    assert np.flatnonzero(~part.finished).tolist() == [3]
    assert np.isnan(part["power"][~part.mask]).all()
    whole = sweep(chain, "power", GRID, block=10, out=part)
    np.testing.assert_array_equal(whole["power"], broadcast(chain, "power"))


def test_a_slow_block_holds_no_other_up(chain: Model) -> None:
    """The first block waits until all others are told, far more than are handed out at a time."""
    others = Event()

    class Slow:
        def __init__(self, threads: ThreadPoolExecutor) -> None:
            self.threads, self.first = threads, True

        def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
            first, self.first = self.first, False

            def run() -> Any:
                assert not first or others.wait(60), "the others wait for the first"
                return function(*args)

            return self.threads.submit(run)

    def told(done: int, size: int) -> None:
        if done == size - 1:
            others.set()

    with ThreadPoolExecutor(2) as threads:
        found = sweep(chain, "power", GRID, block=1, executor=Slow(threads), progress=told)
    assert found.complete
    np.testing.assert_array_equal(found["power"], broadcast(chain, "power"))


def test_table_has_a_row_a_point(chain: Model) -> None:
    table = sweep(chain, "chips", {"target": [1e18, 2e18], "unit": [1e14, 2e14]}).table()
    assert table.columns == ["target", "unit", "chips"]
    assert table.rows() == [
        (1e18, 1e14, 10_000.0),
        (1e18, 2e14, 5_000.0),
        (2e18, 1e14, 20_000.0),
        (2e18, 2e14, 10_000.0),
    ]


def test_what_cannot_be_swept_is_named(chain: Model) -> None:
    whole = sweep(chain, "chips", {"target": [1e18], "unit": [1e14]})
    readonly = np.zeros((2,))
    readonly.flags.writeable = False
    two = {"target": [1e18, 2e18]}
    refused: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (
            lambda: sweep(chain, "chips", {"targt": [1]}, unit=1),
            UnknownNameError,
            "'targt'; did you mean target",
        ),
        (lambda: sweep(chain, "chps", two, unit=1), UnknownNameError, "no output 'chps'"),
        (lambda: sweep(chain, "chips", two), ModelError, "needs a value for unit"),
        (
            lambda: sweep(chain, "chips", {"target": [1e18, -1]}, unit=1),
            DomainError,
            r"target\[1\] must be above 0",
        ),
        (lambda: sweep(chain, "chips", {"target": []}, unit=1), ModelError, "axis target must be a sequence"),
        (lambda: sweep(chain, "chips", {"target": 3}, unit=1), ModelError, "axis target must be a sequence"),
        (lambda: sweep(chain, "chips", {}, target=1, unit=1), ModelError, "needs an input to vary"),
        (
            lambda: sweep(chain, "chips", two, unit=1, block=0),
            ModelError,
            "block must be a whole number, at least 1",
        ),
        (lambda: sweep(chain, "chips", two, unit=1, target=1), ModelError, "target is both an axis"),
        (lambda: sweep(chain, "chips", two, unit=[1, 2]), ModelError, "unit must be one value here"),
        (
            lambda: sweep(chain, "chips", two, unit=1, out=np.zeros(3)),
            ModelError,
            r"float64 array of shape \(2,\)",
        ),
        (lambda: sweep(chain, "chips", two, unit=1, out=readonly), ModelError, "writeable"),
        (lambda: sweep(chain, "chips", two, unit=1, out={}), ModelError, "got nothing"),
        (lambda: sweep(chain, ["chips", "power"], two, out=np.zeros(2)), ModelError, "need a mapping"),
        (lambda: sweep(chain, "chips", two, unit=1, out=whole), ModelError, "of another grid"),
        (
            lambda: sweep(chain, "power", {"target": [1e18], "unit": [1e14]}, chip_power=1, out=whole),
            ModelError,
            "other outputs, values",
        ),
    ]
    for call, error, message in refused:
        with pytest.raises(error, match=message):
            call()


def test_an_error_in_a_block_comes_out(chain: Model) -> None:
    with ThreadPoolExecutor(2) as threads, pytest.raises(ModelError, match="needs a value for chip_power"):
        sweep(chain, "power", {"target": GRID["target"], "unit": GRID["unit"]}, executor=threads, block=2)
    with pytest.raises(
        ModelError, match="chip_power is given, but chips does not depend on it; it would change power"
    ):
        sweep(chain, "chips", {"chip_power": [1.0, 2.0]}, target=2e14, unit=1e14)


def test_an_axis_may_be_texts(chain: Model) -> None:
    found = sweep(chain, "chips", {"target": ["1 EFLOP/s", "2 EFLOP/s"]}, unit="500 TFLOP/s")
    assert found["chips"].tolist() == [2000.0, 4000.0]
    with pytest.raises(UnitError, match=r"target\[1\] must be in FLOP/s"):
        sweep(chain, "chips", {"target": ["1 EFLOP/s", "2 W"]}, unit=1e14)
