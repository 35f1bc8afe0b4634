"""What makes a plan impossible, each rule at its edge: the last size that fits and the first that does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dojo_calc.performance.legality import problems
from dojo_calc.performance.setting import NO_NETWORK

PLAN: dict[str, float] = {
    "chips": 64.0, "global_batch": 128.0, "sequence": 2048.0, "micro_batch": 2.0, "tensor": 4.0, "pipeline": 2.0,
    "context": 2.0, "data": 4.0, "expert": 2.0, "interleave": 2.0, "shard_copies": 2.0, "layers": 8.0,
    "hidden": 1024.0, "feedforward": 4096.0, "heads": 16.0, "kv_heads": 8.0, "head_dim": 64.0,
    "value_head_dim": 64.0, "vocabulary": 32000.0, "experts": 8.0, "active_experts": 2.0, "moe_feedforward": 1024.0,
    "experts_every": 1.0, "rope_head_dim": 0.0, "q_lora_rank": 0.0, "kv_lora_rank": 0.0, "window": 0.0,
    "full_attention_every": 0.0, "shared_width": 0.0, "dense_layers": 0.0, "mtp_layers": 0.0, "gated": 1.0,
    "tied": 0.0, "sequence_parallel": 1.0, "visible": 1.0, "network": 1e10, "domain": 8.0,
}  # fmt: skip
ALONE = {"chips": 2.0, "tensor": 1.0, "pipeline": 1.0, "context": 1.0, "data": 2.0, "interleave": 1.0,
         "expert": 1.0, "shard_copies": 1.0}  # fmt: skip


def said(**changed: float) -> list[str]:
    plan = PLAN | changed
    return [words(lambda name: f"{plan[name]:,.12g}") for where, words in problems(plan) if np.all(where)]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        ALONE,
        ALONE | {"sequence": 2049.0},  # one chip takes all of a sequence
        {
            "chips": 32.0,
            "context": 1.0,
            "sequence": 2044.0,
        },  # a part for each of four, and none early and late
        {"sequence_parallel": 0.0, "sequence": 2044.0},  # four parts, and not one for each of eight
        {"visible": 0.5},
        {"active_experts": 8.0},
        {"interleave": 5.0},  # ten virtual stages: the embedding and the head take the place of a layer each
        {"layers": 2.0, "interleave": 1.0},
        {"global_batch": 136.0, "interleave": 1.0},  # seventeen micro-batches
        {"shard_copies": 8.0},
        {"expert": 8.0},
        {"experts": 32.0, "expert": 32.0},
        {
            "chips": 8.0,
            "pipeline": 1.0,
            "context": 1.0,
            "data": 2.0,
            "interleave": 1.0,
            "network": NO_NETWORK,
        },
        {"network": 2 * NO_NETWORK},
        {"experts": 1.0, "active_experts": 1.0, "expert": 1.0, "moe_feedforward": 1023.0},
        {"kv_heads": 2.0},  # each of two heads of keys on two of four chips
    ],
)
def test_a_plan_that_fits_has_no_problem(changed: dict[str, float]) -> None:
    assert said(**changed) == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"hidden": 0.0}, "hidden must be a whole number of at least 1, got 0"),
        ({"hidden": 1024.5}, "hidden must be a whole number of at least 1, got 1,024.5"),
        ({"window": -1.0}, "window must be a whole number of at least 0, got -1"),
        ({"window": 0.5}, "window must be a whole number of at least 0, got 0.5"),
        ({"gated": 0.5}, "gated must be 1 or 0, got 0.5"),
        ({"tied": 2.0}, "tied must be 1 or 0, got 2"),
        ({"visible": 0.0}, "visible must be above 0 and at most 1, got 0"),
        ({"visible": 1.001}, "visible must be above 0 and at most 1, got 1.001"),
        ({"chips": 72.0, "data": 4.5}, "tensor 4 x pipeline 2 x context 2 must divide the 72 chips"),
        ({"chips": 80.0}, "tensor 4 x pipeline 2 x context 2 x data 4 must make the 80 chips"),
        ({"tensor": 3.0, "chips": 48.0}, "16 heads cannot be split over a tensor group of 3; 2 or 4 can"),
        ({"heads": 20.0}, "20 heads cannot share 8 heads of keys and values evenly"),
        ({"active_experts": 9.0}, "a token cannot meet 9 of 8 experts"),
        (
            {"kv_heads": 6.0, "heads": 12.0},
            "6 heads of keys and values can be neither split nor repeated evenly",
        ),
        (
            {"feedforward": 4098.0},
            "4,098 columns of the feed-forward layer cannot be split over a tensor group of 4; 3 or 6 can",
        ),
        (
            {"global_batch": 132.0},
            "global_batch 132 must be a multiple of data 4 x micro_batch 2; 128 or 136 is",
        ),
        ({"global_batch": 4.0}, "global_batch 4 must be a multiple of data 4 x micro_batch 2; 8 is"),
        ({"sequence": 2050.0}, "a sequence of 2,050 cannot be cut into 2 x context 2 equal parts"),
        ({"sequence": 2044.0}, "a sequence of 2,044 cannot be cut into context 2 x tensor 4 equal parts"),
        ({"interleave": 6.0, "global_batch": 96.0}, "8 layers cannot make 2 stages x 6 virtual stages each"),
        (
            {"layers": 9.0, "interleave": 6.0, "global_batch": 96.0},
            "9 layers cannot make 2 stages x 6 virtual",
        ),
        ({"heads": 7.0, "kv_heads": 7.0}, "7 heads cannot be split over a tensor group of 4; 1 or 7 can"),
        ({"heads": 12.0, "kv_heads": 12.0, "tensor": 5.0, "chips": 80.0}, "tensor group of 5; 4 or 6 can"),
        # Of larger groups one is named that is at most 64 times as large, and of a prime number of columns none.
        ({"feedforward": 1_000_003.0}, "cannot be split over a tensor group of 4; 1 can"),
        ({"moe_feedforward": 1026.0, "experts": 2.0}, "experts of 1,026 columns cannot be cut evenly"),
        ({"layers": 1.0, "interleave": 1.0}, "1 layers cannot make 2 stages x 1 virtual stages each"),
        (ALONE | {"interleave": 2.0}, "interleave 2 needs more than one pipeline stage"),
        ({"global_batch": 136.0}, "interleave 2 needs micro-batches in a multiple of the 2 stages"),
        ({"global_batch": 136.0}, "global_batch 136 over data 4 x micro_batch 2 makes 17"),
        ({"shard_copies": 3.0}, "data 4 x context 2 chips cannot keep 3 equal copies of the sharded state"),
        ({"expert": 16.0}, "8 experts over tensor 4 x context 2 x data 4 cannot make expert groups of 16"),
        (
            {"expert": 6.0, "experts": 12.0},
            "12 experts over tensor 4 x context 2 x data 4 cannot make expert",
        ),
        ({"network": NO_NETWORK}, "no network is known between fast domains of 8 chips"),
        # Over two groups each expert is cut over four chips, over eight groups over four too, beyond over fewer.
        (
            {"moe_feedforward": 1026.0},
            "experts of 1,026 columns cannot be cut evenly by tensor 4 x context 2 x data 4",
        ),
        (
            {"moe_feedforward": 1023.0, "experts": 16.0, "expert": 16.0},
            "experts of 1,023 columns cannot be cut",
        ),
        (
            {"experts": 10.0, "expert": 4.0},
            "10 experts cannot be split over an expert group of 4; 2 or 5 can",
        ),
    ],
)
def test_a_plan_that_does_not_fit_is_told_why(changed: dict[str, float], message: str) -> None:
    assert any(message in one for one in said(**changed)), said(**changed)


def test_an_expert_group_larger_than_its_replicas_cuts_experts_less() -> None:
    """Of 8 x 4 chips 32 groups have one whole expert each, of whatever width; 16 groups cut theirs in two."""
    wide = {"experts": 32.0, "moe_feedforward": 1023.0}
    assert said(**wide, expert=32.0) == []
    assert said(**wide | {"moe_feedforward": 1022.0}, expert=16.0) == []
    assert len(said(**wide, expert=16.0)) == 1


def test_a_rule_holds_element_by_element() -> None:
    plan: dict[str, Any] = PLAN | {
        "visible": np.array([0.5, 2.0, 1.0]),
        "chips": np.array([64.0, 64.0, 80.0]),
    }
    hits = [np.flatnonzero(np.broadcast_to(where, (3,))).tolist() for where, _ in problems(plan)]
    assert [one for one in hits if one] == [[1], [2]]
