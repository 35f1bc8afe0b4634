"""What every formula owes: a declared unit that is true, any shape, and no operation off the closed list."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dojo_calc import units
from dojo_calc.errors import DomainError
from dojo_calc.quantities import Numeric, Ratio, Spec, check_against, checked, is_formula, signature
from dojo_calc.readings.tracing import TraceError, trace
from tests.discovery import NOT_FORMULAS, formulas, public_functions
from tests.reference import UNIT, reference
from tests.vega import datum, evaluate

FORMULAS = sorted(formulas().items())
named = pytest.mark.parametrize(
    ("name", "formula"), FORMULAS, ids=[name.removeprefix("dojo_calc.") for name, _ in FORMULAS]
)


SEEDS = range(4)
_EACH = 16  # values of a column


def draw(one: Spec, random: np.random.Generator, shape: tuple[int, ...] = ()) -> Any:
    """Random SI values inside a declared domain, over six decades where it is open.

    Between two ends, half of them are drawn evenly and a quarter over six decades from either end, where what
    is close to the end cancels against it.
    """
    low = one.low if math.isfinite(one.low) else -1e3
    if math.isfinite(one.high):
        width, near = one.high - low, 10.0 ** random.uniform(-6, 0, shape)
        even = random.uniform(low + 1e-9, one.high, shape)
        kind = random.integers(0, 4, shape)
        value = np.where(kind < 2, even, np.where(kind == 2, low + width * near, one.high - width * near))
        return np.clip(value, low + 1e-9 * one.low_open, one.high - 1e-9 * one.high_open)
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
    # NumPy's loops over one number, over evenly spaced ones and over repeated ones round differently.
    columns = {
        one: value.ravel() for one, value in zip(flat(formula), np.broadcast_arrays(*values), strict=True)
    }
    expected = reference(trace(formula), columns)
    expected.within(result.ravel(), f"NumPy, {name}, broadcasting,")
    alone = [float(formula(*map(float, row))) for row in zip(*columns.values(), strict=True)]
    expected.within(np.array(alone), f"NumPy, {name}, one by one,")


@named
def test_uses_only_the_closed_list_of_operations(name: str, formula: Callable[..., Any]) -> None:
    """The tracer refuses every operation off the list, every branch, every number taken out."""
    assert trace(formula).names, name


@named
def test_every_engine_keeps_within_the_rounding_of_the_expression(
    name: str, formula: Callable[..., Any]
) -> None:
    """NumPy and Vega against the expression in higher precision, not against each other."""
    expression, columns = trace(formula), _columns(formula)
    expected = reference(expression, columns)
    expected.within(
        np.broadcast_to(np.asarray(formula(*columns.values())), len(SEEDS) * _EACH), f"NumPy, {name},"
    )
    expected.within(evaluate(expression.vega(datum), columns), f"Vega, {name},")


@named
def test_loses_no_digits_that_its_arguments_do_not_lose(name: str, formula: Callable[..., Any]) -> None:
    """Stability: rounding moves the outcome no further than a few last bits of the arguments would.

    `1 - exp(-x)` fails here and `-expm1(-x)` does not. A difference of two arguments passes: its digits are
    lost in whatever way it is written.
    """
    expected = reference(trace(formula), _columns(formula))
    for standing in expected.points:
        for one in standing:
            least = sys.float_info.min / UNIT  # smaller results have fewer digits, as written or otherwise
            allowed = STABLE * expected.operations * UNIT * (abs(float(one.value)) + one.condition + least)
            assert one.bound <= allowed or math.isinf(allowed), name


STABLE = 8.0  # roundings an operation, those of the worst function


def draw_columns(name: str) -> dict[str, Any]:
    """Values of every parameter of the formula of a name, for the tests of other engines."""
    return _columns(formulas()[name])


def _columns(formula: Callable[..., Any]) -> dict[str, Any]:
    """Values of every parameter, at several seeds."""
    randoms = [np.random.default_rng(seed) for seed in SEEDS]
    return {
        parameter: np.concatenate([draw(one, random, (_EACH,)) for random in randoms])
        for parameter, one in flat(formula).items()
    }


def flat(formula: Callable[..., Any]) -> dict[str, Spec]:
    """Parameters as `trace` names them."""
    declared = signature(formula)
    assert declared is not None
    flat: dict[str, Spec] = {}
    for name, one in declared.parameters.items():
        flat |= {f"{name}{i}": one for i in (1, 2, 3)} if name in declared.variadic else {name: one}
    return flat


@named
def test_result_lies_in_its_declared_domain(name: str, formula: Callable[..., Any]) -> None:
    if name in TOGETHER:
        return
    declared = signature(formula)
    assert declared is not None
    result = formula(*_columns(formula).values())
    check_against(result, declared.result, name)


@named
def test_every_end_of_a_domain_is_taken_or_refused_by_its_type(
    name: str, formula: Callable[..., Any]
) -> None:
    """A value that the type takes, such as 0, has a result in its domain; else the type should not take it."""
    random = np.random.default_rng(0)
    specs, boundary, declared = flat(formula).values(), checked(formula), signature(formula)
    assert declared is not None
    for _ in range(60):
        often = random.choice([0.0, 0.2, 0.5, 1.0])
        values = [_end(one, random) if random.random() < often else float(draw(one, random)) for one in specs]
        if name in TOGETHER:
            with contextlib.suppress(DomainError):  # refused in words, and not by a number's own error
                boundary(*values)
        else:
            check_against(formula(*values), declared.result, f"{name}({', '.join(map(repr, values))})")


def _end(one: Spec, random: np.random.Generator) -> float:
    """An end that belongs to a domain, or 0 where there is neither."""
    ends = [end for end, is_open in ((one.low, one.low_open), (one.high, one.high_open)) if not is_open]
    ends = [end for end in ends if math.isfinite(end)] or (
        [0.0] if one.low < 0.0 else [float(draw(one, random))]
    )
    return float(random.choice(ends))


# Formulas that leave their domain, or have no value, for arguments that fit one by one and make no sense together;
# each docstring says when, and `checked` and a model refuse the result.
TOGETHER = {
    "dojo_calc.economics.race.rest_of": "negative for an owner of more than there is",
    "dojo_calc.economics.race.owner_share": "nothing is owned",
    "dojo_calc.economics.finance.diluted_share": "a company worth nothing that raises nothing",
    "dojo_calc.economics.programme.break_even_volume": "no volume where a unit saves nothing",
    "dojo_calc.economics.streams.count_for_value": "no number where each is worth nothing",
    "dojo_calc.economics.silicon.gross_dies": "negative for a die larger than the wafer holds",
    "dojo_calc.economics.silicon.usable_diameter": "not positive for a ring as wide as the wafer",
    "dojo_calc.performance.kernels.convolution_outputs": "not positive for a kernel larger than the padded input",
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
