"""What each input of two states adds, by hand; more in `tests/model`."""

from __future__ import annotations

import pytest

import dojo_calc as dc
from dojo_calc.analysis.compare import compare


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
