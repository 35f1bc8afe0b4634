"""Everything given is used or refused: values that no output depends on, and values that contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dojo_calc.errors import ModelError
from dojo_calc.model.wiring import Graph

__all__ = ["refuse_overdetermined", "refuse_unused"]

_MOST_NAMED = 8  # names that a message lists


def refuse_unused(graph: Graph, outputs: Sequence[str], given: Sequence[str]) -> None:
    """Refuse a value that no output depends on.

    Raises
    ------
    ModelError
        Naming what it would change, or what stands in its way.
    """
    needed, wanted = graph.above(outputs, given), _listed(outputs) or "nothing that is asked"
    wanted += " do not depend on it" if len(outputs) > 1 else " does not depend on it"
    for name in given:
        if name in needed:
            continue
        rest = [one for one in given if one != name]
        for other in rest:
            if name in graph.above(outputs, [one for one in rest if one != other]):
                raise ModelError(f"{name} is given, but {wanted} once {other} is given")
        changes = [one for one in graph.outputs if one != name and name in graph.above([one])]
        if changes:
            raise ModelError(f"{name} is given, but {wanted}; it would change {_listed(changes)}")
        raise ModelError(
            f"{name} is given, but {wanted}: it is a result from which nothing else follows; "
            f"it follows from {_listed(graph.roots(name))}"
        )


def refuse_overdetermined(graph: Graph, given: Sequence[str], needed: Iterable[str]) -> None:
    """Refuse a step that is given while everything it follows from stays in force.

    A value can stand instead of a computed one only where it makes something idle that it then says itself. So each
    step given must have an input of its own that nothing asked reads any more: the steps given and the inputs that
    they free are matched, each with another. A decision contradicts nothing.

    Raises
    ------
    ModelError
        Naming the step and what it follows from.
    """
    cut = [name for name in given if name in graph.steps and not graph.steps[name].chosen]
    if not cut:
        return
    force = set(needed)
    freed = {name: [one for one in graph.roots(name, given) if one not in force] for name in cut}
    owner: dict[str, str] = {}

    def settle(name: str, tried: set[str]) -> bool:
        for one in freed[name]:
            if one not in tried:
                tried.add(one)
                if one not in owner or settle(owner[one], tried):
                    owner[one] = name
                    return True
        return False

    for name in cut:
        if settle(name, set()):
            continue
        others = [owner[one] for one in freed[name]]
        if others:
            raise ModelError(
                f"{_listed([*dict.fromkeys(others), name])} are given, but {_listed(freed[name])} alone would have "
                "to answer for all of them: they contradict each other, or one of them says nothing new"
            )
        raise ModelError(
            f"{name} is given, but so is all that it follows from: {_listed(graph.roots(name, given))} stay in "
            "force; give one of those instead, or ask for fewer outputs"
        )


def _listed(names: Sequence[str]) -> str:
    """Names for a message, the first of many."""
    if len(names) > _MOST_NAMED:
        return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
