"""Traffic by group: who reduces with whom, over which links, and how much of it shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dojo_calc.errors import DomainError, UnknownNameError
from dojo_calc.hardware.catalog import catalogue
from dojo_calc.performance import step
from dojo_calc.performance.collective import all_gather_bound
from dojo_calc.performance.efficiency import chip_values
from dojo_calc.performance.groups import fast_bandwidth, group_bandwidth, within_domain
from dojo_calc.performance.plan import PlanError, flags, train
from dojo_calc.performance.setting import Setting
from dojo_calc.performance.torus import torus_all_gather_bound
from dojo_calc.performance.traffic import gradient_time
from dojo_calc.performance.workload import transformer

FAST, SLOW = 200e9, 40e9


@pytest.mark.parametrize(
    ("size", "stride", "chips", "inside", "bandwidth"),
    [
        (8, 1, 64, 1, FAST),
        (4, 2, 64, 1, FAST),
        (2, 4, 64, 1, FAST),
        (6, 1, 96, 0, SLOW),  # chips 6 to 11 lie in two servers, two of them in the first
        (3, 1, 96, 0, SLOW),
        (6, 1, 6, 1, FAST),  # a server that holds the whole machine
        (16, 1, 64, 0, FAST),  # eight ports of 40 are more than a chip's fast links carry
        (16, 4, 64, 0, 2 * SLOW),  # two members in each server, with the ports of both
        (8, 8, 64, 0, SLOW),
    ],
)
def test_a_group_is_as_fast_as_its_slowest_cut(
    size: float, stride: float, chips: float, inside: float, bandwidth: float
) -> None:
    assert within_domain(size, stride, 8.0, chips) == inside
    assert group_bandwidth(size, stride, 8.0, chips, FAST, 1.0, 0.0, 1.0, SLOW) == bandwidth


def values(chip: str = "h100-sxm", model: str = "llama2-7b", **plan: Any) -> dict[str, Any]:
    one = {"micro_batch": 1.0, "expert": 1.0, "visible": 1.0, "interleave": 1.0, "pipeline": 1.0, "tensor": 1.0,
           "context": 1.0, "data": 1.0, "shard_copies": 1.0, "sequence": 8192.0,
           "sequence_parallel": 0.0}  # fmt: skip
    words = {"recompute": "none", "sharding": "zero1", "attention": "flash"}
    words = {name: plan.pop(name, word) for name, word in words.items()}
    one |= plan
    one["chips"] = one["tensor"] * one["context"] * one["data"] * one["pipeline"]
    one.setdefault("global_batch", one["data"])
    return transformer(model).values() | chip_values(chip) | one | flags(**words)


@pytest.mark.parametrize("sharding", ["none", "zero1", "zero2", "zero3"])
def test_chips_of_a_context_group_share_gradients_and_state(sharding: str) -> None:
    """Two chips with the same weights, whether they see two sequences or two halves of one."""
    names = ("scatter", "weights_back", "layer_sharding", "optimizer", "weight_memory", "optimizer_memory")
    data = step.evaluate(values(tensor=4.0, data=2.0, sharding=sharding), names)
    context = step.evaluate(values(tensor=4.0, context=2.0, sharding=sharding), names)
    for name in names:
        if name == "layer_sharding":  # the same transfer under half of the work
            assert context[name] >= data[name]
        else:
            assert context[name] == data[name], name
    assert data["scatter"] > 0


def test_nothing_hides_the_first_gather_of_an_embedding() -> None:
    """No layer runs before it is there; on the way back the head's work does."""
    one = values(data=64.0, sharding="zero3") | {"exposed_shard": 0.125}
    names = ("end_gather", "end_scatter", "head", "end_sharding")
    gather, scatter, head, shown = step.evaluate(one, names).values()
    assert gather > 0
    assert shown == pytest.approx(gather + max((gather + scatter) / 8, gather + scatter - head), rel=1e-12)


def test_a_layer_at_work_keeps_what_one_keeps_where_nothing_is_recomputed() -> None:
    whole = step.evaluate(values(), ("layer_kept", "attention_weights", "shared_weights", "common_weights"))
    for recompute in ("none", "selective", "full", "per-op"):
        kept = step.evaluate(values(recompute=recompute, attention="unfused"), ("layer_all",))["layer_all"]
        assert kept == step.evaluate(values(attention="unfused"), ("layer_kept",))["layer_kept"]
    assert whole["common_weights"] == whole["attention_weights"] + whole["shared_weights"]


def test_keys_values_and_their_gradients_pass_the_ring() -> None:
    """Forward K and V, backward K, V, dK and dV: 4,096 tokens of 4,096 / 4 wide in two bytes, three times."""
    one = values(tensor=4.0, context=2.0)
    found = step.evaluate(one, ("context_transfer", "context_return", "tokens"))
    part = found["tokens"] * 4096 / 4 * 2 * 2
    assert found["context_transfer"] == pytest.approx(part / one["link"] + one["hop_latency"])
    assert found["context_return"] == 2 * found["context_transfer"]


def test_sequence_parallelism_gathers_a_fifth_more() -> None:
    """Ten half collectives a layer there and back for eight."""
    with_it = step.evaluate(values(tensor=8.0, sequence_parallel=1.0), ("tensor_part",))["tensor_part"]
    without = step.evaluate(values(tensor=8.0), ("tensor_part",))["tensor_part"]
    assert with_it == pytest.approx(1.25 * without)


def test_a_transfer_that_outlasts_its_work_shows() -> None:
    hidden = gradient_time(0.2, 0.2, 0.0, 1.0, 0.5, 1.0, 0.1, 0.0, 0.0)
    shown = gradient_time(1.0, 1.0, 0.0, 0.5, 0.3, 1.0, 0.1, 0.0, 0.0)
    assert hidden == pytest.approx(0.04)
    assert shown == pytest.approx(1.5)


def test_sharded_gradients_are_scattered_after_every_micro_batch() -> None:
    """Of 8 micro-batches 7 more than where gradients are summed once, each hidden under its backward pass."""
    once = gradient_time(0.3, 0.1, 0.0, 1.0, 0.2, 8.0, 0.1, 0.0, 0.0)
    each = gradient_time(0.3, 0.1, 0.0, 1.0, 0.2, 8.0, 0.1, 1.0, 0.0)
    assert each - once == pytest.approx(7 * 0.1)
    times = [
        train(
            "llama3-8b", "h100-sxm", 64, global_batch=512, sequence=8192, recompute="full", sharding=one
        ).step_time
        for one in ("zero1", "zero2")
    ]
    assert times[1] > times[0]


def test_gradients_travel_as_they_are_kept() -> None:
    """Summed in 32 bits and returned as 16-bit weights: half as much again as in 16 bits both ways."""
    one = values(data=64.0)
    names = ("scatter", "weights_back")
    wide = sum(step.evaluate(one | {"gradient_bytes": 4.0, "network_latency": 0.0}, names).values())
    narrow = sum(step.evaluate(one | {"gradient_bytes": 2.0, "network_latency": 0.0}, names).values())
    assert wide == pytest.approx(1.5 * narrow)
    kept = step.evaluate(one | {"gradient_bytes": 2.0}, ("gradient_memory", "chip_parameters"))
    assert kept["gradient_memory"] == 2 * kept["chip_parameters"]


def test_hybrid_sharding_gathers_within_a_server() -> None:
    """64 chips that shard within eights: gathering stays on the fast links, and sums cross the network."""
    plan = {"global_batch": 64, "sequence": 4096, "sharding": "zero3", "stack": "fsdp-2023"}
    whole = train("llama2-7b", "h100-sxm", 64, **plan)
    hybrid = train("llama2-7b", "h100-sxm", 64, shard_copies=8, **plan)
    assert hybrid.parts["sharding"] < whole.parts["sharding"]
    assert hybrid.parts["gradient"] > whole.parts["gradient"] == 0
    assert hybrid.memory > whole.memory


def test_heads_of_keys_are_whole() -> None:
    """Llama 3 70B over 64 chips: eight heads of keys, so each chip keeps one and computes it."""
    found = step.evaluate(values(model="llama3-70b", tensor=64.0), ("kv_share", "common_share"))
    assert found["kv_share"] == 128
    layer = 2 * 8192 * 8192 + 3 * 8192 * 28672
    assert found["common_share"] == pytest.approx(layer / 64 + 2 * 8192 * 128)


def test_the_vocabulary_is_padded_and_counted() -> None:
    """50,257 over 8 chips makes 51,200 rows by Megatron's rule."""
    one = transformer("gpt3-175b").values() | {"vocabulary": 50257.0, "tensor": np.array([1.0, 8.0])}
    kept = step.evaluate(one | {"vocabulary_multiple": 128.0}, ("vocabulary_kept",))["vocabulary_kept"]
    assert kept.tolist() == [50304, 51200]


def test_a_torus_is_as_fast_as_its_collectives() -> None:
    """Of 256 chips, 16 x 16 with 4 links of 50 GB/s, against the bound of the mesh's own formulas."""
    fast = fast_bandwidth(256.0, 256.0, 50e9, 4.0, 0.0, 16.0)
    message = 1e9
    here = all_gather_bound(256.0, message, fast)
    assert here == pytest.approx(torus_all_gather_bound(16.0, 16.0, message, 50e9))
    assert fast_bandwidth(16.0, 256.0, 50e9, 4.0, 0.0, 16.0) == 100e9  # along one axis, both ways round


def test_direct_links_serve_their_own_pair() -> None:
    """Seven links of an MI300X: a pair has one of them, all eight chips all seven; a switch gives all to any."""
    assert fast_bandwidth(2.0, 8.0, 64e9, 7.0, 1.0, 1.0) == pytest.approx(64e9)
    assert fast_bandwidth(8.0, 8.0, 64e9, 7.0, 1.0, 1.0) == pytest.approx(7 * 64e9)
    assert fast_bandwidth(2.0, 8.0, 450e9, 1.0, 0.0, 1.0) == 450e9


@pytest.mark.parametrize(
    "chip",
    ["h200-sxm", "h800", "a800", "b200", "b300", "gb200", "gb300", "mi300x", "mi325x", "mi355x", "tpu-v5e",
     "tpu-v5p", "tpu-v6e", "tpu-v7", "gaudi-2", "gaudi-3", "trainium1", "trainium2", "trainium3", "gh200",
     "v100-sxm-32gb"],
)  # fmt: skip
def test_every_accelerator_with_a_peak_a_memory_and_links_trains(chip: str) -> None:
    precision = "fp16" if chip.startswith("v100") else "bf16"
    plan = {"global_batch": 64, "sharding": "zero3", "recompute": "full", "precision": precision}
    made = train("gpt3-5b", chip, 16, **plan)
    assert 0.05 < made.mfu < 0.75
    assert made.low < made.step_time < made.high


def test_a_chip_of_the_same_die_is_not_slower() -> None:
    plan = {"global_batch": 64, "sharding": "zero3", "recompute": "full", "stack": "tuned"}
    h100, h200 = (train("gpt3-20b", one, 64, **plan) for one in ("h100-sxm", "h200-sxm"))
    assert h200.step_time <= h100.step_time
    assert h200.high / h200.low > h100.high / h100.low


def test_a_precision_that_no_row_of_a_chip_was_fitted_at_has_no_figure_from_another() -> None:
    """GB200 and GB300 have one rated peak at BF16, 2.5 PFLOP/s; each was fitted on one row, at FP8."""
    plan = {
        "global_batch": 1024,
        "sequence": 8192,
        "tensor": 4,
        "pipeline": 4,
        "sharding": "zero1",
        "stack": "tuned",
    }
    peaks = [catalogue().machine(one).peak("bf16") for one in ("gb200", "gb300")]
    assert peaks[0] == peaks[1]
    gb200, gb300 = (train("llama3-70b", one, 1024, precision="bf16", **plan) for one in ("gb200", "gb300"))
    # Not the 1.24 to 1.27 of their rows at FP8, of which the rated peaks of 5 and 5 say nothing either.
    assert 0.9 < gb200.step_time / gb300.step_time < 1.1
    measured = train("llama3-70b", "gb300", 1024, precision="fp8", **plan)
    assert gb300.high / gb300.low > measured.high / measured.low > 1


def test_a_run_may_have_had_other_surroundings() -> None:
    plan = {
        "global_batch": 64,
        "sharding": "zero3",
        "recompute": "full",
        "stack": "fsdp-2023",
        "sequence": 4096,
    }

    def timed(**setting: Any) -> float:
        time: float = train("llama2-7b", "h100-sxm", 64, setting=Setting(**setting), **plan).step_time
        return time

    whole = timed()
    assert timed(network="400 Gb/s", per_server=8) > timed(network="3200 Gb/s", per_server=8) == whole
    assert timed(per_server=4, network="1600 Gb/s") >= whole
    assert whole < timed(power="350 W") < 2**0.5 * whole
    assert timed(power="700 W") == whole
    assert timed(memory_bandwidth="2.4 TB/s") > whole
    with pytest.raises(PlanError, match=r" memory; spread"):
        train("llama2-7b", "h100-sxm", 8, global_batch=8, setting=Setting(memory="17 GB"))
    with pytest.raises(DomainError, match="per_server"):
        Setting(per_server=0)


def test_an_unlisted_stack_is_told_and_counts_as_typical() -> None:
    plan = {"global_batch": 64, "sharding": "zero3", "recompute": "full"}
    other, typical, unnamed = (
        train("gpt3-5b", "h100-sxm", 64, stack=one, **plan) for one in ("Megatron-2022", "typical", "")
    )
    assert other.step_time == typical.step_time == unnamed.step_time
    assert other.told.startswith("the stack 'Megatron-2022' is not listed, so it counts as 'typical'")
    assert "megatron-2022" in other.told
    assert typical.told == unnamed.told == ""
    tuned = train("gpt3-5b", "h100-sxm", 64, stack="tuned", **plan)
    assert tuned.step_time < typical.step_time
    assert tuned.high / tuned.low < typical.high / typical.low


def test_a_precision_runs_against_its_own_peak() -> None:
    plan = {"global_batch": 64, "sharding": "zero3", "recompute": "full", "stack": "tuned"}
    wide, eight, four = (
        train("gpt3-20b", "gb200", 64, precision=one, **plan) for one in ("bf16", "mxfp8", "nvfp4")
    )
    assert wide.step_time > eight.step_time > four.step_time
    # the same work over peaks of 2.5, 5 and 10 PFLOP/s
    assert eight.mfu * 2 == pytest.approx(wide.mfu * wide.step_time / eight.step_time)
    assert four.mfu * 4 == pytest.approx(wide.mfu * wide.step_time / four.step_time)
    assert wide.high / wide.low > eight.high / eight.low  # fitted at eight bits alone
    with pytest.raises(UnknownNameError, match="a100-sxm-80gb has no peak at precision 'fp8'"):
        train("gpt3-5b", "a100-sxm-80gb", 8, global_batch=8, precision="mxfp8")


def test_attention_is_counted_in_full_or_in_half() -> None:
    """Long sequences: the same step, and operations that differ by half of attention's."""
    plan = {"global_batch": 8, "sequence": 32768, "tensor": 8, "recompute": "full", "stack": "tuned"}
    full, half = (train("llama3-8b", "h100-sxm", 8, visible=one, **plan) for one in (1.0, 0.5))
    assert full.step_time == half.step_time
    attention = 12 * 8 * 32768 * 32768 * 4096 * 32
    assert full.model_flop - half.model_flop == pytest.approx(attention / 2)
