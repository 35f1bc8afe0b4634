"""Compiled kernels against the expression in higher precision, and what happens where there is none."""

from __future__ import annotations

import logging
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import mpmath
import numpy as np
import pytest

import dojo_calc as dc
from dojo_calc.chain.shipped import MODELS, shipped
from dojo_calc.errors import DomainError
from dojo_calc.operations import (
    ceil,
    exp,
    expm1,
    floor,
    log,
    log1p,
    log2,
    maximum,
    minimum,
    power,
    sqrt,
    where,
)
from dojo_calc.performance import step
from dojo_calc.performance.plan import train
from dojo_calc.performance.search import search
from dojo_calc.performance.workload import Transformer
from dojo_calc.quantities import PositiveCount, SignedCount, is_formula
from dojo_calc.readings import compiled, vector_math
from dojo_calc.readings.compiled import Guard, Program
from dojo_calc.readings.tracing import Expression, TraceError, Tracer, trace
from tests.discovery import formulas
from tests.reference import reference
from tests.test_formulas import draw_columns

SIZE = 4  # points a formula
COMPILED = "needs the extra [compiled]"
ULP = 2.0  # units in the last place that a function of ours may err by


@pytest.fixture
def every_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Compile whatever is asked, however small, and keep it in an empty folder."""
    pytest.importorskip("numba", reason=COMPILED)
    monkeypatch.setattr(compiled, "LEAST_WORK", 0)
    monkeypatch.setattr(compiled, "LEAST_POINTS", 0)
    monkeypatch.setattr(compiled, "_KERNELS", {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile in a third of the time: loops stay scalar and call the C library's functions; ours have a test."""
    pytest.importorskip("numba", reason=COMPILED)
    config: Any = import_module("numba.core.config")
    monkeypatch.setattr(config, "OPT", type(config.OPT)(0))
    monkeypatch.setattr(
        compiled, "_functions", lambda: {name: getattr(np, name) for name in vector_math.FUNCTIONS}
    )


def by_python(code: str, *_: Any, **__: Any) -> Any:
    """Kernel of a text without numba: what is compiled, run by Python one point after the other."""
    space = {name: getattr(np, name) for name in vector_math.FUNCTIONS} | {"np": np}
    exec(code, space)
    return space["kernel"]


@pytest.mark.usefixtures("every_size")
def test_every_formula_keeps_within_the_rounding_of_its_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the library has would take half a minute to compile; numba compiles the models that ship, below."""
    monkeypatch.setattr(compiled, "_compiled", by_python)
    found = [name for name, one in sorted(formulas().items()) if is_formula(one)]
    assert len(found) > 300
    for name in found:
        columns = {one: column[:: len(column) // SIZE] for one, column in draw_columns(name).items()}
        expression = trace(formulas()[name])
        with np.errstate(all="ignore"):  # of a branch that is not taken
            got = Program({"y": expression.root}, list(columns), name).run(columns)
        assert got is not None
        reference(expression, columns).within(got["y"], f"a kernel, {name},")


@pytest.mark.usefixtures("every_size", "quickly")
@pytest.mark.parametrize("name", MODELS)
def test_every_shipped_model_keeps_within_the_rounding_of_its_graph(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "training_run":  # most of which is the step that is compiled below
        monkeypatch.setattr(compiled, "_compiled", by_python)
    model = shipped(name)
    output = model.outputs[-1]
    random = np.random.default_rng(0)
    given = {
        one: value * random.uniform(0.999, 1.0, 1)
        for one in model.needed([output])
        if one in model.inputs and (value := model.inputs[one].value)
    }
    refusal = ""
    try:
        graph = model.values([output], {one: Tracer.named(one) for one in given})[output].node
    except TraceError as error:  # a step that places dies on a wafer, or another procedure, which NumPy runs
        refusal = str(error)
    if refusal:
        assert "is not among the operations" in refusal
        return
    got = Program({output: graph}, list(given), name).run(given)
    assert got is not None
    reference(Expression(graph), given).within(got[output], f"a kernel, {name},")


@pytest.mark.usefixtures("every_size")
def test_the_functions_are_good_to_the_last_places_and_at_the_ends() -> None:
    random = np.random.default_rng(1)
    near, wide = random.uniform(-0.99, 2.0, 500), 10.0 ** random.uniform(-300, 300, 500)
    small = 10.0 ** random.uniform(-20, 0, 200)
    least = sys.float_info.min * random.uniform(0.01, 1.0, 20)
    below = [-5e-324, math.nextafter(-1.0, -2.0)]  # just out of the domain of a logarithm
    ends = np.array(
        [math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, -2.0, 1.0, 2.0, 5e-324, 709.9, 1024.0, *below]
    )
    values = {
        "exp": np.r_[random.uniform(-740, 709, 500), near, small],
        "expm1": np.r_[random.uniform(-40, 709, 500), near, small, -small],
        "log": np.r_[wide, near + 1.0, least, 5e-320],
        "log1p": np.r_[wide, near, small, -0.9 * small],
        "log2": np.r_[wide, near + 1.0, least, 2.0 ** np.arange(-1074.0, 1024.0)],
    }
    exact = {one: getattr(mpmath, one) for one in values if one != "log2"}
    exact["log2"] = lambda x: mpmath.log(x) / mpmath.log(2)
    assert values.keys() == vector_math.FUNCTIONS.keys()
    x = Tracer.named("x")
    roots = {one: getattr(np, one)(x).node for one in values}
    program = Program(roots, ["x"], "functions")
    with mpmath.workprec(160):
        for one, column in values.items():
            got = program.run({"x": column})
            assert got is not None
            for given, answer in zip(column, got[one], strict=True):
                true = exact[one](mpmath.mpf(float(given)))
                assert abs(mpmath.mpf(float(answer)) - true) <= ULP * math.ulp(float(true)), (one, given)
    at_ends = program.run({"x": ends})
    assert at_ends is not None
    with np.errstate(all="ignore"):
        for one in values:
            expected = getattr(np, one)(ends)
            np.testing.assert_allclose(at_ends[one], expected, rtol=1e-15, err_msg=one)
            known = ~np.isnan(expected)  # a zero keeps its sign
            np.testing.assert_array_equal(np.signbit(at_ends[one])[known], np.signbit(expected)[known], one)


def everything(a: SignedCount, b: SignedCount) -> SignedCount:
    """Every operation, powers of powers too."""
    grown = power(maximum(a, 1.0), minimum(b, 3.0)) ** 0.3 + a**2.0 + sqrt(maximum(b, 0.0))
    rounded = ceil(a) + floor(b) + log2(1.0 + b * b) + log(2.0 + b * b) + exp(-abs_of(b)) + expm1(a / 9.0)
    return (
        where(a <= b, grown, -rounded)
        + where(a != b, log1p(a * a), np.positive(a))
        - where(a > b, grown / 3.0, b)
    )


def abs_of(b: SignedCount) -> SignedCount:
    return maximum(b, -b)


@pytest.mark.usefixtures("every_size")
@pytest.mark.parametrize("size", [1, 7, 1024, 2500])
def test_vectorised_loops_over_strips_with_powers(size: int) -> None:
    random = np.random.default_rng(2)
    a, b = random.uniform(-4, 4, (2, size))
    a[0], b[-1] = b[0], 0.0
    got = Program({"y": trace(everything).root}, ["a", "b"], "everything").run({"a": a, "b": b})
    assert got is not None
    np.testing.assert_allclose(got["y"], everything(a, b), rtol=1e-13, atol=1e-13)
    lone = Program({"y": trace(everything).root}, ["a"], "everything").run({"a": a, "b": 1.7})
    assert lone is not None
    np.testing.assert_allclose(lone["y"], everything(a, 1.7), rtol=1e-13, atol=1e-13)


@pytest.mark.usefixtures("every_size")
def test_nan_goes_through_as_in_numpy() -> None:
    def least(a: SignedCount, b: SignedCount) -> SignedCount:
        return minimum(a, b) + maximum(b, a)

    a, b = np.array([math.nan, 1.0, 2.0]), np.array([1.0, math.nan, 3.0])
    got = Program({"y": trace(least).root}, ["a", "b"], "least").run({"a": a, "b": b})
    assert got is not None
    np.testing.assert_array_equal(got["y"], least(a, b))


@pytest.mark.usefixtures("every_size")
def test_many_points_go_over_all_cores_and_threads_of_a_caller_stay_one_each() -> None:
    values = {"a": np.linspace(-3.0, 3.0, 2**17 + 5), "b": np.linspace(5.0, -1.0, 2**17 + 5)}
    program = Program({"y": trace(everything).root}, ["a", "b"], "everything")
    with ThreadPoolExecutor(1) as pool:
        alone = pool.submit(program.run, values).result()
    together = program.run(values)
    assert alone is not None
    assert together is not None
    np.testing.assert_array_equal(alone["y"], together["y"])


@pytest.mark.usefixtures("every_size")
def test_a_guard_counts_what_does_not_hold_and_leaves_it_to_numpy() -> None:
    a: Any = Tracer.named("a")
    b: Any = Tracer.named("b")
    guards = [Guard(a.node, ">=", 0.0), Guard((a - b).node, ">", 0.0, holds=False)]

    def run(*columns: list[float]) -> Any:
        program = Program({"y": (a * b).node}, ["a", "b"], "guarded", guards)
        return program.run(dict(zip("ab", map(np.array, columns), strict=True)))

    assert run([0.0, 1.0], [0.0, 2.0])["y"].tolist() == [0.0, 2.0]
    assert run([-1.0, 1.0], [0.0, 2.0]) is None, "below the domain"
    assert run([math.nan, 1.0], [0.0, 2.0]) is None, "NaN is in no domain"
    assert run([0.0, 3.0], [0.0, 2.0]) is None, "one is more than the other"
    assert run([0.0, 3.0], [0.0, math.nan]) is not None, "of NaN nothing is more"
    still = Program({"y": (a * b).node}, ["b"], "guarded", guards[:1])
    column = np.array([1.0, 2.0])
    assert still.run({"a": -1.0, "b": column}) is None, "a guard of what does not vary"
    assert still.run({"a": 1.0, "b": column}) is not None


@pytest.mark.parametrize(("cores", "parts"), [(3, 3), (1, 1), (None, 1), (7, 7)])
@pytest.mark.parametrize("size", [2**10, 2**10 + 1, 2**10 + 5])
def test_a_kernel_is_dealt_to_the_cores_and_every_point_once(
    cores: int | None, parts: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    monkeypatch.setattr(compiled, "_SPLIT", 2**10)
    dealt: list[int] = []

    def kernel(constants: Any, given: Any, made: Any, bad: Any) -> None:
        dealt.append(given.size)
        made += constants[0] * given
        bad[0] = given.size

    def ask(count: int) -> None:
        dealt.clear()
        given, made = np.arange(float(count)), np.zeros(count)
        broken = compiled._spread(kernel, np.array([2.0]), [given, made], count, counted=True)
        np.testing.assert_array_equal(made, 2.0 * given)
        assert broken == sum(dealt) == count

    ask(size)
    assert len(dealt) == parts
    assert max(dealt) - min(dealt) < parts
    ask(2**10 - 1)
    assert len(dealt) == 1, "too few to be dealt"
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ask, size).result()
    assert len(dealt) == 1, "the caller is itself one of several"


def at_most_ten(cost: PositiveCount) -> SignedCount:
    return cost - 10.0


@pytest.mark.usefixtures("every_size")
@pytest.mark.parametrize("broken", [False, True])
def test_large_arrays_are_held_to_domains_and_conditions_in_the_kernel(
    broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one bad element or without, the answer and the words are those of NumPy."""
    rules = [dc.condition("identity", "the cost is at most ten", at_most_ten)]
    model = dc.Model({"cost": dc.step(product, a="x", b="y")}, {"x": 1.0, "y": 2.0}, conditions=rules)
    x, y = np.linspace(1.0, 3.0, 50), np.linspace(1.0, 3.0, 50)
    outside = np.append(x, -1.0)
    if broken:
        y[7] = 40.0

    def ask() -> list[Any]:
        fresh = model.replace(x=1.5)
        with pytest.raises(DomainError) as refused:
            fresh.evaluate("cost", x=outside, y=2.0)
        values, wrong = fresh.judged(["cost"], {"x": x, "y": y})
        told = [(one.says, np.flatnonzero(one.where).tolist()) for one in wrong]
        return [str(refused.value), fresh.evaluate("cost", x=x, y=y), values["cost"], told]

    compiled_ones = ask()
    monkeypatch.setattr(compiled, "available", lambda: False)
    assert repr(compiled_ones) == repr(ask())
    assert np.isnan(compiled_ones[1]).sum() == broken
    assert "x[50] must be above 0" in compiled_ones[0]


def product(a: PositiveCount, b: PositiveCount) -> PositiveCount:
    return a * b


def chain() -> dc.Model:
    return dc.Model(
        {"chips": dc.units_needed, "cost": dc.step(dc.purchase_cost, units="chips")},
        {"target": 1e18, "unit": 3e14, "price": 30e3},
    )


@pytest.mark.usefixtures("every_size")
def test_the_doors_of_a_model_give_what_numpy_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask() -> list[Any]:
        model = chain().replace(price=(30e3, 25e3, 40e3), unit=(3e14, 2e14, 4e14))
        return [
            model.evaluate("cost", price=np.linspace(1e4, 5e4, 100)),
            dc.sweep(model, ["cost", "chips"], {"price": [1e4, 2e4], "unit": [1e14, 2e14, 3e14]})["cost"],
            dc.simulate(model, "cost", samples=4096).samples["cost"],
            dc.sobol_indices(model, "cost", 64).total,
        ]

    runs: list[int] = []
    run = Program.run

    def counted(self: Program, *given: Any) -> Any:
        runs.append(self)
        return run(self, *given)

    monkeypatch.setattr(Program, "run", counted)
    fast = ask()
    assert len(runs) > 4
    monkeypatch.setattr(compiled, "available", lambda: False)
    for one, other in zip(fast, ask(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)


def test_small_calls_and_other_shapes_stay_with_numpy() -> None:
    assert compiled.columns({"a": np.ones(2**14), "b": 1.0}) == ("a",)
    assert compiled.columns({"a": np.ones(10), "b": 1.0}) == ()
    assert compiled.columns({"a": np.ones(10), "b": 1.0}, 2**20) == ("a",), "a part of many"
    assert compiled.columns({"a": np.ones(2**14), "b": np.ones((2, 1))}) == ()
    program = Program({"y": trace(everything).root}, ["a", "b"], "everything")
    assert program.run({"a": np.ones(8), "b": np.ones(8)}) is None


@pytest.mark.usefixtures("every_size")
def test_a_term_without_a_value_is_left_to_numpy_to_speak_of() -> None:
    def share(a: SignedCount, b: SignedCount, c: SignedCount) -> SignedCount:
        return a * (b / c)

    values = {"a": np.ones(4), "b": 1.0, "c": 0.0}
    assert Program({"y": trace(share).root}, ["a"], "share").run(values) is None


def test_without_numba_the_log_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dojo_calc")
    monkeypatch.setitem(sys.modules, "numba", None)
    compiled.available.cache_clear()
    try:
        monkeypatch.setattr(compiled, "LEAST_WORK", 0)
        monkeypatch.setattr(compiled, "LEAST_POINTS", 0)
        price = np.linspace(1e4, 5e4, 100)
        for _ in range(2):
            np.testing.assert_allclose(chain().evaluate("cost", price=price), 1e18 / 3e14 * price)
        assert caplog.text.count("numba is not installed") == 1
    finally:
        compiled.available.cache_clear()


def test_without_numba_every_door_gives_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of the call, which alone decides whether it would be compiled."""
    small = Transformer(
        model="small", layers=4, hidden=1024, feedforward=4096, heads=8, kv_heads=8, vocabulary=32000
    )
    model = chain().replace(price=(30e3, 25e3, 40e3), unit=(3e14, 2e14, 4e14))

    def ask() -> list[Any]:
        made = train(small, "a100-sxm-40gb", 8, tensor=np.array([1, 2, 4]), global_batch=64, sequence=1024)
        return [
            dc.sweep(model, "cost", {"price": [1e4, 2e4], "unit": [1e14, 2e14, 3e14]})["cost"],
            dc.simulate(model, "cost", samples=4096).samples["cost"],
            dc.sobol_indices(model, "cost", 64).total,
            made.step_time,
            search(small, "a100-sxm-40gb", 8, global_batch=64, sequence=1024).front["step_time"].to_numpy(),
        ]

    expected = ask()
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.setattr(compiled, "LEAST_WORK", 0)
    monkeypatch.setattr(compiled, "LEAST_POINTS", 0)
    compiled.available.cache_clear()
    try:
        for one, other in zip(expected, ask(), strict=True):
            np.testing.assert_array_equal(one, other)
    finally:
        compiled.available.cache_clear()


@pytest.mark.usefixtures("every_size")
def test_a_step_that_branches_names_itself_and_runs_in_numpy(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "dojo_calc")

    def clipped(units: dc.quantities.Count) -> dc.quantities.Count:
        found: dc.quantities.Count = np.clip(np.asarray(units), 0.0, 4e3)
        return found  # off the closed list

    model = dc.Model(
        {"chips": dc.units_needed, "kept": dc.step(clipped, units="chips")}, {"target": 1e18, "unit": 3e14}
    )
    got = model.evaluate("kept", unit=np.linspace(1e14, 4e14, 50))
    np.testing.assert_allclose(got, np.minimum(1e18 / np.linspace(1e14, 4e14, 50), 4e3))
    assert "kept cannot be compiled" in caplog.text


@pytest.mark.usefixtures("every_size")
def test_a_kernel_is_kept_on_disk_and_nothing_breaks_where_none_can_be(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program({"y": trace(everything).root}, ["a", "b"], "everything")
    values = {"a": np.linspace(-1, 1, 9), "b": np.linspace(2, -2, 9)}
    first = program.run(values)
    kept = tmp_path / "dojo_calc" / "compiled"
    assert len(list(kept.glob("*.py"))) == 1
    assert list(kept.rglob("*.nbc"))
    monkeypatch.setattr(compiled, "_KERNELS", {})  # as another process would find it
    again = program.run(values)
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setattr(compiled, "_KERNELS", {})
    third = program.run(values)
    assert first is not None
    assert again is not None
    assert third is not None
    np.testing.assert_array_equal(first["y"], again["y"])
    np.testing.assert_array_equal(first["y"], third["y"])


def test_a_large_training_step_is_compiled_and_agrees() -> None:
    """The one test at full optimisation of the largest graph that ships: vectorised loops, all outputs."""
    pytest.importorskip("numba", reason=COMPILED)
    from benchmarks.training import _plans
    from dojo_calc.performance.efficiency import chip_values
    from dojo_calc.performance.plan import flags
    from dojo_calc.performance.workload import transformer

    count = 4096
    plans = _plans(count)
    words = {name: plans.pop(name) for name in ("recompute", "sharding", "attention")}
    fixed = transformer("gpt3-175b").values() | chip_values("a100-sxm-80gb")
    fixed |= {"global_batch": 512.0, "sequence": 2048.0, "expert": 1.0, "visible": 1.0, "shard_copies": 1.0}
    values = fixed | plans | flags(words["recompute"], words["sharding"], words["attention"])
    outputs = ("step_time", "memory", *step.PARTS, *step.MEMORY)
    expected = step.evaluate(values, outputs)
    got = step.evaluate(values, outputs, 2**24)
    assert got.keys() == expected.keys()
    assert got["step_time"].base is not None, "a row of the kernel's results"
    for name in outputs:
        np.testing.assert_allclose(got[name], expected[name], rtol=1e-12, err_msg=name)
