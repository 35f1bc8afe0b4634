"""A step at a stated utilisation, and on ExaPODs by the ways of feeding them."""

from __future__ import annotations

import pytest

from dojo_calc.chain.dojo_step import train_on_dojo
from dojo_calc.chain.feed import feed_dojo
from dojo_calc.errors import DomainError
from dojo_calc.performance.plan import PlanError
from dojo_calc.performance.stated import train_at
from dojo_calc.performance.workload import transformer


def test_a_stated_utilisation_is_the_work_over_that_share_of_the_peak() -> None:
    """Llama 2 7B, 64 sequences of 4,096 on 25 D1 of 362 TFLOP/s at 40 %, by hand."""
    made = train_at("llama2-7b", "d1", 25, utilisation=(0.2, 0.4, 0.5), global_batch=64, sequence=4096)
    layer = 4 * 4096 * 4096 + 3 * 4096 * 11008
    forward = 2 * (32 * layer + 32000 * 4096) + 4 * 32 * 4096 * 4096
    work = 3 * 64 * 4096 * forward
    assert made.model_flop == pytest.approx(work)
    assert made.step_time == pytest.approx(work / (25 * 362e12 * 0.4), rel=1e-3)
    assert made.low == pytest.approx(made.step_time * 0.4 / 0.5)
    assert made.high == pytest.approx(made.step_time * 0.4 / 0.2)
    for wrong in (0.0, 1.5, (0.5, 0.4, 0.6), (0.1, 0.2)):
        with pytest.raises(DomainError):
            train_at("llama2-7b", "d1", 25, utilisation=wrong, global_batch=64)


def test_an_exapod_answers_by_the_ways_of_feeding_it() -> None:
    made = train_on_dojo("llama2-7b", global_batch=1024, sequence=2048)
    fed = feed_dojo(transformer("llama2-7b"), sequence=2048)
    best = max(fed.evaluate(["resident", "streamed", "pipelined"]).values())
    assert made.mfu >= best
    assert made.low == made.step_time <= made.high
    assert made.basis.startswith("feed_dojo: ")
    ideal = made.model_flop / (3000 * 362e12)
    assert made.step_time > ideal
    two = train_on_dojo("llama2-7b", 2, global_batch=1024, sequence=2048)
    assert two.step_time == pytest.approx(made.step_time / 2)


def test_a_model_of_known_sizes_is_fed_as_the_workload_of_that_name() -> None:
    """GPT-3 by its sizes and by its published figures: the same ways, within the heads that the latter leave out."""
    ways = ["resident", "streamed", "pipelined"]
    sized = feed_dojo(transformer("gpt3-175b"), sequence=2048).evaluate(ways)
    named = feed_dojo("gpt3-175b").evaluate(ways)
    for way in ways:
        assert sized[way] == pytest.approx(named[way], rel=0.05)


def test_what_no_way_holds_is_refused() -> None:
    with pytest.raises(PlanError, match="no way of feeding an ExaPOD holds"):
        train_on_dojo(transformer("gpt3-175b").changed(layers=96 * 400), global_batch=1)
