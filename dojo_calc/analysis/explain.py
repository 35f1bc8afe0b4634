"""How an output comes about: every step with its formula, its value and the source of every leaf."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dojo_calc.doors import door
from dojo_calc.errors import UnitError
from dojo_calc.formatting import format_si
from dojo_calc.model.model import Model
from dojo_calc.model.wiring import Bound
from dojo_calc.pictures.graph import Box, drawing
from dojo_calc.readings.tracing import TraceError, trace
from dojo_calc.words import words

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Explained", "Explanation", "explain", "signals"]


LONGEST = 240  # characters of a formula that somebody reads; beyond it guards for rare values have the word


@dataclass(frozen=True)
class Explained:
    """One value of a model: an input with its source, or a step with its formula."""

    name: str
    value: float
    unit: str
    shown: str
    formula: str
    latex: str
    function: str
    arguments: tuple[str, ...]
    source: str

    @property
    def label(self) -> str:
        """What people call it."""
        return words(self.name).label


@dataclass(frozen=True)
class Explanation:
    """Steps that lead to an output, inputs first."""

    output: str
    steps: tuple[Explained, ...]
    conditions: tuple[tuple[str, str], ...] = ()  # what must hold, and what is wrong with it, if anything

    def __getitem__(self, name: str) -> Explained:
        return next(one for one in self.steps if one.name == name)

    def __str__(self) -> str:
        return self.tree()

    def tree(self, depth: int | None = None) -> str:
        """Tree of the steps, the output first and what it is made of below it; then the conditions.

        Parameters
        ----------
        depth : int, optional
            How far below the output to go [1]; to the end if left out.
        """
        lines = self._tree(self.output, "", "", {}, math.inf if depth is None else depth)
        return "\n".join([*lines, *(f"{says}: {wrong or 'holds'}" for says, wrong in self.conditions)])

    def within(self, depth: int | None = None) -> tuple[Explained, ...]:
        """Steps at most so far below the output, inputs first, as a tree of that depth names them.

        Parameters
        ----------
        depth : int, optional
            How far below the output to go [1]; all of them if left out.
        """
        if depth is None:
            return self.steps
        kept, edge = {self.output}, {self.output}
        for _ in range(depth):
            edge = {name for one in edge for name in self[one].arguments} - kept
            if not edge:
                break
            kept |= edge
        return tuple(one for one in self.steps if one.name in kept)

    @cached_property
    def _heights(self) -> dict[str, int]:
        """How many levels of steps and inputs are below each step."""
        found: dict[str, int] = {}
        for one in self.steps:
            found[one.name] = max((found[argument] + 1 for argument in one.arguments), default=0)
        return found

    def _tree(self, name: str, first: str, then: str, shown: dict[str, float], depth: float) -> list[str]:
        one = self[name]
        left = min(depth, self._heights[name])
        known = one.arguments and shown.get(name, -1) >= left  # above it may have been cut short
        why = "see above" if known else one.formula or one.source
        lines = [f"{first}{name} = {one.shown}   [{why}]"]
        if known or depth == 0:
            return lines
        shown[name] = left
        for index, argument in enumerate(one.arguments):
            last = index == len(one.arguments) - 1
            branch, blank = ("`- ", "   ") if last else ("|- ", "|  ")
            lines += self._tree(argument, then + branch, then + blank, shown, depth - 1)
        return lines

    def _repr_html_(self) -> str:
        import polars as pl

        from dojo_calc.pictures.charts import table  # Altair is loaded only where something is shown

        caption = f"How {self.output} comes about"
        rows = [(one.name, one.label, one.shown, one.formula or "given", one.source) for one in self.steps]
        frame = pl.DataFrame(rows, schema=["name", "what", "value", "formula", "source"], orient="row")
        told = "".join(
            f"<p>{html.escape(says)}: {html.escape(wrong or 'holds')}.</p>" for says, wrong in self.conditions
        )
        return self.picture() + table(frame, f"{caption}.")._repr_html_() + told

    def picture(self) -> str:
        """HTML of the graph of all steps, each with its value; what is given has a dashed edge."""
        title = f"Graph of how {self.output} comes about"
        boxes = [
            Box(one.name, one.shown, one.arguments, f"{one.label}: {one.name} = {one.formula or one.source}")
            for one in self.steps
        ]
        return (
            f'<div class="dojo-graph" role="region" tabindex="0" aria-label="{html.escape(title)}" '
            f'style="overflow-x: auto">{drawing(boxes, title)}</div>'
        )

    def rows(self) -> list[dict[str, Any]]:
        """Steps as plain dictionaries, for JSON."""
        return [asdict(one) | {"label": one.label} for one in self.steps]

    def table(self) -> pl.DataFrame:
        """Steps as a polars frame."""
        import polars as pl

        columns = ("name", "shown", "formula", "source")
        return pl.DataFrame([{column: getattr(one, column) for column in columns} for one in self.steps])


@door
def explain(model: Model, output: str, /, **given: Any) -> Explanation:
    """Explain one output of a model.

    Parameters
    ----------
    model : Model
    output : str
    **given
        Scalar values of inputs or steps, as for `Model.evaluate`.

    Returns
    -------
    Explanation
        Prints as a tree, with the model's conditions below; shows as a graph and a table in a notebook.

    Raises
    ------
    UnknownNameError, ModelError, UnitError, DomainError
        As `Model.evaluate` does.
    """
    values = model.values([output], given)
    for name in given:
        if np.ndim(values[name]):
            raise UnitError(
                f"{name} must be one number to be explained, got an array of {np.size(values[name]):,}"
            )
    steps = tuple(_explained(model, name, values, given) for name in model.needed([output], given))
    return Explanation(output, steps, tuple(model.told(output, given)))


def _explained(model: Model, name: str, values: Mapping[str, Any], given: Mapping[str, Any]) -> Explained:
    value, unit = float(values[name]), model.spec(name).unit
    shown = format_si(value, unit)
    if name in given:
        return Explained(name, value, unit, shown, "", "", "", (), "given")
    if name in model.inputs:
        return Explained(name, value, unit, shown, "", "", "", (), model.inputs[name].source)
    function, arguments = model.formula(name)
    text, latex = _written(function, arguments)
    return Explained(name, value, unit, shown, text, latex, function.__name__, arguments, "")


def _written(function: Callable[..., Any], arguments: tuple[str, ...]) -> tuple[str, str]:
    try:
        if isinstance(function, Bound):
            expression = trace(function.function, function.written(arguments))
        else:
            expression = trace(function, arguments)
    except TraceError:  # a reader's own function may use what no tracer follows
        return _call(function, arguments)
    text = expression.text()
    return (text, expression.latex()) if len(text) <= LONGEST else _call(function, arguments)


def _call(function: Callable[..., Any], arguments: tuple[str, ...]) -> tuple[str, str]:
    """Write a formula by its name, where its inside would not be read."""
    call = f"{function.__name__}({', '.join(arguments)})"
    return call, rf"\text{{{call}}}".replace("_", " ")


@door
def signals(
    model: Model, output: str, rename: Callable[[str], str] = str, **given: Any
) -> list[tuple[str, str]]:
    """Vega expressions of a model, one a step and one a shared intermediate, in the order of computation.

    Parameters
    ----------
    model : Model
    output : str
    rename : callable
        How a name is written in an expression, such as ``lambda name: f"datum.{name}"``.
    **given
        Values of inputs or steps that are given instead of computed.

    Returns
    -------
    list of (str, str)
        Names and expressions; inputs and given values are numbers.

    Raises
    ------
    TraceError
        If a formula cannot be traced.
    """
    lines: list[tuple[str, str]] = []
    fixed = model.values([output], given)
    for name in model.needed([output], given):
        if name in given or name in model.inputs:
            lines.append((name, repr(float(fixed[name]))))
            continue
        function, arguments = model.formula(name)
        for own, text in trace(function, arguments).vega(rename, prefix=f"{name}_"):
            lines.append((own or name, text))
    return lines
