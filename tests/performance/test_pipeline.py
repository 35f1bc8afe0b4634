"""The pipeline's closed form against a schedule that is played through, task by task."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

import numpy as np
import pytest

from dojo_calc.performance.pipeline import bubble_time, slowest_stage
from dojo_calc.performance.plan import PlanError, train

Task: TypeAlias = tuple[str, int, int]


@pytest.mark.parametrize(
    ("layers", "stages", "most", "head", "slowest"),
    [
        (96, 8, 12, 2.0, 14.0),  # even: the last has as many, and the head
        (61, 16, 4, 2.5, 4.0),  # fifteen of four leave one to the last: 3.5 with the head
        (61, 16, 4, 3.5, 4.5),
        (61, 32, 2, 1.5, 2.0),  # thirty-one of two are enough, so the last has the head alone
        (40, 1, 40, 3.0, 43.0),
    ],
)
def test_uneven_layers_leave_room_for_the_head(
    layers: int, stages: int, most: int, head: float, slowest: float
) -> None:
    assert slowest_stage(float(layers), float(stages), float(most), 1.0, head) == slowest


def tasks_of(rank: int, m: int, p: int, v: int) -> list[Task]:
    """What a stage does, in Megatron-Core's order: warm-up forwards, one forward one backward, the rest backward.

    A task is a direction, a micro-batch, and the virtual stage's place among all p x v.
    """
    group = min(m, p)
    order = [(i, c) for g in range(0, m, group) for c in range(v) for i in range(g, min(g + group, m))]
    forward = [("forward", i, c * p + rank) for i, c in order]
    backward = [("backward", i, (v - 1 - c) * p + rank) for i, c in order]
    warm = min(m * v, p - rank - 1 if v == 1 else 2 * (p - rank - 1) + (v - 1) * group)
    mixed = [task for pair in zip(forward[warm:], backward, strict=False) for task in pair]
    return forward[:warm] + mixed + backward[m * v - warm :]


def needs(task: Task, last: int) -> list[Task]:
    """Tasks that have to be done before one: the stage before it, or behind it on the way back."""
    direction, i, k = task
    if direction == "forward":
        return [("forward", i, k - 1)] if k else []
    return [("backward", i, k + 1)] if k < last else [("forward", i, k)]


def played(m: int, p: int, v: int, forward: int = 1, backward: int = 2) -> Fraction:
    """Time of a step in units of a stage's work for a micro-batch, every task started as soon as it can be."""
    todo = [tasks_of(rank, m, p, v) for rank in range(p)]
    clock, done = [0] * p, dict[Task, int]()
    while any(todo):
        before = len(done)
        for rank, tasks in enumerate(todo):
            while tasks and all(need in done for need in needs(tasks[0], p * v - 1)):
                task = tasks.pop(0)
                start = max([clock[rank], *(done[need] for need in needs(task, p * v - 1))])
                clock[rank] = done[task] = start + (forward if task[0] == "forward" else backward)
        assert len(done) > before, "the schedule waits for itself"
    return Fraction(max(clock), (forward + backward) * v)


@pytest.mark.parametrize("v", [1, 2, 3, 4, 8])
def test_the_closed_form_is_what_the_schedule_takes(v: int) -> None:
    """Every number of micro-batches and stages from 1 to 12 that Megatron accepts, and fewer than stages."""
    for p in range(1, 13):
        for m in range(1, 13):
            if v > 1 and (p == 1 or (m > p and m % p)):
                continue
            bubble = bubble_time(float(m), float(p), float(v), float(p), 1.0, 0.0)
            assert m + bubble == pytest.approx(float(played(m, p, v)), rel=1e-12), (m, p, v)


def test_no_plan_passes_its_stages_in_less_time_than_they_take() -> None:
    """One micro-batch works in one stage at a time: at most an eighth of the chips of eight stages."""
    plan = {"global_batch": 1, "tensor": 8, "pipeline": 8, "sharding": "none"}
    one = train("gpt3-175b", "a100-sxm-80gb", 64, **plan)
    assert one.mfu < 1 / 8
    work = sum(one.parts[name] for name in ("forward", "backward", "tensor"))
    assert one.step_time >= 8 * work
    with pytest.raises(PlanError, match="interleave 12 needs micro-batches in a multiple of the 8 stages"):
        train("gpt3-175b", "a100-sxm-80gb", 64, interleave=12, **plan)


def test_uneven_virtual_stages_run_as_they_did() -> None:
    """126 layers over 16 x 8 with the embedding and the head in two of the places; 61 layers over 2 x 8."""
    wide = {"tensor": 8, "pipeline": 16, "recompute": "full", "sequence": 8192}
    found = train("llama3-405b", "gb200", 1024, global_batch=1024, interleave=np.array([8, 9]), **wide)
    assert found.reason[0] == ""
    assert "126 layers cannot make 16 stages x 9 virtual stages" in found.reason[1]
