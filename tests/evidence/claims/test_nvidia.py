"""Numbers behind the verdicts on the diverted H100, by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import dojo_calc as dc
from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.evidence.claims.verdicts import checks

MONTH = 365.25 / 12 * 86_400


def _answers(claim: str) -> Mapping[str, Answer]:
    answered = checks()[claim](dc.catalogue())
    assert not isinstance(answered, Answer)
    return answered


def _bounds(answer: Answer) -> tuple[float | None, ...]:
    return answer.low, answer.central, answer.high


def test_two_roads_to_the_promised_number() -> None:
    counted, grown = _answers("N01").values()
    # 30,000 to 40,000 and 50,000 within 5 %.
    assert _bounds(counted) == (77_500, 85_000, 92_500)
    # 40,000 after a rise by 130 % were 17,391, and five times that is 86,957; least 37,500 / 2.4 x 5 = 78,125; most
    # 40,000 / 2.3 x 5.5 = 95,652.
    assert _bounds(grown) == pytest.approx((78_125, 86_957, 95_652), rel=1e-5)


def test_part_of_the_rise_that_came() -> None:
    rise, known = _answers("N02").values()
    # 50,000 of 85,000 - 35,000; least 47,500 / (89,250 - 30,000); most 52,500 / (80,750 - 40,000).
    assert _bounds(rise) == pytest.approx((0.80169, 1.0, 1.28834), abs=1e-5)
    assert known.central is None


def test_money_for_clusters_and_for_everything() -> None:
    clusters, everything = _answers("N03").values()
    # 1.25 - 0.36 + 1.905; least 0.875 - 0.468 + 1.33; most 1.62 - 0.252 + 2.48.
    assert _bounds(clusters) == pytest.approx((1.737e9, 2.795e9, 3.848e9))
    # 2.795 + 4.54; at most 11.345 + 4.545.
    assert _bounds(everything) == pytest.approx((1.737e9, 7.335e9, 15.89e9))
    assert clusters.derived[0].value == pytest.approx(100 * 10 / 11.34)


def test_what_was_told_over_what_came() -> None:
    gpus, mails = _answers("N04").values()
    assert _bounds(gpus) == pytest.approx((80_750 / 92_500, 1.0, 89_250 / 77_500))
    assert mails.central is None


def test_months_late() -> None:
    mean, june = _answers("N06").values()
    lost, late = _answers("N10").values()
    # Half of 1 and of 6 months; least 0.8 x 0.5 + 0.2 x 5.5 = 1.5; most 0.2 x 1.5 + 0.8 x 7 = 5.9.
    assert [of / MONTH for of in _bounds(mean) if of is not None] == pytest.approx([1.5, 3.5, 5.9])
    assert [of / MONTH for of in _bounds(june) if of is not None] == pytest.approx([5.5, 6, 7])
    assert _bounds(late) == _bounds(mean)
    # With a hall after 6 to 10 months only 7 - 6 = 1 month of the later slot can be lost: at most 0.8 x 1.
    assert [of / MONTH for of in _bounds(lost) if of is not None] == pytest.approx([0, 0, 0.8])
    assert [one.value for one in mean.derived] == pytest.approx([0, 0, 0.8])


def test_training_that_the_swap_cost() -> None:
    answered = checks()["N09"](dc.catalogue())
    assert isinstance(answered, Answer)
    found = {one.name: one.value for one in answered.derived}
    # 12,000 x 989.4 TFLOP/s x 0.4 is 4.749e18 FLOP/s; 3.5 months are 9.204e6 s: 4.371e25. Cortex does 1.9788e19 x
    # 86,400 = 1.7097e24 a day: 12,000 / 50,000 of 106.5 days.
    assert found["training lost"] == pytest.approx(4.371e25, rel=1e-3)
    assert found["training lost, low"] == pytest.approx(1.18728e19 * 0.3 * 1.5 * MONTH)
    assert found["training lost, high"] == pytest.approx(1.18728e19 * 0.5 * 5.9 * MONTH)
    assert found["days of Cortex that make up for it"] == pytest.approx(106.53 * 12 / 50, abs=0.01)
