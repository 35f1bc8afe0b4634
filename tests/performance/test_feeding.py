from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.performance import feeding, holding

TILE_DIES, TRAY_DIES = 25, 150
counts = st.integers(min_value=1, max_value=10_000)
seconds = st.floats(min_value=1e-6, max_value=1e3)
shares = st.floats(min_value=1e-3, max_value=1)
sizes = st.floats(min_value=1e3, max_value=1e15)


def test_what_lies_on_a_tile_by_hand() -> None:
    # ResNet-50: 25.56 million parameters of 16 B are 408.9 MB, just inside the 440 MB of one die. A tile of 25
    # holds 11,000 - 408.9 = 10,591.1 MB of activations; at 44.46 MB an image 238 whole images.
    state = holding.training_state(25_557_032, 16)
    assert state == 408_912_512
    assert holding.units_to_hold(state, 440 * dc.MB) == 1
    assert holding.batch_held(440 * dc.MB, TILE_DIES, state, 44.46 * dc.MB) == 238
    # GPT-3 175B: 2.8 TB, against 1.32 TB in all 3,000 dies; in HBM of 640 GB a tray, 4.375, so five.
    state = holding.training_state(175e9, 16)
    assert holding.batch_held(440 * dc.MB, 3000, state, 82 * dc.GB) == 0
    assert holding.units_to_hold(state, 640 * dc.GB) == 5


def test_placement_by_hand() -> None:
    # 208 GB of state: 416 GB over 11 GB are 38 tiles (37.8). Beside 0.4 GB of state, a sample of 72.5 GB takes 7.
    assert holding.tiles_for_copy(208e9, 0.84e9, 11e9, 120) == 38
    assert holding.tiles_for_copy(0.4e9, 72.5e9, 11e9, 120) == 7
    assert holding.tiles_for_copy(2.8e12, 1e9, 11e9, 120) == 120
    # In a pipeline a sample of 9.13 GB leaves 1.87 GB of a tile: 107.2 GB of state take 58 tiles (57.3), not 20.
    assert holding.tiles_for_pipeline(107.2e9, 0.5e9, 11e9, 120) == 20
    assert holding.tiles_for_pipeline(107.2e9, 9.13e9, 11e9, 120) == 58
    assert holding.tiles_for_pipeline(0.4e9, 72.5e9, 11e9, 120) == 120
    # To the tile: 220 GB of state fill half of 40 tiles exactly, and a little more takes another; a sample as large
    # as a tile leaves no room.
    assert holding.tiles_for_pipeline(220e9, 0.5e9, 11e9, 120) == 40
    assert holding.tiles_for_pipeline(220e9 * (1 + 1e-9), 0.5e9, 11e9, 120) == 41
    assert holding.tiles_for_pipeline(1.0, 11e9, 11e9, 120) == 120
    assert holding.tiles_for_copy(220e9, 220e9, 11e9, 120) == 40
    assert holding.tiles_for_copy(220e9, 220e9 * (1 + 1e-9), 11e9, 120) == 41
    assert holding.batch_held(100.0, 3.0, 0.0, 10.0) == 30
    assert holding.batch_held(100.0, 3.0, 95.0, 10.0, 2.0) == 10  # 205 left, 20 a sample
    assert holding.spilled_activations(0.0, 66e9) == 0
    assert holding.stack_outputs(6, 4, 8, 5) == 960
    assert holding.stage_bytes(960, 4) == 240
    # 66 GB keep four samples of 14.32 GB; one of 72.5 GB has to spill.
    assert holding.samples_kept(14.32e9, 66e9) == 4
    assert holding.samples_kept(72.5e9, 66e9) == 1


def test_traffic_by_hand() -> None:
    # 51.1 MB of weights over 25 dies: 3 x 51.1 x 24/25 = 147.168 MB into each; over 2 TB/s 73.584 us.
    assert feeding.gather_time(51.1 * dc.MB, TILE_DIES, 2 * dc.TB) == pytest.approx(73.584 * dc.micro)
    assert feeding.gather_time(51.1 * dc.MB, 1, 2 * dc.TB) == 0
    # Twenty trays add 51.1 MB of gradients: 2 x 51.1 x 19/20 = 97.09 MB, over 1 TB/s, spread over ten micro-batches.
    assert feeding.reduce_time(51.1 * dc.MB, 20, 1 * dc.TB) == pytest.approx(97.09 * dc.micro)
    assert feeding.reduce_time(51.1 * dc.MB, 20, 1 * dc.TB, 10) == pytest.approx(9.709 * dc.micro)
    # Streamed: 3 x 2 GB, 1 GB of activations out and in, 16 GB of state out and in over four micro-batches.
    spilled = holding.spilled_activations(67 * dc.GB, 66 * dc.GB)
    assert feeding.streamed_traffic(2 * dc.GB, spilled, 16 * dc.GB, 4) == 6 * dc.GB + 2 * dc.GB + 8 * dc.GB
    assert holding.spilled_activations(65 * dc.GB, 66 * dc.GB) == 0


def test_ridges_of_the_three_ways_by_hand() -> None:
    # A tray: 150 x 362 TFLOP/s over 20 x 0.8 TB/s of HBM = 3,393.75 FLOP/B. An edge of a tile: 9.05 PFLOP/s over
    # 4.5 TB/s = 2,011. A die over one side: 362 TFLOP/s over 2 TB/s = 181.
    book = dc.catalogue()
    tray, tile, d1 = (book.machine(name) for name in ("dojo-tray", "dojo-tile", "d1"))
    assert dc.ridge_point(tray.peak("bf16"), tray.total("hbm_bandwidth")) == pytest.approx(3393.75)
    assert dc.ridge_point(tile.peak("bf16"), tile.total("tile_edge_bandwidth")) == pytest.approx(
        2011.1, abs=0.1
    )
    assert dc.ridge_point(d1.peak("bf16"), d1.total("die_edge_bandwidth")) == pytest.approx(181)
    # Weights of 2 B move three times and do 6 FLOP a token: one FLOP a byte and token. So a tray needs as many
    # tokens in a micro-batch as its ridge has FLOP/B, whatever the size of the model.
    for parameters in (1.3e9, 175e9):
        traffic = feeding.streamed_traffic(2 * parameters, 0, 0, 1)
        assert feeding.micro_batch_to_hide(traffic, 3393.75, 6 * parameters) == pytest.approx(3393.75)


def test_what_stands_idle_by_hand() -> None:
    # Four stages, twelve micro-batches: twelve of fifteen slots work.
    assert feeding.pipelined_share(4, 12) == 0.8
    # 120 tiles in groups of 50: 100 of them work, in 2.4 copies as far as traffic goes; three would need 150.
    assert feeding.grouped_share(120, 50) == pytest.approx(100 / 120)
    assert feeding.working_utilisation(0.5, 0.8, 0.5) == 0.2
    assert feeding.replicas(120, 50) == 2.4
    assert feeding.replicas(120, 150) == 1
    assert feeding.useful_efficiency(0.4, 1) == pytest.approx(0.3)  # four thirds of the work


@given(compute=seconds, efficiency=shares, first=seconds, second=seconds)
def test_utilisation_is_the_least_of_its_roofs(
    compute: float, efficiency: float, first: float, second: float
) -> None:
    got = float(feeding.fed_utilisation(compute, efficiency, 1e-12, first, second))
    roofs = (efficiency, compute / first, compute / second)
    assert got == pytest.approx(min(roofs), rel=1e-12)
    # A faster link never does harm, and endless ones leave the efficiency.
    assert feeding.fed_utilisation(compute, efficiency, 1e-12, first / 2, second) >= got
    assert feeding.fed_utilisation(compute, efficiency, 1e-12, 0.0, 0.0) == pytest.approx(
        efficiency, rel=1e-12
    )


@given(work=sizes, traffic=sizes, batch=counts, efficiency=shares)
def test_it_agrees_with_the_roofline(work: float, traffic: float, batch: int, efficiency: float) -> None:
    peak, bandwidth = 362e12, 106.7e9
    compute = dc.compute_time(feeding.per_unit_flop(batch, work, TRAY_DIES), peak)
    moved = dc.transfer_time(feeding.per_unit_bytes(batch, traffic, TRAY_DIES), bandwidth)
    roof = float(dc.roof_fraction(peak, work / traffic, bandwidth))
    assert feeding.fed_utilisation(compute, 1.0, 1e-12, moved) == pytest.approx(roof)
    assert feeding.fed_utilisation(compute, efficiency, 1e-12, moved) == pytest.approx(min(efficiency, roof))


@given(units=counts, state=sizes, activations=sizes, more=counts)
def test_more_dies_never_hold_less(units: int, state: float, activations: float, more: int) -> None:
    few = float(holding.batch_held(440e6, units, state, activations))
    many = float(holding.batch_held(440e6, units + more, state, activations))
    assert few <= many
    # What is held, fits; one sample more would not.
    if few > 0:
        assert state + few * activations <= 440e6 * units * (1 + 1e-12)
    assert state + (few + 1) * activations >= 440e6 * units * (1 - 1e-12) or few == 0
    # Holding several micro-batches at once leaves room for no more samples in each.
    assert holding.batch_held(440e6, units, state, activations, 4) <= few


@given(stages=counts, micro_batches=counts)
def test_the_bubble_vanishes_as_micro_batches_grow(stages: int, micro_batches: int) -> None:
    busy = [float(feeding.pipelined_share(stages, micro_batches * many)) for many in (1, 10, 1e9)]
    assert busy[0] <= busy[1] <= busy[2] <= 1
    assert busy[2] == pytest.approx(1, abs=1e-4)
    assert feeding.pipelined_share(1, micro_batches) == 1


@given(weights=sizes, holders=counts)
def test_gathering_grows_to_three_times_the_weights(weights: float, holders: int) -> None:
    few, many = (float(feeding.gather_time(weights, n, 1.0)) for n in (holders, holders + 1))
    assert few <= many < 3 * weights
    assert feeding.gather_time(weights, 1e12, 1.0) == pytest.approx(3 * weights)
    # Together they take in what each lacks: the weights n - 1 times, three times a step.
    assert few * holders == pytest.approx(3 * weights * (holders - 1), rel=1e-9)


def test_ways_broadcast() -> None:
    batch = np.array([[1.0], [10.0]])
    bandwidths = np.array([1e12, 1e13, 1e14])
    compute = dc.compute_time(feeding.per_unit_flop(batch, 1e13, TILE_DIES), 362e12)
    got = feeding.fed_utilisation(compute, 0.4, 1e-12, dc.transfer_time(1e10, bandwidths))
    # 1e13 / 25 / 362e12 = 1.105 ms for one sample; 1e10 B take 10, 1 and 0.1 ms.
    np.testing.assert_allclose(got, [[0.11049724, 0.4, 0.4], [0.4, 0.4, 0.4]])
