"""What a live chart computes in the page: the signals of its sliders, and of every step of the model after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import altair as alt

from dojo_calc import units
from dojo_calc.analysis.explain import signals
from dojo_calc.model.model import Model
from dojo_calc.readings.tracing import TraceError, trace

if TYPE_CHECKING:
    from dojo_calc.pictures.live import Slider


def parameters(
    model: Model, lines: Sequence[tuple[str, str]], sliders: Sequence[Slider]
) -> list[alt.Parameter]:
    """Signals of a model: what a slider sets, then every line in the order of computation."""
    own = {one.input: one for one in sliders}
    found = []
    for one in sliders:
        bind = alt.binding_range(min=one.low, max=one.high, step=one.step, name=one.label)
        found.append(alt.param(name=one.signal, value=one.begins(model), bind=bind))
    for name, expression in lines:
        if name in own:
            scale = units.to_si(1.0, own[name].unit)
            expression = own[name].signal if scale == 1 else f"{own[name].signal} * {scale!r}"
        found.append(alt.param(name=name, expr=expression))
    return found


def starts(model: Model, outputs: Sequence[str], sliders: Sequence[Slider]) -> dict[str, float]:
    """Values for inputs without a default that a slider or an axis stands for, and for steps that no page can write.

    A step that is counted and no formula is a number on the page, as long as no slider moves what it rests on.
    """
    moved = {one.input for one in sliders}
    found = {
        one.input: one.low * units.to_si(1.0, one.unit)
        for one in sliders
        if one.input in model.inputs and model.inputs[one.input].value is None
    }
    for name in model.outputs:
        if name in model.needed(outputs) and not moved.intersection(model.needed([name])):
            try:
                trace(*model.formula(name))
            except TraceError:
                found[name] = float(model.evaluate(name))
    return found


def lines(
    model: Model, outputs: Sequence[str], starts: Mapping[str, float], rename: Callable[[str], str] = str
) -> list[tuple[str, str]]:
    """Signals of several outputs, each name once, in the order of computation."""
    found: dict[str, str] = {}
    for output in outputs:
        needed = {name: value for name, value in starts.items() if name in model.needed([output])}
        found |= dict(signals(model, output, rename, **needed))
    order = {name: i for i, name in enumerate([*model.inputs, *model.outputs])}
    return sorted(found.items(), key=lambda line: order[line[0].partition("_shared")[0]])


def downstream(model: Model, name: str) -> set[str]:
    """An input and every step that depends on it."""
    found = {name}
    for output in model.outputs:
        _, arguments = model.formula(output)
        if found.intersection(arguments):
            found.add(output)
    return found
