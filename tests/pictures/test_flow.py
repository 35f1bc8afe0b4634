"""The band that narrows: its widths by hand, and what it refuses."""

from __future__ import annotations

import re

import pytest

from dojo_calc.errors import DomainError
from dojo_calc.pictures.flow import BAND, Stage, flow

STAGES = [Stage("fence", 1000.0, "cooling"), Stage("servers", 750.0, "hosts <b>"), Stage("chips", 500.0)]


def test_a_band_is_as_wide_as_what_passes() -> None:
    drawn = flow(STAGES, "Power", "W")
    widths = [float(wide) for wide in re.findall(r'd="M0 [\d.]+H([\d.]+)', drawn)]
    assert widths == pytest.approx([BAND, 0.75 * BAND, 0.5 * BAND], abs=0.05)
    assert "250 W, 25 %" in drawn
    assert "hosts &lt;b&gt;" in drawn
    assert all(int(size) >= 14 for size in re.findall(r'font-size="(\d+)"', drawn))


@pytest.mark.parametrize("stages", [STAGES[:1], STAGES[::-1], [Stage("a", 1.0), Stage("b", 0.0)]])
def test_a_band_neither_grows_nor_ends(stages: list[Stage]) -> None:
    with pytest.raises(DomainError, match="stages: expected"):
        flow(stages, "Power", "W")
