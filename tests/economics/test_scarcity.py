"""Queues and shortages by hand and by their laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dojo_calc.economics.harvest import harvest_yield, spare_sites_yield
from dojo_calc.economics.procurement import left_after_slip, pace, wafers_for_money
from dojo_calc.economics.programme import insurance_value
from dojo_calc.economics.scarcity import backlog, backlog_wait, short_share, use_not_had
from dojo_calc.units import year


def test_a_queue_by_hand() -> None:
    # 500,000 a quarter of 13 weeks, each waits 44 weeks: 500,000 x 44 / 13 = 1.69 million on order.
    week = 7 * 86400.0
    assert backlog(500e3, 13 * week, 44 * week) == pytest.approx(1.692e6, rel=1e-3)
    # 500 billion at 51.2 a quarter: 9.77 quarters, 2.44 years.
    assert backlog_wait(500e9, 51.2e9, year / 4) / year == pytest.approx(2.441, abs=1e-3)


@given(shortages=st.floats(0, 10), shortage=st.floats(0, 10))
def test_what_is_short_and_what_is_not_make_all_the_time(shortages: float, shortage: float) -> None:
    """Of mean lengths: a shortage against what lies between two, 1 / shortages."""
    short = short_share(shortages, shortage)
    assert 0 <= short < 1
    if shortages > 1e-6:
        assert short == pytest.approx(shortage / (shortage + 1 / shortages))
    assert insurance_value(shortages, shortage, 100.0, 0.3) == pytest.approx(100 * 0.3 * short)


def test_use_not_had_by_hand() -> None:
    # 1,000 chips at 3 USD/h, half of them not to be had, a tenth of two years short: 1,000 x 3 x 0.05 x 17,532 h.
    assert use_not_had(1000.0, 3 / 3600, 0.5, 0.1, 2 * year) == pytest.approx(2.6298e6)


def test_a_contract_by_hand() -> None:
    # 16.5 billion over 20,000 USD a wafer, nothing beside: 825,000 wafers; over seven years 9,821 a month.
    wafers = wafers_for_money(16.5e9, 0.0, 20e3)
    assert wafers == 825_000
    assert float(pace(wafers, 7 * year)) * year / 12 == pytest.approx(9_821, abs=1)
    # Half a year late of seven: 13/14 come in time; later than the whole term, none.
    assert left_after_slip(14.0, 0.5 * year, 7 * year) == pytest.approx(13)
    assert left_after_slip(14.0, 8 * year, 7 * year) == 0


def test_spare_sites_by_hand() -> None:
    # Two of three work, each with 0.9: 0.9^3 + 3 x 0.9^2 x 0.1 = 0.972. None to spare: 0.81.
    assert spare_sites_yield(0.9, 2.0, 1.0) == pytest.approx(0.972)
    assert spare_sites_yield(0.9, 2.0, 0.0) == pytest.approx(0.81)
    assert spare_sites_yield(1.0, 25.0, 0.0) == 1.0


@given(one=st.floats(0.3, 1.0), needed=st.integers(1, 40), spares=st.integers(0, 12))
def test_spare_sites_are_the_binomial_tail(one: float, needed: int, spares: int) -> None:
    from scipy.stats import binom

    got = float(spare_sites_yield(one, float(needed), float(spares)))
    assert got == pytest.approx(float(binom.sf(needed - 1, needed + spares, one)), rel=1e-9, abs=1e-15)


def test_more_than_twelve_spares_count_as_twelve() -> None:
    from scipy.stats import binom, nbinom

    # Ten faults in the mean, clustering 2: at most twelve of them, by the negative binomial's own distribution.
    for spares, counted in ((11.0, 11), (12.0, 12), (13.0, 12), (100.0, 12)):
        expected = float(nbinom.cdf(counted, 2, 2 / 12))
        assert float(harvest_yield(10.0, 2.0, 1.0, spares)) == pytest.approx(expected, rel=1e-9)
        expected = float(binom.sf(9, 10 + counted, 0.4))
        assert float(spare_sites_yield(0.4, 10.0, spares)) == pytest.approx(expected, rel=1e-9)
    # Where no site works no wafer does, but the one that needs none.
    assert spare_sites_yield(0.0, 1.0, 12.0) == 0.0
    assert spare_sites_yield(0.0, 0.0, 0.0) == 1.0


def test_cerebras_wafer_survives_as_it_was_told() -> None:
    """Told: 46 faults a wafer of 46,225 mm2 at 0.001 a mm2, 7 % of the cores to spare. Without spares none does."""
    faults = 46_225 * 0.001
    assert faults == pytest.approx(46, rel=0.01)
    assert harvest_yield(faults, 10.0, 1.0, 0.0) < 1e-6
    assert faults < 0.001 * (970_000 - 900_000)  # the faults use less than a thousandth of the spare cores
