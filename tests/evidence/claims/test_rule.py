"""The rule by hand and by its laws: the same ratio up and down, and no better verdict farther away."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.evidence.claims.ledger import Claim
from dojo_calc.evidence.claims.rule import Answer, distance, room, significant_digits, verdict

Three = tuple[float | None, float | None, float | None]
RANK = {"reproduced": 2, "consistent": 1, "uninformative": 1, "contradicted": 0}


@pytest.mark.parametrize(
    ("printed", "digits"),
    [
        (8000, 1),
        (276_000, 3),
        (320_500, 4),
        (9, 1),
        (36, 2),
        (0.05, 1),
        (3.33, 3),
        (1e16, 1),
        (645, 3),
        (0, 1),
    ],
)
def test_digits_that_were_printed(printed: float, digits: int) -> None:
    assert significant_digits(printed) == digits


def _claim(form: str, low: float | None = None, high: float | None = None, **more: object) -> Claim:
    cells = {"id": "T00", "document": "d", "claim": "c", "form": form, "low": low, "high": high}
    return Claim.model_validate(cells | more)


def _value(printed: float, **more: object) -> Claim:
    return _claim("value", printed, printed, **more)


@pytest.mark.parametrize(
    ("claim", "ratio"),
    [
        (_value(100), 1.1),  # one digit
        (_value(8000), 1.1),
        (_value(36), 1 + 0.5 / 36),
        (_value(1.7), 1 + 0.5 / 17),
        (_value(320_500), 1 + 0.5 / 3205),
        (_value(-29), 1 + 0.5 / 29),
        (_value(100, tolerance=0.2), 1.2),
        (_value(0), 1.0),
        (_claim("count", 120, 120), 1.0),
    ],
)
def test_room_of_a_printed_number(claim: Claim, ratio: float) -> None:
    assert room(claim) == pytest.approx(ratio, rel=1e-12)


@pytest.mark.parametrize(
    ("claim", "answer", "expected"),
    [
        # A hundred stands for 90.9 to 110.
        (_value(100), (149, 149, 149), "contradicted"),
        (_value(100), (140, 143, 174), "contradicted"),
        (_value(100), (109.9, 109.9, 109.9), "reproduced"),
        (_value(100), (91, 91, 91), "reproduced"),
        (_value(100), (60, 90, 96), "consistent"),
        (_value(100), (60, 95, 120), "reproduced"),
        (_value(100), (20, 95, 120), "uninformative"),  # six times wide: it could not have said no
        (_value(100), (60, 70, 90), "contradicted"),
        (_value(8000), (7683, 7683, 7683), "reproduced"),
        (_value(8000), (2000, 6000, 9000), "uninformative"),
        (_value(8000, widest=5), (2000, 6000, 9000), "consistent"),
        (_value(320_500), (320_513, 320_513, 320_513), "reproduced"),  # within 50
        (_value(320_500), (319_000, 320_600, 321_000), "consistent"),
        (_value(320_500), (320_600, 320_600, 320_600), "contradicted"),
        (_value(1e16), (1e18, 1e18, 1e18), "contradicted"),
        (_value(-29), (-29.2, -29.05, -28.4), "reproduced"),  # -29.5 to -28.5
        (_value(-29), (-40, -38, -35), "contradicted"),
        (_value(-29), (-5, 1, 4), "contradicted"),
        # 1.7 stands for up to 1.75, which binary numbers miss by their last bit.
        (_value(1.7), (1.75, 1.77, 1.78), "consistent"),
        (_value(1.7), (1.7501, 1.77, 1.78), "contradicted"),
        (_value(0), (0, 0, 0), "reproduced"),
        (_value(0), (1, 1, 1), "contradicted"),
        (_claim("count", 2, 2), (2, 2, 2), "reproduced"),
        (_claim("count", 2, 2), (3, 3, 3), "contradicted"),
        (_claim("count", 2, 2), (1, 1, 2), "consistent"),
        (_claim("interval", 3, 4), (3.33, 3.33, 3.33), "reproduced"),
        (_claim("interval", 3, 4), (2.5, 3.3, 4.2), "consistent"),
        (_claim("interval", 3, 4), (4.1, 5, 6), "contradicted"),
        (_claim("interval", 3, 4), (3, 3.5, 4), "reproduced"),  # both ends belong to it
        (_claim("above", 500), (552, 588, 624), "reproduced"),
        (_claim("above", 500), (405, 465, 525), "consistent"),
        (_claim("above", 500), (360, 403, 480), "contradicted"),
        (_claim("above", 1), (0, 0.5, 1.2), "uninformative"),  # from nothing on: as wide as can be
        (_claim("below", None, 1), (1.16, 1.16, 1.16), "contradicted"),
        (_claim("below", None, 1), (0.0055, 0.0055, 0.0055), "reproduced"),
        (_claim("below", None, 0), (-4.5, -4, -3.5), "reproduced"),
        (_claim("date", 739000, 739030), (739010, 739010, 739010), "reproduced"),
        (_claim("date", 739000, 739030), (739000, 739100, 739365), "consistent"),  # known to the year alone
        (_claim("date", 739000, 739030), (739031, 739031, 739031), "contradicted"),
        (_claim("order", 0, None), (22, 22, 22), "reproduced"),
        (_claim("order", 0, None), (-22, -22, -22), "contradicted"),
        (_claim("order", 0, None), (-10, 2, 20), "uninformative"),  # the dates do not tell
        (_claim("absence", 0, 0), (0, 0, 0), "consistent"),  # nothing found proves nothing
        (_claim("absence", 0, 0), (1, 1, 1), "contradicted"),
        (_claim("absence", 0, 0), (0, 0, 1), "uninformative"),
        (_claim("none"), (1, 1, 1), "not checkable"),
        (_value(5), (None, None, None), "not checkable"),
        (_claim("withdrawn"), (1, 1, 1), "withdrawn"),
    ],
)
def test_the_rule(claim: Claim, answer: Three, expected: str) -> None:
    assert verdict(claim, Answer(*answer, reason="")) == expected


def test_a_forecast_before_its_date_is_never_borne_out() -> None:
    claim = _claim("above", 50, None)
    for answer, expected in (
        ((60, 70, 80), "plausible"),
        ((1, 2, 3), "implausible"),
        ((0, 9, 90), "uninformative"),
    ):
        assert verdict(claim, Answer(*answer, reason=""), before=True) == expected
    assert verdict(claim, Answer(None, None, None, ""), before=True) == "not checkable"


def test_what_rests_on_its_own_document_is_as_told() -> None:
    claim = _value(12_000)
    same = Answer(12_000, 12_000, 12_000, "", (), ("d",))
    other = Answer(12_000, 12_000, 12_000, "", (), ("d", "another"))
    wrong = Answer(9_000, 9_000, 9_000, "", (), ("d",))
    assert [verdict(claim, one) for one in (same, other, wrong)] == ["as told", "reproduced", "contradicted"]


positive = st.floats(min_value=1e-6, max_value=1e12)
factor = st.floats(min_value=1.0, max_value=20.0)


@given(st.sampled_from([100.0, 8000.0, 36.0, 1.7, 320_500.0]), factor, factor, st.booleans(), factor)
def test_the_same_ratio_up_and_down_has_the_same_verdict(
    printed: float, off: float, down: float, below: bool, up: float
) -> None:
    central = printed / off if below else printed * off
    low, high = central / down, central * up
    mirrored = printed**2 / high, printed**2 / central, printed**2 / low
    claim = _value(printed)
    ratio = room(claim)
    edges = [abs(math.log(one / printed)) - math.log(ratio) for one in (low, central, high)]
    wide = math.log(high / low) - math.log(3.0)
    if min(map(abs, [*edges, wide])) < 1e-9:
        return  # on an edge, where rounding decides
    one, other = (verdict(claim, Answer(*three, reason="")) for three in ((low, central, high), mirrored))
    assert one == other


@given(positive, factor, factor, st.floats(min_value=1.0, max_value=1.7))
def test_farther_away_is_never_better(printed: float, off: float, more: float, half: float) -> None:
    claim = _value(float(f"{printed:.1e}"))
    near, far = (claim.low or 0.0) * off, (claim.low or 0.0) * off * more
    found = [verdict(claim, Answer(at / half, at, at * half, reason="")) for at in (near, far)]
    assert RANK[found[1]] <= RANK[found[0]]


@given(positive, factor, factor, factor)
def test_a_wider_interval_never_says_more(printed: float, off: float, half: float, more: float) -> None:
    claim = _value(float(f"{printed:.1e}"))
    at = (claim.low or 0.0) * off
    narrow, wide = (
        verdict(claim, Answer(at / width, at, at * width, reason="")) for width in (half, half * more)
    )
    if narrow == "uninformative":
        assert wide == "uninformative"
    if narrow in ("reproduced", "consistent"):
        assert wide != "contradicted"


@pytest.mark.parametrize(
    ("claim", "answer", "expected"),
    [
        (_value(100), (140, 143, 174), "29 % below the lowest estimate"),  # 100 / 140 = 0.714
        (_value(100), (60, 70, 80), "25 % above the highest estimate"),
        (_value(1e16), (1e18, 1e18, 1e18), "a factor of 100 below the estimate"),
        (_value(100), (90, 95, 120), "within the estimates"),
        (_value(36), (36, 36, 36), "the same as was found"),
        (_claim("count", 2, 2), (3, 3, 3), "1 less than was found"),  # a rank or a count is no quantity
        (_claim("count", 3, 3), (0, 0, 0), "3 more than was found"),
        (_claim("interval", 2, 9.99), (12, 13, 14), "17 % below the lowest estimate"),  # 9.99 / 12 = 0.8325
        (_claim("interval", 2, 9.99), (3, 4, 5), "all estimates lie within it"),
        (_claim("interval", 2, 9.99), (1, 2, 3), "the two overlap"),
        (_claim("above", 50), (1, 2, 20), "the highest estimate is a factor of 2.5 below the bound"),
        (_claim("above", 50), (60, 70, 80), "the lowest estimate is 20 % above the bound"),
        (_claim("above", 50), (40, 50, 60), "the bound lies within the estimates"),
        (_claim("below", None, 0, unit="percent"), (19.5, 20, 21.5),
         "the lowest estimate is 19.5 percentage points above the bound"),
        (_claim("date", 739000, 739030), (739245, 739245, 739245), "215 days before what is on record"),
        (_claim("date", 739000, 739030), (738999, 738999, 738999), "1 day after what is on record"),
        (_claim("date", 739000, 739030), (739001, 739002, 739003), "as on record"),
        (_claim("order", 0, unit="day"), (22, 22, 22), "22 days apart, in that order"),
        (_claim("order", 0, unit="day"), (-30, -25, -22), "22 days apart, in the other order"),
        (_claim("order", 0, unit="day"), (-30, 0, 5), "the dates do not tell"),
        (_claim("order", 0, unit="day"), (0, 3, 5), "0 days apart, in that order"),
        (_claim("order", 0, unit="month"), (2, 2, 2), "60.88 days apart, in that order"),  # 2 x 30.4375
        (_value(100), (40, 50, 55), "82 % above the highest estimate"),  # 100 / 55 = 1.818
        (_value(100), (40, 45, 46.1), "a factor of 2.2 above the highest estimate"),  # 2.169
        (_claim("below", None, 0, unit="day"), (26.123, 27, 28), "the lowest estimate is 26.1 days above the bound"),
        (_claim("none"), (1, 1, 1), ""),
        (_value(5), (None, None, None), ""),
    ],
)  # fmt: skip
def test_the_distance_stands_beside_the_verdict(claim: Claim, answer: Three, expected: str) -> None:
    assert distance(claim, Answer(*answer, reason="")) == expected
