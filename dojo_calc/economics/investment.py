"""Rate of return of a row of payments: a search, so a procedure and not a formula."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from dojo_calc.economics.discounting import net_present_value
from dojo_calc.errors import DomainError

__all__ = ["internal_rate_of_return"]


def internal_rate_of_return(flows: Sequence[float]) -> float:
    """Rate of one period at which a row of payments is worth nothing today.

    Parameters
    ----------
    flows : sequence of float
        The first today, the others a period apart; received above zero, paid below [USD].

    Returns
    -------
    float
        Above -1 [1].

    Raises
    ------
    DomainError
        If a payment is not finite, or the payments do not change sign exactly once: without a change no rate
        serves, with several more than one may (Descartes' rule), and none of them is *the* return.
    """
    from scipy.optimize import brentq  # 0.1 s: paid only where a root is sought

    paid = [float(flow) for flow in flows]
    if not all(map(math.isfinite, paid)):
        raise DomainError(f"flows must be finite payments [USD], got {paid!r:.80}")
    signs = [flow > 0 for flow in paid if flow]
    changes = sum(before != after for before, after in pairwise(signs))
    if changes != 1:
        raise DomainError(f"flows must change sign exactly once, these do {changes} times: {paid!r:.80}")

    def worth(growth: float) -> float:
        """Net present value by the logarithm of 1 + rate, which has no lower end."""
        return float(net_present_value(math.expm1(growth), *paid))

    reach = 1.0
    while worth(-reach) * worth(reach) > 0:  # at one end the last payments decide, at the other the first
        reach *= 2.0
        if reach > 32.0:
            raise DomainError(
                f"flows have a rate of return beyond {math.exp(32.0):.0e} a period: {paid!r:.80}"
            )
    return math.expm1(brentq(worth, -reach, reach, xtol=1e-14, rtol=1e-14))
