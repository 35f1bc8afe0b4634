"""What would it take? From a chip's spec sheet to chips, megawatts and dollars, with sources.

    >>> import dojo_calc as dc
    >>> round(dc.units_needed(100 * dc.exa, 362 * dc.tera), 2)
    276243.09

Formulas take SI floats or arrays of any broadcastable shapes; `dc.checked` puts a boundary around one, so
that it also takes texts such as ``"100 EFLOP/s"`` and refuses what is outside its domain. Names are loaded
when first used, so the import itself costs next to nothing.
"""

import lazy_loader

__version__ = "0.1.0"
# The names and their modules stand in __init__.pyi, which type checkers and editors read too.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
