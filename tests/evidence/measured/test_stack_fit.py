"""The gates of software and chips that the first table does not speak of: clusters and families left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pytest

from dojo_calc.evidence.measured.runs import Run, cluster, family, newest, read_runs
from dojo_calc.evidence.measured.stack_fit import (
    FOLDS,
    OutOfFold,
    all_rows,
    ends_by_family,
    expert_stage,
    fit_stacks,
    folds,
    out_of_fold,
    read_out_of_fold,
    relative,
    second_stage,
)
from dojo_calc.performance.efficiency import half_widths, parameters
from dojo_calc.performance.stacks import software
from dojo_calc.tables import data_path

RUNS = {run.id: run for run in read_runs(data_path("validation/more_runs.csv"))}
NEWEST = {run.id for run in newest([run for run in RUNS.values() if run.use == "score"])}


def votes(how: str, group: str) -> dict[tuple[str, str, str], list[OutOfFold]]:
    """What was left out, by cluster of model, chip and publisher; of a plan the newest release."""
    found: dict[tuple[str, str, str], list[OutOfFold]] = defaultdict(list)
    for one in read_out_of_fold():
        if one.how == how and RUNS[one.id].group == group and one.id in NEWEST:
            found[cluster(RUNS[one.id])].append(one)
    return found


def shares(own: Iterable[list[OutOfFold]]) -> tuple[float, float, float]:
    """Median and mean absolute error and geometric bias, one vote a cluster."""
    slower = [np.array([one.slower for one in rows]) for rows in own]
    errors = [float(np.abs(np.expm1(one)).mean()) for one in slower]
    bias = float(np.expm1(np.mean([one.mean() for one in slower])))
    return float(np.median(errors)), float(np.mean(errors)), bias


def told(how: str, run: Run) -> str:
    """What the prediction was told of the software."""
    return {"named": run.stack, "nearest": software(run.stack).kind, "typical": ""}[how]


def holds(one: OutOfFold) -> bool:
    """Whether the 80 % interval that the prediction carries holds the run."""
    run = RUNS[one.id]
    faster, slower = half_widths(run.chip, run.precision, told(one.how, run), 2 if run.group == "moe" else 1)
    return -faster <= one.slower <= slower


@pytest.mark.parametrize(
    ("how", "group", "median", "mean", "bias"),
    [
        ("named", "nvidia-tuned", 0.07, 0.09, 0.06),
        ("named", "independent", 0.12, 0.20, 0.06),
        ("nearest", "independent", 0.20, 0.25, 0.10),
        ("typical", "independent", 0.25, 0.30, 0.15),
        ("named", "tpu", 0.15, 0.15, 0.06),
        ("named", "moe", 0.25, 0.30, 0.15),
    ],
)
def test_what_was_left_out_is_within_the_limits(
    how: str, group: str, median: float, mean: float, bias: float
) -> None:
    found = shares(votes(how, group).values())
    assert found[0] <= median
    assert found[1] <= mean
    assert abs(found[2]) <= bias


def test_mixtures_that_say_how_tokens_reach_experts_are_within_a_fifth() -> None:
    """The median of clusters that say whether tokens are dropped, told what their recipes say of the software."""
    stated = [rows for rows in votes("named", "moe").values() if any(RUNS[one.id].dispatch for one in rows)]
    assert len(stated) >= 10
    found = shares(stated)
    assert found[0] <= 0.20
    assert found[1] <= 0.25


def test_what_a_recipe_says_of_experts_has_its_place_and_is_no_plan_of_its_own() -> None:
    told = [run for run in RUNS.values() if run.graphs or run.expert_overlap is not None or run.fused_experts]
    assert len(told) >= 50
    assert {run.group for run in told} == {"moe"}
    assert all(run.recipe for run in told)
    one = next(run for run in told if run.id in NEWEST)
    again = one.model_copy(
        update={"graphs": "none", "expert_overlap": 0, "recipe": "", "stack": "bridge-25.01"}
    )
    assert newest([again, one]) == [one]


@pytest.mark.parametrize(
    ("how", "group"),
    [("named", "nvidia-tuned"), ("named", "independent"), ("nearest", "independent"),
     ("typical", "independent"), ("named", "tpu"), ("named", "moe")],
)  # fmt: skip
def test_80_percent_intervals_hold_what_they_say(how: str, group: str) -> None:
    """One vote a cluster: 75 to 90 % of 15 clusters or more, 65 to 95 % of fewer, whose share scatters more."""
    own = votes(how, group)
    inside = [np.mean([holds(one) for one in rows]) for rows in own.values()]
    low, high = (0.75, 0.90) if len(own) >= 15 else (0.65, 0.95)
    assert low <= np.mean(inside) <= high


def test_the_interval_of_software_that_nobody_names_is_what_families_left_out_ask_for() -> None:
    """It reaches farther to the fast side, and one family decides it: of votes of families, not of rows."""
    faster, slower = ends_by_family("typical")
    assert faster > slower + 0.1
    assert half_widths("h100-sxm", "bf16") == pytest.approx((faster, slower), abs=0.01)
    families = {family(RUNS[one.id]) for one in read_out_of_fold() if one.how == "typical"}
    assert len(families) == 5
    held = {
        name: np.mean([
            np.mean([holds(one) for one in rows])
            for rows in votes("typical", "independent").values()
            if family(RUNS[rows[0].id]) == name
        ])
        for name in families
    }  # fmt: skip
    assert 0.75 <= np.mean(list(held.values())) <= 0.9


def test_the_table_holds_what_the_fit_finds() -> None:
    found = fit_stacks(all_rows()).values
    for one in (*second_stage(), *expert_stage()):
        assert found[one.key] == pytest.approx(one.value, rel=0.03), one.key
        assert one.low <= one.value <= one.high


def test_a_fold_made_again_gives_the_table() -> None:
    """One of the folds, predicted anew by a fit that has not seen it."""
    table = {(one.id, one.how): one.slower for one in read_out_of_fold()}
    again = list(out_of_fold([0]))
    assert len(again) > 30
    for one in again:
        assert one.slower == pytest.approx(table[one.id, "named"], abs=0.01)


def test_folds_are_frozen_by_whole_clusters() -> None:
    scored = [run for run in RUNS.values() if run.use == "score"]
    assert list(folds()) == [run.id for run in scored]
    for run in scored:
        mates = [
            one for one in scored if (one.model, one.chip, family(one)) == (run.model, run.chip, family(run))
        ]
        assert len({folds()[one.id] for one in mates if one.group == run.group}) == 1
    assert set(folds().values()) == set(range(FOLDS))


def test_physical_parameters_are_few() -> None:
    """All that is fitted, in the first table and here: printed so that it is seen to grow."""
    free = [one for one in parameters() if one.kind == "fitted"]
    assert len(second_stage()) <= 16
    assert len(expert_stage()) <= 3
    assert len(free) <= 40
    # a row of a file is predicted by what it is, not by its name or who printed it
    rows = all_rows()
    renamed = rows.of(range(5))
    other = tuple(run.model_copy(update={"id": "x", "source": "y", "note": "z"}) for run in renamed.runs)
    np.testing.assert_array_equal(relative(renamed, {}), relative(type(rows)(other, renamed.chosen), {}))
