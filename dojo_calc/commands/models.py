"""`models`: which transformers can be trained by name."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dojo_calc.commands.app import Asked, Models, command
from dojo_calc.commands.printing import printed, show
from dojo_calc.units import giga


@command
def models(
    asked: Asked,
    like: Annotated[
        str, typer.Argument(help="Part of the name, such as llama3. All are listed if left out.")
    ] = "",
    models: Models = None,
) -> None:
    """List the models that `train` and `search` know by name: parameters, layers, experts."""
    from dojo_calc.errors import UnknownNameError
    from dojo_calc.performance.step import evaluate
    from dojo_calc.performance.workload import transformer, transformers

    known = transformers() | (transformers(models) if models else {})
    found = {name: one for name, one in known.items() if like.casefold() in name.casefold()}
    if not found:
        try:
            one = transformer(like, models)  # as people type it: "llama 3.1 405b"
        except UnknownNameError:
            pass
        else:
            found = {one.model: one}
    if not found:
        raise UnknownNameError(f"no model has {like!r} in its name; `models` alone lists all {len(known)}")
    rows: list[dict[str, Any]] = []
    for name, one in found.items():
        sizes = evaluate(one.values(), ("model_parameters", "active_parameters"))
        rows.append(
            {
                "model": name, "parameters": float(sizes["model_parameters"]),
                "active_parameters": float(sizes["active_parameters"]), "layers": one.layers,
                "hidden": one.hidden, "experts": one.experts, "source": one.source,
            }
        )  # fmt: skip
    if printed(rows, asked):
        return
    billions = ("parameters", "active_parameters")
    show("Models", [row | {name: f"{row[name] / giga:,.1f} billion" for name in billions} for row in rows])
