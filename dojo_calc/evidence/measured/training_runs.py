"""Measured training runs beside the model's prediction of each.

A cell left blank was not published. Micro-batch, virtual stages and parallel sizes are then the best that fit in
memory by the model's own time; no recomputation, a sharded optimizer, flash attention and sequence parallelism
with any tensor parallelism are taken where nothing is said. What was filled in stands in `Row.chosen`. A run that
was made is never refused for its memory. Not everybody runs the best: where virtual stages are not printed the
interval reaches to the plain schedule, which has none.

What a row says of its machine counts over the chip's own facts: the network of a server and the chips in it, the
memory's size and speed, and a power cap, under which matrix units run slower with the root of the power. So do how
experts drop tokens, or do not, and what the published recipe of the plan says of its software.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from dojo_calc.doors import door
from dojo_calc.errors import DojoCalcError, UnknownNameError
from dojo_calc.evidence.measured.plans_tried import studies
from dojo_calc.evidence.measured.runs import METRICS, Run, chips_of, cluster, publisher, read_runs, splits
from dojo_calc.evidence.measured.validation import Row, Validation, summarise
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.performance import step
from dojo_calc.performance.efficiency import chip_values, half_widths, matrix_peak
from dojo_calc.performance.legality import problems
from dojo_calc.performance.plan import ATTENTION, RECOMPUTE, SHARDING, flags
from dojo_calc.performance.setting import Setting
from dojo_calc.performance.stacks import software
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.units import GiB, giga, tera

__all__ = ["Prediction", "Prepared", "predict", "predict_memory", "prepare", "validate_runs"]

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
# Of more blanks than two: what a plan looks like that somebody ran.
COARSE = {
    "micro_batch": (1, 2, 4, 8, 16),
    "tensor": (1, 2, 4, 8),
    "pipeline": (1, 2, 4, 8, 16),
    "context": (1, 2, 4),
    "interleave": (1, 2, 4),
}
MOST_FINE = 2
# Where nothing is printed: a common length of a sequence, and micro-batches enough that a pipeline is mostly full.
SEQUENCE = 4096
ROUNDS = 8
SIZES = (
    "layers",
    "head_dim",
    "q_lora_rank",
    "kv_lora_rank",
    "shared_experts",
    "dense_layers",
    "moe_feedforward",
)
OF_EXPERTS = ("shared_experts", "dense_layers", "moe_feedforward")

# Stacks whose word for keeping single operators' results is that of others for recomputing attention.
PER_OPERATOR = "torchtitan-"

Vector: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"


@dataclass(frozen=True)
class _Sized:
    """A run with its model's sizes, as it ran."""

    run: Run
    sizes: Transformer


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
        A reader's own table of models, see `dojo_calc.performance.workload.transformer`.

    Returns
    -------
    Prediction
    """
    known = book or catalogue()
    sized, reasons = _expressed(runs, known, models)
    filled: list[dict[str, Any]] = [{} for _ in runs]
    for index, one in enumerate(sized):
        if one is not None:
            filled[index], reasons[index] = _fill(one, changed, known)
    values = np.full(len(runs), np.nan)
    plain = values.copy()
    fine = [index for index, reason in enumerate(reasons) if not reason]
    best = [(one, filled[index]) for index in fine if (one := sized[index]) is not None]
    if best:
        values[fine] = _prepared(best, known).values(changed)
        without = [(one, choice | {"interleave": 1}) for one, choice in best]
        plain[fine] = _prepared(without, known).values(changed)
    return Prediction(values, plain, tuple(filled), tuple(reasons))


def predict_memory(
    runs: Sequence[Run],
    quantities: Sequence[str],
    book: Catalogue | None = None,
    models: Path | None = None,
    changed: Mapping[str, float] | None = None,
) -> tuple[Vector, list[str], list[bool]]:
    """Bytes that each run takes on its fullest chip, NaN with a reason, and whether its model has experts.

    Parameters
    ----------
    runs : sequence of Run
    quantities : sequence of str
        What of each: `allocated`, `reserved`, or `memory`, which the driver shows.
    book : Catalogue, optional
    models : pathlib.Path, optional
        See `predict`.
    changed : mapping, optional
        See `predict`.
    """
    known = book or catalogue()
    sized, reasons = _expressed(runs, known, models)
    values = np.full(len(runs), np.nan)
    for index, (one, quantity) in enumerate(zip(sized, quantities, strict=True)):
        if one is not None:
            choice, reasons[index] = _fill(one, changed, known)
            if not reasons[index]:
                table = _prepared([(one, choice)], known).inputs(changed)
                values[index] = step.evaluate(table, (quantity,))[quantity][0]
    return values, reasons, [one is not None and one.sizes.experts > 1 for one in sized]


def prepare(
    runs: Sequence[Run],
    chosen: Sequence[Mapping[str, Any]],
    book: Catalogue | None = None,
    models: Path | None = None,
) -> Prepared:
    """Lay runs out once, to be predicted again and again with other efficiency parameters.

    Parameters
    ----------
    runs : sequence of Run
        That the model can express.
    chosen : sequence of mapping
        Values of their blank cells, as `predict` gives them.
    book : Catalogue, optional
    models : pathlib.Path, optional
        See `predict`.
    """
    known = book or catalogue()
    sized, _ = _expressed(runs, known, models)
    return _prepared([(one, choice) for one, choice in zip(sized, chosen, strict=True) if one], known)


def _expressed(
    runs: Sequence[Run], book: Catalogue, models: Path | None
) -> tuple[list[_Sized | None], list[str]]:
    """Runs with their models' sizes; None with a reason where a run says what the library does not know."""
    found: list[_Sized | None] = []
    reasons = []
    for printed in runs:
        run = printed.model_copy(update={"chips": chips_of(printed)})
        try:
            if run.model:
                found.append(_Sized(run, _sizes(run, models)))
            _check_blanks(run)
            _check_words(run)
            chip_values(run.chip, run.precision, run.stack, book, setting=_setting(run))
            reasons.append("")
        except DojoCalcError as error:
            found[len(reasons) :] = [None]
            reasons.append(str(error))
    return found, reasons


def _sizes(run: Run, models: Path | None) -> Transformer:
    try:
        sizes = transformer(run.model, models)
    except UnknownNameError:
        # a name with a tilde is that of sizes written down before a model could be expressed
        if not run.model.endswith("~"):
            raise
        sizes = transformer(run.model.rstrip("~"), models)
    cells = {cell: value for cell in SIZES if (value := getattr(run, cell)) is not None}
    if sizes.experts == 1:  # of a dense model a row prints no width of experts, or one without effect
        cells = {cell: value for cell, value in cells.items() if cell not in OF_EXPERTS}
    return sizes.changed(**cells) if cells else sizes


def _check_blanks(run: Run) -> None:
    """Refuse a row without what no prediction can do without."""
    blank = [name for name in ("model", "chip", "chips", "metric") if not getattr(run, name)]
    if blank:
        raise UnknownNameError(f"{' and '.join(blank)} blank: nothing to predict")


def _check_words(run: Run) -> None:
    words = (("recompute", RECOMPUTE), ("sharding", SHARDING), ("attention", ATTENTION))
    for name, known in words:
        given = getattr(run, name)
        if given is not None and given not in known:
            raise UnknownNameError(f"{name} must be one of {', '.join(known)}, got {given!r}")
    if run.global_batch is None and run.metric == "step_seconds":
        raise UnknownNameError("a step's seconds need its global_batch, which is blank")


def _stated(run: Run) -> tuple[dict[str, Any], dict[str, Any]]:
    """Words and sizes of a run without those that are searched, and which of them it does not print."""
    taken: dict[str, Any] = {}

    def of(name: str, otherwise: Any) -> Any:
        printed = getattr(run, name)
        if printed is None:
            taken[name] = otherwise
            return otherwise
        return printed

    redo = of("recompute", "none")
    if redo == "selective" and run.stack.startswith(PER_OPERATOR):
        redo = "per-op"
    words = flags(redo, of("sharding", "zero1"), of("attention", "flash"))
    sizes = {"sequence": of("sequence", SEQUENCE), "chips": run.chips}
    return words | sizes | {"visible": 1.0}, taken


def _values(one: _Sized, choice: Mapping[str, Any]) -> dict[str, float]:
    """Inputs of a step that a run and a choice for its blanks give; the chip's come apart."""
    run = one.run
    stated, _ = _stated(run)
    sizes = {name: getattr(run, name) or choice.get(name, 1) for name in SEARCHED}
    data = run.data or run.chips / (sizes["tensor"] * sizes["pipeline"] * sizes["context"])
    parallel = float(run.sequence_parallel if run.sequence_parallel is not None else sizes["tensor"] > 1)
    batch = _batch(run, data, sizes)
    return (
        one.sizes.values()
        | stated
        | sizes
        | {"data": data, "sequence_parallel": parallel, "global_batch": batch, "shard_copies": 1.0}
        | {"expert": float(run.expert or choice.get("expert", 1))}
    )


def _batch(run: Run, data: float, sizes: Mapping[str, int]) -> float:
    """Sequences a step; of a rate that is printed without them, so many that a pipeline is mostly full."""
    if run.global_batch is not None:
        return float(run.global_batch)
    return data * sizes["micro_batch"] * ROUNDS * sizes["pipeline"]


@dataclass(frozen=True)
class Prepared:
    """Runs laid out as arrays, an element a run; what the chip and its software give is looked up when asked.

    A metric is `per_step` over the step's seconds, or those seconds themselves where it is NaN.
    """

    plans: Mapping[str, Vector]
    machines: tuple[tuple[str, str, str, Setting], ...]
    which: np.ndarray[Any, np.dtype[np.intp]]
    per_step: Vector
    book: Catalogue

    def inputs(self, changed: Mapping[str, float] | None = None) -> dict[str, Any]:
        """Inputs of a step."""
        found = [chip_values(*one[:3], self.book, changed, one[3]) for one in self.machines]
        return {
            **self.plans,
            **{name: np.array([one[name] for one in found])[self.which] for name in found[0]},
        }

    def part(self, mask: np.ndarray[Any, np.dtype[np.bool_]]) -> Prepared:
        """Some of the runs, in their order."""
        used, which = np.unique(self.which[mask], return_inverse=True)
        return Prepared(
            {name: column[mask] for name, column in self.plans.items()},
            tuple(self.machines[one] for one in used),
            which,
            self.per_step[mask],
            self.book,
        )

    def values(self, changed: Mapping[str, float] | None = None) -> Vector:
        """Predictions, in the metrics' units."""
        seconds = step.evaluate(self.inputs(changed), ("step_time",))["step_time"]
        found: Vector = np.where(np.isnan(self.per_step), seconds, self.per_step / seconds)
        return found


def _prepared(rows: Sequence[tuple[_Sized, Mapping[str, Any]]], book: Catalogue) -> Prepared:
    keys = [(one.run.chip, one.run.precision, one.run.stack, _setting(one.run)) for one, _ in rows]
    machines = tuple(dict.fromkeys(keys))
    plans = [_values(one, choice) for one, choice in rows]
    layouts = {name: np.array([plan[name] for plan in plans], dtype=np.float64) for name in plans[0]}
    return Prepared(
        layouts,
        machines,
        np.array([machines.index(key) for key in keys]),
        np.array([_per_step(one, plan, book) for (one, _), plan in zip(rows, plans, strict=True)]),
        book,
    )


def _setting(run: Run) -> Setting:
    """What a row says of its own machine."""
    return Setting(
        network=None if run.node_gbps is None else run.node_gbps * giga / 8.0,
        per_server=run.per_server,
        power=run.power_w,
        memory=None if run.memory_gib is None else run.memory_gib * GiB,
        memory_bandwidth=None if run.memory_tbps is None else run.memory_tbps * tera,
        dispatch=run.dispatch,
        capacity=run.capacity,
        graphs=run.graphs,
        expert_overlap=None if run.expert_overlap is None else bool(run.expert_overlap),
        fused_experts=None if run.fused_experts is None else bool(run.fused_experts),
    )


def _fill(one: _Sized, changed: Mapping[str, float] | None, book: Catalogue) -> tuple[dict[str, Any], str]:
    """Choose for a run's blanks the fastest that fits, of equals the first, so the smallest sizes; or say why not."""
    _, taken = _stated(one.run)
    choices = list(_choices(one))
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
        return {}, why
    found = step.evaluate(table, ("step_time", "memory"))
    fits = ~wrong & (found["memory"] <= table["memory_capacity"])
    allowed = fits if fits.any() else ~wrong
    rate = found["step_time"] / (table["global_batch"] if one.run.global_batch is None else 1.0)
    best = int(np.argmin(np.where(allowed, rate, np.inf)))
    if one.run.global_batch is None:
        taken["global_batch"] = int(table["global_batch"][best])
    return taken | choices[best], ""


def _choices(one: _Sized) -> Iterator[dict[str, int]]:
    run = one.run
    blanks = [name for name in SEARCHED if getattr(run, name) is None]
    candidates = CANDIDATES if len(blanks) <= MOST_FINE else COARSE
    if run.expert is None and one.sizes.experts > 1:
        blanks.append("expert")
        candidates = {**candidates, "expert": tuple(n for n in (*POWERS, 256) if n <= one.sizes.experts)}
    for sizes in product(*(candidates[name] for name in blanks)):
        yield dict(zip(blanks, sizes, strict=True))


def _per_step(one: _Sized, plan: Mapping[str, float], book: Catalogue) -> float:
    """What a metric is a rate of: tokens or operations of a step, a chip; NaN where it is the step's seconds."""
    run, sizes = one.run, one.sizes.values()
    if run.metric in ("step_seconds", "gib"):
        return np.nan
    if run.metric == "tokens_per_second_per_chip":
        return plan["global_batch"] * plan["sequence"] / run.chips
    visible = software(run.stack).counted
    counted = {"global_batch": plan["global_batch"], "sequence": plan["sequence"], "visible": visible}
    asked = step.evaluate(sizes | counted, ("model_flop",))
    work = float(asked["model_flop"]) / run.chips
    if run.metric == "model_tflops_per_chip":
        return work / tera
    unit = book.machine(run.chip)
    return work / unit.total(matrix_peak(unit, run.precision))


@door
def validate_runs(
    path: Path | None = None,
    book: Catalogue | None = None,
    models: Path | None = None,
) -> Validation:
    """Hold the model against a file of measured runs.

    Parameters
    ----------
    path : pathlib.Path, optional
        In the columns of `data/validation/training_runs.csv` or `more_runs.csv`; the first if left out.
    book : Catalogue, optional
    models : pathlib.Path, optional
        See `predict`.

    Returns
    -------
    Validation
        Rows in the file's order; groups by group, source, chip, use, dispatch and, for the shipped runs, split. Rows
        whose `use` is apart are shown and not scored. Plans tried on one model are ranked, see `Validation.studies`.

    Raises
    ------
    FactsError
        See `read_runs`.
    """
    runs = read_runs(path)
    found = predict(runs, book=book, models=models)
    rows = []
    answers = zip(runs, found.values, found.plain, found.chosen, found.reasons, strict=True)
    for run, value, plain, chosen, reason in answers:
        row = Row(
            run.id,
            run.source,
            run.chip,
            run.metric,
            METRICS.get(run.metric, ""),
            None if np.isnan(run.measured) else run.measured,
            reason=reason,
            group=run.group,
            cluster="; ".join(cluster(run)),
            rate=run.metric != "step_seconds",
        )
        if reason:
            rows.append(row)
            continue
        widths = half_widths(run.chip, run.precision, run.stack, _sizes(run, models).experts)
        below, above = widths[::-1] if row.rate else widths  # a time that is short is a rate that is high
        rows.append(
            replace(
                row,
                predicted=float(value),
                low=float(min(value, plain) * np.exp(-below)),
                high=float(max(value, plain) * np.exp(above)),
                chosen=chosen,
            )
        )
    labels: dict[str, list[str]] = {
        "group": [run.group for run in runs],
        "source": [publisher(run.source) for run in runs],
        "chip": [run.chip for run in runs],
        "use": [run.use for run in runs],
        "dispatch": [run.dispatch or "" for run in runs],
    }
    if path is None:
        labels["split"] = [splits()[run.id] for run in runs]
    for name in ("group", "dispatch"):
        if not any(labels[name]):
            del labels[name]
    whole = summarise(rows, labels, [run.use == "score" for run in runs])
    return replace(whole, studies=studies(runs, [row.predicted for row in rows]))
