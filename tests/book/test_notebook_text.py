"""The MyST of a chapter, as its downloaded notebook shows it."""

from __future__ import annotations

from importlib import import_module

import pytest
from pybtex.database import parse_string

dojo_notebooks = import_module("dojo_notebooks")  # conftest.py puts the book's extensions on the path


@pytest.mark.parametrize(
    ("myst", "plain"),
    [
        ("(label)=\n# Title", "# Title"),
        ("$$\na = b\n$$ (eq-a)", "$$\na = b\n$$"),
        ("```{math}\n:label: eq-a\na = b\n```", "$$\na = b\n$$"),
        ("By {eq}`eq-a`, so.", "By eq:eq-a, so."),
        ("See [it](machine.md) and [that](race.md#now).", "See [it](machine.ipynb) and [that](race.ipynb)."),
        ("```{note}\nTwo\n\nlines.\n```", "> **Note**\n>\n> Two\n>\n> lines."),
        ("```{admonition} Answer\n:class: dropdown\n\nYes.\n```", "> **Answer**\n>\n> Yes."),
        (":::{tip}\nUse {ref}`it`.\n:::", "> **Tip**\n>\n> Use ref:it."),
        ("````{note}\n```{math}\na\n```\n````", "> **Note**\n>\n> $$\n> a\n> $$"),
        ("```{bibliography}\n```", ""),
        ("```python\nx = {1: 2}\n```", "```python\nx = {1: 2}\n```"),
        ("`{event:stop}` is a day of {doc}`facts`", "`{event:stop}` is a day of doc:facts"),
    ],
)
def test_myst_becomes_markdown(myst: str, plain: str) -> None:
    assert dojo_notebooks.plain_markdown(myst, lambda name, content: f"{name}:{content}") == plain


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ('say(f"{x:.0f} {{term}}`BF16`, {{doc}}`race`")', 'say(f"{x:.0f} term:BF16, doc:race")'),
        ('say("a {term}`Peak <peak>` here")', 'say("a term:Peak <peak> here")'),
        ('say(f"{{cite:p}}`{key}` and {x}`y`")', 'say(f"{{cite:p}}`{key}` and {x}`y`")'),
    ],
)
def test_what_a_cell_says_has_no_roles(code: str, plain: str) -> None:
    assert dojo_notebooks.plain_code(code, lambda name, content: f"{name}:{content}") == plain


@pytest.mark.parametrize(
    ("written", "cited"),
    [
        ("Brown, Tom and others", "Brown et al., 2020"),
        ("{Economic Daily News}", "Economic Daily News, 2020"),
        ("de Boer, Jan and Li, Mei", "de Boer and Li, 2020"),
        ("A, B and C, D and E, F", "A et al., 2020"),
    ],
)
def test_authors_are_cited_by_their_number(written: str, cited: str) -> None:
    entries = parse_string(f"@misc{{key, author = {{{written}}}, year = 2020}}", "bibtex").entries
    assert dojo_notebooks.citation(entries["key"]) == cited


def test_a_stored_sentence_has_no_roles_in_any_form() -> None:
    said = "153 with every byte from its {term}`HBM`"
    output = {"data": {"text/markdown": [said], "text/plain": [said]}}
    shown = dojo_notebooks.for_lab(output, lambda _name, content: content)
    assert shown["data"] == dict.fromkeys(output["data"], "153 with every byte from its HBM")


def test_chapter_keeps_its_code_and_loses_what_only_the_book_reads() -> None:
    figure = '<figure class="dojo-chart"><script type="application/json">{}</script></figure>'
    chart = {"text/html": [figure], "application/vnd.vegalite.v5+json": {"mark": "bar"}}
    table = {"text/html": ['<table><tr><th scope="row">a</th><td class="number">1</td></tr></table>']}
    code = {
        "cell_type": "code",
        "metadata": {"tags": ["hide-input"], "source_map": [1]},
        "source": ["a = 1\n", "a"],
        "execution_count": 1,
        "outputs": [{"output_type": "execute_result", "metadata": {}, "data": one} for one in (chart, table)],
    }
    chapter = {
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": ["(a)=\n", "# T"]}, code],
        "metadata": {
            "kernelspec": {"name": "python3"},
            "language_info": {"name": "python"},
            "source_map": [],
        },
    }
    plain = dojo_notebooks.for_readers(chapter, "preface", lambda _name, content: content)
    assert [cell["source"] for cell in plain["cells"]] == ["preface", "# T", "a = 1\na"]
    shown = plain["cells"][2]
    assert shown["metadata"] == {"tags": ["hide-input"], "jupyter": {"source_hidden": True}}
    assert shown["outputs"][0]["data"] == {"application/vnd.vegalite.v5+json": {"mark": "bar"}}
    assert shown["outputs"][1]["data"]["text/html"] == (
        '<table><tr><th scope="row" style="text-align: left">a</th>'
        '<td class="number" style="text-align: right">1</td></tr></table>'
    )
    assert set(plain["metadata"]) == {"kernelspec", "language_info"}
