"""Measured memory: the gates that the model of it is held to, by rows and a vote a cluster."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from dojo_calc.evidence.measured.memory_fit import memory_halves
from dojo_calc.evidence.measured.memory_runs import MemoryRun, read_memory_runs, validate_memory_runs
from dojo_calc.evidence.measured.runs import read_runs
from dojo_calc.evidence.measured.training_runs import predict_memory
from dojo_calc.evidence.measured.validation import Validation
from dojo_calc.hardware.catalog import machine
from dojo_calc.performance.efficiency import efficiency
from dojo_calc.tables import data_path


@pytest.fixture(scope="module")
def found() -> Validation:
    return validate_memory_runs()


def test_dense_rows_are_met(found: Validation) -> None:
    """Three of four rows within 20 %, and 80 % intervals that hold 65 to 95 %, on either half of the clusters."""
    dense = [row for row in found.rows if row.group == "dense" and row.error is not None]
    scored = {one.id for one in read_memory_runs() if one.score == "score"}
    errors = [abs(row.error) for row in dense if row.id in scored and row.error is not None]
    assert len(errors) == 48
    assert sum(error <= 0.2 for error in errors) / len(errors) >= 0.75
    inside = found.group("group", "dense").cluster_inside_80
    assert inside is not None
    assert 0.65 <= inside <= 0.95
    halves = memory_halves()
    for half in halves:
        assert half.rows >= 20
        assert half.within >= 0.75
        assert abs(half.bias) <= 0.1
        assert half.inside >= 0.65
    assert sum(half.inside for half in halves) / 2 <= 0.95  # of seven or eight clusters one half may hold all


def test_a_stack_that_nobody_names_errs_more_and_has_a_wider_interval() -> None:
    named, unnamed = memory_halves(), memory_halves(unnamed=True)
    assert max(half.width for half in named) < min(half.width for half in unnamed)
    known = efficiency("h100-sxm", "bf16", "torchtitan-2024")["memory_error_80"].value
    typical = efficiency("h100-sxm", "bf16", "")["memory_error_80"].value
    assert min(half.width for half in named) <= known <= max(half.width for half in named) + 0.02
    assert min(half.width for half in unnamed) <= typical <= max(half.width for half in unnamed)


def test_rows_with_experts_are_answered(found: Validation) -> None:
    moe = [row for row in found.rows if row.group == "moe"]
    assert len(moe) >= 7
    assert all(row.predicted for row in moe)
    unknown = next(row for row in found.rows if row.id == "bridge-card-glm5.2-alloc")
    assert "unknown transformer 'glm5.2'" in unknown.reason


def test_what_a_row_prints_is_what_is_predicted() -> None:
    def taken(quantity: str) -> str:
        return MemoryRun(id="a", model="m", quantity=quantity).taken

    assert taken("peak allocated, rank 0") == "allocated"
    assert taken("mem-max-allocated-bytes (and mem-allocated 18.387 GiB between steps)") == "allocated"
    assert taken("peak reserved (torch.cuda, max over GPUs)") == "reserved"
    assert taken("allocated or reserved not said") == "reserved"
    assert taken("'max memory used by the first (last) nodes' (nvidia-smi class)") == "memory"


def test_the_slack_is_that_of_runs_that_print_both() -> None:
    """One run allocated 65.23 GiB and reserved 69.684: 6.8 % more, within the interval of the slack."""
    rows = {row.id: row.measured_gib for row in read_memory_runs()}
    allocated, reserved = rows["bridge-card-glm5.2-alloc"], rows["bridge-card-glm5.2-res"]
    assert allocated is not None
    assert reserved is not None
    slack = efficiency("h100-sxm", "bf16")["reserved_share"]
    assert slack.low <= reserved / allocated - 1 <= slack.high
    assert slack.value == pytest.approx(0.071)


def test_every_row_names_a_source() -> None:
    with data_path("sources.csv").open(encoding="utf-8", newline="") as file:
        known = {row["key"] for row in csv.DictReader(file)}
    assert {row.source.partition(" ")[0] for row in read_memory_runs()} <= known


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "memory.csv"
    path.write_text(
        "id,model,chip,chips,sequence,micro_batch,tensor,data,recompute,sharding,quantity,measured_gib,score\n"
        "a,llama3-8b,h100-sxm,8,8192,1,1,8,full,zero3,peak allocated,40,score\n"
        "b,nobody-1b,h100-sxm,8,8192,1,1,8,full,zero3,peak allocated,40,score\n"
    )
    found = validate_memory_runs(path)
    assert found.rows[0].metric == "gib"
    assert found.rows[0].low < found.rows[0].predicted < found.rows[0].high  # type: ignore[operator]
    assert "unknown transformer 'nobody-1b'" in found.rows[1].reason


def test_runs_that_were_made_are_not_refused() -> None:
    """Of 151 shipped runs whose whole layout is printed; what is left are recipes that print no recomputation."""
    sizes = ("tensor", "pipeline", "data", "micro_batch")
    runs = [run for run in read_runs() if run.use == "score" and all(getattr(run, size) for size in sizes)]
    needed, reasons, _ = predict_memory(runs, ["memory"] * len(runs))
    refused = [
        run
        for run, need, reason in zip(runs, needed, reasons, strict=True)
        if not reason
        and need / np.exp(efficiency(run.chip, run.precision, run.stack)["memory_error_80"].value)
        > machine(run.chip).memories()[0].capacity
    ]
    assert len(runs) >= 150
    assert len(refused) <= 6
    assert all(run.stack.startswith("bridge") and run.sharding == "zero3" for run in refused)
