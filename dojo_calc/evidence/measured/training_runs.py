"""Measured training runs beside the model's prediction of each.

A cell left blank was not published. Micro-batch, virtual stages and parallel sizes are then the best that fit in
memory by the model's own time; no recomputation, a sharded optimizer, flash attention and sequence parallelism
with any tensor parallelism are taken where nothing is said. What was filled in stands in `Row.chosen`. A run that
was made is never refused for its memory. Not everybody runs the best: where virtual stages are not printed the
interval reaches to the plain schedule, which has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import FiniteFloat

from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.evidence.measured.validation import Row, Validation, summarise
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.performance import step
from dojo_calc.performance.efficiency import chip_values, half_width
from dojo_calc.performance.plan import flags, problems
from dojo_calc.performance.stacks import software
from dojo_calc.performance.workload import Transformer, transformer, transformers
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows
from dojo_calc.units import tera

__all__ = [
    "METRICS", "RUN_COLUMNS", "Prediction", "Prepared", "Run", "predict", "prepare", "read_runs", "splits",
    "validate_runs",
]  # fmt: skip

METRICS = {
    "step_seconds": "s",
    "tokens_per_second_per_chip": "1/s",
    "model_tflops_per_chip": "TFLOP/s",
    "mfu": "1",
}
# A blank among these is filled with the best that fits.
SEARCHED = ("micro_batch", "tensor", "pipeline", "context", "interleave")
POWERS = tuple(2**n for n in range(8))
CANDIDATES = {
    "micro_batch": POWERS,
    "tensor": POWERS,
    "pipeline": tuple(range(1, 129)),
    "context": POWERS,
    "interleave": tuple(range(1, 17)),
}
MOST_SEARCHED = 2  # more blanks than that make a grid that no published table asks for

Vector: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
Size = Annotated[int, Gt(0)]
Flag = Annotated[int, Ge(0), Le(1)]


class Run(Strict):
    """A row of `data/validation/training_runs.csv`."""

    id: str
    source: str = ""
    model: str
    layers: Size | None = None
    chip: str
    chips: Size
    precision: Literal["fp16", "bf16", "fp8"] = "bf16"
    sequence: Size
    global_batch: Size
    micro_batch: Size | None = None
    tensor: Size | None = None
    pipeline: Size | None = None
    data: Size | None = None
    context: Size | None = None
    expert: Size | None = None
    interleave: Size | None = None
    recompute: Literal["none", "selective", "full"] | None = None
    sequence_parallel: Flag | None = None
    sharding: Literal["none", "zero1", "zero2", "zero3"] | None = None
    attention: Literal["unfused", "flash"] | None = None
    stack: str = ""
    use: Literal["score", "apart"] = "score"
    metric: str
    measured: Annotated[FiniteFloat, Gt(0)]
    note: str = ""


RUN_COLUMNS = tuple(Run.model_fields)


@dataclass(frozen=True)
class _Sized:
    """A run with its model's sizes, depth as it ran."""

    run: Run
    sizes: Transformer


def read_runs(path: Path | None = None, models: Path | None = None) -> list[Run]:
    """Rows of a file of training runs.

    Parameters
    ----------
    path : pathlib.Path, optional
        `data/validation/training_runs.csv` if left out.
    models : pathlib.Path, optional
        A reader's own table of models, see `dojo_calc.performance.workload.transformer`.

    Raises
    ------
    FactsError
        For an unknown column, model, metric or word, a size that is no whole number, an id that stands twice:
        with file, line and column.
    """
    found: dict[str, Run] = {}
    known = transformers() | (transformers(models) if models else {})
    for row, place in read_rows(path or data_path("validation/training_runs.csv"), Run):
        if row.id in found:
            raise place.error("id", f"run {row.id!r} stands twice")
        if row.model not in known:
            raise place.error("model", f"unknown model {row.model!r}{nearest(row.model, known)}")
        if row.metric not in METRICS:
            raise place.error(
                "metric", f"unknown metric {row.metric!r}; expected one of {', '.join(METRICS)}"
            )
        found[row.id] = row
    return list(found.values())


@cache
def splits() -> dict[str, str]:
    """Which split each shipped run is in: fit, calibrate, test or apart. Frozen in `data/validation/splits.csv`."""

    class Split(Strict):
        id: str
        split: Literal["fit", "calibrate", "test", "apart"]

    return {row.id: row.split for row, _ in read_rows(data_path("validation/splits.csv"), Split)}


@dataclass(frozen=True)
class Prediction:
    """Values of some runs, in their metrics' units; NaN with a reason where the model cannot express one.

    `plain` is the value without virtual stages where their number is blank, else the same.
    """

    values: Vector
    plain: Vector
    chosen: tuple[dict[str, Any], ...]
    reasons: tuple[str, ...]


def predict(
    runs: Sequence[Run],
    changed: Mapping[str, float] | None = None,
    book: Catalogue | None = None,
    models: Path | None = None,
) -> Prediction:
    """Predict what each run was measured by.

    Parameters
    ----------
    runs : sequence of Run
    changed : mapping, optional
        Efficiency parameters in place of the table's, see `chip_values`.
    book : Catalogue, optional
    models : pathlib.Path, optional
        See `read_runs`.

    Returns
    -------
    Prediction
    """
    known = book or catalogue()
    sized = [_Sized(run, _sizes(run, models)) for run in runs]
    reasons = [_reason(run, known) for run in runs]
    filled: list[dict[str, Any]] = [{} for _ in runs]
    _fill(sized, filled, reasons, changed, known)
    values = np.full(len(runs), np.nan)
    plain = values.copy()
    fine = [index for index, reason in enumerate(reasons) if not reason]
    if fine:
        best = [(sized[index], filled[index]) for index in fine]
        values[fine] = _prepared(best, known).values(changed)
        without = [(one, choice | {"interleave": 1}) for one, choice in best]
        plain[fine] = _prepared(without, known).values(changed)
    return Prediction(values, plain, tuple(filled), tuple(reasons))


def prepare(
    runs: Sequence[Run], chosen: Sequence[Mapping[str, Any]], book: Catalogue | None = None
) -> Prepared:
    """Lay runs out once, to be predicted again and again with other efficiency parameters.

    Parameters
    ----------
    runs : sequence of Run
        That the model can express.
    chosen : sequence of mapping
        Values of their blank cells, as `predict` gives them.
    book : Catalogue, optional
    """
    rows = [(_Sized(run, _sizes(run)), one) for run, one in zip(runs, chosen, strict=True)]
    return _prepared(rows, book or catalogue())


def _sizes(run: Run, models: Path | None = None) -> Transformer:
    sizes = transformer(run.model, models)
    return sizes.changed(layers=run.layers) if run.layers else sizes


def _reason(run: Run, book: Catalogue) -> str:
    try:
        chip_values(run.chip, run.precision, run.stack, book)
    except UnknownNameError as error:
        return str(error)
    blanks = [name for name in SEARCHED if getattr(run, name) is None]
    if len(blanks) > MOST_SEARCHED:
        return f"{', '.join(blanks)} are blank: too many to search"
    return ""


def _stated(run: Run) -> tuple[dict[str, Any], dict[str, Any]]:
    """Words and sizes of a run without those that are searched, and which of them it does not print."""
    taken: dict[str, Any] = {}

    def of(name: str, otherwise: Any) -> Any:
        printed = getattr(run, name)
        if printed is None:
            taken[name] = otherwise
            return otherwise
        return printed

    words = flags(of("recompute", "none"), of("sharding", "zero1"), of("attention", "flash"))
    sizes = {"global_batch": run.global_batch, "sequence": run.sequence, "chips": run.chips}
    return words | sizes | {"expert": run.expert or 1, "visible": 1.0}, taken


def _values(one: _Sized, choice: Mapping[str, Any]) -> dict[str, float]:
    """Inputs of a step that a run and a choice for its blanks give; the chip's come apart."""
    run = one.run
    stated, _ = _stated(run)
    sizes = {name: getattr(run, name) or choice.get(name, 1) for name in SEARCHED}
    data = run.data or run.chips / (sizes["tensor"] * sizes["pipeline"] * sizes["context"])
    parallel = float(run.sequence_parallel if run.sequence_parallel is not None else sizes["tensor"] > 1)
    return (
        one.sizes.values()
        | stated
        | sizes
        | {
            "data": data,
            "sequence_parallel": parallel,
            "shard_copies": 1.0,
        }
    )


@dataclass(frozen=True)
class Prepared:
    """Runs laid out as arrays, an element a run; what the chip and its software give is looked up when asked.

    A metric is `per_step` over the step's seconds, or those seconds themselves where it is NaN.
    """

    plans: Mapping[str, Vector]
    machines: tuple[tuple[str, str, str], ...]
    which: np.ndarray[Any, np.dtype[np.intp]]
    per_step: Vector
    book: Catalogue

    def inputs(self, changed: Mapping[str, float] | None = None) -> dict[str, Any]:
        """Inputs of a step."""
        found = [chip_values(*one, self.book, changed) for one in self.machines]
        return {
            **self.plans,
            **{name: np.array([one[name] for one in found])[self.which] for name in found[0]},
        }

    def values(self, changed: Mapping[str, float] | None = None) -> Vector:
        """Predictions, in the metrics' units."""
        seconds = step.evaluate(self.inputs(changed), ("step_time",))["step_time"]
        found: Vector = np.where(np.isnan(self.per_step), seconds, self.per_step / seconds)
        return found


def _prepared(rows: Sequence[tuple[_Sized, Mapping[str, Any]]], book: Catalogue) -> Prepared:
    keys = [(one.run.chip, one.run.precision, one.run.stack) for one, _ in rows]
    machines = tuple(dict.fromkeys(keys))
    plans = [_values(one, choice) for one, choice in rows]
    return Prepared(
        {name: np.array([plan[name] for plan in plans], dtype=np.float64) for name in plans[0]},
        machines,
        np.array([machines.index(key) for key in keys]),
        np.array([_per_step(one, book) for one, _ in rows]),
        book,
    )


def _fill(
    sized: Sequence[_Sized],
    filled: list[dict[str, Any]],
    reasons: list[str],
    changed: Mapping[str, float] | None,
    book: Catalogue,
) -> None:
    """Choose for each run's blanks the fastest that fits; of equals the first, so the smallest sizes."""
    for index, one in enumerate(sized):
        if reasons[index]:
            continue
        _, taken = _stated(one.run)
        choices = list(_choices(one.run))
        table = _prepared([(one, choice) for choice in choices], book).inputs(changed)
        wrong = np.zeros(len(choices), dtype=bool)
        why = ""
        for where, words in problems(table):
            hit = np.broadcast_to(where, wrong.shape)
            if hit.any() and not why:
                at = int(np.argmax(hit))
                shown = {name: f"{column[at]:,.6g}" for name, column in table.items()}
                why = words(shown.__getitem__)
            wrong |= hit
        if wrong.all():
            reasons[index] = why
            continue
        found = step.evaluate(table, ("step_time", "memory"))
        fits = ~wrong & (found["memory"] <= table["memory_capacity"])
        allowed = fits if fits.any() else ~wrong
        best = int(np.argmin(np.where(allowed, found["step_time"], np.inf)))
        filled[index] |= taken | choices[best]


def _choices(run: Run) -> Iterator[dict[str, int]]:
    blanks = [name for name in SEARCHED if getattr(run, name) is None]
    for sizes in product(*(CANDIDATES[name] for name in blanks)):
        yield dict(zip(blanks, sizes, strict=True))


def _per_step(one: _Sized, book: Catalogue) -> float:
    """What a metric is a rate of: tokens or operations of a step, a chip; NaN where it is the step's seconds."""
    run, sizes = one.run, one.sizes.values()
    tokens = float(run.global_batch * run.sequence)
    if run.metric == "step_seconds":
        return np.nan
    if run.metric == "tokens_per_second_per_chip":
        return tokens / run.chips
    visible = software(run.stack).counted
    asked = step.evaluate(
        sizes | {"global_batch": run.global_batch, "sequence": run.sequence, "visible": visible},
        ("model_flop",),
    )
    work = float(asked["model_flop"]) / run.chips
    if run.metric == "model_tflops_per_chip":
        return work / tera
    return work / book.machine(run.chip).peak("fp8" if run.precision == "fp8" else "bf16")


def validate_runs(
    path: Path | None = None, book: Catalogue | None = None, models: Path | None = None
) -> Validation:
    """Hold the model against a file of measured runs.

    Parameters
    ----------
    path : pathlib.Path, optional
        In the columns of `data/validation/training_runs.csv`; that file if left out.
    book : Catalogue, optional
    models : pathlib.Path, optional
        See `read_runs`.

    Returns
    -------
    Validation
        Rows in the file's order; groups by source, chip, use and, for the shipped runs, split. Rows whose `use`
        is apart are shown and not scored.

    Raises
    ------
    FactsError
        See `read_runs`.
    """
    runs = read_runs(path, models)
    found = predict(runs, book=book, models=models)
    rows = []
    answers = zip(runs, found.values, found.plain, found.chosen, found.reasons, strict=True)
    for run, value, plain, chosen, reason in answers:
        row = Row(run.id, run.source, run.chip, run.metric, METRICS[run.metric], run.measured, reason=reason)
        if reason:
            rows.append(row)
            continue
        wide = float(np.exp(half_width(run.chip, run.precision, run.stack)))
        rows.append(
            replace(
                row,
                predicted=float(value),
                low=float(min(value, plain) / wide),
                high=float(max(value, plain) * wide),
                chosen=chosen,
            )
        )
    labels: dict[str, list[str]] = {
        "source": [run.source.split(" (")[0] for run in runs],
        "chip": [run.chip for run in runs],
        "use": [run.use for run in runs],
    }
    if path is None:
        labels["split"] = [splits()[run.id] for run in runs]
    return summarise(rows, labels, [run.use == "score" for run in runs])
