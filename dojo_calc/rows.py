"""What the rows of every table share: how strictly they are read, and the words for where a number comes from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["DATE", "Kind", "Strict"]

Kind = Literal["exact", "rated", "measured", "estimated", "assumed"]
DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"


class Strict(BaseModel):
    """A row: unknown columns refused, not changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
