from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.errors import FactsError, UnknownNameError
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.transformer import forward_flop, layer_activations, training_flop
from dojo_calc.performance.workload import Transformer, transformer, transformers

sizes = st.integers(1, 64).map(lambda n: 64.0 * n)


def parameters(name: str) -> float:
    return float(evaluate(transformer(name).values(), ("model_parameters",))["model_parameters"])


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        # 96 layers x 12 x 12288^2 = 173.946e9; one embedding 51200 x 12288 = 0.629e9.
        ("gpt3-175b", 174.575),
        # Attention 2 x 8192 x (8192 + 1024) = 151.0e6, MLP 3 x 8192 x 28672 = 704.6e6, x 80 = 68.451e9;
        # two embeddings 2 x 128256 x 8192 = 2.101e9. The report prints 70.6 B with its norms.
        ("llama3-70b", 70.553),
        # 126 x (2 x 16384 x (16384 + 1024) + 3 x 16384 x 53248) = 126 x 3.18767e9 = 401.646e9; + 4.203e9
        ("llama3-405b", 405.849),
    ],
)
def test_parameters_by_hand(name: str, billions: float) -> None:
    assert parameters(name) / 1e9 == pytest.approx(billions, rel=1e-4)


@pytest.mark.parametrize("name", [name for name in transformers() if name.startswith("megatron-1008b")])
def test_narayanans_formula_is_a_limit(name: str) -> None:
    """Section 5.1 of [2]: 96 B s l h^2 (1 + s/6h + V/16lh), with every layer computed a second time."""
    one, batch, sequence = transformer(name), 7.0, 2048.0
    whole = one.values()
    arguments = (whole["layers"], 12.0 * one.hidden**2, whole["hidden"])
    tokens = batch * sequence
    head = forward_flop(tokens, 0.0, *arguments[1:], whole["vocabulary"], sequence)
    forward = forward_flop(tokens, *arguments, whole["vocabulary"], sequence)
    h, count, v = float(one.hidden), float(one.layers), float(one.vocabulary)
    printed = 96 * tokens * count * h**2 * (1 + sequence / (6 * h) + v / (16 * count * h))
    assert training_flop(forward) + (forward - head) == pytest.approx(printed, rel=1e-12)


@given(tokens=sizes, hidden=sizes, layers=st.integers(1, 100).map(float))
def test_training_flop_goes_to_6nd(tokens: float, hidden: float, layers: float) -> None:
    """Kaplan's 6 N D: no vocabulary, a sequence short beside the width."""
    n = layers * 12.0 * hidden**2
    work = training_flop(forward_flop(tokens, layers, 12.0 * hidden**2, hidden, 0.0, 0.0))
    assert work == pytest.approx(6 * n * tokens, rel=1e-12)


@given(tokens=sizes, hidden=sizes, layers=st.integers(1, 100).map(float), sequence=sizes)
def test_palms_formula(tokens: float, hidden: float, layers: float, sequence: float) -> None:
    """Appendix B of [4]: 6 N + 12 L H Q T a token, where H Q is the hidden size and T the sequence."""
    n = layers * 12.0 * hidden**2
    work = training_flop(forward_flop(tokens, layers, 12.0 * hidden**2, hidden, 0.0, sequence))
    assert work / tokens == pytest.approx(6 * n + 12 * layers * hidden * sequence, rel=1e-12)


# Korthikanti 2022, figure 7: activation memory relative to none of both, tensor-parallel size 8, sequence 2048.
FIGURE_7 = {
    "megatron-22b": (0.6684, 0.4942, 0.1618, 0.0764),
    "gpt3-175b": (0.6204, 0.5653, 0.1849, 0.0871),
    "mt-nlg-530b": (0.5831, 0.6204, 0.2027, 0.0942),
    "megatron-1t": (0.5831, 0.6204, 0.2027, 0.0942),
}


@pytest.mark.parametrize("name", FIGURE_7)
def test_activation_memory_of_korthikanti(name: str) -> None:
    """The bars of the figure were read to a tenth of a percent of the whole, and lie that near to the formula."""
    m = transformer(name)

    def kept(parallel: float, selective: float, full: float) -> float:
        return float(
            layer_activations(
                2048.0, m.hidden, m.feedforward, m.hidden, m.heads, 2048.0, 0.0, 8.0, parallel, selective,
                full, 0.0, 1.0, 2.0,
            )
        )  # fmt: skip

    none = kept(0, 0, 0)
    got = [kept(1, 0, 0) / none, kept(0, 1, 0) / none, kept(1, 1, 0) / none, kept(0, 0, 1) / none]
    np.testing.assert_allclose(got, FIGURE_7[name], atol=0.0015)
    # The formula itself, to its last digit: s b h (10 + 24/t + 5 a s/h t), eq. 2 of [3].
    h, a = float(m.hidden), float(m.heads)
    assert none == pytest.approx(2048 * h * (10 + 24 / 8 + 5 * a * 2048 / (h * 8)), rel=1e-12)


def test_unknown_transformer_offers_a_name() -> None:
    with pytest.raises(UnknownNameError, match="did you mean gpt3-175b"):
        transformer("gpt3-175")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,2,100,400,3,3,50,0,0", "line 2, column 5 (heads): expected a divisor of hidden = 100, got 3"),
        ("a,2,96,400,4,3,50,0,0", "column 6 (kv_heads): expected a divisor of heads = 4, got 3"),
        ("a,2,96,400,4,4,50,2,0", "column 8 (gated)"),
        ("a,0,96,400,4,4,50,0,0", "column 2 (layers)"),
    ],
)
def test_a_bad_row_is_named(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text(
        "model,layers,hidden,feedforward,heads,kv_heads,vocabulary,gated,tied_embeddings\n" + line + "\n"
    )
    with pytest.raises(FactsError) as caught:
        transformers(path)
    assert message in str(caught.value)


def test_experts_add_parameters_but_work_only_where_active() -> None:
    dense = Transformer(model="d", layers=2, hidden=8, feedforward=32, heads=2, kv_heads=2, vocabulary=16)
    sparse = dense.model_copy(update={"experts": 4, "active_experts": 2})
    asked = ("model_parameters", "active_weights")
    one, other = (evaluate(m.values(), asked) for m in (dense, sparse))
    # By hand: attention 2 x 8 x 16 = 256, one MLP 2 x 8 x 32 = 512, embeddings 2 x 8 x 16 = 256.
    assert (one["model_parameters"], one["active_weights"]) == (2 * 768 + 256, 768)
    assert (other["model_parameters"], other["active_weights"]) == (2 * (256 + 4 * 512) + 256, 256 + 2 * 512)
