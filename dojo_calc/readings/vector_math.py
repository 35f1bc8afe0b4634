"""Exponentials and logarithms as straight-line arithmetic, so that a compiled loop over them is vectorised.

A call into the C library keeps a whole loop scalar. These have no branch and no call; they take the bits of a
double apart, and are good to two units in the last place [1]_. `numba` compiles them into each
kernel; what they compute for infinities, NaN and numbers out of their domain is what NumPy computes.

References
----------
.. [1] Sun Microsystems, "Freely Distributable LIBM" (fdlibm 5.3), 1993: the reductions, the polynomials and their
   coefficients for exp, expm1, log and log1p; log2 with the two-part 1 / ln 2 of FreeBSD's msun.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

__all__ = ["FUNCTIONS"]

# Bits of a double: its exponent stands at 52 with a bias of 1023.
_BIAS = 1023
_MANTISSA = 0x000FFFFFFFFFFFFF
_ONE = _BIAS << 52
_UPPER = ~0xFFFFFFFF
_WHOLE = 0x4330000000000000  # 2**52, whose last bits count ones
_TWO_52 = 2.0**52
_ROUND = (
    1.5 * 2.0**52
)  # added and taken away again it rounds to a whole number, which stands in the last bits
_SQRT_2 = math.sqrt(2.0)
_LEAST = sys.float_info.min  # smaller numbers have no exponent of their own
_FAR = 750.0  # beyond it an exponential is infinite, or 0
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LOG2E = 1.44269504088896338700
_LOG2E_HIGH, _LOG2E_LOW = 1.44269504072144627571, 1.67517131648865118353e-10
_L1, _L2, _L3, _L4, _L5, _L6, _L7 = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
)  # fmt: skip
_P1, _P2, _P3, _P4, _P5 = (
    1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05,
    -1.65339022054652515390e-06, 4.13813679705723846039e-08,
)  # fmt: skip
_Q1, _Q2, _Q3, _Q4, _Q5 = (
    -3.33333333333331316428e-02, 1.58730158725481460165e-03, -7.93650757867487942473e-05,
    4.00821782732936239552e-06, -2.01099218183624371326e-07,
)  # fmt: skip


def _split(x: Any) -> Any:
    """Exponent as a double, and the rest of a positive number in [sqrt(1/2), sqrt(2)) less 1."""
    small = x < _LEAST
    bits = np.float64(x * 2.0**54 if small else x).view(np.int64)
    exponent = np.int64((bits >> 52) | _WHOLE).view(np.float64) - (_TWO_52 + _BIAS)
    rest = np.int64((bits & _MANTISSA) | _ONE).view(np.float64)
    large = rest >= _SQRT_2
    exponent = exponent + (1.0 if large else 0.0) - (54.0 if small else 0.0)
    return exponent, (rest * 0.5 if large else rest) - 1.0


def _series(f: Any) -> Any:
    """Half of f * f, and what log(1 + f) is beside f less that."""
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = w * (_L2 + w * (_L4 + w * _L6))
    even = z * (_L1 + w * (_L3 + w * (_L5 + w * _L7)))
    half = 0.5 * f * f
    return half, s * (half + (odd + even))


def _ends(x: Any, y: Any) -> Any:
    """Logarithm y of x where x is no positive finite number."""
    y = y if x < math.inf else x  # infinity and NaN
    y = y if x != 0.0 else -math.inf
    return y if not x < 0.0 else math.nan


def log(x: Any) -> Any:
    k, f = _split(x)
    half, rest = _series(f)
    return _ends(x, rest + k * _LN2_LOW - half + f + k * _LN2_HIGH)


def log2(x: Any) -> Any:
    k, f = _split(x)
    half, rest = _series(f)
    high = np.int64(np.float64(f - half).view(np.int64) & _UPPER).view(np.float64)
    low = f - high - half + rest
    return _ends(x, (low + high) * _LOG2E_LOW + low * _LOG2E_HIGH + high * _LOG2E_HIGH + k)


def log1p(x: Any) -> Any:
    u = 1.0 + x
    k, f = _split(u)
    own = u - 1.0
    lost = ((1.0 - (u - own)) + (x - own)) / u  # what the sum was rounded by
    lost = 0.0 if k == 0.0 else lost
    f = x if k == 0.0 else f
    half, rest = _series(f)
    y = rest + (k * _LN2_LOW + lost) - half + f + k * _LN2_HIGH
    y = y if x != 0.0 else x
    y = y if x < math.inf else x
    y = y if x != -1.0 else -math.inf
    return y if not x < -1.0 else math.nan


def _reduced(x: Any) -> Any:
    """Nearest whole number of ln 2 in x, which is held to a range; its bits; what is left of x in two parts."""
    near = min(max(x, -_FAR), _FAR)
    shifted = near * _LOG2E + _ROUND
    k = shifted - _ROUND
    return k, np.float64(shifted).view(np.int64), near - k * _LN2_HIGH, k * _LN2_LOW


def _scaled(y: Any, k: Any) -> Any:
    """Number y times 2**k, in two steps, since 2**k may be beyond the doubles; the last twelve bits of k count."""
    half = k >> 1
    first = np.int64((half + _BIAS) << 52).view(np.float64)
    second = np.int64((k - half + _BIAS) << 52).view(np.float64)
    return y * first * second


def exp(x: Any) -> Any:
    _, bits, high, low = _reduced(x)
    r = high - low
    z = r * r
    c = r - z * (_P1 + z * (_P2 + z * (_P3 + z * (_P4 + z * _P5))))
    y = _scaled(1.0 + (r * c / (2.0 - c) - low + high), bits)
    return y if x == x else x


def expm1(x: Any) -> Any:
    k, bits, high, low = _reduced(x)
    r = high - low
    lost = (high - r) - low
    half = 0.5 * r
    z = r * half
    r1 = 1.0 + z * (_Q1 + z * (_Q2 + z * (_Q3 + z * (_Q4 + z * _Q5))))
    t = 3.0 - r1 * half
    e = z * ((r1 - t) / (6.0 - r * t))
    same = r - (r * e - z)
    e = (r * (e - lost) - lost) - z
    y = _scaled(1.0 + (r - e), bits) - 1.0
    y = 1.0 + 2.0 * (r - e) if k == 1.0 else y  # rounded once less
    y = same if k == 0.0 else y
    return y if x == x else x


FUNCTIONS = {one.__name__: one for one in (exp, expm1, log, log1p, log2)}
HELPERS = (_split, _series, _ends, _reduced, _scaled)
