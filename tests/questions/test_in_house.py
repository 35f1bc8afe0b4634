"""The programme of stages from the facts, for one set of values and for many."""

from __future__ import annotations

import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.economics.stages import decide
from dojo_calc.errors import DojoCalcError, DomainError, UnknownNameError
from dojo_calc.questions.in_house import STAGES, in_house


def test_by_hand() -> None:
    # 276,243 D1 at 7,960 USD. On the day they are due, four years on, the work of one costs 0.36588 x 38,750 = 14,178
    # USD to buy. Work for a dollar grows by 39 % a year in dollars of their own years, while
    # prices rose from 258.811 to 322.2 in five, by 4.480 % a year: by 1.39 x 1.0448 = 1.45227 in constant ones, and
    # 1.45227^4 = 4.4483 times as much today, 63,067. A quarter of 572 million is 143.
    found = in_house().programme
    assert found.volume == pytest.approx(276_243.09, abs=0.01)
    assert found.made == 7_960
    assert found.bought == pytest.approx(63_067, rel=1e-4)
    assert in_house(inflation=0.0).programme.bought == pytest.approx(52_926, rel=1e-4)
    assert found.stages[0].cost == pytest.approx(143e6)
    assert sum(stage.cost for stage in found.stages) == pytest.approx(572e6)
    assert sum(stage.duration for stage in found.stages) == pytest.approx(4 * dc.year)
    assert found.relearning == pytest.approx(0.15 * 572e6)


def test_without_risk_it_arrives_on_the_day_and_saves_what_the_formulas_say() -> None:
    """No slip, no departure, no failure, no discount: volume times the saving of a unit, less the design."""
    sure = {f"success of {stage}": 1.0 for stage in STAGES}
    none = dict.fromkeys(("slip", "departures", "cancellation", "shortages", "discount", "inflation"), 0.0)
    value = decide(in_house(**sure, **none).programme).value
    saved = dc.make_or_buy().evaluate(
        "saved", programme_slip=0.0, departures=0.0, cancellation=0.0, success=1.0, shortages=0.0
    )
    assert value == pytest.approx(saved, rel=1e-9)


def test_draws_have_the_intervals_of_the_facts() -> None:
    drawn = in_house(2**10).inputs
    fact = dc.catalogue().facts.get("dojo-programme", "departure_rate")
    np.testing.assert_allclose(
        np.quantile(drawn["departures"], [0.05, 0.5, 0.95]), [fact.low, fact.value, fact.high], rtol=0.02
    )
    shares = sum(stage.cost for stage in in_house(2**6).programme.stages)
    np.testing.assert_allclose(shares, in_house(2**6).inputs["development"], rtol=1e-12)
    assert np.shape(decide(in_house(2**6, departures=0.0).programme).value) == (64,)


def test_bad_input() -> None:
    with pytest.raises(UnknownNameError, match="no input 'departure'; did you mean departures"):
        in_house(departure=0.0)
    with pytest.raises(DomainError, match="slip must be between 0 and 1"):
        in_house(slip=2.0)
    with pytest.raises(DojoCalcError, match="samples must be a whole number, at least 1, got 0"):
        in_house(0)
