"""Sphinx extension that makes the book's pages complete in themselves: nothing is asked of another host.

It removes what the theme would fetch, puts the libraries beside the pages (they come from installed packages,
so the repository holds no copy of them), and offers every chapter as a notebook.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dojo_notebooks
import dojo_warm
import vl_convert
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.parallel import make_chunks

from dojo_calc.pictures import calculator
from dojo_calc.pictures.theme import THEME

logger = logging.getLogger(__name__)

VEGA_LITE = "6.4"
# What MathJax may ask for while it draws TeX; its speech and menu parts are left out.
MATHJAX_PARTS = ("tex-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")
# Scripts of a page that holds such an element, in the order in which they run.
SCRIPTS_FOR = {
    'class="dojo-chart"': ("vega.js", "dojo-theme.js", "dojo-charts.js"),
    'class="dojo-table"': ("dojo-tables.js",),
    'class="dojo-cards"': ("dojo-cards.js",),
    '<div class="math': ("dojo-formulas.js",),
    'class="dojo-equation"': ("dojo-formulas.js",),
    'class="dojo-facts"': ("dojo-facts-data.js", "dojo-facts.js"),
    'class="dojo-calculator"': ("dojo-calculator.js",),
}
# A service that runs cells on another host; Jupyter Book adds it to every page.
THEBE_SETTINGS = re.compile(r'<script type="text/x-thebe-config">.*?</script>', re.DOTALL)
EXERCISES = '<section id="exercises">'
FOLDED = re.compile(r"(?<=>(?:Show|Hide) )the content(?=</p>)")  # so MyST-NB calls a cell with its output
# Jupyter Book's own, which do not say that they may read pages side by side; they only register what others run.
SILENT = ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex")
# How many ordinary chapters' time the long ones take to execute; and a page that only has to be read.
LONG = {
    "calculator": 30, "measured": 12, "unknowns": 5, "training_run": 4, "ask": 3, "command_line": 3, "plan_search": 2,
}  # fmt: skip
READ_ALONE = 0.2
# Of the sidebar, by the folder of its page and what the theme asks.
_CONTENTS: dict[tuple[Any, ...], str] = {}


def read_side_by_side(app: Sphinx, _config: object) -> None:
    """Let chapters be executed side by side; `jupyter-book` has no option for it.

    Sphinx deals each process a share of the pages at the start, so more processes than processors even out the long
    ones that `deal` has not.
    """
    app.parallel = 2 * (os.cpu_count() or 1)
    for name in SILENT:
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True


def deal(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Put the pages in an order in which each share that Sphinx cuts from it takes about as long to read."""
    executed = {one for one in docnames if "{code-cell}" in Path(env.doc2path(one)).read_text("utf-8")}
    weights = {one: LONG.get(one, 1) if one in executed else READ_ALONE for one in docnames}
    room = [len(share) for share in make_chunks(docnames, app.parallel)]
    hands: list[list[str]] = [[] for _ in room]
    for one in sorted(docnames, key=lambda one: (-weights[one], one)):
        free = [hand for hand, most in zip(hands, room, strict=True) if len(hand) < most]
        min(free, key=lambda hand: sum(weights[other] for other in hand)).append(one)
    docnames[:] = [one for hand in hands for one in hand]


def start_kernels(app: Sphinx) -> None:
    """Start the process that chapters' kernels are forked from, and end it with the build."""
    warm = dojo_warm.Warm()
    app.connect("build-finished", lambda *_: warm.close())


def complete_page(app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Give one page the scripts it needs, and none that are foreign or given twice."""
    seen: set[tuple[str, str]] = set()
    scripts = []
    for script in context["script_files"]:
        name, content = str(getattr(script, "filename", script)), str(getattr(script, "attributes", ""))
        foreign = "://" in name + content or "thebe" in name
        if not foreign and (name, content) not in seen:
            seen.add((name, content))
            scripts.append(script)
    context["script_files"][:] = scripts
    context["css_files"][:] = [sheet for sheet in context["css_files"] if "thebe" not in str(sheet.filename)]

    body = THEBE_SETTINGS.sub("", context.get("body", ""))
    before, exercises, after = body.partition(EXERCISES)
    body = f"{FOLDED.sub('the table', before)}{exercises}{FOLDED.sub('the answer', after)}"
    # The roles that docutils gives a bibliography are not allowed on these elements.
    body = body.replace(' role="doc-biblioentry"', "")
    body = body.replace('<div role="list" class="citation-list">', '<div class="citation-list">')
    context["body"] = body
    if 'class="dojo-chart" role="group" aria-label=""' in body:
        logger.warning("a chart has no alternative text: pass it through charts.finish", location=pagename)
    assets = context["pathto"]("assets", 1)
    context["metatags"] = context.get("metatags", "") + "".join(
        f'<script defer src="{assets}/{name}"></script>\n'
        for marker, names in SCRIPTS_FOR.items()
        if marker in body
        for name in names
    )
    if 'class="dojo-calculator"' in body:
        context["metatags"] += f'<link rel="stylesheet" href="{assets}/dojo-calculator.css">\n'
    if pagename == "search":
        context["metatags"] += "".join(
            f'<script defer src="{assets}/{name}"></script>\n' for name in ("dojo-words.js", "dojo-search.js")
        )
    if dojo_notebooks.is_notebook(app, pagename):
        context["header_buttons"].insert(
            0,
            {
                "type": "link",
                "url": context["pathto"](f"{dojo_notebooks.FOLDER}/{pagename}.ipynb", 1),
                "text": "Download this chapter as a notebook",
                "icon": "fas fa-download",
                "label": "download-notebook",
            },
        )


def keep_contents(
    _app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _tree: object
) -> None:
    """Write the sidebar's contents once for pages that are not in them: those of one folder have the same."""
    folder = pagename.rpartition("/")[0]
    write = context["toctree"]

    def kept(**options: Any) -> str:
        key = (folder, *sorted(options.items()))
        if key not in _CONTENTS:
            _CONTENTS[key] = write(**options)
        return _CONTENTS[key]

    if folder:
        context["toctree"] = kept


def write_assets(app: Sphinx, exception: Exception | None) -> None:
    """Put the libraries, the charts' theme and the notebooks beside the pages."""
    if exception is not None or app.builder.format != "html":
        return
    assets = Path(app.outdir) / "assets"
    assets.mkdir(exist_ok=True)
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    # The bundle's names would collide with Sphinx's at the top level of a page.
    (assets / "vega.js").write_text(f"(() => {{{bundle}}})();\n", encoding="utf-8")
    theme = json.dumps(THEME, separators=(",", ":"))
    (assets / "dojo-theme.js").write_text(f"window.dojoTheme={theme};\n", encoding="utf-8")
    (assets / "dojo-calculator.js").write_text(
        "".join(map(calculator.asset, calculator.SCRIPTS)), encoding="utf-8"
    )
    (assets / "dojo-calculator.css").write_text(calculator.asset(calculator.STYLE), encoding="utf-8")
    copy_mathjax(assets / "mathjax")
    dojo_notebooks.write_all(app)


def copy_mathjax(target: Path) -> None:
    """Copy the parts of MathJax that the pages use out of the installed package."""
    package = find_spec("sphinx-mathjax-offline")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("sphinx-mathjax-offline is not installed: run `make book`, which installs it")
    source = Path(package.submodule_search_locations[0], "static", "mathjax")
    for part in MATHJAX_PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(
                source / part, target / part, dirs_exist_ok=True
            )  # a second build into one folder
        else:
            shutil.copyfile(source / part, target / part)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx; late, so that what the theme and other extensions add is seen."""
    os.environ["DOJO_CALC_BOOK"] = "1"  # the kernels that execute the chapters inherit it: see pictures.theme
    app.connect("config-inited", read_side_by_side)
    app.connect("builder-inited", start_kernels)
    app.connect("env-before-read-docs", deal)
    app.connect("html-page-context", keep_contents, priority=400)  # before the theme asks for them
    app.connect("html-page-context", complete_page, priority=900)
    app.connect("build-finished", write_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
