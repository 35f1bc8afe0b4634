"""A traced graph as one fused kernel: every output in one pass over the points, and nothing kept in between.

NumPy stays the default and the reference. Where numba is installed (the extra ``compiled``) and a call is large
enough to be worth it, the graph is written as straight-line code, compiled once and kept on disk by its own text,
so that the same graph is not compiled again. Terms that no array enters are computed beforehand, in Python, as
NumPy's reading does. Results lie within the same bound of the expression in higher precision as NumPy's, which the
tests hold both to; they may differ from NumPy's in the last digit of a power, a logarithm or an exponential.

Whether a call is compiled depends on the call alone (its operations times its points), so that the same call gives
the same digits whatever ran before it. What is not compiled, and why, is told to the log ``dojo_calc``.
"""

from __future__ import annotations

import inspect
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from dojo_calc.readings import vector_math
from dojo_calc.readings.tracing import Node, TraceError, Tracer, node_of
from dojo_calc.tables import whole_file

__all__ = ["Guard", "Program", "available", "columns", "computed", "is_column", "traced"]

FloatArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

LEAST_WORK: Final = 2**25  # operations times points, below which NumPy is done before a kernel is loaded
_SPLIT: Final = 2**17  # points from which a kernel runs on all cores
LEAST_POINTS: Final = 2**14  # below them no graph of ours is large enough
_STRIP: Final = 1024  # points of which all steps are in the first-level cache
_APART: Final = 8  # doubles of the widest vector
_LOG = logging.getLogger("dojo_calc")

_INFIX: Final = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "less": "<", "less_equal": "<=",
    "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
}  # fmt: skip
_CALL: Final = {
    "negative": "-{0}", "positive": "{0}", "where": "{1} if {0} else {2}",
    # written so that a NaN comes out, as NumPy has it
    "minimum": "{0} if {0} < {1} or {0} != {0} else {1}", "maximum": "{0} if {0} > {1} or {0} != {0} else {1}",
    "ceil": "np.ceil({0})", "floor": "np.floor({0})", "sqrt": "np.sqrt({0})", "exp": "exp({0})",
    "expm1": "expm1({0})", "log": "log({0})", "log1p": "log1p({0})", "log2": "log2({0})",
}  # fmt: skip


def _small(node: Node) -> str | None:
    """How a power of a small whole number is written without a call."""
    exponent = node.arguments[1] if node.operation == "power" else node
    return (
        {1.0: "{0}", 2.0: "{0} * {0}"}.get(float(exponent.leaf)) if exponent.operation == "number" else None
    )


@dataclass(frozen=True)
class Guard:
    """What must hold of a node at every point: that it compares so with a number, or that it does not.

    The two differ where the node is NaN, of which no comparison is true.
    """

    node: Node
    comparison: Literal["<", "<=", ">", ">="]
    number: float
    holds: bool = True


class Program:
    """A graph ready to run on columns of values.

    Parameters
    ----------
    roots : mapping of str to Node
        Output to what computes it.
    varied : sequence of str
        Names of which each point has its own value; the others have one for all.
    label : str
        How the log calls it.
    guards : sequence of Guard
        Looked at while the values are at hand, so that no array is read again to be checked.

    Attributes
    ----------
    code : str
        The kernel, the same text for the same graph whatever its names.
    operations : int
        Of one point, without the guards: so that a graph is compiled with them only where it is without.
    """

    def __init__(
        self, roots: Mapping[str, Node], varied: Sequence[str], label: str, guards: Sequence[Guard] = ()
    ) -> None:
        self.roots, self.varied, self.label = dict(roots), tuple(varied), label
        ends = [*self.roots.values(), *(guard.node for guard in guards)]
        order = list(dict.fromkeys(node for end in ends for node in end.walk()))
        moving: set[Node] = set()
        for node in order:
            if (
                node.leaf in self.varied
                if node.operation == "name"
                else not moving.isdisjoint(node.arguments)
            ):
                moving.add(node)
        self._still = [node for node in order if node not in moving]
        self._still_guards = [guard for guard in guards if guard.node not in moving]
        self._guards = [guard for guard in guards if guard.node in moving]
        self._left = False  # once a guard was broken, every later block is left to NumPy, which says where
        self.outputs = tuple(name for name, root in self.roots.items() if root in moving)
        own = {node for root in self.roots.values() for node in root.walk()}
        self.operations = sum(node in own and node in moving and node.operation != "name" for node in order)
        self._constants = list(
            dict.fromkeys(
                argument
                for node in order
                if node in moving
                for argument in node.arguments
                if argument not in moving
            )
        )
        self.code = self._written([node for node in order if node in moving])

    @property
    def constants(self) -> list[float | str]:
        """Numbers and names that the kernel takes as one value for all points."""
        return [node.leaf for node in self._constants]

    def _written(self, moving: Sequence[Node]) -> str:
        """Text of the kernel: a loop over the points, or several over a strip at a time where there are powers.

        A power is a call, which keeps the loop that it stands in scalar; so each power has a loop of its own, and the
        others take its results from an array. What leads to it is computed again, which costs less than keeping it.
        """
        powers = [node for node in moving if node.operation == "power" and _small(node) is None]
        depth: dict[Node, int] = {}
        for node in moving:
            depth[node] = max((depth.get(one, 0) + (one in powers) for one in node.arguments), default=0)
        lines = [f"    c{index} = c[{index}]" for index in range(len(self._constants))]
        lines += [f"    {kind}{index} = np.empty({_STRIP})" for index in range(len(powers)) for kind in "pq"]
        lines += ["    bad = 0"] if self._guards else []
        strip = str(_STRIP) if powers else "max(o0.size, 1)"
        lines += [f"    for at in range(0, o0.size, {strip}):", f"        size = min({strip}, o0.size - at)"]
        # Of a slice an index is never negative, which the compiler would otherwise provide for, point by point.
        arrays = [f"x{index}" for index in range(len(self.varied))]
        arrays += [f"o{index}" for index in range(len(self.outputs))]
        lines += [f"        s{one} = {one}[at : at + size]" for one in arrays]
        for level in sorted({depth[node] for node in powers}):
            here = [index for index, node in enumerate(powers) if depth[node] == level]
            ends = [
                (f"{kind}{index}[i]", one)
                for index in here
                for kind, one in zip("pq", powers[index].arguments, strict=True)
            ]
            lines += self._loop(moving, powers, ends)
            for index in here:
                lines += [
                    "        for i in range(size):",
                    f"            p{index}[i] = p{index}[i] ** q{index}[i]",
                ]
        lines += self._loop(
            moving,
            powers,
            [(f"so{index}[i]", self.roots[name]) for index, name in enumerate(self.outputs)],
            self._guards,
        )
        taken = ["c", *arrays]
        if self._guards:
            lines.append("    b[0] = bad")
            taken.append("b")
        return "\n".join([f"def kernel({', '.join(taken)}):", *lines]) + "\n"

    def _loop(
        self,
        moving: Sequence[Node],
        powers: Sequence[Node],
        ends: Sequence[tuple[str, Node]],
        guards: Sequence[Guard] = (),
    ) -> list[str]:
        """Lines of one loop over a strip: compute some nodes, put them where they go, count the guards they break."""
        wanted: set[Node] = set()
        stack = [*(node for _, node in ends), *(guard.node for guard in guards)]
        while stack:
            node = stack.pop()
            if node not in wanted:
                wanted.add(node)
                stack += () if node in powers else node.arguments
        names = {node: f"c{index}" for index, node in enumerate(self._constants)}
        lines = ["        for i in range(size):"]
        for node in moving:
            if node not in wanted:
                continue
            names[node] = f"t{len(lines)}"
            if node in powers:
                text = f"p{powers.index(node)}[i]"
            elif node.operation == "name":
                text = f"sx{self.varied.index(str(node.leaf))}[i]"
            else:
                parts = [names[argument] for argument in node.arguments]
                infix = _INFIX.get(node.operation)
                written = _small(node) or (f"{{0}} {infix} {{1}}" if infix else _CALL[node.operation])
                text = written.format(*parts)
            lines.append(f"            {names[node]} = {text}")
        lines += [f"            {place} = {names[node]}" for place, node in ends]
        # A count of whole numbers is added up in vectors; a float would be added up in its order, one by one.
        lines += [
            f"            bad += {int(not one.holds)} if {names[one.node]} {one.comparison} {one.number!r} "
            f"else {int(one.holds)}"
            for one in guards
        ]
        return lines

    def run(self, values: Mapping[str, Any], points: int = 0) -> dict[str, Any] | None:
        """Outputs from the values of all names, or None where NumPy should compute them.

        Parameters
        ----------
        values : mapping
            Name to a number, or to an array of one dimension for what varies [SI].
        points : int
            Of the whole task that this call is a part of; its own if left out.

        Returns
        -------
        dict or None
            Output to an array, or to a number where nothing that varies enters it. None if numba is missing, the task
            is too small, a guard is broken, or a term without arrays has no value, of which NumPy's reading then
            speaks.
        """
        if self._left or not self.outputs:
            return None
        size = max(np.size(values[name]) for name in self.varied)
        if self.operations * max(points, size) < LEAST_WORK or not available():
            return None
        function = _kernel(
            self.code, len(self.varied) + len(self.outputs), self.label, counted=bool(self._guards)
        )
        if function is None:
            return None
        try:
            still = self._prelude(values)
        except ArithmeticError:
            return None
        if any(
            _PLAIN[_NAMES[one.comparison]](still[one.node], one.number) != one.holds
            for one in self._still_guards
        ):
            return None
        constants = np.array([float(still[node]) for node in self._constants])
        given = [np.ascontiguousarray(values[name], dtype=np.float64) for name in self.varied]
        # Arrays less than a vector apart look as if they overlapped, and the loop would run one point at a time.
        made = list(np.empty((len(self.outputs), size + 2 * _APART))[:, _APART : _APART + size])
        if _spread(function, constants, [*given, *made], size, counted=bool(self._guards)):
            self._left = True
            return None
        found = dict(zip(self.outputs, made, strict=True))
        return {name: found[name] if name in found else still[root] for name, root in self.roots.items()}

    def _prelude(self, values: Mapping[str, Any]) -> dict[Node, Any]:
        """Values of the terms that no array enters, with the operations that a formula itself would have used."""
        return _walked(self._still, values)


def _plain(operation: str) -> Callable[..., Any]:
    if operation not in _INFIX:
        function: Callable[..., Any] = getattr(np, operation)
        return function
    written: Callable[..., Any] = eval(f"lambda a, b: a {_INFIX[operation]} b")
    return written


_PLAIN: Final = {operation: _plain(operation) for operation in (*_INFIX, *_CALL)}
_NAMES: Final = {symbol: operation for operation, symbol in _INFIX.items()}


def _walked(order: Iterable[Node], values: Mapping[str, Any]) -> dict[Node, Any]:
    found: dict[Node, Any] = {}
    for node in order:
        if node.operation == "name":
            found[node] = values[str(node.leaf)]
        elif node.operation == "number":
            found[node] = node.leaf
        else:
            found[node] = _PLAIN[node.operation](*(found[argument] for argument in node.arguments))
    return found


def computed(roots: Mapping[str, Node], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of graphs by NumPy, each shared node once.

    Parameters
    ----------
    roots : mapping of str to Node
    values : mapping
        Name to a number or an array in SI; the shapes broadcast.

    Returns
    -------
    dict
        Name of each graph to a number or an array.
    """
    found = _walked(dict.fromkeys(node for root in roots.values() for node in root.walk()), values)
    return {name: found[root] for name, root in roots.items()}


def traced(
    steps: Sequence[tuple[str, Callable[..., Any], Sequence[str]]], outputs: Sequence[str], label: str
) -> dict[str, Node] | None:
    """Graph of steps in the order of computation: output to its node; None, and a line in the log, if one has none.

    Parameters
    ----------
    steps : sequence of (str, callable, sequence of str)
        Name, formula, and where its arguments come from.
    outputs : sequence of str
        Steps, or names that no step computes.
    label : str
        How the log calls it.
    """
    known: dict[str, Any] = {}
    for name, formula, arguments in steps:
        try:
            known[name] = formula(*[known[one] if one in known else Tracer.named(one) for one in arguments])
        except (TraceError, TypeError, ValueError, AttributeError) as error:
            _LOG.info("%s runs in NumPy, since %s cannot be compiled: %s", label, name, error)
            return None
    return {name: node_of(known[name] if name in known else Tracer.named(name)) for name in outputs}


def columns(values: Mapping[str, Any], points: int = 0) -> tuple[str, ...]:
    """Names whose values are arrays of one dimension and one size; none if others are, or all are too small."""
    shapes = {name: np.shape(value) for name, value in values.items() if np.ndim(value)}
    if len(set(shapes.values())) != 1:
        return ()
    shape = next(iter(shapes.values()))
    return tuple(shapes) if len(shape) == 1 and max(points, *shape) >= LEAST_POINTS else ()


def is_column(value: Any) -> bool:
    """Whether a value is an array of numbers that a kernel takes as it is."""
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype == np.float64


@cache
def available() -> bool:
    """Whether numba can be imported; if not, the log is told once."""
    try:
        import_module("numba")
        import llvmlite.binding
    except ImportError:
        _LOG.info("numba is not installed (the extra compiled), so every formula runs in NumPy")
        return False
    # By default LLVM vectorises no loop over more arrays than it can check for overlap with a few comparisons, and
    # for a strip it checks, too widely, what lies around it.
    llvmlite.binding.set_option("dojo_calc", "-runtime-memory-check-threshold=100000")
    llvmlite.binding.set_option("dojo_calc", "-vectorize-memory-check-threshold=100000")
    llvmlite.binding.set_option("dojo_calc", "-hoist-runtime-checks=false")
    return True


_COMPILING = threading.Lock()
_KERNELS: dict[str, Callable[..., None] | None] = {}


def _kernel(code: str, arrays: int, label: str, *, counted: bool) -> Callable[..., None] | None:
    """Compiled function of a kernel's text, from memory, from disk, or made now."""
    with _COMPILING:
        if code not in _KERNELS:
            _KERNELS[code] = _compiled(code, arrays, label, counted=counted)
        return _KERNELS[code]


def _compiled(code: str, arrays: int, label: str, *, counted: bool) -> Callable[..., None] | None:
    import numba

    path = _kept(code)
    space: dict[str, Any] = _functions() | {
        "np": np,
        "__name__": __name__,
    }  # where numba looks when it loads it again
    exec(compile(code, "<kernel>" if path is None else str(path), "exec"), space)
    vector = numba.types.float64[::1]
    signature = numba.void(*[vector] * (arrays + 1), *[numba.types.int64[::1]] * counted)
    try:
        made = numba.njit(signature, error_model="numpy", nogil=True, cache=path is not None)(space["kernel"])
    except numba.core.errors.NumbaError as error:
        _LOG.info("%s runs in NumPy, since it cannot be compiled: %s", label, error)
        return None
    found: Callable[..., None] = made
    return found


@cache
def _functions() -> dict[str, Any]:
    """Exponentials and logarithms, compiled into whatever kernel calls them."""
    from numba.extending import register_jitable

    put = register_jitable(error_model="numpy", forceinline=True)
    for helper in vector_math.HELPERS:
        put(helper)
    return {name: put(function) for name, function in vector_math.FUNCTIONS.items()}


@cache
def _mathematics() -> str:
    """Text of the functions that are compiled into kernels: a kernel made of others is another one."""
    return inspect.getsource(vector_math)


def _kept(code: str) -> Path | None:
    """File of a kernel's text, beside which numba keeps what it compiled; None where nothing can be kept."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = (
        Path(home)
        / "dojo_calc"
        / "compiled"
        / f"{sha256(f'{_mathematics()}{code}'.encode()).hexdigest()[:32]}.py"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with whole_file(path) as scratch:
                scratch.write_text(code, encoding="utf-8")
    except (OSError, RuntimeError):
        return None
    return path if os.access(path.parent, os.W_OK) else None


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="dojo_calc")


def _spread(
    function: Callable[..., None],
    constants: FloatArray,
    arrays: Sequence[FloatArray],
    size: int,
    *,
    counted: bool,
) -> int:
    """Run a kernel over all points: on all cores, unless the caller is itself one of several threads.

    How many guards were broken.
    """
    alone = size < _SPLIT or threading.current_thread() is not threading.main_thread()
    part = max(size, 1) if alone else -(-size // (os.cpu_count() or 1))
    starts = range(0, max(size, 1), part)
    counts = np.zeros((len(starts), 1), dtype=np.int64)
    calls: list[tuple[Any, ...]] = [
        (constants, *(one[start : start + part] for one in arrays), *[count] * counted)
        for start, count in zip(starts, counts, strict=True)
    ]
    if alone:
        function(*calls[0])
    else:
        for call in [_threads().submit(function, *one) for one in calls]:
            call.result()
    return int(counts.sum())
