from __future__ import annotations

import math
import operator
import re
from typing import Any

import numpy as np
import pytest

from dojo_calc.chain.training import training_run
from dojo_calc.economics.capacity import whole
from dojo_calc.economics.silicon import gross_dies
from dojo_calc.operations import ceil, expm1, log1p, log2, maximum, minimum, sqrt, where
from dojo_calc.performance.roofline import streaming_bandwidth
from dojo_calc.quantities import Count, Ratio, SignedCount
from dojo_calc.readings import tracing
from dojo_calc.readings.mathml import mathml
from dojo_calc.readings.tracing import Expression, TraceError, Tracer, named_terms, node_of, trace
from tests.vega import datum, evaluate


def doubled(x: Ratio) -> Ratio:
    """Reuse of an intermediate, 40 times over: as text it would hold 2**40 terms."""
    for _ in range(40):
        x = (x + x) / 2.0 + 1.0
    return x


def everything(a: Ratio, b: Ratio) -> Ratio:
    """Every kind of operation at once."""
    return (
        where(a <= b, maximum(-a, b) ** 2.0, log2(a + 1.0))
        + sqrt(b) / ceil(a)
        - (a - (b - a)) / (b / (a / b))
    )


def test_reads_as_a_formula() -> None:
    assert trace(whole).text() == "ceil(units / group * (1 - 2**-46))"
    assert trace(gross_dies).text() == "pi * wafer ** 2 / (4 * die) - pi * wafer / sqrt(2 * die)"
    assert trace(everything).text() == (
        "where(a <= b, maximum(-a, b) ** 2, log2(a + 1)) + sqrt(b) / ceil(a) - (a - (b - a)) / (b / (a / b))"
    )
    assert trace(whole, ["chips", "tile_size"]).text() == "ceil(chips / tile_size * (1 - 2**-46))"
    assert trace(whole, ["chips"]).text() == "ceil(chips * (1 - 2**-46))", (
        "an argument left out keeps its default, and nothing is divided by one in writing"
    )


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (lambda a, b: 0.0 + a / b + 0.0, "a / b"),
        (lambda a, b: 1.0 * a * 1.0 - b / 1.0, "a - b"),
        (lambda a, b: (a - 0.0) / (b * 1.0), "a / b"),
        (lambda a, b: 1.0 / a + (0.0 - b) + a**1.0, "1 / a + 0 - b + a ** 1"),
        (lambda a, b: sqrt(1.0 * (a + 0.0)) * b, "sqrt(a) * b"),
    ],
)
def test_what_changes_no_value_is_not_written(formula: Any, text: str) -> None:
    def written(a: Ratio, b: Ratio) -> Ratio:
        result: Ratio = formula(a, b)
        return result

    traced = trace(written)
    assert traced.text() == text
    assert "1" in text or ("1" not in traced.latex() and "<mn>1</mn>" not in mathml(traced))


def test_a_long_formula_names_the_terms_it_shares() -> None:
    """Twelve doublings of one term would be 4,096 copies of it; read back by Python it is the same number."""

    def doubled(a_first_term: Ratio, a_second_term: Ratio) -> Ratio:
        total = a_first_term * a_second_term + 1.0
        for _ in range(12):
            total = total + total / (1.0 + a_first_term)
        return total

    text = trace(doubled).text()
    assert len(text) < 600
    formula, terms = text.split(", where ")
    values = {"a_first_term": 0.3, "a_second_term": 1.7}
    for line in terms.split("; "):
        name, written = line.split(" = ")
        values[name] = eval(written, {}, values)
    assert eval(formula, {}, values) == pytest.approx((0.3 * 1.7 + 1.0) * (1 + 1 / 1.3) ** 12, rel=1e-13)
    assert trace(doubled).latex().count(r"\quad t_{") == terms.count(" = ")


def test_the_text_of_a_whole_training_step_can_be_read() -> None:
    """It was 186,000 characters when every term that is used twice was written twice."""
    model = training_run("gpt3-175b", "a100-sxm-80gb")
    names = [name for name in model.needed(["step_time"]) if name in model.inputs]
    traced = model.values(["step_time"], {name: Tracer.named(name) for name in names})["step_time"]
    assert len(Expression(traced.node).text()) < 20_000


def test_reads_as_latex() -> None:
    assert (
        trace(whole).latex()
        == r"\left\lceil \frac{\text{units}}{\text{group}} \, \left(1 - 2^{-46}\right) \right\rceil"
    )
    assert r"\begin{cases}" in trace(streaming_bandwidth).latex()


def test_the_text_means_what_the_formula_computes() -> None:
    """The readable text, given back to Python, is the same function: brackets are where they must be."""
    names = {
        "where": np.where,
        "maximum": np.maximum,
        "log2": np.log2,
        "sqrt": np.sqrt,
        "ceil": np.ceil,
        "pi": np.pi,
    }
    random = np.random.default_rng(0)
    a, b = random.uniform(0.1, 9.0, (2, 100))
    text = trace(everything).text()
    np.testing.assert_allclose(eval(text, names | {"a": a, "b": b}), everything(a, b), rtol=1e-13)


def test_vega_computes_it_too() -> None:
    random = np.random.default_rng(0)
    a, b = random.uniform(0.1, 9.0, (2, 100))
    got = evaluate(trace(everything).vega(datum), {"a": a, "b": b})
    np.testing.assert_allclose(got, everything(a, b), rtol=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_vega_keeps_the_digits_of_small_numbers(sign: float) -> None:
    """Vega has neither function, so it computes Kahan's; the peer is the C library's, behind Python's `math`."""

    def grown(x: SignedCount) -> SignedCount:
        return expm1(x)

    def counted(x: SignedCount) -> SignedCount:
        return log1p(x)

    x = sign * np.array(
        [0.0, 1e-300, 1e-20, 1e-16, 3e-16, 1e-8, 1e-3, 0.4, 0.69, 0.7, 0.999, 3.0, 37.0, 700.0]
    )
    expected = [math.expm1(one) for one in x]
    np.testing.assert_allclose(evaluate(trace(grown).vega(datum), {"x": x}), expected, rtol=5e-16)
    x = x[x > -1.0]
    expected = [math.log1p(one) for one in x]
    np.testing.assert_allclose(evaluate(trace(counted).vega(datum), {"x": x}), expected, rtol=5e-16)
    assert trace(grown).text() == "expm1(x)"
    assert trace(grown).latex() == r"\left(e^{\text{x}} - 1\right)"
    assert trace(counted).latex() == r"\ln\left(1 + \text{x}\right)"


def test_a_shared_intermediate_is_written_once() -> None:
    lines = trace(doubled).vega(datum)
    assert len(lines) == 40, "39 shared intermediates and the result"
    assert sum(len(text) for _, text in lines) < 2500
    columns = {"x": np.array([3.0, 0.5])}
    np.testing.assert_allclose(evaluate(lines, columns), [43.0, 40.5], rtol=1e-15)


@pytest.mark.parametrize("value", [float("inf"), 1e300, -2.5, 3.0])
def test_numbers_survive(value: float) -> None:
    def shifted(x: Count) -> Count:
        return x + value if np.isfinite(value) else x + 1.0

    expected = 1.0 + (value if np.isfinite(value) else 1.0)
    assert evaluate(trace(shifted).vega(datum), {"x": np.array([1.0])})[0] == expected


def test_what_cannot_be_traced_is_said() -> None:
    def looped(x: Ratio) -> Ratio:
        return sum(x)  # type: ignore[no-any-return]

    def bare(x):  # type: ignore[no-untyped-def]
        return x

    with pytest.raises(TraceError, match="looped: a formula does not loop"):
        trace(looped)
    with pytest.raises(TraceError, match="bare is not a formula"):
        trace(bare)


def test_brackets_stand_where_an_equal_level_does_not_associate() -> None:
    def squares(a: Ratio, b: Ratio) -> Ratio:
        return (-a) ** 2.0 + (a**b) ** 2.0 + (a * b) ** 2.0 + a ** (b**2.0)

    assert trace(squares).text() == "(-a) ** 2 + (a ** b) ** 2 + (a * b) ** 2 + a ** b ** 2"

    def sums(a: Ratio, b: Ratio) -> Ratio:
        return (a + b) * (a - b) - (b - a)

    assert trace(sums).latex() == (r"(\text{a} + \text{b}) \, (\text{a} - \text{b}) - (\text{b} - \text{a})")


def test_numbers_are_written_as_they_are() -> None:
    def scaled(some_size: Ratio) -> Ratio:
        return some_size * 0.5 + 3.0 + some_size * 1e16

    assert trace(scaled).text() == "some_size * 0.5 + 3 + some_size * 1e+16"
    assert r"\text{some size}" in trace(scaled).latex()

    def floored(a: Ratio) -> Ratio:
        return maximum(a, 0.0) + maximum(a, -1.0)

    assert trace(floored).vega()[-1][1] == "(max(a, 0.0) + max(a, (-1.0)))"


def term(letters: int) -> Any:
    """Product of two names of so many letters in all."""
    first: Any = Tracer.named("a" * (letters // 2))
    return first * Tracer.named("b" * (letters - letters // 2))


def test_a_term_is_named_where_the_formula_is_long_and_uses_it_more_than_once() -> None:
    """Beside its letters every argument takes three characters: t + t of a product of n letters takes 2 (n + 9)."""
    just = tracing._SHORT // 2 - 9
    for letters, named in ((just, False), (just + 1, True)):
        shared = term(letters)
        assert named_terms(node_of(shared + shared)) == ([shared.node] if named else [])
    long = term(tracing._SHORT)
    for letters, named in ((tracing._TERM - 6, False), (tracing._TERM - 5, True)):
        shared = term(letters)
        assert named_terms(node_of(shared / (long + shared))) == ([shared.node] if named else [])
    once = term(40)
    assert named_terms(node_of(once / long)) == []
    assert named_terms(node_of(once / (once + long) + long)) == [once.node, long.node]


def test_what_is_off_the_list_is_refused_however_it_is_called() -> None:
    x: Any = Tracer.named("x")
    call: Any
    for call in (
        lambda: np.arctan(x),
        lambda: np.add.reduce(x),
        lambda: np.add.outer(x, x),
        lambda: np.add(x, 1.0, dtype=np.float64),
        lambda: np.sum(x),
        lambda: np.clip(x, 0.0, 1.0),
    ):
        with pytest.raises(TraceError, match="is not among the operations a formula may use"):
            call()
    assert node_of(np.add(x, 1.0)) is node_of(x + 1.0)
    assert node_of(np.where(x > 0.0, x, 0.0)) is node_of(where(x > 0.0, x, 0.0))
    taken: Any
    for taken in (lambda: bool(x), lambda: float(x), lambda: list(x), lambda: node_of([1.0, 2.0])):
        with pytest.raises(TraceError, match="a formula"):
            taken()
    assert node_of(2).leaf == 2.0


def test_a_graph_is_walked_once_with_arguments_before_what_uses_them() -> None:
    x: Any = Tracer.named("x")
    y: Any = Tracer.named("y")
    order = list(((x + y) * (x + y) - y / x).node.walk())
    assert len(order) == len(set(order)) == 6
    for place, node in enumerate(order):
        assert all(argument in order[:place] for argument in node.arguments)


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        ("a - (b - c)", "a - (b - c)"),
        ("a - (b + c)", "a - (b + c)"),
        ("a + (b - c)", "a + b - c"),
        ("a - b - c", "a - b - c"),
        ("a * (b + c)", r"a \, (b + c)"),
        ("a * (b * c)", r"a \, b \, c"),
        ("-(a + b)", "-(a + b)"),
        ("-(a**b)", "-{a}^{b}"),
        ("(-a) ** b", "{(-a)}^{b}"),
        ("(a + b) ** (c + 2.0)", "{(a + b)}^{c + 2}"),
        ("a * -2.5", r"a \, (-2.5)"),
        ("(a < b) == c", "(a < b) = c"),
        ("a != (b >= c)", r"a \ne (b \ge c)"),
        ("minimum(a, b + c) / 2.0", r"\frac{\min\left(a, b + c\right)}{2}"),
    ],
)
def test_latex_has_the_brackets_that_it_needs(formula: str, latex: str) -> None:
    traced = eval(formula, {"minimum": minimum} | {name: Tracer.named(name) for name in "abc"})
    written = Expression(node_of(traced)).latex()
    assert re.sub(r"\\text\{(.)\}", r"\1", written) == latex


PAIRS = (
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow,
    operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
)  # fmt: skip


@pytest.mark.parametrize("outer", PAIRS)
@pytest.mark.parametrize("inner", PAIRS)
def test_an_operation_in_an_operation_has_the_brackets_that_python_needs(outer: Any, inner: Any) -> None:
    names = {"a": 5.0, "b": 2.0, "c": np.float64(0.5)}
    a, b, c = (Tracer.named(name) for name in names)
    with np.errstate(divide="ignore"):  # by what does not hold
        for order in (1, -1):
            tree, value = (
                outer(*(inner(a, b), c)[::order]),
                outer(*(inner(5.0, 2.0), np.float64(0.5))[::order]),
            )
            assert eval(Expression(node_of(tree)).text(), {}, names) == value
