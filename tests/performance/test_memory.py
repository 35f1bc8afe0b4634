from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.errors import DomainError
from dojo_calc.performance import step
from dojo_calc.performance.efficiency import chip_values
from dojo_calc.performance.memory import (
    expert_replicas,
    expert_shards,
    gathered_bytes,
    held_by_last,
    micro_batches_held,
)
from dojo_calc.performance.plan import PlanError, flags, train
from dojo_calc.performance.workload import transformer

GIB = 2.0**30


def values(model: str, stack: str = "", **plan: Any) -> dict[str, Any]:
    """Inputs of a step on H100 chips."""
    words = {"recompute": "none", "sharding": "zero1", "attention": "flash"}
    words = {name: plan.pop(name, word) for name, word in words.items()}
    sizes = ("tensor", "pipeline", "context", "data", "expert", "micro_batch", "interleave", "shard_copies")
    one = {name: float(plan.pop(name, 1)) for name in sizes}
    one |= {"sequence_parallel": float(one["tensor"] > 1), "visible": 1.0, "global_batch": one["data"] * 64}
    one["chips"] = one["tensor"] * one["context"] * one["data"] * one["pipeline"]
    return transformer(model).values() | chip_values("h100-sxm", "bf16", stack) | one | flags(**words) | plan


def needs(model: str, *names: str, **plan: Any) -> Any:
    found = step.evaluate(values(model, **plan), names)
    return found[names[0]] if len(names) == 1 else [found[name] for name in names]


def test_experts_are_divided_by_their_groups() -> None:
    """Mixtral on 64 chips, tensor 2, pipeline 4, by hand: 8 layers a stage; attention 41.94 M, an expert 176.16 M,
    a router 32.8 k; (8 x 41.98 M + 131.07 M) / 2 = 233.5 M beside 8 x 8 x 176.16 M / (2 x expert)."""
    common = (8 * (2 * 4096 * 5120 + 4096 * 8) + 32000 * 4096) / 2
    for expert in (1, 2, 4, 8):
        experts = 8 * 8 * 3 * 4096 * 14336 / 2 / expert
        found = step.evaluate(
            values("mixtral-8x7b", tensor=2, pipeline=4, data=8, expert=expert, sequence=4096.0),
            ("chip_parameters", "weight_memory", "gradient_memory", "optimizer_memory"),
        )
        assert found["chip_parameters"] == pytest.approx(common + experts, rel=1e-12)
        assert found["weight_memory"] == pytest.approx(2 * (common + experts), rel=1e-12)
        assert found["gradient_memory"] == pytest.approx(4 * (common + experts), rel=1e-12)
        # 12 B a parameter over 8 replicas of the common part and 8 / expert of the experts: 8.8 GB throughout.
        assert found["optimizer_memory"] == pytest.approx(12 * (common / 8 + experts * expert / 8), rel=1e-12)
        assert found["optimizer_memory"] == pytest.approx(8.806e9, rel=2e-4)


def test_expert_groups_may_cross_the_tensor_group() -> None:
    """Megatron: replicas of an expert are tensor x context x data over the chips it is spread over."""
    # 256 experts over 64 chips of tensor 2 x data 32: each expert is whole, on one chip alone
    assert expert_shards(2.0, 64.0, 32.0) == 64.0
    assert expert_replicas(2.0, 32.0, 64.0) == 1.0
    # 8 over 8 of tensor 2 x data 8: each is split in two, and nobody else has it
    assert expert_shards(2.0, 8.0, 8.0) == 16.0
    # 8 over 4: two chips hold the same half
    assert expert_replicas(2.0, 8.0, expert_shards(2.0, 4.0, 8.0)) == 2.0


def test_chips_of_a_context_group_share_sharded_state() -> None:
    """FSDP 1 x context 8 keeps what FSDP 8 does: 16 B of 8.03 billion parameters over 8."""
    names = ("weight_memory", "gradient_memory", "optimizer_memory")
    plan = {"sharding": "zero3", "stack": "torchtitan-2024", "sequence": 8192.0}
    data = needs("llama3-8b", *names, data=8, **plan)
    context = needs("llama3-8b", *names, context=8, **plan)
    assert data == context
    assert sum(data) == pytest.approx(16 * 8.030e9 / 8, rel=1e-4)


def test_full_recomputation_keeps_a_share_of_the_input() -> None:
    """Llama 3 70B, 16 sequences of 8,192 over 8 chips: 80 x 131,072 x 8,192 x 2 B / 8 = 21.5 GB."""
    plan = {"tensor": 8, "data": 32, "micro_batch": 16, "recompute": "full", "sequence": 8192.0}
    assert needs("llama3-70b", "first_held", **plan) == 80 * 131072 * 8192 * 2 / 8
    whole = needs("llama3-70b", "first_held", **plan, sequence_parallel=0.0)
    assert whole == 80 * 131072 * 8192 * 2
    # a second of two layers: half as much of the input, half of all
    half = needs("llama3-70b", "first_held", **(plan | {"recompute": "none"}), full=0.5)
    none = needs("llama3-70b", "first_held", **(plan | {"recompute": "none"}))
    assert half == pytest.approx((none + 80 * 131072 * 8192 * 2 / 8) / 2, rel=1e-12)


def test_single_operators_keep_every_second_product() -> None:
    """Llama 3 8B, a token and layer: input, output, queries, attention's result 4,096 each, values 1,024, one inner
    width of 14,336: 31,744 elements of 69,632."""
    plan = {"data": 8, "micro_batch": 2, "sharding": "zero3", "sequence": 8192.0}
    kept = needs("llama3-8b", "layer_kept", **plan, recompute="per-op")
    assert kept == 2 * 16384 * (4 * 4096 + 1024 + 14336)
    assert needs("llama3-8b", "layer_kept", **plan) == 2 * 16384 * 69632


def test_the_loss_by_hand() -> None:
    """16,384 x 128,256 logits: 14 B each of an eager loss, all of them where the loss is not cut over the group."""
    plan = {"micro_batch": 2, "sequence": 8192.0, "tensor": 4, "data": 2}
    assert needs("llama3-8b", "loss_memory", **plan, stack="torchtitan-2024") == 14 * 16384 * 128256 / 4
    assert needs("llama3-8b", "loss_memory", **plan, stack="kempnerforge-2026") == 14 * 16384 * 128256
    assert needs("llama3-8b", "loss_memory", **plan) == 10 * 16384 * 128512 / 4  # of padded rows


def test_narrow_inputs_and_open_kernels() -> None:
    """A gated layer of Llama 3 70B keeps 137,216 elements a token; 45,056 are inputs of products."""
    plan = {"sequence": 8192.0}
    whole = needs("llama3-70b", "layer_kept", **plan)
    narrow = needs("llama3-70b", "layer_kept", **plan, input_bytes=1.0)
    assert whole == 8192 * 2 * (4 * 8192 + 2 * 8192 + 2 * 1024 + 3 * 28672)
    assert whole - narrow == 8192 * (2 * 8192 + 28672)
    split = {"tensor": 8, "sequence": 8192.0}
    gathered = needs("llama3-70b", "layer_kept", **split, gathered_inputs=1.0)
    assert gathered - needs("llama3-70b", "layer_kept", **split) == 8192 * 2 * 2 * 8192 * 7 / 8
    more = needs("llama3-70b", "layer_kept", **split, mlp_copies=1.0) - needs(
        "llama3-70b", "layer_kept", **split
    )
    assert more == 8192 * 2 * 28672 / 8


def in_flight(stage: int, stages: int, rounds: int, chunks: int) -> float:
    """Micro-batches that a stage holds at most, by Megatron's schedule played step by step."""
    total = rounds * chunks
    ahead = stages - stage - 1 if chunks == 1 else (stages - stage - 1) * 2 + (chunks - 1) * stages
    ahead = min(ahead, total)
    held = most = 0
    for place in range(total):
        held += 1
        most = max(most, held)
        if place >= ahead:  # from here on every pass forward is followed by one back
            held -= 1
    return most / chunks


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_micro_batches_in_flight_against_the_schedule(chunks: int) -> None:
    for stages in range(2, 9):
        for turns in range(1, 5):
            rounds = turns * stages if chunks > 1 else turns
            one = (float(rounds), float(stages), float(chunks))
            assert micro_batches_held(*one) == pytest.approx(in_flight(0, stages, rounds, chunks))
            assert held_by_last(*one) == pytest.approx(in_flight(stages - 1, stages, rounds, chunks))


@given(
    tensor=st.sampled_from([1, 2, 4, 8]), pipeline=st.sampled_from([1, 2, 4, 8]), data=st.sampled_from([1, 4, 32]),
    recompute=st.sampled_from(["none", "selective", "full", "per-op"]),
    sharding=st.sampled_from(["none", "zero1", "zero3"]),
    stack=st.sampled_from(["", "torchtitan-2024", "nanotron-2025", "kempnerforge-2026", "bridge-26.06"]),
)  # fmt: skip
def test_parts_of_memory_sum_to_it(**plan: Any) -> None:
    found = step.evaluate(
        values("qwen3-30b-a3b", sequence=4096.0, **plan), (*step.MEMORY, "memory", "allocated")
    )
    assert sum(found[name] for name in step.MEMORY) == pytest.approx(found["memory"], rel=1e-12)
    assert all(found[name] >= 0 for name in step.MEMORY)
    assert found["allocated"] < found["memory"]


def test_weights_stay_gathered_across_stages() -> None:
    """FSDP with a pipeline keeps 2 B of every parameter of the stage; alone 3 layers and an embedding."""
    plan = {"sharding": "zero3", "data": 4, "sequence": 4096.0, "stack": "kempnerforge-2026"}
    gathered, own = needs("llama3-70b", "gathered_memory", "chip_parameters", pipeline=4, tensor=4, **plan)
    assert gathered == 2 * own
    layer = 2 * 8192 * 9216 + 3 * 8192 * 28672
    alone = needs("llama3-70b", "gathered_memory", **plan)
    assert alone == 2 * (3 * layer + 128256 * 8192)


def test_fits_is_a_probability() -> None:
    plan = {"global_batch": 64, "sequence": 8192, "sharding": "zero3", "stack": "torchtitan-2024"}
    small = train("llama3-8b", "h100-sxm", 8, **plan, micro_batch=1, recompute="full")
    assert small.fits > 0.999
    assert small.memory_low < small.memory < small.memory_high
    shares = train(
        "llama3-8b", "h100-sxm", 8, **plan, micro_batch=np.array([1, 2, 4]), recompute="per-op"
    ).fits
    assert shares[0] > shares[1] > 0
    assert np.isnan(shares[2])  # refused: too large even at the low end of its interval
    # A plan as large as the chip is one in two; it is not refused.
    edge = train("llama3-8b", "h100-sxm", 8, **plan, micro_batch=1)
    half = train("llama3-8b", "h100-sxm", 8, **plan, micro_batch=1, changed={"context_memory": (
        chip_values("h100-sxm")["context_memory"] + edge.memory_capacity - edge.memory)})  # fmt: skip
    assert half.fits == pytest.approx(0.5)


def test_a_plan_that_cannot_fit_says_how_much_it_needs() -> None:
    with pytest.raises(PlanError, match=r"needs \S+ GB \(\S+ GB to \S+ GB\) of a chip's 85.52 GB memory"):
        train("llama3-70b", "h100-sxm", 8, global_batch=8, sequence=4096, tensor=8)


def test_runs_that_were_made_are_not_refused() -> None:
    """Of the shipped runs and those of BLOOM on A100 of 80 GB, and torchtitan's on H100 of 96 GB."""
    train("bloom-14336-72-64", "a100-sxm-80gb", 384, global_batch=2048, sequence=2048, micro_batch=4, tensor=4,
          pipeline=6, recompute="full", attention="unfused", stack="megatron-deepspeed-2022")  # fmt: skip
    train("llama3-70b", "h100-sxm", 256, global_batch=512, sequence=8192, micro_batch=16, tensor=8, recompute="full",
          sharding="zero3", stack="torchtitan-2024")  # fmt: skip


def test_every_second_layer_may_be_recomputed() -> None:
    """Half of the layers keep their input and half keep all; the time is in the middle too."""
    plan = {"global_batch": 64, "sequence": 4096, "sharding": "zero3"}
    none = train("llama3-8b", "h100-sxm", 64, **plan)
    full = train("llama3-8b", "h100-sxm", 64, **plan, recompute="full")
    half = train("llama3-8b", "h100-sxm", 64, **plan, recompute="full", recompute_share=0.5)
    kept = [one.memory_parts["activation"] for one in (none, half, full)]
    assert kept[1] == pytest.approx((kept[0] + kept[2]) / 2, rel=1e-12)
    assert half.parts["recompute"] == pytest.approx(full.parts["recompute"] / 2, rel=1e-12)
    for share in (0.0, 1.5, float("nan")):
        with pytest.raises(DomainError, match="recompute_share must be above 0 and at most 1"):
            train("llama3-8b", "h100-sxm", 64, **plan, recompute="full", recompute_share=share)
    with pytest.raises(PlanError, match="recompute_share has no effect where recompute is not full"):
        train("llama3-8b", "h100-sxm", 64, **plan, recompute_share=0.5)


def test_a_product_gathers_what_its_group_shares() -> None:
    """16 sequences of 8,192 tokens, 8,192 wide, an eighth a chip: 7/8 of 2.15 GB, and a gradient."""
    plan = {"tensor": 8, "micro_batch": 16, "sequence": 8192.0, "recompute": "full"}
    assert needs("llama3-70b", "gathered_states", **plan) == 2 * 131072 * 8192 * 2 * 7 / 8
    assert needs("llama3-70b", "gathered_states", **plan, sequence_parallel=0.0) == 0
    working, loss, gathered = needs("llama3-70b", "working_memory", "loss_memory", "gathered_states", **plan)
    assert working == pytest.approx(loss + gathered, rel=1e-12)


def test_gathered_weights_by_hand() -> None:
    # Three layers of 100 + 40 / 4 and one embedding over two chips, of 2 bytes each: whether 640 parameters are two
    # embeddings or 320 one, 160 lie on a chip. Across stages it is all 1,000 that the chip has.
    for tied, ends in ((0, 640), (1, 320)):
        assert gathered_bytes(100, 40, 4, 1000, ends, 2, 1, tied, 2, 1) == 2 * (3 * 110 + 160)
        assert gathered_bytes(100, 40, 4, 1000, ends, 2, 2, tied, 2, 1) == 2 * 1000
        assert gathered_bytes(100, 40, 4, 1000, ends, 2, 1, tied, 2, 0) == 0
