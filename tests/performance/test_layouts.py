"""What the search offers and how it orders it, against enumerations and orders written out in full."""

from __future__ import annotations

from itertools import pairwise, product
from math import prod
from typing import Any

import numpy as np
import pytest

from dojo_calc.performance import layouts
from dojo_calc.performance.layouts import COLUMNS
from dojo_calc.performance.search import SIMPLE, _counts, _front, _sorted
from dojo_calc.performance.workload import Transformer

SMALL = Transformer(
    model="small", layers=4, hidden=1024, feedforward=4096, heads=8, kv_heads=2, vocabulary=32000
)
MIXED = SMALL.changed(experts=12, active_experts=2, moe_feedforward=24)


@pytest.mark.parametrize(
    ("chips", "batch", "sequence", "contexts"),
    [(12, 6, 64, (1, 2, 4)), (7, 5, 48, (1, 3)), (16, 8, 8, (1, 2, 8))],
)
@pytest.mark.parametrize("exactly", [True, False])
def test_layouts_are_all_sizes_that_fit_each_other(
    chips: int, batch: int, sequence: int, contexts: tuple[int, ...], exactly: bool
) -> None:
    """Every tensor, pipeline, context and data size up to the chips, those kept that obey each rule in words."""
    found = {}
    for tensor, pipeline, context in product(range(1, 9), range(1, 5), contexts):
        if 8 % tensor or 4096 % tensor or (2 % tensor and tensor % 2):
            continue  # heads and columns split evenly, heads of keys split or are repeated evenly
        if sequence % context or (context > 1 and sequence % (2 * context)):
            continue  # each chip takes an early and a late part
        if pipeline == 3 and not exactly and batch % 3:
            continue  # as deep as two stages, and no better at sharing the batch
        fitting = [data for data in range(1, chips + 1) if batch % data == 0]
        fitting = [data for data in fitting if tensor * pipeline * context * data <= chips]
        if exactly:
            fitting = [data for data in fitting if tensor * pipeline * context * data == chips]
        if fitting:
            data = max(fitting)
            found[tensor, pipeline, context] = (tensor * pipeline * context * data, data)
    most = max((used for used, _ in found.values()), default=0)
    expected = {
        (used, *sizes, data) for sizes, (used, data) in found.items() if 2 * used >= most
    }  # with more chips idle no plan is the fastest
    got = layouts.layouts(SMALL, chips, batch, sequence, contexts, exactly=exactly)
    assert len(got) == len(set(got))
    assert set(got) == expected


def test_tensor_groups_divide_heads_and_every_width() -> None:
    sizes = MIXED.changed(heads=12, kv_heads=4, hidden=1536, feedforward=36, moe_feedforward=24)
    for widths in ({}, {"moe_feedforward": 18}, {"feedforward": 8}, {"kv_heads": 12}):
        one = sizes.changed(**widths)
        expected = [
            n for n in range(1, 13)
            if 12 % n == one.feedforward % n == one.values()["moe_feedforward"] % n == 0
            and (one.kv_heads % n == 0 or n % one.kv_heads == 0)
        ]  # fmt: skip
        assert layouts._tensors(one) == expected
    assert layouts._tensors(SMALL) == [1, 2, 4, 8]


def test_sizes_that_make_nothing_are_no_layouts() -> None:
    assert layouts.layouts(SMALL, 7, 8, 64, (1,), exactly=True) == []  # seven of eight heads or sequences


@pytest.mark.parametrize(
    ("expert", "tensor", "replicas", "can"),
    [
        (1, 1, 1, True),
        (2, 1, 1, False),  # two groups of one chip
        (2, 2, 1, True),  # of two: a whole expert on each
        (4, 2, 1, False),
        (4, 2, 2, True),
        (3, 2, 3, True),  # 24 columns over two chips of each group
        (3, 2, 2, False),  # three groups of four chips
        (3, 1, 6, True),
        (3, 2, 4, False),
        (2, 5, 2, False),  # 24 columns over five
        (4, 6, 2, True),  # over three
        (2, 8, 4, True),  # over eight
    ],
)
def test_expert_groups_split_columns_evenly(expert: int, tensor: int, replicas: int, can: bool) -> None:
    assert layouts._grouped(expert, MIXED, tensor, replicas) == can
    assert layouts._grouped(expert, SMALL, tensor, replicas)  # whose one expert is no group


def test_an_expert_as_wide_as_the_other_layers_is_cut_by_their_width() -> None:
    wide = SMALL.changed(
        experts=12, active_experts=2, feedforward=4104
    )  # 4,104 / 3 is whole, 4,104 / 16 is not
    assert layouts._grouped(4, wide, 6, 2)
    assert not layouts._grouped(2, wide, 16, 2)


def test_a_block_is_as_full_as_it_can_be() -> None:
    """Layouts in their order, the next block begun where one more would hold more plans than a block should."""
    bases = layouts.layouts(SMALL, 16, 16, 64, (1, 2), exactly=False)
    whole = layouts.blocks_of(bases, SMALL, 16, 64, (0, 1), 10**9)
    assert len(whole) == 1
    each = [prod(map(len, free)) for _, free in whole[0]]
    exact = {
        sum(each[i:j]) for i in range(5) for j in range(i + 1, i + 4)
    }  # blocks that some layouts fill to the plan
    for block in {1, *exact}:
        made = layouts.blocks_of(bases, SMALL, 16, 64, (0, 1), block)
        assert [base for one in made for base, _ in one] == bases
        counts = [[prod(map(len, free)) for _, free in one] for one in made]
        assert all(sum(one) <= block or len(one) == 1 for one in counts)
        assert all(sum(one) + after[0] > block for one, after in pairwise(counts))


def test_free_choices_are_those_that_a_layout_has() -> None:
    base = (16, 2, 2, 1, 4)  # chips, tensor, pipeline, context, data
    micro, interleave, expert, parallel, redo, shard, kinds = layouts._free(base, MIXED, 16, 64, (0, 1))
    assert micro == (1, 2, 4)  # of four sequences a replica
    assert interleave == (1, 2)  # of two layers a stage
    assert expert == (1, 2, 4)  # of twelve experts over two times four chips
    assert (parallel, redo, shard, kinds) == ((0, 1), (0, 1, 2, 3), (0, 1, 2, 3), (0, 1))
    for batch, most in ((256, 256), (257, 1), (1024, 256)):  # beyond 256 at once nothing is faster
        assert max(next(layouts._free((1, 1, 1, 1, 1), SMALL, batch, 64, (0,)))) == most
    # One chip of a tensor group has no sequence to share, nor have any one that their parts do not divide evenly.
    for tensor, context, sequence, ways in ((1, 1, 64, 1), (2, 1, 63, 1), (2, 2, 66, 1), (2, 2, 64, 2)):
        base = (tensor * context, tensor, 1, context, 1)
        assert len(list(layouts._free(base, SMALL, 16, sequence, (0,)))[3]) == ways


def test_every_combination_that_runs_is_a_plan() -> None:
    """A row each; of two virtual stages only where micro-batches come in a multiple of the stages."""
    base = (12, 1, 2, 1, 6)
    free = ((1, 2, 3), (1, 2), (1,), (0, 1), (0,), (2,), (1,))
    rows = layouts.plans_of([(base, free), ((2, 1, 2, 1, 1), free)], 12)
    expected = set()
    for fixed in (base, (2, 1, 2, 1, 1)):
        for varied in product(*free):
            rounds = 12 // (fixed[4] * varied[0])
            if varied[1] == 1 or rounds % 2 == 0:
                expected.add((*fixed, *varied))
    assert {tuple(row) for row in rows.tolist()} == expected
    assert len(rows) == len(expected)
    assert rows.shape[1] == len(COLUMNS)


# --- Advice ----------------------------------------------------------------------------------------------


def test_counts_of_chips_around_one() -> None:
    # Groups of four, and a batch of twelve in 1, 2, 3, 4, 6 or 12 parts: 4, 8, 12, 16, 24 or 48 chips.
    assert layouts.nearest_counts(12, 12, 4) == [12, 16]
    assert layouts.nearest_counts(11, 12, 4) == [8, 12]
    assert layouts.nearest_counts(3, 12, 4) == [4]
    assert layouts.nearest_counts(99, 12, 4) == [48]


def test_a_batch_near_the_wanted_one_shares_evenly() -> None:
    # 16,000 chips in groups of 128 are 125 replicas of one stage: of batches near 2,048 sixteen times 125 is 2,000.
    eight = (16_000, 8, 1, 16, 125)
    assert layouts.nearest_batch(16_000, 2048, [eight]) == (16_000, 2000)
    # With two stages micro-batches come in twos: 250 sequences a round.
    assert layouts.nearest_batch(16_000, 2048, [(16_000, 8, 2, 8, 125)]) == (16_000, 2000)
    # 12 chips in threes are four replicas: 21 is a twentieth off 20, 22 is more.
    three = (12, 3, 1, 1, 4)
    assert layouts.nearest_batch(12, 19, [three]) == (0, 19)  # 20 is farther than a twentieth of 19
    assert layouts.nearest_batch(12, 20, [three]) == (12, 20)
    assert layouts.nearest_batch(12, 21, [three]) == (12, 20)  # a twentieth of 21 is 1.05
    # Of 13 chips in sixes two replicas of three stages: 18 sequences in three rounds.
    assert layouts.nearest_batch(13, 18, [(12, 2, 3, 1, 2)]) == (12, 18)
    # A twentieth of 1,000 is 50, of 995 less.
    assert layouts.nearest_batch(1050, 1000, [(1050, 1, 1, 1, 1050)]) == (1050, 1050)
    assert layouts.nearest_batch(1045, 995, [(1045, 1, 1, 1, 1045)]) == (0, 995)
    # Of 40 chips 20 replicas of two use all, and 3 of thirteen 39, with the batch itself.
    assert layouts.nearest_batch(40, 21, [(40, 2, 1, 1, 20), (39, 13, 1, 1, 3)]) == (40, 20)
    # The most chips first, then the nearest batch.
    assert layouts.nearest_batch(13, 21, [three, (13, 13, 1, 1, 1)]) == (13, 21)
    assert layouts.nearest_batch(12, 21, [three, (12, 4, 1, 1, 3)]) == (12, 21)
    assert layouts.nearest_batch(12, 1, [(12, 1, 1, 1, 12)]) == (0, 1)


def test_batches_that_most_layouts_share_come_first() -> None:
    # Of 12 chips groups of one, two and four make 12, 6 and 3 replicas, which all share 60; one group of all 12
    # shares any batch.
    bases = [(12, one, 1, 1, 12 // one) for one in (1, 2, 4, 12)]
    assert layouts.nearest_batches(12, 61, bases, 5) == [60, 61]
    assert layouts.nearest_batches(12, 61, bases, 1) == [60]
    assert layouts.nearest_batches(12, 61, bases[3:], 5) == [61]
    assert layouts.nearest_batches(12, 61, bases[2:], 5) == [61, 60]  # the nearest of equally many


@pytest.mark.parametrize(("chips", "domain"), [(5, 8), (64, 8), (70, 8), (10_000, 8), (4103, 8), (7, 1)])
def test_numbers_of_chips_are_multiples_of_a_domain_up_to_all(chips: int, domain: int) -> None:
    counts = _counts(chips, domain)
    whole = max(chips // domain, 1) * domain
    assert counts[-1] == min(whole, chips)
    assert counts == sorted(set(counts))
    assert len(counts) <= 512
    assert all(one % domain == 0 or one == chips for one in counts)
    steps = set(np.diff(counts).tolist())
    assert len(steps) <= 1  # evenly spread
    if chips // domain <= 512:
        assert len(counts) == max(chips // domain, 1)


# --- Order and front -------------------------------------------------------------------------------------


def some(seed: int, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Plans of few different values, so that much is equal."""
    random = np.random.default_rng(seed)
    rows = random.integers(0, 2, (count, len(COLUMNS) + 2)).astype(float)
    rows[:, 0] = random.integers(1, 4, count)
    rows[:, -2:] = random.integers(1, 7, (count, 2))
    return rows


def order(row: np.ndarray[Any, Any]) -> tuple[float, ...]:
    """Time, chips, each kind of complication in turn, memory."""
    return (row[-2], row[0], *(row[COLUMNS.index(name)] for name in SIMPLE), row[-1])


@pytest.mark.parametrize("seed", range(5))
def test_plans_are_ordered_by_time_then_chips_then_simplicity_then_memory(seed: int) -> None:
    rows = some(seed, 60)
    assert [order(row) for row in _sorted(rows)] == sorted(order(row) for row in rows)
    assert set(SIMPLE) | {"chips"} == set(COLUMNS)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_the_front_is_what_no_other_plan_beats(seed: int, count: int) -> None:
    """Of plans as fast on as many chips the simplest; of those, each that none equals or beats in all three."""
    rows = some(seed, count)
    simplest: dict[tuple[float, float], Any] = {}
    for row in sorted(rows, key=order):
        simplest.setdefault((row[0], row[-2]), row)
    asked = [(row[0], row[-2], row[-1]) for row in simplest.values()]
    expected = {
        one for one in asked
        if not any(all(a <= b for a, b in zip(other, one, strict=True)) for other in asked if other != one)
    }  # fmt: skip
    got = [(row[0], row[-2], row[-1]) for row in _front(rows)]
    assert sorted(got) == sorted(expected)
    for row in _front(rows):
        assert order(row) == order(simplest[row[0], row[-2]])
