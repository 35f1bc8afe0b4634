"""Numbers behind further verdicts on the explainer of Dojo, by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import dojo_calc as dc
from dojo_calc.evidence.claims.dojo_money import DOJO_MONEY_CHECKS
from dojo_calc.evidence.claims.ledger import Answer


def _answers(claim: str) -> Mapping[str, Answer]:
    answered = DOJO_MONEY_CHECKS[claim](dc.catalogue())
    return {"": answered} if isinstance(answered, Answer) else answered


def _bounds(answer: Answer) -> tuple[float | None, ...]:
    return answer.low, answer.central, answer.high


def _derived(answer: Answer) -> dict[str, float]:
    return {one.name: one.value for one in answer.derived}


def test_what_fsd_sold() -> None:
    paid, reached = _answers("D10").values()
    # 0.8 million x 12,000; least 0.75 x 8,000; most 0.85 x 15,000.
    assert _bounds(paid) == pytest.approx((6.0e9, 9.6e9, 12.75e9))
    assert _bounds(reached) == pytest.approx((14.0e9, 21.6e9, 28.5e9))
    assert _derived(_answers("D08")["paid for"])["the claim over it"] == pytest.approx(2.25)
    later, earlier = _answers("D09").values()
    assert _bounds(later) == (8_000, 12_000, 15_000)
    assert (earlier.low, earlier.high) == (5_000, 15_000)


def test_half_of_the_hardware() -> None:
    dojo, eight, count = _answers("D30").values()
    # 8,000 of 98,000 H100-equivalents; least 7,500 of 102,000; most 8,500 of 94,000.
    assert _bounds(dojo) == pytest.approx((7.5 / 102, 8 / 98, 8.5 / 94))
    # 8,000 x 989.4 T = 7.915 E and 40,000 x 500 T = 20 E against 90,000 x 1,979 T = 178.1 E: 27.915 / 206.0. Least
    # (7.42 + 38,000 x 243 T = 9.23) beside 187.0; most (8.41 + 42,000 x 590 T = 24.78) beside 169.2.
    assert _bounds(eight) == pytest.approx((0.0818, 0.1355, 0.1640), abs=2e-4)
    assert _bounds(count) == pytest.approx((45.5 / 140, 48 / 138, 50.5 / 136))


def test_price_of_a_peak_made_over_bought() -> None:
    a100, h100, silicon, design = _answers("D32").values()
    # A tile of 199,000 USD is 7,960 a D1 and 21.99 USD a TFLOP/s; A100 14,100 / 312 = 45.19, H100 33,600 / 989.4 =
    # 33.96. Least 133,000 against 20,000 and 40,000, most 200,000 against 10,000 and 30,000.
    assert _bounds(a100) == pytest.approx((14.696 / 64.103, 21.989 / 45.192, 22.099 / 32.051), rel=1e-3)
    assert _bounds(h100) == pytest.approx((14.696 / 40.429, 21.989 / 33.960, 22.099 / 30.321), rel=1e-3)
    # 572 million over 10,000 dies are 57,200 a die: 65,160 / 362 = 180.0.
    assert design.central == pytest.approx(180.0 / 33.96, rel=1e-3)
    # 0.09 faults on a cm^2 are 0.58 on a die, 15 % of them outside the nodes: (1 + 0.0871 / 10)^-10 = 0.917 work. A
    # wafer of 9,346 USD has 89 dies: 105 each, 115 with the test, 125 a working one, 3,135 for 25. With 15,000 for
    # packaging and modules, over an assembly of which 0.8 works, 22,700 a tile of 9,050 TFLOP/s: 2.51 USD a TFLOP/s.
    assert silicon.central == pytest.approx(2.51 / 33.96, rel=3e-3)


def test_gpus_for_the_money() -> None:
    bare, server, whole = _answers("D34").values()
    assert _bounds(bare) == pytest.approx((3e9 / 40_000, 3.5e9 / 33_600, 4e9 / 30_000))
    assert _bounds(server) == pytest.approx((3e9 / 43_750, 3.5e9 / 38_750, 4e9 / 33_750))
    assert _bounds(whole) == pytest.approx((3e9 / 52_000, 3.5e9 / 49_000, 4e9 / 46_000))
    assert _derived(bare)["at the sum of D33"] == pytest.approx(10e9 / 3 / 33_600, rel=1e-6)


def test_dojo_beside_nvidia() -> None:
    chip, watt, own, price, second, intent = _answers("D35").values()
    assert chip.central == pytest.approx(362 / 989.4)
    assert watt.central == pytest.approx((362 / 400) / (989.4 / 700))
    assert own.central == pytest.approx(362 / 312), "both are rated 400 W"
    assert price.central == pytest.approx(39.165 / 21.989, rel=1e-3)
    assert _bounds(second) == pytest.approx((9.5 * 0.362 / 2.5, 3.62 / 2.5, 10.5 * 0.362 / 2.5))
    assert intent.central is None


def test_rise_of_a_target_over_all_shares() -> None:
    # 150 USD x 3.13, 3.475 and 3.475 thousand million shares.
    (rise,) = _answers("D36").values()
    assert _bounds(rise) == pytest.approx((469.5e9, 521.25e9, 521.25e9))


def test_what_an_insurance_saves() -> None:
    own, year, chance = _answers("D37").values()
    # Short of GPUs 0.15 x 0.9 / (1 + 0.135) = 0.1189 of the time at a premium of 0.3: 0.03568. Of 8,000 x 38,750 USD
    # that is 11.1 million, of 3.5 thousand million 125 million; the programme is 1 thousand million.
    assert own.central == pytest.approx(0.01106, abs=1e-5)
    assert year.central == pytest.approx(0.1249, abs=1e-4)
    # Most: 0.4 x 1.5 / 1.6 = 0.375 at 0.8; least 0.05 x 0.5 / 1.025 = 0.02439 at 0.1.
    assert (own.low, own.high) == pytest.approx(
        (7_500 * 33_750 * 0.002439 / 1.5e9, 8_500 * 43_750 * 0.3 / 1e9), rel=1e-4
    )
    assert (year.low, year.high) == pytest.approx((3 * 0.002439 / 1.5, 4 * 0.3), rel=1e-4)
    assert list(_derived(chance).values()) == pytest.approx([0.2, 0.3]), "1 and 1.5 of 500, in percent"


def test_gpus_that_the_hall_carries() -> None:
    first, later, _ = _answers("D47").values()
    assert _bounds(first) == pytest.approx((110e3 / 1.74, 130e3 / 1.42688, 150e3 / 1.4))
    assert _bounds(later) == pytest.approx((500e3 / 1.74, 500e3 / 1.42688, 600e3 / 1.4))
    assert _derived(first)["power of the 50,000"] == pytest.approx(71.344)


def test_share_that_is_not_trivial() -> None:
    planned, eight, reported = _answers("D50").values()
    # 7.915 beside 89.05 of H100 and 2.30 of A100 at BF16; beside 178.1 and 7,360 x 624 T = 4.59 at 8 bits.
    assert planned.central == pytest.approx(7.915 / (7.915 + 89.046 + 2.296), abs=1e-4)
    assert eight.central == pytest.approx(7.915 / (7.915 + 178.11 + 4.593), abs=1e-4)
    assert reported.central == pytest.approx(4 / (4 + 89.046 + 2.296), abs=1e-4)


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
