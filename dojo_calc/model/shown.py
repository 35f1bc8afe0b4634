"""How a model shows itself: in a line, and in a notebook as tables of what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dojo_calc.formatting import format_si
from dojo_calc.words import html_table, number_and_range, words

if TYPE_CHECKING:
    from dojo_calc.model.inputs import Input
    from dojo_calc.model.model import Model


MOST_NAMES = 12  # that fit a line


class Shown:
    """What a person sees of a `Model`."""

    def __repr__(self) -> str:
        model = cast("Model", self)
        return f"<Model {model.name}: {_names(model.inputs, 'inputs')} -> {_names(model.outputs, 'outputs')}>"

    def _repr_html_(self) -> str:
        model = cast("Model", self)
        given = {name for name, one in model.inputs.items() if one.value is not None}
        ready = [
            name
            for name in model.outputs
            if all(one in given for one in model.needed([name]) if one in model.inputs)
        ]
        values = model.values(ready, {}) if ready else {}
        return html_table(
            f"What goes into {model.name}: its inputs, with their 90 % intervals and where they come from.",
            ("Input", "Name", "Value", "90 % interval", "Source"),
            [(words(one.name).label, one.name, *_given(one), one.source) for one in model.inputs.values()],
        ) + html_table(
            f"What comes out of {model.name}, with every input at its value.",
            ("Output", "Name", "Value"),
            [
                (
                    words(name).label,
                    name,
                    _came(values[name], model.spec(name).unit) if name in values else "–",
                )
                for name in model.outputs
            ],
        )


def _names(names: Collection[str], words: str) -> str:
    return ", ".join(names) if len(names) <= MOST_NAMES else f"{len(names)} {words}"


def _given(one: Input) -> tuple[str, str]:
    if one.value is None or one.low is None or one.high is None:
        return "must be given", ""
    return number_and_range(one.name, one.spec.unit, one.value, *one.ends)


def _came(value: Any, unit: str) -> str:
    if np.ndim(value):
        return f"{np.size(value):,} values"
    return format_si(float(value), unit)
