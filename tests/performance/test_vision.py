from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.errors import UnknownNameError
from dojo_calc.performance import kernels, vision
from dojo_calc.performance.networks import backbone

sizes = st.integers(min_value=1, max_value=2048)


def test_resnet_50_as_the_paper_counts_it() -> None:
    # He et al. 2016, table 1: 3.8 x 10^9 multiply-adds. By hand, each stage's blocks at its size, MMAC:
    #   conv1  112^2 x 7^2 x 3 x 64                                              = 118.01
    #   conv2  56^2 x (64x64 + 9x64x64 + 64x256 + 64x256)                        = 231.21 first block
    #          2 x 56^2 x (256x64 + 9x64x64 + 64x256)                            = 436.74
    #   conv3  28^2 x (256x128 + 9x128x128 + 128x512 + 256x512)                  = 295.44 first block
    #          3 x 28^2 x (512x128 + 9x128x128 + 128x512)                        = 655.10
    #   conv4  14^2 x (512x256 + 9x256x256 + 256x1024 + 512x1024)                = 295.44, 5 x 218.37 = 1091.83
    #   conv5  7^2 x (1024x512 + 9x512x512 + 512x2048 + 1024x2048)               = 295.44, 2 x 218.37 =  436.73
    #   classes 2048 x 1000                                                      =   2.05
    by_hand = 118.014 + 231.211 + 436.732 + 295.436 + 655.098 + 295.436 + 1091.830 + 295.436 + 436.732 + 2.048
    network = backbone("resnet-50")
    assert network.flop.sum() / 2 == pytest.approx(by_hand * 1e6, rel=1e-5)
    assert round(network.flop.sum() / 2 / 1e9 - 0.05, 1) == 3.8  # the paper cuts 3.86 off
    # 53 convolutions: 1 + 3 x 16 blocks + 4 shortcuts.
    assert network.repeats[network.is_convolution].sum() == 1 + 3 * 16 + 4


def test_resnet_50_against_two_other_counters() -> None:
    # torchvision's model card: 25,557,032 parameters, 4.09 GFLOPS (multiply-adds). MMEngine's analysis of the
    # same model prints 11.115 M activations. It strides in the 3x3, which makes it larger than the paper's.
    network = backbone("resnet-50-v1.5")
    assert network.parameters.sum() == 25_557_032
    assert network.flop.sum() / 2 / 1e9 == pytest.approx(4.09, abs=0.005)
    assert network.outputs.sum() / 1e6 == pytest.approx(11.115, abs=0.0005)
    assert backbone("resnet-50").parameters.sum() == 25_557_032  # a stride moves no weight
    assert network.widest == 56 * 56 * 256


def test_each_layer_reads_what_an_earlier_one_wrote() -> None:
    for name in ("resnet-50", "resnet-50-v1.5"):
        network = backbone(name)
        written = {3.0} | set(network.channels_out)
        assert set(network.channels_in) <= written
        sides = {224.0, 56.0, 1.0} | set(np.sqrt(network.pixels))  # 56 and 1: after the two poolings
        assert set(network.side) <= sides


def test_an_unknown_network_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="resnet-50"):
        backbone("resnet-5")


def test_a_larger_image_by_hand() -> None:
    # 1280 x 960 is 24.4898 times 224 x 224, and all strides divide both sides: every output grows by it.
    network = backbone("resnet-50-v1.5")
    convolutions = network.is_convolution
    scale = 1280 * 960 / 224**2
    wide, high = (side * network.side / 224 for side in (1280.0, 960.0))
    strides = np.round(network.side / np.sqrt(network.pixels))
    pixels = wide / strides * high / strides
    channels = network.channels_in, network.channels_out
    exact = np.asarray(kernels.convolution_flop(network.repeats, pixels, *channels, network.kernel))
    per_pixel = network.flop[convolutions].sum() / network.image
    assert vision.backbone_flop(1, 1, vision.image_pixels(960, 1280), per_pixel) == pytest.approx(
        exact[convolutions].sum(), rel=1e-12
    )
    outputs = network.outputs[convolutions].sum() / network.image
    assert vision.backbone_outputs(4, 2, 1280 * 960, outputs) == pytest.approx(8 * scale * 11_113_984)


def test_a_grid_layer_by_hand() -> None:
    # 2 queries, 3 keys, width 4, expansion 2. Multiply-adds: Q and output 2 x 2x4x4 = 64, K and V 2 x 3x4x4 = 96,
    # scores and sum 2 x 2x3x4 = 48, feed-forward 2 x 2x8x4 = 128: 336, so 672 FLOP. A half visible: 48 less.
    assert vision.grid_layer_flop(2, 3, 4, 2) == 672
    assert vision.grid_layer_flop(2, 3, 4, 2, 0.5) == 672 - 48
    # Weights: Q, K, V, output 4x4 each, feed-forward 4x8 and 8x4: 64 + 64.
    assert vision.grid_layer_parameters(4, 2) == 128
    # Written: Q, values, output 3 x 2x4, hidden 2x8, result 2x4, K and V 2 x 3x4: 24 + 16 + 8 + 24.
    assert vision.grid_layer_outputs(2, 3, 4, 2) == 72


def test_temporal_fusion_and_decoder_by_hand() -> None:
    # 2 cells, 3 frames, width 4: Q and output 2 x 2x4x4 = 64, K and V 2 x 6x4x4 = 192, scores and sum
    # 2 x 2 cells x 3 x 4 = 48: 304 multiply-adds.
    assert vision.temporal_fusion_flop(2, 3, 4) == 608
    assert vision.temporal_fusion_parameters(4) == 64
    # Q, value, output 3 x 2x4, K and V 2 x 6x4.
    assert vision.temporal_fusion_outputs(2, 3, 4) == 72
    # Two 3x3x3 convolutions of width 5 over 10 voxels: 2 x 2 x 10 x 5 x 5 x 27.
    assert vision.voxel_decoder_flop(10, 5, 27, 2) == 27_000


@given(queries=sizes, keys=sizes, width=sizes)
def test_a_cell_that_sees_nothing_costs_its_products_alone(queries: int, keys: int, width: int) -> None:
    none, some, every = (float(vision.grid_layer_flop(queries, keys, width, 4, v)) for v in (0, 0.5, 1))
    assert none < some < every
    assert some - none == pytest.approx(every - some)
    assert every - none == pytest.approx(kernels.attention_flop(1, 1, queries, keys, width))


def test_sums_and_bytes_by_hand() -> None:
    # Two million outputs of two bytes, kept twice: 8 MB.
    assert vision.activation_bytes(2e6, 2, 2) == 8e6
    assert vision.network_flop(1e9, 2e9, 3e9) == 6e9
    assert vision.network_size(1.0, vision.normalisation_parameters(4)) == 9
    assert vision.convolution_parameters(3, 64, 49) == 9408
    # Eight cameras of 1280 x 960 at a stride of 32: 8 x 40 x 30 features.
    assert vision.feature_pixels(8, vision.image_pixels(960, 1280), 32) == 9600
    assert vision.repeated_flop(5.0, 3, 2) == vision.repeated_size(5, 3, 2) == 30
