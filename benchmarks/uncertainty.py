"""A million samples of a model against the same by hand, evenness against chance, and Sobol' indices."""

from __future__ import annotations

import importlib
import json
import math
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtri
from scipy.stats import qmc

import dojo_calc as dc
from benchmarks.timing import Row, medians
from dojo_calc.analysis.sensitivity import sobol_indices
from dojo_calc.analysis.simulate import simulate
from dojo_calc.model.distribution import Z95, quantile

OUTPUT = "fleet_capital"
SHARES = ("network_share", "overhead_share")
SAMPLES = 2**20
REPLICATES = 8
BLOCK = 2**13
SQUIGGLE_SAMPLES = 2_000  # it calls a function once a sample
POINTS, REPEATS = 4096, 64
DESIGN, RESAMPLES = 2**16, 100
SALIB = Path(__file__).with_name("salib.py")
PEERS = SALIB.parents[1] / "_build" / "peers" / "bin" / "python"


def _intervals() -> dict[str, tuple[float, float, float]]:
    """Every input of what a fleet costs uncertain: its value, 20 % less and 25 % more."""
    model = dc.chain("h100-sxm")
    found = {name: model.inputs[name].value for name in model.needed([OUTPUT]) if name in model.inputs}
    return {name: (value, value / 1.25, value * 1.25) for name, value in found.items() if value}


def _capital(x: dict[str, Any]) -> Any:
    """What servers, network and hall of so many chips cost, by hand."""
    cluster = x["server_price"] / (1.0 - x["network_share"])
    hall = x["server_power_rated"] / (1.0 - x["overhead_share"]) * x["hall_price_per_watt"]
    return x["chips"] * (cluster + hall)


def rows() -> Iterator[Row]:
    """Time simulation and indices; compare the error of the mean with Monte Carlo's."""
    intervals = _intervals()
    model = dc.chain("h100-sxm").view(OUTPUT, intervals)
    yield from _simulation(model, intervals)
    yield _evenness(model)
    (seconds,) = medians(lambda: sobol_indices(model, OUTPUT, DESIGN, resamples=RESAMPLES))
    runs = DESIGN * (len(intervals) + 2)
    work = f"Sobol' indices of {len(intervals)} inputs, {runs:,} evaluations, {RESAMPLES} bootstrap draws"
    rival = _salib(intervals)
    if rival is None:
        print("SALib is not installed (make bench does it), so sobol_indices is not compared with it")
        yield Row("sobol_indices", work, seconds, runs / seconds, None, None)
    else:
        yield Row("sobol_indices", work, seconds, runs / seconds, "SALib", rival / seconds)


def _salib(intervals: dict[str, tuple[float, float, float]]) -> float | None:
    """Seconds that SALib takes for the same indices of the same function by hand, or None where it is missing."""
    if not PEERS.is_file():
        return None
    asked = {"intervals": list(intervals.values()), "names": list(intervals), "shares": SHARES,
             "size": DESIGN, "resamples": RESAMPLES}  # fmt: skip
    answer = subprocess.run(
        [str(PEERS), str(SALIB)], input=json.dumps(asked), capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    return json.loads(answer.stdout)["seconds"] if answer.returncode == 0 else None


def _simulation(model: dc.Model, intervals: dict[str, tuple[float, float, float]]) -> Iterator[Row]:
    halves = []  # of each input: its scale, then its median and the widths of both halves there
    for name, (value, low, high) in intervals.items():
        scale = logit if name in SHARES else np.log
        bottom, median, top = (float(scale(end)) for end in (low, value, high))
        halves.append((name, median, (median - bottom) / Z95, (top - median) / Z95))

    def by_hand() -> tuple[float, Any]:
        engines = [qmc.Sobol(len(halves), rng=seed) for seed in range(REPLICATES)]
        parts = []
        for _ in range(0, SAMPLES, REPLICATES * BLOCK):
            points = np.concatenate([engine.random(BLOCK) for engine in engines])
            scores = ndtri(np.maximum(points.T, 2.0**-31), order="C")
            drawn = {}
            for (name, median, below, above), z in zip(halves, scores, strict=True):
                scaled = median + np.minimum(z, 0.0) * below + np.maximum(z, 0.0) * above
                drawn[name] = expit(scaled) if name in SHARES else np.exp(scaled)
            parts.append(_capital(drawn))
        values = np.concatenate(parts)
        return float(values.mean()), np.quantile(values, [0.05, 0.5, 0.95])

    def ours() -> Any:
        return simulate(model, OUTPUT, samples=SAMPLES)

    found, (mean, quantiles) = ours(), by_hand()
    np.testing.assert_allclose(
        [found.mean, *found.quantile([0.05, 0.5, 0.95])], [mean, *quantiles], rtol=2e-3
    )
    own, hand = medians(ours, by_hand)
    work = f"{SAMPLES:,} samples of a model of {len(intervals)} inputs, mean, quantiles and their error"
    yield Row("simulate", work, own, SAMPLES / own, "numpy", hand / own)
    try:
        squigglepy: Any = importlib.import_module("squigglepy")
    except ImportError:
        print("squigglepy is not installed, so simulate is not compared with it")
        return

    ranges = {name: squigglepy.lognorm(low, high) for name, (_, low, high) in intervals.items()}

    def one() -> Any:
        return _capital({name: squigglepy.sample(between) for name, between in ranges.items()})

    start = time.perf_counter()
    squigglepy.sample(one, n=SQUIGGLE_SAMPLES)
    rival = (time.perf_counter() - start) / SQUIGGLE_SAMPLES * SAMPLES
    work = f"{work}; the rival samples a function, its time scaled up from {SQUIGGLE_SAMPLES:,}"
    yield Row("simulate", work, own, SAMPLES / own, "squigglepy", rival / own)


def _evenness(model: dc.Model) -> Row:
    """Root mean square error of the mean, Monte Carlo's over ours."""
    exact = simulate(model, OUTPUT, samples=2**21, seed=REPEATS).mean
    start = time.perf_counter()
    even = [simulate(model, OUTPUT, samples=POINTS, seed=seed).mean for seed in range(REPEATS)]
    seconds = (time.perf_counter() - start) / REPEATS
    chance = []
    for seed in range(REPEATS):
        names = [name for name in model.needed([OUTPUT]) if name in model.inputs]
        u = np.random.default_rng(seed).random((len(names), POINTS))
        drawn = {name: quantile(model.inputs[name], row) for name, row in zip(names, u, strict=True)}
        chance.append(float(np.nanmean(model.evaluate(OUTPUT, **drawn))))  # NaN where a condition is broken
    ratio = math.dist(chance, [exact] * REPEATS) / math.dist(even, [exact] * REPEATS)
    work = f"error of the mean at {POINTS:,} samples, {REPEATS} seeds; the ratio is of errors, not of times"
    return Row("qmc", work, seconds, POINTS / seconds, "monte carlo", ratio)
