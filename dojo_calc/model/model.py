"""A model: formulas wired together by the names of their parameters.

    >>> import dojo_calc as dc
    >>> model = dc.Model(
    ...     {"chips": dc.units_needed, "power": dc.step(dc.pooled_power, units="chips", unit="chip_power")},
    ...     inputs={"target": "100 EFLOP/s", "unit": "d1.peak_bf16", "chip_power": "d1.power"},
    ... )
    >>> round(model.evaluate("power") / 1e6, 1)
    110.5

pipefunc holds the graph; the checks are ours, since it knows no units, takes a misspelled parameter for an
input and names nobody in a cycle. Every root is a fact, an assumption or a declared input; every producer
has the unit its consumer asks for. Everything given is used or refused: a value that no asked output depends on,
a value that contradicts what else is in force, and one that breaks a condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from dojo_calc.doors import door
from dojo_calc.errors import ModelError, UnknownNameError, nearest
from dojo_calc.hardware.catalog import Catalogue, catalogue
from dojo_calc.model.conditions import Broken, Check, Condition, Rules, bind, concerned, judged
from dojo_calc.model.consistent import refuse_overdetermined, refuse_unused
from dojo_calc.model.inputs import Input, read_input
from dojo_calc.model.paths import Path, as_pipefunc, released_after
from dojo_calc.model.shown import Shown
from dojo_calc.model.wiring import (
    Graph,
    Step,
    Wired,
    check_broadcasts,
    check_names,
    check_units,
    choice,
    named,
    narrower,
    order,
    step,
    wire,
)
from dojo_calc.quantities import Spec, check_against, check_result
from dojo_calc.readings.compiled import is_column

__all__ = ["Model", "Step", "choice", "step"]

Given: TypeAlias = Any  # a number, an array, a text, a sequence of texts, a quantity or a tracer


class Model(Shown):
    """Formulas assembled into a graph.

    Parameters
    ----------
    steps : mapping or sequence of pairs
        Output name to formula or `Step`.
    inputs : mapping
        Every root: a fact by name (``"d1.peak_bf16"``, any quantity of the catalogue), a `Fact`, a number in
        SI, a text with a unit, a triple (value, low, high) of either, a `Uniform` or `Samples`, or None for an
        input without default.
    book : Catalogue, optional
        Where facts are looked up; the shipped catalogue if left out.
    name : str
    conditions : sequence of Condition or Rules
        What must hold of the values, see `condition`.

    Raises
    ------
    ModelError
        For a cycle, two producers of a name, a parameter that nothing provides, an input that nothing uses, a
        unit or domain that does not fit, a function that does not broadcast, or defaults that break a condition.
    """

    @door
    def __init__(
        self,
        steps: Mapping[str, Callable[..., Any] | Step] | Iterable[tuple[str, Callable[..., Any] | Step]],
        inputs: Mapping[str, Any],
        book: Catalogue | None = None,
        name: str = "model",
        conditions: Sequence[Condition | Rules] = (),
    ) -> None:
        self.name = name
        self.book = catalogue() if book is None else book
        self._steps = wire(steps.items() if isinstance(steps, Mapping) else steps)
        check_names(self._steps, inputs)
        self._order = order(self._steps)
        self._asked = self._order  # a view computes more than it was asked for, where conditions look at it
        self._paths: dict[tuple[tuple[str, ...], tuple[str, ...], bool], Path] = {}
        needs = check_units(self._steps)
        self.inputs = {one: read_input(one, needs[one], given, self.book) for one, given in inputs.items()}
        for wired in self._steps.values():
            check_broadcasts(wired)
        self._checks = bind(conditions, self._steps, needs)
        self._changed: frozenset[str] = frozenset()  # whose values no condition has been held to yet
        self._settle()

    @property
    def outputs(self) -> list[str]:
        """Names of all steps, in the order they are computed."""
        return list(self._asked)

    @property
    def conditions(self) -> tuple[Check, ...]:
        """What must hold of its values."""
        return self._checks

    def spec(self, name: str) -> Spec:
        """Unit and domain of an input or a step.

        Raises
        ------
        UnknownNameError
            If there is none of that name.
        """
        if isinstance(name, str) and name in self.inputs:
            return self.inputs[name].spec
        return self._step(name).result

    @property
    def _graph(self) -> Graph:
        return Graph(self._steps, (*self.inputs, *self._order), self._asked)

    def _step(self, name: str) -> Wired:
        if not isinstance(name, str) or name not in self._steps:
            raise UnknownNameError(
                f"model {self.name} has no output {name!r}{nearest(str(name), self._steps)}"
            )
        return self._steps[name]

    def formula(self, name: str) -> tuple[Callable[..., Any], tuple[str, ...]]:
        """Formula of a step, and the names its arguments come from."""
        wired = self._step(name)
        return wired.function, wired.arguments

    def needed(self, outputs: Sequence[str], given: Iterable[str] = ()) -> list[str]:
        """Steps and inputs that some outputs need when some values are given, in the order of computation."""
        for name in outputs:
            if name not in self.inputs:
                self._step(name)
        found = self._graph.above(outputs, given)
        return [name for name in self._graph.names if name in found]

    def evaluate(self, outputs: str | Sequence[str] | None = None, /, **given: Given) -> Any:
        """Compute outputs.

        Parameters
        ----------
        outputs : str or sequence of str, optional
            One output gives its value; several give a dictionary; none, all that what is given leaves to be computed.
        **given
            Values of inputs, or of steps to be given instead of computed: numbers or arrays in SI of any
            shapes that broadcast, texts with units or sequences of them, quantities, tracers.

        Returns
        -------
        float, ndarray, or dict of them
            NaN in the elements of an array where an identity among the model's conditions is broken; `broken`
            says which.

        Raises
        ------
        UnknownNameError
            If an output or a given name is unknown.
        ModelError
            If an input has no default and is not given; if no asked output depends on a value given; if a step is
            given while everything that it follows from stays in force; if single values break an identity.
        UnitError, DomainError
            If a value does not fit, a formula has no value there, or an output comes out outside of its declared
            domain, as where values given make no sense together; the message names it.
        """
        asked = self._left(given) if outputs is None else outputs
        wanted = named(asked)
        if not wanted:
            raise ModelError(f"model {self.name} was asked for no output")
        held = self._held(wanted, given)
        values, masks = self._computed(wanted, given, keep=False) if held is None else (held, {})
        for name in wanted if held is None else ():
            spec, mask = self.spec(name), masks.get(name)
            if mask is None:
                values[name] = check_result(values[name], spec, name, given)
            else:
                values[name][~mask] = check_result(values[name][~mask], spec, name, given)
        return values[wanted[0]] if isinstance(outputs, str) else {name: values[name] for name in wanted}

    def values(self, outputs: Sequence[str], given: Mapping[str, Given]) -> dict[str, Any]:
        """Evaluate outputs and keep every value on the way, inputs included."""
        return self._computed(named(outputs), given, keep=True)[0]

    def block(self, outputs: Sequence[str], given: Mapping[str, Given], points: int) -> dict[str, Any]:
        """Evaluate outputs for a part of so many points in all, NaN where an identity is broken, none refused."""
        held = self._held(tuple(outputs), given, points)
        return self._computed(tuple(outputs), given, keep=False, points=points)[0] if held is None else held

    def broken(self, outputs: str | Sequence[str], /, **given: Given) -> list[Broken]:
        """Conditions that values given break, identities and limits, as far as they concern the outputs.

        Parameters
        ----------
        outputs, **given
            As for `evaluate`.

        Returns
        -------
        list of Broken
            With the elements where, and words for each. Empty if everything holds.
        """
        wanted = named(outputs)
        return self.judged(wanted, given)[1]

    def judged(
        self, outputs: Sequence[str], given: Mapping[str, Given], points: int = 0
    ) -> tuple[dict[str, Any], list[Broken]]:
        """Outputs as their formulas give them, and the conditions that are broken: nothing refused or masked.

        What is given may be a part of so many points in all.
        """
        if (held := self._held(tuple(outputs), given, points, limits=True)) is not None:
            return held, []
        values, path = self._run(tuple(outputs), given, keep=False, limits=True, points=points)
        return values, judged(path.checks, values)

    @door
    def told(self, output: str, given: Mapping[str, Given]) -> list[tuple[str, str]]:
        """Conditions that bear on an output, each with its kind, and what is wrong or nothing, in words."""
        values, path = self._run((output,), given, keep=False, limits=True)
        wrong = {one.says: one.text() for one in judged(path.checks, values)}
        return [(f"{check.kind}: {check.says}", wrong.get(check.says, "")) for check, _ in path.checks]

    @door
    def checked(self, given: Mapping[str, Given]) -> dict[str, Any]:
        """Values at the model's boundary: in SI and inside their domains, whatever they are for.

        Raises
        ------
        UnknownNameError
            If a name is unknown.
        UnitError, DomainError
            If a value does not fit; the message names it.
        """
        self._refuse_unknown(given)
        return {name: self._checked(name, value) for name, value in given.items()}

    @door
    def read(self, name: str, given: Any) -> Input:
        """Input of a name, of a step too, read from what may be given to `replace` or a `view`.

        Raises
        ------
        UnknownNameError, ModelError, UnitError, DomainError
            If there is no such name, or the value does not fit it.
        """
        self._refuse_unknown([name])
        return read_input(name, self.spec(name), given, self.book)

    @door
    def refuse(self, outputs: Sequence[str], given: Iterable[str]) -> None:
        """Refuse outputs and names to be given that do not go together, before any value is known.

        Raises
        ------
        UnknownNameError, ModelError
            As `evaluate` does.
        """
        self._refuse_unknown(given)
        self._path(tuple(outputs), tuple(given))

    def refuse_broken(self, outputs: Sequence[str]) -> None:
        """Refuse defaults that were changed and break an identity, before anything else is asked.

        Raises
        ------
        ModelError
            With what is broken.
        """
        for one in self.judged(outputs, {})[1]:
            if one.kind == "identity":
                raise ModelError(one.text())

    def _held(
        self, outputs: tuple[str, ...], given: Mapping[str, Given], points: int = 0, *, limits: bool = False
    ) -> dict[str, Any] | None:
        """Outputs of large arrays in one pass in which everything held; None where the ordinary way is to be gone."""
        if not any(map(is_column, given.values())):
            return None
        self._refuse_unknown(given)
        path = self._path(outputs, tuple(given), limits)
        values = {name: one if is_column(one) else self._checked(name, one) for name, one in given.items()}
        values |= {name: self._default(name) for name in path.inputs}
        return path.held(outputs, values, points, f"model {self.name}", self.spec)

    def _computed(
        self, outputs: tuple[str, ...], given: Mapping[str, Given], *, keep: bool, points: int = 0
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Values, and the mask of each output of which some elements break an identity."""
        values, path = self._run(outputs, given, keep=keep, points=points)
        masks: dict[str, Any] = {}
        for one in judged(path.checks, values) if path.checks else ():
            if not np.ndim(one.where):
                raise ModelError(one.text())
            for name in one.outputs:
                values[name] = np.where(one.where, np.nan, values[name])
                shape = values[name].shape
                masks[name] = np.broadcast_to(one.where, shape) | np.broadcast_to(
                    masks.get(name, False), shape
                )
        return values, masks

    def _run(
        self,
        outputs: tuple[str, ...],
        given: Mapping[str, Given],
        *,
        keep: bool,
        limits: bool = False,
        points: int = 0,
    ) -> tuple[dict[str, Any], Path]:
        values = self.checked(given)
        path = self._path(outputs, tuple(given), limits)
        for name in path.inputs:
            values[name] = self._default(name)
        if not keep and (fused := path.fused(values, points, f"model {self.name}")) is not None:
            return values | fused, path
        path.run(values, self.name, keep=keep)
        return values, path

    def _default(self, name: str) -> float:
        value = self.inputs[name].value
        if value is None:
            raise ModelError(f"model {self.name} needs a value for {name} [{self.inputs[name].spec.unit}]")
        return value

    def _checked(self, name: str, value: Given) -> Any:
        if hasattr(value, "node"):  # a tracer has no value to check
            return value
        if isinstance(value, list | tuple) and any(isinstance(one, str) for one in value):
            value = [check_against(one, self.spec(name), f"{name}[{i}]") for i, one in enumerate(value)]
        return check_against(value, self.spec(name), name)

    def _left(self, given: Iterable[str]) -> tuple[str, ...]:
        """Steps that are left to be computed when some are given: what leads only to those is idle."""
        if self._steps.keys().isdisjoint(given):
            return self._asked
        read = {argument for name in self._asked for argument in self._steps[name].arguments}
        needed = set(self.needed([name for name in self._asked if name not in read], given)).difference(given)
        return tuple(name for name in self._asked if name in needed)

    def _path(self, outputs: tuple[str, ...], given: tuple[str, ...], limits: bool = False) -> Path:
        found = self._paths.get((outputs, given, limits))
        if found is None:
            needed = self.needed(outputs, given)
            refuse_unused(self._graph, outputs, given)
            refuse_overdetermined(self._graph, given, needed)
            unset = {name for name, one in self.inputs.items() if one.value is None}.difference(given)
            changed = self._changed.union(given)
            checks = tuple(
                concerned(self._checks, outputs, given, changed, unset, self.needed, limits=limits)
            )
            # In this order whatever the hashes, since kernels and digests are made of it.
            kept = tuple(dict.fromkeys([*outputs, *(name for check, _ in checks for name in check.names)]))
            needed = [name for name in self.needed([*outputs, *kept], given) if name not in given]
            steps = tuple(self._steps[name] for name in needed if name in self._steps)
            inputs = tuple(name for name in needed if name in self.inputs)
            found = self._paths[outputs, given, limits] = Path(
                inputs, steps, released_after(steps, kept), checks, kept
            )
        return found

    # --- Conditions ----------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Hold the identities to the defaults, so that only what changes from now on needs to be looked at."""
        known = {name for name, one in self.inputs.items() if one.value is not None}
        for check in self._checks:
            closure = self.needed(check.names)
            if check.kind == "identity" and known.issuperset(one for one in closure if one in self.inputs):
                values = self._run(check.names, {}, keep=True)[0]
                for one in judged([(check, frozenset())], values):
                    raise ModelError(f"model {self.name}: {one.text()}")
        self._changed, self._paths = frozenset(), {}

    # --- Other models out of this one ----------------------------------------------------------------------

    @door
    def replace(self, /, **inputs: Any) -> Model:
        """Model with other defaults: facts, numbers, texts, triples or distributions, as for the constructor.

        Raises
        ------
        UnknownNameError
            If there is no such input.
        ModelError
            If it is a step, which has no default; a `view` can give it.
        """
        for name in inputs:
            if name in self._steps:
                raise ModelError(
                    f"{name} is computed, so it has no default to replace; "
                    f"give it to a view of the outputs wanted: model.view(outputs, {{{name!r}: ...}})"
                )
            if name not in self.inputs:
                raise UnknownNameError(f"model {self.name} has no input {name!r}{nearest(name, self.inputs)}")
        return self._with(inputs)

    def _with(self, given: Mapping[str, Any]) -> Model:
        changed = object.__new__(Model)
        changed.__dict__ |= self.__dict__
        changed.inputs = self.inputs | {
            name: read_input(name, self.inputs[name].spec, value, self.book) for name, value in given.items()
        }
        changed._changed = self._changed.union(given)
        if self._checks:
            changed._paths = {}
        return changed

    @door
    def view(self, outputs: str | Sequence[str], given: Mapping[str, Any] | None = None, /) -> Model:
        """Part of this model that leads to some outputs when some values are given.

        A step given is cut off from what it was computed from and becomes an input of its own, with the interval and
        the source of what is given; what then leads nowhere is dropped.

        Parameters
        ----------
        outputs : str or sequence of str
        given : mapping, optional
            Inputs or steps to facts, numbers, texts, triples or distributions, as for the constructor.

        Returns
        -------
        Model
            Which gives the same outputs as this one with the same values given.

        Raises
        ------
        UnknownNameError, ModelError, UnitError, DomainError
            As `evaluate` does.
        """
        wanted = (outputs,) if isinstance(outputs, str) else tuple(outputs)
        names = dict(given or {})
        self.refuse(wanted, names)
        shown = self.needed(wanted, names)
        looked = [
            name
            for check in self._checks
            if set(shown).intersection(self.needed(check.names, names))
            for name in check.names
        ]
        kept = self.needed([*wanted, *looked], names)
        cut = object.__new__(Model)
        cut.__dict__ |= self.__dict__
        cut._steps = {name: self._steps[name] for name in self._steps if name in kept and name not in names}
        cut._order = tuple(name for name in self._order if name in cut._steps)
        cut._asked = tuple(name for name in cut._order if name in shown)
        cut._checks = tuple(check for check in self._checks if set(check.names) <= set(kept))
        cut.inputs = {name: one for name, one in self.inputs.items() if name in kept}
        for name in (one for one in names if one in self._steps):  # in the order given, whatever the hashes
            spec = self._steps[name].result
            for wired in cut._steps.values():
                for argument, own in zip(wired.arguments, wired.specs, strict=True):
                    spec = narrower(spec, own) if argument == name else spec
            cut.inputs[name] = Input(name, spec, None, None, None, "must be given")
        cut._paths = {}
        return cut._with(names)

    def travelling(self) -> Model:
        """Model that evaluates the same, for another process: without its catalogue, readings and sources.

        A hundred times smaller when pickled; it has no facts, so it cannot be asked to replace an input by one.
        """
        light = object.__new__(Model)
        light.__dict__ |= self.__dict__ | {"_paths": {}, "book": None}
        light.inputs = {name: replace(one, readings=(), source="") for name, one in self.inputs.items()}
        return light

    def fingerprint(self, outputs: Sequence[str], given: Sequence[str]) -> str:
        """Digest of what outputs are computed from when some names are given: formulas, conditions and defaults.

        The same for the same graph in any process; a changed formula, wire or default gives another.
        """
        path = self._path(tuple(outputs), tuple(given))
        return path.digest(given, [(name, self.inputs[name].value) for name in path.inputs], self.name)

    def _refuse_unknown(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.inputs and name not in self._steps:
                known = (*self.inputs, *self._steps)
                raise UnknownNameError(f"model {self.name} has no input {name!r}{nearest(name, known)}")

    def pipeline(self) -> Any:
        """Return the graph as a `pipefunc.Pipeline`, for its drawings, mapping and executors."""
        return as_pipefunc(self._steps, self.inputs)
