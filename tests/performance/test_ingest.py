from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.performance import ingest

rates = st.floats(min_value=1e-3, max_value=1e9)


def test_cameras_by_hand() -> None:
    # 8 x 1280 x 960 x 36 = 353,894,400 pixels a second; at 1.5 B 530.8 MB/s raw.
    pixels = ingest.pixel_rate(8, 1280 * 960, 36)
    assert pixels == 353_894_400
    assert ingest.camera_bandwidth(pixels, 1.5) == pytest.approx(530.8e6, rel=1e-4)
    # A clip of ten seconds is 5.31 GB raw. 1.5 PB for a million such clips leave 0.424 B a pixel: 3.4 bits.
    assert ingest.clip_bytes(ingest.camera_bandwidth(pixels, 1.5), 10) == pytest.approx(5.308e9, rel=1e-3)
    per_pixel = ingest.pixel_bytes(1.5e15, 1e6, 10, pixels)
    assert per_pixel == pytest.approx(0.4239, abs=1e-4)
    # The inverse: so many bytes a pixel are 1.5 GB a clip again.
    assert ingest.clip_bytes(ingest.camera_bandwidth(pixels, per_pixel), 10) == pytest.approx(1.5e9)


def test_a_sample_through_one_host_by_hand() -> None:
    # Eight frames of eight cameras: 78,643,200 pixels, 33.3 MB compressed at 0.424 B, 118 MB decoded at 1.5 B.
    pixels = ingest.sample_pixels(8, 8, 1280 * 960)
    assert pixels == 78_643_200
    by_nic = ingest.supplied_rate(1, 25 * dc.GB, ingest.sample_bytes(pixels, 1 / 2.359296))
    by_cores = ingest.decoded_rate(128, 1e8, pixels)
    by_pcie = ingest.supplied_rate(5, 32 * dc.GB, ingest.sample_bytes(pixels, 1.5))
    assert by_nic == pytest.approx(750)  # 25e9 / 33.333e6
    assert by_cores == pytest.approx(162.76, abs=0.01)  # 12.8e9 / 78.6e6
    assert by_pcie == pytest.approx(1356.3, abs=0.1)  # 160e9 / 118e6
    assert ingest.slowest_rate(by_nic, by_cores, by_pcie) == by_cores
    assert ingest.pooled_supply(80, by_cores) == pytest.approx(13_020.8, abs=0.1)


def test_starving_by_hand() -> None:
    # 1.086 EFLOP/s at 40 % and 41.86 TFLOP a sample are 10,377 samples a second.
    demand = ingest.consumed_rate(1.086e18, 0.4, 41.86e12)
    assert demand == pytest.approx(10_377, abs=1)
    assert ingest.fed_fraction(13_020, demand) == 1
    assert ingest.fed_fraction(demand / 4, demand) == pytest.approx(0.25)
    # 10,377 / 162.76 = 63.76 hosts.
    assert ingest.hosts_needed(demand, 162.76) == 64


@given(first=rates, second=rates, third=rates, demand=rates)
def test_a_chain_is_as_fast_as_its_slowest_stage(
    first: float, second: float, third: float, demand: float
) -> None:
    supply = float(ingest.slowest_rate(first, second, third))
    assert supply == min(first, second, third)
    fed = float(ingest.fed_fraction(supply, demand))
    assert fed * demand == pytest.approx(min(supply, demand))
    assert fed <= ingest.fed_fraction(supply * 2, demand) <= 1
    hosts = float(ingest.hosts_needed(demand, supply))
    assert ingest.fed_fraction(ingest.pooled_supply(hosts * (1 + 1e-12), supply), demand) == 1
    assert (hosts - 1) * supply < demand
