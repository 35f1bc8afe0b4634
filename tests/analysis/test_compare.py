"""What each input of two states adds: by hand, by every order of changing them, and where some change together."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.analysis.compare import compare
from dojo_calc.errors import DojoCalcError, ModelError
from dojo_calc.model.conditions import Rules
from dojo_calc.quantities import Count, PositiveCount, SignedCount


@pytest.fixture
def chain() -> dc.Model:
    return dc.Model(
        {"chips": dc.units_needed, "power": dc.step(dc.pooled_power, units="chips", unit="chip_power")},
        inputs={"target": "100 EFLOP/s", "unit": "d1.peak_bf16", "chip_power": "d1.power"},
    )


def test_a_difference_is_shared_by_hand() -> None:
    # 10 at 5 USD are 50, 20 at 8 are 160. Ten more cost 50 at the old price and 80 at the new, 65 in the mean; three
    # more for each are 30 on ten and 60 on twenty, 45 in the mean.
    model = dc.Model({"cost": dc.purchase_cost}, {"units": 10.0, "price": 5.0})
    found = compare(model, "cost", {"units": 10, "price": 5}, {"units": 20, "price": 8})
    assert {one.input: one.amount for one in found.contributions} == pytest.approx({"units": 65, "price": 45})
    assert {one.input: (one.before, one.after) for one in found.contributions} == {
        "units": (10, 20),
        "price": (5, 8),
    }


def test_two_states_that_do_not_differ_have_nothing_to_tell() -> None:
    model = dc.Model({"cost": dc.purchase_cost}, {"units": 10.0, "price": 5.0})
    assert compare(model, "cost", {"units": 10}, {"units": 10}).contributions == ()


def test_compare_sums_to_the_difference_exactly_and_in_any_order() -> None:
    model = dc.chain("h100")
    after = {
        "mfu": 0.31,
        "pue": 1.3,
        "chips": "32,768",
        "life": "4 year",
        "energy_price": "0.1 USD/kWh",
    }
    one = dc.compare(model, "own_per_work", {}, after)
    assert math.fsum(part.amount for part in one.contributions) == one.difference
    assert one.after == model.evaluate("own_per_work", **after)
    other = dc.compare(model, "own_per_work", {}, dict(reversed(after.items())))
    assert {part.input: part.amount for part in other.contributions} == pytest.approx(
        {part.input: part.amount for part in one.contributions}, rel=1e-9
    )


def test_compare_by_hand() -> None:
    # power = target / unit x watts. From (100, 10, 1) to (200, 10, 3): 10 -> 60. Shapley: target alone +10,
    # watts alone +20, together +50: target (10 + (60 - 30)) / 2 = 20, watts (20 + (60 - 20)) / 2 = 30.
    model = dc.Model(
        {"n": dc.units_needed, "w": dc.step(dc.pooled_power, units="n", unit="watts")},
        {"target": 100.0, "unit": 10.0, "watts": 1.0},
    )
    parts = {
        part.input: part.amount
        for part in dc.compare(model, "w", {}, {"target": 200.0, "watts": 3.0}).contributions
    }
    assert parts == pytest.approx({"watts": 30.0, "target": 20.0})
    assert dc.compare(model, "w", {}, {"target": 100.0}).contributions == ()
    assert "w: 10 W -> 60 W" in str(dc.compare(model, "w", {}, {"target": 200.0, "watts": 3.0}))


def test_inputs_that_cannot_change_alone_are_one() -> None:
    # groups = chips / tensor, whole; price = groups x each. From 8 / 2 at 5 to 9 / 3 at 7: 20 -> 21. Neither 9 / 2
    # nor 8 / 3 is whole, so the layout is one: ((3 - 4) x 5 + (3 - 4) x 7) / 2 = -6; each: (2 x 4 + 2 x 3) / 2 = 7.
    def groups(chips: Count, tensor: PositiveCount) -> Count:
        return chips / tensor

    def whole(values: Any) -> Any:
        yield values["chips"] % values["tensor"] != 0, lambda of: f"{of('chips')} chips of {of('tensor')}"

    model = dc.Model(
        {"groups": groups, "price": dc.step(dc.purchase_cost, units="groups", price="each")},
        {"chips": 8.0, "tensor": 2.0, "each": 5.0},
        conditions=[Rules("groups are whole", whole)],
    )
    got = dc.compare(model, "price", {}, {"chips": 9.0, "tensor": 3.0, "each": 7.0})
    assert (got.before, got.after) == (20.0, 21.0)
    assert {part.input: part.amount for part in got.contributions} == {"each": 7.0, "chips and tensor": -6.0}
    layout = got.contributions[1]
    assert (layout.together, layout.before, layout.after) == (("chips", "tensor"), None, None)
    assert "chips and tensor: -6 USD" in str(got)
    with pytest.raises(ModelError, match="with chips from B and the rest from A, 9 chips of 2"):
        dc.compare(model, "price", {}, {"chips": 9.0, "each": 7.0})  # B itself is broken
    with pytest.raises(ModelError, match="with chips from B and the rest from A, 9 chips of 2"):
        dc.compare(model, "price", {}, {"chips": 9.0, "tensor": 2.0})


def test_a_layout_is_one_input_between_two_chips() -> None:
    run = {"tokens": 3e11, "global_batch": 1536}
    plans = {"recompute": "full"}
    a = dc.training_run("gpt3-175b", "a100", 768, plan={"tensor": 8, "pipeline": 12, **plans}, **run)
    b = dc.training_run("gpt3-175b", "h100", 1024, plan={"tensor": 8, "pipeline": 8, **plans}, **run)
    got = dc.compare(a, "billed", {}, b)
    assert got.before == a.evaluate("billed")
    assert got.after == pytest.approx(b.evaluate("billed"))
    (layout,) = (part for part in got.contributions if part.together)
    assert {"chips", "pipeline"} <= set(layout.together)
    assert "chip_peak" in {part.input for part in got.contributions}


def test_compare_of_two_models() -> None:
    before, after = dc.chain("a100"), dc.chain("h100")
    got = dc.compare(before, "fleet_site_power_rated", {}, after)
    assert got.after == pytest.approx(after.evaluate("fleet_site_power_rated"))
    assert {part.input for part in got.contributions} <= set(before.inputs)


def test_compare_refuses_what_it_cannot_do(chain: dc.Model) -> None:
    with pytest.raises(ModelError, match="target must be one value to compare"):
        dc.compare(chain, "power", {}, {"target": np.array([1e18, 2e18])})
    assert issubclass(ModelError, DojoCalcError)


def test_an_amount_is_the_mean_over_every_order_of_changing_the_inputs(chain: dc.Model) -> None:
    """Shapley's definition itself, over the six orders of three inputs."""
    a = {"target": 3.0, "unit": 2.0, "chip_power": 5.0}
    b = {"target": 7.0, "unit": 9.0, "chip_power": 4.0}
    expected = dict.fromkeys(a, 0.0)
    for order in permutations(a):
        state, before = dict(a), chain.evaluate("power", **a)
        for name in order:
            state[name] = b[name]
            after = chain.evaluate("power", **state)
            expected[name] += (after - before) / 6.0
            before = after
    found = compare(chain, "power", a, b)
    assert {one.input: one.amount for one in found.contributions} == pytest.approx(expected)
    sizes = [abs(one.amount) for one in found.contributions]
    assert sizes == sorted(sizes, reverse=True), "the largest first, whatever its sign"
    assert found.contributions[0].amount < 0.0
    assert (found.before, found.after) == pytest.approx((7.5, 28 / 9))


def many(count: int) -> dc.Model:
    names = [f"cost_{index}" for index in range(count)]
    steps = {"cost": dc.step(dc.total_cost, first=names[0], others=tuple(names[1:]))}
    return dc.Model(steps, dict.fromkeys(names, 1.0))


def test_sixteen_inputs_can_differ_and_seventeen_cannot() -> None:
    """In a sum each adds its own difference, whatever the others do."""
    wanted = {f"cost_{index}": 1.0 + 2.0**index for index in range(16)}
    found = compare(many(17), "cost", {}, wanted)
    assert {one.input: one.amount for one in found.contributions} == pytest.approx(
        {f"cost_{index}": 2.0**index for index in range(16)}
    )
    with pytest.raises(ModelError, match="17 inputs differ between A and B; at most 16"):
        compare(many(17), "cost", {}, {**wanted, "cost_16": 3.0})


def test_what_one_state_does_not_name_is_at_its_default_there(chain: dc.Model) -> None:
    # 100e18 / 362e12 = 276,243.09 chips of 400 W, and of 500 W a quarter more.
    base = chain.evaluate("power")
    for before, after, sign in (({}, {"chip_power": 500.0}, 1.0), ({"chip_power": 500.0}, {}, -1.0)):
        (one,) = compare(chain, "power", before, after).contributions
        assert one.amount == pytest.approx(sign * base / 4.0)
        assert {one.before, one.after} == {400.0, 500.0}


def test_of_a_second_model_only_what_the_output_needs_and_has_a_value_is_taken(chain: dc.Model) -> None:
    steps = {
        "chips": dc.units_needed,
        "power": dc.step(dc.pooled_power, units="chips", unit="chip_power"),
        "cost": dc.step(dc.purchase_cost, units="chips"),
    }
    other = dc.Model(steps, {"target": 50e18, "unit": None, "chip_power": 400.0, "price": 7.0})
    found = compare(chain, "power", {}, other)
    assert [one.input for one in found.contributions] == ["target"], "no price, and no unit"
    assert found.difference == pytest.approx(-chain.evaluate("power") / 2.0)


def above_ten(power: Count) -> SignedCount:
    return power - 10.0


def test_a_limit_joins_no_inputs_and_an_identity_those_that_it_rests_on() -> None:
    def uneven(values: Any) -> Any:
        yield values["chips"] % values["tensor"] != 0, lambda of: f"{of('chips')} chips"

    def groups(chips: Count, tensor: PositiveCount) -> Count:
        return chips / tensor

    model = dc.Model(
        {
            "groups": groups,
            "price": dc.step(dc.purchase_cost, units="groups", price="each"),
            "whole": dc.step(dc.total_cost, first="price", others=("beside",)),
        },
        {"chips": 8.0, "tensor": 2.0, "each": 5.0, "beside": 1.0},
        conditions=[
            dc.condition("limit", "few groups", above_ten, power="groups"),
            Rules("groups are whole", uneven),
        ],
    )
    # 36 chips in threes are 12 groups, which is above the limit. 36 in twos are whole, 8 in threes are not.
    found = compare(model, "whole", {}, {"chips": 36.0, "tensor": 3.0, "each": 6.0, "beside": 2.0})
    assert {one.together for one in found.contributions} == {("chips", "tensor"), ()}
    told = {one.input: one.amount for one in found.contributions}
    # Groups from 4 to 12 at 5.5 in the mean, the price of one by 1 on 8 groups in the mean, and 1 beside.
    assert told == pytest.approx({"chips and tensor": 44.0, "each": 8.0, "beside": 1.0})
    # A limit that is broken on the way, or at both ends, joins nothing.
    apart = compare(model, "whole", {}, {"chips": 32.0, "each": 6.0})
    assert {one.input: one.amount for one in apart.contributions} == pytest.approx(
        {"chips": 66.0, "each": 10.0}
    )


def test_a_comparison_is_told_in_lines() -> None:
    model = dc.Model({"cost": dc.purchase_cost}, {"units": 10.0, "price": 5.0})
    found = compare(model, "cost", {}, {"units": 20.0, "price": 8.0})
    lines = ["cost: 50 USD -> 160 USD", "  units: 65 USD", "  price: 45 USD"]
    assert str(found).splitlines() == repr(found).splitlines() == lines
    assert found.unit == "USD"
