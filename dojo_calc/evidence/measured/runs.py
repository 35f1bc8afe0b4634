"""Rows of measured training steps, as their sources print them, and what groups them.

A cell left blank was not published, whichever it is. Words and names are kept as printed: a model, a chip, a
precision or a word that the library does not know makes a row that has no prediction and says why, and never stops a
file. A number that is none does stop it, with its place.

Rows come in clusters: the same model on the same chip by the same publisher, measured again and again. They err
together, so a cluster has one vote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from math import nan, prod
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import FiniteFloat

from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows

__all__ = [
    "METRICS", "Run", "chips_of", "cluster", "family", "newest", "publisher", "read_runs", "splits",
]  # fmt: skip

METRICS = {
    "step_seconds": "s",
    "tokens_per_second_per_chip": "1/s",
    "model_tflops_per_chip": "TFLOP/s",
    "mfu": "1",
}
Size = Annotated[int, Gt(0), Lt(10**15)]  # no plan counts more of anything; it is held exactly as a float
Number = Annotated[int, Ge(0)]
Flag = Annotated[int, Ge(0), Le(1)]
Positive = Annotated[FiniteFloat, Gt(0)]
# What a release changes and nothing else: two rows that differ in these alone are one plan.
OF_RELEASE = (
    "id", "source", "stack", "measured", "note", "where", "also", "use", "graphs", "expert_overlap", "fused_experts",
    "recipe",
)  # fmt: skip


class Run(Strict):
    """A row of `data/validation/training_runs.csv` or `more_runs.csv`.

    From `head_dim` to `moe_feedforward` a row may give its model's sizes, over those of the table of models; from
    `node_gbps` [Gb/s a server] to `memory_tbps` what of its machine differs from the chip's own facts. `dispatch` and
    `capacity` say how its experts were given their tokens, and `graphs` to `fused_experts` what the `recipe` of
    the plan says of its software, see `dojo_calc.performance.setting.Setting`.
    """

    id: str
    source: str = ""
    model: str = ""
    layers: Size | None = None
    chip: str = ""
    chips: Size = 0  # blank
    precision: str = "bf16"
    sequence: Size | None = None
    global_batch: Size | None = None
    micro_batch: Size | None = None
    tensor: Size | None = None
    pipeline: Size | None = None
    data: Size | None = None
    context: Size | None = None
    expert: Size | None = None
    interleave: Size | None = None
    recompute: str | None = None
    sequence_parallel: Flag | None = None
    sharding: str | None = None
    attention: str | None = None
    stack: str = ""
    use: Literal["score", "apart"] = "score"
    metric: str = ""
    measured: Positive = nan  # blank
    note: str = ""
    group: str = ""
    node_gbps: Positive | None = None
    per_server: Size | None = None
    power_w: Positive | None = None
    memory_gib: Positive | None = None
    memory_tbps: Positive | None = None
    head_dim: Size | None = None
    q_lora_rank: Number | None = None
    kv_lora_rank: Number | None = None
    shared_experts: Number | None = None
    dense_layers: Number | None = None
    moe_feedforward: Number | None = None
    dispatch: str | None = None
    capacity: Positive | None = None
    graphs: str | None = None
    expert_overlap: Flag | None = None
    fused_experts: Flag | None = None
    recipe: str = ""
    where: str = ""
    also: str = ""


def chips_of(run: Run) -> int:
    """Chips of a run: as printed, or as many as all its groups make; 0 where a group is blank too."""
    return run.chips or prod(size or 0 for size in (run.tensor, run.pipeline, run.context, run.data))


def read_runs(path: Path | None = None) -> list[Run]:
    """Rows of a file of training runs.

    Parameters
    ----------
    path : pathlib.Path, optional
        `data/validation/training_runs.csv` if left out.

    Raises
    ------
    FactsError
        For an unknown column or metric, a size that is no whole number, an id that stands twice: with file, line
        and column.
    """
    found: dict[str, Run] = {}
    for row, place in read_rows(path or data_path("validation/training_runs.csv"), Run):
        if row.id in found:
            raise place.error("id", f"run {row.id!r} stands twice")
        if row.metric and row.metric not in METRICS:
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


def publisher(source: str) -> str:
    """Who published a row, without the table, release or machine that its source goes on to name."""
    return re.split(r" \(|, ", source, maxsplit=1)[0]


def cluster(run: Run) -> tuple[str, str, str]:
    """What rows that err together share: model, chip and publisher."""
    return run.model, run.chip, publisher(run.source)


def family(run: Run) -> str:
    """Family of the software that a run used: its stack without generation or release."""
    return run.stack.split("-")[0]


def newest(runs: Sequence[Run]) -> list[Run]:
    """Runs without those that a later release of the same software repeats plan for plan, in their order."""
    kept: dict[tuple[object, ...], Run] = {}
    for run in runs:
        plan = tuple(sorted(run.model_dump(exclude=set(OF_RELEASE)).items(), key=lambda item: item[0]))
        key = (publisher(run.source), family(run), plan)
        if key not in kept or _release(kept[key]) < _release(run):
            kept[key] = run
    chosen = {id(run) for run in kept.values()}
    return [run for run in runs if id(run) in chosen]


def _release(run: Run) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", run.stack))
