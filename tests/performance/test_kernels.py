from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc

BF16 = 2.0
sizes = st.integers(min_value=1, max_value=4096)


def test_square_gemm_by_hand() -> None:
    # n = 1024 in BF16: 2 x 1024^3 = 2147483648 FLOP over 3 x 1024^2 x 2 B = 6291456 B; n/3 = 341.33 FLOP/B.
    assert dc.gemm_flop(1024, 1024, 1024) == 2147483648
    assert dc.gemm_traffic(1024, 1024, 1024, BF16) == 6291456
    intensity = dc.arithmetic_intensity(
        dc.gemm_flop(1024, 1024, 1024), dc.gemm_traffic(1024, 1024, 1024, BF16)
    )
    assert intensity == pytest.approx(1024 / 3)


@given(m=sizes, n=sizes, k=sizes)
def test_gemm_laws(m: int, n: int, k: int) -> None:
    """Intensity is symmetric, below every limit that grows one side without end, and rises with each side."""

    def intensity(m: float, n: float, k: float) -> float:
        return float(dc.gemm_flop(m, n, k) / dc.gemm_traffic(m, n, k, BF16))

    assert intensity(m, n, k) == pytest.approx(intensity(n, m, k))
    assert intensity(m, n, k) == pytest.approx(intensity(k, n, m))
    assert intensity(m, n, k + 1) > intensity(m, n, k)
    assert intensity(m, n, k) < 2 * m * n / ((m + n) * BF16)  # the limit k -> infinity


def test_elementwise_and_reduction_by_hand() -> None:
    # Adding two BF16 vectors of 1000: 1000 FLOP over (2 + 1) x 1000 x 2 B = 6000 B, 1/6 FLOP/B.
    assert dc.elementwise_flop(1000, 1) / dc.elementwise_traffic(1000, 2, BF16) == pytest.approx(1 / 6)
    # Summing 8 rows of 512 FP32: 8 x 511 = 4088 FLOP over 8 x 513 x 4 = 16416 B.
    assert dc.reduction_flop(8, 512) == 4088
    assert dc.reduction_traffic(8, 512, 4) == 16416


def test_attention_by_hand() -> None:
    # One head of 64, 2 queries and 3 keys, one sequence: scores 2x3x64 and sum 2x64x3 multiply-adds,
    # 2 x 2 x 384 = 1536 FLOP. Flash in BF16: Q and output 2x64 each, K and V 3x64 each: 640 x 2 = 1280 B.
    # Unfused adds scores and weights, 6 elements each, written and read: 4 x 6 x 2 = 48 B.
    assert dc.attention_flop(1, 1, 2, 3, 64) == 1536
    assert dc.attention_flash_traffic(1, 1, 1, 2, 3, 64, BF16) == 1280
    assert dc.attention_unfused_traffic(1, 1, 1, 2, 3, 64, BF16) == 1328


@given(heads=st.integers(1, 64), length=st.integers(1, 8192))
def test_attention_laws(heads: int, length: int) -> None:
    full = dc.attention_flop(1, heads, length, length, 128)
    assert dc.attention_flop(1, heads, length, length, 128, visible=0.5) == full / 2
    flash = dc.attention_flash_traffic(1, heads, heads, length, length, 128, BF16)
    assert flash < dc.attention_unfused_traffic(1, heads, heads, length, length, 128, BF16)
    # Sharing keys among all heads can save at most the keys' and values' half.
    assert flash / 2 < dc.attention_flash_traffic(1, heads, 1, length, length, 128, BF16) <= flash


def test_first_convolution_of_resnet_50() -> None:
    # He et al. 2016, table 1: 7x7, 64, stride 2, on 224x224x3 gives 112x112. Multiply-adds
    # 112^2 x 64 x 3 x 49 = 118013952; FLOP twice that.
    side = dc.convolution_outputs(224, 7, 2, 3)
    assert side == 112
    assert dc.convolution_outputs(10, 3, 1, 50) == 108  # 10 + 2 x 50 - 3 steps and the first
    assert dc.convolution_flop(1, side * side, 3, 64, 49) == 236027904
    # Bytes in BF16: image 224^2 x 3, kernel 49 x 3 x 64, result 112^2 x 64, each 2 B.
    by_hand = 2 * (224 * 224 * 3 + 49 * 3 * 64 + 112 * 112 * 64)
    assert dc.convolution_traffic(1, 224 * 224, side * side, 3, 64, 49, BF16) == by_hand


def test_a_one_by_one_convolution_is_a_gemm() -> None:
    pixels, c_in, c_out = np.array([49.0, 196.0, 784.0]), 256.0, 64.0
    np.testing.assert_array_equal(
        dc.convolution_flop(1, pixels, c_in, c_out, 1), dc.gemm_flop(pixels, c_out, c_in)
    )
    np.testing.assert_array_equal(
        dc.convolution_traffic(1, pixels, pixels, c_in, c_out, 1, BF16),
        dc.gemm_traffic(pixels, c_out, c_in, BF16),
    )
