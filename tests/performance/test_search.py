from __future__ import annotations

import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

from dojo_calc.errors import ArgumentError, DomainError, UnitError
from dojo_calc.performance.layouts import COLUMNS, SIZES, _free, _pipelines, _virtual_stages, divisors
from dojo_calc.performance.measured_range import beyond
from dojo_calc.performance.plan import PlanError, train
from dojo_calc.performance.search import search
from dojo_calc.performance.workload import Transformer

SMALL = Transformer(
    model="small", layers=4, hidden=1024, feedforward=4096, heads=8, kv_heads=8, vocabulary=32000
)


def by_brute_force(chips: int, batch: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Step times of every plan that can be, through the boundary that a reader uses."""
    plans = [
        (tensor, pipeline, context, micro, interleave, parallel, recompute, sharding)
        for tensor, pipeline, context, micro, interleave in product(
            (1, 2, 4, 8), (1, 2, 4), (1, 2), (1, 2, 4), (1, 2)
        )
        for parallel, recompute, sharding in product(
            (0, 1), ("none", "selective", "full", "per-op"), ("none", "zero1", "zero2", "zero3")
        )
        if not ((tensor == 1 and parallel) or (chips == tensor * pipeline and sharding != "none"))
    ]
    names = ("tensor", "pipeline", "context", "micro_batch", "interleave", "sequence_parallel", "recompute",
             "sharding")  # fmt: skip
    columns = dict(zip(names, map(np.array, zip(*plans, strict=True)), strict=True))
    made = train(SMALL, "a100-sxm-40gb", chips, global_batch=batch, **columns)
    times: np.ndarray[Any, np.dtype[np.float64]] = made.step_time[made.reason == ""]
    return times


@pytest.fixture(scope="module")
def brute() -> np.ndarray[Any, np.dtype[np.float64]]:
    return by_brute_force(8, 8)


def test_finds_what_brute_force_finds(brute: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    found = search(SMALL, "a100-sxm-40gb", 8, global_batch=8, contexts=(1, 2))
    assert found.best["step_time"] == pytest.approx(brute.min(), rel=1e-12)
    # Micro-batches of 8 and interleaving by 4 are beyond the brute force; the search may see more, never less.
    assert found.fitting >= len(brute)
    assert found.finished


def test_the_embedding_and_the_head_may_each_stand_in_for_a_layer() -> None:
    # Llama 3's paper, 3.3.2: tensor 8 and 16 stages, the first and the last a layer short: 126 layers over 16 x 8.
    shape: dict[str, Any] = {"global_batch": 2048, "sequence": 8192}
    plan = {"tensor": 8, "pipeline": 16, "context": 2, "interleave": 8, "sequence_parallel": 1}
    tried = train("llama3-405b", "h100-sxm", 16384, **shape, **plan)
    assert search("llama3-405b", "h100-sxm", 16384, **shape).best["step_time"] <= tried.step_time


def test_the_front_is_beaten_by_nothing() -> None:
    found = search(SMALL, "a100-sxm-40gb", 16, global_batch=16, up_to=True, contexts=(1,))
    columns = found.front.select("step_time", "chips", "memory").to_numpy()
    for index, row in enumerate(columns):
        others = np.delete(columns, index, axis=0)
        assert not (others <= row).all(axis=1).any()
    assert set(found.front["chips"]) <= {8, 16}
    assert found.front.row(0, named=True) == dict(found.best)
    assert found.front["step_time"].is_sorted()


def test_the_answer_does_not_depend_on_blocks_or_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = search(SMALL, "a100-sxm-40gb", 8, global_batch=8)
    monkeypatch.setattr("dojo_calc.performance.search.BLOCK", 100)
    with ThreadPoolExecutor(2) as pool:
        cut = search(SMALL, "a100-sxm-40gb", 8, global_batch=8, executor=pool)
    assert dict(cut.best) == dict(whole.best)
    assert cut.front.equals(whole.front)
    assert (cut.considered, cut.fitting) == (whole.considered, whole.fitting)


def test_progress_is_told_and_an_interrupt_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dojo_calc.performance.search.BLOCK", 200)
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done == 3:
            raise KeyboardInterrupt

    found = search(SMALL, "a100-sxm-40gb", 8, global_batch=8, progress=stop)
    assert [done for done, _ in told] == [1, 2, 3]
    assert not found.finished
    assert found.best["step_time"] > 0
    assert isinstance(found.front, pl.DataFrame)


def test_nothing_fits_says_how_much_is_missing() -> None:
    with pytest.raises(
        PlanError, match=r"none of [\d,]+ plans fits: the smallest needs .* of a chip's 42.95 GB"
    ):
        search("gpt3-175b", "a100-sxm-40gb", 8, global_batch=8)
    with pytest.raises(PlanError, match="no tensor, pipeline and data sizes make 7 chips"):
        search(SMALL, "a100-sxm-40gb", 7, global_batch=8, up_to=True)


def test_what_it_finds_can_be_made() -> None:
    """Uneven stages: 126 layers over 8 are 16 at most, but make no 8 x 16 virtual stages."""
    found = search("llama3-405b", "h100-sxm", 1024, global_batch=256, sequence=8192, contexts=(1,))
    for row in found.front.to_dicts():
        plan = {name: row[name] for name in COLUMNS}
        made = train("llama3-405b", "h100-sxm", global_batch=256, sequence=8192, **plan)
        for name in ("step_time", "memory", "low", "high", "mfu"):
            assert getattr(made, name) == pytest.approx(row[name], rel=1e-12), name
        assert row["tokens_per_second"] == pytest.approx(256 * 8192 / made.step_time)


def test_more_chips_never_leave_less_to_choose_from() -> None:
    few = search(SMALL, "a100-sxm-40gb", 8, global_batch=16)
    more = search(SMALL, "a100-sxm-40gb", 16, global_batch=16, up_to=True)
    assert more.best["step_time"] <= few.best["step_time"]
    assert list(more.best)[: len(SIZES)] == list(SIZES)


def test_sizes_may_be_texts_and_must_be_whole_numbers() -> None:
    by_text = search("llama3-8b", "h100-sxm", "1k", global_batch="1,000", sequence="4 thousand")
    assert by_text.best == search("llama3-8b", "h100-sxm", 1000, global_batch=1000, sequence=4000).best
    for wrong in ({"chips": 0}, {"chips": -8}, {"global_batch": 0}, {"sequence": 0}, {"chips": "1.5"}):
        sizes: dict[str, Any] = {"chips": 8, "global_batch": 8, "sequence": 2048} | wrong
        with pytest.raises(
            DomainError, match=f"^{next(iter(wrong))} must be a whole number of at least 1, got"
        ):
            search("llama3-8b", "h100-sxm", **sizes)


def test_chips_that_no_layout_uses_stay_idle_and_are_told() -> None:
    """Eight sequences over 11 chips: eight work."""
    found = search(SMALL, "a100-sxm-40gb", 11, global_batch=8)
    eight = search(SMALL, "a100-sxm-40gb", 8, global_batch=8)
    assert found.best["chips"] == 8
    assert found.idle == 3
    assert found.best["step_time"] == eight.best["step_time"]
    assert found.advice.startswith("3 of 11 chips stay idle; 8 or 16 chips are used in full")
    assert (eight.idle, eight.advice) == (0, "")


def test_a_few_chips_less_are_a_little_slower_not_twice() -> None:
    plan = {"global_batch": 2048, "sequence": 8192, "stack": "tuned"}
    all_used, some = (search("llama3-405b", "h100-sxm", chips, **plan) for chips in (16384, 16000))
    assert "16,000 by another with a batch of 2,000" in some.advice
    full, less = all_used.best, some.best
    assert 1.0 < less["step_time"] / full["step_time"] < 1.4
    assert less["chips"] > 0.85 * 16000


def test_a_planner_reads_interval_rate_and_days() -> None:
    found = search(SMALL, "a100-sxm-40gb", 8, global_batch=8, sequence=1024, tokens="1 T")
    best = found.best
    assert best["low"] < best["step_time"] < best["high"]
    assert best["tokens_per_second"] == pytest.approx(8 * 1024 / best["step_time"])
    assert best["days"] == pytest.approx(1e12 / best["tokens_per_second"] / 86400)
    assert "days" not in search(SMALL, "a100-sxm-40gb", 8, global_batch=8).best


def test_of_equally_fast_plans_the_simplest_wins() -> None:
    """With one micro-batch sharding gradients too takes as long; nobody would do it for nothing."""
    best = search(SMALL, "a100-sxm-40gb", 8, global_batch=8).best
    assert best["sharding"] in ("none", "zero1")


def test_what_no_measured_step_speaks_of_is_flagged() -> None:
    assert search(SMALL, "a100-sxm-80gb", 8, global_batch=8).best["beyond"] == ""
    assert "no step of mi300x was fitted" in search(SMALL, "mi300x", 8, global_batch=8).best["beyond"]
    assert beyond("h100-sxm", {"chips": 10**6}) == "chips 1,000,000 above 16,384"


def test_huge_machines_and_batches_take_bounded_time_and_memory() -> None:
    tracemalloc.start()
    start = time.process_time()
    found = search(SMALL, "a100-sxm-80gb", 10**12, global_batch=10**12, sequence=2048)
    search(SMALL, "a100-sxm-80gb", 10**9, global_batch=10**9, sequence=2048, up_to=True)
    assert time.process_time() - start < 20
    assert tracemalloc.get_traced_memory()[1] < 500e6
    tracemalloc.stop()
    assert found.best["chips"] <= 10**12


def test_virtual_stages_cut_a_stage_evenly() -> None:
    assert _virtual_stages(32, 1) == (1,)
    assert _virtual_stages(32, 4) == (1, 2, 4, 8)
    # Stages of 8 layers, as if there were 128: the embedding and the head stand in for two.
    assert _virtual_stages(126, 16) == (1, 2, 4, 8)
    assert _virtual_stages(125, 16) == (1, 2, 4)


def test_stages_are_the_fewest_of_each_depth_and_those_that_divide_the_batch() -> None:
    # Three layers are three stages one deep, two of at most two one of three; one divides a batch of one.
    assert _pipelines(3, 1, exactly=False) == [1, 2, 3]
    # Of nine: 9, 5, 3, 3, 2, 2, 2, 2, 1; and 4 and 8 of the divisors of eight.
    assert _pipelines(9, 8, exactly=False) == [1, 2, 3, 4, 5, 8, 9]


def test_only_chips_that_hold_the_same_share_anything_out() -> None:
    ways = COLUMNS[len(SIZES) - 3 :].index("sharding")
    for data, context, choices in ((1, 1, (0,)), (2, 1, (0, 1, 2, 3)), (1, 2, (0, 1, 2, 3))):
        base = (8 * data * context, 8, 1, context, data)
        assert tuple(_free(base, SMALL, 8, 2048, (0, 1)))[ways] == choices
    # Nor has one chip of a tensor group a sequence to share: 2,048 tokens divide by 1 and by 8, 2,047 by 1.
    parallel = COLUMNS[len(SIZES) - 3 :].index("sequence_parallel")
    for tensor, sequence, halves in ((1, 2048, (0,)), (8, 2048, (0, 1)), (8, 2047, (0,))):
        assert tuple(_free((tensor, tensor, 1, 1, 1), SMALL, 8, sequence, (0, 1)))[parallel] == halves


def test_divisors_are_all_of_them() -> None:
    for number in range(1, 200):
        assert divisors(number) == tuple(n for n in range(1, number + 1) if number % n == 0)


def test_expert_groups_are_searched_and_can_be_made() -> None:
    """Mixtral on 96 chips, where three and six replicas leave some groups unequal parts of an expert."""
    plan = {"global_batch": 192, "sequence": 4096, "stack": "tuned"}
    found = search("mixtral-8x7b", "h100-sxm", 96, **plan)
    assert max(row["expert"] for row in found.front.to_dicts()) == 8
    for row in found.front.to_dicts():
        made = train("mixtral-8x7b", "h100-sxm", **plan, **{name: row[name] for name in COLUMNS})
        assert made.step_time == pytest.approx(row["step_time"], rel=1e-12)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"global_batch": 1e300}, "global_batch must be a whole number or a text, got 1e"),
        ({"global_batch": "1e300"}, "global_batch must be below 1e"),
        ({"sequence": 10**17}, "sequence must be below 1e"),
        ({"tokens": 0}, "tokens must be at least 1"),
        ({"tokens": [1e9, 2e9]}, "tokens must be a number or a text, got a list"),
        ({"contexts": [True]}, "contexts must be a list of which each is a whole number"),
        ({"contexts": [0]}, "contexts must be a whole number of at least 1"),
    ],
)
def test_what_would_hang_or_mean_nothing_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises((ArgumentError, DomainError, UnitError), match=rf"^{message}"):
        search(SMALL, "a100-sxm-80gb", 64, **({"global_batch": 64} | wrong))
