"""Predictions beside what was measured: a row each, groups of rows, and how wrong they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

__all__ = ["Group", "Row", "Validation", "summarise"]


@dataclass(frozen=True)
class Row:
    """One measurement, in its own unit, and what the model says: `low` to `high` is an 80 % interval.

    A row that the model cannot express has no prediction and says why in `reason`; `chosen` holds what the
    model filled in for cells left blank.
    """

    id: str
    source: str
    chip: str
    metric: str
    unit: str
    measured: float
    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    chosen: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def error(self) -> float | None:
        """``predicted / measured - 1``."""
        return None if self.predicted is None else self.predicted / self.measured - 1.0

    @property
    def inside(self) -> bool | None:
        """Whether the measurement lies in the interval."""
        if self.low is None or self.high is None:
            return None
        return self.low <= self.measured <= self.high

    def as_dict(self) -> dict[str, Any]:
        """Keys in the agreed order."""
        keys = "id source chip metric unit measured predicted low high error chosen reason".split()
        return {key: getattr(self, key) for key in keys}


@dataclass(frozen=True)
class Group:
    """How wrong the predictions of some rows are; None where no row has one.

    `error` is ``predicted / measured - 1``, `log_error` the natural logarithm of ``predicted / measured``.
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


@dataclass(frozen=True)
class Validation:
    """All rows of a file, in its order, with the groups and the whole."""

    rows: tuple[Row, ...]
    groups: tuple[Group, ...]
    overall: Group

    def as_dict(self) -> dict[str, Any]:
        """Return what the command line prints as JSON."""
        return {
            "rows": [row.as_dict() for row in self.rows],
            "groups": [asdict(group) for group in self.groups],
            "overall": asdict(self.overall),
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
    ratios = np.array([row.predicted / row.measured for row in rows if row.predicted is not None])
    missing = len(rows) - len(ratios)
    if not len(ratios):
        return Group(by, name, 0, missing)
    absolute = np.abs(ratios - 1.0)
    inside = [row.inside for row in rows if row.inside is not None]
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
    )
