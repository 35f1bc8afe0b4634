"""Graphs under other names, so that graphs beside each other share a name only where they mean the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from dojo_calc.model.wiring import Step
from dojo_calc.quantities import signature

__all__ = ["renamed", "sources"]

AnyStep: TypeAlias = "Callable[..., Any] | Step"


def sources(one: AnyStep) -> dict[str, str | float | tuple[str | float, ...]]:
    """Where each argument of a step comes from, a formula's own defaults left to it."""
    function, wires = (one.function, one.wires) if isinstance(one, Step) else (one, {})
    declared = signature(function)
    found: dict[str, str | float | tuple[str | float, ...]] = {}
    own = inspect.signature(function).parameters
    for name in declared.parameters if declared else ():
        if own[name].default is not own[name].empty and name not in wires:
            break
        found[name] = wires.get(name, () if own[name].kind is own[name].VAR_POSITIONAL else name)
    return found


def renamed(steps: Mapping[str, AnyStep], names: Mapping[str, str | float]) -> dict[str, AnyStep]:
    """Steps whose values go by other names, or are constants.

    Parameters
    ----------
    steps : mapping
    names : mapping
        Old name to new name, or to a number in SI that stands for it.

    Returns
    -------
    dict
        Of the same formulas.
    """

    def named(source: str | float) -> str | float:
        return names.get(source, source) if isinstance(source, str) else source

    made: dict[str, AnyStep] = {}
    for name, one in steps.items():
        wires = {
            parameter: tuple(map(named, source)) if isinstance(source, tuple) else named(source)
            for parameter, source in sources(one).items()
        }
        new = named(name)
        assert isinstance(new, str)
        function, chosen = (one.function, one.chosen) if isinstance(one, Step) else (one, False)
        made[new] = Step(function, wires, chosen)
    return made
