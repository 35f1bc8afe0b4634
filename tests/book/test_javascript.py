"""Every formula and every model as JavaScript, computed by a browser within the roundings that NumPy has."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dojo_calc.chain.shipped import MODELS, shipped
from dojo_calc.errors import ModelError
from dojo_calc.model.conditions import condition
from dojo_calc.model.javascript import program
from dojo_calc.model.model import Model, step
from dojo_calc.operations import exp, where
from dojo_calc.quantities import Count, Fraction, Ratio, SignedCount, is_formula
from dojo_calc.readings.javascript import function
from dojo_calc.readings.tracing import TraceError, trace
from tests.discovery import formulas
from tests.reference import reference
from tests.test_formulas import SEEDS, draw, flat

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROWS = 1000
FORMULAS = {name: one for name, one in sorted(formulas().items()) if is_formula(one)}
# Dies on a wafer are counted by a procedure, which no page can run: models with them are refused by name.
COUNTED = [name for name in MODELS if any(one.endswith("gross") for one in shipped(name).outputs)]

# JSON has no number for these, and a page has no other way to hand numbers over.
_READ = """(code, rows) => {
  const run = (0, eval)(code);
  const found = rows.map(row => { const values = run(row); return values.map(x =>
    Number.isNaN(x) ? "nan" : x === Infinity ? "inf" : x === -Infinity ? "-inf" : x); });
  return JSON.stringify(found);
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return browser.new_page()


def computed(page: Page, code: str, rows: list[list[float]]) -> NDArray[np.float64]:
    """What a function of a row gives for each row; the rows go in as text, which keeps every bit."""
    text = page.evaluate(
        f"([code, rows]) => ({_READ})(code, JSON.parse(rows))", [code, json.dumps(rows, allow_nan=False)]
    )
    return np.array(json.loads(text), dtype=float)


def columns_of(formula: Callable[..., Any]) -> dict[str, NDArray[np.float64]]:
    randoms = [np.random.default_rng(seed) for seed in SEEDS]
    return {
        name: np.concatenate([draw(one, random, (16,)) for random in randoms])
        for name, one in flat(formula).items()
    }


def test_every_formula_keeps_within_the_rounding_of_its_expression(page: Page) -> None:
    columns = {name: columns_of(one) for name, one in FORMULAS.items()}
    bodies = ",".join(function(one, len(columns[name])) for name, one in FORMULAS.items())
    rows = np.column_stack([one for own in columns.values() for one in own.values()]).tolist()
    counts = [len(own) for own in columns.values()]
    code = (
        f"(() => {{ const F = [{bodies}], N = {json.dumps(counts)}; return row => "
        "{ let i = 0; return F.map((f, k) => f(...row.slice(i, i += N[k]))); }; })()"
    )
    found = computed(page, code, rows)
    for place, (name, one) in enumerate(FORMULAS.items()):
        reference(trace(one), columns[name]).within(found[:, place], f"JavaScript, {name},")


def rows_near(model: Model) -> list[list[float]]:
    """Values of the inputs up to three times more or less than theirs, inside their domains; a flag stays one."""
    random = np.random.default_rng(len(model.name))
    columns = []
    for one in model.inputs.values():
        value = 1.0 if one.value is None else one.value
        if value in (0.0, 1.0) and one.low == one.high:
            columns.append(np.full(ROWS, value))
            continue
        moved = value * 3.0 ** random.uniform(-1.0, 1.0, ROWS)
        columns.append(np.clip(moved, one.spec.low, one.spec.high))
    found: list[list[float]] = np.column_stack(columns).tolist()
    return found


@pytest.mark.parametrize("name", [one for one in MODELS if one not in COUNTED])
def test_every_step_of_a_model_is_its_formula_of_the_right_arguments(page: Page, name: str) -> None:
    model = shipped(name)
    rows = rows_near(model)
    code = (
        f"(() => {{ const run = {program({'one': model})}.one.run, more = new Array({len(model.outputs)}).fill(0); "
        "return row => { const v = row.concat(more); run(v); return v; }; })()"
    )
    table = computed(page, code, rows)
    values = dict(zip([*model.inputs, *model.outputs], table.T, strict=True))
    for output in model.outputs:
        formula, arguments = model.formula(output)
        given = [values[one] for one in arguments]
        with np.errstate(all="ignore"):
            expected = np.broadcast_to(np.asarray(formula(*given), dtype=float), ROWS)
        found = values[output]
        same = np.isclose(found, expected, rtol=1e-14, atol=0.0, equal_nan=True)
        for row in np.flatnonzero(~same)[:20]:
            columns = {f"x{i}": np.array([one[row]]) for i, one in enumerate(given)}
            assert all(math.isfinite(one[0]) for one in columns.values()), output
            reference(trace(formula, list(columns)), columns).within(found[[row]], f"JavaScript, {output},")


@pytest.mark.parametrize("name", COUNTED)
def test_a_counted_step_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(
        ModelError, match=r"step (ai6_)?gross of model .* is no formula that a page could compute"
    ):
        program({name: shipped(name)})


def test_it_reads_as_the_formula_and_keeps_the_order_of_sums() -> None:
    def plain(new: Ratio, x: Ratio) -> Ratio:
        return new + (x + 2.0) * -x

    def shared(x: Ratio, y: Ratio) -> Ratio:
        grown = exp(x)
        return where(grown > y, grown - y, 1e-9 * x**2.0)

    def truth(x: Ratio) -> Fraction:
        return x > 2.0  # type: ignore[no-any-return] # of a tracer this is a tracer, of which mypy knows nothing

    def summed(*parts: Count) -> Count:
        total = 0.0 * parts[0]
        for one in parts:
            total = total + one
        return total

    assert function(plain, 2) == "(new_,x)=>new_+(x+2)*-x"
    assert function(shared, 2) == (
        "(x,y)=>{const shared0=Math.exp(x);return shared0>y?shared0-y:1e-09*Math.pow(x,2)}"
    )
    assert function(truth, 1) == "(x)=>+(x>2)"
    assert function(summed, 2) == "(parts1,parts2)=>0*parts1+parts1+parts2"
    with pytest.raises(TraceError, match="not a formula"):
        function(lambda x: x, 1)


def test_conditions_by_formula_give_their_excess(page: Page) -> None:
    def over(x: Ratio, most: Ratio) -> SignedCount:
        return x - most

    def doubled(x: Ratio) -> Ratio:
        return 2.0 * x

    rule = condition("identity", "a half is at most a half", over, x="half", most=0.5)
    model = Model({"whole": step(doubled, x="half")}, {"half": 0.25}, conditions=[rule])
    code = (
        f"(() => {{ const one = {program({'one': model})}.one; return row => one.excess([...row, 0]); }})()"
    )
    assert computed(page, code, [[0.25], [0.75]]).tolist() == [[-0.25], [0.25]]
