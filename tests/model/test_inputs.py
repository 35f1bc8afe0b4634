"""What may be given for an input, and what is then known of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

import dojo_calc as dc
from dojo_calc.errors import DojoCalcError, DomainError, ModelError, UnitError
from dojo_calc.model.distribution import Z95, Mixture, Split, marginal, quantile
from dojo_calc.model.inputs import Input, Samples, Uniform, read_input, uncertain
from dojo_calc.quantities import Count, Spec, spec

WATT = Spec("W", 0.0)


def read(given: Any) -> Input:
    return read_input("power", WATT, given, dc.catalogue())


def test_a_uniform_goes_from_its_low_to_its_high() -> None:
    found = Uniform("1 kW", "3 kW").checked(WATT, "power")
    assert (found.low, found.high) == (1e3, 3e3)
    assert [found.quantile(chance) for chance in (0.0, 0.25, 1.0)] == [1e3, 1.5e3, 3e3]
    assert found.at(ndtri(np.array([0.05, 0.5, 0.95]))) == pytest.approx([1.1e3, 2e3, 2.9e3])
    one = read(Uniform(1e3, 3e3))
    assert [one.low, one.value, one.high] == pytest.approx([1.1e3, 2e3, 2.9e3])
    for low, high in ((3.0, 2.0), (2.0, 2.0), ([1.0, 2.0], 3.0), (1.0, [2.0, 3.0])):
        with pytest.raises(DomainError, match="power: expected low < high of a uniform"):
            Uniform(low, high).checked(WATT, "power")


def test_samples_are_two_or_more_numbers_in_a_row() -> None:
    """Of 1, 2, 4 and 5 the median is 2: half of them lie at or below it; 5 % lie at 1 and 95 % at 5."""
    found = read(Samples([5.0, 1.0, 4.0, "2 W"]))
    assert (found.low, found.value, found.high) == (1.0, 2.0, 5.0)
    two = Samples([3.0, 1.0]).checked(WATT, "power")
    assert two.at(ndtri(np.array([0.1, 0.5, 0.51, 0.9]))).tolist() == [1.0, 1.0, 3.0, 3.0]
    wrong: Any
    for wrong in ("12 W", 12.0, [12.0], [], np.ones((2, 2))):
        with pytest.raises(DomainError, match="power: expected samples in a row, two or more"):
            Samples(wrong).checked(WATT, "power")


@pytest.mark.parametrize(
    ("given", "value", "low", "high"),
    [
        (7.0, 7.0, 7.0, 7.0),
        ("7 kW", 7e3, 7e3, 7e3),
        ((7.0, 6.0, 9.0), 7.0, 6.0, 9.0),
        (["7 W", 6.0, "9 W"], 7.0, 6.0, 9.0),
        ((7.0, 7.0, 7.0), 7.0, 7.0, 7.0),
        ((7.0, 7.0, 9.0), 7.0, 7.0, 9.0),
        ((9.0, 7.0, 9.0), 9.0, 7.0, 9.0),
        ("h100-sxm.power", 700.0, 700.0, 700.0),  # NVIDIA's data sheet: 700 W
    ],
)
def test_what_is_given_has_a_value_between_its_ends(
    given: Any, value: float, low: float, high: float
) -> None:
    found = read(given)
    assert (found.value, found.low, found.high) == (value, low, high)
    assert found.ends == (low, high)
    assert found.uncertain == (low < high)


def test_what_is_no_input_is_named() -> None:
    wrong: Any
    for wrong, message in (
        ((1.0, 2.0), r"must be \(value, low, high\), got 2 values"),
        ((1.0, 0.0, 2.0, 3.0), r"must be \(value, low, high\), got 4 values"),
        (([1.0], 0.0, 2.0), "each one value"),
        ((1.0, np.array([0.0, 0.5]), 2.0), "each one value"),
        ((1.0, 1.5, 2.0), "expected low <= value <= high, got 1.5, 1, 2"),
        ((3.0, 1.5, 2.0), "expected low <= value <= high, got 1.5, 3, 2"),
        (np.array([1.0, 2.0]), "must be one value, got an array of shape"),
        ("h100-sxm.peak_bf16", "must be in W, but h100-sxm.peak_bf16"),
    ):
        with pytest.raises(ModelError, match=message):
            read(wrong)
    with pytest.raises(UnitError, match="power must be in W"):
        read("3 s")
    unset = read(None)
    assert (unset.value, unset.low, unset.high, unset.source) == (None, None, None, "must be given")
    with pytest.raises(ModelError, match="input power has no interval"):
        _ = unset.ends
    with pytest.raises(ModelError, match="no interval"):
        _ = replace(unset, low=1.0).ends
    with pytest.raises(ModelError, match="no interval"):
        _ = replace(unset, high=1.0).ends


def test_what_says_how_uncertain_it_is_is_told_from_a_value() -> None:
    fact = dc.load().get("h100-sxm", "power")
    given: Any
    for given in ((1.0, 0.0, 2.0), [1.0, 0.0, 2.0], ("1 W", "0 W", "2 W"), fact, Uniform(1, 2), Samples([1, 2]),
                  read(7.0)):  # fmt: skip
        assert uncertain(given), given
    for given in (1.0, "1 W", (1.0, 2.0), [1.0, 2.0, 3.0, 4.0], [[1.0], 2.0, 3.0], np.ones(3), None):
        assert not uncertain(given), given


def readings(*triples: tuple[float, float, float], **first: Any) -> Input:
    """Input whose facts are the readings r0, r1 and so on."""
    fact = dc.load().get("h100-sxm", "power")
    facts = [
        replace(fact, reading=f"r{index}", value=value, low=low, high=high)
        for index, (value, low, high) in enumerate(triples)
    ]
    facts[0] = replace(facts[0], **first)
    declared = spec(Count)
    assert declared is not None
    return Input("x", declared, *triples[0], "given", tuple(facts))


def test_the_ends_of_readings_that_conflict_are_the_outermost_of_all() -> None:
    assert readings((5.0, 4.0, 6.0), (8.0, 7.0, 9.0)).ends == (4.0, 9.0)
    assert readings((8.0, 3.0, 12.0), (5.0, 4.0, 6.0)).ends == (3.0, 12.0)
    agreed = readings((5.0, 4.0, 6.0), (5.0, 1.0, 9.0))
    assert agreed.ends == (4.0, 6.0), "readings of one value are no conflict"
    certain = readings((5.0, 5.0, 5.0), (5.0, 5.0, 5.0))
    assert [one.uncertain for one in (agreed, certain, readings((5.0,) * 3, (8.0,) * 3))] == [
        True,
        False,
        True,
    ]


def test_the_named_reading_of_a_fact_leaves_no_conflict_open() -> None:
    rate = Spec("FLOP/s", 0.0)
    both, one = (
        read_input("unit", rate, given, dc.catalogue())
        for given in ("d1.peak_bf16", "d1.peak_bf16[hot_chips_34]")
    )
    assert (both.uncertain, both.value, both.ends) == (True, 362e12, (362e12, 376e12))
    assert (one.uncertain, one.value, one.ends) == (False, 376e12, (376e12, 376e12))


def test_a_certain_reading_at_the_median_of_another_has_the_middle_of_the_distribution() -> None:
    """Half the weight is 100 itself, half is spread from 50 to 200 about it: F(100) jumps from 1/4 to 3/4.

    Below, F(x) = Phi(z) / 2, so that a chance u is reached at 100 * 2 ** (z / Z95) with Phi(z) = 2 u; above alike.
    """
    declared = spec(Count)
    assert declared is not None
    mixed = Mixture.of([(0.5, 100.0), (0.5, Split.of(declared, 100.0, 50.0, 200.0))])
    below, above = np.array([0.1, 0.248, 0.2495]), np.array([0.7505, 0.752, 0.9])
    assert mixed.at(ndtri(below)) == pytest.approx(100.0 * 2.0 ** (ndtri(2.0 * below) / Z95), rel=1e-4)
    assert mixed.at(ndtri(above)) == pytest.approx(100.0 * 2.0 ** (ndtri(2.0 * above - 1.0) / Z95), rel=1e-4)
    assert mixed.at(ndtri(np.array([0.2505, 0.5, 0.7495]))).tolist() == [100.0] * 3


def test_weights_share_readings_in_proportion() -> None:
    found = readings((1.0,) * 3, (2.0,) * 3, (4.0,) * 3)
    # 1 of 8, then 3 of 8 more, then the other half.
    weights = {"r0": 1.0, "r1": 3.0, "r2": 4.0}
    chances = [0.12, 0.13, 0.49, 0.51, 0.99]
    assert quantile(found, chances, weights=weights).tolist() == [1.0, 2.0, 2.0, 4.0, 4.0]
    assert quantile(found, [0.32, 0.34, 0.66, 0.67]).tolist() == [1.0, 2.0, 2.0, 4.0], "a third each"
    assert marginal(found, {"r1": 0.1, "r0": 0.0}) == 2.0
    for weights, error in (({"r0": math.inf}, DomainError), ({"r0": -1e-9}, DomainError), ({}, DomainError)):
        with pytest.raises(error):
            marginal(found, weights)
    assert quantile(found, 0.5, weights={"r2": 1e-300}) == 4.0


def test_a_reading_in_use_that_stands_aside_stands_alone() -> None:
    found = readings((5.0,) * 3, (8.0,) * 3, (9.0,) * 3)

    def rivals(in_use: int, *aside: int) -> list[float]:
        facts = [
            replace(fact, is_default=place == in_use, aside="dated" if place in aside else "")
            for place, fact in enumerate(found.readings)
        ]
        return [fact.value for fact in replace(found, readings=tuple(facts)).rivals]

    assert rivals(0) == [5.0, 8.0, 9.0]
    assert rivals(0, 1) == [5.0, 9.0], "what stands aside contradicts nothing"
    assert rivals(1, 1) == [8.0], "somebody's choice"
    assert rivals(1, 0, 1, 2) == [8.0]


def test_an_own_distribution_is_followed_whatever_the_interval() -> None:
    own = Uniform(1.0, 3.0)
    one = replace(read(Uniform(1.0, 3.0)), low=0.0, high=9.0)
    assert marginal(one) == own
    for missing in ("value", "low", "high"):
        with pytest.raises(DojoCalcError, match="input power has no value"):
            marginal(replace(read((2.0, 1.0, 3.0)), **{missing: None}))
