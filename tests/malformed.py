"""Malformed inputs for `tests.fuzz`, each made from a seed and its number."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

ODD_NUMBERS = (
    "0 -0 -1 1 2 3 7 0.1 -0.5 1e-400 5e-324 1e308 1e309 -1e400 nan -nan inf -inf 2147483648 9007199254740993 "
    "18446744073709551616 1_000 1,000 0x10 1e 1e+ .5 5. +3 ١٢ １２ ½ ∞ 1e5 1e9999999 16k 1/0 1j true null"
).split()
ODD_TEXTS = (
    *ODD_NUMBERS, "", " ", "'", '"', '"a"b', "\\", "[", "]]", "{}", "[[1],[2]]", "=cmd|'/C calc'!A0", "@x", "-", "--",
    "\u202e", "\x1b[31m", "\x9b0m", "\x07", "a\tb", "a\nb", "%s%n", "{0}", "${HOME}", "../../x", "/dev/null", "~",
    "é", "日本語", "\ufeff", "9" * 400, "a" * 5000, "self", "model", "__class__", "d1", "h100", "1 W", "1 EFLOP/s",
    "10**10**10 W", "1 nan", "NaN", "1 EUR", "$5", "5 %", "1 m/m", "100 EF", "-5 USD", "1e400 W", "d1.peak_bf16",
    "d1.peak_bf16[", "d1.[x]", ".", "d1.", "[[", "<script>",
)  # fmt: skip
COMMANDS = "plan search compare machine chips claims validate run diff".split()


@dataclass(frozen=True)
class Case:
    """One malformed input: of which kind, what is asked, and the files it names."""

    kind: str
    arguments: tuple[str, ...]
    files: tuple[tuple[str, bytes], ...] = ()


def made(seed: int, number: int) -> Case:
    """Case of a number."""
    rng = random.Random(f"{seed}:{number}")
    kind = rng.choices(list(KINDS), weights=[share for share, _ in KINDS.values()])[0]
    return KINDS[kind][1](rng)


def _one(rng: random.Random, *pools: Sequence[str]) -> str:
    return rng.choice(rng.choice(pools))


@cache
def names() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Names of entities, of models of a training, and of models that ship."""
    from dojo_calc.chain.shipped import MODELS
    from dojo_calc.hardware.catalog import catalogue
    from dojo_calc.performance.workload import transformers

    return tuple(catalogue().names()), tuple(transformers()), tuple(MODELS)


def _argv(rng: random.Random) -> Case:
    """Words of a command line: options left out, doubled, unknown, with odd values."""
    entities, models, _ = names()
    command = rng.choice(COMMANDS) if rng.random() < 0.95 else _one(rng, ODD_TEXTS)
    values: dict[str, Sequence[str]] = {
        "--target": ("1 EFLOP/s", "100 EFLOP/s", "1 W", "0 FLOP/s"), "--chip": entities,
        "--precision": ("bf16", "fp8", "fp64"), "--model": models, "--chips": ("8", "64", "512"),
        "--global-batch": ("8", "64", "512"), "--sequence": ("2048", "1"), "--stack": ("", "today", "meta-2024"),
        "--most": ("1", "10"), "--depth": ("0", "3"), "--facts": ("missing.csv", ".", "/dev/null"),
        "--reading": ("d1.peak_bf16=hot_chips_34", "d1=", "=x", "a=b=c"),
    }  # fmt: skip
    words: list[str] = []
    needed = {
        "plan": ["--target", "--chip"],
        "search": ["--model", "--chip", "--chips", "--global-batch"],
        "compare": [""], "machine": [""], "run": ["file"], "diff": ["file", "file"],
    }.get(command, [])  # fmt: skip
    for name in needed:
        odd = rng.random() < 0.3
        value = _one(rng, ODD_TEXTS) if odd else rng.choice(values.get(name, entities))
        if name == "file":
            words.append(rng.choice(["missing.toml", ".", "/dev/null", value]))
        elif rng.random() < 0.95:
            words += [name, value] if name else [value]
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
        flag = rng.random()
        if flag < 0.4:
            words.append(
                rng.choice(
                    "--json --csv --explain --interval --up-to --economics --own-code -h -x --".split()
                )
            )
        elif flag < 0.9:
            name = rng.choice(list(values))
            words += [name, _one(rng, ODD_TEXTS, values[name])]
        else:
            words.append(_one(rng, ODD_TEXTS, entities))
    words = [word.replace("\0", "") for word in words]  # no shell can pass one
    return Case("argv", (command, *words))


def _scenario(rng: random.Random) -> Case:
    """Scenario files: odd names, options and values, then now and then the text itself broken."""
    entities, transformers, models = names()
    name = rng.choice(models)
    lines = [f"model = {_toml(rng, name, 0.05)}"]
    inputs, outputs = _inputs(name)
    if rng.random() < 0.6:
        wanted = [
            rng.choice(outputs) if rng.random() < 0.8 else _one(rng, ODD_TEXTS)
            for _ in range(rng.randint(0, 3))
        ]
        lines.append(f"outputs = [{', '.join(_toml(rng, one, 0.03) for one in wanted)}]")
    if rng.random() < 0.4:
        lines.append("[options]")
        for _ in range(rng.choice([1, 1, 2])):
            key = rng.choice(
                ["chip", "chips", "model", "keep", "plan", "tokens", "book", "workload", "stack", "sequence"]
            )
            lines.append(f"{_key(rng, key)} = {_toml(rng, _one(rng, entities, transformers, ODD_TEXTS))}")
    if rng.random() < 0.8:
        lines.append("[inputs]")
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            key = rng.choice(inputs) if rng.random() < 0.95 else _one(rng, ODD_TEXTS, outputs)
            lines.append(f"{_key(rng, key)} = {_value(rng)}")
    text = "\n".join(lines) + "\n"
    if rng.random() < 0.2:
        text = _broken(rng, text)
    if rng.random() < 0.01:
        text += rng.choice(["x = " + "[" * 20_000, ".".join(["a"] * 20_000) + " = 1", "# " + "x" * 3_000_000])
    files = [("a.toml", text.encode("utf-8", "surrogatepass"))]
    words = ["run", "a.toml"]
    if rng.random() < 0.2:
        files.append(("b.toml", _broken(rng, text).encode("utf-8", "surrogatepass")))
        words = ["diff", "a.toml", "b.toml"]
    return Case("scenario", (*words, *rng.choice([[], ["--json"], ["--csv"]])), tuple(files))


@cache
def _inputs(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from dojo_calc.chain.shipped import shipped

    model = shipped(name)
    return tuple(model.inputs), tuple(model.outputs)


def _key(rng: random.Random, key: str) -> str:
    return key if rng.random() < 0.8 and re.fullmatch("[A-Za-z0-9_-]+", key) else json.dumps(key)


def _toml(rng: random.Random, value: str, odd: float = 0.15) -> str:
    return json.dumps(value) if rng.random() > odd else _value(rng)


def _value(rng: random.Random, depth: int = 0) -> str:
    """TOML of a value: numbers, texts, lists of any shape, tables, dates."""
    chosen = rng.random()
    if chosen < 0.35:
        return rng.choice(
            [
                "0",
                "-1",
                "1",
                "0.5",
                "3",
                "1e30",
                "-0.0",
                "nan",
                "inf",
                "-inf",
                "1e-300",
                "9" * 25,
                "9" * 400,
                "1e308",
            ]
        )
    if chosen < 0.6:
        return json.dumps(_one(rng, ODD_TEXTS, names()[0]))
    if chosen < 0.8 and depth < 3:
        return f"[{', '.join(_value(rng, depth + 1) for _ in range(rng.choice([0, 1, 2, 3, 3, 3, 4])))}]"
    if chosen < 0.88 and depth < 3:
        return f"{{a = {_value(rng, depth + 1)}}}"
    return rng.choice(["true", "false", "1979-05-27", "07:32:00", "''", '"""x"""', "0x1F", "1_0"])


def _broken(rng: random.Random, text: str) -> str:
    """Text with characters taken out, doubled, swapped or put in, or lines changed about."""
    for _ in range(rng.randint(1, 4)):
        at, end = sorted(rng.randrange(len(text) + 1) for _ in range(2)) if text else (0, 0)
        end = min(end, at + 20)
        way = rng.randrange(5)
        if way == 0:
            text = text[:at] + text[end:]
        elif way == 1:
            text = text[:end] + text[at:end] + text[end:]
        elif way == 2:
            text = text[:at] + rng.choice(ODD_TEXTS) + text[at:]
        elif way == 3:
            text = text[:at] + rng.choice(",\"'\n[]=.\0;\t#") + text[at:]
        else:
            lines = text.splitlines(keepends=True)
            rng.shuffle(lines)
            text = "".join(lines)
    return text


def _cells(rng: random.Random, rows: list[list[str]], pool: Sequence[str]) -> bytes:
    """CSV of rows of which some cells are odd, then broken as text or as bytes."""
    for _ in range(rng.randint(1, 4)):
        row = rng.choice(rows[1:] if rng.random() < 0.9 and len(rows) > 1 else rows)
        if row:
            row[rng.randrange(len(row))] = _one(rng, ODD_TEXTS, pool)
    held = io.StringIO()
    csv.writer(held, lineterminator=rng.choice(["\n", "\r\n"])).writerows(rows)
    text = held.getvalue()
    if rng.random() < 0.25:
        text = _broken(rng, text)
    raw = text.encode(rng.choice(["utf-8"] * 9 + ["utf-8-sig", "utf-16", "latin-1"]), "replace")
    if rng.random() < 0.05:
        at = rng.randrange(len(raw) + 1)
        raw = raw[:at] + rng.randbytes(3) + raw[at:]
    return raw


@cache
def _table(name: str) -> list[list[str]]:
    from dojo_calc.tables import data_path

    with data_path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def _some(rng: random.Random, name: str, most: int) -> list[list[str]]:
    header, *rows = _table(name)
    return [[*header], *([*row] for row in rng.sample(rows, rng.randint(1, most)))]


def _facts(rng: random.Random) -> Case:
    """A reader's own facts."""
    name = rng.choice(["gpus", "accelerators", "tesla", "silicon", "xai", "clusters"])
    rows = _some(rng, f"facts/{name}.csv", 4)
    if rng.random() < 0.5:
        column = rows[0].index("entity")
        for row in rows[1:]:
            row[column] = "mychip"
    pool = (
        "exact",
        "rated",
        "measured",
        "estimated",
        "assumed",
        "W",
        "TFLOP/s",
        "USD",
        "kg",
        "2026-01",
        "A",
        "price",
        "power",
    )
    words = rng.choice([
        ["chips"], ["chips", "--csv"], ["machine", "mychip"], ["compare", "mychip", "d1"], ["validate", "--json"],
        ["plan", "--target", "1 EFLOP/s", "--chip", "mychip", "--json"],
        ["plan", "--target", "1 EFLOP/s", "--chip", "h100", "--explain", "--csv"],
    ])  # fmt: skip
    return Case("facts", (*words, "--facts", "a.csv"), (("a.csv", _cells(rng, rows, pool)),))


def _validation(rng: random.Random) -> Case:
    """Measurements of a reader's own."""
    name = rng.choice(["clusters", "training_runs", "training_runs"])
    rows = _some(rng, f"validation/{name}.csv", 4)
    pool = (*names()[1], *names()[0], "step_seconds", "full", "none", "fp8", "zero3", "flash")
    form = rng.choice([[], ["--json"], ["--csv"]])
    return Case("validation", ("validate", "a.csv", *form), (("a.csv", _cells(rng, rows, pool)),))


def _models(rng: random.Random) -> Case:
    """A table of models to train, which the library reads where a caller names one."""
    rows = _some(rng, "models.csv", 4)
    pool = ("1", "0", "128", "1e3", "true")
    return Case("models", ("transformers", "a.csv"), (("a.csv", _cells(rng, rows, pool)),))


KINDS: dict[str, tuple[float, Callable[[random.Random], Case]]] = {
    "argv": (0.25, _argv),
    "scenario": (0.3, _scenario),
    "facts": (0.2, _facts),
    "validation": (0.15, _validation),
    "models": (0.1, _models),
}


def shown(case: Case) -> str:
    """Case as one can read it."""
    files = "".join(f"\n    {name}: {raw!r:.1500}" for name, raw in case.files)
    return f"{' '.join(map(repr, case.arguments)):.500}{files}"
