"""Configurations as their models publish them: the same sizes as the table of models, or a refusal that says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dojo_calc.errors import DojoCalcError, UnknownNameError
from dojo_calc.performance.model_config import transformer_from_config
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.workload import SizeError, transformer

PUBLISHED: dict[str, dict[str, Any]] = {
    "llama3-8b": {
        "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": False,
        "rope_theta": 500000.0, "rms_norm_eps": 1e-05,
    },
    "llama3.2-1b": {
        "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
        "head_dim": 64,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": True,
    },
    "qwen3-4b": {
        "model_type": "qwen3", "hidden_size": 2560, "intermediate_size": 9728, "num_hidden_layers": 36,
        "head_dim": 128, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 151936,
        "tie_word_embeddings": True, "use_sliding_window": False, "sliding_window": None,
    },
    "qwen3-30b-a3b": {
        "model_type": "qwen3_moe", "hidden_size": 2048, "intermediate_size": 6144, "moe_intermediate_size": 768,
        "num_hidden_layers": 48, "head_dim": 128, "num_attention_heads": 32, "num_key_value_heads": 4,
        "num_experts": 128, "num_experts_per_tok": 8, "decoder_sparse_step": 1, "mlp_only_layers": [],
        "vocab_size": 151936, "tie_word_embeddings": False,
    },
    "mixtral-8x7b": {
        "model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2,
        "vocab_size": 32000, "sliding_window": None, "tie_word_embeddings": False,
    },
    "deepseek-v3": {
        "model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048,
        "num_hidden_layers": 61, "num_attention_heads": 128, "num_key_value_heads": 128, "q_lora_rank": 1536,
        "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
        "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 3,
        "moe_layer_freq": 1, "num_nextn_predict_layers": 1, "vocab_size": 129280, "tie_word_embeddings": False,
    },
    "gpt-oss-20b": {
        "model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 24,
        "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "num_local_experts": 32,
        "num_experts_per_tok": 4, "sliding_window": 128, "vocab_size": 201088, "tie_word_embeddings": False,
        "layer_types": ["sliding_attention", "full_attention"] * 12,
    },
    "gemma3-27b": {
        "model_type": "gemma3", "text_config": {
            "model_type": "gemma3_text", "hidden_size": 5376, "intermediate_size": 21504, "num_hidden_layers": 62,
            "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128, "sliding_window": 1024,
            "sliding_window_pattern": 6, "vocab_size": 262144,
        },
    },
    "gemma2-9b": {
        "model_type": "gemma2", "hidden_size": 3584, "intermediate_size": 14336, "num_hidden_layers": 42,
        "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 256, "sliding_window": 4096,
        "vocab_size": 256128,
    },
    "llama4-maverick": {
        "model_type": "llama4", "text_config": {
            "model_type": "llama4_text", "hidden_size": 5120, "intermediate_size": 8192,
            "intermediate_size_mlp": 16384, "num_hidden_layers": 48, "num_attention_heads": 40,
            "num_key_value_heads": 8, "head_dim": 128, "num_local_experts": 128, "num_experts_per_tok": 1,
            "interleave_moe_layer_step": 2, "attention_chunk_size": 8192, "vocab_size": 202048,
            "tie_word_embeddings": False,
        },
    },
    "olmo3-7b": {
        "model_type": "olmo3", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 32, "sliding_window": 4096, "vocab_size": 100278,
        "tie_word_embeddings": False,
        "layer_types": (["sliding_attention"] * 3 + ["full_attention"]) * 8,
    },
    "pythia-12b": {
        "model_type": "gpt_neox", "hidden_size": 5120, "intermediate_size": 20480, "num_hidden_layers": 36,
        "num_attention_heads": 40, "vocab_size": 50304, "tie_word_embeddings": False,
    },
    "falcon-40b": {
        "model_type": "falcon", "hidden_size": 8192, "num_hidden_layers": 60, "num_attention_heads": 128,
        "num_kv_heads": 8, "new_decoder_architecture": True, "multi_query": True, "vocab_size": 65024,
    },
    "bloom-176b": {
        "model_type": "bloom", "hidden_size": 14336, "n_layer": 70, "n_head": 112, "vocab_size": 250880,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_configuration_is_the_model_of_the_table(name: str) -> None:
    asked = ("model_parameters", "active_parameters", "model_flop")
    run = {"global_batch": 1.0, "sequence": 8192.0, "visible": 1.0}
    made = evaluate(transformer_from_config(PUBLISHED[name]).values() | run, asked)
    table = evaluate(transformer(name).values() | run, asked)
    assert made == table


def test_older_words_for_sizes() -> None:
    """GPT-2 XL: 1.5 B in 48 layers of 1,600; 4 x as wide an MLP where the file says nothing."""
    made = transformer_from_config(
        {
            "model_type": "gpt2",
            "n_embd": 1600,
            "n_layer": 48,
            "n_head": 25,
            "vocab_size": 50257,
            "n_inner": None,
        }
    )
    assert (made.feedforward, made.kv_heads, made.tied_embeddings, made.gated) == (6400, 25, 1, 0)
    found = evaluate(made.values(), ("model_parameters",))["model_parameters"]
    assert found == pytest.approx(1.5576e9, rel=2e-3)  # less positions and biases
    one_key = transformer_from_config(
        {
            "model_type": "gpt_bigcode",
            "n_embd": 6144,
            "n_layer": 40,
            "n_head": 48,
            "n_inner": 24576,
            "vocab_size": 49152,
        }
    )
    assert one_key.kv_heads == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"model_type": "nemotron_h"},
            "nemotron_h cannot be expressed: a hybrid of attention and Mamba layers",
        ),
        ({"model_type": "jamba"}, "the nearest that can is mixtral"),
        ({"model_type": "t5"}, "an encoder beside the decoder"),
        ({"model_type": "lama"}, "unknown architecture 'lama'; did you mean llama"),
        ({"model_type": None}, "model_type: expected the name of an architecture, got none"),
        ({"hidden_size": None}, "hidden: expected a size, got none"),
        ({"num_attention_heads": 33}, "heads: expected a divisor of hidden = 4096, got 33"),
        ({"num_key_value_heads": 5}, "kv_heads: expected a divisor of heads = 32, got 5"),
        ({"num_kv_shared_layers": 8}, "layers share keys and values (num_kv_shared_layers = 8)"),
        (
            {"sliding_window": 512, "layer_types": ["linear_attention"] * 32},
            "'linear_attention' cannot be expressed",
        ),
        (
            {"sliding_window": 512, "layer_types": ["full_attention", *["sliding_attention"] * 31]},
            "expected full attention in each n-th layer",
        ),
    ],
)
def test_what_cannot_be_expressed_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DojoCalcError) as caught:
        transformer_from_config(PUBLISHED["llama3-8b"] | changed)
    assert message in str(caught.value)


def test_dense_layers_in_the_middle_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="mlp_only_layers: expected the leading layers"):
        transformer_from_config(PUBLISHED["qwen3-30b-a3b"] | {"mlp_only_layers": [3]})
    assert transformer_from_config(PUBLISHED["qwen3-30b-a3b"] | {"mlp_only_layers": [0, 1]}).dense_layers == 2


def test_a_file_is_read_and_named_by_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my-model"
    folder.mkdir()
    path = folder / "config.json"
    path.write_text(json.dumps(PUBLISHED["qwen3-4b"]))
    assert transformer_from_config(path).model == "my-model"
    assert transformer_from_config(path, "other").model == "other"
    assert transformer(str(path)).head_dim == 128
    path.write_text("{")
    with pytest.raises(SizeError, match="is not JSON"):
        transformer_from_config(path)
    path.write_text("[1]")
    with pytest.raises(SizeError, match="to hold an object"):
        transformer_from_config(path)
    with pytest.raises(SizeError, match="cannot be read: No such file"):
        transformer_from_config(tmp_path / "none.json")


PLAIN: dict[str, Any] = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 12, "num_attention_heads": 8,
    "num_key_value_heads": 4, "vocab_size": 1000,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        # What the classes of Hugging Face's library supply where a file is silent, by their documentation.
        ("qwen3", {}, {"head_dim": 128}),
        ("gemma", {}, {"head_dim": 256, "window": 0}),
        ("gemma2", {}, {"head_dim": 256, "window": 4096, "full_attention_every": 2}),
        ("gemma3_text", {}, {"head_dim": 256, "window": 4096, "full_attention_every": 6}),
        ("gpt_oss", {}, {"head_dim": 64, "window": 128, "full_attention_every": 2}),
        ("mixtral", {}, {"experts": 8, "active_experts": 2, "moe_feedforward": 4096}),
        ("olmo3", {"sliding_window": 512}, {"window": 512, "full_attention_every": 4}),
        (
            "llama4_text",
            {"num_local_experts": 16, "attention_chunk_size": 512, "intermediate_size_mlp": 8192},
            {"shared_experts": 1, "full_attention_every": 4, "experts_every": 1, "window": 512,
             "moe_feedforward": 4096, "feedforward": 8192},
        ),
        # And what a file says counts before it.
        ("qwen3", {"head_dim": 64}, {"head_dim": 64}),
        ("gemma2", {"sliding_window": 512}, {"window": 512, "full_attention_every": 2}),
        ("mixtral", {"num_local_experts": 4}, {"experts": 4, "active_experts": 2}),
    ],
)  # fmt: skip
def test_what_a_file_leaves_out_its_class_supplies(
    kind: str, more: dict[str, Any], expected: dict[str, int]
) -> None:
    made = transformer_from_config(PLAIN | {"model_type": kind} | more)
    assert {name: getattr(made, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("changed", "kv_heads"),
    [
        ({"model_type": "llama"}, 4),
        ({"model_type": "llama", "num_key_value_heads": None}, 8),  # as many as there are heads
        ({"model_type": "gpt_bigcode", "num_key_value_heads": None}, 1),  # one that all share
        ({"model_type": "gpt_bigcode", "num_key_value_heads": None, "multi_query": False}, 8),
        ({"model_type": "llama", "num_key_value_heads": None, "multi_query": True}, 8),
        # An older Falcon shares one or has as many as heads; what it says of a newer one's number is not read.
        ({"model_type": "falcon"}, 1),
        ({"model_type": "falcon", "multi_query": False}, 8),
        ({"model_type": "falcon", "new_decoder_architecture": True}, 4),
    ],
)
def test_heads_of_keys_by_architecture(changed: dict[str, Any], kv_heads: int) -> None:
    assert transformer_from_config(PLAIN | changed).kv_heads == kv_heads


def test_an_mlp_is_four_times_as_wide_unless_the_file_says_otherwise() -> None:
    silent = {name: size for name, size in PLAIN.items() if name != "intermediate_size"}
    for more, width in (({}, 4096), ({"expansion_ratio": 2}, 2048), ({"n_inner": 3000}, 3000)):
        assert transformer_from_config(silent | {"model_type": "mpt"} | more).feedforward == width


@pytest.mark.parametrize(
    ("types", "window", "every"),
    [
        (None, 512, 0),
        (["sliding_attention"] * 12, 512, 0),
        (["full_attention"] * 12, 0, 0),
        (["full_attention", "sliding_attention"] * 6, None, None),  # the first of two is no n-th layer
        (["sliding_attention", "full_attention"] * 6, 512, 2),
        (["sliding_attention", "sliding_attention", "full_attention"] * 4, 512, 3),
        (["chunked_attention", "full_attention"] * 6, 512, 2),
        (["sliding_attention"] * 11 + ["full_attention"], 512, 12),
        ("full_attention", 512, 0),  # a text is no list of layers
    ],
)
def test_layers_with_a_window(types: Any, window: int | None, every: int | None) -> None:
    config = PLAIN | {"model_type": "llama", "sliding_window": 512, "layer_types": types}
    if window is None:
        with pytest.raises(UnknownNameError, match="full attention in each n-th layer"):
            transformer_from_config(config)
    else:
        made = transformer_from_config(config)
        assert (made.window, made.full_attention_every) == (window, every)
        none = transformer_from_config(config | {"use_sliding_window": False})
        assert (none.window, none.full_attention_every) == (0, 0)
        assert transformer_from_config(config | {"use_sliding_window": True}) == made


def test_parts_of_a_mixture() -> None:
    mixed = PLAIN | {"model_type": "qwen2_moe", "num_experts": 8, "num_experts_per_tok": 2}
    made = transformer_from_config(mixed)
    assert (made.experts, made.active_experts, made.moe_feedforward) == (8, 2, 4096)
    assert made.expert_domains is None
    narrow = transformer_from_config(
        mixed | {"moe_intermediate_size": 512, "shared_expert_intermediate_size": 2048}
    )
    assert (narrow.moe_feedforward, narrow.shared_experts, narrow.shared_feedforward) == (512, 1, 2048)
    two = transformer_from_config(mixed | {"n_shared_experts": 2, "shared_expert_intermediate_size": 2048})
    assert two.shared_experts == 2
    # DeepSeek-V3 routes a token to 4 of 8 groups; one group is no limit.
    assert transformer_from_config(mixed | {"n_group": 8, "topk_group": 4}).expert_domains == 4
    assert transformer_from_config(mixed | {"n_group": 2, "topk_group": 1}).expert_domains == 1
    assert transformer_from_config(mixed | {"n_group": 1, "topk_group": 1}).expert_domains is None
    # Of one expert nothing that is said of experts counts.
    one = transformer_from_config(
        mixed
        | {"num_experts": 1, "num_experts_per_tok": 1, "first_k_dense_replace": 1, "decoder_sparse_step": 2}
    )
    assert (one.experts, one.dense_layers, one.experts_every, one.moe_feedforward) == (1, 0, 1, None)
    latent = {"kv_lora_rank": 64, "qk_nope_head_dim": 96, "qk_rope_head_dim": 32, "v_head_dim": 128}
    deep = transformer_from_config(mixed | {"model_type": "deepseek_v2", "first_k_dense_replace": 2} | latent)
    assert (deep.head_dim, deep.kv_heads, deep.rope_head_dim, deep.value_head_dim) == (128, 8, 32, 128)
    assert deep.dense_layers == 2


def test_embeddings_are_tied_as_the_file_or_its_class_says() -> None:
    for kind, said, tied in (
        ("llama", None, 0), ("llama", True, 1), ("gemma", None, 1), ("gemma", False, 0),
    ):  # fmt: skip
        more = {} if said is None else {"tie_word_embeddings": said}
        assert transformer_from_config(PLAIN | {"model_type": kind} | more).tied_embeddings == tied
    inner = {"model_type": "llama4", "text_config": PLAIN | {"model_type": "llama"}}
    assert transformer_from_config(inner | {"tie_word_embeddings": True}).tied_embeddings == 1
    assert transformer_from_config(inner).tied_embeddings == 0


def test_a_model_is_named_by_what_is_said_first() -> None:
    plain = PLAIN | {"model_type": "llama"}
    assert transformer_from_config(plain).model == "llama"
    assert transformer_from_config(plain | {"_name_or_path": "mine"}).model == "mine"
    assert transformer_from_config(plain | {"_name_or_path": "mine"}, "other").model == "other"
