"""Where the checks in code register, each under the id of its claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.hardware.catalog import Catalogue

__all__ = ["CHECKS", "Answers", "Check", "check"]

Answers: TypeAlias = Answer | Mapping[str, Answer]
Check: TypeAlias = Callable[[Catalogue], Answers]

CHECKS: dict[str, Check] = {}


def check(claim: str) -> Callable[[Check], Check]:
    """Register a function as the check of a claim.

    Parameters
    ----------
    claim : str
        Its id.

    Returns
    -------
    callable
        Decorator that leaves the function as it is.

    Raises
    ------
    ValueError
        If another check stands under the same id.
    """

    def register(function: Check) -> Check:
        if claim in CHECKS:
            raise ValueError(f"claim {claim} has two checks")
        CHECKS[claim] = function
        return function

    return register
