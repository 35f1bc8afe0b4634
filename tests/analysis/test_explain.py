"""What an explanation keeps below an output, and how it writes a formula that nobody can look into."""

from __future__ import annotations

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.analysis.explain import signals
from dojo_calc.analysis.sweep import sweep
from dojo_calc.errors import UnitError
from dojo_calc.model.conditions import condition
from dojo_calc.quantities import Count, Duration, Money, SignedCount
from tests.vega import datum, evaluate


def below(chips: Count) -> SignedCount:
    return 8.0 - chips


def groups(chips: Count) -> Count:
    return chips / 8.0


def rounded(groups: Count) -> Count:
    whole: Count = np.trunc(groups)  # off the list of operations, so no tracer follows
    return whole


@pytest.fixture
def chain() -> dc.Model:
    return dc.Model(
        {"chips": dc.units_needed, "power": dc.step(dc.pooled_power, units="chips", unit="chip_power")},
        inputs={"target": "100 EFLOP/s", "unit": "d1.peak_bf16", "chip_power": "d1.power"},
    )


def model() -> dc.Model:
    return dc.Model({"groups": groups, "whole_groups": rounded}, {"chips": 20.0})


def test_a_function_that_no_tracer_follows_is_written_by_its_name() -> None:
    told = dc.explain(model(), "whole_groups")
    assert told["whole_groups"].formula == "rounded(groups)"
    assert told["whole_groups"].latex == r"\text{rounded(groups)}"
    assert told["whole_groups"].value == 2.0
    assert told["groups"].formula == "chips / 8"


def test_within_a_depth_are_the_steps_so_far_below_the_output() -> None:
    told = dc.explain(model(), "whole_groups")
    names = [[one.name for one in told.within(depth)] for depth in (0, 1, 2, None)]
    assert names[0] == ["whole_groups"]
    assert sorted(names[1]) == ["groups", "whole_groups"]
    assert sorted(names[2]) == ["chips", "groups", "whole_groups"]
    assert names[3] == names[2]


def test_each_point_of_a_sweep_says_what_it_breaks() -> None:
    """Of 4, 12 and 6 chips two do not reach 8; blocks of two points, so that the second has one."""
    held = dc.Model(
        {"groups": groups},
        {"chips": 20.0},
        conditions=[condition("identity", "there are eight chips", below, chips="chips")],
    )
    reasons = sweep(held, "groups", {"chips": [4.0, 12.0, 6.0]}, block=2).reason
    assert [bool(one) for one in reasons] == [True, False, True]
    assert "there are eight chips" in reasons[0]


def test_explain_names_every_step_and_source(chain: dc.Model) -> None:
    explained = dc.explain(chain, "power")
    text = str(explained)
    assert text.splitlines()[0] == "power = 110.5 MW   [chips * chip_power]"
    assert "chips = 276,243   [target / unit]" in text
    assert "unit = 362 TFLOP/s   [d1.peak_bf16[ai_day_2021], semianalysis-2021-packaging]" in text
    assert explained["chips"].latex == r"\frac{\text{target}}{\text{unit}}"
    assert [row["name"] for row in explained.rows()][-1] == "power"
    assert explained.table().columns == ["name", "shown", "formula", "source"]
    html = explained._repr_html_()
    assert html.count("<tr>") == 1 + 5
    given = str(dc.explain(chain, "power", chips=10))
    assert "chips = 10   [given]" in given
    assert "target" not in given


def test_explain_of_a_function_no_tracer_follows() -> None:
    def through_numpy(x: Count) -> Count:
        angle: Count = np.arctan(x)
        return angle

    explained = dc.explain(dc.Model({"y": through_numpy}, {"x": 1.0}), "y")
    assert explained["y"].formula == "through_numpy(x)"


def doubled(groups: Count) -> Count:
    return 2.0 * groups


def both(left: Count, right: Count) -> Count:
    return left + right


def diamond(**wires: str) -> dc.Model:
    """The groups of 20 chips are 2.5, and twice that is 5."""
    end = dc.step(both, **({"left": "twice", "right": "groups"} | wires))
    return dc.Model({"groups": groups, "twice": doubled, "end": end}, {"chips": 20.0})


def test_a_tree_shows_each_step_once_and_says_so_where_it_comes_again() -> None:
    assert str(dc.explain(diamond(), "end")).splitlines() == [
        "end = 7.5   [twice + groups]",
        "|- twice = 5   [2 * groups]",
        "|  `- groups = 2.5   [chips / 8]",
        "|     `- chips = 20   [given]",
        "`- groups = 2.5   [see above]",
    ]
    assert dc.explain(diamond(left="groups", right="twice"), "end").tree().splitlines() == [
        "end = 7.5   [groups + twice]",
        "|- groups = 2.5   [chips / 8]",
        "|  `- chips = 20   [given]",
        "`- twice = 5   [2 * groups]",
        "   `- groups = 2.5   [see above]",
    ]


def test_an_input_is_told_with_its_source_wherever_it_stands() -> None:
    summed = dc.Model({"end": dc.step(both, left="chips", right="chips")}, {"chips": 20.0})
    assert str(dc.explain(summed, "end")).splitlines()[1:] == [
        "|- chips = 20   [given]",
        "`- chips = 20   [given]",
    ]


def test_what_a_depth_cut_short_above_is_told_in_full_below() -> None:
    told = dc.explain(diamond(), "end")
    assert told.tree(0).splitlines() == ["end = 7.5   [twice + groups]"]
    assert told.tree(1).splitlines()[1:] == [
        "|- twice = 5   [2 * groups]",
        "`- groups = 2.5   [chips / 8]",
    ]
    assert told.tree(2).splitlines()[2:] == [
        "|  `- groups = 2.5   [chips / 8]",
        "`- groups = 2.5   [chips / 8]",
        "   `- chips = 20   [given]",
    ]
    assert [one.name for one in told.within(1)] == ["groups", "twice", "end"]
    assert told.tree(9) == told.tree()
    assert told.within(9) == told.steps


def test_conditions_are_told_below_the_tree_and_in_a_notebook() -> None:
    for chips, wrong in ((4.0, "there are eight chips; here chips is 4"), (8.0, "holds")):
        rule = condition("limit", "there are eight chips", below, chips="chips")
        told = dc.explain(dc.Model({"groups": groups}, {"chips": chips}, conditions=[rule]), "groups")
        assert str(told).splitlines()[-1] == f"limit: there are eight chips: {wrong}"
        assert f"<p>limit: there are eight chips: {wrong}.</p>" in told._repr_html_()


def test_a_notebook_shows_a_box_and_a_row_of_every_step() -> None:
    told = dc.explain(diamond(), "end")
    shown = told._repr_html_()
    assert shown.count("<tr>") == 1 + 4
    for one in told.steps:
        assert f"{one.label}: {one.name} = {one.formula or one.source}" in shown
    assert 'aria-label="Graph of how end comes about"' in told.picture()
    assert [one["label"] for one in told.rows()] == [one.label for one in told.steps]
    assert told.table().rows()[0] == ("chips", "20", "", "given")


def test_only_one_number_each_can_be_explained(chain: dc.Model) -> None:
    with pytest.raises(UnitError, match="chips must be one number to be explained, got an array of 2"):
        dc.explain(chain, "power", chips=[1.0, 2.0])
    assert dc.explain(chain, "power", chips=np.array(2.0))["power"].value == 800.0


def test_a_formula_that_is_too_long_to_be_read_is_written_by_its_name() -> None:
    def long(chips: Count) -> Count:
        total = chips
        for index in range(60):
            total = total + chips**index
        return total

    def short(chips: Count) -> Count:
        return chips + chips**2.0

    told = [dc.explain(dc.Model({"y": one}, {"chips": 1.0}), "y")["y"] for one in (long, short)]
    assert [one.formula for one in told] == ["long(chips)", "chips + chips ** 2"]
    assert told[0].latex == r"\text{long(chips)}"
    assert told[0].function == "long"


def test_the_name_of_a_formula_has_spaces_in_latex() -> None:
    def beyond_reach(chips: Count) -> Count:
        found: Count = np.arctan(chips)
        return found

    told = dc.explain(dc.Model({"y": beyond_reach}, {"chips": 1.0}), "y")["y"]
    assert (told.formula, told.latex) == ("beyond_reach(chips)", r"\text{beyond reach(chips)}")


def each_hour(cost: Money, period: Duration) -> Money:
    return cost / period


def test_a_constant_is_written_as_people_say_it() -> None:
    hourly = dc.Model({"hourly": dc.step(each_hour, period=dc.hour)}, {"cost": 7200.0})
    told = dc.explain(hourly, "hourly")["hourly"]
    assert (told.formula, told.value, told.arguments) == ("cost / 1 hour", 2.0, ("cost",))


def test_signals_compute_the_steps_that_are_not_given(chain: dc.Model) -> None:
    lines = signals(chain, "power", datum)
    assert [name for name, _ in lines] == ["target", "unit", "chip_power", "chips", "power"]
    columns = {name: np.array([float(text)]) for name, text in lines[:3]}
    assert columns["unit"] == 362e12
    # 1e20 / 362e12 chips of 400 W
    assert evaluate([lines[3], ("", lines[4][1])], columns)[0] == pytest.approx(1e20 / 362e12 * 400.0)
    given = signals(chain, "power", datum, chips=10.0)
    assert given[:2] == [("chip_power", "400.0"), ("chips", "10.0")]
    assert [name for name, _ in given] == ["chip_power", "chips", "power"]


def squares(chips: Count) -> Count:
    return (chips + 1.0) * (chips + 1.0)


def test_a_term_that_a_step_uses_twice_has_a_signal_of_its_own() -> None:
    lines = signals(dc.Model({"y": squares}, {"chips": 3.0}), "y", datum)
    assert [name for name, _ in lines] == ["chips", "y_shared0", "y"]
    assert evaluate([lines[1], ("", lines[2][1])], {"chips": np.array([3.0])})[0] == 16.0
