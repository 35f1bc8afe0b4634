"""Prints the built book into one PDF, in the order of its contents: ``make pdf``.

The articles of all pages are put into one page first, their names made different and their links pointed into it. One
print by chromium then gives what many could not: links from chapter to chapter, and an outline of the whole. The
titles of the outline are set anew: chromium drops the space where a line ends, and doubles what it lays out twice.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
PDF = ROOT / "_build" / "what-would-it-take.pdf"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
# Root may not use the sandbox; the rest keeps the browser itself from asking the network for anything.
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
PAPER, MARGIN = (794, 1123), 60  # pixels of an A4 sheet, and around what is printed
SCALE = 0.8  # of what a screen shows: letters of 16 pixels become ten points, as books have them
LONGEST = 100  # rows of a folded table that is unfolded; longer ones are files of the data set
PATIENCE = 600_000  # milliseconds: charts of all chapters are drawn one after the other
ARTICLE = re.compile(r'<article class="bd-article"[^>]*>(.*)</article>', re.DOTALL)
CONTENTS = re.compile(r'<nav class="bd-links.*?</nav>', re.DOTALL)
PROGRAM = re.compile(r"(<script\b.*?</script>)", re.DOTALL)
NAMED = re.compile(r'(<[^<>]*?\s)(id|for|aria-labelledby|aria-describedby)="([^"]*)"')
LINK = re.compile(r'(<a\b[^<>]*?\shref=")([^"]*)"')
HEAD = re.compile(r'<link [^>]*rel="stylesheet"[^>]*>|<link [^>]*href="[^"]*\.css[^"]*"[^>]*>')
MATHS = (
    re.compile(r"<script>window\.MathJax.*?</script>", re.DOTALL),
    re.compile(r"<script[^>]*mathjax/tex[^>]*></script>"),
)
SCRIPTS = ("vega.js", "dojo-theme.js", "dojo-charts.js")
# On paper all but the longest tables is unfolded, and a table or a drawing wider than the sheet is made smaller.
READY = """async (longest) => {
  document.documentElement.dataset.theme = "light";
  for (const fold of document.querySelectorAll("div.tag_hide-cell details, details.dojo-card")) {
    const rows = fold.querySelectorAll("tbody tr").length;
    fold.open = true;
    if (rows > longest) fold.replaceWith(`On screen, a table of ${rows.toLocaleString("en-US")} rows stands here.`);
  }
  await window.MathJax?.startup?.promise;
  await document.fonts.ready;
  for (const box of document.querySelectorAll(".dojo-table, .dojo-graph, .dojo-symbols, .dojo-equation, div.math")) {
    const wide = box.scrollWidth / box.clientWidth;
    if (wide > 1.01) box.style.zoom = 1 / wide;
  }
}"""
# Headings as they are read, in their order; the sign at the end of each is a link and no word of it.
TITLES = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6, [role=heading]")].map((heading) => {
  const copy = heading.cloneNode(true);
  for (const link of copy.querySelectorAll(".headerlink")) link.remove();
  return copy.textContent.replace(/\\s+/g, " ").trim();
})"""
# An entry of the outline: a title, where it leads, and below which other it stands.
ENTRY = re.compile(
    rb"^(\d+) 0 obj\n<</Title (\((?:\\.|[^\\)])*\)|<[0-9A-Fa-f]*>)(\n/Dest .*?endobj\n)",
    re.DOTALL | re.MULTILINE,
)
ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
TAIL = re.compile(rb"trailer\n(<<.*?>>)\nstartxref\n(\d+)\n%%EOF\s*$", re.DOTALL)
STYLE = """
  html, body { background: white; }
  article.bd-article { break-before: page; overflow: visible; padding: 0; }
  article.bd-article:first-child { break-before: auto; }
  .headerlink, .dojo-plot .vega-bind input[type="range"], .dojo-plot select, form,
  .dojo-reset { display: none !important; }
  .bd-content { display: block !important; }
"""
FOOT = (
    '<div style="width: 100%; font: 9px sans-serif; text-align: center; color: #555">'
    '<span class="pageNumber"></span></div>'
)


def contents(site: Path) -> list[str]:
    """Names of the pages, in the order of the contents."""
    listed = CONTENTS.findall((site / "index.html").read_text(encoding="utf-8"))
    links = re.findall(r'class="reference internal" href="([^"#]*)\.html"', "".join(listed))
    return ["index", *dict.fromkeys(one for one in links if one != "index")]


def article(site: Path, name: str, among: Sequence[str]) -> str:
    """Article of a page, whose names and links are those of the page that holds all."""
    found = ARTICLE.search((site / f"{name}.html").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{name}.html: expected an article of the book, found none")

    def named(one: re.Match[str]) -> str:
        return f'{one[1]}{one[2]}="{" ".join(place(name, part) for part in one[3].split())}"'

    def linked(one: re.Match[str]) -> str:
        return f'{one[1]}{html.escape(target(name, html.unescape(one[2]), among))}"'

    parts = PROGRAM.split(found[1])
    parts[::2] = (LINK.sub(linked, NAMED.sub(named, part)) for part in parts[::2])
    return f'<article class="bd-article" id="{place(name)}">{"".join(parts)}</article>'


def place(name: str, within: str = "") -> str:
    """Name of a page, or of a place within it, in the page that holds all."""
    return f"page-{name.replace('/', '-')}" + (f"--{within}" if within else "")


def target(name: str, address: str, among: Sequence[str]) -> str:
    """Where a link of a page leads to once all pages are one; whatever is not printed keeps its address."""
    path, _, within = address.partition("#")
    if "://" in path or path.startswith("mailto:"):
        return address
    page = normpath(join(dirname(name), path)).removesuffix(".html") if path else name
    return f"#{place(page, within)}" if page in among else address


def whole(site: Path, names: Sequence[str]) -> str:
    """One page with the articles of all."""
    pages = [(site / f"{name}.html").read_text(encoding="utf-8") for name in names]
    sheets = dict.fromkeys(one for text in pages for one in HEAD.findall(text))
    maths = [one[0] for kind in MATHS if (one := kind.search("".join(pages)))]  # each once, or it fails
    scripts = "".join(f'<script defer src="assets/{one}"></script>' for one in SCRIPTS)
    found = re.search(r"<title>(.*?)</title>", pages[0], re.DOTALL)
    title = found[1].partition(" &#8212; ")[0] if found else ""  # the front page is called as the book
    body = "".join(article(site, name, names) for name in names)
    return (
        '<!DOCTYPE html><html lang="en" data-content_root="./" data-theme="light" data-code="off"><head>'
        f'<meta charset="utf-8"><title>{title}</title>{"".join(sheets)}{"".join(maths)}{scripts}'
        f'<style>{STYLE}</style></head><body><main class="bd-content" role="main">{body}</main></body></html>'
    )


def words(title: bytes) -> str:
    """What a PDF's string says: characters in brackets, or hexadecimal digits."""
    if title.startswith(b"<"):
        held = bytes.fromhex(title[1:-1].decode("ascii"))
    else:
        held = ESCAPED.sub(lambda one: bytes([int(one[1], 8)]) if one[1].isdigit() else one[1], title[1:-1])
    return held[2:].decode("utf-16-be") if held.startswith(b"\xfe\xff") else held.decode("latin-1")


def retitled(printed: bytes, titles: Sequence[str]) -> bytes:
    """Give each entry of a PDF's outline the title that its heading has.

    The new entries stand behind the file and take the place of the old, as the format has it for changes.

    Parameters
    ----------
    printed : bytes
        A PDF as chromium writes it.
    titles : sequence of str
        Of the headings, in their order; those that the outline leaves out are passed over.

    Returns
    -------
    bytes
        The PDF.
    """
    tail = TAIL.search(printed)
    if tail is None:
        raise ValueError("the print: expected a PDF that ends with its table of objects, found none")
    out = [printed.rstrip(b"\n") + b"\n"]
    places: dict[int, int] = {}  # of the new entries, in the file
    size, at = len(out[0]), 0
    for entry in sorted(ENTRY.finditer(printed), key=lambda one: int(one[1])):
        letters = set(words(entry[2])) - {" "}
        found = next((i for i in range(at, len(titles)) if set(titles[i]) - {" "} == letters), None)
        if found is None:
            raise ValueError(f"the outline: expected one of the headings, found {words(entry[2])!r}")
        at, number = found + 1, int(entry[1])
        code = (b"\xfe\xff" + titles[found].encode("utf-16-be")).hex().upper().encode("ascii")
        places[number] = size
        out.append(b"%d 0 obj\n<</Title <%s>%s" % (number, code, entry[3]))
        size += len(out[-1])
    table = b"".join(b"%d 1\n%010d 00000 n \n" % one for one in sorted(places.items()))
    ends = tail[1].removesuffix(b">>") + b"\n/Prev %d>>" % int(tail[2])
    out.append(
        b"xref\n0 1\n0000000000 65535 f \n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (table, ends, size)
    )
    return b"".join(out)


def print_book(browser: Any, site: Path, out: Path, names: Sequence[str] | None = None) -> None:
    """Print pages of a built book into one PDF.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        A chromium.
    site : Path
        The built book.
    out : Path
        File to write.
    names : sequence of str, optional
        Pages without their ending; all, in the order of the contents, if left out.
    """
    chosen = contents(site) if names is None else list(names)
    held = site / ".print.html"  # beside the pages, so that their style sheets and pictures are found
    held.write_text(whole(site, chosen), encoding="utf-8")
    try:
        wide = round((PAPER[0] - 2 * MARGIN) / SCALE)
        page = browser.new_page(viewport={"width": wide, "height": PAPER[1]})
        page.set_default_timeout(PATIENCE)
        page.emulate_media(media="print", color_scheme="light", reduced_motion="reduce")
        page.goto(held.as_uri())
        if page.locator("figure.dojo-chart").count():
            page.wait_for_function("document.documentElement.dataset.chartsDrawn !== undefined")
        page.evaluate(READY, LONGEST)
        edge = f"{MARGIN}px"
        printed = page.pdf(
            format="A4", scale=SCALE, print_background=True, outline=True, tagged=True,
            margin={"top": edge, "bottom": edge, "left": edge, "right": edge},
            display_header_footer=True, header_template="<span></span>", footer_template=FOOT,
        )  # fmt: skip
        out.write_bytes(retitled(printed, page.evaluate(TITLES)))
        page.close()
    finally:
        held.unlink()


def chromium() -> str | None:
    """Where a chromium is: the one that the environment names, else the first that is installed."""
    found = (shutil.which(name) for name in CHROMIUM_NAMES)
    return os.environ.get("CHROMIUM") or next(filter(None, found), None)


def main() -> None:
    """Print the whole book."""
    from playwright.sync_api import sync_playwright

    executable = chromium()
    if executable is None:
        sys.exit(
            f"no chromium to print with: install one of {', '.join(CHROMIUM_NAMES)}, or name it in CHROMIUM"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        print_book(browser, SITE, PDF)
        browser.close()
    print(f"Open {PDF.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
