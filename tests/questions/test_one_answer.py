"""One question has one answer: from the command line, the function, the chain's own graph, and a claim."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dojo_calc as dc
from dojo_calc.evidence.claims.verdicts import verdicts
from tests.commands.test_command_line import as_json

FLEET = {"chips": 100_000}
LLAMA = {"chips": 16_384, "tokens": "15.6T"}  # as Meta's table of training runs has it
WORK = {"of": "exaflop-hour"}
WAYS = ("own", "lease", "rent")

# Question, chip or model, what is given, output, and its unit.
ASKED: list[tuple[str, str, dict[str, Any], str, str]] = [
    *(("cost", chip, {}, way, "USD/s") for chip in ("h100-sxm", "gb200") for way in WAYS),
    *(("cost", "h100-sxm", WORK, f"{way}_per_work", "USD/FLOP") for way in WAYS),
    *(("plan", "h100-sxm", FLEET, f"fleet_site_power_{at}", "W") for at in ("rated", "at_work", "reported")),
    *(("plan", "gb200", FLEET, name, "USD") for name in ("fleet_capital", "fleet_cluster_price")),
    *(
        ("train", "llama3-405b", LLAMA, name, unit)
        for name, unit in (("billed", "s"), ("run_own", "USD"), ("run_rent", "USD"), ("run_energy", "J"))
    ),
]

# What is given, its unit and value, the output of the chain that it is of, and the chips of a server.
SOUGHT = [
    ("h100-sxm", "target", "FLOP/s", 100e18, "peak_rate", 8, 1),
    ("gb200", "power", "W", 150e6, "fleet_site_power_rated", 72, 0),
    ("h100-sxm", "budget", "USD", 500e6, "fleet_capital", 8, 0),
]


def _claimed(folder: Path, output: str, unit: str, given: str) -> float:
    file = folder / "mine.csv"
    file.write_text(
        "id,claim,form,low,high,word,unit,main,today,reading,check,given\n"
        f"mine,As much as that,,1,,,{unit},,,,{{chain.{output}}},{given}\n",
        encoding="utf-8",
    )
    (entry,) = verdicts(claims=file)
    assert entry.computed is not None
    return entry.computed


@pytest.mark.parametrize(("question", "of", "given", "output", "unit"), ASKED)
def test_a_quantity_is_the_same_by_every_way(
    question: str, of: str, given: dict[str, Any], output: str, unit: str, tmp_path: Path
) -> None:
    options = [text for name, value in given.items() for text in (f"--{name}", str(value))]
    if question == "train":
        answer, told = dc.train(of, "h100-sxm", **given), as_json("train", of, "--chip", "h100-sxm", *options)
    else:
        answer = getattr(dc, question)(of, **given)
        told = as_json(question, "--chip", of, *options)
    found = answer[output]
    (line,) = [one for one in told["accounts"] if one["name"] == output]
    assert (line["value"], line["unit"]) == (found.value, unit)
    inputs = answer.settings["inputs"]
    chip = answer.settings["options"]["chip"]
    chain = dc.chain(chip)
    assert chain.evaluate(output, **inputs) == found.value
    in_units = [
        f"{name} = {value!r} {chain.spec(name).unit}".removesuffix(" 1") for name, value in inputs.items()
    ]
    assert _claimed(tmp_path, output, unit, "; ".join([f"chip = {chip}", *in_units])) == found.value


@pytest.mark.parametrize(("chip", "name", "unit", "value", "output", "group", "up"), SOUGHT)
def test_a_number_of_chips_is_the_same_by_every_way(
    chip: str, name: str, unit: str, value: float, output: str, group: int, up: int, tmp_path: Path
) -> None:
    text = f"{value!r} {unit}"
    found = dc.plan(chip, **{name: text})["chips"].value
    (line,) = [
        one
        for one in as_json("plan", "--chip", chip, f"--{name}", text)["accounts"]
        if one["name"] == "chips"
    ]
    assert line["value"] == found
    chain = dc.chain(chip)
    assert found % group == 0
    # Whole servers: those of a target are just enough, and those of a limit just within it.
    fewer, more = found - group * up, found + group * (1 - up)
    assert chain.evaluate(output, chips=fewer) <= value <= chain.evaluate(output, chips=more)
    assert _claimed(tmp_path, output, unit, f"chip = {chip}; chips = {found!r}") == chain.evaluate(
        output, chips=found
    )
