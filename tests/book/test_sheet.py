"""The formula sheet: every formula once, whole, with its units; an example of a model; links both ways."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from dojo_calc.chain.shipped import shipped
from dojo_calc.formatting import format_si
from dojo_calc.pictures.charts import typeset
from dojo_calc.quantities import signature
from tests.discovery import formulas

from .conftest import pages

SECTION = re.compile(r'<section id="(formula-[\w-]+)">(.*?)</section>', re.DOTALL)


@pytest.fixture(scope="module")
def sheet(site: Path) -> dict[str, tuple[str, str]]:
    """Page and HTML of each formula, by the name of its function."""
    found: dict[str, tuple[str, str]] = {}
    for name in (one for one in pages() if one.startswith("formulas_")):
        for place, text in SECTION.findall((site / name).read_text(encoding="utf-8")):
            function = re.findall(r'href="(api_\w+\.html)#([\w.]+)"', text)[0][1]
            assert function not in found, "one formula stands in two places"
            found[function] = f"{name}#{place}", text
    return found


def test_every_formula_stands_once_with_all_its_symbols(sheet: dict[str, tuple[str, str]]) -> None:
    every = formulas()
    assert sheet.keys() == every.keys()
    for name, (_, text) in sheet.items():
        declared = signature(every[name])
        assert declared is not None
        assert "<math" in text
        rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>', text)
        *symbols, last = rows
        assert last[2:] == (html.escape(typeset(declared.result.unit)), declared.result.domain)
        for symbol, spec in declared.parameters.items():
            own = [one for one in symbols if re.fullmatch(rf"{symbol.replace('_', ' ')}\d*", one[0])]
            assert own, f"{name} lacks {symbol}"
            assert {one[2:] for one in own} == {(html.escape(typeset(spec.unit)), spec.domain)}


def test_the_reference_leads_to_the_sheet_and_back(site: Path, sheet: dict[str, tuple[str, str]]) -> None:
    for name, (address, text) in sheet.items():
        page, place = re.findall(r'href="(api_\w+\.html)#([\w.]+)"', text)[0]
        assert place == name
        assert f'href="{address}"' in (site / page).read_text(encoding="utf-8")


def test_examples_are_what_the_model_computes(sheet: dict[str, tuple[str, str]]) -> None:
    told = 0
    for _, text in sheet.values():
        for step, model in re.findall(r"Example: <code[^>]*>(?:<span[^>]*>)?(\w+).*?of (\w+), at its", text):
            made = shipped(model)
            shown = html.escape(typeset(format_si(float(made.evaluate(step)), made.spec(step).unit)))
            assert re.findall(r'<td class="number">(.*?)</td>', text)[-1] == shown
            told += 1
    assert told > 250
