"""Predictions beside what was measured: a row each, groups of rows, and how wrong they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Group", "Row", "Study", "Validation", "summarise"]

Vector: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"


@dataclass(frozen=True)
class Row:
    """One measurement, in its own unit, and what the model says: `low` to `high` is an 80 % interval.

    A row that the model cannot express has no prediction and says why in `reason`; `chosen` holds what the
    model filled in for cells left blank. Rows of one `cluster` err together and share a vote; of a `rate` more is
    faster. What was predicted and never measured has no error.
    """

    id: str
    source: str
    chip: str
    metric: str
    unit: str
    measured: float | None
    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    chosen: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    group: str = ""
    cluster: str = ""
    rate: bool = False

    @property
    def error(self) -> float | None:
        """``predicted / measured - 1``."""
        if self.predicted is None or self.measured is None:
            return None
        return self.predicted / self.measured - 1.0

    @property
    def slower(self) -> float | None:
        """Natural logarithm of measured over predicted time, which is above 0 where the prediction is too fast."""
        if self.predicted is None or self.measured is None:
            return None
        return float(np.log(self.measured / self.predicted)) * (-1.0 if self.rate else 1.0)

    @property
    def inside(self) -> bool | None:
        """Whether the measurement lies in the interval."""
        if self.low is None or self.high is None or self.measured is None:
            return None
        return self.low <= self.measured <= self.high

    def as_dict(self) -> dict[str, Any]:
        """Keys in the agreed order."""
        keys = (
            "id group source chip metric unit measured predicted low high error chosen reason cluster".split()
        )
        return {key: getattr(self, key) for key in keys}


@dataclass(frozen=True)
class Group:
    """How wrong the predictions of some rows are; None where no row has one.

    `error` is ``predicted / measured - 1``, `log_error` the natural logarithm of ``predicted / measured``. Those
    that name a cluster give each cluster one vote, the mean of its rows: of ``measured / predicted - 1``, for a
    rate the other way, so that a positive `cluster_bias`, which is geometric, means predicted too fast.
    """

    by: str
    name: str
    count: int
    unexpressed: int
    mean_absolute_error: float | None = None
    median_absolute_error: float | None = None
    bias: float | None = None
    percentile_90: float | None = None
    inside_80: float | None = None
    median_ratio: float | None = None
    mean_absolute_log_error: float | None = None
    clusters: int = 0
    cluster_median_error: float | None = None
    cluster_mean_error: float | None = None
    cluster_bias: float | None = None
    cluster_inside_80: float | None = None


@dataclass(frozen=True)
class Study:
    """Plans that somebody tried on one model, ranked as measured and as predicted.

    `chips` and `global_batch` are None where the plans ran on several machines or batches, and chip-seconds a token
    were ranked; else steps were. `rank_correlation` is Spearman's, None where there is no order. `liked` is the plan
    predicted to be the fastest; it was measured `behind_best` slower than the
    fastest measured (0 for the best itself).
    """

    source: str
    model: str
    chip: str
    sequence: int | None
    chips: int | None
    global_batch: int | None
    plans: int
    rank_correlation: float | None
    liked: str
    behind_best: float


@dataclass(frozen=True)
class Validation:
    """All rows of a file, in its order, with the groups and the whole, and the plans that were tried side by side."""

    rows: tuple[Row, ...]
    groups: tuple[Group, ...]
    overall: Group
    studies: tuple[Study, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return what the command line prints as JSON."""
        return {
            "rows": [row.as_dict() for row in self.rows],
            "groups": [asdict(group) for group in self.groups],
            "overall": asdict(self.overall),
            "studies": [asdict(study) for study in self.studies],
        }

    def group(self, by: str, name: str) -> Group:
        """One group.

        Raises
        ------
        KeyError
            If there is none.
        """
        for one in self.groups:
            if (one.by, one.name) == (by, name):
                return one
        raise KeyError((by, name))


def summarise(
    rows: Sequence[Row], labels: Mapping[str, Sequence[str]], scored: Sequence[bool] | None = None
) -> Validation:
    """Group rows by every label and measure the errors.

    Parameters
    ----------
    rows : sequence of Row
    labels : mapping of str to sequence of str
        For each way to group, such as ``"chip"``, the group of each row.
    scored : sequence of bool, optional
        Rows that count; the others keep their place and enter no group. All, if left out.

    Returns
    -------
    Validation
    """
    counted = [True] * len(rows) if scored is None else list(scored)
    groups = [
        _group(
            by, name, [row for row, own, one in zip(rows, names, counted, strict=True) if own == name and one]
        )
        for by, names in labels.items()
        for name in dict.fromkeys(names)
    ]
    kept = [row for row, one in zip(rows, counted, strict=True) if one]
    return Validation(tuple(rows), tuple(group for group in groups if group.count + group.unexpressed),
                      _group("overall", "", kept))  # fmt: skip


def _group(by: str, name: str, rows: Sequence[Row]) -> Group:
    ratios = np.array([row.error + 1.0 for row in rows if row.error is not None])
    missing = sum(row.predicted is None for row in rows)
    if not len(ratios):
        return Group(by, name, 0, missing)
    absolute = np.abs(ratios - 1.0)
    inside = [row.inside for row in rows if row.inside is not None]
    votes = _votes(rows)
    return Group(
        by=by,
        name=name,
        count=len(ratios),
        unexpressed=missing,
        mean_absolute_error=float(absolute.mean()),
        median_absolute_error=float(np.median(absolute)),
        bias=float((ratios - 1.0).mean()),
        percentile_90=float(np.quantile(absolute, 0.9)),
        inside_80=float(np.mean(inside)) if inside else None,
        median_ratio=float(np.median(ratios)),
        mean_absolute_log_error=float(np.abs(np.log(ratios)).mean()),
        clusters=len(votes),
        cluster_median_error=float(np.median(votes[:, 0])),
        cluster_mean_error=float(votes[:, 0].mean()),
        cluster_bias=float(np.expm1(votes[:, 1].mean())),
        cluster_inside_80=None if np.isnan(votes[:, 2]).all() else float(np.nanmean(votes[:, 2])),
    )


def _votes(rows: Sequence[Row]) -> Vector:
    """Mean absolute error, mean logarithm of measured over predicted and share inside of each cluster, a row each."""
    clusters: dict[str, list[Row]] = {}
    for row in rows:
        if row.slower is not None:
            clusters.setdefault(row.cluster or row.id, []).append(row)
    votes = []
    for own in clusters.values():
        slower = np.array([row.slower for row in own])
        inside = [row.inside for row in own if row.inside is not None]
        share = float(np.mean(inside)) if inside else np.nan
        votes.append((float(np.abs(np.expm1(slower)).mean()), float(slower.mean()), share))
    return np.array(votes)
