"""What an explanation keeps below an output, and how it writes a formula that nobody can look into."""

from __future__ import annotations

import numpy as np

import dojo_calc as dc
from dojo_calc.analysis.sweep import sweep
from dojo_calc.model.conditions import condition
from dojo_calc.quantities import Count, SignedCount


def below(chips: Count) -> SignedCount:
    return 8.0 - chips


def groups(chips: Count) -> Count:
    return chips / 8.0


def rounded(groups: Count) -> Count:
    whole: Count = np.trunc(groups)  # off the list of operations, so no tracer follows
    return whole


def model() -> dc.Model:
    return dc.Model({"groups": groups, "whole_groups": rounded}, {"chips": 20.0})


def test_a_function_that_no_tracer_follows_is_written_by_its_name() -> None:
    told = dc.explain(model(), "whole_groups")
    assert told["whole_groups"].formula == "rounded(groups)"
    assert told["whole_groups"].latex == r"\text{rounded(groups)}"
    assert told["whole_groups"].value == 2.0
    assert told["groups"].formula == "chips / 8"


def test_within_a_depth_are_the_steps_so_far_below_the_output() -> None:
    told = dc.explain(model(), "whole_groups")
    names = [[one.name for one in told.within(depth)] for depth in (0, 1, 2, None)]
    assert names[0] == ["whole_groups"]
    assert sorted(names[1]) == ["groups", "whole_groups"]
    assert sorted(names[2]) == ["chips", "groups", "whole_groups"]
    assert names[3] == names[2]


def test_each_point_of_a_sweep_says_what_it_breaks() -> None:
    """Of 4, 12 and 6 chips two do not reach 8; blocks of two points, so that the second has one."""
    held = dc.Model(
        {"groups": groups},
        {"chips": 20.0},
        conditions=[condition("identity", "there are eight chips", below, chips="chips")],
    )
    reasons = sweep(held, "groups", {"chips": [4.0, 12.0, 6.0]}, block=2).reason
    assert [bool(one) for one in reasons] == [True, False, True]
    assert "there are eight chips" in reasons[0]
