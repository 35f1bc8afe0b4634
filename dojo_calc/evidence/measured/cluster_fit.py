"""Draws the parameters of the cluster model to reported figures, and measures its error on rows left out.

Each parameter starts from a reading of its own (what servers and prices suggest), which counts as one more
observation in proportion to that reading's interval. Residuals are logarithms of predicted over reported,
weighed so that a row far off pulls no harder than one moderately off: what the press prints is now the IT
load, now the capacity of a hall, and at times a wrong number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dojo_calc.evidence.measured.clusters import MODEL, Cluster, Model
from dojo_calc.hardware.catalog import Catalogue, catalogue

__all__ = ["Fit", "fit_cost", "fit_power"]

Z95 = 1.6448536269514722  # of the normal distribution: facts carry 90 % intervals


@dataclass(frozen=True)
class Fit:
    """Fitted parameters with 90 % intervals, and the error on rows left out.

    `left_out` holds for each row log(predicted / reported) by a fit to all the others; `error` is the factor
    either way that holds 80 % of them, `inside` the share held by factors found without the row itself.
    """

    values: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]
    left_out: tuple[float, ...]
    error: float
    inside: float


def fit_power(clusters: Sequence[Cluster], book: Catalogue | None = None) -> Fit:
    """Fit overhead, host power and its decline to reported site powers.

    Parameters
    ----------
    clusters : sequence of Cluster
        Rows without a reported power, or that the model cannot express, are left aside.
    book : Catalogue, optional

    Returns
    -------
    Fit
    """
    rows = [one for one in clusters if one.reported.reported_mw and not one.reason]
    arrays = [np.array([getattr(one, name) for one in rows]) for name in ("chip_power", "year", "pue")]
    chips = np.array([one.reported.chips for one in rows])
    reported = np.array([one.reported.reported_mw for one in rows]) * 1e6
    return _fit(
        ("chip_overhead", "host_power", "host_decline"),
        dict.fromkeys(("chip_overhead", "host_power", "host_decline"), "servers"),
        lambda model, kept: model.power(chips[kept], *(array[kept] for array in arrays)),
        reported,
        0.15,
        book or catalogue(),
    )


def fit_cost(clusters: Sequence[Cluster], book: Catalogue | None = None) -> Fit:
    """Fit the markup of a system and the cost of what its chips share to reported costs.

    Parameters
    ----------
    clusters : sequence of Cluster
        Rows without a reported cost, or that the model cannot express, are left aside.
    book : Catalogue, optional

    Returns
    -------
    Fit
    """
    rows = [one for one in clusters if one.reported.reported_cost_usd and not one.reason]
    chips = np.array([one.reported.chips for one in rows])
    prices = np.array([one.chip_price for one in rows])
    reported = np.array([one.reported.reported_cost_usd for one in rows])
    return _fit(
        ("system_markup", "common_cost"),
        {"system_markup": "list_price", "common_cost": "common_parts"},
        lambda model, kept: model.cost(chips[kept], prices[kept]),
        reported,
        0.4,
        book or catalogue(),
    )


def _fit(
    names: tuple[str, ...],
    readings: dict[str, str],
    predict: Callable[[Model, Any], Any],
    reported: Any,
    scale: float,
    book: Catalogue,
) -> Fit:
    from scipy.optimize import minimize  # 0.1 s: paid only where something is fitted

    model = Model.shipped(book)
    start = [book.facts.get(MODEL, name, readings[name]) for name in names]
    centre = np.log([fact.value for fact in start])
    spread = np.log([fact.high / fact.low for fact in start]) / (2 * Z95)

    def residuals(x: Any, kept: Any) -> Any:
        drawn = replace(model, **dict(zip(names, np.exp(x), strict=True)))
        return np.log(predict(drawn, kept) / reported[kept])

    def loss(x: Any, kept: Any) -> float:
        ours = np.sqrt(1.0 + (residuals(x, kept) / scale) ** 2) - 1.0
        return float(2.0 * ours.sum() + (((x - centre) / spread) ** 2).sum())

    everything = np.ones(len(reported), dtype=bool)
    options = {"xatol": 1e-7, "fatol": 1e-10, "maxiter": 4000}
    best = minimize(loss, centre, args=(everything,), method="Nelder-Mead", options=options).x
    drawn, left_out = [], []
    for row in range(len(reported)):
        others = everything.copy()
        others[row] = False
        x = minimize(loss, best, args=(others,), method="Nelder-Mead", options=options).x
        drawn.append(x)
        left_out.append(float(residuals(x, ~others)[0]))
    absolute = np.abs(left_out)
    held = [absolute[row] <= _held(np.delete(absolute, row)) for row in range(len(absolute))]
    # The jackknife's standard error of each parameter's logarithm.
    count = len(reported)
    error = np.sqrt((count - 1) / count * ((np.array(drawn) - np.mean(drawn, axis=0)) ** 2).sum(axis=0))
    return Fit(
        values=dict(zip(names, np.exp(best).tolist(), strict=True)),
        low=dict(zip(names, np.exp(best - Z95 * error).tolist(), strict=True)),
        high=dict(zip(names, np.exp(best + Z95 * error).tolist(), strict=True)),
        left_out=tuple(left_out),
        error=math.exp(_held(absolute)),
        inside=float(np.mean(held)),
    )


def _held(absolute: Any, share: float = 0.8) -> float:
    """Smallest error that holds a share of a further row, by the rank rule of conformal prediction."""
    rank = min(len(absolute), math.ceil(share * (len(absolute) + 1)))
    return float(np.sort(absolute)[rank - 1])
