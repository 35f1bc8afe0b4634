"""The calculator in a browser: the same numbers as the library, what is typed, what is kept, and who can use it."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from dojo_calc.analysis.compare import compare
from dojo_calc.analysis.sensitivity import tornado
from dojo_calc.analysis.simulate import simulate
from dojo_calc.analysis.solve import solve
from dojo_calc.chain.build import chain
from dojo_calc.formatting import format_si
from dojo_calc.model.model import Model
from dojo_calc.performance.search import search
from dojo_calc.pictures.calculator import Calculator, calculator
from dojo_calc.pictures.chain_calculator import LAID_OUT, MODELS, chain_calculator, sizes
from dojo_calc.questions import answer as answers
from dojo_calc.questions.answer import Answer
from dojo_calc.questions.cost import cost
from dojo_calc.questions.plan import plan
from dojo_calc.questions.train import train
from dojo_calc.words import asked
from tests.book.asking import CHIPS, STATES, ask, js, settles

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

QUESTIONS = {one.id: one for one in asked()}
SAMPLES = 65_536


@cache
def asked_of(chip: str = "h100-sxm", question: str = "train") -> Model:
    """Model that the page asks: the chain, with the work of the model that is trained where a question names one."""
    return chain(chip).replace(**(sizes("llama3-405b") if "model" in QUESTIONS[question].names else {}))


def drawn(tab: Page, name: str) -> list[float]:
    """5 %, 50 % and 95 % of the draws of an output, told by the calculator or not."""
    found: list[float] = js(
        tab,
        "(names => { const g = c.engine.simulation(c.now.problem, names.map(n => c.tools.place(c.now, n)), "
        "c.tools.upstream(c.now, names), c.data.sobol, 4096); let s = g.next(); while (!s.done) s = g.next(); "
        f"return s.value.found.map(s => [s.q05, s.q50, s.q95])[0]; }})(['{name}'])",
    )
    return found


def given_chips(output: str) -> dict[str, float]:
    """A count without a layout, where the output depends on it."""
    return {"chips": 10_007.0} if "chips" in asked_of().needed([output]) else {}


@pytest.mark.parametrize("chip", CHIPS)
def test_every_value_is_the_librarys(tab: Page, address: str, chip: str) -> None:
    ask(tab, address, f"ask=hour&pick.chip={chip}&chips=10007")
    found = js(
        tab,
        "Object.fromEntries([...c.now.variant.inputs, ...c.now.variant.steps].map(n => [n, c.now.of(n)]))",
    )
    model = asked_of(chip, "hour")
    ready = [
        name
        for name in model.outputs
        if all(model.inputs[one].value is not None for one in model.needed([name]) if one in model.inputs)
    ]
    expected = model.values(ready, {"chips": 10_007.0})
    assert len(ready) > 60
    for name in ready:
        assert found[name] == pytest.approx(float(expected[name]), rel=1e-12), name
    missing = set(model.outputs) - set(ready)
    assert all(found[name] is None for name in missing), "what needs a price that nobody published stays open"


@pytest.mark.parametrize("one", [one for one in QUESTIONS.values() if not one.sought], ids=lambda one: one.id)
def test_intervals_are_those_of_simulate(tab: Page, address: str, one: Any) -> None:
    ask(tab, address, f"ask={one.id}&chips=10007")
    found = js(
        tab,
        "Object.fromEntries(Object.entries(c.drawn).map(([n, s]) => [n, [s.q05, s.q50, s.q95]]))",
    )
    expected = simulate(asked_of(question=one.id), one.told, samples=SAMPLES, chips=10_007.0)
    for name in one.told:
        ends = expected[name].quantile([0.05, 0.5, 0.95]).tolist()
        for own, other in zip(found[name], ends, strict=True):
            assert abs(own - other) <= 0.03 * (ends[2] - ends[0]), name  # of 4,096 draws


def test_a_stated_budget_is_solved_in_every_draw(tab: Page, address: str) -> None:
    ask(tab, address, "ask=budget&wanted.fleet_capital=5e8")
    model = asked_of(question="budget")
    # capital is in proportion to chips, so that each draw's count is the budget over the capital of one chip
    each = simulate(model, "capital_per_chip", samples=SAMPLES)
    expected = [5e8 / value for value in each.quantile([0.95, 0.5, 0.05]).tolist()]
    found = js(tab, "[c.drawn.chips.q05, c.drawn.chips.q50, c.drawn.chips.q95]")
    assert found == pytest.approx(expected, rel=0.01)
    assert js(tab, "c.now.exact") == pytest.approx(solve(model, "chips", "fleet_capital", 5e8), rel=1e-9)
    whole = 8 * math.floor(5e8 / float(model.evaluate("capital_per_chip")) / 8)
    assert tab.locator(".dc-number").inner_text() == f"{whole:,}", "half a server is none"
    assert js(tab, "c.now.of('fleet_capital')") == pytest.approx(
        float(model.evaluate("fleet_capital", chips=whole)), rel=1e-12
    )


@pytest.mark.parametrize(("question", "output"), [("train", "billed"), ("train", "run_own"), ("hour", "own")])
def test_bars_are_those_of_tornado(tab: Page, address: str, question: str, output: str) -> None:
    ask(tab, address, f"ask={question}&answer={output}&chips=10007")
    found = js(
        tab,
        f"c.engine.tornado(c.now.problem, v => (c.now.problem.model.run(v), v[c.tools.place(c.now, '{output}')]), "
        f"c.tools.upstream(c.now, ['{output}'])).map(b => [c.now.inputs[b.inputs[0]].name, b.from, b.to])",
    )
    expected = tornado(asked_of(question=question), output, **given_chips(output))
    assert len(found) == len(expected) > 3
    by = {name: (low, high) for name, low, high in found}
    for bar in expected:
        own = by[bar.input.split(" and ")[0]]
        assert own == pytest.approx((bar.output_low, bar.output_high), rel=1e-12)


@pytest.mark.parametrize(
    ("output", "target", "name"),
    [("billed", 30 * 86400.0, "tokens"), ("own", 1.0 / 3600, "server_price"), ("run_own", 5e7, "mfu"),
     ("billed", 1e7, "chips"), ("own", 0.0, "pue")],
)  # fmt: skip
def test_what_it_would_have_to_be_is_solve(
    tab: Page, address: str, output: str, target: float, name: str
) -> None:
    ask(tab, address, "ask=train&chips=10007")
    found = js(
        tab,
        f"((at, n) => c.engine.solve(c.now.problem, at('{output}'), {target!r}, at(n), c.data.names[n]))"
        f"(n => c.tools.place(c.now, n), '{name}')",
    )
    if target == 0.0:
        assert found["x"] is None
        return
    given = {} if name == "chips" else given_chips(output)
    assert found["x"] == pytest.approx(solve(asked_of(), name, output, target, **given), rel=1e-9)


def test_a_difference_is_told_apart_as_compare_does(tab: Page, address: str) -> None:
    before, after = {"chips": 10_007.0, "tokens": 1e13}, {"chips": 20_011.0, "tokens": 2e13, "pue": 1.3}
    ask(
        tab,
        address,
        "ask=train&answer=run_own&chips=20011&tokens=2e13&pue=1.3"
        "|ask=train&answer=run_own&chips=10007&tokens=1e13",
    )
    parts = dict(
        js(
            tab,
            "c.tools.difference(c.tools.decode(location.hash.split('|')[1]).state, c.state, 'run_own')"
            ".parts.map(p => [p.title, p.amount])",
        )
    )
    expected = compare(asked_of(), "run_own", before, after)
    labels = {"chips": "Chips", "tokens": "Tokens to train on", "pue": "Power usage effectiveness"}
    for one in expected.contributions:
        assert parts[labels[one.input]] == pytest.approx(one.amount, rel=1e-9, abs=1e-6), one.input


def the_same(tab: Page, answer: Answer) -> int:
    """Hold what the page tells against an answer of the library, and count what was compared."""
    told = js(
        tab,
        "Object.fromEntries(Object.entries(c.drawn).filter(([n]) => n !== 'masked')"
        ".map(([n, s]) => [n, [c.now.of(n), s.q05, s.q95]]))",
    )
    shared = [one for one in answer.accounts if one.name in told]
    for one in shared:
        value, *ends = told[one.name]
        assert value == pytest.approx(one.value, rel=1e-12), one.name
        if one.low == one.high:
            assert ends[0] == ends[1], one.name
        else:
            assert ends == pytest.approx([one.low, one.high], abs=0.03 * (one.high - one.low)), one.name
    return len(shared)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers of so many draws that what they differ by from the page is the page's: it draws 4,096 times."""
    monkeypatch.setattr(answers, "DRAWS", 2**16)


ONE_ANSWER: dict[str, tuple[str, Any, int]] = {
    "train": ("ask=train", lambda: train("llama3-405b", chips=16_384, tokens="15.6T"), 9),
    "train on gb200": ("ask=train&pick.chip=gb200&chips=4096&tokens=3e13",
                       lambda: train("llama3-405b", "gb200", chips=4096, tokens=3e13), 9),
    "train, as stated": ("ask=train&chips=10007&mfu=0.4~0.3~0.5",
                         lambda: train("llama3-405b", chips=10_007, tokens="15.6T", mfu=(0.4, 0.3, 0.5)), 9),
    "budget": ("ask=budget", lambda: plan(budget=5e8), 6),
    "power": ("ask=power", lambda: plan(power="150 MW"), 6),
    "target": ("ask=target", lambda: plan(target="1e20 FLOP/s"), 6),
    "hour": ("ask=hour", lambda: cost(), 9),
    "hour of work": ("ask=hour", lambda: cost(of="exaflop-hour"), 2),
}  # fmt: skip


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("name", ONE_ANSWER)
def test_one_question_has_one_answer(tab: Page, address: str, name: str) -> None:
    state, answer, fewest = ONE_ANSWER[name]
    ask(tab, address, state)
    assert the_same(tab, answer()) >= fewest


@pytest.mark.usefixtures("many")
def test_a_deadline_is_met_by_as_many_chips_as_a_plan_of_the_same_work_takes(tab: Page, address: str) -> None:
    ask(tab, address, "ask=deadline")
    given = js(tab, "Object.fromEntries(['run_work', 'mfu', 'parameters'].map(n => [n, c.now.of(n)]))")
    assert the_same(tab, plan(days="90 days", work=given.pop("run_work"), **given)) >= 6


def test_every_layout_is_the_one_that_the_library_trains_with(made: Calculator) -> None:
    pool = made.data["pool"]
    assert len(made.data["layouts"]) == len(MODELS) * len(set(CHIPS) & set(LAID_OUT))
    for key, rows in made.data["layouts"].items():
        model, chip = key.split("|")
        for count, values, told, within in rows:
            answer = train(model, chip, chips=int(count), tokens="1T")
            assert told in answer.notes[0]
            assert within == "field_factor"
            share = pool[values["mfu"]]
            assert (share["v"], share["l"], share["h"]) == pytest.approx(
                (answer["mfu"].value, answer["mfu"].low, answer["mfu"].high), rel=0.02
            )
            assert share["v"] == answer["mfu"].value
            run = sizes(model)["parameters"] * pool[values["work_per_parameter"]]["v"] * 1e12
            assert run == pytest.approx(float(answer.model.evaluate("run_work")), rel=1e-12)


TYPED: tuple[tuple[str, str, Any], ...] = (
    ("tokens", "15.6T", 15.6e12), ("tokens", "15.6 trillion", 15.6e12), ("tokens", "2e12", 2e12),
    ("chips", "12k", 12e3), ("chips", "16,384", 16384.0), ("chips", "16,384 chips", 16384.0),
    ("chips", "1.5 × 10^4", 15e3), ("chips", "3.8e3", 3800.0), ("server_price", "$40k", 40e3),
    ("server_price", "US$ 310,000", 310e3), ("server_price", "40 thousand USD", 40e3),
    ("server_price", "0.5 million dollars", 5e5), ("server_price", "$500M", 5e8),
    ("server_price", "35000", 35e3), ("hourly_rent", "2.5 $/h", 2.5 / 3600),
    ("hourly_rent", "$2.50/h", 2.5 / 3600), ("hourly_rent", "2.5", 2.5 / 3600),
    ("hourly_rent", "2 USD/GPU-hour", 2 / 3600), ("hourly_rent", "$2/chip-hour", 2 / 3600),
    ("server_price", "2 USD/GPU-hour", None), ("hourly_rent", "2 USD/GPU", None), ("energy_price", "5 $", None),
    ("hourly_rent", "3 USD per hour", 3 / 3600), ("energy_price", "0.07 per kwh", 0.07 / 3.6e6),
    ("energy_price", "0.07 $/kWh", 0.07 / 3.6e6), ("energy_price", "80 $/MWh", 80 / 3.6e9),
    ("energy_price", "$0.07/kWh", 0.07 / 3.6e6), ("mfu", "38", 0.38), ("mfu", "38 %", 0.38),
    ("mfu", "38%", 0.38), ("life", "6 years", 6 * 365.25 * 86400),
    ("life", "60 months", 60 * 365.25 / 12 * 86400), ("life", "4", 4 * 365.25 * 86400),
    ("restart", "15 min", 900.0), ("restart", "0.5 hours", 1800.0), ("chip_peak", "1.2 PFLOP/s", 1.2e15),
    ("chip_peak", "900 teraflops", 9e14), ("chip_power_rated", "0.7 kW", 700.0),
    ("chip_power_rated", "1 kilowatt", 1000.0), ("storage", "2 TB/s", 2e12), ("pue", "1.2", 1.2),
    ("server_price", "$200k to $300k", (200e3, 300e3)), ("server_price", "200k–300k USD", (200e3, 300e3)),
    ("mfu", "30-50%", (0.3, 0.5)), ("mfu", "30 to 50", (0.3, 0.5)),
    ("chip_power_rated", "1 kW ± 10 %", (900.0, 1100.0)), ("chips", "1,000 to 2,000", (1000.0, 2000.0)),
    ("chips", "hello", None), ("chip_power_rated", "5 $", None), ("chip_peak", "4 to 2 EF", None),
    ("mfu", "140 %", None), ("pue", "0.9", None), ("chips", "", None), ("chips", "-5", None),
    ("chips", "5 MW", None), ("life", "1,00 years", None), ("restart", "ten minutes", None),
    ("server_price", "40 kWh", None),
)  # fmt: skip


def test_what_is_typed_keeps_its_meaning(tab: Page, address: str) -> None:
    ask(tab, address, "ask=hour")
    for name, text, expected in TYPED:
        found = js(tab, f"c.read({json.dumps(text)}, {json.dumps(name)})")
        if expected is None:
            assert found.get("error"), (name, text, found)
        elif isinstance(expected, tuple):
            assert (found["l"], found["h"]) == pytest.approx(expected, rel=1e-12), (name, text)
            assert expected[0] < found["v"] < expected[1]
        else:
            assert found.get("v") == pytest.approx(expected, rel=1e-12), (name, text, found)


def test_what_cannot_be_read_is_said_beside_the_field_and_nothing_is_lost(tab: Page, address: str) -> None:
    ask(tab, address, "ask=train&chips=8192")
    field = tab.get_by_label("Chips", exact=True).first
    field.fill("hello")
    field.press("Enter")
    assert "“hello” is no number. 8,192 is kept." in tab.locator(".dc-error:not(:empty)").first.inner_text()
    assert js(tab, "c.now.of('chips')") == 8192
    field.fill("4096")
    with settles(tab):
        field.press("Enter")
    assert js(tab, "c.now.of('chips')") == 4096
    assert tab.locator(".dc-error:not(:empty)").count() == 0
    tab.get_by_role("button", name="Reset 1 change").click()
    assert js(tab, "c.now.of('chips')") == 16384
    tab.get_by_role("button", name="Undo reset").click()
    assert js(tab, "c.now.of('chips')") == 4096


def test_a_number_says_where_and_a_range_how_sure(tab: Page, address: str) -> None:
    one = asked_of(question="hour").inputs["server_price"]
    ask(tab, address, f"ask=hour&server_price={2 * (one.value or math.nan)!r}")
    low, high = js(tab, "(x => [x.l, x.h])(c.now.inputs[c.tools.place(c.now, 'server_price')])")
    assert one.low is not None
    assert one.high is not None
    assert (low, high) == pytest.approx((one.low * 2, one.high * 2), rel=1e-12)
    ask(tab, address, "ask=hour&server_price=50000~49000~51000")
    given = (50_000.0, 49_000.0, 51_000.0)
    ends = (
        simulate(asked_of(question="hour"), "server_write_off", samples=SAMPLES, server_price=given)
        .quantile([0.05, 0.95])
        .tolist()
    )
    low, _, high = drawn(tab, "server_write_off")
    assert [low, high] == pytest.approx(ends, abs=0.03 * (ends[1] - ends[0]))


@pytest.mark.parametrize("state", STATES)
def test_an_address_opens_what_it_was_written_for(tab: Page, address: str, state: str) -> None:
    ask(tab, address, state)
    once = js(tab, "c.tools.encode(c.state)")
    values = js(tab, "Array.from(c.now.values)")
    ask(tab, address, once)
    assert js(tab, "c.tools.encode(c.state)") == once
    assert js(tab, "Array.from(c.now.values)") == values
    named = [{part.partition("=")[0] for part in one.split("&")} for one in (once, state)]
    assert named[0] == named[1]


def test_a_strange_address_is_told_and_harms_nothing(tab: Page, address: str) -> None:
    ask(tab, address, "ask=train&warp=9&chips=-4&pick.chip=z80&tokens=1e12")
    told = tab.locator(".dc-notes").inner_text()
    for name in ("warp", "chips=-4", "z80"):
        assert name in told
    assert js(tab, "[c.now.of('tokens'), c.now.of('chips')]") == [1e12, 16384]
    ask(tab, address, "ask=horoscope")
    assert "horoscope" in tab.locator(".dc-notes").inner_text()


WRITTEN = (
    ("tokens", 15.6e12), ("chips", 276_243.0), ("fleet_capital", 2.2e9), ("billed", 12 * 86400.0),
    ("billed", 3.1e-5), ("peak_rate", 1.086e18), ("run_work", 3.79e25), ("fleet_site_power_rated", 1.5e8),
    ("energy_price", 2.294e-8), ("run_energy", 1.4e14), ("interruption_rate", 5.48e-9), ("run_carbon", 1.5e7),
)  # fmt: skip


def test_numbers_are_written_as_the_library_writes_them(tab: Page, address: str) -> None:
    ask(tab, address, "ask=train")
    for name, value in WRITTEN:
        unit = asked_of().spec(name).unit
        shown = js(tab, f"c.tools.numbers.say('{name}', {value!r})").replace("⁰", "0")
        plain = format_si(value, unit)
        assert shown == plain or ("e" in plain and "× 10" in shown), (name, shown, plain)


def test_chips_without_a_layout_are_told_and_offered_the_nearest(tab: Page, address: str) -> None:
    ask(tab, address, "ask=train&chips=10007")
    told = tab.locator(".dc-notes")
    assert "No layout for exactly 10,007 chips" in told.inner_text()
    assert js(tab, "c.now.of('mfu')") == asked_of().inputs["mfu"].value
    with settles(tab):
        told.get_by_role("button", name="16,384").click()
    best = search("llama3-405b", "h100-sxm", 16_384, global_batch=2048, sequence=8192).best
    assert f"tensor {best['tensor']}" in told.inner_text()
    assert js(tab, "c.now.of('mfu')") == pytest.approx(best["mfu"], rel=1e-12)
    # and so the steps take as long as the engine says
    steps = 15.6e12 / (2048 * 8192)
    assert js(tab, "c.now.of('run_time')") == pytest.approx(steps * best["step_time"], rel=1e-12)


def test_a_layout_says_nothing_of_a_chip_or_a_model_that_was_changed(tab: Page, address: str) -> None:
    for own in ("chip_peak=5e14", "parameters=1e11"):
        ask(tab, address, f"ask=train&{own}")
        told = tab.locator(".dc-notes").inner_text()
        assert "No layout was searched for what you changed" in told
        assert "Laid out" not in told
        assert js(tab, "c.now.of('mfu')") == asked_of().inputs["mfu"].value
    ask(tab, address, "ask=train&chip_peak=5e14&hourly_rent=0.0003")
    chosen = tab.get_by_label("chip", exact=True).evaluate("one => one.selectedOptions[0].text")
    assert chosen.endswith(", changed by you")
    ask(tab, address, "ask=train&mfu=0.35")
    assert "Laid out" not in tab.locator(".dc-notes").inner_text()


def test_what_cannot_be_is_said_instead_of_a_number(tab: Page, address: str) -> None:
    ask(tab, address, "ask=hour&chip_power_rated=5000")
    assert tab.locator(".dc-number").inner_text() == "This cannot be"
    assert "a server is rated for no less than its chips" in tab.locator(".dc-notes").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "state", ["ask=train", "ask=budget&pick.chip=gb200", "ask=train&chips=8192|ask=train"]
)
def test_everyone_can_use_it(browser: Browser, address: str, theme: Any, width: int, state: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    ask(page, address, state)
    for one in page.locator("details.dc-group > summary").all()[1:3]:
        one.click()
    page.locator(".dc-kind").first.click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_keys_move_it_and_it_is_read_aloud_in_words(tab: Page, address: str) -> None:
    ask(tab, address, "ask=train&chips=10007")
    slider = tab.get_by_label("Model FLOP utilisation (MFU), slider")
    assert slider.get_attribute("aria-valuetext") == "40\u202f%, between 30 to 50\u202f%"
    before = js(tab, "c.now.of('billed')")
    slider.focus()
    with settles(tab):
        tab.keyboard.press("ArrowRight")
    assert js(tab, "c.now.of('billed')") < before
    assert tab.evaluate("document.activeElement.type") == "range", "the focus stays where it was"


def test_without_scripts_it_says_what_it_is_and_answers(browser: Browser, tab: Page, address: str) -> None:
    ask(tab, address)
    expected = js(tab, "c.now.of('billed')") / 86_400
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert "with JavaScript" in page.locator(".dojo-calculator").inner_text()
    number, _, unit = page.get_by_role("row", name="Duration").locator("td").first.inner_text().partition(" ")
    assert unit == "days"
    assert float(number) == pytest.approx(expected, rel=0.05)
    context.close()


def test_a_readers_own_model_is_asked_in_one_file(tab: Page, tmp_path: Path) -> None:
    import dojo_calc as dc

    model = dc.Model(
        {"cost": dc.purchase_cost}, {"units": (8, 7, 9), "price": (30e3, 25e3, 40e3)}, name="mine"
    )
    ask(tab, calculator(model, "cost").save(tmp_path / "mine.html").as_uri())
    assert js(tab, "c.now.of('cost')") == 240_000
    assert "240,000" in tab.locator(".dc-answer").inner_text()
    assert math.isclose(js(tab, "c.drawn.cost.q50"), 240_000, rel_tol=0.01)


def test_what_only_the_library_can_judge_stays_as_it_is_and_says_so(tab: Page, tmp_path: Path) -> None:
    import dojo_calc as dc

    plan = {"tensor": 8, "pipeline": 16, "interleave": 8, "sharding": "zero1"}
    model = dc.training_run(plan=plan)
    ask(
        tab,
        calculator(model, "billed").save(tmp_path / "run.html").as_uri(),
        "ask=question&chips=8192&pue=1.4",
    )
    assert js(tab, "[c.now.of('chips'), c.now.of('pue')]") == [16384, 1.4]
    assert js(tab, "c.now.of('billed')") == pytest.approx(float(model.evaluate("billed")), rel=1e-12)
    assert "Chips stays as it is" in tab.locator(".dc-notes").inner_text()


def test_a_chip_of_ones_own_is_asked_beside_the_others(tab: Page, tmp_path: Path) -> None:
    import dojo_calc as dc

    rows = ["entity,quantity,value,low,high,unit,kind,date,source"]
    for quantity, numbers in (
        ("peak_bf16", "500,450,500,TFLOP/s"),
        ("power", "450,400,500,W"),
        ("price", "12,10,18,kUSD"),
    ):
        rows.append(f"mychip,{quantity},{numbers},assumed,2026,https://example.org/mychip")
    path = tmp_path / "mychip.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    book = dc.catalogue(path)
    page = chain_calculator(chips=["mychip", "h100-sxm"], sets=["hyperscaler"], counts=(8192,), book=book)
    ask(tab, page.save(tmp_path / "mine.html").as_uri(), "ask=hour")
    assert js(tab, "c.now.of('own')") == pytest.approx(
        float(chain("mychip", book=book).evaluate("own")), rel=1e-12
    )
