"""How far the model of memory can be trusted: its interval found on half of the clusters, and held to the other.

Nothing in the model is fitted to these rows but the width of the interval: what a recipe keeps is counted, the
allocator's slack is the mean of runs that print both, and buffers and the chip's context are assumed. Which recipe a
stack has was settled with the rows in sight, though: the error of a stack that nobody looked at is that of `unnamed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from dojo_calc.evidence.measured.memory_runs import MemoryRun, read_memory_runs
from dojo_calc.evidence.measured.runs import cluster
from dojo_calc.evidence.measured.training_runs import predict_memory
from dojo_calc.hardware.catalog import Catalogue
from dojo_calc.units import GiB

__all__ = ["Half", "memory_halves"]

Vector: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float64]]"
COVERED = 0.8


@dataclass(frozen=True)
class Half:
    """Dense rows of half of the clusters.

    `within` is the share of rows within 20 % of what was measured, `bias` the geometric mean of predicted over
    measured less one, `width` the half-width of the interval, as a natural logarithm, that holds 80 % of these rows,
    a vote a cluster, and `inside` the share that the width of the other half holds.
    """

    clusters: int
    rows: int
    within: float
    bias: float
    width: float
    inside: float


def memory_halves(
    path: Path | None = None, *, unnamed: bool = False, book: Catalogue | None = None
) -> tuple[Half, Half]:
    """Hold the interval of memory against clusters that it was not found on: every second one, by name.

    Parameters
    ----------
    path : pathlib.Path, optional
        In the columns of `data/validation/memory_runs.csv`; that file if left out.
    unnamed : bool
        Whether to predict every row as if nobody had said which stack ran.
    book : Catalogue, optional

    Returns
    -------
    tuple of Half

    Raises
    ------
    FactsError
        See `read_memory_runs`.
    """
    own = [one for one in read_memory_runs(path) if one.score == "score" and one.measured_gib is not None]
    errors, clusters = _errors(own, unnamed, book)
    names = sorted(set(clusters))
    side = np.array([names.index(one) % 2 for one in clusters])
    votes = np.array([1.0 / clusters.count(one) for one in clusters])
    widths = [_quantile(np.abs(errors[side == half]), votes[side == half]) for half in (0, 1)]
    found = []
    for half in (0, 1):
        mine, vote = errors[side == half], votes[side == half]
        found.append(
            Half(
                clusters=len(names[half::2]),
                rows=len(mine),
                within=float(np.mean(np.abs(np.expm1(mine)) <= 0.2)),
                bias=float(np.expm1(mine.mean())),
                width=widths[half],
                inside=float(np.average(np.abs(mine) <= widths[1 - half], weights=vote)),
            )
        )
    return found[0], found[1]


def _errors(own: Sequence[MemoryRun], unnamed: bool, book: Catalogue | None) -> tuple[Vector, list[str]]:
    """Natural logarithms of predicted over measured, and the cluster of each row that has a prediction."""
    runs = [one.as_run() for one in own]
    asked = [one.model_copy(update={"stack": ""}) for one in runs] if unnamed else runs
    needed, reasons, _ = predict_memory(asked, [one.taken for one in own], book)
    fine = [index for index, reason in enumerate(reasons) if not reason]
    measured = np.array([own[index].measured_gib for index in fine], dtype=np.float64)
    return np.log(needed[fine] / GiB / measured), ["; ".join(cluster(runs[index])) for index in fine]


def _quantile(sizes: Vector, votes: Vector) -> float:
    """Size that holds `COVERED` of the votes."""
    order = np.argsort(sizes)
    place = int(np.searchsorted(np.cumsum(votes[order]) / votes.sum(), COVERED))
    return float(sizes[order][place])
