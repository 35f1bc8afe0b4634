"""The charts, tables and sentences that the chapters show, without a browser."""

from __future__ import annotations

import html
import json
import re
from datetime import date
from typing import Any

import altair as alt
import polars as pl
import pytest
import vl_convert

from dojo_calc.pictures import charts, theme

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


def test_figure_is_inert_and_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOJO_CALC_BOOK", "1")
    figure = outputs(finished(title='</script><b title="x">', alt='Rises "fast" & far'))["text/html"]
    assert figure.startswith(
        '<figure class="dojo-chart" role="group" aria-label="Rises &quot;fast&quot; &amp; far">'
    )
    assert figure.count("</script>") == 1
    (spec,) = re.findall(r'<script type="application/json">(.*?)</script>', figure, re.DOTALL)
    assert json.loads(spec)["title"]["text"] == '</script><b title="x">'


def test_page_leaves_the_theme_out_and_the_laboratory_has_it() -> None:
    chart = finished().configure_axis(labelFontSize=9)
    assert theme.page_spec(chart.to_dict())["config"] == {"axis": {"labelFontSize": 9}}
    (laboratory,) = [value for mime, value in outputs(chart).items() if "vegalite" in mime]
    assert laboratory["config"]["font"] == theme.THEME["font"]
    assert laboratory["config"]["axis"]["labelFontSize"] == 9


def test_a_notebook_gets_no_html_that_would_hide_the_chart_and_a_width_that_does_not_follow_it() -> None:
    found = outputs(finished())
    assert set(found) == {"application/vnd.vegalite.v5+json", "text/plain"}
    assert isinstance(found["application/vnd.vegalite.v5+json"]["width"], int)


def test_a_notebook_breaks_words_that_vega_would_cut_and_gives_rows_their_room() -> None:
    long = "The dies stop waiting where the line of their hosts crosses the line that is their own, far to the right"
    rows = pl.DataFrame({"what.ever": [long, "short"], "x": [1.0, 2.0]})
    chart = alt.Chart(rows).mark_bar().encode(x="x", y=alt.Y(r"what\.ever:N"))
    drawn = charts.finish(chart, title=long, subtitle=f"{long}. {long}", alt="Two bars.")
    (laboratory,) = [value for mime, value in outputs(drawn).items() if "vegalite" in mime]
    title, axis = laboratory["title"], laboratory["encoding"]["y"]["axis"]
    for key, words, size in (("text", long, 16), ("subtitle", f"{long}. {long}", 14)):
        assert " ".join(title[key]) == words
        assert len(title[key]) > 1
        assert (
            max(map(len, title[key])) * size * 0.6 <= laboratory["width"]
        )  # DejaVu Sans' letters are so wide
    broken = json.loads(axis["labelExpr"].partition("[datum.label]")[0])
    assert {" ".join(lines) for lines in broken.values()} == {long}
    assert laboratory["height"]["step"] >= 14 * len(broken[long])
    assert drawn.to_dict()["title"]["text"] == long, "the book's page breaks its own"
    (svg,) = [vl_convert.vegalite_to_svg(laboratory)]
    assert "…" not in svg
    assert svg.count("<tspan") >= len(title["text"]) + len(broken[long])


def test_a_notebook_puts_a_long_legend_into_columns() -> None:
    names = ["tile, mesh", "tile, snake", "tile, bound", "24 A100s, three servers", "24 A100s, one switch"]
    rows = pl.DataFrame({"what": names, "x": range(5)})
    for shown, columns in (
        (names, 2),
        (names[:3], None),
    ):  # the longest are 23 letters of 14 pixels and a symbol
        chart = (
            alt.Chart(rows)
            .mark_point()
            .encode(x="x", color=alt.Color("what", sort=shown, legend=alt.Legend()))
        )
        drawn = charts.finish(chart, title="t", subtitle="s", alt="a")
        (laboratory,) = [value for mime, value in outputs(drawn).items() if "vegalite" in mime]
        assert laboratory["encoding"]["color"]["legend"].get("columns") == columns


def test_page_keeps_seven_digits() -> None:
    (rows,) = theme.page_spec(finished().to_dict())["datasets"].values()
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
        ("1,448 mm^2, 10^-16, us.price", "1,448 mm², 10⁻¹⁶, us.price"),
    ],
)
def test_cells(value: object, shown: str) -> None:
    shown_table = charts.table(pl.DataFrame({"name": ["x"], "value": [value]}), "c")._repr_html_()
    (cell,) = re.findall(r"<td[^>]*>(.*?)</td>", shown_table)
    assert re.sub(r"</?data[^>]*>", "", cell) == shown


@pytest.mark.parametrize(
    ("value", "spec", "shown"), [(-0.04, "+.0f", "0"), (-0.4, "+.1f", "-0.4"), (0.0, "+.2f", "0.00")]
)
def test_what_rounds_to_nothing_has_no_sign(value: float, spec: str, shown: str) -> None:
    page = charts.table(
        pl.DataFrame({"of": ["x"], "bias": [value]}), "c", formats={"bias": spec}
    )._repr_html_()
    assert f">{shown}</" in page


def test_table_names_its_rows_and_keeps_unrounded_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOJO_CALC_BOOK", "1")
    frame = pl.DataFrame({"chip": ["D1"], "peak": [361.984]})
    page = charts.table(frame, "Rated peak.", formats={"peak": ".0f"})._repr_html_()
    assert "<caption><span>Rated peak.</span></caption>" in page
    assert '<th scope="row">D1</th>' in page
    assert '<th scope="col" class="number">peak</th>' in page
    assert '<data value="361.984">362</data>' in page
    with pytest.raises(ValueError, match="speed"):
        charts.table(frame, "c", formats={"speed": ".0f"})
    with pytest.raises(ValueError, match="caption"):
        charts.table(frame, "")


def test_sentence_loses_its_indentation_only() -> None:
    sentence = charts.say("\n    It takes **3** chips.\n\n    - so it does\n")
    assert sentence._repr_markdown_() == repr(sentence) == "It takes **3** chips.\n\n- so it does"


def drawn(chart: alt.LayerChart) -> list[dict[str, str]]:
    """What Vega says of each mark, from the labels of its SVG."""
    named = charts.finish(chart, title="t", subtitle="s", alt="a").properties(width=400).to_dict()
    svg = html.unescape(vl_convert.vegalite_to_svg(json.dumps(named), vl_version="6.4"))
    labels = re.findall(r'aria-label="([^"]*; [^"]*)"', svg)
    return [dict(part.split(": ", 1) for part in label.split("; ")) for label in labels]


def test_a_waterfall_leads_from_part_to_part_to_the_sum() -> None:
    chart = charts.waterfall({"chips": 3.0, "discount": -1.0, "hall": 2.0}, title="MUSD")
    bars = [(one["what"], one["MUSD"], one["end"]) for one in drawn(chart) if "end" in one]
    # 3, then 3 - 1 = 2, then 2 + 2 = 4; the sum starts at zero.
    assert bars == [("chips", "0", "3"), ("discount", "3", "2"), ("hall", "2", "4"), ("total", "0", "4")]
    with pytest.raises(ValueError, match="'hall' as a part too"):
        charts.waterfall({"hall": 1.0}, title="MUSD", total="hall")


def test_range_bars_run_from_low_to_high_through_the_value() -> None:
    frame = pl.DataFrame(
        {"who": ["a", "b"], "mid": [2.0, 4.0], "from": [1.0, 3.0], "to": [3.0, 9.0], "claim": [2.5, 8.0]}
    )
    marks = drawn(
        charts.range_bars(frame, "who", "mid", "from", "to", title="MW", reference="claim", log=True)
    )
    spans = [(one["who"], one["MW"]) for one in marks]
    # A reference, an interval and a point for each row, in this order.
    assert spans == [("a", "2.5"), ("b", "8"), ("a", "1"), ("b", "3"), ("a", "2"), ("b", "4")]
    assert all({"from", "mid", "to"} <= set(one) for one in marks), "the tooltip has all three"


def test_a_kind_keeps_its_colour_when_others_do_not_occur() -> None:
    kinds = ["fits", "fails", "open"]
    frame = pl.DataFrame({"who": ["a", "b"], "x": [1.0, 2.0], "is": ["open", "fails"]})
    point = charts.range_bars(frame, "who", "x", "x", "x", title="x", by="is", kinds=kinds).to_dict()[
        "layer"
    ][-1]
    scale = point["encoding"]["color"]["scale"]
    expected = {"fails": charts.PALETTE["vermillion"], "open": charts.PALETTE["green"]}
    assert dict(zip(scale["domain"], scale["range"], strict=True)) == expected
    with pytest.raises(ValueError, match="open is not among fits, fails"):
        charts.range_bars(frame, "who", "x", "x", "x", title="x", by="is", kinds=kinds[:2])
    with pytest.raises(ValueError, match="'why'"):
        charts.range_bars(frame, "who", "x", "x", "why", title="x")


def test_a_year_and_a_month_stand_for_all_of_their_days() -> None:
    dates = ["2016", "2020-02", "2021-08-19"]
    frame = pl.DataFrame({"label": ["year", "month", "day"], "date": dates, "until": [None, None, "2021-09"]})
    (rows,) = charts.timeline(frame).to_dict()["datasets"].values()
    assert [(row["from"], row["to"]) for row in rows] == [
        ("2016-01-01", "2016-12-31"),
        ("2020-02-01", "2020-02-29"),  # a leap year
        ("2021-08-19", "2021-08-19"),
    ]
    last = charts.timeline(frame, end="until").to_dict()
    assert '"to": "2021-09-30"' in json.dumps(last)
    with pytest.raises(ValueError, match="day: expected a date from 2021-08-19 on as its end, got 2020"):
        charts.timeline(frame.with_columns(until=pl.lit("2020")).tail(1), end="until")
    with pytest.raises(ValueError, match="got 'May 2021'"):
        charts.timeline(pl.DataFrame({"label": ["a"], "date": ["May 2021"]}))
    with pytest.raises(ValueError, match="got a more than once"):
        charts.timeline(pl.DataFrame({"label": ["a", "a"], "date": ["2021", "2022"]}))
