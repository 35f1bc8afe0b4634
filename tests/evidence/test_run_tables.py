"""A slip in a table of runs contradicts what stands beside it, and the error says where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dojo_calc.errors import FactsError
from dojo_calc.evidence import run_tables
from dojo_calc.evidence.measured.runs import Run, read_runs
from dojo_calc.evidence.measured.whole_runs import read_whole_runs
from dojo_calc.performance.workload import transformers
from dojo_calc.tables import data_path, row_error

TABLES = ("validation/training_runs.csv", "validation/more_runs.csv")
RUNS: dict[str, tuple[str, Run]] = {
    run.id: (table, run) for table in TABLES for run in read_runs(data_path(table))
}


def with_model(check: Callable[..., None]) -> Callable[[str, Run], None]:
    return lambda table, run: check(table, run, transformers()[run.model])


@pytest.mark.parametrize(
    ("check", "name", "changed", "message"),
    [
        # 8 x 8 x 1 x 1 = 64 chips
        (run_tables._check_plan, "korthikanti-gpt3-175b-full", {"tensor": 16}, "chips"),
        # 64 sequences in micro-batches of 3: no whole number
        (run_tables._check_plan, "korthikanti-gpt3-175b-full", {"micro_batch": 3}, "global_batch"),
        # 64 sequences in micro-batches of 16 are four, which eight interleaved stages do not divide
        (run_tables._check_plan, "korthikanti-gpt3-175b-full", {"micro_batch": 16}, "micro_batch"),
        (run_tables._check_name, "lucie-4k-1-256-tp2pp2-b1024m4", {"micro_batch": 8}, "micro_batch"),
        (run_tables._check_name, "lucie-4k-1-256-tp2pp2-b1024m4", {"sequence": 8192}, "sequence"),
        (run_tables._check_name, "foundry-30b-2048-h100-sxm-128-bf16", {"sequence": 4096}, "chips"),
        # 1,024 samples over their printed rate a second are the step's seconds
        (run_tables._check_figures, "lucie-4k-1-256-tp2pp2-b1024m4", {"global_batch": 512}, "measured"),
        # 2,048 sequences of 4,096 in 5.54 s on 64 chips are 23,659 tokens a second each; printed is 23,655.73
        (run_tables._check_figures, "ironwood-gemma4-26b-64-4096-bf16", {"measured": 2.77}, "measured"),
        (
            with_model(run_tables._check_sizes),
            "ironwood-gemma4-26b-64-4096-bf16",
            {"moe_feedforward": 1408},
            "moe_feedforward",
        ),
        # 96 heads over 64 groups, 96 layers over 8 stages of 8 pieces
        (with_model(run_tables._check_layout), "korthikanti-gpt3-175b-full", {"tensor": 64}, "tensor"),
        (with_model(run_tables._check_layout), "korthikanti-gpt3-175b-full", {"interleave": 8}, "interleave"),
        (with_model(run_tables._check_layout), "korthikanti-gpt3-175b-full", {"expert": 2}, "expert"),
        (with_model(run_tables._check_layout), "narayanan-1.7b", {"interleave": 2}, "interleave"),
    ],
)
def test_a_run_that_contradicts_itself_is_refused(
    check: Callable[[str, Run], None], name: str, changed: dict[str, Any], message: str
) -> None:
    table, run = RUNS[name]
    check(table, run)
    with pytest.raises(FactsError, match=rf"data/{table}, line \d+, column \d+ \({message}\): {name}: "):
        check(table, run.model_copy(update=changed))


def test_a_study_has_one_machine() -> None:
    table = TABLES[1]
    runs = [run for where, run in RUNS.values() if where == table]
    run_tables._check_machines(table, runs)
    slipped = [
        run.model_copy(update={"node_gbps": 800.0}) if run.id == "lucie-4k-1-256-tp2pp2-b1024m4" else run
        for run in runs
    ]
    with pytest.raises(FactsError, match=r"\(node_gbps\): lucie-4k-1-256-tp2pp2-b1024m4: expected 400"):
        run_tables._check_machines(table, slipped)


@pytest.mark.parametrize("factor", [2.0, 0.5])
@pytest.mark.parametrize("column", ["measured", "sequence", "global_batch"])
def test_a_run_uses_about_as_much_of_the_peak_as_its_study(column: str, factor: float) -> None:
    # Ten models, each measured once: no two rows of one model, and yet all print 43 to 52 % of the peak.
    table, name = TABLES[0], "narayanan-145.6b"
    runs = [run for where, run in RUNS.values() if where == table]
    run_tables._check_shares(table, runs, transformers())
    slipped = [
        run.model_copy(update={column: type(getattr(run, column))(getattr(run, column) * factor)})
        if run.id == name
        else run
        for run in runs
    ]
    with pytest.raises(FactsError, match=rf"\(measured\): {name}: it would use"):
        run_tables._check_shares(table, slipped, transformers())


def test_a_plan_measured_again_and_again_has_one_batch() -> None:
    name = "bridge-26.06-llama3-405b-gb300-256-nvfp4"
    placed = list(RUNS.values())
    run_tables._check_repeated(placed)
    slipped = [
        (table, run.model_copy(update={"sequence": 2 * (run.sequence or 0)}) if run.id == name else run)
        for table, run in placed
    ]
    with pytest.raises(FactsError, match=rf"\(sequence\): {name}: expected one of its study's"):
        run_tables._check_repeated(slipped)


@pytest.mark.parametrize(
    ("name", "changed", "column"),
    [
        ("llama1-7b", {"vocabulary": 64000.0}, "vocabulary"),
        ("llama3.1-70b", {"kv_heads": 16.0}, "params_b"),  # 80 x 8192 x 1024 x 2 = 1.3 billion more of 70.6
        ("llama1-7b", {"params_b": 13.4}, "params_b"),
        ("xglm-7.5b", {"params_b": 15.0}, "params_b"),
        ("llama1-13b", {"active_b": 26.0}, "active_b"),
    ],
)
def test_a_whole_run_has_the_sizes_that_make_its_parameters(
    name: str, changed: dict[str, Any], column: str
) -> None:
    run = next(run for run in read_whole_runs() if run.id == name)
    known = transformers().get(name)
    run_tables._check_whole_sizes(run, known)
    with pytest.raises(FactsError, match=rf"whole_runs\.csv, line \d+, column \d+ \({column}\): {name}"):
        run_tables._check_whole_sizes(run.model_copy(update=changed), known)


@pytest.mark.parametrize(
    ("name", "changed", "column"),
    [
        ("llama1-65b", {"days": 42.0}, "gpu_hours"),  # 2,048 x 24 x 21 = 1,032,192 of 1,022,362
        ("llama1-65b", {"global_batch": 65536.0}, "global_batch"),
        ("llama1-65b", {"energy_mwh": "898"}, "energy_mwh"),  # 449 MWh in 1,022,362 h are 439 W of 400
        ("llama1-65b", {"tco2e": "86"}, "tco2e"),  # 173 t for 409 MWh of the chips are 0.42 kg/kWh
    ],
)
def test_a_whole_run_takes_its_hours(name: str, changed: dict[str, Any], column: str) -> None:
    run = next(run for run in read_whole_runs() if run.id == name)
    run_tables._check_whole_hours(run)
    with pytest.raises(FactsError, match=rf"\({column}\): {name}"):
        run_tables._check_whole_hours(run.model_copy(update=changed))


def test_an_error_about_a_row_names_its_place() -> None:
    error = row_error("tiers.csv", ("d1", "die-edge"), "count", "expected four sides")
    assert str(error) == "data/tiers.csv, line 4, column 4 (count): d1, die-edge: expected four sides"
