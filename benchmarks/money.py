"""From a chip to the price of an exaflop-hour delivered, on ten million scenarios."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import dojo_calc as dc
from benchmarks.timing import Row, medians

SCENARIOS = 10_000_000
BLOCK = 8_192  # doubles: some twenty arrays alive at a time stay in a core's second-level cache
VARIED = ("server_price", "price_decline", "interest", "energy_price", "mfu", "chips")
OUTPUT = "own_per_work"
SQUIGGLE_SAMPLES = 2_000  # it calls a function once a sample


def rows() -> Iterator[Row]:
    """Time the chain against adding up its inputs in memory, and against squigglepy where that is installed."""
    model = dc.chain("h100-sxm")
    random = np.random.default_rng(5)
    base = {name: model.inputs[name].value or 0.0 for name in VARIED}
    varied = {name: base[name] * random.uniform(0.9, 1.1, SCENARIOS) for name in VARIED}
    out = np.empty(SCENARIOS)
    blocks = [slice(start, start + BLOCK) for start in range(0, SCENARIOS, BLOCK)]

    def chain() -> Any:
        """As one kernel on all cores, where numba is installed."""
        return model.evaluate(OUTPUT, **varied)

    def one_by_one() -> None:
        for block in blocks:
            out[block] = model.evaluate(OUTPUT, **{name: values[block] for name, values in varied.items()})

    def stream() -> None:
        first, *others = varied.values()
        for block in blocks:
            out[block] = first[block]
            for values in others:
                np.add(out[block], values[block], out=out[block])

    own, plain, streamed = medians(chain, one_by_one, stream, repeats=3)
    alone = [model.evaluate(OUTPUT, **{name: float(varied[name][i]) for name in VARIED}) for i in range(5)]
    one_by_one()
    np.testing.assert_allclose(out[:5], alone, rtol=1e-12)
    np.testing.assert_allclose(chain(), out, rtol=1e-12)
    steps = len([name for name in model.needed([OUTPUT]) if name in model.outputs])
    work = f"chip to price of an exaflop-hour, {steps} formulas, {SCENARIOS:,} scenarios in one call"
    yield Row("cost_chain", work, own, SCENARIOS / own, "stream", streamed / own)
    blocked = f"the same in blocks of {BLOCK:,}, in NumPy"
    yield Row("cost_chain_numpy", blocked, plain, SCENARIOS / plain, "stream", streamed / plain)
    try:
        squigglepy: Any = importlib.import_module("squigglepy")
    except ImportError:
        print("squigglepy is not installed, so cost_chain is not compared with it")
        return
    ranges = {name: squigglepy.uniform(0.9 * value, 1.1 * value) for name, value in base.items()}

    def one() -> Any:
        return model.evaluate(
            OUTPUT, **{name: squigglepy.sample(between) for name, between in ranges.items()}
        )

    start = time.perf_counter()
    squigglepy.sample(one, n=SQUIGGLE_SAMPLES)
    rival = (time.perf_counter() - start) / SQUIGGLE_SAMPLES * SCENARIOS
    work = f"{work}; the rival samples a function, its time scaled up from {SQUIGGLE_SAMPLES:,}"
    yield Row("cost_chain", work, own, SCENARIOS / own, "squigglepy", rival / own)
