from __future__ import annotations

from pathlib import Path

import pytest

from dojo_calc.hardware.catalog import catalogue
from dojo_calc.questions.scenario import ScenarioError, load_scenario

GOOD = """model = "chain"
outputs = ["fleet_site_power_rated", "own_per_work"]

[options]
chip = "h100-sxm"

[inputs]
chips = "10k"
mfu = [0.4, 0.3, 0.5]
server_price = "h100-sxm.price_in_node[semianalysis_2023]"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.toml"
    path.write_text(GOOD)
    return path


def test_a_file_names_model_overrides_and_outputs(file: Path) -> None:
    scenario = load_scenario(file)
    assert scenario.outputs == ("fleet_site_power_rated", "own_per_work")
    # 10,000 chips in 1,250 servers, each chip's share at 33,600 USD.
    assert scenario.model.evaluate("servers") == 1250
    assert scenario.model.evaluate("fleet_server_price") == pytest.approx(10_000 * 33_600)
    assert (scenario.model.inputs["mfu"].low, scenario.model.inputs["mfu"].high) == (0.3, 0.5)


def test_a_step_may_be_given_with_an_interval(file: Path) -> None:
    text = 'model = "chain"\noutputs = ["energy_cost"]\n[inputs]\nsite_power_at_work = ["2 kW", "1.8 kW", "2.4 kW"]\n'
    file.write_text(text)
    scenario = load_scenario(file)
    given = scenario.model.inputs["site_power_at_work"]
    assert (given.value, given.low, given.high) == (2000.0, 1800.0, 2400.0)
    # 2 kW x 0.0826 USD/kWh, an hour.
    assert scenario.model.evaluate("energy_cost") * 3600 == pytest.approx(2 * 0.0826, rel=1e-3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("outputs", "output", "line 2 (output): unknown key 'output'; did you mean outputs"),
        (
            '"chain"',
            '"chian"',
            "line 1 (model): unknown model 'chian'; did you mean",
        ),
        ('"chain"', "5", "line 1 (model): expected the name of a model, got 5"),
        ('"h100-sxm"', '"h1000"', "line 5 (chip): unknown machine 'h1000'"),
        ("chip =", "chop =", "line 5 (chop): chain has no option 'chop'; did you mean chip"),
        (
            "mfu =",
            "mfv =",
            "line 9 (mfv): model chain(h100-sxm) has no input 'mfv'; did you mean mfu",
        ),
        ("[0.4, 0.3, 0.5]", "1.4", "line 9 (mfu): mfu must be above 0 and at most 1"),
        ("[0.4, 0.3, 0.5]", "[0.4, 0.5, 0.3]", "line 9 (mfu): input mfu: expected low <= value <= high"),
        ("10k", "10 W", "line 8 (chips): chips must be a bare number"),
        (
            "semianalysis_2023",
            "nobody",
            "line 10 (server_price): h100-sxm.price_in_node has no reading 'nobody'",
        ),
        (
            '"own_per_work"]',
            '"own_per_wrok"]',
            "line 2 (outputs): model chain has no output 'own_per_wrok'; did you mean own_per_work",
        ),
        (
            '["fleet_site_power_rated", "own_per_work"]',
            "3",
            "line 2 (outputs): expected a list of names, got 3",
        ),
        (
            '["fleet_site_power_rated", "own_per_work"]',
            '["fleet_site_power_rated"]',
            "line 9 (mfu): mfu is given, but fleet_site_power_rated does not depend on it; it would change",
        ),
        ('"10k"', "1" + "0" * 400, "line 8 (chips): chips must be"),
        (
            '"10k"',
            "[[1], [2], [3]]",
            "line 8 (chips): input chips must be (value, low, high), each one value",
        ),
        ("chips =", "self =", "line 8 (self): model chain(h100-sxm) has no input 'self'"),
        ('"h100-sxm"', "1.5", "line 5 (chip): option chip of chain must be str, got 1.5"),
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
    with pytest.raises(ScenarioError, match="line 1, byte 10: expected UTF-8"):
        load_scenario(tmp_path / "latin.toml")


OWN = """import dojo_calc as dc

STEPS = {"chips": dc.step(dc.units_needed, unit="peak")}
ready = dc.Model(STEPS, {"target": "1 EFLOP/s", "peak": "d1.peak_bf16"}, name="ready")
number = 5
broken = lambda: 1 / 0


def made(chip="d1", book=None):
    return dc.Model(STEPS, {"target": "1 EFLOP/s", "peak": f"{chip}.peak_bf16"}, book=book, name="made")
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model = " + "[" * 1_900, "nested too deep"),
        ("model = " + "[" * 20_000, "line 1: expected at most 2,000 characters, got 20,008"),
        (".".join(["a"] * 20_000) + " = 1", "line 1: expected at most 2,000 characters"),
        ("# much\n" * 100_000, "expected a scenario of at most 0.0625 MB"),
        ('model = "\x1b[31m"', "line 1, character 10: expected text, got the control character 0x1b"),
    ],
)
def test_a_file_that_nobody_writes_is_refused_at_once(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=message):
        load_scenario(path)


@pytest.mark.parametrize("name", ["a\\u0000.py:x", "loop.py:x", f"{'a' * 1_000}.py:x"])
def test_a_path_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "a.toml").write_text(f'model = "{name}"')
    with pytest.raises(ScenarioError, match=r"line 1 \(model\): '.*' cannot be read"):
        load_scenario(tmp_path / "a.toml")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(OWN)
    return tmp_path / "own.toml"


def written(path: Path, model: str, rest: str = "") -> Path:
    path.write_text(f'model = "{model}"\n{rest}')
    return path


def test_a_scenario_names_a_model_of_ones_own(own: Path) -> None:
    ready = load_scenario(written(own, "mine.py:ready", '[inputs]\ntarget = "362 TFLOP/s"\n'), own_code=True)
    assert ready.outputs == ("chips",)
    assert ready.model.evaluate("chips") == pytest.approx(1.0)
    made = load_scenario(written(own, "mine.py:made", '[options]\nchip = "h100-sxm"\n'), own_code=True)
    assert made.model.evaluate("chips") == pytest.approx(1e18 / 989.4e12, rel=1e-4)


def test_a_function_gets_the_facts_in_use(own: Path) -> None:
    other = catalogue().choose({"d1.peak_bf16": "hot_chips_34", "d1.peak_fp8": "hot_chips_34"})
    made = load_scenario(written(own, "mine.py:made"), other, own_code=True)
    assert made.model.book is other


def test_code_is_not_run_unasked(own: Path) -> None:
    (own.parent / "mine.py").write_text("from pathlib import Path\nPath(__file__).with_name('ran').touch()\n")
    with pytest.raises(
        ScenarioError, match=r"own.toml, line 1 \(model\): mine.py is Python code and is run only if"
    ):
        load_scenario(written(own, "mine.py:ready"))
    assert not (own.parent / "ran").exists()


@pytest.mark.parametrize(
    ("model", "rest", "message"),
    [
        ("none.py:ready", "", "line 1 (model): there is no file none.py beside the scenario"),
        ("../mine.py:ready", "", "line 1 (model): ../mine.py is not in the scenario's own folder"),
        ("/mine.py:ready", "", "line 1 (model): /mine.py is not in the scenario's own folder"),
        ("link.py:ready", "", "line 1 (model): link.py is not in the scenario's own folder"),
        (
            "mine.txt:ready",
            "",
            "line 1 (model): expected a shipped model or file.py:name, got 'mine.txt:ready'",
        ),
        ("mine.py:", "", "line 1 (model): expected a shipped model or file.py:name, got 'mine.py:'"),
        ("mine.py:redy", "", "line 1 (model): mine.py has no name 'redy'; did you mean ready"),
        ("mine.py:number", "", "line 1 (model): number in mine.py is not a Model but int"),
        ("mine.py:broken", "", "line 1 (model): mine.py, line 6: ZeroDivisionError: division by zero"),
        ("wrong.py:ready", "", "line 1 (model): wrong.py, line 2: NameError: name 'dc' is not defined"),
        ("slip.py:ready", "", "line 1 (model): slip.py, line 1: SyntaxError"),
        ("mine.py:ready", '[options]\nchip = "d1"', "line 3 (chip): ready in mine.py is no function"),
        (
            "mine.py:made",
            '[options]\nchop = "d1"',
            "line 3 (chop): made in mine.py: got an unexpected keyword",
        ),
        (
            "mine.py:made",
            '[options]\nchip = "d9"',
            "mine.py, line 10: UnknownNameError: unknown machine 'd9'",
        ),
        (
            "mine.py:ready",
            "[inputs]\npeek = 1",
            "line 3 (peek): model ready has no input 'peek'; did you mean peak",
        ),
    ],
)
def test_errors_about_ones_own_model_point_into_both_files(
    own: Path, model: str, rest: str, message: str
) -> None:
    outside = own.parent.parent / f"{own.parent.name}.py"
    outside.write_text(OWN)
    (own.parent / "link.py").symlink_to(outside)
    (own.parent / "wrong.py").write_text("x = 1\ny = dc.Model\n")
    (own.parent / "slip.py").write_text("x = (\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(written(own, model, rest), own_code=True)
    assert str(caught.value).startswith(str(own))
    assert message in str(caught.value)


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_of_many_digits_is_one_clear_error(file: Path, digits: int) -> None:
    file.write_text(GOOD.replace('"10k"', "1" * digits))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "rest",
    [
        "[inputs]\nmfu = [{a = 1}, 2, 3]",
        "[inputs]\nmfu = [[1, [2]], 2, 3]",
        "[inputs]\nmfu = {a = 1}",
        "[inputs]\nmfu = []",
        "[inputs]\nmfu = 1979-05-27",
        "[options]\nchip = 1.5",
        '[options]\nchip = ["h100"]',
    ],
)
def test_values_of_any_shape_are_refused_in_its_line(tmp_path: Path, rest: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(f'model = "chain"\n{rest}\n')
    with pytest.raises(ScenarioError, match=r"line 3 \((mfu|chip)\): "):
        load_scenario(path)


TABLE = """what,name,label,value,low,high,unit,source
model,chain,,chain,,,,
option,chip,,h100-sxm,,,,
input,chips,Chips,10000,10000,10000,1,yours
input,mfu,Model FLOP utilisation,0.4,0.25,0.5,1,yours
input,hourly_rent,Rent of a chip,,,,USD/s,not published
output,own_per_work,"Delivered work, owned",2.9e-16,2e-16,5e-16,USD/FLOP,
output,own,An owned hour,0.0004,0.0003,0.0005,USD/s,
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "calculator.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_a_table_of_a_calculator_is_a_scenario(table: Path) -> None:
    scenario = load_scenario(table)
    assert scenario.outputs == ("own_per_work", "own")
    assert scenario.model.evaluate("servers") == 1250
    mfu = scenario.model.inputs["mfu"]
    assert (mfu.value, mfu.low, mfu.high) == (0.4, 0.25, 0.5)
    # The rent, which the table leaves open, and all that it does not name are as they ship.
    shipped = load_scenario(write(table.with_name("plain.toml"), 'model = "chain"\n')).model
    assert scenario.model.inputs["hourly_rent"] == shipped.inputs["hourly_rent"]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "input,mfu",
            "inputs,mfu",
            "line 5, column 1 (what): expected 'model', 'option', 'input' or 'output'",
        ),
        ("input,mfu", "input,mfo", "line 5 (mfo): "),
        ("0.25", "a quarter", "line 5, column 5 (low): expected a number, got 'a quarter'"),
        ("0.25", "0.45", "line 5 (mfu): input mfu: expected low <= value <= high"),
        ("input,mfu", "input,chips", "line 5, column 2 (name): chips stands twice"),
        ("10000,1,yours", "10000,kg,yours", "line 4 (chips): expected chips in 1, got 'kg'"),
        ("model,chain,,chain", "model,chain,,chian", "line 2 (model): unknown model 'chian'"),
        ("h100-sxm", "h1000", "line 3 (chip): unknown machine 'h1000'"),
        ("output,own,", "output,owm,", "(outputs): model chain has no output 'owm'"),
        ("label", "labels", "line 1, column 3 (labels): unknown column 'labels'"),
    ],
)
def test_errors_point_into_a_table(table: Path, old: str, new: str, message: str) -> None:
    assert old in TABLE
    table.write_text(TABLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load_scenario(table)
    assert message in str(error.value)
