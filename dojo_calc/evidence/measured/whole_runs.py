"""Whole training runs as published, in hours of a chip, beside what is predicted of them.

A published run took hours that no step shows: failures and restarts, evaluation, ramps of the batch, stages of long
context, a layout that nobody searched for. One number holds them all, the utilisation of the chips by the work that
the model asked for, ``6 N D`` with the parameters that a token meets. It is fitted to the runs of
`data/validation/whole_runs.csv`, one vote a family of models by one maker, and families left out of the fit say how
far it carries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import numpy as np
from annotated_types import Ge, Gt
from pydantic import FiniteFloat

from dojo_calc.errors import UnknownNameError
from dojo_calc.evidence.measured.runs import publisher
from dojo_calc.evidence.measured.validation import Row, Validation, summarise
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.performance import step
from dojo_calc.performance.scaling import training_compute
from dojo_calc.performance.workload import transformer
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows
from dojo_calc.units import giga, hour

__all__ = [
    "Field", "WholeRun", "fit_field", "leave_families_out", "read_whole_runs",
    "validate_whole_runs",
]  # fmt: skip

PUBLISHED = "whole-runs"
# Chips of several families of runs, so that a family can be left out.
FITTED_CHIPS = ("a100-sxm-40gb", "a100-sxm-80gb", "h100-sxm")
# Said by the row or its source to be no plain training of a dense model from nothing.
NOT_PLAIN = ("apart", "memory")
Positive = Annotated[FiniteFloat, Gt(0)]
Vector: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"


class WholeRun(Strict):
    """A row of `data/validation/whole_runs.csv`: what a training run was, and what it took as printed."""

    id: str
    source: str = ""
    date: str = ""
    model: str = ""
    params_b: Positive | None = None
    active_b: Positive | None = None
    layers: Positive | None = None
    hidden: Positive | None = None
    feedforward: Positive | None = None
    heads: Positive | None = None
    kv_heads: Positive | None = None
    vocabulary: Positive | None = None
    head_dim: Positive | None = None
    gated: Annotated[FiniteFloat, Ge(0)] | None = None
    tied: Annotated[FiniteFloat, Ge(0)] | None = None
    experts: Positive | None = None
    active_experts: Positive | None = None
    shared_experts: Annotated[FiniteFloat, Ge(0)] | None = None
    tokens: Positive | None = None
    sequence: Positive | None = None
    global_batch: Positive | None = None
    chip: str = ""
    chips: Positive | None = None
    stack: str = ""
    gpu_hours: Positive | None = None
    hours_kind: str = ""
    days: Positive | None = None
    mfu: str = ""
    tflops_per_chip: str = ""
    energy_mwh: str = ""
    tco2e: str = ""
    includes: str = ""
    confidence: str = ""
    sizes_source: str = ""
    inputs_from_memory: str = ""
    note: str = ""

    @property
    def family(self) -> str:
        """Models of one line by one maker with one software: what errs together."""
        line = re.split(r"[ -]", self.model.lower(), maxsplit=1)[0] or self.id
        return f"{line}; {self.stack}"

    @property
    def hours(self) -> float | None:
        """Hours of one chip, as printed or by days of all chips."""
        if self.gpu_hours is None and self.days is not None and self.chips is not None:
            return self.days * 24.0 * self.chips
        return self.gpu_hours

    @property
    def kind(self) -> str:
        """Group that the run is scored with: dense, moe, distilled, or apart."""
        if self.confidence in NOT_PLAIN:
            return "apart"
        if "distill" in f"{self.includes} {self.note}".lower() or self.includes.startswith("as 1B"):
            return "distilled"
        if (self.experts or 1) > 1 or (self.active_b or self.params_b) != self.params_b:
            return "moe"
        return "dense"

    @property
    def fitted(self) -> bool:
        """Whether the run is one of those that the utilisation is fitted to."""
        return self.kind == "dense" and self.chip in FITTED_CHIPS


def read_whole_runs(path: Path | None = None) -> list[WholeRun]:
    """Rows of a file of whole runs.

    Parameters
    ----------
    path : pathlib.Path, optional
        `data/validation/whole_runs.csv` if left out.

    Raises
    ------
    FactsError
        For an unknown column, a number that is none, or an id that stands twice: with file, line and column.
    """
    found: dict[str, WholeRun] = {}
    for row, place in read_rows(path or data_path("validation/whole_runs.csv"), WholeRun):
        if row.id in found:
            raise place.error("id", f"run {row.id!r} stands twice")
        found[row.id] = row
    return list(found.values())


@dataclass(frozen=True)
class Field:
    """Utilisation of published runs: its geometric mean over families, and what holds 80 % of new families.

    `error_80` is the half-width as a natural logarithm, by Student's t for the few families there are.
    """

    utilisation: float
    error_80: float
    families: int
    runs: int


def fit_field(runs: Sequence[WholeRun], book: Catalogue | None = None) -> Field:
    """Fit the one utilisation to runs, each family with one vote.

    Parameters
    ----------
    runs : sequence of WholeRun
        Of these the dense ones on `FITTED_CHIPS` that print hours, tokens and parameters.
    book : Catalogue, optional
    """
    from scipy.stats import t

    votes = _votes(runs, book or catalogue())
    means = np.array([float(np.mean(one)) for one in votes.values()])
    spread = float(np.std(means, ddof=1)) * np.sqrt(1.0 + 1.0 / len(means))
    return Field(
        float(np.exp(means.mean())),
        float(t.ppf(0.9, len(means) - 1) * spread),
        len(means),
        sum(len(one) for one in votes.values()),
    )


def leave_families_out(
    runs: Sequence[WholeRun], book: Catalogue | None = None
) -> dict[str, tuple[Vector, float]]:
    """What every family used over what the others predict, as natural logarithms, and the half-width they give.

    Parameters
    ----------
    runs : sequence of WholeRun
    book : Catalogue, optional
    """
    known = book or catalogue()
    found = {}
    for name, own in _votes(runs, known).items():
        rest = fit_field([run for run in runs if run.family != name], known)
        found[name] = (np.log(rest.utilisation) - np.array(own), rest.error_80)
    return found


def _votes(runs: Sequence[WholeRun], book: Catalogue) -> dict[str, list[float]]:
    """Logarithm of each run's utilisation, by family."""
    votes: dict[str, list[float]] = {}
    for run in runs:
        hours, reason = run.hours, _reason(run, book)
        if run.fitted and hours is not None and not reason:
            votes.setdefault(run.family, []).append(float(np.log(_hours(run, book, 1.0) / hours)))
    return votes


def _sized(run: WholeRun, models: Path | None) -> WholeRun:
    """The run with the parameters that a token meets: as printed, or by the sizes of its model in a table."""
    if run.params_b is not None or run.active_b is not None:
        return run
    try:
        sizes = transformer(run.model, models)
    except UnknownNameError:
        return run
    met = step.evaluate(sizes.values(), ("model_parameters", "active_parameters"))
    params, active = (float(met[name]) / giga for name in ("model_parameters", "active_parameters"))
    return run.model_copy(update={"params_b": params, "active_b": active})


def _reason(run: WholeRun, book: Catalogue) -> str:
    if run.tokens is None:
        return "the tokens trained on are not printed"
    if run.params_b is None and run.active_b is None:
        return "the parameters are not printed"
    if not run.chip:
        return "the chip is not printed"
    try:
        _peak(run.chip, book)
    except UnknownNameError as error:
        return str(error)
    return ""


def _peak(chip: str, book: Catalogue) -> float:
    """Dense 16-bit peak, of whichever 16-bit format the chip has."""
    unit = book.machine(chip)
    other = unit.maybe("peak_bf16") or unit.maybe("peak_fp16")
    return unit.peak("bf16") if other is None else other


def _hours(run: WholeRun, book: Catalogue, utilisation: float) -> float:
    """Hours of one chip at a utilisation."""
    parameters = (run.active_b or run.params_b or 0.0) * giga
    work = float(np.asarray(training_compute(parameters, run.tokens or 0.0)))
    return work / (_peak(run.chip, book) * utilisation) / hour


def _shipped() -> tuple[float, float]:
    """Utilisation and half-width of the 80 % interval that the facts hold."""
    facts = catalogue().facts
    return facts.value(PUBLISHED, "run_utilisation"), facts.value(PUBLISHED, "run_error_80")


def validate_whole_runs(
    path: Path | None = None, book: Catalogue | None = None, models: Path | None = None
) -> Validation:
    """Hold the one utilisation against a file of whole runs.

    Parameters
    ----------
    path : pathlib.Path, optional
        In the columns of `data/validation/whole_runs.csv`; that file if left out.
    book : Catalogue, optional
    models : pathlib.Path, optional
        A reader's own table of models, for rows that print no parameters.

    Returns
    -------
    Validation
        Hours of one chip, rows in the file's order; groups by kind, chip and confidence. A run without printed
        hours is predicted and scored with none.

    Raises
    ------
    FactsError
        See `read_whole_runs`.
    """
    known = book or catalogue()
    runs = [_sized(run, models) for run in read_whole_runs(path)]
    utilisation, wide = _shipped()
    rows = []
    for run in runs:
        reason = _reason(run, known)
        value = None if reason else _hours(run, known, utilisation)
        rows.append(
            Row(
                run.id,
                run.source,
                run.chip,
                "gpu_hours",
                "h",
                run.hours,
                predicted=value,
                low=None if value is None else value / float(np.exp(wide)),
                high=None if value is None else value * float(np.exp(wide)),
                reason=reason,
                group=run.kind,
                cluster=run.family,
            )
        )
    labels = {
        "group": [run.kind for run in runs],
        "chip": [run.chip for run in runs],
        "source": [publisher(run.source) for run in runs],
    }
    return summarise(rows, labels, [run.kind != "apart" for run in runs])
