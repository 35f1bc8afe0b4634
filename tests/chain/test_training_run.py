"""The shipped model of a training run, held to the plan it is made of and to sums by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

import dojo_calc as dc
from dojo_calc.chain.training import failing_run
from dojo_calc.errors import DojoCalcError, DomainError, ModelError
from dojo_calc.performance.plan import PlanError, train
from dojo_calc.performance.step import MEMORY, PARTS

LAID_OUT = {"tensor": 8, "pipeline": 8, "interleave": 3, "recompute": "selective", "sharding": "none",
            "attention": "unfused"}  # fmt: skip
RUN = {"global_batch": 64, "sequence": 2048, "precision": "fp16", "stack": "megatron-2022"}


@pytest.fixture(scope="module")
def run() -> dc.Model:
    return dc.training_run("gpt3-175b", "a100", 64, tokens=300e9, plan=LAID_OUT, **RUN)


def test_a_step_is_that_of_the_plan(run: dc.Model) -> None:
    made = train("gpt3-175b", "a100-sxm-80gb", 64, **LAID_OUT, **RUN)
    got = run.evaluate(["step_time", "mfu", "memory", "throughput", *PARTS, *MEMORY])
    for name in ("step_time", "mfu", "memory", "throughput"):
        assert got[name] == pytest.approx(getattr(made, name), rel=1e-12), name
    assert sum(got[name] for name in PARTS) == pytest.approx(made.step_time, rel=1e-12)
    for name in MEMORY:
        assert got[name] == pytest.approx(made.memory_parts[name.removesuffix("_memory")], rel=1e-12)


def test_a_run_by_hand(run: dc.Model) -> None:
    # 300e9 tokens / (64 x 2048) = 2,288,818.4 steps. 6.5 kW / 8 x 0.75 / 0.9 x 1.125 x 64 = 48.75 kW at full load.
    names = ["steps", "run_time", "mfu", "billed", "elapsed", "goodput", "fleet_site_power_in_run", "run_energy",
             "undisturbed_chip_time", "chip_time", "run_rent"]  # fmt: skip
    got = run.evaluate(names, step_time="10 s")
    assert got["steps"] == 2_288_819
    assert got["run_time"] == pytest.approx(22_888_190.0)
    assert got["mfu"] * got["run_time"] / got["billed"] > 0.4  # full load: a step of 10 s is 71 % of the peak
    assert got["fleet_site_power_in_run"] == pytest.approx(48_750.0)
    assert got["billed"] == pytest.approx(1.7255 * got["elapsed"])
    assert got["run_energy"] == pytest.approx(48_750.0 * got["billed"])
    assert got["elapsed"] == pytest.approx(got["run_time"] / got["goodput"], rel=1e-9)
    assert got["undisturbed_chip_time"] == pytest.approx(64 * 22_888_190.0)
    assert got["chip_time"] == pytest.approx(64 * got["billed"])
    # 199,000 USD / 8 a chip, a network of 19 %; written off over 5 years of 31,557,600 s to nothing.
    node = 199_000 / 8
    assert run.evaluate("fleet_cluster_price", server_price=node) == pytest.approx(64 * node / 0.81)
    written_off = run.evaluate(
        "run_hardware_write_off", step_time="10 s", resale_share=0.0, server_price=node
    )
    assert written_off == pytest.approx(64 * 199_000 / 8 / 0.81 * got["billed"] / (5 * 31_557_600), rel=1e-9)
    assert got["run_rent"] == pytest.approx(64 * 1.89 * got["billed"] / 3600)


def test_power_follows_load(run: dc.Model) -> None:
    """At 20 % of the peak a chip draws less than at 55 %, and for the same work more energy all the same."""
    held = {"field_factor": 1.0, "interruption_rate": "1e-9 1/year"}
    wanted = ["fleet_site_power_in_run", "run_energy", "mfu"]
    low, high = (
        run.evaluate(wanted, step_time=float(run.evaluate("step_flop")) / (64 * 312e12 * mfu), **held)
        for mfu in (0.20, 0.55)
    )
    assert (low["mfu"], high["mfu"]) == (pytest.approx(0.20), pytest.approx(0.55))
    # (0.25 + 0.75 x 0.2 / 0.4) of 48.75 kW; at 0.55, beyond 0.4, all of them
    assert low["fleet_site_power_in_run"] == pytest.approx(0.625 * 48_750.0, rel=1e-4)
    assert high["fleet_site_power_in_run"] == pytest.approx(48_750.0, rel=1e-4)
    assert low["run_energy"] > high["run_energy"]
    drawn = dc.simulate(run, "fleet_site_power_in_run", seed=1).interval(0.8)
    assert drawn[0] < run.evaluate("fleet_site_power_in_run") < drawn[1]


def test_a_server_at_full_load_draws_what_was_measured() -> None:
    """Newkirk et al.: demanding training draws 76 % of 10.2 kW. Latif et al.: never more than 8.4 kW."""
    plan = {"tensor": 8, "pipeline": 1, "micro_batch": 1}
    made = dc.training_run("llama3-8b", "h100", 64, tokens="1T", global_batch=256, sequence=4096, plan=plan)
    server = 8 * made.evaluate("server_power_in_run", run_load=1.0)
    assert server == pytest.approx(0.76 * 10_200, rel=0.05)
    assert server < 8_400
    assert 8 * made.evaluate("server_power_in_run", run_load=0.0) == pytest.approx(0.25 * server)


def test_a_run_that_nothing_holds_up_takes_what_its_steps_and_failures_do(run: dc.Model) -> None:
    got = run.evaluate(["billed", "elapsed"], field_factor=1.0)
    assert got["billed"] == got["elapsed"]


def test_what_steps_are_off_by_is_told_of_them_alone(run: dc.Model) -> None:
    """Half as long again for each step: so is what is undisturbed, and the field factor holds it for the rest."""
    names = ["mfu", "run_time", "elapsed", "billed", "run_rent", "run_energy"]
    told, slow = run.evaluate(names), run.evaluate(names, step_error=1.5)
    assert [slow[name] / told[name] for name in names] == pytest.approx([1 / 1.5, 1.5, 1.5, 1.0, 1.0, 1.0])


def test_an_undisturbed_run_is_as_sure_as_its_steps() -> None:
    """The interval of 80 % that a step is told with, of which its parameters' own are a part."""
    plan: dict[str, Any] = {"tensor": 8, "pipeline": 1, "micro_batch": 1}
    shape: dict[str, Any] = {"global_batch": 256, "sequence": 4096}
    made = dc.training_run("llama3-8b", "h100", 64, tokens="1T", plan=plan, **shape)
    held = dc.simulate(made, "run_time", seed=1, samples=4096).interval(0.8)
    step = train("llama3-8b", "h100-sxm", 64, **shape, **plan)
    known = float(made.evaluate("run_time"))
    for end, wanted in zip(held, (step.low, step.high), strict=True):
        assert math.log(end / known) == pytest.approx(math.log(wanted / step.step_time), rel=0.2)


def test_every_leaf_says_where_it_comes_from(run: dc.Model) -> None:
    for name in ("run_own", "run_rent", "memory"):
        for row in dc.explain(run, name).rows():
            assert row["formula"] or row["source"], row["name"]
    text = str(dc.explain(run, "step_time"))
    assert "the plan" in text
    assert "matrix_efficiency[a100-sxm-40gb a100-sxm-80gb]: fitted" in text


def test_the_fastest_plan_is_taken_and_an_interval_follows() -> None:
    best = dc.training_run("gpt3-20b", "h100", 64, tokens=1e12, global_batch=256, sequence=2048)
    plain = train("gpt3-20b", "h100-sxm", 64, global_batch=256, tensor=8)
    assert best.evaluate("step_time") <= plain.step_time
    low, high = dc.simulate(best, "elapsed", seed=1).interval(0.8)
    assert low < best.evaluate("elapsed") < high


@pytest.mark.parametrize("chip", ["mi300x", "tpu-v5p", "h800"])
def test_a_chip_without_a_known_server_has_its_days_and_takes_the_rest(chip: str) -> None:
    plan = {"tensor": 8, "pipeline": 1, "micro_batch": 1}
    run = dc.training_run("llama3-8b", chip, 64, tokens="1T", global_batch=256, sequence=4096, plan=plan)
    assert run.evaluate("steps") == 953_675  # 1e12 tokens in steps of 256 x 4096 are 953,674.3
    assert run.evaluate("run_time", step_time="2 s") == pytest.approx(2 * 953_674.3)
    # 64 chips, eight in 10 kW: 64 / 8 x 10 kW x 0.75 / 0.9 x 1.125 = 75 kW at full load.
    power = run.evaluate("fleet_site_power_in_run", server_power_rated="1,250 W", run_load=1.0)
    assert power == pytest.approx(75_000.0)
    # Eight in 200,000 USD, a network of 19 %: 64 x 25,000 / 0.81.
    price = run.evaluate("fleet_cluster_price", server_price="25,000 USD")
    assert price == pytest.approx(64 * 25_000 / 0.81)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(PlanError, match="heads cannot be split"):
        dc.training_run("gpt3-175b", "a100", 56, plan={"tensor": 7}, global_batch=64, sequence=2048)
    with pytest.raises(PlanError, match="none of"):
        dc.training_run("gpt3-175b", "a100", 8, global_batch=8, sequence=2048)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"expert_load": 1.0}, "plan: 'expert_load' is no part of a layout"),
        ({"visible": 0.5}, "plan: 'visible' is no part of a layout"),
        ({"tensr": 8}, "plan: 'tensr' is no part of a layout; did you mean tensor"),
        ({"tensor": [8, 4]}, "plan: tensor must be one value"),
        ({"recompute": ["full", "none"]}, "plan: recompute must be one value"),
        ({"tensor": True}, "tensor must be a number"),
        ({"tensor": 8, "micro_batch": 0}, "micro_batch must be a whole number of at least 1"),
    ],
)
def test_a_plan_has_only_what_lays_a_model_out(plan: dict[str, Any], message: str) -> None:
    with pytest.raises(DojoCalcError, match=rf"^{message}"):
        dc.training_run("llama3-8b", "h100-sxm", 64, global_batch=256, sequence=4096, plan=plan)


def test_sizes_of_a_plan_may_be_texts_too() -> None:
    shape: dict[str, Any] = {"global_batch": "1,024", "sequence": 4096}
    text = dc.training_run("llama3-8b", "h100-sxm", 64, plan={"tensor": "8", "micro_batch": "2"}, **shape)
    assert (
        text.evaluate("step_time")
        == train(
            "llama3-8b", "h100-sxm", 64, global_batch=1024, sequence=4096, tensor=8, micro_batch=2
        ).step_time
    )


def test_sizes_and_tokens_may_be_texts_and_nothing_given_is_left_out() -> None:
    plan = {"tensor": 8, "pipeline": 1, "micro_batch": 1}
    shape: dict[str, Any] = {"global_batch": 256, "sequence": 4096, "plan": plan}
    by_text = dc.training_run("llama3-8b", "h100-sxm", "64", tokens="1T tokens", **shape)
    by_number = dc.training_run("llama3-8b", "h100-sxm", 64, tokens=1e12, **shape)
    assert by_text.evaluate("elapsed") == by_number.evaluate("elapsed")
    # 1e12 tokens in steps of 256 x 4096 are 953,674.3, so 953,675.
    assert by_text.evaluate("steps") == 953_675
    assert by_number.evaluate("steps", tokens="2 trillion tokens") == 1_907_349
    with pytest.raises(DojoCalcError, match="tokens must be at least 1"):
        dc.training_run("llama3-8b", "h100-sxm", 64, tokens=0, **shape)
    with pytest.raises(DojoCalcError, match=r"^chips must be a whole number of at least 1, got 0"):
        dc.training_run("llama3-8b", "h100-sxm", 0, **shape)
    with pytest.raises(DojoCalcError, match="tokens must be a bare number, got '15 TB'"):
        dc.training_run("llama3-8b", "h100-sxm", 64, tokens="15 TB", **shape)
    same = train("llama3-8b", "h100-sxm", "64", global_batch="256", sequence="4,096", **plan)
    assert same.step_time == by_number.evaluate("step_time")


def test_one_run_is_billed_alike_by_every_door() -> None:
    run = dc.training_run("llama2-7b", "a100-sxm-80gb", 512, tokens=2e12, global_batch=1024, sequence=4096)
    alone, expected = (float(run.evaluate(name)) for name in ("run_time", "elapsed"))
    parameters = float(run.evaluate("parameters"))
    headway = failing_run("a100-sxm-80gb").evaluate("goodput", chips=512, parameters=parameters)
    assert alone / float(headway) == pytest.approx(expected, rel=1e-12)


def test_chips_that_no_plan_uses_are_not_left_off_the_bill() -> None:
    """Of 37 chips the best plan uses 32; whoever holds the other five pays for them."""
    with pytest.raises(PlanError, match="5 of 37 chips stay idle"):
        dc.training_run("llama3-8b", "h100-sxm", 37, tokens=1e11, global_batch=32, sequence=4096)


SIZES = {  # of the plan and of the model, and what a size that is no whole number of things may be at the least
    **dict.fromkeys(
        ("chips", "tensor", "pipeline", "context", "expert", "interleave", "micro_batch", "global_batch", "sequence",
         "shard_copies", "layers", "hidden", "feedforward", "heads", "kv_heads", "head_dim", "value_head_dim",
         "vocabulary", "experts", "active_experts", "moe_feedforward", "experts_every"), 1,
    ),
    **dict.fromkeys(
        ("window", "full_attention_every", "q_lora_rank", "kv_lora_rank", "rope_head_dim", "shared_width",
         "dense_layers", "mtp_layers"), 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_a_size_given_to_a_run_is_a_whole_number_too(run: dc.Model, name: str) -> None:
    for value in (SIZES[name] - 1, 0.5, 64.5):
        with pytest.raises((DomainError, ModelError), match=rf"^{name} must be .*got {value}$"):
            run.evaluate("step_time", **{name: value})


def test_sizes_of_a_model_given_to_a_run_fit_each_other(run: dc.Model) -> None:
    for given, message in (
        ({"heads": 96, "kv_heads": 36}, "96 heads cannot share 36 heads of keys and values evenly"),
        ({"experts": 8, "active_experts": 9}, "a token cannot meet 9 of 8 experts"),
        ({"tied": 0.5}, "tied must be 1 or 0, got 0.5"),
    ):
        with pytest.raises(ModelError, match=message):
            run.evaluate("step_time", **given)
