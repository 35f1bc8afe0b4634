"""Writes a formula as a plain JavaScript function of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dojo_calc.quantities import signature
from dojo_calc.readings.tracing import TraceError, trace

__all__ = ["function", "written"]

# Words that cannot name a parameter.
_RESERVED = frozenset(
    "await break case catch class const continue debugger default delete do else enum eval arguments export extends "
    "false finally for function if implements import in instanceof interface let new null package private protected "
    "public return static super switch this throw true try typeof var void while with yield Math Infinity NaN".split()
)


def function(formula: Callable[..., Any], count: int) -> str:
    """Write a formula as a JavaScript function.

    Parameters
    ----------
    formula : callable
    count : int
        How many arguments it is given; the last parameter, if it is variadic, takes what is left.

    Returns
    -------
    str
        Such as ``(target,unit)=>target/unit``.

    Raises
    ------
    TraceError
        If it is no formula.
    """
    names = _parameters(formula, count)
    *shared, (_, last) = trace(formula, names).javascript(written)
    head = f"({','.join(map(written, names))})=>"
    if not shared:
        return head + last
    return f"{head}{{{''.join(f'const {name}={text};' for name, text in shared)}return {last}}}"


def _parameters(formula: Callable[..., Any], count: int) -> list[str]:
    """Names of as many arguments, those of a variadic parameter numbered."""
    declared = signature(formula)
    if declared is None:
        raise TraceError(f"{getattr(formula, '__name__', formula)} is not a formula: something has no unit")
    names: list[str] = []
    for one in declared.parameters:
        if one in declared.variadic:
            names += [f"{one}{index}" for index in range(1, count - len(names) + 1)]
        elif len(names) < count:
            names.append(one)
    return names


def written(name: str) -> str:
    """Name as JavaScript takes it: one of its own words gets an underscore."""
    return f"{name}_" if name in _RESERVED else name
