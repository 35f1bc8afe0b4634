"""Numbers behind further verdicts on the explainer of Dojo, by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import dojo_calc as dc
from dojo_calc.chain.shipped import shipped
from dojo_calc.evidence.claims.estimates import LATE_2024, dojo_late_2024, dojo_share
from dojo_calc.evidence.claims.rule import Answer
from dojo_calc.evidence.claims.verdicts import checks


def _answers(claim: str) -> Mapping[str, Answer]:
    answered = checks()[claim](dc.catalogue())
    return {"": answered} if isinstance(answered, Answer) else answered


def _bounds(answer: Answer) -> tuple[float | None, ...]:
    return answer.low, answer.central, answer.high


def _derived(answer: Answer) -> dict[str, float]:
    return {one.name: one.value for one in answer.derived}


def test_what_fsd_sold() -> None:
    # 2.1 thousand million over 359,200 are 5,846 USD each; 0.8 million of them 4.68 thousand million. Least
    # 0.75 million at
    # 1.8 / 0.4, most 0.85 at 2.4 / 0.32.
    found = _derived(_answers("D10")[""])
    ends = [found[f"those who paid, at the mean price, {end}"] for end in ("low", "centre", "high")]
    assert ends == pytest.approx([0.75 * 4.5, 0.8 * 2.1 / 0.3592, 0.85 * 7.5])
    ends = [found[f"all reached, at the article's prices, {end}"] for end in ("low", "centre", "high")]
    assert ends == pytest.approx([14.0, 21.6, 28.5])
    assert _derived(_answers("D08")["paid for in August 2024"])["the claim over it"] == pytest.approx(
        1.8 / 0.7
    )
    later, earlier = _answers("D09").values()
    assert _bounds(later) == (8_000, 12_000, 15_000)
    assert (earlier.low, earlier.high) == (5_000, 15_000)


def test_data_for_half_the_error() -> None:
    images, speech, language = _answers("D13").values()
    assert _bounds(images) == pytest.approx((2 ** (1 / 0.35), 2 ** (1 / 0.309), 2 ** (1 / 0.25)))
    assert speech.central == pytest.approx(2 ** (1 / 0.299))
    assert language.low == pytest.approx(2 ** (1 / 0.09))


def test_half_of_the_hardware() -> None:
    dojo, planned, eight = _answers("D30").values()
    # 4 EFLOP/s beside 67,000 x 989.4 T = 66.29; least 4 beside 69,000, most the 7 x 1.086 of
    # the plan beside 65,000.
    assert _bounds(dojo) == pytest.approx(
        (4 / (4 + 68.269), 4 / (4 + 66.290), 7.602 / (7.602 + 64.311)), rel=1e-4
    )
    assert _bounds(planned) == pytest.approx((7.5 / 76.5, 8 / 75, 8.5 / 73.5))
    # 4 E and 40,000 x 500 T = 20 E against 67,000 x 1,979 T = 132.6 E.
    assert eight.central == pytest.approx(24 / (24 + 132.593), rel=1e-4)


def test_price_of_a_peak_made_over_bought() -> None:
    a100, h100, eight, silicon, design = _answers("D32").values()
    # A tile of 199,000 USD is 7,960 a D1 and 21.99 USD a TFLOP/s; A100 14,100 / 312 = 45.19, H100 38,750 / 989.4 =
    # 39.17. Least 133,000 against 20,000 and 43,750, most 200,000 against 10,000 and 33,750.
    assert _bounds(a100) == pytest.approx((14.696 / 64.103, 21.989 / 45.192, 22.099 / 32.051), rel=1e-3)
    assert _bounds(h100) == pytest.approx((14.696 / 44.219, 21.989 / 39.165, 22.099 / 34.112), rel=1e-3)
    # 572 million over 10,000 dies are 57,200 a die: 65,160 / 362 = 180.0.
    assert design.central == pytest.approx(180.0 / 39.165, rel=1e-3)
    assert eight.central == pytest.approx(21.989 / (38_750 / 1979), rel=1e-3), (
        "an H100 is twice as fast, a D1 is not"
    )
    # 0.09 faults on a cm^2 are 0.58 on a die, 15 % of them outside the nodes: (1 + 0.0871 / 10)^-10 = 0.917 work. A
    # wafer of 9,346 USD has 89 dies: 105 each, 115 with the test, 125 a working one, 3,135 for 25. With 15,000 for
    # packaging and modules, over an assembly of which 0.8 works, 22,700 a tile of 9,050 TFLOP/s: 2.51 USD a TFLOP/s.
    assert silicon.central == pytest.approx(2.51 / 39.165, rel=3e-3)


def test_gpus_for_the_money() -> None:
    found = _derived(_answers("D34")[""])
    for name, low, central, high in (
        ("bare", 40_000, 33_600, 30_000),
        ("in a server", 43_750, 38_750, 33_750),
    ):
        ends = [found[f"H100, {name}, {end}"] for end in ("low", "centre", "high")]
        assert ends == pytest.approx([3e9 / low, 3.5e9 / central, 4e9 / high])


def test_dojo_beside_nvidia() -> None:
    chip, watt, own, price, level, second, eight, intent = _answers("D35").values()
    assert chip.central == pytest.approx(362 / 989.4)
    assert watt.central == pytest.approx((362 / 400) / (989.4 / 700))
    assert own.central == pytest.approx(362 / 312), "both are rated 400 W"
    assert price.central == pytest.approx(39.165 / 21.989, rel=1e-3)
    assert _bounds(second) == pytest.approx((9.5 * 0.362 / 2.5, 3.62 / 2.5, 10.5 * 0.362 / 2.5))
    assert level.central == pytest.approx(38_750 / 1979 / 21.989, rel=1e-3)
    assert eight.central == pytest.approx(3.62 / 5.0), "a GB200 is twice as fast at 8 bits"
    assert intent.central is None


def test_rise_of_a_target_over_all_shares() -> None:
    # 150 USD x 3.13, 3.475 and 3.475 thousand million shares.
    rise, over_market = _answers("D36").values()
    assert _bounds(rise) == pytest.approx((469.5e9, 521.25e9, 521.25e9))
    assert _bounds(over_market) == pytest.approx((597e9, 601e9, 605e9)), "1,390 less 789, within four"


def test_what_an_insurance_saves() -> None:
    own, year, served, chance = _answers("D37").values()
    # Short of GPUs 0.15 x 0.9 / (1 + 0.135) = 0.1189 of the time at a premium of 0.3: 0.03568. Of 8,000 x 38,750 USD
    # that is 11.1 million, of 3.5 thousand million 125 million; the programme is 1 thousand million.
    assert own.central == pytest.approx(0.01106, abs=1e-5)
    assert year.central == pytest.approx(0.1249, abs=1e-4)
    # Most: 0.4 x 1.5 / 1.6 = 0.375 at 0.8; least 0.05 x 0.5 / 1.025 = 0.02439 at 0.1.
    assert (own.low, own.high) == pytest.approx(
        (7_500 * 33_750 * 0.002439 / 1.5e9, 8_500 * 43_750 * 0.3 / 1e9), rel=1e-4
    )
    assert (year.low, year.high) == pytest.approx((3 * 0.002439 / 1.5, 4 * 0.3), rel=1e-4)
    # The same share of 50,000 x 38,750 USD is 69.1 million; of their use see the model.
    worth = shipped("scarcity").evaluate("cover_worth", cover_unserved=0.0)
    assert worth == pytest.approx(50_000 * 38_750 * 0.03568, rel=1e-3)
    assert served.central == pytest.approx(shipped("scarcity").evaluate("cover_worth") / 1e9)
    assert list(_derived(chance).values()) == pytest.approx([0.2, 0.3]), "1 and 1.5 of 500, in percent"


def test_gpus_that_the_hall_carries() -> None:
    first, later, _ = _answers("D47").values()
    assert _bounds(first) == pytest.approx((110e3 / 1.74, 130e3 / 1.42688, 150e3 / 1.4))
    assert _bounds(later) == pytest.approx((500e3 / 1.74, 500e3 / 1.42688, 600e3 / 1.4))
    assert _derived(first)["power of the 50,000"] == pytest.approx(71.344)


def test_share_that_is_not_trivial() -> None:
    late, planned, eight, reported = _answers("D50").values()
    # 7.915 beside 89.05 of H100 and 2.30 of A100 at BF16; beside 178.1 and 7,360 x 624 T = 4.59 at 8 bits.
    assert planned.central == pytest.approx(7.915 / (7.915 + 89.046 + 2.296), abs=1e-4)
    assert eight.central == pytest.approx(7.915 / (7.915 + 178.11 + 4.593), abs=1e-4)
    assert reported.central == pytest.approx(4 / (4 + 89.046 + 2.296), abs=1e-4)
    assert late.central == reported.central


def test_one_dojo_of_the_end_of_2024_under_every_claim_about_it() -> None:
    book = dc.catalogue()
    low, value, high = dojo_late_2024(book)
    # Seven ExaPODs of 3,000 dies of 362 TFLOP/s.
    assert (low, value, high) == pytest.approx((4e18, 4e18, 7 * 3_000 * 362e12))
    alone = checks()["D40"](book)
    assert isinstance(alone, Answer)
    assert (alone.low, alone.high) == (low, high)
    assert _bounds(_answers("D49")[LATE_2024]) == pytest.approx(
        tuple(one / 989.4e12 for one in (low, value, high))
    )
    for claim in ("D50", "T04"):
        share = _bounds(_answers(claim)[LATE_2024])
        assert share == pytest.approx(dojo_share(book, (low, value, high)))


def test_rent_of_a_year() -> None:
    power, tiles, programme = _answers("D52").values()
    hours = 365.25 * 24
    rent = 8_000 * 3.49 * 0.7 * hours
    assert rent == pytest.approx(171.3e6, rel=1e-3)
    assert _derived(power)["a year's rent"] == pytest.approx(rent / 1e6)
    # 8,000 x 989.4 T / 1.086 E = 7.288 ExaPODs of 2,402.4 kW at 0.0771 USD/kWh: 11.83 million a year.
    electricity = 8_000 * 989.4e12 / 1.086e18 * 2_402.4 * hours * 0.0771
    assert electricity == pytest.approx(11.83e6, rel=1e-3)
    assert power.central == pytest.approx(rent / electricity)
    # 874.6 tiles of 199,000 USD over five years are 34.8 million a year, the programme's thousand million 200.
    assert tiles.central == pytest.approx(rent / (electricity + 874.61 * 199_000 / 5), rel=1e-4)
    assert programme.central == pytest.approx(rent / (electricity + 200e6))
