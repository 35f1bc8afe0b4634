"""The gate of whole runs: one utilisation, families left out, and what the facts hold of it."""

from __future__ import annotations

import numpy as np
import pytest

from dojo_calc.evidence.measured.whole_runs import (
    WholeRun,
    fit_field,
    hours_at_the_peak,
    hours_with_failures,
    leave_families_out,
    read_whole_runs,
    validate_whole_runs,
)
from dojo_calc.facts import load

PUBLISHED = "whole-runs"


RUNS = read_whole_runs()


@pytest.fixture(scope="module")
def steps() -> list[float | None]:
    return hours_with_failures(RUNS)


def held(hours: list[float | None]) -> tuple[float, float, float]:
    """Of families left out: their median, 1.48 median absolute deviations, and the share inside, one vote each."""
    votes, inside = [], []
    for error, width in leave_families_out(RUNS, hours).values():
        votes.append(float(error.mean()))
        inside.append(float(np.mean(np.abs(error) <= width)))
    middle = float(np.median(votes))
    return middle, 1.4826 * float(np.median(np.abs(np.array(votes) - middle))), float(np.mean(inside))


def test_the_facts_hold_what_the_fits_find(steps: list[float | None]) -> None:
    facts = load()
    by_work, by_steps = fit_field(RUNS, hours_at_the_peak(RUNS)), fit_field(RUNS, steps)
    assert (by_work.families, by_work.runs) == (19, 37)
    assert (by_steps.families, by_steps.runs) == (15, 31)
    assert facts.value(PUBLISHED, "run_utilisation") == pytest.approx(1.0 / by_work.factor, rel=2e-3)
    assert facts.value(PUBLISHED, "run_error_80") == pytest.approx(by_work.error_80, rel=2e-3)
    assert facts.value(PUBLISHED, "field_factor") == pytest.approx(by_steps.factor, rel=0.02)
    assert facts.value(PUBLISHED, "field_error_80") == pytest.approx(by_steps.error_80, rel=0.03)


def test_families_left_out_are_centred_and_within_reach(steps: list[float | None]) -> None:
    for hours in (steps, hours_at_the_peak(RUNS)):
        middle, spread, inside = held(hours)
        assert abs(middle) <= 0.15
        assert spread <= 0.35
        assert 0.75 <= inside <= 0.90


def test_hours_of_llama_2_by_hand() -> None:
    """6 x 69e9 x 2e12 / 312e12 / 3600 = 737,179 h at the peak, which 1,720,320 printed hours are 0.4285 of."""
    run = next(one for one in read_whole_runs() if one.id == "llama2-70b")
    (hours,) = hours_at_the_peak([run])
    assert hours is not None
    assert run.gpu_hours is not None
    assert hours / run.gpu_hours == pytest.approx(6 * 69e9 * 2e12 / 312e12 / 3600 / 1_720_320, rel=1e-3)


def test_a_run_that_says_too_little_says_what_is_missing() -> None:
    found = validate_whole_runs()
    reasons = {row.id: row.reason for row in found.rows}
    assert "tokens" in reasons["t5-11b"]
    assert reasons["llama1-7b"] == ""
    both = next(row for row in found.rows if row.id == "llama1-7b")
    assert both.predicted is not None
    assert both.chosen["undisturbed"] < both.predicted < 2.0 * both.chosen["undisturbed"]


def test_kinds_and_hours() -> None:
    dense = WholeRun(id="a", model="Some 7B", params_b=7, chips=100, days=2)
    assert (dense.kind, dense.hours) == ("dense", 4800)
    assert dense.model_copy(update={"active_b": 2.0}).kind == "moe"
    assert dense.model_copy(update={"confidence": "apart"}).kind == "apart"
    assert dense.model_copy(update={"includes": "pruned, distilled"}).kind == "distilled"


def test_what_is_printed_in_words_says_nothing() -> None:
    run = WholeRun(id="a", tokens="about 3T", params_b="7", chip="h100-sxm", days="~33", gpu_hours="1e5")
    assert (run.tokens, run.days, run.params_b, run.hours) == (None, None, 7.0, 1e5)
