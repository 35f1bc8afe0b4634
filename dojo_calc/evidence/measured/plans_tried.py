"""Whether the model puts plans in the order that people found when they tried many of them on one model.

A planner compares plans, so that their order matters more than the level that all share. Rows of one publisher,
model, chip, sequence, precision and stack are a study. Where machine and batch are the same too, their steps do the
same work and are ranked as they are. Over several machines and batches a step means little, so chip-seconds a token
are ranked: whether the model knows on which machine a chip does most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from dojo_calc.evidence.measured.runs import Run, publisher
from dojo_calc.evidence.measured.validation import Study

__all__ = ["FEWEST", "rank_correlation", "studies"]

Vector: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

FEWEST = 4  # an order of three plans is right by chance once in six times
LAYOUT = (
    "micro_batch", "tensor", "pipeline", "data", "context", "expert", "interleave", "recompute", "sharding",
    "sequence_parallel",
)  # fmt: skip


def rank_correlation(first: Vector, second: Vector) -> float | None:
    """Spearman's correlation: Pearson's of ranks, where equals share the mean of theirs.

    Parameters
    ----------
    first, second : ndarray
        One value an item; shape ``(items,)``.

    Returns
    -------
    float or None
        From -1 to 1; None where all items of either are equal, so that there is no order.
    """
    ranks = [
        (one[:, None] > one).sum(axis=1) + (one[:, None] == one).sum(axis=1) / 2.0 for one in (first, second)
    ]
    if any(np.ptp(one) == 0.0 for one in ranks):
        return None
    return float(np.corrcoef(*ranks)[0, 1])


def studies(runs: Sequence[Run], predicted: Sequence[float | None]) -> tuple[Study, ...]:
    """Order of plans as measured and as predicted, study by study.

    Parameters
    ----------
    runs : sequence of Run
    predicted : sequence of float or None
        What each was predicted to be measured by, in its metric's unit; None where it was not.

    Returns
    -------
    tuple of Study
        Of at least `FEWEST` different plans: first those on one machine with one batch, then those over several.
    """
    rows = [
        (run, _work(run, run.measured), _work(run, one))
        for run, one in zip(runs, predicted, strict=True)
        if one is not None and run.use == "score" and not np.isnan(run.measured)
    ]
    alike: dict[tuple[Any, ...], list[tuple[Run, float, float]]] = defaultdict(list)
    wider: dict[tuple[Any, ...], list[tuple[Run, float, float]]] = defaultdict(list)
    for row in rows:
        run = row[0]
        key = (publisher(run.source), run.model, run.chip, run.sequence, run.precision, run.stack, run.metric)
        wider[key].append(row)
        alike[(*key, run.chips, run.global_batch)].append(row)
    several = {
        key: own for key, own in wider.items() if len({(one.chips, one.global_batch) for one, *_ in own}) > 1
    }
    return (*_studies(alike, one_machine=True), *_studies(several, one_machine=False))


def _work(run: Run, value: float) -> float:
    """Chip-seconds a sequence, up to a factor that the rows of a study share."""
    if run.metric != "step_seconds":
        return 1.0 / value
    return value * run.chips / (run.global_batch or 1)


def _studies(
    groups: Mapping[tuple[Any, ...], Sequence[tuple[Run, float, float]]], *, one_machine: bool
) -> list[Study]:
    found = []
    for own in groups.values():
        plans = {tuple(getattr(run, name) for name in LAYOUT) for run, *_ in own}
        if len(plans) < FEWEST:
            continue
        measured, predicted = (np.array([row[place] for row in own]) for place in (1, 2))
        first, liked = own[0][0], int(np.argmin(predicted))
        found.append(
            Study(
                source=publisher(first.source),
                model=first.model,
                chip=first.chip,
                sequence=first.sequence,
                chips=first.chips if one_machine else None,
                global_batch=first.global_batch if one_machine else None,
                plans=len(own),
                rank_correlation=rank_correlation(measured, predicted),
                liked=own[liked][0].id,
                behind_best=float(measured[liked] / measured.min() - 1.0),
            )
        )
    return found
