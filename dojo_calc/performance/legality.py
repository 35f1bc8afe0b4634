"""What can be wrong with the sizes of a plan: only plans that somebody could run are timed.

The rules are those of Megatron-Core [1]_: what divides, which micro-batches virtual stages need, which groups
experts make. A message names the sizes, and the nearest that would do.

References
----------
.. [1] NVIDIA, Megatron-Core, `pipeline_parallel/schedules.py` and `parallel_state.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from dojo_calc.performance.setting import NO_NETWORK

__all__ = ["problems"]

# Of a plan, then of a model: sizes, numbers that may be none, and flags.
_SIZES = (
    "chips", "global_batch", "sequence", "micro_batch", "tensor", "pipeline", "context", "expert", "interleave",
    "shard_copies",
    "layers", "hidden", "feedforward", "heads", "kv_heads", "head_dim", "value_head_dim", "vocabulary", "experts",
    "active_experts", "moe_feedforward", "experts_every",
)  # fmt: skip
_NUMBERS = (
    "rope_head_dim", "q_lora_rank", "kv_lora_rank", "window", "full_attention_every", "shared_width",
    "dense_layers", "mtp_layers",
)  # fmt: skip
_FLAGS = ("gated", "tied", "sequence_parallel")

_A = {"tensor": "a tensor group", "expert": "an expert group"}


def problems(values: Mapping[str, Any]) -> Iterator[tuple[Any, Callable[[Callable[[str], str]], str]]]:
    """What can be wrong with the sizes of a plan: where it is, and words for one element.

    Parameters
    ----------
    values : mapping
        Inputs of a step.

    Yields
    ------
    where : bool or array of bool
    words : callable
        Takes a function that shows the value of a name, and gives the message.
    """
    v = values

    def no_whole(name: str) -> Callable[[Callable[[str], str]], str]:
        return lambda of: f"{name} must be a whole number of at least 1, got {of(name)}"

    def no_number(name: str) -> Callable[[Callable[[str], str]], str]:
        return lambda of: f"{name} must be a whole number of at least 0, got {of(name)}"

    def no_flag(name: str) -> Callable[[Callable[[str], str]], str]:
        return lambda of: f"{name} must be 1 or 0, got {of(name)}"

    for name in _SIZES:
        yield ~_is_whole(v[name]), no_whole(name)
    for name in _NUMBERS:
        yield ~_is_whole(np.add(v[name], 1.0)), no_number(name)
    for name in _FLAGS:
        yield (v[name] != 0) & (v[name] != 1), no_flag(name)
    yield (
        (v["visible"] <= 0) | (v["visible"] > 1),
        lambda of: f"visible must be above 0 and at most 1, got {of('visible')}",
    )
    yield (
        v["data"] % 1 != 0,
        lambda of: (
            f"tensor {of('tensor')} x pipeline {of('pipeline')} x context {of('context')} must divide the "
            f"{of('chips')} chips"
        ),
    )
    yield (
        v["tensor"] * v["pipeline"] * v["context"] * v["data"] != v["chips"],
        lambda of: (
            f"tensor {of('tensor')} x pipeline {of('pipeline')} x context {of('context')} x data {of('data')} "
            f"must make the {of('chips')} chips"
        ),
    )
    yield (
        v["heads"] % v["tensor"] != 0,
        lambda of: _uneven(of, "heads", "heads", "tensor"),
    )
    yield (
        v["heads"] % v["kv_heads"] != 0,
        lambda of: f"{of('heads')} heads cannot share {of('kv_heads')} heads of keys and values evenly",
    )
    yield (
        v["active_experts"] > v["experts"],
        lambda of: f"a token cannot meet {of('active_experts')} of {of('experts')} experts",
    )
    yield (
        (v["kv_heads"] % v["tensor"] != 0) & (v["tensor"] % v["kv_heads"] != 0),
        lambda of: (
            f"{of('kv_heads')} heads of keys and values can be neither split nor repeated evenly over a tensor "
            f"group of {of('tensor')}"
        ),
    )
    yield (
        v["feedforward"] % v["tensor"] != 0,
        lambda of: _uneven(of, "feedforward", "columns of the feed-forward layer", "tensor"),
    )
    yield (
        v["global_batch"] % (v["data"] * v["micro_batch"]) != 0,
        lambda of: (
            f"global_batch {of('global_batch')} must be a multiple of data {of('data')} x micro_batch "
            f"{of('micro_batch')}{_multiples(of)}"
        ),
    )
    spread = np.where(v["sequence_parallel"] > 0, v["tensor"], 1.0)
    halves = np.where(v["context"] > 1, 2.0, 1.0)
    yield (
        v["sequence"] % (v["context"] * halves) != 0,
        lambda of: (
            f"a sequence of {of('sequence')} cannot be cut into 2 x context {of('context')} equal parts, of which "
            "each chip takes an early and a late one"
        ),
    )
    yield (
        v["sequence"] % (v["context"] * spread) != 0,
        lambda of: (
            f"a sequence of {of('sequence')} cannot be cut into context {of('context')} x tensor {of('tensor')} "
            "equal parts, which sequence parallelism needs"
        ),
    )
    # the embedding and the head may each take the place of a layer, as in 126 layers over 16 x 8
    yield (
        (v["pipeline"] > v["layers"]) | (v["pipeline"] * v["interleave"] > v["layers"] + 2),
        lambda of: (
            f"{of('layers')} layers cannot make {of('pipeline')} stages x {of('interleave')} virtual stages each"
        ),
    )
    yield (
        (v["interleave"] > 1) & (v["pipeline"] == 1),
        lambda of: f"interleave {of('interleave')} needs more than one pipeline stage",
    )
    rounds = v["global_batch"] / (v["data"] * v["micro_batch"])
    yield (
        (v["interleave"] > 1) & (rounds % v["pipeline"] != 0),
        lambda of: (
            f"interleave {of('interleave')} needs micro-batches in a multiple of the {of('pipeline')} stages; "
            f"global_batch {of('global_batch')} over data {of('data')} x micro_batch {of('micro_batch')} makes "
            f"{(_plain(of('global_batch'))) / (_plain(of('data')) * _plain(of('micro_batch'))):,.6g}"
        ),
    )
    yield (
        (v["data"] * v["context"]) % v["shard_copies"] != 0,
        lambda of: (
            f"data {of('data')} x context {of('context')} chips cannot keep {of('shard_copies')} equal copies of "
            "the sharded state"
        ),
    )
    yield (
        (v["expert"] > v["experts"]) | ((v["tensor"] * v["context"] * v["data"]) % v["expert"] != 0),
        lambda of: (
            f"{of('experts')} experts over tensor {of('tensor')} x context {of('context')} x data {of('data')} "
            f"cannot make expert groups of {of('expert')}"
        ),
    )
    yield (
        (v["network"] <= NO_NETWORK) & (v["chips"] > v["domain"]),
        lambda of: (
            f"no network is known between fast domains of {of('domain')} chips; give that of a server (Setting) or "
            "add nic_bandwidth to the facts of the chip"
        ),
    )
    # whole, since the expert groups make it so
    cut = np.minimum(v["expert"], v["context"] * v["data"]) * v["tensor"] / v["expert"]
    yield (
        (v["experts"] > 1) & (v["moe_feedforward"] % cut != 0),
        lambda of: (
            f"experts of {of('moe_feedforward')} columns cannot be cut evenly by tensor {of('tensor')} x context "
            f"{of('context')} x data {of('data')} over expert groups of {of('expert')}"
        ),
    )
    yield (
        v["experts"] % v["expert"] != 0,
        lambda of: _uneven(of, "experts", "experts", "expert"),
    )


def _is_whole(size: Any) -> Any:
    """Whether a size, or each of an array, is a whole number of at least 1."""
    return np.isfinite(size) & (np.asarray(size) >= 1) & (np.rint(size) == size)


def _plain(shown: str) -> float:
    return float(shown.replace(",", ""))


def _uneven(of: Callable[[str], str], name: str, things: str, group: str) -> str:
    """Words for things that a group cannot share evenly, with the nearest groups that can."""
    number, size = _plain(of(name)), _plain(of(group))
    fewer = next(n for n in range(int(size), 0, -1) if number % n == 0)
    more = next(
        (n for n in range(int(size) + 1, min(int(number), int(size) * 64) + 1) if number % n == 0), None
    )
    fit = f"{fewer}" if more is None else f"{fewer} or {more}"
    return f"{of(name)} {things} cannot be split over {_A[group]} of {of(group)}; {fit} can"


def _multiples(of: Callable[[str], str]) -> str:
    """The nearest batches that replicas can share."""
    batch, share = _plain(of("global_batch")), _plain(of("data")) * _plain(of("micro_batch"))
    below = batch // share * share
    return f"; {below:,.0f} or {below + share:,.0f} is" if below else f"; {share:,.0f} is"
