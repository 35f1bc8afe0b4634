"""What checks of claims are built from: intervals through a formula or a model, and the answers they become.

Answers are in SI. An interval comes from the inputs' own 90 % intervals: the formula is evaluated at every corner
of their box, which bounds it for a formula monotone in each of them. The box holds more than 90 %, so a check by
several uncertain inputs is slow to contradict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from dojo_calc import units
from dojo_calc.analysis.simulate import simulate
from dojo_calc.evidence.claims.rule import Answer, Derived
from dojo_calc.facts import Fact
from dojo_calc.hardware.machine import Part
from dojo_calc.model.inputs import Input
from dojo_calc.model.model import Model

__all__ = [
    "Three", "corners", "derive", "exact", "model_corners", "over", "ratio", "simulated", "three", "told_by",
    "unknown",
]  # fmt: skip

SAMPLES = 4096  # of a simulation: its ends are then known to a few parts in a hundred

Three: TypeAlias = tuple[float, float, float]  # low, central, high
Known: TypeAlias = Fact | Input | Part | Three


def three(of: Known) -> Three:
    """Low, central and high of a fact or of an input of a shipped model [SI], or of a number of parts.

    Parameters
    ----------
    of : Fact, Input, Part or tuple of float

    Returns
    -------
    tuple of float
    """
    if isinstance(of, Fact | Input):
        assert of.low is not None  # an input of a shipped model has an interval
        assert of.value is not None
        assert of.high is not None
        return of.low, of.value, of.high
    return (of.low, of.count, of.high) if isinstance(of, Part) else of


def corners(formula: Callable[..., Any], *inputs: Known) -> Three:
    """Low, central and high value of a formula over the intervals of its inputs.

    Parameters
    ----------
    formula : callable
        Of as many numbers as there are inputs.
    *inputs : Fact, Input, Part or tuple of float

    Returns
    -------
    tuple of float
    """
    intervals = [three(one) for one in inputs]
    box = [float(formula(*corner)) for corner in product(*((low, high) for low, _, high in intervals))]
    return min(box), float(formula(*(central for _, central, _ in intervals))), max(box)


def model_corners(model: Model, output: str, **given: Any) -> Three:
    """The same of an output of a model, over those of its inputs that are uncertain and not given.

    Parameters
    ----------
    model : Model
    output : str
    **given
        Values of inputs or steps [SI].

    Returns
    -------
    tuple of float
    """
    names = [name for name in model.needed([output], given) if name not in given and name in model.inputs]
    bounds = {name: (model.inputs[name].low, model.inputs[name].high) for name in names}
    open_ones = {name: pair for name, pair in bounds.items() if pair[0] != pair[1]}
    box = dict(zip(open_ones, np.array(list(product(*open_ones.values()))).T, strict=True))
    found = model.evaluate(output, **given, **box)
    return float(np.min(found)), float(model.evaluate(output, **given)), float(np.max(found))


def simulated(model: Model, output: str, **given: Any) -> Three:
    """The same by simulation, for a model of which too much is uncertain to run every corner.

    Parameters
    ----------
    model : Model
    output : str
    **given
        Values of inputs or steps [SI, or a text with a unit].

    Returns
    -------
    tuple of float
        Ends of the 90 % interval of draws that are the same each time, and between them the central value.
    """
    central = float(model.evaluate(output, **given))
    low, high = simulate(model, output, samples=SAMPLES, **given).interval(0.9)
    return min(low, central), central, max(high, central)


def exact(value: Any, reason: str, *derived: Derived) -> Answer:
    """Answer without an interval.

    Parameters
    ----------
    value : float
        [SI].
    reason : str
    *derived : Derived

    Returns
    -------
    Answer
    """
    return Answer(float(value), float(value), float(value), reason, derived)


def over(
    formula: Callable[..., Any],
    *inputs: Known,
    reason: str,
    derived: tuple[Derived, ...] = (),
) -> Answer:
    """Answer of a formula over the intervals of its inputs, see `corners`.

    Parameters
    ----------
    formula : callable
    *inputs : Fact, Input, Part or tuple of float
    reason : str
    derived : tuple of Derived

    Returns
    -------
    Answer
    """
    told = tuple(dict.fromkeys(one.source for one in inputs if isinstance(one, Fact)))
    return Answer(*corners(formula, *inputs), reason, derived, told if len(told) == len(inputs) else ())


def ratio(above: Known, below: Known, reason: str, *derived: Derived) -> Answer:
    """Answer of a quotient, see `over`.

    Parameters
    ----------
    above, below : Fact, Input, Part or tuple of float
    reason : str
    *derived : Derived

    Returns
    -------
    Answer
    """
    return over(lambda one, other: one / other, above, below, reason=reason, derived=derived)


def told_by(answer: Answer, *sources: str) -> Answer:
    """The same answer with the sources that it rests on alone.

    Parameters
    ----------
    answer : Answer
    *sources : str
        Keys of `data/sources.csv`.

    Returns
    -------
    Answer
    """
    return replace(answer, sources=sources)


def unknown(reason: str, *derived: Derived) -> Answer:
    """Answer that no number can be given.

    Parameters
    ----------
    reason : str
    *derived : Derived

    Returns
    -------
    Answer
    """
    return Answer(None, None, None, reason, derived)


def derive(name: str, value: Any, unit: str = "1") -> Derived:
    """Result beside an answer, kept in the unit it is read in.

    Parameters
    ----------
    name : str
    value : float
        [SI].
    unit : str

    Returns
    -------
    Derived
    """
    return Derived(name, float(value) / units.to_si(1.0, unit), unit)
