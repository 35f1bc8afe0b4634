from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.analysis.simulate import simulate
from dojo_calc.errors import DojoCalcError, DomainError, ModelError, UnknownNameError
from dojo_calc.model.distribution import quantile
from dojo_calc.model.inputs import Input
from dojo_calc.model.model import Model
from dojo_calc.operations import log
from dojo_calc.quantities import Count, Fraction, Money, PowerUsage, Ratio, SignedCount, Spec, Year, spec

Z95 = NormalDist().inv_cdf(0.95)
REAL = Spec("1")  # any finite number


def one(value: float, low: float, high: float, domain: Any = Money) -> Input:
    declared = domain if isinstance(domain, Spec) else spec(domain)
    assert declared is not None
    return Input("x", declared, value, low, high, "given")


def readings(*triples: tuple[float, float, float], domain: Any = Money) -> Input:
    """Input whose facts are the conflicting readings r0, r1 and so on."""
    fact = dc.load().get("h100-sxm", "power")
    facts = tuple(
        replace(fact, reading=f"r{index}", value=value, low=low, high=high)
        for index, (value, low, high) in enumerate(triples)
    )
    return replace(one(*triples[0], domain=domain), readings=facts)


def product(first: Money, second: Ratio) -> Money:
    return first * second


def total(first: Ratio, second: Ratio) -> Ratio:
    return first + second


def difference(first: Ratio, second: Ratio) -> Ratio:
    return first - second


def inverse(first: Ratio) -> Ratio:
    return 1.0 / first


def logarithm(first: Ratio) -> Ratio:
    return log(first)


# --- An input ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "found",
    [
        one(30e3, 25e3, 40e3),
        one(1.2, 1.1, 1.5, PowerUsage),
        one(1.1, 1.0, 1.5, PowerUsage),
        one(0.4, 0.3, 0.5, Fraction),
        one(0.1, 0.0, 0.5, Fraction),
        one(0.99, 0.9, 1.0, Fraction),
        one(2025, 2024, 2027, Year),
        one(-1, -3, 4, REAL),
        one(5, 0, 20, Ratio),
    ],
    ids=str,
)
def test_interval_and_value_are_quantiles(found: Input) -> None:
    assert quantile(found, [0.05, 0.5, 0.95]) == pytest.approx([found.low, found.value, found.high])
    u = np.linspace(0, 1, 1001)
    values = quantile(found, u)
    assert (np.diff(values) >= 0).all(), "monotonic"
    assert values.min() >= found.spec.low
    assert values.max() <= found.spec.high


def test_cost_is_a_split_lognormal() -> None:
    # A quarter of the way is z = -0.6745: below the median the logarithm moves by ln(25 / 30) at z = -1.6449.
    z = NormalDist().inv_cdf(0.25)
    found = one(30e3, 25e3, 40e3)
    assert quantile(found, 0.25) == pytest.approx(30e3 * (25 / 30) ** (-z / Z95))
    assert quantile(found, 0.75) == pytest.approx(30e3 * (40 / 30) ** (-z / Z95))


def test_one_sided_interval_keeps_its_value_as_median() -> None:
    found = one(10, 10, 40)
    assert quantile(found, [0.0, 0.05, 0.3, 0.5, 0.95]) == pytest.approx([10, 10, 10, 10, 40])
    # Above the median the logarithm moves by ln 4 at z = 1.6449, so at z = 0.6745 (a quarter further) by 0.41 of it.
    assert quantile(found, 0.75) == pytest.approx(10 * 4 ** (NormalDist().inv_cdf(0.75) / Z95))
    assert quantile(one(40, 10, 40), [0.05, 0.5, 1.0]) == pytest.approx([10, 40, 40])
    assert quantile(one(0.5, 0.2, 0.5, Fraction), [0.05, 0.5, 0.9]) == pytest.approx([0.2, 0.5, 0.5])
    assert quantile(one(-2, -2, 6, REAL), [0.5, 0.95]) == pytest.approx([-2.0, 6.0])


def test_choosing_a_reading_always_shows() -> None:
    # Two readings whose intervals reach to each other: each keeps its own median.
    found = readings((10.0, 2.0, 10.0), (2.0, 2.0, 10.0))
    medians = [quantile(found, 0.5, weights={one: 1}) for one in ("r0", "r1")]
    assert medians == pytest.approx([10.0, 2.0])
    # Both: a quarter of all values is exactly 2 and another exactly 10, and the rest lies between.
    # The halves that are spread reach 8.2 standard deviations, of which 5 % lie beyond the other value.
    assert quantile(found, [0.1, 0.5, 0.9]) == pytest.approx([2.0, math.sqrt(20.0), 10.0], rel=0.01)


def test_own_distributions_are_followed_as_they_are() -> None:
    model = dc.Model({"cost": dc.purchase_cost}, {"units": 2, "price": dc.Uniform("10 USD", "30 USD")})
    price = model.inputs["price"]
    assert (price.low, price.value, price.high) == pytest.approx(
        (11, 20, 29)
    )  # 5 %, 50 % and 95 % of the way
    assert quantile(price, [0.0, 0.25, 1.0]) == pytest.approx([10, 15, 30])
    assert simulate(model, "cost").interval(0.5) == pytest.approx((30, 50), rel=0.01)
    own = dc.Samples([1.0, 5.0, 2.0, "4 USD"])
    found = simulate(model, "cost", price=own)
    assert {
        float(value): float((found.samples["cost"] == value).mean()) for value in (2, 4, 8, 10)
    } == pytest.approx(dict.fromkeys((2.0, 4.0, 8.0, 10.0), 0.25), abs=1e-3)
    assert found.interval(0.9) == (2.0, 10.0)
    for wrong, message in (
        (dc.Uniform(3, 2), "expected low < high of a uniform"),
        (dc.Samples([1.0]), "two or more"),
        (dc.Samples([1.0, -1.0]), r"price\[1\] must be at least 0"),
        (("0.1 USD", "0.2 USD", "0.3 USD"), "expected low <= value <= high"),
    ):
        with pytest.raises(DojoCalcError, match=message):
            simulate(model, "cost", price=wrong)


def test_three_texts_are_an_interval_and_a_step_can_have_one() -> None:
    model = dc.Model(
        {"n": dc.units_needed, "cost": dc.step(dc.purchase_cost, units="n")},
        {"target": 100.0, "unit": 1.0, "price": 2.0},
    )
    found = simulate(model, "cost", price=("30 kUSD", "25 kUSD", "40 kUSD"))
    assert found.quantile([0.05, 0.5, 0.95]) == pytest.approx([2.5e6, 3e6, 4e6], rel=0.01)
    found = simulate(model, "cost", n=(8, 7, 9), price="30 kUSD")
    assert found.quantile([0.05, 0.5, 0.95]) == pytest.approx([210e3, 240e3, 270e3], rel=0.01)
    assert [bar.input for bar in dc.tornado(model, "cost", n=(8, 7, 9))] == ["n"]


def test_readings_that_stand_aside_contradict_nothing() -> None:
    found = readings((100.0, 90.0, 110.0), (300.0, 290.0, 310.0))
    aside = replace(found, readings=(found.readings[0], replace(found.readings[1], aside="dated")))
    assert found.uncertain
    assert len(aside.rivals) == 1
    assert quantile(aside, [0.05, 0.5, 0.95]) == pytest.approx([90, 100, 110])
    assert quantile(aside, 0.5, weights={"r1": 1}) == pytest.approx(300), "somebody's choice"


def test_what_falls_outside_the_domain_lies_on_its_end() -> None:
    found = one(5, 0, 20, Ratio)  # the 5 % quantile is the domain's end, so 5 % lie on it
    assert quantile(found, [0.0, 0.01, 0.05]) == pytest.approx([0, 0, 0])
    assert quantile(found, 0.06) > 0
    assert quantile(one(1.125, 1.08, 1.18, PowerUsage), 1e-9) > 1.0, "the part above 1 is lognormal"


def test_readings_are_discrete_and_weights_count() -> None:
    rated = readings((400.0, 400.0, 400.0), (500.0, 500.0, 500.0))
    np.testing.assert_array_equal(quantile(rated, [0.0, 0.3, 0.5, 0.501, 1.0]), [400, 400, 400, 500, 500])
    u = [0.1, 0.2, 0.21, 0.9]
    np.testing.assert_array_equal(
        quantile(rated, u, weights={"r0": 1, "r1": 4}), [400.0, 400.0, 500.0, 500.0]
    )
    assert quantile(rated, 0.01, weights={"r1": 1}) == 500.0
    assert quantile(one(7, 7, 7), [0.1, 0.9]).tolist() == [7.0, 7.0]
    same = readings((400.0, 300.0, 500.0), (400.0, 200.0, 600.0))
    assert quantile(same, 0.05) == pytest.approx(300.0), "readings that agree are no conflict"


def lognormal_chance(x: float, value: float, low: float, high: float) -> float:
    end = low if x < value else high
    return NormalDist().cdf(Z95 * math.log(x / value) / abs(math.log(end / value)))


@pytest.mark.parametrize("second", [(120, 110, 125), (1000, 900, 1100)], ids=["overlapping", "apart"])
def test_mixture_inverts_the_mean_of_its_distributions(second: tuple[float, float, float]) -> None:
    triples = [(100, 80, 130), second]
    found = readings(*triples)
    for u in (0.001, 0.02, 0.2, 0.4, 0.6, 0.9, 0.999):
        x = quantile(found, u)
        assert sum(lognormal_chance(x, *triple) for triple in triples) / 2 == pytest.approx(u, abs=2e-5)


def test_mixture_of_an_interval_and_a_constant() -> None:
    # Half the weight is on 100 exactly: below it lie half of the interval's 2.5 % to 50 %.
    found = readings((100.0, 80.0, 125.0), (100.5, 100.5, 100.5))
    below = lognormal_chance(100.5, 100, 80, 125) / 2
    for u in (below + 0.001, 0.5, below + 0.499):
        assert quantile(found, u) == 100.5
    assert quantile(found, below - 0.01) < 100.5 < quantile(found, below + 0.51)


def test_a_bad_probability_weight_or_reading_is_refused() -> None:
    rated = readings((400.0, 400.0, 400.0), (500.0, 500.0, 500.0))
    refused: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (lambda: quantile(rated, 1.5), DomainError, "u must be between 0 and 1"),
        (
            lambda: quantile(rated, 0.5, weights={"r3": 1}),
            UnknownNameError,
            "no reading 'r3'; did you mean r",
        ),
        (lambda: quantile(rated, 0.5, weights={"r0": -1}), DomainError, "at least 0, got -1"),
        (lambda: quantile(rated, 0.5, weights={"r0": 0}), DomainError, "must not all be 0"),
        (lambda: quantile(replace(one(1, 1, 1), value=None), 0.5), ModelError, "has no value"),
        (
            lambda: quantile(readings((0.5, 0.4, 0.6), (2, 1, 3), domain=Fraction), 0.5),
            DomainError,
            "between 0 and 1",
        ),
    ]
    for call, error, message in refused:
        with pytest.raises(error, match=message):
            call()


@given(
    value=st.floats(1e-3, 1e20),
    below=st.floats(1.01, 10),
    above=st.floats(1.01, 10),
    u=st.floats(0.001, 0.999),
)
def test_lognormal_inverts(value: float, below: float, above: float, u: float) -> None:
    triple = value, value / below, value * above
    assert lognormal_chance(quantile(one(*triple), u), *triple) == pytest.approx(u, rel=1e-9)


# --- A model ----------------------------------------------------------------------------------------------


def test_sum_of_normals_by_its_closed_form() -> None:
    # The scale is linear, and the domain's ends are more than 50 standard deviations away.
    def shifted(first: Year, second: Year) -> Ratio:
        return first + second

    model = dc.Model({"y": shifted}, {"first": (2000, 1997, 2003), "second": (2010, 2006, 2014)})
    found = simulate(model, "y", samples=2**18)
    exact = NormalDist(4010, math.hypot(3, 4) / Z95)
    q = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    assert found.quantile(q) == pytest.approx([exact.inv_cdf(chance) for chance in q], abs=0.02)
    assert found.mean == pytest.approx(4010, abs=0.002)
    assert found.interval(0.9) == pytest.approx((4005, 4015), abs=0.01)  # 3-4-5
    assert found.exceedance([4005, 4010, 4015]) == pytest.approx([0.95, 0.5, 0.05], abs=1e-3)


@pytest.fixture
def lognormals() -> Model:
    return dc.Model({"y": product}, {"first": (100, 50, 200), "second": (3, 1, 9)})


def test_product_of_lognormals_by_its_closed_form(lognormals: Model) -> None:
    # Logarithms add: median 300, 90 % interval by a factor of exp(hypot(ln 2, ln 3)) = 3.667.
    factor = math.exp(math.hypot(math.log(2), math.log(3)))
    sigma = math.log(factor) / Z95
    found = simulate(lognormals, "y", precision=1e-3)
    assert found.converged
    assert found.quantile([0.05, 0.5, 0.95]) == pytest.approx([300 / factor, 300, 300 * factor], rel=4e-3)
    assert found.mean == pytest.approx(300 * math.exp(sigma**2 / 2), rel=4e-3)
    assert found.exceedance(300 * factor) == pytest.approx(0.05, abs=5e-4)


def test_stated_error_holds(lognormals: Model) -> None:
    """The true error is within four of the stated standard errors, for ten seeds."""
    exact = 300 * math.exp((math.hypot(math.log(2), math.log(3)) / Z95) ** 2 / 2)
    for seed in range(10):
        found = simulate(lognormals, "y", samples=8192, seed=seed)
        assert abs(found.mean / exact - 1) < 4 * found.errors["y"]


def test_correlation_widens_a_product(lognormals: Model) -> None:
    # Var = a^2 + b^2 + 2 r a b.
    a, b = math.log(2), math.log(3)
    for r in (-0.9, 0.7):
        factor = math.exp(math.sqrt(a * a + b * b + 2 * r * a * b))
        found = simulate(lognormals, ["y", "first"], correlations={("first", "second"): r}, precision=1e-3)
        assert found["y"].quantile(0.95) == pytest.approx(300 * factor, rel=4e-3)
        assert found["first"].quantile(0.95) == pytest.approx(200, rel=2e-3), "margins stay"


def test_rank_correlation_of_the_copula(lognormals: Model) -> None:
    found = simulate(lognormals, ["first", "second"], correlations={("second", "first"): 0.7}, samples=2**16)
    ranks = [np.argsort(np.argsort(values)) for values in found.samples.values()]
    assert np.asarray(np.corrcoef(ranks))[0, 1] == pytest.approx(6 / math.pi * math.asin(0.35), abs=2e-3)


def test_correlations_that_cannot_hold_are_named() -> None:
    def three(first: Ratio, second: Ratio, third: Ratio, fourth: Ratio, fifth: Ratio) -> Ratio:
        return first + second + third + fourth * fifth

    names = ["first", "second", "third", "fourth", "fifth"]
    model = dc.Model({"y": three}, dict.fromkeys(names[:4], (2, 1, 3)) | {"fifth": 1})
    impossible = {("first", "second"): 0.9, ("second", "third"): 0.9, ("first", "third"): -0.9}
    for correlations, error, message in (
        (
            impossible | {("third", "fourth"): 0.0},
            ModelError,
            "first and second 0.9; second and third 0.9; first and third -0.9",
        ),
        ({("first", "secnd"): 0.5}, UnknownNameError, "no input 'secnd'; did you mean second"),
        ({("first", "second"): 1.0}, DomainError, "first and second must be between -1 and 1"),
        ({("first", "first"): 0.5}, ModelError, "first and first are one thing"),
        ({("first", "second"): 0.5, ("second", "first"): 0.4}, ModelError, "two correlations"),
    ):
        with pytest.raises(error, match=message):
            simulate(model, "y", correlations=correlations)
    simulate(model, "y", correlations={("first", "fifth"): 0.9})  # a constant correlates with nothing


def test_doubles_until_precise_and_says_when_it_is_not(lognormals: Model) -> None:
    rough, fine = (simulate(lognormals, "y", precision=precision) for precision in (0.1, 0.001))
    assert rough.count < fine.count
    assert fine.errors["y"] <= 0.001
    stopped = simulate(lognormals, "y", precision=1e-5, samples=1000)
    assert stopped.count == 1024
    assert not stopped.converged
    assert stopped.errors["y"] > 1e-5
    assert simulate(lognormals, "y", first=2, second=5).quantile([0.0, 1.0]).tolist() == [10.0, 10.0]


def test_output_of_both_signs_has_its_error_against_its_width() -> None:
    model = dc.Model({"y": logarithm}, {"first": (1, 0.5, 2)})
    found = simulate(model, "y")
    assert found.converged, "although the mean is 0"
    assert found.interval(0.9) == pytest.approx((-math.log(2), math.log(2)), rel=1e-2)


def test_seeds(lognormals: Model) -> None:
    first, again, other = (simulate(lognormals, "y", seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.samples["y"], again.samples["y"])
    assert not np.array_equal(first.samples["y"], other.samples["y"])


def test_several_outputs_and_the_table(lognormals: Model) -> None:
    found = simulate(lognormals, ["y", "first"], seed=5)
    assert found.mean.keys() == found.interval().keys() == {"y", "first"}
    assert found["y"].mean == found.mean["y"]
    assert found.table()["output"].to_list() == ["y", "first"]
    assert found.table()["unit"].to_list() == ["USD", "USD"]
    assert found["first"].table()["q95"][0] == pytest.approx(200, rel=0.02)
    assert "16,384" in repr(simulate(lognormals, "y", samples=16_384))
    with pytest.raises(ModelError, match="choose one by its name: y, first"):
        found.exceedance(3)
    with pytest.raises(UnknownNameError, match="not simulated: 'frst'; did you mean first"):
        found["frst"]


def test_inputs_of_one_fact_are_one_unknown() -> None:
    model = dc.Model({"y": difference}, {"first": "d1.mfu", "second": "d1.mfu"})
    assert simulate(model, "y").interval(0.98) == (0.0, 0.0)


def test_weights_choose_readings() -> None:
    # The two readings of the peak, in TFLOP/s: 362 and 376 at AI Day 2021 and Hot Chips 34.
    model = dc.Model({"chips": dc.units_needed}, {"target": "1 EFLOP/s", "unit": "d1.peak_bf16"})
    chips = {name: 1e6 / peak for name, peak in (("ai_day_2021", 362), ("hot_chips_34", 376))}
    even = simulate(model, "chips")
    assert even.mean == pytest.approx(sum(chips.values()) / 2)
    weighted = simulate(model, "chips", weights={"unit": {"ai_day_2021": 3, "hot_chips_34": 1}})
    assert weighted.mean == pytest.approx(0.75 * chips["ai_day_2021"] + 0.25 * chips["hot_chips_34"])
    assert simulate(model, "chips", weights={"unit": {"hot_chips_34": 1}}).mean == chips["hot_chips_34"]
    with pytest.raises(UnknownNameError, match="no input 'unti'; did you mean unit"):
        simulate(model, "chips", weights={"unti": {"hot_chips_34": 1}})


# --- A against B ------------------------------------------------------------------------------------------


def test_probability_that_one_is_above_the_other(lognormals: Model) -> None:
    # ln(A / B) of independent lognormals is normal: P(A > B) = Phi(ln(300 / 400) / its deviation).
    other = lognormals.replace(first=(100, 60, 100 / 0.6), second=(4, 2, 8))
    parts = [math.log(x) / Z95 for x in (2, 3, 1 / 0.6, 2)]
    exact = NormalDist().cdf(math.log(300 / 400) / math.hypot(*parts))
    a, b = simulate(lognormals, "y", samples=2**17), simulate(other, "y", samples=2**16)
    assert a.probability_above(b) == pytest.approx(exact, abs=2e-3), "nothing is shared"
    independent = simulate(other, "y", samples=2**16, seed=1)
    assert a.probability_above(independent) == pytest.approx(exact, abs=2e-3)
    assert b.probability_above(a) == pytest.approx(1 - exact, abs=2e-3)


def test_what_both_share_does_not_blur_the_difference(lognormals: Model) -> None:
    other = lognormals.replace(second=(3.3, 1.1, 9.9))  # as uncertain, but not the same thing
    a, b = simulate(lognormals, "y"), simulate(other, "y")
    # The price cancels: P = Phi(ln(3 / 3.3) / (sqrt(2) ln 3 / z)).
    exact = NormalDist().cdf(math.log(3 / 3.3) / (math.sqrt(2) * math.log(3) / Z95))
    assert a.probability_above(b) == pytest.approx(exact, abs=3e-3)
    dearer = simulate(lognormals, "y", second=3), simulate(lognormals, "y", second=3.1)
    assert dearer[1].probability_above(dearer[0]) == 1.0
    assert a.probability_above(a) == 0.0


def test_a_fact_is_shared_under_any_name() -> None:
    one = dc.Model({"y": total}, {"first": "d1.mfu", "second": 0.0})
    other = dc.Model({"z": total}, {"first": 0.01, "second": "d1.mfu"})
    assert simulate(other, "z").probability_above(simulate(one, "y")) == 1.0


def test_contradicting_correlations_of_two_simulations(lognormals: Model) -> None:
    pair = "first", "second"
    a, b = (simulate(lognormals, "y", correlations={pair: r}) for r in (0.5, -0.5))
    with pytest.raises(ModelError, match="differently"):
        a.probability_above(b)
    assert a.probability_above(simulate(lognormals, "y")) >= 0


# --- What goes wrong --------------------------------------------------------------------------------------


def test_output_that_is_not_finite_is_traced_to_its_inputs() -> None:
    model = dc.Model({"y": inverse}, {"first": (0.1, 0.0, 0.3)})
    with pytest.raises(DomainError, match=r"y is inf at [\d,]+ of 8,192 samples, first at first = 0; narrow"):
        simulate(model, "y")


def test_an_interruption_keeps_what_is_done(lognormals: Model) -> None:
    calls = []

    def impatient(done: int, error: float) -> None:
        calls.append((done, error))
        if len(calls) == 3:
            raise KeyboardInterrupt

    found = simulate(lognormals, "y", samples=2**20, progress=impatient)
    assert not found.converged
    assert found.count == calls[-1][0] == 3 * 2**16
    assert found.quantile(0.5) == pytest.approx(300, rel=0.02)

    def at_once(done: int, error: float) -> None:
        raise KeyboardInterrupt(done, error)

    assert simulate(lognormals, "y", progress=at_once).count == 8192


def test_bad_arguments_are_named(lognormals: Model) -> None:
    for call, error, message in (
        (lambda: simulate(lognormals, "z"), UnknownNameError, "no output 'z'"),
        (lambda: simulate(lognormals, "y", frst=1), UnknownNameError, "did you mean first"),
        (lambda: simulate(lognormals, "y", first=[1, 2]), ModelError, "first must be one value here"),
        (lambda: simulate(lognormals, "y", precision=0), DojoCalcError, "precision must be above 0"),
        (lambda: simulate(lognormals, []), DojoCalcError, "expected an output"),
        (
            lambda: simulate(lognormals, "y", seed=-1),
            DojoCalcError,
            "seed must be a whole number, at least 0",
        ),
        (lambda: simulate(lognormals, "y", samples=2.5), DojoCalcError, "samples must be a whole number"),
        (
            lambda: simulate(lognormals, "y", correlations={"first": 0.5}),  # type: ignore[dict-item]
            DojoCalcError,
            "correlations must be a mapping from a group of a text and a text to a number",
        ),
        (
            lambda: simulate(lognormals, "y", correlations={("first", "second"): "much"}),  # type: ignore[dict-item]
            DojoCalcError,
            "correlations must be a mapping from a group of a text and a text to a number",
        ),
        (lambda: simulate(dc.Model({"y": inverse}, {"first": None}), "y"), ModelError, "needs a value"),
        (lambda: simulate(lognormals, "y").quantile(2), DomainError, "q must be"),
    ):
        with pytest.raises(error, match=message):
            call()


def test_every_shipped_model_simulates() -> None:
    for chip in ("d1", "a100", "h100", "gb200"):
        found = simulate(dc.chain(chip), ["fleet_own", "own_per_work"])
        assert found.converged
        low, high = found["fleet_own"].interval(0.99)
        assert 0 < low < found["fleet_own"].mean < high


def same(x: Count) -> Count:
    return 1.0 * x


def short_of_five(x: Count) -> SignedCount:
    return 5.0 - x


def above_fifteen(x: Count) -> SignedCount:
    return x - 15.0


def test_draws_leave_out_what_an_identity_forbids_and_keep_what_a_limit_tells() -> None:
    # Of 0 to 20 a quarter lies below 5 and a quarter above 15; what is left of 5 to 20 has its middle at 12.5.
    identity = dc.condition("identity", "at least five", short_of_five)
    limit = dc.condition("limit", "at most fifteen", above_fifteen)
    model = dc.Model({"y": same}, {"x": dc.Uniform(0.0, 20.0)}, conditions=(identity, limit))
    found = simulate(model, "y")
    assert found.quantile([0.0, 0.5, 1.0]) == pytest.approx([5.0, 12.5, 20.0], abs=0.01)
    assert found.broken["identity: at least five"] == pytest.approx(0.25, abs=1e-3)
    with pytest.raises(ModelError, match="at least five"):
        simulate(model, "y", x=dc.Uniform(0.0, 4.0))
    kept = simulate(model, "y", x=dc.Uniform(16.0, 20.0))
    assert kept.quantile([0.0, 1.0]) == pytest.approx([16.0, 20.0], abs=0.01)
