"""Parts of a step by hand: launches, recomputation, stages, transfers, sums over replicas, the way to experts."""

from __future__ import annotations

import pytest

from dojo_calc.performance import (
    collective,
    experts,
    feeding,
    groups,
    holding,
    kernels,
    memory,
    mesh,
    pipeline,
    roofline,
    traffic,
    training,
    transformer,
    vision,
)
from dojo_calc.performance.switched import in_network_all_reduce, switched_all_gather

exactly = 1e-12
LITTLE = 1e-3  # below every threshold but nothing


# --- A chip, then a stage --------------------------------------------------------------------------------


def test_a_layer_of_experts_is_launched_in_its_share() -> None:
    # 2 ms without and 6 ms with experts, in three of four layers: 2 + 3; never less than without.
    assert training.layer_launch(2.0, 6.0, 0.75) == 5.0
    assert training.layer_launch(2.0, 1.0, 0.75) == 2.0


@pytest.mark.parametrize(
    ("issued", "full", "selective", "per_op", "time"),
    [
        # Kernels of 10, of which the last product takes 2, attention 1.5, all products 4; waits for others of 3.
        (7.0, 1.0, 0.0, 0.0, 3 + 8),
        (9.0, 1.0, 0.0, 0.0, 3 + 9),  # launches set the pace
        (7.0, 0.5, 0.0, 0.0, 5.5),  # every second layer
        (7.0, 0.0, 1.0, 0.0, 1.5),
        (5.0, 0.0, 0.0, 1.0, 3 + 10 - 1.5 - 2),  # not attention, nor every second product
        (9.0, 0.0, 0.0, 1.0, 3 + 9),
        (7.0, 0.0, 0.0, 0.0, 0),
    ],
)
def test_what_is_computed_a_second_time(
    issued: float, full: float, selective: float, per_op: float, time: float
) -> None:
    found = training.layer_recompute(10.0, issued, 3.0, 2.0, 1.5, 4.0, full, selective, per_op)
    assert found == pytest.approx(time, rel=exactly)


def test_a_step_is_the_sum_of_what_follows_each_other() -> None:
    assert training.tokens_on_chip(3.0, 8.0, 2.0) == 12
    assert training.repeated_time(5.0, 0.25) == 1.25
    assert training.layer_work(1.0, 2.0, 4.0, 8.0) == 15
    assert training.run_through(4.0, 3.0, 0.5, 2.0, 1.0, 0.25) == 4 * 3.5 + 3.25
    # Eight replicas are three doublings of one, each of which waits a hundredth.
    assert training.straggling_time(8.0, 8.0, 0.01) == pytest.approx(0.24, rel=exactly)
    assert training.straggling_time(8.0, 1.0, 0.01) == 0
    assert training.step_time(8.0, 0.24) == 8.24
    # 64 sequences of 1,000 tokens on 16 chips in 8 s; 4e15 FLOP of 16 chips of 1e14 FLOP/s.
    assert training.throughput(64.0, 1000.0, 16.0, 8.0) == 500
    assert training.model_utilisation(4e15, 16.0, 1e14, 8.0) == pytest.approx(0.3125, rel=exactly)
    assert training.useful_share(0.4, 1.25) == pytest.approx(0.32, rel=exactly)
    assert training.useful_share(0.9, 0.5) == 1


def test_the_optimizer_passes_memory_with_what_a_chip_keeps_of_it() -> None:
    # 100 common parameters and 60 of experts, 12 B each at 48 B/s; shared by five and by three chips, 20 and 20.
    assert training.optimizer_time(100.0, 60.0, 12.0, 0.0, 5.0, 3.0, 48.0) == 40
    assert training.optimizer_time(100.0, 60.0, 12.0, 1.0, 5.0, 3.0, 48.0) == 10


def test_stages_send_what_their_layers_put_out() -> None:
    # 6 x 8 elements of 2 B over a group of two, 48 B, at 96 B/s, and a latency of a quarter: 0.75 s, there and back
    # through three virtual stages, half of it hidden.
    sent = (6.0, 8.0, 2.0, 2.0, 96.0, 0.25, 0.5)
    assert pipeline.pipeline_time(4.0, 3.0, *sent) == 2 * 3 * 0.75 / 2
    assert pipeline.pipeline_time(1.0, 1.0, *sent) == 0
    assert pipeline.pipeline_time(1.0, 1.0, 0.0, 8.0, 2.0, 2.0, 96.0, 0.0, 0.5) == 0


def test_the_mean_stage_waits_for_the_slowest() -> None:
    # 96 layers of three seconds and a head of four over eight stages: 36.5 s each, 40 s the last.
    assert pipeline.imbalance_time(40.0, 96.0, 8.0, 3.0, 4.0) == 3.5
    assert pipeline.imbalance_time(292.0, 96.0, 1.0, 3.0, 4.0) == 0
    assert pipeline.of_stage(0.5, 6.0, 96.0, 8.0) == 0.5 * 6 * 12
    assert pipeline.micro_batches(96.0, 4.0, 3.0) == 8
    assert pipeline.stage_layers(126.0, 16.0) == 8
    # Five stages of six micro-batches wait for four to fill: two of ten layers of three seconds, and a transfer; half
    # as long where each has two virtual stages. Of one micro-batch four stages wait in turn.
    assert pipeline.bubble_time(6.0, 5.0, 1.0, 10.0, 3.0, 0.5) == 4 * 6.5
    assert pipeline.bubble_time(6.0, 5.0, 2.0, 10.0, 3.0, 0.5) == 2 * 6.5
    assert pipeline.bubble_time(1.0, 5.0, 2.0, 10.0, 3.0, 0.5) == 4 * 6.5
    assert pipeline.bubble_time(6.0, 1.0, 1.0, 10.0, 3.0, 0.5) == 0


# --- Groups and what they send ---------------------------------------------------------------------------


def test_sizes_of_groups() -> None:
    assert groups.joint_size(3.0, 4.0, 5.0) == 60
    assert groups.data_size(64.0, 2.0, 4.0, 2.0) == 4
    assert groups.data_size(8.0, 4.0, 4.0, 2.0) == 1
    assert groups.sharing_group(64.0, 8.0) == 8
    assert groups.sharing_group(4.0, 8.0) == 1


@pytest.mark.parametrize(
    ("size", "stride", "domain", "chips", "inside"),
    [
        (8.0, 1.0, 8.0, 16.0, 1.0),
        (4.0, 2.0, 8.0, 16.0, 1.0),
        (16.0, 1.0, 8.0, 16.0, 0.0),
        (4.0, 4.0, 8.0, 16.0, 0.0),  # every fourth of sixteen
        (3.0, 1.0, 8.0, 16.0, 0.0),  # some group of three straddles two domains of eight
        (3.0, 1.0, 8.0, 8.0, 1.0),  # there is one domain alone
    ],
)
def test_a_step_waits_for_the_links_that_a_group_uses(
    size: float, stride: float, domain: float, chips: float, inside: float
) -> None:
    assert groups.within_domain(size, stride, domain, chips) == inside
    assert groups.group_latency(size, stride, domain, chips, 1.0, 9.0) == (1.0 if inside else 9.0)


def test_links_that_lead_to_members() -> None:
    # A torus 4 long has six links of 10: four chips lie on one axis, 16 on two, 17 need a third, which is all it has.
    for size, used in ((1.0, 2), (4.0, 2), (5.0, 4), (16.0, 4), (17.0, 6), (64.0, 6), (65.0, 6)):
        assert groups.fast_bandwidth(size, 64.0, 10.0, 6.0, 0.0, 4.0) == 10 * used
    # Seven direct links in a domain of eight: one to each other member, and one even for a chip alone.
    for size, used in ((1.0, 1), (2.0, 1), (3.0, 2), (8.0, 7), (9.0, 7)):
        assert groups.fast_bandwidth(size, 8.0, 10.0, 7.0, 1.0, 1.0) == pytest.approx(10 * used, rel=exactly)
    for size, used in ((2.0, 2), (4.0, 4), (5.0, 6)):  # a cube of two along each side
        assert groups.fast_bandwidth(size, 8.0, 10.0, 6.0, 0.0, 2.0) == 10 * used
    assert (
        groups.fast_bandwidth(1.0, 1.0, 10.0, 7.0, 1.0, 1.0) == 70
    )  # it has no other chip to leave links for
    assert groups.fast_bandwidth(2.0, 8.0, 10.0, 3.0, 0.0, 1.0) == 30  # a switch carries all for any group


def test_a_tensor_group_sums_after_attention_and_after_each_mlp() -> None:
    # 6 x 8 x 2 = 96 B among four: six steps of 24 B at 96 B/s and an eighth of a second, 2.25 s; three sums, of which
    # half shows.
    assert traffic.tensor_time(4.0, 2.0, 6.0, 8.0, 2.0, 96.0, 0.125, 0.5) == 3 * 2.25 / 2
    assert traffic.tensor_backward(4.0, 0.0) == 4
    assert traffic.tensor_backward(4.0, 1.0) == 6  # gathered once more: three half collectives for two


def test_keys_and_values_pass_a_ring() -> None:
    # Of three tokens keys and values 4 wide in 2 B, 48 B, over each of two links of three chips: 0.5 s and a latency.
    assert traffic.context_time(3.0, 3.0, 4.0, 2.0, 96.0, 0.125) == 2 * (0.5 + 0.125)
    assert traffic.returned(1.25) == 2.5


@pytest.mark.parametrize(("transfer", "seen"), [(2.0, 0.5), (8.0, 2.0), (12.0, 4.0)])
def test_a_share_of_a_transfer_shows_and_all_that_outlasts_the_work(transfer: float, seen: float) -> None:
    assert traffic.exposed_time(transfer, 8.0, 0.25) == max(seen, transfer / 4)


def test_sums_and_weights_travel_among_those_that_share() -> None:
    # Ten weights of 4 B among four: two rounds of a tree, an eighth of a second each, and three quarters of 40 B at
    # 96 B/s.
    each = 2 * 0.125 + 30 / 96
    assert traffic.cut_weights(40.0, 4.0) == 10
    assert traffic.gather_time(4.0, 10.0, 4.0, 96.0, 0.125) == pytest.approx(each, rel=exactly)
    assert traffic.scatter_time(4.0, 10.0, 4.0, 96.0, 0.125) == pytest.approx(each, rel=exactly)
    # Back come gradients of 4 B, or where the optimizer is sharded weights of 2 B.
    assert traffic.return_time(4.0, 10.0, 2.0, 4.0, 0.0, 96.0, 0.125) == pytest.approx(each, rel=exactly)
    assert traffic.return_time(4.0, 10.0, 2.0, 4.0, 1.0, 96.0, 0.125) == pytest.approx(
        0.25 + 15 / 96, rel=exactly
    )
    # Copies sum there and back.
    assert traffic.copies_time(4.0, 40.0, 96.0, 0.125) == pytest.approx(2 * each, rel=exactly)
    for time in (
        traffic.gather_time(4.0, 0.0, 4.0, 96.0, 0.125),
        traffic.scatter_time(4.0, 0.0, 4.0, 96.0, 0.125),
        traffic.return_time(4.0, 0.0, 2.0, 4.0, 0.0, 96.0, 0.125),
        traffic.gather_time(4.0, 0.0, 4.0, 96.0, 0.0),
        traffic.scatter_time(4.0, 0.0, 4.0, 96.0, 0.0),
        traffic.return_time(4.0, 0.0, 2.0, 4.0, 0.0, 96.0, 0.0),
    ):
        assert time == 0  # what is not there takes no latency either
    for time in (
        traffic.gather_time(4.0, LITTLE, 4.0, 96.0, 0.125),
        traffic.scatter_time(4.0, LITTLE, 4.0, 96.0, 0.125),
        traffic.return_time(4.0, LITTLE, 2.0, 4.0, 0.0, 96.0, 0.125),
    ):
        assert time > 0.25  # but however little is there takes all of it


def test_sharded_weights_are_gathered_twice_and_their_gradients_scattered() -> None:
    # A gather of 4 under a forward pass of 3 shows its quarter; with a scatter of 2 under a backward pass of 1, 5.
    assert traffic.shard_time(4.0, 2.0, 3.0, 1.0, 0.25, 1.0) == 1 + 5
    assert traffic.shard_time(4.0, 2.0, 3.0, 8.0, 0.25, 1.0) == 1 + 1.5
    assert traffic.shard_time(4.0, 2.0, 3.0, 1.0, 0.25, 0.0) == 0


def test_gradients_are_brought_together_once_or_after_every_micro_batch() -> None:
    # Scattered in 5, returned in 1, copied in 4, under 2 of work: 8 outlast it. Of eight micro-batches seven are
    # scattered before, each under 3 of a backward pass: 2 show of each.
    parts, under = (5.0, 1.0, 4.0), (2.0, 3.0)
    assert traffic.gradient_time(*parts, *under, 8.0, 0.1, 0.0, 0.0) == 8
    assert traffic.gradient_time(*parts, *under, 8.0, 0.1, 1.0, 0.0) == 8 + 7 * 2
    assert traffic.gradient_time(*parts, *under, 1.0, 0.1, 1.0, 0.0) == 8
    assert traffic.gradient_time(*parts, *under, 0.5, 0.1, 1.0, 0.0) == 8  # none before less than one
    # Sharded weights have paid for all but the copies.
    assert traffic.gradient_time(*parts, *under, 8.0, 0.1, 1.0, 1.0) == 4 - 2


# --- Experts ---------------------------------------------------------------------------------------------


def test_the_mean_layer_of_a_mixture() -> None:
    # A quarter of the layers dense and 100 wide; the others have experts, and shared ones 20 wide or none.
    assert experts.common_passes(0.75, 20.0) == experts.common_passes(0.75, LITTLE) == 1
    assert experts.common_passes(0.75, 0.0) == 0.25
    assert experts.common_width(0.75, 100.0, 20.0) == 25 + 15
    assert experts.experts_tensor(16.0, 4.0) == 4
    assert experts.experts_tensor(4.0, 8.0) == 1


def test_experts_multiply_what_the_busiest_chip_gets_and_read_all_their_weights() -> None:
    # Six tokens, the busiest chip half as many again: 9. Two experts of 3 x 8 x 10 weights, half of each on one of
    # two chips of the tensor group: 9 x 240 x 2 FLOP at half of 1,000 a second.
    arithmetic = 9 * 240 * 2 / 500
    # A token's two copies, 16, reach both chips of an expert, and 2 x 10 inner columns half of them: in and out of
    # the first product, its gate and the last. Weights of four experts, 960, over eight chips.
    moved = 9 * 3 * (16 * 2 + 20) / 2 + 960 / 8
    time = experts.experts_products(
        6.0, 480.0, 16.0, 2.0, 1.0, 10.0, 1.0, 2.0, 2.0, 960.0, 8.0, 1.5, 1000.0, 0.5, 2.0, 400.0
    )
    assert time == pytest.approx(arithmetic + moved * 2 / 400, rel=exactly)
    # In half of the layers half of the inner columns, and without a gate two thirds of what moves.
    half = experts.experts_products(
        6.0, 480.0, 16.0, 2.0, 0.5, 10.0, 0.0, 2.0, 2.0, 960.0, 8.0, 1.5, 1000.0, 0.5, 2.0, 400.0
    )
    assert half == pytest.approx(arithmetic + (9 * 2 * (16 * 2 + 10) / 2 + 120) * 2 / 400, rel=exactly)


def test_tokens_are_sorted_there_and_back() -> None:
    # 6 x 16 / 2 = 48 elements of 2 B, read and written twice, half as often again, at 96 B/s.
    assert experts.permutation_time(6.0, 16.0, 2.0, 1.5, 2.0, 96.0) == 48 * 2 * 4 * 1.5 / 96


@pytest.mark.parametrize(
    ("size", "stride", "inside", "members"),
    [
        (8.0, 1.0, 0.0, 8.0),
        (6.0, 1.0, 0.0, 6.0),
        (16.0, 4.0, 0.0, 2.0),
        (16.0, 3.0, 0.0, 2.0),  # every third of eight chips: two whole strides
        (16.0, 16.0, 0.0, 1.0),
        (16.0, 4.0, 1.0, 16.0),  # one domain alone
    ],
)
def test_members_in_a_domain_of_eight(size: float, stride: float, inside: float, members: float) -> None:
    assert experts.group_members(size, stride, 8.0, inside) == members


def test_tokens_go_over_both_networks_at_once() -> None:
    # 6 x 8 / 2 elements of 2 B, 48 B: to one and a half of two experts on four chips at 24 B/s, 3 s; to three other
    # domains at 12 B/s, 12 s. Out and back, in half of the layers, with a latency of a quarter of a second each.
    sizes = (6.0, 8.0, 0.5, 2.0, 2.0, 4.0)
    assert experts.exchange_time(*sizes, 3.0, 2.0, 24.0, 12.0, 0.25) == 0.25 + 12
    assert experts.exchange_time(*sizes, 3.0, 2.0, 24.0, 1200.0, 0.25) == 0.25 + 3
    alone = (6.0, 8.0, 0.5, 2.0, 2.0, 1.0)
    assert experts.exchange_time(*alone, 0.0, 2.0, 24.0, 12.0, 0.25) == 0
    assert experts.exchange_time(*alone, 0.0, 2.0, 24.0, 12.0, 0.0) == 0
    assert experts.exchange_time(*alone, LITTLE, 2.0, 24.0, 12.0, 0.25) > 0.25  # nor is a little sent at once


def test_what_an_expert_is_cut_over_gathers_and_sums() -> None:
    # 6 x 16 elements of 2 B from each of two, a quarter of a token's width each: 96 B, two steps of 48 B at 96 B/s.
    assert experts.cut_expert_time(2.0, 6.0, 16.0, 4.0, 2.0, 96.0, 0.125) == 2 * (0.5 + 0.125)
    assert experts.cut_expert_time(2.0, 6.0, 0.0, 4.0, 2.0, 96.0, 0.125) == 0
    assert experts.cut_expert_time(1.0, 6.0, 0.0, 4.0, 2.0, 96.0, 0.125) == 0
    assert experts.cut_expert_time(2.0, 6.0, LITTLE, 4.0, 2.0, 96.0, 0.125) > 0.25


# --- One, or more than one -------------------------------------------------------------------------------


def test_what_is_more_than_one_is_several() -> None:
    """A size need not be whole, as a draw from an interval gives it: what exceeds one has others beside it."""
    several = 1 + LITTLE
    for formula in (collective.ring_broadcast, in_network_all_reduce, switched_all_gather):
        assert formula(1.0, 96.0, 96.0, 0.125) == 0
        assert formula(several, 96.0, 96.0, 0.125) > 0.125
    assert collective.broadcast_bound(several, 96.0, 96.0) == 1
    assert mesh.mesh_all_gather_bound(several, several, 96.0, 96.0) < mesh.mesh_all_gather_bound(
        several**2, 1.0, 96.0, 96.0
    )
    # Of one rank none has anybody to send to; of a line each link carries a vector each way, of a square 3/4 of one.
    for rows, columns, time in ((1.0, 1.0, 0.0), (1.0, 2.0, 1.0), (2.0, 2.0, 0.75), (2.0, 1.0, 1.0)):
        assert mesh.mesh_all_reduce_bound(rows, columns, 96.0, 96.0) == time
    assert pipeline.pipeline_time(several, 1.0, 6.0, 8.0, 2.0, 2.0, 96.0, 0.25, 0.5) == 0.75
    assert memory.common_parameters(2.0, 100.0, 640.0, 2.0, several, 0.0) == 200 + 160
    assert memory.gathered_bytes(100.0, 40.0, 4.0, 1000.0, 640.0, 2.0, several, 0.0, 2.0, 1.0) == 2000
    # Of four stages two interleaved ones hold 3 / 8 more micro-batches, a little more than one nearly 3 / 4.
    assert memory.micro_batches_held(99.0, 4.0, 2.0) == 4 * (1 + 3 / 8)
    assert memory.micro_batches_held(99.0, 4.0, several) == pytest.approx(7, rel=2 * LITTLE)


def test_what_is_left_out_changes_nothing() -> None:
    """Without latency, on one hop, in one micro-batch and frame, with all scores and no further tokens counted."""
    assert roofline.transfer_time(96.0, 96.0) == 1
    assert collective.point_to_point(96.0, 96.0, 0.125) == 1.125
    assert collective.point_to_point(96.0, 96.0, 0.125, 3.0) == 1.375
    assert kernels.reduction_flop(2.0, 5.0) == 2 * 4
    assert kernels.attention_flop(1.0, 2.0, 3.0, 4.0, 5.0) == 2 * 2 * 2 * 3 * 4 * 5
    assert vision.repeated_size(5.0, 3.0) == 15
    assert vision.grid_layer_flop(2.0, 3.0, 4.0, 2.0) == vision.grid_layer_flop(2.0, 3.0, 4.0, 2.0, 1.0)
    assert feeding.reduce_time(96.0, 4.0, 96.0) == 2 * 3 / 4
    assert holding.batch_held(100.0, 3.0, 95.0, 10.0) == 20
    # Of `test_work_by_hand`, with all of attention.
    sizes = (50.0, 4.0, 10.0, 8.0, 40.0)
    assert transformer.forward_flop(6.0, 3.0, *sizes) == 3 * (600 + 960) + 3840
    assert transformer.prediction_flop(6.0, 2.0, *sizes) == 2 * (600 + 960 + 3840)
    assert transformer.training_flop(7080.0) == 3 * 7080
