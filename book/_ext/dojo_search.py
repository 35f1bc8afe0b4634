"""Sphinx extension with the words of every page in one script, so that a search shows where it found them.

Sphinx's own search fetches each page that it lists. A page opened from disk may not fetch, so the page of the search
is handed all words beforehand, from disk and from a server alike.
"""

from __future__ import annotations

import html
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

SCRIPT = "dojo-words.js"
SILENT = {
    "script",
    "style",
    "svg",
    "form",
    "button",
    "template",
}  # elements whose text is no part of a page's
APART = ("cell_input", "headerlink", "prev-next-footer", "collapsed", "expanded")  # classes of such elements
VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Words(HTMLParser):
    """Text of a page's article, with the sections and terms that an address may name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open: list[tuple[str, bool]] = []  # elements around this place, and whether each is silent
        self.within = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter an element; a section or a term is kept with its name."""
        if tag in VOID:
            return
        given = dict(attrs)
        names = (given.get("class") or "").split()
        self.within = self.within or (tag == "article" and "bd-article" in names)
        silent = tag in SILENT or any(one in names for one in APART) or (bool(self.open) and self.open[-1][1])
        self.open.append((tag, silent))
        if self.within and (tag == "section" or (tag == "dt" and given.get("id"))):
            self.found.append(f'<div id="{html.escape(given.get("id") or "")}">')

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and what was left open in it."""
        if all(tag != name for name, _ in self.open):
            return
        while self.open.pop()[0] != tag:
            pass
        if self.within and tag in ("section", "dd"):  # what a term means belongs to its name
            self.found.append("</div>")
        self.within = self.within and tag != "article"

    def handle_data(self, data: str) -> None:
        """Keep text, its spaces drawn together."""
        if self.within and not self.open[-1][1] and data.strip():
            self.found.append(html.escape(" ".join(data.split()), quote=False) + " ")


def words(page: str) -> str:
    """What a page says, as the HTML that Sphinx's search reads."""
    reader = Words()
    reader.feed(page)
    return f'<div role="main">{"".join(reader.found).strip()}</div>'


def write_words(app: Sphinx, exception: Exception | None) -> None:
    """Write the words of every page that the search may list."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    indexed = json.loads((out / "searchindex.js").read_text(encoding="utf-8")[len("Search.setIndex(") : -1])
    found = {name: words((out / f"{name}.html").read_text(encoding="utf-8")) for name in indexed["docnames"]}
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    (out / "assets").mkdir(exist_ok=True)
    (out / "assets" / SCRIPT).write_text(f"window.dojoWords={text};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, after the pages of things are written."""
    app.connect("build-finished", write_words, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
