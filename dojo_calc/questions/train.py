"""What training a model takes: chips, days, megawatt-hours and dollars, or the tokens that a budget pays for.

The engine of training steps finds the fastest layout of the model that fits, and supplies one number: the share of
the peak at which steps do the model's arithmetic. Everything else is the chain's. Where the engine has no layout, or
a reader knows better, a stated utilisation takes its place.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from dojo_calc.chain.budget import training_budget
from dojo_calc.chain.build import chain
from dojo_calc.doors import door
from dojo_calc.errors import UnknownNameError
from dojo_calc.formatting import format_number, format_range, format_si
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.inputs import Input
from dojo_calc.model.model import Model
from dojo_calc.operations import round_down, round_up
from dojo_calc.performance.scaling import training_compute
from dojo_calc.performance.workload import Transformer, transformer
from dojo_calc.quantities import Money, Power, Ranks, single, whole_number
from dojo_calc.questions.answer import (
    WAYS,
    Account,
    Answer,
    QuestionError,
    accounts_of,
    answerable,
    counted,
    movers_of,
    options_of,
    run_notes,
)
from dojo_calc.questions.layout import Speed, laid_out, shape_of, sizes_of
from dojo_calc.questions.plan import chips_in_time, said, time_of
from dojo_calc.questions.scenario import given_to
from dojo_calc.units import percent
from dojo_calc.words import words

__all__ = ["Pay", "train"]

Pay = Literal["own", "lease", "rent"]

ROUNDS: Final = 6  # of a layout for a number of chips, and the number for its utilisation
GRAIN: Final = 32  # a number of chips that is looked for has this many steps an octave: 2 to 3 % each

TOLD = (
    "billed", *(f"run_{way}" for way in WAYS), "run_energy", "run_carbon", "run_water", "chip_time", "failures",
    "goodput", "fleet_site_power_in_run", "fleet_capital",
)  # fmt: skip
UNDISTURBED = ("run_time", "elapsed", "mfu")


@door
def train(
    model: str | float | Transformer,
    chip: str = "h100-sxm",
    *,
    chips: int | str | None = None,
    days: float | str | None = None,
    power: float | str | None = None,
    budget: float | str | None = None,
    pay: Pay = "rent",
    tokens: float | str | None = None,
    mfu: Any = None,
    global_batch: int | str | None = None,
    sequence: int | str | None = None,
    stack: str = "",
    assumptions: str | None = None,
    on: str | None = None,
    precision: str = "bf16",
    book: Catalogue | None = None,
    models: str | Path | None = None,
    **given: Any,
) -> Answer:
    """Say what training a model takes, or how many tokens time, chips and money are enough for.

    With `tokens`, one of `chips`, `days` and `power` fixes the machine. Without, two of a machine, a time and a
    budget leave the tokens to be found: `chips` or `power` with `days` or `budget`, or `days` with `budget`. A budget
    alone fixes nothing, since what a run costs hardly depends on the number of its chips.

    Parameters
    ----------
    model : str, float or Transformer
        A name, such as ``"llama3-405b"``, the path of a ``config.json``, sizes, or a number of parameters such as
        ``"70B"``, which needs `mfu`.
    chip : str
        Id or alias of a chip with a peak.
    chips : int or str, optional
        How many [1]; those that no layout can use are paid for all the same.
    days : float or str, optional
        How long the run may take, as runs turn out: a number of days, or a text such as ``"13 weeks"``.
    power : float or str, optional
        Rated power of the site at its meter [W].
    budget : float or str, optional
        For the run, paid as `pay` says [USD].
    pay : str
        ``"own"``, ``"lease"`` or ``"rent"``.
    tokens : float or str, optional
        To train on [1], such as ``"15.6T"``.
    mfu : float, str or triple, optional
        Share of the peak that six operations a parameter and token make, attention left out, or with its 90 %
        interval, in place of a layout. A layout counts attention too, and tells its share both ways.
    global_batch, sequence : int or str, optional
        Sequences a step, tokens a sequence [1]; as in the training of Llama 3.1 405B if left out. A batch that is
        left out may differ from that one by a twentieth where fewer chips stay idle then.
    stack : str
        Software, see `data/stacks.csv`; the typical one if left out.
    assumptions, on, precision, book
        As for `dojo_calc.chain.build.chain`.
    models : path, optional
        A reader's own table of models.
    **given
        Other inputs of the chain, or steps to be given.

    Returns
    -------
    Answer
        Time, money and energy as runs turn out, then what is undisturbed.

    Raises
    ------
    QuestionError
        If too little or too much is given, or a time cannot be kept.
    PlanError
        If the model fits the chips in no layout.
    UnitError, DomainError, UnknownNameError, ModelError
        If a value does not fit, or a name is unknown.
    """
    known = catalogue() if book is None else book
    unit = known.machine(chip).id
    _refuse(tokens, chips, days, power, budget)
    if budget is None and pay != "rent":
        raise QuestionError("pay says how a budget is spent, and has no effect without one")
    sizes, parameters, active, name = _model(model, models, mfu)
    stated = mfu is not None
    if stated and (global_batch is not None or sequence is not None or stack):
        raise QuestionError(
            "global batch, sequence and stack are about a layout, which a stated mfu takes the place of"
        )
    whole = chain(unit, assumptions=assumptions, on=on, precision=precision, book=known)
    names, notes = answerable(whole, TOLD)
    base = given_to(whole, [*names, *UNDISTURBED], given) if given else whole
    base = base.replace(parameters=parameters)
    group = whole.inputs["per_server"].value or 1.0
    run = _Run(base, group, sizes, unit, active, precision, stack, mfu, global_batch, sequence, known)
    time = None if days is None else time_of(days)
    money = None if budget is None else single(budget, Money, "budget")
    wanted = None if tokens is None else single(tokens, Ranks, "tokens")
    if chips is not None:
        count = float(whole_number(chips, "chips"))
    elif power is not None:
        count = run.whole_servers(single(power, Power, "power") / float(base.evaluate("site_power_rated")))
    elif wanted is not None and time is not None:
        count = run.chips_in(wanted, time)
    else:
        assert time is not None
        assert money is not None
        count = run.whole_servers(money / (time * float(base.evaluate(pay))))
    if count < 1:
        raise QuestionError(f"what is given is not enough for one server of {unit}")
    speed = run.speed(count)
    view = base.replace(chips=count)
    if wanted is None:
        wanted = run.tokens_for(
            view, speed, pay, time if money is None or (chips is None and power is None) else None, money
        )
        if wanted < 1:
            raise QuestionError(f"what is given is not enough for one token on {counted(count, unit)}")
    work = speed.work * wanted
    settings: dict[str, Any] = {"chips": count, "parameters": parameters, "run_work": work, **given}
    unsure = (speed.mfu, speed.low, speed.high)
    # what a reader is not sure of is not in the factor by which runs turned out; what a layout leaves open is
    held = unsure if stated else (speed.mfu, speed.mfu, speed.mfu)
    central = given_to(view, names, {"run_work": work, "mfu": held})
    spread = given_to(view, [*UNDISTURBED], {"run_work": work, "mfu": unsure})
    accounts, calm = accounts_of(central, names), accounts_of(spread, UNDISTURBED)
    first = Account("chips", words("chips").label, count, count, count, "1")
    asked = Account("tokens", words("tokens").label, wanted, wanted, wanted, "1")
    return Answer(
        f"training {name} on {format_number(wanted)} tokens",
        _bottom(name, unit, count, wanted, accounts, calm),
        (accounts[0], first, asked, *accounts[1:], *calm),
        movers_of(central, "billed"),
        central,
        {
            "options": options_of(unit, assumptions, on, precision),
            "inputs": settings | {"mfu": [*unsure] if stated else speed.mfu},
        },
        (
            speed.note,
            *(
                ()
                if stated
                else _by_utilisation(unit, active, count, wanted, known, dense=active == parameters)
            ),
            *run_notes(central, names),
            *said(central, assumptions, on),
            *notes,
        ),
    )


def _by_utilisation(
    unit: str, active: float, chips: float, tokens: float, book: Catalogue, *, dense: bool
) -> tuple[str, ...]:
    """What one utilisation of all published runs says, which over whole runs is no worse than steps and a factor.

    It is a share of a 16-bit peak, so of a chip without one it says nothing.
    """
    try:
        model = training_budget(float(training_compute(active, tokens)), unit, int(chips), book=book)
    except UnknownNameError:
        return ()
    shares = _ends(model.inputs["run_utilisation"])
    best, longest, shortest = (
        float(model.evaluate("billed_by_utilisation", run_utilisation=one)) for one in shares
    )
    share, low, high = (f"{one / percent:.0f}" for one in shares)
    begins = (
        "no worse over whole runs"
        if dense
        else "and better here, since the factor over steps was found on dense models alone"
    )
    told = f"{format_si(best, 's', interval=(shortest, longest))} ({format_range(shortest, longest, 's')})"
    return (
        f"Another way to ask, {begins}: by the {share} % of the 16-bit peak ({low} to {high} %) that published dense "
        f"runs made of all their hours, it takes {told}.",
    )


def _ends(one: Input) -> tuple[float, float, float]:
    """Best guess, low end and high end of an input that has an interval."""
    assert one.value is not None
    assert one.low is not None
    assert one.high is not None
    return one.value, one.low, one.high


def _refuse(tokens: object, chips: object, days: object, power: object, budget: object) -> None:
    """Refuse too little or too much."""
    machine = [name for name, one in (("chips", chips), ("power", power)) if one is not None]
    if len(machine) == 2:
        raise QuestionError("chips and power both fix the machine; give one of them")
    if tokens is not None:
        fixed = [*machine, *(["days"] if days is not None else [])]
        if budget is not None:
            extra = (
                "it takes a number of chips or a deadline"
                if not fixed
                else "leave the tokens out to see how many it pays for"
            )
            raise QuestionError(
                f"a budget does not fix the number of chips, whose run costs much the same with any; {extra}"
            )
        if not fixed:
            raise QuestionError("nothing fixes the machine: give chips, days or power")
        if len(fixed) > 1:
            raise QuestionError(
                f"tokens and {machine[0]} say how long the run takes, so days would have no effect; leave out one of "
                "the three"
            )
        return
    rest = [name for name, one in (("days", days), ("budget", budget)) if one is not None]
    if len(machine) + len(rest) < 2:
        raise QuestionError(
            "give tokens with chips, days or power; or two of a machine (chips or power), days and a budget, to see "
            "how many tokens they are enough for"
        )
    if machine and len(rest) == 2:
        raise QuestionError(
            f"with {machine[0]}, days and a budget each fix the tokens; leave out one of the three"
        )


def _model(
    model: str | float | Transformer, models: str | Path | None, mfu: object
) -> tuple[Transformer | None, float, float, str]:
    """Sizes, parameters, active parameters and name of a model, or of a number of parameters."""
    try:
        sizes = transformer(model, models) if isinstance(model, str | Transformer) else None
        unknown = None
    except UnknownNameError as error:
        sizes, unknown = None, error
    if sizes is None:
        try:
            count = single(model, Ranks, "model")
        except Exception:
            if unknown is not None:
                raise unknown from None
            raise
        if mfu is None:
            raise QuestionError(
                f"{format_number(count)} parameters make no layout, so a run of them takes a stated mfu, such as 0.4"
            )
        return None, count, count, f"a model of {format_number(count)} parameters"
    total, active = sizes_of(sizes)
    return sizes, total, active, sizes.model


class _Run:
    """A model on one kind of chip: how fast it runs on any number of them."""

    def __init__(
        self, base: Model, group: float, sizes: Transformer | None, unit: str, active: float, precision: str,
        stack: str, mfu: Any, global_batch: int | str | None, sequence: int | str | None, known: Catalogue,
    ) -> None:  # fmt: skip
        self.base, self.sizes, self.unit, self.active, self.known = base, sizes, unit, active, known
        self.shape = shape_of(known, global_batch, sequence) | {"precision": precision, "stack": stack}
        self.stated = None if mfu is None else base.read("mfu", mfu)
        self.group = group
        self.free = global_batch is None
        self.speed = cache(self._speed)

    def whole_servers(self, exact: float) -> float:
        """Chips of whole servers, no more."""
        return float(self.group * round_down(exact / self.group))

    def _speed(self, count: float) -> Speed:
        """Utilisation of so many chips: of the fastest layout that fits, or as stated."""
        if self.stated is not None:
            return self._as_stated(
                int(count),
                f"by a stated utilisation of {format_number(self.stated.value or 0.0)}, of six operations a "
                "parameter and token, attention left out",
            )
        assert self.sizes is not None
        try:
            return laid_out(
                self.base, self.sizes, self.unit, int(count), self.shape, self.known, near_batches=self.free
            )
        except UnknownNameError as error:
            one = self.base.inputs["mfu"]
            if one.value is None:
                raise
            return self._as_stated(int(count), f"no layout: {error}; by the utilisation of {one.source}")

    def _as_stated(self, count: int, note: str) -> Speed:
        one = self.base.inputs["mfu"] if self.stated is None else self.stated
        value = one.value or 0.0
        low, high = (value if end is None else end for end in (one.low, one.high))
        return Speed(
            value, low, high, float(training_compute(self.active, 1.0)), count, "", f"Layout: {note}."
        )

    def chips_in(self, tokens: float, time: float) -> float:
        """Chips that work through the tokens in a time: a layout for a number, and the number for its utilisation."""
        work = float(training_compute(self.active, tokens))
        stated = (self.base.inputs["mfu"] if self.stated is None else self.stated).value
        mfu = 1.0 if stated is None else stated  # until there is a layout; fewest chips at the peak
        count = 0.0
        for _ in range(ROUNDS):
            exact = chips_in_time(given_to(self.base, ["billed"], {"run_work": work, "mfu": mfu}), time)
            wanted = self._even(exact)
            if wanted == count:
                break
            count = wanted
            speed = self.speed(count)
            mfu, work = speed.mfu, speed.work * tokens
        while self._billed(count, tokens) > time:
            count = self._even(count * (1 + 1 / GRAIN))
        used = float(self.speed(count).used)  # nobody takes chips that the layout leaves idle
        return used if used < count and self._billed(used, tokens) <= time else count

    def _billed(self, count: float, tokens: float) -> float:
        speed = self.speed(count)
        view = given_to(
            self.base.replace(chips=count), ["billed"], {"run_work": speed.work * tokens, "mfu": speed.mfu}
        )
        return float(view.evaluate("billed"))

    def _even(self, exact: float) -> float:
        """Next number of whole servers that is even enough for layouts to use it in full."""
        servers = exact / self.group
        grain = 2.0 ** max(math.floor(math.log2(max(servers, 1.0) / GRAIN)) + 1, 0)
        return float(round_up(servers / grain) * grain * self.group)

    def tokens_for(
        self, view: Model, speed: Speed, pay: Pay, time: float | None, money: float | None
    ) -> float:
        """Tokens that a time, or a budget, is enough for on this machine."""
        one_token = {"run_work": speed.work, "mfu": speed.mfu}
        if time is not None:
            each = float(given_to(view, ["billed"], one_token).evaluate("billed"))
            return time / each
        assert money is not None
        # what a run costs is proportional to its work but for the power at rest, which its hours are proportional to
        each = float(given_to(view, [f"run_{pay}"], one_token).evaluate(f"run_{pay}"))
        return money / each


def _bottom(
    name: str,
    unit: str,
    count: float,
    tokens: float,
    accounts: tuple[Account, ...],
    calm: tuple[Account, ...],
) -> str:
    by_name = {one.name: one for one in (*accounts, *calm)}
    billed, steps = by_name["billed"], by_name["run_time"]
    cost = [f"{by_name[f'run_{way}']} {word}" for way, word in WAYS.items() if f"run_{way}" in by_name]
    price = f" It costs {', '.join(cost)}." if cost else ""
    energy = f" It takes {by_name['run_energy']}." if "run_energy" in by_name else ""
    return (
        f"Training {name} on {format_number(tokens)} tokens keeps {counted(count, unit)} busy for {billed} "
        f"({billed.interval}) as runs turn out, {steps} undisturbed.{price}{energy}"
    )
