"""What a calculator's page writes and reads: scenarios, tables and addresses, bit for bit as the library has them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dojo_calc.questions.cost import cost
from dojo_calc.questions.plan import plan
from dojo_calc.questions.scenario import load_scenario
from dojo_calc.questions.train import train
from tests.book.asking import STATES, ask, js, settles

if TYPE_CHECKING:
    from playwright.sync_api import Page


def opened(tab: Page, text: str) -> str:
    """Give the page a file's text, and wait; what it says of it."""
    before = js(tab, "c.turn")
    tab.evaluate("text => document.querySelector('.dojo-calculator').dojo.open(text)", text)
    said = tab.locator(".dc-open .dc-error").text_content() or ""
    if not said:
        tab.wait_for_function(
            "before => Number(document.querySelector('.dojo-calculator').dataset.ready) > before", arg=before
        )
    return said


# What a page can hold: typed values and ranges, readings, other chips and sets, what is sought, and layouts.
KEPT = (
    *STATES,
    "ask=train&chips=8192&model=x",
    "ask=train&pick.model=deepseek-v3&chips=4096&mfu=0.3",
    "ask=train&chip_peak=5e14&parameters=1e11",
    "ask=deadline&wanted.billed=5184000",
    "ask=budget&pick.chip=d1&wanted.fleet_capital=123456789",
    "ask=target&network_share=0.2~0.1~0.3&chip_peak=2e15",
)


@pytest.mark.parametrize("state", KEPT)
@pytest.mark.parametrize("form", ["toml", "csv"])
def test_what_a_page_writes_it_and_the_library_read_bit_for_bit(
    tab: Page, address: str, state: str, form: str, tmp_path: Path
) -> None:
    ask(tab, address, state)
    question = js(tab, "c.state.question")
    text = js(tab, "c.tools.toml(c.now, 'an address')" if form == "toml" else "c.tools.csv(c.now, c.drawn)")
    held = js(tab, "[Array.from(c.now.values), c.now.inputs.map(x => [x.name, x.v, x.l, x.h])]")
    path = tmp_path / f"kept.{form}"
    path.write_text(text, encoding="utf-8")
    scenario = load_scenario(path)
    assert len(scenario.outputs) > 3
    needed = scenario.model.needed(list(scenario.outputs))
    for name, value, low, high in held[1]:
        if name in needed and name in scenario.model.inputs:
            one = scenario.model.inputs[name]
            assert (one.value, one.low, one.high) == (value, low, high), name
    for name, value in scenario.model.evaluate(list(scenario.outputs)).items():
        assert js(tab, f"c.now.of('{name}')") == pytest.approx(float(value), rel=1e-14), name
    # and opened in a page that stood elsewhere
    ask(tab, address, "ask=hour&pick.chip=tpu-v5p&pue=1.5")
    assert opened(tab, text) == ""
    assert js(tab, "c.state.question") == question
    assert js(tab, "[Array.from(c.now.values), c.now.inputs.map(x => [x.name, x.v, x.l, x.h])]") == held
    tab.get_by_role("button", name="Undo opening").click()
    assert js(tab, "[c.state.picks.chip, c.now.of('pue')]") == ["tpu-v5p", 1.5], "nothing is lost"


def test_a_scenario_that_a_person_or_the_library_wrote_is_opened_with_the_same_numbers(
    tab: Page, address: str, tmp_path: Path
) -> None:
    written = {
        "by hand": 'model = "chain"\noutputs = ["own", "fleet_site_power_rated"]\n\n[options]\nchip = "gb200"\n'
        "[inputs]\n"
        'chips = "100,000"  # a count\nlife = "6 years"\nserver_price = [41_000, "30 kUSD", 5.5e4]\n'
        'energy_price = "0.07 USD/kWh"\ninterest = "9.3 %"\npue = "1.17"\n',
        "plan": plan("gb200", budget="1.1 billion USD").scenario(),
        "cost": cost(chip="d1", assumptions="laboratory").scenario(),
    }
    for name, text in written.items():
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        model = load_scenario(path).model
        ask(tab, address)
        assert opened(tab, text) == "", name
        told = js(tab, "c.now.inputs.map(x => [x.name, x.v, x.l, x.h])")
        outputs = load_scenario(path).outputs
        needed = model.needed(list(outputs))
        for one, value, low, high in told:
            if one in needed:
                own = model.inputs[one]
                assert (own.value, own.low, own.high) == (value, low, high), (name, one)
        for one, value in model.evaluate(list(outputs)).items():
            assert js(tab, f"c.now.of('{one}')") == pytest.approx(float(value), rel=1e-14), (name, one)


HEADER = "what,name,label,value,low,high,unit,source"


@cache
def refused() -> dict[str, str]:
    return {
        "": "nothing in it",
        'model = "chain"\n[inputs]\npeu = 1.2\n': "line 3: there is no input “peu”; did you mean pue?",
        'model = "chain"\noutputs = ["owm"]\n': "line 2: there is no output “owm”",
        'model = "chain"\n[options]\nchip = "z80"\n': "line 3: “z80” is none of what chip can be",
        'model = "chain"\n[options]\ncolour = "red"\n': "line 3: “colour” is no option here",
        'model = "chain"\n[options]\nprecision = "fp8"\n': "the library reads “fp8”",
        train(
            "llama3-405b", chips=16_384, tokens="15.6T"
        ).scenario(): "Work of the run is computed in this page",
        'model = "race"\n': "line 1: it is about the model “race”",
        'model = "chain"\n[inputs]\npue = 0.5\n': "line 3: Power usage effectiveness cannot be 0.5",
        'model = "chain"\n[inputs]\npue = "1.2 MW"\n': "line 3: “MW” is no unit of power usage effectiveness",
        'model = "chain"\n[inputs]\nlife = "5"\n': "lacks its unit",
        'model = "chain"\n[inputs]\nown = 5.0\n': "line 3: An owned hour is computed in this page",
        'model = "chain"\n[inputs]\npue = [1.2, 1.3, 1.4]\n': "the value must lie between its ends",
        'model = "chain"\n[inputs]\npue = 1.2\npue = 1.3\n': "line 4: “pue” stands twice",
        'model = "chain"\n[inputs]\npue = {low = 1}\n': "line 3: “{low = 1}” is no number",
        'modle = "chain"\n': "line 1: “modle” is unknown",
        "dear page, what does it cost?": "line 1: “dear page, what does it cost?” is neither",
        'model = "chain"\n[inputs]\nhourly_rent = "h100-sxm.hourly_rent[of_1925]"\n': "has no reading “of_1925”",
        f"{HEADER}\nmodel,chain,,chain,,,,\ninput,pue,,hello,,,1,\n": "line 3: pue wants numbers",
        "what,name,value\nmodel,chain,chain\n": "the column “label” is missing",
        "entity,quantity,value,low,high,unit,kind,date,source\n": "a table of facts",
        "x" * 70_000: "at most 65,536 characters",
    }


def test_what_cannot_be_opened_is_said_in_words_and_nothing_is_changed(tab: Page, address: str) -> None:
    ask(tab, address, "ask=hour&pue=1.3")
    for text, words in refused().items():
        said = opened(tab, text)
        assert words in said, (text[:200], said)
        assert said.endswith("Nothing was changed.")
        assert js(tab, "[c.state.question, c.now.of('pue')]") == ["hour", 1.3]
    assert tab.locator("#dc-paste").get_attribute("aria-invalid") == "true"


def test_a_file_is_dropped_pasted_or_chosen(tab: Page, address: str) -> None:
    text = 'model = "chain"\noutputs = ["own"]\n[inputs]\npue = %s\n'
    ask(tab, address)
    tab.get_by_role("button", name="Open", exact=True).click()
    assert tab.evaluate("document.activeElement.id") == "dc-paste"
    tab.keyboard.insert_text(text % 1.31)
    tab.get_by_role("button", name="Read it").click()
    assert js(tab, "c.now.of('pue')") == 1.31
    assert "Read: 1 number of its own" in tab.locator(".dc-notes").inner_text()
    tab.get_by_role("button", name="Open", exact=True).click()
    tab.locator("input[type=file]").set_input_files(
        {"name": "own.toml", "mimeType": "text/plain", "buffer": (text % 1.32).encode()}
    )
    tab.wait_for_function("document.querySelector('.dojo-calculator').dojo.now.of('pue') === 1.32")
    tab.evaluate(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'own.toml'));"
        " document.querySelector('.dc-hero').dispatchEvent("
        "new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})); }",
        text % 1.33,
    )
    tab.wait_for_function("document.querySelector('.dojo-calculator').dojo.now.of('pue') === 1.33")


def test_reset_and_back_lose_nothing(tab: Page, address: str, tmp_path: Path) -> None:
    ask(tab, address, "ask=train")
    tab.get_by_label("Chips", exact=True).first.fill("4096")
    with settles(tab):
        tab.keyboard.press("Enter")
    tab.wait_for_function("location.hash.includes('chips=4096')")
    other = tmp_path / "other.html"
    other.write_text("<title>elsewhere</title>", encoding="utf-8")
    tab.goto(other.as_uri())
    tab.go_back()
    tab.wait_for_selector(".dojo-calculator[data-ready]")
    assert js(tab, "c.now.of('chips')") == 4096
    tab.get_by_role("button", name="Reset 1 change").click()
    assert js(tab, "c.now.of('chips')") == 16384
    tab.get_by_role("button", name="Undo reset").click()
    assert js(tab, "c.now.of('chips')") == 4096
