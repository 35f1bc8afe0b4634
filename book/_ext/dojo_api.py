"""Sphinx extension for the API reference: what autodoc leaves out, and reference numbers that do not clash.

Autodoc shows no constant without a docstring of its own, so types and multipliers would be missing. A docstring
cites ``[1]_`` of its own module, while one page holds many modules.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docutils.nodes import Element
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from dojo_calc import quantities, units

# A citation, or the definition it cites; [1] alone is the unit of a pure number.
_NUMBER = re.compile(r"(?<=\[)\d+(?=\]_)|(?<=^\.\. \[)\d+(?=\] )")


def complete_docstring(
    _app: Sphinx, _what: str, name: str, obj: Any, _options: object, lines: list[str]
) -> None:
    """Name the references of a docstring by their module, and list the types and multipliers."""
    module = _label(next(part for part in _prefixes(name) if part in sys.modules))
    lines[:] = [_NUMBER.sub(rf"{module}-\g<0>", line) for line in lines]
    if obj is quantities:
        lines += ["", *_types()]
    elif obj is units:
        lines += ["", *_multipliers()]


def link_to_types(app: Sphinx, env: BuildEnvironment, node: Element, shown: Element) -> Element | None:
    """Lead from the name of a type to the list of all, where it stands without a target of its own."""
    if node.get("reftarget") not in quantities.__all__:
        return None
    page, place, _ = env.get_domain("std").labels["api-types"]
    return make_refnode(app.builder, node["refdoc"], page, place, shown)


def _prefixes(name: str) -> Iterator[str]:
    """Yield a dotted name, then what is left of it without its last parts."""
    while name:
        yield name
        name = name.rpartition(".")[0]


@cache
def _label(module: str) -> str:
    """Short name of a module, with its room where another room has a module of that name."""
    short = module.rpartition(".")[2]
    alike = list(Path(quantities.__file__).parent.rglob(f"{short}.py"))
    return ".".join(module.split(".")[-2:]) if len(alike) > 1 else short


def _types() -> Iterator[str]:
    """Yield a table of the types with their unit and domain."""
    specs = {name: quantities.spec(getattr(quantities, name)) for name in quantities.__all__}
    rows = [(f"``{name}``", f"[{spec.unit}]", spec.domain) for name, spec in specs.items() if spec]
    yield from (".. list-table::", "   :header-rows: 1", "")
    for cells in [("Type", "Unit", "Domain"), *rows]:
        yield from (f"   {'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(cells))
    yield ""


def _multipliers() -> Iterator[str]:
    """Yield one paragraph with the multipliers."""
    values = {name: getattr(units, name) for name in units.__all__}
    shown = [f"``{name}`` {value:.12g}" for name, value in values.items() if isinstance(value, float)]
    yield from (f"Multipliers: {', '.join(shown)}.", "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx; before napoleon, which rewrites the section of references."""
    app.connect("autodoc-process-docstring", complete_docstring, priority=400)
    app.connect("missing-reference", link_to_types)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
