"""Charts whose sliders recompute a model in the page, with the library's own formulas and no server.

Every step of the model becomes one Vega signal, written by the tracer; steps that depend on the variable of
a curve become one calculation a row. So a page holds no second copy of a formula.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

import numpy as np
from annotated_types import Ge

from dojo_calc import units
from dojo_calc.doors import door
from dojo_calc.errors import ExtraError, ModelError, UnitError
from dojo_calc.formatting import unit_words
from dojo_calc.model.model import Model
from dojo_calc.pictures import charts, ghost, live_signals
from dojo_calc.pictures.reach import reach
from dojo_calc.pictures.theme import DIGITS
from dojo_calc.quantities import check_against
from dojo_calc.words import words as named

try:
    import altair as alt
except ModuleNotFoundError:
    raise ExtraError("altair, which draws every chart,", "charts") from None

__all__ = ["Slider", "live", "slider"]

POINTS = 40  # of a curve
LABEL_ROOM = 60  # pixels for the widest tick label that a slider may bring
NUMBER_ROOM = 64  # pixels for a number behind its bar
FIRST = alt.Tooltip("first:N", title="where the sliders began")
POINT_ROOM = 30  # pixels for a number below its point


def _words(unit: str) -> str:
    """Unit as it stands on an axis."""
    return charts.typeset(unit_words(unit)) or "number"


@dataclass(frozen=True)
class Slider:
    """A slider over one input: its ends and step in a display unit, and the words beside it."""

    input: str
    low: float
    high: float
    step: float
    unit: str
    label: str

    @property
    def signal(self) -> str:
        """Name of the signal that the slider sets, in the display unit."""
        return f"{self.input}_set"

    def begins(self, model: Model) -> float:
        """Where it stands at first, in its unit: at the default of its input, or at its low end."""
        start = model.inputs[self.input].value if self.input in model.inputs else None
        scale = units.to_si(1.0, self.unit)
        value = self.low if start is None else min(max(start / scale, self.low), self.high)
        return float(f"{value:.12g}")


@door
def slider(
    name: str,
    low: float,
    high: float,
    *,
    unit: str = "1",
    step: float | None = None,
    label: str | None = None,
) -> Slider:
    """Slider over an input of a model.

    Parameters
    ----------
    name : str
        Of the input.
    low, high : float
        Ends, in `unit`.
    unit : str
        What the reader sees, such as ``EFLOP/s``.
    step : float, optional
        A hundredth of the range if left out.
    label : str, optional
        Words beside the slider; the name and the unit if left out.

    Returns
    -------
    Slider

    Raises
    ------
    UnknownNameError
        If the name can be no input's.
    ModelError
        If the ends are no finite range, or the step is not above zero.
    """
    if not -math.inf < low < high < math.inf:
        raise ModelError(f"slider {name}: expected low < high, got {low:g}, {high:g}")
    if step is not None and not 0 < step < math.inf:
        raise ModelError(f"slider {name}: expected a step above 0, got {step:g}")
    words = named(name).label if label is None else label
    shown = f"{words} ({_words(unit)})" if unit != "1" else words
    return Slider(name, low, high, (high - low) / 100 if step is None else step, unit, shown)


@door
def live(
    model: Model,
    output: str | Sequence[str],
    sliders: Sequence[Slider],
    *,
    title: str,
    subtitle: str,
    alt_text: str,
    form: Literal["bars", "waterfall"] = "bars",
    x: Slider | None = None,
    point: float | None = None,
    unit: str | Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    axis: str | None = None,
    ends: tuple[float, float] | None = None,
    height: Annotated[int, Ge(1)] | None = None,
) -> alt.Chart | alt.LayerChart:
    """Chart of outputs of a model, recomputed in the page as its sliders move.

    Parameters
    ----------
    model : Model
    output : str or sequence of str
        Outputs of one unit become bars, a waterfall, or curves over `x`; outputs of several units become a
        list of numbers.
    sliders : sequence of Slider
        See `slider`. The other inputs keep their defaults.
    title, subtitle, alt_text : str
        As for `charts.finish`.
    form : {"bars", "waterfall"}
        In a waterfall each output begins where the one before it ended, and the last is their sum.
    x : Slider, optional
        Input along the horizontal axis: outputs become curves over it, from its low to its high.
    point : float, optional
        Where a point that a further slider moves along the curves stands at first, in the unit of `x`.
    unit : str or sequence of str, optional
        Unit to show, one or one for each output; SI if left out.
    labels : mapping of str to str, optional
        Words for outputs.
    axis : str, optional
        Title of the axis of values; the unit if left out.
    ends : pair of float, optional
        Ends of the axis of values, in `unit`, which stays where it is while sliders move; those of `reach` if left
        out. What goes beyond is cut there, and its number says so.
    height : int, optional

    Returns
    -------
    altair.Chart or altair.LayerChart

    Raises
    ------
    UnknownNameError
        If the model has no such output or input.
    UnitError
        If a unit does not fit.
    DomainError
        If an end of a slider is outside its input's domain.
    ModelError
        If an axis or ends are given to a waterfall or to numbers, or the ends do not rise, above zero where the
        axis is logarithmic.
        If curves or a waterfall are asked of outputs with different units, the last output of a waterfall is
        not the sum of the others, or an input has neither default nor slider.
    """
    outputs = [output] if isinstance(output, str) else list(output)
    if not outputs:
        raise ModelError("output must name at least one output, got none")
    shown = _units(model, outputs, unit)
    for one in [*sliders, *([x] if x else [])]:
        _fits(model, one.input, one.unit)
        for end in (one.low, one.high):
            check_against(end * units.to_si(1.0, one.unit), model.spec(one.input), f"slider {one.input}")
    words = {name: (labels or {}).get(name, named(name).label) for name in outputs}
    alike = len(set(shown)) == 1
    if ends is None and alike and (x is not None or form == "bars"):
        ends = reach(model, outputs, shown, sliders, x, log=x is not None and _is_log(x))
    scale: dict[str, Any] = {} if ends is None else {"domain": _rising(ends, x), "nice": False}
    chart: Any
    if x is not None:
        chart = _curves(model, outputs, shown, sliders, x, words, point, axis, scale)
    elif (axis is not None or ends is not None) and (form == "waterfall" or not alike):
        raise ModelError("a title and ends of an axis are for curves and bars alone")
    elif form == "waterfall":
        chart = _waterfall(model, outputs, shown, sliders, words)
    elif alike:
        chart = _bars(model, outputs, shown, sliders, words, axis, scale)
    else:
        chart = _numbers(model, outputs, shown, sliders, words)
    if sliders or point is not None:
        form_of = "line" if x is not None else "outline" if alike else "number"
        subtitle = f"{subtitle.rstrip('.')}. A pale {form_of} shows where the sliders began"
    finished: alt.Chart = charts.finish(chart, title=title, subtitle=subtitle, alt=alt_text, height=height)
    return finished.properties(usermeta={"live": True} | ({} if alike else {"narrowStep": ghost.NARROW_STEP}))


def _rising(ends: tuple[float, float], x: Slider | None) -> list[float]:
    """Ends of an axis, checked."""
    low, high = ends
    if not -math.inf < low < high < math.inf or (x is not None and _is_log(x) and low <= 0):
        above = " above 0" if x is not None and _is_log(x) else ""
        raise ModelError(f"ends of an axis: expected low < high{above}, got {low:g}, {high:g}")
    return [low, high]


def _units(model: Model, outputs: list[str], unit: str | Sequence[str] | None) -> list[str]:
    given = (
        [unit] * len(outputs)
        if isinstance(unit, str)
        else list(unit or [model.spec(one).unit for one in outputs])
    )
    if len(given) != len(outputs):
        raise UnitError(f"expected one unit or one for each of {len(outputs)} outputs, got {len(given)}")
    for name, one in zip(outputs, given, strict=True):
        _fits(model, name, one)
    return given


def _fits(model: Model, name: str, unit: str) -> None:
    own = model.spec(name).unit
    if units.unit(own).dimensionality != units.unit(unit).dimensionality:
        raise UnitError(f"{name} is in {own}, it cannot be shown in {unit}")


def _rows(
    model: Model,
    outputs: list[str],
    shown: list[str],
    sliders: Sequence[Slider],
    words: Mapping[str, str],
    *,
    with_unit: bool = True,
) -> alt.Chart:
    """Data of one row an output: its value, taken from the signal of its name, and that with which it began."""
    began = ghost.began(model, outputs, shown, sliders)
    ends = ghost.ends(began)
    data = alt.InlineData(
        values=[
            {"what": words[name], "row": i, "last": int(i == len(outputs) - 1), "began": began[i]}
            | ({} if with_unit else {"began_from": ends[i][0], "began_to": ends[i][1]})
            | {"unit": f" {_words(shown[i])}" if with_unit and shown[i] != "1" else ""}
            for i, name in enumerate(outputs)
        ]
    )
    scales = [units.to_si(1.0, one) for one in shown]
    values = ", ".join(f"{name} / {scale!r}" for name, scale in zip(outputs, scales, strict=True))
    chart: alt.Chart = (
        alt.Chart(data)
        .transform_calculate(value=f"[{values}][datum.row]")
        .transform_calculate(shown=f"{DIGITS} + datum.unit", first=f"{ghost.DIGITS_BEGAN} + datum.unit")
        .add_params(
            *live_signals.parameters(
                model,
                live_signals.lines(model, outputs, live_signals.starts(model, outputs, sliders)),
                sliders,
            ),
            ghost.moved({one.signal: one.begins(model) for one in sliders}),
        )
    )
    return chart


def _bars(
    model: Model,
    outputs: list[str],
    shown: list[str],
    sliders: Sequence[Slider],
    words: Mapping[str, str],
    axis: str | None,
    scale: Mapping[str, Any],
) -> alt.LayerChart:
    base = _rows(model, outputs, shown, sliders, words).encode(
        y=alt.Y("what:N", sort=[words[name] for name in outputs], title=None),
        x=alt.X("value:Q", title=axis or _words(shown[0]), scale=alt.Scale(zero=True, **scale)),
        tooltip=[alt.Tooltip("what:N", title="what"), alt.Tooltip("shown:N", title="value"), FIRST],
    )
    # The axis has the unit. Below zero the number stands beside the zero; where its bar leaves no room, in the bar.
    low, high = scale["domain"]
    shift = ghost.clear_of("datum.at", ["datum.began"], NUMBER_ROOM)
    inside = f"scale('x', datum.at) + {shift} > width - {NUMBER_ROOM}"
    side, dx, colour = (
        alt.expr(f"{inside} ? {one}")
        for one in ("'right' : 'left'", f"-5 : 5 + {shift}", "'white' : 'currentColor'")
    )
    short = f"(datum.value < {low!r} ? '\u2190 ' : '') + {DIGITS} + (datum.value > {high!r} ? ' \u2192' : '')"
    text = (
        base.transform_calculate(at=f"clamp(datum.value, 0, {high!r})", short=short)
        .mark_text(align=side, dx=dx, color=colour)
        .encode(x=alt.X("at:Q"), text="short:N")
    )
    outline = ghost.outline(base).encode(x=alt.X("began:Q"))
    return cast(
        "alt.LayerChart", alt.layer(base.mark_bar(clip=True), outline, text)
    )  # else it may return facets


def _waterfall(
    model: Model, outputs: list[str], shown: list[str], sliders: Sequence[Slider], words: Mapping[str, str]
) -> alt.LayerChart:
    if len(set(shown)) > 1:
        raise ModelError(f"bars share an axis, but {', '.join(outputs)} are in {', '.join(shown)}")
    *parts, total = outputs
    found = model.evaluate(outputs, **live_signals.starts(model, outputs, sliders))
    summed = sum(found[name] for name in parts)
    if not np.isclose(found[total], summed, rtol=1e-9, atol=0.0):
        raise ModelError(
            f"the last output of a waterfall is the sum of the others, but {total} is {found[total]:g} "
            f"and {' + '.join(parts)} are {summed:g} [{model.spec(total).unit}]"
        )
    base = _rows(model, outputs, shown, sliders, words, with_unit=False)  # the axis has it
    order, title = [words[name] for name in outputs], _words(shown[0])
    moving = charts.cascade(base, order, title=title)
    shift = ghost.clear_of("datum.right", ["datum.began_from", "datum.began_to"], NUMBER_ROOM)
    moving.layer[1].mark.dx = alt.expr(f"5 + {shift}")
    outline = ghost.outline(base).encode(
        x=alt.X("began_from:Q", title=title),
        x2="began_to:Q",
        y=alt.Y("what:N", sort=order, title=None),
        tooltip=[alt.Tooltip("what:N", title="what"), FIRST],
    )
    return cast("alt.LayerChart", alt.layer(moving, outline))


def _numbers(
    model: Model, outputs: list[str], shown: list[str], sliders: Sequence[Slider], words: Mapping[str, str]
) -> alt.LayerChart:
    none = "datum.unit === '' && datum.{} < 0 ? 'none' : datum.{}"  # a count
    base = (
        _rows(model, outputs, shown, sliders, words)
        .transform_calculate(shown=none.format("value", "shown"), first=none.format("began", "first"))
        .encode(
            y=alt.Y(
                "what:N",
                sort=[words[name] for name in outputs],
                title=None,
                axis=alt.Axis(domain=False, ticks=False, grid=False),
            ),
            tooltip=[alt.Tooltip("what:N", title="what"), alt.Tooltip("shown:N", title="value"), FIRST],
        )
    )
    now = base.mark_text(align="left", fontSize=15, fontWeight=600).encode(x=alt.value(0), text="shown:N")
    return cast("alt.LayerChart", alt.layer(now, ghost.number(base, len(outputs))))


def _curves(
    model: Model,
    outputs: list[str],
    shown: list[str],
    sliders: Sequence[Slider],
    x: Slider,
    words: Mapping[str, str],
    point: float | None,
    axis: str | None,
    held: Mapping[str, Any],
) -> Any:
    if len(set(shown)) > 1:
        raise ModelError(f"curves share an axis, but {', '.join(outputs)} are in {', '.join(shown)}")
    along = live_signals.downstream(model, x.input)

    def rename(name: str) -> str:
        return f"datum.{name}" if name.partition("_shared")[0] in along else name

    lines = live_signals.lines(model, outputs, live_signals.starts(model, outputs, [*sliders, x]), rename)
    fixed = [line for line in lines if line[0].partition("_shared")[0] not in along]
    moving = [line for line in lines if line[0].partition("_shared")[0] in along and line[0] != x.input]
    scale = units.to_si(1.0, shown[0])
    shares = {words[name]: f"{rename(name)} / {scale!r}" for name in outputs}

    last = POINTS - 1
    place = (
        f"{x.low!r} * pow({x.high / x.low!r}, datum.i / {last})"
        if _is_log(x)
        else f"{x.low!r} + {x.high - x.low!r} * datum.i / {last}"
    )
    if point is not None:  # the row after those of the curves
        place = f"datum.i > {last} ? {f'pow(10, {x.signal})' if _is_log(x) else x.signal} : {place}"

    begin = None if point is None else float(f"{np.log10(point) if _is_log(x) else point:.6g}")
    places = (np.geomspace if _is_log(x) else np.linspace)(x.low, x.high, POINTS).tolist()
    if begin is not None:
        places.append(10**begin if _is_log(x) else begin)
    first = ghost.began(
        model, outputs, shown, sliders, **{x.input: np.array(places) * units.to_si(1.0, x.unit)}
    )
    moved = {one.signal: one.begins(model) for one in sliders} | ({} if begin is None else {x.signal: begin})
    parameters = [*live_signals.parameters(model, fixed, sliders), ghost.moved(moved)]

    def computed(chart: Any) -> Any:
        """Add the calculations of a row from its number, and one row for each output."""
        chart = chart.transform_calculate(x=place)
        chart = chart.transform_calculate(**{x.input: f"datum.x * {units.to_si(1.0, x.unit)!r}"})
        for name, expression in [*moving, *((f"y{i}", one) for i, one in enumerate(shares.values()))]:
            chart = chart.transform_calculate(**{name: expression})
        chart = chart.transform_fold([f"y{i}" for i in range(len(outputs))], as_=["which", "value"])
        chart = chart.transform_calculate(nth="toNumber(slice(datum.which, 1))")
        began = json.dumps(first, separators=(",", ":"))
        return chart.transform_calculate(
            what=f"{list(shares)!r}[datum.nth]", began=f"{began}[datum.nth][datum.i]"
        )

    # A log axis below asks for one beside it: what grows in proportion is then a straight line.
    upright: dict[str, Any] = {"type": "log"} if _is_log(x) else {}
    y_scale = alt.Scale(**upright, **held)
    # As many ticks as decades at the most, else every minor line of a log axis is drawn.
    ticks = round(math.log10(x.high / x.low)) if _is_log(x) else 6
    kind = {"type": "log"} if _is_log(x) else {"zero": False}
    x_scale = alt.Scale(domain=[x.low, x.high], nice=False, **kind)  # the axis ends where the curves do
    several = len(outputs) > 1
    # A number of what, if it is of one thing.
    ordinate = axis or (words[outputs[0]] if shown[0] == "1" and not several else _words(shown[0]))
    rows = alt.sequence(0, POINTS + (point is not None), as_="i")

    def upright_axis(field: str) -> alt.Y:
        axis_of = alt.Axis(minExtent=LABEL_ROOM, tickCount=5)
        return alt.Y(field, title=ordinate, scale=y_scale, axis=axis_of)

    encoding = {
        "x": alt.X("x:Q", title=x.label, scale=x_scale, axis=alt.Axis(tickCount=ticks)),
        "y": upright_axis("value:Q"),
        "tooltip": [
            alt.Tooltip("what:N", title="what"),
            alt.Tooltip("x:Q", title=x.label, format=",.4~r"),
            alt.Tooltip("value:Q", title=ordinate, format=",.4~r"),
        ],
    }
    if several:
        legend = alt.Legend(symbolOpacity=1)  # that of the first layer, the ghost's, if it does not say
        encoding["color"] = alt.Color("what:N", title=None, sort=list(shares), legend=legend)
    dash = alt.StrokeDash("what:N", sort=list(shares), legend=None) if several else alt.Undefined
    line: dict[str, Any] = {"point": alt.OverlayMarkDef(size=15), "clip": True}
    pale = (
        alt.Chart()
        .transform_filter(f"datum.i <= {last}")
        .mark_line(aria=False, clip=True, strokeWidth=1.5, opacity=ghost.seen())
        .encode(y=upright_axis("began:Q"), strokeDash=dash, tooltip=alt.value(None))
    )
    if point is None:
        marks: tuple[Any, ...] = (pale, alt.Chart().mark_line(**line).encode(strokeDash=dash))
        return computed(alt.layer(*marks, data=rows)).encode(**encoding).add_params(*parameters)
    # A slider on a log axis runs over the exponent.
    ends = (np.log10(x.low), np.log10(x.high)) if _is_log(x) else (x.low, x.high)
    low, high = (float(f"{one:.6g}") for one in ends)
    # On the right half the label stands to the left of its point, or it would be cut off at the end, and above it:
    # on either side it then is clear of a curve that rises. Of several the highest stands above, the others below,
    # and none on the axis.
    late = f"{x.signal} > {(low + high) / 2!r}"
    above = "datum.value >= datum.highest" if several else late
    side, dx = (alt.expr(f"{late} ? {one}") for one in ("'right' : 'left'", "-9 : 9"))
    dy = alt.expr(f"{above} || height - scale('y', datum.held) < {POINT_ROOM} ? -12 : 18")
    ends_of = "clamp(datum.value, {!r}, {!r})".format(*held["domain"])
    held_at = (
        alt.Chart()
        .transform_filter(f"datum.i > {last}")
        .transform_joinaggregate(highest="max(value)")
        .transform_calculate(held=ends_of)
    )
    marks = (
        pale,
        alt.Chart().transform_filter(f"datum.i <= {last}").mark_line(**line).encode(strokeDash=dash),
        held_at.transform_calculate(x0=repr(places[-1]))
        .mark_point(aria=False, clip=True, size=140, filled=False, opacity=ghost.seen())
        .encode(x=alt.X("x0:Q", title=x.label, scale=x_scale), y=upright_axis("began:Q")),
        held_at.mark_point(size=140).encode(y=upright_axis("held:Q")),
        held_at.mark_text(align=side, dx=dx, dy=dy, fontWeight=600).encode(
            y=upright_axis("held:Q"), text=alt.Text("value:Q", format=",.3~r")
        ),
    )
    label = f"{x.label}, power of ten" if _is_log(x) else x.label
    step = (high - low) / 200 if _is_log(x) else x.step
    mover = alt.param(
        name=x.signal, value=begin, bind=alt.binding_range(min=low, max=high, step=step, name=label)
    )
    # What the layers share stands once, above them: a page holds every formula's text once.
    layered = computed(alt.layer(*marks, data=rows)).encode(**encoding)
    return layered.add_params(mover, *parameters)


def _is_log(x: Slider) -> bool:
    """Whether an axis spans more than two decades, and is drawn on a log scale."""
    return x.low > 0 and x.high / x.low > 100
