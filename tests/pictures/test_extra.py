"""What is drawn needs the extra `charts`, and says so; what is printed does not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dojo_calc.pictures import charts

HERE = """
import sys
sys.modules["altair"] = None  # as where it is not installed
import dojo_calc as dc
model = dc.Model({"chips": dc.units_needed}, {"target": "1 EFLOP/s", "unit": "d1.peak_bf16"})
told = dc.explain(model, "chips")
print(str(told).splitlines()[0])
try:
    %s
except ImportError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("asked", ["dc.live", "dc.slider", "told._repr_html_()"])
def test_what_needs_altair_names_its_extra(asked: str) -> None:
    done = subprocess.run([sys.executable, "-c", HERE % asked], capture_output=True, text=True, check=True)
    printed, refused = done.stdout.splitlines()
    assert printed.startswith("chips = 2,762")
    assert refused.startswith(
        "ExtraError altair, which draws every chart, is not installed; it comes with: pip"
    )
    assert refused.endswith("'dojo_calc[charts]'")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
        ("a </script> b <!-- c", "a &lt;/script> b &lt;!-- c"),
        ("$a < b$ and 3 <4", "$a < b$ and 3 <4"),
        ("see <https://example.org>", "see <https://example.org>"),
        ("`<code>` and\n```text\n<str>\n```\n<b>", "`<code>` and\n```text\n<str>\n```\n&lt;b>"),
    ],
)
def test_a_sentence_takes_no_markup_out_of_the_data(text: str, shown: str) -> None:
    assert charts.say(text)._repr_markdown_() == shown
