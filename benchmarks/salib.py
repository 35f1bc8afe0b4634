"""Sobol' indices by SALib, for the interpreter that has it: questions come as JSON, what they took goes out so.

It is run as a file, so it imports nothing of this project, see `benchmarks.peer`.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
from typing import Any

import numpy as np


def main() -> None:
    """Sample, evaluate and analyse as often as a median needs; the function is written by hand."""
    sampler: Any = importlib.import_module("SALib.sample.sobol")
    analysis: Any = importlib.import_module("SALib.analyze.sobol")
    special: Any = importlib.import_module("scipy.special")
    asked = json.load(sys.stdin)
    names = asked["names"]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    z95 = float(special.ndtri(0.95))

    def evaluated(points: Any) -> Any:
        x: dict[str, Any] = {}
        for column, name, (value, low, high) in zip(points.T, names, asked["intervals"], strict=True):
            share = name in asked["shares"]
            scale, back = (special.logit, special.expit) if share else (np.log, np.exp)
            z = special.ndtri(column)
            below, above = (scale(value) - scale(low)) / z95, (scale(high) - scale(value)) / z95
            x[name] = back(scale(value) + np.minimum(z, 0.0) * below + np.maximum(z, 0.0) * above)
        cluster = x["server_price"] / (1.0 - x["network_share"])
        hall = x["server_power_rated"] / (1.0 - x["overhead_share"]) * x["hall_price_per_watt"]
        return x["chips"] * (cluster + hall)

    times = []
    for _ in range(3):
        start = time.perf_counter()
        points = sampler.sample(problem, asked["size"], calc_second_order=False, seed=1)
        answers = evaluated(points)
        analysis.analyze(problem, answers, calc_second_order=False, num_resamples=asked["resamples"], seed=1)
        times.append(time.perf_counter() - start)
    json.dump({"seconds": statistics.median(times)}, sys.stdout)


if __name__ == "__main__":
    main()
