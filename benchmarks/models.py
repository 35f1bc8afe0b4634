"""A model's graph against the same arithmetic written by hand."""

from __future__ import annotations

import resource
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import numpy as np
from scipy.optimize import elementwise

import dojo_calc as dc
from benchmarks.timing import Row, medians
from dojo_calc.analysis import solve
from dojo_calc.analysis.newton import narrowed

SCENARIOS = 10_000_000
BLOCK = 16_384  # doubles: the five arrays alive at a time stay in a core's second-level cache
CALLS = 2_000
OUTPUT = "fleet_capital"
SOLVED = 200  # targets of a solve


def by_hand(v: dict[str, Any]) -> Any:
    """Compute what chips cost with servers, network and hall in plain NumPy."""
    cluster = v["server_price"] / (1.0 - v["network_share"])
    hall = v["server_power_rated"] / (1.0 - v["overhead_share"]) * v["hall_price_per_watt"]
    return v["chips"] * (cluster + hall)


def _solve() -> Row:
    """Server prices for prices of work, with exact derivatives and without; evaluations of each are counted."""
    model = dc.chain("h100-sxm")
    price = model.evaluate("server_price")
    targets = model.evaluate("own_per_work", server_price=price * np.geomspace(0.5, 2.0, SOLVED))
    counts = {"with": 0, "without": 0}
    plain = elementwise.find_root

    def counted(function: Any, *given: Any, **named: Any) -> Any:
        found = plain(function, *given, **named)
        counts["without"] += int(found.nfev.sum())
        return found

    def steps(function: Any, *given: Any) -> Any:
        def both(x: Any, *values: Any) -> Any:
            counts["with"] += 2 * x.size  # a value and a derivative
            return function(x, *values)

        return narrowed(both, *given)

    def ask() -> Any:
        return dc.solve(model, "server_price", "own_per_work", targets, low=price / 3.0, high=price * 3.0)

    with patch.object(solve, "narrowed", steps):
        followed = ask()
    with patch.object(solve, "tangent", lambda *_: None), patch.object(elementwise, "find_root", counted):
        np.testing.assert_allclose(ask(), followed, rtol=1e-12)
    (seconds,) = medians(ask, repeats=3)
    work = (
        f"{SOLVED:,} prices found; {counts['with'] / SOLVED:.1f} evaluations each, half of them derivatives, against "
        f"{counts['without'] / SOLVED:.1f}; the ratio is of evaluations"
    )
    return Row("solve", work, seconds, SOLVED / seconds, "chandrupatla", counts["without"] / counts["with"])


def rows() -> Iterator[Row]:
    """Time one call of the graph and a solve, then ten million scenarios in one call."""
    model = dc.chain("h100-sxm")
    steps = len([name for name in model.needed([OUTPUT]) if name in model.outputs])

    def call() -> None:
        for _ in range(CALLS):
            model.evaluate(OUTPUT)

    (seconds,) = medians(call)
    node = seconds / CALLS / steps
    yield Row("graph_node", f"scalar call of {steps} formulas, a node", node, 1 / node, None, None)

    yield _solve()
    random = np.random.default_rng(2)
    names = [name for name in model.needed([OUTPUT]) if name in model.inputs]
    base: dict[str, float] = {name: model.inputs[name].value or 0.0 for name in names}
    varied = {
        name: base[name] * random.uniform(0.9, 1.1, SCENARIOS)
        for name in ("chips", "server_price", "network_share")
    }
    out = np.empty(SCENARIOS)
    blocks = [slice(start, start + BLOCK) for start in range(0, SCENARIOS, BLOCK)]

    def graph() -> Any:
        """As one kernel on all cores, where numba is installed; every array held to its domain on the way."""
        return model.evaluate(OUTPUT, **varied)

    def one_core() -> Any:
        """The same on one: a thread of several is given no others."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(graph).result()

    def one_by_one() -> None:
        """Formula by formula in NumPy, each block alone too small to be compiled."""
        for block in blocks:
            out[block] = model.evaluate(OUTPUT, **{name: values[block] for name, values in varied.items()})

    def fused() -> None:
        for block in blocks:
            out[block] = by_hand(base | {name: values[block] for name, values in varied.items()})

    def stream() -> None:
        first, *others = varied.values()
        for block in blocks:
            out[block] = first[block]
            for values in others:
                np.add(out[block], values[block], out=out[block])

    one_by_one()
    np.testing.assert_allclose(graph(), out, rtol=1e-12)
    own, core, plain, hand, streamed = medians(graph, one_core, one_by_one, fused, stream, repeats=5)
    tracemalloc.start()
    graph()
    peak = tracemalloc.get_traced_memory()[1] - out.nbytes
    tracemalloc.stop()
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    work = f"{SCENARIOS:,} scenarios in one call; {peak / 1e6:.1f} MB beside inputs and result"
    yield Row("chain", f"{work} (process {resident} MiB)", own, SCENARIOS / own, "fused", hand / own)
    yield Row("chain", work, own, SCENARIOS / own, "stream", streamed / own)
    yield Row("chain_core", f"{work}, on one core", core, SCENARIOS / core, "stream", streamed / core)
    work = f"{SCENARIOS:,} scenarios in blocks of {BLOCK:,}, in NumPy"
    yield Row("chain_numpy", work, plain, SCENARIOS / plain, "stream", streamed / plain)
