from __future__ import annotations

from pathlib import Path

import pytest

from dojo_calc.analysis.scenario import ScenarioError, load_scenario

GOOD = """model = "spec_to_cheque"
outputs = ["site_power", "total"]

[options]
chip = "h100-sxm"

[inputs]
target = "10 EFLOP/s"
mfu = [0.4, 0.3, 0.5]
server_price = "dgx-h100.price[semianalysis_2023]"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.toml"
    path.write_text(GOOD)
    return path


def test_a_file_names_model_overrides_and_outputs(file: Path) -> None:
    scenario = load_scenario(file)
    assert scenario.outputs == ("site_power", "total")
    # 10e18 / 989.4e12 = 10,107.1 chips, 1,264 servers x 269,000 USD.
    assert scenario.model.evaluate("servers") == 1264
    assert scenario.model.evaluate("capital") == pytest.approx(1264 * 269_000)
    assert (scenario.model.inputs["mfu"].low, scenario.model.inputs["mfu"].high) == (0.3, 0.5)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("outputs", "output", "line 2 (output): unknown key 'output'; did you mean outputs"),
        (
            '"spec_to_cheque"',
            '"spec_to_check"',
            "line 1 (model): unknown model 'spec_to_check'; did you mean",
        ),
        ('"spec_to_cheque"', "5", "line 1 (model): expected the name of a model, got 5"),
        ('"h100-sxm"', '"h1000"', "line 5 (chip): unknown machine 'h1000'"),
        ("chip =", "chop =", "line 5 (chop): model spec_to_cheque:"),
        (
            "mfu =",
            "mfv =",
            "line 9 (mfv): model spec_to_cheque(h100-sxm) has no input 'mfv'; did you mean mfu",
        ),
        ("[0.4, 0.3, 0.5]", "1.4", "line 9 (mfu): mfu must be between 0 and 1"),
        ("[0.4, 0.3, 0.5]", "[0.4, 0.5, 0.3]", "line 9 (mfu): input mfu: expected low <= value <= high"),
        ("10 EFLOP/s", "10 EF", "line 8 (target): '10 EF' is not a quantity"),
        ("semianalysis_2023", "nobody", "line 10 (server_price): dgx-h100.price has no reading 'nobody'"),
        (
            '"total"]',
            '"totl"]',
            "line 2 (outputs): model spec_to_cheque has no output 'totl'; did you mean total",
        ),
        ('["site_power", "total"]', "3", "line 2 (outputs): expected a list of names, got 3"),
        ("[inputs]", "[[inputs]]", "line 7 (inputs): expected a table"),
        ("= [0.4", "= [0.4 0.3", "not TOML"),
    ],
)
def test_errors_point_into_the_file(file: Path, old: str, new: str, message: str) -> None:
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'model = "\xe9"')
    with pytest.raises(ScenarioError, match="byte 10: expected UTF-8"):
        load_scenario(tmp_path / "latin.toml")
