"""Laws of a training step over the whole space of plans."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo_calc.errors import DojoCalcError, DomainError, UnitError, UnknownNameError
from dojo_calc.performance import step
from dojo_calc.performance.collective import ring_all_reduce
from dojo_calc.performance.efficiency import chip_values, efficiency, parameters
from dojo_calc.performance.layer import attention_forward
from dojo_calc.performance.plan import PlanError, Training, flags, train
from dojo_calc.performance.search import search
from dojo_calc.performance.setting import Setting
from dojo_calc.performance.traffic import gather_time, return_time, scatter_time, shard_time
from dojo_calc.performance.workload import transformer, transformers

powers = st.integers(0, 4).map(lambda n: 2.0**n)
names = st.sampled_from(
    [name for name in transformers() if name.startswith(("mpt", "llama2", "llama3", "megatron"))]
)
chips_ = st.sampled_from(["a100-sxm-80gb", "h100-sxm", "gb200"])
words = st.fixed_dictionaries(
    {
        "recompute": st.sampled_from(["none", "selective", "full"]),
        "sharding": st.sampled_from(["none", "zero1", "zero2", "zero3"]),
        "attention": st.sampled_from(["unfused", "flash"]),
    }
)
stacks = st.sampled_from(["", "megatron-2022", "fsdp-2023", "bridge-26.02"])


@st.composite
def values(draw: Any) -> dict[str, Any]:
    """Inputs of a step of a plan whose sizes fit; memory may be too small."""
    one = transformer(draw(names))
    tensor, context, data, micro = (draw(powers) for _ in range(4))
    pipeline = draw(st.sampled_from([1.0, 2.0, 3.0, 4.0, 8.0]))
    interleave = 1.0 if pipeline == 1.0 else draw(st.sampled_from([1.0, 2.0]))
    plan = {
        "tensor": tensor, "context": context, "data": data, "pipeline": pipeline, "interleave": interleave,
        "micro_batch": micro, "expert": 1.0, "sequence": 2048.0, "visible": 1.0, "shard_copies": 1.0,
        "global_batch": micro * data * draw(st.integers(1, 40)), "chips": tensor * context * data * pipeline,
        "sequence_parallel": draw(st.sampled_from([0.0, 1.0])),
    }  # fmt: skip
    chip, stack = draw(chips_), draw(stacks)
    return one.values() | plan | flags(**draw(words)) | chip_values(chip, "bf16", stack)


def run(inputs: dict[str, Any], *outputs: str, **changed: float) -> Any:
    found = step.evaluate(inputs | changed, outputs or ("step_time",))
    return found[outputs[0]] if len(outputs) == 1 else found if outputs else found["step_time"]


@given(values())
def test_parts_sum_to_the_step(inputs: dict[str, Any]) -> None:
    found = step.evaluate(inputs, (*step.PARTS, "step_time"))
    assert sum(found[part] for part in step.PARTS) == pytest.approx(found["step_time"], rel=1e-12)
    assert all(found[part] >= -1e-12 * found["step_time"] for part in step.PARTS)


@given(values())
def test_one_chip_is_its_roofs(inputs: dict[str, Any]) -> None:
    """Alone, without overheads beside arithmetic: the work at each rate, one after the other."""
    alone = inputs | dict.fromkeys(("tensor", "context", "data", "pipeline", "interleave", "chips"), 1.0)
    alone |= {
        "full": 0.0,
        "selective": 0.0,
        "flash": 1.0,
        "dropout": 0.0,
        "micro_batch": alone["global_batch"],
    }
    alone |= {"elementwise_passes": 0.0, "cast_passes": 0.0, "logit_passes": 0.0, "optimizer_traffic": 0.0}
    alone |= {"operand_bandwidth": 1e30, "vocabulary_multiple": 1.0}
    m = {name: alone[name] for name in ("layers", "hidden", "heads", "kv_heads", "feedforward", "vocabulary")}
    weights = 2 * m["hidden"] * (m["hidden"] + m["hidden"] / m["heads"] * m["kv_heads"])
    weights += (2 + alone["gated"]) * m["hidden"] * m["feedforward"]
    tokens = alone["global_batch"] * alone["sequence"]
    products = 6 * tokens * weights * m["layers"] / alone["matrix_rate"]
    # Two products of the causal half forward, five backward, each 2 s h operations a token and half of it seen.
    attention = 7 * tokens * alone["sequence"] * m["hidden"] * m["layers"] / alone["attention_rate"]
    head = 6 * tokens * m["hidden"] * m["vocabulary"] / alone["head_rate"]
    assert run(alone) == pytest.approx(products + attention + head, rel=1e-9)


@given(values())
def test_the_bubble_vanishes_as_micro_batches_grow(inputs: dict[str, Any]) -> None:
    many = inputs | {"global_batch": inputs["global_batch"] * 1e6}
    found = step.evaluate(many, ("bubble", "step_time"))
    assert found["bubble"] <= 1e-3 * found["step_time"]


@given(values())
def test_a_tensor_group_of_one_has_no_tensor_traffic(inputs: dict[str, Any]) -> None:
    assert run(inputs, "tensor_part", tensor=1.0) == 0


@given(data=st.integers(2, 512).map(float), weights=st.floats(1e6, 1e10))
def test_zero3_moves_half_as_much_again_as_zero1(data: float, weights: float) -> None:
    """Rajbhandari et al., section 7: 3 psi against 2 psi; here as times, all of it exposed, over one link."""
    whole = scatter_time(data, weights, 2.0, 1e11, 0.0) + return_time(data, weights, 2.0, 2.0, 1.0, 1e11, 0.0)
    gather = gather_time(data, weights, 2.0, 1e11, 0.0)
    scatter = scatter_time(data, weights, 2.0, 1e11, 0.0)
    sharded = shard_time(gather, scatter, 0.0, 0.0, 1.0, 1.0)
    assert sharded == pytest.approx(1.5 * whole, rel=1e-12)
    assert whole == pytest.approx(ring_all_reduce(data, 2.0 * weights, 1e11, 0.0), rel=1e-12)


@given(values())
def test_memory_falls_with_recompute_and_with_sharding(inputs: dict[str, Any]) -> None:
    modes = [run(inputs, "memory", selective=s, full=f) for s, f in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))]
    # Working memory of a recomputed layer may outweigh what one layer saves, so only what is stored must fall.
    stored = [
        run(inputs, "activation_memory", selective=s, full=f) for s, f in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    ]
    assert stored[0] >= stored[1] >= stored[2]
    if inputs["layers"] / inputs["pipeline"] >= 2:
        assert modes[0] >= modes[2]
    shards = ("shard_optimizer", "shard_gradients", "shard_weights")
    state = [
        sum(run(inputs, name, **{one: float(i < n) for i, one in enumerate(shards)}) for name in
            ("weight_memory", "gradient_memory", "optimizer_memory"))
        for n in range(4)
    ]  # fmt: skip
    assert state == sorted(state, reverse=True)


@given(values())
def test_never_faster_than_a_bound(inputs: dict[str, Any]) -> None:
    """No step beats its arithmetic at the rated matrix peak, nor attention's at its own."""
    found = step.evaluate(inputs | {"visible": 0.5}, ("step_time", "model_flop", "throughput", "mfu"))
    assert found["step_time"] >= found["model_flop"] / (inputs["chips"] * inputs["peak"]) * (1 - 1e-12)
    assert 0 < found["mfu"] <= 1


@given(values(), st.sampled_from(["matrix_rate", "memory_rate", "link", "network", "attention_rate"]))
def test_faster_hardware_is_never_slower(inputs: dict[str, Any], what: str) -> None:
    assert run(inputs, **{what: inputs[what] * 2}) <= run(inputs) * (1 + 1e-12)


@settings(max_examples=20)
@given(st.lists(values(), min_size=2, max_size=5))
def test_an_array_is_its_scalars(cases: list[dict[str, Any]]) -> None:
    outputs = (*step.PARTS, *step.MEMORY, "step_time", "memory", "mfu")
    together = step.evaluate({name: np.array([one[name] for one in cases]) for name in cases[0]}, outputs)
    for index, one in enumerate(cases):
        alone = step.evaluate(one, outputs)
        for name in outputs:
            np.testing.assert_allclose(together[name][index], alone[name], rtol=1e-14, atol=0)


def test_unfused_attention_by_hand() -> None:
    # A token, 1,000 before it, 1,000 wide, 10 heads of scores in 2 bytes, a billion of all a second: two products
    # of 2 x 1e6 are 4 ms; 6.5 passes of 20,000 B are 0.13 ms, and 4 without dropout 0.08 ms.
    sizes = (1.0, 1000.0, 1000.0, 10.0, 1.0, 0.0)
    rates = (1e9, 1e9, 1e9, 2.0, 2.0)
    assert attention_forward(*sizes, 1.0, *rates) == pytest.approx(4.13e-3)
    assert attention_forward(*sizes, 0.0, *rates) == pytest.approx(4.08e-3)


def gpt3(**plan: Any) -> Training:
    return train("gpt3-175b", "a100-sxm-80gb", 64, **({"global_batch": 64} | plan))


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"tensor": 7}, "tensor 7 x pipeline 1 x context 1 must divide the 64 chips"),
        ({"tensor": 8, "pipeline": 4, "data": 3}, "pipeline 4 x context 1 x data 3 must make the 64 chips"),
        ({"tensor": 8, "pipeline": 4, "micro_batch": 3}, "data 2 x micro_batch 3; 60 or 66 is"),
        ({"tensor": 64}, "96 heads cannot be split over a tensor group of 64; 48 or 96 can"),
        ({"tensor": 8, "pipeline": 8, "micro_batch": 3}, "must be a multiple of data 1 x micro_batch 3"),
        ({"tensor": 8, "pipeline": 8, "interleave": 13}, "96 layers cannot make 8 stages x 13 virtual stages"),
        ({"tensor": 8, "interleave": 2}, "interleave 2 needs more than one pipeline stage"),
        ({"tensor": 8, "pipeline": 8, "context": 3}, "must divide the 64 chips"),
        ({"tensor": 8, "pipeline": 8, "global_batch": 6, "interleave": 3}, "micro-batches in a multiple of the 8"),
        ({"tensor": 8, "pipeline": 8, "global_batch": 12, "interleave": 3}, "micro_batch 1 makes 12"),
        ({"tensor": 8, "sequence": 2044}, "context 1 x tensor 8 equal parts, which sequence parallelism needs"),
        ({"tensor": 4, "context": 8, "sequence": 2056}, "cannot be cut into 2 x context 8 equal parts"),
        ({"tensor": 8, "shard_copies": 3}, "data 8 x context 1 chips cannot keep 3 equal copies"),
        ({"tensor": 8, "pipeline": 8, "expert": 2}, "x context 1 x data 1 cannot make expert groups of 2"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_in_words(plan: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError) as caught:
        gpt3(**plan)
    assert message in str(caught.value)


def test_a_tensor_group_divides_more_than_the_heads() -> None:
    # 13,824 columns over 40 or 5 chips are 345.6 or 2,764.8: of the divisors of 40 heads only 1, 2, 4 and 8 are left.
    with pytest.raises(
        PlanError, match=r"13,824 columns of the feed-forward layer .* group of 40; 36 or 48 can"
    ):
        train("llama2-13b", "h100-sxm", 40, global_batch=8, sequence=4096, tensor=40)
    best = search("llama2-13b", "h100-sxm", 40, global_batch=8, sequence=4096).best
    assert best["tensor"] in (1, 2, 4, 8)
    with pytest.raises(PlanError, match="a sequence of 4,097 cannot be cut into context 1 x tensor 8 equal"):
        train("llama3-8b", "h100-sxm", 8, global_batch=8, sequence=4097, tensor=8)


def test_a_head_of_keys_is_whole_on_every_chip_of_a_larger_group() -> None:
    # Llama 3 70B has 8 heads of keys and values of 128. Over 64 chips a layer keeps 2 x 8192 x 128 weights of theirs,
    # not an eighth of that, and a 64th of 2 x 8192 x 8192 + 3 x 8192 x 28672: 15.204 million in all, not 13.369.
    layer = (2 * 8192**2 + 3 * 8192 * 28672) / 64 + 2 * 8192 * 128
    ends = 2 * 128256 * 8192 / 64  # rows that fill up the vocabulary are less than a thousandth more
    held = train("llama3-70b", "h100-sxm", 64, global_batch=64, sequence=4096, tensor=64)
    assert held.memory_parts["weight"] == pytest.approx(2 * (80 * layer + ends), rel=1e-3)


@pytest.mark.parametrize(
    "name",
    ["chips", "global_batch", "sequence", "micro_batch", "tensor", "pipeline", "data", "context", "expert",
     "interleave", "shard_copies"],
)  # fmt: skip
@pytest.mark.parametrize(
    "value", [True, 0, -1, 0.5, math.nan, math.inf, 10**400, None, "abc", b"1", 1j, [True, 2]]
)
def test_a_size_is_a_whole_number_and_nothing_that_python_makes_one_of(name: str, value: Any) -> None:
    if name == "data" and value is None:
        return  # what the others leave of the chips
    plan = {"chips": 64, "global_batch": 64, "tensor": 8, "pipeline": 8} | {name: value}
    with pytest.raises((DomainError, UnitError), match=rf"^{name}"):
        train("gpt3-175b", "a100-sxm-80gb", **plan)


def test_of_an_array_of_sizes_those_that_are_not_whole_are_masked() -> None:
    found = gpt3(tensor=8, pipeline=8, recompute="full", micro_batch=[1, 0.5, 2, 0])
    assert np.isnan(found.step_time).tolist() == [False, True, False, True]
    assert found.reason[1] == "micro_batch must be a whole number of at least 1, got 0.5"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sequence_parallel": 2}, "sequence_parallel must be 1 or 0"),
        ({"sequence_parallel": -1}, "sequence_parallel must be 1 or 0"),
        ({"sequence_parallel": math.nan}, "sequence_parallel must be 1 or 0"),
        ({"sequence_parallel": [1, 0.5]}, "sequence_parallel must be 1 or 0"),
        ({"sequence_parallel": "yes"}, "sequence_parallel must be 1 or 0"),
        ({"visible": 0.0}, "visible must be above 0 and at most 1"),
        ({"visible": math.nan}, "visible must be above 0 and at most 1"),
        ({"visible": [0.5, 1.0]}, "visible must be a number"),
        ({"visible": True}, "visible must be a number"),
        ({"recompute": "full", "recompute_share": 0}, "recompute_share must be above 0 and at most 1"),
        ({"recompute": "full", "recompute_share": True}, "recompute_share must be a number"),
        ({"expert_load": 1.5}, "expert_load has no effect: gpt3-175b has no experts"),
        ({"expert_domains": 4}, "expert_domains has no effect: gpt3-175b has no experts"),
        ({"precision": ["bf16"]}, "precision must be a text"),
    ],
)
def test_what_else_is_given_is_used_or_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(DojoCalcError, match=rf"^{message}"):
        gpt3(tensor=8, pipeline=8, **given)


def test_no_chip_of_a_mixture_has_less_than_the_mean_of_its_tokens() -> None:
    with pytest.raises(DomainError, match="expert_load must be at least 1"):
        train("mixtral-8x7b", "h100-sxm", 64, global_batch=256, expert=8, expert_load=0.5)
    with pytest.raises(DomainError, match="expert_domains must be at least 1"):
        train("mixtral-8x7b", "h100-sxm", 64, global_batch=256, expert=8, expert_domains=0)


@pytest.mark.parametrize("name", ["network", "per_server", "power", "memory", "memory_bandwidth"])
@pytest.mark.parametrize("value", [0, -1, True, math.nan, math.inf])
def test_a_machine_that_has_nothing_of_a_part_is_refused(name: str, value: Any) -> None:
    with pytest.raises((DomainError, UnitError), match=rf"^{name} must be"):
        Setting(**{name: value})


def test_an_efficiency_of_nothing_is_refused() -> None:
    key = "memory_efficiency"
    with pytest.raises(DomainError, match="must be above 0"):
        gpt3(tensor=8, pipeline=8, changed={key: 0.0})


def test_too_little_memory_says_by_how_much_and_what_would_do() -> None:
    with pytest.raises(
        PlanError, match=r"needs .* TB \(.* to .*\) of a chip's 85\.9 GB memory"
    ):  # 81,920 MiB
        gpt3(tensor=1)
    with pytest.raises(PlanError, match="full recomputation or flash attention would make it fit"):
        gpt3(tensor=4, pipeline=16, attention="unfused", recompute="none", stack="megatron-2022")


@pytest.mark.parametrize(
    ("cure", "wrong", "cured"),
    [
        ("full recomputation", {"recompute": "none"}, {"recompute": "full"}),
        ("zero3 sharding", {"sharding": "none"}, {"sharding": "zero3"}),
        ("a micro-batch of 1", {"micro_batch": 64}, {"micro_batch": 1}),
        ("flash attention", {"attention": "unfused"}, {"attention": "flash"}),
    ],
)
def test_a_cure_is_advised_from_the_memory_that_the_plan_so_cured_needs(
    cure: str, wrong: dict[str, Any], cured: dict[str, Any]
) -> None:
    plan = {"tensor": 8, "pipeline": 2, "micro_batch": 16, "recompute": "none", "global_batch": 256}
    needed = float(gpt3(**(plan | cured), setting=Setting(memory="10 TB")).memory)
    for share, advised in ((1.0, True), (1.0 - 1e-9, False)):
        with pytest.raises(PlanError, match=r"a chip's .* memory; ") as told:
            gpt3(**(plan | wrong), setting=Setting(memory=needed * share))
        assert (cure in str(told.value)) == advised


def test_a_machine_without_the_link_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"a training plan needs the memory 'hbm', .*; d1 has sram"):
        train("gpt3-175b", "d1", 64, global_batch=64)
    with pytest.raises(UnknownNameError, match=r"precision must be one of fp16, .* nvfp4, mxfp4, got 'fp4'"):
        gpt3(precision="fp4")
    with pytest.raises(
        UnknownNameError, match="recompute must be one of none, selective, full, per-op, got 'some'"
    ):
        gpt3(recompute="some")


def test_an_array_masks_what_cannot_be_and_says_why() -> None:
    found = gpt3(tensor=np.array([8, 7, 1, 8]), pipeline=np.array([8, 8, 1, 8]), recompute="full",
                 micro_batch=np.array([1, 1, 1, 3]))  # fmt: skip
    assert np.isnan(found.step_time).tolist() == [False, True, True, True]
    assert [bool(one) for one in found.reason] == [False, True, True, True]
    assert "of a chip's 85.9 GB memory" in found.reason[2]
    assert not any("nan" in one for one in found.reason)
    alone = gpt3(tensor=8, pipeline=8, recompute="full")
    assert found.step_time[0] == alone.step_time
    assert alone.low < alone.step_time < alone.high


def test_every_parameter_has_a_row_that_holds_for_any_machine() -> None:
    own = efficiency("a-chip-not-made-yet", "bf16", "a-stack-to-come")
    assert set(own) == {one.name for one in parameters()}
    assert own["matrix_efficiency"].kind == "assumed"
    assert own["error_80"].value > 4 * efficiency("h100-sxm", "bf16", "bridge-26.02")["error_80"].value
    assert efficiency("h100-sxm", "fp8", "bridge-26.02")["matrix_efficiency"].precision == "fp8"


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"nonsense": 5.0}, UnknownNameError, "no parameter 'nonsense' counts here"),
        ({"matrix_efficiency": 0.2}, UnknownNameError, r"there is matrix_efficiency\[h100-sxm 16\]"),
        ({"matrix_efficiency[h100-sxm fp8]": 0.2}, UnknownNameError, "no parameter .* counts here"),
        ({"matrix_efficency[h100-sxm 16]": 0.2}, UnknownNameError, "did you mean matrix_efficiency"),
        ({"optimizer_bytes": -1e3}, DomainError, r"changed\['optimizer_bytes'\] must be"),
        ({"straggling": float("nan")}, DomainError, r"changed\['straggling'\] must be between 0 and 1"),
        ({"matrix_efficiency[h100-sxm 16]": 1.2}, DomainError, "must be above 0 and at most 1"),
    ],
)
def test_a_changed_parameter_counts_or_is_refused(
    changed: dict[str, float], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        train("llama3-8b", "h100", 8, global_batch=8, tensor=8, changed=changed)


def test_a_changed_parameter_changes_what_it_says() -> None:
    def plan(**more: Any) -> Any:
        return train("llama3-8b", "H100", 8, global_batch=8, tensor=8, **more)

    # 18 bytes a parameter in place of 12 make the sharded state, here of one replica, half as large again.
    before, after = (
        plan().memory_parts["optimizer"],
        plan(changed={"optimizer_bytes": 18.0}).memory_parts["optimizer"],
    )
    assert after / before == pytest.approx(18.0 / chip_values("h100")["optimizer_bytes"])
