"""Evaluates Vega expressions with Vega itself, through vl-convert, without a browser."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import vl_convert
from numpy.typing import NDArray


def datum(name: str) -> str:
    """How a column is written in an expression."""
    return f"datum.{name}"


def evaluate(
    lines: Sequence[tuple[str, str]], columns: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Compute the last line for every row of the columns.

    Vega draws the results as text marks, and their digits are read back out of the SVG: a number turned to
    text by JavaScript keeps every bit. The columns go in as text too: vl-convert reads the numbers of a
    specification up to a last bit wrong, which JavaScript does not.
    """
    values = [
        {name: repr(float(value)) for name, value in zip(columns, row, strict=True)}
        for row in zip(*columns.values(), strict=True)
    ]
    formulas: list[dict[str, Any]] = [
        {"type": "formula", "as": name, "expr": f"toNumber({datum(name)})"} for name in columns
    ]
    formulas += [
        {"type": "formula", "as": name or "result", "expr": expression} for name, expression in lines
    ]
    formulas.append({"type": "formula", "as": "shown", "expr": "'=' + datum.result"})
    text = {"type": "text", "from": {"data": "rows"}, "encode": {"enter": {"text": {"field": "shown"}}}}
    spec = {
        "$schema": "https://vega.github.io/schema/vega/v6.json",
        "data": [{"name": "rows", "values": values, "transform": formulas}],
        "marks": [text],
    }
    svg = vl_convert.vega_to_svg(json.dumps(spec))
    return np.array([float(html.unescape(found)) for found in re.findall(r">=([^<]+)<", svg)])
