from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.chain.feed import WORKLOADS, feed_dojo
from dojo_calc.errors import DomainError, UnknownNameError
from dojo_calc.performance.workload import transformer

WAYS = ["resident", "streamed", "pipelined"]
EVERY = [*WAYS, "dojo", "a100", "h100"]


@pytest.mark.parametrize("keep", ["all", "inputs"])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_no_way_passes_its_efficiency_and_the_best_is_one_of_them(workload: str, keep: str) -> None:
    model = feed_dojo(workload, keep)
    got = model.evaluate(EVERY)
    cap = 0.4 if keep == "all" else 0.3  # of all chips; a forward pass done twice leaves three quarters
    assert all(0 <= got[way] <= cap * (1 + 1e-12) for way in EVERY)
    assert got["dojo"] == max(got[way] for way in WAYS)


def test_what_fits_where_by_hand() -> None:
    # 175 billion parameters of 16 B are 2.8 TB: more than the 1.32 TB of SRAM in 3,000 dies, and than the 640 GB of
    # eight GPUs. 13 billion are 208 GB: they fit an ExaPOD's SRAM, and a server.
    large, middle = (feed_dojo(name, "inputs").evaluate(EVERY) for name in ("gpt3-175b", "gpt3-13b"))
    assert large["resident"] == large["pipelined"] == large["a100"] == 0
    assert large["streamed"] > 0
    assert all(middle[way] > 0 for way in EVERY)
    # A sample of eight frames of eight cameras keeps some 70 GB, so no tile of 11 GB takes one whole.
    assert feed_dojo("occupancy-network").evaluate("pipelined") == 0


def test_the_occupancy_network_by_hand() -> None:
    # Backbone: 8 x 8 images of 1280 x 960 = 24.4898 times 224 x 224, at 2 x 4.087136 GMAC: 12.812 TFLOP.
    # Neck: 8 frames x 9600 features x 2048 x 256 multiply-adds: 0.0805 TFLOP. Layers, each frame: products
    # 4 x 19,600 x 256^2 = 5.138 GFLOP, attention 4 x 10,000 x 9600 x 256 / 4 = 24.576, feed-forward
    # 4 x 10,000 x 256 x 1024 = 10.486: 40.2; three layers, eight frames: 0.9648 TFLOP. Fusion: 4 x 90,000 x 256^2 +
    # 4 x 10,000 x 8 x 256 = 23.67 GFLOP. Decoder: 2 x 2 x 640,000 x 32^2 x 27 = 70.78 GFLOP. Three times the sum.
    model = feed_dojo("occupancy-network")
    by_hand = 3 * (12.8117e12 + 0.0805e12 + 0.9648e12 + 0.02367e12 + 0.07078e12)
    assert model.evaluate("work") == pytest.approx(by_hand, rel=1e-4)
    # Backbone 23,508,032, neck 524,288, layers 3 x 12 x 256^2, fusion 4 x 256^2, decoder 2 x 27 x 32^2.
    assert model.evaluate("network_parameters") == 23_508_032 + 524_288 + 2_359_296 + 262_144 + 55_296


def test_gathering_across_trays_by_hand() -> None:
    # GPT-3 6.7B keeps 2048 x 32 x 4096 x 17 x 2 B = 9.127 GB a sequence. 107.2 GB of state in half of the SRAM are 20
    # tiles or 500 dies, with room for floor((220 - 107.2) / 9.127) = 12 sequences: 12 x 82.33 TFLOP over
    # 500 x 362 TFLOP/s are 5.458 ms. On four trays, 3 x 13.4 GB x 3/4 cross 1 TB/s in 30.15 ms.
    got = feed_dojo("gpt3-6b7").values(["resident"], {})
    assert got["resident_batch"] == 12
    assert got["resident_compute"] == pytest.approx(5.458e-3, rel=1e-3)
    assert got["resident_crossing_time"] == pytest.approx(30.15e-3)
    assert got["resident"] == pytest.approx(5.458 / 30.15, rel=1e-3)


def test_endless_links_leave_the_efficiency() -> None:
    model = feed_dojo("gpt3-13b", "inputs")
    endless = dict.fromkeys(("edge", "tray_link", "tile_edge", "hbm_bandwidth", "sram_bandwidth"), 1e30)
    got = model.evaluate([*WAYS, "attained"], **endless)
    assert got["attained"] == pytest.approx(0.3)
    # 208 GB in half of the SRAM are 38 tiles of 11 GB or 950 dies: three copies leave 6 tiles or 150 dies idle. A
    # tray's HBM holds the state alone. The pipeline works 152 of 189 slots.
    assert got["resident"] == pytest.approx(0.3 * 0.95)
    assert got["streamed"] == pytest.approx(0.3)
    assert got["pipelined"] == pytest.approx(0.3 * 0.95 * 152 / 189)


_MODEL = feed_dojo("gpt3-6b7", "inputs")


@settings(deadline=None, max_examples=25)
@given(
    factor=st.floats(1, 1e3),
    name=st.sampled_from(["edge", "tray_link", "tile_edge", "hbm_bandwidth", "peak"]),
)
def test_a_faster_link_does_no_harm_and_a_faster_die_is_fed_less(factor: float, name: str) -> None:
    at = _MODEL.inputs[name].value or 0.0
    before, after = (_MODEL.evaluate(WAYS, **{name: at * scale}) for scale in (1, factor))
    sign = -1 if name == "peak" else 1
    assert all(sign * (after[way] - before[way]) >= -1e-12 for way in WAYS)


def test_a_measured_gpu_lies_below_its_bound() -> None:
    # NVIDIA, June 2020: ResNet-50 v1.5 on eight A100 of 40 GB, 9,488 images a second, 1,186 each.
    model = feed_dojo("resnet-50-v1.5")
    memory = dc.catalogue().fact("a100-sxm-40gb.hbm_bandwidth").value
    got = model.evaluate(["a100_rate", "work"], a100_hbm=memory, a100_capacity=40 * dc.GB, feed_copies=4)
    assert got["a100_rate"] / got["work"] > dc.catalogue().fact("a100-sxm-40gb.training_rate").high


def test_hosts_needed_feed_the_machine() -> None:
    for workload in ("resnet-50-v1.5", "occupancy-network"):
        model = feed_dojo(workload)
        needed = model.evaluate("hosts_for_all")
        assert model.evaluate("fed", hosts=needed) == 1
        assert model.evaluate("fed", hosts=needed - 1) < 1


def test_arrays_agree_with_scalars() -> None:
    model = feed_dojo("occupancy-network")
    frames, cameras = np.array([[1.0], [8.0]]), np.array([1.0, 8.0, 12.0])
    whole = model.evaluate(["dojo", "fed", "work"], frames=frames, cameras=cameras)
    for i, j in np.ndindex(2, 3):
        one = model.evaluate(["dojo", "fed", "work"], frames=float(frames[i, 0]), cameras=float(cameras[j]))
        for name, value in one.items():
            np.testing.assert_allclose(whole[name][i, j], value, rtol=1e-14)


def test_utilisation_comes_as_an_interval_that_narrows_as_an_input_becomes_known() -> None:
    model = feed_dojo("occupancy-network")
    wide = dc.simulate(model, "dojo", seed=1).interval()
    narrow = dc.simulate(model, "dojo", seed=1, efficiency=0.4).interval()
    assert 0 < wide[0] < 0.4 < wide[1] <= 0.6  # the ends of the assumed efficiency are 0.1 and 0.6
    assert narrow[1] == pytest.approx(0.4)
    assert narrow[1] - narrow[0] < wide[1] - wide[0]


def test_an_unknown_workload_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="gpt3-13b"):
        feed_dojo("gpt3-13")


def test_a_sequence_is_of_a_transformer_by_its_sizes_alone() -> None:
    with pytest.raises(
        UnknownNameError, match="sequence 4096 would not be read: the workload 'gpt3-175b' has its own"
    ):
        feed_dojo("gpt3-175b", sequence=4096)
    with pytest.raises(DomainError, match="sequence must be a whole number of at least 1, got 0"):
        feed_dojo(transformer("llama2-7b"), sequence=0)
    left_out, told = (
        feed_dojo(transformer("llama2-7b")),
        feed_dojo(transformer("llama2-7b"), sequence="2,048"),
    )
    assert left_out.evaluate("dojo") == told.evaluate("dojo")
