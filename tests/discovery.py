"""Finds every public function of the library by itself, through `__all__`."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import dojo_calc

# Public functions that are no formulas, each with the reason why it cannot be one.
NOT_FORMULAS = {
    "dojo_calc.chain.money.megawatts": "assembles a model",
    "dojo_calc.chain.money.collateral": "assembles a model",
    "dojo_calc.chain.money.chip_hour": "assembles a model",
    "dojo_calc.evidence.measured.clusters.validate_clusters": "reads a file",
    "dojo_calc.evidence.measured.clusters.read_clusters": "reads a file",
    "dojo_calc.evidence.measured.cluster_fit.fit_power": "minimises",
    "dojo_calc.evidence.measured.cluster_fit.fit_cost": "minimises",
    "dojo_calc.evidence.measured.references.compare_references": "reads a file",
    "dojo_calc.economics.investment.internal_rate_of_return": "searches a root",
    "dojo_calc.economics.price_years.restated": "asks a fact for its date, then calls the formula of discounting",
    "dojo_calc.economics.price_years.price_indices": "looks facts up",
    "dojo_calc.economics.price_years.common_price_year": "asks facts for their dates",
    "dojo_calc.errors.nearest": "words, not numbers",
    "dojo_calc.parsing.parse": "reads text",
    "dojo_calc.parsing.parse_as": "reads text",
    "dojo_calc.units.registry": "makes the unit registry",
    "dojo_calc.units.to_si": "converts by a unit given as text",
    "dojo_calc.formatting.format_in": "prints",
    "dojo_calc.formatting.format_number": "prints",
    "dojo_calc.formatting.format_range": "prints",
    "dojo_calc.formatting.format_si": "prints",
    "dojo_calc.formatting.unit_words": "prints",
    "dojo_calc.quantities.alias": "looks a type up",
    "dojo_calc.quantities.as_count": "reads text",
    "dojo_calc.quantities.whole_number": "the boundary itself",
    "dojo_calc.quantities.check": "the boundary itself",
    "dojo_calc.quantities.checked": "the boundary itself",
    "dojo_calc.quantities.check_result": "the boundary itself",
    "dojo_calc.quantities.is_formula": "asks about a function",
    "dojo_calc.quantities.signature": "asks about a function",
    "dojo_calc.quantities.spec": "asks about a type",
    "dojo_calc.tables.data_path": "finds a file",
    "dojo_calc.tables.read_rows": "reads a file",
    "dojo_calc.tables.read_text": "reads a file",
    "dojo_calc.tables.header_of": "reads a file",
    "dojo_calc.facts.load": "reads files",
    "dojo_calc.pictures.charts.cascade": "draws a chart",
    "dojo_calc.pictures.charts.range_bars": "draws a chart",
    "dojo_calc.pictures.charts.timeline": "draws a chart",
    "dojo_calc.pictures.charts.waterfall": "draws a chart",
    "dojo_calc.pictures.charts.enable": "registers theme and renderer",
    "dojo_calc.pictures.charts.finish": "dresses a chart",
    "dojo_calc.pictures.charts.page_spec": "dresses a chart",
    "dojo_calc.pictures.charts.say": "shows words",
    "dojo_calc.pictures.charts.table": "shows a table",
    "dojo_calc.pictures.charts.typeset": "writes words",
    "dojo_calc.analysis.compare.compare": "runs a model",
    "dojo_calc.analysis.explain.explain": "runs a model",
    "dojo_calc.analysis.explain.signals": "writes a model out",
    "dojo_calc.pictures.graph.drawing": "draws a graph",
    "dojo_calc.questions.in_house.in_house": "looks facts up and draws from their intervals",
    "dojo_calc.pictures.live.live": "draws a model",
    "dojo_calc.pictures.live.slider": "describes a slider",
    "dojo_calc.questions.scenario.load_scenario": "reads a file",
    "dojo_calc.chain.training.training_run": "assembles a model",
    "dojo_calc.chain.silicon.die_to_tile": "assembles a model",
    "dojo_calc.chain.procurement.pledge": "assembles a model",
    "dojo_calc.chain.procurement.race": "assembles a model",
    "dojo_calc.chain.shipped.shipped": "assembles a model",
    "dojo_calc.chain.procurement.swap": "assembles a model",
    "dojo_calc.chain.procurement.wafers_to_exapods": "assembles a model",
    "dojo_calc.chain.feed.feed_dojo": "assembles a model",
    "dojo_calc.chain.capacity.fleet": "assembles a model",
    "dojo_calc.chain.programme.make_or_buy": "assembles a model",
    "dojo_calc.chain.capacity.spec_to_cheque": "assembles a model",
    "dojo_calc.model.model.step": "names wires",
    "dojo_calc.analysis.sensitivity.sobol_indices": "runs a model",
    "dojo_calc.analysis.sensitivity.tornado": "runs a model",
    "dojo_calc.analysis.solve.break_even": "runs models",
    "dojo_calc.analysis.solve.solve": "runs a model",
    "dojo_calc.analysis.sweep.sweep": "runs a model",
    "dojo_calc.model.distribution.quantile": "inverts the distribution of an input, whose unit is the input's own",
    "dojo_calc.analysis.simulate.simulate": "runs a model",
    "dojo_calc.model.tracing.trace": "runs a formula on stand-ins",
    "dojo_calc.hardware.catalog.catalogue": "reads files",
    "dojo_calc.hardware.catalog.machine": "looks a machine up",
    "dojo_calc.performance.search.search": "searches a grid",
    "dojo_calc.performance.layouts.blocks_of": "enumerates",
    "dojo_calc.performance.layouts.divisors": "enumerates",
    "dojo_calc.performance.layouts.layouts": "enumerates",
    "dojo_calc.performance.layouts.nearest_counts": "enumerates",
    "dojo_calc.performance.layouts.plans_of": "enumerates",
    "dojo_calc.performance.measured_range.beyond": "reads a file",
    "dojo_calc.performance.measured_range.ranges": "reads a file",
    "dojo_calc.performance.networks.backbone": "reads a table of shapes",
    "dojo_calc.performance.step.evaluate": "runs the formulas of a step in order",
    "dojo_calc.performance.step.inputs": "names, not numbers",
    "dojo_calc.performance.plan.flags": "words to flags",
    "dojo_calc.performance.plan.problems": "gives words",
    "dojo_calc.performance.plan.train": "looks sizes and rates up, then runs the formulas of a step",
    "dojo_calc.performance.workload.model_table": "reads a file",
    "dojo_calc.performance.workload.transformer": "looks sizes up",
    "dojo_calc.performance.workload.transformers": "reads a file",
    "dojo_calc.entities.read_entities": "reads a file",
    "dojo_calc.entities.shipped_entities": "reads a file",
    "dojo_calc.facts.merged": "puts tables together",
    "dojo_calc.facts.read_own": "reads files",
    "dojo_calc.hardware.plausible.check_intervals": "holds facts to a rule",
    "dojo_calc.hardware.plausible.check_ranges": "holds facts to a table",
    "dojo_calc.hardware.plausible.check_relations": "holds facts to a table",
    "dojo_calc.hardware.composition.form_of": "reads a header",
    "dojo_calc.hardware.composition.read_composition": "reads files",
    "dojo_calc.hardware.composition.shipped_composition": "reads files",
    "dojo_calc.performance.efficiency.changes": "holds given values to a table",
    "dojo_calc.performance.efficiency.chip_values": "looks rates up in the catalogue",
    "dojo_calc.performance.setting.domain_quantity": "names, not numbers",
    "dojo_calc.performance.efficiency.efficiency": "looks parameters up",
    "dojo_calc.performance.efficiency.parameters": "reads a file",
    "dojo_calc.performance.efficiency.half_width": "looks parameters up",
    "dojo_calc.performance.efficiency.head_peak": "names, not numbers",
    "dojo_calc.performance.efficiency.kin": "reads a file",
    "dojo_calc.performance.efficiency.matrix_peak": "names, not numbers",
    "dojo_calc.performance.setting.fast_links": "looks facts up",
    "dojo_calc.performance.setting.network_link": "looks facts up",
    "dojo_calc.performance.setting.network_share": "looks facts up",
    "dojo_calc.performance.stacks.software": "looks a name up",
    "dojo_calc.performance.stacks.stacks": "reads a file",
    "dojo_calc.evidence.claims.estimates.h100s": "looks a part up",
    "dojo_calc.evidence.measured.memory_fit.memory_halves": "holds predictions against measurements",
    "dojo_calc.evidence.measured.training_runs.predict": "fills blanks of published runs, then runs a step",
    "dojo_calc.evidence.measured.training_runs.prepare": "lays runs out as arrays",
    "dojo_calc.evidence.measured.training_runs.read_runs": "reads a file",
    "dojo_calc.evidence.measured.training_runs.splits": "reads a file",
    "dojo_calc.evidence.measured.training_runs.validate_runs": "holds predictions against a file",
    "dojo_calc.evidence.measured.validation.summarise": "sums up errors of any unit",
    "dojo_calc.evidence.measured.training_fit.effects": "optimises",
    "dojo_calc.evidence.measured.training_fit.read_effects": "reads a file",
    "dojo_calc.evidence.measured.training_fit.errors": "holds predictions against measurements",
    "dojo_calc.evidence.measured.training_fit.fit": "optimises",
    "dojo_calc.evidence.measured.training_fit.fitted": "looks parameters up",
    "dojo_calc.evidence.measured.training_fit.leave_one_source_out": "optimises",
    "dojo_calc.evidence.measured.training_fit.without": "optimises",
    "dojo_calc.performance.roofs.feeds": "looks memories up in the catalogue",
    "dojo_calc.performance.roofs.time_bounds": "looks bandwidths up, then calls the formulas of roofline",
    "dojo_calc.performance.spares.spares_needed": "inverts the sum of a Poisson distribution",
    "dojo_calc.performance.spares.spares_suffice": "sums a Poisson distribution",
    "dojo_calc.economics.plan.plan": "looks facts up, then calls the formulas of economics",
    "dojo_calc.economics.holdings.holdings": "adds up a dated ledger and refuses what it has not",
    "dojo_calc.economics.holdings.unit_time": "adds up a dated ledger",
    "dojo_calc.economics.schedule.schedule": "optimises: a mixed-integer program",
    "dojo_calc.economics.placement.placed_dies": "searches the best position of a grid of dies",
    "dojo_calc.economics.placement.wafer_map": "searches the best position of a grid of dies",
    "dojo_calc.economics.spares.units_yield": "sums a binomial tail and integrates it by quadrature",
    "dojo_calc.economics.stages.decide": "dynamic programme: looks for the best policy over stages, states and time",
    "dojo_calc.economics.stages.information_value": "sorts scenarios and takes means over groups of them",
    "dojo_calc.economics.stages.play": "draws at random and branches on what happens",
    "dojo_calc.evidence.claims.answers.corners": "runs a formula at the corners of a box",
    "dojo_calc.evidence.claims.answers.derive": "converts by a unit given as text",
    "dojo_calc.evidence.claims.answers.exact": "wraps a number of any unit",
    "dojo_calc.evidence.claims.answers.model_corners": "runs a model at the corners of a box",
    "dojo_calc.evidence.claims.answers.over": "runs a formula at the corners of a box",
    "dojo_calc.evidence.claims.answers.three": "reads an interval of any unit",
    "dojo_calc.evidence.claims.answers.unknown": "wraps a reason",
    "dojo_calc.evidence.claims.estimates.bought_peak": "looks facts up, then calls the formulas of economics",
    "dojo_calc.evidence.claims.estimates.dojo_share": "runs a model",
    "dojo_calc.evidence.claims.estimates.made_peak": "looks facts up, then calls the formulas of economics",
    "dojo_calc.evidence.claims.ledger.ledger": "reads a file",
    "dojo_calc.evidence.claims.ledger.significant_digits": "counts printed digits; a rule of print, not of physics",
    "dojo_calc.evidence.claims.ledger.verdict": "gives a word",
    "dojo_calc.evidence.claims.verdicts.verdicts": "gives words",
}


def public_modules() -> list[ModuleType]:
    """Every module of the library that exports something; the command line exports nothing."""
    names = [one.name for one in pkgutil.walk_packages(dojo_calc.__path__, "dojo_calc.")]
    modules = [import_module(name) for name in names if name != "dojo_calc.__main__"]
    return [module for module in modules if hasattr(module, "__all__")]


def public_functions() -> dict[str, Callable[..., Any]]:
    """Every function that some module of the library exports, by dotted name."""
    found: dict[str, Callable[..., Any]] = {}
    for module in public_modules():
        for name in module.__all__:
            thing = getattr(module, name)
            thing = getattr(thing, "__wrapped__", thing)  # what functools.cache wraps
            if inspect.isfunction(thing) and thing.__module__ == module.__name__:
                found[f"{module.__name__}.{name}"] = thing
    return found


def formulas() -> dict[str, Callable[..., Any]]:
    """Every public function that is not listed as something else."""
    return {name: thing for name, thing in public_functions().items() if name not in NOT_FORMULAS}
