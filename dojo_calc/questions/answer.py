"""What a question is answered with: one bottom line in words, accounts with intervals, what moves them, and why."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dojo_calc.analysis.explain import Explanation, explain
from dojo_calc.analysis.sensitivity import Bar, tornado
from dojo_calc.analysis.simulate import simulate
from dojo_calc.chain.boundaries import Boundary, boundaries
from dojo_calc.chain.run import LIMITS
from dojo_calc.errors import DojoCalcError, UnknownNameError, nearest
from dojo_calc.formatting import format_number, format_range, format_si
from dojo_calc.model.model import Model
from dojo_calc.units import hour, percent, year
from dojo_calc.words import html_table, in_percent, words

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Account", "Answer", "QuestionError"]

DRAWS = 4096  # of every input that is not known for certain: quantiles to a few parts in a thousand
WAYS = {"own": "owned", "lease": "leased", "rent": "rented"}  # a price and, in a sentence, what was paid for
MOVERS = 3  # inputs that are named as moving an answer most
RATES = {"USD/s": (year, "USD", "a year")}  # a fleet's, which nobody reads by the hour


class QuestionError(DojoCalcError):
    """A question with too few or too many givens, or a target that cannot be reached: the message says which."""


@dataclass(frozen=True)
class Account:
    """One line of an answer: an output of the chain with its 90 % interval [SI], and what it is for people."""

    name: str
    words: str
    value: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        value, low, high, unit, per = self._told()
        if low == high or (unit == "1" and value == round(value)):  # what is counted is told one by one
            return format_si(value, unit, digits=9 if unit == "1" and value == round(value) else 4) + per
        return format_si(value, unit, interval=(low, high)) + per

    @property
    def interval(self) -> str:
        """The 90 % interval in the unit of the value; empty where nothing about it is uncertain."""
        value, low, high, unit, per = self._told()
        if low == high:
            return ""
        return (
            f"more than {format_si(float(f'{low:.3g}'), unit)}"
            if math.isinf(high)
            else format_range(low, high, unit, at=value) + per
        )

    def _told(self) -> tuple[float, float, float, str, str]:
        if self.name == "chip_time":
            return self.value / hour, self.low / hour, self.high / hour, "1", " hours"
        if in_percent(self.name):
            return self.value / percent, self.low / percent, self.high / percent, "percent", ""
        if self.unit not in RATES or not self.name.startswith("fleet_"):
            return self.value, self.low, self.high, self.unit, ""
        times, unit, per = RATES[self.unit]
        return self.value * times, self.low * times, self.high * times, unit, f" {per}"


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer of the chain.

    Attributes
    ----------
    question : str
        What was asked, in words.
    bottom : str
        The answer in a sentence or two.
    accounts : tuple of Account
        Outputs with their intervals, the one that was asked for first.
    movers : tuple of Bar
        The inputs whose intervals move the first account most, and how far.
    model : dojo_calc.model.model.Model
        The view that was evaluated; `explain` shows any of its outputs down to sources.
    settings : dict
        What makes that view again: options and inputs of a scenario.
    notes : tuple of str
        What was assumed, rounded or left out.
    graph : str
        Name of the graph that ships of which the model is a view.
    """

    question: str
    bottom: str
    accounts: tuple[Account, ...]
    movers: tuple[Bar, ...]
    model: Model
    settings: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...] = ()
    graph: str = "chain"

    def __getitem__(self, name: str) -> Account:
        for one in self.accounts:
            if one.name == name:
                return one
        names = [one.name for one in self.accounts]
        raise UnknownNameError(f"the answer has no account {name!r}{nearest(str(name), names)}")

    def __str__(self) -> str:
        lines = [self.bottom, ""]
        wide = max(len(one.words) for one in self.accounts)
        for one in self.accounts:
            span = f"   ({one.interval})" if one.interval else ""
            lines.append(f"  {one.words:<{wide}}  {one}{span}")
        lines += [f"  What moves it most: {self.moved}"] if self.movers else []
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    @property
    def boundaries(self) -> list[Boundary]:
        """What is inside each power and price of the chain among the accounts, and what is not."""
        if self.graph != "chain":
            return []
        chip = self.settings["options"]["chip"]
        return boundaries([one.name for one in self.accounts], chip, self.model.book)

    @property
    def moved(self) -> str:
        """What moves the first account most, in words."""
        return "; ".join(f"{_in_sentence(bar.input)} ({_span(bar, self.model)})" for bar in self.movers)

    def tell(self, name: str, *, interval: bool = False) -> str:
        """An account in words, marked in HTML with what it is, so that pages can be held against each other.

        Parameters
        ----------
        name : str
            Of an account.
        interval : bool
            Whether to say its 90 % interval too.

        Returns
        -------
        str
            A ``data`` element with the value in SI; its ``data-quantity`` names graph, question and account.

        Raises
        ------
        UnknownNameError
            If there is no account of that name.
        """
        one = self[name]
        options = self.settings.get("options", {})
        asked = ", ".join(
            f"{key}={value}"
            for key, value in {**options, **self.settings.get("inputs", {})}.items()
            if not (key == "precision" and value == "bf16")
        )
        words = f"{one} ({one.interval})" if interval and one.interval else str(one)
        key = html.escape(f"{self.graph}({asked}).{name}", quote=True)
        return f'<data class="dojo-quantity" data-quantity="{key}" value="{one.value!r}">{html.escape(words)}</data>'

    def rows(self) -> list[dict[str, Any]]:
        """Accounts as plain dictionaries, in SI."""
        return [
            {
                "name": one.name, "words": one.words, "value": one.value, "low": one.low, "high": one.high,
                "unit": one.unit,
            }
            for one in self.accounts
        ]  # fmt: skip

    def table(self) -> pl.DataFrame:
        """Accounts as a polars frame, in SI."""
        import polars as pl

        return pl.DataFrame(self.rows())

    def explain(self, name: str | None = None) -> Explanation:
        """How an account comes about, step by step; the first that is computed if left out.

        Raises
        ------
        UnknownNameError
            If the view has no output of that name.
        """
        computed = (one.name for one in self.accounts if one.name in self.model.outputs)
        return explain(self.model, next(computed) if name is None else name)

    def scenario(self) -> str:
        """The question as a scenario in TOML, which `load_scenario` and the command `run` read."""
        known = [one.name for one in self.accounts if one.name in self.model.outputs]
        lines = [f'model = "{self.graph}"', f"outputs = [{', '.join(map(_toml, known))}]"]
        for table, entries in self.settings.items():
            if entries:
                lines += ["", f"[{table}]", *(f"{name} = {_toml(value)}" for name, value in entries.items())]
        return "\n".join(lines) + "\n"

    def _repr_html_(self) -> str:
        said = html.escape
        rows = [(one.words, str(one), one.interval) for one in self.accounts]
        notes = "".join(f"<p>{said(note)}</p>" for note in self.notes)
        shown = html_table("What it takes, with 90 % intervals.", ("What", "Value", "90 % interval"), rows)
        return f"<p><strong>{said(self.bottom)}</strong></p>{shown}{notes}"


def answerable(model: Model, names: Iterable[str]) -> tuple[list[str], tuple[str, ...]]:
    """Outputs that a model has all inputs of, and notes on the others, which say what is missing and why.

    Parameters
    ----------
    model : Model
    names : iterable of str
        Outputs, in the order to be shown.
    """
    shown: list[str] = []
    missing: dict[str, list[str]] = {}
    for name in names:
        lacking = [
            one for one in model.needed([name]) if one in model.inputs and model.inputs[one].value is None
        ]
        if lacking:
            missing.setdefault(lacking[0], []).append(_in_sentence(name))
        else:
            shown.append(name)
    notes = tuple(
        f"{words(one).label} is not known ({model.inputs[one].source}), so not told: {'; '.join(lost)}."
        for one, lost in missing.items()
    )
    return shown, notes


def accounts_of(model: Model, names: Iterable[str]) -> tuple[Account, ...]:
    """Outputs with their intervals.

    Parameters
    ----------
    model : Model
    names : iterable of str
        Outputs, in the order to be shown.
    """
    wanted = list(names)
    values = model.evaluate(wanted)
    interval = simulate(model, wanted, samples=DRAWS).interval(0.9)
    found = []
    for name in wanted:
        low, high = map(float, interval[name])
        found.append(Account(name, words(name).label, float(values[name]), low, high, model.spec(name).unit))
    return tuple(found)


def run_notes(model: Model, names: Iterable[str]) -> tuple[str, ...]:
    """What whoever asks of a run should hear, where there is something."""
    return (*_outlived(model, names), *_assumed_failures(model))


def _in_sentence(name: str) -> str:
    """What people call a name, as it stands within a sentence."""
    label = words(name).label
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def _outlived(model: Model, names: Iterable[str]) -> tuple[str, ...]:
    """A note where a run outlasts the machines that it is on, as nothing that it then costs is what it would cost."""
    return tuple(
        f"Beyond what holds: the run would last {format_si(float(one.values['billed']), 's')}, and its machines live "
        f"{format_si(float(one.values['life']), 's')}."
        for one in model.broken(list(names))
        if one.says in {limit.says for limit in LIMITS}
    )


def _assumed_failures(model: Model) -> tuple[str, ...]:
    """A note where nobody published how often a chip stops a run, on which the headway of a large machine hangs."""
    one = model.inputs.get("interruption_rate")
    if one is None or one.how != "assumed" or one.low is None or one.high is None:
        return ()
    reason = next((fact.note for fact in one.readings if fact.kind == "assumed"), one.source)
    span = format_range(one.low, one.high, one.spec.unit)
    return (f"Failures are assumed, {span} for each chip, and the headway hangs on them: {reason}.",)


def listed_rent(model: Model) -> tuple[str, ...]:
    """A note where the rent in use is of another boundary, as nobody but a hyperscaler lets a chip."""
    one = model.inputs.get("hourly_rent")
    listed = [] if one is None else [fact for fact in one.readings if fact.quantity == "hyperscaler_rent"]
    if one is None or one.value not in [fact.value for fact in listed]:
        return ()
    dearer = "rental companies ask less for every chip that both let"
    return (f"Its rent is on a hyperscaler's price list, and {dearer}: {one.source.partition(';')[0]}.",)


def movers_of(model: Model, output: str) -> tuple[Bar, ...]:
    """The inputs that move an output most."""
    return tuple(bar for bar in tornado(model, output)[:MOVERS] if bar.swing > 0)


def _span(bar: Bar, model: Model) -> str:
    one = model.inputs.get(bar.input)
    low, high = sorted((bar.low_value, bar.high_value))
    return format_range(low, high, "1" if one is None else one.spec.unit)


def _toml(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_toml, value))}]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def options_of(chip: str, assumptions: str | None, on: str | None, precision: str) -> dict[str, str]:
    """Options of the chain that a question was asked with, as a scenario holds them."""
    told = {"chip": chip, "assumptions": assumptions, "on": on, "precision": precision}
    return {name: value for name, value in told.items() if value is not None}


def counted(number: float, chip: str) -> str:
    """A number of chips in words: ``"101,072 h100-sxm"``."""
    return f"{format_number(number, digits=9)} {chip}"
