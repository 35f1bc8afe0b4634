"""A million samples of a model against the same by hand, evenness against chance, and Sobol' indices."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtri
from scipy.stats import qmc

import dojo_calc as dc
from benchmarks.timing import Row, medians
from dojo_calc.analysis.sensitivity import sobol_indices
from dojo_calc.analysis.simulate import simulate
from dojo_calc.model.distribution import Z95, quantile

OUTPUT = "price_of_work"
SAMPLES = 2**20
REPLICATES = 8
BLOCK = 2**13
SQUIGGLE_SAMPLES = 2_000  # it calls a function once a sample
POINTS, REPEATS = 4096, 64
DESIGN, RESAMPLES = 2**16, 100


def _intervals() -> dict[str, tuple[float, float, float]]:
    """Every input of the chain from spec sheet to cheque uncertain: its value, 20 % less and 25 % more."""
    inputs = dc.spec_to_cheque("h100-sxm").inputs
    found = {
        name: (one.value, one.value / 1.25, one.value * 1.25) for name, one in inputs.items() if one.value
    }
    return found | {"pue": (1.125, 1.08, 1.18)}


def _price_of_work(x: dict[str, Any]) -> Any:
    """Arithmetic of the chain, by hand."""
    servers = np.ceil(x["target"] / x["peak"] / x["per_server"])
    joules = servers * x["server_power"] * x["pue"] * x["duration"]
    used = servers * x["server_price"] * x["duration"] / x["life"]
    return (used + joules * x["energy_price"]) / (x["target"] * x["mfu"] * x["duration"])


def rows() -> Iterator[Row]:
    """Time simulation and indices; compare the error of the mean with Monte Carlo's."""
    intervals = _intervals()
    model = dc.spec_to_cheque("h100-sxm").replace(**intervals)
    yield from _simulation(model, intervals)
    yield _evenness(model)
    (seconds,) = medians(lambda: sobol_indices(model, OUTPUT, DESIGN, resamples=RESAMPLES))
    runs = DESIGN * (len(intervals) + 2)
    work = f"Sobol' indices of {len(intervals)} inputs, {runs:,} evaluations, {RESAMPLES} bootstrap draws"
    yield Row("sobol_indices", work, seconds, runs / seconds, None, None)


def _simulation(model: dc.Model, intervals: dict[str, tuple[float, float, float]]) -> Iterator[Row]:
    halves = []  # of each input: its scale, then its median and the widths of both halves there
    for name, (value, low, high) in intervals.items():
        scale = logit if name == "mfu" else np.log
        start = 1.0 if name == "pue" else 0.0
        bottom, median, top = (float(scale(end - start)) for end in (low, value, high))
        halves.append((name, start, median, (median - bottom) / Z95, (top - median) / Z95))

    def by_hand() -> tuple[float, Any]:
        engines = [qmc.Sobol(len(halves), rng=seed) for seed in range(REPLICATES)]
        parts = []
        for _ in range(0, SAMPLES, REPLICATES * BLOCK):
            points = np.concatenate([engine.random(BLOCK) for engine in engines])
            scores = ndtri(np.maximum(points.T, 2.0**-31), order="C")
            drawn = {}
            for (name, start, median, below, above), z in zip(halves, scores, strict=True):
                scaled = median + np.minimum(z, 0.0) * below + np.maximum(z, 0.0) * above
                drawn[name] = expit(scaled) if name == "mfu" else start + np.exp(scaled)
            parts.append(_price_of_work(drawn))
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
        return _price_of_work({name: squigglepy.sample(between) for name, between in ranges.items()})

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
        u = np.random.default_rng(seed).random((len(model.inputs), POINTS))
        drawn = {name: quantile(one, row) for (name, one), row in zip(model.inputs.items(), u, strict=True)}
        chance.append(float(np.mean(model.evaluate(OUTPUT, **drawn))))
    ratio = math.dist(chance, [exact] * REPEATS) / math.dist(even, [exact] * REPEATS)
    work = f"error of the mean at {POINTS:,} samples, {REPEATS} seeds; the ratio is of errors, not of times"
    return Row("qmc", work, seconds, POINTS / seconds, "monte carlo", ratio)
