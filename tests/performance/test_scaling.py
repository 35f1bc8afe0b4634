"""Published splits of a budget, and the laws that critical batches obey; each value is printed by the paper named."""

from __future__ import annotations

import numpy as np
import pytest

from dojo_calc.facts import load
from dojo_calc.performance import scaling

LAW = "scaling-law"
FIT = ("size_coefficient", "size_exponent", "data_coefficient", "data_exponent")


def fit(reading: str) -> list[float]:
    return [load().value(LAW, name, reading) for name in FIT]


def test_budgets_that_papers_print() -> None:
    # Brown 2020, table D.1: GPT-3 175B, 174.6e9 parameters on 300e9 tokens, 3.14e23 FLOP.
    assert scaling.training_compute(174.6e9, 300e9) == pytest.approx(3.14e23, rel=2e-3)
    # Hoffmann 2022, table 3, a few rows: budgets of 10, 280 and 1,000 billion parameters.
    sizes, tokens = np.array([10e9, 280e9, 1e12]), np.array([205.1e9, 5.9e12, 21.2e12])
    np.testing.assert_allclose(
        scaling.training_compute(sizes, tokens), [1.23e22, 9.90e24, 1.27e26], rtol=6e-3
    )
    assert scaling.tokens_for_compute(5.76e23, 67e9) == pytest.approx(1.43e12, rel=2e-3)


def test_losses_of_gopher_and_chinchilla() -> None:
    """By the rounded fit of Hoffmann 2022, eq. 10: 1.69 + 0.052 + 0.251 and 1.69 + 0.083 + 0.163."""
    gopher = scaling.training_loss(280e9, 300e9, 1.69, 406.4, 0.34, 410.7, 0.28)
    chinchilla = scaling.training_loss(70e9, 1.4e12, 1.69, 406.4, 0.34, 410.7, 0.28)
    assert gopher == pytest.approx(1.993, abs=1e-3)
    assert chinchilla == pytest.approx(1.936, abs=1e-3)


def test_third_approach_against_its_table() -> None:
    """Hoffmann 2022, table A3: budgets and tokens of approach 3 for models from 1 to 1,000 billion parameters.

    The coefficients in print are rounded, which the power of 26 decades carries to a tenth.
    """
    budgets = np.array([1.62e20, 2.46e22, 1.71e24, 1.26e25, 5.65e26])
    sizes = np.array([1e9, 10e9, 67e9, 175e9, 1000e9])
    found = scaling.optimal_parameters(budgets, *fit("hoffmann_3"))
    np.testing.assert_allclose(found, sizes, rtol=0.1)
    np.testing.assert_allclose(
        scaling.tokens_for_compute(budgets, found), [27.1e9, 410.1e9, 4.1e12, 12.0e12, 94.1e12], rtol=0.1
    )


def test_replication_at_chinchillas_budget() -> None:
    """Besiroglu 2024: about 20 tokens a parameter, as the other two approaches; sizes go with C^0.512."""
    size = scaling.optimal_parameters(5.76e23, *fit("besiroglu"))
    assert 17 <= scaling.tokens_for_compute(5.76e23, size) / size <= 23
    ten = scaling.optimal_parameters(5.76e24, *fit("besiroglu")) / size
    assert np.log10(ten) == pytest.approx(0.512, abs=2e-3)


@pytest.mark.parametrize("reading", ["besiroglu", "hoffmann_3"])
def test_the_optimum_has_the_least_loss(reading: str) -> None:
    floor = load().value(LAW, "loss_floor", reading)
    first, *rest = fit(reading)
    best = scaling.optimal_parameters(1e26, first, *rest)
    sizes = best * np.array([0.9, 1.0, 1.1])
    losses = np.asarray(
        scaling.training_loss(sizes, scaling.tokens_for_compute(1e26, sizes), floor, first, *rest)
    )
    low, least, high = losses
    assert least < min(low, high)


def test_tokens_by_a_power_of_the_budget() -> None:
    facts = load()

    def tokens(compute: float, reading: str) -> float:
        names = ("optimal_budget", "optimal_budget_tokens", "optimal_tokens_exponent")
        return float(
            np.asarray(
                scaling.optimal_tokens_by_power(compute, *(facts.value(LAW, name, reading) for name in names))
            )
        )

    # Hoffmann 2022, tables 3 and A3: a model of 10,000 billion parameters, printed to four digits.
    assert tokens(1.30e28, "hoffmann_1") == pytest.approx(216.2e12, rel=0.05)
    assert tokens(1.75e28, "hoffmann_2") == pytest.approx(292.0e12, rel=0.05)
    # Llama 3 herd of models 2024, section 3.2.1: from the same law, budgets of its own experiments below 1e22 FLOP.
    assert tokens(3.8e25, "llama3") == pytest.approx(16.55e12)
    # DeepSeek LLM 2024, eq. 4: 5.8316 C^0.4757, worked out by hand at 1e20: 10^(0.76579 + 9.514).
    assert tokens(1e20, "deepseek_llm") == pytest.approx(10**10.27979, rel=1e-4)


def test_readings_of_a_budget_of_1e26_differ_by_less_than_their_spread() -> None:
    """The fits of 2022 to 2024 put the best size for 1e26 FLOP between 0.4 and 1.1e12 parameters."""
    sizes = [scaling.optimal_parameters(1e26, *fit(one)) for one in ("besiroglu", "hoffmann_3")]
    assert 4e11 < min(sizes) < max(sizes) < 1.1e12


def test_critical_batch_of_kaplan() -> None:
    """Kaplan 2020, section 5.1: 1 to 2 million tokens at convergence for the largest models, near 2.6 nats."""
    facts = load()
    found = scaling.critical_batch(
        2.6, facts.value(LAW, "critical_batch_at_one"), facts.value(LAW, "critical_batch_exponent")
    )
    assert 1e6 <= found <= 2.2e6


def test_critical_batch_by_the_length_of_the_training() -> None:
    """Zhang 2024: 22.91 D^0.47 sequences, D in billions; at 1,000 billion by hand 22.91 x 10^1.41 = 588.9."""
    found = scaling.critical_batch_by_tokens(1e12, 1e9, 22.91, 0.47)
    assert found == pytest.approx(22.91 * 10**1.41)


def test_steps_and_tokens_lie_on_mccandlishs_hyperbola() -> None:
    """McCandlish 2018, eq. 2.11: (S / S_min - 1)(E / E_min - 1) = 1 at every batch."""
    batch = np.geomspace(0.01, 100, 9) * 3e6
    steps = scaling.steps_at_batch(1e5, batch, 3e6) / 1e5
    tokens = scaling.tokens_at_batch(3e11, batch, 3e6) / 3e11
    np.testing.assert_allclose((steps - 1) * (tokens - 1), 1.0)
    np.testing.assert_allclose(batch * steps * 1e5, tokens * 3e11, rtol=1e-12)  # B x S = E
