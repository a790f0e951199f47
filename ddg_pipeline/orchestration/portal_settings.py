"""The part of ``ddg.yaml`` that says what portals show beside every release, and which object stores it goes to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ddg_pipeline.contract.portal_metadata import OF_ONE_RELEASE, PortalMetadata
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.publishing.targets import KEEP_DEFAULT, Target, parse_target

DEPARTMENT_KEYS: Final = "the keys are " + ", ".join(
    name for name in PortalMetadata.model_fields if name not in OF_ONE_RELEASE
)


class DepartmentMetadata(PortalMetadata):
    """What a department says of all its releases."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _of_all_releases(cls, raw: Any) -> Any:
        for name in OF_ONE_RELEASE:
            if isinstance(raw, dict) and name in raw:
                raise ValueError(f"`{name}`, which belongs to one release: write it into its contract")
        return raw


class TargetSettings(BaseModel):
    """A target: its address alone, or with its own policy of keeping versions.

    Attributes:
        url: Its address, as in ``s3://open-data/health``; variables of the environment may stand in it.
        keep: How many versions of a release stay there, the public one among them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    url: str = Field(min_length=1)
    keep: Literal["all"] | int = KEEP_DEFAULT

    @model_validator(mode="before")
    @classmethod
    def _address_alone(cls, raw: Any) -> Any:
        return {"url": raw} if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _the_public_one_stays(self) -> TargetSettings:
        if self.keep != "all" and self.keep < 1:
            raise ValueError("fewer versions than the public one")
        return self


def targets_of(settings: Sequence[TargetSettings], file: str) -> tuple[Target, ...]:
    """Check the addresses of targets, with the environment's variables put in.

    Raises:
        InputErrors: One is no address of an object store, or there twice.
    """
    errors: list[InputError] = []
    targets: list[Target] = []
    for number, one in enumerate(settings):
        field = f"targets[{number}]"
        try:
            target = parse_target(os.path.expandvars(one.url).strip(), one.keep, file, field)
        except InputError as error:
            errors.append(error)
            continue
        if any(target.url == other.url for other in targets):
            errors.append(InputError(file, field, "an address that is there already", "name each target once"))
        targets.append(target)
    if errors:
        raise InputErrors(errors)
    return tuple(targets)
