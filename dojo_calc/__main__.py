"""The command line: ``python -m dojo_calc``."""

from __future__ import annotations

import sys

# A command registers itself as its module is imported.
from dojo_calc.commands import chips, claims, compare, machine, plan, scenarios, search, validate  # noqa: F401
from dojo_calc.commands.app import app
from dojo_calc.errors import DojoCalcError


def main() -> None:
    """Run the command line; what a person did wrong is said in one line, with exit code 2."""
    try:
        app()
    except DojoCalcError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
