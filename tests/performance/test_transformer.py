from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.errors import FactsError, UnknownNameError
from dojo_calc.hardware.catalog import machine
from dojo_calc.performance import transformer as t
from dojo_calc.performance.activations import layer_activations
from dojo_calc.performance.plan import train
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.transformer import (
    attention_span,
    forward_flop,
    prediction_weights,
    training_flop,
)
from dojo_calc.performance.workload import SizeError, Transformer, model_table, transformer, transformers

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
    tokens = batch * sequence
    widths = (whole["hidden"], sequence, whole["hidden"], whole["vocabulary"])
    head = forward_flop(tokens, 0.0, 12.0 * one.hidden**2, *widths)
    forward = forward_flop(tokens, whole["layers"], 12.0 * one.hidden**2, *widths)
    h, count, v = float(one.hidden), float(one.layers), float(one.vocabulary)
    printed = 96 * tokens * count * h**2 * (1 + sequence / (6 * h) + v / (16 * count * h))
    assert training_flop(forward, 0.0) + (forward - head) == pytest.approx(printed, rel=1e-12)


@given(tokens=sizes, hidden=sizes, layers=st.integers(1, 100).map(float))
def test_training_flop_goes_to_6nd(tokens: float, hidden: float, layers: float) -> None:
    """Kaplan's 6 N D: no vocabulary, a sequence short beside the width."""
    n = layers * 12.0 * hidden**2
    work = training_flop(forward_flop(tokens, layers, 12.0 * hidden**2, hidden, 0.0, hidden, 0.0), 0.0)
    assert work == pytest.approx(6 * n * tokens, rel=1e-12)


@given(tokens=sizes, hidden=sizes, layers=st.integers(1, 100).map(float), sequence=sizes)
def test_palms_formula(tokens: float, hidden: float, layers: float, sequence: float) -> None:
    """Appendix B of [4]: 6 N + 12 L H Q T a token, where H Q is the hidden size and T the sequence."""
    n = layers * 12.0 * hidden**2
    work = training_flop(forward_flop(tokens, layers, 12.0 * hidden**2, hidden, sequence, hidden, 0.0), 0.0)
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
                2048.0, m.hidden, m.hidden, m.hidden / 8, 0.0, m.feedforward, 1.0, 0.0, m.heads, 2048.0, 0.0, 8.0,
                parallel, selective, 0.0, full, 0.0, 1.0, 0.0, 0.0, 2.0, 2.0,
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
        ("a,2,100,400,3,3,50,0,0,,", "line 2, column 5 (heads): expected a divisor of hidden = 100, got 3"),
        ("a,2,96,400,4,3,50,0,0,,", "column 6 (kv_heads): expected a divisor of heads = 4, got 3"),
        ("a,2,96,400,4,4,50,2,0,,", "column 8 (gated)"),
        ("a,0,96,400,4,4,50,0,0,,", "column 2 (layers)"),
        ("a,2,96,400,4,4,50,0,0,2,4", "column 11 (active_experts): expected at most experts = 2, got 4"),
        ("a,2,9.5,400,4,4,50,0,0,,", "column 3 (hidden)"),
    ],
)
def test_a_bad_row_is_named(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text(HEADER + line + "\n")
    with pytest.raises(FactsError) as caught:
        transformers(path)
    assert message in str(caught.value)


HEADER = (
    "model,layers,hidden,feedforward,heads,kv_heads,vocabulary,gated,tied_embeddings,experts,active_experts\n"
)
SMALL = {
    "model": "d",
    "layers": 4,
    "hidden": 96,
    "feedforward": 32,
    "heads": 4,
    "kv_heads": 4,
    "vocabulary": 16,
}


@pytest.mark.parametrize(
    ("sizes", "field"),
    [
        ({"heads": 5}, "heads"),
        ({"kv_heads": 3}, "kv_heads"),
        ({"experts": 2, "active_experts": 4}, "active_experts"),
        ({"head_width": 24}, "head_width"),
        ({"layers": 2.5}, "layers"),
        ({"gated": 2}, "gated"),
        ({"shared_experts": 1}, "shared_experts"),
        ({"experts_every": 2}, "experts_every"),
        ({"experts": 8, "experts_every": 5}, "experts_every"),
        ({"experts": 8, "dense_layers": 4}, "dense_layers"),
        ({"experts": 8, "shared_feedforward": 4}, "shared_feedforward"),
        ({"moe_feedforward": 16}, "moe_feedforward"),
        ({"full_attention_every": 2}, "full_attention_every"),
        ({"rope_head_dim": 8}, "rope_head_dim"),
        ({"kv_lora_rank": 8, "kv_heads": 2}, "kv_heads"),
        ({"kv_lora_rank": 8, "rope_head_dim": 24}, "rope_head_dim"),
        ({"kv_lora_rank": 8, "head_dim": 20}, "rope_head_dim"),
    ],
)
def test_sizes_by_hand_are_checked_as_the_table_is(
    sizes: dict[str, float], field: str, tmp_path: Path
) -> None:
    with pytest.raises(SizeError) as caught:
        Transformer(**(SMALL | sizes))
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")
    if field in Transformer.model_fields:
        row = SMALL | sizes
        path = tmp_path / "models.csv"
        path.write_text(",".join(row) + "\n" + ",".join(str(one) for one in row.values()) + "\n")
        with pytest.raises(FactsError, match=field):
            transformers(path)


def test_a_missing_size_is_named() -> None:
    with pytest.raises(SizeError, match="vocabulary: expected a size, got none"):
        Transformer(**{name: size for name, size in SMALL.items() if name != "vocabulary"})


def test_a_changed_model_is_checked() -> None:
    assert Transformer(**SMALL).changed(layers=3).layers == 3
    with pytest.raises(SizeError, match="heads"):
        Transformer(**SMALL).changed(heads=7)


def test_what_is_no_transformer_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        UnknownNameError, match=r"nemotron-3-nano cannot be expressed: a hybrid.*Mamba-2.*qwen3-30b-a3b"
    ):
        transformer("nemotron-3-nano")
    # Neither sizes in another table nor blank ones make it a transformer.
    path = tmp_path / "models.csv"
    path.write_text(HEADER + "nemotron-3-nano,52,2688,1856,32,2,131072,0,0,128,6\nmine,4,,32,4,4,16,0,0,,\n")
    known, refused = model_table(path)
    assert known == {}
    assert refused["mine"] == "hidden not published"
    assert "hybrid" in refused["nemotron-3-nano"]
    # Blank sizes of a model that ships are the shipped ones.
    path = tmp_path / "other.csv"
    path.write_text(HEADER + "llama3-8b,32,,,,,,,,,\n")
    assert model_table(path) == ({}, model_table()[1])
    assert transformer("llama3-8b", path) == transformer("llama3-8b")


# Parameters in billions as printed, all and active, and the half of the last printed digit: model cards and
# reports; where a figure includes an image encoder, biases or leaves out the input embedding, it is said.
PUBLISHED = {
    "gpt3-175b": (174.6, None, 0.05),  # Brown 2020, table D.1
    "megatron-1008b": (1008.0, None, 0.5),  # Narayanan 2021, table 1
    "llama2-7b": (6.74, None, 0.005),  # Touvron 2023, model card
    "llama2-13b": (13.02, None, 0.005),
    "llama2-70b": (68.98, None, 0.005),
    "llama3-8b": (8.03, None, 0.005),  # model card of Llama 3.1
    "llama3-70b": (70.6, None, 0.05),
    "llama3-405b": (405.0, None, 0.9),  # "405B", printed without decimals and cut
    "llama3.2-1b": (1.23, None, 0.006),  # 1.2357, cut
    "llama3.2-3b": (3.21, None, 0.005),
    "mixtral-8x7b": (46.7, 12.9, 0.05),  # Jiang 2024, release note
    "mixtral-8x22b": (141.0, 39.0, 0.5),  # release note
    "deepseek-v2": (236.0, 21.0, 0.5),  # arXiv:2405.04434, abstract
    "deepseek-v2-lite": (15.7, 2.4, 0.06),  # the same, appendix B; active 2.45, without the input embedding
    "deepseek-v3": (671.0, 37.0, 0.5),  # arXiv:2412.19437, abstract; active without the input embedding
    "kimi-k2": (1026.0, 32.0, 0.5),  # weights published; "1T, 32B active", without the input embedding
    "moonlight-16b-a3b": (15.96, None, 0.005),  # arXiv:2502.16982, table 4
    "qwen3-0.6b": (0.6, None, 0.05),  # model cards
    "qwen3-4b": (4.0, None, 0.05),
    "qwen3-8b": (8.2, None, 0.05),
    "qwen3-14b": (14.8, None, 0.05),
    "qwen3-32b": (32.8, None, 0.05),
    "qwen3-30b-a3b": (30.5, 3.3, 0.06),  # active 3.35, cut
    "qwen3-235b-a22b": (235.0, 22.0, 0.5),
    "gpt-oss-120b": (
        116.83,
        5.13,
        0.05,
    ),  # model card, table 1: with 0.04 B of biases; unembedding alone active
    "gpt-oss-20b": (20.91, 3.61, 0.01),
    "llama4-scout": (108.0, 17.0, 0.5),  # card: 109 B with its image encoder of 0.9 B
    "llama4-maverick": (400.0, 17.0, 0.8),  # cut
    "gemma2-9b": (9.24, None, 0.005),  # arXiv:2408.00118, table 2: 8.32 B and an embedding of 0.92 B
    "gemma2-27b": (27.2, None, 0.05),
    "gemma3-27b": (27.0, None, 0.05),  # arXiv:2503.19786, table 1: 25.6 + 1.4 B
    "nemotron-4-15b": (15.6, None, 0.05),  # arXiv:2402.16819: 3.2 B of embeddings, 12.5 B others
    "nemotron-340b": (341.0, None, 0.5),  # arXiv:2406.11704, table 1: 9.4 + 331.6 B
    "olmo3-7b": (7.3, None, 0.05),
    "olmo3-32b": (32.2, None, 0.05),
    "olmoe-1b-7b": (6.9, 1.3, 0.05),  # arXiv:2409.02060
    "bloom-176b": (176.2, None, 0.05),  # model card: 176,247,271,424
    "falcon-180b": (179.0, None, 0.5),
    "pythia-12b": (11.85, None, 0.02),  # Biderman 2023, table 1
    "tinyllama-1.1b": (1.1, None, 0.05),
    "mistral-7b": (7.24, None, 0.005),
}
HEAD_ONLY = ("deepseek-v2-lite", "deepseek-v3", "kimi-k2", "gpt-oss-120b", "gpt-oss-20b")
COUNTED = ("model_parameters", "active_parameters", "embedding_parameters", "model_flop")


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_parameters_and_their_work(name: str) -> None:
    total, active, half = PUBLISHED[name]
    sizes = transformer(name)
    run = {"global_batch": 1.0, "sequence": 4096.0, "visible": 0.0}
    found = evaluate(sizes.changed(mtp_layers=0).values() | run, COUNTED)
    assert found["model_parameters"] / 1e9 == pytest.approx(total, abs=half)
    one_end = sizes.hidden * sizes.vocabulary
    met = found["active_parameters"] - (one_end if name in HEAD_ONLY else 0)
    if active is not None:
        assert met / 1e9 == pytest.approx(active, abs=half if half > 0.05 or name in HEAD_ONLY else 0.06)
    # Six operations a parameter and token, attention's own apart; of two embeddings only the head multiplies.
    weights = found["active_parameters"] - one_end * (1 - sizes.tied_embeddings)
    assert found["model_flop"] == pytest.approx(6.0 * weights * 4096.0, rel=1e-12)


def test_training_flop_of_published_runs() -> None:
    """Brown 2020, table D.1: 3.14e23 for 300 B tokens; Llama 3 2024: 3.8e25 for 15.6 T, both as 6 N D."""
    for name, tokens, printed in (("gpt3-175b", 300e9, 3.14e23), ("llama3-405b", 15.6e12, 3.8e25)):
        run = {"global_batch": tokens / 2048, "sequence": 2048.0, "visible": 0.0}
        found = evaluate(transformer(name).values() | run, ("model_flop",))
        assert found["model_flop"] == pytest.approx(printed, rel=0.011)


def test_weights_of_a_layer_by_hand() -> None:
    # 8 wide, two heads with queries of 4 and values of 6, keys and values 10 wide in all: queries 8 x 8, output
    # 12 x 8, keys and values 2 x 8 x 10; queries through a rank of 3: 3 x (8 + 8) in place of 64.
    assert t.attention_weights(8.0, 2.0, 4.0, 6.0, 10.0, 0.0, 0.0, 0.0) == 64 + 96 + 160
    assert t.attention_weights(8.0, 2.0, 4.0, 6.0, 10.0, 3.0, 0.0, 0.0) == 48 + 96 + 160
    # Keys and values through a rank of 5 with a rotary part of 1: 8 x 6 down, and 5 x 2 x (3 + 6) up.
    assert t.attention_weights(8.0, 2.0, 4.0, 6.0, 10.0, 0.0, 5.0, 1.0) == 64 + 96 + 48 + 90
    assert t.head_width(4.0, 6.0) == 5
    assert t.attention_width(5.0, 2.0) == 10
    assert t.key_value_width(5.0, 1.0) == 5
    assert t.mlp_weights(8.0, 12.0, 0.0) == 2 * 96
    assert t.mlp_weights(8.0, 12.0, 1.0) == 3 * 96
    # In three of four layers four gated experts of 10; a router of 4, and shared experts 20 wide.
    assert t.expert_weights(0.75, 8.0, 10.0, 1.0, 4.0) == 0.75 * 4 * 240
    assert t.shared_weights(0.75, 8.0, 240.0, 20.0, 1.0, 4.0) == 60 + 0.75 * (3 * 8 * 20 + 8 * 4)
    assert t.layer_weights(1.0, 2.0, 4.0) == 7
    assert t.embedding_parameters(8.0, 40.0, 0.0) == 640
    assert t.embedding_parameters(8.0, 40.0, 1.0) == 320
    assert t.model_parameters(3.0, 100.0, 640.0) == t.active_parameters(3.0, 100.0, 640.0) == 940


@pytest.mark.parametrize(
    ("layers", "dense", "every", "experts", "having"),
    [
        (61.0, 3.0, 1.0, 256.0, 58),  # DeepSeek-V3
        (48.0, 0.0, 2.0, 128.0, 24),  # Llama 4 Maverick
        (7.0, 2.0, 2.0, 8.0, 2),  # the second and fourth of five
        (4.0, 6.0, 1.0, 8.0, 0),
        (4.0, 0.0, 1.0, 1.0, 0),
        (4.0, 0.0, 1.0, 2.0, 4),
    ],
)
def test_layers_that_have_experts(
    layers: float, dense: float, every: float, experts: float, having: int
) -> None:
    assert t.expert_share(layers, dense, every, experts) == having / layers


def test_layers_that_see_everything() -> None:
    assert t.full_share(62.0, 1024.0, 6.0) == 10 / 62  # Gemma 3: each sixth
    assert t.full_share(62.0, 1024.0, 0.0) == 0
    assert t.full_share(62.0, 1024.0, 1.0) == t.full_share(62.0, 0.0, 0.0) == 1


def test_however_little_there_is_of_a_part_it_is_there() -> None:
    """Only 0 says that a layer has no low rank, window or shared expert, and only 1 that it has one expert."""
    little = 1e-3
    assert t.attention_weights(8.0, 2.0, 4.0, 6.0, 10.0, little, 0.0, 0.0) < 96 + 160 + 1
    assert t.attention_weights(8.0, 2.0, 4.0, 6.0, 10.0, 0.0, little, 0.0) < 64 + 96 + 1
    assert t.attention_weights(8.0, 2.0, 4.0, 6.0, 10.0, 0.0, 5.0, 9.0) == 64 + 96 + 8 * 14 + 5 * 2 * 6
    assert t.expert_share(4.0, 0.0, 1.0, 1 + little) == 1
    assert t.mlp_passes(1.0, 4.0, little) == 5
    assert t.prediction_weights(8.0, 320.0, 0.0, 0.0, 1.0, 100.0, 1 + little, 1.0) < 128 + 320 + 9
    assert t.full_share(4.0, 8.0, little) == 1
    assert t.full_share(4.0, little, 0.0) == 0


def test_mlps_that_a_token_passes_by_hand() -> None:
    # One in a dense layer; in three of four layers four experts, and one for all that are shared.
    assert t.mlp_passes(0.75, 4.0, 0.0) == 0.25 + 3
    assert t.mlp_passes(0.75, 4.0, 20.0) == 0.25 + 0.75 * 5
    # 100 wide in a quarter of the layers, 4 x 10 and 20 in the others: 25 + 45, over four passes.
    assert t.mlp_width(0.75, 100.0, 4.0, 10.0, 20.0, 4.0) == 17.5


def test_work_by_hand() -> None:
    # Six tokens, three layers of 50 weights, attention 4 wide over ten tokens of which half count, a head of 8 x 40:
    # products 600 FLOP, attention 2 x 2 x 6 x 10 x 4 / 2 = 480, the head 3,840.
    assert t.forward_flop(6.0, 3.0, 50.0, 4.0, 10.0, 8.0, 40.0, 0.5) == 3 * 1080 + 3840
    # Two modules that predict further have a layer and a head each; there and twice back, all thrice.
    assert t.prediction_flop(6.0, 2.0, 50.0, 4.0, 10.0, 8.0, 40.0, 0.5) == 2 * (1080 + 3840)
    assert t.training_flop(7080.0, 9840.0) == 3 * 16920
    # Such a module joins two states, 2 x 8 x 8, and has attention and an MLP of 100, or two of four experts of 10
    # with shared ones of 20 and a router.
    assert t.prediction_weights(8.0, 320.0, 20.0, 10.0, 1.0, 100.0, 1.0, 1.0) == 128 + 320 + 3 * 8 * 100
    assert t.prediction_weights(8.0, 320.0, 20.0, 10.0, 1.0, 100.0, 2.0, 2.0) == 128 + 320 + 3 * 8 * 40 + 16
    assert t.prediction_weights(8.0, 320.0, 20.0, 10.0, 0.0, 100.0, 4.0, 2.0) == 128 + 320 + 2 * 8 * 40 + 32


def test_latent_attention_by_hand() -> None:
    """DeepSeek-V3, a layer: queries 1536 x (7168 + 128 x 192), keys and values 7168 x 576 + 512 x 128 x 256,
    output 128 x 128 x 7168."""
    found = evaluate(
        transformer("deepseek-v3").values(), ("attention_weights", "attention_width", "kv_width")
    )
    by_hand = 1536 * (7168 + 24576) + 7168 * 576 + 512 * 128 * 256 + 16384 * 7168
    assert found == {"attention_weights": by_hand, "attention_width": 128 * 160, "kv_width": 128 * 160}


def test_second_token_of_deepseek_v3() -> None:
    """Its report: the module for it has 11.5 B parameters of its own, 14 B with shared embedding and head."""
    sizes = transformer("deepseek-v3").values()
    module = prediction_weights(
        sizes["hidden"], 187105280.0, sizes["shared_width"], sizes["moe_feedforward"], 1.0, sizes["feedforward"],
        256.0, 256.0,
    )  # fmt: skip
    assert module / 1e9 == pytest.approx(11.5, abs=0.15)
    run = {"global_batch": 1.0, "sequence": 4096.0, "visible": 1.0}
    with_it = evaluate(transformer("deepseek-v3").values() | run, ("model_flop",))["model_flop"]
    without = transformer("deepseek-v3").changed(mtp_layers=0).values() | run
    # One more of 61 layers, nearly, and a second head of 129280 x 7168.
    more = with_it / evaluate(without, ("model_flop",))["model_flop"] - 1
    assert 1 / 61 < more < 0.06


def test_window_against_a_count() -> None:
    """Tokens that each token sees, counted one by one, half of its own score; the span is twice their mean."""
    for length, window in ((7, 3), (12, 5), (9, 20)):
        seen = sum(min(place + 0.5, window) for place in range(length))
        span = attention_span(float(length), float(window), 0.0)
        assert span == pytest.approx(2 * seen / length, rel=1e-12)
    assert attention_span(4096.0, 128.0, 0.5) == 0.5 * 4096 + 0.5 * 128 * (2 - 128 / 4096)
    assert attention_span(100.0, 0.0, 1.0) == 100.0


@given(
    k=st.integers(1, 8),
    width=st.integers(1, 100),
    gated=st.integers(0, 1),
    tensor=st.sampled_from([1.0, 2.0, 8.0]),
)
def test_active_experts_keep_what_one_wide_mlp_keeps(k: int, width: int, gated: int, tensor: float) -> None:
    """And the copies of their inputs: k x hidden more, sharded as the rest of the residual stream is."""
    dense = Transformer(**(SMALL | {"feedforward": k * width, "gated": gated}))
    many = dense.changed(feedforward=width, experts=16, active_experts=k)
    run = {
        "tokens": 10.0, "sequence": 10.0, "tensor": tensor, "sequence_parallel": 1.0, "selective": 0.0, "full": 0.0,
        "per_op": 0.0, "flash": 1.0, "dropout": 0.0, "mlp_copies": 0.0, "gathered_inputs": 0.0, "element": 2.0,
        "input_bytes": 2.0,
    }  # fmt: skip
    kept = [
        layer_activations(
            *(evaluate_names(one, run, name) for name in signature(layer_activations).parameters)
        )
        for one in (dense, many)
    ]
    assert kept[1] - kept[0] == pytest.approx(10 * 2.0 * k * 96 / tensor, rel=1e-9)


def evaluate_names(one: Transformer, run: dict[str, float], name: str) -> float:
    given = one.values() | run
    return given[name] if name in given else float(evaluate(given, (name,))[name])


def test_experts_add_parameters_but_work_only_where_active() -> None:
    dense = Transformer(model="d", layers=2, hidden=8, feedforward=32, heads=2, kv_heads=2, vocabulary=16)
    sparse = dense.changed(experts=4, active_experts=2)
    asked = ("model_parameters", "active_weights")
    one, other = (evaluate(m.values(), asked) for m in (dense, sparse))
    # By hand: attention 2 x 8 x 16 = 256, one MLP 2 x 8 x 32 = 512, router 8 x 4 = 32, embeddings 2 x 8 x 16 = 256.
    assert (one["model_parameters"], one["active_weights"]) == (2 * 768 + 256, 768)
    assert (other["model_parameters"], other["active_weights"]) == (
        2 * (256 + 4 * 512 + 32) + 256,
        256 + 2 * 512 + 32,
    )


def test_an_edited_table_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    head = "model,layers,hidden,feedforward,heads,kv_heads,vocabulary\n"
    path.write_text(head + "mine,2,64,256,4,4,1000\n")
    assert transformers(path)["mine"].layers == 2
    path.write_text(head + "mine,3,64,256,4,4,1000\n")
    assert transformers(path)["mine"].layers == 3


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("llama 3.1 405b", "llama3-405b"),
        ("llama-3.1-405b", "llama3-405b"),
        ("Llama3 405B", "llama3-405b"),
        ("Llama-3-8B", "llama3-8b"),
        ("deepseek v3", "deepseek-v3"),
        ("DeepSeek_V3", "deepseek-v3"),
        ("GPT-3", "gpt3-175b"),
    ],
)
def test_a_model_is_found_as_people_type_it(typed: str, meant: str) -> None:
    assert transformer(typed) == transformer(meant)


def test_a_near_miss_is_named() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown transformer 'llama 3.1 404b'; did you mean llama3.1-405b"
    ):
        transformer("llama 3.1 404b")


def test_a_precision_is_read_in_any_case() -> None:
    plan: dict[str, Any] = {"global_batch": 64, "tensor": 8, "pipeline": 8}
    lower, upper = (train("gpt3-175b", "h100-sxm", 64, precision=one, **plan) for one in ("fp8", "FP8"))
    assert lower.step_time == upper.step_time
    assert machine("h100-sxm").peak("BF16") == machine("h100-sxm").peak("bf16")
