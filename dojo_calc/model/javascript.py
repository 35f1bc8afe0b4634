"""Writes models as plain JavaScript: one function a formula, one line a step.

A page that holds it computes with the library's own formulas, without a server, and holds no second copy of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
        An expression whose value is an object with a function for each model. The function takes an array of numbers,
        of a place for each input in the order of `Model.inputs` and then for each step in that of `Model.outputs`,
        and computes every step [SI].

    Raises
    ------
    ModelError
        If a step is a procedure, which no page can run.
    """
    named: dict[str, str] = {}  # text of a function to its name
    taken: set[str] = set()
    runs = []
    for label, model in models.items():
        place = {one: index for index, one in enumerate([*model.inputs, *model.outputs])}
        lines = []
        for output in model.outputs:
            formula, arguments = model.formula(output)
            try:
                text = function(formula, len(arguments))
            except TraceError as error:
                raise ModelError(
                    f"step {output} of model {model.name} is no formula that a page could compute: {error}"
                ) from None
            if text not in named:
                named[text] = _free(formula.__name__, taken)
                taken.add(named[text])
            taken_from = ",".join(f"v[{place[one]}]" for one in arguments)
            lines.append(f"v[{place[output]}]={named[text]}({taken_from});")
        runs.append(f"{label}(v){{\n{chr(10).join(lines)}\n}}")
    library = "".join(f"const {name}={text};\n" for text, name in named.items())
    return f'(()=>{{"use strict";\n{library}return {{\n{(chr(44) + chr(10)).join(runs)}\n}};}})()'


def _free(name: str, taken: Iterable[str]) -> str:
    """Name for a function that none has yet."""
    found, number = written(name), 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found
