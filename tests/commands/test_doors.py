"""The doors of the command line: help, streams, widths, interrupts, and what must not reach a terminal."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import dojo_calc
from dojo_calc.commands import text
from dojo_calc.commands.answer import MODULES
from dojo_calc.commands.printing import _inert
from tests.commands.test_command_line import as_json, run, said

COMMAND = [sys.executable, "-m", "dojo_calc"]
# A hostile surrounding: every one of these has coloured or narrowed somebody's output.
SURROUNDINGS = {"GITHUB_ACTIONS": "true", "FORCE_COLOR": "1", "PY_COLORS": "1", "TERM": "xterm-256color"}


def real(*arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, env=os.environ | given
    )


def shell(line: str) -> subprocess.CompletedProcess[str]:
    line = line.replace("dojo_calc", '"$PYTHON" -m dojo_calc', 1)  # its path may have spaces
    return subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHON": sys.executable},
    )


def test_help_by_either_name_lists_commands_in_the_order_of_use() -> None:
    done = run("-h")
    assert done.returncode == 0
    assert done.stdout == said("--help") == said()
    listed = re.findall(r"^  ([a-z-]+)  ", done.stdout.partition("Commands:")[2], flags=re.MULTILINE)
    assert (
        listed
        == (
            "plan train cost buy make-or-buy chip coverage inventory search compare machine chips facts models "
            "claims validate run diff graph solve sweep tornado"
        ).split()
    )
    assert "..." not in done.stdout.partition("Commands:")[2], "a summary is not cut"
    for one in listed:
        assert said(one, "-h").startswith(f"Usage: dojo_calc {one}")


def test_every_module_of_commands_registers() -> None:
    here = Path(dojo_calc.__file__).parent / "commands"
    helpers = {"__init__", "answer", "app", "asking", "printing", "text"}
    assert {path.stem for path in here.glob("*.py")} - helpers == set(MODULES)


def test_inference_is_said_to_be_another_question() -> None:
    for word in ("infer", "serve"):
        done = run(word, "llama3-70b")
        assert done.returncode == 2
        assert "serving a model takes is another question" in done.stderr


def test_version() -> None:
    assert said("--version") == f"dojo_calc {dojo_calc.__version__}\n"


def test_help_imports_none_of_the_libraries_that_compute() -> None:
    code = (
        "import sys; from dojo_calc.commands.answer import answer; answer(['plan', '--help'])\n"
        "heavy = 'numpy scipy polars pint pipefunc altair rich'.split()\n"
        "sys.exit(', '.join(one for one in heavy if one in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_list_of_chips_waits_for_nothing_that_it_does_not_use() -> None:
    code = (
        "import sys; from dojo_calc.commands.answer import answer; answer(['chips', '--csv'])\n"
        "sys.exit(', '.join(one for one in 'polars pipefunc altair'.split() if one in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("id,name,kind,maker,")


@pytest.mark.parametrize(
    ("words", "offered"), [("dojo_calc pl", "plan"), ("dojo_calc plan --chip h1", "h100-sxm")]
)
def test_completion(words: str, offered: str) -> None:
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = real(_DOJO_CALC_COMPLETE="complete_bash", **asked)
    assert (done.returncode, done.stderr) == (0, "")
    assert offered in done.stdout.split()


def test_the_completion_script_can_be_shown() -> None:
    done = real("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.returncode == 0
    assert "_DOJO_CALC_COMPLETE=complete_bash" in done.stdout


def test_surroundings_colour_nothing() -> None:
    done = real("inventory", "--chip", "d1", **SURROUNDINGS)
    assert (done.returncode, done.stderr) == (2, "error: Missing option '--target'.\n")
    done = real("machine", "d1", **SURROUNDINGS)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


WIDE = [
    ("search", "--model", "mpt-1b", "--chip", "a100-sxm-80gb", "--chips", "8", "--global-batch", "64"),
    ("chips",),
    ("compare", "d1", "a100", "h100"),
    ("machine", "exapod"),
    ("validate",),
    ("validate", "--economics"),
    ("claims",),
    ("plan", "--target", "100 EFLOP/s", "--chip", "h100", "--explain", "--depth", "2"),
]  # fmt: skip


def _words(printed: str) -> set[str]:
    return set(re.sub(r"[│┃|;:,]", " ", re.sub("[─━┏┓┗┛┡┩└┘┳┻╇┴+=]", " ", printed)).split())


@pytest.mark.parametrize("asked", WIDE, ids=lambda asked: " ".join(asked[:2]))
@pytest.mark.parametrize("columns", [60, 80])
def test_no_word_is_cut(asked: tuple[str, ...], columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "5000")
    wide = run(*asked)
    monkeypatch.setenv("COLUMNS", str(columns))
    narrow = run(*asked)
    assert wide.returncode == narrow.returncode == 0
    assert max(map(len, narrow.stdout.splitlines())) <= columns
    kept = _words(narrow.stdout)
    assert kept <= _words(wide.stdout), "a piece of a word"
    heads = set().union(*(_words(line) for line in wide.stdout.splitlines() if line.startswith("┃")))
    assert _words(wide.stdout) - kept <= heads, "a list names no head of its first column"


def test_a_pipe_has_the_columns_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    # The tests may themselves run in a terminal, which a pipe does not.
    monkeypatch.setattr(sys, "__stdout__", io.StringIO())
    assert text.width() == text.PIPED
    monkeypatch.setenv("COLUMNS", "100")
    assert text.width() == 100
    monkeypatch.setenv("COLUMNS", "3")
    assert text.width() == text.NARROWEST


def test_a_table_keeps_a_number_beside_its_unit_and_a_list_says_all() -> None:
    rows = [{"what": "power", "value": "2.4 MW", "basis": "one two three four five six seven"}] * 2
    table = text.fitted("Plan", rows, 40)
    assert "2.4 MW" in table
    assert max(map(len, table.splitlines())) == 40
    rows = [{"id": "a", "claim": "word " * 40, "unit": ""}]
    listed = text.fitted("Claims", rows, 40)
    assert listed.startswith("Claims\n\na\n  claim: word word")
    assert "unit" not in listed, "what is empty is not said"


def test_depth(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('model = "chain"\noutputs = ["fleet_site_power_rated"]\n')
    # chips x site_power_rated = it_power_rated x pue = server_power_rated / (1 - overhead_share) x pue.
    shown = said("run", str(path))
    names = "fleet_site_power_rated chips site_power_rated it_power_rated pue"
    assert re.findall(r"(\w+) = ", shown) == names.split()
    assert shown.endswith("\n2 steps lie deeper; --depth 3 shows the next of them.\n")
    assert "server_power_rated = " in said("run", str(path), "--depth", "3")
    whole = said("run", str(path), "--depth", "9")
    assert "deeper" not in whole
    assert [one["name"] for one in as_json("run", str(path), "--depth", "1")[0]["steps"]] == [
        "chips", "site_power_rated", "fleet_site_power_rated",
    ]  # fmt: skip
    assert len(as_json("run", str(path))[0]["steps"]) == 7
    plan = ("plan", "--target", "1 EFLOP/s", "--chip", "h100")
    explained = as_json(*plan, "--explain", "--explain-of", "fleet_own", "--depth", "1")["steps"]
    assert [row["name"] for row in explained] == ["chips", "own", "fleet_own"]
    assert len(explained) < len(as_json(*plan, "--explain", "--explain-of", "fleet_own")["steps"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chips", "--json", "--csv"], "two forms of one answer"),
        (["plan", "--target", "1 EFLOP/s", "--chip", "d1", "--depth", "1"], "are about --explain"),
        (["run", "x.toml", "--csv", "--depth", "1"], "takes no --depth"),
        (["run", "x.toml", "--depth", "-1"], "'--depth'"),
        *(
            (["search", "--model", "mpt-1b", "--chip", "a100", "--chips", "8", "--global-batch", "8", *more], more[0])
            for more in (
                ["--most", "0"], ["--most", "-1"], ["--most", "9" * 20], ["--chips", "0"], ["--chips", "-8"],
                ["--global-batch", "0"], ["--global-batch", "2147483648"], ["--sequence", "0"],
                ["--sequence", "-2048"], ["--chips", "1" + "0" * 39, "--up-to"], ["--chips", "nan"],
            )
        ),
        (["machine", "\x1b[31mred"], r"\x1b[31mred"),
        (["machine", "two\nlines"], r"two\nlines"),
        (["x" * 5000], " ..."),
    ],
)  # fmt: skip
def test_refusals_are_one_line(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert text.clean(done.stderr) == done.stderr


@pytest.mark.parametrize("form", ["--csv", "--json", ""])
def test_a_reader_may_stop_reading(form: str) -> None:
    done = shell(f"dojo_calc chips {form} | head -1; echo ${{PIPESTATUS[@]}}")
    assert done.stdout.splitlines()[-1] == "0 0"
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("asked", ["chips --json", "--help"])
def test_a_full_disk(asked: str) -> None:
    done = shell(f"dojo_calc {asked} > /dev/full")
    assert (done.returncode, done.stderr) == (
        1,
        "error: the answer cannot be written: No space left on device\n",
    )


def test_closed_streams() -> None:
    done = shell("dojo_calc chips >&-")
    assert done.returncode == 1
    assert done.stderr == "error: standard output is closed, so there is nowhere to print an answer\n"
    assert shell("dojo_calc chips >&- 2>&-").returncode == 1
    done = shell("dojo_calc machine nonsense 2>&-")
    assert (done.returncode, done.stdout) == (2, "")


def test_a_terminal_without_the_signs_still_reads() -> None:
    done = real("machine", "d1", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "| silicon |" in done.stdout


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("reached", ["typer.main", "polars", "dojo_calc.performance.search"])
def test_an_interrupt_says_nothing(reached: str) -> None:
    """As it imports and as it computes; Python itself tells how far it is."""
    asked = "search --model gpt3-175b --chip a100-sxm-80gb --chips 6144 --global-batch 1536 --up-to".split()
    command = [sys.executable, "-X", "importtime", "-m", "dojo_calc", *asked]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    for line in running.stderr:
        if line.endswith(f" {reached}\n"):
            break
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert [line for line in err.splitlines() if not line.startswith("import time:")] == []


def test_a_fault_of_ours_is_one_line_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("by hand")

    monkeypatch.setattr("dojo_calc.hardware.catalog.catalogue", broken)
    done = run("chips", faulty=True)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "error: this is a fault of dojo_calc, not yours: KeyError in test_doors.py, line "
    )
    assert done.stderr.count("\n") == 1


def test_nothing_is_printed_of_an_answer_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("dojo_calc.commands.validate.show", broken)
    done = run("validate")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: the question takes more memory than there is\n"


def test_control_characters_are_written_out() -> None:
    assert text.clean("a\x1b[31mb\x9b0m\tc\n") == "a\\x1b[31mb\\x9b0m\tc\n"


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_runs_no_cell(cell: str) -> None:
    assert _inert(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["d1", "", None, -5.0, 3, "a = b"])
def test_other_cells_are_as_they_are(cell: object) -> None:
    assert _inert(cell) == cell
