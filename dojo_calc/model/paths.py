"""How outputs of a model are computed: its steps in order, run one by one, as one kernel, or by pipefunc."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np

from dojo_calc.errors import DomainError
from dojo_calc.model.conditions import Check
from dojo_calc.model.inputs import Input
from dojo_calc.model.wiring import Wired
from dojo_calc.quantities import Spec
from dojo_calc.readings.compiled import Guard, Program, columns, traced

_MOST = sys.float_info.max

__all__ = ["Path", "as_pipefunc", "released_after"]


@dataclass(frozen=True)
class Path:
    """How outputs are computed when some names are given: worked out once for each such question."""

    inputs: tuple[str, ...]
    steps: tuple[Wired, ...]
    released: tuple[tuple[str, ...], ...]  # what no later step reads, after each step
    checks: tuple[tuple[Check, frozenset[str]], ...]  # conditions to hold, and the outputs that they concern
    kept: tuple[str, ...]  # outputs, and what the conditions look at
    programs: dict[tuple[str, ...], Program | None] = field(default_factory=dict)  # by what varies
    guarded: dict[tuple[str, ...], Program | None] = field(default_factory=dict)

    def held(
        self,
        outputs: Sequence[str],
        values: Mapping[str, Any],
        points: int,
        label: str,
        specs: Callable[[str], Spec],
    ) -> dict[str, Any] | None:
        """Outputs by one compiled kernel that holds every array to its domain and every condition on the way.

        None where something is broken, or not compiled: then the ordinary way says what.
        """
        return _compiled(
            self.guarded, values, points, lambda varied: self._guarded(outputs, varied, label, specs)
        )

    def _guarded(
        self, outputs: Sequence[str], varied: Sequence[str], label: str, specs: Callable[[str], Spec]
    ) -> Program | None:
        steps, rules = self._written(), []
        for check, _ in self.checks:
            if check.formula is None:
                return None  # a procedure judges
            steps.append((check.says, check.formula.function, check.formula.arguments))
            rules.append(check.says)
        names = [*outputs, *varied, *rules]
        graph = traced(steps, names, label)
        if graph is None:
            return None
        guards = [Guard(graph[rule], ">", 0.0, holds=False) for rule in rules]
        for name in {**dict.fromkeys(outputs), **dict.fromkeys(varied)}:
            spec = specs(name)
            low, high = max(spec.low, -_MOST), min(spec.high, _MOST)
            guards.append(Guard(graph[name], ">" if spec.low_open else ">=", low))
            guards.append(Guard(graph[name], "<" if spec.high_open else "<=", high))
        return Program({name: graph[name] for name in outputs}, varied, label, guards)

    def fused(self, values: Mapping[str, Any], points: int, label: str) -> dict[str, Any] | None:
        """What is kept, by one compiled kernel; None where the formulas are to be called one by one."""

        def plain(varied: tuple[str, ...]) -> Program | None:
            graph = traced(self._written(), self.kept, label)
            return None if graph is None else Program(graph, varied, label)

        return _compiled(self.programs, values, points, plain)

    def _written(self) -> list[tuple[str, Any, Sequence[str]]]:
        """Steps as a graph is traced from them."""
        return [(one.name, one.function, one.arguments) for one in self.steps]

    def run(self, values: dict[str, Any], model: str, *, keep: bool) -> None:
        """Compute the steps one by one into the values of the inputs, and let go of what no later step reads."""
        try:
            with np.errstate(all="ignore"):  # what is not finite is refused where it comes out
                for wired, released in zip(self.steps, self.released, strict=True):
                    values[wired.name] = wired.function(*[values[argument] for argument in wired.arguments])
                    if not keep:
                        for argument in released:
                            del values[argument]
        except ZeroDivisionError:
            zeros = [one for one in wired.arguments if not np.any(values[one])]
            raise DomainError(
                f"{wired.name} of model {model} divides by zero: {' and '.join(zeros)} came out 0"
            ) from None
        except ArithmeticError as error:
            taken = ", ".join(f"{one} = {values[one]}" for one in wired.arguments if not np.ndim(values[one]))
            raise DomainError(f"{wired.name} of model {model} has no value at {taken}: {error}") from None

    def digest(self, given: Sequence[str], defaults: Sequence[tuple[str, Any]], model: str) -> str:
        """Digest of what is computed from values given and defaults: formulas, conditions and defaults."""
        steps = self._written()
        graph = traced(steps, self.kept, f"model {model}")
        if graph is None:  # a procedure, of which its code is told
            import cloudpickle

            code = cloudpickle.dumps(steps).hex()
        else:
            program = Program(graph, [*self.inputs, *given], model)
            code = f"{program.code} {program.outputs} {program.constants}"
        rules = [(check.kind, check.says) for check, _ in self.checks]
        return sha256(repr((code, defaults, given, rules)).encode()).hexdigest()


def _compiled(
    known: dict[tuple[str, ...], Program | None],
    values: Mapping[str, Any],
    points: int,
    made: Callable[[tuple[str, ...]], Program | None],
) -> dict[str, Any] | None:
    """What a kernel for the arrays among some values gives, made once; None where none is to be used."""
    varied = columns(values, points)
    if not varied:
        return None
    if varied not in known:
        known[varied] = made(varied)
    program = known[varied]
    return None if program is None else program.run(values, points)


def released_after(steps: Sequence[Wired], kept: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """What no later step reads, after each step.

    A block of a long sweep stays in the cache only if that is let go at once.
    """
    last = {argument: wired.name for wired in steps for argument in wired.arguments}
    return tuple(
        tuple(one for one in dict.fromkeys(wired.arguments) if last[one] == wired.name and one not in kept)
        for wired in steps
    )


def as_pipefunc(steps: Mapping[str, Wired], inputs: Mapping[str, Input]) -> Any:
    """Steps as a `pipefunc.Pipeline`, with the defaults of their inputs."""
    from pipefunc import PipeFunc, Pipeline

    functions: list[Any] = []
    for wired in steps.values():
        own = list(inspect.signature(wired.function).parameters)
        renames = dict(zip(own, wired.arguments, strict=False))
        functions.append(PipeFunc(wired.function, wired.name, renames=renames))
    defaults: dict[str, Any] = {one.name: one.value for one in inputs.values() if one.value is not None}
    pipeline = Pipeline(functions, validate_type_annotations=False)
    pipeline.update_defaults(defaults)
    return pipeline
