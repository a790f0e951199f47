"""What all parts of a contract have in common: unknown keys are errors, and nothing changes after it was read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1)]
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
PORTAL_NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{1,99}$"
Slug = Annotated[str, Field(pattern=NAME_PATTERN)]


class Strict(BaseModel):
    """Base of every part of a contract."""

    model_config = ConfigDict(extra="forbid", frozen=True)
