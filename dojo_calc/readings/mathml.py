"""Writes a traced formula as MathML, which a browser draws without any script.

The elements are those of MathML Core [1]_, of which every browser of today draws all that stands here. What is named
in the text of a formula is named here too, on lines below it.

References
----------
.. [1] W3C, "MathML Core", Candidate Recommendation, 2025, www.w3.org/TR/mathml-core.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping

from dojo_calc.doors import door
from dojo_calc.operations import ALLOWANCE
from dojo_calc.readings.tracing import COMPARED, Expression, Node, named_terms, number_text, plain

__all__ = ["mathml"]

_ATOM = 9
_INFIX = {
    "add": ("+", 4), "subtract": ("−", 4), "multiply": ("⋅", 5), "less": ("&lt;", 3), "less_equal": ("≤", 3),
    "greater": ("&gt;", 3), "greater_equal": ("≥", 3), "equal": ("=", 3), "not_equal": ("≠", 3),
}  # fmt: skip
_CALLED = {"log": "ln", "minimum": "min", "maximum": "max"}
_FENCED = {"ceil": ("⌈", "⌉"), "floor": ("⌊", "⌋")}
_WIDE = 70  # characters of a sum that goes on in another line


@door
def mathml(expression: Expression, result: str = "") -> str:
    """Write a formula as one element of MathML.

    Parameters
    ----------
    expression : Expression
        As `trace` gives it.
    result : str
        Name of what the formula gives, to stand before it with an equals sign; nothing stands there if left out.

    Returns
    -------
    str
        ``<math display="block">...</math>``. A sum too wide for a line goes on below, and terms that a long formula
        uses more than once are named and follow it.
    """
    root, named = plain(expression.root), dict[Node, str]()
    below = []
    for term in named_terms(root):
        parts = _summands(term, named)
        name = f"<msub><mi>t</mi><mn>{len(named) + 1}</mn></msub>"
        below.append((name, parts))
        named[term] = name
    lines = [(_name(result) if result else "", _summands(root, named)), *below]
    if len(lines) == 1 and len(lines[0][1]) == 1 and not result:
        return f'<math display="block">{lines[0][1][0]}</math>'
    rows = "".join(
        _row(name if place == 0 else "", "=" if place == 0 and name else "", part)
        for name, parts in lines
        for place, part in enumerate(parts)
    )
    return f'<math display="block"><mtable displaystyle="true">{rows}</mtable></math>'


def _row(name: str, sign: str, part: str) -> str:
    left = f"<mrow>{name}<mo>{sign}</mo></mrow>" if sign else ""
    align = 'style="text-align: {}; padding: 0.15em 0.1em"'
    return f"<mtr><mtd {align.format('right')}>{left}</mtd><mtd {align.format('left')}>{part}</mtd></mtr>"


def _summands(node: Node, named: Mapping[Node, str]) -> list[str]:
    """Lines of a formula: one, or more where it is a sum too wide for one."""
    parts: list[tuple[str, Node]] = []
    rest = node
    while rest.operation in ("add", "subtract") and rest not in named:
        parts.insert(0, ("+" if rest.operation == "add" else "−", rest.arguments[1]))
        rest = rest.arguments[0]
    if not parts or _width(node, named) <= _WIDE:
        return [_written(node, named)[0]]
    lines, width = [_written(rest, named)[0]], _width(rest, named)
    for sign, part in parts:
        more = _width(part, named)
        text = f"<mo>{sign}</mo>{_wrapped(_written(part, named), 4 + (sign == '−'))}"
        if width + more > _WIDE:
            lines.append(text)
            width = more
        else:
            lines[-1] += text
            width += more
    return [f"<mrow>{line}</mrow>" for line in lines]


def _width(node: Node, named: Mapping[Node, str]) -> int:
    """Roughly how many characters wide a node is drawn."""
    if node in named:
        return 2
    if not node.arguments:
        return len(str(node.leaf)) + 2
    widths = [_width(one, named) for one in node.arguments]
    if node.operation == "divide":
        return max(widths)
    if node.operation == "where":
        return sum(widths)
    return sum(widths) + 2


def _name(text: str) -> str:
    return f"<mi>{html.escape(text.replace('_', ' '))}</mi>"


def _number(value: float) -> str:
    if value == math.pi:
        return "<mi>π</mi>"
    if value in (1.0 - ALLOWANCE, 1.0 + ALLOWANCE):
        sign = "−" if value < 1.0 else "+"
        return (
            f"<mrow><mo>(</mo><mn>1</mn><mo>{sign}</mo><msup><mn>2</mn><mrow><mo>−</mo><mn>46</mn></mrow></msup>"
            "<mo>)</mo></mrow>"
        )
    text = number_text(abs(value))
    digits, _, power = text.partition("e")
    written = f"<mn>{digits}</mn>"
    if power:
        tens = str(int(power)).replace("-", "−")
        written = f"<mrow>{written}<mo>⋅</mo><msup><mn>10</mn><mn>{tens}</mn></msup></mrow>"
    return f"<mrow><mo>−</mo>{written}</mrow>" if value < 0 else written


def _wrapped(part: tuple[str, int], level: int) -> str:
    text, own = part
    return text if own >= level else f"<mrow><mo>(</mo>{text}<mo>)</mo></mrow>"


def _written(node: Node, named: Mapping[Node, str]) -> tuple[str, int]:
    """MathML of a node and how tightly it binds."""
    if node in named:
        return named[node], _ATOM
    if node.operation == "name":
        return _name(str(node.leaf)), _ATOM
    if node.operation == "number":
        return _number(float(node.leaf)), _ATOM if float(node.leaf) >= 0 else 0
    parts = [_written(argument, named) for argument in node.arguments]
    texts = [text for text, _ in parts]
    if node.operation in _INFIX:
        symbol, level = _INFIX[node.operation]
        compares = level == COMPARED
        left = _wrapped(parts[0], level + compares)
        right = _wrapped(parts[1], level + (compares or node.operation == "subtract"))
        return f"<mrow>{left}<mo>{symbol}</mo>{right}</mrow>", level
    match node.operation:
        case "divide":
            return f"<mfrac>{texts[0]}{texts[1]}</mfrac>", _ATOM
        case "power":
            return f"<msup>{_wrapped(parts[0], _ATOM)}{texts[1]}</msup>", 7
        case "negative":
            return f"<mrow><mo>−</mo>{_wrapped(parts[0], 6)}</mrow>", 6
        case "sqrt":
            return f"<msqrt>{texts[0]}</msqrt>", _ATOM
        case "exp":
            return f"<msup><mi>e</mi>{texts[0]}</msup>", 7
        case "expm1":
            inner = f"<msup><mi>e</mi>{texts[0]}</msup><mo>−</mo><mn>1</mn>"
            return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>", _ATOM
        case "log1p":
            return _call("<mi>ln</mi>", [f"<mrow><mn>1</mn><mo>+</mo>{_wrapped(parts[0], 4)}</mrow>"]), _ATOM
        case "log2":
            return _call("<msub><mi>log</mi><mn>2</mn></msub>", texts), _ATOM
        case "where":
            return _cases(*texts), _ATOM
        case "ceil" | "floor":
            opened, closed = _FENCED[node.operation]
            return f"<mrow><mo>{opened}</mo>{texts[0]}<mo>{closed}</mo></mrow>", _ATOM
        case _:
            return _call(f"<mi>{_CALLED[node.operation]}</mi>", texts), _ATOM


def _call(name: str, texts: list[str]) -> str:
    return f"<mrow>{name}<mo>(</mo>{'<mo>,</mo>'.join(texts)}<mo>)</mo></mrow>"


def _cases(condition: str, one: str, other: str) -> str:
    left = '<mtd style="text-align: left">'
    return (
        "<mrow><mo>{</mo><mtable>"
        f"<mtr>{left}{one}</mtd>{left}<mtext>if&#160;</mtext>{condition}</mtd></mtr>"
        f"<mtr>{left}{other}</mtd>{left}<mtext>else</mtext></mtd></mtr></mtable></mrow>"
    )
