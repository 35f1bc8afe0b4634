"""Steps of a model: formulas, where their arguments come from, and the checks when they are put together."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

import numpy as np

from dojo_calc import units
from dojo_calc.doors import door
from dojo_calc.errors import ArgumentError, DomainError, ModelError, nearest
from dojo_calc.quantities import Spec, check_against, signature

__all__ = ["Bound", "Graph", "Step", "Wired", "choice", "step"]

_SPANS = {units.hour: "1 hour", units.day: "1 day", units.month: "1 month", units.year: "1 year"}
Wire: TypeAlias = "str | float | tuple[str | float, ...]"


@dataclass(frozen=True)
class Step:
    """A formula in a model, and where its parameters come from when the names differ.

    `chosen` says that the formula is only the default of a decision: what is decided otherwise contradicts
    nothing, so it may be given whatever else is in force.
    """

    function: Callable[..., Any]
    wires: Mapping[str, Wire] = field(default_factory=dict)
    chosen: bool = False


@door
def step(function: Callable[..., Any], **wires: Wire) -> Step:
    """Wire a formula's parameters to other names, or to constants.

    Parameters
    ----------
    function : callable
        A formula.
    **wires : str, float, or tuple of them
        Parameter to the name of an input or step, or to a number in SI that never varies, such as the seconds of
        an hour; a tuple for a variadic parameter.

    Returns
    -------
    Step
    """
    return Step(function, wires)


@door
def choice(function: Callable[..., Any], **wires: Wire) -> Step:
    """Wire a formula that makes a decision unless somebody makes it otherwise, as `step` does.

    Returns
    -------
    Step
        Of a value that may be given beside everything it is otherwise computed from.
    """
    return Step(function, wires, chosen=True)


class Bound:
    """A formula with some of its arguments fixed; to everybody who looks it is the formula of the others."""

    def __init__(
        self, function: Callable[..., Any], constants: Mapping[int, float], kinds: Mapping[int, str]
    ) -> None:
        self.function, self.constants, self.kinds = function, dict(constants), dict(kinds)
        self.__name__ = getattr(function, "__name__", repr(function))
        own = inspect.signature(function)
        whole = list(own.parameters.values())
        last = whole[-1]
        fixed = {whole[min(place, len(whole) - 1)].name for place in constants}
        kept = [one for one in whole if one.name not in fixed or one.kind is last.VAR_POSITIONAL]
        self.__signature__ = own.replace(parameters=kept)
        names = {"return", *(one.name for one in kept)}
        self.__annotations__ = {
            name: kind for name, kind in inspect.get_annotations(function).items() if name in names
        }
        self.__wrapped__ = function  # where names in annotations are looked up

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Result of the formula, with the fixed arguments in their places."""
        arguments = list(self.__signature__.bind(*given, **named).args if named else given)
        for place, value in self.constants.items():  # in rising order, so that each goes to its place
            arguments.insert(place, value)
        return self.function(*arguments)

    def written(self, arguments: Iterable[str]) -> list[str | float]:
        """Arguments of the formula itself, its constants as people write them."""
        found: list[str | float] = list(arguments)
        for place, value in self.constants.items():
            found.insert(place, _SPANS.get(value, value) if self.kinds[place] == "s" else value)
        return found


@dataclass(frozen=True)
class Wired:
    """A step ready to run: a formula and the names its arguments come from, in order."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]
    specs: tuple[Spec, ...]
    result: Spec
    chosen: bool = False


def wired(name: str, one: Step) -> Wired:
    """Read where each argument of a step comes from."""
    label = getattr(one.function, "__name__", repr(one.function))
    declared = signature(one.function)
    if declared is None:
        raise ModelError(
            f"{label} is not a formula: annotate each parameter and the result with a unit alias"
        )
    for parameter in one.wires:
        if parameter not in declared.parameters:
            raise ModelError(
                f"{label} has no parameter {parameter!r}{nearest(parameter, declared.parameters)}"
            )
    arguments: list[str] = []
    specs: list[Spec] = []
    constants: dict[int, float] = {}
    kinds: dict[int, str] = {}
    own = inspect.signature(one.function).parameters
    for parameter, spec in declared.parameters.items():
        if own[parameter].default is not inspect.Parameter.empty and parameter not in one.wires:
            break  # the formula's own default stands, and those after it
        sources = one.wires.get(parameter, () if parameter in declared.variadic else parameter)
        for source in sources if isinstance(sources, tuple) else (sources,):
            if isinstance(source, str):
                arguments.append(source)
                specs.append(spec)
            else:
                value = check_against(source, spec, f"{parameter} of {label}")
                place = len(arguments) + len(constants)
                constants[place], kinds[place] = value, spec.unit
    function = Bound(one.function, constants, kinds) if constants else one.function
    return Wired(name, function, tuple(arguments), tuple(specs), declared.result, one.chosen)


def wire(steps: Iterable[tuple[str, Callable[..., Any] | Step]]) -> dict[str, Wired]:
    """Read all steps, none of which may stand twice."""
    found: dict[str, Wired] = {}
    for name, given in steps:
        one = given if isinstance(given, Step) else Step(given)
        if name in found:
            label = getattr(one.function, "__name__", repr(one.function))
            raise ModelError(f"{name} is computed twice: by {found[name].function.__name__} and by {label}")
        found[name] = wired(name, one)
    return found


@dataclass(frozen=True)
class Graph:
    """Steps, all names in the order of computation, and those steps that are outputs."""

    steps: Mapping[str, Wired]
    names: tuple[str, ...]
    outputs: tuple[str, ...]

    def above(self, outputs: Iterable[str], given: Iterable[str] = ()) -> set[str]:
        """Steps and inputs that some outputs need when some values are given, those themselves included."""
        stop, found, stack = set(given), set[str](), list(outputs)
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                if name not in stop and name in self.steps:
                    stack += self.steps[name].arguments
        return found

    def roots(self, name: str, given: Iterable[str] = ()) -> list[str]:
        """Inputs, decisions and given values that a step follows from, in the order of computation."""
        stop = {*given, *(one for one, wired in self.steps.items() if wired.chosen)} - {name}
        found = self.above(self.steps[name].arguments if name in self.steps else (), stop)
        return [one for one in self.names if one in found and (one not in self.steps or one in stop)]


def check_names(steps: Mapping[str, Wired], inputs: Mapping[str, Any]) -> None:
    """Refuse two producers of a name, an input that nothing uses and a parameter that nothing provides."""
    used = {argument for one in steps.values() for argument in one.arguments}
    for name in inputs:
        if name in steps:
            raise ModelError(
                f"{name} has two producers: {steps[name].function.__name__} and a declared input"
            )
        if name not in used:
            raise ModelError(f"input {name!r} is used by no formula{nearest(name, used - set(inputs))}")
    for one in steps.values():
        for argument in one.arguments:
            if argument not in steps and argument not in inputs:
                hint = nearest(argument, (*steps, *inputs))
                taker = f"{one.function.__name__} takes to compute {one.name}"
                raise ModelError(f"nothing provides {argument!r}, which {taker}{hint}")


def order(steps: Mapping[str, Wired]) -> tuple[str, ...]:
    """Names of the steps in an order in which they can be computed."""
    graph = {name: [one for one in wired.arguments if one in steps] for name, wired in steps.items()}
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # graphlib names the nodes from consumer to producer; a reader follows the flow.
        raise ModelError(f"formulas go round in a circle: {' -> '.join(reversed(error.args[1]))}") from None


def check_units(steps: Mapping[str, Wired]) -> dict[str, Spec]:
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
                needs[argument] = narrower(given, spec), giver
            elif given.low < spec.low or given.high > spec.high:
                raise ModelError(
                    f"{argument} is {given.domain} out of {giver}, but {taker} takes {spec.domain}"
                )
    return {name: spec for name, (spec, _) in needs.items()}


def narrower(one: Spec, other: Spec) -> Spec:
    """Domain that suits both consumers of an input."""
    low, low_open = max((one.low, one.low_open), (other.low, other.low_open))
    high, high_closed = min((one.high, not one.high_open), (other.high, not other.high_open))
    return replace(one, low=low, high=high, low_open=low_open, high_open=not high_closed)


def named(outputs: str | Sequence[str]) -> tuple[str, ...]:
    """Names of outputs asked for, one or several.

    Raises
    ------
    ArgumentError
        If it is neither a text nor a list of texts.
    """
    if isinstance(outputs, str):
        return (outputs,)
    wanted = tuple(outputs) if isinstance(outputs, Sequence) else ()
    if not isinstance(outputs, Sequence) or not all(isinstance(name, str) for name in wanted):
        raise ArgumentError(f"outputs must be a name or a list of names, got {outputs!r:.60}")
    return wanted


def check_broadcasts(wired: Wired) -> None:
    """Call a formula once on small arrays of different shapes."""
    shapes = ((2, 1), (1, 3))
    arrays = [np.full(shapes[i % 2], _typical(spec)) for i, spec in enumerate(wired.specs)]
    label = wired.function.__name__
    try:
        shape = np.shape(wired.function(*arrays))
    except DomainError:  # a procedure may refuse values that make no sense together, as these stand-ins may
        return
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
