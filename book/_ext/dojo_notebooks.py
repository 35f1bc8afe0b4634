"""Every executed chapter as a notebook that a reader can download and run with an installed dojo_calc.

The chapters are written in MyST, whose directives and roles a plain notebook would show as they are typed; so
they become ordinary Markdown here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from pybtex.database import BibliographyData, Entry, parse_file
from sphinx.application import Sphinx
from sphinx.domains.math import MathDomain
from sphinx.domains.std import StandardDomain

from dojo_calc.pictures import charts

FOLDER = "notebooks"
PREFACE = (
    "*From the book **{title}** This chapter runs wherever `dojo_calc` ({version}) is installed with its "
    "`charts` extra; it needs no other file.*"
)
# What stands for a calculator of the book's page.
CALCULATOR = (
    "> **Ask it yourself.** The book's page has a calculator here. In a notebook, `chain_calculator()` of "
    "`dojo_calc.pictures.chain_calculator` shows it, and `dojo_calc.calculator(model)` one of any model."
)
# What a sentence is stored as: what JupyterLab shows, and what a viewer shows that knows no Markdown.
SAID = {"text/markdown", "text/plain"}
# Directives that only the book can fill.
DROPPED = {"bibliography", "tableofcontents"}

_FENCE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w-]+)\}(?P<argument>[^\n]*)\n"
    r"(?P<options>(?::[\w-]+:[^\n]*\n)*)(?P<body>.*?)^(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
_ROLE = re.compile(r"(?<!`)\{(?P<name>[\w:]+)\}`(?P<content>[^`]+)`")
# A role in a cell's code, where `charts.say` reads it; in an f-string its braces are doubled.
_SAID_ROLE = re.compile(
    r"(?<!`)(?:\{(?P<name>term|doc|ref|numref|eq|math|cite:[pt])\}|"
    r"\{\{(?P<doubled>term|doc|ref|numref|eq|math|cite:[pt])\}\})`(?P<content>[^`{}]+)`"
)
_TITLED = re.compile(r"(?P<text>.+?)\s*<(?P<target>[^>]+)>", re.DOTALL)
_PROGRAM = re.compile(r"<script>window\.dojoCalculator=.*?</script>", re.DOTALL)
_TARGET = re.compile(r"^\([\w.:-]+\)=\n", re.MULTILINE)
_EQUATION_LABEL = re.compile(r"^\$\$ *\([\w.:-]+\) *$", re.MULTILINE)
_CHAPTER_LINK = re.compile(r"\]\((?P<page>[\w/-]+)\.md(?:#[^)]*)?\)")


def is_notebook(app: Sphinx, docname: str) -> bool:
    """Tell whether a page was executed in this build."""
    return bool(getattr(app.env, "nb_metadata", {}).get(docname, {}).get("exec_data"))


def write_all(app: Sphinx) -> None:
    """Write the notebook of every executed page into the folder of downloads."""
    executed = Path(app.outdir).parent / "jupyter_execute"
    bibliography = parse_file(str(Path(app.srcdir) / app.config.bibtex_bibfiles[0]))
    preface = PREFACE.format(title=app.config.html_title, version=version("dojo_calc"))
    for docname in filter(partial(is_notebook, app), sorted(app.env.found_docs)):
        notebook = json.loads((executed / f"{docname}.ipynb").read_text(encoding="utf-8"))
        plain = for_readers(notebook, preface, partial(role_text, app, bibliography))
        target = Path(app.outdir, FOLDER, f"{docname}.ipynb")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(plain, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def for_readers(notebook: dict[str, Any], preface: str, role: Callable[[str, str], str]) -> dict[str, Any]:
    """Executed chapter as a notebook, in the notebook format's own terms, that reads well without the book."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": preface}]
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        plain = cell | {"metadata": {"tags": tags} if tags else {}, "source": "".join(cell["source"])}
        if cell["cell_type"] == "markdown":
            plain["source"] = plain_markdown(plain["source"], role)
        elif cell["cell_type"] == "code":
            plain["source"] = plain_code(plain["source"], role)
            plain["outputs"] = [for_lab(output, role) for output in cell["outputs"]]
            plain["metadata"] |= folded(tags)
        if plain["source"]:
            cells.append(plain)
    return {
        "cells": [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)],  # as in every build
        "metadata": {key: notebook["metadata"][key] for key in ("kernelspec", "language_info")},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def folded(tags: list[str]) -> dict[str, Any]:
    """Metadata by which JupyterLab folds what the book's page folds."""
    if "hide-cell" in tags:
        return {"jupyter": {"source_hidden": True, "outputs_hidden": True}}
    return {"jupyter": {"source_hidden": True}} if "hide-input" in tags else {}


def for_lab(output: dict[str, Any], role: Callable[[str, str], str]) -> dict[str, Any]:
    """Output for JupyterLab.

    A chart loses the figure that only the book's script fills, since HTML would hide the chart; a table gets the
    alignment that the book's style sheet gives it, and a sentence the words that stand for a role.
    """
    data = output.get("data", {})
    if "text/markdown" in data:
        said = {mime: plain_markdown("".join(one), role) for mime, one in data.items() if mime in SAID}
        return output | {"data": data | said}
    if "text/html" not in data:
        return output
    shown = "".join(data["text/html"])
    if shown.startswith('<figure class="dojo-chart"'):
        return output | {"data": {mime: one for mime, one in data.items() if mime != "text/html"}}
    # A calculator's scripts and style are the book's; its first answers stand alone.
    shown = _PROGRAM.sub("", shown) if 'class="dojo-calculator"' in shown else shown
    return output | {"data": data | {"text/html": charts.aligned(shown)}}


def plain_markdown(text: str, role: Callable[[str, str], str]) -> str:
    """Rewrite the MyST of one cell as Markdown that every notebook shows well."""
    text = _TARGET.sub("", text)
    text = _FENCE.sub(_directive, text)
    text = _EQUATION_LABEL.sub("$$", text)
    text = _CHAPTER_LINK.sub(r"](\g<page>.ipynb)", text)
    return _ROLE.sub(lambda match: role(match["name"], match["content"]), text).strip()


def plain_code(text: str, role: Callable[[str, str], str]) -> str:
    """Replace the roles of the sentences that a cell says, which would be shown as they are typed."""
    return _SAID_ROLE.sub(lambda match: role(match["name"] or match["doubled"], match["content"]), text)


def role_text(app: Sphinx, bibliography: BibliographyData, name: str, content: str) -> str:
    """Text that stands for a role: what the book's page shows in its place, without the link."""
    if name == "math":
        return f"${content}$"
    titled = _TITLED.fullmatch(content)
    if titled and not name.startswith("cite"):
        return titled["text"]
    if name == "term":
        return content
    try:
        if name.startswith("cite"):
            cited = [citation(bibliography.entries[key.strip()]) for key in content.split(",")]
            return "; ".join(cited) if name == "cite:t" else f"({'; '.join(cited)})"
        if name == "doc":
            return f"*{app.env.titles[content.strip('/')].astext()}*"
        if name in {"ref", "numref"}:
            return f"*{cast(StandardDomain, app.env.get_domain('std')).labels[content][2]}*"
        if name == "eq":
            return f"({cast(MathDomain, app.env.get_domain('math')).equations[content][1]})"
    except KeyError:  # of which Sphinx has warned, with the line
        return f"`{content}`"
    return f"`{content.removeprefix('~').rpartition('.')[2] if content.startswith('~') else content}`"


def citation(entry: Entry) -> str:
    """Authors and year, as in "Williams et al., 2009"."""
    names = [" ".join(person.prelast_names + person.last_names) for person in entry.persons["author"]]
    more = len(names) > 2 or names[-1] == "others"  # as BibTeX writes whom it leaves out
    authors = f"{names[0]} et al." if more else " and ".join(names)
    return f"{authors.strip('{}')}, {entry.fields['year']}"


def _directive(match: re.Match[str]) -> str:
    """Markdown that stands for a directive: a formula, a quotation with its title, or its bare body."""
    name, argument = match["name"], match["argument"].strip()
    body = _FENCE.sub(_directive, match["body"]).strip()  # a directive may hold others
    if name in DROPPED:
        return ""
    if name == "math":
        return f"$$\n{body}\n$$"
    if name == "calculator":
        return CALCULATOR
    title = argument or name.capitalize()
    return "\n".join(f"> {line}".rstrip() for line in [f"**{title}**", "", *body.splitlines()])
