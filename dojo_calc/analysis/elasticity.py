"""How much each input moves an output: exact derivatives of a model's graph, beside the swings of `tornado`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dojo_calc.analysis.sweep import numbers
from dojo_calc.doors import door
from dojo_calc.errors import ModelError
from dojo_calc.model.model import Model
from dojo_calc.readings.compiled import computed
from dojo_calc.readings.derivatives import gradient
from dojo_calc.readings.tracing import Node, TraceError, Tracer, node_of
from dojo_calc.words import Listed

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Elasticities", "Elasticity", "elasticities"]


@dataclass(frozen=True)
class Elasticity:
    """What an output does when one input moves and the others stay.

    Attributes
    ----------
    input : str
    value : float
        Of the input [SI].
    derivative : float
        Of the output by the input [SI].
    elasticity : float
        Per cent that the output moves for a per cent of the input [1]; NaN where the output is 0.
    in_steps : bool
        Whether something between them is rounded to whole numbers: the figures are then the trend over many steps.
    """

    input: str
    value: float
    derivative: float
    elasticity: float
    in_steps: bool


@dataclass(frozen=True, repr=False)
class Elasticities(Listed):
    """Elasticities of one output, the largest first."""

    output: str
    value: float
    rows: tuple[Elasticity, ...]

    def line(self) -> str:
        """Whose elasticities these are, and in how many inputs."""
        return f"Elasticities of {self.output} in {len(self.rows)} inputs"

    def __getitem__(self, name: str) -> float:
        for row in self.rows:
            if row.input == name:
                return row.elasticity
        raise KeyError(name)

    def __iter__(self) -> Iterator[Elasticity]:
        return iter(self.rows)

    def table(self) -> pl.DataFrame:
        """Row of a polars frame for each input, tidy as a chart takes it."""
        import polars as pl

        kinds = {"input": pl.String, "value": pl.Float64, "derivative": pl.Float64, "elasticity": pl.Float64}
        rows = [(one.input, one.value, one.derivative, one.elasticity, one.in_steps) for one in self.rows]
        return pl.DataFrame(rows, schema={**kinds, "in_steps": pl.Boolean}, orient="row")


@door
def elasticities(model: Model, output: str, /, **given: Any) -> Elasticities:
    """Elasticity of an output in each input, from exact derivatives of the formulas.

    Numbers of whole things (``ceil``, ``floor``) count as if they were not rounded, since the exact derivative of a
    rounded number is 0 wherever it exists: what is told is the trend over many steps. At a kink, such as two equal
    arguments of a minimum, it is the derivative on one side. An input that is 0 has the elasticity 0.

    Parameters
    ----------
    model : Model
    output : str
    **given
        Values of inputs, or of steps to be given instead of computed, one each.

    Returns
    -------
    Elasticities
        Of all inputs, and steps given, that the output depends on.

    Raises
    ------
    UnknownNameError, ModelError, UnitError, DomainError
        As `Model.evaluate` does; also if a step of the model is a procedure, which has no derivative.

    Examples
    --------
    >>> import dojo_calc as dc
    >>> model = dc.Model({"chips": dc.units_needed}, {"target": "100 EFLOP/s", "unit": "d1.peak_bf16"})
    >>> [(one.input, one.elasticity) for one in dc.elasticities(model, "chips")]
    [('target', 1.0), ('unit', -1.0)]
    """
    fixed = numbers(model, given)
    model.refuse([output], [*fixed])
    value = float(model.evaluate(output, **fixed))
    names = [name for name in model.needed([output], fixed) if name in model.inputs or name in fixed]
    held = {name: float(fixed[name] if name in fixed else model.inputs[name].value or 0.0) for name in names}
    try:
        traced = model.values([output], {name: Tracer.named(name) for name in names})[output]
    except TraceError as error:
        raise ModelError(
            f"{output} of model {model.name} has no derivatives: a step is no formula ({error})"
        ) from None
    root = node_of(traced)
    slopes = gradient(root, names)
    with np.errstate(all="ignore"):  # on branches that are not taken
        found = computed(slopes, {name: np.float64(one) for name, one in held.items()})
    stepped = _stepped(root)
    rows = [
        Elasticity(
            name,
            held[name],
            slope := float(found[name]),
            slope * held[name] / value if value else math.nan,
            name in stepped,
        )
        for name in names
        if name in slopes
    ]
    return Elasticities(output, value, tuple(sorted(rows, key=lambda one: -abs(one.elasticity))))


def _stepped(root: Node) -> set[str]:
    """Names that reach a result through something that is rounded."""
    below: set[Node] = set()
    for node in reversed(list(root.walk())):
        if node.operation in ("ceil", "floor") or node in below:
            below.update(node.arguments)
    return {str(node.leaf) for node in below if node.operation == "name"}
