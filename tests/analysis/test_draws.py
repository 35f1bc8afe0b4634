"""Draws that fill the unit cube evenly, who shares one, and what becomes of what they cannot be used for."""

from __future__ import annotations

import math
from threading import Event, Thread, current_thread
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

import dojo_calc as dc
from dojo_calc.analysis.draws import Draws, ahead, by_key, evaluate_drawn, factor, unknowns
from dojo_calc.errors import DomainError, ModelError, UnknownNameError
from dojo_calc.quantities import Count, Ratio, SignedCount


def total(first: Ratio, second: Ratio) -> Ratio:
    return first + second


def inverse(first: Ratio, second: Ratio) -> Ratio:
    return second / first


@pytest.fixture
def two() -> dc.Model:
    return dc.Model({"y": total, "z": inverse}, {"first": (3, 1, 9), "second": (3, 1, 9)})


def test_scores_are_the_middles_of_cells_of_two_to_the_minus_thirty() -> None:
    cells = ndtr(Draws(3, 5).scores(64)) * 2.0**30
    np.testing.assert_allclose(cells % 1.0, 0.5, atol=1e-4)


def test_each_scrambling_puts_one_point_into_each_of_as_many_slices() -> None:
    """So it is with Sobol' points of a power of two, scrambled or not, in every dimension."""
    count, size = 5, 32
    scores = Draws(3, 1, replicates=count).scores(size)
    assert scores.shape == (3, count * size)
    for row in ndtr(scores).reshape(3 * count, size):
        assert sorted((row * size).astype(int)) == list(range(size))
    assert Draws(0, 1, replicates=count).scores(size).shape == (0, count * size)


@pytest.mark.parametrize("steps", [[], [8], [4, 8], [16, 8, 4, 4]])
def test_what_is_drawn_ahead_is_what_is_drawn_in_turn(steps: list[int]) -> None:
    draws = Draws(2, 3)
    for one, other in zip(ahead(Draws(2, 3), steps), map(draws.scores, steps), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_next_step_is_drawn_while_the_one_before_is_used_and_no_other_yet() -> None:
    class Told:
        """Notes which step is drawn by which thread."""

        def __init__(self) -> None:
            self.drawn: list[tuple[int, Thread]] = []
            self.second = Event()

        def scores(self, size: int) -> Any:
            self.drawn.append((size, current_thread()))
            if len(self.drawn) == 2:
                self.second.set()
            return size

    told: Any = Told()
    for place, size in enumerate(ahead(told, [4, 2, 8])):
        if place == 0:
            assert told.second.wait(10.0), "the second is drawn before anybody asks for it"
            assert [one for one, _ in told.drawn] == [4, 2]
        assert size == [4, 2, 8][place]
    assert current_thread() not in [thread for _, thread in told.drawn]
    pair: Any = Told()
    assert list(ahead(pair, [4, 2])) == [4, 2]
    assert current_thread() not in [thread for _, thread in pair.drawn]
    lone: Any = Told()
    assert list(ahead(lone, [4])) == [4]
    assert lone.drawn == [(4, current_thread())], "nothing is there to be used meanwhile"


def test_a_factor_gives_scores_their_correlations() -> None:
    """Its product with its own transpose is the matrix of the correlations, and it has nothing above the diagonal."""
    labels = {"a": "A", "b": "B", "c": "C"}
    found = factor(labels, {frozenset("ac"): 0.5, frozenset("cb"): -0.25})
    assert found is not None
    np.testing.assert_allclose(found @ found.T, [[1, 0, 0.5], [0, 1, -0.25], [0.5, -0.25, 1]], atol=1e-15)
    np.testing.assert_array_equal(found, np.tril(found))
    assert factor(labels, {}) is None
    with pytest.raises(ModelError, match=r"cannot hold together: A and B 0\.9; A and C -0\.9; B and C 0\.9$"):
        factor(
            labels | {"d": "D", "e": "E"},
            {
                frozenset("ab"): 0.9,
                frozenset("ac"): -0.9,
                frozenset("bc"): 0.9,
                frozenset("cd"): 0.0,  # a part of no contradiction
                frozenset("de"): 0.1,
            },
        )


def test_correlations_up_to_but_not_of_one_can_be_stated(two: dc.Model) -> None:
    group, _ = unknowns(two, ["y"], ())
    for whole in (-1.0, 1.0):
        with pytest.raises(DomainError, match="must be between -1 and 1"):
            by_key(two, group, {("first", "second"): whole})
    for near in (-0.999, 0.999):
        assert list(by_key(two, group, {("first", "second"): near}).values()) == [near]
    both = {("first", "second"): 0.5, ("second", "first"): 0.5}
    assert list(by_key(two, group, both).values()) == [0.5], "said twice it is one"


def test_what_is_certain_correlates_with_nothing_whichever_is_named_first(two: dc.Model) -> None:
    for certain in ("first", "second"):
        group, held = unknowns(two.replace(**{certain: 3.0}), ["y"], ())
        assert [one.label for one in group] == [{"first": "second", "second": "first"}[certain]]
        assert held == {certain: 3.0}
        assert by_key(two, group, {("first", "second"): 0.5}) == {}


def test_what_is_given_or_not_needed_is_unknown_to_nobody(two: dc.Model) -> None:
    group, held = unknowns(two, ["y"], ["first"])
    assert [one.label for one in group] == ["second"]
    assert held == {}
    open_one = dc.Model({"y": total}, {"first": None, "second": (3, 1, 9)})
    assert unknowns(open_one, ["y"], ["first"])[1] == {}


def test_models_that_do_not_know_the_same_thing_share_an_unknown(two: dc.Model) -> None:
    def keys(model: dc.Model) -> list[Any]:
        return [one.key for one in unknowns(model, ["y"], ())[0]]

    assert keys(two) == keys(two.replace(second=(3, 1, 9)))
    given: Any
    for given in ((4, 1, 9), (3, 2, 9), (3, 1, 8), dc.Uniform(1.0, 5.0)):
        mine, theirs = keys(two), keys(two.replace(second=given))
        assert mine[0] == theirs[0]
        assert mine[1] != theirs[1], given
    # Of a fact it is the fact, under whatever name.
    one = dc.Model({"y": total}, {"first": "d1.mfu", "second": 1.0})
    other = dc.Model({"y": total}, {"first": 1.0, "second": "d1.mfu"})
    assert keys(one) == keys(other)


def test_weights_of_what_has_no_effect_are_refused() -> None:
    model = dc.Model(
        {"chips": dc.units_needed, "twice": dc.step(dc.units_needed, unit="other")},
        {"target": 1e18, "unit": "d1.peak_bf16", "other": "d1.peak_bf16"},
    )
    weights = {"unit": {"ai_day_2021": 1.0}}
    assert unknowns(model, ["chips"], [], weights)[1]["unit"] == 362e12
    for outputs, given in ((["twice"], []), (["chips"], ["unit"])):
        with pytest.raises(ModelError, match=r"weights are given for unit, but .* does not depend on its"):
            unknowns(model, outputs, given, weights)
    with pytest.raises(UnknownNameError, match="no input 'units'; did you mean unit"):
        unknowns(model, ["chips"], [], {"units": {}})


def same(x: Count) -> Count:
    return 1.0 * x


def short_of_five(x: Count) -> SignedCount:
    return 5.0 - x


def test_drawn_values_that_break_an_identity_are_nan_and_those_that_break_a_limit_stay() -> None:
    draws = {"x": np.array([4.0, 5.0, 6.0])}
    for kind, expected in (("identity", [math.nan, 5.0, 6.0]), ("limit", [4.0, 5.0, 6.0])):
        rule = dc.condition(kind, "at least five", short_of_five)
        model = dc.Model({"y": same}, {"x": 9.0}, conditions=[rule])
        found, broken = evaluate_drawn(model, ["y"], {}, draws, 3)
        np.testing.assert_array_equal(found["y"], expected)
        assert [one.where.tolist() for one in broken] == [[True, False, False]]
        all_of_them = {"x": np.array([4.0, 3.0, 2.0])}
        if kind == "identity":
            with pytest.raises(ModelError, match="at least five; here x is 4"):
                evaluate_drawn(model, ["y"], {}, all_of_them, 3)
            with pytest.raises(ModelError, match="at least five; here x is 1"):
                evaluate_drawn(model, ["y"], {"x": 1.0}, {}, 3)
        else:
            assert evaluate_drawn(model, ["y"], {}, all_of_them, 3)[0]["y"].tolist() == [4.0, 3.0, 2.0]


def test_the_first_of_the_draws_that_are_not_finite_is_told_with_its_values(two: dc.Model) -> None:
    draws = {"first": np.array([1.0, 0.0, 2.0, 0.0]), "second": np.array([1.0, 3.0, 2.0, 7.0])}
    with pytest.raises(
        DomainError, match=r"z is inf at 2 of 4 samples, first at first = 0, second = 3; narrow"
    ):
        evaluate_drawn(two, ["y", "z"], {}, draws, 4)
    assert evaluate_drawn(two, ["y"], {}, draws, 4)[0]["y"].tolist() == [2.0, 3.0, 4.0, 7.0]


def test_what_breaks_an_identity_need_not_be_finite() -> None:
    rule = dc.condition("identity", "above zero", _at_most_zero)
    model = dc.Model({"z": inverse}, {"first": 1.0, "second": 2.0}, conditions=[rule])
    found, _ = evaluate_drawn(model, ["z"], {}, {"first": np.array([0.0, 1.0])}, 2)
    np.testing.assert_array_equal(found["z"], [math.nan, 2.0])


def _at_most_zero(first: Count) -> SignedCount:
    return 1e-9 - first
