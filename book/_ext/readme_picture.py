"""Draws the picture at the top of README.md from the library: ``make picture``."""

from __future__ import annotations

import json
from pathlib import Path

import altair as alt
import vl_convert

import dojo_calc as dc

FEWEST = 10
DECADES = alt.Axis(
    values=[10.0**power for power in range(1, 7)], title="how many (log scale)", gridColor="#e5e5e5"
)
OUT = Path(__file__).resolve().parents[1] / "_static" / "hundred-exaflops.svg"
TARGET = "100 EFLOP/s"
NAMES = {
    "d1, whole": "D1 chips",
    "dojo-tile, whole": "training tiles of 25",
    "dojo-tray, whole": "trays of 6 tiles",
    "dojo-cabinet, whole": "cabinets of 2 trays",
    "exapod, whole": "ExaPODs of 10 cabinets",
    "gross wafers, exact": "wafers of 300 mm, before yield",
}


def picture() -> str:
    """SVG of what a hundred exaflops take in D1."""
    made = dc.inventory(TARGET, "d1")
    rows = [{"what": words, "count": made[name].value} for name, words in NAMES.items()]
    base = alt.Chart(alt.InlineData(rows)).encode(
        y=alt.Y(
            "what:N", sort=list(NAMES.values()), title=None, axis=alt.Axis(labelLimit=260, labelFontSize=13)
        ),
        x=alt.X("count:Q", scale=alt.Scale(type="log", domain=[FEWEST, 3e6]), axis=DECADES),
    )
    text = base.mark_text(align="left", dx=6, fontSize=14, fontWeight="bold").encode(
        text=alt.Text("count:Q", format=",.0f")
    )
    megawatts = made["power at dojo-tile"].value / dc.mega
    dollars = made["cost_upper_bound of dojo-tile"].value / dc.giga
    title = alt.TitleParams(
        f"A hundred exaflops take {made['d1, whole'].value:,.0f} D1 chips",
        subtitle=f"{megawatts:,.0f} MW counted at the tiles; at most {dollars:.1f} billion USD by Tesla's own word",
        anchor="start",
        fontSize=18,
        subtitleFontSize=13,
    )
    chart = alt.layer(base.mark_bar(color="#0072B2").encode(x2=alt.datum(FEWEST)), text).properties(
        width=560, height=190, title=title
    )
    spec = chart.to_dict() | {"background": "white", "padding": 16, "config": {"view": {"stroke": None}}}
    return str(vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4"))


if __name__ == "__main__":
    OUT.write_text(picture())
