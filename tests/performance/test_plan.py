"""What a plan says by default, in words and in intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dojo_calc.performance.efficiency import efficiency, half_widths, kin
from dojo_calc.performance.plan import PlanError, flags, train
from dojo_calc.performance.search import in_words, search
from dojo_calc.performance.setting import Setting
from dojo_calc.performance.workload import Transformer

SMALL = Transformer(
    model="small", layers=4, hidden=1024, feedforward=4096, heads=8, kv_heads=8, vocabulary=32000
)
WORDS = ("selective", "full", "per_op", "shard_optimizer", "shard_gradients", "shard_weights", "flash")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("none", "none", "unfused"), (0, 0, 0, 0, 0, 0, 0)),
        (("selective", "zero1", "flash"), (1, 0, 0, 1, 0, 0, 1)),
        (("full", "zero2", "flash"), (0, 1, 0, 1, 1, 0, 1)),
        (("per-op", "zero3", "unfused"), (0, 0, 1, 1, 1, 1, 0)),
    ],
)
def test_words_of_a_plan_are_flags(words: tuple[str, str, str], expected: tuple[int, ...]) -> None:
    found = flags(*words)
    assert tuple(found[name] for name in WORDS) == expected
    assert all(isinstance(one, float) for one in found.values())


def test_words_and_shares_broadcast() -> None:
    found = flags(["none", "full", "full"], "zero1", "flash", [1.0, 0.5, 1.0])
    assert found["full"].tolist() == [0, 0.5, 1]
    assert flags("full", "zero1", "flash", 0.25)["full"] == 0.25
    with pytest.raises(PlanError, match="recompute_share has no effect where recompute is not full"):
        flags(["none", "full"], "zero1", "flash", 0.5)


def test_what_is_left_out_is_what_the_documentation_says() -> None:
    asked: dict[str, Any] = {"global_batch": 16, "tensor": 2}
    said = {
        "sequence": 2048, "micro_batch": 1, "pipeline": 1, "data": 4, "context": 1, "expert": 1, "interleave": 1,
        "shard_copies": 1, "recompute": "none", "recompute_share": 1.0, "sequence_parallel": 1, "sharding": "zero1",
        "attention": "flash", "visible": 1.0, "precision": "bf16", "stack": "",
    }  # fmt: skip
    short, long = (train(SMALL, "h100-sxm", 8, **asked, **more) for more in ({}, said))
    for name in ("step_time", "low", "high", "memory", "mfu", "model_flop", "throughput"):
        assert getattr(short, name) == getattr(long, name), name
    plain, whole = (train(SMALL, "h100-sxm", 8, global_batch=16, **more) for more in ({}, {"tensor": 1}))
    assert (plain.step_time, plain.memory) == (whole.step_time, whole.memory)
    # Alone a chip has no sequence to share with others.
    one = {"global_batch": 16, "tensor": np.array([1, 2])}
    left, given = (
        train(SMALL, "h100-sxm", 8, **one, **more) for more in ({}, {"sequence_parallel": np.array([0, 1])})
    )
    assert left.memory.tolist() == given.memory.tolist()


@pytest.fixture(scope="module")
def plan() -> dict[str, Any]:
    return {"model": SMALL, "chip": "h100-sxm", "chips": 8, "global_batch": 16, "stack": "tuned"}


def test_an_interval_lies_about_the_prediction_as_its_widths_say(plan: dict[str, Any]) -> None:
    made = train(**plan)
    faster, slower = half_widths("h100-sxm", "bf16", "tuned")
    assert np.log(made.step_time / made.low) == pytest.approx(faster, rel=1e-9)
    assert np.log(made.high / made.step_time) == pytest.approx(slower, rel=1e-9)
    slack = efficiency("h100-sxm", "bf16", "tuned")["memory_error_80"].value
    assert np.log(made.memory / made.memory_low) == pytest.approx(slack, rel=1e-9)
    assert np.log(made.memory_high / made.memory) == pytest.approx(slack, rel=1e-9)
    assert sum(made.parts.values()) == pytest.approx(made.step_time, rel=1e-12)
    assert sum(made.memory_parts.values()) == pytest.approx(made.memory, rel=1e-12)


@pytest.mark.parametrize(("end", "chance"), [("memory_low", 0.1), ("memory", 0.5), ("memory_high", 0.9)])
def test_a_plan_fits_with_the_chance_that_its_interval_gives(
    plan: dict[str, Any], end: str, chance: float
) -> None:
    """Between the ends lie eight cases of ten, and one beyond either."""
    usable = efficiency("h100-sxm", "bf16", "tuned")["memory_usable"].value
    has = getattr(train(**plan), end) / usable * (1 + 1e-12)
    assert train(**plan, setting=Setting(memory=has)).fits == pytest.approx(chance, abs=1e-6)
    if end == "memory_low":
        with pytest.raises(PlanError, match="of a chip's"):
            train(**plan, setting=Setting(memory=has * (1 - 1e-9)))


def test_widths_add_as_independent_errors_do() -> None:
    own = {name: one.value for name, one in efficiency("h100-sxm", "bf16", "tuned").items()}
    low, high = own["error_80"] - own["lean_80"], own["error_80"] + own["lean_80"]
    assert half_widths("h100-sxm", "bf16", "tuned") == pytest.approx((low, high), rel=1e-12)
    mixture = own["error_experts"]
    for experts in (2, 8):
        expected = (np.hypot(low, mixture), np.hypot(high, mixture))
        assert half_widths("h100-sxm", "bf16", "tuned", experts) == pytest.approx(expected, rel=1e-12)
    # A chip that takes its rows from its kin is less certain by what the table says.
    wider = kin()["h800"].wider
    rows = {name: one.value for name, one in efficiency("h800", "bf16", "tuned").items()}
    low, high = rows["error_80"] - rows["lean_80"], rows["error_80"] + rows["lean_80"]
    assert half_widths("h800", "bf16", "tuned") == pytest.approx(
        (np.hypot(low, wider), np.hypot(high, wider)), rel=1e-12
    )


def test_a_search_is_shown_as_a_person_reads_it() -> None:
    shown = in_words(
        {
            "step_time": 1.5,
            "low": 0.002,
            "high": 90.0,
            "memory": 2e9,
            "mfu": 0.4123,
            "chips": 1024,
            "recompute": "full",
        }
    )
    assert shown["step_time"] == "1.5 s"
    assert shown["low"] == "2 ms"
    assert shown["memory"] == "2 GB"
    assert shown["mfu"] == "41.2%"
    assert shown["chips"] == "1,024"
    assert shown["recompute"] == "full"


def test_a_search_looks_where_its_documentation_says() -> None:
    short = search(SMALL, "a100-sxm-40gb", 8, global_batch=2)
    long = search(
        SMALL, "a100-sxm-40gb", 8, global_batch=2, sequence=2048, precision="bf16", stack="", attentions=("flash",),
        up_to=False, contexts=(1, 2, 4, 8),
    )  # fmt: skip
    assert short.front.equals(long.front)
    assert (short.considered, short.fitting) == (long.considered, long.fitting)
    # Of no more contexts there is less to consider, and of both kinds of attention twice as much.
    assert search(SMALL, "a100-sxm-40gb", 8, global_batch=2, contexts=(1, 2, 4)).considered < short.considered
    both = search(SMALL, "a100-sxm-40gb", 8, global_batch=2, attentions=("unfused", "flash"))
    assert both.considered == 2 * short.considered
    assert set(short.front["attention"]) == {"flash"}


def test_a_plan_that_fills_the_memory_to_the_byte_is_found() -> None:
    usable = efficiency("h100-sxm", "bf16", "tuned")["memory_usable"].value
    asked: dict[str, Any] = {"global_batch": 8, "contexts": (1,), "stack": "tuned"}
    least = float(search(SMALL, "h100-sxm", 8, **asked).front["memory"].min())
    fits = search(SMALL, "h100-sxm", 8, **asked, setting=Setting(memory=least / usable * (1 + 1e-12)))
    assert fits.front["memory"].to_list() == [least]
    with pytest.raises(PlanError, match=r"none of [0-9,]+ plans fits: the smallest needs"):
        search(SMALL, "h100-sxm", 8, **asked, setting=Setting(memory=least / usable * (1 - 1e-9)))
