"""Everything given is used or refused, and conditions hold."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.analysis.simulate import simulate
from dojo_calc.analysis.solve import NoSolutionError
from dojo_calc.analysis.sweep import sweep
from dojo_calc.errors import DomainError, ModelError, UnknownNameError
from dojo_calc.model.conditions import Rules
from dojo_calc.model.model import Model
from dojo_calc.quantities import Count, Duration, Money, PositiveCount, SignedCount


def fewest(chips: Count, tensor: Count) -> SignedCount:
    return tensor - chips


def groups(chips: Count, tensor: PositiveCount) -> Count:
    return chips / tensor


def many(servers: Count) -> SignedCount:
    return servers - 100.0


STEPS = {
    "servers": dc.step(dc.units_needed, target="wanted", unit="each"),
    "power": dc.step(dc.pooled_power, units="servers", unit="server_power"),
    "site": dc.step(dc.facility_power, it_power="power"),
    "cost": dc.step(dc.purchase_cost, units="servers"),
    "used": dc.step(dc.energy, power="site"),
    "bill": dc.step(dc.energy_cost, energy="used", price="tariff"),
}
INPUTS = {
    "wanted": 1e18, "each": 1e16, "server_power": 1e4, "pue": 1.25, "price": 3e5, "duration": 1e6, "tariff": 2e-8,
}  # fmt: skip


@pytest.fixture(scope="module")
def chain() -> Model:
    return dc.Model(STEPS, INPUTS)


@pytest.mark.parametrize(
    ("outputs", "values", "message"),
    [
        ("site", {"price": 1.0}, "price is given, but site does not depend on it; it would change cost$"),
        ("site", {"bill": 1.0}, "bill is given, but site does not depend on it: it is a result"),
        (
            "site",
            {"power": 1e6, "wanted": 1e18},
            "wanted is given, but site does not depend on it once power is given",
        ),
        # The cost still reads the servers, and with them all that their power follows from but the power of one.
        (["site", "cost"], {"servers": 5, "wanted": 1e18}, "once servers is given"),
        (
            ["site", "power"],
            {"site": 1e6, "power": 1e6, "pue": 1.1},
            "pue is given, but site and power do not depend on it",
        ),
    ],
)
def test_what_has_no_effect_is_named(
    chain: Model, outputs: Any, values: dict[str, float], message: str
) -> None:
    for ask in (
        lambda: chain.evaluate(outputs, **values),
        lambda: chain.view(outputs, values),
        lambda: simulate(chain, outputs, **values),
        lambda: sweep(chain, outputs, {name: [value] for name, value in values.items()}),
    ):
        with pytest.raises(ModelError, match=message):
            ask()


def test_a_step_given_must_say_something_that_nothing_else_says() -> None:
    # both = a + b, twice = 2 a: with both outputs in force each says something; a third does not.
    model = dc.Model(
        {
            "both": dc.step(dc.total_cost, first="a", others=("b",)),
            "twice": dc.step(dc.total_cost, first="a", others=("a",)),
            "end": dc.step(dc.total_cost, first="both", others=("twice",)),
        },
        {"a": 1.0, "b": 2.0},
    )
    assert model.evaluate("end", both=5.0, twice=4.0) == 9.0
    assert model.evaluate("end", both=5.0) == 7.0, "b is what both then says"
    with pytest.raises(ModelError, match="twice is given, but so is all that it follows from: a stay"):
        model.evaluate("end", twice=4.0)
    one = dc.step(dc.total_cost, first="a", others=())
    end = dc.step(dc.total_cost, first="x", others=("y",))
    chain = dc.Model({"x": one, "y": one, "z": end}, {"a": 1.0})
    with pytest.raises(ModelError, match="x and y are given, but a alone would have to answer"):
        chain.evaluate("z", x=1.0, y=2.0)


def test_a_decision_contradicts_nothing() -> None:
    steps = {"n": dc.choice(dc.units_needed, unit="unit"), "out": dc.step(dc.pooled_power, units="n", unit="watt"),
             "again": dc.step(dc.units_needed, target="target", unit="unit")}  # fmt: skip
    model = dc.Model(steps, {"target": 8.0, "unit": 2.0, "watt": 10.0})
    assert model.evaluate(["out", "again"], n=3) == {"out": 30.0, "again": 4.0}


def test_all_that_is_left_is_computed_where_a_step_is_given(chain: Model) -> None:
    assert chain.evaluate(site=1e6).keys() == {"servers", "cost", "used", "bill"}
    assert chain.evaluate(servers=10).keys() == {"power", "site", "cost", "used", "bill"}
    with pytest.raises(ModelError, match="asked for no output"):
        chain.evaluate([])


@given(
    st.fixed_dictionaries({name: st.floats(0.5, 2.0) for name in INPUTS}),
    st.sampled_from(["servers", "power", "site", "used"]),
)
def test_a_step_given_its_own_value_changes_nothing_and_a_view_equals_its_model(
    scales: dict[str, float], name: str
) -> None:
    model = dc.Model(STEPS, INPUTS)
    values = {one: INPUTS[one] * scale for one, scale in scales.items() if one != "pue"} | {
        "pue": 1.0 + scales["pue"]
    }
    full = {one: value for one, value in values.items() if one in model.needed(["bill"])}
    own = model.evaluate(name, **{one: value for one, value in full.items() if one in model.needed([name])})
    rest = {one: value for one, value in full.items() if one in model.needed(["bill"], [name])}
    whole = model.evaluate("bill", **full)
    assert model.evaluate("bill", **rest, **{name: own}) == whole
    view = model.view("bill", {**rest, name: own})
    assert view.evaluate("bill") == whole
    assert set(view.inputs) == {*rest, name}
    assert name not in view.outputs
    assert pickle.loads(pickle.dumps(view)).evaluate("bill") == whole


def test_a_view_keeps_interval_source_and_domain(chain: Model) -> None:
    view = chain.view("bill", {"site": ("1 MW", "0.8 MW", "1.5 MW"), "tariff": "us.electricity_price[y2025]"})
    assert (view.inputs["site"].low, view.inputs["site"].high) == (8e5, 1.5e6)
    assert view.inputs["tariff"].source.startswith("us.electricity_price[y2025]")
    assert view.outputs == ["used", "bill"]
    assert simulate(view, "bill", tariff=2e-8).interval(0.9) == pytest.approx((16e3, 30e3), rel=0.01)
    with pytest.raises(DomainError, match="site must be at least 0"):
        chain.view("bill", {"site": -1.0})
    with pytest.raises(UnknownNameError, match="no input 'sites'; did you mean site"):
        chain.view("bill", {"sites": 1.0})
    with pytest.raises(ModelError, match="site is computed, so it has no default to replace"):
        chain.replace(site=1.0)


# --- Conditions -------------------------------------------------------------------------------------------------


def whole_chips(values: Any) -> Any:
    yield values["chips"] % 1 != 0, lambda of: f"chips must be whole, got {of('chips')}"


CONDITIONS = (
    dc.condition("identity", "chips are at least a tensor group", fewest),
    Rules("chips come in ones", whole_chips),
    dc.condition("limit", "a hall holds a hundred servers", many),
)


@pytest.fixture(scope="module")
def held() -> Model:
    return dc.Model(
        {
            "servers": groups,
            "power": dc.step(dc.pooled_power, units="servers", unit="watt"),
            "price": dc.step(dc.purchase_cost, units="spare", price="each"),
        },
        {"chips": 64.0, "tensor": 8.0, "watt": 1e4, "spare": 2.0, "each": 5.0},
        conditions=CONDITIONS,
    )


def test_an_identity_is_refused_with_its_values(held: Model) -> None:
    assert held.evaluate("power", chips=128) == 16e4
    with pytest.raises(ModelError, match="chips are at least a tensor group; here chips is 4, tensor is 8"):
        held.evaluate("power", chips=4)
    with pytest.raises(ModelError, match=r"chips must be whole, got 12\.5"):
        held.evaluate("power", chips=12.5)
    with pytest.raises(ModelError, match="here chips is 4, tensor is 8"):
        held.replace(chips=4).evaluate("power")
    assert held.replace(chips=4).evaluate("power", tensor=2) == 2e4, "what is changed later may mend it"
    assert held.evaluate("price", spare=0.5) == 2.5, "what a condition has nothing to do with"
    with pytest.raises(ModelError, match="here chips is 4, tensor is 8"):
        held.view("power", {"chips": 4}).evaluate("power")
    with pytest.raises(ModelError, match=r"model model: chips are at least"):
        dc.Model({"s": groups}, {"chips": 1, "tensor": 2},
                 conditions=CONDITIONS[:1])  # fmt: skip


def dear(price: Money) -> Money:
    return price - 40.0


def uneven(n: Count, chips: Count, tensor: PositiveCount) -> SignedCount:
    return n * tensor - chips + 1.0 - chips / 8.0


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        # Of an output that nobody asked for and that follows from what is given: 5 USD each are 40 at 8 groups.
        (dc.condition("identity", "cheap", dear), 64.0, 72.0),
        # Of everything that is there: it is broken below 8 chips.
        (dc.condition("identity", "eight at least", uneven), 8.0, 7.0),
    ],
)
def test_a_view_refuses_what_its_model_refuses(rule: Any, good: float, bad: float) -> None:
    model = dc.Model(
        {"n": groups, "price": dc.step(dc.purchase_cost, units="n", price="each")},
        {"chips": 16.0, "tensor": 8.0, "each": 5.0},
        conditions=[rule],
    )
    ask: Any
    for ask in (
        lambda chips: model.evaluate("n", chips=chips),
        lambda chips: model.view("n", {"chips": chips}).evaluate("n"),
        lambda chips: model.view("n").evaluate("n", chips=chips),
        lambda chips: model.view(["n", "price"], {"chips": chips}).evaluate("n"),
    ):
        assert ask(good) == good / 8.0
        with pytest.raises(ModelError, match=rule.says):
            ask(bad)
    whole = dc.Model(
        {"n": groups}, {"chips": 16.0, "tensor": 8.0}, conditions=[dc.condition("identity", "eight", uneven)]
    )
    assert len(whole.view("n").conditions) == 1
    with pytest.raises(ModelError, match="eight"):
        whole.view("n", {"chips": 7.0}).evaluate("n")
    assert model.view("price", {"n": 3.0}).outputs == ["price"]


def test_a_limit_is_told_and_what_is_computed_stands(held: Model) -> None:
    assert held.evaluate("power", chips=1600) == 2e6
    (broken,) = held.broken("power", chips=1600)
    assert (broken.kind, broken.text()) == ("limit", "a hall holds a hundred servers; here servers is 200")
    assert held.broken("power", chips=8) == []
    text = str(dc.explain(held, "power", chips=1600)).splitlines()
    assert "identity: chips are at least a tensor group: holds" in text
    assert (
        "limit: a hall holds a hundred servers: a hall holds a hundred servers; here servers is 200" in text
    )


@given(st.lists(st.sampled_from([4.0, 8.0, 12.5, 16.0, 64.0, 1600.0]), min_size=1, max_size=6))
def test_an_array_is_masked_where_its_element_would_be_refused(chips: list[float]) -> None:
    model = dc.Model(
        {"n": groups},
        {"chips": 64.0, "tensor": 8.0},
        conditions=CONDITIONS[:2],
    )
    values = model.evaluate("n", chips=np.array(chips))
    reasons = sweep(model, "n", {"chips": chips}).reason
    for one, value, reason in zip(chips, values, reasons, strict=True):
        if one >= 8 and one % 1 == 0:
            assert (value, reason) == (model.evaluate("n", chips=one), "")
        else:
            assert np.isnan(value)
            with pytest.raises(ModelError) as caught:
                model.evaluate("n", chips=one)
            assert str(caught.value) == reason


def test_draws_that_break_an_identity_are_left_out_and_their_share_is_told() -> None:
    model = dc.Model(
        {"n": groups},
        {"chips": dc.Uniform(0.0, 20.0), "tensor": 5.0},
        conditions=CONDITIONS[:1],
    )
    found = simulate(model, "n")  # a quarter lies below one group
    assert found.broken == pytest.approx({"identity: chips are at least a tensor group": 0.25}, abs=1e-3)
    assert found.quantile([0.0, 0.5, 1.0]) == pytest.approx([1.0, 2.5, 4.0], abs=2e-3)
    assert "25.0% of draws broke" in repr(found)
    with pytest.raises(ModelError, match="chips are at least a tensor group"):
        simulate(model, "n", tensor=50.0)


def test_conditions_are_held_to_the_model() -> None:
    steps = {"n": groups}
    inputs = {"chips": 8.0, "tensor": 2.0}

    def late(chips: Duration) -> SignedCount:
        return chips

    for one, message in (
        (
            dc.condition("identity", "chips are few", fewest, tensor="tensors"),
            "nothing provides 'tensors' for the",
        ),
        (dc.condition("limit", "in time", late), "chips is in 1, but in s for the condition that in time"),
        (dc.condition("rule", "x", fewest), "an identity or a limit, got 'rule'"),
    ):
        with pytest.raises(ModelError, match=message):
            dc.Model(steps, inputs, conditions=(one,))


def test_a_constant_is_bound_and_shows_as_itself() -> None:
    def each_hour(cost: Money, period: Duration) -> Money:
        return cost / period

    model = dc.Model({"hourly": dc.step(each_hour, period=dc.hour)}, {"cost": 7200.0})
    assert list(model.inputs) == ["cost"]
    assert model.evaluate("hourly") == 2.0
    assert dc.explain(model, "hourly")["hourly"].formula == "cost / 1 hour"
    assert pickle.loads(pickle.dumps(dc.chain())).evaluate("rent") == dc.chain().evaluate("rent")
    assert model.pipeline().run("hourly", kwargs={}) == 2.0


def test_no_constant_is_an_input_of_a_shipped_model() -> None:
    from dojo_calc.chain.shipped import MODELS, shipped

    for name in MODELS:
        assert not {"hour", "month", "one", "never", "once", "no_work", "instant", "one_month"} & set(
            shipped(name).inputs
        )


def test_replicas_of_a_run_follow_from_its_chips() -> None:
    plan = {"tensor": 8, "pipeline": 1, "micro_batch": 1}
    run = dc.training_run(
        "llama3-8b", "h100-sxm", 64, tokens=1e12, global_batch=256, sequence=4096, plan=plan
    )
    assert run.evaluate("data", chips=128) == 16
    # An eighth of the chips takes about eight times as long, at about the same utilisation; never more than all.
    slow = run.evaluate(["elapsed", "mfu"], chips=8)
    assert 7.0 < slow["elapsed"] / run.evaluate("elapsed") < 8.5
    assert slow["mfu"] == pytest.approx(run.evaluate("mfu"), rel=0.1)
    for given_, message in (
        ({"chips": 4}, "must make the 4 chips"),
        ({"chips": 100}, "must divide the 100 chips"),
        ({"tensor": 3}, "must divide the 64 chips"),
        ({"global_batch": 1}, "global_batch 1 must be a multiple of data 8"),
        ({"step_time": "1 ms"}, "MFU is at most 1; here step_mfu is"),
        (
            {"data": 8},
            "data is given, but so is all that it follows from: chips, tensor, pipeline and context",
        ),
        ({"mfu": 0.4, "tensor": 4}, "tensor is given, but elapsed does not depend on it once mfu is given"),
    ):
        with pytest.raises(ModelError, match=message):
            run.evaluate("elapsed", **given_)
    # A utilisation that is stated stands for the layout: its work at 40 % of 64 x 989.4 TFLOP/s.
    work = run.evaluate("run_work")
    assert run.evaluate("run_time", mfu=0.4) == pytest.approx(work / (64 * 989.4e12 * 0.4))
    with pytest.raises(NoSolutionError, match="Values between are refused"):
        dc.solve(run, "chips", "elapsed", "10 days")
    sizes = sweep(run, "elapsed", {"chips": [8, 24, 64]})
    assert np.isnan(sizes["elapsed"]).tolist() == [False, True, False]
    assert "global_batch 256 must be a multiple of data 3" in sizes.reason[1]


def test_a_view_keeps_the_order_in_which_steps_are_given() -> None:
    """Whatever the hashes of this process: a page written from it is the same in every build."""
    model = dc.chain("h100-sxm")
    for names in (
        ["resale_share", "hall_cost", "operation_cost"],
        ["operation_cost", "resale_share", "hall_cost"],
    ):
        cut = model.view(["own"], dict.fromkeys(names, 0.1))
        assert [name for name in cut.inputs if name in names] == names


def test_a_number_that_all_agree_on_is_not_uncertain() -> None:
    one = dc.Model({"cost": dc.purchase_cost}, {"units": 3.0, "price": (5.0, 4.0, 7.0)}).inputs
    assert [one["units"].uncertain, one["price"].uncertain] == [False, True]
    # The 312 TFLOP/s of an A100 are told by nobody in another way.
    rated = dc.Model({"n": dc.units_needed}, {"target": 1e18, "unit": "a100-sxm-80gb.peak_bf16"}).inputs[
        "unit"
    ]
    assert len({fact.value for fact in rated.rivals}) == 1
    assert rated.low == rated.high
    assert not rated.uncertain
