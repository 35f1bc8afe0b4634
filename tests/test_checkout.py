"""The checkout says one thing once: environments agree, data is found, the import is lean."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

from dojo_calc.tables import data_path

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"build": "python-build"}  # names that conda-forge spells its own way


def _requirements(lines: list[str]) -> dict[str, str]:
    pairs = (re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[.*\])?(.*)", line.replace(" ", "")) for line in lines)
    return {pair[1]: pair[2] for pair in pairs if pair}


def _project() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    found = _requirements([line for line in lines if not line.startswith("dojo_calc")])
    return {CONDA_NAMES.get(name, name): version for name, version in found.items()}


def _conda() -> dict[str, str]:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    lines = [line for line in listed if isinstance(line, str)]
    lines += next(line["pip"] for line in listed if isinstance(line, dict))
    return {name: version for name, version in _requirements(lines).items() if name not in ("python", "pip")}


def test_environment_yml_says_what_pyproject_says() -> None:
    assert _conda() == _project()


def test_every_dependency_states_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    bare = re.findall(r'^\s+"(?!dojo_calc)[a-z0-9-]+[>=].*",?$', text, flags=re.MULTILINE)
    assert bare == []


def test_every_requirement_is_in_the_lock_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    locked = {
        name.lower().replace("_", "-") for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock, re.MULTILINE)
    }
    wanted = {("build" if name == "python-build" else name) for name in _project()}
    assert wanted - locked == set()
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock)
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry.splitlines()[0])


def test_data_is_found() -> None:
    assert (data_path("sources.csv")).is_file()


def test_import_loads_none_of_the_heavy_libraries() -> None:
    heavy = "pint polars pydantic altair scipy typer rich"
    code = f"import sys, dojo_calc; print([m for m in {heavy.split()!r} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
    code = (
        "import sys, dojo_calc as dc; dc.units_needed(1e20, 362e12); dc.ridge_point(1.0, 1.0)\n"
        f"print([m for m in {heavy.split()!r} if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]", "a formula needs only NumPy"


def test_every_public_name_of_the_package_resolves() -> None:
    import dojo_calc

    for name in dir(dojo_calc):
        assert getattr(dojo_calc, name) is not None
