"""Finds the fitted values of `data/efficiency.csv` again, and says what each effect is worth.

Least squares on the logarithm of predicted over measured, over the rows of `data/validation/splits.csv` marked fit
and no others. Each parameter is a logarithm and held, with a tenth of a row's weight, to the middle of what it
may be (the column `prior`), so that one which no row speaks of stays where it was assumed. Rows of FSDP, of which
there are most, weigh half of the others.

`python -m dojo_calc.evidence.measured.training_fit > data/validation/fit_effects.csv` writes what the fit is worth:
the errors of the shipped values, then of a fit with each effect off, on the rows marked test; and the errors on the
fitted rows of each family of software by a fit to the others.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Gt
from pydantic import FiniteFloat

from dojo_calc.evidence.measured.runs import Run, family, read_runs, splits
from dojo_calc.evidence.measured.training_runs import Vector, predict, prepare
from dojo_calc.performance.efficiency import Parameter, efficiency, parameters
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows

__all__ = [
    "OFF", "Effect", "Fit", "effects", "errors", "fit", "fitted", "leave_one_source_out", "read_by", "read_effects",
    "without",
]  # fmt: skip

PRIOR_WEIGHT = 0.1
LIGHT, HEAVY = 1.0, 2.0
SOFT = 0.03  # errors beyond this count by their size, not its square
# Traffic that no kernel avoids.
LEAST = {"elementwise_passes": 1.0, "logit_passes": 2.0}
# What speaks of experts alone.
OF_EXPERTS = ("grouped_efficiency", "exposed_expert", "expert_launch", "expert_load")
# What an effect is off at: no time at all, or the rated speed.
OFF = {
    "attention_efficiency": 1.0,
    "link_efficiency": 1.0,
    "network_efficiency": 1.0,
    "operand_bandwidth": 1e30,
    "elementwise_passes": 1e-9,
    "logit_passes": 1e-9,
    "cast_passes": 1e-9,
    "exposed_tensor": 1e-9,
    "exposed_shard": 1e-9,
    "straggling": 1e-9,
    "hop_latency": 1e-30,
    "transfer_latency": 1e-30,
    "early_stop": 1e-30,
}


@dataclass(frozen=True)
class Fit:
    """Values found, by `Parameter.key`, and their standard errors as logarithms."""

    values: Mapping[str, float]
    spread: Mapping[str, float]


def fitted() -> list[Parameter]:
    """Parameters that the fit moves: those that a fitted row reads, experts apart, which none of them has."""
    read = read_by([run for run in read_runs() if splits()[run.id] == "fit"])
    return [
        one for one in parameters() if one.kind == "fitted" and one.key in read and one.name not in OF_EXPERTS
    ]


def read_by(runs: Sequence[Run]) -> set[str]:
    """Keys of the parameters that a prediction of some runs reads.

    Parameters
    ----------
    runs : sequence of Run
    """
    cases = {(run.chip, run.precision, run.stack) for run in runs}
    return {one.key for case in cases for one in efficiency(*case).values()}


def fit(
    runs: Sequence[Run],
    fixed: Mapping[str, float] | None = None,
    chosen: Sequence[Mapping[str, Any]] | None = None,
) -> Fit:
    """Fit the efficiency parameters to measured runs.

    Parameters
    ----------
    runs : sequence of Run
    fixed : mapping, optional
        Parameters held at a value, by `Parameter.key`.
    chosen : sequence of mapping, optional
        Values of the runs' blank cells; the best that fit by the table's values if left out.

    Returns
    -------
    Fit
    """
    from scipy.optimize import least_squares

    held = dict(fixed or {})
    moved = [one for one in fitted() if one.key not in held]
    blanks = chosen if chosen is not None else predict(runs).chosen
    weights = np.array([LIGHT if run.stack.startswith("fsdp") else HEAVY for run in runs])
    prior = np.log([one.prior for one in moved])
    # A share is at most one; every other parameter within a factor of ten of where it starts.
    top = np.log([1.0 if one.at_most_one else one.prior * 10.0 for one in moved])

    bottom = np.maximum(prior - np.log(10.0), np.log([LEAST.get(one.name, 1e-30) for one in moved]))

    def values(point: Any) -> dict[str, float]:
        return held | {one.key: float(np.exp(x)) for one, x in zip(moved, point, strict=True)}

    laid_out = prepare(runs, blanks)
    measured = np.array([run.measured for run in runs])

    def residuals(point: Any) -> Any:
        errors = np.log(laid_out.values(values(point)) / measured)
        return np.r_[weights * errors, PRIOR_WEIGHT * (point - prior)]

    found = least_squares(
        residuals,
        np.clip(prior, bottom + 1e-6, top - 1e-6),
        loss="soft_l1",
        f_scale=SOFT,
        bounds=(bottom, top),
    )
    scale = float(np.median(np.abs(residuals(found.x)[: len(runs)])) * 1.4826)
    covariance = np.linalg.inv(found.jac.T @ found.jac) * scale**2
    spread = {one.key: float(s) for one, s in zip(moved, np.sqrt(np.diag(covariance)), strict=True)}
    return Fit(values(found.x), spread)


def errors(runs: Sequence[Run], values: Mapping[str, float]) -> Vector:
    """``predicted / measured - 1`` of each run, blanks filled anew."""
    found: Vector = predict(runs, values).values / np.array([run.measured for run in runs]) - 1.0
    return found


def leave_one_source_out(runs: Sequence[Run]) -> dict[str, Vector]:
    """Errors of every fitted source by a fit to the others.

    Returns
    -------
    dict
        Stack family to ``predicted / measured - 1`` of all its rows.
    """
    used = [run for run in runs if splits().get(run.id) == "fit"]
    found = {}
    for name in dict.fromkeys(family(run) for run in used):
        others = fit([run for run in used if family(run) != name])
        own = [run for run in used if family(run) == name]
        found[name] = errors(own, others.values)
    return found


def without(effect: str, runs: Sequence[Run]) -> Fit:
    """Fit with one effect off.

    Parameters
    ----------
    effect : str
        A name of `OFF`.
    runs : sequence of Run
    """
    off = {one.key: OFF[effect] for one in parameters() if one.name == effect}
    return fit(runs, fixed=off)


@dataclass(frozen=True)
class Effect:
    """A row of `data/validation/fit_effects.csv`: how wrong a fit is on rows that it did not see.

    `what` says how it was made: ``shipped``, with an effect off (``effect``), or without a family of software
    (``source``), whose fitted rows are then the `rows` that count.
    """

    what: str
    name: str
    parameters: int
    rows: int
    mean_error: float
    median_error: float
    bias: float


def _effect(what: str, name: str, free: int, found: Vector) -> Effect:
    wide = np.abs(found)
    return Effect(
        what, name, free, len(found), float(wide.mean()), float(np.median(wide)), float(found.mean())
    )


def effects(runs: Sequence[Run], names: Sequence[str] = tuple(OFF)) -> Iterator[Effect]:
    """Errors with the shipped values, then with each effect off, then with each family of software left out.

    Parameters
    ----------
    runs : sequence of Run
        Those of the shipped table; their splits say what each is for.
    names : sequence of str
        Of `OFF`.

    Yields
    ------
    Effect
    """
    own = [run for run in runs if splits()[run.id] == "fit"]
    unseen = [run for run in runs if splits()[run.id] == "test"]
    free = len(fitted())
    yield _effect("shipped", "", free, errors(unseen, {}))
    for name in names:
        moved = sum(one.name != name for one in fitted())
        yield _effect("effect", name, moved, errors(unseen, without(name, own).values))
    for name, found in leave_one_source_out(runs).items():
        yield _effect("source", name, free, found)


def read_effects() -> list[Effect]:
    """Rows of `data/validation/fit_effects.csv`.

    Raises
    ------
    FactsError
        If a row is refused.
    """

    class _Row(Strict):
        what: Literal["shipped", "effect", "source"]
        name: str = ""
        parameters: Annotated[int, Gt(0)]
        rows: Annotated[int, Gt(0)]
        mean_error: Annotated[FiniteFloat, Ge(0)]
        median_error: Annotated[FiniteFloat, Ge(0)]
        bias: FiniteFloat

    return [Effect(**row.model_dump()) for row, _ in read_rows(data_path("validation/fit_effects.csv"), _Row)]


def main() -> None:
    """Write the table of effects to the standard output, a row as soon as it is known."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(one.name for one in fields(Effect))
    for row in effects(read_runs()):
        out.writerow(f"{cell:.4f}" if isinstance(cell, float) else cell for cell in astuple(row))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
