"""The models that the articles need: each by hand, by a law, and against the figure that was published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.chain.shipped import shipped
from dojo_calc.units import giga, hour, mega, month, peta, year

MILE = 1609.344
NAMES = ("value_of_autonomy", "data_ceiling", "next_silicon", "samsung_contract", "xai_money", "scarcity")


@pytest.mark.parametrize("name", NAMES)
def test_every_model_is_explained_and_simulated(name: str) -> None:
    model = shipped(name)
    last = model.outputs[-1]
    assert last in str(dc.explain(model, last))
    low, high = dc.simulate(model, last, samples=512).interval(0.9)
    assert low < model.evaluate(last) < high or low == high


SURE = {"fsd_chance": 1.0, "fsd_profit_share": 1.0, "fsd_delay": 0.0, "fsd_years": 100.0, "fsd_discount": 0.1}


class TestAutonomy:
    model = dc.value_of_autonomy()

    def test_revenue_of_today_by_hand(self) -> None:
        # 12.4 % of 8.9 million cars are 1.10 million payers, as told; at 99 USD a month 1.31 billion a year.
        got = self.model.evaluate(["fsd_payers", "fsd_revenue"])
        told = self.model.book.facts.value("tesla-fsd", "paid_users", "q4_2025")
        assert got["fsd_payers"] == pytest.approx(told, rel=0.005)
        assert got["fsd_revenue"] == pytest.approx(1.311 * giga, rel=1e-3)

    def test_half_a_trillion_as_a_perpetuity(self) -> None:
        # 150 USD x 3.475 billion shares = 521 billion; x 10 % / 1,188 USD a year = 43.9 million payers, all at once.
        assert self.model.inputs["fsd_value_told"].value == pytest.approx(521.25 * giga)
        assert self.model.evaluate("fsd_payers_implied", **SURE) == pytest.approx(43.88 * mega, rel=1e-3)

    def test_a_robotaxi_as_told_in_2019_and_at_the_fares_of_2026(self) -> None:
        # Told: 90,000 miles, 1 USD, 0.18 USD, about 30,000 USD a year. Half of the way
        # paid: 28,800, met within 4 %.
        told = {"ride_distance": 90_000 * MILE, "ride_fare": 1 / MILE, "ride_running_cost": 0.18 / MILE}
        assert self.model.evaluate("ride_margin", ride_paid_share=0.5, **told) == pytest.approx(28_800)
        # At 0.73 USD a mile, 62 % paid, and 0.56 a mile driven: 60,000 x (0.4526 - 0.56) = -6,444 USD: no number of
        # such cars makes the value.
        assert self.model.evaluate("ride_margin") == pytest.approx(-6_444, abs=1)
        assert self.model.evaluate("ride_cars_implied") < 0

    @given(chance=st.floats(0.05, 0.9), more=st.floats(0.01, 0.1))
    def test_the_surer_and_the_sooner_the_fewer(self, chance: float, more: float) -> None:
        fewer = self.model.evaluate("fsd_payers_implied", fsd_chance=chance + more)
        assert fewer < self.model.evaluate("fsd_payers_implied", fsd_chance=chance)
        late = self.model.evaluate("fsd_payers_implied", fsd_delay=10 * more + 1, fsd_chance=chance)
        assert late > self.model.evaluate("fsd_payers_implied", fsd_delay=1.0, fsd_chance=chance)


class TestDataCeiling:
    model = dc.data_ceiling()

    def test_a_year_of_driving_by_hand(self) -> None:
        # 1.5 PB over a million clips of ten seconds: 150 MB/s, 0.54 TB an hour. 200 PB: 370,370 hours, at 37.1 mph
        # 13.7 million miles. 2.25 billion miles: 60.6 million hours, 32.7 EB, a hundredth of it 327 PB.
        got = self.model.evaluate()
        assert got["clip_rate"] == pytest.approx(150e6)
        assert got["clip_cache_time"] / hour == pytest.approx(370_370, rel=1e-5)
        assert got["clip_cache_distance"] / MILE == pytest.approx(13.74e6, rel=1e-3)
        assert got["clip_time"] / hour == pytest.approx(60.65e6, rel=1e-3)
        assert got["clip_kept"] / peta == pytest.approx(327.5, rel=1e-3)
        # 50,000 H100 for a month at 3.49 USD/h: 127.5 million; half the error takes 9.42 and 272.6 times as much.
        assert got["clip_training"] == pytest.approx(127.5 * mega, rel=1e-3)
        assert got["clip_next_training"] == pytest.approx(127.5 * mega * 271.6, rel=1e-3)

    def test_the_storage_told_holds_millions_of_miles(self) -> None:
        """The article's millions of miles, and the one number of bytes that was told, meet."""
        low, high = dc.simulate(self.model, "clip_cache_distance", samples=1024).interval(0.9)
        assert low / MILE < 10e6 < high / MILE
        driven = self.model.book.facts.value("fsd-fleet", "distance_in_year", "y2024") / MILE
        assert driven > 100 * 10e6  # the miles driven are a hundredfold and more

    @given(exponent=st.floats(0.06, 0.9), more=st.floats(0.01, 0.1))
    def test_the_steeper_the_law_the_cheaper_the_next_half(self, exponent: float, more: float) -> None:
        steep, flat = (
            self.model.evaluate("clip_next", clip_exponent=one) for one in (exponent + more, exponent)
        )
        assert 0 < steep < flat

    def test_no_step_costs_nothing(self) -> None:
        assert self.model.evaluate("clip_next", clip_error=1.0) == 0


class TestNextSilicon:
    model = dc.next_silicon()

    def test_the_tile_is_that_of_the_other_model(self) -> None:
        assert self.model.evaluate("tile") == dc.die_to_tile().evaluate("tile")

    def test_one_wafer_a_tile_by_hand(self) -> None:
        # Each site works with 0.91695. All of 25: 0.1145. 25 of 31, at most six lost: 0.988, of the binomial.
        # A wafer, packaging and module, over 0.988 x 0.8, is dearer than 25 good dies of 125 USD: most of it is not
        # used.
        from scipy.stats import binom

        got = self.model.evaluate()
        assert got["wafer_sites_unspared"] == pytest.approx(0.91695**25, rel=1e-3)
        assert got["wafer_sites_yield"] == pytest.approx(binom.sf(24, 31, got["die_yield"]), rel=1e-9)
        assert got["wafer_tile_saves"] < 0
        # With a working wafer every time it would still cost the wafer instead of 25 dies.
        best = self.model.evaluate("wafer_tile_parts") - self.model.evaluate("tile_parts")
        price = self.model.inputs["wafer_price"].value
        assert best == pytest.approx(price - got["dies_cost"])

    def test_chips_for_dojo_2_by_hand(self) -> None:
        # 100,000 x 1,979 TFLOP/s over 3,620 and over 2,250: 54,669 and 87,956 chips. 87,956 x 800 W = 70.4 MW against
        # the H100's 70.0: at its peak power AI5 does the 8-bit work of an H100 on as much power, and no less.
        got = self.model.evaluate()
        assert got["dojo2_chips"] == pytest.approx(54_669, abs=1)
        assert got["ai5_chips"] == pytest.approx(87_956, abs=1)
        assert got["ai5_fleet_power"] / got["h100_fleet_power"] == pytest.approx(1.005, abs=1e-3)
        # 40 people at 260,000 USD for a year; 8,000 H100 at 2.99 USD/h, 70 % of the hours: 146.8 million a year.
        assert got["port_cost"] == pytest.approx(10.4 * mega)
        assert got["let_yearly"] * year == pytest.approx(146.8 * mega, rel=1e-3)

    @given(spares=st.integers(0, 11))
    def test_each_spare_site_helps_and_the_next_helps_less(self, spares: int) -> None:
        first, second, third = (
            self.model.evaluate("wafer_sites_yield", spare_sites=float(spares + one)) for one in (0, 1, 2)
        )
        assert first <= second <= third <= 1
        if spares >= 2:  # beyond the mean number of losses
            assert third - second <= second - first + 1e-12


class TestSamsung:
    model = dc.samsung_contract()

    def test_the_contract_by_hand(self) -> None:
        # 16.5 billion, a fifth of it no wafers, at 20,000: 660,000 wafers, 7,857 a month over seven years. 133 dies
        # of 430 mm2 x 0.425 = 56.5 good ones: 37.3 million chips; half a year late, 13/14 of them.
        got = self.model.evaluate()
        assert got["ai6_wafers"] == pytest.approx(660_000)
        assert got["ai6_wafer_pace"] * month == pytest.approx(7_857, abs=1)
        assert got["ai6_gross"] == 133
        assert got["ai6_chips"] == pytest.approx(660_000 * 133 * 0.425)
        assert got["ai6_chips_late"] == pytest.approx(got["ai6_chips"] * 13 / 14)

    def test_the_pace_that_was_told_is_missed_by_half(self) -> None:
        # 16,000 wafers a month were told of the contract as signed. Seven years of them at 20,000 USD cost 16,000 x
        # 84 x 20,000 = 26.88 billion, 1.63 times the contract; the contract pays for 7,857 a month, 0.49 of it.
        told = self.model.book.facts.value("ai6", "delivery_rate", "agreed")
        got = self.model.evaluate("ai6_wafer_pace")
        assert got / told == pytest.approx(0.491, abs=0.001)
        _, high = dc.simulate(self.model, "ai6_wafer_pace", samples=2048).interval(0.9)
        assert high < told
        # With nothing but wafers in it, the contract would hold at 16.5 / (16,000 x 84) = 12,277 USD a wafer.
        paid = self.model.evaluate("ai6_wafer_pace", ai6_outside=0.0, ai6_wafer_price=12_277)
        assert paid == pytest.approx(told, rel=1e-3)

    def test_money_goes_in_and_comes_out(self) -> None:
        """The wafers of all chips cost what the contract has for wafers."""
        got = self.model.evaluate()
        assert got["ai6_wafer_each"] * got["ai6_chips"] == pytest.approx(16.5 * giga * 0.8)


class TestMoney:
    model = dc.xai_money()

    def test_a_quarter_by_hand(self) -> None:
        # 2.47 billion, half of it cash, and 7.7: 8.935 a quarter, 35.7 a year. The lease: 12.5 at 12.5 % and 7.5 at
        # 15 % over five years, 3.511 + 2.237 = 5.748; 12 % on 5 billion 0.6. In all 42.1 billion a year at the start.
        got = self.model.evaluate(["burn_quarter", "burn_lease_yearly", "burn_yearly"])
        assert got["burn_quarter"] == pytest.approx(8.935 * giga)
        assert got["burn_lease_yearly"] == pytest.approx(5.748 * giga, rel=1e-3)
        assert got["burn_yearly"] * year == pytest.approx(42.09 * giga, rel=1e-3)

    def test_the_burn_that_was_told_is_met_as_an_upper_bound(self) -> None:
        """Loss and capital spending of the quarter, four times: 40.7 billion a year, without lease and debt."""
        got = self.model.evaluate("burn_quarter", burn_not_cash=0.0)
        assert 4 * got == pytest.approx(40.68 * giga, rel=1e-3)

    def test_at_the_start_there_is_what_there_is(self) -> None:
        assert self.model.evaluate("burn_left", burn_years=0.0) == self.model.inputs["burn_cash"].value

    def test_how_long_it_lasts(self) -> None:
        """A level burn: cash over what goes out less what comes in; and the solver finds that day."""
        still = {"burn_fleet_growth": 1.0, "burn_cheaper": 1.0}
        net = self.model.evaluate("burn_yearly") - self.model.inputs["burn_rent"].value
        lasts = dc.solve(self.model, "burn_years", "burn_left", 0.0, low=0.0, high=20.0, **still)
        assert lasts * year == pytest.approx(self.model.inputs["burn_cash"].value / net, rel=1e-6)
        assert 0 < dc.solve(self.model, "burn_years", "burn_left", 0.0, low=0.0, high=20.0) < lasts

    @given(years=st.floats(0.01, 8), growth=st.floats(1.0, 3.0), more=st.floats(0.05, 1.0))
    def test_the_faster_it_grows_the_less_is_left(self, years: float, growth: float, more: float) -> None:
        slow, fast = (
            self.model.evaluate("burn_left", burn_years=years, burn_fleet_growth=one)
            for one in (growth, growth + more)
        )
        assert fast < slow

    def test_a_pledge_adds_its_sum_and_takes_its_interest(self) -> None:
        got = self.model.evaluate(burn_years=3.0)
        pledge = dc.collateral().evaluate("with_cap")
        assert pledge == pytest.approx(87.5 * giga, rel=1e-3)
        assert got["burn_left_pledged"] - got["burn_left"] == pytest.approx(pledge * (1 - 3 * 0.12))


class TestScarcity:
    model = dc.scarcity()

    def test_a_year_in_the_queue_by_hand(self) -> None:
        # 50,000 H100 at 3.49 USD/h for 44 weeks: 1.29 billion of use. 10 % on 1.94 billion over 0.843 years:
        # 163 million; the frontier takes 1 - 1.39^-0.843 = 24.2 %: 470 million; 71.3 MW x 7,392 h at 0.0771: 41.
        got = self.model.evaluate()
        assert got["wait_lost_use"] == pytest.approx(50_000 * 3.49 * 44 * 168, rel=1e-6)
        assert got["wait_interest"] == pytest.approx(163.4 * mega, rel=1e-3)
        assert got["wait_cheaper"] == pytest.approx(469.8 * mega, rel=1e-3)
        assert got["wait_electricity"] == pytest.approx(40.7 * mega, rel=1e-2)
        assert got["wait_cost"] == pytest.approx(616 * mega, rel=1e-2)

    def test_the_queue_of_2023_and_the_book_of_2025(self) -> None:
        # 500,000 a quarter x 44 weeks / 13.04: 1.69 million on order. 500 billion at 51.2 a quarter: 2.44 years.
        got = self.model.evaluate(["wait_backlog", "wait_book"])
        assert got["wait_backlog"] == pytest.approx(1.687e6, rel=1e-3)
        assert got["wait_book"] / year == pytest.approx(2.441, abs=1e-3)

    def test_no_shortage_no_insurance(self) -> None:
        assert self.model.evaluate("cover_worth", cover_shortages=0.0) == 0
        assert self.model.evaluate("wait_cost", wait_time=0.0) == 0

    @given(rate=st.floats(0.01, 0.5), more=st.floats(0.01, 0.3))
    def test_the_oftener_it_is_short_the_more_the_cover_is_worth(self, rate: float, more: float) -> None:
        seldom, often = (
            self.model.evaluate("cover_worth", cover_shortages=one / year) for one in (rate, rate + more)
        )
        assert seldom < often

    def test_the_cover_grows_with_the_fleet_and_its_price_does_not(self) -> None:
        """So there is one fleet at which it pays: twice of it pays, half of it does not."""
        even = dc.solve(self.model, "wait_units", "cover_pays", 0.0, low=1e3, high=1e7)
        assert self.model.evaluate("cover_pays", wait_units=2 * even) > 0
        assert self.model.evaluate("cover_pays", wait_units=even / 2) < 0
