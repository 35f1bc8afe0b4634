"""Sphinx extension that writes the formula sheet from the code: equation, symbols, units, domains, an example, uses.

The equation is what the tracer saw, as MathML; units and domains are those of the signature; the example is a step of
a model that ships, at its default facts. A page of the sheet holds the formulas of a page of the reference, so each
leads to the other.
"""

from __future__ import annotations

import ast
import html
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from dojo_calc.chain.shipped import MODELS, shipped
from dojo_calc.formatting import format_si, unit_words
from dojo_calc.model.wiring import Bound
from dojo_calc.pictures.charts import typeset
from dojo_calc.quantities import Signature, Spec, signature
from dojo_calc.readings.mathml import mathml
from dojo_calc.readings.tracing import trace

SHOWN = re.compile(r"^\.\. automodule:: ([\w.]+)$", re.MULTILINE)
CELL = re.compile(r"^```\{code-cell\}.*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADER = re.compile(r"^ {0,4}(\*{0,2}\w+(?:, \*{0,2}\w+)*) : ")


@dataclass
class Formula:
    """One formula of the library, and where it is shown and used."""

    name: str
    function: Callable[..., Any]
    declared: Signature
    page: str  # of the sheet
    example: tuple[str, str, dict[str, float], float] | None = None  # model, step, arguments, result
    models: dict[str, list[str]] = field(default_factory=dict)
    chapters: list[str] = field(default_factory=list)

    @property
    def short(self) -> str:
        """Name of the function."""
        return self.name.rpartition(".")[2]

    @property
    def anchor(self) -> str:
        """Where it stands on its page."""
        return f"formula-{self.name.partition('.')[2].replace('.', '-').replace('_', '-')}"

    @property
    def address(self) -> str:
        """Page and place, from any page of the book."""
        return f"{self.page}.html#{self.anchor}"

    @property
    def words(self) -> str:
        """Name in words."""
        return self.short.replace("_", " ").capitalize()

    @property
    def summary(self) -> str:
        """First paragraph of its docstring."""
        return (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")


FORMULAS: dict[str, Formula] = {}


def collect(app: Sphinx) -> None:
    """Find every formula, once, before the pages are dealt to processes."""
    FORMULAS.clear()
    for page in sorted(Path(app.srcdir).glob("api_*.md")):
        for module in SHOWN.findall(page.read_text(encoding="utf-8")):
            for name, function in formulas_of(module):
                declared = signature(function)
                assert declared is not None
                sheet = page.stem.replace("api", "formulas", 1)
                FORMULAS[name] = Formula(name, function, declared, sheet)
    by_function = {one.function: one for one in FORMULAS.values()}
    for model in MODELS:
        add_steps(model, by_function)
    for page in sorted(Path(app.srcdir).glob("*.md")):
        for name in used_in(page.read_text(encoding="utf-8")):
            FORMULAS[name].chapters.append(page.stem)


def formulas_of(module: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the formulas that a module exports, by their dotted names."""
    exported = import_module(module)
    for name in exported.__all__:
        function = inspect.unwrap(getattr(exported, name)) if callable(getattr(exported, name)) else None
        if inspect.isfunction(function) and function.__module__ == module and traceable(function):
            yield f"{module}.{name}", function


def traceable(function: Callable[..., Any]) -> bool:
    """Tell whether a function is a formula: its signature has units, and it runs on stand-ins."""
    if signature(function) is None:
        return False
    try:
        trace(function)
    except ValueError:  # a procedure whose arguments have units, such as a search
        return False
    return True


def add_steps(name: str, by_function: dict[Callable[..., Any], Formula]) -> None:
    """Note which formulas are steps of a model that ships, and what they give at its default facts."""
    model = shipped(name)
    values = model.values(model.outputs, {})
    for step in model.outputs:
        function, arguments = model.formula(step)
        given = [float(values[one]) for one in arguments]
        if isinstance(function, Bound):
            for place, value in function.constants.items():
                given.insert(place, value)
            function = function.function
        formula = by_function.get(inspect.unwrap(function))
        if formula is None:
            continue
        formula.models.setdefault(name, []).append(step)
        if formula.example is None:
            formula.example = (
                name,
                step,
                dict(zip(symbols(formula, len(given)), given, strict=False)),
                float(values[step]),
            )


def symbols(formula: Formula, given: int) -> list[str]:
    """Names of the arguments of a formula, a variadic parameter numbered from 1."""
    found: list[str] = []
    for one in formula.declared.parameters:
        rest = range(1, given - len(found) + 1) if one in formula.declared.variadic else ()
        found += [f"{one}{i}" for i in rest] or ([] if one in formula.declared.variadic else [one])
    return found


def used_in(text: str) -> list[str]:
    """Formulas that the cells of a chapter name."""
    short: dict[str, list[str]] = {}
    for name in FORMULAS:
        short.setdefault(name.rpartition(".")[2], []).append(name)
    found: dict[str, None] = {}
    for cell in CELL.findall(text):
        code = re.sub(r"^(:.*|%.*|!.*)$", "", cell, flags=re.MULTILINE)
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                names, of = [node.attr], node.value.id
            elif isinstance(node, ast.ImportFrom):
                names, of = [one.name for one in node.names], node.module or ""
            else:
                continue
            for name in names:
                for whole in short.get(name, ()):
                    if of == "dc" or whole == f"{of}.{name}" or whole.split(".")[-2] == of:
                        found[whole] = None
    return list(found)


def meanings(function: Callable[..., Any]) -> dict[str, str]:
    """What the docstring says of each parameter and, as ``return``, of the result; without the unit at the end."""
    found: dict[str, list[str]] = {}
    section, names = "", []
    lines = (inspect.getdoc(function) or "").splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if set(after) == {"-"}:
            section, names = line, ["return"] if line == "Returns" else []
        elif section == "Parameters" and (header := HEADER.match(line)):
            names = [one.strip(" *") for one in header[1].split(",")]
        elif section in ("Parameters", "Returns") and line.startswith("    "):
            for name in names:
                found.setdefault(name, []).append(line.strip())
    return {name: plain(" ".join(told)) for name, told in found.items()}


def plain(text: str) -> str:
    """Words of a docstring without marks, citations, and units in brackets, which have a column of their own."""
    text = re.sub(r" ?\[\d+\]_", "", text)
    text = re.sub(r" ?\[[^\]]*\](?=[.;,]|$)", "", text)
    text = re.sub(r"(^|[.;])\s*broadcast shape\.?", r"\1", text)
    return re.sub(r"^[.;,\s]+", "", text.replace("`", "").strip()).strip(" ;")


def table(formula: Formula) -> str:
    """Symbols of a formula as a table: what each is, its unit, its domain, and its value in the example."""
    told, example = meanings(formula.function), formula.example
    rows = []

    def row(name: str, said: str, spec: Spec, value: float | None) -> str:
        shown = "–" if value is None else typeset(format_si(value, spec.unit))
        cells = (
            f"<td>{html.escape(said)}</td><td>{html.escape(typeset(spec.unit))}</td><td>{spec.domain}</td>"
        )
        if example:
            cells += f'<td class="number">{html.escape(shown)}</td>'
        return f'<tr><th scope="row">{html.escape(name)}</th>{cells}</tr>'

    values = {} if example is None else example[2]
    for name, spec in formula.declared.parameters.items():
        variadic = name in formula.declared.variadic
        many = [one for one in values if variadic and re.fullmatch(rf"{name}\d*", one)]
        rows.extend(
            row(one.replace("_", " "), told.get(name, ""), spec, values.get(one)) for one in many or [name]
        )
    rows.append(
        row(
            formula.short.replace("_", " "),
            told.get("return", ""),
            formula.declared.result,
            example and example[3],
        )
    )
    head = ["Symbol", "What it is", "Unit", "Domain", *(["Example"] if example else [])]
    columns = "".join(f'<th scope="col">{one}</th>' for one in head)
    label = html.escape(f"Symbols of {formula.short}")
    return (
        f'<div class="dojo-symbols" role="region" aria-label="{label}"><table><thead><tr>{columns}</tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


class Sheet(SphinxDirective):
    """All formulas of a page of the reference."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write a section for each formula."""
        page = Path(self.env.srcdir, f"{self.arguments[0]}.md")
        self.env.note_dependency(str(page))
        modules = SHOWN.findall(page.read_text(encoding="utf-8"))
        own = [one for one in FORMULAS.values() if one.name.rpartition(".")[0] in modules]
        own.sort(key=lambda one: modules.index(one.name.rpartition(".")[0]))
        return [self.section(one) for one in own]

    def section(self, formula: Formula) -> nodes.section:
        """Write one formula: title, what it is, equation, symbols, example, uses."""
        made = nodes.section(ids=[formula.anchor])
        made += nodes.title("", formula.words)
        intro = nodes.paragraph(classes=["dojo-summary"])
        target = addnodes.pending_xref(
            "", refdomain="py", reftype="func", reftarget=formula.name, refexplicit=True, refwarn=True
        )
        target["refdoc"] = self.env.docname
        target += nodes.literal("", formula.name.partition(".")[2], classes=["xref"])
        intro += [target, nodes.Text(f": {plain(formula.summary)}")]
        many = list(formula.example[2]) if formula.example and formula.declared.variadic else None
        equation = mathml(trace(formula.function, many), formula.short)
        label = html.escape(f"Equation of {formula.short}")
        made += intro
        made += nodes.raw(
            "",
            f'<div class="dojo-equation" role="group" aria-label="{label}">{equation}</div>{table(formula)}',
            format="html",
        )
        made += self.uses(formula)
        return made

    def uses(self, formula: Formula) -> nodes.paragraph:
        """Say where the example comes from, and which models and chapters use the formula."""
        line = nodes.paragraph(classes=["dojo-uses"])
        if formula.example:
            model, step, *_ = formula.example
            line += nodes.Text("Example: ")
            line += nodes.literal("", step)
            line += nodes.Text(f" of {model}, at its default facts. ")
        others = [name for name in formula.models if not formula.example or name != formula.example[0]]
        if others:
            line += nodes.Text(f"Also in {', '.join(others)}. ")
        if not formula.models:
            line += nodes.Text("No model that ships uses it. ")
        if formula.chapters:
            line += nodes.Text("Chapters: ")
            for place, page in enumerate(formula.chapters):
                link = addnodes.pending_xref(
                    "", refdomain="std", reftype="doc", reftarget=f"/{page}", refexplicit=False, refwarn=True
                )
                link["refdoc"] = self.env.docname
                link += nodes.inline("", page, classes=["doc"])
                line += [nodes.Text(", ") if place else nodes.Text(""), link]
            line += nodes.Text(".")
        return line


class Index(SphinxDirective):
    """All formulas by their names, by their symbols, or by the unit of what they give."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the index."""
        entries: dict[str, list[Formula]] = {}
        for one in FORMULAS.values():
            by = {
                "name": [one.short[0].upper()],
                "symbol": [name.replace("_", " ") for name in one.declared.parameters],
                "unit": [one.declared.result.unit],
            }[self.arguments[0]]
            for key in by:
                entries.setdefault(key, []).append(one)
        parts = []
        for key in sorted(entries, key=str.lower):
            links = ", ".join(
                f'<a class="reference internal" href="{one.address}">{html.escape(one.short.replace("_", " "))}</a>'
                for one in sorted(entries[key], key=lambda one: one.short)
            )
            shown = typeset(unit_words(key) or "pure number") if self.arguments[0] == "unit" else key
            parts.append(f"<dt>{html.escape(shown)}</dt><dd>{links}</dd>")
        return [nodes.raw("", f'<dl class="dojo-index">{"".join(parts)}</dl>', format="html")]


def link_back(_app: Sphinx, tree: nodes.document) -> None:
    """Give each formula's signature in the reference a link to its equation."""
    for signature_node in tree.findall(addnodes.desc_signature):
        for name in signature_node.get("ids", ()):
            if (one := FORMULAS.get(name)) is not None:
                link = nodes.reference(
                    "", "equation", refuri=one.address, internal=True, classes=["dojo-to-equation"]
                )
                link["reftitle"] = f"Equation, symbols and an example of {one.short}"
                signature_node.append(link)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_directive("formula-sheet", Sheet)
    app.add_directive("formula-index", Index)
    app.connect("builder-inited", collect)
    app.connect("doctree-read", link_back)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
