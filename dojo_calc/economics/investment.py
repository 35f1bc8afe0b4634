"""Rate of return of a row of payments: searches, so procedures and not formulas.

References
----------
.. [1] C. J. Norstrom, "A sufficient condition for a unique nonnegative internal rate of return", Journal of Financial
   and Quantitative Analysis 7(3), 1972.
.. [2] S. A. Y. Lin, "The modified internal rate of return and investment criterion", The Engineering Economist 21(4),
   1976.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from dojo_calc.doors import door
from dojo_calc.economics.discounting import net_present_value
from dojo_calc.errors import DomainError
from dojo_calc.quantities import DiscountRate, single

__all__ = ["internal_rate_of_return", "modified_internal_rate_of_return"]


@door
def internal_rate_of_return(flows: Sequence[float]) -> float:
    """Rate of one period at which a row of payments is worth nothing today.

    Payments that change sign once have one. Of others, such as of a site that is cleared at its end, the rate above
    zero is still the only one where their running sum changes sign once [1]_.

    Parameters
    ----------
    flows : sequence of float
        The first today, the others a period apart; received above zero, paid below [USD].

    Returns
    -------
    float
        Above -1; above 0 where the payments change sign more than once [1].

    Raises
    ------
    DomainError
        If a payment is not finite, or neither the payments nor their running sum change sign exactly once: without a
        change no rate serves, with several more than one may, and none of them is *the* return.
    """
    paid = _finite(flows)
    changes, several = _changes(paid), _changes(paid) > 1
    sums = list(accumulate(paid))
    if changes < 1 or (several and (_changes(sums) != 1 or sums[-1] == 0.0)):
        raise DomainError(
            f"flows must change sign exactly once, these do {changes} times: {paid!r:.80}"
            + (
                f"; so does not their running sum, which would do too ({_changes(sums)} times, to {sums[-1]:g}); "
                "modified_internal_rate_of_return takes any"
                if several
                else ""
            )
        )
    from scipy.optimize import brentq  # 0.1 s: paid only where a root is sought

    def worth(growth: float) -> float:
        """Net present value by the logarithm of 1 + rate, which has no lower end."""
        return float(net_present_value(math.expm1(growth), *paid))

    reach, below = 1.0, 0.0 if several else 1.0  # the rates sought lie from -below * reach to reach
    # At one end the last payments decide, at the other the first.
    while np.sign(worth(-below * reach)) == np.sign(worth(reach)):
        reach *= 2.0
        if reach > 32.0:
            raise DomainError(
                f"flows have a rate of return beyond {math.exp(32.0):.0e} a period: {paid!r:.80}"
            )
    return math.expm1(brentq(worth, -below * reach, reach, xtol=1e-14, rtol=1e-14))


def modified_internal_rate_of_return(flows: Sequence[float], finance: Any, reinvest: Any) -> float:
    """Rate at which what is paid grows into what is received, each moved by a rate of its own [2]_.

    It has one answer however often the payments change sign; the two rates are the price of it.

    Parameters
    ----------
    flows : sequence of float
        The first today, the others a period apart; received above zero, paid below [USD].
    finance : number
        Rate of one period at which what is paid is discounted to today [1].
    reinvest : number
        Rate of one period at which what is received is put to work until the last payment [1].

    Returns
    -------
    float
        ``(received at the end / paid today)**(1 / n) - 1`` over the n periods, above -1 [1].

    Raises
    ------
    DomainError
        If a payment is not finite, or nothing is paid or nothing received.
    """
    paid = _finite(flows)
    if _changes(paid) < 1:
        raise DomainError(f"flows must change sign, these do not: {paid!r:.80}")
    finance, reinvest = single(finance, DiscountRate, "finance"), single(reinvest, DiscountRate, "reinvest")
    spent = -float(net_present_value(finance, *(min(flow, 0.0) for flow in paid)))
    # What is received at the end is the worth of the payments told backwards, at the rate that undoes reinvesting.
    back = 1.0 / (1.0 + reinvest) - 1.0
    gained = float(net_present_value(back, *(max(flow, 0.0) for flow in reversed(paid))))
    return math.expm1(math.log(gained / spent) / (len(paid) - 1))


def _finite(flows: Sequence[float]) -> list[float]:
    paid = [float(flow) for flow in flows]
    if not all(map(math.isfinite, paid)):
        raise DomainError(f"flows must be finite payments [USD], got {paid!r:.80}")
    return paid


def _changes(row: Sequence[float]) -> int:
    """How often a row changes sign, zeros left out."""
    signs = [value > 0 for value in row if value]
    return sum(before != after for before, after in pairwise(signs))
