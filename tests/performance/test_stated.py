"""A step at a stated utilisation, by hand: the work over what the machine's peak does at that share."""

from __future__ import annotations

from typing import Any

import pytest

from dojo_calc.errors import DojoCalcError, UnknownNameError
from dojo_calc.performance.stated import train_at
from dojo_calc.performance.workload import Transformer

SMALL = Transformer(
    model="small", layers=4, hidden=1024, feedforward=4096, heads=8, kv_heads=8, vocabulary=32000
)
TOKENS = 3 * 2048  # three sequences
PRODUCTS = 4 * (4 * 1024**2 + 2 * 1024 * 4096) + 1024 * 32000  # attention's and the MLP's, and the head's
ATTENTION = 4 * 2 * 2048 * 1024  # of four layers, scores and weighted sum of all that a token sees
PEAK = 362e12  # of a D1 die, AI Day 2021


def made(**changed: Any) -> Any:
    return train_at(SMALL, "d1", **({"chips": 25, "utilisation": 0.4, "global_batch": 3} | changed))


def test_a_step_takes_its_work_at_the_stated_share() -> None:
    work = (
        3 * 2 * TOKENS * (PRODUCTS + ATTENTION)
    )  # a multiply-add is two, and the way back twice the way there
    one = made()
    assert one.model_flop == pytest.approx(work, rel=1e-12)
    assert one.step_time == pytest.approx(work / (25 * PEAK * 0.4), rel=1e-12)
    assert one.low == one.high == one.step_time
    assert (one.mfu, one.basis) == (0.4, "stated by the reader")
    assert made(chips="50").step_time == pytest.approx(one.step_time / 2, rel=1e-12)
    assert made(basis="a guess").basis == "a guess"


def test_a_range_of_shares_is_a_range_of_times() -> None:
    one = made(utilisation=[0.2, 0.4, 0.5])
    assert one.step_time == made().step_time
    assert one.low == pytest.approx(one.step_time * 0.4 / 0.5, rel=1e-12)
    assert one.high == pytest.approx(one.step_time * 0.4 / 0.2, rel=1e-12)
    assert one.mfu == 0.4
    assert made(utilisation=(0.004, 0.4, 0.4)).high == pytest.approx(100 * one.step_time, rel=1e-12)


def test_what_is_asked_changes_the_work() -> None:
    half = made(visible=0.5).model_flop
    assert made().model_flop - half == pytest.approx(3 * 2 * TOKENS * ATTENTION / 2, rel=1e-9)
    assert made(sequence=2048).model_flop == made().model_flop
    longer = made(sequence=4096, global_batch=1).model_flop
    assert longer == pytest.approx(3 * 2 * 4096 * (PRODUCTS + 2 * ATTENTION), rel=1e-12)
    assert made(precision="bf16").step_time == made().step_time
    # A tile is 25 dies.
    tile = train_at(SMALL, "dojo-tile", 1, utilisation=0.4, global_batch=3)
    assert tile.step_time == pytest.approx(made().step_time, rel=1e-3)  # its peak is printed to three digits


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"utilisation": [0.2, 0.4]}, "one share, or low, centre and high, got 2 values"),
        ({"utilisation": [0.2, 0.3, 0.4, 0.5]}, "one share, or low, centre and high, got 4 values"),
        ({"utilisation": [0.5, 0.4, 0.6]}, "low before centre before high, got 0.5, 0.4, 0.6"),
        ({"utilisation": [0.2, 0.7, 0.6]}, "low before centre before high, got 0.2, 0.7, 0.6"),
        ({"utilisation": 0.0}, "utilisation must be above 0 and at most 1"),
        ({"utilisation": 1.1}, "utilisation must be above 0 and at most 1"),
        ({"visible": 0.0}, "visible must be above 0 and at most 1"),
        ({"chips": 0}, "chips must be a whole number of at least 1"),
        ({"global_batch": 0}, "global_batch must be a whole number of at least 1"),
        ({"sequence": 0}, "sequence must be a whole number of at least 1"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DojoCalcError, match=message):
        made(**changed)


def test_a_model_is_looked_up_in_a_readers_own_table(tmp_path: Any) -> None:
    path = tmp_path / "models.csv"
    path.write_text("model,layers,hidden,feedforward,heads,kv_heads,vocabulary\nmine,4,1024,4096,8,8,32000\n")
    found = train_at("mine", "d1", 25, utilisation=0.4, global_batch=3, models=path)
    assert found == made()
    with pytest.raises(UnknownNameError, match="unknown transformer 'mine'"):
        train_at("mine", "d1", 25, utilisation=0.4, global_batch=3)
