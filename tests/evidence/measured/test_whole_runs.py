"""The gate of whole runs: one utilisation, families left out, and what the facts hold of it."""

from __future__ import annotations

import numpy as np
import pytest

from dojo_calc.evidence.measured.whole_runs import (
    WholeRun,
    fit_field,
    leave_families_out,
    read_whole_runs,
    validate_whole_runs,
)
from dojo_calc.facts import load

PUBLISHED = "whole-runs"


def test_the_facts_hold_what_the_fit_finds() -> None:
    found, facts = fit_field(read_whole_runs()), load()
    assert (found.families, found.runs) == (19, 37)
    assert facts.value(PUBLISHED, "run_utilisation") == pytest.approx(found.utilisation, rel=2e-3)
    assert facts.value(PUBLISHED, "run_error_80") == pytest.approx(found.error_80, rel=2e-3)


def test_families_left_out_are_centred_and_within_reach() -> None:
    votes, inside = [], []
    for error, width in leave_families_out(read_whole_runs()).values():
        votes.append(float(error.mean()))
        inside.append(float(np.mean(np.abs(error) <= width)))
    spread = 1.4826 * float(np.median(np.abs(np.array(votes) - np.median(votes))))
    assert abs(np.median(votes)) <= 0.15
    assert spread <= 0.35
    assert 0.75 <= np.mean(inside) <= 0.90


def test_hours_of_llama_2_by_hand() -> None:
    """6 x 69e9 x 2e12 / 312e12 / 3600 = 737,179 h at the peak, which 1,720,320 printed hours are 0.4285 of."""
    run = next(one for one in read_whole_runs() if one.id == "llama2-70b")
    row = next(one for one in validate_whole_runs().rows if one.id == "llama2-70b")
    assert row.predicted is not None
    assert run.gpu_hours is not None
    share = row.predicted * load().value(PUBLISHED, "run_utilisation") / run.gpu_hours
    assert share == pytest.approx(6 * 69e9 * 2e12 / 312e12 / 3600 / 1_720_320, rel=1e-3)


def test_a_run_that_says_too_little_says_what_is_missing() -> None:
    reasons = {row.id: row.reason for row in validate_whole_runs().rows}
    assert "tokens" in reasons["t5-11b"]
    assert reasons["llama1-7b"] == ""


def test_kinds_and_hours() -> None:
    dense = WholeRun(id="a", model="Some 7B", params_b=7, chips=100, days=2)
    assert (dense.kind, dense.hours) == ("dense", 4800)
    assert dense.model_copy(update={"active_b": 2.0}).kind == "moe"
    assert dense.model_copy(update={"confidence": "apart"}).kind == "apart"
    assert dense.model_copy(update={"includes": "pruned, distilled"}).kind == "distilled"
