"""How much model a budget of arithmetic buys, and how long a machine takes to spend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dojo_calc.chain.names import renamed
from dojo_calc.doors import door
from dojo_calc.economics.capacity import pooled_rate
from dojo_calc.errors import UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.model import Model, Step, step
from dojo_calc.performance import layer, scaling, training
from dojo_calc.performance.efficiency import head_peak
from dojo_calc.performance.roofline import compute_time
from dojo_calc.quantities import PositiveFlop, Ranks, single, whole_number

__all__ = ["LAWS", "training_budget"]

LAW = "scaling-law"
FITS = ("besiroglu", "hoffmann_3")
POWERS = ("llama3", "hoffmann_1", "hoffmann_2", "deepseek_llm")
LAWS = (*FITS, *POWERS)
BILLION = 1e9  # the length of training that the critical batch by tokens is told for

# What a budget buys is no size of a model that somebody trains.
NAMES = {"parameters": "bought_parameters", "tokens": "bought_tokens"}

# What the budget buys, then what a machine needs for it.
STEPS: dict[str, Callable[..., Any] | Step] = {
    "loss": step(scaling.training_loss, floor="loss_floor"),
    "batch_by_loss": step(
        scaling.critical_batch, batch_at_one="critical_batch_at_one", exponent="critical_batch_exponent"
    ),
    "batch_by_tokens": step(
        scaling.critical_batch_by_tokens,
        reference="batch_reference",
        batch_there="critical_batch_tokens",
        exponent="critical_batch_data_exponent",
    ),
    "used_rate_per_chip": step(layer.attained_rate, peak="chip_peak", efficiency="run_utilisation"),
    "used_rate": step(pooled_rate, units="chips", unit="used_rate_per_chip"),
    "billed_by_utilisation": step(compute_time, work="compute", rate="used_rate"),
    "chip_time_by_utilisation": step(training.repeated_time, times="chips", each="billed_by_utilisation"),
}
BY_FIT: dict[str, Callable[..., Any] | Step] = {
    "parameters": scaling.optimal_parameters,
    "tokens": scaling.tokens_for_compute,
}
BY_POWER: dict[str, Callable[..., Any] | Step] = {
    "tokens": step(
        scaling.optimal_tokens_by_power,
        reference="optimal_budget",
        tokens_there="optimal_budget_tokens",
        exponent="optimal_tokens_exponent",
    ),
    # of six operations a parameter and token, either is what the other leaves
    "parameters": step(scaling.tokens_for_compute, parameters="tokens"),
}


@door
def training_budget(
    compute: float | str = 1e26,
    chip: str = "h100-sxm",
    chips: int | str = 16_384,
    *,
    law: str = "besiroglu",
    parameters: float | str | None = None,
    book: Catalogue | None = None,
) -> Model:
    """What a budget of arithmetic buys: a model, tokens, its loss, a batch; and how long a machine takes.

    The split is the one of least loss for training alone; a model that many will use is smaller and trained longer,
    which `parameters` says. The time is that of published runs, by the share of the peak that they used, with all
    that held them up; `training_run` has the layout, energy and money of a model whose sizes are known.

    Parameters
    ----------
    compute : float or str
        Budget at six operations a parameter and token [FLOP]; a text such as ``"1e26 FLOP"`` will do.
    chip : str
        With a 16-bit peak in the catalogue.
    chips : int or str
        How many [1].
    law : str
        Of `LAWS`: which published fit splits the budget. Those that fit a power of the budget alone take the loss
        of the default fit.
    parameters : float or str, optional
        Size of the model where it is given, then the budget sets the tokens alone [1].
    book : Catalogue, optional

    Returns
    -------
    Model
        Outputs `bought_parameters`, `bought_tokens`, `loss` [nat a token], `batch_by_loss` and `batch_by_tokens`
        [tokens], `billed_by_utilisation` and `chip_time_by_utilisation` [s]: by the share of the peak that runs used,
        where the chain has `billed` by the field factor.

    Raises
    ------
    UnknownNameError
        If the chip or the law is unknown, or the chip has no 16-bit peak.
    DomainError, UnitError
        If the budget is not one number above 0, or chips and parameters are not of at least 1.
    """
    if law not in LAWS:
        hint = nearest(law, LAWS) or f"; there are {', '.join(LAWS)}"
        raise UnknownNameError(f"unknown law {law!r}{hint}")
    known = catalogue() if book is None else book
    unit = known.machine(chip)
    fit = law if law in FITS else FITS[0]
    read: Mapping[str, str] = {
        name: f"{LAW}.{name}[{fit}]"
        for name in ("loss_floor", "size_coefficient", "size_exponent", "data_coefficient", "data_exponent")
    }
    steps: dict[str, Callable[..., Any] | Step] = dict(STEPS)
    inputs: dict[str, Any] = {
        "compute": single(compute, PositiveFlop, "compute"),
        "chips": whole_number(chips, "chips"),
        "chip_peak": f"{unit.id}.{head_peak(unit)}",
        "run_utilisation": "whole-runs.run_utilisation",
        "batch_reference": BILLION,
        **read,
        **{
            name: f"{LAW}.{name}"
            for name in ("critical_batch_at_one", "critical_batch_exponent", "critical_batch_tokens",
                         "critical_batch_data_exponent")
        },
    }  # fmt: skip
    if parameters is not None:
        steps |= {"tokens": scaling.tokens_for_compute}
        inputs["parameters"] = single(parameters, Ranks, "parameters")
    elif law in FITS:
        steps |= BY_FIT
    else:
        steps |= BY_POWER
        inputs |= {
            name: f"{LAW}.{name}[{law}]"
            for name in ("optimal_budget", "optimal_budget_tokens", "optimal_tokens_exponent")
        }
    inputs = {NAMES.get(name, name): one for name, one in inputs.items()}
    return Model(renamed(steps, NAMES), inputs, known, f"training_budget({unit.id}, {law})")
