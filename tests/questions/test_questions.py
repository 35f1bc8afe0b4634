"""`plan`, `train` and `cost`: whole questions, against sums by hand and against what they must agree in."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

import dojo_calc as dc
from dojo_calc.chain.cost import OWN_PARTS
from dojo_calc.chain.training import LAYOUT
from dojo_calc.errors import DojoCalcError, DomainError
from dojo_calc.performance.search import search
from dojo_calc.questions.answer import QuestionError
from dojo_calc.questions.scenario import load_scenario
from tests.commands.test_command_line import as_json, run, said

DAY = 86_400.0


def value(answer: Any, name: str) -> float:
    return float(answer[name].value)


def test_a_target_is_rounded_up_to_whole_servers() -> None:
    found = dc.plan("h100", target="100 EFLOP/s")
    # 1e20 / 9.894e14 = 101,071.4; in servers of eight 12,634, which are 101,072.
    assert (value(found, "chips"), value(found, "servers")) == (101_072, 12_634)
    assert value(found, "fleet_chip_power_rated") == pytest.approx(101_072 * 700)
    assert found.bottom.startswith("100 EFLOP/s takes 101,072 h100-sxm.")


def test_a_power_line_is_rounded_down_and_its_count_is_uncertain() -> None:
    found = dc.plan("h100", power="150 MW", power_at="chip_power_rated")
    assert value(found, "chips") == 214_280  # 150e6 / 700 = 214,285.7, of which 26,785 servers of eight
    site = dc.plan("h100", power="150 MW", pue=1.2, overhead_share=0.1)
    # 1,275 W a chip in its server, over 0.9 and times 1.2: 1,700 W, so 88,235.3, of which 11,029 servers.
    assert value(site, "chips") == 88_232
    assert site["chips"].low == site["chips"].high == 88_232, "all that was uncertain was given"
    unsure = dc.plan("h100", power="150 MW")["chips"]
    assert unsure.low < unsure.value < unsure.high


def test_a_power_line_may_be_what_owners_tell_of_a_site() -> None:
    # Of a chip of 1,400 W in 2025: 1.498 x 1,400 + 223.6 x exp(-0.06142 x 13) W, at a PUE of 1.125, by the fit to
    # what owners reported; 404,831 in a gigawatt, in servers of eight.
    found = dc.plan("gb300", power="1 GW", power_at="site_power_reported")
    each = (1.498 * 1400 + 223.6 * math.exp(-0.06142 * 13)) * 1.125
    assert value(found, "chips") == pytest.approx(1e9 / each, rel=1e-3)
    assert found.bottom.startswith("1 GW as owners report a site is enough for ")


def test_of_two_limits_the_narrower_binds() -> None:
    power, money = (
        value(dc.plan("h100", **one), "chips") for one in ({"power": "150 MW"}, {"budget": "2 GUSD"})
    )
    both = dc.plan("h100", power="150 MW", budget="2 GUSD")
    assert value(both, "chips") == min(power, money) == money
    assert "2 billion USD" in both.bottom


def test_the_budget_is_what_the_chips_cost() -> None:
    for what, account in (("server_price", "fleet_server_price"), ("capital_per_chip", "fleet_capital")):
        found = dc.plan("gb200", budget="500 MUSD", budget_for=what)
        spent, group = value(found, account), value(found, "chips") / value(found, "servers")
        assert spent <= 500e6 < spent * (1 + group / value(found, "chips"))


def test_work_by_a_deadline_takes_as_long_as_asked() -> None:
    found = dc.plan("h100", work="1e26 FLOP", days="90 days")
    assert value(found, "billed") == pytest.approx(90 * DAY, rel=1e-3)
    assert value(found, "billed") <= 90 * DAY, "more chips than needed are no slower here"
    again = dc.plan("h100", work="1e26 FLOP", chips=int(value(found, "chips")))
    assert value(again, "billed") == value(found, "billed")
    dated = dc.plan("h100", work="1e26 FLOP", by="2027-03-31", start="2026-12-31")
    assert value(dated, "chips") == value(found, "chips"), "31 + 28 + 31 days"


def test_a_run_at_a_stated_utilisation_by_hand() -> None:
    given = {"goodput": 0.95, "field_factor": 1.2}
    found = dc.train("70B", "h100", chips=1000, tokens="2T", mfu=0.4, **given)
    # 6 x 70e9 x 2e12 = 8.4e23 FLOP at 1,000 x 989.4e12 x 0.4 = 3.9576e17 FLOP/s: 2,122,498 s or 24.566 days.
    assert value(found, "run_time") / DAY == pytest.approx(24.566, rel=1e-4)
    assert value(found, "elapsed") / DAY == pytest.approx(24.566 / 0.95, rel=1e-4)
    assert value(found, "billed") / DAY == pytest.approx(1.2 * 24.566 / 0.95, rel=1e-4)
    assert value(found, "chip_time") == pytest.approx(1000 * value(found, "billed"))


def test_tokens_for_a_budget_cost_that_budget() -> None:
    for pay in ("own", "lease", "rent"):
        found = dc.train("70B", "h100", chips=1000, budget="3 MUSD", pay=pay, mfu=0.4)
        assert value(found, f"run_{pay}") == pytest.approx(3e6, rel=1e-3)
    timed = dc.train("70B", "h100", days="30 days", budget="3 MUSD", mfu=0.4)
    assert value(timed, "billed") <= 30 * DAY * 1.001
    assert value(timed, "run_rent") <= 3e6 * 1.001
    month = dc.train("70B", "h100", chips=1000, days="30 days", mfu=0.4)
    assert value(month, "billed") == pytest.approx(30 * DAY, rel=1e-6)


def test_a_run_of_a_layout_takes_its_steps_one_after_the_other() -> None:
    found = dc.train("llama3-8b", "h100", chips=512, tokens="1T", global_batch=512)
    best = search("llama3-8b", "h100-sxm", 512, global_batch=512, sequence=8192).best
    # 1e12 tokens are 238,418.6 steps of 512 x 8,192
    assert value(found, "run_time") == pytest.approx(1e12 / (512 * 8192) * best["step_time"], rel=1e-9)
    # People say a share of six operations a parameter and token. A layout counts attention on top, 12 x layers x
    # hidden x sequence a token, and not the table of embeddings, which is looked up. Stated as people say it, the
    # share makes the same run.
    parameters = 8_030_261_248  # meta-llama/Meta-Llama-3-8B
    counted = (6 * (parameters - 128_256 * 4096) + 12 * 32 * 4096 * 8192) / (6 * parameters)  # 1.202
    note = next(one for one in found.notes if one.startswith("Layout: "))
    with_it, without = map(float, re.findall(r"utilisation of ([0-9.]+) % .* it is ([0-9.]+) %\.", note)[0])
    assert with_it / without == pytest.approx(counted, rel=0.003)
    stated = dc.train("llama3-8b", "h100", chips=512, tokens="1T", mfu=without / 100)
    assert value(stated, "run_time") == pytest.approx(value(found, "run_time"), rel=0.002)
    run = dc.training_run("llama3-8b", "h100", 512, tokens="1T", global_batch=512)
    for name in (
        "run_time",
        "elapsed",
        "billed",
        "chip_time",
        "run_energy",
        "run_own",
        "run_lease",
        "run_rent",
    ):
        assert value(found, name) == pytest.approx(float(run.evaluate(name)), rel=1e-9), name


def test_a_layout_found_for_days_keeps_them() -> None:
    found = dc.train("llama3-8b", "h100", days="20 days", tokens="1T", global_batch=512)
    assert value(found, "billed") <= 20 * DAY
    fewer = dc.train(
        "llama3-8b", "h100", chips=int(value(found, "chips") * 0.9) // 8 * 8, tokens="1T", global_batch=512
    )
    assert value(fewer, "billed") > 20 * DAY


def test_days_without_a_unit_are_days() -> None:
    asked: dict[str, Any] = {"work": "1e24 FLOP"}
    month = [
        value(dc.plan("h100", days=days, **asked), "chips") for days in (30, "30", "30 days", "720 hours")
    ]
    assert len(set(month)) == 1
    with pytest.raises(DomainError, match=r"days must be at most 36,525, .* as seconds would be '30 days'"):
        dc.plan("h100", days=30 * 86_400, **asked)
    with pytest.raises(DojoCalcError, match=r"days must be in s or a multiple of it, got '30 W'"):
        dc.train("llama3-8b", "h100", tokens="1T", days="30 W")


def test_a_layout_is_told_beside_the_utilisation_of_published_runs() -> None:
    """Six operations for each of 8.03 billion parameters and a trillion tokens, by 28.56 % of 512 x 989.4 TFLOP/s.

    4.818e22 FLOP / 1.4468e17 FLOP/s = 333,000 s, or 3.85 days; with 15.94 to 51.17 % it is 6.91 to 2.15 days.
    """
    found = dc.train("llama3-8b", "h100", chips=512, tokens="1T")
    note = next(one for one in found.notes if one.startswith("Another way to ask"))
    assert "by the 29 % of the 16-bit peak (16 to 51 %)" in note
    assert re.search(r"it takes 3\.\d+ days \(2\.\d+ to 6\.9\d* days\)\.$", note)
    stated = dc.train("llama3-8b", "h100", chips=512, tokens="1T", mfu=0.4)
    assert not any(one.startswith("Another way") for one in stated.notes)


def test_the_utilisation_of_runs_is_told_of_any_that_a_reader_has_and_not_of_a_chip_without_its_peak(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        "entity,quantity,reading,default,value,low,high,unit,kind,date,source,confidence,note\n"
        "whole-runs,run_utilisation,mine,,0.35,,,1,rated,2026-01,no-source,D,own\n"
        "asic8,peak_fp8,,,2,,,PFLOP/s,rated,2026-01,no-source,D,own\n"
        "asic8,power,,,700,,,W,rated,2026-01,no-source,D,own\n",
        encoding="utf-8",
    )
    given = ("train", "llama3-8b", "--chips", "512", "--tokens", "1T", "--facts", str(own))
    assert "by the 35 % of the 16-bit peak" in " ".join(said(*given).split())
    assert "Another way" not in said(*given, "--chip", "asic8", "--precision", "fp8")


def test_chips_that_no_layout_uses_are_paid_for() -> None:
    even, odd = (dc.train("llama3-8b", "h100", chips=n, tokens="1T", global_batch=512) for n in (512, 520))
    assert value(odd, "mfu") == pytest.approx(value(even, "mfu") * 512 / 520, rel=1e-6)
    assert any("8 of 520 chips stay idle" in note for note in odd.notes)


def test_a_number_of_chips_that_the_usual_batch_does_not_divide_is_hardly_slower_than_one_that_it_does() -> (
    None
):
    """A step of 31 replicas in place of 32, each with the same sequences, lasts as long: 31 / 32 of the tokens.

    So 16,000 chips, of which 15,872 = 31 x 512 have work, take at most 32 / 31 of the time of 16,384, but for what
    a batch of 1,984 in place of 2,048 changes in adding up gradients.
    """
    even, odd = (dc.train("llama3-405b", "h100", chips=n, tokens="15.6T") for n in (16_384, 16_000))
    longer = value(odd, "run_time") / value(even, "run_time")
    assert 1.0 < longer < 32 / 31 * 1.005
    assert any("The batch is not 2,048" in note for note in odd.notes)
    kept = dc.train("llama3-405b", "h100", chips=16_000, tokens="15.6T", global_batch=2_048)
    assert value(kept, "run_time") > value(odd, "run_time")  # a batch that was asked for stays


def test_a_chip_without_a_layout_runs_by_its_utilisation_and_says_so() -> None:
    found = dc.train("llama3-8b", "d1", chips=3000, tokens="1T")
    assert any(note.startswith("Layout: no layout") for note in found.notes)
    rent = found["run_rent"]
    assert rent.high / rent.low > 4, "nobody rents a D1: by kin, with a wide interval"


@pytest.mark.parametrize("of", ["hour", "year", "exaflop-hour", "run"])
def test_a_cost_is_the_sum_of_its_parts_and_the_same_everywhere(of: Any) -> None:
    more: dict[str, Any] = {"work": "3.8e25 FLOP", "chips": 16_384} if of == "run" else {}
    found = dc.cost("h100", of=of, **more)
    model = dc.chain("h100-sxm")
    if of == "hour":
        parts = [value(found, name) for name in OWN_PARTS]
        assert sum(parts) == pytest.approx(value(found, "own"))
        assert value(found, "own") == model.evaluate("own")
    elif of == "exaflop-hour":
        assert value(found, "own_per_work") == model.evaluate("own_per_work")
    elif of == "year":
        assert value(found, "fleet_rent") == model.evaluate("rent")
    else:
        assert value(found, "run_rent") == value(dc.plan("h100", **more), "run_rent")


def test_the_use_at_which_owning_costs_what_renting_does() -> None:
    found = dc.cost("h100")
    fixed, energy, rent = dc.chain("h100-sxm").evaluate(["own_before_energy", "energy_cost", "rent"]).values()
    share = fixed / (rent - energy)  # fixed + share x energy = share x rent
    assert f"less than {share:.0%} of the time" in found.notes[0]


def test_every_set_and_date_is_used_and_told() -> None:
    one, other = (dc.cost("h100", assumptions=name) for name in ("hyperscaler", "neocloud"))
    assert value(one, "own") != value(other, "own")
    assert any("'neocloud'" in note for note in other.notes)
    early, late = (dc.cost("h100", on=year) for year in ("2023", "2025"))
    assert value(early, "rent") > value(late, "rent"), "rents of an H100 fell"


def test_a_question_is_saved_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "question.toml"
    for found in (
        dc.plan("gb200", budget="500 MUSD", pue=(1.2, 1.1, 1.3)),
        dc.train("70B", "h100", chips=1000, tokens="2T", mfu=0.4),
        dc.cost("h100", of="year", chips=100, on="2024"),
    ):
        path.write_text(found.scenario(), encoding="utf-8")
        again = load_scenario(path)
        for name in again.outputs:
            assert float(again.model.evaluate(name)) == pytest.approx(value(found, name), rel=1e-12)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "nothing fixes the number of chips"),
        ({"chips": 5, "power": "1 MW"}, "power would have no effect"),
        ({"work": "1e26 FLOP"}, "work alone does not fix the number of chips"),
        ({"target": "200 EFLOP/s", "power": "150 MW"}, "allows"),
        ({"budget": "1000 USD"}, "less than one server of 8 h100-sxm"),
        ({"work": "1e26 FLOP", "days": "9 days"}, "the shortest time is"),
        ({"chips": 8, "power_at": "meter"}, "power_at must be one of"),
        ({"chips": 8, "power_at": "chip_power_rated"}, "no effect without a power line"),
        ({"chips": 8, "budget_for": "chip_price"}, "no effect without a budget"),
        ({"chips": 8, "pu": 1.2}, "did you mean pue"),
        ({"chips": 8, "days": "9 days"}, "days would have no effect"),
        ({"target": "1 EFLOP/s", "days": "9 days"}, "for no work"),
        ({"work": "1e26 FLOP", "by": "tomorrow"}, "by must be a date"),
        ({"work": "1e26 FLOP", "by": "2026-01-01", "start": "2026-06-01"}, "not after its start"),
        ({"work": "1e26 FLOP", "days": "9 days", "start": "2026-06-01"}, "start has no effect"),
        ({"work": "1e26 FLOP", "days": "9 days", "by": "2027-01-01"}, "two ends of one time"),
        ({"chips": 8, "assumptions": "hyperscalr"}, "hyperscaler"),
    ],
)
def test_a_plan_that_cannot_be_meant(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(DojoCalcError, match=message.replace("(", r"\(")):
        dc.plan("h100", **asked)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"tokens": "1T"}, "nothing fixes the machine"),
        ({"tokens": "1T", "budget": "10 MUSD"}, "it takes a number of chips or a deadline"),
        ({"tokens": "1T", "budget": "10 MUSD", "chips": 8}, "leave the tokens out"),
        ({"tokens": "1T", "chips": 8, "days": "9 days"}, "days would have no effect"),
        ({"chips": 8, "power": "1 MW", "tokens": "1T"}, "both fix the machine"),
        ({"chips": 8}, "two of a machine"),
        ({"chips": 8, "days": "9 days", "budget": "1 MUSD"}, "each fix the tokens"),
        ({"chips": 8, "tokens": "1T", "pay": "steal"}, "pay must be own or lease or rent"),
        ({"chips": 8, "tokens": "1T", "mfu": 0.4, "stack": "megatron-2022"}, "takes the place of"),
        ({"chips": 8, "tokens": "1T", "mfu": 1.4}, "mfu"),
        ({"power": "1 W", "tokens": "1T"}, "not enough for one server"),
    ],
)
def test_a_run_that_cannot_be_meant(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(DojoCalcError, match=message):
        dc.train("llama3-8b", "h100", **asked)


def test_a_bare_number_of_parameters_needs_a_utilisation() -> None:
    with pytest.raises(QuestionError, match="takes a stated mfu"):
        dc.train("70B", "h100", chips=8, tokens="1T")
    with pytest.raises(DojoCalcError, match="unknown transformer 'llama9'"):
        dc.train("llama9", "h100", chips=8, tokens="1T")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"of": "week"}, "of must be hour or year"), ({"of": "run"}, "needs its work"),
        ({"work": "1e26 FLOP"}, "work has no effect"), ({"chips": 8}, "an hour is of one chip"),
    ],
)  # fmt: skip
def test_a_cost_that_cannot_be_meant(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(DojoCalcError, match=message):
        dc.cost("h100", **asked)


def test_the_command_line_says_what_the_library_says() -> None:
    for words, found in (
        (("plan", "--chip", "h100", "--power", "150 MW"), dc.plan("h100", power="150 MW")),
        (("cost", "--chip", "h100", "--of", "exaflop-hour"), dc.cost("h100", of="exaflop-hour")),
        (
            (
                "train",
                "70B",
                "--chip",
                "h100",
                "--chips",
                "1,000",
                "--tokens",
                "2T",
                "--mfu",
                "0.4; 0.3; 0.5",
            ),
            dc.train("70B", "h100", chips=1000, tokens="2T", mfu=(0.4, 0.3, 0.5)),
        ),
    ):
        told = as_json(*words)
        assert told["answer"] == found.bottom
        assert [(row["name"], row["value"], row["low"]) for row in told["accounts"]] == [
            (one.name, one.value, one.low) for one in found.accounts
        ]
        assert {row["name"] for row in told["boundaries"]} <= {row["name"] for row in told["accounts"]}
        words_for_people = " ".join(said(*words).split())
        assert words_for_people.startswith(found.bottom)
        assert "What moves it most: " in words_for_people


def test_a_scenario_is_saved_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    done = run("plan", "--chip", "h100", "--power", "150 MW", "--save", str(path))
    assert done.returncode == 0
    shown = {row["output"]: row["value"] for row in as_json("run", str(path))}
    assert shown["fleet_own"] == dc.plan("h100", power="150 MW")["fleet_own"].value
    wrong = run("plan", "--chip", "h100", "--power", "150 MW", "--save", str(tmp_path / "mine.txt"))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    nowhere = run("plan", "--chip", "h100", "--power", "150 MW", "--save", str(tmp_path / "no" / "mine.toml"))
    assert "cannot be written" in nowhere.stderr


def test_each_plan_of_a_search_is_priced_by_the_chain() -> None:
    asked = (
        "search",
        "--model",
        "llama3-8b",
        "--chip",
        "h100",
        "--chips",
        "512",
        "--global-batch",
        "512",
        "--sequence",
        "8192",
        "--most",
        "3",
    )
    for row in as_json(*asked, "--tokens", "1T"):
        plan = {name: row[name] for name in LAYOUT if name in row}
        alone = dc.training_run("llama3-8b", "h100", row["chips"], tokens="1T", global_batch=512, plan=plan)
        assert (row["own"], row["rent"]) == pytest.approx(
            (float(alone.evaluate("run_own")), float(alone.evaluate("run_rent"))), rel=1e-9
        )
    a_day = as_json(*asked)[0]
    assert a_day["rent"] == pytest.approx(DAY * a_day["chips"] * dc.chain("h100-sxm").evaluate("rent"))


def test_an_account_is_told_with_what_it_is() -> None:
    told = dc.plan("h100", chips=8).tell("fleet_chip_power_rated")
    assert told == (
        '<data class="dojo-quantity" data-quantity="chain(chip=h100-sxm, chips=8.0).fleet_chip_power_rated" '
        'value="5600.0">5.6 kW</data>'
    )
    assert "USD" in dc.cost("h100").tell("own", interval=True)


def test_what_has_an_option_of_its_own_is_not_set() -> None:
    done = run("train", "70B", "--chips", "8", "--tokens", "1T", "--set", "mfu=0.4")
    assert (done.returncode, done.stderr) == (2, "error: --set mfu has an option of its own: --mfu\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "--work", "0 FLOP", "--chips", "8"), "work must be above 0 [FLOP], got 0"),
        (("cost", "--of", "run", "--work", "0 FLOP"), "work must be above 0 [FLOP], got 0"),
        (
            ("cost", "--of", "run", "--work", "1 EFLOP", "--set", "field_factor=0"),
            "field_factor must be above 0 [1]",
        ),
        (("plan", "--target", "1 EFLOP/s", "--start", "2027-01-01"), "a start has no effect"),
        (("train", "70B", "--mfu", "0.4", "--chips", "8", "--tokens", "1T", "--pay", "own"), "pay says how"),
        (("train", "70B", "--mfu", "0.4", "--chips", "8", "--budget", "0 USD"), "not enough for one token"),
        (
            ("train", "llama3-70b", "--days", "1 day", "--tokens", "15T"),
            "no number of chips does the work in 1 day",
        ),
    ],
)
def test_what_has_no_answer_or_no_effect_is_one_clear_line(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_given_rent_is_told_without_an_interval() -> None:
    assert dc.cost("h100", hourly_rent="2 USD/h").bottom.endswith("2 USD/h rented.")


def test_chips_that_are_given_need_not_fill_servers() -> None:
    given = dc.plan("h100", chips=100)  # twelve servers and a half
    assert (given["chips"].words, value(given, "servers")) == ("Chips", 12.5)


def test_failures_that_nobody_published_are_told_with_their_reason() -> None:
    """Of a fleet of D1 the headway hangs on a rate that is assumed; who gives one hears nothing."""
    run: dict[str, Any] = {"chips": 276_000, "tokens": "15T", "mfu": 0.3}
    notes = [note for note in dc.train("70B", "d1", **run).notes if note.startswith("Failures are assumed")]
    assert len(notes) == 1
    assert "0.03 to 0.30 per year for each chip" in notes[0]
    assert "a tile fails as one" in notes[0]
    rest = (dc.train("70B", "d1", **run, interruption_rate="0.05 per year"), dc.train("70B", "h100", **run))
    assert not any("Failures are assumed" in note for one in rest for note in one.notes)


def test_a_run_that_outlasts_its_machines_says_so() -> None:
    found = dc.plan("h100", chips=100, work="1e30 FLOP")
    assert any(one.startswith("Beyond what holds: the run would last") for one in found.notes)
    assert not any("Beyond what holds" in one for one in dc.plan("h100", chips=100).notes)


def test_a_stack_that_is_not_listed_is_said_to_count_as_the_typical_one() -> None:
    found = dc.train("llama3-70b", "h100", chips=2048, tokens="1T", stack="nonsense")
    assert "the stack 'nonsense' is not listed" in found.notes[0].lower()


def test_a_rent_of_a_price_list_is_told() -> None:
    # Nobody else's rent of a GB300 is known; of the chips that both let, the list is dearer for each.
    facts = dc.catalogue().facts
    both = [
        one
        for one in dc.catalogue().names()
        if facts.has(one, "hourly_rent") and facts.has(one, "hyperscaler_rent")
    ]
    assert len(both) > 5
    for one in both:
        for listed in facts.readings(one, "hyperscaler_rent"):
            assert listed.value > facts.value(one, "hourly_rent")
    assert any("on a hyperscaler's price list" in note for note in dc.cost("gb300").notes)
    assert any("on a hyperscaler's price list" in note for note in dc.plan("gb300", chips=72).notes)
    assert not any("price list" in note for note in dc.cost("gb300", hourly_rent="5 USD/h").notes)
    assert not any("price list" in note for note in dc.cost("gb200").notes)
