"""Experts of a mixture: what divides, what is sent, and how long it takes, by hand and by enumeration."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.errors import DojoCalcError
from dojo_calc.performance import step
from dojo_calc.performance.efficiency import chip_values, efficiency
from dojo_calc.performance.experts import (
    domains_crossed,
    exchange_time,
    experts_products,
    separate_passes,
    separate_width,
)
from dojo_calc.performance.legality import problems
from dojo_calc.performance.plan import PlanError, flags, train
from dojo_calc.performance.setting import GRAPHS, NO_NETWORK, Setting
from dojo_calc.performance.training import launch_time, layer_launch
from dojo_calc.performance.workload import SizeError, Transformer, transformer

MIXTRAL: dict[str, Any] = {
    "global_batch": 256, "sequence": 4096, "tensor": 2, "pipeline": 4, "stack": "tuned", "recompute": "full",
}  # fmt: skip


def values(model: str | Transformer = "mixtral-8x7b", **plan: Any) -> dict[str, Any]:
    sizes = transformer(model)
    one = {"micro_batch": 1.0, "expert": 1.0, "visible": 1.0, "interleave": 1.0, "pipeline": 1.0, "tensor": 1.0,
           "context": 1.0, "data": 64.0, "shard_copies": 1.0, "sequence": 4096.0,
           "sequence_parallel": 0.0} | plan  # fmt: skip
    one["chips"] = one["tensor"] * one["context"] * one["data"] * one["pipeline"]
    one.setdefault("global_batch", one["data"] * 4.0)
    words = flags("none", one.pop("sharding", "zero1"), "flash")
    return sizes.values() | chip_values("h100-sxm", "bf16", "tuned") | one | words


def test_expert_groups_divide_what_experts_ask_for() -> None:
    """Mixtral 8x7B on 64 H100, TP 2, PP 4: of 8 groups each chip keeps an eighth of the experts, and their
    gradients have no replica left to be summed over."""
    names = (
        "common_parameters",
        "expert_parameters",
        "common_summed",
        "routed_summed",
        "scatter",
        "optimizer",
    )
    one = values(tensor=2.0, pipeline=4.0, data=8.0)
    whole, split = (step.evaluate(one | {"expert": float(e)}, names) for e in (1, 8))
    experts = 8 * 8 * 3 * 4096 * 14336 / 2  # layers x experts x weights over the tensor group
    assert whole["expert_parameters"] == pytest.approx(experts)
    assert split["expert_parameters"] == pytest.approx(experts / 8)
    assert split["common_parameters"] == whole["common_parameters"]
    assert whole["routed_summed"] > 0.0
    assert split["routed_summed"] == 0.0
    assert split["common_summed"] == whole["common_summed"]
    assert split["scatter"] < whole["scatter"]


@pytest.mark.parametrize(("domains", "k"), [(1, 2), (2, 1), (2, 2), (3, 2), (4, 3)])
def test_domains_that_a_token_is_sent_to_by_enumeration(domains: int, k: int) -> None:
    """Every way to draw k experts over the domains, each as likely: those met beside the token's own."""
    draws = list(product(range(domains), repeat=k))
    mean = sum(len(set(draw) - {0}) for draw in draws) / len(draws)
    assert domains_crossed(8.0 * domains, 8.0, float(k), 1e3) == pytest.approx(mean)


def test_routing_limited_to_few_servers_sends_less() -> None:
    """DeepSeek-V3: eight experts of 64 chips in eight servers; four servers at most."""
    free = domains_crossed(64.0, 8.0, 8.0, 1e3)
    assert free == pytest.approx(7 * (1 - (7 / 8) ** 8))
    assert domains_crossed(64.0, 8.0, 8.0, 4.0) == pytest.approx(4 * 7 / 8)
    plan = {"global_batch": 2048, "sequence": 4096, "expert": 64, "pipeline": 16, "sharding": "zero1",
            "recompute": "full", "stack": "tuned"}  # fmt: skip
    loose, tight, stated = (
        train("deepseek-v3", "h800", 2048, expert_domains=d, **plan) for d in (8, 4, None)
    )
    assert tight.parts["expert"] < loose.parts["expert"]
    assert stated.parts["expert"] == tight.parts["expert"]  # the model's own limit


def test_without_a_limit_a_token_goes_wherever_its_experts_lie() -> None:
    assert transformer("mixtral-8x22b").values()["expert_domains"] == 2.0
    for domains in (2.0, 4.0, 8.0, 64.0):
        assert domains_crossed(8.0 * domains, 8.0, 8.0, 8.0) == domains_crossed(8.0 * domains, 8.0, 8.0, 1e3)
    with pytest.raises(SizeError, match="expert_domains"):
        transformer("gpt3-175b").changed(expert_domains=4)


def test_the_way_to_experts_hides_under_the_whole_layer() -> None:
    """What is longer than a layer's work shows, there and back each beside its own."""
    one = values("deepseek-v3", expert=64.0) | {"exposed_expert": 0.1, "network": 1e10}
    names = ("expert_transfer", "local_there", "local_back", "exposed_expert", "expert_there", "expert_back")
    way, there, back, share, shown, shown_back = step.evaluate(one, names).values()
    assert way > back > there
    assert shown == max(share * way, way - there)
    assert shown_back == max(share * way, way - back)


def test_tokens_travel_out_and_back_by_hand() -> None:
    """4,096 tokens of 4,096 in two bytes, two experts of eight chips of one server: 7/8 of two copies, two ways."""
    time = exchange_time(4096.0, 4096.0, 1.0, 2.0, 1.0, 8.0, 0.0, 2.0, 200e9, 40e9, 0.0)
    assert time == pytest.approx(2 * 4096 * 4096 * 2 * 2 * 7 / 8 / 200e9)
    assert exchange_time(4096.0, 4096.0, 1.0, 2.0, 1.0, 1.0, 0.0, 2.0, 200e9, 40e9, 1e-5) == 0.0
    halved = exchange_time(4096.0, 4096.0, 1.0, 2.0, 2.0, 8.0, 0.0, 2.0, 200e9, 40e9, 0.0)
    assert halved == pytest.approx(time / 2)  # a tensor group sends each token once


def test_products_of_experts_by_hand() -> None:
    """Two of eight experts of 14,336: the products of one MLP twice as wide, at their own rate."""
    weights = 3 * 4096 * 14336
    args = {
        "tokens": 4096.0, "active_weights": 2.0 * weights, "sent_width": 2 * 4096.0, "active_experts": 2.0,
        "expert_share": 1.0, "moe_feedforward": 14336.0, "gated": 1.0, "tensor": 1.0, "experts_tensor": 1.0,
        "expert_weights": 8.0 * weights, "expert_shards": 8.0, "matrix_rate": 5e14, "operand": 2.0,
        "operand_bandwidth": 1e30,
    }  # fmt: skip
    even = experts_products(expert_load=1.0, grouped_efficiency=0.5, **args)
    assert even == pytest.approx(2 * 4096 * 2 * weights / (0.5 * 5e14))
    assert experts_products(expert_load=1.5, grouped_efficiency=0.5, **args) == pytest.approx(1.5 * even)
    read = args | {"operand_bandwidth": 4e12, "matrix_rate": 1e30, "tokens": 1.0}
    few = experts_products(expert_load=1.0, grouped_efficiency=0.5, **read)
    assert few >= weights * 2 / 4e12  # however few tokens come, one expert's weights are read


def test_one_expert_that_all_meet_is_a_dense_layer() -> None:
    """A mixture of two experts, both met, works as much as a dense layer of twice the width."""
    sizes = {"layers": 8, "hidden": 1024, "heads": 8, "kv_heads": 8, "vocabulary": 32000, "gated": 1}
    dense = Transformer(model="dense", feedforward=8192, **sizes)
    mixed = Transformer(model="mixed", feedforward=4096, experts=2, active_experts=2, **sizes)
    free = {"grouped_efficiency": 1.0, "operand_bandwidth": 1e30}
    one, two = (step.evaluate(values(model) | free, ("products",))["products"] for model in (dense, mixed))
    router = 2 * 1024 * 4096 * 2 / chip_values("h100-sxm", "bf16", "tuned")["matrix_rate"]
    assert two - one == pytest.approx(router, rel=1e-6)


def test_launches_set_the_pace_of_short_layers_alone() -> None:
    assert launch_time(3e-3, layer_launch(1e-4, 2e-3, 1.0), 1.0) == 0.0
    assert launch_time(5e-4, layer_launch(1e-4, 2e-3, 1.0), 1.0) == pytest.approx(1.5e-3)
    assert launch_time(5e-4, layer_launch(1e-4, 2e-3, 1.0), 2.0) == pytest.approx(3.5e-3)
    assert launch_time(5e-5, layer_launch(1e-4, 2e-3, 0.0), 1.0) == pytest.approx(5e-5)
    plan = {"global_batch": 512, "sequence": 4096, "expert": 8, "recompute": "full"}
    eager, graphs = (
        train("qwen3-30b-a3b", "gb200", 64, stack=stack, **plan).parts["launch"]
        for stack in ("bridge-26.04", "bridge-26.06")
    )
    assert eager > 0.0
    assert graphs < 0.1 * eager


def test_modules_that_predict_further_tokens_take_a_layer_and_a_head_each() -> None:
    plan = {"global_batch": 512, "sequence": 4096, "expert": 64, "recompute": "full", "stack": "tuned"}
    more = transformer("deepseek-v3")
    assert more.mtp_layers == 1
    parts = [train(one, "gb200", 512, **plan).parts["head"] for one in (more, more.changed(mtp_layers=0))]
    assert parts[0] > 2 * parts[1]


@given(
    expert=st.sampled_from([1.0, 2.0, 4.0, 8.0]), tensor=st.sampled_from([1.0, 2.0, 4.0]),
    context=st.sampled_from([1.0, 2.0]), pipeline=st.sampled_from([1.0, 4.0]),
    sharding=st.sampled_from(["none", "zero1", "zero2", "zero3"]), copies=st.sampled_from([1.0, 2.0]),
)  # fmt: skip
def test_parts_of_a_mixture_sum_to_its_step(
    expert: float, tensor: float, context: float, pipeline: float, sharding: str, copies: float
) -> None:
    one = values(expert=expert, tensor=tensor, context=context, pipeline=pipeline, data=16.0, sharding=sharding,
                 shard_copies=copies)  # fmt: skip
    found = step.evaluate(one, (*step.PARTS, "step_time", "mfu"))
    assert sum(found[part] for part in step.PARTS) == pytest.approx(found["step_time"], rel=1e-12)
    assert all(found[part] >= -1e-12 * found["step_time"] for part in step.PARTS)
    assert 0.0 < found["mfu"] < 1.0


def test_groups_that_experts_cannot_make_are_refused() -> None:
    with pytest.raises(PlanError, match="8 experts cannot be split over an expert group of 3; 2 or 4 can"):
        train("mixtral-8x7b", "h100-sxm", 24, global_batch=24, expert=3, sharding="zero3", recompute="full")
    found = train("mixtral-8x7b", "h100-sxm", 64, **MIXTRAL, expert=np.array([1, 2, 4, 8]))
    assert found.reason.tolist() == ["", "", "", ""]
    assert (np.diff(found.memory) < 0).all()


def test_a_mixture_has_a_wider_interval() -> None:
    mixed = train("mixtral-8x7b", "h100-sxm", 64, **MIXTRAL, expert=8)
    dense = train("llama3-8b", "h100-sxm", 64, **MIXTRAL)
    assert mixed.high / mixed.low > 1.5 > dense.high / dense.low


def test_a_chip_without_a_network_trains_within_its_domain() -> None:
    for chips, said in ((8.0, False), (16.0, True)):
        one = values("llama3-8b", data=chips) | {"network": NO_NETWORK}
        words = [text(lambda name: f"{one[name]:g}") for where, text in problems(one) if np.any(where)]  # noqa: B023
        assert any("no network is known between fast domains of 8 chips" in text for text in words) == said


def test_who_drops_tokens_waits_for_no_counts_and_computes_its_capacity() -> None:
    plain = chip_values("b200", "bf16", "bridge-25.09")
    kept = chip_values("b200", "bf16", "bridge-25.09", setting=Setting(dispatch="dropless"))
    assert kept == plain
    drops = chip_values("b200", "bf16", "bridge-25.09", setting=Setting(dispatch="drop", capacity=1.5))
    assert drops["expert_launch"] == plain["launch"] < plain["expert_launch"]
    assert (plain["expert_load"], drops["expert_load"]) == (1.0, 1.5)
    assert {name for name in plain if plain[name] != drops[name]} == {"expert_launch", "expert_load"}


def test_what_a_graph_captures_is_not_launched() -> None:
    """Of a stack that captures nothing; one that captures iterations whole needs not say so."""
    ways = {way: chip_values("b200", "bf16", "bridge-25.09", setting=Setting(graphs=way)) for way in GRAPHS}
    assert ways["none"] == chip_values("b200", "bf16", "bridge-25.09")
    assert ways["none"]["expert_launch"] > ways["parts"]["expert_launch"] > ways["whole"]["expert_launch"]
    assert ways["none"]["launch"] == ways["parts"]["launch"] > ways["whole"]["launch"]
    assert ways["whole"]["launch"] == chip_values("b200", "bf16", "bridge-26.06")["launch"]


def test_a_way_to_experts_that_nothing_hides_shows_in_full() -> None:
    plan = {"global_batch": 1024, "sequence": 4096, "expert": 64, "pipeline": 4, "stack": "tuned"}
    ways = {
        said: train("qwen3-235b-a22b", "h100-sxm", 256, setting=Setting(expert_overlap=said), **plan)
        for said in (None, True, False)
    }
    share = efficiency("h100-sxm", "bf16", "tuned")["exposed_expert"].value
    assert ways[None].parts == ways[True].parts
    assert ways[True].parts["expert"] == pytest.approx(share * ways[False].parts["expert"], rel=1e-12)
    values = chip_values("h100-sxm", "bf16", "pytorch", setting=Setting(expert_overlap=True))
    assert values["exposed_expert"] == share  # though PyTorch's own sharding hides nothing of itself


def test_fused_experts_leave_the_rest_of_a_layer_to_pass_memory() -> None:
    """Of a mixture without shared experts nothing is left of its MLP; a dense model has nothing to fuse."""
    assert separate_passes(0.0, 1.0, 8.0, 0.0) == 8.0
    assert separate_passes(0.0, 1.0, 8.0, 1.0) == separate_width(0.0, 1.0, 8.0, 512.0, 1.0, 0.0) == 0.0
    assert separate_passes(1.0, 0.0, 1.0, 1.0) == 1.0
    # a quarter of the layers dense and 100 wide, the others 4 experts of 10 and a shared one of 20: 25 + 15 + 30
    passes = separate_passes(1.0, 0.75, 4.0, 0.0)
    assert passes == 4.0
    assert passes * separate_width(40.0, 0.75, 4.0, 10.0, 0.0, passes) == pytest.approx(70.0)
    one = values("qwen3-30b-a3b", expert=8.0)
    names = ("cast", "elementwise_there", "elementwise_back", "permutation", "products")
    apart, fused = (step.evaluate(one | {"fused_experts": x, "cast_passes": 1.0}, names) for x in (0.0, 1.0))
    assert all(fused[name] < apart[name] for name in names[:3])
    assert all(fused[name] == apart[name] for name in names[3:])


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"dispatch": "some"}, "dispatch must be one of dropless, drop, got 'some'"),
        ({"dispatch": "dropless", "capacity": 1.5}, "capacity has no effect unless dispatch is drop"),
        ({"capacity": 1.5}, "capacity has no effect"),
        ({"dispatch": "drop", "capacity": 0.5}, "capacity must be at least 1"),
        ({"graphs": "all"}, "graphs must be one of none, parts, whole, got 'all'"),
        ({"expert_overlap": "no"}, "expert_overlap must be True or False, got 'no'"),
        ({"fused_experts": 2}, "fused_experts must be True or False, got 2"),
    ],
)
def test_a_dispatch_that_cannot_be_is_refused(told: dict[str, Any], message: str) -> None:
    with pytest.raises(DojoCalcError, match=message):
        Setting(**told)


@pytest.mark.parametrize(
    "told", [{"dispatch": "dropless"}, {"expert_overlap": False}, {"fused_experts": True}]
)
def test_what_is_said_of_experts_has_no_effect_on_a_dense_model(told: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match=f"{next(iter(told))} has no effect: llama3-8b has no experts"):
        train("llama3-8b", "h100-sxm", 8, global_batch=64, tensor=8, setting=Setting(**told))
