"""A sweep on a real Dask cluster of this machine, one of whose workers is killed on the way."""

from __future__ import annotations

import os
import signal
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from tests.analysis.test_stored import chain

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SIDE = 1200


def test_a_killed_worker_loses_nothing_and_the_result_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    dask: Any = import_module("distributed")

    grid = {"target": np.linspace(1e18, 9e18, SIDE), "price": np.linspace(20e3, 40e3, SIDE)}
    killed: list[int] = []
    with (
        dask.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        dask.Client(cluster) as client,
    ):

        def progress(done: int, _: int) -> None:
            if not killed and done > SIDE:
                victim: Any = next(iter(client.run(os.getpid).values()))
                killed.append(victim)
                os.kill(victim, signal.SIGKILL)

        found = dc.sweep_to(tmp_path, chain(), "cost", grid, executor=client, block=10_000, progress=progress)
    assert killed
    expected = dc.sweep(chain(), "cost", grid)["cost"].ravel()
    np.testing.assert_array_equal(found.scan().collect()["cost"].to_numpy(), expected)
    assert found.mean("cost") == pytest.approx(expected.mean(), rel=1e-13)
