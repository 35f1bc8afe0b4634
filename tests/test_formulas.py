"""What every formula owes: a declared unit that is true, any shape, and no operation off the closed list."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dojo_calc import units
from dojo_calc.model.tracing import TraceError, trace
from dojo_calc.quantities import Numeric, Ratio, Spec, check_against, is_formula, signature
from tests.discovery import NOT_FORMULAS, formulas, public_functions
from tests.vega import datum, evaluate

FORMULAS = sorted(formulas().items())
named = pytest.mark.parametrize(
    ("name", "formula"), FORMULAS, ids=[name.removeprefix("dojo_calc.") for name, _ in FORMULAS]
)


def draw(one: Spec, random: np.random.Generator, shape: tuple[int, ...] = ()) -> Any:
    """Random SI values inside a declared domain, over six decades where it is open."""
    low = one.low if math.isfinite(one.low) else -1e3
    if math.isfinite(one.high):
        return random.uniform(low + 1e-9, one.high, shape)
    return low + 10.0 ** random.uniform(-3, 3, shape)


def arguments(formula: Callable[..., Any], make: Callable[[Spec], Any]) -> list[Any]:
    """One value a parameter, three for a variadic one."""
    declared = signature(formula)
    assert declared is not None
    values: list[Any] = []
    for name, one in declared.parameters.items():
        values += [make(one) for _ in range(3 if name in declared.variadic else 1)]
    return values


def test_every_public_function_is_a_formula_or_listed_with_its_reason() -> None:
    bare = [name for name, thing in formulas().items() if not is_formula(thing)]
    assert bare == [], "a parameter or the result carries no unit"
    assert sorted(set(NOT_FORMULAS) - set(public_functions())) == [], "listed, but gone"
    wrong = [name for name, thing in public_functions().items() if name in NOT_FORMULAS and is_formula(thing)]
    assert wrong == [], "listed as no formula, but every parameter has a unit"


@named
def test_dimension(name: str, formula: Callable[..., Any], covered: list[str]) -> None:
    declared = signature(formula)
    assert declared is not None
    random = np.random.default_rng(len(name))
    ureg = units.registry()

    def quantity(one: Spec) -> Any:
        return ureg.Quantity(float(draw(one, random)), units.unit(one.unit))

    for _ in range(5):
        result = formula(*arguments(formula, quantity))
        got = ureg.Quantity(result).dimensionality
        assert got == units.unit(declared.result.unit).dimensionality, f"{name} returns {got}"
    covered.append(name.rpartition(".")[2])


@named
def test_broadcasts_and_agrees_with_its_scalar_call(name: str, formula: Callable[..., Any]) -> None:
    random = np.random.default_rng(len(name))
    declared = signature(formula)
    assert declared is not None
    shapes = [(4, 1), (1, 3), (), (4, 3)]
    turn = iter(range(100))
    values = arguments(formula, lambda one: np.asarray(draw(one, random, shapes[next(turn) % 4])))
    shape = np.broadcast_shapes(*(value.shape for value in values))
    result = np.asarray(formula(*values))
    assert result.shape == shape
    assert result.dtype == np.float64
    whole = np.broadcast_arrays(*values)
    for index in np.ndindex(shape):
        alone = formula(*(float(value[index]) for value in whole))
        # The last bit of a power differs between NumPy's scalar and array loops.
        np.testing.assert_allclose(result[index], alone, rtol=4e-16)


@named
def test_uses_only_the_closed_list_of_operations(name: str, formula: Callable[..., Any]) -> None:
    """The tracer refuses every operation off the list, every branch, every number taken out."""
    assert trace(formula).names, name


@named
def test_vega_computes_what_numpy_computes(name: str, formula: Callable[..., Any]) -> None:
    """Parity: the traced expression, evaluated by Vega itself, against NumPy."""
    random = np.random.default_rng(len(name))
    columns = {parameter: draw(one, random, (40,)) for parameter, one in _flat(formula).items()}
    expected = np.broadcast_to(np.asarray(formula(*columns.values())), 40)
    got = evaluate(trace(formula).vega(datum), columns)
    np.testing.assert_allclose(got, expected, rtol=1e-12, err_msg=name)


def _flat(formula: Callable[..., Any]) -> dict[str, Spec]:
    """Parameters as `trace` names them."""
    declared = signature(formula)
    assert declared is not None
    flat: dict[str, Spec] = {}
    for name, one in declared.parameters.items():
        flat |= {f"{name}{i}": one for i in (1, 2, 3)} if name in declared.variadic else {name: one}
    return flat


@named
def test_result_lies_in_its_declared_domain(name: str, formula: Callable[..., Any]) -> None:
    if name in PARTLY_OUTSIDE:
        return
    declared = signature(formula)
    assert declared is not None
    random = np.random.default_rng(len(name))
    for _ in range(50):
        result = formula(*arguments(formula, lambda one: float(draw(one, random))))
        check_against(result, declared.result, name)


# Formulas whose value leaves the declared domain for arguments that make no sense together; each docstring
# says when.
PARTLY_OUTSIDE = {
    "dojo_calc.economics.race.rest_of": "negative for an owner of more than there is",
    "dojo_calc.economics.programme.break_even_volume": "negative where a unit saves nothing",
    "dojo_calc.economics.silicon.gross_dies": "negative for a die larger than the wafer holds",
    "dojo_calc.economics.silicon.usable_diameter": "not positive for a ring as wide as the wafer",
    "dojo_calc.performance.kernels.convolution_outputs": "not positive for a kernel larger than the padded input",
    "dojo_calc.performance.training.imbalance_time": "negative for a slowest stage that is not the slowest",
    "dojo_calc.performance.training.layer_recompute": "negative for a product longer than its layer",
    "dojo_calc.performance.kernels.reduction_flop": "negative for rows of less than one element",
}


def test_the_dimension_test_sees_what_it_must() -> None:
    """The tests above fail where they should, shown on formulas that are wrong on purpose."""

    def no_unit(x: Ratio) -> float:
        return float(x)

    def off_the_list(x: Ratio) -> Ratio:
        tangent: Numeric = np.tan(x)
        return tangent

    def branches(x: Ratio) -> Ratio:
        return x if x > 1 else 2 * x

    def takes_out(x: Ratio) -> Ratio:
        return float(x) * 2.0

    def holds_an_array(x: Ratio) -> Ratio:
        return x * np.array([1.0, 2.0])

    assert not is_formula(no_unit)
    for function, message in (
        (off_the_list, "tan is not among the operations"),
        (branches, "does not branch"),
        (takes_out, "does not take a number out"),
        (holds_an_array, "holds no arrays"),
    ):
        with pytest.raises(TraceError, match=message):
            trace(function)
