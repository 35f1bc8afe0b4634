"""Numbers behind the verdicts on the talent post, by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

import dojo_calc as dc
from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.evidence.claims.verdicts import checks


def _answers(claim: str) -> Mapping[str, Answer]:
    answered = checks()[claim](dc.catalogue())
    assert not isinstance(answered, Answer)
    return answered


def _derived(answer: Answer) -> dict[str, float]:
    return {one.name: one.value for one in answer.derived}


def test_share_of_dojo() -> None:
    # 8,000 x 989.4 TFLOP/s = 7.915 EFLOP/s; 90,000 H100 are 89.05 and 7,360 A100 2.30: 7.915 / 99.26 = 7.97 %.
    late, planned, reported = _answers("T04").values()
    assert planned.central == pytest.approx(0.0797, abs=1e-4)
    assert reported.central == pytest.approx(4 / (4 + 89.046 + 2.296), abs=1e-4)
    assert planned.low is not None
    assert planned.high is not None
    assert planned.low < 0.0797 < planned.high < 0.1
    # From 4 EFLOP/s beside 90,000 and a tenth more to seven ExaPODs of 1.086 beside 80,000 and a bit.
    assert (late.low, late.central) == pytest.approx((reported.low, reported.central))
    assert late.high is not None
    assert 7 * 1.086 / (7 * 1.086 + 89.046 + 2.296) < late.high < planned.high


def test_who_tesla_buys_from() -> None:
    answered = checks()["T11"](dc.catalogue())
    assert isinstance(answered, Answer)
    assert (answered.low, answered.central, answered.high) == (1, 1, 2), "one bought from, two planned"
    days = _derived(answered)
    assert (
        days["first GPUs of NVIDIA, after the stop"] == (date(2021, 6, 20) - date(2025, 8, 7)).days == -1509
    )
    assert days["Cortex complete, after the stop"] == (date(2024, 11, 15) - date(2025, 8, 7)).days


def test_chances_seen_in_few_cases() -> None:
    # Clopper and Pearson: 0 of 2 have an upper end of 1 - 0.05^(1/2) = 0.77639, 1 of 1 a lower end of 0.05; for 1
    # of 2 the lower end solves 1 - (1 - p)^2 = 0.05: 0.025321, the upper one 1 - p^2 = 0.05: 0.974679.
    none, one, wave = _answers("T15").values()
    got = [bound for answer in (none, one, wave) for bound in (answer.low, answer.high)]
    expected = [0.0, 1 - 0.05**0.5, 1 - 0.95**0.5, 0.95**0.5, 0.05, 1.0]
    assert got == pytest.approx(expected, abs=1e-5)
    months = sorted(_derived(none).values())
    # From 2024-10-01 and 2023-11-01 to 2025-08-07: 310 and 645 days.
    assert months == pytest.approx([310 / 30.4375, 645 / 30.4375])


def test_time_from_an_exit_to_the_stop() -> None:
    own, wave, cause = _answers("T16").values()
    # From any day of November 2023 to 7 August 2025: 616 to 645 days.
    assert (own.low, own.central, own.high) == (616 * dc.day, 630.5 * dc.day, 645 * dc.day)
    assert list(_derived(own).values()) == [2], (
        "two leads left before the stop; Keller left before there was a Dojo"
    )
    # Founded in 2024, so at most 584 days before the stop.
    assert (wave.low, wave.high) == (0, (date(2025, 8, 7) - date(2024, 1, 1)).days * dc.day)
    assert list(_derived(wave).values()) == [20]
    assert cause.central is None


def test_prices_of_the_peak() -> None:
    # 33,600 / 989.4 = 33.96 and 38,750 / 989.4 = 39.17 USD a TFLOP/s against 7,960 / 362 = 21.99; with 572 million
    # over 10,000 dies 65,160 / 362 = 180.0.
    bare, server, eight, whole = _answers("T18").values()
    assert bare.central == pytest.approx(1.544, abs=1e-3)
    assert server.central == pytest.approx(1.781, abs=1e-3)
    assert eight.central == pytest.approx(38_750 / 1979 / 21.989, rel=1e-3), (
        "an H100 is twice as fast, a D1 is not"
    )
    assert whole.central == pytest.approx(0.2176, abs=1e-4)
    assert _answers("T17")["with the design over the dies ordered"].central == whole.central
    assert _answers("T17")["memory on the package"].central == pytest.approx(440e6 / (81559 * 2**20))


def test_money_put_in() -> None:
    dojo, bought = _answers("T09").values()
    assert (dojo.low, dojo.central, dojo.high) == (1e9, 1e9, 1.5e9)
    # The A100 of 2021 are among those of 2022, and the H100 of 2023 among those of early 2024.
    assert bought.central == pytest.approx(1e9 + 166e6 + 1.25e9 + 1.905e9)
