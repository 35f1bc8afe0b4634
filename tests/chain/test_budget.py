"""A budget becomes a model, tokens, chips and days: by hand, by the papers, and back again."""

from __future__ import annotations

from typing import Any

import pytest

import dojo_calc as dc
from dojo_calc.chain.budget import LAWS, training_budget
from dojo_calc.errors import DojoCalcError, UnknownNameError


def test_a_budget_of_1e26_by_hand() -> None:
    # ((0.3478 x 482.01 / (0.3658 x 2085.43)) (1e26 / 6)^0.3658)^(1 / 0.7136) = 10^12.0069 parameters on 16.4e12
    # tokens; 1e26 / (16,384 x 989.5e12 x 0.2856) = 21.6e6 s, 250 days.
    got = training_budget().evaluate(
        ["bought_parameters", "bought_tokens", "billed_by_utilisation", "chip_time_by_utilisation"]
    )
    assert got["bought_parameters"] == pytest.approx(10**12.0069, rel=1e-3)
    assert got["bought_parameters"] * got["bought_tokens"] * 6 == pytest.approx(1e26)
    assert got["billed_by_utilisation"] == pytest.approx(1e26 / (16_384 * 989.5e12 * 0.2856), rel=1e-3)
    assert got["billed_by_utilisation"] / dc.day == pytest.approx(250, abs=1)
    assert got["chip_time_by_utilisation"] == pytest.approx(16_384 * got["billed_by_utilisation"])


def test_llama_3_by_its_own_law() -> None:
    """The paper: 3.8e25 FLOP ask for 16.55e12 tokens; with six operations 383e9 parameters, 402e9 in print."""
    got = training_budget(3.8e25, law="llama3").evaluate(["bought_parameters", "bought_tokens"])
    assert got["bought_tokens"] == pytest.approx(16.55e12)
    assert got["bought_parameters"] == pytest.approx(402e9, rel=0.06)


def test_every_law_answers_and_they_differ() -> None:
    sizes = {law: training_budget(1e26, law=law).evaluate("bought_parameters") for law in LAWS}
    assert max(sizes.values()) / min(sizes.values()) < 4.0
    assert len({round(size) for size in sizes.values()}) == len(LAWS)


def test_a_smaller_model_trained_longer_has_more_loss_and_the_same_price() -> None:
    best, small = training_budget(1e26), training_budget(1e26, parameters="70e9")
    one, other = (
        model.evaluate(["loss", "bought_tokens", "billed_by_utilisation"]) for model in (best, small)
    )
    assert other["bought_tokens"] == pytest.approx(1e26 / 6 / 70e9)
    assert other["loss"] > one["loss"]
    assert other["billed_by_utilisation"] == one["billed_by_utilisation"]


def test_chips_for_a_hundred_days() -> None:
    model = training_budget("1e26 FLOP")
    found = dc.solve(model, "chips", "billed_by_utilisation", 100 * dc.day, low=1e3, high=1e6)
    assert found == pytest.approx(16_384 * model.evaluate("billed_by_utilisation") / (100 * dc.day), rel=1e-6)


def test_an_unknown_law_is_told() -> None:
    with pytest.raises(UnknownNameError, match="unknown law 'chinchila'"):
        training_budget(law="chinchila")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"compute": 0}, "compute must be above 0"),
        ({"compute": [1e24, 1e25]}, "compute must be a number or a text"),
        ({"parameters": 0.5}, "parameters must be at least 1"),
        ({"chips": True}, "chips must be a whole number or a text"),
    ],
)
def test_a_budget_of_nothing_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(DojoCalcError, match=rf"^{message}"):
        training_budget(**given)
