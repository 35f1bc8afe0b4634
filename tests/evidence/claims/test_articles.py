"""Checks by the models beside the chain, by hand."""

from __future__ import annotations

import pytest

from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.evidence.claims.verdicts import checks
from dojo_calc.hardware.catalog import catalogue

MILE = 1609.344


def _answers(claim: str) -> list[Answer]:
    answered = checks()[claim](catalogue())
    return [answered] if isinstance(answered, Answer) else list(answered.values())


def test_miles_in_the_storage_that_was_told() -> None:
    # A set of 1.5 PB in a million clips of ten seconds is 150 MB/s; least 1.45 PB over 1.5 million of 11 s, 87.9,
    # most 1.55 over half a million of 9 s, 344.4. 200 PB (190 to 210) at 37.1 miles an hour (30 to 40).
    stored, driven = _answers("D12")
    hour = 3600.0
    assert stored.central == pytest.approx(200e15 / 150e6 / hour * 37.1 * MILE, rel=1e-4)
    assert stored.low == pytest.approx(190e15 / 344.44e6 / hour * 30 * MILE, rel=1e-4)
    assert stored.high == pytest.approx(210e15 / 87.879e6 / hour * 40 * MILE, rel=1e-4)
    assert driven.central == pytest.approx(1.3e9 * MILE)


def test_what_stands_beside_a_claim_without_a_number() -> None:
    (wafer,) = _answers("D28")
    assert wafer.central is None
    found = {one.name: one.value for one in wafer.derived}
    assert found["wafers on which 25 sites work, none to spare"] == pytest.approx(100 * 0.91695**25, rel=1e-3)
    (bet,) = _answers("X27")
    # 7.7 + 12.7 + 7.7 on machines; with 1.56 + 6.36 + 2.47 of losses 38.5.
    built, all_spent, _ = (one.value for one in bet.derived)
    assert (built, all_spent) == pytest.approx((28.1, 38.49))
