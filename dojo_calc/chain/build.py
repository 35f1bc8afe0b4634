"""One graph from spec sheet to cheque, whose root is a number of chips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from dojo_calc.chain import fleet, run
from dojo_calc.chain.capital import CAPITAL
from dojo_calc.chain.chip import chip_inputs
from dojo_calc.chain.conditions import beyond_whole_power, beyond_whole_price
from dojo_calc.chain.cost import COST, WORK
from dojo_calc.chain.dates import Date, year_of
from dojo_calc.chain.electricity import ELECTRICITY
from dojo_calc.chain.inputs import PUBLISHED, said
from dojo_calc.chain.names import sources
from dojo_calc.chain.power import POWER
from dojo_calc.chain.sets import DEFAULT_SET, assumption_set, assumption_sets
from dojo_calc.doors import door
from dojo_calc.economics.cost import price_per_unit, purchase_cost
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.conditions import Condition, condition
from dojo_calc.model.distribution import WIDER
from dojo_calc.model.inputs import Input
from dojo_calc.model.model import Model
from dojo_calc.model.wiring import Step, step
from dojo_calc.performance.efficiency import efficiency
from dojo_calc.performance.scaling import WORK_PER_PARAMETER_AND_TOKEN
from dojo_calc.performance.step import evaluate
from dojo_calc.performance.workload import transformer

__all__ = ["CONDITIONS", "STEPS", "assembled", "beside", "chain"]

_MODEL = "llama3-405b"  # of the run `PUBLISHED`

STEPS: dict[str, Callable[..., Any] | Step] = (
    POWER | CAPITAL | COST | run.FAILURES | WORK | fleet.FLEET | run.RUN
)

# Where a chip's price in a server is known only by a factor over its own, or its own only by that in a server.
_SERVER_PRICE = step(purchase_cost, units="server_markup", price="chip_price")
_CHIP_PRICE = step(price_per_unit, total="server_price", units="server_markup")

CONDITIONS: tuple[Condition, ...] = (
    condition(
        "identity", "a server is rated for no less than its chips", beyond_whole_power,
        part="chip_power_rated", total="server_power_rated",
    ),
    # A chip and its server are priced by different sellers at different dates, so that draws of both may cross.
    condition(
        "identity", "a server is no dearer than its share of a cluster", beyond_whole_price,
        part="server_price", total="cluster_price",
    ),
    *run.LIMITS,
)  # fmt: skip


@door
def chain(
    chip: str = "h100-sxm",
    *,
    assumptions: str | None = None,
    on: Date = None,
    precision: str = "bf16",
    book: Catalogue | None = None,
) -> Model:
    """From one chip's spec sheet to the cheque: power, capital, cost by part, work, a fleet, and a training run.

    Every answer about chips, megawatts and money is a view of this graph. Its root is `chips`; a target, a budget,
    a power line or a date is solved for. Power and money without a prefix are of one chip's share at a stated
    boundary; ``fleet_`` is that times `chips`, ``run_`` is of a whole training run, and ``_per_work`` is a price of
    delivered arithmetic. Nothing is rounded: whole servers are the question's concern.

    Parameters
    ----------
    chip : str
        Id or alias, with a peak at the precision. What was published of it or of its server is taken, else what
        its kin let expect.
    assumptions : str, optional
        Name of a set of assumptions; the default set if left out.
    on : str or int, optional
        Date of which prices, rents and electricity are read, such as ``"2024"``; the year that the set of
        assumptions speaks of if left out.
    precision : str
        Of the peak, and of the utilisation that is stated against it.
    book : Catalogue, optional

    Returns
    -------
    Model
        Inputs of a chip, of a set of assumptions, and of a run (`chips`, `parameters`, `tokens`, as of the largest
        run that was published in full). Outputs, among others, `chip_power_rated`, `server_power_rated`,
        `it_power_rated`, `site_power_rated`, the same ``_at_work`` and `site_power_reported` [W]; `chip_price`,
        `server_price`, `cluster_price`, `hall_price`, `capital_per_chip` [USD]; `own`, `lease`, `rent` and their
        parts [USD/s]; `own_per_work`, `lease_per_work`, `rent_per_work` [USD/FLOP]; `run_time`, `elapsed`, `billed`
        [s]; `run_own`, `run_lease`, `run_rent` [USD]; `run_energy` [J], `run_carbon` [kg], `run_water` [m^3].

    Raises
    ------
    UnknownNameError
        If there is no such chip, set or precision, or the chip has no peak at it.

    Notes
    -----
    Left out: software, storage, land, the time before a site runs, and inference. Staff, spare machines and taxes on
    income are in boundaries of their own, `own_fully_loaded` and `own_after_tax`. A set of assumptions says a mean
    price of electricity, or leaves it to a plant on the site, the wait for a connection and the grid's charges.
    """
    known = catalogue() if book is None else book
    unit = known.machine(chip)
    steps, inputs = assembled(unit.id, known, assumptions=assumptions, on=on, precision=precision)
    return Model(steps, inputs, known, f"chain({unit.id})", CONDITIONS)


def assembled(
    chip: str,
    known: Catalogue,
    *,
    assumptions: str | None,
    on: Date,
    precision: str,
    supplied: Mapping[str, Callable[..., Any] | Step] | None = None,
) -> tuple[dict[str, Callable[..., Any] | Step], dict[str, Any]]:
    """Steps and inputs of the chain, and steps that somebody supplies in place of some of them.

    Raises
    ------
    UnknownNameError
        As `chain`.
    """
    assumed = assumption_set(assumptions, known, on)
    # One date for all that has a price: the one asked for, or else the year that the set speaks of.
    date = assumption_sets()[assumptions or DEFAULT_SET].date if on is None else on
    state = efficiency(chip, precision)["optimizer_bytes"]
    inputs: dict[str, Any] = {
        "chips": known.machine(PUBLISHED).count("h100-sxm"),
        "parameters": _parameters(),
        "tokens": f"{PUBLISHED}.training_tokens",
        "work_per_parameter": said(
            WORK_PER_PARAMETER_AND_TOKEN, "two operations forward and four backward, attention left out"
        ),
        "optimizer_bytes": said(state.value, f"{state.key}: {state.kind}, memory.csv"),
        **_reports(known, year_of(date)),
        **chip_inputs(chip, known, date, precision),
    }
    steps = STEPS | ({} if "energy_price" in assumed else ELECTRICITY)
    if "server_price" not in inputs:
        steps["server_price"] = _SERVER_PRICE
    if "chip_price" not in inputs:
        steps["chip_price"] = _CHIP_PRICE
    for name, value in assumed.items():
        steps.pop(name, None)  # a set may say what would be computed
        inputs[name] = value
    steps |= supplied or {}
    # What is computed, or no longer reached, is no input.
    idle = _taken(STEPS | ELECTRICITY) - _taken(steps) | steps.keys()
    return steps, {name: one for name, one in inputs.items() if name not in idle}


def beside(
    chip: str,
    steps: Mapping[str, Callable[..., Any] | Step],
    inputs: Mapping[str, Any],
    known: Catalogue,
    name: str,
    *,
    on: Date = None,
    wanted: Sequence[str] = (),
) -> Model:
    """Small graph beside the chain, which takes what it needs of the chain and nothing more.

    Parameters
    ----------
    chip : str
    steps, inputs : mapping
        Of the small graph; inputs also what it says otherwise than the chain.
    known : Catalogue
    name : str
    on : str or int, optional
        As for `chain`.
    wanted : sequence of str, optional
        Outputs of the chain that are asked too, such as what follows from the small graph.

    Returns
    -------
    Model
        Of the small graph's steps, what is wanted, and what both follow from.
    """
    all_steps, all_inputs = assembled(chip, known, assumptions=None, on=on, precision="bf16")
    given = {one: value for one, value in (all_inputs | dict(inputs)).items() if one not in steps}
    return Model(all_steps | dict(steps), given, known, name).view((*steps, *wanted))


def _taken(steps: Mapping[str, Callable[..., Any] | Step]) -> set[str]:
    """Names that steps take their arguments from."""
    found: set[str] = set()
    for one in steps.values():
        for source in sources(one).values():
            found.update(
                each for each in (source if isinstance(source, tuple) else (source,)) if isinstance(each, str)
            )
    return found


@cache
def _parameters() -> Input:
    """Parameters of the model of that run."""
    sizes = transformer(_MODEL)
    count = evaluate(sizes.values(), ["model_parameters"])["model_parameters"]
    return said(float(count), f"{sizes.model}: {sizes.source}")


def _reports(known: Catalogue, built: int) -> dict[str, Any]:
    """Parameters of the fit to what owners report, with its error, and the year in which a site is built."""
    facts = known.facts
    one = facts.get("cluster-model", "power_error")
    wider = one.value**WIDER
    since = facts.get("cluster-model", "host_power", "servers").date
    return {
        "chip_overhead": "cluster-model.chip_overhead",
        "host_power_2012": "cluster-model.host_power",
        "host_decline": "cluster-model.host_decline",
        "since": said(year_of(since), "the year of the first host"),
        "built": said(built, "the year of the prices"),
        "report_error": said(
            1.0, f"{one.name}, {one.source}; there of 80 %, here of 90 %", 1.0 / wider, wider
        ),
    }
