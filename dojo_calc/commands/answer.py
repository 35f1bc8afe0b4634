"""One command line answered: every way it can end, with its one line and its exit code.

0 is an answer, 1 an answer that is no good news (a missed figure, a failed check) or could not be written, 2 a
question that cannot be meant so, 130 an interrupt.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout

import typer

from dojo_calc.commands.app import PROGRAM, app
from dojo_calc.commands.text import clean, tell
from dojo_calc.errors import DojoCalcError

# In the order of the help. A command registers itself as its module is imported.
MODULES = (
    "plan", "train", "cost", "buy", "beside", "inventory", "search", "compare", "machine", "chips", "facts", "models",
    "claims", "validate", "scenarios", "graphs",
)  # fmt: skip
# What people ask that is not answered here, and is said to be so.
OUT_OF_SCOPE = ("infer", "inference", "serve", "serving", "generate")
for one in MODULES:
    importlib.import_module(f"dojo_calc.commands.{one}")


def answer(arguments: Sequence[str]) -> int:
    """Answer one command line.

    Parameters
    ----------
    arguments : sequence of str
        What stands behind the name of the program; nothing asks for help.

    Returns
    -------
    int
        Exit code: 0, 1, 2, or 130.
    """
    if sys.stdout is None:
        return tell("standard output is closed, so there is nowhere to print an answer", 1)
    # The answer is printed whole, once it is there: what fails half-way prints an error and nothing else.
    held = io.StringIO()
    with redirect_stdout(held), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what a domain then refuses
        code = _code([*arguments] or ["--help"])
    try:
        _print("" if code == 2 else held.getvalue())  # of a question that is refused nothing is answered
    except BrokenPipeError:  # who reads has read enough: `| head -1`
        _close()
    except OSError as error:
        _close()
        return tell(f"the answer cannot be written: {error.strerror}", 1)
    return code


def _code(arguments: list[str]) -> int:
    try:
        return app(arguments, prog_name=PROGRAM, standalone_mode=False) or 0
    except DojoCalcError as error:
        return tell(error, 2)
    except typer.TyperException as error:
        said = error.format_message()
        if arguments[0] in OUT_OF_SCOPE and "No such command" in said:
            said += (
                " What serving a model takes is another question, not answered here; `train` does training."
            )
        return tell(said, 2)
    except SystemExit as error:  # help, version and completion end so
        return error.code if isinstance(error.code, int) else 0
    except MemoryError:
        return tell("the question takes more memory than there is", 1)
    except Exception as error:
        return _fault(error)


def _fault(error: Exception) -> int:
    """Tell of an error that nobody foresaw, with where it arose."""
    if sys.flags.dev_mode:
        raise error
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(last.filename)}, line {last.lineno}"
    return tell(
        f"this is a fault of dojo_calc, not yours: {type(error).__name__} in {where}: {error} (python -X dev -m "
        "dojo_calc shows where)",
        1,
    )


def _print(text: str) -> None:
    """Print an answer; a sign that the terminal's encoding lacks is written as its number."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout.write(clean(text))
    sys.stdout.flush()


def _close() -> None:
    """Let Python's own last flush, which nobody can catch, go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
