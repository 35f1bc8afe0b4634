"""Sweeps in folders: equal to those in memory, resumed after failures, and nothing of another sweep taken."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.analysis import stored
from dojo_calc.analysis.sweep import Travelling
from dojo_calc.errors import ModelError, UnknownNameError
from dojo_calc.quantities import Count, FlopRate, SignedCount
from dojo_calc.readings.compiled import available

GRID = {"target": np.linspace(1e18, 9e18, 40), "price": np.linspace(20e3, 40e3, 25)}
SWITCH = "DOJO_CALC_TEST_KILLS"


def chain(unit: float = 3e14) -> dc.Model:
    return dc.Model(
        {"chips": dc.units_needed, "cost": dc.step(dc.purchase_cost, units="chips")},
        {"target": 1e18, "unit": unit, "price": 30e3},
    )


def deadly(target: FlopRate, unit: FlopRate) -> Count:
    """Count chips; and end its process once, at a part of a hundred, where a file says so."""
    part = isinstance(target, np.ndarray) and target.size == 100
    if part and (mark := os.environ.get(SWITCH)) and Path(mark).exists():
        Path(mark).unlink()
        os._exit(1)
    return target / unit


def test_a_digest_is_the_same_in_every_process() -> None:
    """Names come in the order of the outputs and the conditions, never in that of a set, which a process draws."""
    model, given = dc.chain("h100-sxm"), ("chips", "server_price", "hall_price_per_watt")
    wanted = model.needed(["own_per_work"])[-12:]
    path = model._path(tuple(wanted), given)
    looked = [name for check, _ in path.checks for name in check.names]
    assert looked
    assert path.kept == tuple(dict.fromkeys([*wanted, *looked]))


@pytest.mark.parametrize("make", [lambda: None, lambda: ThreadPoolExecutor(2)])
def test_rows_and_summaries_are_those_of_the_sweep_in_memory(
    tmp_path: Path, make: Callable[[], Executor | None]
) -> None:
    told: list[tuple[int, int]] = []
    found = dc.sweep_to(
        tmp_path / "s", chain(), ["cost", "chips"], GRID, executor=make(), block=70, best=3,
        progress=lambda *done: told.append(done),
    )  # fmt: skip
    expected = dc.sweep(chain(), ["cost", "chips"], GRID)
    table = found.scan().collect()
    assert table.equals(expected.table().select(table.columns))
    assert found.count == 1000
    assert told[-1] == (1000, 1000)
    cost = np.sort(expected["cost"].ravel())
    assert found.mean("cost") == pytest.approx(cost.mean(), rel=1e-14)
    np.testing.assert_allclose(found.quantile("cost", [0.05, 0.5, 0.95]), cost[[49, 499, 949]], rtol=0.003)
    ends, counts = found.histogram("cost")
    assert counts.sum() == 1000
    assert found.quantile("cost", 0.5) == found.quantile("cost", [0.5])[0]
    assert ends[0] <= cost[0] < ends[0] * 1.004
    assert found.best("cost")["cost"].to_list() == cost[:3].tolist()
    assert found.best("cost", most=True)["cost"].to_list() == cost[:-4:-1].tolist()
    assert found.best("cost").row(0, named=True)["target"] == 1e18
    with pytest.raises(UnknownNameError, match="not swept: 'costs'"):
        found.mean("costs")


def test_the_histogram_orders_negative_numbers_too() -> None:
    values = np.array([-5.0, -1.0, -0.0, 0.0, 2.0, 2.001, np.nan, np.inf])
    told = stored._reduced({"y": values}, "y", 2)
    assert told["count"] == 7
    ends = stored._lower(told["cells"])
    assert (np.diff(ends) > 0).all()
    assert [row[0] for row in told["lowest"]] == [-5.0, -1.0]


def test_only_summaries_are_kept_if_that_is_asked(tmp_path: Path) -> None:
    found = dc.sweep_to(tmp_path, chain(), "cost", GRID, rows=False, block=300)
    assert not list(tmp_path.glob("*.parquet"))
    assert found.best("cost").height == 10
    with pytest.raises(ModelError, match="holds summaries alone"):
        found.scan()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("No space left on device")])
def test_what_is_finished_survives_and_is_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    run, calls = stored._Task.run, []

    def failing(self: Any, index: int) -> int:
        calls.append(index)
        if len(calls) == 4:
            raise error
        return run(self, index)

    monkeypatch.setattr(stored._Task, "run", failing)
    with pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else ModelError) as raised:
        dc.sweep_to(tmp_path, chain(), "cost", GRID, block=100)
    if error is not KeyboardInterrupt:
        assert "No space left on device; 3 of 10 parts are finished and kept" in str(raised.value)
    assert not list(tmp_path.glob("*.tmp"))
    found = dc.sweep_to(tmp_path, chain(), "cost", GRID, block=100)
    assert calls == [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9]
    np.testing.assert_array_equal(
        found.scan().collect()["cost"].to_numpy(), dc.sweep(chain(), "cost", GRID)["cost"].ravel()
    )


def test_a_killed_worker_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "kill"
    monkeypatch.setenv(SWITCH, str(mark))
    model = dc.Model({"chips": deadly}, {"target": 1e18, "unit": 3e14})
    grid = {"target": np.linspace(1e18, 2e18, 500)}
    mark.touch()
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(ModelError, match=r"BrokenProcessPool.*the same call goes on from there"),
    ):
        dc.sweep_to(tmp_path / "s", model, "chips", grid, block=100, executor=pool)
    found = dc.sweep_to(tmp_path / "s", model, "chips", grid, block=100)
    np.testing.assert_array_equal(found.scan().collect()["chips"].to_numpy(), grid["target"] / 3e14)


def test_a_scheduler_that_is_gone_is_one_error_and_what_is_finished_stays(tmp_path: Path) -> None:
    class Leaving(ThreadPoolExecutor):
        """Takes three parts, and then is as a client without its scheduler: it takes none."""

        taken = 0

        def submit(self, *given: Any, **named: Any) -> Any:
            self.taken += 1
            if self.taken > 3:
                raise OSError("Timed out trying to connect to tcp://scheduler:8786")
            future = super().submit(*given, **named)
            future.exception()  # finished before the next is taken
            return future

    with (
        Leaving(1) as pool,
        pytest.raises(
            ModelError,
            match=r"stopped: OSError: Timed out .*; 3 of 10 parts are finished and kept, and the same",
        ),
    ):
        dc.sweep_to(tmp_path, chain(), "cost", GRID, block=100, executor=pool)
    found = dc.sweep_to(tmp_path, chain(), "cost", GRID, block=100)
    np.testing.assert_array_equal(
        found.scan().collect()["cost"].to_numpy(), dc.sweep(chain(), "cost", GRID)["cost"].ravel()
    )


def test_another_sweep_in_the_folder_is_refused(tmp_path: Path) -> None:
    dc.sweep_to(tmp_path, chain(), "cost", GRID, block=500)
    with pytest.raises(ModelError, match="a sweep of another model, or of this one before it was changed"):
        dc.sweep_to(tmp_path, chain(unit=4e14), "cost", GRID, block=500)
    with pytest.raises(ModelError, match="holds another sweep: its axes differ"):
        dc.sweep_to(tmp_path, chain(), "cost", GRID | {"price": np.linspace(1e4, 2e4, 25)}, block=500)
    with pytest.raises(ModelError, match="block differ"):
        dc.sweep_to(tmp_path, chain(), "cost", GRID, block=400)
    (tmp_path / "sweep.json").unlink()
    with pytest.raises(ModelError, match="without its manifest"):
        dc.sweep_to(tmp_path, chain(), "cost", GRID, block=500)
    with pytest.raises(ModelError, match="cannot be used"):
        dc.sweep_to(next(tmp_path.glob("*.json")), chain(), "cost", GRID)


def test_a_model_travels_without_its_catalogue() -> None:
    model = dc.chain("h100-sxm")
    sent = cloudpickle.dumps(model.travelling())
    assert 20 * len(sent) < len(cloudpickle.dumps(model))
    again: dc.Model = cloudpickle.loads(sent)
    assert again.evaluate("own") == model.evaluate("own")


def test_a_changed_formula_has_another_fingerprint() -> None:
    def doubled(target: FlopRate, unit: FlopRate) -> Count:
        return 2.0 * target / unit

    def made(formula: Any) -> dc.Model:
        return dc.Model({"chips": formula}, {"target": 1e18, "unit": 3e14})

    prints = [made(one).fingerprint(["chips"], ["target"]) for one in (deadly, dc.units_needed, doubled)]
    assert prints[0] == prints[1], "the same graph"
    assert prints[2] != prints[1]


# --- Edges: signs, ties, parts of few points, and points without a value ------------------------------------------


def cells_of(values: list[float]) -> tuple[Any, Any, dict[str, Any]]:
    """Lower ends of the cells of some values, the lower ends of the next ones, and the summary."""
    told = stored._reduced({"y": np.array(values)}, "y", 2)
    cells = np.array(told["cells"])
    return stored._lower(cells), stored._lower(cells + 1), told


def test_a_cell_is_a_256th_of_an_octave_and_holds_its_lower_end() -> None:
    ends, following, told = cells_of([1.0, 1.0 + 1 / 257, 1.0 + 1 / 256, 2.0, 2.0 + 2 / 256, 4.0])
    assert ends.tolist() == [1.0, 1.0 + 1 / 256, 2.0, 2.0 + 2 / 256, 4.0]
    assert following.tolist() == [1.0 + 1 / 256, 1.0 + 2 / 256, 2.0 + 2 / 256, 2.0 + 4 / 256, 4.0 + 4 / 256]
    assert told["counts"] == [2, 1, 1, 1, 1]


def test_every_value_lies_in_its_cell_whatever_its_sign() -> None:
    random = np.random.default_rng(4)
    values = random.choice([-1.0, 1.0], 300) * 10.0 ** random.uniform(-200, 200, 300)
    for value in values:
        (end,), (following,), _ = cells_of([value])
        assert end <= value < following or end < value <= following
        assert abs(following - end) <= abs(value) / 255
    ends, _, told = cells_of(values.tolist())
    assert (np.diff(ends) > 0).all(), "negative numbers stand before positive ones, the largest of them first"
    assert sum(told["counts"]) == 300


def lines(x: Count) -> SignedCount:
    return x - 3.0


def short(x: Count) -> SignedCount:
    return 2.0 - x


def made(folder: Path, points: int, **settings: Any) -> Any:
    """Of 0, 1, 2, ... the values -3, -2, -1, ..., of which those below -1 break the identity."""
    rule = dc.condition("identity", "at least two", short)
    model = dc.Model({"y": lines}, {"x": 5.0}, conditions=[rule])
    return dc.sweep_to(folder, model, "y", {"x": np.arange(float(points))}, **settings)


def test_points_without_a_value_count_nowhere(tmp_path: Path) -> None:
    """Of eight points, -1, 0, 1, 2, 3 and 4 have a value; the first part of two has none."""
    found = made(tmp_path / "some", 8, block=2, best=3)
    assert found.mean("y") == 1.5
    assert found.histogram("y")[1].tolist() == [1] * 6
    assert [found.quantile("y", q) for q in (0.0, 0.5, 1.0)] == pytest.approx(
        [-1.0, 1.0, 4.0], rel=3e-3, abs=1e-9
    )
    assert found.best("y").rows() == [(2.0, -1.0), (3.0, 0.0), (4.0, 1.0)]
    assert found.best("y", most=True).rows() == [(7.0, 4.0), (6.0, 3.0), (5.0, 2.0)]
    none = made(tmp_path / "none", 2)
    assert math.isnan(none.mean("y"))
    with pytest.raises(ModelError, match="y has no value at any point"):
        none.quantile("y", 0.5)
    assert none.best("y").height == 0


def test_as_many_of_the_best_are_told_as_were_asked_for_however_small_the_parts(tmp_path: Path) -> None:
    """A summary of a part of two points names both, so that three parts together know the best five."""
    found = made(tmp_path / "five", 8, block=2, best=5)
    assert found.best("y")["y"].to_list() == [-1.0, 0.0, 1.0, 2.0, 3.0]
    assert found.best("y", most=True)["y"].to_list() == [4.0, 3.0, 2.0, 1.0, 0.0]
    assert made(tmp_path / "none", 8, best=0).best("y").height == 0
    assert made(tmp_path / "all", 8, best=100).best("y").height == 6


def test_of_equal_values_those_that_come_first_are_told_as_the_lowest(tmp_path: Path) -> None:
    def level(x: Count) -> Count:
        return 0.0 * x + 7.0

    found = dc.sweep_to(
        tmp_path, dc.Model({"y": level}, {"x": 1.0}), "y", {"x": [4.0, 2.0, 3.0, 1.0]}, block=2, best=3
    )
    assert found.best("y")["x"].to_list() == [4.0, 2.0, 3.0]


@pytest.mark.parametrize("block", [1, 3, 7, 8, 100])
def test_parts_of_any_size_hold_every_point_once_and_in_order(tmp_path: Path, block: int) -> None:
    told: list[tuple[int, int]] = []
    found = made(tmp_path, 8, block=block, progress=lambda *done: told.append(done))
    assert len(found.parts) == len(list(tmp_path.glob("*.parquet"))) == math.ceil(8 / block)
    assert told == [(min(8, (index + 1) * block), 8) for index in range(len(found.parts))]
    assert found.scan().collect()["x"].to_list() == list(range(8))


def test_progress_goes_on_from_what_is_done(tmp_path: Path) -> None:
    made(tmp_path, 8, block=3)
    (tmp_path / "part-000000001.json").unlink()
    told: list[tuple[int, int]] = []
    made(tmp_path, 8, block=3, progress=lambda *done: told.append(done))
    assert told == [(8, 8)], "three of eight points were missing"


def test_every_setting_that_changes_a_part_makes_it_another_sweep(tmp_path: Path) -> None:
    def ask(**settings: Any) -> None:
        dc.sweep_to(tmp_path, chain(), "cost", {"target": [1e18, 2e18]}, **{"price": 1.0} | settings)

    ask()
    ask()
    for settings, differs in (
        ({"price": 2.0}, "given"),
        ({"rows": False}, "rows"),
        ({"best": 3}, "best"),
        ({"best": 3, "rows": False}, "rows and best"),
    ):
        with pytest.raises(ModelError, match=f"its {differs} differ"):
            ask(**settings)
    told = json.loads((tmp_path / "sweep.json").read_text("utf-8"))
    told["outputs"] = ["chips"]
    (tmp_path / "sweep.json").write_text(json.dumps(told), "utf-8")
    with pytest.raises(ModelError, match="its outputs differ"):
        ask()


def test_a_sweep_begun_with_numba_is_not_finished_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, 4, block=2)
    here = available()
    monkeypatch.setattr(stored, "available", lambda: not here)
    with pytest.raises(ModelError, match="its compiled differ"):
        made(tmp_path, 4, block=2)
    # A worker on another machine finds out by itself.
    axes = {"target": np.array([1e18, 2e18])}
    sent = Travelling(chain())
    task = stored._Task(sent, ("cost",), axes, {"price": 1.0}, 2, 2, str(tmp_path), True, 1, here)
    with pytest.raises(ModelError, match="numba is installed here and not where the sweep was begun"):
        task.run(0)
    monkeypatch.setattr(stored, "available", lambda: here)
    assert task.run(0) == 0


def test_bad_settings_of_a_stored_sweep_are_named(tmp_path: Path) -> None:
    for settings, message in (({"block": 0}, "block must be"), ({"best": -1}, "best must be")):
        with pytest.raises(ModelError, match=message):
            made(tmp_path / "never", 4, **settings)
    with pytest.raises(ModelError, match="both an axis of the grid and given"):
        made(tmp_path / "never", 4, x=3.0)
    assert not (tmp_path / "never").exists()
