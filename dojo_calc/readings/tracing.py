"""Runs a formula on stand-ins, and writes what it did as text, LaTeX, JavaScript or a Vega expression.

A `Tracer` records every operation as a node of a graph; equal nodes are one node, so a shared intermediate
is written once and named. Its operations are those of `dojo_calc.operations` and no others; a formula that
branches on a value or asks for a number out of a tracer is refused with the reason. Where an
engine lacks `expm1` and `log1p`, they are written in ``exp`` and ``log`` [1]_.

References
----------
.. [1] W. Kahan's way to exp(x) - 1 and log(1 + x) from exp and log, in N. J. Higham, "Accuracy and Stability of
   Numerical Algorithms", 2nd edition, SIAM 2002, section 1.14.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from dojo_calc.errors import DojoCalcError
from dojo_calc.operations import ALLOWANCE, OPERATIONS, exp, log, maximum, minimum, where
from dojo_calc.quantities import signature

__all__ = ["Expression", "Node", "TraceError", "Tracer", "node_of", "trace"]


class TraceError(DojoCalcError):
    """A function cannot be traced: it branches, loops, or uses an operation off the closed list."""


@dataclass(frozen=True, eq=False)
class Node:
    """One operation: its name, what it works on, and for leaves a name or a number.

    Made by `_node_of` alone, which returns the same object for the same operation on the same nodes.
    """

    operation: str
    arguments: tuple[Node, ...] = ()
    leaf: str | float = ""

    def walk(self) -> Iterator[Node]:
        """Yield every node of the graph once, arguments before what uses them."""
        seen: set[Node] = set()
        stack = [(self, False)]
        while stack:
            node, ready = stack.pop()
            if node in seen:
                continue
            if ready:
                seen.add(node)
                yield node
            else:
                stack.append((node, True))
                stack.extend((argument, False) for argument in reversed(node.arguments))


# Arguments are known by identity: a living node keeps them alive, so their ids are not taken by others.
_NODES: WeakValueDictionary[tuple[str, tuple[int, ...], str | float], Node] = WeakValueDictionary()


def _node_of(operation: str, arguments: tuple[Node, ...] = (), leaf: str | float = "") -> Node:
    key = operation, tuple(map(id, arguments)), leaf
    found = _NODES.get(key)
    if found is None:
        _NODES[key] = found = Node(operation, arguments, leaf)
    return found


class Tracer:
    """Stands for a number; operations on it build a graph of nodes."""

    __slots__ = ("node",)
    # Comparing tracers gives a tracer, so they cannot be keys; typeshed declares that every object can.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, node: Node) -> None:
        self.node = node

    @classmethod
    def named(cls, name: str) -> Tracer:
        """Tracer of a parameter."""
        return cls(_node_of("name", leaf=name))

    def __neg__(self) -> Tracer:
        return _record("negative", self)

    def __pos__(self) -> Tracer:
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Tracer:
        if ufunc not in OPERATIONS or method != "__call__" or kwargs:
            raise TraceError(f"{ufunc.__name__} is not among the operations a formula may use")
        return _record(ufunc.__name__, *inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Tracer:
        if function not in OPERATIONS or kwargs:
            raise TraceError(f"{function.__name__} is not among the operations a formula may use")
        return _record(function.__name__, *args)

    def __bool__(self) -> bool:
        raise TraceError("a formula does not branch on a value; use where(condition, a, b)")

    def __float__(self) -> float:
        raise TraceError("a formula does not take a number out of its operands")

    def __iter__(self) -> Any:
        raise TraceError("a formula does not loop over elements")


def _record(operation: str, *inputs: Any) -> Tracer:
    return Tracer(_node_of(operation, tuple(node_of(one) for one in inputs)))


def node_of(value: Any) -> Node:
    """Node of a tracer, or of a number.

    Raises
    ------
    TraceError
        For an array.
    """
    if isinstance(value, Tracer):
        return value.node
    number = np.asarray(value, dtype=np.float64)
    if number.ndim:
        raise TraceError("a formula holds no arrays of its own")
    return _node_of("number", leaf=float(number))


def _binary(operation: str, *, swapped: bool = False) -> Callable[[Any, Any], Tracer]:
    def method(self: Any, other: Any) -> Tracer:
        return _record(operation, other, self) if swapped else _record(operation, self, other)

    return method


_SYMBOLS = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "power"}
for _symbol, _name in _SYMBOLS.items():
    setattr(Tracer, f"__{_symbol}__", _binary(_name))
    setattr(Tracer, f"__r{_symbol}__", _binary(_name, swapped=True))
_COMPARISONS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}
for _symbol, _name in (_COMPARISONS | {"eq": "equal", "ne": "not_equal"}).items():
    setattr(Tracer, f"__{_symbol}__", _binary(_name))


@dataclass(frozen=True)
class Expression:
    """What a function did to its parameters, ready to be written out."""

    root: Node

    @property
    def names(self) -> list[str]:
        """Names of the parameters it used, in order of first use."""
        return [str(node.leaf) for node in self.root.walk() if node.operation == "name"]

    def text(self) -> str:
        """Readable formula: ``target / unit``.

        Terms that a long formula uses more than once are named and follow it: ``t1 / (1 + t1), where t1 = a * b``.
        """
        root, named = plain(self.root), dict[Node, str]()
        lines = []
        for term in named_terms(root):
            written = _infix(term, _TEXT, named)[0]
            named[term] = f"t{len(named) + 1}"
            lines.append(f"{named[term]} = {written}")
        formula = _infix(root, _TEXT, named)[0]
        return f"{formula}, where {'; '.join(lines)}" if lines else formula

    def latex(self) -> str:
        r"""LaTeX formula: ``\frac{\text{target}}{\text{unit}}``, with terms named as `text` does."""
        root, named = plain(self.root), dict[Node, str]()
        lines = []
        for term in named_terms(root):
            written = _latex(term, named)[0]
            named[term] = f"t_{{{len(named) + 1}}}"
            lines.append(f"{named[term]} = {written}")
        formula = _latex(root, named)[0]
        return ",\\quad ".join([formula, *lines])

    def vega(self, rename: Callable[[str], str] = str, prefix: str = "") -> list[tuple[str, str]]:
        """Vega expressions that compute it, each used by the later ones.

        Parameters
        ----------
        rename : callable
            How a parameter is written, such as ``lambda name: f"datum.{name}"``.

        prefix : str
            Of the names of shared intermediates.

        Returns
        -------
        list of (str, str)
            Name and expression of each node that is used more than once, then of the result, whose name is
            empty. Nodes used once are written in place.
        """
        return _lines(_spelled_out(self.root), _vega, rename, prefix)

    def javascript(self, rename: Callable[[str], str] = str) -> list[tuple[str, str]]:
        """JavaScript expressions that compute it, each used by the later ones, of functions of ``Math`` alone.

        Parameters
        ----------
        rename : callable
            How a parameter is written.

        Returns
        -------
        list of (str, str)
            Name and expression, as of `vega`. A comparison as the result is a number, as it is in an array.
        """
        *shared, (_, last) = _lines(self.root, _javascript, rename, "")
        truth = self.root.operation in _TRUTH
        return [*shared, ("", f"+({last})" if truth else last)]


def trace(function: Callable[..., Any], names: Sequence[str | float] | None = None) -> Expression:
    """Trace a formula over its parameters.

    Parameters
    ----------
    function : callable
        A formula of the library or a reader's own.
    names : sequence of str or float, optional
        Names of its arguments in order, where they are not its parameters' own, or numbers that never vary; arguments
        left out keep their defaults. Without it, a variadic parameter becomes three, numbered from 1.

    Returns
    -------
    Expression

    Raises
    ------
    TraceError
        If it is no formula, branches, or leaves the closed list; the message names it.
    """
    declared = signature(function)
    label = getattr(function, "__name__", repr(function))
    if declared is None:
        raise TraceError(f"{label} is not a formula: a parameter or its result has no unit")
    if names is None:
        names = [
            name
            for one in declared.parameters
            for name in ([f"{one}{i}" for i in (1, 2, 3)] if one in declared.variadic else [one])
        ]
    try:
        result = function(*(Tracer.named(name) if isinstance(name, str) else name for name in names))
    except TraceError as error:
        raise TraceError(f"{label}: {error}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise TraceError(f"{label} cannot be traced: {error}") from None
    return Expression(node_of(result))


# --- Writing --------------------------------------------------------------------------------------------

# How tightly a comparison binds. One beside another would be read as a chain, so it has brackets.
COMPARED = 3
_TEXT = {
    "add": ("+", 4), "subtract": ("-", 4), "multiply": ("*", 5), "divide": ("/", 5), "power": ("**", 7),
    "less": ("<", 3), "less_equal": ("<=", 3), "greater": (">", 3), "greater_equal": (">=", 3),
    "equal": ("==", 3), "not_equal": ("!=", 3),
}  # fmt: skip
_ATOM = 9


# Text and LaTeX of numbers that digits would not explain.
_NAMED = {
    math.pi: ("pi", r"\pi"),
    1.0 - ALLOWANCE: ("(1 - 2**-46)", r"\left(1 - 2^{-46}\right)"),
    1.0 + ALLOWANCE: ("(1 + 2**-46)", r"\left(1 + 2^{-46}\right)"),
}


def number_text(value: float) -> str:
    if value in _NAMED:
        return _NAMED[value][0]
    return f"{int(value)}" if value == int(value) and abs(value) < 1e15 else repr(value)


def plain(root: Node) -> Node:
    """Graph without what changes no value: adding or taking off nothing, multiplying or dividing by one."""
    made: dict[Node, Node] = {}
    for node in root.walk():
        parts = tuple(made[argument] for argument in node.arguments)
        idle = _IDLE.get(node.operation)
        kept = [
            at for at, part in enumerate(parts) if idle is None or at not in idle or part.leaf != idle[at]
        ]
        lone = len(parts) == 2 and len(kept) < 2  # of two numbers the first is written
        made[node] = parts[kept[0] if kept else 0] if lone else _node_of(node.operation, parts, node.leaf)
    return made[root]


# By operation, the number that does nothing at each of its places.
_IDLE = {"add": {0: 0.0, 1: 0.0}, "subtract": {1: 0.0}, "multiply": {0: 1.0, 1: 1.0}, "divide": {1: 1.0}}


def named_terms(root: Node) -> list[Node]:
    """Terms to be named in the text of a formula, each before those that use it; none if it is short."""
    length: dict[Node, int] = {}
    uses: dict[Node, int] = {}
    for node in root.walk():
        length[node] = len(str(node.leaf)) + sum(length[one] + 3 for one in node.arguments)
        for argument in node.arguments:
            uses[argument] = uses.get(argument, 0) + 1
    if length[root] <= _SHORT:
        return []
    return [node for node, used in uses.items() if node.arguments and used > 1 and length[node] > _TERM]


_SHORT = 240  # characters of a formula that is written out in full
_TERM = 16  # characters of a term that is worth a name


def _infix(
    node: Node, operators: Mapping[str, tuple[str, int]], named: Mapping[Node, str]
) -> tuple[str, int]:
    """Text of a node and how tightly it binds."""
    if node in named:
        return named[node], _ATOM
    if node.operation == "name":
        return str(node.leaf), _ATOM
    if node.operation == "number":
        return number_text(float(node.leaf)), _ATOM if float(node.leaf) >= 0 else 0
    parts = [_infix(argument, operators, named) for argument in node.arguments]
    if node.operation == "negative":
        return f"-{_wrapped(parts[0], 6)}", 6
    if node.operation in operators:
        symbol, level = operators[node.operation]
        # Subtraction, division and powers do not associate, so an equal level on the far side needs brackets.
        left = _wrapped(parts[0], level + (node.operation == "power" or level == COMPARED))
        right = _wrapped(
            parts[1], level + (node.operation != "power" and node.operation not in ("add", "multiply"))
        )
        return f"{left} {symbol} {right}", level
    return f"{node.operation}({', '.join(text for text, _ in parts)})", _ATOM


def _wrapped(part: tuple[str, int], level: int) -> str:
    text, own = part
    return text if own >= level else f"({text})"


_LATEX_INFIX = {
    "add": ("+", 4), "subtract": ("-", 4), "multiply": (r"\,", 5), "less": ("<", 3), "less_equal": (r"\le", 3),
    "greater": (">", 3), "greater_equal": (r"\ge", 3), "equal": ("=", 3), "not_equal": (r"\ne", 3),
}  # fmt: skip
_LATEX_CALL = {
    "ceil": r"\left\lceil {} \right\rceil", "floor": r"\left\lfloor {} \right\rfloor", "sqrt": r"\sqrt{{{}}}",
    "exp": r"e^{{{}}}", "log": r"\ln\left({}\right)", "log2": r"\log_2\left({}\right)",
    "expm1": r"\left(e^{{{}}} - 1\right)", "log1p": r"\ln\left(1 + {}\right)",
    "minimum": r"\min\left({}, {}\right)", "maximum": r"\max\left({}, {}\right)",
    "where": r"\begin{{cases}} {1} & {0} \\ {2} & \text{{else}} \end{{cases}}",
}  # fmt: skip


def _latex(node: Node, named: Mapping[Node, str]) -> tuple[str, int]:
    if node in named:
        return named[node], _ATOM
    if node.operation == "name":
        return r"\text{" + str(node.leaf).replace("_", " ") + "}", _ATOM
    if node.operation == "number":
        value = float(node.leaf)
        return _NAMED[value][1] if value in _NAMED else number_text(value), _ATOM if value >= 0 else 0
    parts = [_latex(argument, named) for argument in node.arguments]
    if node.operation == "divide":
        return rf"\frac{{{parts[0][0]}}}{{{parts[1][0]}}}", _ATOM
    if node.operation == "power":
        return f"{{{_wrapped(parts[0], _ATOM)}}}^{{{parts[1][0]}}}", 7
    if node.operation == "negative":
        return f"-{_wrapped(parts[0], 6)}", 6
    if node.operation in _LATEX_INFIX:
        symbol, level = _LATEX_INFIX[node.operation]
        left = _wrapped(parts[0], level + (level == COMPARED))
        return f"{left} {symbol} {_wrapped(parts[1], level + (symbol == '-' or level == COMPARED))}", level
    return _LATEX_CALL[node.operation].format(*(text for text, _ in parts)), _ATOM


def _spelled_out(root: Node) -> Node:
    """Graph of the same value without `expm1` and `log1p`, which Vega's expression language lacks."""
    made: dict[Node, Node] = {}
    for node in root.walk():
        parts = tuple(made[argument] for argument in node.arguments)
        if node.operation in _SPELLED:
            made[node] = node_of(_SPELLED[node.operation](Tracer(parts[0])))
        else:
            made[node] = _node_of(node.operation, parts, node.leaf)
    return made[root]


def _expm1(x: Any) -> Any:
    # The rounding of `grown` enters the difference and the logarithm alike, and leaves their quotient; far
    # from 1 nothing cancels, and the quotient would be that of two infinities where `grown` is one.
    grown = exp(x)
    near = maximum(minimum(grown, 2.0), 0.5)
    quotient = (near - 1.0) * (x / log(near))
    return where(near == 1.0, x, where(near == grown, quotient, grown - 1.0))


def _log1p(x: Any) -> Any:
    more = 1.0 + x
    return where(more == 1.0, x, log(more) * (x / (more - 1.0)))


_SPELLED = {"expm1": _expm1, "log1p": _log1p}

# Vega's expression language has no operator for these.
_VEGA_CALL = {
    "power": "pow({}, {})", "minimum": "min({}, {})", "maximum": "max({}, {})", "ceil": "ceil({})",
    "floor": "floor({})", "exp": "exp({})", "log": "log({})", "log2": "(log({}) / LN2)", "sqrt": "sqrt({})",
    "where": "if({}, {}, {})", "negative": "(-{})", "positive": "({})",
}  # fmt: skip


def _lines(
    root: Node,
    write: Callable[[Node, Mapping[Node, str], Callable[[str], str]], str],
    rename: Callable[[str], str],
    prefix: str,
) -> list[tuple[str, str]]:
    """Expressions in some language, what is used more than once named and ahead of what uses it."""
    uses: dict[Node, int] = {}
    for node in root.walk():
        for argument in node.arguments:
            uses[argument] = uses.get(argument, 0) + 1
    named: dict[Node, str] = {}
    lines = []
    for node in root.walk():
        if node.arguments and uses.get(node, 0) > 1:
            name = f"{prefix}shared{len(named)}"
            lines.append((name, write(node, named, rename)))
            named[node] = rename(name)
    return [*lines, ("", write(root, named, rename))]


def _vega(node: Node, named: Mapping[Node, str], rename: Callable[[str], str]) -> str:
    if node in named:
        return named[node]
    if node.operation == "name":
        return rename(str(node.leaf))
    if node.operation == "number":
        value = float(node.leaf)
        return repr(value) if value >= 0 else f"({value!r})"
    parts = [_vega(argument, named, rename) for argument in node.arguments]
    if node.operation in _VEGA_CALL:
        return _VEGA_CALL[node.operation].format(*parts)
    return f"({parts[0]} {_TEXT[node.operation][0]} {parts[1]})"


_JAVASCRIPT_CALL = {
    "power": "pow", "minimum": "min", "maximum": "max", "ceil": "ceil", "floor": "floor", "exp": "exp", "log": "log",
    "log2": "log2", "sqrt": "sqrt", "expm1": "expm1", "log1p": "log1p",
}  # fmt: skip
_TRUTH = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})


def _javascript(node: Node, named: Mapping[Node, str], rename: Callable[[str], str]) -> str:
    return _javascript_bound(node, named, rename)[0]


def _javascript_bound(node: Node, named: Mapping[Node, str], rename: Callable[[str], str]) -> tuple[str, int]:
    """JavaScript of a node and how tightly it binds."""
    if node in named:
        return named[node], _ATOM
    if node.operation == "name":
        return rename(str(node.leaf)), _ATOM
    if node.operation == "number":
        value = float(node.leaf)
        text = {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value)
        if text is None:
            text = f"{int(value)}" if value == int(value) and abs(value) < 1e6 else repr(value)
        return text, _ATOM if value >= 0 else 0
    parts = [_javascript_bound(argument, named, rename) for argument in node.arguments]
    if node.operation == "negative":
        return f"-{_wrapped(parts[0], 6)}", 6
    if node.operation == "where":
        return f"{_wrapped(parts[0], 3)}?{_wrapped(parts[1], 2)}:{_wrapped(parts[2], 2)}", 1
    if node.operation in _JAVASCRIPT_CALL:
        return f"Math.{_JAVASCRIPT_CALL[node.operation]}({','.join(text for text, _ in parts)})", _ATOM
    symbol, level = _TEXT[node.operation]
    # Sums of floats do not associate, so the right side keeps brackets that the text of a formula drops.
    left = _wrapped(parts[0], level + (level == COMPARED))
    return f"{left}{symbol}{_wrapped(parts[1], level + 1)}", level
