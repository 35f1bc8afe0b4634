"""The models to train that the library knows: `data/models.csv`, and any of a reader's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

from annotated_types import Ge, Gt, Le, Lt
from pydantic import ValidationError, create_model, model_validator

from dojo_calc.doors import door
from dojo_calc.errors import DojoCalcError, UnknownNameError, nearest
from dojo_calc.rows import Strict
from dojo_calc.tables import data_path, read_rows

__all__ = ["SizeError", "Transformer", "model_table", "transformer", "transformers"]

Size = Annotated[int, Gt(0), Lt(10**15)]  # beyond it a slip; what a float holds exactly
Number = Annotated[int, Ge(0), Lt(10**15)]
Flag = Annotated[int, Ge(0), Le(1)]


class SizeError(DojoCalcError):
    """Sizes that no transformer has; `field` is the one at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


class Transformer(Strict):
    """Sizes of a decoder-only transformer: a row of `data/models.csv`, or a reader's own.

    Parameters
    ----------
    model : str
        Its name.
    layers, hidden, vocabulary : int
        Depth, width of the residual stream, and rows of the embedding as published [1].
    feedforward : int
        Inner width of the MLP of a layer without experts; it has three matrices where `gated` [1].
    heads, kv_heads : int
        Attention heads, and heads of keys and values: fewer of them make grouped queries [1].
    gated, tied_embeddings : int
        1 where the MLP is gated, and where input and output embedding are one matrix; else 0.
    experts, active_experts : int
        MLPs to choose from in a layer with experts, and how many each token meets [1].
    head_dim : int, optional
        Width of a query or key head, ``hidden / heads`` if left out [1].
    value_head_dim : int, optional
        Width of a value head; if left out `head_dim`, less its rotary part with latent attention [1].
    q_lora_rank, kv_lora_rank : int
        Widths that queries, and keys with values, are first projected down to; 0 where they are not. With
        `kv_lora_rank` attention is multi-head latent attention (DeepSeek-V2, arXiv:2405.04434, section 2.1) [1].
    rope_head_dim : int, optional
        Rotary part of a latent head, which all heads share; a third of `head_dim` if left out, as in every
        published model with latent attention [1].
    window, full_attention_every : int
        Tokens that a windowed layer looks back, 0 without windows; and that each n-th layer has no window, 0
        where all have one [1].
    moe_feedforward : int, optional
        Inner width of one expert, `feedforward` if left out [1].
    shared_experts : int
        Experts that every token meets beside the chosen ones [1].
    shared_feedforward : int, optional
        Inner width of one of them, `moe_feedforward` if left out [1].
    dense_layers, experts_every : int
        Leading layers without experts, and that of the others each n-th has them [1].
    mtp_layers : int
        Modules that predict tokens further ahead while training (DeepSeek-V3, arXiv:2412.19437, section 2.2):
        a layer of the last kind, a projection of twice the width, and the model's own embedding and head [1].
    expert_domains : int, optional
        Servers, or other fast domains, at most that routing sends a token to (DeepSeek-V3, arXiv:2412.19437, section
        2.1.2: four); as many as its experts lie in if left out [1].
    source, note : str
        Where the sizes were read, and what they leave out.

    Raises
    ------
    SizeError
        If sizes do not fit each other, or one is given that has no effect: the message names it.
    """

    model: str
    layers: Size
    hidden: Size
    feedforward: Size
    heads: Size
    kv_heads: Size
    vocabulary: Size
    gated: Flag = 0
    tied_embeddings: Flag = 0
    experts: Size = 1
    active_experts: Size = 1
    source: str = ""
    head_dim: Size | None = None
    value_head_dim: Size | None = None
    q_lora_rank: Number = 0
    kv_lora_rank: Number = 0
    rope_head_dim: Size | None = None
    window: Number = 0
    full_attention_every: Number = 0
    moe_feedforward: Size | None = None
    shared_experts: Number = 0
    shared_feedforward: Size | None = None
    dense_layers: Number = 0
    experts_every: Size = 1
    mtp_layers: Number = 0
    expert_domains: Size | None = None
    note: str = ""

    def __init__(self, **sizes: Any) -> None:
        try:
            super().__init__(**sizes)
        except ValidationError as error:
            raise _ours(error, sizes) from None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        wrong = self._wrong()
        if wrong:
            raise SizeError(*wrong)
        return self

    def _wrong(self) -> tuple[str, str] | None:
        """Field at fault and what was expected of it, or None."""
        if self.head_dim is None and self.hidden % self.heads:
            return (
                "heads",
                f"expected a divisor of hidden = {self.hidden}, got {self.heads} (or give head_dim)",
            )
        if self.heads % self.kv_heads:
            return "kv_heads", f"expected a divisor of heads = {self.heads}, got {self.kv_heads}"
        if self.active_experts > self.experts:
            return "active_experts", f"expected at most experts = {self.experts}, got {self.active_experts}"
        if self.dense_layers + self.experts_every > self.layers and self.experts > 1:
            name = "dense_layers" if self.dense_layers >= self.layers else "experts_every"
            return name, f"expected a layer with experts among the {self.layers}, got {getattr(self, name)}"
        if self.full_attention_every > self.layers:
            return (
                "full_attention_every",
                f"expected at most layers = {self.layers}, got {self.full_attention_every}",
            )
        return self._without_effect() or self._latent()

    def _without_effect(self) -> tuple[str, str] | None:
        if self.experts == 1:
            for name in (
                "moe_feedforward",
                "shared_experts",
                "shared_feedforward",
                "dense_layers",
                "expert_domains",
            ):
                given = getattr(self, name)
                if given and (name != "moe_feedforward" or given != self.feedforward):
                    return name, f"expected none where experts = 1, got {given}"
            if self.experts_every > 1:
                return "experts_every", f"expected 1 where experts = 1, got {self.experts_every}"
        if self.shared_feedforward and not self.shared_experts:
            return (
                "shared_feedforward",
                f"expected none without shared_experts, got {self.shared_feedforward}",
            )
        if self.full_attention_every and not self.window:
            return "full_attention_every", f"expected 0 without a window, got {self.full_attention_every}"
        if self.rope_head_dim and not self.kv_lora_rank:
            return "rope_head_dim", f"expected none without kv_lora_rank, got {self.rope_head_dim}"
        return None

    def _latent(self) -> tuple[str, str] | None:
        if not self.kv_lora_rank:
            return None
        if self.kv_heads != self.heads:
            return "kv_heads", (
                f"expected heads = {self.heads} with latent attention, where every head has keys and values of "
                f"its own, got {self.kv_heads}"
            )
        if self.rope_head_dim is None and self.query_head % 3:
            return (
                "rope_head_dim",
                f"expected a size, since head_dim = {self.query_head} has no third, got none",
            )
        if self.rotary >= self.query_head:
            return (
                "rope_head_dim",
                f"expected less than head_dim = {self.query_head}, got {self.rope_head_dim}",
            )
        return None

    @property
    def query_head(self) -> int:
        """Width of a query or key head."""
        return self.hidden // self.heads if self.head_dim is None else self.head_dim

    @property
    def rotary(self) -> int:
        """Width of the rotary part that the keys of a latent layer share, 0 without latent attention."""
        if not self.kv_lora_rank:
            return 0
        return self.query_head // 3 if self.rope_head_dim is None else self.rope_head_dim

    @property
    def value_head(self) -> int:
        """Width of a value head."""
        return self.query_head - self.rotary if self.value_head_dim is None else self.value_head_dim

    def changed(self, **sizes: Any) -> Transformer:
        """Return the same model with other sizes, checked as if built by hand."""
        return Transformer(**(self.model_dump() | sizes))

    def values(self) -> dict[str, float]:
        """Inputs of a training step that the model gives."""
        expert_width = self.feedforward if self.moe_feedforward is None else self.moe_feedforward
        shared = expert_width if self.shared_feedforward is None else self.shared_feedforward
        return {
            "layers": float(self.layers),
            "hidden": float(self.hidden),
            "feedforward": float(self.feedforward),
            "heads": float(self.heads),
            "kv_heads": float(self.kv_heads),
            "head_dim": float(self.query_head),
            "value_head_dim": float(self.value_head),
            "rope_head_dim": float(self.rotary),
            "q_lora_rank": float(self.q_lora_rank),
            "kv_lora_rank": float(self.kv_lora_rank),
            "window": float(self.window),
            "full_attention_every": float(self.full_attention_every),
            "vocabulary": float(self.vocabulary),
            "gated": float(self.gated),
            "tied": float(self.tied_embeddings),
            "experts": float(self.experts),
            "active_experts": float(self.active_experts),
            "moe_feedforward": float(expert_width),
            "shared_width": float(self.shared_experts * shared),
            "dense_layers": float(self.dense_layers),
            "experts_every": float(self.experts_every),
            "mtp_layers": float(self.mtp_layers),
            "expert_domains": float(
                self.active_experts if self.expert_domains is None else self.expert_domains
            ),
        }


def _ours(error: ValidationError, given: Mapping[str, Any]) -> SizeError:
    """Error of this library for what pydantic refused."""
    first = error.errors()[0]
    inner = first.get("ctx", {}).get("error")
    if isinstance(inner, SizeError):
        return inner
    field = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        hint = (
            nearest(field, Transformer.model_fields) or f"; there are {', '.join(Transformer.model_fields)}"
        )
        return SizeError(field, f"a transformer has no such size{hint}")
    if first["type"] == "missing":
        return SizeError(field, "expected a size, got none")
    return SizeError(field, f"expected {first['msg'].removeprefix('Input should be ')}, got {given[field]!r}")


_CELLS: dict[str, Any] = {name: (str, "") for name in Transformer.model_fields if name != "model"}
_Row = create_model("_Row", __base__=Strict, model=(str, ...), refused=(str, ""), **_CELLS)
_NEEDED = ("layers", "hidden", "feedforward", "heads", "kv_heads", "vocabulary")


@door
def model_table(path: Path | None = None) -> tuple[dict[str, Transformer], dict[str, str]]:
    """Every model of a table: what can be expressed, and why the others cannot.

    Parameters
    ----------
    path : pathlib.Path, optional
        A CSV in the columns of `data/models.csv`; that table if left out. There a model may be known and yet
        have no sizes: `refused` names the part that is no transformer's, or cells of sizes are blank because
        they were not published. What the shipped table refuses stays refused in any other.

    Returns
    -------
    known : dict
        Name to sizes, in the table's order.
    refused : dict
        Name to reason.

    Raises
    ------
    FactsError
        If a row is refused: sizes that do not fit each other (see `Transformer`), or a name that stands twice.
    """
    return _shipped() if path is None else _table(path)


@cache
def _shipped() -> tuple[dict[str, Transformer], dict[str, str]]:
    return _table(None)


def _table(path: Path | None) -> tuple[dict[str, Transformer], dict[str, str]]:
    """Read a table: a reader's own each time it is asked for, since it may have been edited."""
    known: dict[str, Transformer] = {}
    refused = {} if path is None else dict(model_table()[1])
    seen: set[str] = set()
    for row, place in read_rows(path or data_path("models.csv"), _Row):
        cells = {name: cell for name, cell in row.model_dump().items() if cell}
        name = cells["model"]
        if name in seen:
            raise place.error("model", f"model {name!r} stands twice")
        seen.add(name)
        blank = [size for size in _NEEDED if size not in cells]
        if "refused" in cells:
            refused[name] = cells["refused"]
        elif blank and path is not None and name in model_table()[0]:
            continue  # the shipped table has the sizes that this one leaves blank
        elif blank and name not in refused:
            refused[name] = f"{', '.join(blank)} not published"
        if name in refused:
            continue
        try:
            known[name] = Transformer(**cells)
        except SizeError as error:
            raise place.error(error.field, error.message) from None
    return known, refused


class _AliasRow(Strict):
    alias: str
    model: str
    source: str


@cache
def _aliases() -> dict[str, str]:
    """Other names of models of the shipped table."""
    found: dict[str, str] = {}
    for row, place in read_rows(data_path("model_aliases.csv"), _AliasRow):
        if row.model not in model_table()[0]:
            raise place.error("model", f"expected a model of data/models.csv, got {row.model!r}")
        if row.alias in found or row.alias in model_table()[0]:
            raise place.error("alias", f"{row.alias!r} stands twice")
        found[row.alias] = row.model
    return found


def _plain(name: str) -> str:
    """Name as it is compared: ``Llama 3.1 405B`` and ``llama-3.1-405b`` are one; a ``~`` tells an altered copy."""
    return "".join(mark for mark in name.lower() if mark.isalnum() or mark == "~")


@door
def transformers(path: Path | None = None) -> dict[str, Transformer]:
    """Every model of a table that can be expressed, see `model_table`: name to sizes, in the table's order."""
    return model_table(path)[0]


@door
def transformer(model: str | Transformer, models: str | Path | None = None) -> Transformer:
    """Sizes of a model by name or alias, in any case and however its parts are joined: ``"Llama 3.1 405B"``.

    Parameters
    ----------
    model : str or Transformer
        A row of `models` or of `data/models.csv`, or the path of a model's ``config.json``, see
        `dojo_calc.performance.model_config.transformer_from_config`; sizes of one's own are passed on.
    models : path, optional
        A reader's own table in the columns of `data/models.csv`, whose rows win over shipped ones.

    Returns
    -------
    Transformer

    Raises
    ------
    UnknownNameError
        If there is none of that name, the model cannot be expressed (the message says why), or a table is given
        beside sizes that need none.
    FactsError
        See `model_table`.
    """
    if isinstance(model, Transformer):
        if models is not None:
            raise UnknownNameError(
                f"models: {models} would not be read, since the model is given by its sizes"
            )
        return model
    if model.endswith(".json") and models is None:
        from dojo_calc.performance.model_config import (
            transformer_from_config,
        )  # it makes what this module holds

        return transformer_from_config(model)
    known, refused = model_table()
    if models is not None:
        own, not_own = model_table(Path(models))
        known, refused = known | own, {name: why for name, why in not_own.items() if name not in own}
    names = {_plain(name): name for name in (*known, *refused)}
    names = {_plain(alias): name for alias, name in _aliases().items() if name in known} | names
    name = model if model in known or model in refused else names.get(_plain(model), model)
    if name in refused:
        raise UnknownNameError(f"{name} cannot be expressed: {refused[name]}")
    if name not in known:
        hint = nearest(name, (*known, *_aliases())) or f"; there are {', '.join(known)}"
        raise UnknownNameError(f"unknown transformer {name!r}{hint}")
    return known[name]
