"""Sphinx extension that shows the facts as a data set: a page an entity, a search with facets, files to download.

No kernel runs for them: the pages are written from the loaded facts when the book is finished.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, new_document

from dojo_calc.entities import Entity
from dojo_calc.facts import Fact, load
from dojo_calc.hardware.catalog import catalogue
from dojo_calc.pictures.charts import typeset

FOLDER = "facts"  # of the pages of entities
WIDTHS = {"wide": 680, "narrow": 340}  # pixels of a time line, on a desk and on a phone
CHARACTER = 8.6  # pixels of a letter, on average, at the size of the text, 14 pixels
FACETS = {"entity_kind": "Kind of thing", "quantity": "Quantity", "kind": "Kind of fact", "source": "Source"}


def by_entity() -> dict[str, list[Fact]]:
    """All readings of each entity, quantity by quantity."""
    found: dict[str, list[Fact]] = {}
    for fact in load():
        found.setdefault(fact.entity, []).append(fact)
    for own in found.values():
        order = list(dict.fromkeys(one.quantity for one in own))
        own.sort(key=lambda one: (order.index(one.quantity), one.date, not one.is_default))
    return found


def words(name: str) -> str:
    """Name of a quantity or a reading as words."""
    return name.replace("_", " ")


def anchor(fact: Fact) -> str:
    """Where a reading stands on its page; it stays as long as the row keeps its names."""
    return re.sub(r"[^\w.-]", "-", f"{fact.quantity}.{fact.reading}" if fact.reading else fact.quantity)


def year_of(day: str) -> float:
    """Date as a year with its fraction; the middle of what is not given."""
    year, month, of_month = (*(int(part) for part in day.split("-")), 0, 0)[:3]
    if not month:
        return year + 0.5
    first = date(year, 1, 1).toordinal()
    return year + (date(year, month, of_month or 15).toordinal() - first) / 365.25


def time_line(own: list[Fact], width: int, title: str) -> str:
    """Draw all dated readings as an SVG: a row a quantity, the default filled, the others hollow."""
    dated = [one for one in own if one.date]
    years = [year_of(one.date) for one in dated]
    low, high = min(years) - 0.3, max(years) + 0.3
    step = next(one for one in (1, 2, 5, 10, 20, 50, 100) if (high - low) / one <= width / 70)

    def x(year: float) -> float:
        return 8 + (year - low) / (high - low) * (width - 16)

    parts, y = [], 0.0
    for quantity, group in groupby(dated, key=lambda one: one.quantity):
        y += 26
        parts.append(f'<text x="0" y="{y:.0f}" class="what">{html.escape(words(quantity))}</text>')
        lanes: list[float] = []  # where the last label of each lane ends
        placed = []
        for one in sorted(group, key=lambda one: one.date):
            at, text = x(year_of(one.date)), typeset(one.printed)
            need = 14 + CHARACTER * len(text)
            left = at - 8 if at + need <= width else at - need
            lane = next((i for i, end in enumerate(lanes) if end + 6 <= left), len(lanes))
            lanes[lane : lane + 1] = [max(at, left) + (need if left == at - 8 else 8)]
            placed.append((one, at, text, left == at - 8, lane))
        for one, at, text, behind, lane in placed:
            middle = y + 14 + 20 * lane
            mark = "default" if one.is_default or len(placed) == 1 else "other"
            where = f'x="{at + 10:.1f}"' if behind else f'x="{at - 10:.1f}" text-anchor="end"'
            tip = html.escape(f"{words(quantity)} {words(one.reading)}: {text}, {one.date}, {one.kind}")
            parts.append(
                f'<a href="#{anchor(one)}"><title>{tip}</title><circle cx="{at:.1f}" cy="{middle:.0f}" r="5" '
                f'class="{mark}"/><text {where} y="{middle + 5:.0f}">{html.escape(text)}</text></a>'
            )
        y += 20 * len(lanes)
    y += 12
    first = int(-(-low // step) * step)
    ticks = range(first, int(high) + 1, step)
    lines = "".join(f'<line x1="{x(one):.1f}" x2="{x(one):.1f}" y1="4" y2="{y:.0f}"/>' for one in ticks)
    names = "".join(
        f'<text x="{min(max(x(one), 18), width - 18):.1f}" y="{y + 16:.0f}" text-anchor="middle">{one}</text>'
        for one in ticks
    )
    label = html.escape(f"Readings of {title} by date; the table below has them all", quote=True)
    return (
        f'<svg role="group" aria-label="{label}" width="{width}" height="{y + 22:.0f}" '
        f'viewBox="0 0 {width} {y + 22:.0f}">{lines}{"".join(parts)}{names}</svg>'
    )


def entity_body(entity: Entity, own: list[Fact]) -> str:
    """HTML of the page of one entity."""
    esc = html.escape
    told = {
        "Kind": entity.kind, "Maker": entity.maker, "Announced": entity.announced, "Released": entity.released,
        "Process": entity.process, "In code": entity.id, "Also called": ", ".join(entity.aliases),
    }  # fmt: skip
    facts = "".join(f"<dt>{name}</dt><dd>{esc(text)}</dd>" for name, text in told.items() if text)
    body = [f"<section><h1>{esc(entity.name)}</h1>", f'<dl class="dojo-entity">{facts}</dl>']
    if entity.note:
        body.append(f"<p>{esc(entity.note)}</p>")
    if any(one.date for one in own):
        body.append("<h2>Readings on a time line</h2>")
        body.append(
            "<p>Filled marks are the readings that the book uses; hollow ones are other readings.</p>"
        )
        body += [
            f'<div class="dojo-line {size}">{time_line(own, width, entity.name)}</div>'
            for size, width in WIDTHS.items()
        ]
    rows = []
    for one in own:
        cells = (
            f'<th scope="row"><a href="#{anchor(one)}" title="Link to this reading">{esc(words(one.quantity))}</a>'
            f"{f'<br><small>{esc(words(one.reading))}</small>' if one.reading else ''}</th>"
            f'<td class="number"><data value="{one.value}">{esc(typeset(one.printed))}</data></td>'
            f"<td>{esc(typeset(one.printed_interval)) or '–'}</td><td>{one.kind}</td><td>{one.date or '–'}</td>"
            f'<td><a href="#source-{esc(one.source)}">{esc(one.source)}</a></td><td>{esc(one.note)}</td>'
        )
        rows.append(f'<tr id="{anchor(one)}" title="{esc(one.description, quote=True)}">{cells}</tr>')
    head = "".join(
        f'<th scope="col">{one}</th>'
        for one in ("Quantity", "Value", "90 % interval", "Kind", "Date", "Source", "Note")
    )
    caption = esc(f"All readings of {entity.name}.")
    body.append(
        f'<h2>All readings</h2><div class="dojo-table" role="region" tabindex="0" aria-label="{caption}"><table>'
        f"<caption><span>{caption}</span></caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
    sources = load().sources
    body.append("<h2>Sources</h2><ul>")
    for key in dict.fromkeys(one.source for one in own):
        one = sources[key]
        said = ", ".join(filter(None, (one.author, one.date, one.address)))
        body.append(
            f'<li id="source-{esc(key)}"><strong>{esc(one.title)}</strong> {esc(said)} ({esc(key)})</li>'
        )
    body.append(
        '</ul><p>All facts: <a href="../facts_data.html">search</a>, <a href="../assets/facts.csv" download>CSV</a>, '
        '<a href="../assets/facts.parquet" download>Parquet</a>.</p></section>'
    )
    return "\n".join(body)


def entity_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield a page for each entity that has facts, and feed it to the search of the book."""
    book = catalogue()
    for name, own in by_entity().items():
        entity = book.entity(name)
        quantities = list(dict.fromkeys(words(one.quantity) for one in own))
        said = f"{entity.name} ({entity.kind}): {len(own)} readings of {', '.join(quantities)}"
        said = said if len(said) < 200 else said[:199].rsplit(",", 1)[0] + " …"
        page = f"{FOLDER}/{entity.id}"
        if app.builder.search and app.builder.indexer is not None:
            tree = new_document(page)
            section = nodes.section("", nodes.title("", entity.name), nodes.paragraph("", said), ids=["top"])
            tree += section
            app.builder.indexer.feed(page, f"{page}.html", entity.name, tree)
            # The index drops what is not a document of the book, and a document has a title.
            app.env.all_docs[page], app.env.titles[page] = 0, nodes.title("", entity.name)
        yield page, {"title": entity.name, "body": entity_body(entity, own), "said": said}, "page.html"


def frame() -> pl.DataFrame:
    """Every fact with its entity and its source beside it."""
    facts, book = load(), catalogue()
    sources = facts.sources
    beside = pl.DataFrame(
        {
            "entity_name": [book.entity(one.entity).name for one in facts],
            "entity_kind": [book.entity(one.entity).kind for one in facts],
            "printed_interval": [one.printed_interval for one in facts],
            "source_title": [sources[one.source].title for one in facts],
            "source_date": [sources[one.source].date for one in facts],
            "source_address": [sources[one.source].address for one in facts],
        }
    )
    return pl.concat([facts.table(), beside], how="horizontal")


def write_files(app: Sphinx, exception: Exception | None) -> None:
    """Write all facts as CSV, as Parquet, and as the script that the search reads."""
    if exception is not None or app.builder.format != "html":
        return
    assets = Path(app.outdir) / "assets"
    assets.mkdir(exist_ok=True)
    whole = frame()
    whole.write_csv(assets / "facts.csv")
    whole.write_parquet(assets / "facts.parquet")
    columns = (
        "entity entity_name entity_kind quantity reading printed printed_interval kind date source".split()
    )
    rows = [list(row) for row in whole.select(columns).iter_rows()]
    for row, fact in zip(rows, load(), strict=True):
        row[5], row[6] = typeset(row[5]), typeset(row[6])
        row.append(anchor(fact))
    data = json.dumps(
        {"columns": [*columns, "anchor"], "rows": rows}, ensure_ascii=False, separators=(",", ":")
    )
    (assets / "dojo-facts-data.js").write_text(f"window.dojoFacts={data};\n", encoding="utf-8")


class Browser(SphinxDirective):
    """Search with facets, the downloads, and a list of all entities by kind."""

    def run(self) -> list[nodes.Node]:
        """Write the form, which a script fills, and the list, which needs none."""
        whole, facts = frame(), load()
        fields = "".join(
            f'<label>{label}<select name="{name}"><option value="">All</option>'
            + "".join(
                f'<option value="{html.escape(one)}">{html.escape(words(one))}</option>'
                for one in sorted(set(whole[name]), key=str.lower)
            )
            + "</select></label>"
            for name, label in FACETS.items()
        )
        shown = [
            f"<p>{len(facts):,} facts about {whole['entity'].n_unique()} things, from {whole['source'].n_unique()} "
            'sources. Download all as <a href="assets/facts.csv" download>CSV</a> or '
            '<a href="assets/facts.parquet" download>Parquet</a>; values in SI units and as printed.</p>'
            f'<form class="dojo-facts" hidden><label>Words<input type="search" name="words"></label>{fields}</form>'
            '<div class="dojo-found"></div><h2>All things that have facts</h2>'
        ]
        things = sorted({*zip(whole["entity_kind"], whole["entity_name"], whole["entity"], strict=True)})
        for kind, group in groupby(things, key=lambda one: one[0]):
            links = ", ".join(
                f'<a class="reference internal" href="{FOLDER}/{name}.html">{html.escape(shown_name)}</a>'
                for _, shown_name, name in group
            )
            shown.append(f"<p><strong>{html.escape(kind.capitalize())}</strong>: {links}</p>")
        return [nodes.raw("", "\n".join(shown), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx; the files before the policy looks at the pages."""
    app.add_directive("facts-browser", Browser)
    app.connect("html-collect-pages", entity_pages)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
