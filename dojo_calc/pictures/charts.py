"""One look for every chart, table and computed sentence, in the book and in a reader's notebook.

Importing the module registers the theme and the renderer of `dojo_calc.pictures.theme` with Altair. In a notebook a
chart is a Vega-Lite output, which JupyterLab, Notebook 7 and VS Code draw by themselves. In the built book it is
inert JSON inside a figure, which one shared script draws. So neither asks another host for anything. Where a notebook
is shown by a host that draws no Vega-Lite output, the chart's alternative text stands in its place.
"""

from __future__ import annotations

import calendar
import html
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from dojo_calc.errors import ArgumentError, ExtraError
from dojo_calc.formatting import format_number
from dojo_calc.pictures.theme import NEUTRAL, PALETTE, in_book

try:
    import altair
except ModuleNotFoundError:
    raise ExtraError("altair, which draws every chart,", "charts") from None

if TYPE_CHECKING:
    import polars

__all__ = [
    "NEUTRAL", "PALETTE", "Markdown", "Table", "aligned", "cascade", "finish", "range_bars", "say", "table",
    "timeline", "typeset", "waterfall",
]  # fmt: skip

ChartT = TypeVar("ChartT", altair.Chart, altair.LayerChart)


def finish(chart: ChartT, *, title: str, subtitle: str, alt: str, height: int | None = None) -> ChartT:
    """Copy of a chart that is ready to be shown: titled, described and as wide as its page.

    Parameters
    ----------
    chart : altair.Chart or altair.LayerChart
        One view. Two views side by side do not fit a phone: show two charts instead.
    title : str
        The finding, as a sentence.
    subtitle : str
        What is plotted, with its units.
    alt : str
        What a reader who cannot see the chart needs: its form, its range and what it shows.
    height : int, optional
        Of the plot, in pixels; the theme's height, or a step for each row of bars, if left out.

    Returns
    -------
    altair.Chart or altair.LayerChart
        The chart, to be left as the last expression of a cell.
    """
    if not isinstance(chart, altair.Chart | altair.LayerChart):
        raise ArgumentError(
            f"expected one view, altair.Chart or altair.LayerChart, got {type(chart).__name__}: "
            "show the parts of a concatenated or faceted chart as charts of their own"
        )
    for name, text in (("title", title), ("subtitle", subtitle), ("alt", alt)):
        if not text.strip():
            raise ArgumentError(f"a chart needs its {name}, got an empty text")
    sized = chart if height is None else chart.properties(height=height)
    return sized.properties(
        width="container", title=altair.TitleParams(title, subtitle=subtitle), description=alt
    )


def waterfall(
    parts: Mapping[str, float], *, title: str, total: str = "total", digits: str = ",.4~r"
) -> altair.LayerChart:
    """Waterfall: each part begins where the one before it ended, and the last bar is their sum.

    Parameters
    ----------
    parts : mapping of str to float
        Words to amount, in the order of the bars; an amount below zero leads back.
    title : str
        Of the axis, with its unit.
    total : str
        Words of the last bar.
    digits : str
        Format of the numbers behind the bars, in d3's terms.

    Returns
    -------
    altair.LayerChart
        For `finish`.
    """
    if total in parts:
        raise ArgumentError(f"the sum of the parts needs a name of its own, got {total!r} as a part too")
    rows = [{"what": what, "value": float(amount), "last": 0} for what, amount in parts.items()]
    rows.append({"what": total, "value": math.fsum(parts.values()), "last": 1})
    base = altair.Chart(altair.InlineData(rows)).transform_calculate(shown=f"format(datum.value, '{digits}')")
    return cascade(base, [*parts, total], title=title)


def cascade(base: altair.Chart, order: Sequence[str], *, title: str) -> altair.LayerChart:
    """Layers of a waterfall over data in the page, so that they move when the data do.

    Parameters
    ----------
    base : altair.Chart
        Its rows, in the order of the bars, have `what` (words), `value`, `shown` (the value in print) and
        `last`: 1 for the bar of the sum, which begins at zero, else 0.
    order : sequence of str
        The words, from top to bottom.
    title : str
        Of the axis, with its unit.

    Returns
    -------
    altair.LayerChart
        For `finish`.
    """
    placed = (
        base.transform_window(sum="sum(value)", frame=[None, 0])
        .transform_calculate(end="datum.last ? datum.value : datum.sum")
        .transform_calculate(
            begin="datum.end - datum.value",
            right="max(datum.begin, datum.end)",
            part="datum.last ? 'sum' : datum.value < 0 ? 'less' : 'part'",
        )
        .encode(
            y=altair.Y("what:N", sort=list(order), title=None),
            tooltip=[
                altair.Tooltip("what:N", title="what"),
                altair.Tooltip("shown:N", title="value"),
                altair.Tooltip("end:Q", title="so far", format=",.4~r"),
            ],
        )
    )
    bars = placed.mark_bar().encode(
        x=altair.X("begin:Q", title=title, axis=altair.Axis(tickCount=5)),
        x2="end:Q",
        color=altair.Color("part:N", legend=None).scale(
            domain=["part", "less", "sum"], range=[PALETTE["blue"], PALETTE["vermillion"], NEUTRAL]
        ),
    )
    x = altair.X("right:Q", title=title)
    text = placed.mark_text(align="left", dx=5).encode(x=x, text="shown:N")
    # Room for the number behind the longest bar.
    room = placed.transform_calculate(room="datum.right * 1.3").mark_point(opacity=0)
    return _layered(bars, text, room.encode(x=altair.X("room:Q", title=title)))


def range_bars(
    frame: polars.DataFrame,
    label: str,
    value: str,
    low: str,
    high: str,
    *,
    title: str,
    by: str | None = None,
    kinds: Sequence[str] = (),
    legend: str | None = None,
    log: bool = False,
    zero: bool = True,
    domain: tuple[float, float] | None = None,
    axis: altair.Axis | None = None,
    reference: str | tuple[str, str] | None = None,
    tooltip: Sequence[str] = (),
    digits: str = ",.4~r",
    above: str | None = None,
) -> altair.LayerChart:
    """Central values with the bars of their intervals, one row of the chart for each label.

    Parameters
    ----------
    frame : polars.DataFrame
        One row a bar; rows with one label share a row of the chart. Their order is the chart's.
    label, value, low, high : str
        Columns: the words on the left, the central value, and the ends of its interval.
    title : str
        Of the axis, with its unit.
    by : str, optional
        Column that colour and shape stand for.
    kinds : sequence of str, optional
        Every value that `by` may have, at most five, in the order of the colours; those that occur are used.
    legend : str, optional
        What stands over the legend; empty for a legend without a title, left out for no legend.
    log : bool
        Whether the axis is logarithmic.
    zero : bool
        Whether a linear axis begins at zero.
    domain : tuple of float, optional
        Ends of the axis; what the data need if left out.
    axis : altair.Axis, optional
        Ticks and formats of the axis.
    reference : str or tuple of str, optional
        What the values are held against, in grey: one column for a tick, such as a claimed value, two for a
        band, such as what a claim allows.
    tooltip : sequence of str, optional
        Further columns for the tooltip.
    digits : str
        Format of the tooltip's numbers, in d3's terms.
    above : str, optional
        Format of the central value in print above its point; no print if left out.

    Returns
    -------
    altair.LayerChart
        For `finish`.
    """
    if missing := sorted({label, value, low, high, *tooltip, *([by] if by else [])} - set(frame.columns)):
        raise ArgumentError(f"range_bars needs columns of the frame, {frame.columns}; got {missing}")
    numbers = [altair.Tooltip(_field(one), type="quantitative", format=digits) for one in (value, low, high)]
    words = [altair.Tooltip(_field(one), type="nominal") for one in dict.fromkeys([label, *tooltip])]
    base = altair.Chart()
    ends: dict[str, Any] = {"domain": list(domain), "nice": False} if domain else {}
    scale = altair.Scale(**ends, **({"type": "log"} if log else {"zero": zero and not domain}))
    ticks = axis or altair.Axis(tickCount=4)

    def along(column: str) -> altair.X:
        return altair.X(_field(column), type="quantitative", title=title, scale=scale, axis=ticks)

    layers: list[altair.Chart] = []
    if isinstance(reference, tuple):
        band = base.mark_bar(height=16, color=NEUTRAL, opacity=0.3)
        layers.append(band.encode(x=along(reference[0]), x2=_field(reference[1])))
    elif reference:
        layers.append(base.mark_tick(color=NEUTRAL, thickness=3, size=18).encode(x=along(reference)))
    span = base.mark_rule(strokeWidth=3, color=PALETTE["blue"]).encode(x=along(low), x2=_field(high))
    point = base.mark_point(size=90).encode(x=along(value))
    if by is not None:
        colour, shape = _signs(frame[by], by, kinds, legend)
        span, point = span.encode(color=colour), point.encode(color=colour, shape=shape)
    if above:
        shown = altair.Text(_field(value), type="quantitative", format=above)
        layers.append(base.mark_text(dy=-13).encode(x=along(value), text=shown))
    # What all layers share is said once, which keeps the specification small.
    return _layered(*layers, span, point, data=frame).encode(
        y=altair.Y(_field(label), type="nominal", sort=None, title=None), tooltip=[*words, *numbers]
    )


def timeline(
    frame: polars.DataFrame,
    label: str = "label",
    start: str = "date",
    end: str | None = None,
    *,
    tooltip: Sequence[str] = (),
) -> altair.LayerChart:
    """Events in time: a point for a known day, a bar for an interval.

    Parameters
    ----------
    frame : polars.DataFrame
        One row an event. The order of the rows is the chart's.
    label : str
        Column of the words on the left, each at most once.
    start, end : str
        Columns of dates: ``2021``, ``2021-08`` or ``2021-08-19`` as text, or dates. A year or a month stands for
        all of its days, so without `end` it is an interval too.
    tooltip : sequence of str, optional
        Further columns for the tooltip.

    Returns
    -------
    altair.LayerChart
        For `finish`.
    """
    rows = []
    for row in frame.iter_rows(named=True):
        first, last = _days(row[start])
        if end is not None and row[end] is not None:
            last = _days(row[end])[1]
        if last < first:
            raise ArgumentError(
                f"{row[label]}: expected a date from {first} on as its end, got {row[end or start]}"
            )
        when = str(row[start]) if end is None or row[end] is None else f"{row[start]} to {row[end]}"
        rows.append(
            {"what": row[label], "from": first.isoformat(), "to": last.isoformat(), "when": when}
            | {name: row[name] for name in tooltip}
        )
    names = [row["what"] for row in rows]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ArgumentError(
            f"each event needs a row of its own, got {', '.join(sorted(twice))} more than once"
        )
    base = altair.Chart()
    x = altair.X("from:T", title=None, axis=altair.Axis(format="%Y", tickCount="year"))
    spans = base.transform_filter("datum.from != datum.to").mark_bar(height=7, cornerRadius=3, opacity=0.75)
    days = base.transform_filter("datum.from == datum.to").mark_point(size=70)
    told = [altair.Tooltip(f"{_field(one)}:N", title=one) for one in ("what", "when", *tooltip)]
    return _layered(spans.encode(x=x, x2="to:T"), days.encode(x=x), data=altair.InlineData(rows)).encode(
        y=altair.Y("what:N", sort=names, title=None, axis=altair.Axis(grid=True, gridDash=[1, 4])),
        tooltip=told,
    )


class Markdown:
    """A text that a notebook shows as Markdown and a terminal prints as it is."""

    def __init__(self, text: str) -> None:
        self.text = textwrap.dedent(text).strip()

    def _repr_markdown_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


_CODE = re.compile(r"(^[ ]*```.*?^[ ]*```|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
# The mark of a quantity, as `Answer.tell` writes it, is the one tag that stays a tag.
_QUANTITY = r'data class="dojo-quantity" data-quantity="[^"<>]*" value="[^"<>]*">|/data>'
_TAG = re.compile(rf"<(?=[A-Za-z/!?])(?!https?://|{_QUANTITY})")


def say(text: str) -> Markdown:
    """Sentence whose numbers the cell has computed, for example ``say(f"It takes {chips:,.0f} chips.")``.

    Parameters
    ----------
    text : str
        Markdown, with formulas between dollar signs; common indentation is removed. Tags of HTML are shown as
        they stand, outside of code too: titles and names out of a table must not become a part of the page. What
        `Answer.tell` marks stays marked.

    Returns
    -------
    Markdown
        To be left as the last expression of a cell.
    """
    parts = _CODE.split(text)
    parts[::2] = (_TAG.sub("&lt;", part) for part in parts[::2])
    return Markdown("".join(parts))


class Table:
    """A data frame with a caption, shown as an accessible HTML table."""

    def __init__(self, frame: polars.DataFrame, caption: str, formats: Mapping[str, str]) -> None:
        self.frame = frame
        self.caption = caption
        self.formats = formats

    def _repr_html_(self) -> str:
        numeric = [dtype.is_numeric() for dtype in self.frame.dtypes]
        caption = html.escape(self.caption)
        head = "".join(
            f'<th scope="col"{_NUMBER * is_number}>{html.escape(name)}</th>'
            for name, is_number in zip(self.frame.columns, numeric, strict=True)
        )
        body = "".join(f"<tr>{self._cells(row, numeric)}</tr>" for row in self.frame.iter_rows())
        shown = (
            f'<div class="dojo-table" role="region" tabindex="0" aria-label="{caption}"><table>'
            f"<caption><span>{caption}</span></caption>"  # the span stays in view while the table scrolls
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )
        return shown if in_book() else aligned(shown)

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.frame}"

    def _cells(self, row: Sequence[object], numeric: Sequence[bool]) -> str:
        """HTML of one row; its first cell names it."""
        cells = []
        for index, (name, value) in enumerate(zip(self.frame.columns, row, strict=True)):
            tag = "td" if index else 'th scope="row"'
            text = html.escape(_shown(value, self.formats.get(name)))
            if numeric[index] and value is not None and text != str(value):
                text = f'<data value="{value}">{text}</data>'  # what "Copy as CSV" copies
            cells.append(f"<{tag}{_NUMBER * numeric[index]}>{text}</{tag[:2]}>")
        return "".join(cells)


def aligned(shown: str) -> str:
    """HTML of tables with the alignment of every cell beside it, for a notebook, which has no style sheet of ours.

    Parameters
    ----------
    shown : str
        HTML; what is in it beside cells of tables stays as it is.

    Returns
    -------
    str
    """
    return _CELL.sub(lambda cell: f'{cell[1]} style="text-align: {"right" if cell[2] else "left"}">', shown)


def table(frame: polars.DataFrame, caption: str, *, formats: Mapping[str, str] | None = None) -> Table:
    """Table of a data frame, whose first column names its rows.

    Parameters
    ----------
    frame : polars.DataFrame
        The columns' names are the headings, so rename them to words with units first.
    caption : str
        What the table shows, in a sentence.
    formats : mapping of str to str, optional
        Column to format, such as ``{"cost (USD)": ",.0f"}``. Otherwise a float has four significant digits,
        and all those before its point.

    Returns
    -------
    Table
        To be left as the last expression of a cell.
    """
    if not caption.strip():
        raise ArgumentError("a table needs its caption, got an empty text")
    chosen = dict(formats or {})
    if unknown := sorted(set(chosen) - set(frame.columns)):
        raise ArgumentError(f"formats are for columns of the frame, {frame.columns}; got {unknown}")
    return Table(frame, caption, chosen)


_CELL: Final = re.compile(r'(<(?:th|td|caption)(?: scope="(?:col|row)")?( class="number")?)>')
_COLOURS: Final = (*PALETTE.values(), NEUTRAL)
_SHAPES: Final = ("circle", "cross", "square", "diamond", "triangle-up")


def _layered(*views: altair.Chart, data: Any = altair.Undefined) -> altair.LayerChart:
    """Layers in one view; for facets alone `altair.layer` returns anything else."""
    return cast("altair.LayerChart", altair.layer(*views, data=data))


def _field(column: str) -> str:
    """Column's name as Vega-Lite takes it for one name, and not for a path or a type."""
    return "".join(f"\\{one}" if one in ".[]:\\'\"" else one for one in column)


def _signs(
    column: polars.Series, name: str, kinds: Sequence[str], legend: str | None
) -> tuple[altair.Color, altair.Shape]:
    """Colour and shape that tell kinds apart, the same for a kind wherever `kinds` is the same."""
    every = list(kinds) or column.unique(maintain_order=True).to_list()
    if len(every) > len(_SHAPES):
        raise ArgumentError(
            f"colours and shapes tell {len(_SHAPES)} kinds apart, got {len(every)}: {', '.join(every)}"
        )
    if unknown := sorted(set(column) - set(every)):
        raise ArgumentError(
            f"kinds has every value of {name}; {', '.join(unknown)} is not among {', '.join(every)}"
        )
    seen = [(one, i) for i, one in enumerate(every) if one in set(column)]
    key = None if legend is None else altair.Legend(title=legend or None)
    colours = altair.Scale(domain=[one for one, _ in seen], range=[_COLOURS[i] for _, i in seen])
    shapes = altair.Scale(domain=[one for one, _ in seen], range=[_SHAPES[i] for _, i in seen])
    return (
        altair.Color(_field(name), type="nominal", scale=colours, legend=key),
        altair.Shape(_field(name), type="nominal", scale=shapes, legend=key),
    )


def _days(given: date | str) -> tuple[date, date]:
    """First and last day of a date, a month or a year."""
    if isinstance(given, date):
        return given, given
    try:
        year, month, day = (*(int(part) for part in given.split("-")), None, None)[:3]
        first = date(cast("int", year), month or 1, day or 1)
    except ValueError:
        raise ArgumentError(f"expected a date such as 2021, 2021-08 or 2021-08-19, got {given!r}") from None
    if day:
        return first, first
    ends = month or 12
    return first, date(first.year, ends, calendar.monthrange(first.year, ends)[1])


def _shown(value: object, spec: str | None) -> str:
    """Text of a cell: an en dash for what is not known, digits in groups from ten thousand on."""
    if value is None:
        return "–"
    if spec is not None:
        return _ZERO.sub("", format(value, spec))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)  # so that a year stays a year
    if isinstance(value, float):
        return typeset(format_number(value, padded=True))
    return _raised(str(value))


def typeset(text: str) -> str:
    """Write what the library's formatter prints as a page does: ``3.79e25`` as 3.79 × 10²⁵, ``mm^2`` as mm²."""
    power = re.sub(r"(?<=\d)e(-?\d+)", lambda found: f" × 10{found[1].translate(_SUPERSCRIPT)}", text)
    return re.sub(r"\bus\b", "µs", _raised(power))


def _raised(text: str) -> str:
    return re.sub(r"\^(-?\d+)", lambda found: found[1].translate(_SUPERSCRIPT), text)


_NUMBER: Final = ' class="number"'
_ZERO: Final = re.compile(r"^[-+](?=[0.]+$)")  # a sign before what rounds to nothing
_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
