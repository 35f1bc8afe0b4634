"""The errors a person can cause, each with one message that says what was expected and what came."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "ArgumentError",
    "DojoCalcError",
    "DomainError",
    "ExtraError",
    "FactsError",
    "ModelError",
    "ScheduleError",
    "UnitError",
    "UnknownNameError",
    "nearest",
]


class DojoCalcError(ValueError):
    """Base of every error that bad input causes; the command line prints it and exits with 2."""


class ArgumentError(DojoCalcError, TypeError):
    """An argument is not of the kind that its function takes; the message names it, what was expected and came."""


class UnitError(DojoCalcError):
    """A text is no quantity, a unit is unknown, or a value has another dimension than was asked for."""


class DomainError(DojoCalcError):
    """A value is outside the domain its type declares: negative, above one, not finite."""


class UnknownNameError(DojoCalcError, LookupError):
    """A name is not in the catalogue; the message offers the nearest ones."""


class FactsError(DojoCalcError):
    """A row of a table of facts is refused; the message names file, line and column."""


class ModelError(DojoCalcError):
    """Formulas, values given to them or conditions do not fit together; the message names them."""


class ScheduleError(DojoCalcError):
    """Orders, deliveries or sales cannot be meant so; the message names the entry, what was expected and came."""


class ExtraError(DojoCalcError, ImportError):
    """A library that this needs is not installed; the message names the extra that brings it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed; it comes with: pip install 'dojo_calc[{extra}]'")


def nearest(name: object, known: Iterable[str], *, count: int = 3) -> str:
    """Phrase that offers the names most like `name`, or an empty text where none is alike.

    Parameters
    ----------
    name : object
        What was asked for; what is no text is like nothing.
    known : iterable of str
        What there is.
    count : int
        How many to offer at the most.

    Returns
    -------
    str
        For example ``"; did you mean d1 or d1-node?"``.
    """
    lowered = {candidate.lower(): candidate for candidate in known}
    matches = get_close_matches(str(name).lower(), lowered, n=count, cutoff=0.5)
    return f"; did you mean {' or '.join(lowered[match] for match in matches)}?" if matches else ""
