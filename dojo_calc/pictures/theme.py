"""The theme of every chart, and how a notebook and a page of the book are handed one.

Importing the module registers both with Altair.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from dojo_calc.errors import ExtraError
from dojo_calc.pictures.fitting import fitted

try:
    import altair
except ModuleNotFoundError:
    raise ExtraError("altair, which draws every chart,", "charts") from None

__all__ = ["NEUTRAL", "PALETTE", "THEME", "enable", "in_book", "page_spec"]

# The four of the eight colours of Okabe and Ito (2008, "Color Universal Design") that keep a contrast of
# 3 to 1 (WCAG 2.1, criterion 1.4.11) against white and against the book's dark page alike.
PALETTE: Final = {"blue": "#0072B2", "vermillion": "#D55E00", "green": "#009E73", "purple": "#CC79A7"}
NEUTRAL: Final = "#808080"  # what is there for context only

# Text and rules take the colour of the text around the chart, so one drawing serves light and dark pages.
_INK: Final = "currentColor"

# The configuration of every chart, in Vega-Lite's own terms. The book's pages hold it once, in a script.
THEME: Final[dict[str, Any]] = {
    "background": "transparent",
    "font": 'system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif',
    "autosize": {"type": "fit-x", "contains": "padding"},
    "padding": {"left": 2, "right": 12, "top": 4, "bottom": 2},
    "view": {"stroke": None, "continuousHeight": 300},
    "title": {
        "anchor": "start",
        "frame": "bounds",
        "color": _INK,
        "fontSize": 16,
        "fontWeight": 600,
        "lineHeight": 20,
        "offset": 14,
        "subtitleColor": _INK,
        "subtitleFontSize": 14,
        "subtitleLineHeight": 18,
        "subtitlePadding": 4,
    },
    "axis": {
        "domainColor": _INK,
        "domainOpacity": 0.5,
        "grid": True,
        "gridColor": _INK,
        "gridOpacity": 0.12,
        "labelColor": _INK,
        "labelFontSize": 14,
        "labelLimit": 300,
        "labelPadding": 4,
        "labelSeparation": 8,  # pixels; a label at the end of an axis is shifted towards its neighbour
        "tickColor": _INK,
        "tickOpacity": 0.5,
        "tickSize": 4,
        "titleColor": _INK,
        "titleFontSize": 14,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "axisBand": {"grid": False},
    "axisXDiscrete": {"labelAngle": 0},
    "legend": {
        "orient": "top",
        "gradientDirection": "horizontal",
        "labelColor": _INK,
        "labelFontSize": 14,
        "labelLimit": 300,
        "titleColor": _INK,
        "titleFontSize": 14,
        "titleFontWeight": "normal",
        "offset": 8,
    },
    "mark": {"color": PALETTE["blue"]},
    "line": {"strokeWidth": 2.5},
    "point": {"filled": True, "size": 60, "opacity": 1},
    "rule": {"color": _INK},
    "text": {"color": _INK, "fontSize": 14},
    "range": {
        "category": [*PALETTE.values(), NEUTRAL],
        "heatmap": {"scheme": "cividis"},
        "ramp": {"scheme": "cividis"},
    },
}

# JupyterLab and VS Code draw version 5; our charts use nothing that is new in version 6.
_LAB_MIME: Final = "application/vnd.vegalite.v5+json"
_LAB_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v5.json"
# Pixels. JupyterLab draws a chart anew whenever its container changes, and a chart as wide as its container
# changes it: the page would hang.
_LAB_WIDTH: Final = 640
_BOOK: Final = "DOJO_CALC_BOOK"  # the build of the book sets it for the kernels of its chapters
NOTHING: Final = 1e-9  # what a sum leaves of two equal numbers is shown as none
# How a live chart writes the number of a row.
DIGITS: Final = (
    f"(abs(datum.value) < {NOTHING} ? '0' : "
    "abs(datum.value) >= 1e9 ? format(datum.value / 1e9, ',.4~r') + ' billion' : "
    "abs(datum.value) >= 1e6 ? format(datum.value / 1e6, ',.4~r') + ' million' : "
    "format(datum.value, abs(datum.value) >= 1000 ? ',.0f' : ',.4~r'))"
)
_PAGE_DIGITS: Final = 7  # of the plotted numbers, in the page only: a screen shows four at the most


def enable() -> None:
    """Make the theme and the renderer Altair's current ones; importing this module does it."""
    altair.theme.register("dojo", enable=True)(_theme)
    altair.renderers.register("dojo", _render)
    altair.renderers.enable("dojo")


def page_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Specification as a page of the book holds it: without the theme and what the figure says itself.

    Parameters
    ----------
    spec : mapping
        A Vega-Lite specification, as Altair makes it.

    Returns
    -------
    dict
        Still a Vega-Lite specification. Its data keep seven significant digits.
    """
    page = {key: value for key, value in spec.items() if key not in {"$schema", "description", "config"}}
    if own := _beyond(spec.get("config", {}), THEME):
        page["config"] = own
    if "datasets" in page:
        page["datasets"] = {name: _rounded(rows) for name, rows in page["datasets"].items()}
    return page


def _theme() -> altair.theme.ThemeConfig:
    return cast("altair.theme.ThemeConfig", {"config": THEME})


def _render(spec: dict[str, Any], **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs of one chart and their metadata, as IPython wants them.

    A chart that has not been finished is shown too; the build of the book refuses it for its missing label.
    """
    alt = str(spec.get("description", ""))
    title = spec.get("title", {})
    heading = title.get("text", "") if isinstance(title, dict) else title
    # JSON may write any character as an escape, so no text in it can close the script element.
    inert = json.dumps(page_spec(spec), separators=(",", ":"), ensure_ascii=False).replace("<", r"\u003c")
    figure = (
        f'<figure class="dojo-chart" role="group" aria-label="{html.escape(alt)}">'
        f'<script type="application/json">{inert}</script>'
        f"<figcaption><strong>{html.escape(str(heading))}</strong> {html.escape(alt)}</figcaption></figure>"
    )
    outputs = {_LAB_MIME: _lab_spec(spec), "text/plain": alt}
    # Where there is HTML too, JupyterLab shows that and draws nothing.
    if in_book():
        outputs["text/html"] = figure
    return outputs, {_LAB_MIME: {"embed_options": {"renderer": "svg", "actions": False}}}


def _lab_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """Chart as JupyterLab draws it: of a width of its own, its words in the room that they have."""
    wide = fitted(spec, THEME, _LAB_WIDTH) if spec.get("width") == "container" else spec
    return wide | {"$schema": _LAB_SCHEMA}


def in_book() -> bool:
    """Whether this is the kernel of a chapter that the book is being built with."""
    return os.environ.get(_BOOK) == "1"


def _beyond(config: Mapping[str, Any], theme: Mapping[str, Any]) -> dict[str, Any]:
    """Part of a configuration that the theme does not already say."""
    own = {}
    for key, value in config.items():
        known = theme.get(key)
        rest = _beyond(value, known) if isinstance(value, dict) and isinstance(known, dict) else value
        if rest != known and rest != {}:
            own[key] = rest
    return own


def _rounded(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with their floats at the digits that a page keeps."""
    return [
        {
            key: float(f"{value:.{_PAGE_DIGITS}g}") if isinstance(value, float) else value
            for key, value in row.items()
        }
        for row in rows
    ]


enable()
