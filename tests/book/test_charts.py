"""The charts, tables and sentences that the chapters show, without a browser."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import altair as alt
import polars as pl
import pytest

from dojo_calc.analysis import charts

WHITE, DARK_PAGE = "#ffffff", "#121212"  # the theme's two backgrounds
FRAME = pl.DataFrame({"x": [1.0, 2.0], "y": [1 / 3, 2 / 3]})


def finished(**words: str) -> alt.Chart:
    given = {"title": "Twice as much", "subtitle": "y against x", "alt": "Two points."} | words
    chart: alt.Chart = alt.Chart(FRAME).mark_point().encode(x="x", y="y")
    return charts.finish(chart, **given)


def outputs(chart: alt.Chart) -> dict[str, Any]:
    data, _metadata = chart._repr_mimebundle_()  # type: ignore[misc]
    return dict(data)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("background", [WHITE, DARK_PAGE])
@pytest.mark.parametrize("colour", [*charts.PALETTE.values(), charts.NEUTRAL])
def test_colours_stand_out_on_both_pages(colour: str, background: str) -> None:
    lighter, darker = sorted((luminance(colour), luminance(background)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3  # criterion 1.4.11


@pytest.mark.parametrize("word", ["title", "subtitle", "alt"])
def test_a_chart_without_words_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=word):
        finished(**{word: " "})


def test_two_views_in_one_chart_are_refused() -> None:
    chart = alt.Chart(FRAME).mark_point()
    with pytest.raises(TypeError, match="HConcatChart"):
        charts.finish(chart | chart, title="t", subtitle="s", alt="a")


def test_figure_is_inert_and_labelled() -> None:
    figure = outputs(finished(title='</script><b title="x">', alt='Rises "fast" & far'))["text/html"]
    assert figure.startswith(
        '<figure class="dojo-chart" role="group" aria-label="Rises &quot;fast&quot; &amp; far">'
    )
    assert figure.count("</script>") == 1
    (spec,) = re.findall(r'<script type="application/json">(.*?)</script>', figure, re.DOTALL)
    assert json.loads(spec)["title"]["text"] == '</script><b title="x">'


def test_page_leaves_the_theme_out_and_the_laboratory_has_it() -> None:
    chart = finished().configure_axis(labelFontSize=9)
    assert charts.page_spec(chart.to_dict())["config"] == {"axis": {"labelFontSize": 9}}
    (laboratory,) = [value for mime, value in outputs(chart).items() if "vegalite" in mime]
    assert laboratory["config"]["font"] == charts.THEME["font"]
    assert laboratory["config"]["axis"]["labelFontSize"] == 9


def test_page_keeps_seven_digits() -> None:
    (rows,) = charts.page_spec(finished().to_dict())["datasets"].values()
    assert rows == [{"x": 1.0, "y": 0.3333333}, {"x": 2.0, "y": 0.6666667}]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (2024, "2024"),
        (12345678, "12,345,678"),
        (True, "yes"),
        (0.000123456, "0.0001235"),
        (0.0, "0"),
        (362.0, "362.0"),
        (98765.4, "98,765"),
        (9999.96, "10,000"),
        (5e17, "5.000 × 10¹⁷"),
        (-1.5e-9, "-1.500 × 10⁻⁹"),
        (date(2021, 8, 19), "2021-08-19"),
        ("a<b", "a&lt;b"),
    ],
)
def test_cells(value: object, shown: str) -> None:
    html = charts.table(pl.DataFrame({"name": ["x"], "value": [value]}), "c")._repr_html_()
    (cell,) = re.findall(r"<td[^>]*>(.*?)</td>", html)
    assert re.sub(r"</?data[^>]*>", "", cell) == shown


def test_table_names_its_rows_and_keeps_unrounded_values() -> None:
    frame = pl.DataFrame({"chip": ["D1"], "peak": [361.984]})
    html = charts.table(frame, "Rated peak.", formats={"peak": ".0f"})._repr_html_()
    assert "<caption><span>Rated peak.</span></caption>" in html
    assert '<th scope="row">D1</th>' in html
    assert '<th scope="col" class="number">peak</th>' in html
    assert '<data value="361.984">362</data>' in html
    with pytest.raises(ValueError, match="speed"):
        charts.table(frame, "c", formats={"speed": ".0f"})
    with pytest.raises(ValueError, match="caption"):
        charts.table(frame, "")


def test_sentence_loses_its_indentation_only() -> None:
    sentence = charts.say("\n    It takes **3** chips.\n\n    - so it does\n")
    assert sentence._repr_markdown_() == repr(sentence) == "It takes **3** chips.\n\n- so it does"
