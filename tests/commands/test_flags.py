"""Whatever is given on a command line takes effect or is refused: every command's options about what is printed."""

from __future__ import annotations

import inspect
import itertools
from pathlib import Path
from typing import Any

import pytest

import dojo_calc as dc
from dojo_calc.commands.app import Asked, UsageError, app
from dojo_calc.commands.asking import tell
from dojo_calc.questions.beside import chip, programme
from tests.commands.test_command_line import run

FORMS: tuple[dict[str, bool], ...] = ({}, {"as_json": True}, {"as_csv": True})
# Options about what is printed, each with a value that would print something else.
PRINTING: dict[str, Any] = {
    "explain": True,
    "explain_of": None,  # an account of the answer, not its first
    "depth": 0,
    "boundaries": True,
    "save": None,  # a file
}
# Commands by what answers them, each with a question that is answered at once.
ANSWERS: dict[str, Any] = {
    "plan": lambda: dc.plan("h100", chips=8),
    "train": lambda: dc.train("7B", "h100", chips=8, tokens="1T", mfu=0.4),
    "cost": lambda: dc.cost("h100"),
    "make-or-buy": programme,
    "chip": chip,
}
OTHERS: dict[str, tuple[str, ...]] = {"run": ("--depth",)}  # that print such things another way


def _commands() -> dict[str, set[str]]:
    found = {}
    for one in app.registered_commands:
        assert one.callback is not None
        name = one.name or one.callback.__name__.replace("_", "-")
        found[name] = set(inspect.signature(one.callback).parameters)
    return found


def test_every_command_with_such_an_option_is_walked() -> None:
    assert set(PRINTING) == set(list(inspect.signature(tell).parameters)[2:])
    has = {name for name, options in _commands().items() if options & set(PRINTING)}
    assert has == {*ANSWERS, *OTHERS}


@pytest.mark.parametrize("command", ANSWERS)
def test_every_pair_of_options_takes_effect_or_is_refused(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = ANSWERS[command]()
    known = [one for one in PRINTING if one in _commands()[command]]
    other = [one.name for one in answer.accounts if one.name in answer.model.outputs][-1]
    values = PRINTING | {"explain_of": other, "save": tmp_path / "question.toml"}

    def printed(form: dict[str, bool], *options: str) -> str | None:
        """What is printed or written, or nothing where it is refused in one line."""
        values["save"].unlink(missing_ok=True)
        try:
            tell(Asked(**form), answer, **{one: values[one] for one in options})
        except UsageError as error:
            refusal = str(error)
        else:
            refusal = ""
        out, written = capsys.readouterr().out, values["save"].exists()
        if refusal:
            assert (out, written, "\n" in refusal) == ("", False, False)
            return None
        return out + (values["save"].read_text() if written else "")

    chosen = [few for size in range(len(known) + 1) for few in itertools.combinations(known, size)]
    for form in FORMS:
        shown = {few: printed(form, *few) for few in chosen}
        for few, text in shown.items():
            for left in few:
                fewer = tuple(one for one in few if one != left)
                if text is not None and shown[fewer] is not None:
                    assert text != shown[fewer], f"{left} beside {fewer} and {form} has no effect"
    accepted = {one for few, text in shown.items() if text is not None for one in few}
    assert accepted <= {"save"}, "CSV is the accounts alone"


def test_both_forms_at_once_are_refused() -> None:
    for command in ("plan", "chips", "validate", "coverage"):
        done = run(command, "--json", "--csv")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("given", [("--reading", "d1=hot_chips_34"), ("--facts", "mine.csv")])
@pytest.mark.parametrize("command", [("models",), ("graph",)])
def test_facts_that_a_command_does_not_read_are_refused(
    command: tuple[str, ...], given: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_text("entity,quantity,value,unit\nd1,power,400,W\n")
    name, value = given
    done = run(*command, name, value)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {name} would have no effect: nothing here is read from the facts\n"
