"""The boundary of functions that are no formulas: what a caller gives is held to the signature before anything runs.

A signature says already what a function takes. `door` reads it once, so that a list where a name is expected, a
number where a file is, or a yes where a number is gets one message that names the argument, and not whatever the
first line that stumbles over it would have said.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le

from dojo_calc.errors import ArgumentError

__all__ = ["door"]

P = ParamSpec("P")
R = TypeVar("R")
Fits = Callable[[Any], bool]
_MOST = 2**63  # whole numbers beyond it have no type of arrays


def _is_whole(one: Any) -> bool:
    return isinstance(one, Integral) and one is not True and one is not False and -_MOST <= int(one) < _MOST


def _is_number(one: Any) -> bool:
    if not isinstance(one, Real) or one is True or one is False:
        return False
    try:
        float(one)
    except OverflowError:  # a whole number beyond all of them
        return False
    return True


_PLAIN: dict[Any, tuple[Fits, str]] = {
    str: (lambda one: isinstance(one, str), "a text"),
    bool: (lambda one: isinstance(one, bool), "True or False"),
    int: (_is_whole, "a whole number"),
    float: (_is_number, "a number"),
    NoneType: (lambda one: one is None, "None"),
    Path: (lambda one: isinstance(one, PathLike), "a path"),
}


def door(function: Callable[P, R]) -> Callable[P, R]:
    """Put a boundary around a function: an argument that is not what its annotation says is refused.

    Read are texts, numbers, sequences, mappings, functions, classes, `Literal`, unions of them, and ``Ge``
    and ``Le`` beside a number. ``Any``, types with a unit and types that only a type checker imports are left to
    the function.

    Parameters
    ----------
    function : callable
        With annotations.

    Returns
    -------
    callable
        Of the same signature; raises `ArgumentError`, which names the argument, what it takes and what came.
    """
    places = list(inspect.signature(function).parameters.values())
    ordered = [one.name for one in places if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    rest = next((one.name for one in places if one.kind is one.VAR_POSITIONAL), "")
    named = {one.name for one in places if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)}

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        rules = _rules(function)
        for index, value in enumerate(args):
            _hold(rules, ordered[index] if index < len(ordered) else rest, value)
        for name, value in kwargs.items():
            if name in named:
                _hold(rules, name, value)
        return function(*args, **kwargs)

    return guarded


def _hold(rules: Mapping[str, tuple[Fits, str]], name: str, value: Any) -> None:
    rule = rules.get(name)
    if rule is not None and not rule[0](value):
        shown = " ".join(f"{value!r}".split()) if isinstance(value, str | Real | NoneType | bytes) else ""
        came = shown[:60] or f"{_article(type(value).__name__)}"
        raise ArgumentError(f"{name} must be {rule[1]}, got {came}")


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiouAEIOU' else 'a'} {word}"


@cache
def _rules(function: Callable[..., Any]) -> dict[str, tuple[Fits, str]]:
    """What each parameter takes, for those whose annotation says it."""
    found, function = {}, inspect.unwrap(function)
    for name, written in function.__annotations__.items():
        try:
            one = SimpleNamespace(__annotations__={name: written})
            hint = get_type_hints(one, function.__globals__, include_extras=True)[name]
        except NameError:  # a type imported for the type checker alone
            continue
        rule = _rule(hint)
        if rule is not None and name != "return":
            found[name] = rule
    return found


def _rule(hint: Any) -> tuple[Fits, str] | None:
    """How a value is held to an annotation, and in words what it takes; None for what is not read here."""
    if hint is Any:
        return None
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin: Any = get_origin(hint)
    inner = get_args(hint)
    if origin is Annotated:
        return _bounded(hint)
    if origin is Literal:
        return (lambda one: isinstance(one, str) and one in inner), " or ".join(map(str, inner))
    if origin in (Union, UnionType):
        return _either(inner)
    if origin is tuple and inner and inner[-1] is not Ellipsis:
        return _row(inner)
    if origin in (list, tuple, Sequence, Iterable):
        return _several(inner[0] if inner else Any, origin)
    if origin is Mapping or origin is dict:
        return _table(*inner)
    if origin is not None and origin is not type and not isinstance(origin, type):
        return None
    if origin is Callable or hint is Callable:
        return callable, "a function"
    if getattr(hint, "_is_protocol", False):
        needs = [name for name in vars(hint) if not name.startswith("_")]
        fits = (
            (lambda one: all(hasattr(one, name) for name in needs)),
            f"something to {' and '.join(needs)} with",
        )
        return fits if needs else None
    if isinstance(origin, type):
        return (lambda one: isinstance(one, origin)), _article(origin.__name__)
    if isinstance(hint, type) and hint is not object:
        return (lambda one: isinstance(one, hint)), _article(hint.__name__)
    return None


def _bounded(hint: Any) -> tuple[Fits, str] | None:
    """Rule of a number between bounds; one with a unit is checked where it is brought to SI."""
    base, *metadata = get_args(hint)
    plain = _PLAIN.get(base)
    if plain is None:
        return None
    bounds = [one for one in metadata if isinstance(one, Ge | Le)]
    words = " and ".join(
        f"of at least {one.ge}" if isinstance(one, Ge) else f"at most {one.le}" for one in bounds
    )

    def fits(value: Any) -> bool:
        return plain[0](value) and all(
            value >= one.ge if isinstance(one, Ge) else value <= one.le for one in bounds
        )

    return fits, f"{plain[1]} {words}".strip()


def _either(inner: tuple[Any, ...]) -> tuple[Fits, str] | None:
    rules = [_rule(one) for one in inner]
    read = [one for one in rules if one is not None]
    if len(read) < len(rules):
        return None
    words = " or ".join(dict.fromkeys(words for _, words in read if words != "None"))
    tests = [fits for fits, _ in read]

    return (lambda value: any(test(value) for test in tests)), words


def _row(inner: tuple[Any, ...]) -> tuple[Fits, str]:
    rules = [_rule(one) for one in inner]

    def fits(one: Any) -> bool:
        return (
            isinstance(one, tuple | list)
            and len(one) == len(rules)
            and all(rule is None or rule[0](part) for rule, part in zip(rules, one, strict=True))
        )

    return fits, f"a group of {' and '.join(rule[1] if rule else 'anything' for rule in rules)}"


def _several(inner: Any, origin: Any) -> tuple[Fits, str]:
    rule = _rule(inner)

    def fits(one: Any) -> bool:
        if isinstance(one, str | bytes) or not hasattr(one, "__iter__"):
            return False
        if isinstance(one, Mapping) and origin is not Iterable:
            return False
        if not hasattr(one, "__len__"):  # what can be gone through only once
            return origin is Iterable
        try:
            return rule is None or all(rule[0](part) for part in one)
        except TypeError:  # an array of no dimension
            return False

    many = f" of which each is {rule[1]}" if rule else ""
    return fits, f"a list{many}"


def _table(key: Any, value: Any) -> tuple[Fits, str]:
    keys, values = _rule(key), _rule(value)

    def fits(one: Any) -> bool:
        return (
            isinstance(one, Mapping)
            and (keys is None or all(keys[0](part) for part in one))
            and (values is None or all(values[0](part) for part in one.values()))
        )

    to = f" from {keys[1]}" if keys else ""
    return fits, f"a mapping{to}{f' to {values[1]}' if values else ''}"
