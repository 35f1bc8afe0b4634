from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.errors import DojoCalcError, DomainError, UnknownNameError

D1, TILE, TRAY, POD, A100 = (dc.machine(name) for name in ("d1", "dojo-tile", "dojo-tray", "exapod", "a100"))
WITHIN = {"d1": TRAY, "dojo-tile": TRAY}


@pytest.fixture(scope="module")
def roofs() -> dc.Roofs:
    return dc.Roofs([D1, TILE, TRAY, POD, A100], ["bf16", "fp32", "fp8"], WITHIN)


def test_a_die_streams_from_its_sram_then_from_its_share_of_the_tray() -> None:
    # 16 TB/s of HBM over 150 dies is 106.67 GB/s; 640 GB over 150 is 4.267 GB.
    names = [(feed.name, feed.capacity, feed.bandwidth) for feed in dc.feeds(D1, TRAY)]
    assert [name for name, *_ in names] == ["sram", "hbm", "dram", "ethernet"]
    assert names[1][1:] == pytest.approx((640e9 / 150, 16e12 / 150))
    assert names[-1][1] == np.inf
    assert [feed.name for feed in dc.feeds(D1)] == ["sram"]
    with pytest.raises(UnknownNameError, match="there is no 'd1'"):
        dc.feeds(D1, A100)
    with pytest.raises(UnknownNameError, match="has no memory of its own"):
        dc.feeds(dc.machine("dojo-host"))


def test_ridges_of_d1_tray_and_a100(roofs: dc.Roofs) -> None:
    # 362e12 / 141.6e12 = 2.5565; 54.3e15 / 16e12 = 3393.75, 22.18 times the A100's 153.02.
    ridges = {
        (row["machine"], row["precision"], row["feed"]): row["ridge"]
        for row in roofs.table().rows(named=True)
    }
    assert ridges["d1", "bf16", "sram"] == pytest.approx(2.5565, rel=1e-4)
    assert ridges["dojo-tray", "bf16", "hbm"] == pytest.approx(3393.75)
    assert ridges["d1", "bf16", "hbm"] == pytest.approx(ridges["exapod", "bf16", "hbm"])
    assert ridges["d1", "bf16", "hbm"] / ridges["a100-sxm-80gb", "bf16", "hbm"] == pytest.approx(
        22.18, rel=1e-3
    )


def test_two_memories_two_answers(roofs: dc.Roofs) -> None:
    """A kernel of 50 FLOP/B: in SRAM the D1 is at its peak, beyond it far below the A100."""
    rate = roofs.attainable(50.0, np.array([100e6, 1e9]))[:, 0]
    assert rate.shape == (5, 2)
    d1, a100 = rate[0], rate[4]
    assert d1[0] == 362e12
    assert d1[0] > a100[0]
    # 50 x 106.67e9 = 5.333e12 against 50 x 2.039e12 = 101.95e12.
    assert d1[1] == pytest.approx(5.3333e12, rel=1e-4)
    assert a100[1] == pytest.approx(101.95e12)


def test_shape_is_machines_by_precisions_by_what_is_broadcast(roofs: dc.Roofs) -> None:
    got = roofs.attainable(np.geomspace(0.1, 1e4, 7)[:, None], np.geomspace(1e6, 1e13, 4))
    assert got.shape == (5, 3, 7, 4)
    assert roofs.attainable(1.0, 1.0).shape == (5, 3)
    missing = {(roofs.machines[i], roofs.precisions[j]) for i, j in np.argwhere(np.isnan(roofs.peak))}
    assert missing == set(roofs.missing) == {("a100-sxm-80gb", "fp8")}
    assert np.isnan(got).sum() == 7 * 4, "NaN exactly where a reason is given"


@given(st.floats(1e-3, 1e6), st.floats(1.0, 1e15))
def test_the_array_agrees_with_a_walk_down_the_feeds(intensity: float, size: float) -> None:
    roofs = dc.Roofs([D1, A100], ["bf16"], WITHIN)
    got = roofs.attainable(intensity, size)[:, 0]
    for index, (machine, within) in enumerate(((D1, TRAY), (A100, None))):
        feed = next(feed for feed in dc.feeds(machine, within) if size <= feed.capacity)
        assert got[index] == min(machine.peak("bf16"), intensity * feed.bandwidth)


def test_bad_input_is_named(roofs: dc.Roofs) -> None:
    with pytest.raises(DomainError, match=r"intensity\[1\] must be at least 0"):
        roofs.attainable([1.0, -2.0], 1e6)
    with pytest.raises(DomainError, match="working_set must be at least 0"):
        roofs.attainable(1.0, float("nan"))


def test_time_bounds_over_all_memories_and_links_at_once() -> None:
    # On a tray: 1e15 FLOP at 54.3 PFLOP/s 18.416 ms; 1 TB of HBM at 16 TB/s 62.5 ms; 1 GB of Ethernet at
    # 1 TB/s 1 ms. Overlapped 62.5 ms, one after the other 81.916 ms.
    low, high = dc.time_bounds(TRAY, "bf16", 1e15, {"hbm": 1e12, "ethernet": 1e9})
    assert low == pytest.approx(62.5e-3)
    assert high == pytest.approx(81.916e-3, rel=1e-4)
    many, _ = dc.time_bounds(TRAY, "bf16", np.array([1e15, 1e16]), {"hbm": np.array([[1e12], [2e12]])})
    assert many.shape == (2, 2)
    with pytest.raises(UnknownNameError, match="no memory or link 'nvlink'"):
        dc.time_bounds(TRAY, "bf16", 1e15, {"nvlink": 1e9})


def test_traffic_must_say_over_what() -> None:
    with pytest.raises(DojoCalcError, match=r"traffic must be a mapping from a text, got 1000000000000\.0"):
        dc.time_bounds(dc.machine("a100"), "bf16", 1e15, 1e12)
