"""What the standards call what contracts write: ``codes.yaml``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from ddg_pipeline.strict_yaml import load_yaml

_FILE = "codes.yaml"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PeriodicityCode(_Part):
    """How often something comes: the ISO 8601 repeating interval, and a word for people."""

    code: str
    label: str


class LicenseCode(_Part):
    """A licence: its title, its text's address, and CKAN's name for it."""

    title: str
    url: str
    ckan: str


class Codes(_Part):
    """All codes, by what a contract writes."""

    periodicity: dict[str, PeriodicityCode]
    licenses: dict[str, LicenseCode]
    license_not_named: str
    languages: dict[str, str]


@cache
def codes() -> Codes:
    """Read the codes that are shipped."""
    text = files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    return Codes.model_validate(load_yaml(text, _FILE))
