"""Runs the tests of the formulas once more for every kind of processor that this one can stand in for.

NumPy picks its vector loops by what the processor can do, and they round differently. It names the sets of
instructions that it has loops for, from the least to the most; without the last, the last two and so on it works
as on an older processor. `make check` runs this: ``python -m tests.processors``.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

__all__ = ["levels"]

TESTS = ("tests/test_formulas.py", "tests/test_reference.py")
SWITCH = "NPY_DISABLE_CPU_FEATURES"


def levels() -> list[tuple[str, ...]]:
    """Sets of instructions to do without: none, then from the newest on, down to NumPy's least."""
    known = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])  # this processor's, in order
    return [tuple(known[len(known) - count :]) for count in range(len(known) + 1)]


def main() -> int:
    """Run the tests at every level; the exit status counts the levels that failed."""
    failed = 0
    for without in levels():
        print(f"Formulas without {', '.join(without) or 'leaving anything out'}", flush=True)
        environment = os.environ | ({SWITCH: " ".join(without)} if without else {})
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS],
            env=environment,
            check=False,
        )
        failed += run.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
