"""Every name that the calculator shows has words, and every word has a name."""

from __future__ import annotations

import pytest

import dojo_calc as dc
from dojo_calc.chain.build import chain
from dojo_calc.chain.sets import assumption_sets
from dojo_calc.chain.shipped import MODELS, shipped
from dojo_calc.pictures.chain_calculator import LAID_OUT
from dojo_calc.questions.plan import METERED, PAID
from dojo_calc.tables import data_path, read_rows
from dojo_calc.words import Words, asked, words

ROWS = [row for row, _ in read_rows(data_path("words.csv"), Words)]
CHAIN = chain()


@pytest.mark.parametrize("chip", [*LAID_OUT, "d1", "tpu-v5p", "mi300x"])
def test_every_input_and_output_of_the_chain_has_words(chip: str) -> None:
    known = {row.name for row in ROWS}
    for one in assumption_sets():
        model = chain(chip, assumptions=one)
        assert [name for name in (*model.inputs, *model.outputs) if name not in known] == []


def test_every_word_is_of_a_name_that_ships() -> None:
    names = {name for one in MODELS for name in (*shipped(one).inputs, *shipped(one).outputs)}
    others = [chain("d1"), chain("tpu-v5p"), *(chain(assumptions=one) for one in assumption_sets())]
    names |= {name for one in others for name in (*one.inputs, *one.outputs)}
    assert [row.name for row in ROWS if row.name not in names] == []


def test_two_outputs_are_never_called_the_same() -> None:
    labels = [words(name).label for name in (*CHAIN.inputs, *CHAIN.outputs)]
    assert sorted(labels) == sorted(set(labels))


def test_percentages_are_plain_ratios_and_years_are_times() -> None:
    units = {"percent": "1", "flag": "1", "year": "1", "years": "s", "hours": "s", "USD/h": "USD/s"}
    for name in (*CHAIN.inputs, *CHAIN.outputs):
        one = words(name)
        assert units.get(one.shown, CHAIN.spec(name).unit) == CHAIN.spec(name).unit, name


@pytest.mark.parametrize("one", asked(), ids=lambda one: one.id)
def test_a_question_speaks_of_what_the_chain_has(one) -> None:  # type: ignore[no-untyped-def]
    known = {*CHAIN.inputs, *CHAIN.outputs, "chip", "model"}
    assert [name for name in (*one.names, *one.told, one.answer) if name not in known] == []
    assert not one.sought or (one.answer in CHAIN.inputs and one.sought in one.names)


def test_a_name_without_words_is_its_own_label() -> None:
    assert words("my_own_step").label == "My own step"


def test_an_answer_calls_a_thing_by_the_words_that_pages_have() -> None:
    answers = [
        dc.plan("h100", work="1e24 FLOP", chips=800), dc.cost("h100"), dc.cost("h100", of="year"),
        dc.train("7B", "h100", chips=8, tokens="1T", mfu=0.4), dc.chip(), dc.programme(),
    ]  # fmt: skip
    known = {row.name for row in ROWS}
    for answer in answers:
        own = [one for one in answer.accounts if not one.name.endswith(", whole") and one.name != "chips"]
        assert {one.name: one.words for one in own} == {one.name: words(one.name).label for one in own}
        assert {one.name for one in own} <= known


def test_what_can_limit_has_the_words_of_a_limit() -> None:
    assert {row.name for row in ROWS if row.limit} == {*METERED, *PAID}
