"""Step time, parts and memory of a million training plans, and the search of all plans of a machine."""

from __future__ import annotations

import cProfile
import importlib.util
import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import Row, medians
from dojo_calc.performance import step
from dojo_calc.performance.efficiency import chip_values
from dojo_calc.performance.plan import ATTENTION, RECOMPUTE, SHARDING, flags, train
from dojo_calc.performance.search import search
from dojo_calc.performance.workload import transformer

MODEL, CHIP, CHIPS = "gpt3-175b", "a100-sxm-80gb", 512
WITH_EXPERTS = "mixtral-8x7b"
BATCH, SEQUENCE = 512, 2048
CONFIGURATIONS = 1_000_000
BLOCK = 16_384  # plans; a block's arrays stay in the caches, and a call's overhead is small beside it
GROWTH = (10_000, 100_000, 1_000_000, 10_000_000)
OUTPUTS = ("step_time", "memory", *step.PARTS, *step.MEMORY)
SEARCHED_BATCH = 1536  # sequences: the batch that GPT-3 175B was measured with on a thousand A100
CONTEXTS = (1, 2, 4, 8, 16)
PEER_PLANS = 5_000
PEER = Path(__file__).with_name("peer.py")
PEERS = PEER.parents[1] / "_build" / "peers" / "bin" / "python"
PROFILED = 12  # formulas shown of the profile

SIZES = ("chips", "tensor", "pipeline", "data", "context", "micro_batch", "interleave", "sequence_parallel")

Vector = np.ndarray[Any, np.dtype[np.float64]]


def rows() -> Iterator[Row]:
    """Time plans evaluated, checked and searched, each on the processor's own clock, which other work cannot slow."""
    plans = _plans(CONFIGURATIONS)
    values = plans | flags(plans["recompute"], plans["sharding"], plans["attention"])
    words = {name: values.pop(name) for name in ("recompute", "sharding", "attention")}
    del plans
    fixed = _fixed(MODEL, expert=1.0)

    def evaluated(start: int, stop: int, points: int = CONFIGURATIONS) -> Any:
        own = {name: one[start:stop] for name, one in values.items()}
        return step.evaluate(fixed | own, OUTPUTS, points)

    def in_numpy(start: int, stop: int) -> Any:
        return evaluated(start, stop, 0)

    def asked(start: int, stop: int) -> Any:
        sizes = {name: values[name][start:stop] for name in SIZES}
        return train(
            MODEL, CHIP, global_batch=BATCH, sequence=SEQUENCE, **sizes,
            **{name: one[start:stop] for name, one in words.items()},
        )  # fmt: skip

    yield from _step_time(lambda count: _in_blocks(evaluated, count), values)
    (seconds,) = medians(lambda: _in_blocks(in_numpy, CONFIGURATIONS), repeats=3, clock=time.process_time)
    work = f"{CONFIGURATIONS:,} plans in blocks of {BLOCK:,}, in NumPy, on one core"
    yield Row("step_time_numpy", work, seconds, CONFIGURATIONS / seconds, None, None)
    yield from _time_alone(values)
    (seconds,) = medians(lambda: _in_blocks(asked, CONFIGURATIONS), repeats=3, clock=time.process_time)
    work = f"{CONFIGURATIONS:,} plans by `train`: sizes and words checked, plans that cannot be masked"
    yield Row("train", work, seconds, CONFIGURATIONS / seconds, None, None)
    yield _search()


def _fixed(model: str, expert: float) -> dict[str, Any]:
    """What all plans have in common: model, chip, batch and the size of expert groups."""
    fixed = transformer(model).values() | chip_values(CHIP)
    fixed |= {"global_batch": float(BATCH), "sequence": float(SEQUENCE), "expert": expert, "visible": 1.0}
    return fixed | {"shard_copies": 1.0}


def _time_alone(values: dict[str, Vector]) -> Iterator[Row]:
    """The time of a step without its parts and its memory, of a dense model and of one with experts."""
    for kind, model, expert in (("dense", MODEL, 1.0), ("moe", WITH_EXPERTS, 8.0)):
        fixed = _fixed(model, expert)
        for name, points in ((f"step_time_{kind}", CONFIGURATIONS), (f"step_time_{kind}_numpy", 0)):

            def task(
                start: int, stop: int, fixed: dict[str, Any] = fixed, points: int = points
            ) -> dict[str, Any]:
                own = {name: one[start:stop] for name, one in values.items()}
                return step.evaluate(fixed | own, ("step_time",), points)

            (seconds,) = medians(
                partial(_in_blocks, task, CONFIGURATIONS), repeats=5, clock=time.process_time
            )
            work = f"{CONFIGURATIONS:,} plans of {model}, time alone{', in NumPy' if not points else ''}, one core"
            yield Row(name, work, seconds, CONFIGURATIONS / seconds, None, None)


def _plans(count: int) -> dict[str, Any]:
    """Plans of GPT-3 175B on 512 chips drawn from all whose sizes divide each other; many do not fit in memory."""
    powers = [2**n for n in range(10)]
    sizes = np.array(
        [
            (CHIPS, tensor, pipeline, CHIPS // (tensor * pipeline * context), context, micro, interleave)
            for tensor, pipeline, context, micro, interleave in product(
                powers[:6], powers[:6], powers[:4], powers[:6], (1, 2, 3)
            )
            if tensor * pipeline * context * micro <= CHIPS and (pipeline > 1 or interleave == 1)
        ],
        dtype=np.float64,
    )
    random = np.random.default_rng(4)
    drawn = dict(zip(SIZES, sizes[random.integers(len(sizes), size=count)].T.copy(), strict=False))
    drawn["sequence_parallel"] = random.integers(2, size=count) * (drawn["tensor"] > 1.0)
    kinds = {"recompute": RECOMPUTE, "sharding": SHARDING, "attention": ATTENTION}
    return drawn | {name: random.choice(np.array(of), size=count) for name, of in kinds.items()}


def _in_blocks(task: Callable[[int, int], Any], count: int) -> None:
    """Do a task on so many plans, block by block; beyond the last plan begin again with the first."""
    for done in range(0, count, CONFIGURATIONS):
        here = min(count - done, CONFIGURATIONS)
        for start in range(0, here, BLOCK):
            task(start, min(start + BLOCK, here))


def _step_time(run: Callable[[int], None], values: dict[str, Vector]) -> Iterator[Row]:
    tracemalloc.start()
    run(CONFIGURATIONS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    (seconds,) = medians(lambda: run(CONFIGURATIONS), repeats=5, clock=time.process_time)
    (wall,) = medians(lambda: run(CONFIGURATIONS), repeats=3)
    work = (
        f"{CONFIGURATIONS:,} plans of {MODEL} on {CHIPS} {CHIP}, time with {len(step.PARTS)} parts, memory with "
        f"{len(step.MEMORY)}, in blocks of {BLOCK:,}, one core ({wall:.2f} s by the wall); {peak / 1e6:.1f} MB "
        "beside the plans"
    )
    theirs, refused = _peer(values)
    if theirs is None:
        print("llm-analysis is not installed (make bench does it), so step_time is not compared with it")
        yield Row("step_time", work, seconds, CONFIGURATIONS / seconds, None, None)
    else:
        share = f"{work}; the rival, coarser, evaluates {PEER_PLANS:,} of them ({refused:,} it refuses)"
        ratio = theirs / PEER_PLANS / (seconds / CONFIGURATIONS)
        yield Row("step_time", share, seconds, CONFIGURATIONS / seconds, "llm-analysis", ratio)
    for count in GROWTH:
        (each,) = medians(partial(run, count), repeats=3, clock=time.process_time)
        yield Row("step_time_growth", f"{count:,} plans", each, count / each, None, None)
    for name, part in _profile(run):
        yield Row("step_time_profile", f"{name}: {part:.1%} of the time", part * seconds, None, None, None)


def _profile(run: Callable[[int], None]) -> list[tuple[str, float]]:
    """Shares of the time by formula: the largest, then all others together."""
    profiler = cProfile.Profile()
    profiler.runcall(run, CONFIGURATIONS)
    entries = profiler.getstats()
    whole = sum(one.inlinetime for one in entries)
    spent = sorted(
        ((one.inlinetime / whole, one.callcount, one.code) for one in entries), key=lambda one: -one[0]
    )
    shown = [
        (f"{code if isinstance(code, str) else code.co_name}, {calls:,} calls", share)
        for share, calls, code in spent[:PROFILED]
    ]
    return [*shown, ("all others", 1.0 - sum(share for _, share in shown))]


def _peer(values: dict[str, Vector]) -> tuple[float | None, int]:
    """Processor seconds that llm-analysis takes for the first plans, and how many of them it refuses."""
    inside = importlib.util.find_spec("llm_analysis") is not None
    if not inside and not PEERS.is_file():
        return None, 0
    plans = []
    for row in range(PEER_PLANS):
        v = {name: int(one[row]) for name, one in values.items()}
        plans.append(
            {
                "tensor": v["tensor"],
                "pipeline": v["pipeline"],
                "data": v["data"] * v["context"],  # it knows no context parallelism
                "spread": v["tensor"] if v["sequence_parallel"] else 1,
                "micro_batch": v["micro_batch"],
                "recompute": v["selective"] + 2 * v["full"],
                "sharding": v["shard_optimizer"] + v["shard_gradients"] + v["shard_weights"],
                "flash": bool(v["flash"]),
            }
        )
    sent = {
        "model": "megatron-lm-175b", "chip": CHIP, "global_batch": BATCH, "sequence": SEQUENCE, "plans": plans,
    }  # fmt: skip
    answer = subprocess.run(
        [sys.executable if inside else str(PEERS), str(PEER)],
        input=json.dumps(sent),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    found = json.loads(answer.stdout)
    return found["seconds"], found["refused"]


def _search() -> Row:
    def ours() -> Any:
        with ThreadPoolExecutor(2) as threads:
            return search(
                MODEL, CHIP, CHIPS, global_batch=SEARCHED_BATCH, sequence=SEQUENCE, up_to=True,
                contexts=CONTEXTS, attentions=ATTENTION, executor=threads,
            )  # fmt: skip

    tracemalloc.start()
    found = ours()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    (seconds,) = medians(ours, repeats=3)
    (spent,) = medians(ours, repeats=1, clock=time.process_time)
    work = (
        f"{found.considered:,} plans of {MODEL} on up to {CHIPS} {CHIP}, batch {SEARCHED_BATCH:,}, two threads, "
        f"enumeration included: {found.fitting:,} fit, {found.front.height:,} on the front; processor {spent:.1f} s, "
        f"{peak / 1e6:.0f} MB; to stay under 10 s and 2 GB"
    )
    return Row("search", work, seconds, found.considered / seconds, None, None)
