"""Collectives against hand calculations, their limits, and the bounds that no algorithm beats."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.performance import collective as c
from dojo_calc.performance import mesh as g
from dojo_calc.performance import switched as s
from dojo_calc.performance import torus as t
from tests.strategies import from_zero

MB, GB, US = 1e6, 1e9, 1e-6
many = st.integers(min_value=1, max_value=10_000)
side = st.integers(min_value=1, max_value=64)
size = from_zero(1e13)
speed = st.floats(min_value=1e6, max_value=1e13)
delay = from_zero(1e-2)
SLACK = 1 + 1e-12  # sums in another order differ in the last bits

FLAT = [
    s.doubling_all_reduce, s.in_network_all_reduce, c.ring_all_gather, c.ring_all_reduce, c.ring_all_to_all,
    c.ring_broadcast, c.ring_reduce_scatter, s.switched_all_gather, s.switched_all_reduce,
    s.switched_all_to_all, s.switched_broadcast, s.switched_reduce_scatter, s.tree_all_gather,
    s.tree_all_reduce, s.tree_all_to_all, s.tree_broadcast, s.tree_reduce_scatter,
]  # fmt: skip
GRID = [
    g.mesh_all_gather, g.mesh_all_reduce, g.mesh_all_to_all, g.mesh_broadcast, g.mesh_bucket_all_reduce,
    g.mesh_centre_all_reduce, g.mesh_reduce_scatter, t.torus_all_gather, t.torus_all_reduce,
    t.torus_all_to_all, t.torus_broadcast, t.torus_reduce_scatter,
]  # fmt: skip
HIERARCHICAL = [
    (s.hierarchical_all_gather, c.ring_all_gather),
    (s.hierarchical_reduce_scatter, c.ring_reduce_scatter),
    (s.hierarchical_all_reduce, c.ring_all_reduce),
    (s.hierarchical_all_to_all, s.switched_all_to_all),
]


def named(functions: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("formula", functions, ids=lambda one: one.__name__)


def test_the_lists_above_are_complete() -> None:
    listed = {one.__name__ for one in [*FLAT, *GRID, *(pair[0] for pair in HIERARCHICAL)]}
    shape = {"ranks", "rows", "inner"}
    timed = {
        name
        for module in (c, s, g, t)
        for name in module.__all__
        if not name.endswith("bound")
        and "message" in (takes := inspect.signature(getattr(module, name)).parameters)
        and shape & set(takes)
    }
    assert listed == timed


def test_ring_of_eight_by_hand() -> None:
    # 8 ranks, 80 MB, 100 GB/s, 2 us: a step moves 10 MB in 100 us and starts in 2 us, so takes 102 us;
    # an all-gather has 7 of them, 714 us, and an all-reduce 14, 1428 us.
    assert c.ring_all_gather(8, 80 * MB, 100 * GB, 2 * US) == pytest.approx(714 * US, rel=1e-14)
    assert c.ring_all_reduce(8, 80 * MB, 100 * GB, 2 * US) == pytest.approx(1428 * US, rel=1e-14)
    # All-to-all: bundles of 7, 6 .. 1 parts of 10 MB pass one link: 28 x 100 us + 7 x 2 us = 2814 us.
    assert c.ring_all_to_all(8, 80 * MB, 100 * GB, 2 * US) == pytest.approx(2814 * US, rel=1e-14)


def test_trees_of_eight_and_of_nine_by_hand() -> None:
    # 80 MB at 100 GB/s are 800 us; 7/8 of them 700 us; three rounds start in 6 us.
    assert s.tree_broadcast(8, 80 * MB, 100 * GB, 2 * US) == pytest.approx(2406 * US, rel=1e-14)
    assert s.tree_all_gather(8, 80 * MB, 100 * GB, 2 * US) == pytest.approx(706 * US, rel=1e-14)
    assert s.tree_all_reduce(8, 80 * MB, 100 * GB, 2 * US) == pytest.approx(1412 * US, rel=1e-14)
    assert s.doubling_all_reduce(8, 80 * MB, 100 * GB, 2 * US) == pytest.approx(2406 * US, rel=1e-14)
    # Nine: four rounds for Bruck; doubling among eight, and the ninth folded in and out: 3 + 2 rounds.
    assert s.tree_all_gather(9, 90 * MB, 100 * GB, 2 * US) == pytest.approx(808 * US, rel=1e-14)
    assert s.doubling_all_reduce(9, 80 * MB, 100 * GB, 2 * US) == pytest.approx(5 * 802 * US, rel=1e-14)


def test_bruck_moves_no_more_than_half_the_parts_in_a_round() -> None:
    """Against the algorithm itself: in round k a rank sends on the parts whose distance has bit k set."""
    for ranks in range(1, 200):
        rounds = max(0, (ranks - 1).bit_length())
        moved = sum(bin(distance).count("1") for distance in range(ranks))  # parts, all rounds together
        time = s.tree_all_to_all(ranks, ranks * 1.0, 1.0, 0.0)  # a part is 1 B, at 1 B/s
        assert moved <= float(time) * SLACK
        if ranks == 1 << rounds:
            assert float(time) == pytest.approx(moved)


def test_switch_of_eight_by_hand() -> None:
    assert s.switched_all_gather(8, 80 * MB, 100 * GB, 2 * US) == pytest.approx(702 * US, rel=1e-14)
    assert s.switched_all_reduce(8, 80 * MB, 100 * GB, 2 * US) == pytest.approx(1404 * US, rel=1e-14)
    assert s.in_network_all_reduce(8, 80 * MB, 100 * GB, 2 * US) == pytest.approx(802 * US, rel=1e-14)


def test_two_servers_of_eight_by_hand() -> None:
    # Inside: 7 steps of 10 MB at 100 GB/s + 2 us = 714 us, twice. Across: 10 MB over 2 ranks at 10 GB/s:
    # two steps of 5 MB in 500 us + 5 us = 1010 us. Together 2438 us.
    got = s.hierarchical_all_reduce(8, 2, 80 * MB, 100 * GB, 10 * GB, 2 * US, 5 * US)
    assert got == pytest.approx(2438 * US, rel=1e-14)


def test_short_messages_against_the_model_of_nccl() -> None:
    """The steps that NVIDIA's library counts, in src/graph/tuning.cc, for its ring and for its tree.

    A ring of n in one server: 2 (n - 1) steps. A tree over two servers: twice, along the chain of a server's
    ranks, n - 1 steps, and between servers, log2 of their number.
    """
    inside, across = 0.47 * US, 2.7 * US
    assert c.ring_all_reduce(8, 0, 235 * GB, inside) == pytest.approx(2 * 7 * inside)
    tree = 2 * ((16 // 2 - 1) * inside + 1 * across)
    assert s.hierarchical_all_reduce(8, 2, 0, 235 * GB, 25 * GB, inside, across) == pytest.approx(tree)


def test_pieces_of_a_pipeline_against_a_search() -> None:
    """The closed form against trying every whole number of pieces."""
    for stages, message, latency in ((1, 1e6, 1e-6), (7, 1e6, 1e-6), (30, 1e9, 1e-5), (24, 64.0, 1e-6)):
        pieces = np.arange(1, 20_000)
        tried = (stages - 1 + pieces) * (latency + message / pieces / (100 * GB))
        got = float(c.pipelined(stages, message, 100 * GB, latency))
        assert got <= tried.min() * SLACK
        assert got == pytest.approx(tried.min(), rel=2e-3)  # what rounding the pieces costs


def test_a_tile_by_hand() -> None:
    # 5 x 5, links of 2 TB/s, 100 ns a hop, 100 MB, that is 50 us over one link. Halves of 50 MB over rows
    # of 5: 4 hops and 4/5 of 25 us; then 10 MB: 4 hops and 4/5 of 5 us. In all 8 hops = 0.8 us and 24 us.
    tile = (5, 5, 100 * MB, 2000 * GB, 0.1 * US)
    assert g.mesh_all_gather(*tile) == pytest.approx(24.8 * US, rel=1e-14)
    assert g.mesh_bucket_all_reduce(*tile) == pytest.approx(49.6 * US, rel=1e-14)
    # Centre: 4 hops in and 4 out; (sqrt(7 x 0.1) + sqrt(50))^2 = 0.7 + 50 + 2 sqrt(35) = 62.532 us.
    assert g.mesh_centre_all_reduce(*tile) == pytest.approx(62.532 * US, rel=1e-5)
    # All-to-all: a cut between 2 and 3 columns: 10 ranks send 15/25 of 100 MB over 5 links: 60 us + 0.8.
    # Hand: 10 x 60 MB / (5 x 2 TB/s) = 60 us.
    assert g.mesh_all_to_all(*tile) == pytest.approx(60.8 * US, rel=1e-14)
    # Bound of the all-reduce: 48 messages for every element over 2 x 40 directed links: 0.6 x 50 us.
    assert g.mesh_links(5, 5) == 40
    assert g.mesh_all_reduce_bound(5, 5, 100 * MB, 2000 * GB) == pytest.approx(30 * US, rel=1e-14)
    # A number: all hops in and out, 8 x (0.1 us + 4 B / 2 TB/s).
    assert g.mesh_all_reduce(5, 5, 4, 2000 * GB, 0.1 * US) == pytest.approx(0.800016 * US, rel=1e-12)


@given(rows=side, columns=side)
def test_a_corner_asks_for_no_more_than_all_links(rows: int, columns: int) -> None:
    """A corner takes in a whole vector over its links, two on a true mesh and one at the end of a line."""
    ways = (rows > 1) + (columns > 1)
    assert g.mesh_all_reduce_bound(rows, columns, 1.0, 1.0) >= (1 / ways if ways else 0) / SLACK


def test_a_torus_by_hand() -> None:
    # 4 x 4, links of 10 B/s, a second a hop, 160 B. Halves of 80 B along rings of 4, both ways round: two hops, and
    # three quarters of 80 B over two links in 3 s; then of a quarter of them, 20 B: 2 + 0.75 s.
    square = (4, 4, 160, 10, 1)
    assert t.torus_all_gather(*square) == pytest.approx(7.75, rel=1e-14)
    assert t.torus_reduce_scatter(*square) == pytest.approx(7.75, rel=1e-14)
    assert t.torus_all_reduce(*square) == pytest.approx(15.5, rel=1e-14)
    # 2 x 8: halves wait for the longer ring, 7.5 and 5.75 s; whole along the ring of 8, 4 + 7 s, and then a part of
    # 20 B along that of 2, 1 + 0.5 s, it is faster.
    assert t.torus_all_gather(2, 8, 160, 10, 1) == pytest.approx(12.5, rel=1e-14)
    # Bounds: 15/16 of 160 B over four links, there and back for an all-reduce.
    assert t.torus_all_gather_bound(4, 4, 160, 10) == pytest.approx(3.75, rel=1e-14)
    assert t.torus_all_reduce_bound(4, 4, 160, 10) == pytest.approx(7.5, rel=1e-14)
    assert t.torus_latency_bound(4, 8, 1) == t.torus_diameter(4, 8) == 2 + 4
    # All-to-all, 10 B from each to each: of 8 ranks to the other 8 640 B over a middle that is cut twice, at 4 links
    # each: 8 s, and 4 hops.
    assert t.torus_all_to_all(*square) == pytest.approx(8 + 4, rel=1e-14)
    # Broadcast in pieces: 4 hops of 1 s behind 16 s of message: (sqrt(3 x 1) + sqrt(16))^2.
    assert t.torus_broadcast(*square) == pytest.approx(19 + 8 * 3**0.5, rel=1e-14)


@given(rows=st.integers(1, 8), columns=st.integers(1, 8))
def test_distances_and_cut_against_counting(rows: int, columns: int) -> None:
    """Against the grid itself, rank by rank."""
    ranks = [(i, j) for i in range(rows) for j in range(columns)]
    hops = [abs(a - x) + abs(b - y) for a, b in ranks for x, y in ranks if (a, b) != (x, y)]
    closed = [
        min(abs(a - x), rows - abs(a - x)) + min(abs(b - y), columns - abs(b - y))
        for a, b in ranks for x, y in ranks
    ]  # fmt: skip
    assert g.mesh_diameter(rows, columns) == max(hops, default=0)
    assert [g.mesh_distance(a, b, x, y) for a, b in ranks for x, y in ranks if (a, b) != (x, y)] == hops
    assert t.torus_diameter(rows, columns) == max(closed)
    if hops:
        assert g.mesh_mean_distance(rows, columns) == pytest.approx(np.mean(hops))
    # All-to-all of one byte a pair, row first: the load of every directed link, counted.
    load: dict[tuple[Any, Any], int] = {}
    for a, b in ranks:
        for x, y in ranks:
            at = (a, b)
            while at != (x, y):
                i, j = at
                to = (i, j + np.sign(y - j)) if j != y else (i + np.sign(x - i), j)
                load[at, to] = load.get((at, to), 0) + 1
                at = to
    worst = max(load.values(), default=0)
    assert g.mesh_all_to_all(rows, columns, rows * columns * 1.0, 1.0, 0.0) == pytest.approx(worst)


# --- Limits ----------------------------------------------------------------------------------------------


@named(FLAT)
def test_one_rank_takes_no_time(formula: Callable[..., Any]) -> None:
    assert formula(1, 1e9, 1e9, 1e-6) == 0


@named(GRID)
def test_one_rank_of_a_grid_takes_no_time(formula: Callable[..., Any]) -> None:
    assert formula(1, 1, 1e9, 1e9, 1e-6) == 0


@given(ranks=st.integers(2, 10_000), bandwidth=speed, latency=delay)
def test_limits_of_a_long_and_of_a_short_message(ranks: int, bandwidth: float, latency: float) -> None:
    long = 1e9 * ranks * bandwidth  # so long that no latency counts
    share = (ranks - 1) / ranks * long / bandwidth
    for formula in (c.ring_all_reduce, s.tree_all_reduce, s.switched_all_reduce):
        assert formula(ranks, long, bandwidth, latency) == pytest.approx(2 * share, rel=1e-7)
    for formula in (c.ring_all_gather, s.tree_reduce_scatter, s.switched_all_to_all):
        assert formula(ranks, long, bandwidth, latency) == pytest.approx(share, rel=1e-7)
    rounds = (ranks - 1).bit_length()
    assert c.ring_all_reduce(ranks, 0, bandwidth, latency) == pytest.approx(2 * (ranks - 1) * latency)
    assert s.tree_broadcast(ranks, 0, bandwidth, latency) == pytest.approx(rounds * latency)
    assert s.switched_all_reduce(ranks, 0, bandwidth, latency) == pytest.approx(2 * latency)
    assert c.ring_broadcast(ranks, 0, bandwidth, latency) == pytest.approx((ranks - 1) * latency)


@given(exponent=st.integers(0, 30))
def test_rounds_are_whole_at_every_power_of_two(exponent: int) -> None:
    assert c.tree_rounds(2**exponent) == exponent
    assert c.tree_rounds(2**exponent + 1) == exponent + 1


@pytest.mark.parametrize(("two_levels", "flat"), HIERARCHICAL, ids=lambda one: one.__name__)
@given(ranks=many, message=size, bandwidth=speed, latency=delay)
def test_a_hierarchy_of_one_level_is_flat(
    two_levels: Any, flat: Any, ranks: int, message: float, bandwidth: float, latency: float
) -> None:
    expected = pytest.approx(flat(ranks, message, bandwidth, latency), rel=1e-12)
    assert two_levels(ranks, 1, message, bandwidth, 1.0, latency, 1.0) == expected
    assert two_levels(1, ranks, message, 1.0, bandwidth, 1.0, latency) == expected


@given(ranks=many, message=size, bandwidth=speed, latency=delay)
def test_a_mesh_of_one_row_is_a_line(ranks: int, message: float, bandwidth: float, latency: float) -> None:
    flat = pytest.approx(c.ring_all_gather(ranks, message, bandwidth, latency), rel=1e-12)
    assert g.mesh_all_gather(1, ranks, message, bandwidth, latency) == flat
    assert g.mesh_all_gather(ranks, 1, message, bandwidth, latency) == flat


@named(GRID)
@given(rows=side, columns=side, message=size, bandwidth=speed, latency=delay)
def test_a_grid_may_be_turned(
    formula: Any, rows: int, columns: int, message: float, bandwidth: float, latency: float
) -> None:
    turned = formula(columns, rows, message, bandwidth, latency)
    assert formula(rows, columns, message, bandwidth, latency) == pytest.approx(turned, rel=1e-9)


# --- Bounds ----------------------------------------------------------------------------------------------


@given(ranks=many, message=size, bandwidth=speed, latency=delay)
def test_no_flat_algorithm_beats_its_bounds(
    ranks: int, message: float, bandwidth: float, latency: float
) -> None:
    gather = c.all_gather_bound(ranks, message, bandwidth)
    reduce = c.all_reduce_bound(ranks, message, bandwidth)
    sent = c.broadcast_bound(ranks, message, bandwidth)
    one_port = c.latency_bound(ranks, latency)  # one send at a time
    across = latency if ranks > 1 else 0.0  # all sends at once
    floors: dict[Any, Any] = {
        c.ring_all_gather: (gather, one_port), s.tree_all_gather: (gather, one_port),
        s.switched_all_gather: (gather, across),
        c.ring_reduce_scatter: (gather, one_port), s.tree_reduce_scatter: (gather, one_port),
        s.switched_reduce_scatter: (gather, across),
        c.ring_all_to_all: (gather, one_port), s.tree_all_to_all: (gather, one_port),
        s.switched_all_to_all: (gather, across),
        c.ring_all_reduce: (reduce, one_port), s.tree_all_reduce: (reduce, one_port),
        s.doubling_all_reduce: (reduce, one_port), s.switched_all_reduce: (reduce, across),
        s.in_network_all_reduce: (sent, across),
        c.ring_broadcast: (sent, one_port), s.tree_broadcast: (sent, one_port),
        s.switched_broadcast: (sent, across),
    }  # fmt: skip
    assert set(floors) == set(FLAT)
    for formula, bounds in floors.items():
        assert max(bounds) <= formula(ranks, message, bandwidth, latency) * SLACK, formula.__name__


@given(rows=side, columns=side, message=size, bandwidth=speed, latency=delay)
def test_no_grid_algorithm_beats_its_bounds(
    rows: int, columns: int, message: float, bandwidth: float, latency: float
) -> None:
    shape, sized = (rows, columns), (rows, columns, message, bandwidth)
    whole = c.broadcast_bound(rows * columns, message, bandwidth)
    for kind, links in (("mesh", 2), ("torus", 4)):
        of = {
            name.removeprefix(f"{kind}_"): getattr(module, name)
            for module in (g, t)
            for name in module.__all__
            if name.startswith(kind)
        }
        least = of["latency_bound"](*shape, latency)
        floors = {
            "all_gather": of["all_gather_bound"](*sized), "reduce_scatter": of["all_gather_bound"](*sized),
            "all_to_all": of["all_to_all_bound"](*sized), "all_reduce": of["all_reduce_bound"](*sized),
            "bucket_all_reduce": of["all_reduce_bound"](*sized), "broadcast": whole / links,
            "centre_all_reduce": of["all_reduce_bound"](*sized),
        }  # fmt: skip
        for name, floor in floors.items():
            if name in of:
                time = of[name](*sized, latency)
                assert max(floor, least) <= time * SLACK, f"{kind}_{name}"


@given(side=st.integers(2, 64), message=size, bandwidth=speed, latency=delay)
def test_the_all_gather_of_a_square_meets_both_its_bounds_together(
    side: int, message: float, bandwidth: float, latency: float
) -> None:
    for gather, bound, least in (
        (g.mesh_all_gather, g.mesh_all_gather_bound, g.mesh_latency_bound),
        (t.torus_all_gather, t.torus_all_gather_bound, t.torus_latency_bound),
    ):
        floor = bound(side, side, message, bandwidth) + least(side, side, latency)
        assert gather(side, side, message, bandwidth, latency) == pytest.approx(floor, rel=1e-12)


@named(FLAT)
@given(ranks=many, message=size, bandwidth=speed, latency=delay)
def test_more_of_anything_takes_no_less(
    formula: Any, ranks: int, message: float, bandwidth: float, latency: float
) -> None:
    time = formula(ranks, message, bandwidth, latency)
    assert formula(ranks, 2 * message, bandwidth, latency) >= time / SLACK
    assert formula(ranks, message, bandwidth, 2 * latency) >= time / SLACK
    assert formula(ranks, message, 2 * bandwidth, latency) <= time * SLACK
    assert formula(2 * ranks, message, bandwidth, latency) >= time / SLACK


@given(inner=st.integers(1, 64), outer=st.integers(1, 64), message=size, latency=delay)
def test_a_hierarchy_of_equal_links_moves_what_a_ring_moves_in_fewer_steps(
    inner: int, outer: int, message: float, latency: float
) -> None:
    """Reduce-scatter and all-gather inside leave 1 / inner to go across, so the bytes telescope."""
    two = s.hierarchical_all_reduce(inner, outer, message, 1e9, 1e9, latency, latency)
    one = c.ring_all_reduce(inner * outer, message, 1e9, latency)
    fewer = 2 * ((inner * outer - 1) - (inner - 1) - (outer - 1)) * latency
    assert two + fewer == pytest.approx(one, rel=1e-9)
