"""What all parts of a contract have in common: unknown keys are errors, and nothing changes after it was read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _is_no_yes_or_no(value: object) -> object:
    if isinstance(value, bool):  # Python takes true for 1
        raise ValueError("write a whole number")  # noqa: TRY004 - what pydantic collects
    return value


Name = Annotated[str, Field(min_length=1)]
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
PORTAL_NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{1,99}$"
NO_YES_OR_NO = BeforeValidator(_is_no_yes_or_no)  # after the limits of a number, so that schemas tell these
Whole = Annotated[int, NO_YES_OR_NO]
Whole0 = Annotated[int, Field(ge=0), NO_YES_OR_NO]
Whole1 = Annotated[int, Field(ge=1), NO_YES_OR_NO]
Slug = Annotated[str, Field(pattern=NAME_PATTERN)]


class Strict(BaseModel):
    """Base of every part of a contract."""

    model_config = ConfigDict(extra="forbid", frozen=True)
