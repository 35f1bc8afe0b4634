"""Claims held against facts and models: an entry a claim, with its verdict by the rule of `rule`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path

from dojo_calc import units
from dojo_calc.doors import door
from dojo_calc.errors import DojoCalcError, FactsError
from dojo_calc.evidence.claims.formula import answer_of
from dojo_calc.evidence.claims.ledger import Claim, Formula, formulas, ledger
from dojo_calc.evidence.claims.own import read_claims
from dojo_calc.evidence.claims.registrar import CHECKS, Check
from dojo_calc.evidence.claims.rule import Answer, Derived, Verdict, distance, verdict
from dojo_calc.evidence.claims.ruling import in_words, levers, ruling
from dojo_calc.evidence.claims.timeline import days_of, events
from dojo_calc.facts import Fact, Facts
from dojo_calc.hardware.catalog import Catalogue, catalogue

__all__ = ["CheckError", "Entry", "Reading", "checks", "last_day", "verdicts"]

MODULES = (
    "articles",
    "dojo_machine",
    "dojo_money",
    "nvidia",
    "talent",
    "xai",
    "xai_sites",
)  # whose checks are code


class CheckError(RuntimeError):
    """A check did not come to an answer; the message names its claim."""


@dataclass(frozen=True)
class Reading:
    """One reading's answer, in the claim's own unit, its verdict and how far the claim is from it."""

    reading: str
    found: str
    computed_low: float | None
    computed: float | None
    computed_high: float | None
    verdict: Verdict
    distance: str
    derived: tuple[Derived, ...]
    reason: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A claim with everything that was found out about it.

    `said` and `found` are what was claimed and computed in words. What was computed, the verdict and the distance are
    those of the main reading; `depends` says that another reading
    has another verdict. `then` is the verdict by what stood when it was said, `today` that by the last day of
    the facts.
    """

    id: str
    document: str
    by: str
    date: str
    due: str
    claim: str
    form: str
    said: str
    claimed_low: float | None
    claimed_high: float | None
    unit: str
    ruling: str
    main: str
    found: str
    computed_low: float | None
    computed: float | None
    computed_high: float | None
    verdict: Verdict
    distance: str
    depends: bool
    then: Verdict
    today: Verdict
    changes: tuple[str, ...]
    sources: tuple[str, ...]
    readings: tuple[Reading, ...] = field(default=())
    derived: tuple[Derived, ...] = field(default=())
    reason: str = ""
    note: str = ""

    @property
    def anchor(self) -> str:
        """Permanent name of the entry within the page of verdicts."""
        return self.id


class _Listening(Facts):
    """Facts that remember which of them were asked for."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts, facts.sources)
        self.heard: dict[str, None] = {}

    def readings(self, entity: str, quantity: str) -> list[Fact]:
        """All readings, the default first."""
        found = super().readings(entity, quantity)
        self.heard |= dict.fromkeys(one.source for one in found[:1])
        return found


def last_day() -> date:
    """Last day of the timeline, which stands for today: what happened after it is not among the facts.

    Returns
    -------
    datetime.date
    """
    return days_of(events()[-1].date)[1]


@door
def verdicts(
    book: Catalogue | None = None, *, claims: str | Path | None = None, ids: Iterable[str] | None = None
) -> list[Entry]:
    """Hold claims against facts and models: those of the ledger, or those of a reader's own file.

    Parameters
    ----------
    book : Catalogue, optional
        Facts to compute with; the shipped ones if left out.
    claims : path, optional
        A file of one's own, see `dojo_calc.evidence.claims.own.read_claims`; the ledger if left out.
    ids : iterable of str, optional
        Only these; all if left out.

    Returns
    -------
    list of Entry
        In the order of the ledger or file.

    Raises
    ------
    FactsError
        If a claim has no check or a check no claim, or a row of the reader's file is refused.
    CheckError
        If a check in code raises.
    """
    known = book or catalogue()
    wanted = None if ids is None else set(ids)
    if claims is not None:
        own = read_claims(claims)
        names = ledger() | {claim.id: claim for claim, _ in own}
        return [
            _entry(claim, {one.reading: answer_of(claim, one, known, names) for one in found}, ())
            for claim, found in own
            if wanted is None or claim.id in wanted
        ]
    coded, written = checks(), formulas()
    needed = {name for name, claim in ledger().items() if claim.form != "withdrawn"}
    if twice := set(coded) & set(written):
        raise FactsError(f"claims with a check in code and one in data: {', '.join(sorted(twice))}")
    if lonely := (set(coded) | set(written)) ^ needed:
        raise FactsError(f"claims and checks do not match: {', '.join(sorted(lonely))}")
    return [
        _judged(claim, coded.get(claim.id), written.get(claim.id, ()), known)
        for claim in ledger().values()
        if wanted is None or claim.id in wanted
    ]


def checks() -> dict[str, Check]:
    """Checks in code by the id of their claim.

    Returns
    -------
    dict of str to callable
        Of a catalogue, to the answer or answers by reading.
    """
    for name in MODULES:
        import_module(f"dojo_calc.evidence.claims.{name}")
    return CHECKS


def _judged(claim: Claim, check: Check | None, written: Iterable[Formula], book: Catalogue) -> Entry:
    if claim.form == "withdrawn":
        return _entry(claim, {"": Answer(None, None, None, claim.note)}, ())
    if check is None:
        return _entry(claim, {one.reading: answer_of(claim, one, book, ledger()) for one in written}, ())
    facts = _Listening(book.facts)
    try:
        answered = check(book.with_facts(facts))
    except DojoCalcError as error:
        raise CheckError(f"the check of {claim.id} raised: {error}") from error
    except Exception as error:
        raise CheckError(f"the check of {claim.id} raised {type(error).__name__}: {error}") from error
    answers = {"": answered} if isinstance(answered, Answer) else dict(answered)
    return _entry(claim, answers, tuple(facts.heard))


def _entry(claim: Claim, answers: Mapping[str, Answer], heard: tuple[str, ...]) -> Entry:
    before = bool(claim.due) and days_of(claim.due)[1] > last_day()
    readings = {name: _reading(claim, name, answer, before) for name, answer in answers.items()}
    for column in ("main", "then", "today"):
        name = getattr(claim, column)
        if name and name not in readings:
            raise FactsError(f"claim {claim.id} has no reading {name!r} ({column}); it has {list(readings)}")
    main = readings[claim.main or next(iter(readings))]
    told = tuple(dict.fromkeys(key for one in readings.values() for key in one.sources))
    spoken = {one.verdict for one in readings.values()} - {"not checkable"}
    return Entry(
        id=claim.id,
        document=claim.document,
        by=claim.by,
        date=claim.date,
        due=claim.due,
        claim=claim.claim,
        form=claim.form,
        said=in_words(claim, claim.low, claim.high),
        claimed_low=claim.low,
        claimed_high=claim.high,
        unit=claim.unit,
        ruling=ruling(claim, main.verdict),
        main=main.reading,
        found=main.found,
        computed_low=main.computed_low,
        computed=main.computed,
        computed_high=main.computed_high,
        verdict=main.verdict,
        distance=main.distance,
        depends=len(spoken) > 1,
        then=_then(claim, main, readings, before),
        today=readings[claim.today].verdict if claim.today else main.verdict,
        changes=levers(claim, main.reading, {name: one.verdict for name, one in readings.items()}),
        sources=tuple(dict.fromkeys((*told, *heard))),
        readings=() if list(readings) == [""] else tuple(readings.values()),
        derived=tuple(
            Derived(f"{one.name} ({name})" if name else one.name, one.value, one.unit)
            for name, reading in readings.items()
            for one in reading.derived
        ),
        reason=" ".join(f"{name}: {one.reason}" if name else one.reason for name, one in readings.items()),
        note=claim.note,
    )


def _then(claim: Claim, main: Reading, readings: Mapping[str, Reading], before: bool) -> Verdict:
    """Verdict by what stood when it was said: a forecast that has since come due was open, unless a reading says."""
    if claim.then:
        return readings[claim.then].verdict
    return "open" if claim.due and not before else main.verdict


def _reading(claim: Claim, name: str, answer: Answer, before: bool) -> Reading:
    scale = units.to_si(1.0, claim.unit)
    low, central, high = (
        None if bound is None else bound / scale for bound in (answer.low, answer.central, answer.high)
    )
    own = Answer(low, central, high, answer.reason, (), answer.sources)
    return Reading(
        name, in_words(claim, low, high), low, central, high, verdict(claim, own, before=before),
        distance(claim, own), answer.derived, answer.reason, answer.sources,
    )  # fmt: skip
