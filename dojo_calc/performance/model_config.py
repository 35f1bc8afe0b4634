"""A reader's `config.json`, as Hugging Face writes it beside a model's weights, as the sizes of a transformer.

`data/architectures.csv` says of each `model_type` whether its MLP is gated, whether its embeddings are one where the
file does not say, and of those that are no transformers of this library which part is not, and the nearest that is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le

from dojo_calc.doors import door
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.performance.workload import SizeError, Transformer
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows

__all__ = ["transformer_from_config"]

# Names that configurations give a size, the first that is there counts.
NAMES = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "hidden": ("hidden_size", "n_embd", "n_embed", "d_model"),
    "feedforward": ("intermediate_size_mlp", "intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size"),
    "heads": ("num_attention_heads", "n_head", "n_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads"),
    "vocabulary": ("vocab_size",),
    "experts": ("num_local_experts", "num_experts", "n_routed_experts"),
    "active_experts": ("num_experts_per_tok", "experts_per_token"),
    "shared_experts": ("n_shared_experts",),
    "shared_feedforward": ("shared_expert_intermediate_size",),
    "dense_layers": ("first_k_dense_replace",),
    "experts_every": ("interleave_moe_layer_step", "decoder_sparse_step", "moe_layer_freq"),
    "q_lora_rank": ("q_lora_rank",),
    "kv_lora_rank": ("kv_lora_rank",),
    "rope_head_dim": ("qk_rope_head_dim",),
    "value_head_dim": ("v_head_dim",),
    "head_dim": ("head_dim",),
    "window": ("sliding_window", "attention_chunk_size"),
    "full_attention_every": ("sliding_window_pattern", "no_rope_layer_interval"),
    "mtp_layers": ("num_nextn_predict_layers",),
}
# What a file of these types leaves out because its class supplies it.
ABSENT: dict[str, dict[str, int]] = {
    "qwen3": {"head_dim": 128},
    "gemma": {"head_dim": 256},
    "gemma2": {"head_dim": 256, "window": 4096, "full_attention_every": 2},
    "gemma3_text": {"head_dim": 256, "window": 4096, "full_attention_every": 6},
    "gpt_oss": {"head_dim": 64, "window": 128, "full_attention_every": 2},
    "llama4_text": {"shared_experts": 1, "full_attention_every": 4, "experts_every": 1},
    "olmo3": {"full_attention_every": 4},
    "mixtral": {"experts": 8, "active_experts": 2},
}
# Parts that no size here can say.
BEYOND = {
    "num_kv_shared_layers": "layers share keys and values",
    "is_encoder_decoder": "there is an encoder beside the decoder",
    "hidden_size_per_layer_input": "each layer has an embedding of its own",
    "num_global_key_value_heads": "global layers have key-value heads of their own",
    "index_topk": "attention picks keys by an indexer",
    "attn_layer_period": "most layers have no attention",
    "ssm_cfg": "layers are state spaces",
    "mamba_d_state": "layers are state spaces",
}


class _Row(Strict):
    model_type: str
    gated: Annotated[int, Ge(0), Le(1)] = 0
    tied: Annotated[int, Ge(0), Le(1)] = 0
    refused: str = ""
    nearest: str = ""


@cache
def _architectures() -> dict[str, _Row]:
    return {row.model_type: row for row, _ in read_rows(data_path("architectures.csv"), _Row)}


@door
def transformer_from_config(config: str | Path | Mapping[str, Any], name: str = "") -> Transformer:
    """Sizes of a model by its `config.json`.

    Parameters
    ----------
    config : path or mapping
        The file, or what it holds. Of a model that also sees or hears, its `text_config` counts.
    name : str
        The model's name; that of the file's folder, or of its `model_type`, if left out.

    Returns
    -------
    Transformer

    Raises
    ------
    UnknownNameError
        If the architecture is unknown, or has a part that cannot be expressed: the message says which, and the
        nearest that can.
    SizeError
        If the file cannot be read as a configuration, lacks a size, or its sizes do not fit each other.
    """
    whole = _read(config)
    own = _text_part(whole)
    kind = _known(own)
    _check_parts(own, kind)
    sizes: dict[str, Any] = ABSENT.get(kind.model_type, {}) | _given(own)
    sizes |= _filled(own, kind, sizes)
    tied = own.get("tie_word_embeddings", whole.get("tie_word_embeddings", bool(kind.tied)))
    label = name or _label(config, own)
    return Transformer(
        model=label, gated=kind.gated, tied_embeddings=int(bool(tied)), source="config.json",
        **{size: value for size, value in sizes.items() if value is not None},
    )  # fmt: skip


def _read(config: str | Path | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(config, Mapping):
        return config
    try:
        found = json.loads(Path(config).read_bytes())
    except OSError as error:
        raise SizeError("config", f"{config} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SizeError("config", f"{config} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise SizeError("config", f"expected {config} to hold an object of names and values")
    return found


def _text_part(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = whole.get("text_config")
    return inner if isinstance(inner, Mapping) else whole


def _known(own: Mapping[str, Any]) -> _Row:
    kind = own.get("model_type")
    if not isinstance(kind, str):
        raise SizeError("model_type", "expected the name of an architecture, got none")
    known = _architectures()
    if kind not in known:
        can = [one for one, row in known.items() if not row.refused]
        hint = nearest(kind, can) or f"; there are {', '.join(can)}"
        raise UnknownNameError(f"unknown architecture {kind!r}{hint}")
    row = known[kind]
    if row.refused:
        raise UnknownNameError(
            f"{kind} cannot be expressed: {row.refused}; the nearest that can is {row.nearest}"
        )
    return row


def _check_parts(own: Mapping[str, Any], kind: _Row) -> None:
    for name, part in BEYOND.items():
        if own.get(name):
            raise UnknownNameError(
                f"this {kind.model_type} cannot be expressed: {part} ({name} = {own[name]}); without that it could"
            )


def _given(own: Mapping[str, Any]) -> dict[str, Any]:
    """Sizes that the file itself says."""
    found = {}
    for size, names in NAMES.items():
        value = next((own[name] for name in names if own.get(name) is not None), None)
        if value is not None:
            found[size] = value
    return found


def _filled(own: Mapping[str, Any], kind: _Row, sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Sizes that follow from others, or that some architectures say in a way of their own."""
    found: dict[str, Any] = {}
    hidden, heads = sizes.get("hidden"), sizes.get("heads")
    if "feedforward" not in sizes and isinstance(hidden, int):
        found["feedforward"] = int(own.get("expansion_ratio", 4)) * hidden
    if kind.model_type == "falcon" and not own.get("new_decoder_architecture"):
        found["kv_heads"] = 1 if own.get("multi_query", True) else heads
    elif "kv_heads" not in sizes:
        found["kv_heads"] = 1 if kind.model_type == "gpt_bigcode" and own.get("multi_query", True) else heads
    if sizes.get("kv_lora_rank"):
        found |= {
            "head_dim": own.get("qk_nope_head_dim", 0) + own.get("qk_rope_head_dim", 0),
            "kv_heads": heads,
        }
    return found | _windows(own, sizes) | _experts(own, kind, sizes)


def _windows(own: Mapping[str, Any], sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Which layers have a window, by the list of layers where there is one."""
    types = own.get("layer_types")
    if own.get("use_sliding_window") is False or not sizes.get("window"):
        return {"window": 0, "full_attention_every": 0}
    if not isinstance(types, Sequence) or isinstance(types, str):
        return {}
    other = sorted({str(one) for one in types} - {"full_attention", "sliding_attention", "chunked_attention"})
    if other:
        raise UnknownNameError(
            f"layer_types: {other[0]!r} cannot be expressed; full and sliding attention can"
        )
    full = [place for place, one in enumerate(types, 1) if one == "full_attention"]
    if len(full) == len(types):
        return {"window": 0, "full_attention_every": 0}
    every = full[0] if full else 0
    if full != (list(range(every, len(types) + 1, every)) if every else []):
        raise UnknownNameError("layer_types: expected full attention in each n-th layer, or in none or all")
    return {"full_attention_every": every}


def _experts(own: Mapping[str, Any], kind: _Row, sizes: Mapping[str, Any]) -> dict[str, Any]:
    if sizes.get("experts", 1) == 1:
        return dict.fromkeys(
            (
                "experts",
                "active_experts",
                "shared_experts",
                "shared_feedforward",
                "dense_layers",
                "experts_every",
            )
        )
    width = own.get("moe_intermediate_size")
    if kind.model_type == "llama4_text":
        width = own.get("intermediate_size")
    found: dict[str, Any] = {"moe_feedforward": width or sizes.get("feedforward")}
    if (
        own.get("n_group", 1) > 1
    ):  # groups of experts, of which routing opens some: a server's, as they are spread
        found["expert_domains"] = own.get("topk_group")
    if sizes.get("shared_feedforward"):
        found["shared_experts"] = sizes.get("shared_experts", 1)
    dense = own.get("mlp_only_layers") or []
    if dense:
        if sorted(dense) != list(range(len(dense))):
            raise UnknownNameError(
                "mlp_only_layers: expected the leading layers, since others cannot be expressed"
            )
        found["dense_layers"] = len(dense)
    return found


def _label(config: str | Path | Mapping[str, Any], own: Mapping[str, Any]) -> str:
    if isinstance(config, Mapping):
        return str(own.get("_name_or_path") or own["model_type"])
    return Path(config).resolve().parent.name or str(own["model_type"])
