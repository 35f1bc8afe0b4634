"""Whole training runs as published, in hours of a chip, beside what is predicted of them.

A published run took hours that neither steps nor failures show: evaluation, ramps of the batch, stages of long
context, waiting, a layout that nobody searched for. One number holds them all, in two ways. The *field factor* is
hours over those of steps of typical software in the fastest layout that fits, with the failures that so many chips
are expected to have; the *utilisation* is the work that the model asked for, ``6 N D`` with the parameters that a
token meets, over what the chips could have done in the hours. Each is fitted to the runs of
`data/validation/whole_runs.csv`, one vote a family of models by one maker, and families left out of the fit say how
far it carries. The step narrows nothing: what is left is people, and one utilisation is no worse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import numpy as np
from annotated_types import Ge, Gt
from pydantic import BeforeValidator, FiniteFloat

from dojo_calc.chain.training import failing_run
from dojo_calc.doors import door
from dojo_calc.errors import UnknownNameError
from dojo_calc.evidence.measured.runs import publisher
from dojo_calc.evidence.measured.validation import Row, Validation, summarise
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.performance import step
from dojo_calc.performance.plan import PlanError
from dojo_calc.performance.scaling import training_compute
from dojo_calc.performance.search import search
from dojo_calc.performance.workload import SizeError, Transformer, transformer
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows
from dojo_calc.units import giga, hour

__all__ = [
    "Field", "Steps", "WholeRun", "fit_field", "hours_at_the_peak", "hours_of_steps", "hours_with_failures",
    "leave_families_out", "read_whole_runs", "validate_whole_runs",
]  # fmt: skip

PUBLISHED = "whole-runs"
# Chips of several families of runs, so that a family can be left out.
FITTED_CHIPS = ("a100-sxm-40gb", "a100-sxm-80gb", "h100-sxm")
# Where a row prints neither chips, length of a sequence nor batch; no machine of fewer chips trained any of them.
CHIPS, SEQUENCE, BATCH_TOKENS = 512, 4096, 2**22
LEAST_CHIPS = 8
# Said by the row or its source to be no plain training of a dense model from nothing.
NOT_PLAIN = ("apart", "memory")


def _number_or_nothing(cell: object) -> object:
    """A cell as a number; of one that is printed in words or as a range, nothing."""
    try:
        float(str(cell))
    except ValueError:
        return None
    return cell


Positive = Annotated[Annotated[FiniteFloat, Gt(0)] | None, BeforeValidator(_number_or_nothing)]
Number = Annotated[Annotated[FiniteFloat, Ge(0)] | None, BeforeValidator(_number_or_nothing)]
Vector: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"


class WholeRun(Strict):
    """A row of `data/validation/whole_runs.csv`: what a training run was, and what it took as printed.

    Sources print ranges and words where others print a number; such a cell says nothing that can be held.
    """

    id: str
    source: str = ""
    date: str = ""
    model: str = ""
    params_b: Positive = None
    active_b: Positive = None
    layers: Positive = None
    hidden: Positive = None
    feedforward: Positive = None
    heads: Positive = None
    kv_heads: Positive = None
    vocabulary: Positive = None
    head_dim: Positive = None
    gated: Number = None
    tied: Number = None
    experts: Positive = None
    active_experts: Positive = None
    shared_experts: Number = None
    tokens: Positive = None
    sequence: Positive = None
    global_batch: Positive = None
    chip: str = ""
    chips: Positive = None
    stack: str = ""
    gpu_hours: Positive = None
    hours_kind: str = ""
    days: Positive = None
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
        """What errs together, which is models of one line by one maker with one software."""
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
        """Group that the run is scored with, which is dense, moe, distilled or apart."""
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
        For an unknown column, a number below zero, or an id that stands twice: with file, line and column.
    """
    found: dict[str, WholeRun] = {}
    for row, place in read_rows(path or data_path("validation/whole_runs.csv"), WholeRun):
        if row.id in found:
            raise place.error("id", f"run {row.id!r} stands twice")
        found[row.id] = row
    return list(found.values())


@dataclass(frozen=True)
class Field:
    """Hours over those predicted, the geometric mean over families, and what holds 80 % of new families.

    `error_80` is the half-width as a natural logarithm, by Student's t for the few families there are.
    """

    factor: float
    error_80: float
    families: int
    runs: int


def fit_field(runs: Sequence[WholeRun], hours: Sequence[float | None]) -> Field:
    """Fit the one factor to runs, each family with one vote.

    Parameters
    ----------
    runs : sequence of WholeRun
        Of these the dense ones on `FITTED_CHIPS` that print hours.
    hours : sequence of float or None
        Predicted for each [h]; None where nothing can be.
    """
    from scipy.stats import t

    votes = _votes(runs, hours)
    means = np.array([float(np.mean(one)) for one in votes.values()])
    spread = float(np.std(means, ddof=1)) * np.sqrt(1.0 + 1.0 / len(means))
    return Field(
        float(np.exp(means.mean())),
        float(t.ppf(0.9, len(means) - 1) * spread),
        len(means),
        sum(len(one) for one in votes.values()),
    )


def leave_families_out(
    runs: Sequence[WholeRun], hours: Sequence[float | None]
) -> dict[str, tuple[Vector, float]]:
    """What every family took over what the others predict, as natural logarithms, and the half-width they give.

    Parameters
    ----------
    runs : sequence of WholeRun
    hours : sequence of float or None
        See `fit_field`.
    """
    found = {}
    for name, own in _votes(runs, hours).items():
        rest = fit_field(
            [run for run in runs if run.family != name],
            [one for run, one in zip(runs, hours, strict=True) if run.family != name],
        )
        found[name] = (np.array(own) - np.log(rest.factor), rest.error_80)
    return found


def _votes(runs: Sequence[WholeRun], hours: Sequence[float | None]) -> dict[str, list[float]]:
    """Logarithm of each run's hours over those predicted, by family."""
    votes: dict[str, list[float]] = {}
    for run, predicted in zip(runs, hours, strict=True):
        if run.fitted and run.hours is not None and predicted is not None:
            votes.setdefault(run.family, []).append(float(np.log(run.hours / predicted)))
    return votes


def hours_at_the_peak(runs: Sequence[WholeRun], book: Catalogue | None = None) -> list[float | None]:
    """Hours of one chip that the work alone would take at its dense 16-bit peak, ``6 N D``.

    Parameters
    ----------
    runs : sequence of WholeRun
    book : Catalogue, optional
    """
    known = catalogue() if book is None else book
    return [None if _reason(run, known) else _hours(run, known, 1.0) for run in runs]


@dataclass(frozen=True)
class Steps:
    """Hours of one chip that the steps of a run take: undisturbed, and with the failures that are expected."""

    undisturbed: float
    with_failures: float


def hours_of_steps(runs: Sequence[WholeRun], book: Catalogue | None = None) -> list[Steps | None]:
    """Hours of one chip that steps of typical software take, in the fastest layout that fits.

    Chips are the power of two below those printed, 512 where none are, and fewer where the batch is too small for
    them; a batch that is not printed is one of four million tokens. Failures are those of the chips as printed.

    Parameters
    ----------
    runs : sequence of WholeRun
    book : Catalogue, optional
    """
    known = catalogue() if book is None else book
    return [None if _reason(run, known) else _steps(run, known) for run in runs]


def hours_with_failures(runs: Sequence[WholeRun], book: Catalogue | None = None) -> list[float | None]:
    """The part of `hours_of_steps` that the field factor is fitted over."""
    return [None if one is None else one.with_failures for one in hours_of_steps(runs, book)]


def _steps(run: WholeRun, book: Catalogue) -> Steps | None:
    sizes = _transformer(run)
    if sizes is None or run.tokens is None:
        return None
    sequence = int(run.sequence or SEQUENCE)
    chips = _power_of_two(run.chips or CHIPS)
    batch = _power_of_two(run.global_batch or max(chips, BATCH_TOKENS / sequence))
    while chips >= LEAST_CHIPS:
        try:
            best = search(sizes, run.chip, chips, global_batch=batch, sequence=sequence, book=book).best
        except PlanError:
            chips //= 2
            continue
        except UnknownNameError:
            return None
        alone = float(run.tokens / (batch * sequence) * best["step_time"])
        count = float(run.chips or best["chips"])
        parameters = float(step.evaluate(sizes.values(), ("model_parameters",))["model_parameters"])
        headway = failing_run(run.chip, book).evaluate("goodput", chips=count, parameters=parameters)
        used = alone * best["chips"] / hour
        return Steps(used, used / float(headway))
    return None


def _power_of_two(number: float) -> int:
    return int(2 ** int(np.log2(number)))


def _transformer(run: WholeRun) -> Transformer | None:
    """Sizes that a row prints, or None where it leaves one out."""
    names = ("layers", "hidden", "feedforward", "heads", "kv_heads", "vocabulary")
    sizes = {name: getattr(run, name) for name in names}
    if run.kind != "dense" or any(size is None for size in sizes.values()):
        return None
    cells = {name: int(size) for name, size in sizes.items()}
    more = {"gated": int(run.gated or 0), "tied_embeddings": int(run.tied or 0)}
    if run.head_dim is not None:
        more["head_dim"] = int(run.head_dim)
    try:
        return Transformer(model=run.model or run.id, **cells, **more)
    except SizeError:
        return None


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


@door
def validate_whole_runs(
    path: Path | None = None, book: Catalogue | None = None, models: Path | None = None
) -> Validation:
    """Hold the field factor, and where a row prints no sizes the utilisation, against a file of whole runs.

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
        Hours of one chip, rows in the file's order; groups by kind, chip and source. `Row.chosen` has both ways
        where there are two. A run without printed hours is predicted and scored with none.

    Raises
    ------
    FactsError
        See `read_whole_runs`.
    """
    known = catalogue() if book is None else book
    runs = [_sized(run, models) for run in read_whole_runs(path)]
    facts = known.facts
    factor, wide_step = facts.value(PUBLISHED, "field_factor"), facts.value(PUBLISHED, "field_error_80")
    used, wide_work = facts.value(PUBLISHED, "run_utilisation"), facts.value(PUBLISHED, "run_error_80")
    rows = []
    for run, work, steps in zip(
        runs, hours_at_the_peak(runs, known), hours_of_steps(runs, known), strict=True
    ):
        reason = _reason(run, known)
        by_work = None if work is None else work / used
        value, wide = (by_work, wide_work) if steps is None else (steps.with_failures * factor, wide_step)
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
                chosen={} if steps is None else {"undisturbed": steps.undisturbed, "by_utilisation": by_work},
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
