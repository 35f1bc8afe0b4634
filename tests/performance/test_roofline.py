from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc

positive = st.floats(min_value=1e-6, max_value=1e21)


def test_peak_of_a_d1_closes_over_its_nodes() -> None:
    # 354 nodes x 4 units x (8 x 8) multiply-adds x 2 operations x 2 GHz = 354 x 512 x 2e9 = 362.496e12,
    # the 362 TFLOP/s of AI Day 2021.
    assert dc.peak_rate(354, 4 * 8 * 8 * 2, 2 * dc.GHz) == pytest.approx(362.496e12, rel=1e-15)


def test_ridge_points_worked_by_hand() -> None:
    # 362e12 / 141.6e12 = 2.5565 FLOP/B in SRAM; 54.3e15 / 16e12 = 3393.75 on a tray's HBM;
    # 312e12 / 2.039e12 = 153.016 for an A100; 9.05e15 / 4.5e12 = 2011.1 over one edge of a tile.
    assert dc.ridge_point(362 * dc.tera, 141.6 * dc.TB) == pytest.approx(2.5565, rel=1e-4)
    assert dc.ridge_point(54.3 * dc.peta, 16 * dc.TB) == pytest.approx(3393.75, rel=1e-12)
    assert dc.ridge_point(312 * dc.tera, 2.039 * dc.TB) == pytest.approx(153.016, rel=1e-5)
    assert dc.ridge_point(9.05 * dc.peta, 4.5 * dc.TB) == pytest.approx(2011.11, rel=1e-5)


def test_roof_of_the_roofline_paper() -> None:
    # Williams et al. 2009, figure 1a: Opteron X2, 17.6 GFLOP/s peak and 15 GB/s of memory bandwidth; a
    # kernel at 1/2 FLOP/B gets 7.5 GFLOP/s, at 4 FLOP/B the peak.
    roof = dc.attainable_rate(17.6 * dc.giga, np.array([0.5, 4.0]), 15 * dc.GB)
    np.testing.assert_allclose(roof, [7.5e9, 17.6e9], rtol=1e-15)


@given(peak=positive, bandwidth=positive, intensity=positive)
def test_roof_laws(peak: float, bandwidth: float, intensity: float) -> None:
    roof = dc.attainable_rate(peak, intensity, bandwidth)
    assert roof <= peak
    assert roof <= intensity * bandwidth
    assert roof in (peak, intensity * bandwidth)
    assert dc.attainable_rate(peak, 2 * intensity, bandwidth) >= roof
    at_ridge = dc.attainable_rate(peak, dc.ridge_point(peak, bandwidth), bandwidth)
    assert at_ridge == pytest.approx(peak, rel=1e-12)
    assert 0 < dc.roof_fraction(peak, intensity, bandwidth) <= 1


@given(work=positive, traffic=positive, peak=positive, bandwidth=positive)
def test_time_at_the_roof_is_the_overlapped_time(
    work: float, traffic: float, peak: float, bandwidth: float
) -> None:
    """Work over the attainable rate is the same statement as the longer of the two times."""
    intensity = dc.arithmetic_intensity(work, traffic)
    roof_time = dc.compute_time(work, dc.attainable_rate(peak, intensity, bandwidth))
    times = dc.compute_time(work, peak), dc.transfer_time(traffic, bandwidth)
    assert roof_time == pytest.approx(dc.overlapped_time(*times), rel=1e-12)


@given(st.lists(positive, min_size=1, max_size=5))
def test_bounds_of_time(times: list[float]) -> None:
    low, high = dc.overlapped_time(*times), dc.serial_time(*times)
    assert max(times) == low
    assert low <= high * (1 + 1e-12)
    assert high <= len(times) * low * (1 + 1e-12)
    assert dc.overlapped_time(times[0]) == dc.serial_time(times[0])


def test_streaming_takes_the_far_memory_only_beyond_the_near_one() -> None:
    sizes = np.array([1e6, 440e6, 440e6 + 1, 1e9])
    got = dc.streaming_bandwidth(sizes, 440 * dc.MB, 141.6 * dc.TB, 106.7 * dc.GB)
    np.testing.assert_array_equal(got, [141.6e12, 141.6e12, 106.7e9, 106.7e9])


def test_latency_adds_once() -> None:
    # 1 MB over 50 GB/s is 20 us; with 1.3 us until the first byte, 21.3 us.
    assert dc.transfer_time(1 * dc.MB, 50 * dc.GB, 1.3 * dc.micro) == pytest.approx(21.3e-6, rel=1e-12)
