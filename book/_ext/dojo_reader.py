"""Sphinx extension with what a reader expects of a page beside its text.

A preview for whoever shares its address, the meaning of a term where the term stands, the date of the facts and how
to cite them, and a policy that lets no page ask another host for anything or run what does not belong to it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
from docutils import nodes
from sphinx.application import Sphinx

from dojo_calc import __version__
from dojo_calc.facts import load

PREVIEW = "preview.png"  # what stands beside a shared address
PICTURE = "hundred-exaflops.svg"
TALKATIVE = ("scripts/pydata-sphinx-theme.js", "togglebutton.js")  # they report on themselves to the console
LONGEST = 200  # characters of a description; who shows it cuts it there
GLOSSARY = "glossary"
INLINE = re.compile(r"<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL)
DATA = re.compile(r'\btype="(?!module"|text/javascript")')  # what is no program


def describe(app: Sphinx, _pagename: str, _template: str, context: dict[str, Any], tree: Any) -> None:
    """Say what a page is about, for whoever shares its address or finds it."""
    if tree is None and "said" not in context:
        return
    said = context.get("said") or first_words(tree)
    title = re.sub(r"<[^>]+>", "", context.get("title", ""))
    picture = context["pathto"](f"_static/{PREVIEW}", 1)
    words = {
        "og:type": "article", "og:title": html.unescape(title), "og:site_name": app.config.html_title,
        "og:description": said, "og:image": picture,
    }  # fmt: skip
    tags = [f'<meta name="description" content="{html.escape(said)}">'] if said else []
    tags += [
        f'<meta property="{name}" content="{html.escape(text)}">' for name, text in words.items() if text
    ]
    context["metatags"] = context.get("metatags", "") + "\n".join(tags) + "\n"


def first_words(tree: nodes.document) -> str:
    """Beginning of a page's first paragraph, whole words of it."""
    for one in tree.findall(nodes.paragraph):
        if isinstance(one.parent, nodes.section):
            text = re.sub(r"\s*\[[^\]]*\]", "", " ".join(one.astext().split()))  # citations are numbers yet
            return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"
    return ""


def define_terms(app: Sphinx, tree: nodes.document, _name: str) -> None:
    """Give each reference to a term of the glossary what it means, shown where the pointer rests on it."""
    for one in tree.findall(nodes.reference):
        if one.get("refuri", "").partition("#")[2].startswith("term-"):
            meaning = meanings(app).get(spelt(one.astext())) or meanings(app).get(
                spelt(one["refuri"].partition("#term-")[2]), ""
            )
            if meaning:
                one["reftitle"] = meaning


def spelt(term: str) -> str:
    """A term as it is looked up: an address has a hyphen for each space, so that a term's own are spaces too."""
    return term.casefold().replace("-", " ")


_MEANINGS: dict[str, str] = {}


def meanings(app: Sphinx) -> dict[str, str]:
    """Terms of the glossary with the first sentence of what they mean."""
    if not _MEANINGS and GLOSSARY in app.env.all_docs:
        for item in app.env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
            said = next(iter(item.findall(nodes.definition))).astext()
            sentence = re.split(r"(?<=[.!?])\s", " ".join(said.split()))[0]
            _MEANINGS.update({spelt(term.astext()): sentence for term in item.findall(nodes.term)})
    return _MEANINGS


@cache
def commit(folder: Path) -> tuple[str, str]:
    """Short name and day of the commit that a book is built from; nothing outside of a repository."""
    asked = ["git", "-C", str(folder), "log", "-1", "--format=%h %cs"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "", ""
    name, _, day = done.stdout.strip().partition(" ")
    return name, day


def foot(app: Sphinx, config: Any) -> None:
    """Say at the foot of every page what date its facts are of, and how to cite it."""
    name, day = commit(Path(app.srcdir))
    newest = max(source.date for source in load().sources.values())
    of = f", commit {name} of {day}" if name else ""
    year = (day or newest)[:4]
    config.html_theme_options["extra_footer"] = (
        f'<p class="dojo-foot">Facts as of {newest}. Computed by dojo_calc {__version__}{of}.</p>'
        f'<p class="dojo-foot">Cite as: {html.escape(str(config.author))}, '
        f"<cite>{html.escape(config.html_title)}</cite>, "
        f"dojo_calc {__version__}{f' ({name})' if name else ''}, {year}.</p>"
    )


def guard(app: Sphinx, exception: Exception | None) -> None:
    """Forbid every page foreign hosts, and any program that was not in it when it was built."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    drawn = vl_convert.svg_to_png(
        (Path(app.srcdir) / "_static" / PICTURE).read_text(encoding="utf-8"), scale=2
    )
    (out / "_static" / PREVIEW).write_bytes(drawn)
    for name in TALKATIVE:
        script = out / "_static" / name
        script.write_text(
            script.read_text(encoding="utf-8").replace("console.log(", "void("), encoding="utf-8"
        )
    for page in sorted(out.rglob("*.html")):
        # The theme's signs that unfold a part of the contents have no name to be read aloud.
        text = page.read_text(encoding="utf-8").replace(
            '<summary><span class="toctree-toggle"',
            '<summary aria-label="Pages below this one"><span class="toctree-toggle"',
        )
        text = text.replace('console.log("[PST]', 'void("[PST]')
        if "<head" in text and "Content-Security-Policy" not in text:
            rule = f'<meta http-equiv="Content-Security-Policy" content="{policy(text)}">'
            text = re.sub(r"(<head[^>]*>)", rf"\1\n{rule}", text, count=1)
        page.write_text(text, encoding="utf-8")


def policy(text: str) -> str:
    """Content security policy of a page: its own files, and the programs that stand in it by their digests.

    Vega compiles the expressions of a chart, which needs `unsafe-eval`; from disk a page's own files are `file:`.
    """
    programs = [
        f"'sha256-{base64.b64encode(hashlib.sha256(one['code'].encode()).digest()).decode()}'"
        for one in INLINE.finditer(text)
        if one["code"].strip() and "src=" not in one["attributes"] and not DATA.search(one["attributes"])
    ]
    own = "'self' file:"
    rules = {
        "default-src": own, "script-src": " ".join([own, "'unsafe-eval'", *dict.fromkeys(programs)]),
        "style-src": f"{own} 'unsafe-inline'", "img-src": f"{own} data: blob:", "font-src": f"{own} data:",
        "worker-src": f"{own} blob:", "object-src": "'none'", "base-uri": "'none'", "form-action": own,
    }  # fmt: skip
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx; the policy last, over pages that are whole."""
    app.connect("config-inited", foot)
    app.connect("html-page-context", describe, priority=800)
    app.connect("doctree-resolved", define_terms, priority=900)
    app.connect("build-finished", guard, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
