"""Goodput against hand calculations, a simulation, Lambert's W, and published runs."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import lambertw

import dojo_calc as dc
from dojo_calc.errors import DomainError
from dojo_calc.performance import goodput as g
from dojo_calc.performance.spares import spares_needed, spares_suffice
from tests.strategies import from_zero

seconds = st.floats(min_value=1e-2, max_value=1e7)
ratio = st.floats(min_value=1e-9, max_value=1e3)
FACTS = dc.load()


def test_the_share_of_time_is_written_without_what_cancels() -> None:
    written = dc.explain(dc.chain("h100-sxm"), "goodput")["goodput"].formula
    assert written.startswith("minimum(checkpoint_interval / (mtbf * exp(")
    assert "checkpoint_interval / checkpoint_interval" not in written


# --- Failures --------------------------------------------------------------------------------------------


def test_mean_time_between_failures_that_meta_projects() -> None:
    # Kokolis et al.: 6.50 failures per 1,000 days of a server of eight. 16,384 GPUs are 2,048 servers:
    # 24 h / (2048 x 0.0065) = 1.803 h, printed 1.8; 131,072 GPUs: 24 / (16384 x 0.0065) = 0.2254 h, printed 0.23.
    rate = FACTS.value("rsc-1", "failure_rate")
    for gpus in (16_384, 131_072):
        printed = FACTS.get("rsc-1", f"job_mttf_{gpus}_gpus")
        got = float(g.mean_time_between_failures(gpus / 8, rate))
        assert printed.low <= got <= printed.high
    # Measured on smaller jobs it is shorter than the rate gives, 28.8 h: the law is one of large jobs.
    small = float(g.mean_time_between_failures(1024 / 8, rate))
    assert small == pytest.approx(28.846 * dc.hour, rel=1e-4)
    assert small > 3 * FACTS.value("rsc-1", "job_mttf_1024_gpus")


def test_llama_3_failed_every_three_hours() -> None:
    # 54 x 24 h / 419 = 3.093 h.
    rate = FACTS.value("h100-sxm", "interruption_rate")
    mtbf = g.mean_time_between_failures(16_384, rate)
    assert mtbf == pytest.approx(3.093 * dc.hour, rel=2e-3)  # the rate is printed to three digits
    assert g.expected_failures(16_384, rate, 54 * dc.day) == pytest.approx(419, rel=2e-3)


# --- Checkpoints -----------------------------------------------------------------------------------------


def test_intervals_by_hand() -> None:
    # A minute's checkpoint, a failure an hour. Young: sqrt(2 x 60 x 3600) = sqrt(432000) = 657.267 s.
    # Daly: r = 60 / 7200 = 1/120, sqrt(r) = 0.0912871; 657.267 x (1 + 0.0304290 + 0.0009259) - 60 = 617.876 s.
    # Daly, first order, 5 min of restart: sqrt(2 x 60 x 3900) = 684.105 s.
    assert g.young_interval(60, 3600) == pytest.approx(657.267, rel=1e-6)
    assert g.daly_interval(60, 3600) == pytest.approx(617.876, rel=1e-6)
    assert g.daly_first_order_interval(60, 300, 3600) == pytest.approx(684.105, rel=1e-6)
    # A checkpoint as long as two mean times: Daly's estimate is the mean time itself.
    assert g.daly_interval(7200, 3600) == 3600


def test_expected_time_by_hand() -> None:
    # Work of two hours in pieces of 540 s, checkpoints of 60 s, restarts of 360 s, a failure an hour:
    # 3600 e^0.1 (e^(600/3600) - 1) 7200/540 = 48000 x 1.10517092 x 0.18136041 = 9620.84 s.
    assert g.expected_time(7200, 540, 60, 360, 3600) == pytest.approx(9620.84, rel=1e-6)
    # Its share of useful time: 7200 / 9620.84 = 0.748375.
    assert g.goodput(540, 60, 360, 3600) == pytest.approx(0.748375, rel=1e-6)


def test_shares_of_an_interval_by_hand() -> None:
    # The same pieces: of 3600 e^0.1 (e^(1/6) - 1) = 721.563 s 540 are work and 60 a checkpoint, 1 - e^-0.1 of all
    # goes into restarts; of an attempt over 1/6 of the mean time 1 - (1/6) / (e^(1/6) - 1) = 0.0810196 is wasted.
    assert g.checkpoint_share(540, 60, 360, 3600) == pytest.approx(60 / 721.563, rel=1e-6)
    assert g.restart_share(360, 3600) == pytest.approx(0.0951626, rel=1e-6)
    assert g.rework_share(540, 60, 360, 3600) == pytest.approx(0.904837 * 0.0810196, rel=1e-5)
    assert g.billed_time(8.0, 1.25) == g.as_predicted(12.5, 1.25) == 10


def test_no_digit_of_what_is_wasted_is_lost() -> None:
    """Against 40 digits: the shorter an attempt, the more of them `1 - x / (exp(x) - 1)` would lose."""
    for x in (1e-12, 1e-6, 0.01, 0.1, 0.3, 0.4, 0.49, 0.499, 0.501, 0.6, 2.0, 30.0):
        with mpmath.workdps(40):
            exact = float(1 - mpmath.mpf(x) / mpmath.expm1(x))
        assert g.rework_share(x, 0.0, 0.0, 1.0) == pytest.approx(exact, rel=8e-16)


def test_no_share_is_above_all_of_the_time() -> None:
    intervals = np.geomspace(1e-6, 1.0, 20_000)
    assert np.max(g.goodput(intervals, 0.0, 0.0, 1e6)) <= 1
    assert np.max(g.checkpoint_share(1e-300, intervals, 0.0, 1e6)) <= 1
    assert g.optimal_interval(0.0, 1e6) == 0  # what costs nothing is written all the time


def test_what_waits_longer_than_three_hundred_failures_never_ends() -> None:
    """Exponents stop there: e^300 is more than the age of the universe in any unit of time."""
    for restart, interval in ((1e9, 1.0), (1.0, 1e9), (1e9, 1e9)):
        assert math.isfinite(g.expected_time(1.0, interval, 0.0, restart, 1.0))
        assert g.expected_time(1.0, interval, 0.0, restart, 1.0) > 1e100
    exact = math.exp(299) * math.expm1(299) / 299
    assert g.expected_time(1.0, 299.0, 0.0, 299.0, 1.0) == pytest.approx(exact, rel=1e-12)


def test_expected_time_against_a_simulation() -> None:
    """Failures drawn one by one, in work, checkpoints and restarts alike."""
    random = np.random.default_rng(2006)
    interval, checkpoint, restart, mtbf = 50.0, 10.0, 20.0, 60.0
    taken = []
    for _ in range(20_000):
        clock = 0.0
        while True:
            failure = random.exponential(mtbf)
            if failure >= interval + checkpoint:
                clock += interval + checkpoint
                break
            clock += failure
            while (again := random.exponential(mtbf)) < restart:
                clock += again
            clock += restart
        taken.append(clock)
    error = np.std(taken) / math.sqrt(len(taken))
    assert (
        abs(np.mean(taken) - float(g.expected_time(interval, interval, checkpoint, restart, mtbf)))
        < 4 * error
    )


@given(a=ratio)
def test_optimal_interval_is_lamberts(a: float) -> None:
    expected = 1 + float(lambertw(-math.exp(-1 - a)).real)
    # SciPy loses digits near the branch point: -exp(-1 - a) holds a only to the last bit of 1 / e.
    assert float(g.optimal_interval(a, 1.0)) == pytest.approx(expected, rel=1e-7 + 1e-15 / a)


@given(a=st.floats(1e-4, 1e2), restart=from_zero(10), factor=st.floats(0.1, 10))
def test_no_interval_beats_the_optimal_one(a: float, restart: float, factor: float) -> None:
    best = float(g.optimal_interval(a, 1.0))
    least = float(g.expected_time(1, best, a, restart, 1.0))
    for other in (best * factor, float(g.young_interval(a, 1.0)), float(g.daly_interval(a, 1.0))):
        assert least <= float(g.expected_time(1, other, a, restart, 1.0)) * (1 + 1e-12)


def test_daly_is_as_near_as_he_says_and_young_is_not() -> None:
    """Daly 2006 puts the time lost to his higher-order estimate at 0.2 % at most."""
    a = np.geomspace(1e-6, 1e2, 400)
    least = np.asarray(g.expected_time(1, g.optimal_interval(a, 1.0), a, 0, 1.0))
    over = {
        name: np.max(np.asarray(g.expected_time(1, interval, a, 0, 1.0))[a < 2] / least[a < 2]) - 1
        for name, interval in (("daly", g.daly_interval(a, 1.0)), ("young", g.young_interval(a, 1.0)))
    }
    assert over["daly"] < 0.002 < 0.1 < over["young"]


@given(a=st.floats(1e-9, 1e-6))
def test_all_intervals_agree_when_failures_are_rare(a: float) -> None:
    young = float(g.young_interval(a, 1.0))
    for other in (
        g.daly_interval(a, 1.0), g.optimal_interval(a, 1.0), g.daly_first_order_interval(a, a, 1.0)
    ):  # fmt: skip
        assert float(other) == pytest.approx(young, rel=2 * math.sqrt(a))


@given(interval=seconds, checkpoint=seconds, restart=seconds, mtbf=seconds)
def test_the_four_shares_are_all_there_is(
    interval: float, checkpoint: float, restart: float, mtbf: float
) -> None:
    shares = (
        g.goodput(interval, checkpoint, restart, mtbf), g.checkpoint_share(interval, checkpoint, restart, mtbf),
        g.rework_share(interval, checkpoint, restart, mtbf), g.restart_share(restart, mtbf),
    )  # fmt: skip
    assert all(0 <= float(share) <= 1 for share in shares)
    assert sum(float(share) for share in shares) == pytest.approx(1, rel=1e-12)


@given(interval=seconds, checkpoint=seconds, restart=seconds, mtbf=seconds)
def test_goodput_falls_with_everything_that_goes_wrong(
    interval: float, checkpoint: float, restart: float, mtbf: float
) -> None:
    assume(2 * max(interval + checkpoint, restart) < 150 * mtbf)  # below where the exponents stop
    share = float(g.goodput(interval, checkpoint, restart, mtbf)) * (1 + 1e-12)
    assert float(g.goodput(interval, 2 * checkpoint, restart, mtbf)) <= share
    assert float(g.goodput(interval, checkpoint, 2 * restart, mtbf)) <= share
    assert float(g.goodput(interval, checkpoint, restart, mtbf / 2)) <= share


@given(interval=seconds, checkpoint=seconds, restart=seconds)
def test_a_machine_that_never_fails_only_writes_checkpoints(
    interval: float, checkpoint: float, restart: float
) -> None:
    never = 1e12 * (interval + checkpoint + restart)
    expected = pytest.approx(interval / (interval + checkpoint), rel=1e-10)
    assert float(g.goodput(interval, checkpoint, restart, never)) == expected


def test_llama_3_trained_over_nine_tenths_of_the_time() -> None:
    """What the model predicts from published rates and an assumed restart, against what Meta printed."""
    run = {
        name: FACTS.get("llama3-run", name)
        for name in ("restart_time", "effective_time", "job_interruptions")
    }
    mtbf = FACTS.value("llama3-run", "run_time") / run["job_interruptions"].value
    state = 16_384 * FACTS.value("llama3-run", "checkpoint_size")
    checkpoint = dc.transfer_time(state, FACTS.value("llama3-run", "storage_bandwidth"))  # 65.5 TB at 2 TB/s
    assert checkpoint == pytest.approx(32.8, rel=1e-2)
    interval = g.optimal_interval(checkpoint, mtbf)
    # By hand, to first order: sqrt(2 x 32.8 / 11135) = 7.7 % for checkpoints and lost work, and R / M for the
    # restarts: 600 / 11135 = 5.4 %. Together 13 %: with the largest checkpoint and 10 minutes, 87 %.
    low, value, high = (
        float(g.goodput(interval, checkpoint, restart, mtbf))
        for restart in (run["restart_time"].high, run["restart_time"].value, run["restart_time"].low)
    )
    assert value == pytest.approx(0.87, abs=0.01)
    assert low < value < high
    # The smaller checkpoint of 405e9 parameters of 14 bytes, 5.7 TB in 2.8 s, leaves 2.3 + 5.4 %.
    total = FACTS.value("llama3-run", "checkpoint_total")
    assert total == pytest.approx(405e9 * 14)
    small = dc.transfer_time(total, FACTS.value("llama3-run", "storage_bandwidth"))
    best = float(g.goodput(g.optimal_interval(small, mtbf), small, run["restart_time"].value, mtbf))
    assert best == pytest.approx(0.925, abs=0.01)
    assert low < run["effective_time"].low < best


# --- Stragglers and spares -------------------------------------------------------------------------------


def test_expected_maximum_against_the_integral() -> None:
    # Known: 1/sqrt(pi) = 0.5642 for two, 1.5388 for ten (Tippett 1925).
    for ranks, expected in ((2, 0.5642), (10, 1.5388), (100, None), (10_000, None), (1_000_000, None)):
        exact = integrate.quad(
            lambda z, n=ranks: z * n * stats.norm.pdf(z) * np.exp((n - 1) * stats.norm.logcdf(z)),
            -8, 12, limit=500, points=(0, 2, 3, 4, 5),
        )[0]  # fmt: skip
        assert expected is None or exact == pytest.approx(expected, abs=1e-4)
        assert float(g.expected_maximum(ranks)) == pytest.approx(exact, abs=0.03)
    assert g.expected_maximum(1) == 0
    # The rational approximation of the quantile is off by less than 4.5e-4 (Abramowitz and Stegun, 26.2.23).
    sizes = np.array([2, 3, 10, 100, 10_000, 1_000_000])
    quantile = stats.norm.isf((1 - 3 / 8) / (sizes + 1 / 4))
    np.testing.assert_allclose(g.expected_maximum(sizes), quantile, rtol=0, atol=4.5e-4)


def test_the_quantile_is_as_near_as_the_handbook_says_at_any_size() -> None:
    """Abramowitz and Stegun give 4.5e-4 for every tail, which the error comes near again and again."""
    sizes = np.geomspace(1.25, 1e15, 20_000)
    error = g.expected_maximum(sizes) - stats.norm.isf((1 - 3 / 8) / (sizes + 1 / 4))
    assert np.abs(error[sizes > 2]).max() <= 4.5e-4
    assert g.straggler_slowdown(1e6, 0.1) == pytest.approx(
        1 + 0.1 * float(g.expected_maximum(1e6)), rel=1e-14
    )


@given(ranks=st.integers(1, 10**6), variation=from_zero(0.1))
def test_more_ranks_wait_longer(ranks: int, variation: float) -> None:
    alone, more = (float(g.straggler_slowdown(n, variation)) for n in (ranks, 2 * ranks))
    assert 1 <= alone <= more


def test_spares_by_hand() -> None:
    # One under repair on average: e^-1 = 0.3679 that none is, 2 e^-1 = 0.7358 at most one, 2.5 e^-1 = 0.9197 two.
    assert spares_suffice(np.arange(3), 1.0) == pytest.approx([0.36788, 0.73576, 0.91970], abs=1e-5)
    np.testing.assert_array_equal(spares_needed(1.0, [0.0, 0.36, 0.5, 0.9, 0.95]), [0, 0, 1, 2, 3])
    assert spares_needed(0.0, 0.999) == 0


@given(mean=from_zero(1e4), confidence=from_zero(0.9999))
def test_spares_are_the_fewest_that_suffice(mean: float, confidence: float) -> None:
    spares = float(spares_needed(mean, confidence))
    assert spares_suffice(spares, mean) >= confidence - 1e-9
    assert spares == 0 or spares_suffice(spares - 1, mean) < confidence + 1e-9


def test_no_number_of_spares_is_certain() -> None:
    with pytest.raises(DomainError, match="confidence must be below 1"):
        spares_needed(3.0, 1.0)
    with pytest.raises(DomainError, match="under_repair must be at least 0"):
        spares_suffice(3.0, -1.0)


def test_more_units_under_repair_than_a_float_counts_are_refused() -> None:
    with pytest.raises(DomainError, match="under_repair is too large"):
        spares_needed(1e300, 0.9)


def test_no_more_than_all_the_time_counts_to_the_last_bit() -> None:
    # Without checkpoints and restarts x / (exp(x) - 1) is below 1 by half of x, which for small x is less than the
    # rounding of the quotient, so that some quotients come out above.
    assert np.max(g.goodput(np.geomspace(1e-12, 1.0, 5_000), 0.0, 0.0, 86_400.0)) <= 1.0
