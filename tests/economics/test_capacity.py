from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dojo_calc as dc
from dojo_calc.economics.grid import batteries_needed
from dojo_calc.performance.ingest import hosts_needed

rates = st.floats(min_value=1e9, max_value=1e21)


def test_a_hundred_exaflops_in_d1_and_a100() -> None:
    # TechCrunch 2024: more than 276,000 D1 at 362 TFLOP/s, or about 320,500 A100 at 312.
    # 100e18 / 362e12 = 276243.0939; 100e18 / 312e12 = 320512.8205.
    exact = dc.units_needed(100 * dc.exa, np.array([362, 312]) * dc.tera)
    np.testing.assert_allclose(exact, [276243.0939, 320512.8205], rtol=1e-9)
    np.testing.assert_array_equal(dc.whole(exact), [276244, 320513])


def test_assemblies_of_276244_dies_by_hand() -> None:
    # 276243.09 / 25 = 11049.7 tiles, / 150 = 1841.6 trays, / 300 = 920.8 cabinets, / 3000 = 92.08 ExaPODs.
    groups = np.array([25, 150, 300, 3000])
    np.testing.assert_array_equal(dc.whole(276243.0939, groups), [11050, 1842, 921, 93])


@given(target=rates, unit=rates, group=st.integers(1, 3000))
def test_laws_of_counting(target: float, unit: float, group: int) -> None:
    exact = dc.units_needed(target, unit)
    assert dc.pooled_rate(exact, unit) == pytest.approx(target, rel=1e-12)
    assert dc.whole(exact) >= exact * (1 - 2e-14)
    assert dc.whole(exact) < exact + 1 + 1e-9 * exact
    assert dc.whole(exact, group) * group >= exact * (1 - 1e-12)
    assert dc.whole(exact, group) <= dc.whole(exact)


def test_one_exapod_in_h100_by_basis() -> None:
    # 3,000 x 362e12 = 1.086e18; / 989.4e12 = 1097.6 at BF16; / 1,979e12 = 548.8 at 8 bits, Epoch's 549.
    assert dc.h100_equivalents(1.086 * dc.exa, 989.4 * dc.tera) == pytest.approx(1097.6, abs=0.05)
    assert round(float(dc.h100_equivalents(1.086 * dc.exa, 1979 * dc.tera))) == 549


def test_tesla_fleet_of_2024_by_hand() -> None:
    # 90,000 x 989.4e12 = 89.046e18; 8,000 x 989.4e12 = 7.9152e18; 7,360 x 312e12 = 2.29632e18; 99.26 in all.
    kinds = [dc.pooled_rate(n, p * dc.tera) for n, p in ((90_000, 989.4), (8_000, 989.4), (7_360, 312))]
    assert dc.fleet_rate(*kinds) == pytest.approx(99.25752e18, rel=1e-12)
    assert dc.share(kinds[1], dc.fleet_rate(*kinds)) == pytest.approx(7.9152 / 99.25752)


def test_work_of_the_swapped_gpus() -> None:
    # 12,000 H100 at 40 % for a month of 30.4375 d: 12e3 x 989.4e12 x 0.4 x 2629800 s = 1.2489e25 FLOP.
    assert dc.delivered_work(12_000 * 989.4 * dc.tera, 0.4, dc.month) == pytest.approx(1.2489e25, rel=1e-4)


def peaks() -> dict[float, str]:
    """Every peak of every chip and assembly that ships, and what has it."""
    book = dc.catalogue()
    machines = [book.machine(name) for name in book.names()]
    return {one.peak(precision): one.id for one in machines for precision in one.precisions()}


def test_the_worth_of_n_units_is_n_units_for_every_chip_and_assembly() -> None:
    random = np.random.default_rng(7)
    counts = np.unique(np.concatenate([np.arange(1, 30_001), random.integers(1, 1_000_001, 30_000)])).astype(
        float
    )
    found = peaks()
    assert len(found) > 100
    for peak, name in found.items():
        exact = dc.units_needed(counts * peak, peak)
        np.testing.assert_array_equal(dc.whole(exact), counts, err_msg=name)
        np.testing.assert_array_equal(dc.whole(exact + 1e-4), counts + 1, err_msg=name)
        for group in (4.0, 25.0, 3000.0):
            held = dc.units_needed(counts * (group * peak), peak)
            np.testing.assert_array_equal(dc.whole(held, group), counts, err_msg=name)


@pytest.mark.parametrize(("prefix", "power"), [("T", 12), ("P", 15), ("E", 18)])
def test_the_worth_of_n_units_written_as_text_is_n_units(prefix: str, power: int) -> None:
    random = np.random.default_rng(11)
    for peak, name in peaks().items():
        for n in map(int, random.integers(1, 1_000_001, 10)):
            text = f"{n * Decimal(repr(peak)).scaleb(-power):f} {prefix}FLOP/s"
            assert dc.whole(dc.checked(dc.units_needed)(text, peak)) == n, f"{text} of {name}"


def test_a_part_of_a_unit_is_a_whole_one() -> None:
    assert dc.whole(3 * 0.1, 0.1) == 3, "0.30000000000000004 / 0.1 is 3.0000000000000004"
    assert dc.whole(1.0001) == 2
    assert dc.whole(1e-9) == 1
    assert dc.whole(0.0) == 0
    assert dc.whole(1_000_000.000001) == 1_000_001
    assert hosts_needed(3 * 0.1, 0.1) == 3
    assert batteries_needed(3 * 0.1, 1.0, 0.1, 1.0) == 3


def test_no_formula_rounds_a_count_without_the_allowance() -> None:
    """Halves of whole numbers in the mesh and the outputs of a convolution are exact; all else takes round_up."""
    folder = Path(dc.__file__).parent
    bare = re.compile(r"(?<![\w`])(?:np\.|math\.)?(?:ceil|floor)\(")
    found = {
        path.stem
        for room in ("performance", "economics")
        for path in (folder / room).glob("*.py")
        if bare.search(path.read_text(encoding="utf-8"))
    }
    assert found <= {"mesh", "torus", "kernels", "placement", "spares"}
