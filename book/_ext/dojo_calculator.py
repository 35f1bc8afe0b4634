"""Sphinx directive that puts a small calculator into a chapter, at the question that the chapter asks.

    ```{calculator} hour
    :chips: h100-sxm gb200 d1
    :begin: chips=100000
    ```

asks a question of the chain, see `data/asked.csv`, of the chips that are named. With ``:answer:`` the argument is a
model that ships, and the answer one of its outputs. The page starts no kernel for it and asks no other host.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from dojo_calc.chain.shipped import shipped
from dojo_calc.pictures.calculator import Calculator, calculator
from dojo_calc.pictures.chain_calculator import COUNTS, chain_calculator
from dojo_calc.words import Asked

WHOLE = "calculator.html"  # the page that asks everything


class CalculatorDirective(SphinxDirective):
    """A calculator with one question."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "chips": directives.unchanged_required,
        "counts": directives.positive_int_list,
        "begin": directives.unchanged_required,
        "answer": directives.unchanged_required,
        "sentence": directives.unchanged_required,
        "outputs": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Put the calculator's element into the page."""
        given = {name: str(text) for name, text in self.options.items() if name != "counts"}
        counts = tuple(self.options.get("counts", COUNTS))
        try:
            element = _element(json.dumps([self.arguments[0], given, counts], sort_keys=True))
        except subprocess.CalledProcessError as error:
            raise self.error(error.stderr.decode().strip().rpartition("\n")[2]) from None
        return [nodes.raw("", element, format="html")]


@cache
def _element(asked: str) -> str:
    """The calculator's element, made in a new process.

    Pages are read in forks of the build, in which polars, that a search of plans needs, waits for ever for threads
    that only the build has.
    """
    made = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), asked], capture_output=True, check=True
    )
    return made.stdout.decode()


def _made(name: str, given: dict[str, str], counts: list[int]) -> Calculator:
    if "answer" in given:
        asked = Asked(
            id=name.replace("_", ""), title=given["sentence"], sentence=given["sentence"], answer=given["answer"],
            outputs=given["outputs"],
        )  # fmt: skip
        return calculator(shipped(name), [asked], name=name, whole=f"{WHOLE}#", begin=given.get("begin", ""))
    begin = f"ask={name}&{given['begin']}" if "begin" in given else ""
    chips = given["chips"].split() if "chips" in given else None
    return chain_calculator(
        [name], chips=chips, sets=["hyperscaler"], counts=counts, begin=begin, whole=WHOLE
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_directive("calculator", CalculatorDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    sys.stdout.buffer.write(_made(*json.loads(sys.argv[1])).element().encode())
