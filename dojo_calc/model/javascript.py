"""Writes models as plain JavaScript: one function a formula, one line a step.

A page that holds it computes with the library's own formulas, without a server, and holds no second copy of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dojo_calc.errors import ModelError
from dojo_calc.model.model import Model
from dojo_calc.readings.javascript import function, written
from dojo_calc.readings.tracing import TraceError

__all__ = ["program"]


def program(models: Mapping[str, Model]) -> str:
    """Write models as one JavaScript expression.

    Parameters
    ----------
    models : mapping of str to Model
        By the name under which a page asks for them.

    Returns
    -------
    str
        An expression whose value is an object with two functions for each model. Both take an array of numbers, of a
        place for each input in the order of `Model.inputs` and then for each step in that of `Model.outputs`: ``run``
        computes every step [SI], and ``excess`` gives that of each condition by formula, which holds where it is not
        above zero, in the order of `Model.conditions`.

    Raises
    ------
    ModelError
        If a step is a procedure, which no page can run.
    """
    library = _Library()
    parts = []
    for label, model in models.items():
        place = {one: index for index, one in enumerate([*model.inputs, *model.outputs])}
        lines = []
        for output in model.outputs:
            formula, arguments = model.formula(output)
            try:
                lines.append(f"v[{place[output]}]={library.call(formula, arguments, place)};")
            except TraceError as error:
                raise ModelError(
                    f"step {output} of model {model.name} is no formula that a page could compute: {error}"
                ) from None
        excesses = [
            library.call(one.formula.function, one.formula.arguments, place)
            for one in model.conditions
            if one.formula
        ]
        parts.append(
            f"{label}:{{run(v){{\n{chr(10).join(lines)}\n}},excess(v){{return [{','.join(excesses)}];}}}}"
        )
    return f'(()=>{{"use strict";\n{library}return {{\n{(chr(44) + chr(10)).join(parts)}\n}};}})()'


class _Library:
    """Functions that were written so far, each once."""

    def __init__(self) -> None:
        self.named: dict[str, str] = {}  # text of a function to its name

    def call(self, formula: Callable[..., Any], arguments: Sequence[str], place: Mapping[str, int]) -> str:
        """Call of a formula on values at their places in the array."""
        text = function(formula, len(arguments))
        if text not in self.named:
            self.named[text] = _free(formula.__name__, self.named.values())
        return f"{self.named[text]}({','.join(f'v[{place[one]}]' for one in arguments)})"

    def __str__(self) -> str:
        return "".join(f"const {name}={text};\n" for text, name in self.named.items())


def _free(name: str, taken: Iterable[str]) -> str:
    """Name for a function that none has yet."""
    found, number = written(name), 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found
