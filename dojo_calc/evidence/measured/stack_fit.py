"""Fits what the first table does not speak of, other stacks and other chips, and says how wrong that is unseen.

The parameters of `data/efficiency.csv` that no fitted row of the first table reads are fitted to the dense rows of
`data/validation/more_runs.csv`, with all other parameters held. So what is known well stays as it is, however many
rows of rougher software there are. Every cluster has one vote. Models with experts come last: what they alone speak
of is fitted to their rows, with everything else held.

How wrong it is on what it has not seen is told by leaving clusters out: rows of one model on one chip under one
family of software share a fold of `data/validation/folds.csv`, and each fold is predicted by a fit to the other four.
Then whole families of independent software are left out, named by the kind of their stack alone, or not at all.

`python -m dojo_calc.evidence.measured.stack_fit > data/validation/out_of_fold.csv` makes the table of those errors.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le
from pydantic import FiniteFloat

from dojo_calc.evidence.measured.runs import Run, cluster, family, read_runs
from dojo_calc.evidence.measured.training_fit import LEAST, OF_EXPERTS, Fit, fitted, read_by
from dojo_calc.evidence.measured.training_runs import Vector, predict, prepare
from dojo_calc.performance.efficiency import Parameter, efficiency, parameters
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows

__all__ = [
    "FOLDS", "OutOfFold", "Rows", "all_rows", "ends_by_family", "expert_stage", "fit_stacks", "folds",
    "out_of_family", "out_of_fold", "read_out_of_fold", "relative", "second_stage",
]  # fmt: skip

FOLDS = 5
PRIOR_WEIGHT = 0.2
SOFT = 0.2  # errors beyond this count by their size, not its square
STEP = 1e-3


@dataclass(frozen=True)
class Rows:
    """Runs that can be predicted, with what was chosen for their blanks; `sign` is 1 for a time, -1 for a rate."""

    runs: tuple[Run, ...]
    chosen: tuple[Mapping[str, Any], ...]

    @property
    def sign(self) -> Vector:
        """1 for a time, -1 for a rate."""
        return np.array([1.0 if run.metric == "step_seconds" else -1.0 for run in self.runs])

    def of(self, kept: Sequence[int]) -> Rows:
        """Some of them."""
        return Rows(tuple(self.runs[one] for one in kept), tuple(self.chosen[one] for one in kept))


def relative(rows: Rows, values: Mapping[str, float]) -> Vector:
    """Logarithm of measured over predicted time of each run: above zero where predicted too fast."""
    predicted = prepare(rows.runs, rows.chosen).values(values)
    found: Vector = rows.sign * np.log(np.array([run.measured for run in rows.runs]) / predicted)
    return found


@cache
def all_rows() -> Rows:
    """Scored rows of `more_runs.csv` that can be predicted.

    Their blanks are filled by the middles that a fit begins with, so that what it finds does not depend on what it
    found before.
    """
    runs = [run for run in read_runs(data_path("validation/more_runs.csv")) if run.use == "score"]
    known = {one.key for one in fitted()}
    found = predict(
        runs, {one.key: one.prior for one in parameters() if one.kind == "fitted" and one.key not in known}
    )
    kept = [index for index, reason in enumerate(found.reasons) if not reason]
    return Rows(tuple(runs), found.chosen).of(kept)


@cache
def second_stage() -> tuple[Parameter, ...]:
    """Parameters that this fit moves: those that a row of `more_runs.csv` reads and none that the first fit used."""
    first = {one.key for one in fitted()}
    more = read_by([run for run in all_rows().runs if run.group != "moe"])
    return tuple(
        one
        for one in parameters()
        if one.kind == "fitted" and one.key in more - first and one.name not in OF_EXPERTS
    )


@cache
def expert_stage() -> tuple[Parameter, ...]:
    """Parameters that are fitted last, to models with experts: all that no dense row speaks of."""
    before = {one.key for one in (*fitted(), *second_stage())}
    read = read_by([run for run in all_rows().runs if run.group == "moe"])
    return tuple(one for one in parameters() if one.kind == "fitted" and one.key in read - before)


def fit_stacks(rows: Rows) -> Fit:
    """Fit the second stage's parameters to the dense ones of some rows, then those of experts to the others.

    Parameters
    ----------
    rows : Rows

    Returns
    -------
    Fit
    """
    dense = [index for index, run in enumerate(rows.runs) if run.group != "moe"]
    sparse = [index for index, run in enumerate(rows.runs) if run.group == "moe"]
    first = _fit(rows.of(dense), second_stage(), {})
    last = _fit(rows.of(sparse), expert_stage(), first.values)
    return Fit({**first.values, **last.values}, {**first.spread, **last.spread})


def _fit(rows: Rows, free: Sequence[Parameter], held: Mapping[str, float]) -> Fit:
    from scipy.optimize import least_squares

    laid_out = prepare(rows.runs, rows.chosen)
    sign, measured = rows.sign, np.log([run.measured for run in rows.runs])
    sizes = Counter(cluster(run) for run in rows.runs)
    weights = np.array([1.0 / np.sqrt(sizes[cluster(run)]) for run in rows.runs])
    prior = np.log([one.prior for one in free])
    top = np.log([1.0 if one.at_most_one else one.prior * 10.0 for one in free])
    bottom = np.maximum(prior - np.log(10.0), np.log([LEAST.get(one.name, 1e-30) for one in free]))
    # a parameter moves the rows of the machines that read it and no others
    masks = []
    for one in free:
        reads = np.array([_reads(machine, one) for machine in laid_out.machines])
        masks.append(reads[laid_out.which])
    parts = [laid_out.part(mask) if mask.any() else None for mask in masks]

    def values(point: Any) -> dict[str, float]:
        return {**held, **{one.key: float(np.exp(x)) for one, x in zip(free, point, strict=True)}}

    def residuals(point: Any) -> Any:
        errors = sign * (measured - np.log(laid_out.values(values(point))))
        return np.r_[weights * errors, PRIOR_WEIGHT * (point - prior)]

    def slopes(point: Any) -> Any:
        found = np.zeros((len(rows.runs) + len(free), len(free)))
        for column, (mask, part) in enumerate(zip(masks, parts, strict=True)):
            found[len(rows.runs) + column, column] = PRIOR_WEIGHT
            if part is None:
                continue
            sides = []
            for side in (STEP, -STEP):
                moved_point = point.copy()
                moved_point[column] += side
                sides.append(np.log(part.values(values(moved_point))))
            slope = (sides[0] - sides[1]) / (2.0 * STEP)
            found[: len(rows.runs), column][mask] = -(weights * sign)[mask] * slope
        return found

    best = least_squares(
        residuals,
        np.clip(prior, bottom + 1e-6, top - 2.0 * STEP),
        jac=slopes,
        loss="soft_l1",
        f_scale=SOFT,
        bounds=(bottom, top - STEP),
        xtol=1e-6,
        ftol=1e-6,
    )
    scale = float(np.median(np.abs(residuals(best.x)[: len(rows.runs)])) * 1.4826)
    covariance = np.linalg.inv(best.jac.T @ best.jac) * scale**2
    spread = {one.key: float(s) for one, s in zip(free, np.sqrt(np.diag(covariance)), strict=True)}
    return Fit(values(best.x), spread)


def _reads(machine: tuple[Any, ...], parameter: Parameter) -> bool:
    chip, precision, stack = machine[:3]
    return efficiency(chip, precision, stack)[parameter.name].key == parameter.key


@cache
def folds() -> dict[str, int]:
    """Fold of each scored row of `more_runs.csv`. Frozen in `data/validation/folds.csv`."""

    class Fold(Strict):
        id: str
        fold: Annotated[int, Ge(0), Le(FOLDS - 1)]

    return {row.id: row.fold for row, _ in read_rows(data_path("validation/folds.csv"), Fold)}


@dataclass(frozen=True)
class OutOfFold:
    """A row of `data/validation/out_of_fold.csv`: how much slower a run was than predicted without its cluster.

    `how` says what the prediction was told of the software: ``named``, as the row names it; ``nearest``, the kind of
    its stack alone, with its family left out of the fit; ``typical``, nothing, with its family left out too.
    """

    id: str
    how: str
    slower: float


def out_of_fold(which: Sequence[int] = tuple(range(FOLDS))) -> Iterator[OutOfFold]:
    """Predict each fold by a fit to the others.

    Parameters
    ----------
    which : sequence of int
        Folds to predict.

    Yields
    ------
    OutOfFold
    """
    rows = all_rows()
    place = np.array([folds()[run.id] for run in rows.runs])
    for fold in which:
        values = fit_stacks(rows.of(np.flatnonzero(place != fold).tolist())).values
        unseen = rows.of(np.flatnonzero(place == fold).tolist())
        for run, slower in zip(unseen.runs, relative(unseen, values), strict=True):
            yield OutOfFold(run.id, "named", float(slower))


def out_of_family(names: Sequence[str] | None = None) -> Iterator[OutOfFold]:
    """Predict each family of independent software by a fit to the others: its kind alone named, then nothing.

    Parameters
    ----------
    names : sequence of str, optional
        Families; all if left out.

    Yields
    ------
    OutOfFold
    """
    from dojo_calc.performance.stacks import TYPICAL, software

    rows = all_rows()
    own = [run.group == "independent" for run in rows.runs]
    families = sorted({family(run) for run, one in zip(rows.runs, own, strict=True) if one})
    for name in names or families:
        inside = [one and family(run) == name for run, one in zip(rows.runs, own, strict=True)]
        values = fit_stacks(rows.of([index for index, one in enumerate(inside) if not one])).values
        unseen = rows.of([index for index, one in enumerate(inside) if one])
        for how in ("nearest", "typical"):
            told = [software(run.stack).kind if how == "nearest" else TYPICAL for run in unseen.runs]
            renamed = [
                run.model_copy(update={"stack": stack}) for run, stack in zip(unseen.runs, told, strict=True)
            ]
            again = Rows(tuple(renamed), unseen.chosen)
            for run, slower in zip(renamed, relative(again, values), strict=True):
                yield OutOfFold(run.id, how, float(slower))


def read_out_of_fold() -> list[OutOfFold]:
    """Rows of `data/validation/out_of_fold.csv`.

    Raises
    ------
    FactsError
        If a row is refused.
    """

    class _Row(Strict):
        id: str
        how: Literal["named", "nearest", "typical"]
        slower: FiniteFloat

    return [
        OutOfFold(**row.model_dump()) for row, _ in read_rows(data_path("validation/out_of_fold.csv"), _Row)
    ]


def ends_by_family(how: str) -> tuple[float, float]:
    """How far out an 80 % interval must reach for independent software of a family that nobody has seen.

    Each family has one vote, its clusters share it, and their rows share theirs. Of the votes of all families but
    one, a tenth lies beyond either end; the ends are the widest that any such choice asks for.

    Parameters
    ----------
    how : str
        ``"nearest"`` or ``"typical"``, see `OutOfFold`.

    Returns
    -------
    faster, slower : float
        Logarithms of predicted over measured time, and of measured over predicted time.
    """
    runs = {run.id: run for run in all_rows().runs}
    rows = [(runs[one.id], one.slower) for one in read_out_of_fold() if one.how == how]
    count = Counter(cluster(run) for run, _ in rows)
    of_family = Counter(name for name, _ in {(family(run), cluster(run)) for run, _ in rows})
    lows, highs = [], []
    for left_out in of_family:
        votes = sorted(
            (slower, 1.0 / (count[cluster(run)] * of_family[family(run)]))
            for run, slower in rows
            if family(run) != left_out
        )
        errors, weights = np.array(votes).T
        place = (np.cumsum(weights) - weights / 2.0) / weights.sum()
        low, high = np.interp([0.1, 0.9], place, errors)
        lows.append(low)
        highs.append(high)
    return -float(min(lows)), float(max(highs))


def main() -> None:
    """Write the table of errors on what was left out to the standard output."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("id", "how", "slower"))
    for one in (*out_of_fold(), *out_of_family()):
        out.writerow((one.id, one.how, f"{one.slower:.5f}"))


if __name__ == "__main__":
    main()
