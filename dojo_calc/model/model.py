"""A model: formulas wired together by the names of their parameters.

    >>> import dojo_calc as dc
    >>> model = dc.Model(
    ...     {"chips": dc.units_needed, "power": dc.step(dc.pooled_power, units="chips", unit="chip_power")},
    ...     inputs={"target": "100 EFLOP/s", "unit": "d1.peak_bf16", "chip_power": "d1.power"},
    ... )
    >>> round(model.evaluate("power") / 1e6, 1)
    110.5

pipefunc holds the graph; the checks are ours, since it knows no units, takes a misspelled parameter for an
input and names nobody in a cycle. Every root is a fact, an assumption or a declared input; every producer
has the unit its consumer asks for.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

import numpy as np

from dojo_calc import units
from dojo_calc.errors import DojoCalcError, DomainError, UnknownNameError, nearest
from dojo_calc.facts import Fact
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.quantities import Spec, check_against, check_result, signature

__all__ = ["Input", "Model", "ModelError", "Step", "step"]

Given: TypeAlias = Any  # a number, an array, a text, a quantity or a tracer
_FACT = re.compile(r"[^\[\]=]+\.[a-z][a-z0-9_]*(\[[^\[\]]+\])?")


class ModelError(DojoCalcError):
    """Formulas do not fit together; the message names them."""


@dataclass(frozen=True)
class Step:
    """A formula in a model, and where its parameters come from when the names differ."""

    function: Callable[..., Any]
    wires: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


def step(function: Callable[..., Any], **wires: str | tuple[str, ...]) -> Step:
    """Wire a formula's parameters to other names.

    Parameters
    ----------
    function : callable
        A formula.
    **wires : str or tuple of str
        Parameter to the name of an input or step; a tuple for a variadic parameter.

    Returns
    -------
    Step
    """
    return Step(function, wires)


@dataclass(frozen=True)
class Input:
    """A root of a model: its default value [SI], its 90 % interval, and where it comes from.

    `value` is None for an input that has no default and must be given; `readings` holds all facts where
    sources conflict.
    """

    name: str
    spec: Spec
    value: float | None
    low: float | None
    high: float | None
    source: str
    readings: tuple[Fact, ...] = ()

    @property
    def uncertain(self) -> bool:
        """Whether it has an interval or conflicting readings."""
        return self.low != self.high or len({fact.value for fact in self.readings}) > 1


@dataclass(frozen=True)
class _Wired:
    """A step ready to run: a formula and the names its arguments come from, in order."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]
    specs: tuple[Spec, ...]
    result: Spec


class Model:
    """Formulas assembled into a graph.

    Parameters
    ----------
    steps : mapping or sequence of pairs
        Output name to formula or `Step`.
    inputs : mapping
        Every root: a fact by name (``"d1.peak_bf16"``, any quantity of the catalogue), a `Fact`, a number in
        SI, a text with a unit, a triple (value, low, high) of either, or None for an input without default.
    book : Catalogue, optional
        Where facts are looked up; the shipped catalogue if left out.
    name : str

    Raises
    ------
    ModelError
        For a cycle, two producers of a name, a parameter that nothing provides, an input that nothing uses, a
        unit or domain that does not fit, or a function that does not broadcast.
    """

    def __init__(
        self,
        steps: Mapping[str, Callable[..., Any] | Step] | Iterable[tuple[str, Callable[..., Any] | Step]],
        inputs: Mapping[str, Any],
        book: Catalogue | None = None,
        name: str = "model",
    ) -> None:
        self.name = name
        self.book = book or catalogue()
        self._steps = _wire(steps.items() if isinstance(steps, Mapping) else steps)
        _check_names(self._steps, inputs)
        self._order = _order(self._steps)
        self._paths: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}  # what was needed before
        needs = _check_units(self._steps)
        self.inputs = {one: _input(one, needs[one], given, self.book) for one, given in inputs.items()}
        for wired in self._steps.values():
            _check_broadcasts(wired)

    def __repr__(self) -> str:
        return f"<Model {self.name}: {', '.join(self.inputs)} -> {', '.join(self._order)}>"

    @property
    def outputs(self) -> list[str]:
        """Names of all steps, in the order they are computed."""
        return list(self._order)

    def spec(self, name: str) -> Spec:
        """Unit and domain of an input or a step.

        Raises
        ------
        UnknownNameError
            If there is none of that name.
        """
        if name in self.inputs:
            return self.inputs[name].spec
        return self._step(name).result

    def _step(self, name: str) -> _Wired:
        if name not in self._steps:
            raise UnknownNameError(f"model {self.name} has no output {name!r}{nearest(name, self._steps)}")
        return self._steps[name]

    def formula(self, name: str) -> tuple[Callable[..., Any], tuple[str, ...]]:
        """Formula of a step, and the names its arguments come from."""
        wired = self._step(name)
        return wired.function, wired.arguments

    def needed(self, outputs: Sequence[str], given: Iterable[str] = ()) -> list[str]:
        """Steps and inputs that some outputs need when some values are given, in the order of computation."""
        stop, found, stack = set(given), set[str](), list(outputs)
        while stack:
            name = stack.pop()
            if name in found:
                continue
            found.add(name)
            if name not in stop and name not in self.inputs:
                stack += self._step(name).arguments
        return [name for name in (*self.inputs, *self._order) if name in found]

    def evaluate(self, outputs: str | Sequence[str] | None = None, /, **given: Given) -> Any:
        """Compute outputs.

        Parameters
        ----------
        outputs : str or sequence of str, optional
            One output gives its value; several, or none for all, give a dictionary.
        **given
            Values of inputs, or of steps to be given instead of computed: numbers or arrays in SI of any
            shapes that broadcast, texts with units, quantities, tracers.

        Returns
        -------
        float, ndarray, or dict of them

        Raises
        ------
        UnknownNameError
            If an output or a given name is unknown.
        ModelError
            If an input has no default and is not given.
        UnitError, DomainError
            If a value does not fit, or an output comes out outside of its declared domain, as where values given
            make no sense together; the message names it.
        """
        wanted = [outputs] if isinstance(outputs, str) else list(outputs or self._order)
        values = self._computed(wanted, given, keep=False)
        for name in wanted:
            values[name] = check_result(values[name], self.spec(name), name, given)
        return values[wanted[0]] if isinstance(outputs, str) else {name: values[name] for name in wanted}

    def values(self, outputs: Sequence[str], given: Mapping[str, Given]) -> dict[str, Any]:
        """Evaluate outputs and keep every value on the way, inputs included."""
        return self._computed(outputs, given, keep=True)

    def _computed(self, outputs: Sequence[str], given: Mapping[str, Given], *, keep: bool) -> dict[str, Any]:
        for name in given:
            if name not in self.inputs and name not in self._steps:
                known = (*self.inputs, *self._steps)
                raise UnknownNameError(f"model {self.name} has no input {name!r}{nearest(name, known)}")
        values = {name: self._checked(name, value) for name, value in given.items()}
        path = (tuple(outputs), tuple(given))
        if path not in self._paths:
            self._paths[path] = self.needed(outputs, given)
        needed = [name for name in self._paths[path] if name not in values]
        for name in needed:
            if name in self.inputs:
                values[name] = self._default(name)
        steps = [self._steps[name] for name in needed if name in self._steps]
        # A block of a long sweep stays in the cache only if what no later step reads is let go at once.
        last = {} if keep else {argument: wired.name for wired in steps for argument in wired.arguments}
        for wired in steps:
            taken = [values[argument] for argument in wired.arguments]
            try:
                values[wired.name] = wired.function(*taken)
            except ZeroDivisionError:
                zeros = [
                    name for name, value in zip(wired.arguments, taken, strict=True) if not np.any(value)
                ]
                raise DomainError(
                    f"{wired.name} of model {self.name} divides by zero: {' and '.join(zeros)} came out 0"
                ) from None
            for argument in wired.arguments:
                if last.get(argument) == wired.name and argument not in outputs:
                    values.pop(argument, None)
        return values

    def _default(self, name: str) -> float:
        value = self.inputs[name].value
        if value is None:
            raise ModelError(f"model {self.name} needs a value for {name} [{self.inputs[name].spec.unit}]")
        return value

    def _checked(self, name: str, value: Given) -> Any:
        if hasattr(value, "node"):  # a tracer has no value to check
            return value
        return check_against(value, self.spec(name), name)

    def replace(self, **inputs: Any) -> Model:
        """Model with other defaults: facts, numbers, texts or triples, as for the constructor.

        Raises
        ------
        UnknownNameError
            If there is no such input.
        """
        changed = object.__new__(Model)
        changed.__dict__ |= self.__dict__
        changed.inputs = dict(self.inputs)
        for name, given in inputs.items():
            if name not in self.inputs:
                raise UnknownNameError(f"model {self.name} has no input {name!r}{nearest(name, self.inputs)}")
            changed.inputs[name] = _input(name, self.inputs[name].spec, given, self.book)
        return changed

    def pipeline(self) -> Any:
        """Return the graph as a `pipefunc.Pipeline`, for its drawings, mapping and executors."""
        from pipefunc import PipeFunc, Pipeline

        functions: list[Any] = []
        for wired in self._steps.values():
            own = list(inspect.signature(wired.function).parameters)
            renames = dict(zip(own, wired.arguments, strict=False))
            functions.append(PipeFunc(wired.function, wired.name, renames=renames))
        defaults: dict[str, Any] = {
            one.name: one.value for one in self.inputs.values() if one.value is not None
        }
        pipeline = Pipeline(functions, validate_type_annotations=False)
        pipeline.update_defaults(defaults)
        return pipeline


def _wire(steps: Iterable[tuple[str, Callable[..., Any] | Step]]) -> dict[str, _Wired]:
    found: dict[str, _Wired] = {}
    for name, given in steps:
        one = given if isinstance(given, Step) else Step(given)
        label = getattr(one.function, "__name__", repr(one.function))
        if name in found:
            raise ModelError(f"{name} is computed twice: by {found[name].function.__name__} and by {label}")
        declared = signature(one.function)
        if declared is None:
            raise ModelError(
                f"{label} is not a formula: annotate each parameter and the result with a unit alias"
            )
        for parameter in one.wires:
            if parameter not in declared.parameters:
                hint = nearest(parameter, declared.parameters)
                raise ModelError(f"{label} has no parameter {parameter!r}{hint}")
        arguments: list[str] = []
        specs: list[Spec] = []
        for parameter, spec in declared.parameters.items():
            defaulted = (
                inspect.signature(one.function).parameters[parameter].default is not inspect.Parameter.empty
            )
            if defaulted and parameter not in one.wires:
                break  # the formula's own default stands, and those after it
            sources = one.wires.get(parameter, () if parameter in declared.variadic else parameter)
            for source in (sources,) if isinstance(sources, str) else sources:
                arguments.append(source)
                specs.append(spec)
        found[name] = _Wired(name, one.function, tuple(arguments), tuple(specs), declared.result)
    return found


def _check_names(steps: Mapping[str, _Wired], inputs: Mapping[str, Any]) -> None:
    used = {argument for wired in steps.values() for argument in wired.arguments}
    for name in inputs:
        if name in steps:
            raise ModelError(
                f"{name} has two producers: {steps[name].function.__name__} and a declared input"
            )
        if name not in used:
            raise ModelError(f"input {name!r} is used by no formula{nearest(name, used - set(inputs))}")
    for wired in steps.values():
        for argument in wired.arguments:
            if argument not in steps and argument not in inputs:
                hint = nearest(argument, (*steps, *inputs))
                taker = f"{wired.function.__name__} takes to compute {wired.name}"
                raise ModelError(f"nothing provides {argument!r}, which {taker}{hint}")


def _order(steps: Mapping[str, _Wired]) -> tuple[str, ...]:
    graph = {name: [one for one in wired.arguments if one in steps] for name, wired in steps.items()}
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # graphlib names the nodes from consumer to producer; a reader follows the flow.
        raise ModelError(f"formulas go round in a circle: {' -> '.join(reversed(error.args[1]))}") from None


def _check_units(steps: Mapping[str, _Wired]) -> dict[str, Spec]:
    """Hold producers to consumers, and consumers of one input to each other; give each input its spec."""
    needs: dict[str, tuple[Spec, str]] = {}
    for wired in steps.values():
        for argument, spec in zip(wired.arguments, wired.specs, strict=True):
            taker = wired.function.__name__
            if argument in steps:
                given, giver = steps[argument].result, steps[argument].function.__name__
            else:
                given, giver = needs.get(argument, (spec, taker))
            if units.unit(given.unit).dimensionality != units.unit(spec.unit).dimensionality:
                raise ModelError(f"{argument} is in {given.unit} for {giver}, but in {spec.unit} for {taker}")
            if argument not in steps:
                needs[argument] = _narrower(given, spec), giver
            elif given.low < spec.low or given.high > spec.high:
                raise ModelError(
                    f"{argument} is {given.domain} out of {giver}, but {taker} takes {spec.domain}"
                )
    return {name: spec for name, (spec, _) in needs.items()}


def _narrower(one: Spec, other: Spec) -> Spec:
    """Domain that suits both consumers of an input."""
    low, low_open = max((one.low, one.low_open), (other.low, other.low_open))
    return replace(one, low=low, low_open=low_open, high=min(one.high, other.high))


def _check_broadcasts(wired: _Wired) -> None:
    """Call a formula once on small arrays of different shapes."""
    shapes = ((2, 1), (1, 3))
    arrays = [np.full(shapes[i % 2], _typical(spec)) for i, spec in enumerate(wired.specs)]
    label = wired.function.__name__
    try:
        shape = np.shape(wired.function(*arrays))
    except ValueError as error:
        if "truth value" in str(error):
            raise ModelError(f"{label} branches on an array; use dojo_calc.operations.where") from None
        raise ModelError(f"{label} does not broadcast: {error}") from None
    except TypeError as error:
        raise ModelError(f"{label} does not take arrays: {error}") from None
    expected = np.broadcast_shapes(*(array.shape for array in arrays))
    if shape != expected:
        raise ModelError(f"{label} does not broadcast: shape {shape} from arguments of shape {expected}")


def _typical(spec: Spec) -> float:
    low = spec.low if np.isfinite(spec.low) else -1.0
    return (low + spec.high) / 2 if np.isfinite(spec.high) else low + 2.0


def _input(name: str, spec: Spec, given: Any, book: Catalogue) -> Input:
    if isinstance(given, Input):
        return replace(given, name=name, spec=spec)
    pinned = isinstance(given, str) and given.endswith("]")  # a named reading leaves no conflict open
    if isinstance(given, str) and _FACT.fullmatch(given):
        given = book.fact(given)
    if isinstance(given, Fact):
        if units.unit(given.unit).dimensionality != units.unit(spec.unit).dimensionality:
            raise ModelError(f"input {name} must be in {spec.unit}, but {given.name} is in {given.unit}")
        known = book.facts.has(given.entity, given.quantity) and not pinned
        readings = tuple(book.facts.readings(given.entity, given.quantity)) if known else (given,)
        value, low, high = (
            check_against(bound, spec, name) for bound in (given.value, given.low, given.high)
        )
        return Input(name, spec, value, low, high, f"{given.name}, {given.source}", readings)
    if given is None:
        return Input(name, spec, None, None, None, "must be given")
    if isinstance(given, tuple):
        if len(given) != 3:
            raise ModelError(f"input {name} must be (value, low, high), got {len(given)} values")
        value, low, high = (check_against(bound, spec, name) for bound in given)
        if not low <= value <= high:
            raise ModelError(f"input {name}: expected low <= value <= high, got {low:g}, {value:g}, {high:g}")
        return Input(name, spec, value, low, high, "given")
    value = check_against(given, spec, name)
    return Input(name, spec, value, value, value, "given")
