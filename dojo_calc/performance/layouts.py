"""Ways to lay a model out over chips: sizes that fit each other, enumerated in blocks of bounded memory.

Only plans that run are made: heads, columns, experts and sequences divide, replicas share the batch evenly, and
virtual stages have their micro-batches, as `plan.problems` says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from math import isqrt, prod
from typing import Any, TypeAlias

import numpy as np

from dojo_calc.doors import door
from dojo_calc.performance.plan import RECOMPUTE, SHARDING
from dojo_calc.performance.workload import Transformer

__all__ = [
    "COLUMNS",
    "FLAGS",
    "SIZES",
    "Ranges",
    "blocks_of",
    "divisors",
    "layouts",
    "nearest_batch",
    "nearest_batches",
    "nearest_counts",
    "plans_of",
]

SIZES = ("chips", "tensor", "pipeline", "context", "data", "micro_batch", "interleave", "expert")
FLAGS = ("sequence_parallel", "recompute", "sharding", "attention")
COLUMNS = (*SIZES, *FLAGS)
MOST_SEQUENCES = 256  # in a micro-batch: beyond that nothing gets faster
NEAR = 0.05  # share by which an advised batch may differ
LEAST_USED = 0.5  # of what another layout uses: with more chips idle no plan is the fastest

Ranges: TypeAlias = tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]
Vector: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"


@cache
def divisors(number: int) -> tuple[int, ...]:
    """Every divisor of a whole number, the least first."""
    small = [n for n in range(1, isqrt(number) + 1) if number % n == 0]
    return tuple(dict.fromkeys((*small, *(number // n for n in reversed(small)))))


def layouts(
    sizes: Transformer,
    chips: int,
    global_batch: int,
    sequence: int,
    contexts: Sequence[int],
    *,
    exactly: bool,
) -> list[tuple[int, ...]]:
    """Chips used, tensor, pipeline, context and data sizes that fit each other, the model and the batch.

    Parameters
    ----------
    sizes : Transformer
    chips, global_batch, sequence : int
        [1].
    contexts : sequence of int
        Context-parallel sizes to try [1].
    exactly : bool
        Whether all chips have to be used; else as many replicas are made as the batch shares evenly, and the other
        chips stay idle.

    Returns
    -------
    list of tuple of int
    """
    shares = divisors(global_batch)
    found: list[tuple[int, ...]] = []
    for tensor in _tensors(sizes):
        for pipeline in _pipelines(sizes.layers, global_batch, exactly=exactly):
            for context in contexts:
                group = tensor * pipeline * context
                room = chips // group
                if not room or sequence % (context * min(context, 2)) or (exactly and chips % group):
                    continue
                if exactly and global_batch % room:
                    continue
                data = room if exactly else max(one for one in shares if one <= room)
                found.append((group * data, tensor, pipeline, context, data))
    if not found:
        return found
    most = max(one[0] for one in found)
    return [one for one in found if one[0] >= LEAST_USED * most]


def _tensors(sizes: Transformer) -> list[int]:
    widths = (sizes.feedforward, *((sizes.moe_feedforward,) if sizes.moe_feedforward else ()))
    return [
        one
        for one in divisors(sizes.heads)
        if not any(width % one for width in widths) and (not sizes.kv_heads % one or not one % sizes.kv_heads)
    ]


def _pipelines(layers: int, global_batch: int, *, exactly: bool) -> list[int]:
    """Numbers of stages: all, or the fewest for each depth of a stage and those that divide the batch."""
    if exactly:
        return list(range(1, layers + 1))
    fewest = {-(-layers // depth) for depth in range(1, layers + 1)}
    return sorted(fewest | {one for one in range(1, layers + 1) if global_batch % one == 0})


def _virtual_stages(layers: int, pipeline: int) -> tuple[int, ...]:
    """Numbers of virtual stages that cut a stage evenly; embedding and head may stand in for a layer each."""
    if pipeline == 1:
        return (1,)
    return tuple(n for n in divisors(-(-layers // pipeline)) if n * pipeline <= layers + 2)


def blocks_of(
    bases: Sequence[tuple[int, ...]], sizes: Transformer, global_batch: int, sequence: int,
    kinds: tuple[int, ...], block: int,
) -> list[list[Ranges]]:  # fmt: skip
    """Layouts with what varies freely on each, grouped so that a block holds about so many plans."""
    blocks: list[list[Ranges]] = [[]]
    held = 0
    for base in bases:
        free = tuple(_free(base, sizes, global_batch, sequence, kinds))
        count = prod(map(len, free))
        if held and held + count > block:
            blocks.append([])
            held = 0
        blocks[-1].append((base, free))
        held += count
    return blocks


def _free(
    base: tuple[int, ...], sizes: Transformer, global_batch: int, sequence: int, kinds: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """Choices on a layout, in the order of `COLUMNS` from the micro-batch on."""
    _, tensor, pipeline, context, data = base
    yield tuple(one for one in divisors(global_batch // data) if one <= MOST_SEQUENCES)
    yield _virtual_stages(sizes.layers, pipeline)
    yield tuple(one for one in divisors(sizes.experts) if _grouped(one, sizes, tensor, context * data))
    yield (0, 1) if tensor > 1 and sequence % (tensor * context) == 0 else (0,)
    yield tuple(range(len(RECOMPUTE)))
    yield tuple(range(len(SHARDING))) if data * context > 1 else (0,)
    yield kinds


def _grouped(expert: int, sizes: Transformer, tensor: int, replicas: int) -> bool:
    """Whether experts make so many groups, and their columns as many equal parts as chips are left for each."""
    if sizes.experts == 1:
        return True
    shards = tensor * min(expert, replicas)  # of all groups together
    width = sizes.moe_feedforward or sizes.feedforward
    return (tensor * replicas) % expert == 0 and width * expert % shards == 0


def plans_of(block: Sequence[Ranges], global_batch: int) -> Vector:
    """Plans of a block that run, a row each in the order of `COLUMNS`."""
    grids = [_grid(free) for _, free in block]
    columns = np.empty((len(COLUMNS), sum(grid.shape[1] for grid in grids)))
    start = 0
    for (base, _), grid in zip(block, grids, strict=True):
        fixed, varied = np.split(columns[:, start : start + grid.shape[1]], [len(base)])
        fixed.T[:] = base
        varied[:] = grid
        start += grid.shape[1]
    _, _, pipeline, _, data, micro, interleave = columns[:7]
    runs = (interleave == 1.0) | (global_batch // (data * micro) % pipeline == 0.0)
    return columns.take(np.flatnonzero(runs), axis=1).T


@lru_cache(maxsize=1024)
def _grid(free: tuple[tuple[int, ...], ...]) -> Vector:
    """All combinations of choices, a column each; layouts share many of them."""
    return np.stack([np.ravel(one) for one in np.meshgrid(*free, indexing="ij")], dtype=np.float64)


@door
def nearest_counts(chips: int, global_batch: int, group: int) -> list[int]:
    """Counts of chips around a count that a layout uses in full: the nearest below and above.

    Parameters
    ----------
    chips, global_batch : int
        [1].
    group : int
        Chips of a replica [1].

    Returns
    -------
    list of int
    """
    counts = [group * one for one in divisors(global_batch)]
    return [one for one in counts if one <= chips][-1:] + [one for one in counts if one > chips][:1]


@door
def nearest_batch(chips: int, global_batch: int, bases: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Batch near a batch with which some layout uses the most chips, micro-batches a multiple of its stages.

    Parameters
    ----------
    chips, global_batch : int
        [1].
    bases : sequence of tuple of int
        See `layouts`.

    Returns
    -------
    tuple of int
        Chips used, and the batch: of those that use as many the nearest.
    """
    found = _batches(chips, global_batch, bases)
    return max(found, key=lambda one: (one[0], -abs(one[1] - global_batch)), default=(0, global_batch))


@door
def nearest_batches(chips: int, global_batch: int, bases: Sequence[tuple[int, ...]], most: int) -> list[int]:
    """Batches near a batch which many layouts share evenly among all replicas that the chips make.

    Parameters
    ----------
    chips, global_batch : int
        [1].
    bases : sequence of tuple of int
        See `layouts`.
    most : int
        How many to return [1].

    Returns
    -------
    list of int
        The batch of most layouts first.
    """
    layouts_of = Counter(batch for _, batch in _batches(chips, global_batch, bases))
    return sorted(layouts_of, key=lambda one: (-layouts_of[one], abs(one - global_batch)))[:most]


def _batches(chips: int, global_batch: int, bases: Sequence[tuple[int, ...]]) -> list[tuple[int, int]]:
    """Chips that each layout uses, and the nearest batch of whole rounds of its pipelines; none that is far off."""
    found = []
    for _, tensor, pipeline, context, _ in bases:
        group = tensor * pipeline * context
        share = chips // group * pipeline
        batch = round(global_batch / share) * share
        if abs(batch - global_batch) <= NEAR * global_batch:
            found.append((chips // group * group, batch))
    return found
